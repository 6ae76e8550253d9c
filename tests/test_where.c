/* SPDX-License-Identifier: MIT */
/*
 * Expressions of examples/support/where.h: which rows of a small log they take, and where what
 * is no expression goes wrong.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/support/where.h"
#include "support.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define CAPACITY     256

static const char layout_text[] =
    "srcaddr dstport protocol bytes start action az-id "
    "instance-id tcp-flags packets-lost-no-route";

/* Rows 0 to 6. */
static const char log_text[] =
    "10.0.0.1 22 6 1000 1764547200 ACCEPT use1-az1 i-1 2 0\n"
    "10.0.1.255 443 17 2048 1764547201 REJECT use1-az2 it's 18 18446744073709551615\n"
    "- - - - 1764547200 - - - - -\n"
    "2001:db8::1 0 58 18446744073709551615 0 ACCEPT use1-az10 - 0 1\n"
    "::ffff:10.0.0.1 65535 1 0 9223372036854775807 DROP - ( - -\n"
    "11.0.0.0 80 255 1 1764547199 REJECT a null 2147483647 -\n"
    "9.255.255.255 8080 6 1024 1764633600 accept use1-az1 -1 1 2\n";

struct log {
    vpcvis_layout *layout;
    struct vpcvis_line_columns columns;
    void *memory;
    char *text;
    size_t rows;
};

static void read_log(struct log *log, const char *names, const char *text, size_t len,
                     const uint64_t fields[2])
{
    struct vpcvis_layout_config config = {0};
    struct vpcvis_line_config line_config = {0};
    struct vpcvis_line_result result;
    struct vpcvis_error error;
    vpcvis_line *lines;
    const size_t bytes = vpcvis_line_columns_bytes(fields, CAPACITY);

    config.size = sizeof(config);
    config.text = names;
    config.text_len = strlen(names);
    ck_assert_int_eq(vpcvis_layout_new(&config, NULL, &log->layout, NULL), VPCVIS_OK);
    line_config.size = sizeof(line_config);
    memcpy(line_config.fields, fields, sizeof(line_config.fields));
    ck_assert_int_eq(vpcvis_line_new(log->layout, &line_config, NULL, &lines), VPCVIS_OK);
    log->memory = malloc(bytes);
    log->columns.size = sizeof(log->columns);
    ck_assert_int_eq(
        vpcvis_line_columns_init(log->memory, bytes, fields, CAPACITY, &log->columns),
        VPCVIS_OK);
    log->text = guard_copy(text, len);
    ck_assert_int_eq(vpcvis_line_read_columns(lines, log->text, len, &log->columns,
                                              &error, 1, &result),
                     VPCVIS_OK);
    ck_assert_uint_eq(result.errors, 0);
    log->rows = (size_t)result.records;
    vpcvis_line_free(lines, NULL);
}

static void free_log(struct log *log)
{
    vpcvis_layout_free(log->layout, NULL);
    free(log->memory);
}

static struct where *make(const char *text)
{
    struct where_problem problem;
    struct where *where = where_new(guard_copy(text, strlen(text) + 1), &problem);

    if (where == NULL)
        ck_abort_msg("%s: byte %zu: %s", text, problem.offset, problem.message);
    return where;
}

/* The rows of the log that are taken, as digits. */
static void take(const char *text, char rows[CAPACITY + 1])
{
    struct where *where = make(text);
    uint64_t fields[2], taken[1];
    struct log log;
    size_t i, n = 0;

    where_fields(where, fields);
    read_log(&log, layout_text, log_text, strlen(log_text), fields);
    memset(taken, 0xff, sizeof(taken));
    where_match(where, log.layout, &log.columns, log.text, log.rows, taken);
    ck_assert_uint_eq(taken[0] >> log.rows, 0);
    for (i = 0; i < log.rows; i++) {
        if ((taken[0] >> i & 1) != 0)
            rows[n++] = (char)('0' + i);
    }
    rows[n] = '\0';
    where_free(where);
    free_log(&log);
}

struct row {
    const char *text, *rows, *why;
};

