/* SPDX-License-Identifier: MIT */
/*
 * line.read: text into columns on every path, against the strtok parser. line.rows: rows out
 * of columns. line.read.skip: what it saves not to ask for most fields.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "digest.h"
#include "job.h"

/* The least ratios asked of each path; 0: none is. */
static const struct path {
    uint32_t cpu;
    double v2;
    double v5;
} paths[] = {
    {VPCVIS_CPU_PORTABLE, 4, 3.2}, {VPCVIS_CPU_SSE2, 4, 3.2}, {VPCVIS_CPU_AVX2, 8, 6},
    {VPCVIS_CPU_AVX512, 14, 11},   {VPCVIS_CPU_NEON, 0, 0},
};

static uint64_t strtok_lines(const struct generate_log *log, uint64_t *digest)
{
    const char *at = log->text;
    const char *end = log->text + log->len;
    int is_v5 = log->standard == 5;
    uint64_t lines = 0;
    struct peer_v5 flow;

    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((eol ? eol : end) - at);
        int ok =
            is_v5 ? peer_strtok_v5(at, len, &flow) : peer_strtok_v2(at, len, &flow.v2);
        if (!ok)
            return 0;
        if (digest)
            *digest += is_v5 ? digest_peer_v5(&flow) : digest_peer_v2(&flow.v2);
        lines++;
        at += len + 1;
    }
    return lines;
}

static uint64_t strtok_pass(void *log)
{
    return strtok_lines(log, NULL);
}

static void compare_strtok(struct bench *bench, const char *name, double bar,
                           struct generate_log *log, uint32_t cpu)
{
    struct job_spec spec = {JOB_COLUMNS, cpu, 0, {0, 0}};
    struct bench_side peer = {strtok_pass, log, 1};
    struct bench_side ours = {job_pass, NULL, 1};
    struct job job;
    uint64_t digest = 0;

    ours.context = &job;
    if (!job_open(&job, log, &spec))
        bench_fail(bench, name, "the library refused the job");
    else if (!strtok_lines(log, &digest) || digest != job_digest(&job))
        bench_fail(bench, name, "the checksums disagree");
    else
        bench_compare(bench, name, bar, &ours, &peer);
    job_close(&job);
}

static void read_paths(struct bench *bench, const char *kind)
{
    struct generate_log log;
    char name[64];

    if (!generate_log(kind, bench->text_bytes, &log)) {
        bench_fail(bench, kind, "no memory for the log");
        return;
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct path *path = &paths[i];
        snprintf(name, sizeof name, "line.read.%s.%s", kind,
                 vpcvis_base_cpu_name(path->cpu));
        if (!bench_wants(bench, name) || (bench->cpu && bench->cpu != path->cpu))
            continue;
        if (vpcvis_base_cpu_find(path->cpu) != VPCVIS_OK)
            bench_skip(name, "this CPU or this build does not have the path");
        else
            compare_strtok(bench, name, log.standard == 5 ? path->v5 : path->v2, &log,
                           path->cpu);
    }
    free(log.text);
}

/* Two ways to read the same log; the same values must come out, unless fields are left out. */
static void compare_ways(struct bench *bench, const char *name, double bar,
                         const char *kind, const struct job_spec *ours,
                         const struct job_spec *peer)
{
    struct generate_log log = {0};
    struct job a = {0};
    struct job b = {0};
    struct bench_side ours_side = {job_pass, &a, 1};
    struct bench_side peer_side = {job_pass, &b, 1};
    int same = ours->fields[0] == peer->fields[0];

    if (!bench_wants(bench, name))
        return;
    if (!generate_log(kind, bench->text_bytes, &log) || !job_open(&a, &log, ours) ||
        !job_open(&b, &log, peer))
        bench_fail(bench, name, "the library refused the job");
    else if (same && job_digest(&a) != job_digest(&b))
        bench_fail(bench, name, "the checksums disagree");
    else
        bench_compare(bench, name, bar, &ours_side, &peer_side);
    job_close(&a);
    job_close(&b);
    free(log.text);
}

#define BIT(field) ((uint64_t)1 << (field))
#define FOUR_FIELDS                                                                      \
    (BIT(VPCVIS_FIELD_SRCADDR) | BIT(VPCVIS_FIELD_DSTADDR) | BIT(VPCVIS_FIELD_DSTPORT) | \
     BIT(VPCVIS_FIELD_BYTES))

void bench_line(struct bench *bench)
{
    uint32_t cpu = bench->cpu;
    struct job_spec columns = {JOB_COLUMNS, cpu, 0, {0, 0}};
    struct job_spec rows = {JOB_ROWS, cpu, 0, {0, 0}};
    struct job_spec skip = {JOB_COLUMNS, cpu, VPCVIS_LINE_SKIP, {FOUR_FIELDS, 0}};
    struct job_spec pick = {JOB_COLUMNS, cpu, 0, {FOUR_FIELDS, 0}};

    read_paths(bench, "v2");
    read_paths(bench, "v5");
    compare_ways(bench, "line.rows.v2", 0.7, "v2", &rows, &columns);
    compare_ways(bench, "line.rows.v5", 0, "v5", &rows, &columns);
    compare_ways(bench, "line.read.skip.v2", 1, "v2", &skip, &columns);
    compare_ways(bench, "line.read.skip.v5", 1, "v5", &skip, &columns);
    compare_ways(bench, "line.read.skip.checked", 1, "v5", &skip, &pick);
}
