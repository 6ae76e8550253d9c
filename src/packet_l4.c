/* SPDX-License-Identifier: MIT */
/*
 * Room packet: what follows IP. Ports, TCP flags, ICMP type and code, and where data begins.
 */
#include "packet.h"

#define PROTOCOL_ICMP    1
#define PROTOCOL_TCP     6
#define PROTOCOL_UDP     17
#define PROTOCOL_DCCP    33
#define PROTOCOL_ICMPV6  58
#define PROTOCOL_SCTP    132
#define PROTOCOL_UDPLITE 136

static void refuse(vpcvis_i_walk *walk, uint32_t offset)
{
    vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_L4, walk->at + offset);
}

/* Bytes of the shortest header; 0: a protocol that has nothing we read. */
static uint32_t least_bytes(uint32_t protocol)
{
    switch (protocol) {
    case PROTOCOL_TCP: return 20;
    case PROTOCOL_UDP: return 8;
    case PROTOCOL_UDPLITE: return 8;
    case PROTOCOL_SCTP: return 12;
    case PROTOCOL_DCCP: return 12;
    case PROTOCOL_ICMP: return 8;
    case PROTOCOL_ICMPV6: return 4;
    default: return 0;
    }
}

/* The header is longer than what is at hand: a lie if the packet is over, else cut off. */
static void end_short(vpcvis_i_walk *walk, uint32_t need, uint32_t left, uint32_t offset)
{
    if (vpcvis_i_packet_known(walk->packet) && left < need)
        refuse(walk, offset);
    else
        walk->packet->flags |= VPCVIS_PACKET_CUT_L4;
}

/* What is known of a header of which not all is at hand. */
static void take_first(vpcvis_i_walk *walk)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint8_t *bytes = walk->bytes + walk->at;
    const uint32_t protocol = packet->protocol;

    if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6) {
        if (!vpcvis_i_packet_have(walk, 2))
            return;
        packet->icmp_type = bytes[0];
        packet->icmp_code = bytes[1];
        packet->flags |= VPCVIS_PACKET_ICMP;
        return;
    }
    if (vpcvis_i_packet_have(walk, 4)) {
        packet->srcport = vpcvis_i_bytes_be16(bytes);
        packet->dstport = vpcvis_i_bytes_be16(bytes + 2);
        packet->flags |= VPCVIS_PACKET_PORTS;
    }
    if (protocol == PROTOCOL_TCP && vpcvis_i_packet_have(walk, 14)) {
        packet->tcp_flags = bytes[13];
        packet->flags |= VPCVIS_PACKET_TCP;
    }
}

static void read_tcp(vpcvis_i_walk *walk, uint32_t left)
{
    const uint32_t bytes = (uint32_t)(walk->bytes[walk->at + 12] >> 4) * 4;

    if (bytes < 20)
        refuse(walk, 12);
    else if (!vpcvis_i_packet_have(walk, bytes))
        end_short(walk, bytes, left, 12);
    else
        walk->packet->payload_at = (uint16_t)(walk->at + bytes);
}

/* UDP's length and UDP-Lite's coverage, both at byte 4 and never below the header. 0 stands
 * for all there is: always in UDP-Lite, in UDP if the packet is too long for 16 bits. */
static void read_udp(vpcvis_i_walk *walk, uint32_t left)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint32_t len = vpcvis_i_bytes_be16(walk->bytes + walk->at + 4);
    const int may_be_0 = packet->protocol == PROTOCOL_UDPLITE ||
                         (packet->flags & (VPCVIS_PACKET_JUMBO | VPCVIS_PACKET_NO_LEN));

    if ((len < 8 && !(len == 0 && may_be_0)) ||
        (len > left && vpcvis_i_packet_known(packet)))
        refuse(walk, 4);
    else
        packet->payload_at = (uint16_t)(walk->at + 8);
}

void vpcvis_i_packet_l4(vpcvis_i_walk *walk, uint32_t left)
{
    const uint32_t protocol = walk->packet->protocol;
    const uint32_t least = least_bytes(protocol);

    if (least == 0)
        return;
    take_first(walk);
    if (!vpcvis_i_packet_have(walk, least))
        end_short(walk, least, left, 0);
    else if (protocol == PROTOCOL_TCP)
        read_tcp(walk, left);
    else if (protocol == PROTOCOL_UDP || protocol == PROTOCOL_UDPLITE)
        read_udp(walk, left);
    else
        walk->packet->payload_at = (uint16_t)(walk->at + least);
}
