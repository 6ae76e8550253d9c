/* SPDX-License-Identifier: MIT */
/*
 * Room flow: configs, windows, what counts and what does not, full tables, interfaces, hints,
 * records as input, merging. Large random runs against a model: tests/differential/flow_model.c.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define NS           UINT64_C(1000000000)
#define T0           UINT64_C(1700000400) /* a multiple of 600 */
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct vpcvis_flow_config config_of(uint32_t capacity, uint32_t flags)
{
    struct vpcvis_flow_config config;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.capacity = capacity;
    config.flags = flags;
    config.interfaces = 4;
    config.interval_s = 60;
    config.hash_key[3] = 9;
    return config;
}

/* Registers interface `number` as "eni-N" of account 123456789010. */
static vpcvis_status add_interface(vpcvis_flow *flow, uint32_t number)
{
    static const char text[] = "123456789010eni-0eni-1eni-2eni-3";
    struct vpcvis_record about;
    struct vpcvis_value value;

    vpcvis_record_init(&about, text);
    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_VALUE;
    value.text = text;
    value.text_len = 12;
    ck_assert_int_eq(vpcvis_record_set(&about, VPCVIS_FIELD_ACCOUNT_ID, &value), 0);
    value.text = text + 12 + 5 * (number % 4);
    value.text_len = 5;
    ck_assert_int_eq(vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &value), 0);
    return vpcvis_flow_add_interface(flow, number, &about, NULL);
}

static vpcvis_flow *flow_with(const struct vpcvis_flow_config *config)
{
    vpcvis_flow *flow = NULL;

    ck_assert_int_eq(vpcvis_flow_new(config, NULL, &flow), VPCVIS_OK);
    ck_assert_int_eq(add_interface(flow, 0), VPCVIS_OK);
    return flow;
}

static vpcvis_flow *flow_of(uint32_t capacity, uint32_t flags)
{
    const struct vpcvis_flow_config config = config_of(capacity, flags);
    return flow_with(&config);
}

/* A TCP packet 10.0.0.n:1000 -> 10.0.1.1:443 of 100 bytes, n = 1 unless changed. */
static struct vpcvis_packet packet_at(uint64_t seen_ns)
{
    struct vpcvis_packet p;

    memset(&p, 0, sizeof(p));
    p.seen_ns = seen_ns;
    p.family = VPCVIS_ADDR_IPV4;
    memcpy(p.src, "\012\0\0\001", 4);
    memcpy(p.dst, "\012\0\001\001", 4);
    p.srcport = 1000;
    p.dstport = 443;
    p.protocol = 6;
    p.flags = VPCVIS_PACKET_PORTS | VPCVIS_PACKET_TCP;
    p.ip_len = 100;
    p.verdict = VPCVIS_VERDICT_ACCEPT;
    p.direction = VPCVIS_DIRECTION_INGRESS;
    return p;
}

static vpcvis_status add(vpcvis_flow *flow, const struct vpcvis_packet *p)
{
    size_t taken = 99;
    const vpcvis_status status = vpcvis_flow_add(flow, p, 1, NULL, &taken);

    ck_assert_uint_eq(taken, status == VPCVIS_OK);
    return status;
}

/* Close the window and write its records in the default format, a line each. */
static const char *drain(vpcvis_flow *flow, uint64_t now_ns)
{
    static char text[8192];
    struct vpcvis_record record;
    vpcvis_layout *layout = NULL;
    size_t at = 0, len;

    ck_assert_int_eq(vpcvis_layout_new(NULL, NULL, &layout, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flow, now_ns), VPCVIS_OK);
    while (vpcvis_flow_next(flow, &record) == VPCVIS_OK) {
        ck_assert_int_eq(
            vpcvis_line_write(layout, &record, text + at, sizeof(text) - at - 1, &len),
            VPCVIS_OK);
        at += len;
        text[at++] = '\n';
    }
    text[at] = '\0';
    vpcvis_layout_free(layout, NULL);
    return text;
}

static struct vpcvis_flow_counts counts_of(const vpcvis_flow *flow)
{
    struct vpcvis_flow_counts c;

    ck_assert_int_eq(vpcvis_flow_get(flow, &c), VPCVIS_OK);
    ck_assert_uint_eq(c.fed, c.counted + c.skipped + c.unregistered + c.left_out +
                                 c.held + c.not_ip + c.cut + c.malformed);
    return c;
}

