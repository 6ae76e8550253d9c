/* SPDX-License-Identifier: MIT */
/*
 * Room suspect: records to mirror rules, merged to few.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define IN VPCVIS_DIRECTION_INGRESS
#define EG VPCVIS_DIRECTION_EGRESS

/* A record of a line: srcaddr dstaddr srcport dstport protocol flow-direction log-status. */
static struct vpcvis_record record_of(const char *line)
{
    static const char format[] =
        "srcaddr dstaddr srcport dstport protocol flow-direction log-status";
    struct vpcvis_layout_config config = {0};
    struct vpcvis_record record;
    vpcvis_layout *layout;

    config.size = sizeof(config);
    config.text = format;
    config.text_len = strlen(format);
    ck_assert_int_eq(vpcvis_layout_new(&config, NULL, &layout, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, strlen(line), &record, NULL),
                     VPCVIS_OK);
    vpcvis_layout_free(layout, NULL);
    return record;
}

static void require_line(const struct vpcvis_rule *rule, const char *expected)
{
    char out[300];
    size_t len = 0;

    ck_assert_int_eq(vpcvis_filter_write(rule, out, sizeof(out), &len), VPCVIS_OK);
    ck_assert_msg(len == strlen(expected) && memcmp(out, expected, len) == 0,
                  "%.*s, expected %s", (int)len, out, expected);
}

struct read_row {
    const char *line;
    uint32_t direction;
    vpcvis_status status;
    const char *own, *back;
};

/* [suspect.read] */
/* clang-format off */
static const struct read_row reads[] = {
    {"198.51.100.7 10.0.1.20 40000 443 6 ingress OK", 0, VPCVIS_OK,
     "ingress 0 accept tcp from 198.51.100.7/32 port 40000 to 10.0.1.20/32 port 443",
     "egress 0 accept tcp from 10.0.1.20/32 port 443 to 198.51.100.7/32 port 40000"},
    {"2001:db8::7 2001:db8::20 53 53 17 egress OK", 0, VPCVIS_OK,
     "egress 0 accept udp from 2001:db8::7/128 port 53 to 2001:db8::20/128 port 53",
     "ingress 0 accept udp from 2001:db8::20/128 port 53 to 2001:db8::7/128 port 53"},
    {"198.51.100.7 10.0.1.20 0 0 1 - OK", IN, VPCVIS_OK,
     "ingress 0 accept icmp from 198.51.100.7/32 to 10.0.1.20/32",
     "egress 0 accept icmp from 10.0.1.20/32 to 198.51.100.7/32"},
    {"198.51.100.7 10.0.1.20 40000 443 6 ingress OK", EG, VPCVIS_OK, /* the caller knows better */
     "egress 0 accept tcp from 198.51.100.7/32 port 40000 to 10.0.1.20/32 port 443",
     "ingress 0 accept tcp from 10.0.1.20/32 port 443 to 198.51.100.7/32 port 40000"},
    {"198.51.100.7 10.0.1.20 - 443 6 ingress OK", 0, VPCVIS_OK,
     "ingress 0 accept tcp from 198.51.100.7/32 to 10.0.1.20/32 port 443",
     "egress 0 accept tcp from 10.0.1.20/32 port 443 to 198.51.100.7/32"},
    {"198.51.100.7 10.0.1.20 40000 443 6 - OK", 0, VPCVIS_E_ARG, NULL, NULL},
    {"198.51.100.7 10.0.1.20 40000 443 6 sideways OK", 0, VPCVIS_E_ARG, NULL, NULL},
    {"198.51.100.7 10.0.1.20 40000 443 6 ingress OK", 3, VPCVIS_E_ARG, NULL, NULL},
    {"- - - - - - NODATA", IN, VPCVIS_NOMATCH, NULL, NULL},
    {"10.0.0.1 10.0.0.2 1 2 6 ingress SKIPDATA", IN, VPCVIS_NOMATCH, NULL, NULL},
    {"- 10.0.1.20 1 2 6 ingress OK", 0, VPCVIS_NOMATCH, NULL, NULL},
    {"10.0.0.1 - 1 2 6 ingress OK", 0, VPCVIS_NOMATCH, NULL, NULL},
    {"10.0.0.1 10.0.0.2 1 2 - ingress OK", 0, VPCVIS_NOMATCH, NULL, NULL},
    {"10.0.0.1 2001:db8::2 1 2 6 ingress OK", 0, VPCVIS_NOMATCH, NULL, NULL},
};
/* clang-format on */

START_TEST(records_become_rules)
{
    const struct read_row *row = &reads[_i];
    const struct vpcvis_record record = record_of(row->line);
    struct vpcvis_suspect pair[2];

    memset(pair, 0x5a, sizeof(pair));
    ck_assert_msg(vpcvis_suspect_read(&record, row->direction, pair) == row->status, "%s",
                  row->line);
    if (row->status != VPCVIS_OK) {
        ck_assert_uint_eq(pair[1].wide, 0x5a5a5a5a);
        return;
    }
    require_line(&pair[0].rule, row->own);
    require_line(&pair[1].rule, row->back);
    ck_assert_uint_eq(pair[0].conversations, 1);
    ck_assert_uint_eq(pair[0].wide, pair[1].wide);
}
END_TEST

