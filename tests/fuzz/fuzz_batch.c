/* SPDX-License-Identifier: MIT */
/*
 * Flags, a layout, capacities and a text. Rows and columns on every path that this CPU has must
 * be what vpcvis_line_read says of each line: records, errors, where they are, counts.
 *
 * Bytes 0..7: flags, layout, row capacity, error capacity, stride, fields asked for, arrays left
 * out, repeats; then the text.
 */
#include "oracle.h"

#define UNTOUCHED 0xa5

enum what { BLANK, RECORD, REFUSED, OWN_HEADER, OTHER_HEADER };

/* What vpcvis_line_read says of a line. */
struct line {
    enum what what;
    size_t at;
    size_t next;
    struct vpcvis_record record;
    struct vpcvis_error error;
};

struct batch {
    const vpcvis_layout *layout;
    const vpcvis_layout
        *asked_layout; /* columns not asked for are text of another field */
    uint32_t flags;
    uint32_t cpu;
    uint64_t fields[2]; /* as configured */
    uint64_t asked[2];  /* of the layout's */
    uint32_t row_capacity;
    uint32_t error_capacity;
    size_t stride;
    uint32_t left_out; /* which arrays of columns are NULL */
    const char *text;
    size_t len;
    struct line *lines; /* what must come out of each */
    size_t line_count;
};

/* Where one call put things; either rows or columns. */
struct call {
    const char *text;
    size_t len;
    char *rows;
    struct vpcvis_line_columns *columns;
    struct vpcvis_error *errors;
    struct vpcvis_line_result result;
    vpcvis_status status;
};

static int is_blank(const char *line, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t')
            return 0;
    }
    return 1;
}

static enum what header_kind(const struct batch *batch, const char *line, size_t len)
{
    char memory[VPCVIS_LAYOUT_BYTES_MAX];
    const vpcvis_layout *layout = oracle_layout_text(line, len, 0, memory);
    return layout != NULL && vpcvis_layout_equal(layout, batch->layout) ? OWN_HEADER
                                                                        : OTHER_HEADER;
}

/*
 * The record as asked for. Read with the layout in which other columns are text, it has no flag
 * that they caused; and with VPCVIS_LINE_SKIP it is what decides whether the line is good.
 */
static vpcvis_status read_line(const struct batch *batch, const char *text, size_t len,
                               struct line *line)
{
    const uint32_t flags =
        batch->flags & (VPCVIS_LINE_LENIENT | VPCVIS_LINE_MS | VPCVIS_LINE_PREFIX);
    const int skip = (batch->flags & VPCVIS_LINE_SKIP) != 0;
    vpcvis_status status;
    int i;

    status = vpcvis_line_read(skip ? batch->asked_layout : batch->layout, flags, text,
                              len, &line->record, &line->error);
    if (status != VPCVIS_OK) {
        line->error.field = status == VPCVIS_E_LONG
                                ? VPCVIS_FIELD_NONE
                                : vpcvis_layout_field(batch->layout, line->error.column);
        return status;
    }
    REQUIRE(vpcvis_line_read(batch->asked_layout, flags, text, len, &line->record,
                             NULL) == VPCVIS_OK);
    for (i = 0; i < 2; i++) {
        line->record.value[i] &= batch->asked[i];
        line->record.dash[i] &= batch->asked[i];
    }
    return VPCVIS_OK;
}

static void expect_line(const struct batch *batch, size_t at, struct line *line)
{
    const char *text = batch->text + at;
    const char *lf = memchr(text, '\n', batch->len - at);
    size_t len = lf != NULL ? (size_t)(lf - text) : batch->len - at;

    line->at = at;
    line->next = lf != NULL ? at + len + 1 : batch->len;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    if (len <= VPCVIS_LINE_MAX && is_blank(text, len))
        line->what = BLANK;
    else if (len <= VPCVIS_LINE_MAX && (batch->flags & VPCVIS_LINE_HEADER) &&
             vpcvis_layout_match(text, len) == VPCVIS_OK)
        line->what = header_kind(batch, text, len);
    else if (read_line(batch, text, line->next - at, line) == VPCVIS_OK)
        line->what = RECORD;
    else
        line->what = REFUSED;
}

