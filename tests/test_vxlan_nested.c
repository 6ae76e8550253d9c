/* SPDX-License-Identifier: MIT */
/*
 * Room vxlan: GENEVE, tunnels in tunnels, what is in the innermost frame, directions, batches.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* What is put together from the inside out: bytes[at..at + len). */
struct onion {
    uint8_t bytes[4000];
    size_t at, len;
};

static void put_before(struct onion *onion, const void *bytes, size_t len)
{
    ck_assert_uint_ge(onion->at, len);
    onion->at -= len;
    onion->len += len;
    memcpy(onion->bytes + onion->at, bytes, len);
}

/* IPv4 and UDP to a port, from 10.0.0.from. */
static void put_udp(struct onion *onion, uint16_t port, uint8_t from)
{
    const size_t udp = onion->len + 8, ip = udp + 20;
    const uint8_t header[28] = {0x45,
                                0,
                                (uint8_t)(ip >> 8),
                                (uint8_t)ip,
                                0,
                                0,
                                0,
                                0,
                                64,
                                17,
                                0,
                                0,
                                10,
                                0,
                                0,
                                from,
                                10,
                                0,
                                0,
                                99,
                                0xc0,
                                0,
                                (uint8_t)(port >> 8),
                                (uint8_t)port,
                                (uint8_t)(udp >> 8),
                                (uint8_t)udp,
                                0,
                                0};

    put_before(onion, header, sizeof(header));
}

static void put_ethernet(struct onion *onion)
{
    static const uint8_t header[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};

    put_before(onion, header, sizeof(header));
}

static void put_vxlan(struct onion *onion, uint8_t vni, uint8_t from)
{
    const uint8_t header[8] = {8, 0, 0, 0, 0, 0, vni, 0};

    put_before(onion, header, sizeof(header));
    put_udp(onion, 4789, from);
}

/* A DNS query from 10.0.1.20, as the innermost frame. */
static void begin(struct onion *onion)
{
    memset(onion, 0, sizeof(*onion));
    onion->at = sizeof(onion->bytes) - 30;
    onion->len = 30;
    put_udp(onion, 53, 20);
    onion->bytes[onion->at + 14] = 1; /* 10.0.1.20 */
    put_ethernet(onion);
}

static vpcvis_status unwrap(const struct onion *onion, uint32_t depth,
                            struct vpcvis_vxlan_layer *layers,
                            struct vpcvis_vxlan_copy *copy)
{
    struct vpcvis_vxlan_config config = {0};
    struct vpcvis_frame frame = {0};

    config.size = sizeof(config);
    config.depth = depth;
    frame.data = guard_copy(onion->bytes + onion->at, onion->len);
    frame.cap_len = (uint32_t)onion->len;
    frame.start = VPCVIS_START_IP;
    frame.seen_ns = 12345;
    frame.interface = 3;
    return vpcvis_vxlan_unwrap(&config, &frame, layers, copy);
}

