/* SPDX-License-Identifier: MIT */
/*
 * Room record: finding fields by name, words for numbers, tcp-flags, tags.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis/record.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Names in every spelling, and what they find; VPCVIS_FIELD_NONE for none. */
struct found {
    const char *name;
    uint32_t id;
    const char *why;
};

/* clang-format off */
static const struct found founds[] = {
    {"srcaddr", VPCVIS_FIELD_SRCADDR, "as AWS writes it"},
    {"srcAddr", VPCVIS_FIELD_SRCADDR, "as CloudWatch Logs Insights does"},
    {"src-addr", VPCVIS_FIELD_SRCADDR, "hyphens do not count"},
    {"SRCADDR", VPCVIS_FIELD_SRCADDR, "nor does case"},
    {"pkt-srcaddr", VPCVIS_FIELD_PKT_SRCADDR, "with a hyphen"},
    {"pkt_srcaddr", VPCVIS_FIELD_PKT_SRCADDR, "as in Parquet files"},
    {"pktSrcaddr", VPCVIS_FIELD_PKT_SRCADDR, "camelCase"},
    {"pktSrcAddr", VPCVIS_FIELD_PKT_SRCADDR, "camelCase of Insights"},
    {"nextHopAzId", VPCVIS_FIELD_NEXT_HOP_AZ_ID, "four words"},
    {"instanceTag2", VPCVIS_FIELD_INSTANCE_TAG_2, "a digit"},
    {"instance-tag-2", VPCVIS_FIELD_INSTANCE_TAG_2, "and with hyphens"},
    {"instance-tag", VPCVIS_FIELD_INSTANCE_TAG, "a name that begins another"},
    {"ecs-container-instance-arn", VPCVIS_FIELD_ECS_CONTAINER_INSTANCE_ARN, "the longest name"},
    {"ecsContainerInstanceArn", VPCVIS_FIELD_ECS_CONTAINER_INSTANCE_ARN, "and in camelCase"},
    {"end", VPCVIS_FIELD_END, "the shortest name"},
    {"", VPCVIS_FIELD_NONE, "no name"},
    {"-", VPCVIS_FIELD_NONE, "no letter"},
    {"en", VPCVIS_FIELD_NONE, "the beginning of a name"},
    {"ends", VPCVIS_FIELD_NONE, "more than a name"},
    {"vpc-idd", VPCVIS_FIELD_NONE, "the last letter twice, as long as the name with its hyphen"},
    {"instance-tag-22", VPCVIS_FIELD_NONE, "the same with a digit"},
    {"instance-tag-3", VPCVIS_FIELD_NONE, "not there yet"},
    {"${end}", VPCVIS_FIELD_NONE, "braces are the layout's business"},
    {" end", VPCVIS_FIELD_NONE, "as are spaces"},
    {"e\xC3\xB1" "d", VPCVIS_FIELD_NONE, "no ASCII"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", VPCVIS_FIELD_NONE, "longer than any"},
    {"ecs-container-instance-arn-ecs-container-instance-arn", VPCVIS_FIELD_NONE, "a long name twice"},
};
/* clang-format on */

START_TEST(names_are_found)
{
    const struct found *row = &founds[_i];
    const size_t len = strlen(row->name);
    uint32_t id = VPCVIS_FIELD_NONE;

    ck_assert_msg(vpcvis_record_find(guard_copy(row->name, len), len, &id) ==
                      (row->id == VPCVIS_FIELD_NONE ? VPCVIS_NOMATCH : VPCVIS_OK),
                  "%s: %s", row->name, row->why);
    ck_assert_msg(id == row->id, "%s: %s", row->name, row->why);
}
END_TEST

START_TEST(finding_fields_needs_arguments)
{
    uint32_t id = 7;

    ck_assert_int_eq(vpcvis_record_find(NULL, 1, &id), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_find("end", 3, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_find(NULL, 0, &id), VPCVIS_NOMATCH);
    ck_assert_uint_eq(id, 7);
}
END_TEST

/* The word for a number of a field; NULL where there is none. */
struct word {
    uint32_t id;
    uint64_t number;
    const char *word;
    int found; /* whether the word finds the number */
};

/* clang-format off */
static const struct word words[] = {
    {VPCVIS_FIELD_ACTION, VPCVIS_ACTION_ACCEPT, "ACCEPT", 1},
    {VPCVIS_FIELD_ACTION, VPCVIS_ACTION_REJECT, "REJECT", 1},
    {VPCVIS_FIELD_ACTION, 0, NULL, 0},
    {VPCVIS_FIELD_ACTION, 3, NULL, 0},
    {VPCVIS_FIELD_LOG_STATUS, VPCVIS_LOG_STATUS_OK, "OK", 1},
    {VPCVIS_FIELD_LOG_STATUS, VPCVIS_LOG_STATUS_NODATA, "NODATA", 1},
    {VPCVIS_FIELD_LOG_STATUS, VPCVIS_LOG_STATUS_SKIPDATA, "SKIPDATA", 1},
    {VPCVIS_FIELD_LOG_STATUS, 4, NULL, 0},
    {VPCVIS_FIELD_TYPE, VPCVIS_TYPE_IPV4, "IPv4", 1},
    {VPCVIS_FIELD_TYPE, VPCVIS_TYPE_IPV6, "IPv6", 1},
    {VPCVIS_FIELD_TYPE, VPCVIS_TYPE_EFA, "EFA", 1},
    {VPCVIS_FIELD_FLOW_DIRECTION, VPCVIS_FLOW_DIRECTION_INGRESS, "ingress", 1},
    {VPCVIS_FIELD_FLOW_DIRECTION, VPCVIS_FLOW_DIRECTION_EGRESS, "egress", 1},
    {VPCVIS_FIELD_SUBLOCATION_TYPE, VPCVIS_SUBLOCATION_TYPE_WAVELENGTH, "wavelength", 1},
    {VPCVIS_FIELD_SUBLOCATION_TYPE, VPCVIS_SUBLOCATION_TYPE_OUTPOST, "outpost", 1},
    {VPCVIS_FIELD_SUBLOCATION_TYPE, VPCVIS_SUBLOCATION_TYPE_LOCALZONE, "localzone", 1},
    {VPCVIS_FIELD_REJECT_REASON, VPCVIS_REJECT_REASON_BPA, "BPA", 1},
    {VPCVIS_FIELD_REJECT_REASON, VPCVIS_REJECT_REASON_EC, "EC", 1},
    {VPCVIS_FIELD_RESOURCE_TYPE, VPCVIS_RESOURCE_TYPE_TRANSIT_GATEWAY, "TransitGateway", 1},
    {VPCVIS_FIELD_RESOURCE_TYPE, VPCVIS_RESOURCE_TYPE_TRANSIT_GATEWAY_ATTACHMENT, "TransitGatewayAttachment", 1},
    {VPCVIS_FIELD_PROTOCOL, 0, "HOPOPT", 1},
    {VPCVIS_FIELD_PROTOCOL, 1, "ICMP", 1},
    {VPCVIS_FIELD_PROTOCOL, 2, "IGMP", 1},
    {VPCVIS_FIELD_PROTOCOL, 4, "IPv4", 1},
    {VPCVIS_FIELD_PROTOCOL, 6, "TCP", 1},
    {VPCVIS_FIELD_PROTOCOL, 17, "UDP", 1},
    {VPCVIS_FIELD_PROTOCOL, 33, "DCCP", 1},
    {VPCVIS_FIELD_PROTOCOL, 41, "IPv6", 1},
    {VPCVIS_FIELD_PROTOCOL, 44, "IPv6-Frag", 1},
    {VPCVIS_FIELD_PROTOCOL, 46, "RSVP", 1},
    {VPCVIS_FIELD_PROTOCOL, 47, "GRE", 1},
    {VPCVIS_FIELD_PROTOCOL, 50, "ESP", 1},
    {VPCVIS_FIELD_PROTOCOL, 51, "AH", 1},
    {VPCVIS_FIELD_PROTOCOL, 58, "IPv6-ICMP", 1},
    {VPCVIS_FIELD_PROTOCOL, 59, "IPv6-NoNxt", 1},
    {VPCVIS_FIELD_PROTOCOL, 61, NULL, 0}, /* any host internal protocol: no keyword */
    {VPCVIS_FIELD_PROTOCOL, 63, NULL, 0},
    {VPCVIS_FIELD_PROTOCOL, 68, NULL, 0},
    {VPCVIS_FIELD_PROTOCOL, 88, "EIGRP", 1},
    {VPCVIS_FIELD_PROTOCOL, 89, "OSPFIGP", 1},
    {VPCVIS_FIELD_PROTOCOL, 94, "IPIP", 1},
    {VPCVIS_FIELD_PROTOCOL, 97, "ETHERIP", 1},
    {VPCVIS_FIELD_PROTOCOL, 99, NULL, 0},
    {VPCVIS_FIELD_PROTOCOL, 103, "PIM", 1},
    {VPCVIS_FIELD_PROTOCOL, 108, "IPComp", 1},
    {VPCVIS_FIELD_PROTOCOL, 112, "VRRP", 1},
    {VPCVIS_FIELD_PROTOCOL, 114, NULL, 0},
    {VPCVIS_FIELD_PROTOCOL, 115, "L2TP", 1},
    {VPCVIS_FIELD_PROTOCOL, 124, "ISIS over IPv4", 1},
    {VPCVIS_FIELD_PROTOCOL, 132, "SCTP", 1},
    {VPCVIS_FIELD_PROTOCOL, 135, "Mobility Header", 1},
    {VPCVIS_FIELD_PROTOCOL, 136, "UDPLite", 1},
    {VPCVIS_FIELD_PROTOCOL, 139, "HIP", 1},
    {VPCVIS_FIELD_PROTOCOL, 142, "ROHC", 1},
    {VPCVIS_FIELD_PROTOCOL, 143, "Ethernet", 1},
    {VPCVIS_FIELD_PROTOCOL, 145, "NSH", 1},
    {VPCVIS_FIELD_PROTOCOL, 147, "BIT-EMU", 1},
    {VPCVIS_FIELD_PROTOCOL, 148, NULL, 0}, /* unassigned */
    {VPCVIS_FIELD_PROTOCOL, 253, NULL, 0}, /* for experiments */
    {VPCVIS_FIELD_PROTOCOL, 255, NULL, 0},
    {VPCVIS_FIELD_PROTOCOL, 262, NULL, 0}, /* 6 + 256 is not TCP */
    {VPCVIS_FIELD_PROTOCOL, UINT64_C(4294967302), NULL, 0}, /* nor is 6 + 2^32 */
    {VPCVIS_FIELD_TRAFFIC_PATH, 0, NULL, 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 1, "through another resource in the same VPC", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 2, "through an internet gateway or a gateway VPC endpoint", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 3, "through a virtual private gateway", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 4, "through an intra-region VPC peering connection", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 5, "through an inter-region VPC peering connection", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 6, "through a local gateway", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 7, "through a gateway VPC endpoint (Nitro-based instances)", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 8, "through an internet gateway (Nitro-based instances)", 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 9, NULL, 0},
    {VPCVIS_FIELD_TRAFFIC_PATH, 256, NULL, 0},
    {VPCVIS_FIELD_ENCRYPTION_STATUS, 0, "not encrypted", 0},
    {VPCVIS_FIELD_ENCRYPTION_STATUS, 1, "encrypted by Nitro", 0},
    {VPCVIS_FIELD_ENCRYPTION_STATUS, 2, "encrypted by the application", 0},
    {VPCVIS_FIELD_ENCRYPTION_STATUS, 3, "encrypted by Nitro and by the application", 0},
    {VPCVIS_FIELD_ENCRYPTION_STATUS, 4, NULL, 0},
    {VPCVIS_FIELD_SRCPORT, 80, NULL, 0},
    {VPCVIS_FIELD_COUNT, 1, NULL, 0},
    {VPCVIS_FIELD_NONE, 1, NULL, 0},
};
/* clang-format on */

START_TEST(numbers_have_words)
{
    const struct word *row = &words[_i];
    const char *word = vpcvis_record_name(row->id, row->number);
    uint64_t number = 999;
    char shouted[64];
    size_t i;

    if (row->word == NULL) {
        ck_assert_ptr_null(word);
        return;
    }
    ck_assert_ptr_nonnull(word);
    ck_assert_str_eq(word, row->word);
    for (i = 0; word[i] != '\0'; i++)
        shouted[i] =
            word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 'a' + 'A') : word[i];
    ck_assert_msg(vpcvis_record_find_name(row->id, guard_copy(shouted, i), i, &number) ==
                      (row->found ? VPCVIS_OK : VPCVIS_NOMATCH),
                  "%.*s", (int)i, shouted);
    ck_assert_uint_eq(number, row->found ? row->number : 999);
    ck_assert_int_eq(vpcvis_record_find_name(row->id, word, i - 1, &number),
                     VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_record_find_name(row->id, "", 0, &number), VPCVIS_NOMATCH);
}
END_TEST

/* Every protocol number: a keyword is found again, and no keyword is there twice. */
START_TEST(protocols_are_one_to_one)
{
    uint64_t number, found;

    for (number = 0; number < 300; number++) {
        const char *word = vpcvis_record_name(VPCVIS_FIELD_PROTOCOL, number);
        if (word == NULL)
            continue;
        ck_assert_uint_le(number, 147);
        ck_assert_int_eq(
            vpcvis_record_find_name(VPCVIS_FIELD_PROTOCOL, word, strlen(word), &found),
            VPCVIS_OK);
        ck_assert_uint_eq(found, number);
    }
}
END_TEST

START_TEST(finding_words_needs_arguments)
{
    uint64_t number = 7;

    ck_assert_int_eq(vpcvis_record_find_name(VPCVIS_FIELD_ACTION, NULL, 1, &number),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_find_name(VPCVIS_FIELD_ACTION, "ACCEPT", 6, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_find_name(VPCVIS_FIELD_ACTION, NULL, 0, &number),
                     VPCVIS_NOMATCH);
    ck_assert_uint_eq(number, 7);
}
END_TEST

/* tcp-flags as names. [record.tcp-flags] */
struct flags {
    uint32_t flags;
    const char *text;
    const char *why;
};

/* clang-format off */
static const struct flags tcp_flags[] = {
    {0, "-", "no flag: ACK or PSH alone are recorded as 0"},
    {1, "FIN", "FIN"},
    {2, "SYN", "SYN"},
    {4, "RST", "RST"},
    {8, "PSH", "PSH"},
    {16, "ACK", "ACK without SYN"},
    {32, "URG", "URG"},
    {64, "ECE", "ECE"},
    {128, "CWR", "CWR"},
    {18, "SYN-ACK", "the answer to SYN"},
    {3, "FIN|SYN", "a short connection in one interval"},
    {19, "FIN|SYN-ACK", "and its other side"},
    {7, "FIN|SYN|RST", "three"},
    {17, "FIN|ACK", "ACK has a place of its own without SYN"},
    {20, "RST|ACK", "the same"},
    {63, "FIN|SYN-ACK|RST|PSH|URG", "all of the first six"},
    {255, "FIN|SYN-ACK|RST|PSH|URG|ECE|CWR", "all that have a name"},
    {256, "256", "a bit without a name"},
    {258, "SYN|256", "and one with"},
    {0x7fffff00, "2147483392", "the field's largest without names"},
    {0xffffffff, "FIN|SYN-ACK|RST|PSH|URG|ECE|CWR|4294967040", "every bit: the longest text"},
};
/* clang-format on */

START_TEST(tcp_flags_have_names)
{
    const struct flags *row = &tcp_flags[_i];
    const size_t len = strlen(row->text);
    char zeros[64] = {0};
    char *out = guard_copy(zeros, len);
    size_t need = 0;

    ck_assert_int_eq(vpcvis_record_write_tcp_flags(row->flags, NULL, 0, &need),
                     VPCVIS_E_SPACE);
    ck_assert_msg(need == len, "%s: %zu", row->why, need);
    ck_assert_uint_le(need, VPCVIS_RECORD_TCP_FLAGS_MAX);
    ck_assert_int_eq(vpcvis_record_write_tcp_flags(row->flags, out, len - 1, &need),
                     VPCVIS_E_SPACE);
    ck_assert_mem_eq(out, zeros, len);
    ck_assert_int_eq(vpcvis_record_write_tcp_flags(row->flags, out, len, &need),
                     VPCVIS_OK);
    ck_assert_msg(memcmp(out, row->text, len) == 0, "%s: %.*s", row->why, (int)len, out);
    ck_assert_int_eq(vpcvis_record_write_tcp_flags(row->flags, NULL, len, &need),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_write_tcp_flags(row->flags, out, len, NULL),
                     VPCVIS_E_ARG);
}
END_TEST

/* A tag value and its decoded bytes; or NULL and the offset of the byte at fault.
 * [record.percent] */
struct tag {
    const char *text;
    const char *decoded;
    uint32_t offset;
    const char *why;
};

/* clang-format off */
static const struct tag tags[] = {
    {"web-1", "web-1", 0, "nothing to decode"},
    {"", "", 0, "nothing at all"},
    {"a%20b", "a b", 0, "a space"},
    {"%41%4a%4A", "AJJ", 0, "digits of either case"},
    {"100%25", "100%", 0, "a percent sign"},
    {"%2541", "%41", 0, "decoded once, not twice"},
    {"a+b", "a+b", 0, "plus is no space here"},
    {"%C3%A9t%c3%a9", "\xC3\xA9t\xC3\xA9", 0, "UTF-8"},
    {"%FF", "\xFF", 0, "bytes that are no UTF-8 are the tag's own business"},
    {"%", NULL, 0, "nothing after it"},
    {"ab%", NULL, 2, "at the end"},
    {"%4", NULL, 0, "one digit"},
    {"%41%4", NULL, 3, "one digit at the end"},
    {"%4g", NULL, 0, "a letter beyond f"},
    {"%g4", NULL, 0, "the same in front"},
    {"% 4", NULL, 0, "a space"},
    {"%%41", NULL, 0, "a percent sign for a digit"},
    {"%+4", NULL, 0, "a sign"},
    {"%0x41", NULL, 0, "a prefix"},
    {"x%2F%2", NULL, 4, "the second is cut"},
    {"%:0", NULL, 0, "the byte after 9"},
    {"%/0", NULL, 0, "the byte before 0"},
    {"%@0", NULL, 0, "the byte before A"},
    {"%`0", NULL, 0, "the byte before a"},
};
/* clang-format on */

START_TEST(tags_are_decoded)
{
    const struct tag *row = &tags[_i];
    const size_t len = strlen(row->text);
    const char *text = guard_copy(row->text, len);
    const size_t decoded = row->decoded ? strlen(row->decoded) : 0;
    struct vpcvis_error error;
    char zeros[64] = {0};
    char *out = guard_copy(zeros, len);
    size_t need = 77;

    memset(&error, 0xaa, sizeof(error));
    if (row->decoded == NULL) {
        ck_assert_msg(vpcvis_record_read_tag(text, len, out, len, &need, &error) ==
                          VPCVIS_E_BYTE,
                      "%s: %s", row->text, row->why);
        ck_assert_msg(error.offset == row->offset, "%s: %s: %u", row->text, row->why,
                      (unsigned)error.offset);
        ck_assert_uint_eq(need, 77);
        ck_assert_mem_eq(out, zeros, len);
        ck_assert_int_eq(vpcvis_record_read_tag(text, len, NULL, 0, &need, NULL),
                         VPCVIS_E_BYTE);
        return;
    }
    ck_assert_int_eq(vpcvis_record_read_tag(text, len, NULL, 0, &need, &error),
                     decoded == 0 ? VPCVIS_OK : VPCVIS_E_SPACE);
    ck_assert_msg(need == decoded, "%s: %s: %zu", row->text, row->why, need);
    if (decoded > 0) {
        ck_assert_int_eq(
            vpcvis_record_read_tag(text, len, out, decoded - 1, &need, &error),
            VPCVIS_E_SPACE);
        ck_assert_mem_eq(out, zeros, decoded);
    }
    out = guard_copy(zeros, decoded);
    ck_assert_int_eq(vpcvis_record_read_tag(text, len, out, decoded, &need, &error),
                     VPCVIS_OK);
    ck_assert_msg(memcmp(out, row->decoded, decoded) == 0, "%s: %s", row->text, row->why);
    out = guard_copy(row->text, len);
    ck_assert_int_eq(vpcvis_record_read_tag(out, len, out, len, &need, &error),
                     VPCVIS_OK);
    ck_assert_msg(memcmp(out, row->decoded, decoded) == 0, "%s: in place", row->text);
    ck_assert_uint_eq(error.offset, 0xaaaaaaaa);
}
END_TEST

START_TEST(every_pair_of_digits)
{
    char text[4];
    unsigned char out[4];
    size_t need;

    snprintf(text, sizeof(text), _i % 2 ? "%%%02x" : "%%%02X", (unsigned)_i);
    ck_assert_int_eq(vpcvis_record_read_tag(text, 3, (char *)out, 1, &need, NULL),
                     VPCVIS_OK);
    ck_assert_uint_eq(need, 1);
    ck_assert_uint_eq(out[0], _i);
    ck_assert_int_eq(vpcvis_record_read_tag(NULL, 1, (char *)out, 1, &need, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_read_tag(text, 3, NULL, 1, &need, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_read_tag(text, 3, (char *)out, 1, NULL, NULL),
                     VPCVIS_E_ARG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record words");
    TCase *tcase = tcase_create("record words");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, names_are_found, 0, COUNT(founds));
    tcase_add_test(tcase, finding_fields_needs_arguments);
    tcase_add_loop_test(tcase, numbers_have_words, 0, COUNT(words));
    tcase_add_test(tcase, protocols_are_one_to_one);
    tcase_add_test(tcase, finding_words_needs_arguments);
    tcase_add_loop_test(tcase, tcp_flags_have_names, 0, COUNT(tcp_flags));
    tcase_add_loop_test(tcase, tags_are_decoded, 0, COUNT(tags));
    tcase_add_loop_test(tcase, every_pair_of_digits, 0, 256);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
