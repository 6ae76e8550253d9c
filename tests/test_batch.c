/* SPDX-License-Identifier: MIT */
/*
 * Room line, many lines: every code path, into rows and into columns, must give exactly what
 * vpcvis_line_read gives for each line, on made-up logs of any layout with every kind of fault.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define LINES     220
#define LINE_ROOM 8000

static uint64_t state;

static uint64_t random64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n)
{
    return random64() % n;
}

static size_t put_number(char *out, uint64_t max)
{
    static const char *const odd[] = {"00",
                                      "080",
                                      "-1",
                                      "+1",
                                      "0x50",
                                      "1e5",
                                      "65536",
                                      "256",
                                      "0123456789",
                                      "01234567890123456",
                                      "18446744073709551616",
                                      "12345678901234567x"};

    if (below(40) == 0)
        return (size_t)sprintf(out, "%s", odd[below(12)]);
    if (below(8) == 0)
        return (size_t)sprintf(out, "%llu", (unsigned long long)max);
    if (max != UINT64_MAX)
        max++;
    return (size_t)sprintf(
        out, "%llu",
        (unsigned long long)((max ? random64() % max : random64()) >> below(64)));
}

static size_t put_address(char *out)
{
    static const char *const odd[] = {
        "::",
        "::1",
        "::ffff:1.2.3.4",
        "0.0.0.0",
        "1.2.3.4",
        "1.2x3.4",
        "10.0.0.256",
        "255.255.255.255",
        "01.2.3.4",
        "1.2.3",
        "1x2.3.4",
        "1.2.3x4",
        "271.182.162.20.5",
        "1.2.3.4.",
        "1..2.3",
        "1000.1.1.1",
        ".1.2.3",
        ":::",
        ":",
        "1::2::3",
        "1::",
        "12345::",
        "::12345",
        "g::1",
        "FE80::aB",
        "1:2",
        "1:2:3:",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:",
        ":2:3:4:5:6:7:8",
        "::2:3:4",
        "::2:3:4:",
        "1:2:3:4:5:6:7::",
        "::3:4:5:6:7:8:9",
        "1::3:4:5:6:7:8",
    };
    const size_t odds = sizeof odd / sizeof odd[0];

    if (below(200) == 0) {
        memset(out, '3', 600); /* a length that wraps where it is kept in a byte */
        memcpy(out, "1.2.3.", 6);
        return 518 + below(3);
    }
    if (below(10) == 0)
        return (size_t)sprintf(out, "%s", odd[below(odds)]);
    if (below(4) != 0)
        return (size_t)sprintf(out, "%u.%u.%u.%u", (unsigned)below(256),
                               (unsigned)below(256), (unsigned)below(100),
                               (unsigned)below(10));
    if (below(2) == 0)
        return (size_t)sprintf(out, "2001:db8:%x::%x", (unsigned)below(65536),
                               (unsigned)below(65536));
    return (size_t)sprintf(
        out, "%x:%x:%x:%x:%x:%x:%x:%x", (unsigned)below(65536), (unsigned)below(65536),
        (unsigned)below(65536), (unsigned)below(65536), (unsigned)below(65536),
        (unsigned)below(65536), (unsigned)below(65536), (unsigned)below(65536));
}

static size_t put_word(char *out)
{
    static const char *const words[] = {
        "ACCEPT",         "REJECT",  "OK",     "NODATA",    "SKIPDATA", "IPv4",
        "IPv6",           "ingress", "egress", "localzone", "outpost",  "xxSKIPDATA",
        "TransitGateway", "accept",  "BPA"};

    return (size_t)sprintf(out, "%s", words[below(15)]);
}

static size_t put_text(char *out)
{
    const size_t len = 1 + below(below(50) == 0 ? 300 : 24);
    size_t i;

    for (i = 0; i < len; i++)
        out[i] = (char)(0x21 + below(94));
    return len;
}

