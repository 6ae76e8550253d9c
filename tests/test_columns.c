/* SPDX-License-Identifier: MIT */
/*
 * Room columns: text to batches and streams. What comes out is validated, and read back to
 * records that must be those of room reader.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "support_arrow.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ERRORS       64

#define PLAIN 0u
#define OTHER                                                                      \
    (VPCVIS_COLUMNS_UNDERSCORE | VPCVIS_COLUMNS_UNSIGNED | VPCVIS_COLUMNS_BINARY | \
     VPCVIS_COLUMNS_TIMES)
#define WORDS VPCVIS_COLUMNS_DICTIONARY

static uint64_t state;

static uint32_t below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

/* ---- A log, by both ways. ---- */

struct log {
    char *text;
    size_t len, room;
};

static void add(struct log *log, const char *text)
{
    const size_t len = strlen(text);

    if (log->len + len + 1 > log->room) {
        log->room = 2 * (log->len + len + 1);
        log->text = realloc(log->text, log->room);
        ck_assert_ptr_nonnull(log->text);
    }
    memcpy(log->text + log->len, text, len + 1);
    log->len += len;
}

/* A line of the default format: `-` here and there, NODATA, IPv6, what is refused. */
static void add_random_line(struct log *log)
{
    char line[400];
    char numbers[3][24];
    int i;

    for (i = 0; i < 3; i++)
        snprintf(numbers[i], sizeof numbers[i], "%llu",
                 (unsigned long long)below(1u << (1 + below(31))));
    switch (below(12)) {
    case 0:
        snprintf(line, sizeof line, "2 1 eni-%u - - - - - - - 1 2 - NODATA\n", below(9));
        break;
    case 1:
        snprintf(line, sizeof line, "2 1 eni-%u 10.0.0.1 bad 1 2 6 1 1 1 2 ACCEPT OK\n",
                 below(9));
        break;
    case 2:
        snprintf(
            line, sizeof line,
            "2 123456789012 eni-%u 2001:db8::%x ::ffff:1.2.3.4 %u - 17 %s 18446744073709551615 %s 9 REJECT OK\n",
            below(99), below(65536), below(65536), numbers[0], numbers[1]);
        break;
    case 3:
        snprintf(
            line, sizeof line,
            "2 - - 255.255.255.255 0.0.0.0 0 65535 255 9223372036854775807 9223372036854775808 0 9223372036854775807 SOMETHING OK\n");
        break;
    default:
        snprintf(
            line, sizeof line,
            "2 %u%u eni-%08x%u 10.%u.%u.%u 172.%u.3.%u %u %u %u %s %s %s 1700000000 %s OK\n",
            100000 + below(5), 100000 + below(3), below(1000), below(30000), below(256),
            below(256), below(256), below(256), below(256), below(65536), below(65536),
            below(256), numbers[0], numbers[1], numbers[2],
            below(2) ? "ACCEPT" : "REJECT");
        break;
    }
    add(log, line);
}

struct records {
    struct vpcvis_record *rows;
    char **texts; /* memory of the rows' texts */
    size_t count, room, text_count;
    uint64_t errors;
    vpcvis_reader *reader; /* has the text of some */
};

static void free_records(struct records *records)
{
    while (records->text_count > 0)
        free(records->texts[--records->text_count]);
    free(records->texts);
    free(records->rows);
    vpcvis_reader_free(records->reader, NULL);
}

static struct vpcvis_record *grow(struct records *records, size_t more)
{
    if (records->count + more > records->room) {
        records->room = 2 * (records->count + more);
        records->rows = realloc(records->rows, records->room * sizeof(*records->rows));
        ck_assert_ptr_nonnull(records->rows);
    }
    return records->rows + records->count;
}

/* By room reader, from one chunk. */
static void read_rows(const struct log *log, struct records *records)
{
    struct vpcvis_reader_batch batch;
    struct vpcvis_error errors[ERRORS];
    vpcvis_reader *reader;
    vpcvis_status status;

    memset(records, 0, sizeof(*records));
    ck_assert_int_eq(vpcvis_reader_new(NULL, NULL, &reader), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_reader_add(reader, log->text, log->len), VPCVIS_OK);
    do {
        struct vpcvis_record *rows = grow(records, 500);

        status =
            vpcvis_reader_next(reader, rows, sizeof *rows, 500, errors, ERRORS, &batch);
        records->count += (size_t)batch.records;
        records->errors += batch.errors;
        if (status == VPCVIS_MORE)
            ck_assert_int_eq(vpcvis_reader_end(reader), VPCVIS_OK);
    } while (status != VPCVIS_DONE);
    records->reader = reader;
}

