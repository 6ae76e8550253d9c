/* SPDX-License-Identifier: MIT */
/* A thread of a scan: takes files, one after the other, and fills data chunks. */
#ifndef VPCVIS_DUCKDB_WORKER_H
#define VPCVIS_DUCKDB_WORKER_H

#include "duckdb_api.h"
#include "journal.h"
#include "plan.h"

#include <pthread.h>

/* What a scan's threads share. */
struct scan {
    pthread_mutex_t lock;
    size_t next; /* file */
    uint64_t number;
};

struct read_options {
    struct plan plan;
    struct journal *journal;
    int ignore_errors;
    int filename; /* one more column, after the plan's */
};

struct worker;

/* columns: which of the plan are wanted, in the order of the data chunk's vectors. NULL: no
 * memory. */
struct worker *worker_new(const struct read_options *options, const idx_t *columns,
                          idx_t count);
void worker_free(void *worker);

/* The next rows; none at the end. NULL, or what is wrong. */
const char *worker_fill(struct worker *worker, struct scan *scan,
                        duckdb_data_chunk output);

#endif
