/* SPDX-License-Identifier: MIT */
/*
 * A frame, in one piece and in several, alone and in a batch: the same summary each time, whose
 * parts agree with each other and lie within the frame.
 *
 * Input: choices (start, valid bits, direction, verdict, where the pieces are cut, how many
 * bytes more or fewer were sent), a 0 byte, then the frame.
 */
#include "oracle.h"

enum { PIECES = 4, EDGE = 3 };

static int same(const struct vpcvis_packet *a, const struct vpcvis_packet *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void require_flags(const struct vpcvis_packet *p)
{
    const uint32_t later = VPCVIS_PACKET_LATER;

    REQUIRE(p->flags < 2 * VPCVIS_PACKET_BAD);
    REQUIRE((p->status != VPCVIS_OK) == ((p->flags & VPCVIS_PACKET_BAD) != 0));
    REQUIRE((p->flags & VPCVIS_PACKET_PORTS) || (p->srcport == 0 && p->dstport == 0));
    REQUIRE((p->flags & VPCVIS_PACKET_TCP) || p->tcp_flags == 0);
    REQUIRE((p->flags & VPCVIS_PACKET_ICMP) || (p->icmp_type == 0 && p->icmp_code == 0));
    REQUIRE(!(p->flags & later) || (p->flags & VPCVIS_PACKET_FRAGMENT));
    REQUIRE(!(p->flags & VPCVIS_PACKET_LAST) || (p->flags & later));
    REQUIRE(!(p->flags & later) == (p->fragment_at == 0));
    REQUIRE(!(p->flags & later) || !(p->flags & VPCVIS_PACKET_PORTS));
    REQUIRE(!(p->flags & VPCVIS_PACKET_ATOMIC) || !(p->flags & VPCVIS_PACKET_FRAGMENT));
    REQUIRE(!(p->flags & VPCVIS_PACKET_JUMBO) || !(p->flags & VPCVIS_PACKET_NO_LEN));
    REQUIRE(!(p->flags & VPCVIS_PACKET_JUMBO) || p->ip_len > 65575);
    REQUIRE((p->flags & (VPCVIS_PACKET_JUMBO | VPCVIS_PACKET_NO_LEN)) ||
            p->ip_len <= 65575);
    REQUIRE(!(p->flags & VPCVIS_PACKET_CUT_IP) || p->family == 0);
    REQUIRE(!(p->flags & VPCVIS_PACKET_CUT_L4) || p->payload_at == 0);
    REQUIRE(p->cap_len == p->wire_len || (p->flags & VPCVIS_PACKET_CUT));
}

static void require_places(const struct vpcvis_packet *p)
{
    const uint32_t least = p->family == VPCVIS_ADDR_IPV4 ? 20 : 40;

    REQUIRE(p->cap_len <= p->wire_len);
    REQUIRE(p->at <= p->cap_len && p->at <= VPCVIS_PACKET_LOOK);
    REQUIRE((p->status == VPCVIS_OK) == (p->layer == 0));
    REQUIRE(p->vlan_count <= VPCVIS_PACKET_TAGS_MAX);
    REQUIRE(p->ip_at <= p->cap_len && p->ip_at <= VPCVIS_PACKET_LOOK);
    REQUIRE(p->payload_at <= p->cap_len && p->payload_at <= VPCVIS_PACKET_LOOK);
    REQUIRE(p->payload_at == 0 || (p->l4_at != 0 && p->payload_at >= p->l4_at + 4));
    REQUIRE(p->reserved == 0);
    REQUIRE(oracle_filled(p->reserved2, sizeof(p->reserved2), 0));
    if (p->family == 0) {
        REQUIRE(p->l4_at == 0 && p->ip_len == 0 && p->protocol == 0);
        REQUIRE(oracle_filled(p->src, 32, 0));
        return;
    }
    REQUIRE(p->family == VPCVIS_ADDR_IPV6 || oracle_filled(p->src + 4, 12, 0));
    REQUIRE(p->family == VPCVIS_ADDR_IPV6 || oracle_filled(p->dst + 4, 12, 0));
    REQUIRE(p->ip_len >= least && p->cap_len >= p->ip_at + least);
    REQUIRE(p->l4_at == 0 || (p->l4_at >= p->ip_at + least && p->l4_at <= p->cap_len));
    REQUIRE(p->ip_len <= p->cap_len - p->ip_at || (p->flags & VPCVIS_PACKET_CUT));
    REQUIRE(p->payload_at == 0 || p->payload_at - p->ip_at <= (int64_t)p->ip_len);
}

/* Cut at both places that were chosen; memory of its own for each piece. */
static void require_pieces(struct vpcvis_frame frame, const char *bytes, size_t cut,
                           const struct vpcvis_packet *whole)
{
    const size_t len = frame.cap_len;
    const size_t ends[PIECES] = {cut % (len + 1), cut % (len + 1), len / 2, len};
    struct vpcvis_part parts[PIECES];
    struct vpcvis_packet packet;
    size_t at = 0;
    size_t i;

    memset(parts, 0, sizeof(parts));
    for (i = 0; i < PIECES; i++) {
        const size_t end = ends[i] < at ? at : ends[i];
        parts[i].data = oracle_copy(bytes + at, end - at);
        parts[i].len = (uint32_t)(end - at);
        at = end;
    }
    frame.data = NULL;
    frame.valid |= VPCVIS_FRAME_PARTS;
    frame.parts = parts;
    frame.part_count = PIECES;
    memset(&packet, 0x5a, sizeof(packet));
    REQUIRE(vpcvis_packet_read(&frame, &packet) == whole->status);
    REQUIRE(same(&packet, whole));
    for (i = 0; i < PIECES; i++)
        free((void *)(uintptr_t)parts[i].data);
}

static void require_batch(const struct vpcvis_frame *frame,
                          const struct vpcvis_packet *whole)
{
    struct vpcvis_frame frames[EDGE];
    struct vpcvis_packet packets[EDGE];
    size_t bad = 99;
    size_t i;

    for (i = 0; i < EDGE; i++)
        frames[i] = *frame;
    frames[1].interface++;
    REQUIRE(vpcvis_packet_read_batch(frames, sizeof(frames[0]), EDGE, packets, &bad) ==
            VPCVIS_OK);
    REQUIRE(bad == (whole->status == VPCVIS_OK ? 0 : EDGE));
    REQUIRE(same(&packets[0], whole) && same(&packets[2], whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct vpcvis_frame frame;
    struct vpcvis_packet packet;
    uint32_t more;
    size_t cut;
    char *bytes;

    memset(&frame, 0, sizeof(frame));
    frame.start = (uint8_t)(input_choice(&in) % (VPCVIS_START_ETHERTYPE + 1));
    frame.valid = input_choice(&in) & 15u & ~VPCVIS_FRAME_PARTS;
    frame.direction = (uint8_t)(input_choice(&in) % 3);
    frame.verdict = (uint8_t)(input_choice(&in) % 3);
    frame.ethertype = (uint16_t)(input_choice(&in) % 2 == 0 ? 0x0800 : 0x86dd);
    cut = input_choice(&in);
    more = input_choice(&in);
    (void)input_byte(&in);
    bytes = oracle_copy(in.at, in.left);
    frame.data = bytes;
    frame.cap_len = (uint32_t)in.left;
    frame.wire_len = frame.cap_len + more * more * 8;
    if (more % 2 != 0)
        frame.wire_len = frame.cap_len < more ? 0 : frame.cap_len - more;
    frame.vlan = 0x1234;
    frame.seen_ns = 1;
    memset(&packet, 0xa5, sizeof(packet));
    REQUIRE(vpcvis_packet_read(&frame, &packet) == packet.status);
    REQUIRE(packet.status != VPCVIS_E_ARG);
    require_places(&packet);
    require_flags(&packet);
    require_pieces(frame, bytes, cut, &packet);
    require_batch(&frame, &packet);
    free(bytes);
    return 0;
}
