/* SPDX-License-Identifier: MIT */
/*
 * Room line, one line at a time: what is read, what is refused and where, what is written. The
 * rows of the list of nasty inputs carry their number there.
 */
#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define NONE         VPCVIS_FIELD_NONE

static char layout_memory[VPCVIS_LAYOUT_BYTES_MAX];

/* A format string, or NULL for the default format. */
static vpcvis_layout *make_layout(const char *text)
{
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.text = text;
    config.text_len = text ? strlen(text) : 0;
    ck_assert_int_eq(
        vpcvis_layout_init(layout_memory, sizeof layout_memory, &config, &layout, NULL),
        VPCVIS_OK);
    return layout;
}

/* A line that is read, and what it is when written back. */
struct good {
    const char *format;
    const char *line;
    uint32_t read_flags;
    uint32_t record_flags;
    const char *written;
    const char *why;
};

#define V2        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK"
#define V2_NODATA "2 123456789010 eni-1 - - - - - - - 5 6 - NODATA"

/* clang-format off */
static const struct good good[] = {
    /* [line.grammar] */
    {NULL, V2, 0, 0, V2, "the plain case, and nasty 6: no line end"},
    {NULL, V2 "\n", 0, 0, V2, "its line end is not part of the line"},
    {NULL, V2 "\r\n", 0, 0, V2, "nasty 5: CRLF"},
    {NULL, V2 "\r", 0, 0, V2, "a CR before the text's end, as readers of lines leave it"},
    {NULL, "  " V2 "  ", 0, 0, V2, "nasty 7: spaces around the line"},
    {NULL, "2  123456789010   eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK", 0, 0, V2, "nasty 8: double spaces"},
    {NULL, "2\t123456789010 eni-1\t\t10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT\tOK", 0, 0, V2, "nasty 9: tabs"},
    /* [line.canonical] */
    {"bytes packets", "0 7", 0, 0, "0 7", "nasty 28: 0 is a value and is written as 0"},
    {"bytes packets", "- 0", 0, 0, "- 0", "nasty 21: - is not 0"},
    {NULL, V2_NODATA, 0, 0, V2_NODATA, "nasty 18: NODATA"},
    {NULL, "2 1 eni-1 - - - - - - - - - - NODATA", 0, 0, "2 1 eni-1 - - - - - - - - - - NODATA", "nasty 19: NODATA without times"},
    {NULL, "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT SKIPDATA", 0, 0, "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT SKIPDATA", "nasty 20: SKIPDATA with values"},
    {"log-status", "ok", 0, VPCVIS_RECORD_UNKNOWN, "ok", "nasty 22: lower case is another word"},
    {"log-status", "LATER", 0, VPCVIS_RECORD_UNKNOWN, "LATER", "nasty 22: a status of the future"},
    {"action log-status", "- OK", 0, 0, "- OK", "nasty 23: no action in an OK record"},
    {"action", "Accept", 0, VPCVIS_RECORD_UNKNOWN, "Accept", "nasty 23: case decides"},
    {"version", "0", 0, 0, "0", "nasty 24: the version's value decides nothing"},
    {"version traffic-path", "2 8", 0, 0, "2 8", "nasty 24: version 2 with a field of v5"},
    {"version", "11", 0, 0, "11", "nasty 24: the latest"},
    {"version", "2147483647", 0, 0, "2147483647", "the largest of 31 bits"},
    {"srcport dstport", "0 65535", 0, 0, "0 65535", "nasty 25: the ends of the range"},
    {"protocol", "255", 0, 0, "255", "nasty 26: the largest protocol"},
    {"packets bytes", "18446744073709551615 18446744073709551615", 0, 0, "18446744073709551615 18446744073709551615", "nasty 27: 2^64 - 1"},
    {"packets bytes", "4 0", 0, 0, "4 0", "nasty 28: no bytes in some packets is not ours to judge"},
    {"start end", "9 5", 0, 0, "9 5", "nasty 29: start after end"},
    {"start end", "0 0", 0, 0, "0 0", "nasty 29: the epoch"},
    {"start end", "2147483648 4294967296", 0, 0, "2147483648 4294967296", "nasty 29: beyond 31 and 32 bits"},
    {"start end", "9223372036854775807 1", 0, 0, "9223372036854775807 1", "the largest of 63 bits"},
    {"start end", "1418530010123 1418530070999", 0, 0, "1418530010123 1418530070999", "nasty 29: milliseconds are seconds unless asked"},
    {"start end", "1418530010123 1418530070999", VPCVIS_LINE_MS, VPCVIS_RECORD_MS, "1418530010 1418530070", "nasty 29: and rounded down if asked"},
    {"start end", "9999999999 10000000000", VPCVIS_LINE_MS, VPCVIS_RECORD_MS, "9999999999 10000000", "11 digits are milliseconds, 10 are not"},
    {"bytes", "99999999999", VPCVIS_LINE_MS, 0, "99999999999", "only times are scaled"},
    {"account-id", "012345678901", 0, 0, "012345678901", "nasty 30: leading zeros stay"},
    {"account-id", "12345678901", 0, 0, "12345678901", "nasty 30: 11 digits"},
    {"account-id", "1234567890123", 0, 0, "1234567890123", "nasty 30: 13 digits"},
    {"account-id", "unknown", 0, 0, "unknown", "nasty 30: interfaces that a service made"},
    {"interface-id", "eni-0123456789abcdef0", 0, 0, "eni-0123456789abcdef0", "nasty 31: 17 hex digits"},
    {"interface-id", "eni-1234abcd", 0, 0, "eni-1234abcd", "nasty 31: 8"},
    {"interface-id", "ENI-ABC", 0, 0, "ENI-ABC", "nasty 31: ids are kept as they are"},
    {"srcaddr", "2001:DB8:0:0:0:0:0:1", 0, 0, "2001:db8::1", "nasty 33: RFC 5952 out"},
    {"srcaddr", "::ffff:1.2.3.4", 0, 0, "::ffff:1.2.3.4", "nasty 33: mapped stays IPv6"},
    {"srcaddr dstaddr", "1.2.3.4 ::1", 0, 0, "1.2.3.4 ::1", "nasty 34: families may differ"},
    {"type srcaddr", "IPv4 ::1", 0, 0, "IPv4 ::1", "nasty 34: type and address may contradict"},
    {"tcp-flags", "0", 0, 0, "0", "nasty 35"},
    {"tcp-flags", "63", 0, 0, "63", "nasty 35"},
    {"tcp-flags", "256", 0, 0, "256", "nasty 35: beyond the table, within the type"},
    {"tcp-flags protocol", "- 17", 0, 0, "- 17", "nasty 35: - for UDP"},
    {"flow-direction", "Ingress", 0, VPCVIS_RECORD_UNKNOWN, "Ingress", "nasty 36"},
    {"traffic-path", "0", 0, 0, "0", "nasty 37"},
    {"traffic-path", "9", 0, 0, "9", "nasty 37"},
    {"traffic-path", "256", 0, 0, "256", "nasty 37"},
    {"pkt-src-aws-service", "NEW_SERVICE", 0, 0, "NEW_SERVICE", "nasty 39: services are an open list"},
    {"ecs-service-name", "[a,b]", 0, 0, "[a,b]", "nasty 40: lists are texts"},
    {"ecs-service-name", "[]", 0, 0, "[]", "nasty 40: an empty one too"},
    {"my-future-field bytes", "x%20y 1", 0, 0, "x%20y 1", "names of the future keep their text"},
    {"resource-type", "TransitGatewayAttachment", 0, 0, "TransitGatewayAttachment", "the longest word"},
    {"bytes packets", "1", VPCVIS_LINE_LENIENT, VPCVIS_RECORD_FEW, "1 -", "lenient: what is missing is absent"},
    {"bytes", "1 2 3", VPCVIS_LINE_LENIENT, VPCVIS_RECORD_MANY, "1", "lenient: the surplus is dropped"},
    {"bytes", "2018-09-22T20:28:14.000Z 5", VPCVIS_LINE_PREFIX, 0, "5", "the time of a CloudWatch Logs export"},
    {"bytes", "5", VPCVIS_LINE_PREFIX, 0, "5", "may be missing"},
    {"region", "2018-09-22T20:28:14Z us-east-1", VPCVIS_LINE_PREFIX, 0, "us-east-1", "and may lack a fraction"},
    {"region", "2018-09-22T20:28:14.Z", VPCVIS_LINE_PREFIX, 0, "2018-09-22T20:28:14.Z", "what is not quite a time is a value"},
};

