/* SPDX-License-Identifier: MIT */
/*
 * Room packet: what holds for every frame, good or bad. Frames end where unreadable memory
 * begins; a frame in pieces goes the long way and one in a piece the short way, if it can, so
 * that comparing the two compares the ways.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "support_packet.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct good {
    uint8_t start;
    const char *hex;
};

static const struct good good[] = {
    {VPCVIS_START_ETHERNET, ETH("0800") IP4("002c", "06") TCP "01020304"},
    {VPCVIS_START_ETHERNET,
     ETH("0800") IP4("0030", "11") UDP("001c") ZEROS8 ZEROS8 "11223344"},
    {VPCVIS_START_ETHERNET, ETH("86dd") IP6("0018", "06") TCP "01020304"},
    {VPCVIS_START_ETHERNET,
     ETH("86dd") IP6("001c", "11") UDP("001c") ZEROS8 ZEROS8 "11223344"},
    {VPCVIS_START_ETHERNET,
     ETH("88a8") "00058100"
                 "00070800"
                 "4600"
                 "0030"
                 "00010000" IP4_END("06") "01010100" TCP "aabbccdd"},
    {VPCVIS_START_ETHERNET,
     ETH("8847") "00010040"
                 "00010140" IP6("0018", "2c") "1100000100001234" UDP("0fff") ZEROS8},
    {VPCVIS_START_ETHERNET, ETH("8864") "1100000100400057" IP6(
                                "0038", "00") "3c00010400000000"
                                              "2b01010c00000000" ZEROS8 "8700000000000000"
                                              "8b00000000000000"
                                              "1100000000000000" UDP("0008")},
    {VPCVIS_START_ETHERNET, ETH("0050") "aaaa030000000800" IP4("001c", "01") ECHO},
    {VPCVIS_START_SLL,
     "0000"
     "0001"
     "0006"
     "0200000000a10000"
     "0800" IP4("0028", "06") TCP},
    {VPCVIS_START_SLL2,
     "86dd"
     "0000"
     "00000002"
     "fffe"
     "04"
     "00" ZEROS8 IP6("0014", "06") TCP},
    {VPCVIS_START_LOOP, "1e000000" IP6("0000", "00") "1100c20400010000" UDP("0000")},
    {VPCVIS_START_PFLOG,
     "3d020100" ZEROS40 ZEROS8 ZEROS8 "01000000" IP4_FRAGMENT("0028", "2000", "06") TCP},
};

static int same(const struct vpcvis_packet *a, const struct vpcvis_packet *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* What holds for every summary. */
static void check_sound(const struct vpcvis_packet *p)
{
    const uint32_t fragment = VPCVIS_PACKET_FRAGMENT;

    ck_assert(p->status == VPCVIS_OK || p->status == VPCVIS_E_VERSION ||
              p->status == VPCVIS_E_LENGTH || p->status == VPCVIS_E_CHAIN);
    ck_assert_int_eq(p->status == VPCVIS_OK, p->layer == 0);
    ck_assert(p->cap_len <= p->wire_len);
    ck_assert(p->at <= p->cap_len && p->ip_at <= p->cap_len);
    ck_assert(p->l4_at <= p->cap_len && p->payload_at <= p->cap_len);
    ck_assert(p->payload_at == 0 || p->payload_at > p->l4_at);
    ck_assert(p->l4_at == 0 || p->l4_at >= p->ip_at + 20);
    ck_assert(p->family == 0 || p->family == 4 || p->family == 6);
    ck_assert(p->family != 0 || (p->l4_at == 0 && p->ip_len == 0 && p->protocol == 0));
    ck_assert(!(p->flags & VPCVIS_PACKET_LATER) || (p->flags & fragment));
    ck_assert(!(p->flags & VPCVIS_PACKET_LATER) || !(p->flags & VPCVIS_PACKET_PORTS));
    ck_assert(!(p->flags & VPCVIS_PACKET_CUT_IP) || p->family == 0);
    ck_assert((p->flags & VPCVIS_PACKET_PORTS) || (p->srcport == 0 && p->dstport == 0));
    ck_assert((p->flags & VPCVIS_PACKET_TCP) || p->tcp_flags == 0);
    ck_assert(p->payload_at == 0 || !(p->flags & VPCVIS_PACKET_CUT_L4));
    ck_assert_int_eq(p->status != VPCVIS_OK, (p->flags & VPCVIS_PACKET_BAD) != 0);
    ck_assert(p->flags < 2 * VPCVIS_PACKET_BAD);
    ck_assert_uint_eq(p->reserved, 0);
    ck_assert(p->reserved2[0] == 0 && p->reserved2[1] == 0 && p->reserved2[2] == 0);
}

