/* SPDX-License-Identifier: MIT */
/*
 * Room delivery: what a flow log covers and takes, slots, rotation.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define T1620 1529511600 /* 2018-06-20 16:20:00 UTC */

static struct vpcvis_delivery_word word(const char *text)
{
    struct vpcvis_delivery_word made;

    memset(&made, 0, sizeof(made));
    made.text = text;
    made.len = text != NULL ? strlen(text) : 0;
    return made;
}

struct log_row {
    uint32_t scope, traffic, interval_s;
    vpcvis_status status;
    uint32_t interval_after;
    const char *why;
};

/* clang-format off */
static const struct log_row logs[] = {
    /* [delivery.log] */
    {VPCVIS_DELIVERY_VPC, VPCVIS_DELIVERY_ALL, 0, VPCVIS_OK, 600, "ten minutes by default"},
    {VPCVIS_DELIVERY_SUBNET, VPCVIS_DELIVERY_REJECT, 60, VPCVIS_OK, 60, "one minute on request"},
    {VPCVIS_DELIVERY_INTERFACE, VPCVIS_DELIVERY_ACCEPT, 600, VPCVIS_OK, 600, "as said"},
    {VPCVIS_DELIVERY_TRANSIT_GATEWAY, VPCVIS_DELIVERY_ALL, 0, VPCVIS_OK, 60, "a transit gateway has one minute"},
    {VPCVIS_DELIVERY_ATTACHMENT, VPCVIS_DELIVERY_ALL, 60, VPCVIS_OK, 60, "said as well"},
    {VPCVIS_DELIVERY_ATTACHMENT, VPCVIS_DELIVERY_ALL, 600, VPCVIS_E_CONFIG, 600, "and no other"},
    {VPCVIS_DELIVERY_TRANSIT_GATEWAY, VPCVIS_DELIVERY_REJECT, 60, VPCVIS_E_CONFIG, 60, "its records have no action"},
    {VPCVIS_DELIVERY_VPC, VPCVIS_DELIVERY_ALL, 300, VPCVIS_E_CONFIG, 300, "no other interval"},
    {VPCVIS_DELIVERY_VPC, 3, 60, VPCVIS_E_CONFIG, 60, "no such traffic"},
    {0, VPCVIS_DELIVERY_ALL, 60, VPCVIS_E_CONFIG, 60, "no scope"},
    {6, VPCVIS_DELIVERY_ALL, 60, VPCVIS_E_CONFIG, 60, "no such scope"},
};
/* clang-format on */

START_TEST(flow_logs)
{
    const struct log_row *row = &logs[_i];
    struct vpcvis_delivery_log log;

    memset(&log, 0, sizeof(log));
    log.scope = row->scope;
    log.traffic = row->traffic;
    log.interval_s = row->interval_s;
    ck_assert_int_eq(vpcvis_delivery_plan(&log), VPCVIS_E_ARG); /* of nothing */
    log.resource = word("vpc-1");
    ck_assert_msg(vpcvis_delivery_plan(&log) == row->status, "%s", row->why);
    ck_assert_uint_eq(log.interval_s, row->interval_after);
}
END_TEST

static void set_text(struct vpcvis_record *record, uint32_t field, const char *text)
{
    struct vpcvis_value value;

    memset(&value, 0, sizeof(value));
    value.state = text != NULL ? VPCVIS_STATE_VALUE : VPCVIS_STATE_DASH;
    value.text = text;
    value.text_len = text != NULL ? (uint32_t)strlen(text) : 0;
    ck_assert_int_eq(vpcvis_record_set(record, field, &value), VPCVIS_OK);
}

