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

/* Byte 12 on of an Ethernet frame, and where IPv4 and IPv6 end if they are bare. */
#define ETHERNET_BYTES 14
#define IPV4_END       34
#define IPV6_END       54
#define TCP            6
#define UDP            17
#define TCP_BYTES      20

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

/* What the frame knows beside its bytes. */
static void begin(const struct vpcvis_frame *frame, struct vpcvis_packet *packet)
{
    uint32_t wire = frame->cap_len;

    if (frame->valid & VPCVIS_FRAME_WIRE_LEN)
        wire = frame->wire_len;
    if (frame->valid & VPCVIS_FRAME_FCS)
        wire -= wire < FCS_BYTES ? wire : FCS_BYTES;
    memset(packet, 0, sizeof(*packet));
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
    struct vpcvis_i_packet_walk walk = {NULL, NULL, 0, 0};
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

vpcvis_status vpcvis_packet_read(const struct vpcvis_frame *frame,
                                 struct vpcvis_packet *packet)
{
    if (frame == NULL || packet == NULL)
        return VPCVIS_E_ARG;
    return read_any(frame, packet);
}

static const struct vpcvis_frame *frame_at(const struct vpcvis_frame *frames,
                                           size_t stride, size_t i)
{
    return (const struct vpcvis_frame *)(const void *)((const char *)frames + i * stride);
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
        if (read_any(frame_at(frames, stride, i), &packets[i]) != VPCVIS_OK)
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
