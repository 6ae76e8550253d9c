/* SPDX-License-Identifier: MIT */
/*
 * vxlan.unwrap: a batch of mirrored frames to inner 5-tuples, against DPDK's rte_net_get_ptype
 * on the outer and on the inner layers, which gives no 5-tuple; `.flows` against that and
 * copying one out. hot and cold as in bench_packet.c. The outer headers are written by
 * the library, so both sides read the same bytes.
 * vxlan.wrap: frames of at most 256 bytes copied behind 50 bytes of headers, against the loop
 * that writes only those (no configuration, no limits, IPv4 only).
 * vxlan.checksum: of a datagram of 1500 bytes with its pseudo header, against rte_ipv4_udptcp_cksum.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "peer.h"
#include "vpcvis/vxlan.h"
#include "vxlan.h"

#define HEADERS 50 /* Ethernet, IPv4, UDP, VXLAN */
#define SLOT    2368
#define BATCH   64
#define COLD    32768
#define COPIED  256
#define PACKET  1500

struct tunnels {
    uint8_t *memory;
    struct vpcvis_frame *frames;
    struct vpcvis_packet *packets; /* of the inner frames */
    struct vpcvis_vxlan_copy copies[BATCH];
    struct vpcvis_vxlan_outer outer;
    struct peer_dpdk *peer;
    uint8_t out[BATCH][HEADERS + COPIED];
    uint8_t datagram[PACKET];
    uint64_t sum;
    size_t count;
};

static void set_outer(struct vpcvis_vxlan_outer *outer)
{
    outer->size = sizeof *outer;
    outer->flags = VPCVIS_VXLAN_ETHERNET;
    outer->entropy = VPCVIS_VXLAN_ENTROPY_AWS;
    outer->src.family = outer->dst.family = VPCVIS_ADDR_IPV4;
    memcpy(outer->src.bytes, "\12\0\1\24", 4);
    memcpy(outer->dst.bytes, "\12\0\2\11", 4);
    memcpy(outer->src_mac, "\2\0\0\0\0\3", 6);
    memcpy(outer->dst_mac, "\2\0\0\0\0\4", 6);
}

static int put_tunnel(struct tunnels *job, size_t i, uint64_t *state)
{
    uint8_t *slot = job->memory + i * SLOT;
    struct vpcvis_frame inner = {0};
    uint32_t len = (uint32_t)bench_packet_put(slot + HEADERS, state);

    inner.data = slot + HEADERS;
    inner.cap_len = len;
    job->frames[i].data = slot;
    job->frames[i].cap_len = HEADERS + len;
    return vpcvis_packet_read(&inner, &job->packets[i]) == VPCVIS_OK &&
           vpcvis_vxlan_wrap(&job->outer, (uint32_t)i, &job->packets[i], NULL, &len,
                             slot) == VPCVIS_OK;
}

static void shuffle(struct tunnels *job, uint64_t state)
{
    for (size_t i = job->count - 1; i > 0; i--) {
        size_t j;
        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (state >> 33) % (i + 1);
        const struct vpcvis_frame frame = job->frames[i];
        const struct vpcvis_packet packet = job->packets[i];
        job->frames[i] = job->frames[j];
        job->packets[i] = job->packets[j];
        job->frames[j] = frame;
        job->packets[j] = packet;
    }
}

static struct tunnels *open_tunnels(size_t count)
{
    struct tunnels *job = calloc(1, sizeof *job);
    uint64_t state = 1;
    int good = job != NULL;

    if (!good)
        return NULL;
    set_outer(&job->outer);
    job->count = count;
    job->memory = malloc(count * SLOT);
    job->frames = calloc(count, sizeof *job->frames);
    job->packets = calloc(count, sizeof *job->packets);
    if (job->memory != NULL && job->frames != NULL && job->packets != NULL) {
        for (size_t i = 0; good && i < count; i++)
            good = put_tunnel(job, i, &state);
        shuffle(job, 2);
        if (good)
            return job;
    }
    free(job->memory);
    free(job->frames);
    free(job->packets);
    free(job);
    return NULL;
}

static void close_tunnels(struct tunnels *job)
{
    if (job == NULL)
        return;
    peer_dpdk_free(job->peer);
    free(job->memory);
    free(job->frames);
    free(job->packets);
    free(job);
}

