/* SPDX-License-Identifier: MIT */
/*
 * Room columns: batches that somebody else has made to records; rollups to batches and back.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support_arrow.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- A batch of one column, made by hand. ---- */

struct column {
    struct ArrowSchema schema, type, dictionary_type;
    struct ArrowArray array, values, dictionary;
    struct ArrowSchema *types[1];
    struct ArrowArray *columns[1];
    const void *none[1], *buffers[5], *words[5];
};

static void make_column(struct column *column, const char *name, const char *format,
                        int64_t rows)
{
    memset(column, 0, sizeof(*column));
    column->type.format = format;
    column->type.name = name;
    column->types[0] = &column->type;
    column->schema.format = "+s";
    column->schema.n_children = 1;
    column->schema.children = column->types;
    column->values.length = rows;
    column->values.n_buffers = 3;
    column->values.buffers = column->buffers;
    column->columns[0] = &column->values;
    column->array.length = rows;
    column->array.n_buffers = 1;
    column->array.buffers = column->none;
    column->array.n_children = 1;
    column->array.children = column->columns;
}

struct read {
    struct vpcvis_record records[4];
    struct vpcvis_error errors[4];
    struct vpcvis_columns_result result;
    char text[200000];
};

static struct read out;

static vpcvis_status read_column(const struct column *column, uint64_t first,
                                 size_t records, size_t text, size_t errors)
{
    struct vpcvis_columns_map map;

    ck_assert_int_eq(vpcvis_columns_find(&column->schema, &map, NULL), VPCVIS_OK);
    memset(&out.result, 0xee, sizeof(out.result));
    return vpcvis_columns_read(&map, &column->array, first, out.records,
                               sizeof out.records[0], records, out.text, text, out.errors,
                               errors, &out.result);
}

static const int8_t i8[] = {0, -1, 100, 6};
static const int16_t i16[] = {0, -1, 100, 6};
static const int32_t i32[] = {0, -1, 100, 6};
static const int64_t i64[] = {0, -1, 100, 6};
static const uint8_t u8[] = {0, 1, 100, 6};
static const uint16_t u16[] = {0, 256, 100, 6};
static const uint32_t u32[] = {0, 256, 100, 6};
static const uint64_t u64[] = {0, 256, 100, 6};

struct number_row {
    const char *format;
    const void *values;
    vpcvis_status bad; /* of row 1 */
};

/* [columns.read] Numbers of any width; what the field cannot hold costs its row. */
static const struct number_row numbers[] = {
    {"c", i8, VPCVIS_E_NUMBER},  {"s", i16, VPCVIS_E_NUMBER}, {"i", i32, VPCVIS_E_NUMBER},
    {"l", i64, VPCVIS_E_NUMBER}, {"C", u8, VPCVIS_OK},        {"S", u16, VPCVIS_E_RANGE},
    {"I", u32, VPCVIS_E_RANGE},  {"L", u64, VPCVIS_E_RANGE},
};

START_TEST(numbers_of_any_width)
{
    const struct number_row *row = &numbers[_i];
    const uint32_t refused = row->bad != VPCVIS_OK;
    struct column column;

    make_column(&column, "protocol", row->format, 4);
    column.buffers[1] = row->values;
    ck_assert_int_eq(read_column(&column, 0, 4, 0, 4), VPCVIS_OK);
    ck_assert_uint_eq(out.result.taken, 4);
    ck_assert_uint_eq(out.result.records, 4 - refused);
    ck_assert_uint_eq(out.result.errors, refused);
    ck_assert_int_eq(out.records[0].protocol, 0);
    ck_assert_int_eq(out.records[2 - refused].protocol, 100);
    if (!refused)
        return;
    ck_assert_int_eq(out.errors[0].status, row->bad);
    ck_assert_uint_eq(out.errors[0].field, VPCVIS_FIELD_PROTOCOL);
    ck_assert_uint_eq(out.errors[0].line, 2);
}
END_TEST

struct time_row {
    const char *format;
    int64_t value;
    uint64_t seconds;
};

static const struct time_row times[] = {
    {"tss:UTC", 1700000000, 1700000000},
    {"tsm:", 1700000000999, 1700000000},
    {"tsu:Europe/Paris", 1700000000999999, 1700000000},
    {"tsn:UTC", 1700000000999999999, 1700000000},
    {"l", 1700000000, 1700000000},
};

