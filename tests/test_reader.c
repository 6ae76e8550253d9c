/* SPDX-License-Identifier: MIT */
/*
 * Room reader: streams in every chunking, header lines, prefixes, long lines, foreign data.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define LOG_MAX      40000

#define R1 "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK"
#define R2 "2 1 eni-2 - - - - - - - 5 6 - NODATA"
#define R3 "2 1 eni-3 - - - - - - - 5 6 - SKIPDATA"
#define HEADER                                                                                \
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes " \
    "start end action log-status"

/* What a stream says when all is read: its records written with their own layouts, a line
 * each, errors as `!line:offset:status`, in the order of the stream. */
struct transcript {
    char text[4 * LOG_MAX];
    size_t len;
    vpcvis_status end;
    struct vpcvis_reader_counts counts;
};

static void note_error(struct transcript *out, const struct vpcvis_error *error)
{
    out->len += (size_t)sprintf(out->text + out->len, "!%u:%u+%u:%d\n",
                                (unsigned)error->line, (unsigned)error->line_at,
                                (unsigned)error->offset, (int)error->status);
}

/* Records of a batch lie around its errors; both have places in the stream to order them by. */
static void note_batch(struct transcript *out, const vpcvis_layout *layout,
                       const struct vpcvis_record *records, size_t record_count,
                       const struct vpcvis_error *errors, size_t error_count)
{
    size_t i, len;

    for (i = 0; i < error_count; i++)
        note_error(out, &errors[i]);
    for (i = 0; i < record_count; i++) {
        if (vpcvis_line_write(layout, &records[i], out->text + out->len,
                              sizeof out->text - out->len - 1, &len) != VPCVIS_OK)
            ck_abort_msg("a record cannot be written");
        out->len += len;
        out->text[out->len++] = '\n';
    }
}

static void drain(vpcvis_reader *reader, struct transcript *out, size_t capacity)
{
    static struct vpcvis_record records[64];
    struct vpcvis_reader_batch batch;
    struct vpcvis_error error;
    vpcvis_status status;

    do {
        status = vpcvis_reader_next(reader, records, sizeof records[0], capacity, &error,
                                    1, &batch);
        if (status == VPCVIS_OK && batch.records + batch.errors == 0)
            ck_abort_msg("an empty batch");
        if (status == VPCVIS_OK)
            note_batch(out, vpcvis_reader_layout(reader), records, (size_t)batch.records,
                       &error, (size_t)batch.errors);
    } while (status == VPCVIS_OK);
    out->end = status;
}

/* Feed a log in chunks of up to `most` bytes (a seed: of random sizes), each in memory of its
 * own that ends at an unreadable page. */
static void read_stream(const struct vpcvis_reader_config *config, const char *log,
                        size_t len, size_t most, unsigned seed, size_t capacity,
                        struct transcript *out)
{
    vpcvis_reader *reader = NULL;
    size_t at = 0;

    out->len = 0;
    srand(seed);
    ck_assert_int_eq(vpcvis_reader_new(config, NULL, &reader), VPCVIS_OK);
    while (at < len) {
        size_t n = seed ? 1 + (size_t)rand() % most : most;
        n = n < len - at ? n : len - at;
        if (vpcvis_reader_add(reader, guard_copy(log + at, n), n) != VPCVIS_OK)
            ck_abort_msg("a chunk is refused");
        drain(reader, out, capacity);
        at += n;
    }
    ck_assert_int_eq(vpcvis_reader_end(reader), VPCVIS_OK);
    drain(reader, out, capacity);
    out->text[out->len] = '\0';
    ck_assert_int_eq(vpcvis_reader_get(reader, &out->counts), VPCVIS_OK);
    vpcvis_reader_free(reader, NULL);
}

static struct transcript whole, parts;

struct stream {
    const char *text;
    uint32_t flags;
    const char *transcript;
    uint32_t nodata, skipdata, blank, headers;
    const char *why;
};