/* Back from a batch. */
static void read_batch(const struct ArrowSchema *schema, const struct ArrowArray *array,
                       struct records *records)
{
    struct vpcvis_columns_map map;
    struct vpcvis_columns_result result;
    struct vpcvis_error errors[ERRORS];
    uint64_t first = 0;
    vpcvis_status status;

    ck_assert_int_eq(vpcvis_columns_find(schema, &map, NULL), VPCVIS_OK);
    do {
        const size_t room = 70000;
        char *text = malloc(room);
        struct vpcvis_record *rows = grow(records, 300);

        ck_assert_ptr_nonnull(text);
        records->texts =
            realloc(records->texts, (records->text_count + 1) * sizeof(char *));
        ck_assert_ptr_nonnull(records->texts);
        records->texts[records->text_count++] = text;
        status = vpcvis_columns_read(&map, array, first, rows, sizeof *rows, 300, text,
                                     room, errors, ERRORS, &result);
        ck_assert_uint_eq(result.errors, 0);
        records->count += (size_t)result.records;
        first += result.taken;
    } while (status == VPCVIS_MORE);
    ck_assert_int_eq(status, VPCVIS_OK);
    ck_assert_uint_eq(first, (uint64_t)array->length);
}

/* By room columns, in chunks of random sizes. */
static void read_columns(const struct log *log, uint32_t flags, uint32_t rows,
                         size_t chunk_max, struct records *records,
                         struct vpcvis_columns_counts *counts)
{
    struct arrow_counter counter = {0, 0, 0};
    const struct vpcvis_allocator allocator = arrow_allocator(&counter);
    struct vpcvis_columns_config config;
    struct vpcvis_error errors[ERRORS];
    struct vpcvis_columns_batch batch;
    struct ArrowSchema schema;
    struct ArrowArray array;
    vpcvis_columns *columns;
    vpcvis_status status;
    size_t at = 0;
    char *chunk = NULL;

    memset(records, 0, sizeof(*records));
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = flags;
    config.rows = rows;
    config.allocator = &allocator;
    ck_assert_int_eq(vpcvis_columns_new(&config, &allocator, &columns), VPCVIS_OK);
    for (;;) {
        status = vpcvis_columns_next(columns, &array, errors, 1 + below(ERRORS), &batch);
        records->errors += batch.errors;
        if (status == VPCVIS_DONE)
            break;
        if (status == VPCVIS_MORE && at == log->len) {
            ck_assert_int_eq(vpcvis_columns_end(columns), VPCVIS_OK);
        } else if (status == VPCVIS_MORE) {
            size_t len = 1 + below((uint32_t)chunk_max);

            len = len < log->len - at ? len : log->len - at;
            free(chunk);
            chunk = malloc(len); /* its end is where the sanitizer looks */
            ck_assert_ptr_nonnull(chunk);
            memcpy(chunk, log->text + at, len);
            ck_assert_int_eq(vpcvis_columns_add(columns, chunk, len), VPCVIS_OK);
            at += len;
        } else {
            ck_assert_int_eq(status, VPCVIS_OK);
            ck_assert_int_eq(array.release != NULL, batch.rows > 0);
            if (batch.rows == 0)
                continue;
            ck_assert_int_eq((int64_t)batch.rows, array.length);
            ck_assert_int_eq(vpcvis_columns_schema(columns, &schema), VPCVIS_OK);
            arrow_require_schema(&schema);
            arrow_require_array(&schema, &array);
            read_batch(&schema, &array, records);
            array.release(&array);
            schema.release(&schema);
        }
    }
    ck_assert_int_eq(vpcvis_columns_get(columns, counts), VPCVIS_OK);
    vpcvis_columns_free(columns, &allocator);
    free(chunk);
    ck_assert_int_eq(counter.blocks, 0);
}

/* What a column cannot hold: the word of a mapped address that came as 16 bytes, and numbers
 * beyond an int64. */