/* A line that is refused: what is wrong, in which field and column, at which byte. */
struct bad {
    const char *format;
    const char *line;
    uint32_t read_flags;
    vpcvis_status status;
    uint32_t field;
    uint32_t column;
    uint32_t offset;
    const char *why;
};

static const struct bad bad[] = {
    {NULL, "", 0, VPCVIS_E_FEW, VPCVIS_FIELD_VERSION, 0, 0, "nasty 1: nothing"},
    {NULL, "\n", 0, VPCVIS_E_FEW, VPCVIS_FIELD_VERSION, 0, 0, "nasty 2: only a line end"},
    {NULL, "   ", 0, VPCVIS_E_FEW, VPCVIS_FIELD_VERSION, 0, 3, "nasty 3: only spaces"},
    {NULL, "", VPCVIS_LINE_LENIENT, VPCVIS_E_FEW, VPCVIS_FIELD_VERSION, 0, 0, "lenient needs one column"},
    {"bytes packets", "1\r2", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_BYTES, 0, 1, "nasty 5: a lone CR"},
    {"bytes", "1\r\r\n", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_BYTES, 0, 1, "one CR belongs to the line end, two do not"},
    {"bytes", "1\n2", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_BYTES, 0, 1, "one line at a time"},
    {"region bytes", "us\001 1", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_REGION, 0, 2, "a control byte in a text"},
    {"region bytes", "us\x7f 1", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_REGION, 0, 2, "DEL"},
    {"version", "\xef\xbb\xbf" "2", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_VERSION, 0, 0, "nasty 11: a byte order mark is for the reader"},
    {"bytes packets", "1\xc2\xa0" "2 3", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_BYTES, 0, 1, "nasty 12: a non-breaking space"},
    {"bytes", "\xef\xbc\x91", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_BYTES, 0, 0, "nasty 12: a full-width digit"},
    {NULL, "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT", 0, VPCVIS_E_FEW, VPCVIS_FIELD_LOG_STATUS, 13, 48, "nasty 16: 13 columns"},
    {NULL, V2 " -", 0, VPCVIS_E_MANY, NONE, 14, 63, "nasty 16, 17: one more, though only a dash"},
    {"version", "4294967298", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_VERSION, 0, 0, "nasty 24: not 2 by wrapping"},
    {"version", "2147483648", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_VERSION, 0, 0, "32 bits are too many"},
    {"srcport", "65536", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_SRCPORT, 0, 0, "nasty 25"},
    {"srcport", "-1", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_SRCPORT, 0, 0, "nasty 25: a sign"},
    {"srcport", "+1", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_SRCPORT, 0, 0, "nasty 25: a sign"},
    {"bytes srcport", "7 00080", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_SRCPORT, 1, 2, "nasty 25: leading zeros are octal to some"},
    {"srcport", "0x50", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_SRCPORT, 0, 1, "nasty 25: a base prefix"},
    {"protocol", "256", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_PROTOCOL, 0, 0, "nasty 26"},
    {"protocol", "TCP", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_PROTOCOL, 0, 0, "nasty 26"},
    {"packets", "18446744073709551616", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_PACKETS, 0, 0, "nasty 27: 2^64"},
    {"bytes", "10000000000000000000000000000000000000000", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_BYTES, 0, 0, "nasty 27: 10^40"},
    {"bytes", "1000000000000000000000000000000000000000x", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_BYTES, 0, 40, "no number is worse than a large one"},
    {"start", "9223372036854775808", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_START, 0, 0, "nasty 29: 2^63"},
    {"end", "18446744073709551615", 0, VPCVIS_E_RANGE, VPCVIS_FIELD_END, 0, 0, "nasty 29: 2^64 - 1"},
    {"bytes", "1e5", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_BYTES, 0, 1, "an exponent"},
    {"bytes", "--", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_BYTES, 0, 0, "two dashes are not one"},
    {"srcaddr", "010.8.8.8", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 3, "nasty 32"},
    {"srcaddr", "1.2.3", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 5, "nasty 32"},
    {"srcaddr", "1.2.3.4.", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 7, "nasty 32"},
    {"bytes srcaddr", "1 256.0.0.1", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 1, 5, "nasty 32: certain at the dot"},
    {"srcaddr", "0x7f.1", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 1, "nasty 32"},
    {"srcaddr", ":::", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 2, "nasty 33"},
    {"srcaddr", "1::2::3", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 5, "nasty 33"},
    {"srcaddr", "12345::", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 4, "nasty 33"},
    {"srcaddr", "fe80::1%eth0", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 0, 7, "nasty 33: a zone"},
    {NULL, "6 TransitGateway 123456789010 tgw-1 x", 0, VPCVIS_E_ADDRESS, VPCVIS_FIELD_SRCADDR, 3, 30, "nasty 38: a transit gateway record under the VPC layout"},
    {"pkt-src-aws-service bytes", "A B 1", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_BYTES, 1, 2, "nasty 39: a space ends a text"},
    {NULL, "PAR1\025\004", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_VERSION, 0, 4, "nasty 48: Parquet fed as a line"},
    {NULL, "{\"message\":\"2\"}", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_VERSION, 0, 0, "nasty 48: JSON fed as a line"},
    {NULL, "\037\213\b", 0, VPCVIS_E_BYTE, VPCVIS_FIELD_VERSION, 0, 0, "nasty 44: gzip fed as a line"},
    {"bytes packets", "x y", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_BYTES, 0, 0, "the leftmost fault is named"},
    {"bytes", "1 \001", VPCVIS_LINE_LENIENT, VPCVIS_E_BYTE, NONE, 1, 2, "lenient does not cover bytes no line may have"},
    {NULL, "version account-id interface-id", 0, VPCVIS_E_NUMBER, VPCVIS_FIELD_VERSION, 0, 0, "nasty 13: a header line is no record"},
};
/* clang-format on */

