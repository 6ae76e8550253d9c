/* SPDX-License-Identifier: MIT */
/*
 * job.h - the work that is measured: a log, read or written through one door of the library.
 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include "generate.h"
#include "vpcvis/reader.h"

/* The doors. */
#define JOB_COLUMNS        1 /* vpcvis_line_read_columns */
#define JOB_ROWS           2 /* vpcvis_line_read_rows */
#define JOB_STREAM         3 /* vpcvis_reader_next in chunks of 64 KiB */
#define JOB_STREAM_COLUMNS 4 /* vpcvis_reader_next_columns */
#define JOB_WRITE_ROWS     5 /* vpcvis_line_write_rows */
#define JOB_WRITE_COLUMNS  6 /* vpcvis_line_write_columns */

#define JOB_CHUNK  65536
#define JOB_ERRORS 256

struct job_spec {
    uint32_t door;
    uint32_t cpu;
    uint32_t flags; /* of the line or reader config */
    uint64_t fields[2];
};

struct job {
    const struct generate_log *log;
    struct job_spec spec;
    vpcvis_layout *layout;
    vpcvis_line *lines;
    void *reader_memory;
    size_t stride;
    size_t row_capacity;
    size_t row_count; /* of the writing jobs */
    struct vpcvis_record *rows;
    void *column_memory;
    struct vpcvis_line_columns columns;
    char *out;
    struct vpcvis_error errors[JOB_ERRORS];
};

/* Prepare a job on a log, which must stay. 0 on failure; job_close in either case. */
int job_open(struct job *job, const struct generate_log *log,
             const struct job_spec *spec);
void job_close(struct job *job);

/* Do it once (a bench_pass): lines dealt with, 0 on failure. */
uint64_t job_pass(void *job);

/* Do it once and sum up what came out: every value of every record, or every byte written. */
uint64_t job_digest(struct job *job);

#endif