START_TEST(a_first_look)
{
    vpcvis_flow *flow = flow_of(100, 0);
    struct vpcvis_packet p = packet_at(T0 * NS);

    p.tcp_flags = VPCVIS_TCP_SYN;
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    p.seen_ns += 7 * NS + 999999999;
    p.tcp_flags = VPCVIS_TCP_ACK | VPCVIS_TCP_PSH;
    p.ip_len = 1400;
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_str_eq(
        drain(flow, (T0 + 60) * NS),
        "5 123456789010 eni-0 10.0.0.1 10.0.1.1 1000 443 6 2 1500 1700000400 "
        "1700000407 ACCEPT OK\n");
    ck_assert_str_eq(
        drain(flow, UINT64_MAX),
        "5 123456789010 eni-0 - - - - - - - 1700000460 1700000519 - NODATA\n");
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.key] Each change makes another flow. */
START_TEST(what_makes_another_flow)
{
    vpcvis_flow *flow = flow_of(100, VPCVIS_FLOW_ORDER);
    struct vpcvis_packet p[8];
    struct vpcvis_record record;
    size_t taken;
    int i, n = 0;

    ck_assert_int_eq(add_interface(flow, 1), VPCVIS_OK);
    for (i = 0; i < 8; i++)
        p[i] = packet_at(T0 * NS);
    memcpy(p[1].src, p[0].dst, 4);
    memcpy(p[1].dst, p[0].src, 4);
    p[2].srcport = 443;
    p[2].dstport = 1000;
    p[3].protocol = 17;
    p[4].verdict = VPCVIS_VERDICT_REJECT;
    p[5].direction = VPCVIS_DIRECTION_EGRESS;
    p[6].interface = 1;
    p[7].vlan[0] = 5; /* the only one that does not */
    p[7].vlan_count = 1;
    ck_assert_int_eq(vpcvis_flow_add(flow, p, 8, NULL, &taken), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    while (vpcvis_flow_next(flow, &record) == VPCVIS_OK) {
        ck_assert_uint_eq(record.log_status, VPCVIS_LOG_STATUS_OK);
        n++;
    }
    ck_assert_int_eq(n, 7);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.key] IPv4-mapped IPv6 is IPv6. */
START_TEST(mapped_addresses_are_ipv6)
{
    vpcvis_flow *flow = flow_of(100, VPCVIS_FLOW_ORDER);
    struct vpcvis_packet p = packet_at(T0 * NS), six = p;

    six.family = VPCVIS_ADDR_IPV6;
    memset(six.src, 0, 16);
    six.src[10] = six.src[11] = 0xff;
    memcpy(six.src + 12, p.src, 4);
    memcpy(six.dst, six.src, 16);
    ck_assert_int_eq(add(flow, &six), VPCVIS_OK);
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_str_eq(
        drain(flow, UINT64_MAX),
        "5 123456789010 eni-0 10.0.0.1 10.0.1.1 1000 443 6 1 100 1700000400 1700000400 ACCEPT OK\n"
        "5 123456789010 eni-0 ::ffff:10.0.0.1 ::ffff:10.0.0.1 1000 443 6 1 100 1700000400 "
        "1700000400 ACCEPT OK\n");
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.tcp-flags] TCP flags of packets, one after another, and what the record has. */
struct flags_row {
    const char *why;
    uint32_t mask;
    uint8_t packet[4];
    uint32_t record;
};
static const struct flags_row flags_rows[] = {
    {"SYN", 0, {2}, 2},
    {"SYN-ACK", 0, {18}, 18},
    {"ACK alone is 0", 0, {16}, 0},
    {"PSH and ACK are 0", 0, {24}, 0},
    {"null scan", 0, {0}, 0},
    {"FIN-ACK is FIN", 0, {17}, 1},
    {"SYN with ECE and CWR is SYN", 0, {0xc2}, 2},
    {"short connection: 2, 18, 1 together", 0, {2, 16, 24, 17}, 3},
    {"answer of a short connection", 0, {18, 16, 17}, 19},
    {"SYN resent, then RST", 0, {2, 2, 4}, 6},
    {"xmas scan", 0, {0x29}, 1},
    {"SYN, FIN and RST in one packet", 0, {7}, 7},
    {"a mask takes flags as they are", 0x18, {2, 16, 24, 17}, 24},
    {"a mask of all", 0xff, {0xff}, 0xff},
};

START_TEST(tcp_flags)
{
    const struct flags_row *row = &flags_rows[_i];
    struct vpcvis_flow_config config = config_of(10, 0);
    struct vpcvis_packet p = packet_at(T0 * NS);
    struct vpcvis_record record;
    vpcvis_flow *flow;
    int i;

    config.tcp_mask = row->mask;
    flow = flow_with(&config);
    for (i = 0; i < 4; i++) {
        p.tcp_flags = row->packet[i];
        ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    }
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    ck_assert_msg(record.tcp_flags == row->record, "%s: %u", row->why,
                  (unsigned)record.tcp_flags);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.windows] A time and the window that holds it. */
struct window_row {
    const char *why;
    uint64_t interval, phase, seen_ns, from, to;
};
static const struct window_row window_rows[] = {
    {"first ns of a window", 60, 0, 120 * NS, 120, 180},
    {"last ns of a window", 60, 0, 180 * NS - 1, 120, 180},
    {"first ns of the next", 60, 0, 180 * NS, 180, 240},
    {"phase moves all windows", 60, 10, 129 * NS, 70, 130},
    {"and begins one", 60, 10, 130 * NS, 130, 190},
    {"before the phase the first window is short", 600, 100, 99 * NS, 0, 100},
    {"time 0", 600, 0, 0, 0, 600},
    {"one second", 1, 0, 7 * NS + 5, 7, 8},
    {"default is 600", 0, 0, T0 *NS, T0, T0 + 600},
    {"2^32 - 1 s", 60, 0, UINT64_C(4294967295) * NS, 4294967280u, 4294967340u},
    {"2^63 ns", 60, 0, UINT64_C(1) << 63, 9223372020, 9223372080},
    {"the longest interval", 4294967295u, 0, UINT64_C(5000000000) * NS, 4294967295u,
     8589934590u},
    {"the last ns of all", 600, 0, UINT64_MAX, 18446743800, 18446744400},
};

START_TEST(windows)
{
    const struct window_row *row = &window_rows[_i];
    struct vpcvis_flow_config config = config_of(10, 0);
    struct vpcvis_packet p = packet_at(row->seen_ns);
    struct vpcvis_record record;
    vpcvis_flow *flow;

    config.interval_s = row->interval;
    config.phase_s = row->phase;
    flow = flow_with(&config);
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_uint_eq(counts_of(flow).open_from_s, row->from);
    ck_assert_uint_eq(counts_of(flow).open_to_s, row->to);
    if (row->to < UINT64_MAX / NS) {
        ck_assert_int_eq(vpcvis_flow_tick(flow, row->to * NS - 1), VPCVIS_NOMATCH);
        p.seen_ns = row->to * NS;
        ck_assert_int_eq(add(flow, &p), VPCVIS_MORE);
        ck_assert_int_eq(vpcvis_flow_tick(flow, row->to * NS), VPCVIS_OK);
        ck_assert_uint_eq(counts_of(flow).open_from_s, row->to);
    } else {
        ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    }
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    ck_assert_uint_eq(record.start_s, row->seen_ns / NS);
    ck_assert_uint_eq(record.end_s, row->seen_ns / NS);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.values] [flow.late] Older packets count at the first second; all is the same in any order. */
START_TEST(late_packets)
{
    vpcvis_flow *flow = flow_of(10, 0);
    struct vpcvis_packet p = packet_at((T0 + 30) * NS);
    struct vpcvis_record record;

    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    p.seen_ns -= 20 * NS; /* back, but within the window */
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_uint_eq(counts_of(flow).late, 0);
    p.seen_ns -= 3600 * NS;
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    p.seen_ns = 0;
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_uint_eq(counts_of(flow).late, 2);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    ck_assert_uint_eq(record.flags, VPCVIS_RECORD_LATE);
    ck_assert_uint_eq(record.packets, 4);
    ck_assert_uint_eq(record.start_s, T0);
    ck_assert_uint_eq(record.end_s, T0 + 30);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.windows] Ten years, or 2^31 windows, are one tick and make no records up. */
START_TEST(clock_jumps)
{
    vpcvis_flow *flow = flow_of(10, 0);
    struct vpcvis_packet p = packet_at(T0 * NS);

    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    p.seen_ns += UINT64_C(315576000) * NS;
    ck_assert_int_eq(add(flow, &p), VPCVIS_MORE);
    ck_assert_int_eq(strlen(drain(flow, p.seen_ns)), 88);
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_int_eq(strlen(drain(flow, UINT64_C(60) * NS << 27)), 88);
    ck_assert_uint_eq(counts_of(flow).windows, 2);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.skipdata] Two flows have room; the third is skipped and those stay exact. */
START_TEST(full_table)
{
    vpcvis_flow *flow = flow_of(2, VPCVIS_FLOW_ORDER);
    struct vpcvis_flow_interface seen;
    struct vpcvis_packet p = packet_at(T0 * NS);
    int i, n;

    for (n = 0; n < 3; n++) {
        for (i = 1; i <= 4; i++) {
            p.src[3] = (uint8_t)i;
            ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
        }
    }
    ck_assert_uint_eq(counts_of(flow).skipped, 6);
    ck_assert_uint_eq(counts_of(flow).counted, 6);
    ck_assert_int_eq(vpcvis_flow_get_interface(flow, 0, &seen), VPCVIS_OK);
    ck_assert_uint_eq(seen.packets, 6);
    ck_assert_uint_eq(seen.skipped, 6);
    ck_assert_uint_eq(seen.skipped_bytes, 600);
    ck_assert_str_eq(
        drain(flow, UINT64_MAX),
        "5 123456789010 eni-0 10.0.0.1 10.0.1.1 1000 443 6 3 300 1700000400 1700000400 ACCEPT OK\n"
        "5 123456789010 eni-0 10.0.0.2 10.0.1.1 1000 443 6 3 300 1700000400 1700000400 ACCEPT OK\n"
        "5 123456789010 eni-0 - - - - - - - 1700000400 1700000459 - SKIPDATA\n");
    p.src[3] = 9;
    p.seen_ns += 60 * NS;
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK); /* the next window has room again */
    ck_assert_uint_eq(counts_of(flow).flows_ipv4, 1);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* Capacities that are no round numbers: all of it is there. */
START_TEST(every_capacity_can_be_filled)
{
    static const uint32_t capacities[] = {1, 2, 3, 7, 10, 11, 63, 100, 1000, 4095};
    const uint32_t capacity = capacities[_i];
    vpcvis_flow *flow = flow_of(capacity, 0);
    struct vpcvis_packet p = packet_at(T0 * NS);
    uint32_t i;

    for (i = 0; i < capacity + 5; i++) {
        p.srcport = (uint16_t)i;
        p.src[2] = (uint8_t)(i >> 16);
        ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    }
    ck_assert_uint_eq(counts_of(flow).flows_ipv4, capacity);
    ck_assert_uint_eq(counts_of(flow).skipped, 5);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.conservation] What does not count, by kind; none of it opens a window. */
START_TEST(what_does_not_count)
{
    vpcvis_flow *flow = flow_of(10, 0);
    struct vpcvis_packet p[7];
    struct vpcvis_flow_counts c;
    size_t taken;
    int i;

    for (i = 0; i < 7; i++)
        p[i] = packet_at(T0 * NS);
    p[0].flags |= VPCVIS_PACKET_BAD;
    p[1].flags |= VPCVIS_PACKET_HELD;
    p[2].flags |= VPCVIS_PACKET_LEFT;
    p[3].family = 0;
    p[4].family = 0;
    p[4].flags = VPCVIS_PACKET_CUT_IP;
    p[5].interface = 1;
    p[6].interface = UINT32_MAX;
    ck_assert_int_eq(vpcvis_flow_add(flow, p, 7, NULL, &taken), VPCVIS_OK);
    c = counts_of(flow);
    ck_assert_uint_eq(c.fed, 7);
    ck_assert_uint_eq(c.malformed, 1);
    ck_assert_uint_eq(c.held, 1);
    ck_assert_uint_eq(c.left_out, 1);
    ck_assert_uint_eq(c.not_ip, 1);
    ck_assert_uint_eq(c.cut, 1);
    ck_assert_uint_eq(c.unregistered, 2);
    ck_assert_uint_eq(c.open_to_s, 0);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.nodata] Interfaces come and go. */
START_TEST(interfaces_come_and_go)
{
    vpcvis_flow *flow = flow_of(10, 0);
    struct vpcvis_packet p = packet_at(T0 * NS);

    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_int_eq(add_interface(flow, 3), VPCVIS_OK); /* within the window */
    ck_assert_int_eq(add_interface(flow, 3), VPCVIS_E_ARG);
    ck_assert_int_eq(add_interface(flow, 4), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_flow_remove_interface(flow, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_flow_remove_interface(flow, 0), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_remove_interface(flow, 0), VPCVIS_E_ARG);
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_uint_eq(counts_of(flow).unregistered, 1);
    ck_assert_int_eq(add_interface(flow, 0), VPCVIS_MORE);
    ck_assert_str_eq(
        drain(flow, (T0 + 60) * NS),
        "5 123456789010 eni-0 10.0.0.1 10.0.1.1 1000 443 6 1 100 1700000400 1700000400 ACCEPT OK\n"
        "5 123456789010 eni-3 - - - - - - - 1700000400 1700000459 - NODATA\n");
    ck_assert_int_eq(add_interface(flow, 0), VPCVIS_MORE);
    ck_assert_str_eq(
        drain(flow, (T0 + 120) * NS),
        "5 123456789010 eni-3 - - - - - - - 1700000460 1700000519 - NODATA\n");
    ck_assert_int_eq(add_interface(flow, 0), VPCVIS_OK);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

START_TEST(one_window_at_a_time_is_drained)
{
    vpcvis_flow *flow = flow_of(10, 0);
    struct vpcvis_packet p = packet_at(T0 * NS);
    struct vpcvis_record first, second;

    ck_assert_int_eq(vpcvis_flow_next(flow, &first), VPCVIS_DONE);
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    p.src[3] = 2;
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flow, (T0 + 60) * NS), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &first), VPCVIS_OK);
    p.seen_ns += 60 * NS; /* the other half takes packets meanwhile */
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flow, (T0 + 120) * NS), VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_flow_next(flow, &second), VPCVIS_OK);
    ck_assert_uint_eq(first.srcaddr.bytes[3] + second.srcaddr.bytes[3], 3);
    ck_assert_int_eq(vpcvis_flow_next(flow, &second), VPCVIS_DONE);
    ck_assert_int_eq(vpcvis_flow_next(flow, &second), VPCVIS_DONE);
    ck_assert_int_eq(vpcvis_flow_tick(flow, (T0 + 120) * NS), VPCVIS_OK);
    vpcvis_flow_free(flow, NULL); /* with a record undelivered */
    vpcvis_flow_free(NULL, NULL);
}
END_TEST

