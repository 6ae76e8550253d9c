/* SPDX-License-Identifier: MIT */
/*
 * Room session: which session gets a packet, how long the copy is, metrics.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define IN VPCVIS_DIRECTION_INGRESS
#define EG VPCVIS_DIRECTION_EGRESS

/* A filter of the lines of a text. */
static vpcvis_filter *filter_of(const char *text)
{
    struct vpcvis_rule rules[16];
    struct vpcvis_filter_config config;
    vpcvis_filter *filter;
    uint32_t services = 0;
    size_t count = 0;

    ck_assert_int_eq(
        vpcvis_filter_read_lines(text, strlen(text), rules, 16, &count, &services, NULL),
        VPCVIS_OK);
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.services = services;
    ck_assert_int_eq(vpcvis_filter_new(rules, count, &config, NULL, &filter, NULL),
                     VPCVIS_OK);
    return filter;
}

static struct vpcvis_addr addr_of(const char *text)
{
    struct vpcvis_addr addr;

    ck_assert_int_eq(vpcvis_addr_read(text, strlen(text), &addr, NULL), VPCVIS_OK);
    return addr;
}

static struct vpcvis_session_entry entry_of(uint32_t number, const vpcvis_filter *filter)
{
    struct vpcvis_session_entry entry;

    memset(&entry, 0, sizeof(entry));
    entry.number = number;
    entry.vni = 1000 + number;
    entry.target = VPCVIS_SESSION_INTERFACE;
    entry.address = addr_of("10.9.0.4");
    entry.filter = filter;
    return entry;
}

static struct vpcvis_packet packet_of(uint8_t protocol, uint16_t dstport,
                                      uint8_t direction, uint32_t wire_len)
{
    const struct vpcvis_addr src = addr_of("198.51.100.7"), dst = addr_of("10.0.1.20");
    struct vpcvis_packet packet;

    memset(&packet, 0, sizeof(packet));
    packet.family = VPCVIS_ADDR_IPV4;
    packet.ethertype = 0x0800;
    packet.protocol = protocol;
    packet.direction = direction;
    packet.cap_len = packet.wire_len = wire_len;
    packet.ip_len = wire_len - 14;
    memcpy(packet.src, src.bytes, 16);
    memcpy(packet.dst, dst.bytes, 16);
    if (protocol == 6 || protocol == 17) {
        packet.flags = VPCVIS_PACKET_PORTS;
        packet.srcport = 40000;
        packet.dstport = dstport;
    }
    return packet;
}

static vpcvis_session *build(const struct vpcvis_session_entry *entries, size_t count,
                             uint32_t flags)
{
    struct vpcvis_session_config config = {sizeof(config), flags};
    vpcvis_session *sessions = NULL;

    ck_assert_int_eq(vpcvis_session_new(entries, count, &config, NULL, &sessions, NULL),
                     VPCVIS_OK);
    return sessions;
}

static struct vpcvis_mirror pick(const vpcvis_session *sessions,
                                 struct vpcvis_packet packet)
{
    struct vpcvis_mirror mirror;

    memset(&mirror, 0x5a, sizeof(mirror));
    ck_assert_int_eq(
        vpcvis_session_pick(sessions, &packet, sizeof(packet), 1, 0, &mirror), VPCVIS_OK);
    return mirror;
}

