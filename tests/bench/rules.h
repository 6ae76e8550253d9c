/* SPDX-License-Identifier: MIT */
/*
 * rules.h - rule sets with the structure of ClassBench's seeds (Taylor and Turner, ClassBench: A
 * Packet Classification Benchmark, 2007), and traces of packets that hit them, skewed as there.
 */
#ifndef BENCH_RULES_H
#define BENCH_RULES_H

#include "vpcvis/filter.h"

#define RULES_ACL   0 /* access lists: specific addresses, exact destination ports */
#define RULES_FW    1 /* firewalls: wildcards on either side, ranges of ports */
#define RULES_IPC   2 /* chains: pairs of networks, some ports on both sides */
#define RULES_KINDS 3

const char *rules_name(uint32_t kind);

/* Make count ingress rules, numbered from 1, all IPv4. */
void rules_make(uint32_t kind, struct vpcvis_rule *rules, uint32_t count);

/* Make packets inside rules, a few rules more often than others and several times in a row. */
void rules_trace(const struct vpcvis_rule *rules, uint32_t count,
                 struct vpcvis_packet *packets, uint32_t packet_count);

/* DPDK's rte_acl on these rules; NULL where it is not there. */
struct peer_acl;
struct peer_acl *peer_acl_new(const struct vpcvis_rule *rules, uint32_t count);
void peer_acl_free(struct peer_acl *acl);

/* Numbers of the rules that match, 0 for none, in bursts of 64. */
void peer_acl_match(const struct peer_acl *acl, const struct vpcvis_packet *packets,
                    uint32_t count, uint32_t *numbers);

/* How long its tables took to make. */
double peer_acl_build_ms(const struct peer_acl *acl);

/* The memory of its tables. */
uint64_t peer_acl_bytes(const struct peer_acl *acl);

#endif