static void require_same_value(struct vpcvis_value a, struct vpcvis_value b,
                               uint32_t field, uint32_t flags)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (a.kind == VPCVIS_KIND_NUMBER64 && !(flags & VPCVIS_COLUMNS_UNSIGNED) &&
        a.number > INT64_MAX)
        a.number = INT64_MAX;
    if ((flags & VPCVIS_COLUMNS_BINARY) && a.addr.family == VPCVIS_ADDR_IPV6 &&
        memcmp(a.addr.bytes, mapped, sizeof mapped) == 0) {
        a.addr.family = VPCVIS_ADDR_IPV4;
        memmove(a.addr.bytes, a.addr.bytes + 12, 4);
        memset(a.addr.bytes + 4, 0, 12);
    }
    if (a.state != b.state || a.number != b.number || a.text_len != b.text_len ||
        memcmp(&a.addr, &b.addr, sizeof a.addr) != 0 ||
        (a.text_len > 0 && memcmp(a.text, b.text, a.text_len) != 0))
        ck_abort_msg("field %u: %u %llu, %u %llu", field, a.state,
                     (unsigned long long)a.number, b.state, (unsigned long long)b.number);
}

static void require_same_records(const struct records *a, const struct records *b,
                                 uint32_t flags)
{
    size_t i;
    uint32_t f;

    ck_assert_uint_eq(a->count, b->count);
    ck_assert_uint_eq(a->errors, b->errors);
    for (i = 0; i < a->count; i++) {
        for (f = 0; f < VPCVIS_FIELD_COUNT; f++) {
            struct vpcvis_value x, y;

            if (((a->rows[i].value[f / 64] | a->rows[i].dash[f / 64] |
                  b->rows[i].value[f / 64]) >>
                     f % 64 &
                 1) == 0)
                continue;
            if (vpcvis_record_get(&a->rows[i], f, &x) != VPCVIS_OK ||
                vpcvis_record_get(&b->rows[i], f, &y) != VPCVIS_OK)
                ck_abort_msg("field %u", f);
            require_same_value(x, y, f, flags);
        }
    }
}

/* However text is cut, and however long batches are, they have the rows that the reader has. */
START_TEST(batches_are_the_readers_rows)
{
    static const uint32_t flags[] = {PLAIN, OTHER, WORDS, OTHER | WORDS};
    const uint32_t flag = flags[_i % COUNT(flags)];
    struct vpcvis_columns_counts counts;
    struct log log = {NULL, 0, 0};
    struct records rows, back;
    uint32_t i, lines;

    state = 77u + (uint64_t)_i * 7919;
    lines = 1 + below(3000);
    for (i = 0; i < lines; i++)
        add_random_line(&log);
    read_rows(&log, &rows);
    read_columns(&log, flag, 1 + below(2000), 1 + below(100000), &back, &counts);
    require_same_records(&rows, &back, flag);
    ck_assert_uint_eq(counts.rows, rows.count);
    ck_assert_uint_eq(counts.reader.records, rows.count);
    ck_assert_uint_eq(counts.reader.errors, rows.errors);
    ck_assert_uint_eq(counts.narrowed, 0);
    free_records(&rows);
    free_records(&back);
    free(log.text);
}
END_TEST

/* ---- Small logs, looked at by hand. ---- */

struct batch {
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct vpcvis_columns_counts counts;
};

struct source {
    const char *text;
    size_t len, at, step;
    int32_t fails;
    int errors, releases;
    struct vpcvis_columns_counts counts;
};

static int32_t read_source(void *context, const char **chunk, size_t *len)
{
    struct source *source = context;
    const size_t left = source->len - source->at;

    if (left == 0 && source->fails != 0)
        return source->fails;
    *len = left < source->step ? left : source->step;
    *chunk = guard_copy(source->text + source->at, *len);
    source->at += *len;
    return 0;
}

static void count_errors(void *context, const struct vpcvis_error *errors, size_t count)
{
    ck_assert_int_lt(errors[0].status, 0);
    ((struct source *)context)->errors += (int)count;
}

static void release_source(void *context, const struct vpcvis_columns_counts *counts)
{
    ((struct source *)context)->releases++;
    ((struct source *)context)->counts = *counts;
}