/* clang-format off */
static const struct row takings[] = {
    {"bytes = 1000", "0", "a number"},
    {"bytes == 1000", "0", "as C has it"},
    {"bytes != 1000", "13456", "no value is not another value"},
    {"bytes <> 1000", "13456", "as SQL has it"},
    {"not bytes = 1000", "13456", "not of unknown is unknown"},
    {"bytes < 1000", "45", "less"},
    {"bytes <= 1000", "045", "less or equal"},
    {"bytes > 1000", "136", "more"},
    {"bytes >= 1000", "0136", "more or equal"},
    {"bytes < 0", "", "nothing is less than 0"},
    {"bytes >= 0", "013456", "everything else is not"},
    {"bytes <= 0", "4", "0 is a value"},
    {"bytes > 18446744073709551615", "", "nothing is more than the largest"},
    {"bytes <= 18446744073709551615", "013456", "everything else is not"},
    {"bytes >= 18446744073709551615", "3", "numbers are unsigned"},
    {"bytes = 1k", "0", "k is 1,000"},
    {"bytes = 1K", "0", "K as well"},
    {"bytes = 1Ki", "6", "Ki is 1,024"},
    {"bytes < 1M and bytes > 2Ki", "", "M is 1,000,000"},
    {"bytes > 1G", "3", "G is 10^9"},
    {"bytes > 1Ti and bytes > 1T", "3", "T too"},
    {"packets-lost-no-route > 0k", "136", "all counts take them"},
    {"bytes in (1, 1000, 7)", "05", "a list"},
    {"bytes not in (1, 1000, 7)", "1346", "not in a list"},
    {"not bytes in (1, 1000, 7)", "1346", "is the same"},
    {"dstport = 65535", "4", "32 bits"},
    {"dstport < 4294967296", "013456", "what a field cannot have is no error"},
    {"dstport = 4294967296", "", "and wraps nowhere"},
    {"dstport != 4294967296", "013456", "is different from all"},
    {"dstport > 4294967296", "", "and above all"},
    {"dstport in (4294967318, 22)", "0", "in lists too"},
    {"dstport > 4294967295", "", "beyond 32 bits there is nothing"},
    {"dstport >= 4294967295", "", "not even at their end"},
    {"tcp-flags = 2147483647", "5", "31 bits"},
    {"protocol = tcp", "06", "a protocol by name"},
    {"protocol in (udp, 1, ICMP6)", "134", "by number and alias"},
    {"protocol = ipv6-icmp or protocol = icmpv6", "3", "by IANA's name"},
    {"protocol > tcp", "135", "a name is a number"},
    {"start = 2025-12-01", "02", "a date"},
    {"start > 2025-12-01T00:00:00Z", "146", "a time"},
    {"start = 2025-12-01T00:00:01", "1", "without Z"},
    {"start < 2025-12-01t00:00z and start > 1970-01-01", "5", "without seconds"},
    {"start = '2025-12-02 00:00'", "6", "with a space"},
    {"start >= 1764633600", "46", "Unix seconds"},
    {"start = 1970-01-01", "3", "the first"},
    {"start > 9999-12-31T23:59:59", "4", "the last"},
    {"start in (2025-12-01, 2025-12-02)", "026", "times in lists"},
    {"srcaddr = 10.0.0.1", "0", "an address"},
    {"srcaddr = '10.0.0.1'", "0", "quoted"},
    {"srcaddr != 10.0.0.1", "13456", "a mapped address is another"},
    {"srcaddr in 10.0.0.0/8", "01", "a block"},
    {"srcaddr in 10.9.9.9/8", "01", "whatever its host bits"},
    {"srcaddr not in 10.0.0.0/8", "3456", "outside a block"},
    {"srcaddr in 0.0.0.0/0", "0156", "all of IPv4"},
    {"srcaddr in ::/0", "34", "all of IPv6"},
    {"srcaddr in 10.0.0.1/32", "0", "one address"},
    {"srcaddr in 10.0.0.1", "0", "without a length"},
    {"srcaddr in 10.0.0.0/23", "01", "no whole byte"},
    {"srcaddr in 10.0.0.0/24", "0", "whole bytes"},
    {"srcaddr in 2001:db8::/127", "3", "nearly one"},
    {"srcaddr in ::ffff:0:0/96", "4", "mapped addresses"},
    {"srcaddr in (11.0.0.0, 2001:d00::/24)", "35", "blocks in lists"},
    {"srcaddr < 10.0.0.1", "6", "IPv4 by its bytes"},
    {"srcaddr > 10.0.1.255", "345", "IPv6 is after IPv4"},
    {"srcaddr >= ::ffff:10.0.0.1", "34", "IPv6 by its bytes"},
    {"srcaddr <= 2001:db8::1 and srcaddr >= 2001:db8::1", "3", "equal"},
    {"action = ACCEPT", "03", "a word"},
    {"action = accept", "03", "bare, without case"},
    {"action = 'accept'", "6", "quoted as it is"},
    {"action != reject", "0346", "another word"},
    {"action = DROP", "4", "a word that no list has"},
    {"action = drop", "", "which has its case"},
    {"action in (REJECT, DROP)", "145", "words of both kinds"},
    {"action not in ('accept', reject)", "034", "and not"},
    {"action > accept", "1456", "words are ordered bytewise: as AWS writes them"},
    {"az-id = use1-az1", "06", "a text"},
    {"az-id < use1-az10", "056", "a beginning is before the whole"},
    {"az-id >= use1-az10", "13", "and after"},
    {"az-id > use1-az1", "13", "the whole"},
    {"az-id < use1-az", "5", "whose first eight bytes end it"},
    {"az-id <= use1-az1x", "0356", "or do not"},
    {"instance-id >= i", "015", "a word that begins others"},
    {"az-id in (a, 'use1-az2')", "15", "texts in a list"},
    {"az-id = ''", "", "no text is empty"},
    {"az-id > ''", "01356", "and all are after it"},
    {"instance-id = 'it''s'", "1", "a quote"},
    {"instance-id = '('", "4", "what must be quoted"},
    {"instance-id = -1", "6", "begins like -"},
    {"instance-id = null", "5", "null is a word"},
    {"instance-id = '-'", "", "a quoted - is a text, which no log has"},
    {"instance-id is -", "23", "no value"},
    {"instance-id IS NOT -", "01456", "a value"},
    {"instance-id is null", "23", "as SQL has it"},
    {"instance-id is not null", "01456", "and the opposite"},
    {"instance-id = -", "23", "is -"},
    {"instance-id != -", "01456", "is not -"},
    {"not instance-id is -", "01456", "that is never unknown"},
    {"az-id is - or bytes > 1M", "234", "unknown or true is true"},
    {"bytes = 1 or bytes != 1", "013456", "unknown or unknown is not"},
    {"not (az-id = a and bytes = 5)", "013456", "unknown and false is false"},
    {"not (az-id = a and bytes = 0)", "01356", "unknown and true is not"},
    {"not (az-id = a or bytes = 1000)", "136", "false or false is false"},
    {"not (az-id = a or bytes > 1)", "", "unknown or false is not"},
    {"bytes = 1 or bytes = 0 and dstport = 80", "5", "and is before or"},
    {"(bytes = 1 or bytes = 0) and dstport = 65535", "4", "parentheses are before and"},
    {"not bytes = 1 and dstport = 80 or dstport = 22", "0", "not is before and"},
    {"not (bytes = 1 and dstport = 80) and dstport > 22", "146", "unless there are parentheses"},
    {"not not bytes = 1", "5", "twice is not at all"},
    {"not not not(not(bytes = 1))", "5", "and so on"},
    {"((( bytes=1 )))", "5", "for nothing"},
    {"BYTES=1AND", NULL, "a word ends where it ends"},
    {"Bytes=1\tAnD\nDSTPORT=80", "5", "case and space"},
    {"dst_port=80 and dstPort = 80 and azId=a", "5", "spellings of names"},
    {"vpc-id = x", "", "a field that the log has not is -"},
    {"vpc-id != x", "", "whatever is asked"},
    {"vpc-id is - and bytes = 1", "5", "and says so"},
};