static void require_row(const struct batch *batch, const char *row,
                        const struct vpcvis_record *expected)
{
    const size_t room =
        batch->stride < sizeof(*expected) ? batch->stride : sizeof(*expected);
    struct vpcvis_record got = *expected;
    struct vpcvis_value value;
    uint32_t column;
    size_t i;

    memcpy(&got, row, room);
    REQUIRE(got.base == expected->base && got.flags == expected->flags);
    for (i = 0; i < 2; i++) {
        REQUIRE((got.value[i] & got.dash[i]) == 0);
        REQUIRE(((got.value[i] | got.dash[i]) & ~batch->asked[i]) == 0);
    }
    for (column = 0; column < vpcvis_layout_columns(batch->layout); column++) {
        const uint32_t field = vpcvis_layout_field(batch->layout, column);
        vpcvis_record_get(&got, field, &value);
        if (room < sizeof(got) && field > VPCVIS_FIELD_LOG_STATUS &&
            value.state == VPCVIS_STATE_ABSENT)
            continue;
        require_same_value(&got, expected, field, SAME_ABSENT | SAME_PLACE);
    }
    REQUIRE(oracle_filled(row + room, batch->stride - room, UNTOUCHED));
}

static void require_element(const struct call *call, uint32_t i, uint32_t field,
                            const struct vpcvis_value *value)
{
    const void *values = call->columns->values[field];
    const uint64_t *valid = call->columns->valid[field];
    uint32_t number32;
    uint64_t number64;
    struct vpcvis_addr addr;
    struct vpcvis_line_text text;

    if (valid != NULL)
        REQUIRE((valid[i / 64] >> i % 64 & 1) == (value->state == VPCVIS_STATE_VALUE));
    if (values == NULL || value->state != VPCVIS_STATE_VALUE)
        return;
    switch (oracle_kind(field)) {
    case VPCVIS_KIND_NUMBER32:
        memcpy(&number32, (const char *)values + i * sizeof(number32), sizeof(number32));
        REQUIRE(number32 == value->number);
        break;
    case VPCVIS_KIND_NUMBER64:
        memcpy(&number64, (const char *)values + i * sizeof(number64), sizeof(number64));
        REQUIRE(number64 == value->number);
        break;
    case VPCVIS_KIND_ADDRESS:
        memcpy(&addr, (const char *)values + i * sizeof(addr), sizeof(addr));
        REQUIRE(memcmp(&addr, &value->addr, sizeof(addr)) == 0);
        break;
    default:
        memcpy(&text, (const char *)values + i * sizeof(text), sizeof(text));
        REQUIRE(call->text + text.at == value->text && text.len == value->text_len);
        REQUIRE(text.code == value->number);
        break;
    }
}

static void require_elements(const struct batch *batch, const struct call *call,
                             uint32_t i, const struct vpcvis_record *expected)
{
    const struct vpcvis_line_columns *columns = call->columns;
    uint32_t column;

    if (columns->line_at != NULL)
        REQUIRE(call->text + columns->line_at[i] == expected->base);
    if (columns->flags != NULL)
        REQUIRE(columns->flags[i] == expected->flags);
    for (column = 0; column < vpcvis_layout_columns(batch->layout); column++) {
        const uint32_t field = vpcvis_layout_field(batch->layout, column);
        struct vpcvis_value value;
        if (!oracle_has(batch->asked, field))
            continue;
        REQUIRE(vpcvis_record_get(expected, field, &value) == VPCVIS_OK);
        require_element(call, i, field, &value);
    }
}

/* Bits past the last row are zero; rows, columns and errors nobody filled are untouched. */
static void require_rest(const struct batch *batch, const struct call *call)
{
    const size_t records = (size_t)call->result.records;
    const size_t errors = (size_t)call->result.errors;
    const size_t rows_left = (batch->row_capacity - records) * batch->stride;
    const size_t errors_left = (batch->error_capacity - errors) * sizeof(*call->errors);
    uint32_t field;

    REQUIRE(oracle_filled(call->errors + errors, errors_left, UNTOUCHED));
    if (call->rows != NULL) {
        REQUIRE(
            oracle_filled(call->rows + records * batch->stride, rows_left, UNTOUCHED));
        return;
    }
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        const uint64_t *valid = call->columns->valid[field];
        const unsigned char *values = call->columns->values[field];
        if (valid != NULL && oracle_has(batch->asked, field) && records % 64 != 0)
            REQUIRE(valid[records / 64] >> records % 64 == 0);
        if (values != NULL && !oracle_has(batch->asked, field))
            REQUIRE(values[0] == UNTOUCHED);
    }
}

