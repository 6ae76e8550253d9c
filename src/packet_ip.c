/* SPDX-License-Identifier: MIT */
/*
 * Room packet: IPv4, IPv6 and the chain of extension headers (RFC 791, RFC 8200).
 */
#include "packet.h"

#define IPV4_BYTES 20
#define IPV6_BYTES 40

/* A short Ethernet frame is padded to this many bytes, and a segment that was offloaded is
 * longer: what a payload length of 0 means depends on it. */
#define PADDED_BYTES 46

#define FRAGMENTED_MAX 65535u

#define NEXT_HOP_BY_HOP  0
#define NEXT_ROUTING     43
#define NEXT_FRAGMENT    44
#define NEXT_AH          51
#define NEXT_NONE        59
#define NEXT_DESTINATION 60
#define NEXT_MOBILITY    135
#define NEXT_HIP         139
#define NEXT_SHIM6       140
#define NEXT_EXPERIMENT1 253
#define NEXT_EXPERIMENT2 254

#define OPTION_PAD1  0
#define OPTION_JUMBO 0xc2

/* Bytes of the IP packet from walk->at on. */
static uint32_t left_of(const vpcvis_i_walk *walk)
{
    const uint32_t done = walk->at - walk->packet->ip_at;

    return walk->packet->ip_len > done ? walk->packet->ip_len - done : 0;
}

/* Bytes behind the packet are padding, not headers. */
static void end_with_packet(vpcvis_i_walk *walk)
{
    const struct vpcvis_packet *packet = walk->packet;

    if (packet->ip_len < walk->end - packet->ip_at)
        walk->end = packet->ip_at + packet->ip_len;
}

static void note_cut(struct vpcvis_packet *packet)
{
    if (packet->ip_len > packet->cap_len - packet->ip_at)
        packet->flags |= VPCVIS_PACKET_CUT;
}

/* One of several, whose payload begins at `offset` of the whole and is len bytes. 0: it
 * cannot be. */
static int note_fragment(vpcvis_i_walk *walk, uint32_t offset, int more, uint32_t len,
                         uint8_t layer, uint32_t field_at)
{
    struct vpcvis_packet *packet = walk->packet;

    packet->fragment_at = (uint16_t)offset;
    packet->flags |= VPCVIS_PACKET_FRAGMENT;
    if (offset != 0)
        packet->flags |= VPCVIS_PACKET_LATER | (more ? 0 : VPCVIS_PACKET_LAST);
    if (len <= FRAGMENTED_MAX - offset) {
        packet->fragment_len = (uint16_t)len;
        return 1;
    }
    vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, layer, field_at);
    return 0;
}

static void take_ipv4(struct vpcvis_packet *packet, const uint8_t *bytes)
{
    packet->family = VPCVIS_ADDR_IPV4;
    packet->tos = bytes[1];
    packet->ttl = bytes[8];
    packet->protocol = bytes[9];
    packet->next_header = bytes[9];
    memcpy(packet->src, bytes + 12, 4);
    memcpy(packet->dst, bytes + 16, 4);
}

/* What is behind an IPv4 header of that many bytes, whose lengths are fine. */
static void read_behind_ipv4(vpcvis_i_walk *walk, uint32_t header)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint8_t *bytes = walk->bytes + walk->at;
    const uint32_t field = vpcvis_i_bytes_be16(bytes + 6);
    const uint32_t offset = (field & 0x1fff) * 8;
    const int more = (field & 0x2000) != 0;

    if (header > IPV4_BYTES)
        packet->flags |= VPCVIS_PACKET_OPTIONS;
    if (more || offset != 0) {
        packet->fragment_id = vpcvis_i_bytes_be16(bytes + 4);
        if (!note_fragment(walk, offset, more, packet->ip_len - header, VPCVIS_LAYER_IP,
                           walk->at + 6))
            return;
    }
    if (!vpcvis_i_packet_have(walk, header)) {
        packet->flags |= VPCVIS_PACKET_CUT_L4;
        return;
    }
    walk->at += header;
    packet->l4_at = (uint16_t)walk->at;
    if (offset == 0)
        vpcvis_i_packet_l4(walk, left_of(walk));
}

