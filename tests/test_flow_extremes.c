/* SPDX-License-Identifier: MIT */
/*
 * Room flow at its ends: counters that run over, a hundred thousand interfaces; and what must
 * make no difference: the order of packets, the hash key, the path.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define NS UINT64_C(1000000000)
#define T0 UINT64_C(1700000400)

static struct vpcvis_flow_config config_of(uint32_t capacity)
{
    struct vpcvis_flow_config config;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.capacity = capacity;
    config.flags = VPCVIS_FLOW_ORDER;
    config.hash_key[7] = 1;
    return config;
}

static vpcvis_flow *flow_with(const struct vpcvis_flow_config *config)
{
    struct vpcvis_record about;
    vpcvis_flow *flow = NULL;

    vpcvis_record_init(&about, NULL);
    ck_assert_int_eq(vpcvis_flow_new(config, NULL, &flow), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_add_interface(flow, 0, &about, NULL), VPCVIS_OK);
    return flow;
}

static struct vpcvis_packet packet_of(uint32_t n)
{
    struct vpcvis_packet p;

    memset(&p, 0, sizeof(p));
    p.seen_ns = (T0 + n % 500) * NS;
    p.family = n % 3 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
    p.src[0] = (uint8_t)(n >> 16);
    p.src[1] = (uint8_t)(n >> 8);
    p.src[2] = (uint8_t)n;
    p.protocol = 6;
    p.ip_len = 40 + n % 1000;
    p.tcp_flags = (uint8_t)(n * 7);
    return p;
}

static void add(vpcvis_flow *flow, const struct vpcvis_packet *p, size_t count)
{
    size_t taken;

    ck_assert_int_eq(vpcvis_flow_add(flow, p, count, NULL, &taken), VPCVIS_OK);
    ck_assert_uint_eq(taken, count);
}

/* [flow.values] A flow near the end of 64 bits, and packets that bring it over. */
START_TEST(counters_stop_at_their_end)
{
    const struct vpcvis_flow_config config = config_of(10);
    vpcvis_flow *flow = flow_with(&config);
    struct vpcvis_packet p = packet_of(1);
    struct vpcvis_record record;
    const uint32_t zero = 0;
    size_t taken;
    int i;

    vpcvis_record_init(&record, NULL);
    record.value[0] = 0x3ff8; /* srcaddr to log-status */
    record.srcaddr.family = record.dstaddr.family = VPCVIS_ADDR_IPV4;
    memcpy(record.srcaddr.bytes, p.src, 4);
    record.protocol = 6;
    record.packets = UINT64_MAX - (_i == 0 ? 2 : 1000);
    record.bytes = _i == 0 ? 1000 : UINT64_MAX - 50;
    record.start_s = record.end_s = T0;
    record.log_status = VPCVIS_LOG_STATUS_OK;
    ck_assert_int_eq(
        vpcvis_flow_add_records(flow, &record, sizeof(record), 1, &zero, &taken),
        VPCVIS_OK);
    for (i = 0; i < 3; i++)
        add(flow, &p, 1);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    ck_assert_uint_eq(record.packets, _i == 0 ? UINT64_MAX : UINT64_MAX - 997);
    ck_assert_uint_eq(record.bytes, _i == 0 ? 1123 : UINT64_MAX);
    ck_assert_uint_eq(record.flags & VPCVIS_RECORD_SATURATED, VPCVIS_RECORD_SATURATED);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* Bytes of packets: 0, and more than 16 bits as offloaded ones have. */
START_TEST(lengths_of_all_sizes)
{
    const struct vpcvis_flow_config config = config_of(10);
    vpcvis_flow *flow = flow_with(&config);
    struct vpcvis_packet p = packet_of(1);
    struct vpcvis_record record;

    p.ip_len = 0;
    add(flow, &p, 1);
    p.ip_len = 200000;
    add(flow, &p, 1);
    p.ip_len = UINT32_MAX;
    add(flow, &p, 1);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
    ck_assert_uint_eq(record.bytes, UINT64_C(4295167295));
    ck_assert_uint_eq(record.packets, 3);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* [flow.nodata] Every one of a hundred thousand interfaces, the first and last included. */
START_TEST(many_interfaces)
{
    struct vpcvis_flow_config config = config_of(10);
    struct vpcvis_packet p = packet_of(1);
    struct vpcvis_record about, record;
    struct vpcvis_value value;
    vpcvis_flow *flow = NULL;
    char name[16];
    uint32_t i;

    config.interfaces = 100000;
    config.interface_bytes = 64;
    ck_assert_int_eq(vpcvis_flow_new(&config, NULL, &flow), VPCVIS_OK);
    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_VALUE;
    value.text = name;
    for (i = 0; i < config.interfaces; i++) {
        value.text_len = (uint32_t)sprintf(name, "eni-%u", (unsigned)i);
        vpcvis_record_init(&about, name);
        ck_assert_int_eq(vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &value), 0);
        ck_assert_int_eq(vpcvis_flow_add_interface(flow, i, &about, NULL), VPCVIS_OK);
    }
    add(flow, &p, 1);
    p.interface = 99999;
    add(flow, &p, 1);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    for (i = 0; vpcvis_flow_next(flow, &record) == VPCVIS_OK; i++) {
        const uint32_t number = i < 2 ? i * 99999 : i - 1;
        vpcvis_record_get(&record, VPCVIS_FIELD_INTERFACE_ID, &value);
        ck_assert_uint_eq(value.text_len, (uint32_t)sprintf(name, "eni-%u", number));
        ck_assert_mem_eq(value.text, name, value.text_len);
        ck_assert_uint_eq(record.log_status,
                          i < 2 ? VPCVIS_LOG_STATUS_OK : VPCVIS_LOG_STATUS_NODATA);
    }
    ck_assert_uint_eq(i, 2 + 99998);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

#define FLOWS 30000u

static int same(const struct vpcvis_record *a, const struct vpcvis_record *b)
{
    struct vpcvis_record x = *a, y = *b;

    x.base = y.base = NULL; /* each machine has its own copy of texts */
    return memcmp(&x, &y, sizeof(x)) == 0;
}

/* What a machine of this config says of the same packets, in order or in another. */
static vpcvis_flow *fed(const struct vpcvis_flow_config *config, uint32_t step)
{
    static struct vpcvis_packet batch[500];
    vpcvis_flow *flow = flow_with(config);
    uint32_t i, n = 0;

    ck_assert_int_eq(vpcvis_flow_tick(flow, T0 * NS), VPCVIS_OK);
    for (i = 0; i < FLOWS; i++) {
        batch[n++] = packet_of((uint32_t)((uint64_t)i * step % FLOWS) / 2);
        if (n == 500) {
            add(flow, batch, n);
            n = 0;
        }
    }
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    return flow;
}

/* Another order, another key, another path: the same records in the same order. */
START_TEST(what_makes_no_difference)
{
    struct vpcvis_flow_config config = config_of(FLOWS);
    struct vpcvis_record a, b;
    vpcvis_flow *one, *other;
    uint32_t step = 1, records = 0;
    vpcvis_status status;

    config.capacity_ipv6 = FLOWS;
    one = fed(&config, 1);
    if (_i == 0)
        step = 7919; /* has no factor in common with FLOWS */
    else if (_i == 1)
        config.hash_key[0] = 99;
    else
        config.cpu = (uint32_t)_i - 1;
    if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK) {
        printf("skipped: this CPU has no %s\n", vpcvis_base_cpu_name(config.cpu));
        vpcvis_flow_free(one, NULL);
        return;
    }
    other = fed(&config, step);
    do {
        status = vpcvis_flow_next(one, &a);
        ck_assert_int_eq(vpcvis_flow_next(other, &b), status);
        if (status == VPCVIS_OK)
            ck_assert(same(&a, &b));
        records += status == VPCVIS_OK;
    } while (status == VPCVIS_OK);
    ck_assert_uint_eq(records, FLOWS / 2);
    vpcvis_flow_free(one, NULL);
    vpcvis_flow_free(other, NULL);
}
END_TEST

#define TIMES 4096u

/* Nanoseconds beside the ends of seconds, all over the longest window there is. */
static uint64_t time_of(uint32_t i)
{
    const uint64_t second = UINT64_C(4294967294) * (i / 3) / (TIMES / 3);

    return second * NS + (i % 3 == 0 ? NS - 1 : i % 3 - 1);
}

/* [flow.values] The second of a packet is never rounded up nor down, on any path. */
START_TEST(seconds_are_whole)
{
    static struct vpcvis_packet batch[TIMES];
    struct vpcvis_flow_config config = config_of(TIMES);
    struct vpcvis_record record;
    vpcvis_flow *flow;
    uint32_t i;

    config.interval_s = UINT32_MAX;
    config.cpu = (uint32_t)_i;
    if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK) {
        printf("skipped: this CPU has no %s\n", vpcvis_base_cpu_name(config.cpu));
        return;
    }
    flow = flow_with(&config);
    for (i = 0; i < TIMES; i++) {
        batch[i] = packet_of(i);
        batch[i].family = VPCVIS_ADDR_IPV4;
        batch[i].seen_ns = time_of(i);
    }
    add(flow, batch, TIMES); /* flows that begin, then flows that are there */
    add(flow, batch, TIMES);
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    for (i = 0; i < TIMES; i++) {
        ck_assert_int_eq(vpcvis_flow_next(flow, &record), VPCVIS_OK);
        ck_assert_uint_eq(record.start_s, time_of(i) / NS);
        ck_assert_uint_eq(record.end_s, time_of(i) / NS);
        ck_assert_uint_eq(record.packets, 2);
        ck_assert_uint_eq(record.bytes, 2 * (40 + i % 1000));
    }
    vpcvis_flow_free(flow, NULL);
}
END_TEST