/* The columns that were asked for alone: nobody has filled the others. */
static struct vpcvis_line_columns asked_columns(const struct batch *batch,
                                                const struct call *call)
{
    struct vpcvis_line_columns columns = *call->columns;
    uint32_t field;

    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        if (!oracle_has(batch->asked, field))
            columns.values[field] = NULL;
    }
    return columns;
}

/* Rows and columns are written as their records are, one by one. */
static void require_written(const struct batch *batch, const struct call *call,
                            const struct bytes *expected)
{
    const size_t count = (size_t)call->result.records;
    size_t len = 0, written = 0;
    vpcvis_status status;
    char *out;

    if (call->rows != NULL ? batch->stride < sizeof(struct vpcvis_record)
                           : batch->left_out != 0)
        return;
    out = oracle_memory(expected->len);
    if (call->rows != NULL) {
        status = vpcvis_line_write_rows(
            batch->layout, (const struct vpcvis_record *)(const void *)call->rows,
            batch->stride, count, out, expected->len, &len, &written);
    } else {
        const struct vpcvis_line_columns columns = asked_columns(batch, call);
        status = vpcvis_line_write_columns(batch->layout, &columns, call->text, 0, count,
                                           out, expected->len, &len, &written);
    }
    REQUIRE(status == VPCVIS_OK && written == count && len == expected->len);
    REQUIRE(len == 0 || memcmp(out, expected->at, len) == 0);
    free(out);
}

static void add_written(const struct batch *batch, const struct vpcvis_record *record,
                        struct bytes *written)
{
    size_t len = 0;
    char *out;

    REQUIRE(vpcvis_line_write(batch->layout, record, NULL, 0, &len) == VPCVIS_E_SPACE);
    out = bytes_extend(written, len + 1);
    REQUIRE(vpcvis_line_write(batch->layout, record, out, len, &len) == VPCVIS_OK);
    out[len] = '\n';
}

/* next is the first line that is not dealt with. */
static void require_status(const struct batch *batch, const struct call *call,
                           size_t next)
{
    const struct vpcvis_line_result *result = &call->result;

    REQUIRE(result->lines ==
            result->records + result->errors + result->blank + result->headers);
    REQUIRE((call->status == VPCVIS_OK) == (next == batch->line_count));
    if (call->status == VPCVIS_OK)
        return;
    REQUIRE(call->status == VPCVIS_MORE || call->status == VPCVIS_HEADER);
    if (call->status == VPCVIS_MORE)
        REQUIRE(result->records == batch->row_capacity ||
                result->errors == batch->error_capacity);
    else
        REQUIRE(batch->lines[next].what == OTHER_HEADER);
}

static void require_error(const struct line *line, uint64_t number, size_t line_at,
                          const struct vpcvis_error *error)
{
    struct vpcvis_error expected = line->error;
    expected.line = number;
    expected.line_at = line_at;
    REQUIRE(memcmp(error, &expected, sizeof(expected)) == 0);
}

/* Go through the lines that a call says it dealt with; returns the first that is left. */
static size_t require_call(const struct batch *batch, const struct call *call,
                           size_t next)
{
    const size_t from = (size_t)(call->text - batch->text);
    const size_t end = from + (size_t)call->result.taken;
    struct vpcvis_line_result count = {0, 0, 0, 0, 0, 0};
    struct bytes written = {NULL, 0, 0};

    REQUIRE(call->result.taken <= call->len);
    for (; next < batch->line_count && batch->lines[next].at < end; next++) {
        const struct line *line = &batch->lines[next];
        count.taken = line->next - from;
        count.lines++;
        REQUIRE(line->what != OTHER_HEADER);
        count.blank += line->what == BLANK;
        count.headers += line->what == OWN_HEADER;
        if (line->what == REFUSED) {
            REQUIRE(count.errors < call->result.errors);
            require_error(line, count.lines, line->at - from,
                          &call->errors[count.errors]);
            count.errors++;
        } else if (line->what == RECORD) {
            REQUIRE(count.records < call->result.records);
            if (call->rows != NULL)
                require_row(batch, call->rows + count.records * batch->stride,
                            &line->record);
            else
                require_elements(batch, call, (uint32_t)count.records, &line->record);
            add_written(batch, &line->record, &written);
            count.records++;
        }
    }
    REQUIRE(memcmp(&count, &call->result, sizeof(count)) == 0);
    require_status(batch, call, next);
    require_rest(batch, call);
    require_written(batch, call, &written);
    bytes_free(&written);
    return next;
}