static const struct wrong {
    const char *text;
    size_t offset;
    const char *message;
} wrongs[] = {
    {"", 0, "the name of a field is missing here"},
    {"   ", 3, "the name of a field is missing here"},
    {"color = red", 0, "no field that is known here has this name"},
    {"bytes = 1 and color = red", 14, "no field that is known here has this name"},
    {"5 < bytes", 0, "no field that is known here has this name"},
    {"'bytes' = 1", 0, "the name of a field is missing here"},
    {"bytes", 5, "bytes must be compared: = != < <= > >= in is"},
    {"bytes 5", 6, "bytes must be compared: = != < <= > >= in is"},
    {"bytes ! 5", 6, "bytes must be compared: = != < <= > >= in is"},
    {"bytes not 5", 10, "in is missing here: bytes not in"},
    {"bytes =", 7, "a value for bytes is missing here"},
    {"bytes = = 5", 8, "a value for bytes is missing here"},
    {"bytes = and", 8, "a value for bytes is missing here"},
    {"bytes = abc", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = 'abc'", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = ''", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes=18446744073709551616", 6, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = 1kB", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = 1m", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = 1ki5", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = k", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = 18446744073709552k", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"bytes = -1", 8, "bytes takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without"},
    {"dstport = 1k", 10, "dstport takes a number below 2^64"},
    {"dstport = http", 10, "dstport takes a number below 2^64"},
    {"protocol = http", 11, "protocol takes a number, or a name such as tcp, udp, icmp or icmp6"},
    {"start > 1k", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-13-01", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-00-01", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-29", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2100-02-29", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 1969-12-31", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-01T24:00", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-01T10:60", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-01T10:00:60", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-01T10", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-01Z", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"start > 2026-02-01T10:00:00+01:00", 8, "start takes Unix seconds, or a time such as 2026-11-23T10:00:00Z"},
    {"srcaddr = localhost", 10, "srcaddr takes addresses such as 10.0.0.1 or 2001:db8::1"},
    {"srcaddr = 010.0.0.1", 10, "srcaddr takes addresses such as 10.0.0.1 or 2001:db8::1"},
    {"srcaddr = 10.0.0.0/8", 10, "blocks of addresses follow in: srcaddr in 10.0.0.0/8"},
    {"srcaddr < '10.0.0.0/8'", 10, "blocks of addresses follow in: srcaddr in 10.0.0.0/8"},
    {"srcaddr in 10.0.0.0/33", 11, "srcaddr takes blocks such as 10.0.0.0/8 or 2001:db8::/32"},
    {"srcaddr in (10.0.0.1, 10/8)", 22, "srcaddr takes blocks such as 10.0.0.0/8 or 2001:db8::/32"},
    {"srcaddr < -", 10, "- is no value: srcaddr is -, or is not -"},
    {"az-id in (a, -)", 13, "- is no value: az-id is -, or is not -"},
    {"az-id is a", 9, "only - can follow here: az-id is -"},
    {"az-id is not not -", 13, "only - can follow here: az-id is -"},
    {"bytes in 5", 9, "values are listed like this: bytes in (value, value)"},
    {"bytes in ()", 10, "a value for bytes is missing here"},
    {"bytes in (1,)", 12, "a value for bytes is missing here"},
    {"bytes in (1 2)", 12, "a comma or the end of the list, ), is missing here"},
    {"bytes in (1", 11, "a comma or the end of the list, ), is missing here"},
    {"az-id = 'a", 8, "this quote is never closed"},
    {"az-id = 'a''", 8, "this quote is never closed"},
    {"az-id = \"a\"", 8, "values are quoted like this: 'text'"},
    {"az-id = !", 8, "this can be in quotes only: 'text'"},
    {"az-id = \xc3\xa4", 8, "this can be in quotes only: 'text'"},
    {"az-id = a\x01", 9, "and, or, or the end of the expression is missing here"},
    {"bytes = 1 bytes = 2", 10, "and, or, or the end of the expression is missing here"},
    {"bytes = 1 'x'", 10, "and, or, or the end of the expression is missing here"},
    {"bytes = 1 and", 13, "the name of a field is missing here"},
    {"bytes = 1 and or bytes = 2", 14, "the name of a field is missing here"},
    {"not", 3, "the name of a field is missing here"},
    {"bytes = 1 not", 10, "and, or, or the end of the expression is missing here"},
    {"bytes = 1)", 9, "this ) closes nothing"},
    {"(bytes = 1))", 11, "this ) closes nothing"},
    {"(bytes = 1", 0, "this ( is never closed"},
    {"((bytes = 1) and (bytes = 2)", 0, "this ( is never closed"},
    {"(bytes = 1 and (bytes = 2", 15, "this ( is never closed"},
    {"()", 1, "the name of a field is missing here"},
};
/* clang-format on */

