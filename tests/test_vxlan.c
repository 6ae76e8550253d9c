/* SPDX-License-Identifier: MIT */
/*
 * Room vxlan: headers, unwrapping, wrapping, GENEVE, checksums.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct header_row {
    uint8_t bytes[8];
    size_t len;
    uint32_t policy;
    vpcvis_status status;
    uint32_t vni, flags, group, next;
    const char *why;
};

#define IGNORE VPCVIS_VXLAN_IGNORE
#define STRICT VPCVIS_VXLAN_STRICT
#define EXT    VPCVIS_VXLAN_EXTENSIONS
#define I      VPCVIS_VXLAN_VNI
#define G      VPCVIS_VXLAN_GROUP
#define P      VPCVIS_VXLAN_NEXT

/* clang-format off */
static const struct header_row headers[] = {
    {{8, 0, 0, 0, 0, 0, 7, 0}, 8, STRICT, VPCVIS_OK, 7, I, 0, 0, "as it is sent"},
    {{8, 0, 0, 0, 0, 0, 0, 0}, 8, IGNORE, VPCVIS_OK, 0, I, 0, 0, "nasty 8: VNI 0"},
    {{8, 0, 0, 0, 0, 0xff, 0xff, 0}, 8, IGNORE, VPCVIS_OK, 0xffff, I, 0, 0, "nasty 8: 16 bits"},
    {{8, 0, 0, 0, 1, 0, 0, 0}, 8, IGNORE, VPCVIS_OK, 0x10000, I, 0, 0, "nasty 8: a bit more"},
    {{8, 0, 0, 0, 0xff, 0xff, 0xff, 0}, 8, IGNORE, VPCVIS_OK, 0xffffff, I, 0, 0, "nasty 8: all 24"},
    {{8, 0, 0, 0, 0, 0, 7, 0}, 7, IGNORE, VPCVIS_E_LENGTH, 0, 0, 0, 0, "nasty 1: seven bytes"},
    {{8, 0, 0, 0, 0, 0, 7, 0}, 0, IGNORE, VPCVIS_E_LENGTH, 0, 0, 0, 0, "nasty 1: none"},
    /* [vxlan.vni-flag] */
    {{0, 0, 0, 0, 0, 0, 7, 0}, 8, IGNORE, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 4: no VNI"},
    {{0xf7, 0, 0, 0, 0, 0, 7, 0}, 8, EXT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 4: all but that bit"},
    /* [vxlan.reserved] */
    {{0xff, 0xff, 0xff, 0xff, 0, 0, 7, 0xff}, 8, IGNORE, VPCVIS_OK, 7, I, 0, 0, "nasty 5: all set, ignored"},
    {{0x18, 0, 0, 0, 0, 0, 7, 0}, 8, STRICT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 5: one set, strict"},
    {{8, 1, 0, 0, 0, 0, 7, 0}, 8, STRICT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 5: in the second byte"},
    {{8, 0, 1, 0, 0, 0, 7, 0}, 8, STRICT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 5: in the third"},
    {{8, 0, 0, 1, 0, 0, 7, 0}, 8, STRICT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 5: in the fourth"},
    {{8, 0, 0, 0, 0, 0, 7, 0xff}, 8, STRICT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 6: the last byte, strict"},
    {{8, 0, 0, 0, 0, 0, 7, 0xff}, 8, IGNORE, VPCVIS_OK, 7, I, 0, 0, "nasty 6: ignored"},
    {{0x88, 0x48, 0, 100, 0, 0, 7, 0}, 8, EXT, VPCVIS_OK, 7, I | G | VPCVIS_VXLAN_LEARN | VPCVIS_VXLAN_DONE, 100, 0, "nasty 7: Group Policy, A is 0x08"},
    {{0x88, 0x80, 0x7f, 0x7f, 0, 0, 7, 0}, 8, EXT, VPCVIS_OK, 7, I | G, 0x7f7f, 0, "nasty 7: 0x80 is not A"},
    {{8, 8, 0x7f, 0x7f, 0, 0, 7, 0}, 8, EXT, VPCVIS_OK, 7, I, 0, 0, "nasty 7: no G, no policy"},
    {{0x0c, 0, 0, 3, 0, 0, 7, 0}, 8, EXT, VPCVIS_OK, 7, I | P, 0, 3, "nasty 7: GPE, Ethernet"},
    {{0x0d, 0, 0, 1, 0, 0, 7, 0}, 8, EXT, VPCVIS_OK, 7, I | P | VPCVIS_VXLAN_OAM, 0, 1, "nasty 7: GPE, IPv4, OAM"},
    {{0x1c, 0, 0, 3, 0, 0, 7, 0}, 8, EXT, VPCVIS_E_TUNNEL, 0, 0, 0, 0, "nasty 7: a version of GPE to come"},
    {{8, 0, 0, 0, 0, 0, 7, 0}, 8, 3, VPCVIS_E_ARG, 0, 0, 0, 0, "no such policy"},
};
/* clang-format on */

START_TEST(headers_are_read)
{
    const struct header_row *row = &headers[_i];
    struct vpcvis_vxlan_header header, again;
    uint8_t out[8];

    memset(&header, 0x5a, sizeof(header));
    ck_assert_msg(vpcvis_vxlan_read(guard_copy(row->bytes, row->len), row->len,
                                    row->policy, &header) == row->status,
                  "%s", row->why);
    if (row->status != VPCVIS_OK) {
        ck_assert_uint_eq(header.vni, 0x5a5a5a5a);
        return;
    }
    ck_assert_uint_eq(header.vni, row->vni);
    ck_assert_uint_eq(header.flags, row->flags);
    ck_assert_uint_eq(header.group, row->group);
    ck_assert_uint_eq(header.next_protocol, row->next);
    ck_assert_mem_eq(header.raw, row->bytes, 8);
    ck_assert_int_eq(vpcvis_vxlan_write(&header, out), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_vxlan_read(out, 8, EXT, &again), VPCVIS_OK);
    ck_assert_uint_eq(again.vni, header.vni);
    ck_assert_uint_eq(again.flags, header.flags);
    ck_assert_uint_eq(again.group, header.group);
    ck_assert_uint_eq(again.next_protocol, header.next_protocol);
}
END_TEST

/* [vxlan.vni-range] Nasty 37. */
START_TEST(headers_that_cannot_be_written)
{
    struct vpcvis_vxlan_header header = {0};
    uint8_t out[8];

    header.vni = 0x1000000;
    ck_assert_int_eq(vpcvis_vxlan_write(&header, out), VPCVIS_E_RANGE);
    ck_assert_int_eq(vpcvis_vxlan_write(NULL, out), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_write(&header, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_read(NULL, 8, IGNORE, &header), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_read(out, 8, IGNORE, NULL), VPCVIS_E_ARG);
}
END_TEST

/* A datagram that is being put together: outer headers before a frame. */
struct datagram {
    uint8_t bytes[10000];
    size_t len;
};

#define FRAME 74 /* Ethernet 14, IPv4 20, TCP 40 */

/* 10.0.1.20:443 to 198.51.100.7:40000, TCP, from 02:..:01 to 02:..:02, len bytes in all. */
static void make_frame(uint8_t *frame, size_t len)
{
    static const uint8_t front[FRAME] = {
        2,   0, 0, 0,   0,    2,    2,  0, 0, 0, 0,  1, 8, 0,  0x45, 0,
        0,   0, 0, 0,   0x40, 0,    64, 6, 0, 0, 10, 0, 1, 20, 198,  51,
        100, 7, 1, 187, 0x9c, 0x40, 0,  0, 0, 1, 0,  0, 0, 2,  0xa0, 0x18};
    const size_t ip_len = len - 14;
    size_t i;

    memcpy(frame, front, FRAME);
    frame[16] = (uint8_t)(ip_len >> 8);
    frame[17] = (uint8_t)ip_len;
    for (i = FRAME; i < len; i++)
        frame[i] = (uint8_t)(i * 7);
}

static struct vpcvis_packet summary_of(const uint8_t *bytes, size_t len)
{
    struct vpcvis_frame frame = {0};
    struct vpcvis_packet packet;

    frame.data = bytes;
    frame.cap_len = (uint32_t)len;
    (void)vpcvis_packet_read(&frame, &packet);
    return packet;
}

static struct vpcvis_vxlan_outer outer_of(uint32_t flags, int ipv6)
{
    struct vpcvis_vxlan_outer outer = {0};
    const char *src = ipv6 ? "2001:db8::5" : "10.0.1.5",
               *dst = ipv6 ? "2001:db8::9" : "10.9.0.4";

    outer.size = sizeof(outer);
    outer.flags = flags;
    ck_assert_int_eq(vpcvis_addr_read(src, strlen(src), &outer.src, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_addr_read(dst, strlen(dst), &outer.dst, NULL), VPCVIS_OK);
    return outer;
}

/* Wrap inner into a datagram. */
static vpcvis_status wrap(const struct vpcvis_vxlan_outer *outer, uint32_t vni,
                          const uint8_t *inner, size_t len, struct datagram *datagram)
{
    const struct vpcvis_packet packet = summary_of(inner, len);
    const size_t room = vpcvis_vxlan_headroom(outer);
    uint32_t copied = (uint32_t)len;
    vpcvis_status status;

    ck_assert_uint_le(room + len, sizeof(datagram->bytes));
    if (len > 0)
        memcpy(datagram->bytes + room, inner, len);
    status = vpcvis_vxlan_wrap(outer, vni, &packet, datagram->bytes + room, &copied,
                               datagram->bytes);
    datagram->len = room + copied;
    return status;
}

static vpcvis_status unwrap_config(const struct vpcvis_vxlan_config *config,
                                   const uint8_t *bytes, size_t len, uint8_t start,
                                   struct vpcvis_vxlan_copy *copy)
{
    struct vpcvis_frame frame = {0};

    frame.data = bytes;
    frame.cap_len = (uint32_t)len;
    frame.start = start;
    memset(copy, 0x5a, sizeof(*copy));
    return vpcvis_vxlan_unwrap(config, &frame, NULL, copy);
}

static vpcvis_status unwrap(const struct datagram *datagram,
                            struct vpcvis_vxlan_copy *copy)
{
    return unwrap_config(NULL, datagram->bytes, datagram->len, VPCVIS_START_IP, copy);
}

/* [vxlan.wrap] Nasty 30, 53: all lengths; over IPv4 and IPv6, with checksums and without. */
START_TEST(unwrap_undoes_wrap)
{
    static const uint32_t flags[] = {0, VPCVIS_VXLAN_CHECKSUM, VPCVIS_VXLAN_ETHERNET,
                                     VPCVIS_VXLAN_ZERO, VPCVIS_VXLAN_ETHERNET};
    const struct vpcvis_vxlan_outer outer = outer_of(flags[_i], _i >= 3);
    struct vpcvis_vxlan_config config = {
        sizeof(config), VPCVIS_VXLAN_VERIFY, 0, 0, {0}, {0}};
    const uint8_t start =
        flags[_i] & VPCVIS_VXLAN_ETHERNET ? VPCVIS_START_ETHERNET : VPCVIS_START_IP;
    const int has_checksum = _i == 1 || _i == 4;
    static struct datagram datagram;
    static uint8_t inner[9002];
    struct vpcvis_vxlan_copy copy;
    size_t len;

    for (len = 0; len <= 9001; len += len < 200 || len > 8990 ? 1 : 37) {
        make_frame(inner, len < FRAME ? FRAME : len);
        ck_assert_int_eq(wrap(&outer, 0xabcdef, inner, len, &datagram), VPCVIS_OK);
        ck_assert_int_eq(
            unwrap_config(&config, datagram.bytes, datagram.len, start, &copy),
            VPCVIS_OK);
        ck_assert_uint_eq(copy.layers, 1);
        ck_assert_uint_eq(copy.last.header.vni, 0xabcdef);
        ck_assert_uint_eq(copy.inner_at, datagram.len - len);
        ck_assert_uint_eq(copy.inner.cap_len, len);
        ck_assert_uint_eq(copy.last.family,
                          _i >= 3 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4);
        ck_assert_mem_eq(copy.last.src, outer.src.bytes, 16);
        ck_assert_mem_eq(copy.last.dst, outer.dst.bytes, 16);
        ck_assert_uint_eq(copy.last.dstport, 4789);
        ck_assert_uint_eq(copy.last.ttl, 255);
        ck_assert_uint_eq((copy.flags & VPCVIS_VXLAN_VERIFIED) != 0, has_checksum);
        ck_assert_uint_eq((copy.flags & VPCVIS_VXLAN_EMPTY) != 0, len == 0);
        if (len >= FRAME)
            ck_assert_uint_eq(copy.inner.ip_len, len - 14);
        if (len >= 34)
            ck_assert_uint_eq(copy.inner.wire_len, len < FRAME ? FRAME : len);
    }
}
END_TEST

/* [vxlan.aws] The outer header that AWS sends, but for the source port, byte by byte. */
START_TEST(as_aws_sends_it)
{
    static const uint8_t expected[36] = {
        0x45, 0, 0, 110, 0,    0,    0, 0,  255, 17, 0, 0, 10, 0, 1, 5, 10, 9,
        0,    4, 0, 0,   0x12, 0xb5, 0, 90, 0,   0,  8, 0, 0,  0, 0, 0, 7,  0};
    struct vpcvis_vxlan_outer outer = outer_of(0, 0);
    struct datagram datagram;
    uint8_t inner[FRAME], header[36];

    outer.entropy = VPCVIS_VXLAN_ENTROPY_AWS;
    make_frame(inner, FRAME);
    ck_assert_int_eq(wrap(&outer, 7, inner, FRAME, &datagram), VPCVIS_OK);
    ck_assert_uint_eq(datagram.len - FRAME + 14,
                      50); /* finding 6: 50 bytes before inner IP */
    memcpy(header, datagram.bytes, 36);
    ck_assert_uint_ge(header[20] * 256 + header[21], 65408);
    ck_assert_uint_eq(vpcvis_vxlan_checksum(header, 20), 0);
    header[10] = header[11] = header[20] = header[21] = 0;
    ck_assert_mem_eq(header, expected, 36);
}
END_TEST

/* [vxlan.entropy] Nasty 35, 36. */
START_TEST(source_ports)
{
    static const uint32_t from[] = {49152, 65408, 32768}, to[] = {65535, 65535, 60999};
    struct vpcvis_vxlan_outer outer = outer_of(0, 0);
    uint32_t seen[3] = {0}, i, kind;
    struct vpcvis_packet packet, back;
    uint8_t inner[FRAME];

    make_frame(inner, FRAME);
    packet = summary_of(inner, FRAME);
    for (kind = 0; kind < 3; kind++) {
        uint8_t hit[128] = {0};

        outer.entropy = kind;
        for (i = 0; i < 20000; i++) {
            uint16_t port, again;

            packet.srcport = (uint16_t)(i * 3);
            packet.src[3] = (uint8_t)(i >> 8);
            port = vpcvis_vxlan_srcport(&outer, &packet);
            ck_assert_uint_ge(port, from[kind]);
            ck_assert_uint_le(port, to[kind]);
            back = packet;
            memcpy(back.src, packet.dst, 16);
            memcpy(back.dst, packet.src, 16);
            back.srcport = packet.dstport;
            back.dstport = packet.srcport;
            again = vpcvis_vxlan_srcport(&outer, &back);
            if (kind == VPCVIS_VXLAN_ENTROPY_AWS)
                ck_assert_uint_eq(again, port);
            seen[kind] += again == port;
            hit[port % 128] = 1;
        }
        for (i = 0; i < 128; i++)
            ck_assert_uint_eq(hit[i], 1); /* everywhere in its range */
    }
    ck_assert_uint_lt(seen[0], 100); /* else directions differ, but for chance */
    outer.entropy = VPCVIS_VXLAN_ENTROPY_RFC;
    outer.flags = VPCVIS_VXLAN_SYMMETRIC;
    ck_assert_uint_eq(vpcvis_vxlan_srcport(&outer, &packet),
                      vpcvis_vxlan_srcport(&outer, &back));
    outer.entropy = VPCVIS_VXLAN_ENTROPY_FIXED;
    outer.srcport = 4242;
    ck_assert_uint_eq(vpcvis_vxlan_srcport(&outer, &packet), 4242);
    outer.entropy = 4;
    ck_assert_uint_eq(vpcvis_vxlan_srcport(&outer, &packet), 0);
    memset(&packet, 0, sizeof(packet)); /* a runt: some port of the range */
    outer.entropy = VPCVIS_VXLAN_ENTROPY_RFC;
    ck_assert_uint_ge(vpcvis_vxlan_srcport(&outer, &packet), 49152);
}
END_TEST

/* [vxlan.cut] Facts (b): an MTU of 9001 leaves 8965 bytes of frame, 1500 over IPv6 1444. */
START_TEST(too_long_is_cut_or_refused)
{
    struct vpcvis_vxlan_outer outer = outer_of(VPCVIS_VXLAN_CUT, 0);
    static struct datagram datagram;
    static uint8_t inner[9100];
    struct vpcvis_vxlan_copy copy;
    uint32_t len = 70000;
    struct vpcvis_packet packet;
    uint8_t room[100];

    make_frame(inner, 9000);
    packet = summary_of(inner, 9000);
    outer.mtu = 9001;
    ck_assert_int_eq(wrap(&outer, 1, inner, 8965, &datagram), VPCVIS_OK);
    ck_assert_uint_eq(datagram.len, 9001);
    ck_assert_int_eq(wrap(&outer, 1, inner, 8966, &datagram), VPCVIS_OK);
    ck_assert_uint_eq(datagram.len, 9001);
    /* [vxlan.truncated] what the inner header says is found again */
    ck_assert_int_eq(unwrap(&datagram, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner.cap_len, 8965);
    ck_assert_uint_eq(copy.inner.wire_len, 9000);
    ck_assert_uint_eq(copy.inner.ip_len, 8986);
    ck_assert_uint_ne(copy.flags & VPCVIS_VXLAN_TRUNCATED, 0);
    outer.flags = 0;
    ck_assert_int_eq(wrap(&outer, 1, inner, 8966, &datagram), VPCVIS_E_LIMIT);
    outer.mtu = 0;
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, NULL, &len, room),
                     VPCVIS_E_LIMIT); /* 16 bits of length */
    ck_assert_uint_eq(len, 70000);
    outer.flags = VPCVIS_VXLAN_CUT;
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, NULL, &len, room), VPCVIS_OK);
    ck_assert_uint_eq(len, 65535 - 36);
    outer = outer_of(VPCVIS_VXLAN_CUT | VPCVIS_VXLAN_ZERO, 1);
    outer.mtu = 1500;
    ck_assert_int_eq(wrap(&outer, 1, inner, 2000, &datagram), VPCVIS_OK);
    ck_assert_uint_eq(datagram.len, 1500);
    outer.mtu = 56;
    ck_assert_int_eq(wrap(&outer, 1, inner, 1, &datagram), VPCVIS_E_LIMIT);
}
END_TEST

START_TEST(wraps_that_cannot_be)
{
    struct vpcvis_vxlan_outer outer = outer_of(0, 0);
    struct vpcvis_packet packet = {0};
    uint8_t room[100];
    uint32_t len = 10;

    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 0x1000000, &packet, NULL, &len, room),
                     VPCVIS_E_RANGE);
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, NULL, &len, room), VPCVIS_OK);
    outer.flags = VPCVIS_VXLAN_CHECKSUM;
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, NULL, &len, room),
                     VPCVIS_E_ARG);
    outer.flags = 64;
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, room, &len, room),
                     VPCVIS_E_CONFIG);
    ck_assert_uint_eq(vpcvis_vxlan_headroom(&outer), 0);
    outer = outer_of(0, 1);
    outer.src.family = VPCVIS_ADDR_IPV4; /* nasty 39 */
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, room, &len, room),
                     VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_vxlan_wrap(NULL, 1, &packet, room, &len, room), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, NULL, room, &len, room), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, room, NULL, room),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_wrap(&outer, 1, &packet, room, &len, NULL),
                     VPCVIS_E_ARG);
}
END_TEST

