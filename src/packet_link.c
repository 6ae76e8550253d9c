/* SPDX-License-Identifier: MIT */
/*
 * Room packet: from the first byte of a frame to where IP begins.
 *
 *     Ethernet | SLL | SLL2 | LOOP | PFLOG | IP       what a frame can start with
 *     tags | LLC with SNAP, tags | labels or PPPoE    what an ethertype can lead through
 */
#include "packet.h"

#define TYPE_IPV4         0x0800
#define TYPE_IPV6         0x86dd
#define TYPE_VLAN         0x8100
#define TYPE_VLAN_SERVICE 0x88a8
#define TYPE_VLAN_9100    0x9100
#define TYPE_VLAN_9200    0x9200
#define TYPE_VNTAG        0x8926
#define TYPE_MPLS         0x8847
#define TYPE_MPLS_MANY    0x8848
#define TYPE_PPPOE        0x8864
#define TYPE_LEAST        0x600 /* below, it is a length (IEEE 802.3) */

#define PPP_IPV4      0x0021
#define PPP_IPV6      0x0057
#define PPP_MPLS      0x0281
#define PPP_MPLS_MANY 0x0283

/* tcpdump.org/linktypes: the protocol that is LLC, and devices whose protocol means nothing. */
#define SLL_LLC            4
#define SLL_SENT_BY_US     4
#define SLL_DEVICE_FRAD    770
#define SLL_DEVICE_WIFI    803
#define SLL_DEVICE_NETLINK 824

/* Header lengths of pf's log without its padding: dir is the last byte of both. */
#define PFLOG_OLD 45
#define PFLOG_NEW 61

static const uint8_t *here(const vpcvis_i_walk *walk)
{
    return walk->bytes + walk->at;
}

static uint32_t cut(vpcvis_i_walk *walk)
{
    walk->packet->flags |= VPCVIS_PACKET_CUT_IP;
    return 0;
}

static uint32_t refuse(vpcvis_i_walk *walk, vpcvis_status status, uint8_t layer,
                       uint32_t at)
{
    vpcvis_i_packet_fail(walk, status, layer, at);
    return 0;
}

/* The IP version that the next byte says; 0 for any other, or none at hand. */
static uint32_t version(vpcvis_i_walk *walk)
{
    uint32_t nibble;

    if (!vpcvis_i_packet_have(walk, 1))
        return cut(walk);
    nibble = here(walk)[0] >> 4;
    return nibble == VPCVIS_ADDR_IPV4 || nibble == VPCVIS_ADDR_IPV6 ? nibble : 0;
}

static uint32_t read_version(vpcvis_i_walk *walk)
{
    const uint32_t family = version(walk);

    if (family == 0 && vpcvis_i_packet_have(walk, 1)) {
        walk->packet->ip_at = (uint16_t)walk->at;
        return refuse(walk, VPCVIS_E_VERSION, VPCVIS_LAYER_IP, walk->at);
    }
    return family;
}

/* Labels end with one that has the S bit, and do not say what follows (RFC 3032). */
static uint32_t read_labels(vpcvis_i_walk *walk)
{
    uint32_t i;

    for (i = 0; i < VPCVIS_PACKET_LABELS_MAX; i++) {
        uint32_t bottom;
        if (!vpcvis_i_packet_have(walk, 4))
            return cut(walk);
        bottom = here(walk)[2] & 1;
        walk->at += 4;
        if (bottom)
            return version(walk);
    }
    return refuse(walk, VPCVIS_E_CHAIN, VPCVIS_LAYER_VLAN, walk->at);
}

/* Version 1, type 1, code 0 (session data), session, length; then PPP (RFC 2516). */
static uint32_t read_pppoe(vpcvis_i_walk *walk)
{
    const uint8_t *bytes = here(walk);

    if (!vpcvis_i_packet_have(walk, 8))
        return cut(walk);
    if (bytes[0] != 0x11 || bytes[1] != 0)
        return 0;
    walk->at += 8;
    switch (vpcvis_i_bytes_be16(bytes + 6)) {
    case PPP_IPV4: return VPCVIS_ADDR_IPV4;
    case PPP_IPV6: return VPCVIS_ADDR_IPV6;
    case PPP_MPLS:
    case PPP_MPLS_MANY: return read_labels(walk);
    default: return 0;
    }
}

