/* SPDX-License-Identifier: MIT */
/* Files of partials, of any questions, to one rollup a question. */
#ifndef EXAMPLES_MERGE_H
#define EXAMPLES_MERGE_H

#include "lists.h"
#include "partial.h"

#define MERGE_QUESTIONS 16

struct merge {
    const char *program;
    const struct lists_names *zones;
    struct vpcvis_rollup_config config; /* groups, flags, hash_key, sketch_bits of all */
    uint64_t lines, bad;
    uint32_t count;
    struct partial partials[MERGE_QUESTIONS]; /* in the order in which questions came */
};

/*
 * Add a file; "-" is standard input. Lines that cannot be are printed as `file:line: reason`
 * and counted. 0; or -1 if the file cannot be read, which is printed.
 */
int merge_file(struct merge *merge, const char *path);

void merge_free(struct merge *merge);

#endif
