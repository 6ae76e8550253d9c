/* SPDX-License-Identifier: MIT */
/*
 * Room layout: which names make which columns, what is refused and where, what is written.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define STRICT       VPCVIS_LAYOUT_STRICT

static char memory[VPCVIS_LAYOUT_BYTES_MAX];

static vpcvis_status read_layout(const char *text, size_t len, uint32_t flags,
                                 vpcvis_layout **layout, struct vpcvis_error *error)
{
    struct vpcvis_layout_config config;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = flags;
    config.text = guard_copy(text, len);
    config.text_len = len;
    return vpcvis_layout_init(memory, sizeof memory, &config, layout, error);
}

/* A text, the layout's header line, and the version it implies. */
struct good {
    const char *text;
    uint32_t flags;
    const char *header;
    uint32_t version;
    const char *why;
};

/* clang-format off */
static const struct good good[] = {
    {"${version} ${srcaddr}", STRICT, "version srcaddr", 2, "a format string of the EC2 API"},
    {"version srcaddr", STRICT, "version srcaddr", 2, "a header line"},
    {"version srcaddr\r\n", STRICT, "version srcaddr", 2, "with its line end"},
    {"account_id ${pkt_srcaddr}", STRICT, "account-id pkt-srcaddr", 3, "underscores, as Athena has them"},
    {"srcAddr pktSrcAddr nextHopAzId", STRICT, "srcaddr pkt-srcaddr next-hop-az-id", 11, "camelCase, as CloudWatch Logs Insights has it"},
    {"VERSION Account-Id", STRICT, "version account-id", 2, "nasty 14: upper case"},
    {"  version\t\tsrcaddr ", 0, "version srcaddr", 2, "spaces and tabs, where not strict"},
    {"bytes", STRICT, "bytes", 2, "one field is enough, and version is not needed"},
    /* [layout.never-guessed] */
    {"dstaddr srcaddr", STRICT, "dstaddr srcaddr", 2, "the order is the text's"},
    /* [layout.unknown] */
    {"version new-thing ${Other_1}", 0, "version new-thing Other_1", 2, "names of the future keep their spelling"},
    {"x", 0, "x", 0, "an unknown name implies no version"},
    /* [layout.version] */
    {"vpc-id srcaddr", STRICT, "vpc-id srcaddr", 3, "the highest of the fields"},
    {"flow-direction tcp-flags", STRICT, "flow-direction tcp-flags", 5, "wherever it stands"},
    {"tgw-id srcaddr", STRICT, "tgw-id srcaddr", 6, "transit gateway"},
    {"ecs-task-id", STRICT, "ecs-task-id", 7, "version 7"},
    {"reject-reason", STRICT, "reject-reason", 8, "version 8"},
    {"resource-id", STRICT, "resource-id", 9, "version 9"},
    {"encryption-status", STRICT, "encryption-status", 10, "version 10"},
    {"asg-tag-2 version", STRICT, "asg-tag-2 version", 11, "version 11"},
};

struct bad {
    const char *text;
    uint32_t flags;
    vpcvis_status status;
    uint32_t column;
    uint32_t offset;
    const char *why;
};

