/* SPDX-License-Identifier: MIT */
/*
 * Rollups as lines of text that add up: what one worker has, for others to merge.
 *
 *     QUESTION \t FLAGS \t RECORDS \t KEY... \t MEASURE... \n
 *
 * A line is a group, and says itself what it answers, so that lines may be cut apart, sorted,
 * sent in any order and given twice to nobody. FLAGS and RECORDS as in struct
 * vpcvis_rollup_columns; keys as text, zones by their names, * for everything else; `-` is no
 * value. A distinct count is its sketch, a character a register, '0' being 0.
 */
#ifndef EXAMPLES_PARTIAL_H
#define EXAMPLES_PARTIAL_H

#include "question.h"

#include <stdio.h>

/* Print all groups. names: of zones, by number. 0, or -1 if there is no memory. */
int partial_write(FILE *out, const struct question *question, const vpcvis_rollup *rollup,
                  const char *const *names);

/* One question whose lines are being merged, and the memory for one line. */
struct partial {
    struct question question;
    vpcvis_rollup *rollup;
    struct vpcvis_rollup_columns columns;
    void *memory;
    char text[QUESTION_NAME * (VPCVIS_ROLLUP_KEYS_MAX + VPCVIS_ROLLUP_MEASURES_MAX)];
};

/* The question of a line, as all lines of it begin: keys and measures by their names. */
void partial_name(const struct question *question, char *out, size_t capacity);

/* Add a line, its question, line end and NUL left out; its tabs are overwritten. NULL, or what
 * is wrong. */
const char *partial_add(struct partial *partial, char *line, const char *const *names,
                        uint32_t name_count);

/* Make what partial_add needs, once question and rollup are there. 0, or -1: no memory. */
int partial_init(struct partial *partial);
void partial_free(struct partial *partial);

#endif
