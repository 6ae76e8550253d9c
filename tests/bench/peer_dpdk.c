/* SPDX-License-Identifier: MIT */
/*
 * DPDK's rte_net_get_ptype: the layers of a frame as one number, and how long each header is.
 * It reads the same headers, and gives neither addresses, ports, lengths nor fragments; `flows`
 * is what has to follow to have those, as DPDK's own examples do it. The frames are described
 * by mbufs of one segment, one beside the other in memory.
 */
#include "peer.h"

#include <stdlib.h>

#ifdef HAVE_DPDK

#include <rte_eal.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_net.h>
#include <rte_tcp.h>

/* As far ahead as ours. */
#define AHEAD 8

struct peer_dpdk {
    struct rte_mbuf *mbufs;
    size_t count;
    uint32_t sum; /* so that no call can be left out */
};

int peer_dpdk_start(void)
{
    static char *arguments[] = {"bench",
                                "--no-huge",
                                "-m",
                                "3000",
                                "--no-pci",
                                "--no-telemetry",
                                "--log-level=lib.*:error"};
    static int state;

    if (state == 0)
        state = rte_eal_init(7, arguments) < 0 ? -1 : 1;
    return state > 0;
}

struct peer_dpdk *peer_dpdk_new(const struct vpcvis_frame *frames, size_t count)
{
    struct peer_dpdk *peer = calloc(1, sizeof *peer);
    void *memory = NULL;

    if (peer == NULL || posix_memalign(&memory, 64, count * sizeof *peer->mbufs) != 0) {
        free(peer);
        return NULL;
    }
    memset(memory, 0, count * sizeof *peer->mbufs);
    peer->mbufs = memory;
    peer->count = count;
    for (size_t i = 0; i < count; i++) {
        struct rte_mbuf *mbuf = &peer->mbufs[i];
        mbuf->buf_addr = (void *)(uintptr_t)frames[i].data;
        mbuf->buf_len = (uint16_t)frames[i].cap_len;
        mbuf->data_len = (uint16_t)frames[i].cap_len;
        mbuf->pkt_len = frames[i].cap_len;
        mbuf->nb_segs = 1;
    }
    return peer;
}

void peer_dpdk_free(struct peer_dpdk *peer)
{
    if (peer != NULL)
        free(peer->mbufs);
    free(peer);
}

struct flow {
    uint8_t src[16];
    uint8_t dst[16];
    rte_be16_t srcport;
    rte_be16_t dstport;
    uint8_t family;
    uint8_t protocol;
    uint8_t tcp_flags;
    uint8_t is_fragment;
    uint32_t ip_len;
};

static void read_flow(const struct rte_mbuf *mbuf, uint32_t type,
                      const struct rte_net_hdr_lens *lens, struct flow *flow)
{
    const char *ip = rte_pktmbuf_mtod_offset(mbuf, const char *, lens->l2_len);
    const struct rte_tcp_hdr *tcp = (const void *)(ip + lens->l3_len);

    memset(flow, 0, sizeof *flow);
    if (RTE_ETH_IS_IPV4_HDR(type)) {
        const struct rte_ipv4_hdr *v4 = (const void *)ip;
        memcpy(flow->src, &v4->src_addr, 4);
        memcpy(flow->dst, &v4->dst_addr, 4);
        flow->family = 4;
        flow->protocol = v4->next_proto_id;
        flow->ip_len = rte_be_to_cpu_16(v4->total_length);
        flow->is_fragment = (v4->fragment_offset & rte_cpu_to_be_16(0x3fff)) != 0;
    } else if (RTE_ETH_IS_IPV6_HDR(type)) {
        const struct rte_ipv6_hdr *v6 = (const void *)ip;
        memcpy(flow->src, v6->src_addr, 16);
        memcpy(flow->dst, v6->dst_addr, 16);
        flow->family = 6;
        flow->protocol = v6->proto;
        flow->ip_len = 40u + rte_be_to_cpu_16(v6->payload_len);
    }
    if ((type & RTE_PTYPE_L4_MASK) == RTE_PTYPE_L4_TCP)
        flow->tcp_flags = tcp->tcp_flags;
    if (type & RTE_PTYPE_L4_MASK) {
        flow->srcport = tcp->src_port;
        flow->dstport = tcp->dst_port;
    }
}