/* [vxlan.geneve-write] A gateway load balancer's datagram: GENEVE around IP, UDP and VXLAN. */
START_TEST(geneve_around_vxlan)
{
    static const uint8_t expected[40] = {
        8, 0, 8, 0, 0, 0, 0, 0, 1, 8, 1, 2, 1, 2, 3, 4, 5,    6,    7,    8,
        1, 8, 2, 2, 0, 0, 0, 0, 0, 0, 0, 9, 1, 8, 3, 1, 0xde, 0xad, 0xbe, 0xef};
    struct vpcvis_vxlan_layer layer = {0}, layers[4];
    struct vpcvis_vxlan_copy copy;
    uint8_t header[64];
    struct onion onion;
    size_t len = 0;

    layer.valid = VPCVIS_VXLAN_ENDPOINT | VPCVIS_VXLAN_ATTACHMENT | VPCVIS_VXLAN_COOKIE;
    layer.endpoint = 0x0102030405060708u;
    layer.attachment = 9;
    layer.cookie = 0xdeadbeef;
    layer.protocol = 0x0800;
    ck_assert_int_eq(vpcvis_vxlan_write_geneve(&layer, NULL, 0, &len), VPCVIS_E_SPACE);
    ck_assert_uint_eq(len, 40);
    ck_assert_int_eq(vpcvis_vxlan_write_geneve(&layer, header, 39, &len), VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_vxlan_write_geneve(&layer, header, 40, &len), VPCVIS_OK);
    ck_assert_mem_eq(header, expected, 40);
    begin(&onion);
    put_vxlan(&onion, 7, 1);
    put_before(&onion, header, 40);
    put_udp(&onion, 6081, 2);
    ck_assert_int_eq(unwrap(&onion, 0, layers, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.layers, 2);
    ck_assert_uint_eq(copy.outer.kind, VPCVIS_VXLAN_KIND_GENEVE);
    ck_assert_uint_eq(copy.outer.endpoint, layer.endpoint);
    ck_assert_uint_eq(copy.outer.attachment, 9);
    ck_assert_uint_eq(copy.outer.cookie, 0xdeadbeef);
    ck_assert_uint_eq(copy.outer.valid, 7);
    ck_assert_uint_eq(copy.outer.options_len, 32);
    ck_assert_uint_eq(copy.outer.src[3], 2);
    ck_assert_uint_eq(copy.last.kind, VPCVIS_VXLAN_KIND_VXLAN);
    ck_assert_uint_eq(copy.last.header.vni, 7);
    ck_assert_uint_eq(copy.last.src[3], 1);
    ck_assert_mem_eq(&layers[0], &copy.outer, sizeof(layer));
    ck_assert_mem_eq(&layers[1], &copy.last, sizeof(layer));
    ck_assert_uint_eq(copy.inner.dstport, 53);
    ck_assert_uint_eq(copy.inner.ip_len, 58);
    ck_assert_uint_eq(copy.inner.seen_ns, 12345);
    ck_assert_uint_eq(copy.inner.interface, 3);
    ck_assert_uint_eq(copy.inner_start, VPCVIS_START_ETHERNET);
    /* An appliance echoes what it got: the bytes are where the layer says. */
    ck_assert_mem_eq(onion.bytes + onion.at + copy.outer.at, expected,
                     8 + copy.outer.options_len);
}
END_TEST

struct option_row {
    uint8_t header[24];
    size_t len;
    vpcvis_status status;
    uint32_t valid;
    const char *why;
};

/* [vxlan.geneve-options] [vxlan.geneve-critical] */
/* clang-format off */
static const struct option_row options[] = {
    {{0, 0, 0x65, 0x58, 0, 0, 7, 0}, 8, VPCVIS_OK, 0, "no options"},
    {{0, 0x3f, 0x65, 0x58, 0, 0, 7, 0xff}, 8, VPCVIS_OK, 0, "reserved bits are ignored"},
    {{0x40, 0, 0x65, 0x58, 0, 0, 7, 0}, 8, VPCVIS_E_TUNNEL, 0, "version 1"},
    {{0x80, 0, 0x65, 0x58, 0, 0, 7, 0}, 8, VPCVIS_E_TUNNEL, 0, "version 2"},
    {{0, 0, 0x12, 0x34, 0, 0, 7, 0}, 8, VPCVIS_E_TUNNEL, 0, "neither a frame nor IP"},
    {{1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 1, 5, 0}, 12, VPCVIS_OK, 0, "an unknown option"},
    {{1, 0x40, 0x65, 0x58, 0, 0, 7, 0, 1, 1, 0x85, 0}, 12, VPCVIS_E_TUNNEL, 0, "an unknown critical one"},
    {{1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 1, 0x85, 0}, 12, VPCVIS_E_TUNNEL, 0, "also without the C bit"},
    {{1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 8, 0x83, 0}, 12, VPCVIS_E_TUNNEL, 0, "AWS's class, unknown type"},
    {{2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 8, 3, 0xe1, 0, 0, 0, 5}, 16, VPCVIS_OK, VPCVIS_VXLAN_COOKIE, "three reserved bits beside the length"},
    {{2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 8, 1, 1, 0, 0, 0, 5}, 16, VPCVIS_OK, 0, "an endpoint of four bytes is none"},
    {{1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 8, 3, 1, 0, 0, 0, 5}, 16, VPCVIS_E_TUNNEL, 0, "an option beyond the options"},
    {{2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 8, 3, 2, 0, 0, 0, 5}, 16, VPCVIS_E_TUNNEL, 0, "the last one too long"},
    {{3, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 8, 3, 1, 0, 0, 0, 5, 1, 2, 3, 0}, 20, VPCVIS_OK, VPCVIS_VXLAN_COOKIE, "two that fill their length"},
};
/* clang-format on */

START_TEST(geneve_options)
{
    const struct option_row *row = &options[_i];
    struct vpcvis_vxlan_copy copy;
    struct onion onion;

    begin(&onion);
    put_before(&onion, row->header, row->len);
    put_udp(&onion, 6081, 2);
    ck_assert_msg(unwrap(&onion, 0, NULL, &copy) == row->status, "%s: %d", row->why,
                  copy.status);
    if (row->status != VPCVIS_OK)
        return;
    ck_assert_uint_eq(copy.last.header.vni, 7);
    ck_assert_uint_eq(copy.last.valid, row->valid);
    ck_assert_uint_eq(copy.inner.dstport, 53);
}
END_TEST

/* A GENEVE header that is cut off: behind its options, in them, in itself. */
START_TEST(geneve_cut_off)
{
    static const uint8_t header[16] = {2, 0, 0x65, 0x58, 0, 0, 7, 0,
                                       1, 8, 3,    1,    0, 0, 0, 5};
    struct vpcvis_vxlan_copy copy;
    struct onion onion;
    size_t whole;

    begin(&onion);
    put_before(&onion, header, sizeof(header));
    put_udp(&onion, 6081, 2);
    whole = onion.len;
    for (onion.len = 28; onion.len < whole; onion.len++) {
        const vpcvis_status status = unwrap(&onion, 0, NULL, &copy);

        if (onion.len < 28 + sizeof(header))
            ck_assert_int_eq(status, VPCVIS_E_LENGTH);
        else
            ck_assert_int_eq(status, VPCVIS_OK);
    }
}
END_TEST

/* Nasty 23, 24: as deep as is allowed, and no deeper; what is beyond is told. */
START_TEST(nesting)
{
    struct vpcvis_vxlan_layer layers[16];
    struct vpcvis_vxlan_config config = {0};
    struct vpcvis_vxlan_copy copy;
    struct vpcvis_frame frame = {0};
    uint32_t nested, depth, i;
    struct onion onion;

    begin(&onion);
    for (nested = 1; nested <= 17; nested++) {
        if (nested > 1)
            put_ethernet(&onion);
        put_vxlan(&onion, (uint8_t)nested, (uint8_t)nested);
        for (depth = 0; depth <= 16; depth++) {
            const uint32_t most = depth == 0 ? 4 : depth;
            const uint32_t found = nested < most ? nested : most;

            ck_assert_int_eq(unwrap(&onion, depth, layers, &copy), VPCVIS_OK);
            ck_assert_uint_eq(copy.layers, found);
            ck_assert_uint_eq((copy.flags & VPCVIS_VXLAN_DEEPER) != 0, nested > most);
            for (i = 0; i < found; i++)
                ck_assert_uint_eq(layers[i].header.vni, nested - i);
            ck_assert_uint_eq(copy.last.header.vni, nested - found + 1);
        }
    }
    config.size = sizeof(config);
    config.depth = 17;
    frame.data = onion.bytes;
    ck_assert_int_eq(vpcvis_vxlan_unwrap(&config, &frame, NULL, &copy), VPCVIS_E_CONFIG);
    config.depth = 0;
    config.flags = 4;
    ck_assert_int_eq(vpcvis_vxlan_unwrap(&config, &frame, NULL, &copy), VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_vxlan_unwrap(NULL, NULL, NULL, &copy), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_unwrap(NULL, &frame, NULL, NULL), VPCVIS_E_ARG);
    frame.valid = VPCVIS_FRAME_PARTS;
    ck_assert_int_eq(vpcvis_vxlan_unwrap(NULL, &frame, NULL, &copy), VPCVIS_E_ARG);
}
END_TEST

struct inner_row {
    uint8_t bytes[60];
    size_t len;
    vpcvis_status status;
    uint32_t family, flags, copy_flags;
    const char *why;
};

#define MACS 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1

/* [vxlan.inner] Nasty 2, 3, 25, 26, 28, 46, 47: what is in the tunnel is no failure of it. */
/* clang-format off */
static const struct inner_row inners[] = {
    {{0}, 0, VPCVIS_OK, 0, 0, VPCVIS_VXLAN_EMPTY, "nothing"},
    {{2}, 1, VPCVIS_OK, 0, VPCVIS_PACKET_CUT_IP, 0, "one byte"},
    {{MACS, 8}, 13, VPCVIS_OK, 0, VPCVIS_PACKET_CUT_IP, 0, "not a whole Ethernet header"},
    {{MACS, 8, 0}, 14, VPCVIS_OK, 0, VPCVIS_PACKET_CUT_IP, 0, "no more than that"},
    {{MACS, 8, 6, 0, 1, 8, 0}, 20, VPCVIS_OK, 0, 0, 0, "ARP"},
    {{MACS, 0x88, 0xe5, 0, 1, 8, 0}, 20, VPCVIS_OK, 0, 0, 0, "MACsec"},
    {{MACS, 0x88, 0x47, 0, 1, 0x41, 64, 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, 38, VPCVIS_OK, 4, 0, 0, "MPLS"},
    {{MACS, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, 34, VPCVIS_OK, 4, VPCVIS_PACKET_NO_LEN, 0, "IPv4 of length 0"},
    {{MACS, 8, 0, 0x45, 0, 0x23, 0x28, 0, 0, 0, 0, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, 34, VPCVIS_OK, 4, VPCVIS_PACKET_CUT, VPCVIS_VXLAN_TRUNCATED, "IPv4 of 9000, of which 20 came"},
    {{MACS, 0x81, 0, 0, 5, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, 38, VPCVIS_OK, 4, VPCVIS_PACKET_CUT, VPCVIS_VXLAN_TRUNCATED, "a tag is kept"},
    {{MACS, 8, 0, 0x44, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}, 34, VPCVIS_E_LENGTH, 4, VPCVIS_PACKET_BAD, 0, "a header of 16 bytes"},
};
/* clang-format on */

START_TEST(what_is_inside)
{
    const struct inner_row *row = &inners[_i];
    struct vpcvis_vxlan_copy copy;
    struct onion onion;

    memset(&onion, 0, sizeof(onion));
    onion.at = sizeof(onion.bytes);
    put_before(&onion, row->bytes, row->len);
    put_vxlan(&onion, 7, 1);
    ck_assert_msg(unwrap(&onion, 0, NULL, &copy) == VPCVIS_OK, "%s", row->why);
    ck_assert_int_eq(copy.inner.status, row->status);
    if (row->status == VPCVIS_OK)
        ck_assert_uint_eq(copy.inner.family, row->family);
    ck_assert_msg((copy.inner.flags & row->flags) == row->flags, "%s: %x", row->why,
                  copy.inner.flags);
    ck_assert_msg(copy.flags == row->copy_flags, "%s: %x", row->why, copy.flags);
    ck_assert_uint_eq(copy.inner_at, 36);
    ck_assert_uint_eq(copy.inner.cap_len, row->len);
}
END_TEST

/* GPE on its own port: IPv4 without Ethernet; NSH cannot be entered. */
START_TEST(generic_protocol_extension)
{
    struct vpcvis_vxlan_config config = {0};
    uint8_t header[8] = {0x0c, 0, 0, 1, 0, 0, 7, 0};
    struct vpcvis_vxlan_copy copy;
    struct vpcvis_frame frame = {0};
    struct onion onion;

    config.size = sizeof(config);
    config.policy = VPCVIS_VXLAN_EXTENSIONS;
    begin(&onion);
    onion.at += 14;
    onion.len -= 14;
    put_before(&onion, header, 8);
    put_udp(&onion, VPCVIS_VXLAN_GPE_PORT, 1);
    frame.data = onion.bytes + onion.at;
    frame.cap_len = (uint32_t)onion.len;
    frame.start = VPCVIS_START_IP;
    ck_assert_int_eq(vpcvis_vxlan_unwrap(&config, &frame, NULL, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner_start, VPCVIS_START_IP);
    ck_assert_uint_eq(copy.inner.dstport, 53);
    onion.bytes[onion.at + 28 + 3] = 4;
    ck_assert_int_eq(vpcvis_vxlan_unwrap(&config, &frame, NULL, &copy), VPCVIS_E_TUNNEL);
    config.policy = VPCVIS_VXLAN_IGNORE;
    ck_assert_int_eq(vpcvis_vxlan_unwrap(&config, &frame, NULL, &copy), VPCVIS_NOMATCH);
    config.ports[2] = VPCVIS_VXLAN_GPE_PORT; /* nasty 10: a port that the caller sets */
    ck_assert_int_eq(vpcvis_vxlan_unwrap(&config, &frame, NULL, &copy), VPCVIS_OK);
}
END_TEST

/* [vxlan.direction] */
START_TEST(directions)
{
    static const uint8_t macs[3][6] = {
        {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}};
    struct vpcvis_vxlan_source source = {0};
    struct vpcvis_vxlan_copy copy;
    struct onion onion;

    begin(&onion);
    put_vxlan(&onion, 7, 1);
    ck_assert_int_eq(unwrap(&onion, 0, NULL, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner.direction, VPCVIS_DIRECTION_UNKNOWN);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_NOMATCH);
    memcpy(source.mac, macs[0], 6);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner.direction, VPCVIS_DIRECTION_EGRESS);
    memcpy(source.mac, macs[1], 6);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner.direction, VPCVIS_DIRECTION_INGRESS);
    memcpy(source.mac, macs[2], 6);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_addr_read("10.0.1.20", 9, &source.address, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner.direction, VPCVIS_DIRECTION_EGRESS);
    ck_assert_int_eq(vpcvis_addr_read("10.0.0.99", 9, &source.address, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_OK);
    ck_assert_uint_eq(copy.inner.direction, VPCVIS_DIRECTION_INGRESS);
    ck_assert_int_eq(vpcvis_addr_read("10.0.0.98", 9, &source.address, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, &copy), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_vxlan_match(NULL, &copy), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_match(&source, NULL), VPCVIS_E_ARG);
}
END_TEST

START_TEST(batches)
{
    struct {
        struct vpcvis_frame frame;
        uint64_t more;
    } wide[3];
    struct vpcvis_vxlan_copy copies[3], one;
    struct onion onion;
    size_t found = 9, i;

    begin(&onion);
    put_vxlan(&onion, 7, 1);
    memset(wide, 0, sizeof(wide));
    for (i = 0; i < 3; i++) {
        wide[i].frame.data = onion.bytes + onion.at;
        wide[i].frame.cap_len = (uint32_t)onion.len - (i == 1 ? onion.len - 30 : i);
        wide[i].frame.start = VPCVIS_START_IP;
    }
    ck_assert_int_eq(vpcvis_vxlan_unwrap_batch(NULL, &wide[0].frame, sizeof(wide[0]), 3,
                                               copies, &found),
                     VPCVIS_OK);
    ck_assert_uint_eq(found, 2);
    for (i = 0; i < 3; i++) {
        (void)vpcvis_vxlan_unwrap(NULL, &wide[i].frame, NULL, &one);
        ck_assert_mem_eq(&one, &copies[i], sizeof(one));
    }
    ck_assert_int_eq(
        vpcvis_vxlan_unwrap_batch(NULL, NULL, sizeof(wide[0]), 1, copies, NULL),
        VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_vxlan_unwrap_batch(NULL, &wide[0].frame, 9, 1, copies, NULL),
                     VPCVIS_E_ARG);
    ck_assert_uint_eq(vpcvis_vxlan_copy_bytes(), sizeof(struct vpcvis_vxlan_copy));
    ck_assert_uint_eq(vpcvis_vxlan_layer_bytes(), sizeof(struct vpcvis_vxlan_layer));
    ck_assert_int_eq(vpcvis_vxlan_write_geneve(NULL, NULL, 0, &found), VPCVIS_E_ARG);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("vxlan_nested");
    Suite *suite = suite_create("vxlan_nested");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, geneve_around_vxlan);
    tcase_add_loop_test(tc, geneve_options, 0, COUNT(options));
    tcase_add_test(tc, geneve_cut_off);
    tcase_add_test(tc, nesting);
    tcase_add_loop_test(tc, what_is_inside, 0, COUNT(inners));
    tcase_add_test(tc, generic_protocol_extension);
    tcase_add_test(tc, directions);
    tcase_add_test(tc, batches);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
