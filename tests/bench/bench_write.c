/* SPDX-License-Identifier: MIT */
/* line.write: rows and columns to text, against snprintf and inet_ntop on the same rows. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "digest.h"
#include "job.h"

#define OUT_BYTES  262144
#define RECORD_MAX 4096

struct writer {
    struct job job; /* for its rows */
    char *out;
};

static uint64_t snprintf_rows(struct writer *w, uint64_t *digest)
{
    size_t len = 0;

    for (size_t i = 0; i < w->job.row_count; i++) {
        const char *row = (const char *)w->job.rows + i * w->job.stride;
        size_t n = peer_snprintf_v2((const struct vpcvis_record *)row, w->out + len,
                                    OUT_BYTES - len);
        if (n == 0)
            return 0;
        if (digest)
            *digest = digest_bytes(*digest, w->out + len, n);
        len += n;
        if (len > OUT_BYTES - RECORD_MAX)
            len = 0;
    }
    return w->job.row_count;
}

static uint64_t snprintf_pass(void *writer)
{
    return snprintf_rows(writer, NULL);
}

static void compare_write(struct bench *bench, const char *name, double bar,
                          uint32_t door, const struct generate_log *log,
                          struct writer *peer)
{
    struct job_spec spec = {door, bench->cpu, 0, {0, 0}};
    struct bench_side peer_side = {snprintf_pass, peer, 1};
    struct bench_side ours_side = {job_pass, NULL, 1};
    uint64_t text = digest_bytes(DIGEST_BEGIN, log->text, log->len);
    uint64_t digest = DIGEST_BEGIN;
    struct job ours = {0};

    ours_side.context = &ours;
    if (!bench_wants(bench, name))
        return;
    if (!job_open(&ours, log, &spec))
        bench_fail(bench, name, "the library refused the job");
    else if (!snprintf_rows(peer, &digest) || digest != text || job_digest(&ours) != text)
        bench_fail(bench, name, "what was written is not what was read");
    else
        bench_compare(bench, name, bar, &ours_side, &peer_side);
    job_close(&ours);
}

void bench_write(struct bench *bench)
{
    struct job_spec spec = {JOB_WRITE_ROWS, bench->cpu, 0, {0, 0}};
    struct generate_log log = {0};
    struct writer peer = {{0}, NULL};

    if (!bench_wants(bench, "line.write.v2") && !bench_wants(bench, "line.write.columns"))
        return;
    peer.out = malloc(OUT_BYTES);
    if (peer.out == NULL || !generate_log("v2", bench->text_bytes, &log) ||
        !job_open(&peer.job, &log, &spec)) {
        bench_fail(bench, "line.write", "the library refused the job");
    } else {
        compare_write(bench, "line.write.v2", 11, JOB_WRITE_ROWS, &log, &peer);
        compare_write(bench, "line.write.columns", 11, JOB_WRITE_COLUMNS, &log, &peer);
    }
    job_close(&peer.job);
    free(peer.out);
    free(log.text);
}
