/* SPDX-License-Identifier: MIT */
/*
 * DPDK's rte_net_get_ptype: the layers of a frame as one number, and how long each header is.
 * It reads the same headers, and gives neither addresses, ports, lengths nor fragments. The
 * frames are described by mbufs of one segment, one beside the other in memory.
 */
#include "peer.h"

#include <stdlib.h>

#ifdef HAVE_DPDK

#include <rte_mbuf.h>
#include <rte_net.h>

/* As far ahead as ours. */
#define AHEAD 8

struct peer_dpdk {
    struct rte_mbuf *mbufs;
    size_t count;
    uint32_t sum; /* so that no call can be left out */
};

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

uint64_t peer_dpdk_pass(struct peer_dpdk *peer)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < peer->count; i++) {
        struct rte_net_hdr_lens lens;
        if (i + AHEAD < peer->count) {
            const char *bytes = rte_pktmbuf_mtod(&peer->mbufs[i + AHEAD], const char *);
            rte_prefetch0(bytes);
            rte_prefetch0(bytes + 63);
        }
        sum += rte_net_get_ptype(&peer->mbufs[i], &lens, RTE_PTYPE_ALL_MASK);
        sum += lens.l3_len;
    }
    peer->sum += sum;
    return peer->count;
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

uint64_t peer_dpdk_pass(struct peer_dpdk *peer)
{
    (void)peer;
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