/* [flow.hints] Of two hints the one of the smaller time is kept, whichever came first. */
START_TEST(hints)
{
    const int swapped = _i;
    vpcvis_flow *flow = flow_of(10, 0);
    struct vpcvis_packet p[3] = {packet_at((T0 + 5) * NS), packet_at((T0 + 9) * NS),
                                 packet_at(T0 * NS)};
    struct vpcvis_flow_hint hint[3], tmp;
    struct vpcvis_packet other;
    struct vpcvis_record record;
    size_t taken;

    memset(hint, 0, sizeof(hint));
    hint[0].pkt_dstaddr.family = VPCVIS_ADDR_IPV4;
    hint[0].pkt_dstaddr.bytes[0] = 203;
    hint[0].traffic_path = 8;
    hint[1].traffic_path = 1;
    hint[2].pkt_srcaddr.family = VPCVIS_ADDR_IPV6; /* of another family: not used */
    if (swapped) {
        tmp = hint[0], hint[0] = hint[1], hint[1] = tmp;
        other = p[0], p[0] = p[1], p[1] = other;
    }
    ck_assert_int_eq(vpcvis_flow_add(flow, p, 3, hint, &taken), VPCVIS_OK);
    ck_assert_uint_eq(counts_of(flow).hints_unfit, 1);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    ck_assert_uint_eq(record.traffic_path, 8);
    ck_assert_uint_eq(record.pkt_dstaddr.bytes[0], 203);
    ck_assert_mem_eq(&record.pkt_srcaddr, &record.srcaddr, sizeof(record.srcaddr));
    vpcvis_flow_free(flow, NULL);
}
END_TEST

