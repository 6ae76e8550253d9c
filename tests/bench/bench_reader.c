/* SPDX-License-Identifier: MIT */
/*
 * reader.stream: the reader over chunks of 64 KiB against line.read of the whole text. headers:
 * a header line every thousand lines against none. bench_stream reads a file, for the scripts
 * that compare with other programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "digest.h"
#include "job.h"

static void compare_stream(struct bench *bench, const char *name, double bar,
                           const char *our_kind, uint32_t our_door, uint32_t peer_door)
{
    struct job_spec ours_spec = {our_door, bench->cpu, 0, {0, 0}};
    struct job_spec peer_spec = {peer_door, bench->cpu, 0, {0, 0}};
    struct generate_log log = {0};
    struct generate_log plain = {0};
    struct job a = {0};
    struct job b = {0};
    struct bench_side ours = {job_pass, &a, 1};
    struct bench_side peer = {job_pass, &b, 1};

    if (!bench_wants(bench, name))
        return;
    if (!generate_log(our_kind, bench->text_bytes, &log) ||
        !generate_log_records("v2", log.lines - log.headers, log.len + log.len / 8,
                              &plain) ||
        !job_open(&a, &log, &ours_spec) || !job_open(&b, &plain, &peer_spec))
        bench_fail(bench, name, "the library refused the job");
    else if (job_digest(&a) != job_digest(&b))
        bench_fail(bench, name, "the checksums disagree");
    else
        bench_compare(bench, name, bar, &ours, &peer);
    job_close(&a);
    job_close(&b);
    free(log.text);
    free(plain.text);
}

void bench_reader(struct bench *bench)
{
    compare_stream(bench, "reader.stream", 0.87, "v2", JOB_STREAM, JOB_ROWS);
    compare_stream(bench, "reader.stream.columns", 0, "v2", JOB_STREAM_COLUMNS,
                   JOB_COLUMNS);
    compare_stream(bench, "line.read.headers", 0, "headers", JOB_STREAM_COLUMNS,
                   JOB_STREAM_COLUMNS);
}

struct file_job {
    const char *path;
    char *chunk;
    void *reader_memory;
    void *column_memory;
    struct vpcvis_line_columns columns;
    struct vpcvis_error errors[JOB_ERRORS];
};

static uint64_t drain(struct file_job *job, vpcvis_reader *reader)
{
    struct vpcvis_reader_batch batch;
    uint64_t lines = 0;

    while (vpcvis_reader_next_columns(reader, &job->columns, job->errors, JOB_ERRORS,
                                      &batch) == VPCVIS_OK)
        lines += batch.records + batch.errors;
    return lines;
}

static uint64_t file_pass(void *context)
{
    struct file_job *job = context;
    FILE *file = fopen(job->path, "rb");
    vpcvis_reader *reader;
    uint64_t lines = 0;
    size_t n;

    if (file == NULL)
        return 0;
    if (vpcvis_reader_init(job->reader_memory, vpcvis_reader_bytes(), NULL, &reader) ==
        VPCVIS_OK) {
        while ((n = fread(job->chunk, 1, 4 * JOB_CHUNK, file)) > 0) {
            vpcvis_reader_add(reader, job->chunk, n);
            lines += drain(job, reader);
        }
        vpcvis_reader_end(reader);
        lines += drain(job, reader);
    }
    fclose(file);
    return lines;
}

int bench_stream(const struct bench *bench, const char *path)
{
    static const uint64_t v2_fields[2] = {((uint64_t)1 << 14) - 1, 0};
    enum { CAPACITY = 4096 };
    size_t bytes = vpcvis_line_columns_bytes(v2_fields, CAPACITY);
    struct file_job *job = calloc(1, sizeof *job);
    struct bench_side side = {file_pass, job, 1};
    double ns = 0;

    if (job == NULL)
        return 2;
    job->path = path;
    job->chunk = malloc(4 * JOB_CHUNK);
    job->reader_memory = malloc(vpcvis_reader_bytes());
    job->column_memory = malloc(bytes);
    if (job->chunk && job->reader_memory && job->column_memory &&
        vpcvis_line_columns_init(job->column_memory, bytes, v2_fields, CAPACITY,
                                 &job->columns) == VPCVIS_OK)
        ns = bench_time(bench, &side);
    if (ns > 0)
        printf("%.1f\n", ns);
    free(job->column_memory);
    free(job->reader_memory);
    free(job->chunk);
    free(job);
    return ns > 0 ? 0 : 2;
}