/* Read one way and the other, from memory that ends with the frame. */
static struct vpcvis_packet read_both(const void *bytes, size_t len, uint8_t start)
{
    const char *copy = guard_copy(bytes, len);
    struct vpcvis_frame frame = frame_of(copy, len);
    struct vpcvis_part part = {0};
    struct vpcvis_packet whole, pieces;

    frame.start = start;
    frame.ethertype = 0x0800;
    memset(&whole, 0xa5, sizeof(whole));
    memset(&pieces, 0x5a, sizeof(pieces));
    vpcvis_packet_read(&frame, &whole);
    part.data = copy;
    part.len = (uint32_t)len;
    frame.data = NULL;
    frame.parts = &part;
    frame.part_count = 1;
    frame.valid = VPCVIS_FRAME_PARTS;
    vpcvis_packet_read(&frame, &pieces);
    ck_assert(same(&whole, &pieces));
    check_sound(&whole);
    return whole;
}

START_TEST(every_prefix_is_read_or_flagged)
{
    unsigned char bytes[FRAME_MAX];
    const size_t len = frame_hex(good[_i].hex, bytes);
    const uint32_t cuts = VPCVIS_PACKET_CUT | VPCVIS_PACKET_CUT_IP | VPCVIS_PACKET_CUT_L4;
    struct vpcvis_packet packet;
    size_t n;

    packet = read_both(bytes, len, good[_i].start);
    ck_assert_int_eq(packet.status, VPCVIS_OK);
    ck_assert(packet.family != 0 && packet.payload_at != 0);
    for (n = 0; n < len; n++) {
        packet = read_both(bytes, n, good[_i].start);
        ck_assert_int_eq(packet.status, VPCVIS_OK);
        ck_assert(packet.family != 0 || (packet.flags & VPCVIS_PACKET_CUT_IP));
        ck_assert(packet.payload_at != 0 || (packet.flags & cuts));
        packet = read_both(guard_copy_front(bytes, n), n, good[_i].start);
    }
}
END_TEST

/* With the length that was sent known, every prefix counts the same bytes. */
START_TEST(prefixes_count_what_was_sent)
{
    unsigned char bytes[FRAME_MAX];
    struct vpcvis_frame frame = frame_of(bytes, frame_hex(good[_i].hex, bytes));
    struct vpcvis_packet whole, packet;

    frame.start = good[_i].start;
    frame.wire_len = frame.cap_len;
    frame.valid = VPCVIS_FRAME_WIRE_LEN;
    vpcvis_packet_read(&frame, &whole);
    for (frame.cap_len = 0; frame.cap_len < frame.wire_len; frame.cap_len++) {
        vpcvis_packet_read(&frame, &packet);
        ck_assert(packet.flags & VPCVIS_PACKET_CUT);
        ck_assert_uint_eq(packet.wire_len, whole.wire_len);
        if (packet.family != 0 && !(whole.flags & VPCVIS_PACKET_JUMBO))
            ck_assert_uint_eq(packet.ip_len, whole.ip_len);
        if (packet.l4_at != 0)
            ck_assert_uint_eq(packet.l4_at, whole.l4_at);
        if (packet.flags & VPCVIS_PACKET_PORTS)
            ck_assert_uint_eq(packet.dstport, whole.dstport);
    }
}
END_TEST

START_TEST(pieces_cut_anywhere_are_the_same_frame)
{
    unsigned char bytes[FRAME_MAX];
    const size_t len = frame_hex(good[_i].hex, bytes);
    struct vpcvis_frame frame = frame_of(bytes, len);
    struct vpcvis_packet whole, packet;
    struct vpcvis_part parts[FRAME_MAX / 4];
    size_t n;

    frame.start = good[_i].start;
    vpcvis_packet_read(&frame, &whole);
    memset(parts, 0, sizeof(parts));
    frame.parts = parts;
    frame.valid = VPCVIS_FRAME_PARTS;
    frame.data = NULL;
    for (n = 0; n <= len; n++) {
        parts[0].data = guard_copy(bytes, n);
        parts[0].len = (uint32_t)n;
        parts[1].data = NULL; /* an empty piece needs no memory */
        parts[1].len = 0;
        parts[2].data = guard_copy(bytes + n, len - n);
        parts[2].len = (uint32_t)(len - n);
        frame.part_count = 3;
        memset(&packet, 0xa5, sizeof(packet));
        vpcvis_packet_read(&frame, &packet);
        ck_assert(same(&whole, &packet));
    }
    for (n = 0; n < len; n++) {
        parts[n].data = bytes + n;
        parts[n].len = 1;
    }
    frame.part_count = (uint32_t)len;
    vpcvis_packet_read(&frame, &packet);
    ck_assert(same(&whole, &packet));
}
END_TEST