/* clang-format off */
static const struct stream streams[] = {
    {"", 0, "", 0, 0, 0, 0, "nasty 1: nothing"},
    {"\n\n \n", 0, "", 0, 0, 3, 0, "nasty 2, 3: nothing but line ends and spaces"},
    {R1 "\n" R2 "\n" R3 "\n", 0, R1 "\n" R2 "\n" R3 "\n", 1, 1, 0, 0, "the default layout, without a header"},
    {R1 "\n" R2, 0, R1 "\n" R2 "\n", 1, 0, 0, 0, "nasty 6: no last line end"},
    {R1 "\r\n" R2 "\r\n", 0, R1 "\n" R2 "\n", 1, 0, 0, 0, "nasty 5: CRLF"},
    {"\xef\xbb\xbf" R1 "\n", 0, R1 "\n", 0, 0, 0, 0, "nasty 11: a byte order mark"},
    {"\xef\xbb\xbf" HEADER "\n" R1 "\n", 0, R1 "\n", 0, 0, 0, 1, "before a header line, as well"},
    /* [reader.header] */
    {HEADER "\n" R1 "\n", 0, R1 "\n", 0, 0, 0, 1, "a header line"},
    {HEADER "\n" R1 "\n" HEADER "\n" HEADER "\n" R2 "\n", 0, R1 "\n" R2 "\n", 1, 0, 0, 3, "nasty 13: repeated"},
    {"srcaddr bytes\n1.2.3.4 5\nbytes srcaddr\n6 ::1\n", 0, "1.2.3.4 5\n6 ::1\n", 0, 0, 0, 2, "another order from there on"},
    {"action region\nACCEPT r\naction region\nregion action\nx REJECT\n", 0, "ACCEPT r\nx REJECT\n", 0, 0, 0, 3, "layouts of words alone know header lines too"},
    {"resource-type tgw-id bytes\nTransitGateway tgw-1 7\n" HEADER "\n" R1 "\n", 0, "TransitGateway tgw-1 7\n" R1 "\n", 0, 0, 0, 2, "transit gateway and VPC in one stream"},
    {"bytes later-field packets\n1 what 2\n", 0, "1 what 2\n", 0, 0, 0, 1, "a header line with a name of the future"},
    {"bytes\n1\nversion bytes\n", VPCVIS_READER_FIXED, "!1:0+0:-11\n!2:6+1:-15\n!3:8+0:-11\n", 0, 0, 0, 0, "fixed: header lines are bad lines"},
    /* [reader.bad-header] */
    {"bytes srcaddr\n1 ::1\nbytes srcaddr bytes\n2 ::2 3\n\nbytes\n4\n", 0, "1 ::1\n!3:20+14:-21\n!4:40+0:-21\n4\n", 0, 0, 1, 2, "a name twice: nothing is guessed until the next header line"},
    {"bytes packets new\n1 2 3\nbytes\n4\n", VPCVIS_READER_STRICT, "!1:0+14:-20\n!2:18+0:-20\n4\n", 0, 0, 0, 1, "strict: a name of the future"},
    /* [reader.prefix] */
    {"2018-09-22T20:28:14.000Z " R1 "\n2018-09-22T20:28:15.000Z " R2 "\n" R3 "\n", 0, R1 "\n" R2 "\n" R3 "\n", 1, 1, 0, 0, "times of a CloudWatch Logs export"},
    {"2018-09-22T20:28:14.000Z " R1 "\n", VPCVIS_READER_NO_PREFIX, "!1:0+4:-11\n", 0, 0, 0, 0, "unless they are not to be skipped"},
    /* errors */
    {R1 "\nx\n" R2 "\n\001\n" R3, 0, R1 "\n!2:52+0:-11\n" R2 "\n!4:91+0:-10\n" R3 "\n", 1, 1, 0, 0, "a bad line costs itself"},
    {"2 x\n", VPCVIS_LINE_LENIENT, "2 x - - - - - - - - - - - -\n", 0, 0, 0, 0, "flags of lines are handed on"},
    {"\037 no gzip\n", 0, "!1:0+0:-10\n", 0, 0, 0, 0, "one byte of a magic number is none"},
};
/* clang-format on */

/* Errors and records of a batch come in two lists; compare what a stream says line by line,
 * sorted, since the order of lists between chunks is no promise. */
static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char *text)
{
    static char copy[4 * LOG_MAX];
    static char *lines[LOG_MAX];
    size_t n = 0, i;
    char *line, *rest = NULL;

    strcpy(copy, text);
    for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        lines[n++] = line;
    qsort(lines, n, sizeof lines[0], compare_lines);
    text[0] = '\0';
    for (i = 0; i < n; i++)
        text += sprintf(text, "%s\n", lines[i]);
}

static void same_stream(const struct vpcvis_reader_config *config, const char *log,
                        size_t len, size_t most, unsigned seed, size_t capacity)
{
    read_stream(config, log, len, most, seed, capacity, &parts);
    sort_lines(parts.text);
    ck_assert_str_eq(parts.text, whole.text);
    ck_assert_int_eq(parts.end, whole.end);
    ck_assert_int_eq(memcmp(&parts.counts, &whole.counts, sizeof parts.counts), 0);
}