START_TEST(services_have_names)
{
    static const char *const names[] = {"AMAZON", "S3"};
    struct vpcvis_flow_config config = config_of(10, 0);
    struct vpcvis_prefix_entry entries[2];
    struct vpcvis_packet p = packet_at(T0 * NS);
    struct vpcvis_record record;
    struct vpcvis_value value;
    vpcvis_prefix *map = NULL;
    vpcvis_flow *flow;

    memset(entries, 0, sizeof(entries));
    ck_assert_int_eq(vpcvis_addr_read_cidr("10.0.0.0/8", 10, &entries[0].cidr, NULL), 0);
    ck_assert_int_eq(vpcvis_addr_read_cidr("10.0.1.0/24", 11, &entries[1].cidr, NULL), 0);
    entries[1].value = 1;
    ck_assert_int_eq(vpcvis_prefix_new(entries, 2, NULL, NULL, &map, NULL), VPCVIS_OK);
    config.services = map;
    config.service_names = names;
    config.service_count = 2;
    flow = flow_with(&config);
    ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    vpcvis_record_get(&record, VPCVIS_FIELD_PKT_SRC_AWS_SERVICE, &value);
    ck_assert_mem_eq(value.text, "AMAZON", 6);
    vpcvis_record_get(&record, VPCVIS_FIELD_PKT_DST_AWS_SERVICE, &value);
    ck_assert_uint_eq(value.text_len, 2);
    ck_assert_mem_eq(value.text, "S3", 2);
    vpcvis_flow_free(flow, NULL);
    vpcvis_prefix_free(map, NULL);
}
END_TEST