/* [delivery.covers] */
START_TEST(covers)
{
    static const uint32_t fields[] = {0,
                                      VPCVIS_FIELD_VPC_ID,
                                      VPCVIS_FIELD_SUBNET_ID,
                                      VPCVIS_FIELD_INTERFACE_ID,
                                      VPCVIS_FIELD_TGW_ID,
                                      VPCVIS_FIELD_TGW_ATTACHMENT_ID};
    static const char base[] = "vpc-1 subnet-1 eni-1 tgw-1 tgw-attach-1 vpc-12";
    static const char *const ids[] = {"",      "vpc-1", "subnet-1",
                                      "eni-1", "tgw-1", "tgw-attach-1"};
    struct vpcvis_delivery_log log;
    struct vpcvis_record about;
    uint32_t scope;

    memset(&log, 0, sizeof(log));
    for (scope = 1; scope <= VPCVIS_DELIVERY_ATTACHMENT; scope++) {
        log.scope = scope;
        log.resource = word(ids[scope]);
        vpcvis_record_init(&about, base);
        ck_assert_int_eq(vpcvis_delivery_match_interface(&log, &about), VPCVIS_NOMATCH);
        set_text(&about, fields[scope], strstr(base, ids[scope]));
        about.text[fields[scope]].len = (uint16_t)strlen(ids[scope]);
        ck_assert_int_eq(vpcvis_delivery_match_interface(&log, &about), VPCVIS_OK);
        about.text[fields[scope]].len--;
        ck_assert_int_eq(vpcvis_delivery_match_interface(&log, &about), VPCVIS_NOMATCH);
        set_text(&about, fields[scope], NULL);
        ck_assert_int_eq(vpcvis_delivery_match_interface(&log, &about), VPCVIS_NOMATCH);
    }
    log.scope = VPCVIS_DELIVERY_VPC;
    log.resource = word("vpc-1");
    vpcvis_record_init(&about, base);
    set_text(&about, VPCVIS_FIELD_VPC_ID, base + sizeof(base) - 7);
    ck_assert_int_eq(vpcvis_delivery_match_interface(&log, &about), VPCVIS_NOMATCH);
    log.scope = 6;
    ck_assert_int_eq(vpcvis_delivery_match_interface(&log, &about), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_match_interface(NULL, &about), VPCVIS_E_ARG);
    log.scope = VPCVIS_DELIVERY_VPC;
    ck_assert_int_eq(vpcvis_delivery_match_interface(&log, NULL), VPCVIS_E_ARG);
}
END_TEST

struct take_row {
    const char *line;
    vpcvis_status all, accept, reject;
};

/* [delivery.takes] */
/* clang-format off */
static const struct take_row takes[] = {
    {"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 100 160 ACCEPT OK", VPCVIS_OK, VPCVIS_OK, VPCVIS_NOMATCH},
    {"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 100 160 REJECT OK", VPCVIS_OK, VPCVIS_NOMATCH, VPCVIS_OK},
    {"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 100 160 accept OK", VPCVIS_OK, VPCVIS_NOMATCH, VPCVIS_NOMATCH},
    {"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 100 160 - OK", VPCVIS_OK, VPCVIS_E_ARG, VPCVIS_E_ARG},
    {"2 1 eni-1 - - - - - - - 100 160 - NODATA", VPCVIS_OK, VPCVIS_OK, VPCVIS_OK},
    {"2 1 eni-1 - - - - - - - 100 160 - SKIPDATA", VPCVIS_OK, VPCVIS_OK, VPCVIS_OK},
};
/* clang-format on */

static struct vpcvis_record record_of(const char *line)
{
    struct vpcvis_record record;
    vpcvis_layout *layout;

    ck_assert_int_eq(vpcvis_layout_new(NULL, NULL, &layout, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, strlen(line), &record, NULL),
                     VPCVIS_OK);
    vpcvis_layout_free(layout, NULL);
    return record;
}

START_TEST(which_records)
{
    const struct take_row *row = &takes[_i];
    const struct vpcvis_record record = record_of(row->line);
    const vpcvis_status expected[] = {row->all, row->accept, row->reject};
    struct vpcvis_delivery_log log;

    memset(&log, 0, sizeof(log));
    for (log.traffic = 0; log.traffic < 3; log.traffic++)
        ck_assert_msg(vpcvis_delivery_match_record(&log, &record) ==
                          expected[log.traffic],
                      "%s", row->line);
    ck_assert_int_eq(vpcvis_delivery_match_record(&log, &record), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_match_record(NULL, &record), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_match_record(&log, NULL), VPCVIS_E_ARG);
}
END_TEST

static uint64_t slot_of(const char *line, uint64_t now_s)
{
    const struct vpcvis_record record = record_of(line);
    uint64_t slot_s = 1;

    ck_assert_int_eq(vpcvis_delivery_find_slot(&record, now_s, &slot_s), VPCVIS_OK);
    return slot_s;
}