/* Traffic of all kinds in any order: what counts, what is apart, two interfaces. */
static struct vpcvis_packet mixed_packet(uint64_t random)
{
    static const uint32_t marks[] = {VPCVIS_PACKET_BAD, VPCVIS_PACKET_HELD,
                                     VPCVIS_PACKET_LEFT, VPCVIS_PACKET_LATER,
                                     VPCVIS_PACKET_CUT_IP};
    struct vpcvis_packet p = packet_of((uint32_t)(random >> 8) % 512);

    p.flags = random % 16 == 0 ? marks[(random >> 4) % 5] : 0;
    p.family = (random >> 20) % 8 == 0 ? p.family : VPCVIS_ADDR_IPV4;
    p.family = (random >> 24) % 64 == 0 ? 0 : p.family;
    p.interface = (random >> 30) % 8 == 0 ? (uint32_t)(random >> 33) % 3 : 0;
    p.verdict = (uint8_t)(random >> 36);
    p.direction = (uint8_t)(random >> 44);
    p.seen_ns -= (random >> 52) % 16 == 0 ? 1000 * NS : 0;
    return p;
}

/* A machine that takes a window of mixed packets in batches of 33, with ticks where it asks. */
static vpcvis_flow *fed_mixed(const struct vpcvis_flow_config *config)
{
    static struct vpcvis_packet batch[33];
    struct vpcvis_record about;
    vpcvis_flow *flow = flow_with(config);
    uint64_t random = 88172645463325252u;
    size_t i, n, taken;

    vpcvis_record_init(&about, NULL);
    ck_assert_int_eq(vpcvis_flow_add_interface(flow, 1, &about, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_tick(flow, (T0 + 100) * NS), VPCVIS_OK);
    for (n = 0; n < 1000; n++) {
        for (i = 0; i < 33; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            batch[i] = mixed_packet(random);
        }
        for (i = 0; i < 33; i += taken + 1) /* what is past the window is passed over */
            (void)vpcvis_flow_add(flow, batch + i, 33 - i, NULL, &taken);
    }
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    return flow;
}

/* The same records and the same counts from every path, with room and without. */
START_TEST(paths_agree)
{
    struct vpcvis_flow_config config = config_of(_i % 2 ? 100 : 20000);
    struct vpcvis_flow_counts x, y;
    struct vpcvis_record a, b;
    vpcvis_flow *one, *other;
    vpcvis_status status;

    config.interfaces = 3;
    config.interval_s = 400;
    config.cpu = VPCVIS_CPU_PORTABLE;
    one = fed_mixed(&config);
    config.cpu = (uint32_t)_i / 2;
    if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK) {
        printf("skipped: this CPU has no %s\n", vpcvis_base_cpu_name(config.cpu));
        vpcvis_flow_free(one, NULL);
        return;
    }
    other = fed_mixed(&config);
    ck_assert_int_eq(vpcvis_flow_get(one, &x), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_flow_get(other, &y), VPCVIS_OK);
    ck_assert_mem_eq(&x, &y, sizeof(x));
    ck_assert_uint_gt(x.late, 0);
    do {
        status = vpcvis_flow_next(one, &a);
        ck_assert_int_eq(vpcvis_flow_next(other, &b), status);
        ck_assert(status != VPCVIS_OK || same(&a, &b));
    } while (status == VPCVIS_OK);
    vpcvis_flow_free(one, NULL);
    vpcvis_flow_free(other, NULL);
}
END_TEST