START_TEST(every_bit_and_byte_may_be_wrong)
{
    static const unsigned char values[] = {0, 0x7f, 0x80, 0xff};
    unsigned char bytes[FRAME_MAX];
    const size_t len = frame_hex(good[_i].hex, bytes);
    size_t n;
    int i;

    for (n = 0; n < len; n++) {
        const unsigned char was = bytes[n];
        for (i = 0; i < 8; i++) {
            bytes[n] = (unsigned char)(was ^ 1 << i);
            read_both(bytes, len, good[_i].start);
        }
        for (i = 0; i < COUNT(values); i++) {
            bytes[n] = values[i];
            read_both(bytes, len, good[_i].start);
        }
        bytes[n] = was;
    }
}
END_TEST

START_TEST(frames_of_one_byte_value)
{
    static const unsigned char values[] = {0, 0x11, 0x45, 0x60, 0x81, 0xff};
    unsigned char bytes[1600];
    size_t len;
    int i;

    for (i = 0; i < COUNT(values); i++) {
        memset(bytes, values[i], sizeof(bytes));
        for (len = 0; len <= sizeof(bytes); len += len < 600 ? 1 : 37)
            read_both(bytes, len, (uint8_t)_i);
        read_both(bytes, 1600, (uint8_t)_i);
    }
}
END_TEST

/* Random bytes in random places of good frames, from a fixed seed. */
START_TEST(damaged_frames)
{
    unsigned char bytes[FRAME_MAX];
    uint64_t state = (uint64_t)_i + 1;
    int i, j;

    for (i = 0; i < 1500; i++) {
        const struct good *from = &good[_i];
        size_t len = frame_hex(from->hex, bytes);
        for (j = 0; j < 4; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[(state >> 33) % len] = (unsigned char)(state >> 56);
        }
        len -= (state >> 20) % 4 == 0 ? (state >> 24) % len : 0;
        read_both(bytes, len, from->start);
    }
}
END_TEST

/* Headers that end behind the first VPCVIS_PACKET_LOOK bytes are not looked for. */
START_TEST(window)
{
    static const char options[] = IP6("0218", "3c");
    unsigned char bytes[FRAME_MAX] = {0};
    struct vpcvis_packet packet;
    size_t at = frame_hex(options, bytes);

    /* Destination options up to byte 504, UDP up to 512: the last that fits. */
    bytes[at] = 17;
    bytes[at + 1] = (504 - 40) / 8 - 1;
    bytes[504 + 5] = 8;
    packet = read_both(bytes, 576, VPCVIS_START_IP);
    ck_assert_uint_eq(packet.payload_at, 512);
    ck_assert_uint_eq(packet.flags & VPCVIS_PACKET_CUT_L4, 0);
    bytes[at + 1]++;
    packet = read_both(bytes, 576, VPCVIS_START_IP);
    ck_assert_int_eq(packet.status, VPCVIS_OK);
    ck_assert_uint_eq(packet.l4_at, 512);
    ck_assert_uint_eq(packet.protocol, 17);
    ck_assert(packet.flags & VPCVIS_PACKET_CUT_L4);
    ck_assert_uint_eq(packet.flags & VPCVIS_PACKET_CUT, 0);
    bytes[at + 1]++;
    packet = read_both(bytes, 576, VPCVIS_START_IP);
    ck_assert_uint_eq(packet.l4_at, 0);
    ck_assert(packet.flags & VPCVIS_PACKET_CUT_L4);
}
END_TEST

START_TEST(impossible_arguments)
{
    unsigned char bytes[FRAME_MAX];
    const size_t len = frame_hex(good[0].hex, bytes);
    const struct vpcvis_frame fine = frame_of(bytes, len);
    struct vpcvis_frame bad[9];
    struct vpcvis_part part = {0};
    struct vpcvis_packet packet, none;
    int i;

    for (i = 0; i < COUNT(bad); i++)
        bad[i] = fine;
    bad[0].start = 7;
    bad[1].direction = 3;
    bad[2].verdict = 3;
    bad[3].valid = 16;
    bad[4].data = NULL;
    bad[5].valid = VPCVIS_FRAME_PARTS;
    part.data = bytes;
    part.len = (uint32_t)len - 1; /* a byte less than cap_len says */
    bad[6].valid = VPCVIS_FRAME_PARTS;
    bad[6].parts = &part;
    bad[6].part_count = 1;
    bad[7] = bad[6];
    bad[7].part_count = 0;
    bad[8].valid = 0x80000000u;
    memset(&none, 0, sizeof(none));
    none.status = VPCVIS_E_ARG;
    none.flags = VPCVIS_PACKET_BAD;
    for (i = 0; i < COUNT(bad); i++) {
        memset(&packet, 0xa5, sizeof(packet));
        ck_assert_int_eq(vpcvis_packet_read(&bad[i], &packet), VPCVIS_E_ARG);
        ck_assert(same(&packet, &none));
    }
    part.data = NULL;
    part.len = (uint32_t)len;
    ck_assert_int_eq(vpcvis_packet_read(&bad[6], &packet), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_packet_read(NULL, &packet), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_packet_read(&fine, NULL), VPCVIS_E_ARG);
}
END_TEST

