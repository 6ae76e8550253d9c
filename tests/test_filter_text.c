/* SPDX-License-Identifier: MIT */
/*
 * Room filter: rules as text and back, what is refused and where, explain part by part, lint,
 * memory.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "support_filter.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define ALL  "from 0.0.0.0/0 to 0.0.0.0/0"
#define ALL6 "from ::/0 to ::/0"

/* clang-format off */

/* Lines that are written as they are read, or as the second text. [filter.text] */
static const struct {
    const char *text, *canonical, *why;
} trips[] = {
    {"ingress 100 accept tcp from 10.0.0.0/8 port 1024-65535 to 0.0.0.0/0 port 443 # text", NULL, "the model"},
    {"egress 1 reject all " ALL, NULL, "all protocols"},
    {"egress 1 reject -1 " ALL, "egress 1 reject all " ALL, "-1 is all"},
    {"egress 1 reject 6 " ALL, "egress 1 reject tcp " ALL, "numbers that have names"},
    {"egress 1 reject 0 " ALL, NULL, "nasty 18: protocol 0 is not all"},
    {"egress 1 reject 255 " ALL, NULL, "and that have none"},
    {"egress 1 reject icmpv6 " ALL6, NULL, "IPv6"},
    {"egress 1 reject udplite " ALL6, NULL, "the longest name"},
    {"ingress 0 accept tcp from 2001:db8::/32 port 0 to ::ffff:0.0.0.0/96 port 0-65535", NULL, "ports 0"},
    {"ingress 1 accept tcp from 0.0.0.0/0 port 5-5 to 0.0.0.0/0", "ingress 1 accept tcp from 0.0.0.0/0 port 5 to 0.0.0.0/0", "a range of one"},
    {"ingress 4294967295 accept tcp " ALL, NULL, "nasty 3: the largest number"},
    {"ingress 1 accept tcp from 10.1.2.3/8 to 10.0.0.0/8", NULL, "nasty 9: host bits are kept as text"},
    {"  ingress\t1  accept tcp " ALL " \t", "ingress 1 accept tcp " ALL, "runs of blanks"},
    {"ingress 1 accept tcp " ALL "\r", "ingress 1 accept tcp " ALL, "a carriage return"},
    {"ingress 1 accept tcp " ALL " #", "ingress 1 accept tcp " ALL, "an empty description"},
    {"ingress 1 accept tcp " ALL " #x", "ingress 1 accept tcp " ALL " # x", "no space before it"},
    {"ingress 1 accept tcp " ALL " #  x # y ", NULL, "all of it is kept"},
    {"ingress 1 accept tcp " ALL " # d\xc3\xa9j\xc3\xa0", NULL, "nasty 32: UTF-8"},
    {"ingress 1 accept icmp from 0.0.0.0/0 port 1 to ::/0", NULL, "what only plan refuses"},
};