/* [session.first] Worked examples D4 and D7 of the guide: each packet once, to the first. */
START_TEST(first_session_that_accepts)
{
    vpcvis_filter *web =
        filter_of("ingress 10 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 80");
    vpcvis_filter *tcp = filter_of("ingress 7 accept tcp from 0.0.0.0/0 to 0.0.0.0/0");
    vpcvis_filter *udp = filter_of("ingress 9 accept udp from 0.0.0.0/0 to 0.0.0.0/0");
    struct vpcvis_session_entry entries[4];
    struct vpcvis_mirror mirror;
    vpcvis_session *sessions;

    entries[0] = entry_of(30, udp);
    entries[1] = entry_of(20, tcp);
    entries[2] = entry_of(10, web);
    entries[3] = entry_of(1, NULL);
    sessions = build(entries, 4, 0);
    mirror = pick(sessions, packet_of(6, 80, IN, 100));
    ck_assert_uint_eq(mirror.session, 2);
    ck_assert_uint_eq(mirror.number, 10);
    ck_assert_uint_eq(mirror.rule_number, 10);
    ck_assert_uint_eq(mirror.rule, 0);
    ck_assert_uint_eq(mirror.vni, 1010);
    ck_assert_uint_eq(mirror.why, VPCVIS_FILTER_WHY_RULE);
    mirror = pick(sessions, packet_of(6, 443, IN, 100));
    ck_assert_uint_eq(mirror.session, 1);
    ck_assert_uint_eq(mirror.rule_number, 7);
    mirror = pick(sessions, packet_of(17, 443, IN, 100));
    ck_assert_uint_eq(mirror.session, 0);
    mirror = pick(sessions, packet_of(1, 0, IN, 100)); /* ICMP */
    ck_assert_uint_eq(mirror.session, VPCVIS_SESSION_NONE);
    ck_assert_uint_eq(mirror.rule, VPCVIS_FILTER_NONE);
    ck_assert_uint_eq(mirror.length, 0);
    ck_assert_uint_eq(mirror.bound, 0);
    mirror = pick(sessions, packet_of(6, 80, EG, 100)); /* no outbound rules */
    ck_assert_uint_eq(mirror.session, VPCVIS_SESSION_NONE);
    vpcvis_session_free(sessions, NULL);
    vpcvis_filter_free(web, NULL);
    vpcvis_filter_free(tcp, NULL);
    vpcvis_filter_free(udp, NULL);
}
END_TEST

/* [session.reject] Nasty 26: the first rejects, the second accepts. */
START_TEST(rejects_fall_through_or_stop)
{
    vpcvis_filter *no =
        filter_of("ingress 5 reject tcp from 0.0.0.0/0 to 0.0.0.0/0 port 22");
    vpcvis_filter *yes = filter_of("ingress 6 accept tcp from 0.0.0.0/0 to 0.0.0.0/0");
    struct vpcvis_session_entry entries[2];
    vpcvis_session *through, *stop;
    struct vpcvis_mirror mirror;

    entries[0] = entry_of(1, no);
    entries[1] = entry_of(2, yes);
    through = build(entries, 2, 0);
    stop = build(entries, 2, VPCVIS_SESSION_STOP);
    mirror = pick(through, packet_of(6, 22, IN, 60));
    ck_assert_uint_eq(mirror.session, 1);
    ck_assert_uint_eq(mirror.rule_number, 6);
    mirror = pick(stop, packet_of(6, 22, IN, 60));
    ck_assert_uint_eq(mirror.session, VPCVIS_SESSION_NONE);
    ck_assert_uint_eq(mirror.rule_number, 5);
    ck_assert_uint_eq(mirror.rule, 0);
    mirror = pick(stop, packet_of(6, 23, IN, 60)); /* no match is no reject */
    ck_assert_uint_eq(mirror.session, 1);
    vpcvis_session_free(through, NULL);
    through = build(entries, 1, 0);
    mirror = pick(through, packet_of(6, 22, IN, 60));
    ck_assert_uint_eq(mirror.session, VPCVIS_SESSION_NONE);
    ck_assert_uint_eq(mirror.rule_number, 5); /* who said no is told */
    vpcvis_session_free(through, NULL);
    vpcvis_session_free(stop, NULL);
    vpcvis_filter_free(no, NULL);
    vpcvis_filter_free(yes, NULL);
}
END_TEST

struct cut_row {
    uint32_t target, packet_length, mtu; /* 0: not said */
    const char *address;
    uint32_t wire_len, cap_len, length, bound;
    const char *why;
};

/* [session.length] Nasty 29 and 41; mirroring facts (b): MTU 9001 leaves 8965, 1500 leaves 1464
 * over IPv4 and 1444 over IPv6; a gateway load balancer's 8500 leaves 8464. */
