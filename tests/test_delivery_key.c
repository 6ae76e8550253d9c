/* SPDX-License-Identifier: MIT */
/*
 * Room delivery: object keys, names of files and of log streams.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define HIVE   VPCVIS_DELIVERY_HIVE
#define HOURLY VPCVIS_DELIVERY_HOURLY
#define OLD    VPCVIS_DELIVERY_SERVICE

#define T1620 1529511600 /* 2018-06-20 16:20:00 UTC */

static struct vpcvis_delivery_word word(const char *text)
{
    struct vpcvis_delivery_word made;

    memset(&made, 0, sizeof(made));
    made.text = text;
    made.len = text != NULL ? strlen(text) : 0;
    return made;
}

static struct vpcvis_delivery_key key_of(uint32_t style)
{
    struct vpcvis_delivery_key key;

    memset(&key, 0, sizeof(key));
    key.style = style;
    key.slot_s = T1620;
    key.account = word("123456789012");
    key.region = word("us-east-1");
    key.flow_log = word("fl-1234abcd");
    key.hash = word("fe123456");
    return key;
}

struct name_row {
    uint32_t style, format;
    const char *prefix, *organization, *region;
    uint64_t slot_s;
    const char *key, *why;
};

#define NAME(region, stamp) \
    "123456789012_vpcflowlogs_" region "_fl-1234abcd_" stamp "_fe123456"
#define LOCAL NAME("us-east-1", "20180620T1620Z") ".log.gz"