static void open_stream(struct source *source, const char *text, uint32_t flags,
                        const struct vpcvis_allocator *allocator,
                        struct ArrowArrayStream *stream)
{
    struct vpcvis_columns_config config;
    struct vpcvis_columns_source from;

    memset(source, 0, sizeof(*source));
    source->text = text;
    source->len = strlen(text);
    source->step = 100;
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = flags;
    config.allocator = allocator;
    from.read = read_source;
    from.errors = count_errors;
    from.release = release_source;
    from.context = source;
    ck_assert_int_eq(vpcvis_columns_stream(&config, &from, stream), VPCVIS_OK);
}

/* The one batch that a text makes. */
static void read_small(const char *text, uint32_t flags, struct batch *batch)
{
    struct ArrowArrayStream stream;
    struct ArrowArray end;
    struct source source;

    open_stream(&source, text, flags, NULL, &stream);
    ck_assert_int_eq(stream.get_schema(&stream, &batch->schema), 0);
    ck_assert_int_eq(stream.get_next(&stream, &batch->array), 0);
    ck_assert_ptr_nonnull(batch->array.release);
    ck_assert_int_eq(stream.get_next(&stream, &end), 0);
    ck_assert_ptr_null(end.release);
    stream.release(&stream);
    ck_assert_ptr_null(stream.release);
    ck_assert_int_eq(source.releases, 1);
    batch->counts = source.counts;
    arrow_require_schema(&batch->schema);
    arrow_require_array(&batch->schema, &batch->array);
}

static void free_batch(struct batch *batch)
{
    batch->array.release(&batch->array);
    batch->schema.release(&batch->schema);
}

static int64_t number_of(const struct batch *batch, const char *name, int64_t row)
{
    const int c = arrow_find(&batch->schema, name);

    ck_assert(arrow_is_valid(batch->array.children[c], row));
    return arrow_number(batch->schema.children[c], batch->array.children[c], row);
}

static const char *text_of(const struct batch *batch, const char *name, int64_t row)
{
    const int c = arrow_find(&batch->schema, name);

    return arrow_text(batch->schema.children[c], batch->array.children[c], row);
}

static int is_null(const struct batch *batch, const char *name, int64_t row)
{
    return !arrow_is_valid(batch->array.children[arrow_find(&batch->schema, name)], row);
}

/* [columns.schema] Of every field the type that AWS's Parquet files have. */
START_TEST(types_are_parquets)
{
    static const char *const formats[] = {"", "i", "l", "u"};
    struct vpcvis_field field;
    uint32_t id;

    for (id = 0; id < VPCVIS_FIELD_COUNT; id++) {
        char text[200];
        struct batch batch;

        ck_assert_int_eq(vpcvis_record_field(id, &field), VPCVIS_OK);
        snprintf(text, sizeof text, "%s log-status\n- OK\n",
                 id == VPCVIS_FIELD_LOG_STATUS ? "action" : field.name);
        read_small(text, PLAIN, &batch);
        ck_assert_int_eq(batch.schema.n_children, 2);
        if (id != VPCVIS_FIELD_LOG_STATUS) {
            ck_assert_str_eq(batch.schema.children[0]->name, field.name);
            ck_assert_str_eq(batch.schema.children[0]->format, formats[field.parquet]);
        }
        ck_assert_int_eq(batch.array.children[0]->null_count, 1);
        free_batch(&batch);
    }
}
END_TEST

static const char two_lines[] =
    "2 123456789010 eni-1 172.31.16.139 2001:db8::1 20641 22 6 20 4249 1418530010 1418530070 "
    "ACCEPT OK\n"
    "2 123456789010 eni-1 - - - - - - - 1418530010 1418530070 - NODATA\n";

