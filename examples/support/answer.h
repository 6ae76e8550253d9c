/* SPDX-License-Identifier: MIT */
/* The groups of a rollup as a table for people, as CSV or as JSON. */
#ifndef EXAMPLES_ANSWER_H
#define EXAMPLES_ANSWER_H

#include "question.h"

#include <stdio.h>

#define ANSWER_TABLE 0
#define ANSWER_CSV   1
#define ANSWER_JSON  2

/* How to print: names of zones (values of their map), how many groups (0: all of them). */
struct answer_style {
    int to;
    uint32_t count;
    const char *const *zones;
};

/*
 * Print the groups with the largest first measure. CSV and JSON have plain numbers, and
 * nothing but groups; a table has units, shares of the whole and a row for everything else.
 * 0, or -1 if there is no memory.
 */
int answer_print(FILE *out, const struct question *question, const vpcvis_rollup *rollup,
                 const struct answer_style *style);

#endif