static size_t put_token(char *out, uint32_t field)
{
    struct vpcvis_field row;

    if (below(10) == 0) {
        out[0] = '-';
        return 1;
    }
    if (vpcvis_record_field(field, &row) != VPCVIS_OK)
        return put_text(out);
    switch (row.kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64: return put_number(out, row.max);
    case VPCVIS_KIND_ADDRESS: return put_address(out);
    case VPCVIS_KIND_NAME: return put_word(out);
    default: return put_text(out);
    }
}

/* Overwrite a few bytes of a line with what lines should not have. */
static void spoil(char *line, size_t len)
{
    static const char bytes[] = " \t\r\n\0-0.:;9\x7f\xa0";
    size_t n = 1 + below(3);

    while (n-- > 0)
        line[below(len)] = bytes[below(sizeof bytes - 1)];
}

static size_t put_line(char *out, const vpcvis_layout *layout, uint32_t flags)
{
    const uint32_t columns = vpcvis_layout_columns(layout);
    size_t len = 0, at;
    uint32_t c;

    if ((flags & VPCVIS_LINE_HEADER) && below(30) == 0) {
        ck_assert_int_eq(
            vpcvis_layout_write(layout, VPCVIS_LAYOUT_HEADER, out, LINE_ROOM, &len),
            VPCVIS_OK);
        return len;
    }
    if ((flags & VPCVIS_LINE_PREFIX) && below(3) != 0)
        len += (size_t)sprintf(out, "2018-09-22T20:28:14.000Z ");
    at = len;
    for (c = 0; c < columns; c++) {
        if (c > 0)
            out[len++] = ' ';
        len += put_token(out + len, vpcvis_layout_field(layout, c));
    }
    if (below(8) == 0)
        spoil(out + at, len - at);
    return len;
}

static size_t put_log(char *out, const vpcvis_layout *layout, uint32_t flags)
{
    const size_t lines = below(LINES);
    const int crlf = below(3) == 0;
    size_t i, len = 0;

    for (i = 0; i < lines; i++) {
        len += put_line(out + len, layout, flags);
        if (crlf && below(10) != 0)
            out[len++] = '\r';
        if (i + 1 < lines || below(2) == 0)
            out[len++] = '\n';
        if (below(40) == 0)
            out[len++] = '\n';
    }
    return len;
}

static vpcvis_layout *make_layout(void)
{
    static const uint32_t standards[] = {2, 3, 5, 6, 8, 11};
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;
    struct vpcvis_field row;
    char text[4096];
    uint32_t i, n = 1 + (uint32_t)below(20);
    uint8_t used[VPCVIS_FIELD_COUNT] = {0};

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.standard = standards[below(6)];
    if (below(2) == 0) {
        text[0] = '\0';
        for (i = 0; i < n; i++) {
            const uint32_t id = (uint32_t)below(VPCVIS_FIELD_COUNT);
            if (below(12) == 0)
                sprintf(text + strlen(text), "later-%c%c ", 'a' + (char)i, 'a' + (char)i);
            if (used[id]++ == 0 && vpcvis_record_field(id, &row) == VPCVIS_OK)
                sprintf(text + strlen(text), "%s ", row.name);
        }
        config.text = text;
        config.text_len = strlen(text);
    }
    ck_assert_int_eq(vpcvis_layout_new(&config, NULL, &layout, NULL), VPCVIS_OK);
    return layout;
}

/* Plain comparisons: libcheck notes every assertion that holds, which is slow by the million. */
static int is_same_value(const struct vpcvis_value *a, const struct vpcvis_value *b)
{
    if (a->state != b->state)
        return 0;
    if (a->state != VPCVIS_STATE_VALUE)
        return 1;
    return a->number == b->number && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0 &&
           a->text_len == b->text_len &&
           (a->text_len == 0 || memcmp(a->text, b->text, a->text_len) == 0);
}

static struct vpcvis_value get(const struct vpcvis_record *record, uint32_t id)
{
    struct vpcvis_value value;

    if (vpcvis_record_get(record, id, &value) != VPCVIS_OK)
        ck_abort_msg("field %u cannot be looked at", (unsigned)id);
    return value;
}

