/* SPDX-License-Identifier: MIT */
/*
 * What where_read.c makes of an expression and where_match.c runs: steps in postfix order, each
 * comparison with a run of values, any of which may be met.
 */
#ifndef EXAMPLES_WHERE_PROGRAM_H
#define EXAMPLES_WHERE_PROGRAM_H

#include "where.h"

/* At each level of parentheses, and outside, one answer waits for `or` and one for `and`. */
#define WHERE_STACK_MAX (2 * WHERE_DEPTH_MAX + 3)

enum where_what {
    WHERE_AND,
    WHERE_OR,
    WHERE_NOT,
    WHERE_DASH,  /* there is no value */
    WHERE_RANGE, /* a number from `from` to `from + span` */
    WHERE_BLOCK, /* an address with the bits of `addr` under `mask` */
    WHERE_BELOW, /* an address or text before the value */
    WHERE_ABOVE, /* and after it */
    WHERE_SAME_TEXT
};

struct where_value {
    uint64_t from, span; /* WHERE_RANGE */
    uint64_t mask[2];    /* WHERE_BLOCK, as an address lies in memory */
    struct vpcvis_addr addr;
    uint32_t at, len; /* of a text in where.text */
    uint16_t code;    /* of a word in the field's list, else 0 */
};

struct where_step {
    uint8_t what;   /* enum where_what */
    uint8_t kind;   /* VPCVIS_KIND_... of the field */
    uint8_t turned; /* the opposite is asked for */
    uint32_t field;
    uint32_t first, count; /* values; none: met by nothing */
};

struct where {
    uint64_t fields[2];
    uint32_t steps, values;
    struct where_step step[WHERE_STEPS_MAX];
    struct where_value value[WHERE_VALUES_MAX];
    char text[1]; /* as much as the expression is long */
};

/* The field a value is compared with. */
struct where_field {
    uint32_t id, kind;
    const char *name;
};

/*
 * Read a value's text (unquoted, at where->text + value->at) by the field's kind. NULL, or why
 * it is none. Numbers are left in value->from.
 */
const char *where_read_value(struct where *where, const struct where_field *field,
                             int quoted, struct where_value *value);

#endif