START_TEST(times_of_any_unit)
{
    struct column column;

    make_column(&column, "start", times[_i].format, 1);
    column.buffers[1] = &times[_i].value;
    ck_assert_int_eq(read_column(&column, 0, 4, 0, 4), VPCVIS_OK);
    ck_assert_uint_eq(out.records[0].start_s, times[_i].seconds);
}
END_TEST

static void require_text(int row, uint32_t field, const char *text)
{
    struct vpcvis_value value;

    ck_assert_int_eq(vpcvis_record_get(&out.records[row], field, &value), VPCVIS_OK);
    if (text == NULL) {
        ck_assert_uint_eq(value.state, VPCVIS_STATE_DASH);
        return;
    }
    ck_assert_uint_eq(value.state, VPCVIS_STATE_VALUE);
    ck_assert_uint_eq(value.text_len, strlen(text));
    ck_assert_int_eq(memcmp(value.text, text, value.text_len), 0);
}

static const char texts[] = "ACCEPTREJECTa-word-of-16-byteACCEPT";
static const int32_t short_offsets[] = {0, 6, 12, 28, 34};
static const int64_t long_offsets[] = {0, 6, 12, 28, 34};
static const uint8_t three_valid[] = {0x0d}; /* the second is null */

static void require_words(const struct column *column)
{
    ck_assert_int_eq(read_column(column, 0, 4, sizeof out.text, 4), VPCVIS_OK);
    ck_assert_uint_eq(out.result.records, 4);
    require_text(0, VPCVIS_FIELD_ACTION, "ACCEPT");
    require_text(1, VPCVIS_FIELD_ACTION, NULL);
    require_text(2, VPCVIS_FIELD_ACTION, "a-word-of-16-byt");
    ck_assert_int_eq(out.records[0].action, VPCVIS_ACTION_ACCEPT);
    ck_assert_uint_eq(out.records[0].flags, 0);
    ck_assert_uint_eq(out.records[2].flags, VPCVIS_RECORD_UNKNOWN);
}

/* The four ways that texts come in. */
START_TEST(texts_of_any_kind)
{
    static const int8_t indexes[] = {0, 0, 2, 0};
    char views[4][16];
    int32_t place[4] = {16, 0, 0, 12};
    const int32_t six = 6;
    struct column column;

    make_column(&column, "action", "u", 4);
    column.buffers[0] = three_valid;
    column.buffers[1] = short_offsets;
    column.buffers[2] = texts;
    require_words(&column);
    column.type.format = "U";
    column.buffers[1] = long_offsets;
    require_words(&column);

    memset(views, 0, sizeof views);
    memcpy(views[0], &six, 4);
    memcpy(views[1], &six, 4);
    memcpy(views[3], &six, 4);
    memcpy(&views[0][4], "ACCEPT", 6);
    memcpy(&views[3][4], "ACCEPT", 6);
    memcpy(views[2], place, 16);
    memcpy(&views[2][4], "a-wo", 4);
    column.type.format = "vu";
    column.values.n_buffers = 4;
    column.buffers[1] = views;
    require_words(&column);
    place[2] = 1; /* a buffer that is not there */
    memcpy(views[2], place, 16);
    ck_assert_int_eq(read_column(&column, 0, 4, sizeof out.text, 4), VPCVIS_OK);
    ck_assert_int_eq(out.errors[0].status, VPCVIS_E_RANGE);

    make_column(&column, "action", "c", 4);
    column.type.dictionary = &column.dictionary_type;
    column.dictionary_type.format = "u";
    column.values.dictionary = &column.dictionary;
    column.values.n_buffers = 2;
    column.buffers[0] = three_valid;
    column.buffers[1] = indexes;
    column.dictionary.length = 3;
    column.dictionary.n_buffers = 3;
    column.dictionary.buffers = column.words;
    column.words[1] = short_offsets;
    column.words[2] = texts;
    require_words(&column);
    column.dictionary.length = 2; /* an index that is not there */
    ck_assert_int_eq(read_column(&column, 0, 4, sizeof out.text, 4), VPCVIS_OK);
    ck_assert_int_eq(out.errors[0].status, VPCVIS_E_RANGE);
}
END_TEST