/* [reader.chunking] nasty 42, 43 */
START_TEST(streams_in_every_chunking)
{
    const struct stream *row = &streams[_i];
    const size_t len = strlen(row->text);
    struct vpcvis_reader_config config;
    char expected[2048];
    unsigned seed;
    size_t most;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = row->flags;
    strcpy(expected, row->transcript);
    sort_lines(expected);
    read_stream(&config, row->text, len, len + 1, 0, 64, &whole);
    sort_lines(whole.text);
    ck_assert_str_eq(whole.text, expected);
    ck_assert_int_eq(whole.end, VPCVIS_DONE);
    ck_assert_uint_eq(whole.counts.bytes, len);
    ck_assert_uint_eq(whole.counts.nodata, row->nodata);
    ck_assert_uint_eq(whole.counts.skipdata, row->skipdata);
    ck_assert_uint_eq(whole.counts.blank, row->blank);
    ck_assert_uint_eq(whole.counts.headers, row->headers);
    ck_assert_uint_eq(whole.counts.lines, whole.counts.records + whole.counts.errors +
                                              row->blank + row->headers);
    for (most = 1; most <= 9; most++)
        same_stream(&config, row->text, len, most, 0, 1);
    for (seed = 1; seed < 20; seed++)
        same_stream(&config, row->text, len, 80, seed, 1 + seed % 5);
}
END_TEST

/* A log of some hundred lines, with everything in it. */
static size_t put_log(char *log)
{
    static const char *const lines[] = {R1,        R1,
                                        R1,        R1,
                                        R2,        R3,
                                        HEADER,    "2 1 eni-1 x",
                                        R1 "\r",   "",
                                        "  ",      "\t" R1,
                                        R1 " ",    "bytes packets srcaddr",
                                        "7 8 ::1", HEADER,
                                        R1,        "2018-09-22T20:28:14.000Z " R1,
                                        "\x80",    "bytes bytes"};
    size_t len = 0;

    while (len < LOG_MAX / 4)
        len += (size_t)sprintf(log + len, "%s\n", lines[rand() % COUNT(lines)]);
    return len;
}

START_TEST(long_streams_in_every_chunking)
{
    static char log[LOG_MAX];
    struct vpcvis_reader_config config;
    unsigned seed;
    size_t len;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    srand((unsigned)_i + 1);
    len = put_log(log);
    read_stream(&config, log, len, len, 0, 64, &whole);
    sort_lines(whole.text);
    ck_assert_uint_gt(whole.counts.records, 20);
    ck_assert_uint_gt(whole.counts.errors, 5);
    same_stream(&config, log, len, 1, 0, 64);
    for (seed = 1; seed < 12; seed++)
        same_stream(&config, log, len, 1 + seed * seed * 30, seed, 1 + seed * 5);
}
END_TEST

struct foreign {
    const char *text;
    size_t len;
    vpcvis_status status;
};

/* [reader.sniff] nasty 44, 48 */
static const struct foreign foreign[] = {
    {"\x1f\x8b\x08\x00", 4, VPCVIS_E_GZIP},
    {"\x1f\x8b", 2, VPCVIS_E_GZIP},
    {"\x28\xb5\x2f\xfd\x04\x00\n", 7, VPCVIS_E_ZSTD},
    {"PAR1\x15\x04\x15\x10", 8, VPCVIS_E_PARQUET},
    {"{\"message\":\"2 1\"}\n", 18, VPCVIS_E_JSON},
    {"{\n \"a\": 1\n}\n", 12, VPCVIS_E_JSON},
    {"[{}]", 4, VPCVIS_E_JSON},
    {"\xef\xbb\xbf{}", 5, VPCVIS_E_JSON},
};

START_TEST(foreign_data_is_named)
{
    const struct foreign *row = &foreign[_i];
    size_t most;

    for (most = 1; most <= row->len; most++) {
        read_stream(NULL, row->text, row->len, most, 0, 8, &whole);
        ck_assert_int_eq(whole.end, row->status);
        ck_assert_uint_eq(whole.len, 0);
        ck_assert_uint_eq(whole.counts.lines, 0);
    }
}
END_TEST