START_TEST(good_lines_are_read_and_written)
{
    const struct good *row = &good[_i];
    const vpcvis_layout *layout = make_layout(row->format);
    const char *line = guard_copy(row->line, strlen(row->line));
    struct vpcvis_record record;
    char out[256];
    size_t len = 0;

    ck_assert_int_eq(
        vpcvis_line_read(layout, row->read_flags, line, strlen(row->line), &record, NULL),
        VPCVIS_OK);
    ck_assert_uint_eq(record.flags, row->record_flags);
    ck_assert_ptr_eq(record.base, line);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out - 1, &len),
                     VPCVIS_OK);
    out[len] = '\0';
    ck_assert_str_eq(out, row->written);
}
END_TEST

START_TEST(bad_lines_are_refused)
{
    const struct bad *row = &bad[_i];
    const vpcvis_layout *layout = make_layout(row->format);
    const char *line = guard_copy(row->line, strlen(row->line));
    struct vpcvis_record record, before;
    struct vpcvis_error error;

    memset(&record, 0x5a, sizeof record);
    before = record;
    ck_assert_int_eq(vpcvis_line_read(layout, row->read_flags, line, strlen(row->line),
                                      &record, &error),
                     row->status);
    ck_assert_int_eq(error.status, row->status);
    ck_assert_uint_eq(error.field, row->field);
    ck_assert_uint_eq(error.column, row->column);
    ck_assert_uint_eq(error.offset, row->offset);
    ck_assert_uint_eq(error.line, 1);
    ck_assert_uint_eq(error.line_at, 0);
    ck_assert_int_eq(memcmp(&record, &before, sizeof record), 0);
    ck_assert_int_eq(
        vpcvis_line_read(layout, row->read_flags, line, strlen(row->line), &record, NULL),
        row->status);
}
END_TEST

