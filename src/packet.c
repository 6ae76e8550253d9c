/* SPDX-License-Identifier: MIT */
/*
 * Room packet: frames to summaries. Most frames are Ethernet, IP without options and TCP or
 * UDP, whole: read_common knows where everything is in those. All others, and all that is
 * odd about one of those, go the long way through link, IP and L4 (packet.h).
 */
#include "packet.h"

#define ALL_VALID \
    (VPCVIS_FRAME_PARTS | VPCVIS_FRAME_WIRE_LEN | VPCVIS_FRAME_VLAN | VPCVIS_FRAME_FCS)

/* Frames ahead whose bytes are asked for while one is read. */
#define AHEAD 8

#define FCS_BYTES 4

/* Of an untagged Ethernet frame: where IP begins, and where bare IPv4 and IPv6 headers end. */
#define ETHERNET_END 14
#define IPV4_END     34
#define IPV6_END     54
#define TYPE_IPV4    0x0800
#define TYPE_IPV6    0x86dd
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define TCP_BYTES    20
#define UDP_BYTES    8

static int is_readable(const struct vpcvis_frame *frame)
{
    return (frame->valid & ~ALL_VALID) == 0 && frame->start <= VPCVIS_START_ETHERTYPE &&
           frame->direction <= VPCVIS_DIRECTION_EGRESS &&
           frame->verdict <= VPCVIS_VERDICT_REJECT;
}

static vpcvis_status refuse(struct vpcvis_packet *packet)
{
    memset(packet, 0, sizeof(*packet));
    packet->status = VPCVIS_E_ARG;
    packet->flags = VPCVIS_PACKET_BAD;
    return VPCVIS_E_ARG;
}

/* Copy the first len bytes of the pieces. 0: they do not have as many. */
static int gather(const struct vpcvis_frame *frame, uint8_t *out, uint32_t len)
{
    uint32_t done = 0;
    uint32_t i;

    if (frame->parts == NULL && len > 0)
        return 0;
    for (i = 0; done < len && i < frame->part_count; i++) {
        const struct vpcvis_part *part = &frame->parts[i];
        const uint32_t n = part->len < len - done ? part->len : len - done;
        if (n == 0)
            continue;
        if (part->data == NULL)
            return 0;
        memcpy(out + done, part->data, n);
        done += n;
    }
    return done == len;
}

/* 64 bytes of 0, in words: of a memset where they do not expect it, compilers make a loop in
 * microcode, at several times the cost of all else here. */
VPCVIS_I_INLINE void clear(char *bytes)
{
    const uint64_t none = 0;

    memcpy(bytes, &none, 8);
    memcpy(bytes + 8, &none, 8);
    memcpy(bytes + 16, &none, 8);
    memcpy(bytes + 24, &none, 8);
    memcpy(bytes + 32, &none, 8);
    memcpy(bytes + 40, &none, 8);
    memcpy(bytes + 48, &none, 8);
    memcpy(bytes + 56, &none, 8);
}

/* What the frame knows beside its bytes. */
static void begin(const struct vpcvis_frame *frame, struct vpcvis_packet *packet)
{
    uint32_t wire = frame->cap_len;

    if (frame->valid & VPCVIS_FRAME_WIRE_LEN)
        wire = frame->wire_len;
    if (frame->valid & VPCVIS_FRAME_FCS)
        wire -= wire < FCS_BYTES ? wire : FCS_BYTES;
    clear((char *)packet);
    clear((char *)packet + 64);
    packet->seen_ns = frame->seen_ns;
    packet->interface = frame->interface;
    packet->direction = frame->direction;
    packet->verdict = frame->verdict;
    packet->wire_len = wire;
    packet->cap_len = frame->cap_len < wire ? frame->cap_len : wire;
    if (packet->cap_len < wire)
        packet->flags = VPCVIS_PACKET_CUT;
    if (frame->valid & VPCVIS_FRAME_VLAN) {
        packet->vlan[0] = frame->vlan;
        packet->vlan[1] = frame->vlan;
        packet->vlan_count = 1;
    }
}

/* The long way, for every frame there is. */
static vpcvis_status read_any(const struct vpcvis_frame *frame,
                              struct vpcvis_packet *packet)
{
    uint8_t window[VPCVIS_PACKET_LOOK];
    vpcvis_i_walk walk = {NULL, NULL, 0, 0};
    uint32_t family;

    if (!is_readable(frame))
        return refuse(packet);
    begin(frame, packet);
    walk.packet = packet;
    walk.end =
        packet->cap_len < VPCVIS_PACKET_LOOK ? packet->cap_len : VPCVIS_PACKET_LOOK;
    walk.bytes = frame->data;
    if (frame->valid & VPCVIS_FRAME_PARTS) {
        if (!gather(frame, window, walk.end))
            return refuse(packet);
        walk.bytes = window;
    } else if (walk.bytes == NULL) {
        if (walk.end > 0)
            return refuse(packet);
        walk.bytes = window;
    }
    family = vpcvis_i_packet_link(&walk, frame->start, frame->ethertype);
    if (family != 0)
        vpcvis_i_packet_ip(&walk, family);
    return packet->status;
}