/* An array of which the first rows are cut off: offsets of the batch and of the column add. */
START_TEST(offsets_add)
{
    struct column column;

    make_column(&column, "srcport", "S", 3);
    column.buffers[1] = u16;
    column.array.offset = 1;
    column.array.length = 2;
    column.values.offset = 1;
    ck_assert_int_eq(read_column(&column, 0, 4, 0, 4), VPCVIS_OK);
    ck_assert_int_eq(out.records[0].srcport, 100);
    ck_assert_int_eq(out.records[1].srcport, 6);
    column.array.offset = 2; /* more than the column has */
    ck_assert_int_eq(read_column(&column, 0, 4, 0, 4), VPCVIS_E_ARG);
}
END_TEST

START_TEST(addresses_of_both_kinds)
{
    static const uint8_t binary[32] = {0,    0,  0, 0, 0, 0,    0,    0,    0,    0, 0xff,
                                       0xff, 10, 0, 0, 1, 0x20, 0x01, 0x0d, 0xb8, 0, 0,
                                       0,    0,  0, 0, 0, 0,    0,    0,    0,    1};
    static const int32_t offsets[] = {0, 8, 19, 22};
    struct column column;

    make_column(&column, "pkt_srcaddr", "w:16", 2);
    column.buffers[1] = binary;
    ck_assert_int_eq(read_column(&column, 0, 4, 0, 4), VPCVIS_OK);
    ck_assert_int_eq(out.records[0].pkt_srcaddr.family, VPCVIS_ADDR_IPV4);
    ck_assert_int_eq(out.records[0].pkt_srcaddr.bytes[0], 10);
    ck_assert_int_eq(out.records[1].pkt_srcaddr.family, VPCVIS_ADDR_IPV6);
    make_column(&column, "srcaddr", "u", 3);
    column.buffers[1] = offsets;
    column.buffers[2] = "10.0.0.12001:db8::1bad";
    ck_assert_int_eq(read_column(&column, 0, 4, 0, 4), VPCVIS_OK);
    ck_assert_uint_eq(out.result.records, 2);
    ck_assert_int_eq(out.errors[0].status, VPCVIS_E_ADDRESS);
    ck_assert_uint_eq(out.errors[0].line, 3);
}
END_TEST

/* A full array ends the call, not the batch; a text that no line may have costs its row. */
START_TEST(room_and_errors)
{
    static const int32_t offsets[] = {0, 2, 4, 4, 6};
    struct column column;

    make_column(&column, "region", "u", 4);
    column.buffers[1] = offsets;
    column.buffers[2] = "aab ef";
    ck_assert_int_eq(read_column(&column, 0, 1, 100, 4), VPCVIS_MORE);
    ck_assert_uint_eq(out.result.taken, 1);
    ck_assert_int_eq(read_column(&column, 1, 4, 100, 1), VPCVIS_MORE);
    ck_assert_int_eq(out.errors[0].status, VPCVIS_E_BYTE); /* "b " */
    ck_assert_uint_eq(out.errors[0].line, 2);
    ck_assert_int_eq(read_column(&column, 2, 4, 100, 4), VPCVIS_OK);
    ck_assert_int_eq(out.errors[0].status, VPCVIS_E_BYTE); /* "" */
    require_text(0, VPCVIS_FIELD_REGION, "ef");
    ck_assert_int_eq(read_column(&column, 3, 4, 1, 4), VPCVIS_E_SPACE);
    ck_assert_uint_eq(out.result.taken, 0);
    ck_assert_int_eq(read_column(&column, 4, 4, 1, 4), VPCVIS_OK);
    ck_assert_uint_eq(out.result.records, 0);
}
END_TEST

