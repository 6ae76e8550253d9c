/* SPDX-License-Identifier: MIT */
/*
 * The same bytes whole and in pieces, as rows and as columns, on every path: the same records,
 * errors and counts; and for plain text what the batch reader of room line gives.
 *
 * Bytes 0..7: flags, layout, row capacity, error capacity, pieces, fields, line bound, repeats;
 * then the stream.
 */
#include "oracle.h"

struct setting {
    const vpcvis_layout *layout;
    uint32_t flags;
    uint32_t cpu;
    uint32_t line_max;
    uint64_t fields[2];
    uint32_t row_capacity;
    uint32_t error_capacity;
    const char *text;
    size_t len;
};

/* How the stream is cut: 0 is not at all, 1 is byte by byte, others seed the lengths. */
struct cutter {
    uint32_t state;
    size_t most;
};

/* Everything a reader said, in bytes that can be compared. */
struct story {
    struct bytes records; /* values, `-` and absent being one */
    struct bytes states;  /* rows: what was `-` and what absent */
    struct bytes errors;
    struct vpcvis_reader_counts counts;
    vpcvis_status end;
};

static size_t next_cut(struct cutter *cutter, size_t left)
{
    size_t len;

    if (cutter->state == 0)
        return left;
    if (cutter->state == 1)
        return 1;
    cutter->state = (cutter->state * 1103515245u + 12345u) | 2u;
    len = (cutter->state >> 12) % (cutter->most + 1);
    return len < left ? len : left;
}

static void tell_number(struct bytes *bytes, uint64_t number)
{
    bytes_add(bytes, &number, sizeof(number));
}

/* The fields of struct vpcvis_value that do not depend on where texts lie. */
static void tell_value(struct bytes *bytes, uint32_t field,
                       const struct vpcvis_value *value)
{
    struct vpcvis_value told;

    memset(&told, 0, sizeof(told));
    told.reserved = field;
    if (value->state == VPCVIS_STATE_VALUE) {
        told.state = VPCVIS_STATE_VALUE;
        told.text_len = value->text_len;
        told.number = value->number;
        told.addr = value->addr;
    }
    bytes_add(bytes, &told, sizeof(told));
    bytes_add(bytes, value->text, told.text_len);
}