/* clang-format off */
static const struct cut_row cuts[] = {
    {1, 0, 0, "10.9.0.4", 9015, 9015, 9015, VPCVIS_SESSION_BOUND_FRAME, "nothing bounds it"},
    {1, 1, 0, "10.9.0.4", 60, 60, 1, VPCVIS_SESSION_BOUND_LENGTH, "one byte"},
    {1, 13, 0, "10.9.0.4", 60, 60, 13, VPCVIS_SESSION_BOUND_LENGTH, "not a whole Ethernet header"},
    {1, 14, 0, "10.9.0.4", 60, 60, 14, VPCVIS_SESSION_BOUND_LENGTH, "no more than that"},
    {1, 59, 0, "10.9.0.4", 60, 60, 59, VPCVIS_SESSION_BOUND_LENGTH, "all but a byte"},
    {1, 60, 0, "10.9.0.4", 60, 60, 60, VPCVIS_SESSION_BOUND_FRAME, "just the frame"},
    {1, 61, 0, "10.9.0.4", 60, 60, 60, VPCVIS_SESSION_BOUND_FRAME, "more than the frame"},
    {1, 8500, 0, "10.9.0.4", 9015, 9015, 8500, VPCVIS_SESSION_BOUND_LENGTH, "the most that can be said"},
    {2, 0, 0, "10.9.0.4", 9015, 9015, 8500, VPCVIS_SESSION_BOUND_LENGTH, "a network load balancer's default"},
    {2, 100, 0, "10.9.0.4", 9015, 9015, 100, VPCVIS_SESSION_BOUND_LENGTH, "unless said"},
    {3, 0, 8500, "10.9.0.4", 9015, 9015, 8464, VPCVIS_SESSION_BOUND_MTU, "a gateway load balancer's MTU"},
    {1, 0, 9001, "10.9.0.4", 8965, 8965, 8965, VPCVIS_SESSION_BOUND_FRAME, "just what the MTU leaves"},
    {1, 0, 9001, "10.9.0.4", 8966, 8966, 8965, VPCVIS_SESSION_BOUND_MTU, "a byte more"},
    {1, 0, 1500, "10.9.0.4", 1514, 1514, 1464, VPCVIS_SESSION_BOUND_MTU, "over IPv4"},
    {1, 0, 1500, "2001:db8::4", 1514, 1514, 1444, VPCVIS_SESSION_BOUND_MTU, "over IPv6"},
    {1, 1444, 1500, "2001:db8::4", 1514, 1514, 1444, VPCVIS_SESSION_BOUND_LENGTH, "of equals the session's own"},
    {1, 0, 37, "10.9.0.4", 60, 60, 1, VPCVIS_SESSION_BOUND_MTU, "the smallest MTU"},
    {1, 0, 57, "2001:db8::4", 60, 60, 1, VPCVIS_SESSION_BOUND_MTU, "over IPv6"},
    {1, 0, 0, "10.9.0.4", 1514, 96, 96, VPCVIS_SESSION_BOUND_CAPTURED, "no more than there is"},
    {1, 50, 0, "10.9.0.4", 1514, 96, 50, VPCVIS_SESSION_BOUND_LENGTH, "and less"},
};
/* clang-format on */

START_TEST(copies_are_cut)
{
    const struct cut_row *row = &cuts[_i];
    vpcvis_filter *all = filter_of("ingress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0");
    struct vpcvis_session_entry entry = entry_of(1, all);
    struct vpcvis_packet packet = packet_of(6, 80, IN, row->wire_len);
    struct vpcvis_mirror mirror;
    vpcvis_session *sessions;

    entry.target = (uint8_t)row->target;
    entry.address = addr_of(row->address);
    entry.packet_length = row->packet_length;
    entry.mtu = row->mtu;
    entry.valid = (row->packet_length ? VPCVIS_SESSION_LENGTH : 0) |
                  (row->mtu ? VPCVIS_SESSION_MTU : 0);
    packet.cap_len = row->cap_len;
    sessions = build(&entry, 1, 0);
    mirror = pick(sessions, packet);
    ck_assert_msg(mirror.length == row->length, "%s: %u", row->why, mirror.length);
    ck_assert_msg(mirror.bound == row->bound, "%s: bound %u", row->why, mirror.bound);
    vpcvis_session_free(sessions, NULL);
    vpcvis_filter_free(all, NULL);
}
END_TEST

struct limit_row {
    uint32_t number, vni, valid, packet_length, mtu, target, text_len, flags;
    vpcvis_status status;
    uint32_t part;
    const char *why;
};

#define L VPCVIS_SESSION_LENGTH
#define M VPCVIS_SESSION_MTU