/* Calls of every length around the groups that packets are counted in lose none, whatever is
 * left over. */
START_TEST(calls_of_any_length)
{
    static struct vpcvis_packet batch[400];
    struct vpcvis_flow_config config = config_of(20000);
    struct vpcvis_record record;
    uint64_t packets = 0, fed = 0;
    vpcvis_flow *flow;
    uint32_t i, n;

    config.cpu = (uint32_t)_i;
    if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK) {
        printf("skipped: this CPU has no %s\n", vpcvis_base_cpu_name(config.cpu));
        return;
    }
    flow = flow_with(&config);
    for (i = 0; i < 400; i++) {
        batch[i] = packet_of(i);
        batch[i].family = VPCVIS_ADDR_IPV4;
    }
    for (n = 1; n <= 400; n++) {
        add(flow, batch, n);
        fed += n;
    }
    ck_assert_int_eq(vpcvis_flow_tick(flow, UINT64_MAX), VPCVIS_OK);
    while (vpcvis_flow_next(flow, &record) == VPCVIS_OK)
        packets += record.packets;
    ck_assert_uint_eq(packets, fed);
    vpcvis_flow_free(flow, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow extremes");
    TCase *tests = tcase_create("flow extremes");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, counters_stop_at_their_end, 0, 2);
    tcase_add_test(tests, lengths_of_all_sizes);
    tcase_add_test(tests, many_interfaces);
    tcase_add_loop_test(tests, what_makes_no_difference, 0, 2 + VPCVIS_CPU_NEON);
    tcase_add_loop_test(tests, seconds_are_whole, 0, VPCVIS_CPU_NEON + 1);
    tcase_add_loop_test(tests, calls_of_any_length, 0, VPCVIS_CPU_NEON + 1);
    tcase_add_loop_test(tests, paths_agree, 0, 2 * (VPCVIS_CPU_NEON + 1));
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
