/* SPDX-License-Identifier: MIT */
/* What went wrong and how much there was, on standard error. */
#ifndef EXAMPLES_REPORT_H
#define EXAMPLES_REPORT_H

#include <vpcvis/reader.h>

#include "input.h"
#include "progress.h"

struct report {
    const char *program;
    struct progress progress;
    uint64_t files;
    uint64_t failed;  /* files that could not be read, or not to their end */
    uint64_t skipped; /* pieces of JSON that held no log line */
    struct vpcvis_reader_counts counts;
};

void report_init(struct report *report, const char *program, uint64_t total, int quiet);

/*
 * Print a refused line as `file:line:offset: field: reason`; offset counts the line's bytes
 * from 1, as compilers count columns. layout knows the names of fields.
 */
void report_bad(struct report *report, const char *file, const vpcvis_layout *layout,
                const struct vpcvis_error *error);

/* Print what input_read left out, in the same form. */
void report_skipped(struct report *report, const struct input *in);

/* Print that a file could not be read, and why. */
void report_failed(struct report *report, const char *file, const char *problem);

/* Add up what a reader counted since before. */
void report_count(struct report *report, const struct vpcvis_reader_counts *now,
                  const struct vpcvis_reader_counts *before);

/* Add up what one input's reader counted. */
void report_add(struct report *report, const vpcvis_reader *reader, uint64_t taken);

/* Print all counts. */
void report_summary(struct report *report);

/* 0: all was well; 1: there were bad lines; 2: something could not be read. */
int report_status(const struct report *report);

#endif