static void note_vlan(struct vpcvis_packet *packet, uint16_t tag)
{
    if (packet->vlan_count == 0)
        packet->vlan[0] = tag;
    packet->vlan[1] = tag;
    packet->vlan_count++;
}

/* Bytes of the tag that this ethertype announces, the next ethertype included; or 0. */
static uint32_t tag_bytes(uint32_t ethertype)
{
    switch (ethertype) {
    case TYPE_VLAN:
    case TYPE_VLAN_SERVICE:
    case TYPE_VLAN_9100:
    case TYPE_VLAN_9200: return 4;
    case TYPE_VNTAG: return 6;
    default: return 0;
    }
}

/* Read tags as long as the ethertype is one's; count is of all so far. 0: the walk is over. */
static int read_tags(vpcvis_i_walk *walk, uint32_t *count)
{
    struct vpcvis_packet *packet = walk->packet;

    for (; *count <= VPCVIS_PACKET_TAGS_MAX; ++*count) {
        const uint32_t bytes = tag_bytes(packet->ethertype);
        if (bytes == 0)
            return 1;
        if (*count == VPCVIS_PACKET_TAGS_MAX)
            break;
        if (!vpcvis_i_packet_have(walk, bytes)) {
            cut(walk);
            return 0;
        }
        if (bytes == 4)
            note_vlan(packet, vpcvis_i_bytes_be16(here(walk)));
        walk->at += bytes;
        packet->ethertype = vpcvis_i_bytes_be16(walk->bytes + walk->at - 2);
    }
    refuse(walk, VPCVIS_E_CHAIN, VPCVIS_LAYER_VLAN, walk->at);
    return 0;
}

/* LLC to SNAP without an organisation: an ethertype follows (RFC 1042). Else not IP. */
static int read_llc(vpcvis_i_walk *walk)
{
    static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
    const uint32_t left = walk->end - walk->at;

    if (memcmp(here(walk), snap, left < 6 ? left : 6) != 0)
        return 0;
    if (left < 8) {
        cut(walk);
        return 0;
    }
    walk->packet->ethertype = vpcvis_i_bytes_be16(here(walk) + 6);
    walk->at += 8;
    return 1;
}

static uint32_t read_ethertype(vpcvis_i_walk *walk, int is_sll)
{
    struct vpcvis_packet *packet = walk->packet;
    uint32_t tags = packet->vlan_count;

    if (!read_tags(walk, &tags))
        return 0;
    if (packet->ethertype < TYPE_LEAST) {
        if (is_sll && packet->ethertype != SLL_LLC)
            return 0;
        if (!read_llc(walk) || !read_tags(walk, &tags))
            return 0;
    }
    switch (packet->ethertype) {
    case TYPE_IPV4: return VPCVIS_ADDR_IPV4;
    case TYPE_IPV6: return VPCVIS_ADDR_IPV6;
    case TYPE_MPLS:
    case TYPE_MPLS_MANY: return read_labels(walk);
    case TYPE_PPPOE: return read_pppoe(walk);
    default: return 0;
    }
}

static uint32_t read_ethernet(vpcvis_i_walk *walk)
{
    struct vpcvis_packet *packet = walk->packet;

    if (!vpcvis_i_packet_have(walk, 14))
        return cut(walk);
    memcpy(packet->dst_mac, walk->bytes, 6);
    memcpy(packet->src_mac, walk->bytes + 6, 6);
    packet->ethertype = vpcvis_i_bytes_be16(walk->bytes + 12);
    walk->at = 14;
    return read_ethertype(walk, 0);
}

/* What both cooked headers tell: to whom, what device, the sender's address, the protocol. */
static uint32_t take_sll(vpcvis_i_walk *walk, uint32_t kind, uint32_t device,
                         const uint8_t *address, uint32_t address_len, uint16_t ethertype)
{
    struct vpcvis_packet *packet = walk->packet;

    if (packet->direction == VPCVIS_DIRECTION_UNKNOWN && kind <= SLL_SENT_BY_US)
        packet->direction =
            kind == SLL_SENT_BY_US ? VPCVIS_DIRECTION_EGRESS : VPCVIS_DIRECTION_INGRESS;
    if (address_len == 6)
        memcpy(packet->src_mac, address, 6);
    if (device == SLL_DEVICE_FRAD || device == SLL_DEVICE_WIFI ||
        device == SLL_DEVICE_NETLINK)
        return 0;
    packet->ethertype = ethertype;
    return read_ethertype(walk, 1);
}