static uint64_t unwrap_pass(void *context)
{
    struct tunnels *job = context;
    size_t found;

    for (size_t i = 0; i < COLD; i += BATCH)
        if (vpcvis_vxlan_unwrap_batch(NULL, job->frames + i % job->count,
                                      sizeof *job->frames, BATCH, job->copies,
                                      &found) != VPCVIS_OK ||
            found != BATCH)
            return 0;
    return COLD;
}

static uint64_t peer_layers_pass(void *context)
{
    struct tunnels *job = context;
    uint64_t done = 0;

    while (done < COLD)
        done += peer_dpdk_tunnels(job->peer, HEADERS, 0);
    return done;
}

static uint64_t peer_flows_pass(void *context)
{
    struct tunnels *job = context;
    uint64_t done = 0;

    while (done < COLD)
        done += peer_dpdk_tunnels(job->peer, HEADERS, 1);
    return done;
}

/* What is unwrapped is what was wrapped, and DPDK sees UDP outside. */
static int agree(const struct tunnels *job)
{
    struct vpcvis_vxlan_copy copy;
    struct vpcvis_packet outer;

    for (size_t i = 0; i < job->count; i++)
        if (vpcvis_vxlan_unwrap(NULL, &job->frames[i], NULL, &copy) != VPCVIS_OK ||
            copy.inner_at != HEADERS ||
            memcmp(copy.inner.src, job->packets[i].src, 36) != 0 ||
            vpcvis_packet_read(&job->frames[i], &outer) != VPCVIS_OK ||
            !peer_dpdk_agrees(job->peer, i, &outer))
            return 0;
    return 1;
}

static void compare_unwrap(struct bench *bench, const char *name, double bar,
                           size_t count, bench_pass *peer_pass)
{
    struct tunnels *job;

    if (!bench_wants(bench, name))
        return;
    job = open_tunnels(count);
    if (job == NULL) {
        bench_fail(bench, name, "no memory");
    } else if ((job->peer = peer_dpdk_new(job->frames, count)) == NULL) {
        bench_skip(name, "built without DPDK (libdpdk)");
        bench->missed += bench->strict;
    } else if (!agree(job)) {
        bench_fail(bench, name, "the two sides disagree");
    } else {
        const struct bench_side ours = {unwrap_pass, job, 1};
        const struct bench_side theirs = {peer_pass, job, 1};
        bench_compare(bench, name, bar, &ours, &theirs);
    }
    close_tunnels(job);
}

static uint32_t copied(uint32_t len)
{
    return len < COPIED ? len : COPIED;
}

