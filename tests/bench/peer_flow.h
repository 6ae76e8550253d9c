/* SPDX-License-Identifier: MIT */
/*
 * peer_flow.h - hash tables that people count flows in, as the benchmark of room flow sees
 * them: find or insert keys of 16 bytes, and add to five counters each. Each is there only if
 * its library was when the benchmark was built; else `new` gives NULL.
 */
#ifndef BENCH_PEER_FLOW_H
#define BENCH_PEER_FLOW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEER_FLOW_BATCH 256

struct peer_key {
    uint32_t src;
    uint32_t dst;
    uint16_t srcport;
    uint16_t dstport;
    uint32_t rest;
};

struct peer_counters {
    uint64_t packets;
    uint64_t bytes;
    uint32_t first;
    uint32_t last;
    uint32_t tcp_flags;
    uint32_t reserved;
};

/* DPDK's rte_hash with its default CRC, 32 keys a lookup. */
void *peer_rte_new(size_t flows);
void peer_rte_free(void *peer);
int peer_rte_add(void *peer, const struct peer_key *keys, size_t count, uint32_t now);

/* absl::flat_hash_map with absl's hash. */
void *peer_absl_new(size_t flows);
void peer_absl_free(void *peer);
int peer_absl_add(void *peer, const struct peer_key *keys, size_t count, uint32_t now);

#ifdef __cplusplus
}
#endif

#endif
