/* SPDX-License-Identifier: MIT */
/*
 * Texts that must not be a cliff. For crlf and bad1 the peer is ours on the same records clean;
 * for the others it is ours on v2, at the same nanoseconds a byte: what a record of that length
 * would cost if its shape made no difference.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "digest.h"
#include "job.h"

struct shape {
    const char *name;
    const char *kind;
    double bar;
    int by_byte;
};

static const struct shape shapes[] = {
    {"line.read.crlf", "crlf", 0.8, 0},   {"line.read.bad1", "bad", 0.7, 0},
    {"line.read.nodata", "nodata", 0, 1}, {"line.read.ipv6", "ipv6", 0, 1},
    {"line.read.digits", "digits", 0, 1}, {"line.read.short", "short", 0, 1},
    {"line.read.all54", "v11", 0, 1},
};

/* The errors of bad and the records of crlf are known: they are v2's. */
static int reads_right(struct job *job, struct job *clean, const char *kind)
{
    if (strcmp(kind, "crlf") == 0)
        return job_digest(job) == job_digest(clean);
    if (strcmp(kind, "bad") == 0)
        return job_digest(job) != job_digest(clean) && job_pass(job) == job_pass(clean);
    return job_digest(job) != 0;
}

static void compare_shape(struct bench *bench, const struct shape *shape)
{
    struct job_spec spec = {JOB_COLUMNS, bench->cpu, 0, {0, 0}};
    struct generate_log log = {0};
    struct generate_log clean_log = {0};
    struct job job = {0};
    struct job clean = {0};
    struct bench_side ours = {job_pass, &job, 1};
    struct bench_side peer = {job_pass, &clean, 1};

    if (!generate_log(shape->kind, bench->text_bytes, &log) ||
        !generate_log_records("v2", shape->by_byte ? 0 : log.lines, log.len + log.len / 8,
                              &clean_log) ||
        !job_open(&job, &log, &spec) || !job_open(&clean, &clean_log, &spec))
        bench_fail(bench, shape->name, "the library refused the job");
    else if (!reads_right(&job, &clean, shape->kind))
        bench_fail(bench, shape->name, "the checksums disagree");
    else {
        if (shape->by_byte)
            peer.scale = ((double)log.len / (double)log.lines) /
                         ((double)clean_log.len / (double)clean_log.lines);
        bench_compare(bench, shape->name, shape->bar, &ours, &peer);
    }
    job_close(&job);
    job_close(&clean);
    free(log.text);
    free(clean_log.text);
}

void bench_shapes(struct bench *bench)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (bench_wants(bench, shapes[i].name))
            compare_shape(bench, &shapes[i]);
}