static struct vpcvis_suspect suspect_of(const char *line)
{
    struct vpcvis_suspect suspect = {0};
    uint32_t kind, service;

    ck_assert_int_eq(
        vpcvis_filter_read(line, strlen(line), &kind, &suspect.rule, &service, NULL),
        VPCVIS_OK);
    suspect.conversations = 1;
    return suspect;
}

struct merge_row {
    const char *in[5];
    size_t limit;
    vpcvis_status status;
    const char *out[4];
    uint32_t conversations[4], wide[4];
};

/* [suspect.merge] [suspect.wide] */
/* clang-format off */
static const struct merge_row merges[] = {
    {{NULL}, 1, VPCVIS_OK, {NULL}, {0}, {0}},
    {{"ingress 1 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80"}, 1, VPCVIS_OK,
     {"ingress 10 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80"}, {1}, {0}},
    {{"ingress 1 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80", /* equal ones */
      "ingress 2 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80"}, 2, VPCVIS_OK,
     {"ingress 10 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80"}, {2}, {0}},
    {{"ingress 1 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80", /* one in another */
      "ingress 2 accept tcp from 10.0.0.0/24 to 10.0.0.2/32 port 1-80"}, 2, VPCVIS_OK,
     {"ingress 10 accept tcp from 10.0.0.0/24 to 10.0.0.2/32 port 1-80"}, {2}, {8 * 16 + 16 * 16 + 6 * 16 + 4}},
    {{"ingress 1 accept tcp from 10.0.0.6/32 port 9 to 10.0.0.2/32 port 80", /* the nearer two */
      "ingress 2 accept tcp from 10.0.0.7/32 port 9 to 10.0.0.2/32 port 80",
      "ingress 3 accept tcp from 10.9.0.7/32 port 9 to 10.0.0.2/32 port 80"}, 2, VPCVIS_OK,
     {"ingress 10 accept tcp from 10.0.0.6/31 port 9 to 10.0.0.2/32 port 80",
      "ingress 20 accept tcp from 10.9.0.7/32 port 9 to 10.0.0.2/32 port 80"}, {2, 1}, {16, 0}},
    {{"ingress 1 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80", /* ports grow before addresses */
      "ingress 2 accept tcp from 10.0.0.1/32 port 10 to 10.0.0.2/32 port 80",
      "ingress 3 accept tcp from 10.0.0.9/32 port 9 to 10.0.0.2/32 port 80"}, 2, VPCVIS_OK,
     {"ingress 10 accept tcp from 10.0.0.1/32 port 9-10 to 10.0.0.2/32 port 80",
      "ingress 20 accept tcp from 10.0.0.9/32 port 9 to 10.0.0.2/32 port 80"}, {2, 1}, {16, 0}},
    {{"ingress 1 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80", /* protocols are the last to go */
      "ingress 2 accept udp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80",
      "ingress 3 accept icmp from 10.0.0.1/32 to 10.0.0.2/32"}, 1, VPCVIS_OK,
     {"ingress 10 accept all from 10.0.0.1/32 to 10.0.0.2/32"}, {3}, {32 * 16 + 8 * 16}},
    {{"ingress 1 accept tcp from 2001:db8::1/128 port 9 to 2001:db8::f:1/128 port 80",
      "ingress 2 accept tcp from 2001:db8::3/128 port 9 to 2001:db8::f:1/128 port 80"}, 1, VPCVIS_OK,
     {"ingress 10 accept tcp from 2001:db8::/126 port 9 to 2001:db8::f:1/128 port 80"}, {2}, {32}},
    {{"egress 1 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80", /* kinds stay apart */
      "ingress 2 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80",
      "ingress 3 accept tcp from 2001:db8::1/128 port 9 to 2001:db8::2/128 port 80"}, 2, VPCVIS_E_LIMIT,
     {"ingress 10 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80",
      "ingress 20 accept tcp from 2001:db8::1/128 port 9 to 2001:db8::2/128 port 80",
      "egress 10 accept tcp from 10.0.0.1/32 port 9 to 10.0.0.2/32 port 80"}, {1, 1, 1}, {0, 0, 0}},
};
/* clang-format on */

START_TEST(rules_are_merged)
{
    const struct merge_row *row = &merges[_i];
    struct vpcvis_suspect suspects[5];
    size_t count = 0, i;

    for (; count < 5 && row->in[count]; count++)
        suspects[count] = suspect_of(row->in[count]);
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, row->limit), row->status);
    for (i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(row->out[i]);
        require_line(&suspects[i].rule, row->out[i]);
        ck_assert_uint_eq(suspects[i].conversations, row->conversations[i]);
        ck_assert_uint_eq(suspects[i].wide, row->wide[i]);
    }
    ck_assert_ptr_null(row->out[count]);
}
END_TEST

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 11) % n);
}

