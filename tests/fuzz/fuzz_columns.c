/* SPDX-License-Identifier: MIT */
/*
 * Any text as batches: they have just the rows that room reader has, in one schema, and come
 * back as the same records; all that batches own is freed, whatever was taken out of them.
 *
 * Bytes 0..3: flags, rows of a batch, pieces, repeats; then the stream.
 */
#include "oracle.h"

#define ERRORS 8

/* Blocks that are alive. */
static void *counted_alloc(void *context, size_t bytes)
{
    ++*(int *)context;
    return oracle_memory(bytes);
}

static void counted_free(void *context, void *memory)
{
    --*(int *)context;
    free(memory);
}

/* The rows of the reader, one at a time. */
struct rows {
    vpcvis_reader *reader;
    struct vpcvis_record record;
    struct vpcvis_error error;
};

/* The next record; 0 at the end. */
static int next_row(struct rows *rows)
{
    struct vpcvis_reader_batch batch;

    for (;;) {
        switch (vpcvis_reader_next(rows->reader, &rows->record, sizeof(rows->record), 1,
                                   &rows->error, 1, &batch)) {
        case VPCVIS_OK:
            if (batch.records == 1)
                return 1;
            break;
        case VPCVIS_MORE: REQUIRE(vpcvis_reader_end(rows->reader) == VPCVIS_OK); break;
        default: return 0;
        }
    }
}

static int is_mapped(const struct vpcvis_addr *addr)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return addr->family == VPCVIS_ADDR_IPV6 && memcmp(addr->bytes, mapped, 12) == 0;
}

static void require_same(struct vpcvis_value a, struct vpcvis_value b, uint32_t flags)
{
    if (a.state == VPCVIS_STATE_ABSENT)
        a.state = VPCVIS_STATE_DASH;
    if (a.kind == VPCVIS_KIND_NUMBER64 && !(flags & VPCVIS_COLUMNS_UNSIGNED) &&
        a.number > INT64_MAX)
        a.number = INT64_MAX;
    REQUIRE(a.state == b.state && a.number == b.number && a.text_len == b.text_len);
    REQUIRE(a.text_len == 0 || memcmp(a.text, b.text, a.text_len) == 0);
    if ((flags & VPCVIS_COLUMNS_BINARY) && is_mapped(&a.addr)) {
        REQUIRE(b.addr.family == VPCVIS_ADDR_IPV4);
        REQUIRE(memcmp(a.addr.bytes + 12, b.addr.bytes, 4) == 0);
        return;
    }
    REQUIRE(memcmp(&a.addr, &b.addr, sizeof(a.addr)) == 0);
}

/* A record of a batch against the reader's: the fields that the schema has. */
static void require_record(const struct vpcvis_columns_map *map,
                           const struct vpcvis_record *expected,
                           const struct vpcvis_record *record, uint32_t flags)
{
    struct vpcvis_value a, b;
    uint32_t f;

    for (f = 0; f < VPCVIS_FIELD_COUNT; f++) {
        if (map->child[f] == VPCVIS_FIELD_NONE)
            continue;
        REQUIRE(vpcvis_record_get(expected, f, &a) == VPCVIS_OK);
        REQUIRE(vpcvis_record_get(record, f, &b) == VPCVIS_OK);
        require_same(a, b, flags);
    }
}

static void require_batch(const struct ArrowSchema *schema,
                          const struct ArrowArray *array, struct rows *rows,
                          uint32_t flags)
{
    static char text[VPCVIS_LINE_MAX];
    struct vpcvis_columns_map map;
    struct vpcvis_columns_result result;
    struct vpcvis_record record;
    struct vpcvis_error error;
    const vpcvis_status found = vpcvis_columns_find(schema, &map, NULL);
    int64_t row;

    REQUIRE(found == VPCVIS_OK || found == VPCVIS_NOMATCH);
    for (row = 0; row < array->length; row++) {
        REQUIRE(next_row(rows));
        if (found != VPCVIS_OK)
            continue;
        REQUIRE(vpcvis_columns_read(&map, array, (uint64_t)row, &record, sizeof(record),
                                    1, text, sizeof(text), &error, 1, &result) ==
                (row + 1 < array->length ? VPCVIS_MORE : VPCVIS_OK));
        REQUIRE(result.records == 1 && result.errors == 0);
        require_record(&map, &rows->record, &record, flags);
    }
}