static void read_ipv4(vpcvis_i_walk *walk)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint8_t *bytes = walk->bytes + walk->at;
    const uint32_t header = (bytes[0] & 15u) * 4;
    uint32_t len = vpcvis_i_bytes_be16(bytes + 2);

    if (header < IPV4_BYTES) {
        vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_IP, walk->at);
        return;
    }
    if (len == 0) {
        packet->flags |= VPCVIS_PACKET_NO_LEN;
        len = packet->wire_len - walk->at;
        if (len < header)
            len = header;
    }
    if (len < header) {
        vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_IP, walk->at + 2);
        return;
    }
    packet->ip_len = len;
    take_ipv4(packet, bytes);
    note_cut(packet);
    end_with_packet(walk);
    read_behind_ipv4(walk, header);
}

/* Bytes of an extension header whose second byte is len8; 0: it is no extension header. */
static uint32_t extension_bytes(uint32_t protocol, uint32_t len8)
{
    switch (protocol) {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION:
    case NEXT_MOBILITY:
    case NEXT_HIP:
    case NEXT_SHIM6:
    case NEXT_EXPERIMENT1:
    case NEXT_EXPERIMENT2: return (len8 + 1) * 8;
    case NEXT_FRAGMENT: return 8;
    case NEXT_AH: return (len8 + 2) * 4;
    default: return 0;
    }
}

/* The jumbo payload option at walk->bytes + at (RFC 2675). 0: it cannot be. */
static int take_jumbo(vpcvis_i_walk *walk, uint32_t at, uint32_t option_len)
{
    struct vpcvis_packet *packet = walk->packet;
    uint32_t len;

    if (option_len != 4 || (packet->flags & VPCVIS_PACKET_NO_LEN) == 0) {
        vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_CHAIN, at);
        return 0;
    }
    len = vpcvis_i_bytes_be32(walk->bytes + at + 2);
    if (len <= 65535) {
        vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_CHAIN, at + 2);
        return 0;
    }
    packet->ip_len = len < UINT32_MAX - IPV6_BYTES ? len + IPV6_BYTES : UINT32_MAX;
    packet->flags &= ~(uint32_t)VPCVIS_PACKET_NO_LEN;
    packet->flags |= VPCVIS_PACKET_JUMBO;
    return 1;
}

/* Look for the jumbo payload option in hop-by-hop options of that many bytes. The others are
 * the routers' business: one that runs past the header ends the search. */
static int read_options(vpcvis_i_walk *walk, uint32_t bytes)
{
    const uint32_t end = walk->at + bytes;
    uint32_t at = walk->at + 2;

    while (at + 2 <= end) {
        const uint32_t len = walk->bytes[at + 1];
        if (walk->bytes[at] == OPTION_PAD1) {
            at++;
            continue;
        }
        if (len > end - at - 2)
            return 1;
        if (walk->bytes[at] == OPTION_JUMBO)
            return take_jumbo(walk, at, len);
        at += 2 + len;
    }
    return 1;
}

/* 0: the walk is over. */
static int read_fragment(vpcvis_i_walk *walk)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint8_t *bytes = walk->bytes + walk->at;
    const uint32_t field = vpcvis_i_bytes_be16(bytes + 2);
    const uint32_t offset = field & 0xfff8;
    const uint32_t left = left_of(walk);

    packet->fragment_id = vpcvis_i_bytes_be32(bytes + 4);
    if (offset == 0 && (field & 1) == 0) {
        packet->flags |= VPCVIS_PACKET_ATOMIC;
        return 1;
    }
    if (!note_fragment(walk, offset, (int)(field & 1), left < 8 ? 0 : left - 8,
                       VPCVIS_LAYER_CHAIN, walk->at + 2))
        return 0;
    if (offset == 0)
        return 1;
    packet->l4_at = (uint16_t)(walk->at + 8);
    return 0;
}

/* 1 if an extension header may stand here: hop-by-hop options first, a fragment header once
 * and not in a jumbogram. */
static int in_place(const struct vpcvis_packet *packet, uint32_t count)
{
    if (count == VPCVIS_PACKET_CHAIN_MAX)
        return 0;
    if (packet->protocol == NEXT_HOP_BY_HOP)
        return count == 0;
    if (packet->protocol == NEXT_FRAGMENT)
        return (packet->flags & (VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_ATOMIC |
                                 VPCVIS_PACKET_JUMBO)) == 0;
    return 1;
}