static void leave_out(const struct batch *batch, struct vpcvis_line_columns *columns)
{
    uint32_t field;

    if (batch->left_out & 1)
        columns->line_at = NULL;
    if (batch->left_out & 2)
        columns->flags = NULL;
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        if ((batch->left_out & 4) && field % 3 == 0)
            columns->values[field] = NULL;
        if ((batch->left_out & 8) && field % 5 < 2)
            columns->valid[field] = NULL;
    }
}

/* Columns for what is asked for, and one field that is not. */
static void *make_columns(const struct batch *batch, struct vpcvis_line_columns *columns)
{
    uint64_t fields[2] = {batch->asked[0], batch->asked[1]};
    const uint32_t other = (batch->left_out >> 4) * 29 % VPCVIS_FIELD_MAX;
    size_t len;
    void *memory;

    fields[other / 64] |= (uint64_t)1 << other % 64;
    len = vpcvis_line_columns_bytes(fields, batch->row_capacity);
    memory = oracle_memory(len);
    memset(memory, UNTOUCHED, len);
    REQUIRE(vpcvis_line_columns_init(memory, len, fields, batch->row_capacity, columns) ==
            VPCVIS_OK);
    REQUIRE(columns->size == sizeof(*columns) &&
            columns->capacity == batch->row_capacity);
    leave_out(batch, columns);
    return memory;
}

static void read_batch(vpcvis_line *lines, const struct batch *batch, struct call *call)
{
    memset(&call->result, UNTOUCHED, sizeof(call->result));
    if (call->columns != NULL)
        call->status =
            vpcvis_line_read_columns(lines, call->text, call->len, call->columns,
                                     call->errors, batch->error_capacity, &call->result);
    else
        call->status = vpcvis_line_read_rows(
            lines, call->text, call->len, (struct vpcvis_record *)(void *)call->rows,
            batch->stride, batch->row_capacity, call->errors, batch->error_capacity,
            &call->result);
}

/* One call in fresh memory from line `next` on; returns the line to go on from. */
static size_t step(vpcvis_line *lines, const struct batch *batch, int columnar,
                   size_t next)
{
    const size_t errors_len = batch->error_capacity * sizeof(struct vpcvis_error);
    const size_t rows_len = batch->row_capacity * batch->stride;
    const size_t before = next;
    struct vpcvis_line_columns columns;
    struct call call;
    void *memory = NULL;

    memset(&call, 0, sizeof(call));
    call.text = batch->text + batch->lines[next].at;
    call.len = batch->len - batch->lines[next].at;
    call.errors = oracle_memory(errors_len);
    memset(call.errors, UNTOUCHED, errors_len);
    if (columnar) {
        call.columns = &columns;
        memory = make_columns(batch, &columns);
    } else {
        call.rows = oracle_memory(rows_len);
        memset(call.rows, UNTOUCHED, rows_len);
    }
    read_batch(lines, batch, &call);
    next = require_call(batch, &call, next);
    if (call.status == VPCVIS_HEADER)
        next++;
    REQUIRE(next > before);
    free(memory);
    free(call.rows);
    free(call.errors);
    return next;
}

static void run(const struct batch *batch)
{
    struct vpcvis_line_config config;
    vpcvis_line *lines = NULL;
    void *memory;
    size_t next;
    int columnar;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = batch->flags;
    config.cpu = batch->cpu;
    config.fields[0] = batch->fields[0];
    config.fields[1] = batch->fields[1];
    REQUIRE(vpcvis_line_bytes() <= VPCVIS_LINE_BYTES_MAX);
    memory = oracle_memory(vpcvis_line_bytes());
    REQUIRE(vpcvis_line_init(memory, vpcvis_line_bytes(), batch->layout, &config,
                             &lines) == VPCVIS_OK);
    for (columnar = 0; columnar <= 1; columnar++) {
        for (next = 0; next < batch->line_count;)
            next = step(lines, batch, columnar, next);
    }
    free(memory);
}