START_TEST(values_of_two_lines)
{
    struct batch batch;

    read_small(two_lines, PLAIN, &batch);
    ck_assert_int_eq(batch.array.length, 2);
    ck_assert_int_eq(batch.schema.n_children, 14);
    ck_assert_int_eq(number_of(&batch, "version", 0), 2);
    ck_assert_str_eq(text_of(&batch, "account-id", 0), "123456789010");
    ck_assert_str_eq(text_of(&batch, "interface-id", 1), "eni-1");
    ck_assert_str_eq(text_of(&batch, "srcaddr", 0), "172.31.16.139");
    ck_assert_str_eq(text_of(&batch, "dstaddr", 0), "2001:db8::1");
    ck_assert_int_eq(number_of(&batch, "srcport", 0), 20641);
    ck_assert_int_eq(number_of(&batch, "bytes", 0), 4249);
    ck_assert_int_eq(number_of(&batch, "end", 1), 1418530070);
    ck_assert_str_eq(text_of(&batch, "log-status", 1), "NODATA");
    ck_assert(is_null(&batch, "srcaddr", 1) && is_null(&batch, "srcport", 1));
    ck_assert(is_null(&batch, "bytes", 1) && is_null(&batch, "action", 1));
    free_batch(&batch);
    read_small(two_lines, OTHER | WORDS, &batch);
    ck_assert_str_eq(batch.schema.children[1]->name, "account_id");
    ck_assert_str_eq(batch.schema.children[5]->format, "S");
    ck_assert_str_eq(batch.schema.children[7]->format, "C");
    ck_assert_str_eq(batch.schema.children[9]->format, "L");
    ck_assert_str_eq(batch.schema.children[0]->format, "I");
    ck_assert_str_eq(batch.schema.children[3]->format, "w:16");
    ck_assert_str_eq(batch.schema.children[10]->format, "tss:UTC");
    ck_assert_str_eq(text_of(&batch, "account_id", 0), "123456789010");
    ck_assert_str_eq(text_of(&batch, "log_status", 1), "NODATA");
    ck_assert_int_eq(batch.array.children[1]->dictionary->length, 1);
    ck_assert_int_eq(
        memcmp(
            batch.array.children[3]->buffers[1],
            "\0\0\0\0\0\0\0\0\0\0\xff\xff\xac\x1f\x10\x8b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            32),
        0);
    free_batch(&batch);
}
END_TEST

/* [columns.clamp] */
START_TEST(counters_beyond_int64)
{
    static const char text[] =
        "bytes packets\n18446744073709551615 9223372036854775807\n"
        "9223372036854775808 -\n- 1\n";
    struct batch batch;

    read_small(text, PLAIN, &batch);
    ck_assert_int_eq(number_of(&batch, "bytes", 0), INT64_MAX);
    ck_assert_int_eq(number_of(&batch, "packets", 0), INT64_MAX);
    ck_assert_int_eq(number_of(&batch, "bytes", 1), INT64_MAX);
    ck_assert_uint_eq(batch.counts.clamped, 2);
    free_batch(&batch);
    read_small(text, VPCVIS_COLUMNS_UNSIGNED, &batch);
    ck_assert_uint_eq((uint64_t)number_of(&batch, "bytes", 0), UINT64_MAX);
    ck_assert_uint_eq(batch.counts.clamped, 0);
    free_batch(&batch);
}
END_TEST

/* [columns.layouts] The first layout's columns, whatever comes; unknown fields go by name. */
START_TEST(layouts_change)
{
    static const char text[] =
        "srcaddr new-thing bytes\n10.0.0.1 x 1\n"
        "bytes other-thing new_thing srcaddr end\n2 y z 10.0.0.2 1\n"
        "srcaddr\n10.0.0.3\n"
        "srcaddr new-thing bytes\n10.0.0.4 w 4\n";
    struct batch batch;

    read_small(text, PLAIN, &batch);
    ck_assert_int_eq(batch.schema.n_children, 3);
    ck_assert_int_eq(batch.array.length, 4);
    ck_assert_str_eq(text_of(&batch, "new-thing", 0), "x");
    ck_assert_str_eq(text_of(&batch, "new-thing", 1), "z");
    ck_assert_str_eq(text_of(&batch, "srcaddr", 1), "10.0.0.2");
    ck_assert_int_eq(number_of(&batch, "bytes", 1), 2);
    ck_assert(is_null(&batch, "bytes", 2) && is_null(&batch, "new-thing", 2));
    ck_assert_str_eq(text_of(&batch, "new-thing", 3), "w");
    ck_assert_uint_eq(batch.counts.narrowed, 1); /* other-thing */
    free_batch(&batch);
}
END_TEST

/* Only fields that are asked for. */
START_TEST(some_fields)
{
    struct vpcvis_reader_config reader;
    struct vpcvis_columns_config config;
    struct vpcvis_columns_batch batch;
    struct vpcvis_columns_counts counts;
    struct vpcvis_error error;
    struct ArrowSchema schema;
    struct ArrowArray array;
    vpcvis_columns *columns;

    memset(&reader, 0, sizeof(reader));
    reader.size = sizeof(reader);
    reader.flags = VPCVIS_LINE_SKIP;
    reader.fields[0] = (uint64_t)1 << VPCVIS_FIELD_DSTADDR | (uint64_t)1
                                                                 << VPCVIS_FIELD_BYTES;
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.reader = &reader;
    ck_assert_int_eq(vpcvis_columns_new(&config, NULL, &columns), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_columns_schema(columns, &schema), VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_columns_add(columns, two_lines, strlen(two_lines)),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_columns_next(columns, &array, &error, 1, &batch),
                     VPCVIS_MORE);
    ck_assert_int_eq(vpcvis_columns_end(columns), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_columns_next(columns, &array, &error, 1, &batch), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_columns_schema(columns, &schema), VPCVIS_OK);
    ck_assert_int_eq(schema.n_children, 2);
    ck_assert_str_eq(schema.children[0]->name, "dstaddr");
    arrow_require_array(&schema, &array);
    array.release(&array);
    schema.release(&schema);
    ck_assert_int_eq(vpcvis_columns_next(columns, &array, &error, 1, &batch),
                     VPCVIS_DONE);
    ck_assert_ptr_null(array.release);
    ck_assert_int_eq(vpcvis_columns_get(columns, &counts), VPCVIS_OK);
    ck_assert_uint_eq(counts.narrowed, 0);
    vpcvis_columns_free(columns, NULL);
}
END_TEST

/* No rows: the schema is that of the header, or the default; the stream ends at once. */
START_TEST(no_rows)
{
    static const struct {
        const char *text;
        int columns;
    } rows[] = {{"", 14}, {"\n\n", 14}, {"srcaddr dstaddr\n", 2}};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct source source;

    open_stream(&source, rows[_i].text, PLAIN, NULL, &stream);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    ck_assert_int_eq(schema.n_children, rows[_i].columns);
    schema.release(&schema);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_ptr_null(array.release);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_ptr_null(array.release);
    stream.release(&stream);
}
END_TEST

/* [columns.release] Children moved away, released alone, in any order. */
START_TEST(release_in_any_order)
{
    struct arrow_counter counter = {0, 0, 0};
    const struct vpcvis_allocator allocator = arrow_allocator(&counter);
    struct ArrowArrayStream stream;
    struct ArrowArray array, moved[14];
    struct ArrowSchema schema, schemas[14];
    struct source source;
    int i, order[14];

    state = (uint64_t)_i;
    open_stream(&source, two_lines, _i % 2 ? WORDS : PLAIN, &allocator, &stream);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    stream.release(&stream);
    ck_assert_int_eq(counter.blocks, 2);
    for (i = 0; i < 14; i++) {
        order[i] = i;
        moved[i] = *array.children[i];
        array.children[i]->release = NULL;
        schemas[i] = *schema.children[i];
        schema.children[i]->release = NULL;
    }
    array.release(&array);
    schema.release(&schema);
    ck_assert_ptr_null(array.release);
    ck_assert_int_eq(counter.blocks, 2);
    for (i = 13; i > 0; i--) {
        const int j = (int)below((uint32_t)i + 1), other = order[j];

        order[j] = order[i];
        order[i] = other;
    }
    for (i = 0; i < 14; i++) {
        ck_assert_int_eq(counter.blocks, 2);
        ck_assert_int_eq(moved[order[i]].length, 2);
        moved[order[i]].release(&moved[order[i]]);
        ck_assert_ptr_null(moved[order[i]].release);
        ck_assert_str_eq(schemas[order[i]].format,
                         order[i] == 0 ? "i" : schemas[order[i]].format);
        schemas[order[i]].release(&schemas[order[i]]);
    }
    ck_assert_int_eq(counter.blocks, 0);
}
END_TEST

/* Memory that is not to be had loses nothing: the next call goes on. */
START_TEST(allocations_fail)
{
    struct vpcvis_columns_config config;
    struct vpcvis_columns_batch batch;
    struct vpcvis_error errors[4];
    struct ArrowSchema schema;
    struct ArrowArray array;
    vpcvis_columns *columns;
    struct log log = {NULL, 0, 0};
    uint64_t rows = 0, refused = 0;
    int i;

    for (i = 0; i < 500; i++)
        add(&log, two_lines);
    for (i = 1; i <= 30; i++) {
        struct arrow_counter counter = {0, 0, 0};
        const struct vpcvis_allocator allocator = arrow_allocator(&counter);
        vpcvis_status status;

        counter.fail_at = i;
        memset(&config, 0, sizeof(config));
        config.size = sizeof(config);
        config.rows = 64;
        config.allocator = &allocator;
        rows = 0;
        status = vpcvis_columns_new(&config, &allocator, &columns);
        if (status == VPCVIS_E_MEMORY) {
            refused++;
            continue;
        }
        ck_assert_int_eq(vpcvis_columns_add(columns, log.text, log.len), VPCVIS_OK);
        while ((status = vpcvis_columns_next(columns, &array, errors, 4, &batch)) !=
               VPCVIS_DONE) {
            refused += status == VPCVIS_E_MEMORY;
            rows += batch.rows;
            if (status == VPCVIS_MORE)
                ck_assert_int_eq(vpcvis_columns_end(columns), VPCVIS_OK);
            if (batch.rows == 0)
                continue;
            while ((status = vpcvis_columns_schema(columns, &schema)) != VPCVIS_OK)
                refused += status == VPCVIS_E_MEMORY;
            schema.release(&schema);
            array.release(&array);
        }
        ck_assert_uint_eq(rows, 1000);
        vpcvis_columns_free(columns, &allocator);
        ck_assert_int_eq(counter.blocks, 0);
    }
    ck_assert_uint_eq(refused, 30);
    free(log.text);
}
END_TEST

/* A stream whose memory fails says ENOMEM and goes on; one that is never read is freed. */
START_TEST(streams_without_memory)
{
    int i, refused = 0;

    for (i = 1; i <= 6; i++) {
        struct arrow_counter counter = {0, 0, 0};
        const struct vpcvis_allocator allocator = arrow_allocator(&counter);
        struct vpcvis_columns_source from = {read_source, NULL, NULL, NULL};
        struct vpcvis_columns_config config;
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct source source;
        int status;

        counter.fail_at = i;
        memset(&source, 0, sizeof(source));
        source.text = two_lines;
        source.len = strlen(two_lines);
        source.step = 50;
        from.context = &source;
        memset(&config, 0, sizeof(config));
        config.size = sizeof(config);
        config.allocator = &allocator;
        if (vpcvis_columns_stream(&config, &from, &stream) == VPCVIS_E_MEMORY) {
            refused++;
            ck_assert_int_eq(counter.blocks, 0);
            continue;
        }
        while ((status = stream.get_schema(&stream, &schema)) != 0) {
            ck_assert_int_eq(status, 12);
            ck_assert_ptr_nonnull(stream.get_last_error(&stream));
            refused++;
        }
        schema.release(&schema);
        stream.release(&stream);
        ck_assert_int_eq(counter.blocks, 0);
    }
    ck_assert_int_eq(refused, 4);
}
END_TEST

START_TEST(streams_that_fail)
{
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    struct ArrowSchema schema;
    struct source source;

    open_stream(&source, "\x1f\x8b\x08 compressed", PLAIN, NULL, &stream);
    ck_assert_ptr_null(stream.get_last_error(&stream));
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 5);
    ck_assert_str_eq(stream.get_last_error(&stream),
                     vpcvis_base_status_text(VPCVIS_E_GZIP));
    ck_assert_int_eq(stream.get_next(&stream, &array), 5);
    stream.release(&stream);
    open_stream(&source, two_lines, PLAIN, NULL, &stream);
    source.fails = 104;
    ck_assert_int_eq(stream.get_next(&stream, &array), 104);
    ck_assert_ptr_nonnull(stream.get_last_error(&stream));
    ck_assert_int_eq(stream.get_next(&stream, &array), 104); /* it stays so */
    stream.release(&stream);
    ck_assert_int_eq(source.releases, 1);
    open_stream(&source, "nonsense\n2 3\n", PLAIN, NULL, &stream);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_ptr_null(array.release);
    ck_assert_int_eq(source.errors, 2);
    stream.release(&stream);
    ck_assert_uint_eq(source.counts.reader.errors, 2);
}
END_TEST