struct expected {
    struct vpcvis_record record[2 * LINES];
    uint64_t record_line_at[2 * LINES];
    struct vpcvis_error error[2 * LINES];
    uint64_t order[4 * LINES]; /* 1 record, 2 error, 0 neither */
    size_t records, errors, lines, blank, headers;
};

static struct expected expected;

static int is_blank(const char *line, size_t len)
{
    size_t i;

    if (len > 0 && line[len - 1] == '\r')
        len--;
    for (i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t')
            return 0;
    }
    return 1;
}

/* Whether a time that was asked for is in milliseconds. */
static int has_ms(const vpcvis_layout *layout, uint32_t flags, const uint64_t asked[2],
                  const char *line, size_t len)
{
    static const uint32_t times[] = {VPCVIS_FIELD_START, VPCVIS_FIELD_END};
    struct vpcvis_record plain;
    struct vpcvis_value value;
    int i, found = 0;

    ck_assert_int_eq(
        vpcvis_line_read(layout, flags & ~VPCVIS_LINE_MS, line, len, &plain, NULL),
        VPCVIS_OK);
    for (i = 0; i < 2; i++) {
        value = get(&plain, times[i]);
        found |= (asked[0] >> times[i] & 1) && value.state == VPCVIS_STATE_VALUE &&
                 value.number >= 10000000000u;
    }
    return found;
}

/* Fields that were not asked for are absent; the flags then speak of the others. */
static void keep_asked(struct vpcvis_record *record, const uint64_t asked[2])
{
    uint32_t id;
    struct vpcvis_value value;

    record->flags &= ~VPCVIS_RECORD_UNKNOWN;
    for (id = 0; id < 2; id++) {
        record->value[id] &= asked[id];
        record->dash[id] &= asked[id];
    }
    for (id = 0; id < VPCVIS_FIELD_COUNT; id++) {
        value = get(record, id);
        if (value.kind == VPCVIS_KIND_NAME && value.state == VPCVIS_STATE_VALUE &&
            value.number == 0)
            record->flags |= VPCVIS_RECORD_UNKNOWN;
    }
}

static void expect_line(const vpcvis_layout *layout,
                        const struct vpcvis_line_config *config, const char *text,
                        size_t at, size_t len)
{
    struct vpcvis_record *record = &expected.record[expected.records];
    struct vpcvis_error *error = &expected.error[expected.errors];
    const int header = (config->flags & VPCVIS_LINE_HEADER) &&
                       vpcvis_layout_match(text + at, len) == VPCVIS_OK;

    expected.lines++;
    if (is_blank(text + at, len)) {
        expected.blank++;
    } else if (header) {
        expected.headers++;
    } else if (vpcvis_line_read(layout, config->flags, text + at, len, record, error) ==
               VPCVIS_OK) {
        if (config->fields[0] | config->fields[1])
            keep_asked(record, config->fields);
        if ((record->flags & VPCVIS_RECORD_MS) &&
            (config->fields[0] | config->fields[1]) &&
            !has_ms(layout, config->flags, config->fields, text + at, len))
            record->flags &= ~VPCVIS_RECORD_MS;
        expected.record_line_at[expected.records++] = at;
    } else {
        error->line = expected.lines;
        error->line_at = at;
        expected.errors++;
    }
}

static void expect_log(const vpcvis_layout *layout,
                       const struct vpcvis_line_config *config, const char *text,
                       size_t len)
{
    size_t at = 0;

    expected.records = expected.errors = expected.lines = 0;
    expected.blank = expected.headers = 0;
    while (at < len) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t line_len = end ? (size_t)(end - text) - at : len - at;
        expect_line(layout, config, text, at, line_len);
        at += line_len + 1;
    }
}

static void same_record(const struct vpcvis_record *a, const struct vpcvis_record *b)
{
    uint32_t id;

    ck_assert_ptr_eq(a->base, b->base);
    ck_assert_uint_eq(a->flags, b->flags);
    for (id = 0; id < VPCVIS_FIELD_MAX; id++) {
        const struct vpcvis_value x = get(a, id), y = get(b, id);
        if (!is_same_value(&x, &y))
            ck_abort_msg("field %u differs", (unsigned)id);
    }
}