uint64_t peer_dpdk_pass(struct peer_dpdk *peer, int flows)
{
    struct flow out[64];
    uint32_t sum = 0;

    for (size_t i = 0; i < peer->count; i++) {
        struct rte_net_hdr_lens lens;
        uint32_t type;
        if (i + AHEAD < peer->count) {
            const char *bytes = rte_pktmbuf_mtod(&peer->mbufs[i + AHEAD], const char *);
            rte_prefetch0(bytes);
            rte_prefetch0(bytes + 63);
        }
        type = rte_net_get_ptype(&peer->mbufs[i], &lens, RTE_PTYPE_ALL_MASK);
        sum += type + lens.l3_len;
        if (flows) {
            read_flow(&peer->mbufs[i], type, &lens, &out[i % 64]);
            if (i % 64 == 63)
                sum += out[type % 64].ip_len;
        }
    }
    peer->sum += sum;
    return peer->count;
}

uint64_t peer_dpdk_tunnels(struct peer_dpdk *peer, unsigned headers, int flows)
{
    struct flow out[64];
    uint32_t sum = 0;

    for (size_t i = 0; i < peer->count; i++) {
        struct rte_mbuf *mbuf = &peer->mbufs[i];
        struct rte_net_hdr_lens lens;
        uint32_t type;
        if (i + AHEAD < peer->count) {
            const char *bytes = rte_pktmbuf_mtod(&peer->mbufs[i + AHEAD], const char *);
            rte_prefetch0(bytes);
            rte_prefetch0(bytes + 64);
        }
        sum += rte_net_get_ptype(mbuf, &lens, RTE_PTYPE_ALL_MASK);
        mbuf->data_off = (uint16_t)(mbuf->data_off + headers);
        mbuf->data_len = (uint16_t)(mbuf->data_len - headers);
        type = rte_net_get_ptype(mbuf, &lens, RTE_PTYPE_ALL_MASK);
        sum += type + lens.l3_len;
        if (flows) {
            read_flow(mbuf, type, &lens, &out[i % 64]);
            if (i % 64 == 63)
                sum += out[type % 64].ip_len;
        }
        mbuf->data_off = (uint16_t)(mbuf->data_off - headers);
        mbuf->data_len = (uint16_t)(mbuf->data_len + headers);
    }
    peer->sum += sum;
    return peer->count;
}

uint16_t peer_dpdk_checksum(const uint8_t *ip, const uint8_t *udp)
{
    return rte_be_to_cpu_16(rte_ipv4_udptcp_cksum((const void *)ip, udp));
}

int peer_dpdk_agrees(const struct peer_dpdk *peer, size_t i,
                     const struct vpcvis_packet *packet)
{
    struct rte_net_hdr_lens lens;
    const uint32_t type = rte_net_get_ptype(&peer->mbufs[i], &lens, RTE_PTYPE_ALL_MASK);
    const uint32_t l4 = type & RTE_PTYPE_L4_MASK;

    if (packet->family != (RTE_ETH_IS_IPV4_HDR(type)   ? 4
                           : RTE_ETH_IS_IPV6_HDR(type) ? 6
                                                       : 0))
        return 0;
    return lens.l2_len == packet->ip_at && lens.l2_len + lens.l3_len == packet->l4_at &&
           (l4 == RTE_PTYPE_L4_TCP) == (packet->protocol == 6) &&
           (l4 == RTE_PTYPE_L4_UDP) == (packet->protocol == 17);
}

#else

int peer_dpdk_start(void)
{
    return 0;
}

struct peer_dpdk *peer_dpdk_new(const struct vpcvis_frame *frames, size_t count)
{
    (void)frames;
    (void)count;
    return NULL;
}

void peer_dpdk_free(struct peer_dpdk *peer)
{
    (void)peer;
}

uint64_t peer_dpdk_pass(struct peer_dpdk *peer, int flows)
{
    (void)peer;
    (void)flows;
    return 0;
}

uint64_t peer_dpdk_tunnels(struct peer_dpdk *peer, unsigned headers, int flows)
{
    (void)peer;
    (void)headers;
    (void)flows;
    return 0;
}

uint16_t peer_dpdk_checksum(const uint8_t *ip, const uint8_t *udp)
{
    (void)ip;
    (void)udp;
    return 0;
}

int peer_dpdk_agrees(const struct peer_dpdk *peer, size_t i,
                     const struct vpcvis_packet *packet)
{
    (void)peer;
    (void)i;
    (void)packet;
    return 0;
}

#endif