START_TEST(taken)
{
    const struct row *row = &takings[_i];
    char got[CAPACITY + 1];

    if (row->rows == NULL) {
        struct where_problem problem;
        ck_assert_msg(where_new(row->text, &problem) == NULL, "%s", row->why);
        return;
    }
    take(row->text, got);
    ck_assert_msg(strcmp(got, row->rows) == 0, "%s: %s: rows %s, not %s", row->why,
                  row->text, got, row->rows);
}
END_TEST

START_TEST(refused)
{
    const struct wrong *wrong = &wrongs[_i];
    struct where_problem problem;

    memset(&problem, 0, sizeof(problem));
    ck_assert_msg(where_new(guard_copy(wrong->text, strlen(wrong->text) + 1), &problem) ==
                      NULL,
                  "%s", wrong->text);
    ck_assert_msg(strcmp(problem.message, wrong->message) == 0, "%s: %s", wrong->text,
                  problem.message);
    ck_assert_msg(problem.offset == wrong->offset, "%s: byte %zu, not %zu", wrong->text,
                  problem.offset, wrong->offset);
}
END_TEST

/* `count` times a text, a middle, `count` times another text, and an end. */
static char *repeat(const char *before, const char *middle, const char *after,
                    const char *end, size_t count)
{
    char *text = malloc(count * (strlen(before) + strlen(after)) + strlen(middle) +
                        strlen(end) + 1);
    char *out = text;
    size_t i;

    for (i = 0; i < count; i++)
        out += sprintf(out, "%s", before);
    out += sprintf(out, "%s", middle);
    for (i = 0; i < count; i++)
        out += sprintf(out, "%s", after);
    sprintf(out, "%s", end);
    return text;
}