START_TEST(schemas_that_cannot_be)
{
    struct vpcvis_columns_map map;
    struct vpcvis_error error;
    struct column column;
    struct ArrowSchema *twice[2];

    make_column(&column, "nothing-known", "i", 0);
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error), VPCVIS_NOMATCH);
    column.type.name = "srcport";
    column.type.format = "u";
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error), VPCVIS_E_CONFIG);
    ck_assert_uint_eq(error.field, VPCVIS_FIELD_SRCPORT);
    column.type.format = "g"; /* a float */
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error), VPCVIS_E_CONFIG);
    column.type.format = "tss:UTC"; /* only of times */
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error), VPCVIS_E_CONFIG);
    column.type.format = "i";
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error), VPCVIS_OK);
    ck_assert_uint_eq(map.found, 1);
    twice[0] = twice[1] = &column.type;
    column.schema.children = twice;
    column.schema.n_children = 2;
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error),
                     VPCVIS_E_DUPLICATE);
    column.schema.format = "i";
    ck_assert_int_eq(vpcvis_columns_find(&column.schema, &map, &error), VPCVIS_E_ARG);
}
END_TEST

/* ---- Rollups. ---- */

static const char lines[] =
    "srcaddr interface-id bytes start action\n"
    "10.0.0.1 eni-1 5 100 ACCEPT\n10.0.1.1 eni-2 7 3700 REJECT\n10.0.0.2 eni-1 - 50 ACCEPT\n"
    "2001:db8::1 - 18446744073709551615 7300 ODD\n10.0.0.3 eni-3 1 60 ACCEPT\n";

static vpcvis_rollup *make_rollup(uint32_t groups)
{
    struct vpcvis_rollup_config config;
    vpcvis_rollup *rollup;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = VPCVIS_ROLLUP_UNKEYED;
    config.groups = groups;
    config.sketch_bits = 4;
    config.key_count = 4;
    config.keys[0].kind = VPCVIS_ROLLUP_PREFIX;
    config.keys[0].field = VPCVIS_FIELD_SRCADDR;
    config.keys[0].ipv4_len = 24;
    config.keys[0].ipv6_len = 64;
    config.keys[1].kind = VPCVIS_ROLLUP_FIELD;
    config.keys[1].field = VPCVIS_FIELD_INTERFACE_ID;
    config.keys[2].kind = VPCVIS_ROLLUP_BUCKET;
    config.keys[2].field = VPCVIS_FIELD_START;
    config.keys[2].step = 3600;
    config.keys[3].kind = VPCVIS_ROLLUP_FIELD;
    config.keys[3].field = VPCVIS_FIELD_ACTION;
    config.measure_count = 3;
    config.measures[0].kind = VPCVIS_ROLLUP_SUM;
    config.measures[0].field = VPCVIS_FIELD_BYTES;
    config.measures[1].kind = VPCVIS_ROLLUP_RECORDS;
    config.measures[2].kind = VPCVIS_ROLLUP_DISTINCT;
    config.measures[2].field = VPCVIS_FIELD_SRCADDR;
    ck_assert_int_eq(vpcvis_rollup_new(&config, NULL, &rollup), VPCVIS_OK);
    return rollup;
}

static void add_lines(vpcvis_rollup *rollup)
{
    struct vpcvis_record records[8];
    struct vpcvis_error error;
    struct vpcvis_reader_batch batch;
    vpcvis_reader *reader;
    vpcvis_status status;

    ck_assert_int_eq(vpcvis_reader_new(NULL, NULL, &reader), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_add(reader, lines, strlen(lines)), VPCVIS_OK);
    while ((status = vpcvis_reader_next(reader, records, sizeof records[0], 8, &error, 1,
                                        &batch)) == VPCVIS_OK) {
        ck_assert_uint_eq(batch.errors, 0);
        ck_assert_int_eq(
            vpcvis_rollup_add(rollup, records, sizeof records[0], (size_t)batch.records),
            VPCVIS_OK);
    }
    ck_assert_int_eq(status, VPCVIS_MORE);
    vpcvis_reader_free(reader, NULL);
}

struct totals {
    struct ArrowSchema schema;
    struct ArrowArray array;
};

static void make_totals(const vpcvis_rollup *rollup, uint32_t flags,
                        const uint32_t *groups, uint32_t count, struct totals *totals)
{
    ck_assert_int_eq(vpcvis_columns_rollup_schema(rollup, flags, NULL, &totals->schema),
                     VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_columns_rollup(rollup, flags, groups, count, NULL, &totals->array),
        VPCVIS_OK);
    arrow_require_schema(&totals->schema);
    arrow_require_array(&totals->schema, &totals->array);
}

