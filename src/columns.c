/* SPDX-License-Identifier: MIT */
/*
 * Room columns: text to batches.
 *
 *     chunk --reader--> pieces (some hundred rows) --append--> open block --show--> batch
 */
#include "columns.h"

/* Rows of pieces: they stay in the second-level cache. */
#define PIECES 1024u

#define FLAGS                                                                      \
    (VPCVIS_COLUMNS_UNDERSCORE | VPCVIS_COLUMNS_UNSIGNED | VPCVIS_COLUMNS_BINARY | \
     VPCVIS_COLUMNS_TIMES | VPCVIS_COLUMNS_DICTIONARY)

#define ROWS_DEFAULT 32768u

struct vpcvis_columns {
    uint64_t fields[2]; /* asked for; both 0: all */
    struct vpcvis_allocator allocator;
    uint32_t own_allocator;
    uint32_t flags;
    uint32_t rows;
    uint32_t planned; /* the set is known */
    uint32_t narrow;  /* the layout has fields for which there is no column */
    uint32_t open_rows;
    struct vpcvis_columns_counts counts;
    vpcvis_reader *reader;
    uint32_t *word_index; /* a column after the other; NULL: no dictionaries */
    struct vpcvis_i_columns_block *open;
    struct vpcvis_line_columns arrays;
    struct vpcvis_i_columns_pieces pieces;
    struct vpcvis_i_columns_set set;
    struct vpcvis_layout layout; /* of the pieces */
};

/* The config, checked, and the reader's. */
struct wanted {
    struct vpcvis_columns_config config;
    struct vpcvis_reader_config reader;
    uint64_t fields[2]; /* that pieces have arrays for */
    uint32_t columns;   /* at most */
};

static vpcvis_status read_config(const struct vpcvis_columns_config *config,
                                 struct wanted *wanted)
{
    vpcvis_status status =
        vpcvis_i_base_config(config, &wanted->config, sizeof(wanted->config));

    if (status == VPCVIS_OK)
        status = vpcvis_i_base_config(wanted->config.reader, &wanted->reader,
                                      sizeof(wanted->reader));
    if (status != VPCVIS_OK)
        return status;
    if ((wanted->config.flags & ~FLAGS) != 0 ||
        wanted->config.rows > VPCVIS_COLUMNS_ROWS_MAX || wanted->config.reserved != 0)
        return VPCVIS_E_CONFIG;
    if (wanted->config.rows == 0)
        wanted->config.rows = ROWS_DEFAULT;
    wanted->config.rows = (wanted->config.rows + 63) / 64 * 64;
    wanted->fields[0] = wanted->reader.fields[0];
    wanted->fields[1] = wanted->reader.fields[1];
    if ((wanted->fields[0] | wanted->fields[1]) == 0) {
        wanted->fields[0] = ~(uint64_t)0;
        wanted->fields[1] = ((uint64_t)1 << (VPCVIS_FIELD_MAX - 64)) - 1;
    }
    wanted->columns =
        vpcvis_i_bytes_count(wanted->fields[0]) + vpcvis_i_bytes_count(wanted->fields[1]);
    wanted->reader.size = sizeof(wanted->reader);
    return VPCVIS_OK;
}

static size_t index_bytes(const struct wanted *wanted)
{
    if ((wanted->config.flags & VPCVIS_COLUMNS_DICTIONARY) == 0)
        return 0;
    return (size_t)wanted->columns * VPCVIS_I_COLUMNS_INDEX * sizeof(uint32_t);
}

static size_t bytes_of(const struct wanted *wanted)
{
    return sizeof(struct vpcvis_columns) + VPCVIS_I_ALIGN - 1 + vpcvis_reader_bytes() +
           vpcvis_line_columns_bytes(wanted->fields, PIECES) + VPCVIS_I_ALIGN +
           index_bytes(wanted);
}

size_t vpcvis_columns_bytes(const struct vpcvis_columns_config *config)
{
    struct wanted wanted;

    return read_config(config, &wanted) == VPCVIS_OK ? bytes_of(&wanted) : 0;
}

/* The machine, then its reader, the arrays of pieces, the index of words. */
static vpcvis_status lay_out(vpcvis_columns *columns, struct wanted *wanted)
{
    char *at = (char *)(columns + 1);
    const size_t arrays = vpcvis_line_columns_bytes(wanted->fields, PIECES);
    vpcvis_status status;

    status =
        vpcvis_reader_init(at, vpcvis_reader_bytes(), &wanted->reader, &columns->reader);
    if (status != VPCVIS_OK)
        return status;
    at += vpcvis_reader_bytes();
    status =
        vpcvis_line_columns_init(at, arrays, wanted->fields, PIECES, &columns->arrays);
    columns->arrays.flags = NULL;
    at += arrays;
    if (index_bytes(wanted) > 0)
        columns->word_index = vpcvis_i_bytes_align(at);
    return status;
}

