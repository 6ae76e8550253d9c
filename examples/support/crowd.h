/* SPDX-License-Identifier: MIT */
/*
 * Many files to rollups, on several threads: each takes the next file, reads it, and adds what
 * an expression takes of it to rollups of its own; in the end they are merged into one. When no
 * file is left, threads help with plain files that others read, a piece at a time.
 */
#ifndef EXAMPLES_CROWD_H
#define EXAMPLES_CROWD_H

#include "question.h"
#include "report.h"
#include "where.h"

struct crowd {
    char *const *paths;
    size_t path_count;
    uint64_t bytes; /* of all regular files among them */
    const struct question *questions;
    uint32_t question_count;
    const struct where *where;   /* NULL: all records */
    const vpcvis_layout *layout; /* until a header line says otherwise; may be NULL */
    uint32_t threads;
    struct report *report;
    vpcvis_rollup **rollups; /* one a question: what came of it all */
};

/* Read all paths. NULL, or why that could not be; what a file lacks goes to the report. */
const char *crowd_run(struct crowd *crowd);

#endif
