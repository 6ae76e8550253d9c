/* SPDX-License-Identifier: MIT */
/*
 * flow.add: packets into flows against DPDK's rte_hash and Abseil's flat_hash_map, the same
 * keys in the same order. Both sides copy 256 keys to where they want them, then find or
 * insert; ours is under its keyed hash with its bound on comparisons, and keeps a flow log's
 * values. `uniform`: every flow is as likely; `zipf`: flow n is 1/n as likely as the first.
 * All tables lie in pages of the size the system gives to malloc.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "peer_flow.h"
#include "vpcvis/flow.h"

#define PASS        1000000 /* packets of a pass */
#define GUARD_FLOWS 4096
#define GUARD_PASS  65536

struct flow_job {
    struct peer_key *keys;
    size_t count;
    size_t pass; /* packets of a pass */
    size_t at;   /* the next key: passes go on where the last one ended */
    vpcvis_flow *flow;
    void *peer;
    int (*add)(void *peer, const struct peer_key *keys, size_t count, uint32_t now);
    struct vpcvis_packet packets[PEER_FLOW_BATCH];
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The key of flow n: numbers that tell nothing of their order. */
static struct peer_key key_of(uint64_t n)
{
    struct peer_key key;
    uint64_t mixed = (n + 1) * 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9u;
    key.src = (uint32_t)(mixed >> 32);
    key.dst = (uint32_t)n * 2654435761u;
    key.srcport = (uint16_t)mixed;
    key.dstport = 443;
    key.rest = 6;
    return key;
}

/* Flow numbers with probability 1/n, from the inverse of their summed probabilities. */
static void fill_zipf(struct peer_key *keys, size_t count, size_t flows, double *sums)
{
    uint64_t state = 88172645463325252u;
    double sum = 0;

    for (size_t i = 0; i < flows; i++)
        sums[i] = sum += 1 / (double)(i + 1);
    for (size_t i = 0; i < count; i++) {
        const double point = (double)(random_next(&state) >> 11) * 0x1p-53 * sum;
        size_t low = 0, high = flows - 1;
        while (low < high) {
            const size_t middle = (low + high) / 2;
            if (sums[middle] < point)
                low = middle + 1;
            else
                high = middle;
        }
        keys[i] = key_of(low * 0x9e3779b1u % 0xffffffffu);
    }
}

static int fill(struct flow_job *job, size_t flows, int zipf)
{
    uint64_t state = 88172645463325252u;
    double *sums;

    job->keys = malloc(job->count * sizeof *job->keys);
    if (job->keys == NULL)
        return 0;
    if (!zipf) {
        for (size_t i = 0; i < job->count; i++)
            job->keys[i] = key_of(random_next(&state) % flows);
        return 1;
    }
    sums = malloc(flows * sizeof *sums);
    if (sums == NULL)
        return 0;
    fill_zipf(job->keys, job->count, flows, sums);
    free(sums);
    return 1;
}

static int open_flow(const struct bench *bench, struct flow_job *job, size_t flows)
{
    struct vpcvis_flow_config config;
    struct vpcvis_record about;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.capacity = (uint32_t)(flows + flows / 8);
    config.capacity_ipv6 = 1;
    config.hash_key[0] = 1;
    config.cpu = bench->cpu;
    vpcvis_record_init(&about, NULL);
    if (vpcvis_flow_new(&config, NULL, &job->flow) != VPCVIS_OK ||
        vpcvis_flow_add_interface(job->flow, 0, &about, NULL) != VPCVIS_OK)
        return 0;
    for (size_t i = 0; i < PEER_FLOW_BATCH; i++) {
        struct vpcvis_packet *packet = &job->packets[i];
        packet->seen_ns = UINT64_C(1700000000) * 1000000000;
        packet->family = VPCVIS_ADDR_IPV4;
        packet->protocol = 6;
        packet->flags = VPCVIS_PACKET_PORTS | VPCVIS_PACKET_TCP;
        packet->tcp_flags = 16;
        packet->ip_len = 100;
    }
    return 1;
}

static const struct peer_key *next_keys(struct flow_job *job)
{
    if (job->at + PEER_FLOW_BATCH > job->count)
        job->at = 0;
    job->at += PEER_FLOW_BATCH;
    return job->keys + job->at - PEER_FLOW_BATCH;
}

static uint64_t our_pass(void *context)
{
    struct flow_job *job = context;
    size_t done, taken;

    for (done = 0; done < job->pass; done += PEER_FLOW_BATCH) {
        const struct peer_key *keys = next_keys(job);
        for (size_t i = 0; i < PEER_FLOW_BATCH; i++) {
            memcpy(job->packets[i].src, &keys[i].src, 4);
            memcpy(job->packets[i].dst, &keys[i].dst, 4);
            job->packets[i].srcport = keys[i].srcport;
            job->packets[i].dstport = keys[i].dstport;
        }
        if (vpcvis_flow_add(job->flow, job->packets, PEER_FLOW_BATCH, NULL, &taken) !=
            VPCVIS_OK)
            return 0;
    }
    return done;
}

static uint64_t peer_pass(void *context)
{
    struct flow_job *job = context;
    struct peer_key keys[PEER_FLOW_BATCH];
    size_t done;

    for (done = 0; done < job->pass; done += PEER_FLOW_BATCH) {
        memcpy(keys, next_keys(job), sizeof keys);
        if (!job->add(job->peer, keys, PEER_FLOW_BATCH, (uint32_t)done))
            return 0;
    }
    return done;
}

/* Every key once, so that both sides are measured with all flows there. */
static int warm(struct flow_job *job, bench_pass *pass)
{
    for (size_t i = 0; i < job->count; i += job->pass)
        if (pass(job) == 0)
            return 0;
    return 1;
}

uint64_t bench_flow_passes(uint32_t cpu, unsigned long passes)
{
    static struct flow_job job;
    struct bench bench = {0};
    uint64_t packets = 0;

    bench.cpu = cpu;
    job.count = job.pass = GUARD_PASS;
    if (fill(&job, GUARD_FLOWS, 1) && open_flow(&bench, &job, GUARD_FLOWS) &&
        warm(&job, our_pass))
        for (; passes > 0; passes--)
            packets = our_pass(&job);
    vpcvis_flow_free(job.flow, NULL);
    free(job.keys);
    return packets;
}

struct peer_kind {
    const char *name;
    void *(*open)(size_t flows);
    void (*close)(void *peer);
    int (*add)(void *peer, const struct peer_key *keys, size_t count, uint32_t now);
};

static const struct peer_kind rte = {"rte_hash", peer_rte_new, peer_rte_free,
                                     peer_rte_add};
#ifdef HAVE_ABSL
static const struct peer_kind absl = {"absl", peer_absl_new, peer_absl_free,
                                      peer_absl_add};
#else
static void *no_absl(size_t flows)
{
    (void)flows;
    return NULL;
}
static const struct peer_kind absl = {"absl", no_absl, NULL, NULL};
#endif

static void compare_tables(struct bench *bench, const char *name, double bar,
                           size_t flows, int zipf, const struct peer_kind *kind)
{
    static struct flow_job job;
    struct bench_side ours = {our_pass, &job, 1};
    struct bench_side theirs = {peer_pass, &job, 1};

    if (!bench_wants(bench, name))
        return;
    memset(&job, 0, sizeof job);
    job.count = 4 * flows < 4000000 ? 4000000 : 2 * flows;
    job.pass = PASS;
    job.add = kind->add;
    job.peer = kind->open(flows);
    if (job.peer == NULL) {
        bench_skip(name, "its library was not there when this was built");
        bench->missed += bench->strict;
    } else if (!fill(&job, flows, zipf) || !open_flow(bench, &job, flows) ||
               !warm(&job, our_pass) || !warm(&job, peer_pass)) {
        bench_fail(bench, name, "a side cannot be made ready");
    } else {
        bench_compare(bench, name, bar, &ours, &theirs);
    }
    if (job.peer != NULL)
        kind->close(job.peer);
    vpcvis_flow_free(job.flow, NULL);
    free(job.keys);
}

void bench_flow(struct bench *bench)
{
    compare_tables(bench, "flow.add.64k.zipf.rte_hash", 0, 65536, 1, &rte);
    compare_tables(bench, "flow.add.64k.uniform.rte_hash", 0, 65536, 0, &rte);
    compare_tables(bench, "flow.add.1m.zipf.rte_hash", 1.5, 1000000, 1, &rte);
    compare_tables(bench, "flow.add.1m.uniform.rte_hash", 1.2, 1000000, 0, &rte);
    compare_tables(bench, "flow.add.1m.zipf.absl", 1.8, 1000000, 1, &absl);
    compare_tables(bench, "flow.add.1m.uniform.absl", 1.4, 1000000, 0, &absl);
    compare_tables(bench, "flow.add.8m.zipf.rte_hash", 0, 8000000, 1, &rte);
    compare_tables(bench, "flow.add.8m.uniform.rte_hash", 0, 8000000, 0, &rte);
}