static const struct bad bad[] = {
    {"", 0, VPCVIS_E_EMPTY, 0, 0, "nothing"},
    {"\n", 0, VPCVIS_E_EMPTY, 0, 0, "nothing but a line end"},
    {" \t ", 0, VPCVIS_E_EMPTY, 0, 0, "nothing but spaces"},
    {"${}", 0, VPCVIS_E_BRACE, 0, 0, "nasty 15: empty"},
    {"version ${srcaddr", 0, VPCVIS_E_BRACE, 1, 8, "nasty 15: not closed"},
    {"$$", 0, VPCVIS_E_BRACE, 0, 0, "nasty 15"},
    {"${a${b}}", 0, VPCVIS_E_BRACE, 0, 3, "nasty 15: nested"},
    {"version}", 0, VPCVIS_E_BRACE, 0, 7, "closed, never opened"},
    {"${version}${srcaddr}", 0, VPCVIS_E_BRACE, 0, 9, "no space between"},
    {"version 2bytes", 0, VPCVIS_E_NAME, 1, 8, "a name begins with a letter"},
    {"version src.addr", 0, VPCVIS_E_NAME, 1, 11, "and has letters, digits, - and _"},
    {"a\001", 0, VPCVIS_E_BYTE, 0, 1, "a control byte"},
    {"version bytes version", 0, VPCVIS_E_DUPLICATE, 2, 14, "nasty 14: twice"},
    {"pkt-srcaddr ${pktSrcAddr}", 0, VPCVIS_E_DUPLICATE, 1, 14, "twice in two spellings"},
    {"new-thing newThing", 0, VPCVIS_E_DUPLICATE, 1, 10, "unknown names too"},
    {"version new-thing", STRICT, VPCVIS_E_NAME, 1, 8, "strict: only what is known"},
    {"version  bytes", STRICT, VPCVIS_E_SPACING, 1, 9, "strict: single spaces"},
    {"version\tbytes", STRICT, VPCVIS_E_SPACING, 1, 8, "strict: no tabs"},
    {" version", STRICT, VPCVIS_E_SPACING, 0, 1, "strict: none before"},
    {"version ", STRICT, VPCVIS_E_SPACING, 1, 7, "strict: none after; EC2 refuses it too"},
};

/* A line, and whether it is a header line. */
struct header {
    const char *line;
    vpcvis_status status;
    const char *why;
};

static const struct header headers[] = {
    /* [layout.header] */
    {"version account-id", VPCVIS_OK, "known names"},
    {"account-id version\r\n", VPCVIS_OK, "in any order"},
    {"instance_id", VPCVIS_OK, "one is enough"},
    {"version srcaddr new-thing", VPCVIS_OK, "more than half are known"},
    {"version new-thing", VPCVIS_NOMATCH, "half are not"},
    {"2 123456789010 eni-1 -", VPCVIS_NOMATCH, "a record"},
    {"- - -", VPCVIS_NOMATCH, "dashes are no names"},
    {"us-east-1 use1-az1", VPCVIS_NOMATCH, "names in form only"},
    {"", VPCVIS_NOMATCH, "nothing"},
};
/* clang-format on */

START_TEST(good_texts)
{
    const struct good *row = &good[_i];
    vpcvis_layout *layout = NULL, *again = NULL;
    char other[VPCVIS_LAYOUT_BYTES_MAX], out[512];
    struct vpcvis_layout_config config;
    uint32_t style;
    size_t len = 0, need;

    ck_assert_int_eq(read_layout(row->text, strlen(row->text), row->flags, &layout, NULL),
                     VPCVIS_OK);
    ck_assert_uint_eq(vpcvis_layout_version(layout), row->version);
    ck_assert_int_eq(
        vpcvis_layout_write(layout, VPCVIS_LAYOUT_HEADER, out, sizeof out - 1, &len),
        VPCVIS_OK);
    out[len] = '\0';
    ck_assert_str_eq(out, row->header);
    for (style = 0; style <= VPCVIS_LAYOUT_UNDERSCORE; style++) {
        ck_assert_int_eq(vpcvis_layout_write(layout, style, NULL, 0, &need),
                         VPCVIS_E_SPACE);
        ck_assert_int_eq(vpcvis_layout_write(layout, style, out, need - 1, &len),
                         VPCVIS_E_SPACE);
        ck_assert_int_eq(vpcvis_layout_write(layout, style, out, need, &len), VPCVIS_OK);
        ck_assert_uint_eq(len, need);
        memset(&config, 0, sizeof config);
        config.size = sizeof config;
        config.text = out;
        config.text_len = len;
        ck_assert_int_eq(vpcvis_layout_init(other, sizeof other, &config, &again, NULL),
                         VPCVIS_OK);
        ck_assert_uint_eq(vpcvis_layout_equal(layout, again), 1);
    }
}
END_TEST