static uint64_t wrap_pass(void *context)
{
    struct tunnels *job = context;

    for (size_t i = 0; i < COLD; i++) {
        const size_t k = i & (job->count - 1);
        const uint8_t *frame = (const uint8_t *)job->frames[k].data + HEADERS;
        uint32_t len = copied(job->frames[k].cap_len - HEADERS);
        uint8_t *out = job->out[i % BATCH];
        if (vpcvis_vxlan_wrap(&job->outer, (uint32_t)i, &job->packets[k], frame, &len,
                              out) != VPCVIS_OK)
            return 0;
        memcpy(out + HEADERS, frame, len);
    }
    return COLD;
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* The headers alone, as one writes them down for one target: a template and what changes;
 * sum is that of the template's IP header without length and checksum. */
static void bare_wrap(const uint8_t *template, uint32_t sum,
                      const struct vpcvis_packet *packet, uint32_t vni,
                      const uint8_t *frame, uint32_t len, uint8_t *out)
{
    uint32_t src, dst;

    memcpy(out, template, HEADERS);
    put16(out + 16, 36 + len);
    sum += 36 + len;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(out + 24, ~sum & 0xffff);
    memcpy(&src, packet->src, 4);
    memcpy(&dst, packet->dst, 4);
    sum =
        (src ^ dst ^ packet->srcport ^ packet->dstport ^ packet->protocol) * 0x9e3779b1u;
    put16(out + 34, 65408 + (sum >> 25));
    put16(out + 38, 16 + len);
    out[46] = (uint8_t)(vni >> 16);
    put16(out + 47, vni);
    memcpy(out + HEADERS, frame, len);
}

static uint64_t bare_pass(void *context)
{
    struct tunnels *job = context;
    uint8_t template[HEADERS];
    uint32_t sum = 0;

    memcpy(template, job->frames[0].data, HEADERS);
    put16(template + 16, 0);
    put16(template + 24, 0);
    for (size_t i = 14; i < 34; i += 2)
        sum += (uint32_t) template[i] << 8 | template[i + 1];
    for (size_t i = 0; i < COLD; i++) {
        const size_t k = i & (job->count - 1);
        bare_wrap(template, sum, &job->packets[k], (uint32_t)i,
                  (const uint8_t *)job->frames[k].data + HEADERS,
                  copied(job->frames[k].cap_len - HEADERS), job->out[i % BATCH]);
    }
    return COLD;
}

/* Both write the same but for the source port. */
static int same_headers(struct tunnels *job)
{
    uint8_t bare[BATCH][HEADERS + COPIED];

    if (bare_pass(job) == 0)
        return 0;
    memcpy(bare, job->out, sizeof bare);
    if (wrap_pass(job) == 0)
        return 0;
    for (size_t i = 0; i < BATCH; i++) {
        memcpy(bare[i] + 34, job->out[i] + 34, 2);
        if (memcmp(bare[i], job->out[i], HEADERS) != 0)
            return 0;
    }
    return 1;
}

static void compare_wrap(struct bench *bench, const char *name, double bar, size_t count)
{
    struct tunnels *job;

    if (!bench_wants(bench, name))
        return;
    job = open_tunnels(count);
    if (job == NULL) {
        bench_fail(bench, name, "no memory");
    } else if (!same_headers(job)) {
        bench_fail(bench, name, "the two sides disagree");
    } else {
        const struct bench_side ours = {wrap_pass, job, 1};
        const struct bench_side theirs = {bare_pass, job, 1};
        bench_compare(bench, name, bar, &ours, &theirs);
    }
    close_tunnels(job);
}

static uint16_t our_checksum(const uint8_t *ip)
{
    return vpcvis_i_vxlan_fold(
        vpcvis_i_vxlan_pseudo(ip + 12, ip + 16, VPCVIS_ADDR_IPV4, PACKET - 20) +
        vpcvis_i_vxlan_sum(ip + 20, PACKET - 20));
}

/* A byte changes each time, so that no call can be taken out of the loop. */
static uint64_t checksum_pass(void *context)
{
    struct tunnels *job = context;

    for (size_t i = 0; i < COLD; i++) {
        job->datagram[PACKET - 1] = (uint8_t)i;
        job->sum += our_checksum(job->datagram);
    }
    return COLD;
}

static uint64_t peer_checksum_pass(void *context)
{
    struct tunnels *job = context;

    for (size_t i = 0; i < COLD; i++) {
        job->datagram[PACKET - 1] = (uint8_t)i;
        job->sum += peer_dpdk_checksum(job->datagram, job->datagram + 20);
    }
    return COLD;
}

static void compare_checksum(struct bench *bench, const char *name, double bar)
{
    struct tunnels *job;

    if (!bench_wants(bench, name))
        return;
    job = open_tunnels(BATCH);
    if (job == NULL) {
        bench_fail(bench, name, "no memory");
        return;
    }
    for (size_t i = 20; i < PACKET; i++)
        job->datagram[i] = (uint8_t)(i * 131 >> 3);
    memcpy(job->datagram, (const uint8_t *)job->frames[0].data + 14, 20);
    put16(job->datagram + 2, PACKET);
    if (peer_dpdk_checksum(job->datagram, job->datagram + 20) == 0) {
        bench_skip(name, "built without DPDK (libdpdk)");
        bench->missed += bench->strict;
    } else if (peer_dpdk_checksum(job->datagram, job->datagram + 20) !=
               our_checksum(job->datagram)) {
        bench_fail(bench, name, "the two sides disagree");
    } else {
        const struct bench_side ours = {checksum_pass, job, 1};
        const struct bench_side theirs = {peer_checksum_pass, job, 1};
        bench_compare(bench, name, bar, &ours, &theirs);
    }
    close_tunnels(job);
}

void bench_vxlan(struct bench *bench)
{
    compare_unwrap(bench, "vxlan.unwrap.hot", 1.4, BATCH, peer_layers_pass);
    compare_unwrap(bench, "vxlan.unwrap.cold", 1.0, COLD, peer_layers_pass);
    compare_unwrap(bench, "vxlan.unwrap.hot.flows", 0, BATCH, peer_flows_pass);
    compare_unwrap(bench, "vxlan.unwrap.cold.flows", 0, COLD, peer_flows_pass);
    compare_wrap(bench, "vxlan.wrap.hot", 0.75, BATCH);
    compare_wrap(bench, "vxlan.wrap.cold", 0.75, COLD);
    compare_checksum(bench, "vxlan.checksum", 0.95);
}