/* Some children are moved away, and released after their parents. */
static void release(struct ArrowSchema *schema, struct ArrowArray *array, uint32_t which)
{
    struct ArrowSchema type;
    struct ArrowArray values;
    const int64_t c = which % schema->n_children;

    type = *schema->children[c];
    schema->children[c]->release = NULL;
    values = *array->children[c];
    array->children[c]->release = NULL;
    array->release(array);
    schema->release(schema);
    REQUIRE(values.length >= 0 && type.name != NULL);
    values.release(&values);
    type.release(&type);
}

/* The next piece, or the end. */
static void feed(vpcvis_columns *columns, const char *text, size_t len, size_t *at,
                 uint32_t pieces, char **chunk)
{
    size_t n = pieces == 0 ? len - *at : 1 + (*at * 7 + pieces) % (pieces * pieces);

    n = n < len - *at ? n : len - *at;
    if (*at == len) {
        REQUIRE(vpcvis_columns_end(columns) == VPCVIS_OK);
        return;
    }
    free(*chunk);
    *chunk = oracle_copy(text + *at, n);
    REQUIRE(vpcvis_columns_add(columns, *chunk, n) == VPCVIS_OK);
    *at += n;
}

static vpcvis_status read_all(vpcvis_columns *columns, const char *text, size_t len,
                              uint32_t pieces, struct rows *rows, uint32_t flags)
{
    struct vpcvis_columns_batch batch;
    struct vpcvis_error errors[ERRORS];
    struct ArrowSchema schema;
    struct ArrowArray array;
    vpcvis_status status;
    char *chunk = NULL;
    size_t at = 0;
    uint64_t count = 0;

    for (;;) {
        status = vpcvis_columns_next(columns, &array, errors, ERRORS, &batch);
        REQUIRE((array.release != NULL) == (batch.rows > 0));
        if (status == VPCVIS_MORE)
            feed(columns, text, len, &at, pieces, &chunk);
        else if (status != VPCVIS_OK)
            break;
        if (batch.rows == 0)
            continue;
        count += batch.rows;
        REQUIRE(vpcvis_columns_schema(columns, &schema) == VPCVIS_OK);
        require_batch(&schema, &array, rows, flags);
        release(&schema, &array, (uint32_t)count);
    }
    REQUIRE(!next_row(rows));
    free(chunk);
    return status;
}

static void require_counts(const vpcvis_columns *columns, const vpcvis_reader *reader)
{
    struct vpcvis_columns_counts counts;
    struct vpcvis_reader_counts expected;

    REQUIRE(vpcvis_columns_get(columns, &counts) == VPCVIS_OK);
    REQUIRE(vpcvis_reader_get(reader, &expected) == VPCVIS_OK);
    REQUIRE(counts.rows == expected.records);
    REQUIRE(memcmp(&counts.reader, &expected, sizeof(expected)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    const uint32_t flags = input_choice(&in) & 31;
    const uint32_t batch_rows = 1 + input_choice(&in) * 8;
    const uint32_t pieces = input_choice(&in);
    const uint32_t repeats = input_choice(&in);
    struct vpcvis_columns_config config;
    struct vpcvis_allocator allocator = {counted_alloc, counted_free, NULL};
    vpcvis_columns *columns;
    struct rows rows;
    size_t len;
    int alive = 0;
    char *text = oracle_text(&in, repeats, &len);

    allocator.context = &alive;
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = flags;
    config.rows = batch_rows;
    config.allocator = &allocator;
    REQUIRE(vpcvis_columns_new(&config, &allocator, &columns) == VPCVIS_OK);
    REQUIRE(vpcvis_reader_new(NULL, NULL, &rows.reader) == VPCVIS_OK);
    REQUIRE(vpcvis_reader_add(rows.reader, text, len) == VPCVIS_OK);
    if (read_all(columns, text, len, pieces, &rows, flags) == VPCVIS_DONE)
        require_counts(columns, rows.reader);
    vpcvis_columns_free(columns, &allocator);
    vpcvis_reader_free(rows.reader, NULL);
    REQUIRE(alive == 0);
    free(text);
    return 0;
}