/* Bytes of a TCP or UDP header that is whole, right and within the first end bytes; left are
 * the IP packet's from there. 0: it is something else. */
VPCVIS_I_INLINE uint32_t common_l4(const uint8_t *bytes, uint32_t is_tcp, uint32_t at,
                                   uint32_t end, uint32_t left)
{
    const uint32_t hand = left < end - at ? left : end - at;

    if (is_tcp && hand >= TCP_BYTES) {
        const uint32_t header = bytes[at + 12] / 16u * 4;
        return header >= TCP_BYTES && header <= hand ? header : 0;
    }
    if (!is_tcp && hand >= UDP_BYTES) {
        const uint32_t len = vpcvis_i_bytes_be16(bytes + at + 4);
        return len >= UDP_BYTES && len <= left ? UDP_BYTES : 0;
    }
    return 0;
}

/* Bytes 0..63 but for the addresses, which are the family's. */
VPCVIS_I_INLINE void take_key(const struct vpcvis_frame *frame,
                              struct vpcvis_packet *packet, const uint8_t *l4,
                              uint32_t is_tcp, uint32_t flags)
{
    packet->seen_ns = frame->seen_ns;
    packet->srcport = vpcvis_i_bytes_be16(l4);
    packet->dstport = vpcvis_i_bytes_be16(l4 + 2);
    packet->protocol = is_tcp ? PROTOCOL_TCP : PROTOCOL_UDP;
    packet->direction = frame->direction;
    packet->verdict = frame->verdict;
    packet->interface = frame->interface;
    packet->flags = flags | (is_tcp ? VPCVIS_PACKET_TCP : 0);
    packet->tcp_flags = is_tcp ? l4[13] : 0;
    packet->icmp_type = 0;
    packet->icmp_code = 0;
    packet->left = 0;
}

/* Bytes 64..127: zeros at first, at once, since most of them stay. */
VPCVIS_I_INLINE void take_rest(struct vpcvis_packet *packet, const uint8_t *bytes,
                               uint32_t cap, uint32_t wire, uint32_t l4_at,
                               uint32_t l4_bytes)
{
    clear((char *)packet + offsetof(struct vpcvis_packet, status));
    packet->cap_len = cap;
    packet->wire_len = wire;
    packet->ip_at = ETHERNET_END;
    packet->l4_at = (uint16_t)l4_at;
    packet->payload_at = (uint16_t)(l4_at + l4_bytes);
    memcpy((char *)packet + offsetof(struct vpcvis_packet, dst_mac), bytes, 12);
}

VPCVIS_I_INLINE int take_ipv4(const struct vpcvis_frame *frame,
                              struct vpcvis_packet *packet, const uint8_t *bytes,
                              uint32_t cap, uint32_t wire, uint32_t is_tcp)
{
    const uint8_t *ip = bytes + ETHERNET_END;
    const uint32_t len = vpcvis_i_bytes_be16(ip + 2);
    const uint32_t l4_bytes =
        common_l4(bytes, is_tcp, IPV4_END, cap, len < 20 ? 0 : len - 20);
    uint32_t flags = VPCVIS_PACKET_PORTS;

    if (l4_bytes == 0)
        return 0;
    if (cap < wire || len > cap - ETHERNET_END)
        flags |= VPCVIS_PACKET_CUT;
    take_key(frame, packet, bytes + IPV4_END, is_tcp, flags);
    memcpy(packet->src, ip + 12, 4);
    memset(packet->src + 4, 0, 12);
    memcpy(packet->dst, ip + 16, 4);
    memset(packet->dst + 4, 0, 12);
    packet->family = VPCVIS_ADDR_IPV4;
    packet->ip_len = len;
    take_rest(packet, bytes, cap, wire, IPV4_END, l4_bytes);
    packet->ethertype = TYPE_IPV4;
    packet->tos = ip[1];
    packet->ttl = ip[8];
    packet->next_header = packet->protocol;
    return 1;
}

VPCVIS_I_INLINE int take_ipv6(const struct vpcvis_frame *frame,
                              struct vpcvis_packet *packet, const uint8_t *bytes,
                              uint32_t cap, uint32_t wire, uint32_t is_tcp)
{
    const uint8_t *ip = bytes + ETHERNET_END;
    const uint32_t len = vpcvis_i_bytes_be16(ip + 4);
    const uint32_t l4_bytes = common_l4(bytes, is_tcp, IPV6_END, cap, len);
    uint32_t flags = VPCVIS_PACKET_PORTS;

    if (l4_bytes == 0)
        return 0;
    if (cap < wire || len > cap - IPV6_END)
        flags |= VPCVIS_PACKET_CUT;
    take_key(frame, packet, bytes + IPV6_END, is_tcp, flags);
    memcpy(packet->src, ip + 8, 16);
    memcpy(packet->dst, ip + 24, 16);
    packet->family = VPCVIS_ADDR_IPV6;
    packet->ip_len = len + (IPV6_END - ETHERNET_END);
    take_rest(packet, bytes, cap, wire, IPV6_END, l4_bytes);
    packet->ethertype = TYPE_IPV6;
    packet->tos = (uint8_t)(vpcvis_i_bytes_be16(ip) / 16);
    packet->ttl = ip[7];
    packet->next_header = packet->protocol;
    return 1;
}