START_TEST(bad_texts)
{
    const struct bad *row = &bad[_i];
    vpcvis_layout *layout = NULL;
    struct vpcvis_error error;

    ck_assert_int_eq(
        read_layout(row->text, strlen(row->text), row->flags, &layout, &error),
        row->status);
    ck_assert_ptr_null(layout);
    ck_assert_int_eq(error.status, row->status);
    ck_assert_uint_eq(error.column, row->column);
    ck_assert_uint_eq(error.offset, row->offset);
    ck_assert_uint_eq(error.field, VPCVIS_FIELD_NONE);
    ck_assert_int_eq(read_layout(row->text, strlen(row->text), row->flags, &layout, NULL),
                     row->status);
}
END_TEST

START_TEST(header_lines)
{
    const struct header *row = &headers[_i];

    ck_assert_int_eq(
        vpcvis_layout_match(guard_copy(row->line, strlen(row->line)), strlen(row->line)),
        row->status);
}
END_TEST

/* The documented count of fields of each version; the default and the transit gateway's. */
START_TEST(standards)
{
    static const struct {
        uint32_t standard, columns, version;
    } rows[] = {{0, 14, 2}, {2, 14, 2}, {3, 21, 3}, {4, 25, 4},   {5, 29, 5},  {6, 36, 6},
                {7, 39, 7}, {8, 40, 8}, {9, 41, 9}, {10, 42, 10}, {11, 54, 11}};
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;
    int i;

    for (i = 0; i < COUNT(rows); i++) {
        memset(&config, 0, sizeof config);
        config.size = sizeof config;
        config.standard = rows[i].standard;
        ck_assert_int_eq(
            vpcvis_layout_init(memory, sizeof memory, &config, &layout, NULL), VPCVIS_OK);
        ck_assert_uint_eq(vpcvis_layout_columns(layout), rows[i].columns);
        ck_assert_uint_eq(vpcvis_layout_version(layout), rows[i].version);
    }
    config.standard = 12;
    ck_assert_int_eq(vpcvis_layout_init(memory, sizeof memory, &config, &layout, NULL),
                     VPCVIS_E_CONFIG);
    config.standard = 1;
    ck_assert_int_eq(vpcvis_layout_init(memory, sizeof memory, &config, &layout, NULL),
                     VPCVIS_E_CONFIG);
}
END_TEST