/* Lines that are not read: status, part and the byte at fault. */
static const struct {
    const char *text;
    vpcvis_status status;
    uint32_t part, offset;
    const char *why;
} bad_lines[] = {
    {"inbound 1 accept tcp " ALL, VPCVIS_E_WORD, VPCVIS_FILTER_PART_DIRECTION, 0, "a direction"},
    {"Ingress 1 accept tcp " ALL, VPCVIS_E_WORD, VPCVIS_FILTER_PART_DIRECTION, 0, "lower case only"},
    {"ingress", VPCVIS_E_WORD, VPCVIS_FILTER_PART_NUMBER, 7, "no number"},
    {"ingress accept", VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_NUMBER, 8, "a word for it"},
    {"ingress 01 accept", VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_NUMBER, 8, "a leading zero"},
    {"ingress +1 accept", VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_NUMBER, 8, "nasty 42: a sign"},
    {"ingress 1e3 accept", VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_NUMBER, 9, "nasty 42: an exponent"},
    {"ingress 4294967296 accept", VPCVIS_E_RANGE, VPCVIS_FILTER_PART_NUMBER, 8, "nasty 3: 2^32"},
    {"ingress 1 drop", VPCVIS_E_WORD, VPCVIS_FILTER_PART_ACTION, 10, "an action"},
    {"ingress 1 accept", VPCVIS_E_WORD, VPCVIS_FILTER_PART_PROTOCOL, 16, "no protocol"},
    {"ingress 1 accept tcpp " ALL, VPCVIS_E_WORD, VPCVIS_FILTER_PART_PROTOCOL, 17, "a protocol's name"},
    {"ingress 1 accept 256 " ALL, VPCVIS_E_RANGE, VPCVIS_FILTER_PART_PROTOCOL, 17, "its number"},
    {"ingress 1 accept -2 " ALL, VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_PROTOCOL, 17, "another sign"},
    {"ingress 1 accept tcp 0.0.0.0/0", VPCVIS_E_WORD, VPCVIS_FILTER_PART_SRC, 21, "from is missing"},
    {"ingress 1 accept tcp from", VPCVIS_E_WORD, VPCVIS_FILTER_PART_SRC, 25, "no block"},
    {"ingress 1 accept tcp from 10.0.0.0 to", VPCVIS_E_PREFIX, VPCVIS_FILTER_PART_SRC, 34, "nasty 8: no slash"},
    {"ingress 1 accept tcp from 10.0.0.0/ to", VPCVIS_E_PREFIX, VPCVIS_FILTER_PART_SRC, 35, "nasty 8: nothing after it"},
    {"ingress 1 accept tcp from 10.0.0.0/33 to", VPCVIS_E_PREFIX, VPCVIS_FILTER_PART_SRC, 36, "nasty 8: /33"},
    {"ingress 1 accept tcp from 10.0.0.0/-1 to", VPCVIS_E_PREFIX, VPCVIS_FILTER_PART_SRC, 35, "nasty 8: /-1"},
    {"ingress 1 accept tcp from 10.0.0.0/08 to", VPCVIS_E_PREFIX, VPCVIS_FILTER_PART_SRC, 36, "nasty 8: /08"},
    {"ingress 1 accept tcp from ::/129 to", VPCVIS_E_PREFIX, VPCVIS_FILTER_PART_SRC, 31, "nasty 8: /129"},
    {"ingress 1 accept tcp from 010.0.0.0/8 to", VPCVIS_E_ADDRESS, VPCVIS_FILTER_PART_SRC, 29, "nasty 10: leading zeros"},
    {"ingress 1 accept tcp from 10.0.0.0/8 prt 5", VPCVIS_E_WORD, VPCVIS_FILTER_PART_DST, 37, "neither port nor to"},
    {"ingress 1 accept tcp from 10.0.0.0/8 port", VPCVIS_E_WORD, VPCVIS_FILTER_PART_SRCPORT, 41, "no port"},
    {"ingress 1 accept tcp from 10.0.0.0/8 port 5- to ", VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_SRCPORT, 44, "must-pass 8: from only"},
    {"ingress 1 accept tcp from 10.0.0.0/8 port -5 to ", VPCVIS_E_NUMBER, VPCVIS_FILTER_PART_SRCPORT, 42, "to only"},
    {"ingress 1 accept tcp from 10.0.0.0/8 port 6-5 to ", VPCVIS_E_RANGE, VPCVIS_FILTER_PART_SRCPORT, 44, "nasty 16: from > to"},
    {"ingress 1 accept tcp from 10.0.0.0/8 port 65536 to ", VPCVIS_E_RANGE, VPCVIS_FILTER_PART_SRCPORT, 42, "nasty 16: 65536"},
    {"ingress 1 accept tcp " ALL " port 1 x", VPCVIS_E_WORD, VPCVIS_FILTER_PART_NONE, 56, "nasty 42: trailing junk"},
    {"ingress 1 accept tcp " ALL " # a\x01" "b", VPCVIS_E_BYTE, VPCVIS_FILTER_PART_TEXT, 52, "nasty 32: a control character"},
    {"service", VPCVIS_E_WORD, VPCVIS_FILTER_PART_SERVICE, 7, "no service"},
    {"service amazon-ntp", VPCVIS_E_WORD, VPCVIS_FILTER_PART_SERVICE, 8, "one that there is not"},
    {"service amazon-dns x", VPCVIS_E_WORD, VPCVIS_FILTER_PART_NONE, 19, "junk after it"},
};