static void free_totals(struct totals *totals)
{
    totals->schema.release(&totals->schema);
    totals->array.release(&totals->array);
}

/* [columns.rollup] */
START_TEST(totals_as_columns)
{
    static const char *const names[] = {"srcaddr_prefix",  "interface_id", "start_bucket",
                                        "action",          "bytes_sum",    "records",
                                        "srcaddr_distinct"};
    static const char *const formats[] = {"u", "u", "l", "u", "l", "l", "l"};
    vpcvis_rollup *rollup = make_rollup(0);
    struct totals totals;
    uint32_t order[2], count, i;

    add_lines(rollup);
    make_totals(rollup, VPCVIS_COLUMNS_UNDERSCORE, NULL, 0, &totals);
    ck_assert_int_eq(totals.array.length, 4);
    ck_assert_int_eq(totals.schema.n_children, 7);
    for (i = 0; i < 7; i++) {
        ck_assert_str_eq(totals.schema.children[i]->name, names[i]);
        ck_assert_str_eq(totals.schema.children[i]->format, formats[i]);
    }
    ck_assert_str_eq(arrow_text(totals.schema.children[0], totals.array.children[0], 0),
                     "10.0.0.0");
    ck_assert_str_eq(arrow_text(totals.schema.children[3], totals.array.children[3], 2),
                     "ODD");
    ck_assert_int_eq(arrow_is_valid(totals.array.children[1], 2), 0);
    ck_assert_int_eq(arrow_number(totals.schema.children[4], totals.array.children[4], 2),
                     INT64_MAX);
    ck_assert_int_eq(arrow_number(totals.schema.children[5], totals.array.children[5], 0),
                     2);
    free_totals(&totals);
    ck_assert_int_eq(vpcvis_rollup_top(rollup, 0, 2, order, &count), VPCVIS_OK);
    make_totals(rollup, VPCVIS_COLUMNS_UNSIGNED | VPCVIS_COLUMNS_BINARY, order, count,
                &totals);
    ck_assert_int_eq(totals.array.length, 2);
    ck_assert_str_eq(totals.schema.children[0]->format, "w:16");
    ck_assert_uint_eq(
        (uint64_t)arrow_number(totals.schema.children[4], totals.array.children[4], 0),
        UINT64_MAX);
    ck_assert_int_eq(arrow_number(totals.schema.children[4], totals.array.children[4], 1),
                     7);
    free_totals(&totals);
    order[0] = 4;
    ck_assert_int_eq(vpcvis_columns_rollup(rollup, 0, order, 1, NULL, &totals.array),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_columns_rollup(rollup, VPCVIS_COLUMNS_DICTIONARY, NULL, 0,
                                           NULL, &totals.array),
                     VPCVIS_E_CONFIG);
    vpcvis_rollup_free(rollup, NULL);
}
END_TEST

static void require_same_totals(const vpcvis_rollup *a, const vpcvis_rollup *b)
{
    uint32_t order[2][8], count[2], i, m;

    ck_assert_int_eq(vpcvis_rollup_top(a, VPCVIS_ROLLUP_BY_KEY, 8, order[0], &count[0]),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_rollup_top(b, VPCVIS_ROLLUP_BY_KEY, 8, order[1], &count[1]),
                     VPCVIS_OK);
    ck_assert_uint_eq(count[0], count[1]);
    for (i = 0; i < count[0]; i++) {
        for (m = 0; m < 3; m++) {
            uint64_t x = 0, y = 0;

            ck_assert_int_eq(vpcvis_rollup_get(a, order[0][i], m, &x),
                             vpcvis_rollup_get(b, order[1][i], m, &y));
            ck_assert_uint_eq(x, y);
        }
    }
}