/* A layout by its header line, so that a record told with the wrong one shows. */
static uint64_t layout_mark(const vpcvis_layout *layout)
{
    char text[8192];
    uint64_t hash = 14695981039346656037u;
    size_t i, len = 0;

    REQUIRE(vpcvis_layout_write(layout, VPCVIS_LAYOUT_HEADER, text, sizeof(text), &len) ==
            VPCVIS_OK);
    for (i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
    return hash;
}

static void tell_record(struct story *story, const vpcvis_layout *layout, uint64_t mark,
                        const struct vpcvis_record *record)
{
    uint32_t column;

    tell_number(&story->records, mark);
    tell_number(&story->records, record->flags);
    bytes_add(&story->states, record->value, sizeof(record->value));
    bytes_add(&story->states, record->dash, sizeof(record->dash));
    for (column = 0; column < vpcvis_layout_columns(layout); column++) {
        const uint32_t field = vpcvis_layout_field(layout, column);
        struct vpcvis_value value;
        REQUIRE(vpcvis_record_get(record, field, &value) == VPCVIS_OK);
        tell_value(&story->records, field, &value);
    }
}

/* An element of columns as vpcvis_record_get would show it. */
static void get_element(const struct vpcvis_line_columns *columns, const char *text,
                        uint32_t field, uint32_t i, struct vpcvis_value *value)
{
    const char *values = columns->values[field];
    const struct vpcvis_line_text *texts = columns->values[field];
    uint32_t number;

    memset(value, 0, sizeof(*value));
    if ((columns->valid[field][i / 64] >> i % 64 & 1) == 0)
        return;
    value->state = VPCVIS_STATE_VALUE;
    switch (oracle_kind(field)) {
    case VPCVIS_KIND_NUMBER32:
        memcpy(&number, values + i * sizeof(number), sizeof(number));
        value->number = number;
        break;
    case VPCVIS_KIND_NUMBER64:
        memcpy(&value->number, values + i * sizeof(value->number), sizeof(value->number));
        break;
    case VPCVIS_KIND_ADDRESS:
        memcpy(&value->addr, values + i * sizeof(value->addr), sizeof(value->addr));
        break;
    default:
        value->text = text + texts[i].at;
        value->text_len = texts[i].len;
        value->number = texts[i].code;
        break;
    }
}

static void tell_row(struct story *story, const struct setting *setting,
                     const vpcvis_layout *layout, uint64_t mark,
                     const struct vpcvis_line_columns *columns, const char *text,
                     uint32_t i)
{
    const int all = (setting->fields[0] | setting->fields[1]) == 0;
    uint32_t column;

    tell_number(&story->records, mark);
    tell_number(&story->records, columns->flags[i]);
    for (column = 0; column < vpcvis_layout_columns(layout); column++) {
        const uint32_t field = vpcvis_layout_field(layout, column);
        struct vpcvis_value value;
        memset(&value, 0, sizeof(value));
        if (all || oracle_has(setting->fields, field))
            get_element(columns, text, field, i, &value);
        tell_value(&story->records, field, &value);
    }
}

/* Memory for what one vpcvis_reader_next gives. */
struct sink {
    struct vpcvis_record *rows;
    struct vpcvis_error *errors;
    struct vpcvis_line_columns columns;
    void *memory; /* of columns */
};

static void sink_make(struct sink *sink, const struct setting *setting, int columnar)
{
    static const uint64_t all[2] = {~(uint64_t)0, 0xffffffffu};
    size_t len;

    memset(sink, 0, sizeof(*sink));
    sink->errors = oracle_memory(setting->error_capacity * sizeof(*sink->errors));
    if (!columnar) {
        sink->rows = oracle_memory(setting->row_capacity * sizeof(*sink->rows));
        return;
    }
    len = vpcvis_line_columns_bytes(all, setting->row_capacity);
    sink->memory = oracle_memory(len);
    REQUIRE(vpcvis_line_columns_init(sink->memory, len, all, setting->row_capacity,
                                     &sink->columns) == VPCVIS_OK);
}

static void sink_free(struct sink *sink)
{
    free(sink->rows);
    free(sink->errors);
    free(sink->memory);
}

static vpcvis_status next_batch(vpcvis_reader *reader, const struct setting *setting,
                                struct sink *sink, struct vpcvis_reader_batch *batch)
{
    vpcvis_status status;

    memset(batch, 0xa5, sizeof(*batch));
    if (sink->rows != NULL)
        status = vpcvis_reader_next(reader, sink->rows, sizeof(*sink->rows),
                                    setting->row_capacity, sink->errors,
                                    setting->error_capacity, batch);
    else
        status = vpcvis_reader_next_columns(reader, &sink->columns, sink->errors,
                                            setting->error_capacity, batch);
    if (status != VPCVIS_OK) {
        REQUIRE(batch->records == 0 && batch->errors == 0);
        return status;
    }
    REQUIRE(batch->records > 0 || batch->errors > 0);
    REQUIRE(batch->records <= setting->row_capacity);
    REQUIRE(batch->errors <= setting->error_capacity);
    return VPCVIS_OK;
}

/* All that the reader has to say until it wants the next chunk. */
static vpcvis_status drain(vpcvis_reader *reader, const struct setting *setting,
                           struct sink *sink, struct story *story)
{
    struct vpcvis_reader_batch batch;
    vpcvis_status status;
    uint32_t i;

    while ((status = next_batch(reader, setting, sink, &batch)) == VPCVIS_OK) {
        const vpcvis_layout *layout = vpcvis_reader_layout(reader);
        const uint64_t mark = layout_mark(layout);
        for (i = 0; i < batch.records; i++) {
            if (sink->rows != NULL)
                tell_record(story, layout, mark, &sink->rows[i]);
            else
                tell_row(story, setting, layout, mark, &sink->columns, batch.text, i);
        }
        bytes_add(&story->errors, sink->errors,
                  (size_t)batch.errors * sizeof(*sink->errors));
    }
    return status;
}

static void require_counts(const struct setting *setting, const struct story *story)
{
    const struct vpcvis_reader_counts *counts = &story->counts;
    uint64_t kinds = 0;
    uint32_t i;

    for (i = 0; i < VPCVIS_STATUS_KINDS; i++)
        kinds += counts->kinds[i];
    REQUIRE(story->end == VPCVIS_DONE ||
            (story->end <= VPCVIS_E_GZIP && story->end >= VPCVIS_E_JSON));
    REQUIRE(kinds == counts->errors);
    REQUIRE(counts->errors * sizeof(struct vpcvis_error) == story->errors.len);
    REQUIRE(counts->nodata + counts->skipdata <= counts->records);
    REQUIRE(counts->bytes <= setting->len);
    REQUIRE(counts->lines ==
            counts->records + counts->errors + counts->blank + counts->headers);
    REQUIRE(story->end != VPCVIS_DONE || counts->bytes == setting->len);
}

/* Read the stream, each piece in memory of its own that is gone once it is used up. */
static void tell(const struct setting *setting, struct cutter cutter, int columnar,
                 struct story *story)
{
    struct vpcvis_reader_config config;
    void *memory = oracle_memory(vpcvis_reader_bytes());
    vpcvis_reader *reader = NULL;
    struct sink sink;
    size_t at = 0;

    memset(story, 0, sizeof(*story));
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = setting->flags;
    config.cpu = setting->cpu;
    config.line_max = setting->line_max;
    config.layout = setting->layout;
    config.fields[0] = setting->fields[0];
    config.fields[1] = setting->fields[1];
    sink_make(&sink, setting, columnar);
    REQUIRE(vpcvis_reader_bytes() <= VPCVIS_READER_BYTES_MAX);
    REQUIRE(vpcvis_reader_init(memory, vpcvis_reader_bytes(), &config, &reader) ==
            VPCVIS_OK);
    story->end = VPCVIS_MORE;
    while (at < setting->len && story->end == VPCVIS_MORE) {
        const size_t len = next_cut(&cutter, setting->len - at);
        char *chunk = oracle_copy(setting->text + at, len);
        REQUIRE(vpcvis_reader_add(reader, chunk, len) == VPCVIS_OK);
        story->end = drain(reader, setting, &sink, story);
        free(chunk);
        at += len;
    }
    if (story->end == VPCVIS_MORE) {
        REQUIRE(vpcvis_reader_end(reader) == VPCVIS_OK);
        story->end = drain(reader, setting, &sink, story);
    }
    REQUIRE(drain(reader, setting, &sink, story) == story->end);
    REQUIRE(vpcvis_reader_get(reader, &story->counts) == VPCVIS_OK);
    require_counts(setting, story);
    sink_free(&sink);
    free(memory);
}

static void story_free(struct story *story)
{
    bytes_free(&story->records);
    bytes_free(&story->states);
    bytes_free(&story->errors);
}

/* How much of a stream that is no text was looked at depends on the pieces. */
static void require_same_story(struct story *a, struct story *b, int columnar)
{
    REQUIRE(a->end == b->end);
    REQUIRE(bytes_equal(&a->errors, &b->errors));
    REQUIRE(bytes_equal(&a->records, &b->records));
    REQUIRE(columnar || bytes_equal(&a->states, &b->states));
    if (a->end != VPCVIS_DONE)
        b->counts.bytes = a->counts.bytes;
    REQUIRE(memcmp(&a->counts, &b->counts, sizeof(a->counts)) == 0);
}

static void require_like(const struct setting *setting, struct cutter cutter,
                         int columnar, struct story *whole)
{
    struct story story;
    tell(setting, cutter, columnar, &story);
    require_same_story(whole, &story, columnar);
    story_free(&story);
}

/* A stream that cannot be taken for anything but lines of one layout. */
static int is_plain(const struct setting *setting)
{
    return (setting->flags & VPCVIS_READER_FIXED) &&
           (setting->flags & VPCVIS_READER_NO_PREFIX) && setting->line_max == 0 &&
           setting->len > 0 && setting->text[0] >= '0' && setting->text[0] <= '9';
}

/* The whole text in one call of room line, with room for all of it. */
static void require_batch(const struct setting *setting, const struct story *whole)
{
    const uint32_t capacity = (uint32_t)setting->len + 1;
    struct vpcvis_line_config config;
    struct vpcvis_line_result result;
    struct story story;
    struct vpcvis_record *rows = oracle_memory(capacity * sizeof(*rows));
    struct vpcvis_error *errors = oracle_memory(capacity * sizeof(*errors));
    vpcvis_line *lines = NULL;
    uint32_t i;

    memset(&story, 0, sizeof(story));
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags =
        setting->flags & (VPCVIS_LINE_LENIENT | VPCVIS_LINE_MS | VPCVIS_LINE_SKIP);
    config.cpu = setting->cpu;
    config.fields[0] = setting->fields[0];
    config.fields[1] = setting->fields[1];
    REQUIRE(vpcvis_line_new(setting->layout, &config, NULL, &lines) == VPCVIS_OK);
    REQUIRE(vpcvis_line_read_rows(lines, setting->text, setting->len, rows, sizeof(*rows),
                                  capacity, errors, capacity, &result) == VPCVIS_OK);
    for (i = 0; i < result.records; i++)
        tell_record(&story, setting->layout, layout_mark(setting->layout), &rows[i]);
    bytes_add(&story.errors, errors, (size_t)result.errors * sizeof(*errors));
    REQUIRE(bytes_equal(&story.records, &whole->records));
    REQUIRE(bytes_equal(&story.states, &whole->states));
    REQUIRE(bytes_equal(&story.errors, &whole->errors));
    REQUIRE(result.lines == whole->counts.lines && result.blank == whole->counts.blank);
    story_free(&story);
    vpcvis_line_free(lines, NULL);
    free(errors);
    free(rows);
}

/* Longer streams are cut less finely: a chunk has its price, and the lines are the same. */
#define THOROUGH_MAX 1024

static void compare(struct setting *setting, struct cutter cutter)
{
    static const struct cutter uncut = {0, 0}, bytewise = {1, 1};
    struct story whole;

    if (setting->len > THOROUGH_MAX && cutter.most < 100)
        cutter.most = 100;
    setting->cpu = VPCVIS_CPU_PORTABLE;
    tell(setting, uncut, 0, &whole);
    for (; setting->cpu <= VPCVIS_CPU_NEON; setting->cpu++) {
        if (!oracle_has_cpu(setting->cpu))
            continue;
        require_like(setting, cutter, 0, &whole);
        require_like(setting, uncut, 1, &whole);
    }
    setting->cpu = VPCVIS_CPU_AUTO;
    require_like(setting, cutter, 1, &whole);
    if (setting->len <= THOROUGH_MAX) {
        require_like(setting, bytewise, 0, &whole);
        if (is_plain(setting))
            require_batch(setting, &whole);
    }
    story_free(&whole);
}

static uint32_t choose_flags(uint32_t choice)
{
    static const uint32_t flags[] = {VPCVIS_LINE_LENIENT,     VPCVIS_LINE_MS,
                                     VPCVIS_LINE_SKIP,        VPCVIS_READER_FIXED,
                                     VPCVIS_READER_NO_PREFIX, VPCVIS_READER_STRICT};
    uint32_t i, chosen = 0;

    for (i = 0; i < 6; i++)
        chosen |= (choice >> i & 1) ? flags[i] : 0;
    return chosen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char memory[VPCVIS_LAYOUT_BYTES_MAX];
    struct input in = {data, size};
    struct setting setting;
    struct cutter cutter;
    uint32_t choice;
    char *text;

    memset(&setting, 0, sizeof(setting));
    setting.flags = choose_flags(input_choice(&in));
    setting.layout = oracle_layout(input_choice(&in), memory);
    setting.row_capacity = input_choice(&in) + 1;
    setting.error_capacity = input_choice(&in) + 1;
    choice = input_choice(&in);
    cutter.state = choice + 2;
    cutter.most = (size_t)1 << choice % 16;
    choice = input_choice(&in);
    if (choice >= 32) {
        setting.fields[0] = 0x0123456789abcdefu * choice;
        setting.fields[1] = 0xff0ff0u >> choice % 8 & 0xffffffffu;
    }
    choice = input_choice(&in);
    setting.line_max = choice < 16 ? 0 : choice < 62 ? choice * 4 : 20000;
    choice = input_choice(&in);
    if (setting.row_capacity < 16 || setting.error_capacity < 16)
        choice = 0;
    text = oracle_text(&in, choice, &setting.len);
    setting.text = text;
    compare(&setting, cutter);
    free(text);
    return 0;
}