/* Frames among other things of the caller's, some of them bad; any number. */
START_TEST(batches)
{
    enum { MANY = 40 };
    static struct {
        struct vpcvis_frame frame;
        uint64_t callers;
    } rows[MANY];
    static struct vpcvis_packet packets[MANY + 1];
    static unsigned char bytes[COUNT(good)][FRAME_MAX];
    struct vpcvis_packet one, untouched;
    size_t bad, n, i, expected;

    memset(&untouched, 0xa5, sizeof(untouched));
    for (i = 0; i < MANY; i++) {
        const size_t kind = i % COUNT(good);
        const size_t len = frame_hex(good[kind].hex, bytes[kind]);
        rows[i].frame = frame_of(bytes[kind], len);
        rows[i].frame.start = i % 7 == 3 ? 9 : good[kind].start;
        rows[i].frame.interface = (uint32_t)i;
        rows[i].callers = ~(uint64_t)0;
    }
    for (n = 0; n <= MANY; n++) {
        memset(packets, 0xa5, sizeof(packets));
        expected = 0;
        ck_assert_int_eq(
            vpcvis_packet_read_batch(&rows[0].frame, sizeof(rows[0]), n, packets, &bad),
            VPCVIS_OK);
        for (i = 0; i < n; i++) {
            if (vpcvis_packet_read(&rows[i].frame, &one) != VPCVIS_OK)
                expected++;
            ck_assert(same(&one, &packets[i]));
        }
        ck_assert_uint_eq(bad, expected);
        ck_assert(same(&packets[n], &untouched));
    }
    ck_assert_int_eq(
        vpcvis_packet_read_batch(&rows[0].frame, sizeof(rows[0]), 1, packets, NULL),
        VPCVIS_OK);
    ck_assert_int_eq(vpcvis_packet_read_batch(NULL, 56, 0, NULL, &bad), VPCVIS_OK);
    ck_assert_uint_eq(bad, 0);
    ck_assert_int_eq(vpcvis_packet_read_batch(NULL, 56, 1, packets, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_packet_read_batch(&rows[0].frame, 56, 1, NULL, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_packet_read_batch(&rows[0].frame, 48, 1, packets, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_packet_read_batch(&rows[0].frame, 60, 1, packets, NULL),
                     VPCVIS_E_ARG);
}
END_TEST

START_TEST(structs_have_one_layout_everywhere)
{
    ck_assert_uint_eq(sizeof(struct vpcvis_part), 16);
    ck_assert_uint_eq(offsetof(struct vpcvis_part, len), 8);
    ck_assert_uint_eq(sizeof(struct vpcvis_frame), 56);
    ck_assert_uint_eq(offsetof(struct vpcvis_frame, parts), 8);
    ck_assert_uint_eq(offsetof(struct vpcvis_frame, seen_ns), 16);
    ck_assert_uint_eq(offsetof(struct vpcvis_frame, valid), 40);
    ck_assert_uint_eq(offsetof(struct vpcvis_frame, start), 48);
    ck_assert_uint_eq(sizeof(struct vpcvis_packet), 128);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, srcport), 40);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, interface), 48);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, status), 64);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, fragment_at), 80);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, vlan_count), 96);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, dst_mac), 104);
    ck_assert_uint_eq(offsetof(struct vpcvis_packet, reserved2), 116);
    ck_assert_uint_eq(vpcvis_packet_frame_bytes(), sizeof(struct vpcvis_frame));
    ck_assert_uint_eq(vpcvis_packet_bytes(), sizeof(struct vpcvis_packet));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("packet cuts");
    TCase *tcase = tcase_create("packet cuts");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, every_prefix_is_read_or_flagged, 0, COUNT(good));
    tcase_add_loop_test(tcase, prefixes_count_what_was_sent, 0, COUNT(good));
    tcase_add_loop_test(tcase, pieces_cut_anywhere_are_the_same_frame, 0, COUNT(good));
    tcase_add_loop_test(tcase, every_bit_and_byte_may_be_wrong, 0, COUNT(good));
    tcase_add_loop_test(tcase, frames_of_one_byte_value, 0, VPCVIS_START_ETHERTYPE + 1);
    tcase_add_loop_test(tcase, damaged_frames, 0, COUNT(good));
    tcase_add_test(tcase, window);
    tcase_add_test(tcase, impossible_arguments);
    tcase_add_test(tcase, batches);
    tcase_add_test(tcase, structs_have_one_layout_everywhere);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
