/* SPDX-License-Identifier: MIT */
/*
 * peer.h - what the library is compared with: the code that people write today. Peers are
 * plain and fair: built with the same flags, each in a file of its own, doing what the
 * measure needs and nothing else.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "vpcvis/packet.h"
#include "vpcvis/record.h"

struct peer_address {
    uint8_t bytes[16];
    uint8_t family; /* 4, 6, or 0 for `-` */
};

/* A v2 record: numbers are 0 and texts "-" where the line has `-`. */
struct peer_v2 {
    uint32_t version;
    uint16_t srcport;
    uint16_t dstport;
    uint8_t protocol;
    uint64_t packets;
    uint64_t bytes;
    uint64_t start_s;
    uint64_t end_s;
    struct peer_address srcaddr;
    struct peer_address dstaddr;
    char account_id[16];
    char interface_id[32];
    char action[8];
    char log_status[16];
};

/* A record with all 29 fields of version 5. */
struct peer_v5 {
    struct peer_v2 v2;
    uint32_t tcp_flags;
    uint32_t traffic_path;
    struct peer_address pkt_srcaddr;
    struct peer_address pkt_dstaddr;
    char vpc_id[32];
    char subnet_id[32];
    char instance_id[32];
    char type[8];
    char region[32];
    char az_id[16];
    char sublocation_type[16];
    char sublocation_id[32];
    char pkt_src_aws_service[32];
    char pkt_dst_aws_service[32];
    char flow_direction[8];
};

/* Read one line; 1, or 0 if it has another number of columns or is too long. */
int peer_strtok_v2(const char *line, size_t line_len, struct peer_v2 *flow);
int peer_strtok_v5(const char *line, size_t line_len, struct peer_v5 *flow);

/* Write a v2 record and LF, at most capacity bytes; returns the length, 0 on failure. */
size_t peer_snprintf_v2(const struct vpcvis_record *record, char *out, size_t capacity);

/* DPDK's memory, once for all its peers, without huge pages; 1, or 0 if there is none. */
int peer_dpdk_start(void);

/* DPDK, where it is: NULL where it is not. The frames' bytes must outlive it. */
struct peer_dpdk;
struct peer_dpdk *peer_dpdk_new(const struct vpcvis_frame *frames, size_t count);
void peer_dpdk_free(struct peer_dpdk *peer);

/* Once over all frames, with addresses, ports and lengths if flows; returns how many. */
uint64_t peer_dpdk_pass(struct peer_dpdk *peer, int flows);

/* The same for frames in VXLAN: the outer layers, then those `headers` bytes further in. */
uint64_t peer_dpdk_tunnels(struct peer_dpdk *peer, unsigned headers, int flows);

/* The UDP checksum of a whole IPv4 datagram, as its header has it. */
uint16_t peer_dpdk_checksum(const uint8_t *ip, const uint8_t *udp);

/* 1 if it sees the same layers as the packet that was read from frame i. */
int peer_dpdk_agrees(const struct peer_dpdk *peer, size_t i,
                     const struct vpcvis_packet *packet);

#endif