/* [delivery.slot] The guide: a file of 16:20 has the records that end in 16:20:00 to 16:24:59. */
START_TEST(slots)
{
    struct vpcvis_record record;
    uint64_t slot_s = 7;

    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - 9 1529511600 - NODATA", 0), T1620);
    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - 9 1529511899 - NODATA", 0), T1620);
    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - 9 1529511900 - NODATA", 0),
                      T1620 + 300);
    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - 9 1529511599 - NODATA", 0),
                      T1620 - 300);
    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - 600 - - NODATA", 5000), 600);
    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - - - - NODATA", 5000), 4800);
    ck_assert_uint_eq(slot_of("2 1 e - - - - - - - 600 1529511600000 - NODATA", 5000),
                      600); /* milliseconds: past the year 9999 */
    vpcvis_record_init(&record, NULL);
    ck_assert_int_eq(
        vpcvis_delivery_find_slot(&record, VPCVIS_DELIVERY_TIME_MAX, &slot_s), VPCVIS_OK);
    ck_assert_uint_eq(slot_s, VPCVIS_DELIVERY_TIME_MAX - 299);
    ck_assert_int_eq(
        vpcvis_delivery_find_slot(&record, VPCVIS_DELIVERY_TIME_MAX + 1, &slot_s),
        VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_find_slot(NULL, 0, &slot_s), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_find_slot(&record, 0, NULL), VPCVIS_E_ARG);
}
END_TEST

static vpcvis_delivery *machine(uint32_t files, uint64_t file_bytes, uint64_t linger_s)
{
    static char memory[VPCVIS_DELIVERY_BYTES_MAX];
    struct vpcvis_delivery_config config;
    vpcvis_delivery *delivery;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.files = files;
    config.file_bytes = file_bytes;
    config.linger_s = linger_s;
    ck_assert_uint_le(vpcvis_delivery_bytes(&config), sizeof(memory));
    ck_assert_int_eq(
        vpcvis_delivery_init(memory, vpcvis_delivery_bytes(&config), &config, &delivery),
        VPCVIS_OK);
    return delivery;
}

/* [delivery.rotate] By size: 75 MB, and then another file of the same slot. */
START_TEST(rotates_by_size)
{
    vpcvis_delivery *delivery = machine(0, 0, 0);
    struct vpcvis_delivery_file file, first;

    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 10, 74999999, 301, &first),
                     VPCVIS_OK);
    ck_assert_uint_eq(first.records, 10);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 1, 302, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.bytes, VPCVIS_DELIVERY_FILE_BYTES);
    ck_assert_uint_eq(file.records, 11);
    ck_assert_uint_eq(file.number, first.number);
    ck_assert_mem_eq(file.hash, first.hash, 8);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 1, 303, &file), VPCVIS_MORE);
    ck_assert_uint_eq(file.records, 11);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 80000000, 303, &file),
                     VPCVIS_OK); /* one call may be longer than a file */
    ck_assert_uint_eq(file.records, 1);
    ck_assert(memcmp(file.hash, first.hash, 8) != 0);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 0, 303, &file), VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_delivery_next(delivery, UINT64_MAX, &file), VPCVIS_DONE);
    delivery = machine(1, 100, 0);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 60, 0, &file), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 41, 0, &file), VPCVIS_MORE);
    ck_assert_uint_eq(file.bytes, 60); /* rather than grow too long */
}
END_TEST