START_TEST(transit_gateway_order)
{
    static const char header[] =
        "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id "
        "tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id "
        "tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id "
        "tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start "
        "end log-status type packets-lost-no-route packets-lost-blackhole "
        "packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction "
        "pkt-src-aws-service pkt-dst-aws-service";
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;
    char out[2048];
    size_t len = 0;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.standard = VPCVIS_LAYOUT_TRANSIT_GATEWAY;
    ck_assert_int_eq(vpcvis_layout_init(memory, sizeof memory, &config, &layout, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_layout_write(layout, 0, out, sizeof out - 1, &len),
                     VPCVIS_OK);
    out[len] = '\0';
    ck_assert_str_eq(out, header);
}
END_TEST

/* nasty 15: 10^4 fields. Unknown names have 24 ids and some bytes; the 25th is one too many. */
START_TEST(limits)
{
    static char text[10000 * 8];
    vpcvis_layout *layout = NULL;
    struct vpcvis_error error;
    size_t len = 0;
    int i;

    for (i = 0; i < 10000; i++)
        len += (size_t)sprintf(text + len, "x%04d ", i);
    ck_assert_int_eq(read_layout(text, len, 0, &layout, &error), VPCVIS_E_LIMIT);
    ck_assert_uint_eq(error.column, 24);
    ck_assert_uint_eq(error.offset, 24 * 6);
    ck_assert_int_eq(read_layout(text, 24 * 6, 0, &layout, &error), VPCVIS_OK);
    ck_assert_uint_eq(vpcvis_layout_columns(layout), 24);
    ck_assert_uint_eq(vpcvis_layout_field(layout, 0), VPCVIS_FIELD_MAX - 1);
    ck_assert_uint_eq(vpcvis_layout_field(layout, 23), VPCVIS_FIELD_COUNT);
    memset(text, 'y', sizeof text);
    ck_assert_int_eq(read_layout(text, 64, 0, &layout, &error), VPCVIS_OK);
    ck_assert_int_eq(read_layout(text, 65, 0, &layout, &error), VPCVIS_E_NAME);
}
END_TEST

START_TEST(looking)
{
    vpcvis_layout *layout = NULL;
    uint32_t column = 77;

    ck_assert_int_eq(read_layout("bytes new version", 17, 0, &layout, NULL), VPCVIS_OK);
    ck_assert_uint_eq(vpcvis_layout_columns(layout), 3);
    ck_assert_uint_eq(vpcvis_layout_field(layout, 2), VPCVIS_FIELD_VERSION);
    ck_assert_uint_eq(vpcvis_layout_field(layout, 3), VPCVIS_FIELD_NONE);
    ck_assert_str_eq(vpcvis_layout_name(layout, 1), "new");
    ck_assert_ptr_null(vpcvis_layout_name(layout, 3));
    ck_assert_int_eq(vpcvis_layout_find(layout, VPCVIS_FIELD_START, &column),
                     VPCVIS_NOMATCH);
    ck_assert_uint_eq(column, 77);
    ck_assert_int_eq(vpcvis_layout_find(layout, VPCVIS_FIELD_VERSION, &column),
                     VPCVIS_OK);
    ck_assert_uint_eq(column, 2);
    ck_assert_int_eq(vpcvis_layout_find(layout, 1000, &column), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_layout_find(NULL, 0, &column), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_layout_write(layout, 9, NULL, 0, NULL), VPCVIS_E_ARG);
}
END_TEST

/* Configs of older and newer headers, memory that is too small or crooked. */
START_TEST(configs_and_memory)
{
    struct {
        struct vpcvis_layout_config config;
        char later[8];
    } newer;
    static char crooked[VPCVIS_LAYOUT_BYTES_MAX + 8];
    vpcvis_layout *layout = NULL;
    size_t shift;

    memset(&newer, 0, sizeof newer);
    newer.config.size = sizeof newer;
    newer.config.text = "bytes";
    newer.config.text_len = 5;
    ck_assert_int_eq(
        vpcvis_layout_init(memory, sizeof memory, &newer.config, &layout, NULL),
        VPCVIS_OK);
    newer.later[7] = 1;
    ck_assert_int_eq(
        vpcvis_layout_init(memory, sizeof memory, &newer.config, &layout, NULL),
        VPCVIS_E_CONFIG);
    newer.config.size = 8;
    ck_assert_int_eq(
        vpcvis_layout_init(memory, sizeof memory, &newer.config, &layout, NULL),
        VPCVIS_OK);
    ck_assert_uint_eq(vpcvis_layout_columns(layout), 14);
    newer.config.flags = 2;
    ck_assert_int_eq(
        vpcvis_layout_init(memory, sizeof memory, &newer.config, &layout, NULL),
        VPCVIS_E_CONFIG);
    ck_assert_uint_le(vpcvis_layout_bytes(), VPCVIS_LAYOUT_BYTES_MAX);
    for (shift = 0; shift < 8; shift++)
        ck_assert_int_eq(vpcvis_layout_init(crooked + shift, vpcvis_layout_bytes(), NULL,
                                            &layout, NULL),
                         VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_layout_init(crooked, vpcvis_layout_bytes() - 1, NULL, &layout, NULL),
        VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_layout_init(NULL, 4096, NULL, &layout, NULL), VPCVIS_E_ARG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = tcase_create("layout");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, good_texts, 0, COUNT(good));
    tcase_add_loop_test(tcase, bad_texts, 0, COUNT(bad));
    tcase_add_loop_test(tcase, header_lines, 0, COUNT(headers));
    tcase_add_test(tcase, standards);
    tcase_add_test(tcase, transit_gateway_order);
    tcase_add_test(tcase, limits);
    tcase_add_test(tcase, looking);
    tcase_add_test(tcase, configs_and_memory);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