/* nasty 41: a line beyond the bound is refused whole, whatever the chunking, and is not kept. */
START_TEST(long_lines)
{
    static char log[LOG_MAX];
    static const size_t lens[] = {99, 100, 101, 102, 103, 5000};
    struct vpcvis_reader_config config;
    size_t len = 0, most;
    int i;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.line_max = 100;
    len += (size_t)sprintf(log, "region\n");
    for (i = 0; i < COUNT(lens); i++) {
        memset(log + len, 'a' + i, lens[i]);
        len += lens[i];
        len += (size_t)sprintf(log + len, i % 2 ? "\r\nok\n" : "\nok\n");
    }
    read_stream(&config, log, len, len, 0, 64, &whole);
    sort_lines(whole.text);
    ck_assert_uint_eq(whole.counts.records, 2 + COUNT(lens));
    ck_assert_uint_eq(whole.counts.kinds[-VPCVIS_E_LONG], 4);
    ck_assert_uint_eq(whole.counts.errors, 4);
    for (most = 1; most < 300; most = most * 2 + 1)
        same_stream(&config, log, len, most, 0, 3);
}
END_TEST

/* The rows and the columns of a stream are the same; texts count from batch.text. */
START_TEST(streams_as_columns)
{
    static const uint64_t asked[2] = {
        (uint64_t)1 << VPCVIS_FIELD_BYTES | (uint64_t)1 << VPCVIS_FIELD_INTERFACE_ID, 0};
    static char memory[16384];
    static const char log[] = R1 "\n" R2 "\nx\n" R1 "\n";
    struct vpcvis_line_columns columns;
    struct vpcvis_reader_config config;
    struct vpcvis_reader_batch batch;
    struct vpcvis_reader_counts counts;
    const struct vpcvis_line_text *texts;
    vpcvis_reader *reader = NULL;
    struct vpcvis_error errors[4];
    size_t seen = 0;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.fields[0] = asked[0];
    config.flags = VPCVIS_LINE_SKIP;
    ck_assert_int_eq(vpcvis_line_columns_init(memory, sizeof memory, asked, 64, &columns),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_new(&config, NULL, &reader), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_add(reader, log, sizeof log - 1), VPCVIS_OK);
    while (vpcvis_reader_next_columns(reader, &columns, errors, 4, &batch) == VPCVIS_OK) {
        texts = columns.values[VPCVIS_FIELD_INTERFACE_ID];
        ck_assert_int_eq(memcmp(batch.text + texts[0].at, "eni-", 4), 0);
        seen += (size_t)batch.records;
    }
    ck_assert_uint_eq(seen, 3);
    ck_assert_int_eq(vpcvis_reader_get(reader, &counts), VPCVIS_OK);
    ck_assert_uint_eq(counts.nodata, 1);
    ck_assert_uint_eq(counts.errors, 1);
    columns.size = 8;
    ck_assert_int_eq(vpcvis_reader_next_columns(reader, &columns, errors, 4, &batch),
                     VPCVIS_E_CONFIG);
    vpcvis_reader_free(reader, NULL);
}
END_TEST

struct limited {
    int left;
};

static void *limited_alloc(void *context, size_t bytes)
{
    struct limited *limited = context;

    return limited->left-- > 0 ? malloc(bytes) : NULL;
}

static void limited_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

/* Each `_new` with every allocation failing: E_MEMORY, nothing leaked, outputs untouched. */
START_TEST(failing_allocations)
{
    struct limited limited = {0};
    const struct vpcvis_allocator allocator = {limited_alloc, limited_free, &limited};
    vpcvis_layout *layout = NULL;
    vpcvis_line *lines = NULL;
    vpcvis_reader *reader = NULL;

    ck_assert_int_eq(vpcvis_layout_new(NULL, &allocator, &layout, NULL), VPCVIS_E_MEMORY);
    ck_assert_ptr_null(layout);
    limited.left = 1;
    ck_assert_int_eq(vpcvis_layout_new(NULL, &allocator, &layout, NULL), VPCVIS_OK);
    limited.left = 0;
    ck_assert_int_eq(vpcvis_line_new(layout, NULL, &allocator, &lines), VPCVIS_E_MEMORY);
    ck_assert_ptr_null(lines);
    limited.left = 1;
    ck_assert_int_eq(vpcvis_line_new(layout, NULL, &allocator, &lines), VPCVIS_OK);
    limited.left = 0;
    ck_assert_int_eq(vpcvis_reader_new(NULL, &allocator, &reader), VPCVIS_E_MEMORY);
    ck_assert_ptr_null(reader);
    limited.left = 1;
    ck_assert_int_eq(vpcvis_reader_new(NULL, &allocator, &reader), VPCVIS_OK);
    vpcvis_reader_free(reader, &allocator);
    vpcvis_line_free(lines, &allocator);
    vpcvis_layout_free(layout, &allocator);
    vpcvis_reader_free(NULL, &allocator);
    vpcvis_line_free(NULL, &allocator);
    vpcvis_layout_free(NULL, &allocator);
}
END_TEST

