/* SPDX-License-Identifier: MIT */
/*
 * Internal hash of room base: SipHash-1-3 of whole words. Expected values: a second program,
 * which reproduces the SipHash-2-4 value of the paper's appendix A and CPython's siphash13.
 */
#include <check.h>
#include <stdlib.h>

#include "hash.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct row {
    size_t words;
    uint64_t hash; /* of the bytes 0, 1, 2, ... under the key 0, 1, ... 15 */
};

static const struct row rows[] = {
    {0, 0xabac0158050fc4dcu},  {1, 0x369095118d299a8eu},
    {2, 0xcc4fdd1a7d908b66u},  {3, 0xf464aeb267349c8cu},
    {4, 0x81157b6c16a7b60du},  {5, 0xc1d2363299e41531u},
    {6, 0x9f3143f8df074c46u},  {31, 0x7de72d367555788au},
    {32, 0x75b3e64e167de370u}, /* the length counts modulo 256 bytes */
};

START_TEST(siphash_1_3)
{
    unsigned char bytes[256];
    uint64_t key[2], words[32];
    size_t i;

    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (i = 0; i < 32; i++)
        words[i] = vpcvis_i_bytes_le64((const char *)bytes + 8 * i);
    key[0] = words[0];
    key[1] = words[1];
    ck_assert_uint_eq(vpcvis_i_hash_sip13(key, words, rows[_i].words), rows[_i].hash);
}
END_TEST

/* CPython 3.11, PYTHONHASHSEED=0: hash(b"abcdefgh" * 3). */
START_TEST(siphash_of_cpython)
{
    const uint64_t key[2] = {0, 0};
    const uint64_t word = vpcvis_i_bytes_le64("abcdefgh");
    const uint64_t words[3] = {word, word, word};

    ck_assert_uint_eq(vpcvis_i_hash_sip13(key, words, 3), 0x7f5629aa6a46816eu);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tcase = tcase_create("hash");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, siphash_1_3, 0, COUNT(rows));
    tcase_add_test(tcase, siphash_of_cpython);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