struct edit_row {
    size_t at;
    uint8_t value;
    vpcvis_status status;
    const char *why;
};

/* One byte of a good datagram is another. */
/* clang-format off */
static const struct edit_row edits[] = {
    {0, 0x45, VPCVIS_OK, "nothing changed"},
    {0, 0x55, VPCVIS_E_VERSION, "nasty 18: IP version 5"},
    {0, 0x44, VPCVIS_E_LENGTH, "nasty 14: a header of 16 bytes"},
    {9, 6, VPCVIS_E_LENGTH, "TCP, whose header then is wrong"},
    {22, 0x12, VPCVIS_OK, "the same port"},
    /* [vxlan.destination-port] */
    {23, 0xb6, VPCVIS_NOMATCH, "nasty 9: another destination port"},
    {20, 0x12, VPCVIS_OK, "nasty 9: the source port says nothing"},
    /* [vxlan.fragment] */
    {6, 0x20, VPCVIS_E_FRAGMENT, "nasty 16: more fragments"},
    {7, 1, VPCVIS_NOMATCH, "nasty 16: a later fragment has no ports"},
    {8, 0, VPCVIS_OK, "nasty 17: TTL 0"},
    {24, 0xff, VPCVIS_E_LENGTH, "nasty 11: UDP longer than IP"},
    {28, 0, VPCVIS_E_TUNNEL, "no VNI"},
};
/* clang-format on */

