/* SPDX-License-Identifier: MIT */
/*
 * Internal: what the parts of room packet hand each other. packet.c prepares a walk, then
 * packet_link.c, packet_ip.c and packet_l4.c each take it one layer further:
 *
 *     bytes              at                         end        cap_len      wire_len
 *       |  headers read   |  header to be read next  |  ...       |            |
 *
 * at <= end <= cap_len <= wire_len, and end <= VPCVIS_PACKET_LOOK, holds all the way.
 */
#ifndef VPCVIS_I_PACKET_H
#define VPCVIS_I_PACKET_H

#include "bytes.h"
#include "vpcvis/packet.h"

typedef struct {
    const uint8_t *bytes;
    struct vpcvis_packet *packet;
    uint32_t at;
    uint32_t end;
} vpcvis_i_walk;

/* 1 if n more bytes can be read. */
VPCVIS_I_INLINE int vpcvis_i_packet_have(const vpcvis_i_walk *walk, uint32_t n)
{
    return walk->end - walk->at >= n;
}

/* The walk ends here; nothing of the packet that is set so far is taken back. */
VPCVIS_I_INLINE void vpcvis_i_packet_fail(vpcvis_i_walk *walk, vpcvis_status status,
                                          uint8_t layer, uint32_t at)
{
    walk->packet->status = status;
    walk->packet->flags |= VPCVIS_PACKET_BAD;
    walk->packet->layer = layer;
    walk->packet->at = (uint16_t)at;
}

/* 0 if nobody can say how many bytes follow the IP header. */
VPCVIS_I_INLINE int vpcvis_i_packet_known(const struct vpcvis_packet *packet)
{
    return (packet->flags & (VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_NO_LEN)) == 0;
}

/* Read to where IP begins. VPCVIS_ADDR_IPV4 or VPCVIS_ADDR_IPV6 if it does; else 0, and the
 * packet's status and flags say why. */
VPCVIS_I uint32_t vpcvis_i_packet_link(vpcvis_i_walk *walk, uint32_t start,
                                       uint32_t ethertype);

/* Read an IP header of that family, and what is behind it. */
VPCVIS_I void vpcvis_i_packet_ip(vpcvis_i_walk *walk, uint32_t family);

/* Read what follows IP: left bytes of the packet, of which those up to end are at hand. */
VPCVIS_I void vpcvis_i_packet_l4(vpcvis_i_walk *walk, uint32_t left);

#endif