/* Rules that are read and not planned: which one, and its part. */
static const struct {
    const char *rules;
    uint32_t flags;
    vpcvis_status status;
    uint32_t line, part;
    const char *why;
} bad_rules[] = {
    {"ingress 1 accept tcp " ALL "; ingress 1 reject udp " ALL6, 0, VPCVIS_E_DUPLICATE, 2, VPCVIS_FILTER_PART_NUMBER, "nasty 4 [filter.number]"},
    {"ingress 9 accept tcp " ALL "; ingress 1 reject udp " ALL "; ingress 9 accept tcp " ALL, 0, VPCVIS_E_DUPLICATE, 3, VPCVIS_FILTER_PART_NUMBER, "the later one"},
    {"ingress 1 accept tcp from 0.0.0.0/0 to ::/0", 0, VPCVIS_E_RULE, 1, VPCVIS_FILTER_PART_FAMILY, "must-pass 8: mixed families"},
    {"ingress 1 accept icmp " ALL " port 1", 0, VPCVIS_E_RULE, 1, VPCVIS_FILTER_PART_DSTPORT, "nasty 17: ports of ICMP [filter.ports]"},
    {"ingress 1 accept 255 " ALL " port 1", 0, VPCVIS_E_RULE, 1, VPCVIS_FILTER_PART_DSTPORT, "nasty 17: of 255"},
    {"egress 1 accept all from 0.0.0.0/0 port 1 to 0.0.0.0/0", 0, VPCVIS_E_RULE, 1, VPCVIS_FILTER_PART_SRCPORT, "nasty 17: of all"},
    {"egress 1 accept 0 from 0.0.0.0/0 port 1 to 0.0.0.0/0", VPCVIS_FILTER_PROTOCOL_0, VPCVIS_E_RULE, 1, VPCVIS_FILTER_PART_SRCPORT, "and of 0 as all"},
    {"ingress 0 accept tcp " ALL, VPCVIS_FILTER_STRICT, VPCVIS_E_RANGE, 1, VPCVIS_FILTER_PART_NUMBER, "nasty 3: 0 [filter.strict]"},
    {"ingress 32767 accept tcp " ALL, VPCVIS_FILTER_STRICT, VPCVIS_E_RANGE, 1, VPCVIS_FILTER_PART_NUMBER, "nasty 3: 32767"},
    {"ingress 1 accept tcp " ALL "; ingress 2 accept tcp from 0.0.0.0/0 to 10.0.0.1/8", VPCVIS_FILTER_STRICT, VPCVIS_E_PREFIX, 2, VPCVIS_FILTER_PART_DST, "nasty 9: host bits"},
    {"ingress 1 accept tcp from ::1/127 to ::/0", VPCVIS_FILTER_STRICT, VPCVIS_E_PREFIX, 1, VPCVIS_FILTER_PART_SRC, "of IPv6"},
};

/* What lint says: "kind rule by" of each. [filter.lint] */
static const struct {
    const char *rules, *findings, *why;
} lints[] = {
    {"ingress 1 reject tcp " ALL " port 22; ingress 2 accept tcp " ALL " port 443", "", "nothing"},
    {"ingress 1 accept tcp " ALL "; ingress 2 reject tcp from 10.0.0.0/8 to 0.0.0.0/0 port 22", "2:1<0 5:1", "covered by an earlier one; an idle reject"},
    {"ingress 2 reject tcp from 10.0.0.0/8 to 0.0.0.0/0; ingress 1 accept tcp " ALL "; ingress 3 accept udp " ALL, "2:0<1", "order is that of numbers"},
    {"ingress 1 accept tcp " ALL "; ingress 2 accept tcp " ALL, "1:1<0", "the same again"},
    {"ingress 1 accept tcp " ALL "; egress 2 accept tcp " ALL, "", "another direction"},
    {"ingress 1 accept tcp " ALL "; ingress 2 accept tcp " ALL6, "", "another family"},
    {"ingress 1 accept all " ALL, "3:0", "accept all"},
    {"ingress 1 accept all from 0.0.0.0/1 to 0.0.0.0/0; ingress 2 accept all from 128.0.0.0/1 to 0.0.0.0/0", "4:1<0", "in two halves"},
    {"ingress 1 accept all from 0.0.0.0/1 to 0.0.0.0/0; ingress 2 accept all from 0.0.0.0/0 to 128.0.0.0/1", "", "halves of different things"},
    {"ingress 1 accept tcp " ALL "; ingress 9 reject all " ALL, "5:1", "a last reject says what no match says"},
    {"ingress 1 accept tcp " ALL " port 1-9; ingress 2 accept tcp " ALL " port 2-9", "2:1<0", "ranges within ranges"},
    {"ingress 1 accept tcp " ALL " port 0-65535; ingress 2 accept tcp " ALL, "", "all ports are less than no range"},
    {"ingress 1 accept tcp " ALL "; ingress 2 accept tcp " ALL " port 0-65535", "2:1<0", "and no range is more"},
    {"ingress 1 accept all from 10.0.0.9/8 to 0.0.0.0/0; ingress 2 accept all from 10.0.0.0/8 to 0.0.0.0/0", "1:1<0", "host bits do not count"},
    {"ingress 1 accept all from ::/1 to ::/0; ingress 2 accept all from 8000::/1 to ::/0; ingress 3 accept tcp " ALL6, "4:1<0", "two together are not looked at for cover"},
};
/* clang-format on */