/* [session.limits] Nasty 27, 29, 30. */
/* clang-format off */
static const struct limit_row limits[] = {
    {1, 0, 0, 0, 0, 1, 0, 0, VPCVIS_OK, 0, "VNI 0"},
    {32766, 0xffffff, L, 8500, 0, 3, 0, 0, VPCVIS_OK, 0, "the largest of each"},
    {0, 0, 0, 0, 0, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_NUMBER, "number 0"},
    {32767, 0, 0, 0, 0, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_NUMBER, "number 32767"},
    {1, 0x1000000, 0, 0, 0, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_VNI, "VNI 2^24"},
    {1, 0, L, 0, 0, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_LENGTH, "packet length 0"},
    {1, 0, L, 8501, 0, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_LENGTH, "8501"},
    {1, 0, M, 0, 36, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_MTU, "an MTU that leaves nothing"},
    {1, 0, M, 0, 65536, 1, 0, 0, VPCVIS_E_RANGE, VPCVIS_SESSION_PART_MTU, "no MTU"},
    {1, 0, M, 0, 65535, 1, 0, 0, VPCVIS_OK, 0, "the largest one"},
    {1, 0, 4, 0, 0, 1, 0, 0, VPCVIS_E_ARG, VPCVIS_SESSION_PART_NONE, "an unknown bit"},
    {1, 0, 0, 0, 0, 0, 0, 0, VPCVIS_E_ARG, VPCVIS_SESSION_PART_TARGET, "no target"},
    {1, 0, 0, 0, 0, 4, 0, 0, VPCVIS_E_ARG, VPCVIS_SESSION_PART_TARGET, "an unknown one"},
    {1, 0, 0, 0, 0, 1, 256, 0, VPCVIS_OK, 0, "a long text"},
    {1, 0, 0, 0, 0, 1, 256, VPCVIS_SESSION_STRICT, VPCVIS_E_LONG, VPCVIS_SESSION_PART_TEXT, "too long for AWS"},
    {1, 0, 0, 0, 0, 1, 255, VPCVIS_SESSION_STRICT, VPCVIS_OK, 0, "just not"},
};
/* clang-format on */

START_TEST(what_a_session_can_be)
{
    const struct limit_row *row = &limits[_i];
    static char text[256];
    struct vpcvis_session_entry entry[2];
    struct vpcvis_session_config config = {sizeof(config), row->flags};
    vpcvis_session *sessions = NULL;
    struct vpcvis_error error;

    entry[0] = entry_of(2, NULL);
    entry[1] = entry_of(1, NULL);
    entry[1].number = row->number;
    entry[1].vni = row->vni;
    entry[1].valid = row->valid;
    entry[1].packet_length = row->packet_length;
    entry[1].mtu = row->mtu;
    entry[1].target = (uint8_t)row->target;
    entry[1].text = row->text_len > 0 ? text : NULL;
    entry[1].text_len = row->text_len;
    memset(&error, 0, sizeof(error));
    ck_assert_msg(vpcvis_session_new(entry, 2, &config, NULL, &sessions, &error) ==
                      row->status,
                  "%s", row->why);
    if (row->status != VPCVIS_OK) {
        ck_assert_uint_eq(error.line, 2);
        ck_assert_uint_eq(error.column, row->part);
        ck_assert_ptr_null(sessions);
    }
    vpcvis_session_free(sessions, NULL);
}
END_TEST

static void *one_or_none(void *context, size_t bytes)
{
    return context != NULL ? malloc(bytes) : NULL;
}

static void give_back(void *context, void *memory)
{
    (void)context;
    free(memory);
}