/* Which fields: all, one, or by a pattern; the first column is always in a pattern. */
static void choose_fields(struct batch *batch, uint32_t choice)
{
    const uint32_t columns = vpcvis_layout_columns(batch->layout);
    uint32_t i;

    memset(batch->asked, 0, sizeof(batch->asked));
    memset(batch->fields, 0, sizeof(batch->fields));
    for (i = 0; i < columns; i++) {
        const uint32_t field = vpcvis_layout_field(batch->layout, i);
        int wanted = 1;
        if (choice >= 32)
            wanted = (i * choice >> 2 & 1) == 0;
        else if (choice >= 8)
            wanted = i == (choice - 8) % columns;
        if (wanted)
            batch->asked[field / 64] |= (uint64_t)1 << field % 64;
    }
    if (choice >= 4) {
        batch->fields[0] = batch->asked[0];
        batch->fields[1] = batch->asked[1];
    }
}

/* A text field that neither the layout has nor `used`, or the name of an unknown one. */
static const char *other_name(const vpcvis_layout *layout, uint32_t *used, char *unknown)
{
    uint32_t column;

    for (; *used < VPCVIS_FIELD_COUNT; (*used)++) {
        struct vpcvis_field field;
        REQUIRE(vpcvis_record_field(*used, &field) == VPCVIS_OK);
        if (field.kind == VPCVIS_KIND_TEXT &&
            vpcvis_layout_find(layout, *used, &column) == VPCVIS_NOMATCH) {
            (*used)++;
            return field.name;
        }
    }
    snprintf(unknown, 16, "other-%u", (*used)++);
    return unknown;
}

/*
 * The layout with text in place of every number, address and name that nobody asked for. NULL
 * if that cannot be: ids of the layout's own unknown fields must stay.
 */
static vpcvis_layout *asked_layout(const struct batch *batch, void *memory)
{
    const uint32_t columns = vpcvis_layout_columns(batch->layout);
    char text[VPCVIS_FIELD_MAX * 40];
    char unknown[16];
    size_t len = 0;
    uint32_t i, used = 0, own = 0;

    for (i = 0; i < columns; i++) {
        const uint32_t field = vpcvis_layout_field(batch->layout, i);
        const char *name = vpcvis_layout_name(batch->layout, i);
        own |= field >= VPCVIS_FIELD_COUNT;
        if (!oracle_has(batch->asked, field) && oracle_kind(field) != VPCVIS_KIND_TEXT)
            name = other_name(batch->layout, &used, unknown);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s ", name);
    }
    if (own && used > VPCVIS_FIELD_COUNT)
        return NULL;
    return oracle_layout_text(text, len, 0, memory);
}

static uint32_t choose_capacity(uint32_t choice, size_t lines)
{
    const uint32_t capacity = choice < 48 ? choice + 1 : (choice - 47) * 32;
    return capacity < lines + 2 ? capacity : (uint32_t)lines + 2;
}

static void expect_lines(struct batch *batch)
{
    size_t at, count = 1;

    for (at = 0; at < batch->len; at++)
        count += batch->text[at] == '\n';
    batch->lines = oracle_memory(count * sizeof(*batch->lines));
    for (at = 0; at < batch->len; at = batch->lines[batch->line_count++].next)
        expect_line(batch, at, &batch->lines[batch->line_count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char memory[2][VPCVIS_LAYOUT_BYTES_MAX];
    struct input in = {data, size};
    struct batch batch;
    uint32_t rows, errors, stride, repeat;
    char *text;

    memset(&batch, 0, sizeof(batch));
    batch.flags = input_choice(&in) & 31;
    batch.layout = oracle_layout(input_choice(&in), memory[0]);
    rows = input_choice(&in);
    errors = input_choice(&in);
    stride = input_choice(&in);
    batch.stride = stride & 1 ? 192 + (stride >> 1) * 24 : sizeof(struct vpcvis_record);
    choose_fields(&batch, input_choice(&in));
    batch.left_out = input_choice(&in);
    repeat = input_choice(&in);
    text = oracle_text(&in, rows < 16 || errors < 16 ? 0 : repeat, &batch.len);
    batch.text = text;
    batch.asked_layout = asked_layout(&batch, memory[1]);
    if (batch.asked_layout == NULL) {
        choose_fields(&batch, 0);
        batch.asked_layout = batch.layout;
    }
    expect_lines(&batch);
    batch.row_capacity = choose_capacity(rows, batch.line_count);
    batch.error_capacity = choose_capacity(errors, batch.line_count);
    for (batch.cpu = VPCVIS_CPU_PORTABLE; batch.cpu <= VPCVIS_CPU_NEON; batch.cpu++) {
        if (oracle_has_cpu(batch.cpu))
            run(&batch);
    }
    free(batch.lines);
    free(text);
    return 0;
}