/* nasty 4, 10: each byte alone, and inside a text. */
START_TEST(every_byte)
{
    const vpcvis_layout *layout = make_layout("region");
    const char byte = (char)_i;
    char text[3] = {'a', byte, 'b'};
    const int visible = _i >= 0x21 && _i <= 0x7e;
    struct vpcvis_record record;
    vpcvis_status status;

    status = vpcvis_line_read(layout, 0, guard_copy(&byte, 1), 1, &record, NULL);
    if (visible)
        ck_assert_int_eq(status, VPCVIS_OK);
    else
        ck_assert_int_eq(status, _i == ' ' || _i == '\t' || _i == '\n' || _i == '\r'
                                     ? VPCVIS_E_FEW
                                     : VPCVIS_E_BYTE);
    status = vpcvis_line_read(layout, 0, guard_copy(text, 3), 3, &record, NULL);
    if (_i == ' ' || _i == '\t')
        ck_assert_int_eq(status, VPCVIS_E_MANY);
    else
        ck_assert_int_eq(status, visible ? VPCVIS_OK : VPCVIS_E_BYTE);
}
END_TEST

/* nasty 41: 65,535 bytes are a line, one more are not, and 2^31 + 1 are not even looked at. */
START_TEST(long_lines)
{
    const vpcvis_layout *layout = make_layout("region");
    const size_t huge = ((size_t)1 << 31) + 1;
    struct vpcvis_record record;
    struct vpcvis_error error;
    char *line = malloc(1 << 20);
    void *map;

    ck_assert_ptr_nonnull(line);
    memset(line, 'x', 1 << 20);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, 65535, &record, &error),
                     VPCVIS_OK);
    ck_assert_uint_eq(record.text[VPCVIS_FIELD_REGION].len, 65535);
    line[65535] = '\n';
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, 65536, &record, &error),
                     VPCVIS_OK);
    line[65535] = 'x';
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, 65536, &record, &error),
                     VPCVIS_E_LONG);
    ck_assert_uint_eq(error.offset, 65535);
    ck_assert_uint_eq(error.field, NONE);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, 1 << 20, &record, NULL),
                     VPCVIS_E_LONG);
    free(line);
    if (sizeof(size_t) == 4)
        return;
    map = mmap(NULL, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return;
    ck_assert_int_eq(vpcvis_line_read(layout, 0, map, huge, &record, NULL),
                     VPCVIS_E_LONG);
    munmap(map, huge);
}
END_TEST