/* Texts longer than the first rows let expect, and more words than a dictionary has: the batch
 * ends early, and nothing is lost. */
START_TEST(batches_end_early)
{
    struct vpcvis_columns_counts counts;
    struct log log = {NULL, 0, 0};
    struct records rows, back;
    char *line = malloc(70000);
    int i;

    ck_assert_ptr_nonnull(line);
    add(&log, "account-id interface-id\n");
    for (i = 0; i < 2000; i++)
        add(&log, "1 e\n");
    for (i = 0; i < 60; i++) {
        memset(line, 'a' + i % 26, 60000);
        memcpy(line + 60000, " x\n", 4);
        add(&log, line);
    }
    for (i = 0; i < 9000; i++) {
        snprintf(line, 100, "%d %d\n", i, i / 2);
        add(&log, line);
    }
    read_rows(&log, &rows);
    read_columns(&log, _i ? WORDS : PLAIN, 8192, 500000, &back, &counts);
    require_same_records(&rows, &back, PLAIN);
    ck_assert_uint_eq(counts.rows, 11060);
    ck_assert_uint_gt(counts.batches, 2);
    free_records(&rows);
    free_records(&back);
    free(log.text);
    free(line);
}
END_TEST

static void read_config(struct vpcvis_columns_config *config, vpcvis_status expected)
{
    vpcvis_columns *columns = NULL;
    struct vpcvis_columns_source source = {read_source, NULL, NULL, NULL};
    struct ArrowArrayStream stream;

    ck_assert_int_eq(vpcvis_columns_new(config, NULL, &columns), expected);
    ck_assert_int_eq(vpcvis_columns_stream(config, &source, &stream), expected);
    ck_assert_ptr_null(columns);
}