static const struct bound {
    const char *before, *middle, *after, *end;
    size_t most, offset;
    const char *message;
} bounds[] = {
    {"(", "bytes=1", ")", "", 64, 64, "parentheses are at most 64 deep"},
    {"not(", "bytes=1", ")", "", 64, 64 * 4 + 3, "parentheses are at most 64 deep"},
    {"", "bytes=1", " or bytes=1", "", 127, 7 + 11 * 128 + 1,
     "an expression has at most 256 comparisons, and, or, not"},
    {"", "bytes=1", " and bytes=1", "", 127, 7 + 12 * 128 + 1,
     "an expression has at most 256 comparisons, and, or, not"},
    {"", "bytes=1 or bytes in(1", ",1", ")", 1022, 21 + 2 * 1022 + 1,
     "an expression has at most 1024 values"},
};

START_TEST(bounded)
{
    static const size_t more[] = {2, 1000, 1000000};
    const struct bound *b = &bounds[_i];
    char *text = repeat(b->before, b->middle, b->after, b->end, b->most);
    struct where_problem problem;
    size_t i;

    where_free(make(text));
    free(text);
    for (i = 0; i < 3; i++) {
        text = repeat(b->before, b->middle, b->after, b->end, b->most + more[i]);
        memset(&problem, 0, sizeof(problem));
        ck_assert_ptr_null(where_new(text, &problem));
        ck_assert_str_eq(problem.message, b->message);
        ck_assert_msg(problem.offset == b->offset, "%s: byte %zu", b->message,
                      problem.offset);
        free(text);
    }
}
END_TEST

START_TEST(many_nots)
{
    char *text = repeat("not ", "bytes=1", "", "", 1000001);
    struct where_problem problem;
    struct where *where = where_new(text, &problem);

    ck_assert_ptr_nonnull(where);
    where_free(where);
    free(text);
}
END_TEST

/* Everything waits for everything, and there are as many steps as there can be. */
START_TEST(deepest)
{
    char *text = repeat("bytes=1 or bytes!=2 and not (", "bytes=3", ")", "", 51);
    char got[CAPACITY + 1];

    take(text, got);
    ck_assert_str_eq(got, "013456");
    free(text);
}
END_TEST