static void same_errors(const struct vpcvis_error *errors, size_t count, size_t first,
                        uint64_t lines_before, size_t at)
{
    size_t i;

    for (i = 0; i < count; i++) {
        struct vpcvis_error error = errors[i];
        error.line += lines_before;
        error.line_at += at;
        if (memcmp(&error, &expected.error[first + i], sizeof error) != 0)
            ck_abort_msg("error %u differs: %d at %u, not %d at %u", (unsigned)i,
                         (int)error.status, (unsigned)error.offset,
                         (int)expected.error[first + i].status,
                         (unsigned)expected.error[first + i].offset);
    }
}

struct totals {
    size_t at, records, errors, lines, blank, headers;
};

static void add_result(struct totals *totals, const struct vpcvis_line_result *result)
{
    ck_assert_uint_eq(result->lines,
                      result->records + result->errors + result->blank + result->headers);
    totals->at += (size_t)result->taken;
    totals->records += (size_t)result->records;
    totals->errors += (size_t)result->errors;
    totals->lines += (size_t)result->lines;
    totals->blank += (size_t)result->blank;
    totals->headers += (size_t)result->headers;
}

static void same_totals(const struct totals *totals, size_t len)
{
    ck_assert_uint_eq(totals->at, len);
    ck_assert_uint_eq(totals->records, expected.records);
    ck_assert_uint_eq(totals->errors, expected.errors);
    ck_assert_uint_eq(totals->lines, expected.lines);
    ck_assert_uint_eq(totals->blank, expected.blank);
    ck_assert_uint_eq(totals->headers, expected.headers);
}

static struct vpcvis_record rows[2 * LINES + 1];
static struct vpcvis_error errors[2 * LINES];

static void check_rows(vpcvis_line *lines, const char *text, size_t len)
{
    const size_t capacity = 1 + below(2 * LINES);
    const size_t error_capacity = 1 + below(2 * LINES);
    struct totals totals = {0, 0, 0, 0, 0, 0};
    struct vpcvis_line_result result;
    char untouched[sizeof rows[0]];
    vpcvis_status status;
    size_t i;

    memset(untouched, 0x5a, sizeof untouched);
    do {
        memset(rows, 0x5a, sizeof rows);
        status = vpcvis_line_read_rows(lines, text + totals.at, len - totals.at, rows,
                                       sizeof rows[0], capacity, errors, error_capacity,
                                       &result);
        ck_assert(status == VPCVIS_OK || status == VPCVIS_MORE);
        for (i = 0; i < result.records; i++)
            same_record(&rows[i], &expected.record[totals.records + i]);
        ck_assert_int_eq(memcmp(&rows[result.records], untouched, sizeof untouched), 0);
        same_errors(errors, (size_t)result.errors, totals.errors, totals.lines,
                    totals.at);
        add_result(&totals, &result);
        ck_assert(status == VPCVIS_OK || result.records == capacity ||
                  result.errors == error_capacity);
    } while (status == VPCVIS_MORE);
    same_totals(&totals, len);
}

static void value_of(const struct vpcvis_line_columns *columns, const char *text,
                     size_t row, uint32_t id, struct vpcvis_value *value)
{
    const struct vpcvis_line_text *place;
    struct vpcvis_field field = {0};

    memset(value, 0, sizeof *value);
    if ((columns->valid[id][row / 64] >> row % 64 & 1) == 0)
        return;
    value->state = VPCVIS_STATE_VALUE;
    field.kind = VPCVIS_KIND_TEXT;
    (void)vpcvis_record_field(id, &field);
    switch (field.kind) {
    case VPCVIS_KIND_NUMBER32:
        value->number = ((uint32_t *)columns->values[id])[row];
        break;
    case VPCVIS_KIND_NUMBER64:
        value->number = ((uint64_t *)columns->values[id])[row];
        break;
    case VPCVIS_KIND_ADDRESS:
        value->addr = ((struct vpcvis_addr *)columns->values[id])[row];
        break;
    default:
        place = &((struct vpcvis_line_text *)columns->values[id])[row];
        value->number = place->code;
        value->text = text + place->at;
        value->text_len = place->len;
        break;
    }
}

