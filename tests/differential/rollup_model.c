/* SPDX-License-Identifier: MIT */
/*
 * Room rollup against the model of tests/rollup_model.h, at length.
 *
 *     rollup_model [RECORDS [SEED]]
 */
#include "rollup_random.h"

#define BATCHES 30 /* of one random grouping, some 350 records each */

int main(int argc, char **argv)
{
    const uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    const uint64_t runs = records / (BATCHES * RANDOM_ROWS / 2) + 1;
    uint64_t i;

    for (i = 0; i < runs; i++) {
        const char *what = random_rollup(seed * 100000 + i, BATCHES);
        if (what != NULL) {
            printf("not ok rollup_model: run %llu: %s\n", (unsigned long long)i, what);
            return EXIT_FAILURE;
        }
    }
    printf("ok rollup_model: %llu random groupings\n", (unsigned long long)runs);
    return EXIT_SUCCESS;
}