START_TEST(round_trips)
{
    const char *text = trips[_i].text;
    const char *wanted = trips[_i].canonical ? trips[_i].canonical : text;
    const size_t len = strlen(text);
    struct vpcvis_rule rule, again;
    uint32_t kind = 0, service = 0;
    char *out;
    size_t out_len, need;

    ck_assert_int_eq(
        vpcvis_filter_read(guard_copy(text, len), len, &kind, &rule, &service, NULL),
        VPCVIS_OK);
    ck_assert_uint_eq(kind, VPCVIS_FILTER_LINE_RULE);
    ck_assert_int_eq(vpcvis_filter_write(&rule, NULL, 0, &need), VPCVIS_E_SPACE);
    ck_assert_uint_eq(need, strlen(wanted));
    out = guard_copy(NULL, need);
    ck_assert_int_eq(vpcvis_filter_write(&rule, out, need - 1, &out_len), VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_filter_write(&rule, out, need, &out_len), VPCVIS_OK);
    ck_assert_msg(memcmp(out, wanted, need) == 0, "%.*s (%s)", (int)need, out,
                  trips[_i].why);
    ck_assert_int_eq(vpcvis_filter_read(out, need, &kind, &again, &service, NULL),
                     VPCVIS_OK);
    ck_assert_uint_eq(again.text_len, rule.text_len);
    if (rule.text_len > 0)
        ck_assert_int_eq(memcmp(again.text, rule.text, rule.text_len), 0);
    again.text = rule.text;
    ck_assert_int_eq(memcmp(&again, &rule, sizeof rule), 0);
}
END_TEST

START_TEST(lines_refused)
{
    const size_t len = strlen(bad_lines[_i].text);
    struct vpcvis_error error;
    struct vpcvis_rule rule, before;
    uint32_t kind = 77, service = 77;

    memset(&rule, 0x5a, sizeof rule);
    before = rule;
    memset(&error, 0, sizeof error);
    ck_assert_msg(vpcvis_filter_read(guard_copy(bad_lines[_i].text, len), len, &kind,
                                     &rule, &service, &error) == bad_lines[_i].status,
                  "%s: %s", bad_lines[_i].text, vpcvis_base_status_name(error.status));
    ck_assert_msg(error.column == bad_lines[_i].part &&
                      error.offset == bad_lines[_i].offset,
                  "%s: part %u at %u", bad_lines[_i].text, (unsigned)error.column,
                  (unsigned)error.offset);
    ck_assert_uint_eq(error.field, VPCVIS_FIELD_NONE);
    ck_assert(kind == 77 && service == 77 && memcmp(&rule, &before, sizeof rule) == 0);
}
END_TEST