START_TEST(rotates_by_time)
{
    vpcvis_delivery *delivery = machine(0, 0, 0);
    struct vpcvis_delivery_file file;

    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 600, 1, 1, 600, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.due_s, 960); /* the slot, and a minute */
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 1, 601, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.due_s, 661); /* late: a minute from now */
    ck_assert_int_eq(vpcvis_delivery_next(delivery, 660, &file), VPCVIS_DONE);
    ck_assert_int_eq(vpcvis_delivery_next(delivery, 961, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.slot_s, 300); /* the oldest slot first */
    ck_assert_int_eq(vpcvis_delivery_next(delivery, 961, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.slot_s, 600);
    ck_assert_int_eq(vpcvis_delivery_next(delivery, 961, &file), VPCVIS_DONE);
    ck_assert_int_eq(
        vpcvis_delivery_pick(delivery, UINT64_MAX - 15, 1, 1, UINT64_MAX, &file),
        VPCVIS_OK);
    ck_assert_uint_eq(file.due_s, UINT64_MAX);
    ck_assert_int_eq(vpcvis_delivery_next(delivery, UINT64_MAX, &file), VPCVIS_OK);
}
END_TEST

START_TEST(rotates_by_number)
{
    vpcvis_delivery *delivery = machine(2, 0, 0);
    struct vpcvis_delivery_file file;

    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 900, 1, 1, 0, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.number, 0);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 600, 1, 1, 0, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.number, 1);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 1, 0, &file), VPCVIS_MORE);
    ck_assert_uint_eq(file.slot_s, 600);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 300, 1, 1, 0, &file), VPCVIS_OK);
    ck_assert_uint_eq(file.number, 1);
    ck_assert_int_eq(vpcvis_delivery_pick(delivery, 301, 1, 1, 0, &file), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_pick(NULL, 300, 1, 1, 0, &file), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_next(delivery, 0, NULL), VPCVIS_E_ARG);
}
END_TEST

START_TEST(hashes_follow_the_key)
{
    static char memory[2][VPCVIS_DELIVERY_BYTES_MAX];
    struct vpcvis_delivery_file file[2];
    struct vpcvis_delivery_config config;
    uint32_t i, j;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    for (i = 0; i < 2; i++) {
        vpcvis_delivery *delivery;

        config.hash_key[15] = (uint8_t)i;
        ck_assert_int_eq(
            vpcvis_delivery_init(memory[i], sizeof(memory[i]), &config, &delivery),
            VPCVIS_OK);
        ck_assert_int_eq(vpcvis_delivery_pick(delivery, 0, 1, 1, 0, &file[i]), VPCVIS_OK);
        for (j = 0; j < 8; j++)
            ck_assert_ptr_nonnull(strchr("0123456789abcdef", file[i].hash[j]));
    }
    ck_assert(memcmp(file[0].hash, file[1].hash, 8) != 0);
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

START_TEST(machines_that_cannot_be)
{
    char memory[VPCVIS_DELIVERY_BYTES_MAX];
    struct vpcvis_allocator allocator = {one_or_none, give_back, NULL};
    struct vpcvis_delivery_config config;
    vpcvis_delivery *delivery = NULL;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.files = 65;
    ck_assert_uint_eq(vpcvis_delivery_bytes(&config), 0);
    ck_assert_int_eq(vpcvis_delivery_new(&config, NULL, &delivery), VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_delivery_init(memory, sizeof(memory), &config, &delivery),
                     VPCVIS_E_CONFIG);
    config.files = 64;
    ck_assert_int_eq(vpcvis_delivery_init(memory, vpcvis_delivery_bytes(&config) - 1,
                                          &config, &delivery),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_delivery_init(NULL, 0, NULL, &delivery), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_new(NULL, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_new(NULL, &allocator, &delivery), VPCVIS_E_MEMORY);
    ck_assert_ptr_null(delivery);
    allocator.context = &allocator;
    ck_assert_int_eq(vpcvis_delivery_new(NULL, &allocator, &delivery), VPCVIS_OK);
    vpcvis_delivery_free(delivery, &allocator);
    vpcvis_delivery_free(NULL, NULL);
    ck_assert_uint_eq(vpcvis_delivery_log_bytes(), sizeof(struct vpcvis_delivery_log));
    ck_assert_uint_eq(vpcvis_delivery_key_bytes(), sizeof(struct vpcvis_delivery_key));
    ck_assert_uint_eq(vpcvis_delivery_file_bytes(), sizeof(struct vpcvis_delivery_file));
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("delivery");
    Suite *suite = suite_create("delivery");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, flow_logs, 0, COUNT(logs));
    tcase_add_test(tc, covers);
    tcase_add_loop_test(tc, which_records, 0, COUNT(takes));
    tcase_add_test(tc, slots);
    tcase_add_test(tc, rotates_by_size);
    tcase_add_test(tc, rotates_by_time);
    tcase_add_test(tc, rotates_by_number);
    tcase_add_test(tc, hashes_follow_the_key);
    tcase_add_test(tc, machines_that_cannot_be);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
