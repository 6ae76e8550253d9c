/* SPDX-License-Identifier: MIT */
/*
 * packet.read: a batch of frames to summaries against DPDK's rte_net_get_ptype and copying out
 * the 5-tuple, flags and length; against the former alone (`ptype`), which is less than half
 * of the work. Both ask for bytes ahead. hot: 64 frames in the first cache; cold: frames in places that
 * follow no pattern, in much more memory than the second cache has. Optional: where DPDK was
 * not there when the benchmark was built, the measure is skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "peer.h"
#include "vpcvis/packet.h"

#define SLOT  2368 /* from one frame to the next, as in a packet pool of DPDK's */
#define BATCH 64
#define COLD  32768 /* frames; a pass over fewer goes round until it has read as many */

struct packet_job {
    uint8_t *memory;
    struct vpcvis_frame *frames;
    struct vpcvis_packet packets[BATCH];
    size_t count;
};

static uint64_t random_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static size_t put_l4(uint8_t *p, int is_tcp, size_t data, uint64_t *state)
{
    put16(p, (unsigned)(1024 + random_next(state) % 60000));
    put16(p + 2, 443);
    if (!is_tcp) {
        put16(p + 4, (unsigned)(8 + data));
        return 8;
    }
    p[12] = 0x80; /* 12 bytes of options, a time stamp */
    p[13] = 0x10;
    return 32;
}

/* One frame: of 20, 12 IPv4 TCP, 4 IPv4 UDP, 3 IPv6 TCP, 1 IPv4 TCP with a tag. */
size_t bench_packet_put(uint8_t *p, uint64_t *state)
{
    const unsigned kind = (unsigned)(random_next(state) % 20);
    const size_t data = 40 + random_next(state) % 1300;
    const int is_v6 = kind >= 16 && kind < 19;
    const int is_tcp = kind < 12 || kind >= 16;
    const size_t l4_bytes = is_tcp ? 32 : 8;
    size_t at = 14;

    memset(p, 0, 128);
    memcpy(p, "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
    if (kind == 19) {
        put16(p + 12, 0x8100);
        p[15] = 7;
        at = 18;
    }
    put16(p + at - 2, is_v6 ? 0x86dd : 0x0800);
    if (is_v6) {
        p[at] = 0x60;
        put16(p + at + 4, (unsigned)(l4_bytes + data));
        p[at + 6] = 6;
        put16(p + at + 38, (unsigned)random_next(state));
        at += 40;
    } else {
        p[at] = 0x45;
        put16(p + at + 2, (unsigned)(20 + l4_bytes + data));
        p[at + 9] = is_tcp ? 6 : 17;
        put16(p + at + 14, (unsigned)random_next(state));
        at += 20;
    }
    return at + put_l4(p + at, is_tcp, data, state) + data;
}

static int open_frames(struct packet_job *job, size_t count)
{
    uint64_t state = 1;

    job->count = count;
    job->memory = malloc(count * SLOT);
    job->frames = calloc(count, sizeof *job->frames);
    if (job->memory == NULL || job->frames == NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        job->frames[i].data = job->memory + i * SLOT;
    for (size_t i = count - 1; i > 0; i--) {
        const size_t j = random_next(&state) % (i + 1);
        const void *data = job->frames[i].data;
        job->frames[i].data = job->frames[j].data;
        job->frames[j].data = data;
    }
    for (size_t i = 0; i < count; i++)
        job->frames[i].cap_len = (uint32_t)bench_packet_put(
            job->memory + ((const uint8_t *)job->frames[i].data - job->memory), &state);
    return 1;
}

static void close_frames(struct packet_job *job)
{
    free(job->frames);
    free(job->memory);
}

static uint64_t packet_pass(void *context)
{
    struct packet_job *job = context;
    size_t bad;

    for (size_t i = 0; i < COLD; i += BATCH)
        if (vpcvis_packet_read_batch(job->frames + i % job->count, sizeof *job->frames,
                                     BATCH, job->packets, &bad) != VPCVIS_OK ||
            bad > 0)
            return 0;
    return COLD;
}

uint64_t bench_packet_passes(unsigned long passes)
{
    struct packet_job job = {0};
    uint64_t frames = 0;

    if (open_frames(&job, BATCH))
        for (; passes > 0; passes--)
            frames = packet_pass(&job);
    close_frames(&job);
    return frames;
}

static uint64_t peer_flows_pass(void *context)
{
    uint64_t done = 0;

    while (done < COLD)
        done += peer_dpdk_pass(context, 1);
    return done;
}

static uint64_t peer_ptype_pass(void *context)
{
    uint64_t done = 0;

    while (done < COLD)
        done += peer_dpdk_pass(context, 0);
    return done;
}

static int agree(const struct packet_job *job, const struct peer_dpdk *peer)
{
    struct vpcvis_packet packet;

    for (size_t i = 0; i < job->count; i++)
        if (vpcvis_packet_read(&job->frames[i], &packet) != VPCVIS_OK ||
            !peer_dpdk_agrees(peer, i, &packet))
            return 0;
    return 1;
}

static void compare_frames(struct bench *bench, const char *name, double bar,
                           size_t count, bench_pass *peer_pass)
{
    struct packet_job job;
    struct peer_dpdk *peer = NULL;
    struct bench_side ours = {packet_pass, &job, 1};
    struct bench_side theirs = {peer_pass, NULL, 1};

    if (!bench_wants(bench, name))
        return;
    memset(&job, 0, sizeof job);
    if (!open_frames(&job, count)) {
        bench_fail(bench, name, "no memory");
    } else if ((peer = peer_dpdk_new(job.frames, count)) == NULL) {
        bench_skip(name, "built without DPDK (libdpdk)");
        bench->missed += bench->strict;
    } else if (!agree(&job, peer)) {
        bench_fail(bench, name, "the two sides disagree");
    } else {
        theirs.context = peer;
        bench_compare(bench, name, bar, &ours, &theirs);
    }
    peer_dpdk_free(peer);
    close_frames(&job);
}

void bench_packet(struct bench *bench)
{
    compare_frames(bench, "packet.read.hot", 0, BATCH, peer_flows_pass);
    compare_frames(bench, "packet.read.cold", 0, COLD, peer_flows_pass);
    compare_frames(bench, "packet.read.hot.ptype", 0, BATCH, peer_ptype_pass);
    compare_frames(bench, "packet.read.cold.ptype", 0, COLD, peer_ptype_pass);
}