/* A NUL in a description is a control character; blanks and comments are nothing. */
START_TEST(other_lines)
{
    static const char nul[] = "ingress 1 accept tcp " ALL " # a\0b";
    static const char *const nothing[] = {"", " ", "\t\r", "# a comment", "  #"};
    struct vpcvis_error error;
    struct vpcvis_rule rule;
    uint32_t kind = 0, service = 0;
    size_t i, len;

    ck_assert_int_eq(
        vpcvis_filter_read(nul, sizeof nul - 1, &kind, &rule, &service, &error),
        VPCVIS_E_BYTE);
    ck_assert_uint_eq(error.offset, 52);
    for (i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        ck_assert_int_eq(vpcvis_filter_read(nothing[i], strlen(nothing[i]), &kind, &rule,
                                            &service, &error),
                         VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_filter_read(NULL, 0, &kind, &rule, &service, NULL),
                     VPCVIS_NOMATCH);
    ck_assert_int_eq(
        vpcvis_filter_read("service amazon-dns", 18, &kind, &rule, &service, NULL),
        VPCVIS_OK);
    ck_assert(kind == VPCVIS_FILTER_LINE_SERVICE && service == VPCVIS_FILTER_AMAZON_DNS);
    ck_assert_int_eq(vpcvis_filter_read(NULL, 1, &kind, &rule, &service, NULL),
                     VPCVIS_E_ARG);
    rule = (struct vpcvis_rule){0};
    ck_assert_int_eq(vpcvis_filter_write(&rule, NULL, 0, &len), VPCVIS_E_ARG);
    filter_rules("ingress 1 accept tcp " ALL, &rule, 1, &service);
    rule.text = "a\nb";
    rule.text_len = 3;
    ck_assert_int_eq(vpcvis_filter_write(&rule, NULL, 0, &len), VPCVIS_E_BYTE);
    ck_assert_str_eq(vpcvis_filter_service_name(VPCVIS_FILTER_AMAZON_DNS), "amazon-dns");
    ck_assert_ptr_null(vpcvis_filter_service_name(2));
    ck_assert_str_eq(vpcvis_filter_part_name(VPCVIS_FILTER_PART_DSTPORT), "dstport");
    ck_assert_ptr_null(vpcvis_filter_part_name(VPCVIS_FILTER_PART_COUNT));
    ck_assert_uint_eq(vpcvis_filter_rule_bytes(), sizeof(struct vpcvis_rule));
    ck_assert_uint_eq(vpcvis_filter_answer_bytes(), 16);
}
END_TEST

START_TEST(texts_of_lines)
{
    static const char text[] = "# rules\ningress 1 accept tcp " ALL
                               "\r\n\n"
                               "service amazon-dns\negress 2 reject udp " ALL6 " # x";
    static const char bad[] = "ingress 1 accept tcp " ALL "\negress x";
    struct vpcvis_rule rules[2];
    struct vpcvis_error error;
    uint32_t services = 0;
    size_t count = 9;

    ck_assert_int_eq(
        vpcvis_filter_read_lines(text, sizeof text - 1, NULL, 0, &count, &services, NULL),
        VPCVIS_E_SPACE);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(services, 0);
    ck_assert_int_eq(vpcvis_filter_read_lines(text, sizeof text - 1, rules, 2, &count,
                                              &services, NULL),
                     VPCVIS_OK);
    ck_assert(count == 2 && services == 1 && rules[1].number == 2);
    ck_assert_int_eq(memcmp(rules[1].text, "x", rules[1].text_len), 0);
    ck_assert_int_eq(vpcvis_filter_read_lines(bad, sizeof bad - 1, rules, 2, &count,
                                              &services, &error),
                     VPCVIS_E_NUMBER);
    ck_assert(error.line == 2 && error.line_at == 49 && error.offset == 7);
    ck_assert_int_eq(vpcvis_filter_read_lines(NULL, 0, NULL, 0, &count, &services, NULL),
                     VPCVIS_OK);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(rules_refused)
{
    struct vpcvis_filter_config config;
    struct vpcvis_filter_needs needs;
    struct vpcvis_error error;
    struct vpcvis_rule rules[8];
    vpcvis_filter *filter = NULL;
    char scratch[4096];
    uint32_t services;
    const size_t count = filter_rules(bad_rules[_i].rules, rules, 8, &services);

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = bad_rules[_i].flags;
    ck_assert_int_eq(vpcvis_filter_plan(rules, count, &config, scratch, sizeof scratch,
                                        &needs, &error),
                     bad_rules[_i].status);
    ck_assert_msg(error.line == bad_rules[_i].line && error.column == bad_rules[_i].part,
                  "%s", bad_rules[_i].why);
    ck_assert_int_eq(vpcvis_filter_new(rules, count, &config, NULL, &filter, &error),
                     bad_rules[_i].status);
    ck_assert_ptr_null(filter);
}
END_TEST

START_TEST(strict_limits)
{
    struct vpcvis_filter_config config = {
        sizeof config, VPCVIS_FILTER_STRICT, 0, 0, 0, 0, 0, NULL};
    struct vpcvis_rule rules[11];
    struct vpcvis_error error;
    vpcvis_filter *filter;
    char text[256];
    uint32_t services, i;

    memset(text, 'x', sizeof text);
    for (i = 0; i < 11; i++) {
        filter_rules("ingress 1 accept tcp " ALL, &rules[i], 1, &services);
        rules[i].number = i == 0 ? 32766 : i;
    }
    rules[0].text = text;
    rules[0].text_len = 255;
    ck_assert_int_eq(vpcvis_filter_new(rules, 10, &config, NULL, &filter, &error),
                     VPCVIS_OK);
    vpcvis_filter_free(filter, NULL);
    ck_assert_int_eq(vpcvis_filter_new(rules, 11, &config, NULL, &filter, &error),
                     VPCVIS_E_LIMIT);
    ck_assert_uint_eq(error.line, 11);
    rules[0].text_len = 256; /* nasty 32 */
    ck_assert_int_eq(vpcvis_filter_new(rules, 10, &config, NULL, &filter, &error),
                     VPCVIS_E_LONG);
    ck_assert_uint_eq(error.column, VPCVIS_FILTER_PART_TEXT);
    config.flags = 0;
    ck_assert_int_eq(vpcvis_filter_new(rules, 11, &config, NULL, &filter, &error),
                     VPCVIS_OK);
    vpcvis_filter_free(filter, NULL);
}
END_TEST

/* Values that reading never makes. */
START_TEST(values_refused)
{
    struct vpcvis_rule good, rules[9];
    struct vpcvis_error error;
    vpcvis_filter *filter;
    uint32_t services, i;
    static const vpcvis_status wanted[9] = {VPCVIS_E_ARG, VPCVIS_E_ARG,   VPCVIS_E_ARG,
                                            VPCVIS_E_ARG, VPCVIS_E_ARG,   VPCVIS_E_PREFIX,
                                            VPCVIS_E_ARG, VPCVIS_E_RANGE, VPCVIS_E_ARG};

    filter_rules("ingress 1 accept tcp " ALL " port 5", &good, 1, &services);
    for (i = 0; i < 9; i++)
        rules[i] = good;
    rules[0].valid = 8;
    rules[1].reserved = 1;
    rules[2].direction = 3;
    rules[3].action = 0;
    rules[4].src.addr.family = 5;
    rules[5].dst.prefix_len = 33;
    rules[6].dst.addr.family = 0;
    rules[7].dstport[0] = 6;
    rules[8].text_len = 1;
    for (i = 0; i < 9; i++)
        ck_assert_int_eq(vpcvis_filter_new(&rules[i], 1, NULL, NULL, &filter, &error),
                         wanted[i]);
}
END_TEST

START_TEST(configs_refused)
{
    struct vpcvis_filter_config config;
    struct vpcvis_filter_needs needs;
    struct vpcvis_filter_answer answer;
    struct vpcvis_packet packet = filter_packet("in tcp 1.1.1.1 1 2.2.2.2 2");
    vpcvis_filter *filter;
    uint32_t i;

    for (i = 0; i < 6; i++) {
        memset(&config, 0, sizeof config);
        config.size = i == 0 ? 2 : sizeof config;
        config.flags = i == 1 ? 2048 : 0;
        config.cpu = i == 2 ? 6 : 0;
        config.services = i == 3 ? 2 : 0;
        config.structure = i == 4 ? 3 : 0;
        config.reserved = i == 5;
        ck_assert_int_eq(vpcvis_filter_new(NULL, 0, &config, NULL, &filter, NULL),
                         VPCVIS_E_CONFIG);
    }
    ck_assert_int_eq(vpcvis_filter_new(NULL, 1, NULL, NULL, &filter, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_filter_new(NULL, 0, NULL, NULL, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_filter_plan(NULL, 0, NULL, NULL, 0, NULL, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_filter_plan(NULL, VPCVIS_FILTER_RULES_MAX, NULL, NULL, 0, &needs, NULL),
        VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_filter_new(NULL, 0, NULL, NULL, &filter, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_filter_match(filter, NULL, sizeof packet, 0, 0, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_filter_match(filter, NULL, sizeof packet, 1, 0, &answer),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_filter_match(filter, &packet, 120, 1, 0, &answer),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_filter_match(filter, &packet, 132, 1, 0, &answer),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_filter_match(filter, &packet, sizeof packet, 1, 3, &answer),
                     VPCVIS_E_ARG);
    vpcvis_filter_free(filter, NULL);
}
END_TEST

/* Part by part, in the order of the rules given. [filter.explain] */
START_TEST(explained)
{
    static const uint8_t wanted[] = {
        VPCVIS_FILTER_PART_DIRECTION, VPCVIS_FILTER_PART_FAMILY,
        VPCVIS_FILTER_PART_PROTOCOL,  VPCVIS_FILTER_PART_SRC,
        VPCVIS_FILTER_PART_SRCPORT,   VPCVIS_FILTER_PART_DST,
        VPCVIS_FILTER_PART_DSTPORT,   VPCVIS_FILTER_PART_NONE,
        VPCVIS_FILTER_PART_NONE};
    const struct vpcvis_packet packet = filter_packet("in tcp 10.0.0.1 1000 10.0.0.2 80");
    struct vpcvis_filter_answer answer;
    struct vpcvis_rule rules[9];
    uint32_t services;
    uint8_t *parts = (uint8_t *)guard_copy(NULL, 9);
    const size_t count =
        filter_rules("egress 1 accept tcp " ALL "; ingress 1 accept tcp " ALL6
                     "; ingress 2 accept udp " ALL
                     "; ingress 3 accept tcp from 10.0.0.2/32 to 0.0.0.0/0"
                     "; ingress 4 accept tcp from 10.0.0.1/32 port 1-999 to 0.0.0.0/0"
                     "; ingress 5 accept tcp from 0.0.0.0/0 to 10.0.0.1/32"
                     "; ingress 6 accept tcp " ALL " port 443; ingress 9 reject all " ALL
                     "; ingress 8 accept tcp " ALL " port 80",
                     rules, 9, &services);

    ck_assert_int_eq(
        vpcvis_filter_explain(rules, count, NULL, &packet, 0, parts, &answer, NULL),
        VPCVIS_OK);
    ck_assert_int_eq(memcmp(parts, wanted, sizeof wanted), 0);
    ck_assert(answer.rule == 8 && answer.number == 8 &&
              answer.action == VPCVIS_FILTER_ACCEPT);
    ck_assert_int_eq(
        vpcvis_filter_explain(rules, count, NULL, &packet, 3, parts, &answer, NULL),
        VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_filter_explain(rules, count, NULL, NULL, 0, parts, &answer, NULL),
        VPCVIS_E_ARG);
}
END_TEST

START_TEST(linted)
{
    struct vpcvis_filter_finding *findings;
    struct vpcvis_rule rules[8];
    char text[256] = "";
    uint32_t services;
    size_t found = 99, need = 99, i;
    const size_t count = filter_rules(lints[_i].rules, rules, 8, &services);
    const vpcvis_status status =
        vpcvis_filter_lint(rules, count, NULL, NULL, 0, &need, NULL);

    ck_assert_int_eq(status, need > 0 ? VPCVIS_E_SPACE : VPCVIS_OK);
    findings = (void *)guard_copy(NULL, need * sizeof *findings);
    ck_assert_int_eq(vpcvis_filter_lint(rules, count, NULL, findings, need, &found, NULL),
                     VPCVIS_OK);
    for (i = 0; i < found; i++) {
        char *end = text + strlen(text);
        end += sprintf(end, "%s%u:%u", i ? " " : "", (unsigned)findings[i].kind,
                       (unsigned)findings[i].rule);
        if (findings[i].by != VPCVIS_FILTER_NONE)
            sprintf(end, "<%u", (unsigned)findings[i].by);
    }
    ck_assert_msg(strcmp(text, lints[_i].findings) == 0, "%s: `%s` (%s)", lints[_i].rules,
                  text, lints[_i].why);
}
END_TEST

/* Plan is exact: what it says suffices, at any alignment, and one byte less does not. */
START_TEST(planned_bytes)
{
    struct vpcvis_filter_needs needs;
    struct vpcvis_rule rules[8];
    vpcvis_filter *filter;
    uint32_t services, shift;
    const size_t count =
        filter_rules("ingress 1 accept tcp " ALL
                     "; ingress 2 reject tcp from 10.0.0.0/8 to 0.0.0.0/0; "
                     "egress 1 accept udp " ALL6,
                     rules, 8, &services);

    needs.bytes = 77;
    ck_assert_int_eq(vpcvis_filter_plan(rules, count, NULL, NULL, 0, &needs, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_uint_eq(needs.bytes, 77);
    for (shift = 0; shift < 3; shift++) {
        const size_t len = (size_t)needs.scratch;
        char *scratch = guard_copy(NULL, len + shift), *memory;
        ck_assert_int_eq(
            vpcvis_filter_plan(rules, count, NULL, scratch, len - 1, &needs, NULL),
            VPCVIS_E_SPACE);
        ck_assert_int_eq(
            vpcvis_filter_plan(rules, count, NULL, scratch + shift, len, &needs, NULL),
            VPCVIS_OK);
        ck_assert(needs.ingress == 2 && needs.egress == 1 && needs.covered == 1);
        ck_assert(needs.structure == VPCVIS_FILTER_LINEAR && needs.flags == 0);
        memory = guard_copy(NULL, (size_t)needs.bytes + shift) + shift;
        ck_assert_int_eq(vpcvis_filter_build(rules, count, NULL, memory,
                                             (size_t)needs.bytes - 1, scratch, len,
                                             &filter, NULL),
                         VPCVIS_E_SPACE);
        ck_assert_int_eq(vpcvis_filter_build(rules, count, NULL, memory,
                                             (size_t)needs.bytes, scratch, len, &filter,
                                             NULL),
                         VPCVIS_OK);
    }
}
END_TEST

struct budget {
    int left;
};

static void *spend(void *context, size_t bytes)
{
    struct budget *budget = context;
    return budget->left-- > 0 ? malloc(bytes) : NULL;
}

static void give_back(void *context, void *memory)
{
    (void)context;
    free(memory);
}

/* nasty 6, 34, 36: whatever fails, the filter in use stays; a new one is swapped in. */
START_TEST(allocation_failures)
{
    struct budget budget;
    struct vpcvis_allocator allocator = {spend, give_back, &budget};
    const struct vpcvis_packet packet = filter_packet("in tcp 1.1.1.1 1 2.2.2.2 2");
    struct vpcvis_filter_answer answer;
    struct vpcvis_rule rule;
    vpcvis_filter *used, *next = NULL;
    uint32_t services;
    int fail;

    filter_rules("ingress 5 accept tcp " ALL, &rule, 1, &services);
    budget.left = 9;
    ck_assert_int_eq(vpcvis_filter_new(&rule, 1, NULL, &allocator, &used, NULL),
                     VPCVIS_OK);
    for (fail = 0;; fail++) {
        vpcvis_status status;
        budget.left = fail;
        status = vpcvis_filter_new(NULL, 0, NULL, &allocator, &next, NULL);
        if (status == VPCVIS_OK)
            break;
        ck_assert_int_eq(status, VPCVIS_E_MEMORY);
        ck_assert_ptr_null(next);
        vpcvis_filter_match(used, &packet, sizeof packet, 1, 0, &answer);
        ck_assert_str_eq(filter_words(&answer), "accept 5");
    }
    ck_assert_int_ge(fail, 2);
    vpcvis_filter_free(used, &allocator);
    vpcvis_filter_match(next, &packet, sizeof packet, 1, 0, &answer);
    ck_assert_str_eq(filter_words(&answer), "none");
    vpcvis_filter_free(next, &allocator);
    vpcvis_filter_free(NULL, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filter_text");
    TCase *tests = tcase_create("filter_text");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tests, round_trips, 0, COUNT(trips));
    tcase_add_loop_test(tests, lines_refused, 0, COUNT(bad_lines));
    tcase_add_test(tests, other_lines);
    tcase_add_test(tests, texts_of_lines);
    tcase_add_loop_test(tests, rules_refused, 0, COUNT(bad_rules));
    tcase_add_test(tests, strict_limits);
    tcase_add_test(tests, values_refused);
    tcase_add_test(tests, configs_refused);
    tcase_add_test(tests, explained);
    tcase_add_loop_test(tests, linted, 0, COUNT(lints));
    tcase_add_test(tests, planned_bytes);
    tcase_add_test(tests, allocation_failures);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