static void same_column_row(const struct vpcvis_line_columns *columns, const char *text,
                            size_t row, const struct vpcvis_record *want)
{
    struct vpcvis_value x, y;
    uint32_t id;

    ck_assert_uint_eq(columns->flags[row], want->flags);
    ck_assert_ptr_eq(text + columns->line_at[row], want->base);
    for (id = 0; id < VPCVIS_FIELD_MAX; id++) {
        if (columns->values[id] == NULL)
            continue;
        value_of(columns, text, row, id, &x);
        y = get(want, id);
        if (y.state != VPCVIS_STATE_VALUE)
            y.state = VPCVIS_STATE_ABSENT;
        if (!is_same_value(&x, &y))
            ck_abort_msg("field %u differs", (unsigned)id);
    }
}

static void check_columns(vpcvis_line *lines, const uint64_t asked[2], const char *text,
                          size_t len)
{
    const uint32_t capacity = 1 + (uint32_t)below(2 * LINES);
    const size_t error_capacity = 1 + below(2 * LINES);
    const size_t bytes = vpcvis_line_columns_bytes(asked, capacity);
    struct totals totals = {0, 0, 0, 0, 0, 0};
    struct vpcvis_line_columns columns;
    struct vpcvis_line_result result;
    vpcvis_status status;
    void *memory = malloc(bytes);
    size_t i;

    ck_assert_ptr_nonnull(memory);
    memset(memory, 0, bytes); /* fields that the layout does not have are left alone */
    ck_assert_int_eq(vpcvis_line_columns_init(memory, bytes, asked, capacity, &columns),
                     VPCVIS_OK);
    do {
        const char *from = text + totals.at;
        status = vpcvis_line_read_columns(lines, from, len - totals.at, &columns, errors,
                                          error_capacity, &result);
        ck_assert(status == VPCVIS_OK || status == VPCVIS_MORE);
        for (i = 0; i < result.records; i++)
            same_column_row(&columns, from, i, &expected.record[totals.records + i]);
        same_errors(errors, (size_t)result.errors, totals.errors, totals.lines,
                    totals.at);
        add_result(&totals, &result);
    } while (status == VPCVIS_MORE);
    same_totals(&totals, len);
    free(memory);
}

static void ask_some(struct vpcvis_line_config *config)
{
    config->fields[0] = random64() & random64();
    config->fields[1] = random64() & random64();
    if ((config->fields[0] | config->fields[1]) == 0)
        config->fields[0] = 1;
}

static void check_log(uint32_t cpu)
{
    static char log[LINES * LINE_ROOM];
    static const uint64_t every[2] = {~(uint64_t)0, ((uint64_t)1 << 32) - 1};
    vpcvis_layout *layout = make_layout();
    struct vpcvis_line_config config;
    vpcvis_line *lines = NULL;
    const char *text;
    size_t len;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.cpu = cpu;
    config.flags = (uint32_t)below(16);
    if (below(3) == 0)
        ask_some(&config);
    len = put_log(log, layout, config.flags);
    text = below(2) ? guard_copy(log, len) : guard_copy_front(log, len);
    expect_log(layout, &config, text, len);
    ck_assert_int_eq(vpcvis_line_new(layout, &config, NULL, &lines), VPCVIS_OK);
    check_rows(lines, text, len);
    check_columns(lines, config.fields[0] | config.fields[1] ? config.fields : every,
                  text, len);
    vpcvis_line_free(lines, NULL);
    vpcvis_layout_free(layout, NULL);
}

START_TEST(paths_agree_with_single_lines)
{
    const uint32_t cpu = (uint32_t)_i;
    int round;

    if (vpcvis_base_cpu_find(cpu) != VPCVIS_OK) {
        printf("skipped: this machine does not have the path %s\n",
               vpcvis_base_cpu_name(cpu));
        return;
    }
    for (round = 0; round < 250; round++) {
        state = 88172645463325252u + (uint64_t)round * 7919;
        check_log(cpu);
    }
}
END_TEST