/* Static arrays of the promised sizes do; less than what is asked for is refused. */
START_TEST(callers_memory)
{
    static char line_memory[VPCVIS_LINE_BYTES_MAX],
        reader_memory[VPCVIS_READER_BYTES_MAX];
    static char layout_memory[VPCVIS_LAYOUT_BYTES_MAX];
    struct vpcvis_line_config line = {sizeof line, 0, 0, 0, {0, 0}};
    struct vpcvis_reader_config config;
    vpcvis_layout *layout = NULL;
    vpcvis_line *lines = NULL;
    vpcvis_reader *reader = NULL;

    ck_assert_int_eq(
        vpcvis_layout_init(layout_memory, sizeof layout_memory, NULL, &layout, NULL),
        VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_line_init(line_memory, sizeof line_memory, layout, NULL, &lines),
        VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_line_init(line_memory, vpcvis_line_bytes() - 1, layout, NULL, &lines),
        VPCVIS_E_SPACE);
    ck_assert_int_eq(
        vpcvis_reader_init(reader_memory, sizeof reader_memory, NULL, &reader),
        VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_reader_init(reader_memory, vpcvis_reader_bytes() - 1, NULL, &reader),
        VPCVIS_E_SPACE);
    line.flags = 1u << 20;
    ck_assert_int_eq(
        vpcvis_line_init(line_memory, sizeof line_memory, layout, &line, &lines),
        VPCVIS_E_CONFIG);
    line.flags = 0;
    line.cpu = 99;
    ck_assert_int_eq(
        vpcvis_line_init(line_memory, sizeof line_memory, layout, &line, &lines),
        VPCVIS_E_CONFIG);
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = VPCVIS_LINE_HEADER;
    ck_assert_int_eq(
        vpcvis_reader_init(reader_memory, sizeof reader_memory, &config, &reader),
        VPCVIS_E_CONFIG);
    config.flags = 0;
    config.line_max = VPCVIS_LINE_MAX + 1;
    ck_assert_int_eq(
        vpcvis_reader_init(reader_memory, sizeof reader_memory, &config, &reader),
        VPCVIS_E_CONFIG);
}
END_TEST

/* Calls out of turn are refused and change nothing. */
START_TEST(calls_out_of_turn)
{
    struct vpcvis_reader_batch batch;
    struct vpcvis_record record;
    struct vpcvis_error error;
    vpcvis_reader *reader = NULL;

    ck_assert_int_eq(vpcvis_reader_new(NULL, NULL, &reader), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_add(reader, NULL, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_reader_add(reader, NULL, 0), VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_reader_next(reader, &record, sizeof record, 1, &error, 1, &batch),
        VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_reader_add(reader, R1 "\n", sizeof R1), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_add(reader, R1 "\n", sizeof R1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_reader_end(reader), VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_reader_next(reader, &record, sizeof record, 0, &error, 1, &batch),
        VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_reader_next(reader, &record, sizeof record, 1, &error, 0, &batch),
        VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_reader_next(reader, &record, 100, 1, &error, 1, &batch),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_reader_next(reader, &record, sizeof record, 1, &error, 1, &batch),
        VPCVIS_OK);
    ck_assert_uint_eq(batch.records, 1);
    ck_assert_int_eq(
        vpcvis_reader_next(reader, &record, sizeof record, 1, &error, 1, &batch),
        VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_reader_end(reader), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_end(reader), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_reader_add(reader, R1, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(
        vpcvis_reader_next(reader, &record, sizeof record, 1, &error, 1, &batch),
        VPCVIS_DONE);
    vpcvis_reader_free(reader, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tcase = tcase_create("reader");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, streams_in_every_chunking, 0, COUNT(streams));
    tcase_add_loop_test(tcase, long_streams_in_every_chunking, 0, 12);
    tcase_add_loop_test(tcase, foreign_data_is_named, 0, COUNT(foreign));
    tcase_add_test(tcase, long_lines);
    tcase_add_test(tcase, streams_as_columns);
    tcase_add_test(tcase, failing_allocations);
    tcase_add_test(tcase, callers_memory);
    tcase_add_test(tcase, calls_out_of_turn);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