/* [session.number] Nasty 27: equal priorities. */
START_TEST(sets_that_cannot_be)
{
    struct vpcvis_session_entry entries[4];
    struct vpcvis_session_config config = {sizeof(config), VPCVIS_SESSION_STRICT};
    struct vpcvis_allocator allocator = {one_or_none, give_back, NULL};
    char memory[1024];
    vpcvis_session *sessions = NULL;
    struct vpcvis_error error;

    entries[0] = entry_of(3, NULL);
    entries[1] = entry_of(1, NULL);
    entries[2] = entry_of(2, NULL);
    entries[3] = entry_of(3, NULL);
    ck_assert_int_eq(
        vpcvis_session_build(entries, 4, NULL, memory, sizeof(memory), &sessions, &error),
        VPCVIS_E_DUPLICATE);
    ck_assert_uint_eq(error.line, 4);
    ck_assert_uint_eq(error.column, VPCVIS_SESSION_PART_NUMBER);
    entries[3].number = 4;
    ck_assert_int_eq(vpcvis_session_build(entries, 4, &config, memory, sizeof(memory),
                                          &sessions, &error),
                     VPCVIS_E_LIMIT);
    ck_assert_uint_eq(error.line, 4);
    ck_assert_int_eq(vpcvis_session_build(entries, 3, &config, memory, sizeof(memory),
                                          &sessions, &error),
                     VPCVIS_OK);
    config.flags = 4;
    ck_assert_int_eq(vpcvis_session_build(entries, 3, &config, memory, sizeof(memory),
                                          &sessions, &error),
                     VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_session_build(entries, 4, NULL, memory,
                                          vpcvis_session_bytes(4) - 1, &sessions, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(
        vpcvis_session_build(NULL, 1, NULL, memory, sizeof(memory), &sessions, NULL),
        VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_session_build(NULL, 0, NULL, memory, sizeof(memory), &sessions, NULL),
        VPCVIS_OK); /* no sessions: nothing is mirrored */
    ck_assert_uint_eq(pick(sessions, packet_of(6, 80, IN, 60)).session,
                      VPCVIS_SESSION_NONE);
    ck_assert_uint_eq(vpcvis_session_bytes(VPCVIS_SESSION_COUNT_MAX + 1), 0);
    ck_assert_int_eq(vpcvis_session_new(entries, VPCVIS_SESSION_COUNT_MAX + 1, NULL, NULL,
                                        &sessions, &error),
                     VPCVIS_E_LIMIT);
    entries[1].address.family = 0;
    ck_assert_int_eq(vpcvis_session_new(entries, 4, NULL, NULL, &sessions, &error),
                     VPCVIS_E_ARG);
    ck_assert_uint_eq(error.column, VPCVIS_SESSION_PART_ADDRESS);
    entries[1].address.family = VPCVIS_ADDR_IPV4;
    entries[1].reserved[2] = 1;
    ck_assert_int_eq(vpcvis_session_new(entries, 4, NULL, NULL, &sessions, &error),
                     VPCVIS_E_ARG);
    entries[1].reserved[2] = 0;
    entries[1].text_len = 1;
    ck_assert_int_eq(vpcvis_session_new(entries, 4, NULL, NULL, &sessions, &error),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_new(entries, 1, NULL, &allocator, &sessions, &error),
                     VPCVIS_E_MEMORY);
    allocator.context = &allocator;
    ck_assert_int_eq(vpcvis_session_new(entries, 1, NULL, &allocator, &sessions, &error),
                     VPCVIS_OK);
    vpcvis_session_free(sessions, &allocator);
    vpcvis_session_free(NULL, NULL);
    ck_assert_uint_eq(vpcvis_session_entry_bytes(), sizeof(struct vpcvis_session_entry));
    ck_assert_uint_eq(vpcvis_session_mirror_bytes(), sizeof(struct vpcvis_mirror));
    ck_assert_uint_eq(vpcvis_session_counts_bytes(),
                      sizeof(struct vpcvis_session_counts));
}
END_TEST

/* Batches of any length are as one packet at a time; nasty 28: a filter shared by many. */
START_TEST(batches)
{
    vpcvis_filter *odd =
        filter_of("ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 1");
    vpcvis_filter *few =
        filter_of("ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 1-3");
    struct {
        struct vpcvis_packet packet;
        uint64_t more;
    } wide[50];
    struct vpcvis_session_entry entries[1000];
    struct vpcvis_mirror mirrors[50], one;
    vpcvis_session *sessions;
    size_t i;

    for (i = 0; i < 1000; i++)
        entries[i] = entry_of((uint32_t)(1000 - i), i % 2 ? odd : few);
    sessions = build(entries, 1000, 0);
    for (i = 0; i < 50; i++) {
        wide[i].packet = packet_of(6, (uint16_t)(i % 5), IN, (uint32_t)(60 + i));
        wide[i].more = UINT64_MAX;
    }
    ck_assert_int_eq(
        vpcvis_session_pick(sessions, &wide[0].packet, sizeof(wide[0]), 50, 0, mirrors),
        VPCVIS_OK);
    for (i = 0; i < 50; i++) {
        one = pick(sessions, wide[i].packet);
        ck_assert_mem_eq(&one, &mirrors[i], sizeof(one));
        ck_assert_uint_eq(one.number, i % 5 == 1 ? 1 : i % 5 == 2 || i % 5 == 3 ? 2 : 0);
    }
    ck_assert_int_eq(
        vpcvis_session_pick(sessions, &wide[0].packet, sizeof(wide[0]), 1, EG, mirrors),
        VPCVIS_OK); /* the call's direction, not the packet's */
    ck_assert_uint_eq(mirrors[0].session, VPCVIS_SESSION_NONE);
    ck_assert_int_eq(vpcvis_session_pick(sessions, NULL, sizeof(wide[0]), 0, 0, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_session_pick(sessions, NULL, sizeof(wide[0]), 1, 0, mirrors),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_pick(sessions, &wide[0].packet, 120, 1, 0, mirrors),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_pick(sessions, &wide[0].packet, 129, 1, 0, mirrors),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_pick(sessions, &wide[0].packet, 128, 1, 3, mirrors),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_pick(NULL, &wide[0].packet, 128, 1, 0, mirrors),
                     VPCVIS_E_ARG);
    vpcvis_session_free(sessions, NULL);
    vpcvis_filter_free(odd, NULL);
    vpcvis_filter_free(few, NULL);
}
END_TEST

/* [session.metrics] */
START_TEST(metrics)
{
    vpcvis_filter *tcp = filter_of(
        "ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0\n"
        "egress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0");
    struct vpcvis_session_entry entry = entry_of(1, tcp);
    struct vpcvis_packet packets[4];
    struct vpcvis_session_counts counts;
    struct vpcvis_mirror mirrors[4];
    vpcvis_session *sessions;

    packets[0] = packet_of(6, 1, IN, 100);
    packets[1] = packet_of(6, 1, EG, 200);
    packets[2] = packet_of(6, 1, EG, 300);
    packets[3] = packet_of(17, 1, IN, 400);
    entry.valid = VPCVIS_SESSION_LENGTH;
    entry.packet_length = 150;
    sessions = build(&entry, 1, 0);
    memset(&counts, 0, sizeof(counts));
    ck_assert_int_eq(
        vpcvis_session_pick(sessions, packets, sizeof(packets[0]), 4, 0, mirrors),
        VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_session_add(&counts, packets, sizeof(packets[0]), 4, 0, mirrors, 0),
        VPCVIS_OK);
    ck_assert_uint_eq(counts.mirror_in, 100);
    ck_assert_uint_eq(counts.mirror_out, 300);
    ck_assert_uint_eq(counts.packets_mirror_in, 1);
    ck_assert_uint_eq(counts.packets_mirror_out, 2);
    ck_assert_uint_eq(counts.packets_cut, 2);
    ck_assert_uint_eq(counts.packets_not_mirrored, 1);
    ck_assert_int_eq(
        vpcvis_session_add(&counts, packets, sizeof(packets[0]), 3, 0, mirrors, 1),
        VPCVIS_OK);
    ck_assert_uint_eq(counts.skip_mirror_in, 100);
    ck_assert_uint_eq(counts.skip_mirror_out, 300);
    ck_assert_uint_eq(counts.packets_skip_mirror_in, 1);
    ck_assert_uint_eq(counts.packets_skip_mirror_out, 2);
    ck_assert_uint_eq(counts.packets_cut, 2);
    counts.mirror_in = UINT64_MAX - 1;
    ck_assert_int_eq(
        vpcvis_session_add(&counts, packets, sizeof(packets[0]), 2, IN, mirrors, 0),
        VPCVIS_OK);
    ck_assert_uint_eq(counts.mirror_in, UINT64_MAX); /* stops there */
    ck_assert_uint_eq(counts.packets_mirror_in, 3);
    ck_assert_int_eq(
        vpcvis_session_add(NULL, packets, sizeof(packets[0]), 1, 0, mirrors, 0),
        VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_add(&counts, packets, 8, 1, 0, mirrors, 0),
                     VPCVIS_E_ARG);
    vpcvis_session_free(sessions, NULL);
    vpcvis_filter_free(tcp, NULL);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("session");
    Suite *suite = suite_create("session");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, first_session_that_accepts);
    tcase_add_test(tc, rejects_fall_through_or_stop);
    tcase_add_loop_test(tc, copies_are_cut, 0, COUNT(cuts));
    tcase_add_loop_test(tc, what_a_session_can_be, 0, COUNT(limits));
    tcase_add_test(tc, sets_that_cannot_be);
    tcase_add_test(tc, batches);
    tcase_add_test(tc, metrics);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