/* To whom 2, device 2, address length 2, address 8, protocol 2. */
static uint32_t read_sll(vpcvis_i_walk *walk)
{
    const uint8_t *bytes = walk->bytes;

    if (!vpcvis_i_packet_have(walk, 16))
        return cut(walk);
    walk->at = 16;
    return take_sll(walk, vpcvis_i_bytes_be16(bytes), vpcvis_i_bytes_be16(bytes + 2),
                    bytes + 6, vpcvis_i_bytes_be16(bytes + 4),
                    vpcvis_i_bytes_be16(bytes + 14));
}

/* Protocol 2, reserved 2, interface 4, device 2, to whom 1, address length 1, address 8. */
static uint32_t read_sll2(vpcvis_i_walk *walk)
{
    const uint8_t *bytes = walk->bytes;

    if (!vpcvis_i_packet_have(walk, 20))
        return cut(walk);
    walk->at = 20;
    return take_sll(walk, bytes[10], vpcvis_i_bytes_be16(bytes + 8), bytes + 12,
                    bytes[11], vpcvis_i_bytes_be16(bytes));
}

/* The number of an address family, which differs between systems for IPv6: 10 Linux, 24
 * NetBSD, OpenBSD and Npcap, 28 FreeBSD, 30 Darwin. */
static uint32_t family_of(uint32_t number)
{
    switch (number) {
    case 2: return VPCVIS_ADDR_IPV4;
    case 10:
    case 24:
    case 28:
    case 30: return VPCVIS_ADDR_IPV6;
    default: return 0;
    }
}

/* Four bytes in the order of the machine that captured. */
static uint32_t read_loop(vpcvis_i_walk *walk)
{
    uint32_t number;

    if (!vpcvis_i_packet_have(walk, 4))
        return cut(walk);
    number = vpcvis_i_bytes_be32(walk->bytes);
    if ((number & 0xffff) == 0)
        number = walk->bytes[0] + walk->bytes[1] * 256u; /* the other order */
    walk->at = 4;
    return family_of(number);
}

static void take_pflog(struct vpcvis_packet *packet, uint32_t action, uint32_t direction)
{
    if (packet->direction == VPCVIS_DIRECTION_UNKNOWN && direction <= 2)
        packet->direction = (uint8_t)direction;
    if (packet->verdict == VPCVIS_VERDICT_UNKNOWN && action <= 1)
        packet->verdict = action == 0 ? VPCVIS_VERDICT_ACCEPT : VPCVIS_VERDICT_REJECT;
}

/*
 * Length 1, family 1, action 1, reason 1, interface 16, rule set 16, rules 8; since 2006 users
 * and processes 16; direction 1. The length is rounded up to four. A rule that translates
 * between families logs the family before and the packet after: IP tells its own version.
 */
static uint32_t read_pflog(vpcvis_i_walk *walk)
{
    const uint8_t *bytes = walk->bytes;
    uint32_t len;

    if (!vpcvis_i_packet_have(walk, 1))
        return cut(walk);
    len = bytes[0];
    if (len < PFLOG_OLD)
        return refuse(walk, VPCVIS_E_LENGTH, VPCVIS_LAYER_LINK, 0);
    if (!vpcvis_i_packet_have(walk, (len + 3) & ~3u))
        return cut(walk);
    walk->at = (len + 3) & ~3u;
    take_pflog(walk->packet, bytes[2],
               bytes[len >= PFLOG_NEW ? PFLOG_NEW - 1 : PFLOG_OLD - 1]);
    return family_of(bytes[1]) != 0 ? read_version(walk) : 0;
}

uint32_t vpcvis_i_packet_link(vpcvis_i_walk *walk, uint32_t start, uint32_t ethertype)
{
    switch (start) {
    case VPCVIS_START_ETHERNET: return read_ethernet(walk);
    case VPCVIS_START_SLL: return read_sll(walk);
    case VPCVIS_START_SLL2: return read_sll2(walk);
    case VPCVIS_START_PFLOG: return read_pflog(walk);
    case VPCVIS_START_LOOP: return read_loop(walk);
    case VPCVIS_START_ETHERTYPE:
        walk->packet->ethertype = (uint16_t)ethertype;
        return read_ethertype(walk, 0);
    default: return read_version(walk);
    }
}