vpcvis_status vpcvis_columns_init(void *memory, size_t len,
                                  const struct vpcvis_columns_config *config,
                                  vpcvis_columns **out)
{
    struct wanted wanted;
    vpcvis_columns *columns;
    vpcvis_status status;

    if (memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = read_config(config, &wanted);
    if (status != VPCVIS_OK)
        return status;
    if (len < bytes_of(&wanted))
        return VPCVIS_E_SPACE;
    columns = vpcvis_i_bytes_align(memory);
    memset(columns, 0, sizeof(*columns));
    columns->own_allocator = wanted.config.allocator != NULL;
    if (columns->own_allocator)
        columns->allocator = *wanted.config.allocator;
    columns->flags = wanted.config.flags;
    columns->rows = wanted.config.rows;
    memcpy(columns->fields, wanted.reader.fields, sizeof(columns->fields));
    status = lay_out(columns, &wanted);
    if (status == VPCVIS_OK)
        *out = columns;
    return status;
}

vpcvis_status vpcvis_columns_new(const struct vpcvis_columns_config *config,
                                 const struct vpcvis_allocator *allocator,
                                 vpcvis_columns **out)
{
    struct wanted wanted;
    vpcvis_status status;
    void *memory;

    if (out == NULL)
        return VPCVIS_E_ARG;
    status = read_config(config, &wanted);
    if (status != VPCVIS_OK)
        return status;
    memory = vpcvis_i_base_new(allocator, bytes_of(&wanted));
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_columns_init(memory, bytes_of(&wanted), config, out);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_columns_clear(vpcvis_columns *columns)
{
    if (columns == NULL)
        return;
    vpcvis_i_columns_drop(columns->open);
    columns->open = NULL;
    columns->open_rows = 0;
    columns->pieces.count = 0;
}

void vpcvis_columns_free(vpcvis_columns *columns,
                         const struct vpcvis_allocator *allocator)
{
    vpcvis_columns_clear(columns);
    vpcvis_i_base_delete(allocator, columns);
}

vpcvis_status vpcvis_columns_add(vpcvis_columns *columns, const char *chunk,
                                 size_t chunk_len)
{
    if (columns == NULL || columns->pieces.count > 0)
        return VPCVIS_E_ARG;
    return vpcvis_reader_add(columns->reader, chunk, chunk_len);
}

vpcvis_status vpcvis_columns_end(vpcvis_columns *columns)
{
    if (columns == NULL || columns->pieces.count > 0)
        return VPCVIS_E_ARG;
    return vpcvis_reader_end(columns->reader);
}

/* Where the layout has a column of the set: by field, or an unknown one by its name. */
static uint32_t find_source(const vpcvis_layout *layout,
                            const struct vpcvis_i_columns_column *column)
{
    uint32_t c;

    if (column->field != VPCVIS_FIELD_NONE)
        return vpcvis_layout_find(layout, column->field, &c) == VPCVIS_OK
                   ? column->field
                   : VPCVIS_FIELD_NONE;
    for (c = 0; c < vpcvis_layout_columns(layout); c++) {
        const uint32_t field = vpcvis_layout_field(layout, c);

        if (field >= VPCVIS_FIELD_COUNT &&
            vpcvis_i_columns_is_name(column->name, vpcvis_layout_name(layout, c)))
            return field;
    }
    return VPCVIS_FIELD_NONE;
}

/* Where the columns are in a layout, the first of which says what columns there are. */
static void use_layout(vpcvis_columns *columns, const vpcvis_layout *layout)
{
    uint32_t c, used = 0, asked = 0;

    if (columns->planned && vpcvis_layout_equal(layout, &columns->layout))
        return;
    memcpy(&columns->layout, layout, sizeof(*layout));
    if (!columns->planned)
        vpcvis_i_columns_plan(&columns->set, layout, columns->fields, columns->flags);
    columns->planned = 1;
    for (c = 0; c < columns->set.count; c++) {
        columns->pieces.field[c] = find_source(layout, &columns->set.column[c]);
        used += columns->pieces.field[c] != VPCVIS_FIELD_NONE;
    }
    for (c = 0; c < vpcvis_layout_columns(layout); c++)
        asked += columns->arrays.values[vpcvis_layout_field(layout, c)] != NULL;
    columns->narrow = used < asked;
}

/* Room for texts: that of the pieces for all the rows of a batch, and a quarter more. */
static void plan_room(const vpcvis_columns *columns, size_t *room)
{
    const struct vpcvis_i_columns_pieces *pieces = &columns->pieces;
    uint32_t c;

    vpcvis_i_columns_measure(&columns->set, pieces, pieces->count, room);
    for (c = 0; c < columns->set.count; c++) {
        const uint64_t part = (uint64_t)room[c] * columns->rows / pieces->count;
        const uint64_t wished = part + part / 4;

        if (columns->set.column[c].type == VPCVIS_I_COLUMNS_WORDS)
            room[c] = VPCVIS_I_COLUMNS_WORDS_MAX * 16 + VPCVIS_LINE_MAX;
        else if (columns->set.column[c].type == VPCVIS_I_COLUMNS_UTF8)
            room[c] += wished < VPCVIS_I_COLUMNS_TEXT_MAX - room[c]
                           ? (size_t)wished
                           : VPCVIS_I_COLUMNS_TEXT_MAX - room[c];
    }
}

static vpcvis_status open_block(vpcvis_columns *columns)
{
    size_t room[VPCVIS_FIELD_MAX];

    plan_room(columns, room);
    columns->open =
        vpcvis_i_columns_make(&columns->set, columns->rows, room,
                              columns->own_allocator ? &columns->allocator : NULL);
    if (columns->open == NULL)
        return VPCVIS_E_MEMORY;
    columns->open_rows = 0;
    if (columns->word_index != NULL)
        memset(columns->word_index, 0,
               (size_t)columns->set.count * VPCVIS_I_COLUMNS_INDEX * sizeof(uint32_t));
    return VPCVIS_OK;
}

/* Move pieces to the block. VPCVIS_DONE: it is full. */
static vpcvis_status move_pieces(vpcvis_columns *columns)
{
    struct vpcvis_i_columns_pieces *pieces = &columns->pieces;
    uint32_t count;

    if (columns->open == NULL && open_block(columns) != VPCVIS_OK)
        return VPCVIS_E_MEMORY;
    count =
        vpcvis_i_columns_append(columns->open, &columns->set, pieces, columns->open_rows,
                                columns->word_index, &columns->counts.clamped);
    columns->counts.narrowed += columns->narrow ? count : 0;
    columns->open_rows += count;
    pieces->first += count;
    pieces->count -= count;
    return pieces->count > 0 || columns->open_rows == columns->rows ? VPCVIS_DONE
                                                                    : VPCVIS_OK;
}

static void close_block(vpcvis_columns *columns, struct ArrowArray *array,
                        struct vpcvis_columns_batch *batch)
{
    batch->rows = columns->open_rows;
    columns->counts.batches++;
    columns->counts.rows += columns->open_rows;
    vpcvis_i_columns_show(columns->open, &columns->set, columns->open_rows, array);
    columns->open = NULL;
    columns->open_rows = 0;
}

/* Pieces out of the reader, and errors after those that are stored already. */
static vpcvis_status read_pieces(vpcvis_columns *columns, struct vpcvis_error *errors,
                                 size_t capacity, struct vpcvis_columns_batch *batch)
{
    struct vpcvis_reader_batch read;
    vpcvis_status status = vpcvis_reader_next_columns(
        columns->reader, &columns->arrays, errors + batch->errors,
        capacity - (size_t)batch->errors, &read);

    batch->errors += read.errors;
    columns->pieces.columns = &columns->arrays;
    columns->pieces.text = read.text;
    columns->pieces.first = 0;
    columns->pieces.count = (uint32_t)read.records;
    if (read.records > 0 || (status == VPCVIS_DONE && !columns->planned))
        use_layout(columns, vpcvis_reader_layout(columns->reader));
    return status;
}

vpcvis_status vpcvis_columns_next(vpcvis_columns *columns, struct ArrowArray *array,
                                  struct vpcvis_error *errors, size_t error_capacity,
                                  struct vpcvis_columns_batch *batch)
{
    vpcvis_status status = VPCVIS_OK;

    if (columns == NULL || array == NULL || errors == NULL || batch == NULL ||
        error_capacity == 0)
        return VPCVIS_E_ARG;
    memset(batch, 0, sizeof(*batch));
    array->release = NULL;
    while (status == VPCVIS_OK) {
        if (columns->pieces.count > 0 && (status = move_pieces(columns)) != VPCVIS_OK)
            break;
        if (batch->errors == error_capacity)
            return VPCVIS_OK;
        status = read_pieces(columns, errors, error_capacity, batch);
        if (status == VPCVIS_DONE && columns->open_rows == 0)
            return VPCVIS_DONE;
    }
    if (status != VPCVIS_DONE)
        return status;
    close_block(columns, array, batch);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_columns_schema(vpcvis_columns *columns, struct ArrowSchema *schema)
{
    if (columns == NULL || schema == NULL)
        return VPCVIS_E_ARG;
    if (!columns->planned)
        return VPCVIS_MORE;
    return vpcvis_i_columns_make_schema(
        &columns->set, columns->own_allocator ? &columns->allocator : NULL, schema);
}

vpcvis_status vpcvis_columns_get(const vpcvis_columns *columns,
                                 struct vpcvis_columns_counts *counts)
{
    if (columns == NULL || counts == NULL)
        return VPCVIS_E_ARG;
    *counts = columns->counts;
    return vpcvis_reader_get(columns->reader, &counts->reader);
}