/* One of a line's tokens is empty, so that its shape is right: wherever it is, that line alone is
 * refused. Once a path did not look at some of the separators. */
static void lacks_token(vpcvis_line *lines, uint32_t line, uint32_t token)
{
    static const char *const tokens[14] = {"2",
                                           "123456789010",
                                           "eni-1235b8ca123456789",
                                           "172.31.16.139",
                                           "172.31.16.21",
                                           "20",
                                           "49761",
                                           "6",
                                           "20",
                                           "4249",
                                           "1418530010",
                                           "1418530070",
                                           "ACCEPT",
                                           "OK"};
    static char text[100 * 128];
    struct vpcvis_line_result result;
    size_t len = 0;
    uint32_t i, t;

    for (i = 0; i < 100; i++) {
        for (t = 0; t < 14; t++)
            len += (size_t)sprintf(text + len, "%s%c",
                                   i == line && t == token ? "" : tokens[t],
                                   t < 13 ? ' ' : '\n');
    }
    ck_assert_int_eq(vpcvis_line_read_rows(lines, text, len, rows, sizeof rows[0], 100,
                                           errors, 2, &result),
                     VPCVIS_OK);
    ck_assert_uint_eq(result.records, 99);
    ck_assert_uint_eq(result.errors, 1);
    ck_assert_uint_eq(errors[0].line, line + 1);
}

START_TEST(empty_tokens)
{
    struct vpcvis_layout_config standard;
    struct vpcvis_line_config config;
    vpcvis_layout *layout = NULL;
    vpcvis_line *lines = NULL;
    uint32_t line, token;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.cpu = (uint32_t)_i;
    if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK) {
        printf("skipped: this machine does not have the path %s\n",
               vpcvis_base_cpu_name(config.cpu));
        return;
    }
    memset(&standard, 0, sizeof standard);
    standard.size = sizeof standard;
    standard.standard = 2;
    ck_assert_int_eq(vpcvis_layout_new(&standard, NULL, &layout, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_new(layout, &config, NULL, &lines), VPCVIS_OK);
    for (line = 0; line < 100; line++) {
        for (token = 0; token < 13; token++)
            lacks_token(lines, line, token);
    }
    vpcvis_line_free(lines, NULL);
    vpcvis_layout_free(layout, NULL);
}
END_TEST

/* A field that is not asked for is not looked into with VPCVIS_LINE_SKIP; the line's shape and
 * bytes are. */