/* nasty 45: capacity 0, one too few, just enough. */
START_TEST(written_size)
{
    const vpcvis_layout *layout = make_layout(NULL);
    const size_t need = strlen(V2);
    struct vpcvis_record record;
    size_t capacity, len, written;
    char *out;

    ck_assert_int_eq(vpcvis_line_read(layout, 0, V2, need, &record, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, NULL, 0, &len), VPCVIS_E_SPACE);
    ck_assert_uint_eq(len, need);
    for (capacity = 0; capacity <= need + 70; capacity++) {
        out = guard_copy(V2 V2 V2, capacity);
        len = 12345;
        ck_assert_int_eq(vpcvis_line_write(layout, &record, out, capacity, &len),
                         capacity < need ? VPCVIS_E_SPACE : VPCVIS_OK);
        ck_assert_uint_eq(len, need);
        if (capacity >= need)
            ck_assert_int_eq(memcmp(out, V2, need), 0);
        out = guard_copy(V2 V2 V2, capacity);
        ck_assert_int_eq(vpcvis_line_write_rows(layout, &record, sizeof record, 1, out,
                                                capacity, &len, &written),
                         capacity <= need ? VPCVIS_E_SPACE : VPCVIS_OK);
        ck_assert_uint_eq(len, need + 1);
        ck_assert_uint_eq(written, capacity > need);
    }
}
END_TEST

