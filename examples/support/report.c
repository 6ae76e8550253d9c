/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>
#include <string.h>

void report_init(struct report *report, const char *program, uint64_t total, int quiet)
{
    memset(report, 0, sizeof(*report));
    report->program = program;
    progress_init(&report->progress, total, quiet);
}

/* The name of the field at fault; `-` where it is the line as a whole. */
static const char *field_name(const vpcvis_layout *layout,
                              const struct vpcvis_error *error)
{
    struct vpcvis_field field;

    if (error->field == VPCVIS_FIELD_NONE)
        return "-";
    if (vpcvis_record_field(error->field, &field) == VPCVIS_OK)
        return field.name;
    if (vpcvis_layout_field(layout, error->column) == error->field)
        return vpcvis_layout_name(layout, error->column);
    return "-";
}

void report_bad(struct report *report, const char *file, const vpcvis_layout *layout,
                const struct vpcvis_error *error)
{
    progress_clear(&report->progress);
    fprintf(stderr, "%s:%llu:%llu: %s: %s\n", file, (unsigned long long)error->line,
            (unsigned long long)error->offset + 1, field_name(layout, error),
            vpcvis_base_status_text(error->status));
}

void report_skipped(struct report *report, const struct input *in)
{
    progress_clear(&report->progress);
    fprintf(stderr, "%s:%llu:1: -: %s\n", in->name, (unsigned long long)in->event,
            in->problem);
    report->skipped++;
}

void report_failed(struct report *report, const char *file, const char *problem)
{
    progress_clear(&report->progress);
    fprintf(stderr, "%s: %s: %s\n", report->program, file, problem);
    report->failed++;
}

void report_count(struct report *report, const struct vpcvis_reader_counts *now,
                  const struct vpcvis_reader_counts *before)
{
    struct vpcvis_reader_counts *counts = &report->counts;
    size_t i;

    counts->bytes += now->bytes - before->bytes;
    counts->lines += now->lines - before->lines;
    counts->records += now->records - before->records;
    counts->nodata += now->nodata - before->nodata;
    counts->skipdata += now->skipdata - before->skipdata;
    counts->blank += now->blank - before->blank;
    counts->headers += now->headers - before->headers;
    counts->errors += now->errors - before->errors;
    for (i = 0; i < VPCVIS_STATUS_KINDS; i++)
        counts->kinds[i] += now->kinds[i] - before->kinds[i];
}

void report_add(struct report *report, const vpcvis_reader *reader, uint64_t taken)
{
    const struct vpcvis_reader_counts none = {0};
    struct vpcvis_reader_counts counts;

    progress_add(&report->progress, taken);
    if (vpcvis_reader_get(reader, &counts) == VPCVIS_OK)
        report_count(report, &counts, &none);
}

static void print_count(uint64_t count, const char *one, const char *many,
                        const char *after)
{
    fprintf(stderr, "%llu %s%s", (unsigned long long)count, count == 1 ? one : many,
            after);
}

void report_summary(struct report *report)
{
    const struct vpcvis_reader_counts *counts = &report->counts;
    int32_t kind;

    /* Each skipped piece of JSON gave the reader a blank line: it is not counted twice. */
    progress_clear(&report->progress);
    fprintf(stderr, "%s: ", report->program);
    print_count(report->files, "file", "files", ", ");
    print_count(counts->lines, "line", "lines", ": ");
    print_count(counts->records, "record", "records", " (");
    print_count(counts->nodata, "NODATA", "NODATA", ", ");
    print_count(counts->skipdata, "SKIPDATA", "SKIPDATA", "), ");
    print_count(counts->headers, "header", "headers", ", ");
    print_count(counts->blank - report->skipped, "blank", "blank", ", ");
    print_count(counts->errors + report->skipped, "error", "errors", "\n");
    for (kind = 0; kind < VPCVIS_STATUS_KINDS; kind++) {
        if (counts->kinds[kind] > 0)
            fprintf(stderr, "%s:   %llu: %s\n", report->program,
                    (unsigned long long)counts->kinds[kind],
                    vpcvis_base_status_text(-kind));
    }
    if (report->skipped > 0)
        fprintf(stderr, "%s:   %llu: JSON without a log line\n", report->program,
                (unsigned long long)report->skipped);
    if (report->failed > 0) {
        fprintf(stderr, "%s:   ", report->program);
        print_count(report->failed, "file", "files", " not read, or not whole\n");
    }
}

int report_status(const struct report *report)
{
    if (report->failed > 0)
        return 2;
    return report->counts.errors + report->skipped > 0 ? 1 : 0;
}