START_TEST(edited_datagrams)
{
    const struct edit_row *row = &edits[_i];
    const struct vpcvis_vxlan_outer outer = outer_of(0, 0);
    struct vpcvis_vxlan_copy copy;
    struct datagram datagram;
    uint8_t inner[FRAME];

    make_frame(inner, FRAME);
    ck_assert_int_eq(wrap(&outer, 7, inner, FRAME, &datagram), VPCVIS_OK);
    datagram.bytes[row->at] = row->value;
    ck_assert_msg(unwrap(&datagram, &copy) == row->status, "%s: %d", row->why,
                  copy.status);
    ck_assert_int_eq(copy.status, row->status);
}
END_TEST

/* The sum as RFC 1071 section 1 puts it, a word of 16 bits at a time. */
static uint16_t plain_checksum(const uint8_t *bytes, size_t len)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < len; i++)
        sum += i % 2 == 0 ? bytes[i] * 256u : bytes[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)(~sum & 0xffff);
}

/* [vxlan.checksum] Every length and alignment; bytes that carry in every place, and few that do. */
START_TEST(checksums_of_every_length)
{
    static uint8_t bytes[1600];
    size_t at, len, i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(_i == 0 ? 0xff : _i == 1 ? i * i * 31 >> 3 : i % 97 == 0);
    for (at = 0; at < 9; at++)
        for (len = 0; len <= 1520; len += len < 300 ? 1 : 61)
            ck_assert_uint_eq(vpcvis_vxlan_checksum(guard_copy(bytes + at, len), len),
                              plain_checksum(bytes + at, len));
    for (at = 0; at < 9; at++)
        for (len = 0; len < 80; len++)
            ck_assert_uint_eq(vpcvis_vxlan_checksum(bytes + at, len),
                              plain_checksum(bytes + at, len));
}
END_TEST