/* nasty 46: each field alone, as `-` and at its widest, through text and back. */
START_TEST(every_field_at_its_widest)
{
    struct vpcvis_field field;
    struct vpcvis_record record, again;
    struct vpcvis_value value;
    const vpcvis_layout *layout;
    char text[512], out[512];
    size_t len = 0;

    ck_assert_int_eq(vpcvis_record_field((uint32_t)_i, &field), VPCVIS_OK);
    layout = make_layout(field.name);
    memset(&value, 0, sizeof value);
    memset(text, 'Z', sizeof text);
    value.state = VPCVIS_STATE_VALUE;
    value.number = field.max;
    value.addr.family = VPCVIS_ADDR_IPV6;
    memset(value.addr.bytes, 0xfe, 16);
    value.text = text;
    value.text_len = 400;
    vpcvis_record_init(&record, text);
    ck_assert_int_eq(vpcvis_record_set(&record, field.id, &value), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, out, len, &again, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_record_get(&again, field.id, &value), VPCVIS_OK);
    ck_assert_uint_eq(value.state, VPCVIS_STATE_VALUE);
    if (field.kind <= VPCVIS_KIND_NUMBER64)
        ck_assert_uint_eq(value.number, field.max);
    if (field.kind >= VPCVIS_KIND_NAME)
        ck_assert_uint_eq(value.text_len, 400);
    value.state = VPCVIS_STATE_DASH;
    ck_assert_int_eq(vpcvis_record_set(&record, field.id, &value), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_OK);
    ck_assert_uint_eq(len, 1);
    ck_assert_int_eq(out[0], '-');
    ck_assert_int_eq(vpcvis_line_read(layout, 0, out, len, &again, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_record_get(&again, field.id, &value), VPCVIS_OK);
    ck_assert_uint_eq(value.state, VPCVIS_STATE_DASH);
}
END_TEST

/* nasty 47: no locale changes what a byte means. */
START_TEST(locales)
{
    static const char *const names[] = {"C", "tr_TR.UTF-8", "de_DE.UTF-8"};
    const vpcvis_layout *layout = make_layout(NULL);
    struct vpcvis_record record;
    char out[256];
    size_t len = 0;

    if (setlocale(LC_ALL, names[_i]) == NULL)
        return;
    ck_assert_int_eq(vpcvis_line_read(layout, 0, V2, strlen(V2), &record, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_OK);
    ck_assert_uint_eq(len, strlen(V2));
    ck_assert_int_eq(memcmp(out, V2, len), 0);
    setlocale(LC_ALL, "C");
}
END_TEST

/* What cannot be written is refused, and names nothing that is not there. */
START_TEST(records_that_cannot_be_written)
{
    const vpcvis_layout *layout = make_layout("srcaddr action region");
    struct vpcvis_record record;
    size_t len = 0;
    char out[64];

    vpcvis_record_init(&record, "a b");
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_OK);
    ck_assert_uint_eq(len, 5);
    record.value[0] = (uint64_t)1 << VPCVIS_FIELD_REGION;
    record.text[VPCVIS_FIELD_REGION].len = 3;
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_E_BYTE);
    record.text[VPCVIS_FIELD_REGION].len = 0;
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_E_BYTE);
    record.value[0] = (uint64_t)1 << VPCVIS_FIELD_SRCADDR;
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_E_ARG);
    record.value[0] = (uint64_t)1 << VPCVIS_FIELD_ACTION;
    record.action = 77;
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_E_ARG);
    record.action = VPCVIS_ACTION_REJECT;
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out, &len),
                     VPCVIS_OK);
    ck_assert_int_eq(memcmp(out, "- REJECT -", 10), 0);
}
END_TEST

START_TEST(impossible_arguments)
{
    const vpcvis_layout *layout = make_layout(NULL);
    struct vpcvis_record record;
    size_t len;
    char out[8];

    ck_assert_int_eq(vpcvis_line_read(NULL, 0, V2, 1, &record, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, NULL, 0, &record, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, V2, 1, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_line_read(layout, 1u << 31, V2, 1, &record, NULL),
                     VPCVIS_E_CONFIG);
    vpcvis_record_init(&record, NULL);
    ck_assert_int_eq(vpcvis_line_write(NULL, &record, out, 8, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_line_write(layout, NULL, out, 8, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, NULL, 8, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, 8, NULL), VPCVIS_E_ARG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("line");
    TCase *tcase = tcase_create("line");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, good_lines_are_read_and_written, 0, COUNT(good));
    tcase_add_loop_test(tcase, bad_lines_are_refused, 0, COUNT(bad));
    tcase_add_loop_test(tcase, every_byte, 0, 256);
    tcase_add_test(tcase, long_lines);
    tcase_add_test(tcase, written_size);
    tcase_add_loop_test(tcase, every_field_at_its_widest, 0, VPCVIS_FIELD_COUNT);
    tcase_add_loop_test(tcase, locales, 0, 3);
    tcase_add_test(tcase, records_that_cannot_be_written);
    tcase_add_test(tcase, impossible_arguments);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
