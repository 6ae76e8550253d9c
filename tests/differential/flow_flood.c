/* SPDX-License-Identifier: MIT */
/*
 * Room flow under attack, in figures:
 *
 *     flood       10^7 random 5-tuples into 2^16 slots: flows that were there stay exact, what is
 *                 fed is accounted for, and no memory is taken
 *     collisions  20,000 keys made to meet in one bucket under one hash key cost no more
 *                 comparisons under another than random ones do
 *
 *     flow_flood [PACKETS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "hash.h"
#include "vpcvis.h"

#define SLOTS   65536
#define KNOWN   1000
#define CRAFTED 20000
#define BATCH   250

static uint64_t state = 88172645463325252u;

static uint64_t random64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1du;
}

static void want(int condition, const char *what)
{
    if (!condition) {
        printf("not ok flow_flood: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static vpcvis_flow *flow_new(const uint64_t key[2], uint32_t capacity)
{
    struct vpcvis_flow_config config;
    struct vpcvis_record about;
    vpcvis_flow *flow = NULL;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = VPCVIS_FLOW_ORDER;
    config.capacity = capacity;
    memcpy(config.hash_key, key, sizeof(config.hash_key));
    vpcvis_record_init(&about, NULL);
    want(vpcvis_flow_new(&config, NULL, &flow) == VPCVIS_OK, "a table");
    want(vpcvis_flow_add_interface(flow, 0, &about, NULL) == VPCVIS_OK, "an interface");
    return flow;
}

/* A packet of the flow whose addresses and ports are these words. */
static struct vpcvis_packet packet_of(uint64_t addresses, uint32_t ports)
{
    struct vpcvis_packet packet;

    memset(&packet, 0, sizeof(packet));
    packet.seen_ns = UINT64_C(1700000000) * 1000000000;
    packet.family = VPCVIS_ADDR_IPV4;
    memcpy(packet.src, &addresses, 4);
    memcpy(packet.dst, (const char *)&addresses + 4, 4);
    packet.srcport = (uint16_t)(ports >> 16);
    packet.dstport = (uint16_t)ports;
    packet.protocol = 6;
    packet.ip_len = 40;
    return packet;
}

static void add(vpcvis_flow *flow, const struct vpcvis_packet *packets, size_t count)
{
    size_t taken;

    want(vpcvis_flow_add(flow, packets, count, NULL, &taken) == VPCVIS_OK, "is taken");
}

static struct vpcvis_flow_counts counts_of(const vpcvis_flow *flow)
{
    struct vpcvis_flow_counts counts;

    want(vpcvis_flow_get(flow, &counts) == VPCVIS_OK, "counts");
    want(counts.fed == counts.counted + counts.skipped, "counted and skipped is fed");
    return counts;
}

static long memory_kib(void)
{
    struct rusage usage;

    want(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return usage.ru_maxrss;
}

/* Known flows before, and once more every 250 random ones; then they are looked at. */
static void flood(uint64_t packets)
{
    const uint64_t key[2] = {1, 2};
    vpcvis_flow *flow = flow_new(key, SLOTS);
    static struct vpcvis_packet known[KNOWN], other[BATCH];
    struct vpcvis_flow_counts counts;
    struct vpcvis_record record;
    uint64_t rounds, done, exact = 0, skipdata = 0;
    long before, grown;
    int i;

    for (i = 0; i < KNOWN; i++)
        known[i] = packet_of(UINT64_C(0x0a00000000000000) + (uint64_t)i, 443);
    add(flow, known, KNOWN);
    for (done = 0; done < SLOTS; done += BATCH) { /* touch all there is */
        for (i = 0; i < BATCH; i++)
            other[i] = packet_of(random64(), (uint32_t)random64());
        add(flow, other, BATCH);
    }
    before = memory_kib();
    for (rounds = 1; done < packets; done += BATCH) {
        for (i = 0; i < BATCH; i++)
            other[i] = packet_of(random64(), (uint32_t)random64());
        add(flow, other, BATCH);
        if (done % (BATCH * 100) == 0) {
            add(flow, known, KNOWN);
            rounds++;
        }
    }
    counts = counts_of(flow);
    want(counts.flows_ipv4 == SLOTS, "the table is full");
    grown = memory_kib() - before;
    want(grown < 256, "no memory is taken");
    want(vpcvis_flow_tick(flow, UINT64_MAX) == VPCVIS_OK, "tick");
    while (vpcvis_flow_next(flow, &record) == VPCVIS_OK) {
        skipdata += record.log_status == VPCVIS_LOG_STATUS_SKIPDATA;
        exact += record.log_status == VPCVIS_LOG_STATUS_OK && record.packets == rounds &&
                 record.bytes == 40 * rounds;
    }
    want(exact == KNOWN, "known flows are exact");
    want(skipdata == 1, "one SKIPDATA record");
    printf("ok flow_flood: %" PRIu64 " packets, %" PRIu64 " skipped, at most %" PRIu64
           " comparisons a packet, memory %+ld KiB\n",
           counts.fed, counts.skipped, counts.compares_max, grown);
    vpcvis_flow_free(flow, NULL);
}

/* Comparisons of each packet, and the most, when `packets` come in twice. */
static double compares(const uint64_t key[2], const struct vpcvis_packet *packets,
                       uint64_t *most)
{
    vpcvis_flow *flow = flow_new(key, SLOTS);
    struct vpcvis_flow_counts counts;
    int i, round;

    for (round = 0; round < 2; round++)
        for (i = 0; i < CRAFTED; i += BATCH)
            add(flow, packets + i, BATCH);
    counts = counts_of(flow);
    *most = counts.compares_max;
    vpcvis_flow_free(flow, NULL);
    return (double)counts.compares / (double)counts.fed;
}

/* Keys whose hash under `key` begins with 13 zeros: all in a few buckets of ten thousand. */
static void craft(const uint64_t key[2], struct vpcvis_packet *packets)
{
    int n = 0;

    while (n < CRAFTED) {
        const uint64_t addresses = random64();
        const uint32_t ports = (uint32_t)random64();
        const uint64_t words[2] = {addresses, (uint64_t)ports << 32 | 6u << 4};
        if (vpcvis_i_hash_sip13(key, words, 2) >> 51 == 0)
            packets[n++] = packet_of(addresses, ports);
    }
}

static void collisions(void)
{
    const uint64_t attacked[2] = {1, 2}, other[2] = {3, 4};
    static struct vpcvis_packet crafted[CRAFTED], plain[CRAFTED];
    uint64_t most[3];
    double mean[3];
    int i;

    craft(attacked, crafted);
    for (i = 0; i < CRAFTED; i++)
        plain[i] = packet_of(random64(), (uint32_t)random64());
    mean[0] = compares(other, plain, &most[0]);
    mean[1] = compares(other, crafted, &most[1]);
    mean[2] = compares(attacked, crafted, &most[2]);
    printf(
        "ok flow_flood: comparisons a packet: random keys %.3f, keys crafted for another "
        "hash key %.3f, for this one %.3f (at most %" PRIu64 ")\n",
        mean[0], mean[1], mean[2], most[2]);
    want(mean[1] <= 1.5 * mean[0], "crafted keys cost what random ones cost");
    want(most[2] <= VPCVIS_FLOW_COMPARES_MAX, "the bound holds under attack");
}

int main(int argc, char **argv)
{
    flood(argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000);
    collisions();
    return EXIT_SUCCESS;
}