/* [delivery.key] The guide's forms: plain, Hive, hourly, both. */
/* clang-format off */
static const struct name_row names[] = {
    {0, 0, "", "", "us-east-1", T1620, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, "the guide's example"},
    {HOURLY, 0, "", "", "us-east-1", T1620, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/16/" LOCAL, "hourly partitions"},
    {HIVE, 0, "", "", "us-east-1", T1620, "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/" LOCAL, "Hive"},
    {HIVE | HOURLY, 0, "", "", "us-east-1", T1620, "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/hour=16/" LOCAL, "Hive, hourly"},
    {HIVE | OLD, 0, "", "", "us-east-1", T1620, "AWSLogs/aws-account-id=123456789012/service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/" LOCAL, "as a guide of 2023 spells it"},
    {0, 0, "team/net", "", "us-east-1", T1620, "team/net/AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, "a prefix of two folders"},
    {0, 0, "", "o-abc123", "us-east-1", T1620, "AWSLogs/o-abc123/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, "an organization"},
    {HIVE, 0, "p", "o-abc123", "us-east-1", T1620, "p/AWSLogs/o-abc123/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/" LOCAL, "and with Hive and a prefix"},
    {0, 0, "AWSLogs", "", "us-east-1", T1620, "AWSLogs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, "a prefix that looks like the root"},
    {0, 0, "a/2018/06", "", "us-east-1", T1620, "a/2018/06/AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, "and one like a date"},
    {0, 0, "", "", "us-gov-west-1", T1620, "AWSLogs/123456789012/vpcflowlogs/us-gov-west-1/2018/06/20/" NAME("us-gov-west-1", "20180620T1620Z") ".log.gz", "a region of four words"},
    {HOURLY, VPCVIS_DELIVERY_PARQUET, "", "", "us-east-1", 1708991700, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2024/02/26/23/" NAME("us-east-1", "20240226T2355Z") ".log.parquet", "Parquet, the day's last slot"},
    {0, VPCVIS_DELIVERY_LOG, "", "", "us-east-1", 1709164800, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2024/02/29/" NAME("us-east-1", "20240229T0000Z") ".log", "a leap day, not compressed"},
    {0, 0, "", "", "us-east-1", 4107542400, "AWSLogs/123456789012/vpcflowlogs/us-east-1/2100/03/01/" NAME("us-east-1", "21000301T0000Z") ".log.gz", "2100 has no leap day"},
    {0, 0, "", "", "us-east-1", 0, "AWSLogs/123456789012/vpcflowlogs/us-east-1/1970/01/01/" NAME("us-east-1", "19700101T0000Z") ".log.gz", "the first minute"},
    {0, 0, "", "", "us-east-1", 253402300740, "AWSLogs/123456789012/vpcflowlogs/us-east-1/9999/12/31/" NAME("us-east-1", "99991231T2359Z") ".log.gz", "the last minute"},
};
/* clang-format on */

static void require_word(struct vpcvis_delivery_word got, const char *text)
{
    ck_assert_uint_eq(got.len, strlen(text));
    ck_assert(strlen(text) == 0 || memcmp(got.text, text, strlen(text)) == 0);
}

START_TEST(names_are_written_and_read)
{
    const struct name_row *row = &names[_i];
    const char *text = guard_copy(row->key, strlen(row->key));
    const size_t name = (size_t)(strrchr(row->key, '/') + 1 - row->key);
    struct vpcvis_delivery_key key = key_of(row->style), got;
    size_t len = 0, need = strlen(row->key);
    char *out = guard_copy(NULL, need);

    key.format = row->format;
    key.prefix = word(row->prefix);
    key.organization = word(row->organization);
    key.region = word(row->region);
    key.slot_s = row->slot_s;
    ck_assert_int_eq(vpcvis_delivery_write_key(&key, NULL, 0, &len), VPCVIS_E_SPACE);
    ck_assert_uint_eq(len, need);
    ck_assert_int_eq(vpcvis_delivery_write_key(&key, out, need - 1, &len),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(out[0], 0);
    ck_assert_int_eq(vpcvis_delivery_write_key(&key, out, need, &len), VPCVIS_OK);
    ck_assert_msg(len == need && memcmp(out, row->key, need) == 0, "%s: %.*s", row->why,
                  (int)len, out);
    ck_assert_int_eq(vpcvis_delivery_read_key(text, need, &got, NULL), VPCVIS_OK);
    ck_assert_uint_eq(got.style, row->style);
    ck_assert_uint_eq(got.format, row->format);
    ck_assert_uint_eq(got.slot_s, row->slot_s);
    require_word(got.prefix, row->prefix);
    require_word(got.organization, row->organization);
    require_word(got.account, "123456789012");
    require_word(got.region, row->region);
    require_word(got.flow_log, "fl-1234abcd");
    require_word(got.hash, "fe123456");
    ck_assert_int_eq(vpcvis_delivery_write_name(&key, out, need, &len), VPCVIS_OK);
    ck_assert(len == need - name && memcmp(out, row->key + name, len) == 0);
    ck_assert_int_eq(vpcvis_delivery_read_name(text + name, len, &got, NULL), VPCVIS_OK);
    ck_assert_uint_eq(got.slot_s, row->slot_s);
    ck_assert_uint_eq(got.prefix.len, 0);
}
END_TEST

struct bad_row {
    const char *key;
    vpcvis_status status;
    size_t offset;
    const char *why;
};

#define ROOT  "AWSLogs/123456789012/vpcflowlogs/us-east-1/"
#define AFTER (sizeof(ROOT) - 1)
#define DATED ROOT "2018/06/20/"
#define NAMED (sizeof(DATED) - 1)

/* clang-format off */
static const struct bad_row bad_names[] = {
    {"", VPCVIS_E_KEY, 0, "nothing"},
    {"/", VPCVIS_E_KEY, 1, "no name"},
    {DATED, VPCVIS_E_KEY, NAMED, "a folder"},
    {LOCAL, VPCVIS_E_KEY, 0, "a name without its folders"},
    {"/" DATED LOCAL, VPCVIS_E_KEY, 0, "a key does not begin with a slash"},
    {"p//" DATED LOCAL, VPCVIS_E_KEY, 0, "nor has a prefix one at its end"},
    {"p\x01/" DATED LOCAL, VPCVIS_E_KEY, 0, "a control character"},
    {"XAWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, VPCVIS_E_KEY, 0, "another root"},
    {"AWSLogs/x-1/123456789012/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, VPCVIS_E_KEY, 8, "no organization"},
    {"AWSLogs/123456789013/vpcflowlogs/us-east-1/2018/06/20/" LOCAL, VPCVIS_E_KEY, 8, "another account"},
    {"AWSLogs/123456789012/vpcflowlog/us-east-1/2018/06/20/" LOCAL, VPCVIS_E_KEY, 21, "another service"},
    {"AWSLogs/123456789012/vpcflowlogs/us-east-2/2018/06/20/" LOCAL, VPCVIS_E_KEY, 33, "another region"},
    {ROOT "2019/06/20/" LOCAL, VPCVIS_E_KEY, AFTER, "another year"},
    {ROOT "2018/07/20/" LOCAL, VPCVIS_E_KEY, AFTER + 5, "another month"},
    {ROOT "2018/06/21/" LOCAL, VPCVIS_E_KEY, AFTER + 8, "another day"},
    {ROOT "2018/06/20/17/" LOCAL, VPCVIS_E_KEY, AFTER + 11, "another hour"},
    {ROOT "2018/6/20/" LOCAL, VPCVIS_E_KEY, AFTER + 5, "a month of one digit"},
    {"AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/us-east-1/year=2018/month=06/day=20/" LOCAL, VPCVIS_E_KEY, 60, "plain within Hive"},
    {"AWSLogs/123456789012/service=vpcflowlogs/us-east-1/2018/06/20/" LOCAL, VPCVIS_E_KEY, 21, "Hive within plain"},
    {DATED "123456789012_vpcflowlog_us-east-1_fl-1_20180620T1620Z_a.log.gz", VPCVIS_E_KEY, NAMED + 13, "the name's service"},
    {DATED "_vpcflowlogs_us-east-1_fl-1_20180620T1620Z_a.log.gz", VPCVIS_E_KEY, NAMED, "an empty word"},
    {DATED "123456789012_vpcflowlogs_us.east_fl-1_20180620T1620Z_a.log.gz", VPCVIS_E_KEY, NAMED + 25, "a dot in the region"},
    {DATED "1_vpcflowlogs_r_f_20180620T1620_a.log.gz", VPCVIS_E_KEY, NAMED + 18, "a time without Z"},
    {DATED "1_vpcflowlogs_r_f_2018062OT1620Z_a.log.gz", VPCVIS_E_KEY, NAMED + 18, "a letter in the date"},
    {DATED "1_vpcflowlogs_r_f_20181320T1620Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "month 13"},
    {DATED "1_vpcflowlogs_r_f_20180020T1620Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "month 0"},
    {DATED "1_vpcflowlogs_r_f_20180600T1620Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "day 0"},
    {DATED "1_vpcflowlogs_r_f_20180631T1620Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "day 31 of June"},
    {DATED "1_vpcflowlogs_r_f_21000229T1620Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "no leap day in 2100"},
    {DATED "1_vpcflowlogs_r_f_20180620T2420Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "hour 24"},
    {DATED "1_vpcflowlogs_r_f_20180620T1660Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "minute 60"},
    {DATED "1_vpcflowlogs_r_f_19691231T2359Z_a.log.gz", VPCVIS_E_RANGE, NAMED + 18, "before 1970"},
    {DATED "1_vpcflowlogs_r_f_20180620T1620Z_.log.gz", VPCVIS_E_KEY, NAMED + 33, "no hash"},
    {DATED "1_vpcflowlogs_r_f_20180620T1620Z_a.log.zst", VPCVIS_E_KEY, NAMED + 34, "another suffix"},
    {DATED "1_vpcflowlogs_r_f_20180620T1620Z_a.log.gz2", VPCVIS_E_KEY, NAMED + 34, "more than a suffix"},
    {DATED "1_vpcflowlogs_r_f_20180620T1620Z_a", VPCVIS_E_KEY, NAMED + 33, "no suffix"},
};
/* clang-format on */

START_TEST(bad_names_are_located)
{
    const struct bad_row *row = &bad_names[_i];
    const size_t len = strlen(row->key);
    struct vpcvis_delivery_key key, before;
    struct vpcvis_error error;

    memset(&key, 0x5a, sizeof(key));
    before = key;
    ck_assert_msg(vpcvis_delivery_read_key(guard_copy(row->key, len), len, &key,
                                           &error) == row->status,
                  "%s", row->why);
    ck_assert_msg(error.offset == row->offset, "%s: %u", row->why, error.offset);
    ck_assert_int_eq(error.status, row->status);
    ck_assert_uint_eq(error.field, VPCVIS_FIELD_NONE);
    ck_assert_mem_eq(&key, &before, sizeof(key));
}
END_TEST

static vpcvis_status writes(const struct vpcvis_delivery_key *key)
{
    char out[VPCVIS_DELIVERY_KEY_MAX];
    size_t len = 0;

    return vpcvis_delivery_write_key(key, out, sizeof(out), &len);
}

START_TEST(parts_that_cannot_be)
{
    static const char long_word[] =
        "0123456789012345678901234567890123456789012345678901234567890123x";
    char many[VPCVIS_DELIVERY_KEY_MAX + 1];
    struct vpcvis_delivery_key key = key_of(0);
    size_t room;

    ck_assert_int_eq(writes(&key), VPCVIS_OK);
    key.slot_s = T1620 + 1; /* no whole minute */
    ck_assert_int_eq(writes(&key), VPCVIS_E_RANGE);
    key.slot_s = VPCVIS_DELIVERY_TIME_MAX + 1;
    ck_assert_int_eq(writes(&key), VPCVIS_E_RANGE);
    key = key_of(OLD);
    ck_assert_int_eq(writes(&key), VPCVIS_E_CONFIG);
    key = key_of(8);
    ck_assert_int_eq(writes(&key), VPCVIS_E_CONFIG);
    key = key_of(0);
    key.format = 3;
    ck_assert_int_eq(writes(&key), VPCVIS_E_CONFIG);
    key = key_of(0);
    key.account = word("");
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key.account = word("1_2");
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key.account = word(long_word);
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key.account.len--;
    ck_assert_int_eq(writes(&key), VPCVIS_OK);
    key = key_of(0);
    key.region = word("us/east");
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key = key_of(0);
    key.flow_log = word(NULL);
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key = key_of(0);
    key.hash = word("a.b");
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key = key_of(0);
    key.organization = word("o-");
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    key = key_of(0);
    key.prefix = word("p/");
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    memset(many, 'p', sizeof(many));
    room = VPCVIS_DELIVERY_KEY_MAX - strlen(names[0].key) - 1;
    key.prefix.text = many;
    key.prefix.len = room;
    ck_assert_int_eq(writes(&key), VPCVIS_OK);
    key.prefix.len = room + 1;
    ck_assert_int_eq(writes(&key), VPCVIS_E_KEY);
    ck_assert_int_eq(vpcvis_delivery_read_key(many, sizeof(many), &key, NULL),
                     VPCVIS_E_KEY);
    ck_assert_int_eq(vpcvis_delivery_read_name(many, sizeof(many), &key, NULL),
                     VPCVIS_E_KEY);
}
END_TEST

/* Every day from 1970 to 2110 as libc has it, and random minutes after. */
START_TEST(dates_are_those_of_the_calendar)
{
    struct vpcvis_delivery_key key = key_of(0), got;
    uint64_t state = 1, i;

    for (i = 0; i < 60000; i++) {
        char name[128], stamp[20];
        struct tm tm;
        time_t at;
        size_t len = 0;

        state = state * 6364136223846793005u + 1442695040888963407u;
        key.slot_s = i < 51200 ? i * 86400 + i % 1440 * 60
                               : (state >> 20) % (VPCVIS_DELIVERY_TIME_MAX / 60) * 60;
        at = (time_t)key.slot_s;
        if ((uint64_t)at != key.slot_s || gmtime_r(&at, &tm) == NULL)
            continue;
        ck_assert_int_eq(vpcvis_delivery_write_name(&key, name, sizeof(name), &len),
                         VPCVIS_OK);
        ck_assert_uint_eq(strftime(stamp, sizeof(stamp), "%Y%m%dT%H%MZ", &tm), 14);
        ck_assert_mem_eq(name + strlen("123456789012_vpcflowlogs_us-east-1_fl-1234abcd_"),
                         stamp, 14);
        ck_assert_int_eq(vpcvis_delivery_read_name(name, len, &got, NULL), VPCVIS_OK);
        ck_assert_uint_eq(got.slot_s, key.slot_s);
    }
}
END_TEST

/* [delivery.stream] */
START_TEST(streams)
{
    static const char *const ends[] = {"eni-9f825df9-all", "eni-9f825df9-accept",
                                       "eni-9f825df9-reject"};
    const struct vpcvis_delivery_word eni = word("eni-9f825df9"), bad = word("eni_1");
    struct vpcvis_delivery_word got;
    struct vpcvis_error error;
    uint32_t i, traffic = 9;
    size_t len = 0;
    char *out;

    for (i = 0; i < 3; i++) {
        out = guard_copy(NULL, strlen(ends[i]));
        ck_assert_int_eq(
            vpcvis_delivery_write_stream(&eni, i, out, strlen(ends[i]) - 1, &len),
            VPCVIS_E_SPACE);
        ck_assert_uint_eq(len, strlen(ends[i]));
        ck_assert_int_eq(vpcvis_delivery_write_stream(&eni, i, out, len, &len),
                         VPCVIS_OK);
        ck_assert_mem_eq(out, ends[i], len);
        ck_assert_int_eq(vpcvis_delivery_read_stream(out, len, &got, &traffic, NULL),
                         VPCVIS_OK);
        ck_assert_uint_eq(traffic, i);
        require_word(got, "eni-9f825df9");
    }
    ck_assert_int_eq(vpcvis_delivery_write_stream(&eni, 3, NULL, 0, &len),
                     VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_delivery_write_stream(&bad, 0, NULL, 0, &len), VPCVIS_E_KEY);
    ck_assert_int_eq(vpcvis_delivery_read_stream("eni-1", 5, &got, &traffic, &error),
                     VPCVIS_E_KEY);
    ck_assert_uint_eq(error.offset, 5);
    ck_assert_int_eq(vpcvis_delivery_read_stream("-all", 4, &got, &traffic, &error),
                     VPCVIS_E_KEY);
    ck_assert_uint_eq(error.offset, 0);
    ck_assert_int_eq(vpcvis_delivery_read_stream(NULL, 0, &got, &traffic, &error),
                     VPCVIS_E_KEY);
    ck_assert_uint_eq(traffic, 2);
}
END_TEST

START_TEST(null_arguments)
{
    struct vpcvis_delivery_key key = key_of(0);
    uint32_t traffic;
    size_t len;
    char c;

    ck_assert_int_eq(vpcvis_delivery_write_key(NULL, &c, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_write_key(&key, NULL, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_write_name(&key, &c, 1, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_write_name(NULL, &c, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_read_key(NULL, 1, &key, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_read_name("", 0, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_write_stream(NULL, 0, &c, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_read_stream("", 0, &key.account, NULL, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_delivery_read_stream(NULL, 1, &key.account, &traffic, NULL),
                     VPCVIS_E_ARG);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("delivery_key");
    Suite *suite = suite_create("delivery_key");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, names_are_written_and_read, 0, COUNT(names));
    tcase_add_loop_test(tc, bad_names_are_located, 0, COUNT(bad_names));
    tcase_add_test(tc, parts_that_cannot_be);
    tcase_add_test(tc, dates_are_those_of_the_calendar);
    tcase_add_test(tc, streams);
    tcase_add_test(tc, null_arguments);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