/* The chain says that a header of `need` bytes is here, and they are not at hand. */
static void end_chain(vpcvis_i_walk *walk, uint32_t need, uint32_t at)
{
    if (vpcvis_i_packet_known(walk->packet) && left_of(walk) < need)
        vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_CHAIN, at);
    else
        walk->packet->flags |= VPCVIS_PACKET_CUT_L4;
}

/* Read the extension header that packet->protocol names. 0: the walk is over. */
static int read_extension(vpcvis_i_walk *walk, uint32_t count)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint32_t kind = packet->protocol;
    uint32_t bytes;

    packet->flags |= VPCVIS_PACKET_OPTIONS;
    if (!in_place(packet, count)) {
        vpcvis_i_packet_fail(walk, VPCVIS_E_CHAIN, VPCVIS_LAYER_CHAIN, walk->at);
        return 0;
    }
    if (!vpcvis_i_packet_have(walk, 2)) {
        end_chain(walk, 8, walk->at);
        return 0;
    }
    bytes = extension_bytes(kind, walk->bytes[walk->at + 1]);
    if (kind == NEXT_AH && bytes < 12) {
        vpcvis_i_packet_fail(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_CHAIN, walk->at + 1);
        return 0;
    }
    packet->protocol = walk->bytes[walk->at];
    if (!vpcvis_i_packet_have(walk, bytes)) {
        end_chain(walk, bytes, walk->at + 1);
        return 0;
    }
    if ((kind == NEXT_FRAGMENT && !read_fragment(walk)) ||
        (kind == NEXT_HOP_BY_HOP && !read_options(walk, bytes)))
        return 0;
    walk->at += bytes;
    return 1;
}

static void read_chain(vpcvis_i_walk *walk)
{
    struct vpcvis_packet *packet = walk->packet;
    uint32_t count;

    for (count = 0; count <= VPCVIS_PACKET_CHAIN_MAX; count++) {
        if (extension_bytes(packet->protocol, 0) == 0) {
            packet->l4_at = (uint16_t)walk->at;
            vpcvis_i_packet_l4(walk, left_of(walk));
            return;
        }
        if (!read_extension(walk, count))
            return;
    }
}

static void take_ipv6(struct vpcvis_packet *packet, const uint8_t *bytes)
{
    packet->family = VPCVIS_ADDR_IPV6;
    packet->tos = (uint8_t)(vpcvis_i_bytes_be16(bytes) >> 4 & 0xff);
    packet->next_header = bytes[6];
    packet->protocol = bytes[6];
    packet->ttl = bytes[7];
    memcpy(packet->src, bytes + 8, 16);
    memcpy(packet->dst, bytes + 24, 16);
}

static void read_ipv6(vpcvis_i_walk *walk)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint8_t *bytes = walk->bytes + walk->at;
    const uint32_t len = vpcvis_i_bytes_be16(bytes + 4);
    const uint32_t sent = packet->wire_len - walk->at;

    take_ipv6(packet, bytes);
    packet->ip_len = IPV6_BYTES + len;
    if (len == 0 && packet->protocol != NEXT_NONE &&
        (packet->protocol == NEXT_HOP_BY_HOP || sent > PADDED_BYTES)) {
        packet->flags |= VPCVIS_PACKET_NO_LEN;
        packet->ip_len = sent;
    }
    end_with_packet(walk);
    walk->at += IPV6_BYTES;
    read_chain(walk);
    note_cut(packet);
}

void vpcvis_i_packet_ip(vpcvis_i_walk *walk, uint32_t family)
{
    struct vpcvis_packet *packet = walk->packet;
    const uint32_t fixed = family == VPCVIS_ADDR_IPV4 ? IPV4_BYTES : IPV6_BYTES;

    packet->ip_at = (uint16_t)walk->at;
    if (!vpcvis_i_packet_have(walk, fixed))
        packet->flags |= VPCVIS_PACKET_CUT_IP;
    else if (walk->bytes[walk->at] >> 4 != (int)family)
        vpcvis_i_packet_fail(walk, VPCVIS_E_VERSION, VPCVIS_LAYER_IP, walk->at);
    else if (family == VPCVIS_ADDR_IPV4)
        read_ipv4(walk);
    else
        read_ipv6(walk);
}