/* [flow.records] Lines of the default format, 60 s each, into a window of 600 s. */
START_TEST(records_into_longer_windows)
{
    static const char *const lines[] = {
        "2 1 e 10.0.0.1 10.0.1.1 1000 443 6 1 100 1700000400 1700000459 ACCEPT OK",
        "2 1 e 10.0.0.1 10.0.1.1 1000 443 6 2 200 1700000460 1700000510 ACCEPT OK",
        "2 1 e 10.0.0.1 10.0.1.1 1000 443 6 2 200 1700000460 1700000510 ACCEPT OK",
        "2 1 e 10.0.0.1 10.0.1.1 1000 443 6 5 500 1700000999 1700001030 REJECT OK",
        "2 1 e - - - - - - - 1700000520 1700000579 - NODATA",
        "2 1 e - - - - - - - 1700000580 1700000639 - SKIPDATA",
        "2 1 e 10.0.0.1 - 1000 443 6 5 500 1700000999 1700001030 REJECT OK",
        "2 1 e 10.0.0.1 10.0.1.1 1000 443 6 7 18446744073709551615 1699999999 1700000401 ACCEPT OK",
    };
    struct vpcvis_flow_config config = config_of(10, VPCVIS_FLOW_ORDER);
    static const uint32_t zeros[8];
    struct vpcvis_record record[8], late;
    vpcvis_layout *layout = NULL;
    vpcvis_flow *flow;
    size_t taken;
    int i;

    config.interval_s = 600;
    flow = flow_with(&config);
    ck_assert_int_eq(vpcvis_layout_new(NULL, NULL, &layout, NULL), VPCVIS_OK);
    for (i = 0; i < COUNT(lines); i++)
        ck_assert_int_eq(
            vpcvis_line_read(layout, 0, lines[i], strlen(lines[i]), &record[i], NULL),
            VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_flow_add_records(flow, record, sizeof(record[0]), 8, zeros, &taken),
        VPCVIS_OK);
    ck_assert_uint_eq(taken, 8);
    late = record[0];
    late.start_s = 1700001000;
    ck_assert_int_eq(vpcvis_flow_add_records(flow, &late, sizeof(late), 1, zeros, &taken),
                     VPCVIS_MORE);
    ck_assert_uint_eq(counts_of(flow).malformed, 1);
    ck_assert_int_eq(vpcvis_flow_tick(flow, 1700001000 * NS), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &late), VPCVIS_OK);
    ck_assert_uint_eq(late.packets, 12);
    ck_assert_uint_eq(late.bytes, UINT64_MAX);
    ck_assert_uint_eq(late.flags, VPCVIS_RECORD_LATE | VPCVIS_RECORD_SATURATED);
    ck_assert_uint_eq(late.start_s, 1700000400);
    ck_assert_uint_eq(late.end_s, 1700000510);
    ck_assert_int_eq(vpcvis_flow_next(flow, &late), VPCVIS_OK);
    ck_assert_uint_eq(late.action, VPCVIS_ACTION_REJECT);
    ck_assert_uint_eq(late.end_s, 1700001030); /* beyond the window, as it was */
    ck_assert_int_eq(vpcvis_flow_next(flow, &late), VPCVIS_OK);
    ck_assert_uint_eq(late.log_status, VPCVIS_LOG_STATUS_SKIPDATA);
    ck_assert_int_eq(vpcvis_flow_next(flow, &late), VPCVIS_DONE);
    vpcvis_layout_free(layout, NULL);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

