/* SPDX-License-Identifier: MIT */
/*
 * What the tests of room columns share: a validator of Arrow structs ("Columnar format", "The
 * Arrow C data interface"), and an allocator that counts.
 */
#ifndef VPCVIS_TESTS_SUPPORT_ARROW_H
#define VPCVIS_TESTS_SUPPORT_ARROW_H

#include "vpcvis.h"

/* Everything that can be checked without knowing where it came from. */
void arrow_require_schema(const struct ArrowSchema *schema);
void arrow_require_array(const struct ArrowSchema *schema,
                         const struct ArrowArray *array);

/* Blocks that are not freed yet; the allocation `fail_at` (from 1; 0: none) returns NULL. */
struct arrow_counter {
    int blocks;
    int made;
    int fail_at;
};

struct vpcvis_allocator arrow_allocator(struct arrow_counter *counter);

/* The child of a name; fails if there is none. */
int arrow_find(const struct ArrowSchema *schema, const char *name);

/* Values of a column. A text that is null, or a word that is: NULL. */
int arrow_is_valid(const struct ArrowArray *column, int64_t row);
int64_t arrow_number(const struct ArrowSchema *type, const struct ArrowArray *column,
                     int64_t row);
const char *arrow_text(const struct ArrowSchema *type, const struct ArrowArray *column,
                       int64_t row);

#endif
