/* SPDX-License-Identifier: MIT */
/*
 * Expressions that choose records, for options such as --where.
 *
 *     action = REJECT and srcaddr in 10.0.0.0/8 and not (dstport in (22, 443) or bytes < 2k)
 *
 * A comparison names a field first, in any spelling that vpcvis_record_find takes (a column that
 * it does not know cannot be asked for); `and` binds tighter than `or`, `not` tighter than both;
 * parentheses group; keywords have no case.
 *
 *     field = value    also == != <> < <= > >=
 *     field in (value, ...)       field not in (value, ...)
 *     srcaddr in 10.0.0.0/8       blocks (host bits do not count) and addresses, also in lists
 *     field is -    field is not -    also = - and != -, is null and is not null: no value
 *
 * Values, by the field they are compared with:
 *     numbers    decimal digits. Counts (bytes, packets, packets-lost-...) also with k M G T,
 *                powers of 1,000, or Ki Mi Gi Ti, powers of 1,024. protocol also by name (tcp,
 *                icmp6). A number that the field can never have is no error.
 *     times      start and end: Unix seconds, or 2026-11-23, 2026-11-23T10:00, ...T10:00:00,
 *                with or without Z, in UTC always. A date is its first second.
 *     addresses  ordered as (family, bytes): all of IPv4 comes before IPv6.
 *     words      compared and ordered bytewise. A bare word of an AWS list (action, log-status,
 *                flow-direction, ...) is taken without case: `action = reject` is REJECT.
 * Any value may be quoted: 'it''s'. What has spaces or ( ) , = ! < > ' in it must be.
 *
 * The answers are those of SQL's WHERE with `-` and absent as NULL: a comparison with it is
 * unknown, `not` of unknown is unknown, and only rows for which the whole is true are taken.
 */
#ifndef EXAMPLES_WHERE_H
#define EXAMPLES_WHERE_H

#include <vpcvis/line.h>

#include <stdio.h>

#define WHERE_STEPS_MAX  256  /* comparisons, and, or, not */
#define WHERE_VALUES_MAX 1024 /* in all lists together */
#define WHERE_DEPTH_MAX  64   /* of parentheses */

/* What is wrong with a text, and where: a byte, from 0. */
struct where_problem {
    size_t offset;
    char message[120];
};

struct where;

/* Read an expression. NULL: see problem. What it makes may be shared by threads. */
struct where *where_new(const char *text, struct where_problem *problem);
void where_free(struct where *where);

/* Print "NAME: byte 7: message", the text and a line with ^ below that byte. */
void where_explain(FILE *out, const char *name, const char *text,
                   const struct where_problem *problem);

/* The fields that columns must have: a bitmap as in vpcvis_line_config. */
void where_fields(const struct where *where, uint64_t fields[2]);

/*
 * Which of the first `rows` rows of a batch are taken: bit i % 64 of take[i / 64] for row i, of
 * (rows + 63) / 64 words, those past the last row clear. layout is what the batch was read by:
 * a field that it lacks, or that the columns lack, has no value. text is where texts count
 * from.
 */
void where_match(const struct where *where, const vpcvis_layout *layout,
                 const struct vpcvis_line_columns *columns, const char *text, size_t rows,
                 uint64_t *take);

#endif