START_TEST(merging_needs_machines_that_fit)
{
    struct vpcvis_flow_config config = config_of(10, VPCVIS_FLOW_ORDER);
    struct vpcvis_packet p = packet_at(T0 * NS);
    struct vpcvis_record record;
    vpcvis_flow *flows[3];

    flows[0] = flow_with(&config);
    flows[1] = flow_with(&config);
    config.interval_s = 61;
    flows[2] = flow_with(&config);
    ck_assert_int_eq(vpcvis_flow_merge(flows, 0, &record), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_flow_merge(flows, 3, &record), VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_flow_merge(flows, 2, &record), VPCVIS_DONE);
    ck_assert_int_eq(add(flows[1], &p), VPCVIS_OK); /* the other had no traffic at all */
    ck_assert_int_eq(vpcvis_flow_tick(flows[0], UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flows[1], UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_merge(flows, 2, &record), VPCVIS_OK);
    ck_assert_uint_eq(record.packets, 1);
    ck_assert_int_eq(vpcvis_flow_merge(flows, 2, &record), VPCVIS_DONE);
    vpcvis_flow_free(flows[0], NULL);
    vpcvis_flow_free(flows[1], NULL);
    vpcvis_flow_free(flows[2], NULL);
}
END_TEST

/* Configs that cannot be. */
START_TEST(bad_configs)
{
    static const char *const space[] = {"A B"}, *const empty[] = {""};
    struct vpcvis_flow_config c[12];
    vpcvis_flow *flow = (void *)c;
    int i;

    for (i = 0; i < 12; i++)
        c[i] = config_of(10, 0);
    c[0].hash_key[3] = 0;
    c[1].flags = 4;
    c[2].interval_s = UINT64_C(1) << 32;
    c[3].phase_s = 60;
    c[4].capacity = UINT32_MAX;
    c[5].capacity_ipv6 = UINT32_MAX;
    c[6].interfaces = VPCVIS_FLOW_INTERFACES_MAX + 1;
    c[7].interface_bytes = 32769;
    c[8].tcp_mask = 256;
    c[9].service_names = space;
    c[9].service_count = 1;
    c[10].service_names = empty;
    c[10].service_count = 1;
    c[11].size = 3;
    for (i = 0; i < 12; i++) {
        ck_assert_msg(vpcvis_flow_bytes(&c[i]) == 0, "config %d", i);
        ck_assert_int_eq(vpcvis_flow_new(&c[i], NULL, &flow), VPCVIS_E_CONFIG);
    }
    c[0].flags = VPCVIS_FLOW_UNKEYED;
    ck_assert_uint_gt(vpcvis_flow_bytes(&c[0]), 0);
    c[0].cpu = 17;
    ck_assert_int_eq(vpcvis_flow_new(&c[0], NULL, &flow), VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_flow_new(NULL, NULL, &flow), VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_flow_new(&c[0], NULL, NULL), VPCVIS_E_ARG);
    ck_assert_ptr_eq(flow, (void *)c);
}
END_TEST

/* Exactly the bytes it says, at every alignment, between unreadable pages. */
START_TEST(exact_memory)
{
    struct vpcvis_flow_config config = config_of(3, VPCVIS_FLOW_ORDER);
    const size_t bytes = vpcvis_flow_bytes(&config);
    char *zeros = calloc(1, bytes + 8);
    char *memory = guard_copy(zeros, bytes + (size_t)_i);
    struct vpcvis_packet p = packet_at(T0 * NS);
    vpcvis_flow *flow = NULL;
    int i;

    ck_assert_int_eq(vpcvis_flow_init(memory, bytes - 1, &config, &flow), VPCVIS_E_SPACE);
    ck_assert_ptr_null(flow);
    ck_assert_int_eq(vpcvis_flow_init(memory + _i, bytes, &config, &flow), VPCVIS_OK);
    for (i = 0; i < 4; i++)
        ck_assert_int_eq(add_interface(flow, (uint32_t)i), VPCVIS_OK);
    for (i = 0; i < 9; i++) {
        p.src[3] = (uint8_t)i;
        p.interface = (uint32_t)i % 4;
        p.family = i % 2 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
        ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    }
    ck_assert_uint_eq(counts_of(flow).flows_ipv4, 3);
    ck_assert_uint_gt(strlen(drain(flow, UINT64_MAX)), 0);
    free(zeros);
}
END_TEST

/* What is registered fits, or says what it needs. */
START_TEST(room_for_interfaces)
{
    static const char text[] = "eni-0123456789abcdef0";
    struct vpcvis_flow_config config = config_of(1, 0);
    struct vpcvis_record about;
    struct vpcvis_value value;
    vpcvis_flow *flow = NULL;
    size_t needed = 0;

    vpcvis_record_init(&about, text);
    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_VALUE;
    value.text = text;
    value.text_len = 21;
    vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &value);
    config.interface_bytes = 48;
    ck_assert_int_eq(vpcvis_flow_new(&config, NULL, &flow), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_add_interface(flow, 0, &about, &needed), VPCVIS_E_SPACE);
    vpcvis_flow_free(flow, NULL);
    config.interface_bytes = (uint32_t)needed;
    ck_assert_int_eq(vpcvis_flow_new(&config, NULL, &flow), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_add_interface(flow, 0, &about, NULL), VPCVIS_OK);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

static int allocations_left;
static void *failing_alloc(void *context, size_t bytes)
{
    (void)context;
    return allocations_left-- > 0 ? malloc(bytes) : NULL;
}
static void plain_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

START_TEST(allocation_failure)
{
    const struct vpcvis_allocator allocator = {failing_alloc, plain_free, NULL};
    const struct vpcvis_flow_config config = config_of(10, 0);
    vpcvis_flow *flow = NULL;

    allocations_left = 0;
    ck_assert_int_eq(vpcvis_flow_new(&config, &allocator, &flow), VPCVIS_E_MEMORY);
    ck_assert_ptr_null(flow);
    allocations_left = 1;
    ck_assert_int_eq(vpcvis_flow_new(&config, &allocator, &flow), VPCVIS_OK);
    vpcvis_flow_free(flow, &allocator);
}
END_TEST

/* [flow.flooding] More random flows than there is room for, on every path: the bound on
 * comparisons holds, what is fed is accounted for. */
START_TEST(flood)
{
    struct vpcvis_flow_config config = config_of(4096, 0);
    static struct vpcvis_packet p[256];
    uint64_t state = 88172645463325252u, n;
    struct vpcvis_flow_counts c;
    vpcvis_flow *flow;
    size_t taken;
    int i;

    config.cpu = (uint32_t)_i;
    if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK) {
        printf("skipped: this CPU has no %s\n", vpcvis_base_cpu_name(config.cpu));
        return;
    }
    flow = flow_with(&config);
    for (n = 0; n < 400; n++) {
        for (i = 0; i < 256; i++) {
            p[i] = packet_at(T0 * NS);
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            memcpy(p[i].src, &state, 4);
            memcpy(p[i].dst, (char *)&state + 4, 4);
        }
        ck_assert_int_eq(vpcvis_flow_add(flow, p, 256, NULL, &taken), VPCVIS_OK);
    }
    c = counts_of(flow);
    ck_assert_uint_eq(c.flows_ipv4, 4096);
    ck_assert_uint_eq(c.counted, 4096);
    ck_assert_uint_eq(c.fed, 400 * 256);
    ck_assert_uint_le(c.compares_max, VPCVIS_FLOW_COMPARES_MAX);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

START_TEST(structs)
{
    ck_assert_uint_eq(sizeof(struct vpcvis_flow_config), 88);
    ck_assert_uint_eq(sizeof(struct vpcvis_flow_hint), 56);
    ck_assert_uint_eq(sizeof(struct vpcvis_flow_counts), 144);
    ck_assert_uint_eq(sizeof(struct vpcvis_flow_interface), 48);
}
END_TEST

START_TEST(rows_at_a_stride)
{
    vpcvis_flow *flow = flow_of(10, VPCVIS_FLOW_ORDER);
    struct vpcvis_packet p = packet_at(T0 * NS);
    char rows[3 * 200];
    struct vpcvis_record *row = (void *)rows, last;
    size_t count;
    int i;

    for (i = 1; i <= 3; i++) {
        p.src[3] = (uint8_t)i;
        ck_assert_int_eq(add(flow, &p), VPCVIS_OK);
    }
    memset(rows, 0x5a, sizeof(rows));
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next_rows(flow, row, 191, 2, &count), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_flow_next_rows(flow, row, 200, 2, &count), VPCVIS_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(rows[400], 0x5a);
    ck_assert_int_eq(vpcvis_flow_next_rows(flow, row, 200, 2, &count), VPCVIS_DONE);
    ck_assert_uint_eq(count, 1);
    memcpy(&last, rows, 200);
    ck_assert_uint_eq(last.srcaddr.bytes[3], 3);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow");
    TCase *tests = tcase_create("flow");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, a_first_look);
    tcase_add_test(tests, what_makes_another_flow);
    tcase_add_test(tests, mapped_addresses_are_ipv6);
    tcase_add_loop_test(tests, tcp_flags, 0, COUNT(flags_rows));
    tcase_add_loop_test(tests, windows, 0, COUNT(window_rows));
    tcase_add_test(tests, late_packets);
    tcase_add_test(tests, clock_jumps);
    tcase_add_test(tests, full_table);
    tcase_add_loop_test(tests, every_capacity_can_be_filled, 0, 10);
    tcase_add_test(tests, what_does_not_count);
    tcase_add_test(tests, interfaces_come_and_go);
    tcase_add_test(tests, one_window_at_a_time_is_drained);
    tcase_add_loop_test(tests, hints, 0, 2);
    tcase_add_test(tests, services_have_names);
    tcase_add_test(tests, records_into_longer_windows);
    tcase_add_test(tests, merging_needs_machines_that_fit);
    tcase_add_test(tests, bad_configs);
    tcase_add_loop_test(tests, exact_memory, 0, 8);
    tcase_add_test(tests, room_for_interfaces);
    tcase_add_test(tests, allocation_failure);
    tcase_add_loop_test(tests, flood, 0, VPCVIS_CPU_NEON + 1);
    tcase_add_test(tests, structs);
    tcase_add_test(tests, rows_at_a_stride);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