static struct vpcvis_suspect random_suspect(void)
{
    struct vpcvis_suspect suspect = suspect_of(
        below(4)
            ? "ingress 1 accept tcp from 10.0.0.0/32 port 1 to 10.0.0.0/32 port 1"
            : "egress 1 accept udp from 2001:db8::/128 port 1 to 2001:db8::/128 port 1");
    const size_t last = suspect.rule.src.addr.family == VPCVIS_ADDR_IPV4 ? 3 : 15;

    suspect.rule.src.addr.bytes[last] = (uint8_t)below(256);
    suspect.rule.src.addr.bytes[last - 1] = (uint8_t)below(4);
    suspect.rule.dst.addr.bytes[last] = (uint8_t)below(3);
    suspect.rule.srcport[0] = suspect.rule.srcport[1] = (uint16_t)below(65536);
    suspect.rule.dstport[0] = suspect.rule.dstport[1] = (uint16_t)(80 + below(3));
    return suspect;
}

static struct vpcvis_packet packet_of(const struct vpcvis_rule *rule)
{
    struct vpcvis_packet packet = {0};

    packet.family = rule->src.addr.family;
    packet.ethertype = packet.family == VPCVIS_ADDR_IPV4 ? 0x0800 : 0x86dd;
    packet.protocol = packet.next_header = rule->protocol;
    packet.direction = rule->direction;
    packet.flags = VPCVIS_PACKET_PORTS;
    memcpy(packet.src, rule->src.addr.bytes, 16);
    memcpy(packet.dst, rule->dst.addr.bytes, 16);
    packet.srcport = rule->srcport[0];
    packet.dstport = rule->dstport[0];
    return packet;
}

/* What any of many rules matched, the few match, whatever the limit. */
START_TEST(nothing_is_lost)
{
    static const size_t limits[] = {2, 10, 100, 130, 1000};
    const size_t most = limits[_i], total = 700;
    struct vpcvis_suspect *suspects = calloc(total, sizeof(*suspects));
    struct vpcvis_rule *rules = calloc(total, sizeof(*rules));
    struct vpcvis_packet *packets = calloc(total, sizeof(*packets));
    struct vpcvis_filter_answer *answers = calloc(total, sizeof(*answers));
    size_t count = total, i;
    uint64_t conversations = 0;
    vpcvis_filter *filter;

    for (i = 0; i < total; i++) {
        suspects[i] = random_suspect();
        packets[i] = packet_of(&suspects[i].rule);
    }
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, most), VPCVIS_OK);
    ck_assert_uint_le(count, most);
    for (i = 0; i < count; i++) {
        rules[i] = suspects[i].rule;
        conversations += suspects[i].conversations;
    }
    ck_assert_uint_eq(conversations, total);
    ck_assert_int_eq(vpcvis_filter_new(rules, count, NULL, NULL, &filter, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_filter_match(filter, packets, sizeof(*packets), total, 0, answers),
        VPCVIS_OK);
    for (i = 0; i < total; i++)
        ck_assert_uint_eq(answers[i].action, VPCVIS_FILTER_ACCEPT);
    vpcvis_filter_free(filter, NULL);
    free(suspects);
    free(rules);
    free(packets);
    free(answers);
}
END_TEST

START_TEST(arguments)
{
    struct vpcvis_suspect suspects[2] = {
        suspect_of("ingress 1 accept all from 10.0.0.0/8 to 10.0.0.0/8"),
        suspect_of("ingress 1 accept all from 10.0.0.0/8 to 10.0.0.0/8")};
    const struct vpcvis_record record = record_of("10.0.0.1 10.0.0.2 1 2 6 ingress OK");
    size_t count = 2;

    ck_assert_int_eq(vpcvis_suspect_read(NULL, IN, suspects), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_suspect_read(&record, IN, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_suspect_merge(NULL, &count, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, NULL, 1), VPCVIS_E_ARG);
    suspects[1].rule.direction = 0;
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, 1), VPCVIS_E_ARG);
    suspects[1].rule.direction = IN;
    suspects[1].rule.action = 0;
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, 1), VPCVIS_E_ARG);
    suspects[1].rule.action = VPCVIS_FILTER_ACCEPT;
    suspects[1].rule.dst.prefix_len = 33;
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, 1), VPCVIS_E_ARG);
    suspects[1].rule.dst.prefix_len = 8;
    suspects[1].rule.dst.addr.family = VPCVIS_ADDR_IPV6;
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, 1), VPCVIS_E_ARG);
    suspects[1].rule.dst.addr.family = VPCVIS_ADDR_IPV4;
    suspects[0].conversations = UINT32_MAX;
    ck_assert_int_eq(vpcvis_suspect_merge(suspects, &count, 1), VPCVIS_OK);
    ck_assert_uint_eq(suspects[0].conversations, UINT32_MAX); /* stops there */
    ck_assert_uint_eq(vpcvis_suspect_bytes(), sizeof(struct vpcvis_suspect));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("suspect");
    Suite *suite = suite_create("suspect");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, records_become_rules, 0, COUNT(reads));
    tcase_add_loop_test(tc, rules_are_merged, 0, COUNT(merges));
    tcase_add_loop_test(tc, nothing_is_lost, 0, 5);
    tcase_add_test(tc, arguments);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
