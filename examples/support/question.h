/* SPDX-License-Identifier: MIT */
/*
 * A question to many records, as users write it: KEYS/MEASURES, "srcaddr,dstport/bytes".
 *
 *     keys      FIELD              a field as it is
 *               ADDRESS:24         its block of that length; ADDRESS:24:48, of IPv4 and IPv6
 *               ADDRESS:zone       the name of the zone it lies in (--zones)
 *               NUMBER:100         rounded down to multiples; times also :60s :5m :1h :1d
 *     measures  records            how many records (also: flows)
 *               NUMBER             its sum; also sum:NUMBER
 *               min:NUMBER max:NUMBER or:NUMBER
 *               count:FIELD        records that have a value of it
 *               distinct:FIELD     different values, estimated
 *
 * Either may be empty: "/bytes" is the total, "srcaddr/" counts records.
 */
#ifndef EXAMPLES_QUESTION_H
#define EXAMPLES_QUESTION_H

#include <vpcvis/rollup.h>

#define QUESTION_PROBLEM 160

struct question {
    const char *text; /* the user's; not copied */
    struct vpcvis_rollup_config config;
};

/*
 * Fill a question's keys and measures; zones may be NULL. 0, or -1: see problem, and *offset,
 * which is the byte of text that it is about.
 */
int question_read(struct question *question, const char *text, const vpcvis_prefix *zones,
                  char problem[QUESTION_PROBLEM], size_t *offset);

/* The name of a key or measure as a column's heading; NUL-terminated, in out. */
#define QUESTION_NAME 64
void question_key_name(const struct question *question, uint32_t key,
                       char out[QUESTION_NAME]);
void question_measure_name(const struct question *question, uint32_t measure,
                           char out[QUESTION_NAME]);

#endif