START_TEST(configs_that_cannot_be)
{
    struct vpcvis_columns_config config;
    struct vpcvis_reader_config reader;
    struct vpcvis_columns_batch batch;
    struct vpcvis_error error;
    struct ArrowArray array;
    struct ArrowSchema schema;
    vpcvis_columns *columns;
    char memory[64];

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = VPCVIS_COLUMNS_PARTIAL;
    read_config(&config, VPCVIS_E_CONFIG);
    ck_assert_uint_eq(vpcvis_columns_bytes(&config), 0);
    config.flags = 0;
    config.rows = VPCVIS_COLUMNS_ROWS_MAX + 1;
    read_config(&config, VPCVIS_E_CONFIG);
    config.rows = 0;
    memset(&reader, 0, sizeof(reader));
    reader.size = sizeof(reader);
    reader.flags = 1u << 31;
    config.reader = &reader;
    read_config(&config, VPCVIS_E_CONFIG);
    ck_assert_int_eq(vpcvis_columns_init(memory, sizeof memory, NULL, &columns),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_columns_init(NULL, 0, NULL, &columns), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_columns_new(NULL, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_columns_next(NULL, &array, &error, 1, &batch), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_columns_schema(NULL, &schema), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_columns_add(NULL, "", 0), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_columns_stream(NULL, NULL, NULL), VPCVIS_E_ARG);
    vpcvis_columns_free(NULL, NULL);
    vpcvis_columns_clear(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("columns");
    TCase *tcase = tcase_create("columns");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, batches_are_the_readers_rows, 0, 24);
    tcase_add_test(tcase, types_are_parquets);
    tcase_add_test(tcase, values_of_two_lines);
    tcase_add_test(tcase, counters_beyond_int64);
    tcase_add_test(tcase, layouts_change);
    tcase_add_test(tcase, some_fields);
    tcase_add_loop_test(tcase, no_rows, 0, 3);
    tcase_add_loop_test(tcase, release_in_any_order, 0, 10);
    tcase_add_test(tcase, allocations_fail);
    tcase_add_test(tcase, streams_without_memory);
    tcase_add_test(tcase, streams_that_fail);
    tcase_add_loop_test(tcase, batches_end_early, 0, 2);
    tcase_add_test(tcase, configs_that_cannot_be);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