/* Partials come back whole, in any order of columns, as bytes of a fixed size or not. */
START_TEST(partials_merge)
{
    static const uint32_t flags[] = {
        VPCVIS_COLUMNS_UNSIGNED, VPCVIS_COLUMNS_UNSIGNED | VPCVIS_COLUMNS_BINARY |
                                     VPCVIS_COLUMNS_UNDERSCORE | VPCVIS_COLUMNS_TIMES};
    vpcvis_rollup *rollup = make_rollup(_i == 2 ? 2 : 0), *again = make_rollup(0);
    struct vpcvis_rollup_counts counts, counts_again;
    struct totals totals;
    struct ArrowSchema *type;
    struct ArrowArray *values;
    uint64_t taken = 99;

    add_lines(rollup);
    make_totals(rollup, flags[_i % 2] | VPCVIS_COLUMNS_PARTIAL, NULL, 0, &totals);
    type = totals.schema.children[0];
    values = totals.array.children[0];
    totals.schema.children[0] = totals.schema.children[5];
    totals.array.children[0] = totals.array.children[5];
    totals.schema.children[5] = type;
    totals.array.children[5] = values;
    ck_assert_int_eq(vpcvis_columns_merge(again, &totals.schema, &totals.array, &taken),
                     VPCVIS_OK);
    ck_assert_uint_eq(taken, (uint64_t)totals.array.length);
    require_same_totals(rollup, again);
    ck_assert_int_eq(vpcvis_rollup_count(rollup, &counts), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_rollup_count(again, &counts_again), VPCVIS_OK);
    ck_assert_uint_eq(counts.records, counts_again.records);
    ck_assert_uint_eq(counts.other, counts_again.other);
    free_totals(&totals);
    vpcvis_rollup_free(rollup, NULL);
    vpcvis_rollup_free(again, NULL);
}
END_TEST

START_TEST(partials_that_cannot_be)
{
    vpcvis_rollup *rollup = make_rollup(0);
    struct vpcvis_rollup_counts counts;
    struct totals totals;
    uint64_t taken;
    const char *format;
    int64_t *rows;

    add_lines(rollup);
    make_totals(rollup, VPCVIS_COLUMNS_PARTIAL, NULL, 0, &totals);
    totals.schema.children[3]->name = "other";
    ck_assert_int_eq(vpcvis_columns_merge(rollup, &totals.schema, &totals.array, &taken),
                     VPCVIS_NOMATCH);
    totals.schema.children[3]->name = "interface-id";
    format = totals.schema.children[3]->format;
    totals.schema.children[3]->format = "i";
    ck_assert_int_eq(vpcvis_columns_merge(rollup, &totals.schema, &totals.array, &taken),
                     VPCVIS_E_CONFIG);
    totals.schema.children[3]->format = format;
    format = totals.schema.children[8]->format;
    totals.schema.children[8]->format = "w:8"; /* another sketch */
    ck_assert_int_eq(vpcvis_columns_merge(rollup, &totals.schema, &totals.array, &taken),
                     VPCVIS_E_CONFIG);
    totals.schema.children[8]->format = format;
    rows = (int64_t *)(uintptr_t)totals.array.children[4]->buffers[1];
    rows[2] += 1; /* no multiple of the step */
    ck_assert_int_eq(vpcvis_columns_merge(rollup, &totals.schema, &totals.array, &taken),
                     VPCVIS_E_RANGE);
    ck_assert_uint_eq(taken, 2);
    rows[2] = -1;
    ck_assert_int_eq(vpcvis_columns_merge(rollup, &totals.schema, &totals.array, &taken),
                     VPCVIS_E_NUMBER);
    ck_assert_int_eq(vpcvis_rollup_count(rollup, &counts), VPCVIS_OK);
    ck_assert_uint_eq(counts.groups, 4);
    ck_assert_int_eq(vpcvis_columns_merge(NULL, &totals.schema, &totals.array, &taken),
                     VPCVIS_E_ARG);
    free_totals(&totals);
    vpcvis_rollup_free(rollup, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("columns_read");
    TCase *tcase = tcase_create("columns_read");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, numbers_of_any_width, 0, COUNT(numbers));
    tcase_add_loop_test(tcase, times_of_any_unit, 0, COUNT(times));
    tcase_add_test(tcase, texts_of_any_kind);
    tcase_add_test(tcase, offsets_add);
    tcase_add_test(tcase, addresses_of_both_kinds);
    tcase_add_test(tcase, room_and_errors);
    tcase_add_test(tcase, schemas_that_cannot_be);
    tcase_add_test(tcase, totals_as_columns);
    tcase_add_loop_test(tcase, partials_merge, 0, 3);
    tcase_add_test(tcase, partials_that_cannot_be);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