START_TEST(skipped_fields)
{
    static const char good[] = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK\n";
    static const char spoilt[] =
        "x 1 eni-1 1.1 10.0.0.2 1 2 6 3 4 99999999999999999999 6 A OK\n";
    static const char many[] = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK 1\n";
    static const char byte[] = "2 1 e\001i 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK\n";
    struct vpcvis_line_config config = {
        sizeof config, VPCVIS_LINE_SKIP, (uint32_t)_i, 0, {1u << VPCVIS_FIELD_BYTES, 0}};
    struct vpcvis_line_result result;
    vpcvis_layout *layout = NULL;
    vpcvis_line *lines = NULL;
    char text[8000] = "";
    int i;

    if (vpcvis_base_cpu_find((uint32_t)_i) != VPCVIS_OK)
        return;
    for (i = 0; i < 20; i++) {
        strcat(text, good);
        strcat(text, spoilt);
        strcat(text, many);
        strcat(text, byte);
    }
    ck_assert_int_eq(vpcvis_layout_new(NULL, NULL, &layout, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_new(layout, &config, NULL, &lines), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_read_rows(lines, text, strlen(text), rows,
                                           sizeof rows[0], 2 * LINES, errors, 2 * LINES,
                                           &result),
                     VPCVIS_OK);
    ck_assert_uint_eq(result.records, 40);
    ck_assert_uint_eq(result.errors, 40);
    for (i = 0; i < 40; i++) {
        ck_assert_uint_eq(rows[i].bytes, 4);
        ck_assert_uint_eq(rows[i].value[0], 1u << VPCVIS_FIELD_BYTES);
        ck_assert_int_eq(errors[i].status, i % 2 ? VPCVIS_E_BYTE : VPCVIS_E_MANY);
    }
    vpcvis_line_free(lines, NULL);
    vpcvis_layout_free(layout, NULL);
}
END_TEST

/* Rows of the smallest stride have what a v2 record needs, and no bit for what did not fit. */
START_TEST(short_strides)
{
    struct vpcvis_layout_config format;
    const char *line =
        "5 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK vpc-1 subnet-1 i-1 2 IPv4 "
        "1.1.1.1 2.2.2.2 us-east-1 use1-az1 - - S3 - egress 8\n";
    char memory[VPCVIS_LINE_BYTES_MAX > 0 ? 4 * 200 : 1];
    struct vpcvis_line_result result;
    struct vpcvis_record whole;
    vpcvis_layout *layout = NULL;
    vpcvis_line *lines = NULL;
    char text[1024] = "";
    uint64_t value[2];
    int i;

    memset(&format, 0, sizeof format);
    format.size = sizeof format;
    format.standard = 5;
    for (i = 0; i < 4; i++)
        strcat(text, line);
    ck_assert_int_eq(vpcvis_layout_new(&format, NULL, &layout, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_new(layout, NULL, NULL, &lines), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_read(layout, 0, line, strlen(line), &whole, NULL),
                     VPCVIS_OK);
    memset(memory, 0x5a, sizeof memory);
    ck_assert_int_eq(vpcvis_line_read_rows(lines, text, strlen(text), (void *)memory, 192,
                                           3, NULL, 0, &result),
                     VPCVIS_MORE);
    ck_assert_uint_eq(result.records, 3);
    ck_assert_int_eq(memory[3 * 192], 0x5a);
    for (i = 0; i < 3; i++) {
        memcpy(value, memory + i * 192 + offsetof(struct vpcvis_record, value), 16);
        ck_assert_uint_eq(value[0], 0x3fffu);
        ck_assert_uint_eq(value[1], 0);
        ck_assert_int_eq(
            memcmp(memory + i * 192 + offsetof(struct vpcvis_record, version),
                   &whole.version,
                   offsetof(struct vpcvis_record, type) -
                       offsetof(struct vpcvis_record, version)),
            0);
    }
    ck_assert_int_eq(vpcvis_line_read_rows(lines, text, strlen(text), (void *)memory, 184,
                                           3, NULL, 0, &result),
                     VPCVIS_E_ARG);
    vpcvis_line_free(lines, NULL);
    vpcvis_layout_free(layout, NULL);
}
END_TEST

/* Written rows and columns read back as they were; a full buffer loses nothing. */
START_TEST(batches_are_written_back)
{
    static char log[LINES * LINE_ROOM], out[LINES * LINE_ROOM];
    static const uint64_t every[2] = {~(uint64_t)0, ((uint64_t)1 << 32) - 1};
    vpcvis_layout *layout;
    vpcvis_line *lines = NULL;
    struct vpcvis_line_columns columns;
    struct vpcvis_line_result result;
    size_t bytes = vpcvis_line_columns_bytes(every, 2 * LINES), len, done, i, row_bytes;
    void *memory = malloc(bytes);

    state = 4711u + (uint64_t)_i * 104729;
    layout = make_layout();
    len = put_log(log, layout, 0);
    ck_assert_ptr_nonnull(memory);
    ck_assert_int_eq(vpcvis_line_columns_init(memory, bytes, every, 2 * LINES, &columns),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_new(layout, NULL, NULL, &lines), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_read_rows(lines, log, len, rows, sizeof rows[0],
                                           2 * LINES, errors, 2 * LINES, &result),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_write_rows(layout, rows, sizeof rows[0],
                                            (size_t)result.records, out, sizeof out,
                                            &row_bytes, &done),
                     VPCVIS_OK);
    ck_assert_uint_eq(done, result.records);
    for (i = 0; i < row_bytes; i += (size_t)result.taken) {
        ck_assert_int_le(vpcvis_line_read_columns(lines, out, row_bytes, &columns, errors,
                                                  2 * LINES, &result),
                         VPCVIS_OK);
        ck_assert_uint_eq(result.errors, 0);
        ck_assert_uint_eq(result.records, done);
    }
    for (i = 0; i < done;) {
        const size_t room = 200 + below(9000);
        size_t n = 0, part = 0;
        vpcvis_status status = vpcvis_line_write_columns(layout, &columns, out, i,
                                                         done - i, log, room, &part, &n);
        if (status == VPCVIS_E_SPACE) {
            status = vpcvis_line_write_columns(layout, &columns, out, i, 1, log, part,
                                               &part, &n);
            ck_assert_int_eq(status, VPCVIS_OK);
        }
        ck_assert(status == VPCVIS_OK || status == VPCVIS_MORE);
        ck_assert_int_eq(memcmp(log, out + columns.line_at[i], part), 0);
        i += n;
    }
    free(memory);
    vpcvis_line_free(lines, NULL);
    vpcvis_layout_free(layout, NULL);
}
END_TEST

/* Lines are made side by side: what is written past the end of a line as long as can be is not
 * to be seen in the next, which had its `-` before. */
START_TEST(the_longest_line_leaves_the_next_alone)
{
    static const uint64_t every[2] = {~(uint64_t)0, ((uint64_t)1 << 32) - 1};
    static char log[8192], out[8192];
    static const char *const fields[] = {"version", "bytes", "protocol", "bytes version"};
    static const char *const values[] = {"2147483640", "18446744073709551615", "255",
                                         "18446744073709551615 2147483640"};
    const size_t value_len = strlen(values[_i]);
    struct vpcvis_layout_config config;
    struct vpcvis_line_columns columns;
    struct vpcvis_line_result result;
    vpcvis_layout *layout;
    vpcvis_line *lines;
    size_t bytes = vpcvis_line_columns_bytes(every, 200), len = 0, done = 0, out_len = 0;
    void *memory = malloc(bytes);
    int i;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.text = fields[_i];
    config.text_len = strlen(fields[_i]);
    ck_assert_int_eq(vpcvis_layout_new(&config, NULL, &layout, NULL), VPCVIS_OK);
    for (i = 0; i < 100; i++) {
        memcpy(log + len, values[_i], value_len);
        len += value_len;
        memcpy(log + len, _i == 3 ? "\n- -\n" : "\n-\n", _i == 3 ? 5 : 3);
        len += _i == 3 ? 5 : 3;
    }
    ck_assert_ptr_nonnull(memory);
    ck_assert_int_eq(vpcvis_line_columns_init(memory, bytes, every, 200, &columns),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_new(layout, NULL, NULL, &lines), VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_line_read_columns(lines, log, len, &columns, errors, 1, &result),
        VPCVIS_OK);
    ck_assert_uint_eq(result.records, 200);
    ck_assert_int_eq(vpcvis_line_write_columns(layout, &columns, log, 0, 200, out,
                                               sizeof out, &out_len, &done),
                     VPCVIS_OK);
    ck_assert_uint_eq(out_len, len);
    ck_assert_int_eq(memcmp(out, log, len), 0);
    free(memory);
    vpcvis_line_free(lines, NULL);
    vpcvis_layout_free(layout, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch");
    TCase *tcase = tcase_create("batch");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, paths_agree_with_single_lines, VPCVIS_CPU_PORTABLE,
                        VPCVIS_CPU_NEON + 1);
    tcase_add_loop_test(tcase, empty_tokens, VPCVIS_CPU_PORTABLE, VPCVIS_CPU_NEON + 1);
    tcase_add_loop_test(tcase, skipped_fields, VPCVIS_CPU_PORTABLE, VPCVIS_CPU_NEON + 1);
    tcase_add_test(tcase, short_strides);
    tcase_add_loop_test(tcase, batches_are_written_back, 0, 100);
    tcase_add_loop_test(tcase, the_longest_line_leaves_the_next_alone, 0, 4);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