/* Batches of all lengths, and rows of a batch past which nothing may be read. */
START_TEST(blocks)
{
    static const char *const texts[] = {"bytes < 100",
                                        "dstport < 100",
                                        "srcaddr in 10.0.0.0/30",
                                        "srcaddr < 10.0.0.2",
                                        "action = REJECT",
                                        "az-id = a1",
                                        "az-id > a1",
                                        "az-id is -",
                                        "az-id is not - or not bytes in (1, 2, 3)"};
    struct where *where = make(texts[_i]);
    uint64_t fields[2], all[4], some[4];
    char text[CAPACITY * 64];
    struct log log;
    size_t rows, len = 0, i;

    where_fields(where, fields);
    for (i = 0; i < CAPACITY; i++) {
        len += (size_t)sprintf(
            text + len, "10.0.0.%zu %zu 6 %zu 0 %s %s - 0 0\n", i * 7 % 256, i * 5 % 256,
            i * 3 % 256, i % 3 ? "REJECT" : "ACCEPT", i % 5 ? i % 7 ? "a1" : "a2" : "-");
    }
    read_log(&log, layout_text, text, len, fields);
    where_match(where, log.layout, &log.columns, log.text, log.rows, all);
    for (rows = 0; rows <= log.rows; rows++) {
        memset(some, 0xff, sizeof(some));
        where_match(where, log.layout, &log.columns, log.text, rows, some);
        for (i = 0; i < CAPACITY; i++) {
            const unsigned bit = (unsigned)(some[i / 64] >> i % 64 & 1);
            if (i < rows)
                ck_assert_uint_eq(bit, all[i / 64] >> i % 64 & 1);
            else
                ck_assert_uint_eq(bit, i >= (rows + 63) / 64 * 64);
        }
    }
    where_free(where);
    free_log(&log);
}
END_TEST

START_TEST(asked_for)
{
    struct where *where = make("srcaddr in ::/0 or not (bytes is - and pktDstAddr is -)");
    uint64_t fields[2];

    where_fields(where, fields);
    ck_assert_uint_eq(fields[0], UINT64_C(1) << VPCVIS_FIELD_SRCADDR |
                                     UINT64_C(1) << VPCVIS_FIELD_BYTES |
                                     UINT64_C(1) << VPCVIS_FIELD_PKT_DSTADDR);
    ck_assert_uint_eq(fields[1], 0);
    where_free(where);
    where = make("packets-lost-ttl-expired > 0");
    where_fields(where, fields);
    ck_assert_uint_eq(fields[0], 0);
    ck_assert_uint_eq(fields[1], UINT64_C(1)
                                     << (VPCVIS_FIELD_PACKETS_LOST_TTL_EXPIRED - 64));
    where_free(where);
    where_free(NULL);
}
END_TEST

static void explain(const char *text, const char *expected)
{
    struct where_problem problem;
    char said[1024] = "";
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_null(where_new(text, &problem));
    where_explain(file, "flowtop: --where", text, &problem);
    rewind(file);
    said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(said, expected);
}

START_TEST(explained)
{
    char *text = repeat("bytes=1 or ", "bites=1", " or bytes=1", "", 10);

    explain("bytes = 1\tand bites > 1",
            "flowtop: --where: byte 15: no field that is known here has this name\n"
            "    bytes = 1 and bites > 1\n"
            "                  ^\n");
    explain("",
            "flowtop: --where: byte 1: the name of a field is missing here\n"
            "    \n"
            "    ^\n");
    explain(text,
            "flowtop: --where: byte 111: no field that is known here has this name\n"
            "    or bytes=1 or bytes=1 or bytes=1 or bites=1 or bytes=1 or bytes=1 or "
            "byt\n"
            "                                        ^\n");
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("where");
    TCase *tcase = tcase_create("where");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, taken, 0, COUNT(takings));
    tcase_add_loop_test(tcase, refused, 0, COUNT(wrongs));
    tcase_add_loop_test(tcase, bounded, 0, COUNT(bounds));
    tcase_add_test(tcase, many_nots);
    tcase_add_test(tcase, deepest);
    tcase_add_loop_test(tcase, blocks, 0, 9);
    tcase_add_test(tcase, asked_for);
    tcase_add_test(tcase, explained);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