/* The protocol decides here, so that each of the four ways is straight and knows it. */
VPCVIS_I_INLINE int common_ipv4(const struct vpcvis_frame *frame,
                                struct vpcvis_packet *packet, const uint8_t *bytes,
                                uint32_t cap, uint32_t wire)
{
    const uint8_t *ip = bytes + ETHERNET_END;

    if (ip[0] != 0x45 || (vpcvis_i_bytes_be16(ip + 6) & 0x3fff) != 0)
        return 0;
    if (ip[9] == PROTOCOL_TCP)
        return take_ipv4(frame, packet, bytes, cap, wire, 1);
    return ip[9] == PROTOCOL_UDP && take_ipv4(frame, packet, bytes, cap, wire, 0);
}

VPCVIS_I_INLINE int common_ipv6(const struct vpcvis_frame *frame,
                                struct vpcvis_packet *packet, const uint8_t *bytes,
                                uint32_t cap, uint32_t wire)
{
    const uint8_t *ip = bytes + ETHERNET_END;

    if (ip[0] / 16 != 6)
        return 0;
    if (ip[6] == PROTOCOL_TCP)
        return take_ipv6(frame, packet, bytes, cap, wire, 1);
    return ip[6] == PROTOCOL_UDP && take_ipv6(frame, packet, bytes, cap, wire, 0);
}

/* 1 if the frame is one of the common kind, and read. */
VPCVIS_I_INLINE int read_common(const struct vpcvis_frame *frame,
                                struct vpcvis_packet *packet)
{
    const uint8_t *bytes = frame->data;
    const uint32_t cap = frame->cap_len;
    const uint32_t wire = frame->valid & VPCVIS_FRAME_WIRE_LEN ? frame->wire_len : cap;
    uint32_t type;

    if ((frame->valid & ~VPCVIS_FRAME_WIRE_LEN) != 0 || frame->start != 0 ||
        frame->direction > VPCVIS_DIRECTION_EGRESS ||
        frame->verdict > VPCVIS_VERDICT_REJECT || cap < IPV6_END || cap > wire ||
        bytes == NULL)
        return 0;
    type = vpcvis_i_bytes_be16(bytes + 12);
    if (type == TYPE_IPV4)
        return common_ipv4(frame, packet, bytes, cap, wire);
    return type == TYPE_IPV6 && common_ipv6(frame, packet, bytes, cap, wire);
}

vpcvis_status vpcvis_packet_read(const struct vpcvis_frame *frame,
                                 struct vpcvis_packet *packet)
{
    if (frame == NULL || packet == NULL)
        return VPCVIS_E_ARG;
    return read_common(frame, packet) ? VPCVIS_OK : read_any(frame, packet);
}

static const struct vpcvis_frame *frame_at(const struct vpcvis_frame *frames,
                                           size_t stride, size_t i)
{
    return (const struct vpcvis_frame *)(const void *)((const char *)frames + i * stride);
}

/* Headers lie in the first 64 bytes, which may be on two lines of the cache. That is advice to
 * the machine, not access: any address will do. */
VPCVIS_I_INLINE void ask_for(const struct vpcvis_frame *frame)
{
    const uintptr_t bytes = (uintptr_t)frame->data;

    VPCVIS_I_PREFETCH((const void *)bytes);
    VPCVIS_I_PREFETCH((const void *)(bytes + 63));
}

vpcvis_status vpcvis_packet_read_batch(const struct vpcvis_frame *frames, size_t stride,
                                       size_t count, struct vpcvis_packet *packets,
                                       size_t *bad)
{
    size_t wrong = 0;
    size_t i;

    if (stride < sizeof(struct vpcvis_frame) || stride % 8 != 0 ||
        (count > 0 && (frames == NULL || packets == NULL)))
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i++) {
        const struct vpcvis_frame *frame = frame_at(frames, stride, i);
        if (i + AHEAD < count)
            ask_for(frame_at(frames, stride, i + AHEAD));
        if (!read_common(frame, &packets[i]) && read_any(frame, &packets[i]) != VPCVIS_OK)
            wrong++;
    }
    if (bad != NULL)
        *bad = wrong;
    return VPCVIS_OK;
}

size_t vpcvis_packet_frame_bytes(void)
{
    return sizeof(struct vpcvis_frame);
}

size_t vpcvis_packet_bytes(void)
{
    return sizeof(struct vpcvis_packet);
}