/* [vxlan.checksum-verify] [vxlan.checksum] Nasty 12 and 13. */
START_TEST(checksums)
{
    struct vpcvis_vxlan_config config = {
        sizeof(config), VPCVIS_VXLAN_VERIFY, 0, 0, {0}, {0}};
    const struct vpcvis_vxlan_outer outer = outer_of(VPCVIS_VXLAN_CHECKSUM, 0);
    static uint8_t ones[65535];
    static const uint8_t words[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    struct vpcvis_vxlan_copy copy;
    struct datagram datagram;
    uint8_t inner[301];
    size_t len, i, zero = 0;

    ck_assert_uint_eq(vpcvis_vxlan_checksum(words, 8), 0x220d); /* RFC 1071 section 3 */
    ck_assert_uint_eq(vpcvis_vxlan_checksum(words, 7), (uint16_t) ~(0xddf2 - 0x00f7));
    ck_assert_uint_eq(vpcvis_vxlan_checksum(words, 0), 0xffff);
    memset(ones, 0xff, sizeof(ones));
    ck_assert_uint_eq(vpcvis_vxlan_checksum(ones, 65534), 0);
    ck_assert_uint_eq(vpcvis_vxlan_checksum(ones, 65535), 0x00ff);
    for (len = FRAME; len <= 301; len++) {
        make_frame(inner, len);
        for (i = 0; i < 300; i++) {
            inner[len - 1] = (uint8_t)i;
            inner[len - 2] = (uint8_t)(i >> 8);
            ck_assert_int_eq(wrap(&outer, 7, inner, len, &datagram), VPCVIS_OK);
            zero += datagram.bytes[26] == 0xff && datagram.bytes[27] == 0xff;
            ck_assert(datagram.bytes[26] != 0 || datagram.bytes[27] != 0);
            ck_assert_int_eq(unwrap_config(&config, datagram.bytes, datagram.len,
                                           VPCVIS_START_IP, &copy),
                             VPCVIS_OK);
        }
    }
    datagram.bytes[datagram.len - 1] ^= 1;
    ck_assert_int_eq(
        unwrap_config(&config, datagram.bytes, datagram.len, VPCVIS_START_IP, &copy),
        VPCVIS_E_CHECKSUM);
    ck_assert_int_eq(unwrap(&datagram, &copy), VPCVIS_OK); /* nobody asked */
    ck_assert_int_eq(
        unwrap_config(&config, datagram.bytes, datagram.len - 1, VPCVIS_START_IP, &copy),
        VPCVIS_OK); /* not all of it is at hand */
    ck_assert_uint_eq(copy.flags & VPCVIS_VXLAN_VERIFIED, 0);
    (void)zero;
}
END_TEST

/* Every prefix, single bit, and byte of a good datagram: no byte is read past the end, and
 * whatever is found lies within. Nasty 33, 34, 48 to 51. */
static void require_within(const uint8_t *bytes, size_t len)
{
    struct vpcvis_vxlan_config config = {sizeof(config), 0, EXT, 16, {0}, {0}};
    struct vpcvis_vxlan_copy copy;
    const vpcvis_status status =
        unwrap_config(&config, (const uint8_t *)guard_copy(bytes, len), len,
                      VPCVIS_START_ETHERNET, &copy);

    if (status == VPCVIS_OK)
        ck_assert_uint_le((size_t)copy.inner_at + copy.inner.cap_len, len);
    ck_assert_uint_le(copy.layers, 16);
}

START_TEST(damaged_datagrams)
{
    static const uint8_t replaced[] = {0x00, 0x7f, 0x80, 0xff};
    const struct vpcvis_vxlan_outer outer = outer_of(VPCVIS_VXLAN_ETHERNET, _i);
    struct datagram datagram;
    uint8_t inner[FRAME];
    size_t i, j;

    make_frame(inner, FRAME);
    ck_assert_int_eq(wrap(&outer, 7, inner, FRAME, &datagram), VPCVIS_OK);
    for (i = 0; i <= datagram.len; i++)
        require_within(datagram.bytes, i);
    for (i = 0; i < 8 * datagram.len; i++) {
        datagram.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        require_within(datagram.bytes, datagram.len);
        datagram.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (i = 0; i < datagram.len; i++) {
        const uint8_t kept = datagram.bytes[i];
        for (j = 0; j < sizeof(replaced); j++) {
            datagram.bytes[i] = replaced[j];
            require_within(datagram.bytes, datagram.len);
        }
        datagram.bytes[i] = kept;
    }
    memset(datagram.bytes, _i ? 0xff : 0, 1600);
    for (i = 0; i <= 1600; i++)
        require_within(datagram.bytes, i);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("vxlan");
    Suite *suite = suite_create("vxlan");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, headers_are_read, 0, COUNT(headers));
    tcase_add_test(tc, headers_that_cannot_be_written);
    tcase_add_loop_test(tc, unwrap_undoes_wrap, 0, 5);
    tcase_add_test(tc, as_aws_sends_it);
    tcase_add_test(tc, source_ports);
    tcase_add_test(tc, too_long_is_cut_or_refused);
    tcase_add_test(tc, wraps_that_cannot_be);
    tcase_add_loop_test(tc, edited_datagrams, 0, COUNT(edits));
    tcase_add_loop_test(tc, checksums_of_every_length, 0, 3);
    tcase_add_test(tc, checksums);
    tcase_add_loop_test(tc, damaged_datagrams, 0, 2);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
