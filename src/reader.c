/* SPDX-License-Identifier: MIT */
/*
 * Room reader: chunks to whole lines, lines to batches (room line), header lines to layouts.
 *
 *     chunk 1  |.....LF.....LF...|   chunk 2 |...LF........LF..|
 *               `-- whole --´ `-- carry --------´
 *
 * Whole lines are read where they are. A line that two chunks share is put together in carry.
 */
#include "line.h"
#include "vpcvis/reader.h"

#define FLAGS                                                                        \
    (VPCVIS_LINE_LENIENT | VPCVIS_LINE_MS | VPCVIS_LINE_SKIP | VPCVIS_READER_FIXED | \
     VPCVIS_READER_NO_PREFIX | VPCVIS_READER_STRICT)

/* The most bytes that say what a stream is: a byte order mark and a magic number. */
#define MAGIC_MAX 7

/* Whole lines on their way to batches: in the chunk or in carry. */
struct source {
    const char *text;
    size_t len;
    size_t at;
    uint64_t offset; /* of text[0] in the stream */
};

struct vpcvis_reader {
    struct vpcvis_reader_config config;
    struct vpcvis_reader_counts counts;
    vpcvis_layout *layout;
    vpcvis_line *lines;
    const char *chunk;
    size_t chunk_len;
    size_t chunk_at;
    size_t whole;          /* bytes of the chunk up to its last LF */
    uint64_t chunk_offset; /* of chunk[0] in the stream */
    struct source source;
    size_t carry_len;
    uint64_t carry_offset;
    uint64_t long_len;  /* bytes of a line that outgrew carry; 0 if none */
    uint32_t long_done; /* and its end was seen */
    uint32_t started;
    uint32_t ended;
    vpcvis_status foreign; /* the stream is no text: VPCVIS_E_GZIP ... */
    vpcvis_status refused; /* the last header line could not be a layout */
    uint32_t spare;        /* which of layout_memory is not in use */
    uint32_t head_len;
    char head[MAGIC_MAX + 1]; /* the first bytes of the stream */
    char layout_memory[2][VPCVIS_LAYOUT_BYTES_MAX];
    char line_memory[sizeof(struct vpcvis_line) + VPCVIS_I_ALIGN];
    char carry[VPCVIS_LINE_MAX + 3];
};

/* Where one vpcvis_reader_next puts its batch. */
struct sink {
    struct vpcvis_record *records;
    size_t stride;
    size_t capacity;
    const struct vpcvis_line_columns *columns;
    struct vpcvis_error *errors;
    size_t error_capacity;
    struct vpcvis_reader_batch *batch;
};

size_t vpcvis_reader_bytes(void)
{
    return sizeof(struct vpcvis_reader) + VPCVIS_I_ALIGN - 1;
}

/* A machine for the lines of the reader's layout; counts go on from the last one's. */
static vpcvis_status make_lines(vpcvis_reader *reader)
{
    struct vpcvis_line_config config;
    vpcvis_status status;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = reader->config.flags & VPCVIS_I_LINE_FLAGS;
    if ((reader->config.flags & VPCVIS_READER_FIXED) == 0)
        config.flags |= VPCVIS_LINE_HEADER;
    if ((reader->config.flags & VPCVIS_READER_NO_PREFIX) == 0)
        config.flags |= VPCVIS_LINE_PREFIX;
    config.cpu = reader->config.cpu;
    config.fields[0] = reader->config.fields[0];
    config.fields[1] = reader->config.fields[1];
    status = vpcvis_line_init(reader->line_memory, sizeof(reader->line_memory),
                              reader->layout, &config, &reader->lines);
    if (status == VPCVIS_OK)
        reader->lines->line_max = reader->config.line_max;
    return status;
}

static vpcvis_status copy_layout(vpcvis_reader *reader, const vpcvis_layout *layout)
{
    void *memory = vpcvis_i_bytes_align(reader->layout_memory[0]);

    reader->spare = 1;
    if (layout == NULL)
        return vpcvis_layout_init(reader->layout_memory[0], VPCVIS_LAYOUT_BYTES_MAX, NULL,
                                  &reader->layout, NULL);
    memcpy(memory, layout, sizeof(*layout));
    reader->layout = memory;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_reader_init(void *memory, size_t len,
                                 const struct vpcvis_reader_config *config,
                                 vpcvis_reader **out)
{
    struct vpcvis_reader_config known;
    vpcvis_reader *reader;
    vpcvis_status status;

    if (memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = vpcvis_i_base_config(config, &known, sizeof(known));
    if (status != VPCVIS_OK)
        return status;
    if ((known.flags & ~FLAGS) != 0 || known.line_max > VPCVIS_LINE_MAX)
        return VPCVIS_E_CONFIG;
    if (len < vpcvis_reader_bytes())
        return VPCVIS_E_SPACE;
    reader = vpcvis_i_bytes_align(memory);
    memset(reader, 0, offsetof(struct vpcvis_reader, layout_memory));
    reader->config = known;
    if (known.line_max == 0)
        reader->config.line_max = VPCVIS_LINE_MAX;
    status = copy_layout(reader, known.layout);
    if (status == VPCVIS_OK)
        status = make_lines(reader);
    if (status == VPCVIS_OK)
        *out = reader;
    return status;
}

vpcvis_status vpcvis_reader_new(const struct vpcvis_reader_config *config,
                                const struct vpcvis_allocator *allocator,
                                vpcvis_reader **out)
{
    vpcvis_status status;
    void *memory;

    if (out == NULL)
        return VPCVIS_E_ARG;
    memory = vpcvis_i_base_new(allocator, vpcvis_reader_bytes());
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_reader_init(memory, vpcvis_reader_bytes(), config, out);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_reader_free(vpcvis_reader *reader, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, reader);
}

vpcvis_status vpcvis_reader_add(vpcvis_reader *reader, const char *chunk,
                                size_t chunk_len)
{
    if (reader == NULL || (chunk == NULL && chunk_len > 0) || reader->ended ||
        reader->chunk_at < reader->chunk_len || reader->source.at < reader->source.len)
        return VPCVIS_E_ARG;
    reader->chunk_offset += reader->chunk_len;
    reader->chunk = chunk;
    reader->chunk_len = chunk_len;
    reader->chunk_at = 0;
    reader->whole = chunk_len;
    while (reader->whole > 0 && chunk[reader->whole - 1] != '\n')
        reader->whole--;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_reader_end(vpcvis_reader *reader)
{
    if (reader == NULL || reader->ended || reader->chunk_at < reader->chunk_len ||
        reader->source.at < reader->source.len)
        return VPCVIS_E_ARG;
    reader->ended = 1;
    return VPCVIS_OK;
}

/* Move bytes of the chunk, up to and with an LF, to carry; 1 if there was one. */
static int carry_line(vpcvis_reader *reader)
{
    const char *from = reader->chunk + reader->chunk_at;
    const size_t left = reader->chunk_len - reader->chunk_at;
    const size_t room = (size_t)reader->config.line_max + 2 - reader->carry_len;
    size_t n = 0;
    int found;

    while (n < left && from[n] != '\n')
        n++;
    found = n < left;
    if (reader->carry_len == 0 && reader->long_len == 0)
        reader->carry_offset = reader->chunk_offset + reader->chunk_at;
    if (reader->long_len > 0 || n > room - 1) {
        reader->long_len += reader->carry_len + n;
        reader->carry_len = 0;
    } else {
        memcpy(reader->carry + reader->carry_len, from, n + (size_t)found);
        reader->carry_len += n + (size_t)found;
    }
    reader->chunk_at += n + (size_t)found;
    reader->long_done = found && reader->long_len > 0;
    return found;
}

static void use_source(vpcvis_reader *reader, const char *text, size_t len,
                       uint64_t offset)
{
    reader->source.text = text;
    reader->source.len = len;
    reader->source.at = 0;
    reader->source.offset = offset;
}

static void use_carry(vpcvis_reader *reader)
{
    use_source(reader, reader->carry, reader->carry_len, reader->carry_offset);
    reader->carry_len = 0;
}

/* What the first bytes say the stream is; VPCVIS_OK is text. */
static vpcvis_status sniff(const char *head, size_t len)
{
    if (len >= 2 && memcmp(head, "\x1f\x8b", 2) == 0)
        return VPCVIS_E_GZIP;
    if (len >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
        return VPCVIS_E_ZSTD;
    if (len >= 4 && memcmp(head, "PAR1", 4) == 0)
        return VPCVIS_E_PARQUET;
    if (len >= 1 && (head[0] == '{' || head[0] == '['))
        return VPCVIS_E_JSON;
    return VPCVIS_OK;
}

/* The first bytes are text: whole lines among them are a source, the rest begins carry. */
static void use_head(vpcvis_reader *reader, size_t skip)
{
    const char *head = reader->head + skip;
    const size_t len = reader->head_len - skip;
    size_t whole = len;

    while (whole > 0 && head[whole - 1] != '\n')
        whole--;
    use_source(reader, head, whole, skip);
    memcpy(reader->carry, head + whole, len - whole);
    reader->carry_len = len - whole;
    reader->carry_offset = skip + whole;
}

/*
 * The start of the stream: gather the bytes that say what it is, skip a byte order mark.
 * VPCVIS_MORE: they are not all here yet.
 */
static vpcvis_status start(vpcvis_reader *reader)
{
    size_t skip = 0;

    while (reader->head_len < MAGIC_MAX && reader->chunk_at < reader->chunk_len)
        reader->head[reader->head_len++] = reader->chunk[reader->chunk_at++];
    if (reader->head_len < MAGIC_MAX && !reader->ended)
        return VPCVIS_MORE;
    reader->started = 1;
    if (reader->head_len >= 3 && memcmp(reader->head, "\xef\xbb\xbf", 3) == 0)
        skip = 3;
    reader->foreign = sniff(reader->head + skip, reader->head_len - skip);
    if (reader->foreign == VPCVIS_OK)
        use_head(reader, skip);
    return VPCVIS_OK;
}

/* The chunk is used up: what is left when the end was said. */
static vpcvis_status refill_at_end(vpcvis_reader *reader)
{
    if (!reader->ended)
        return VPCVIS_MORE;
    if (reader->long_len > 0) {
        reader->long_done = 1;
        return VPCVIS_OK;
    }
    if (reader->carry_len == 0)
        return VPCVIS_DONE;
    use_carry(reader);
    return VPCVIS_OK;
}

/* Find lines for the source. VPCVIS_OK: there are some, or a line that is too long ended. */
static vpcvis_status refill(vpcvis_reader *reader)
{
    if (!reader->started) {
        const vpcvis_status status = start(reader);
        if (status != VPCVIS_OK || reader->source.len > 0)
            return status;
    }
    if (reader->foreign != VPCVIS_OK) {
        reader->chunk_at = reader->chunk_len;
        return reader->foreign;
    }
    while (reader->chunk_at < reader->chunk_len) {
        if (reader->carry_len == 0 && reader->long_len == 0 &&
            reader->chunk_at < reader->whole) {
            use_source(reader, reader->chunk + reader->chunk_at,
                       reader->whole - reader->chunk_at,
                       reader->chunk_offset + reader->chunk_at);
            reader->chunk_at = reader->whole;
            return VPCVIS_OK;
        }
        if (carry_line(reader)) {
            if (reader->long_len == 0)
                use_carry(reader);
            return VPCVIS_OK;
        }
    }
    return refill_at_end(reader);
}

static void count_error(vpcvis_reader *reader, vpcvis_status status)
{
    reader->counts.errors++;
    reader->counts.kinds[-status]++;
}

/* Store an error of the line that is `line_at` in the stream; the caller has shown room. */
static void store_error(vpcvis_reader *reader, const struct sink *sink,
                        const struct vpcvis_error *error, uint64_t line_at)
{
    struct vpcvis_error *item = &sink->errors[sink->batch->errors++];

    *item = *error;
    item->line = reader->counts.lines + 1;
    item->line_at = line_at;
    count_error(reader, error->status);
    reader->counts.lines++;
}

static void drain_long_line(vpcvis_reader *reader, const struct sink *sink)
{
    struct vpcvis_error error;

    (void)vpcvis_i_base_fail(&error, VPCVIS_E_LONG, VPCVIS_FIELD_NONE, 0,
                             reader->config.line_max);
    store_error(reader, sink, &error, reader->carry_offset);
    reader->long_len = 0;
    reader->long_done = 0;
}

/* The line at the source's place, its end included. */
static size_t next_line(const struct source *source)
{
    const char *line = source->text + source->at;
    const size_t left = source->len - source->at;
    size_t n = 0;

    while (n < left && line[n] != '\n')
        n++;
    return n < left ? n + 1 : n;
}

/* A header line of another layout: change to it, or refuse what follows. */
static void take_header(vpcvis_reader *reader, const struct sink *sink)
{
    struct vpcvis_layout_config config;
    struct source *source = &reader->source;
    const size_t len = next_line(source);
    vpcvis_layout *layout;
    struct vpcvis_error error;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.text = source->text + source->at;
    config.text_len = len;
    if (reader->config.flags & VPCVIS_READER_STRICT)
        config.flags = VPCVIS_LAYOUT_STRICT;
    reader->refused =
        vpcvis_layout_init(reader->layout_memory[reader->spare], VPCVIS_LAYOUT_BYTES_MAX,
                           &config, &layout, &error);
    if (reader->refused != VPCVIS_OK) {
        store_error(reader, sink, &error, source->offset + source->at);
    } else {
        reader->counts.headers++;
        reader->counts.lines++;
        reader->counts.nodata += reader->lines->nodata;
        reader->counts.skipdata += reader->lines->skipdata;
        reader->layout = layout;
        reader->spare ^= 1;
        (void)make_lines(reader);
    }
    source->at += len;
}

/* A line while the layout is not known. */
static void refuse_line(vpcvis_reader *reader, const struct sink *sink)
{
    struct source *source = &reader->source;
    const char *line = source->text + source->at;
    const size_t len = next_line(source);
    const size_t trimmed = vpcvis_i_layout_trim(line, len);
    const int is_long = trimmed > reader->config.line_max;
    struct vpcvis_error error;

    if (!is_long && vpcvis_layout_match(line, len) == VPCVIS_OK) {
        take_header(reader, sink);
        return;
    }
    if (!is_long && vpcvis_i_line_is_blank(line, trimmed)) {
        reader->counts.blank++;
        reader->counts.lines++;
    } else {
        (void)vpcvis_i_base_fail(&error, is_long ? VPCVIS_E_LONG : reader->refused,
                                 VPCVIS_FIELD_NONE, 0,
                                 is_long ? reader->config.line_max : 0);
        store_error(reader, sink, &error, source->offset + source->at);
    }
    source->at += len;
}

/* Read from the source; the batch's own counts and places become the stream's. */
static vpcvis_status read_source(vpcvis_reader *reader, const struct sink *sink)
{
    struct source *source = &reader->source;
    const char *text = source->text + source->at;
    const size_t len = source->len - source->at;
    struct vpcvis_line_result result;
    vpcvis_status status;
    uint64_t i;

    if (sink->columns)
        status = vpcvis_line_read_columns(reader->lines, text, len, sink->columns,
                                          sink->errors, sink->error_capacity, &result);
    else
        status = vpcvis_line_read_rows(reader->lines, text, len, sink->records,
                                       sink->stride, sink->capacity, sink->errors,
                                       sink->error_capacity, &result);
    if (status < 0)
        return status;
    for (i = 0; i < result.errors; i++) {
        sink->errors[i].line += reader->counts.lines;
        sink->errors[i].line_at += source->offset + source->at;
        count_error(reader, sink->errors[i].status);
    }
    reader->counts.lines += result.lines;
    reader->counts.records += result.records;
    reader->counts.blank += result.blank;
    reader->counts.headers += result.headers;
    source->at += (size_t)result.taken;
    sink->batch->records = result.records;
    sink->batch->errors = result.errors;
    sink->batch->text = text;
    return status;
}

/* One step that may fill the batch. */
static vpcvis_status drain(vpcvis_reader *reader, const struct sink *sink)
{
    vpcvis_status status;

    if (reader->long_done) {
        drain_long_line(reader, sink);
        return VPCVIS_OK;
    }
    if (reader->refused != VPCVIS_OK) {
        refuse_line(reader, sink);
        return VPCVIS_OK;
    }
    status = read_source(reader, sink);
    if (status == VPCVIS_HEADER && sink->batch->records + sink->batch->errors == 0)
        take_header(reader, sink);
    return status < 0 ? status : VPCVIS_OK;
}

static vpcvis_status next_batch(vpcvis_reader *reader, const struct sink *sink)
{
    vpcvis_status status = VPCVIS_OK;

    memset(sink->batch, 0, sizeof(*sink->batch));
    while (status == VPCVIS_OK && sink->batch->records + sink->batch->errors == 0) {
        if (reader->source.at == reader->source.len && !reader->long_done)
            status = refill(reader);
        if (status == VPCVIS_OK)
            status = drain(reader, sink);
    }
    return status;
}

vpcvis_status vpcvis_reader_next(vpcvis_reader *reader, struct vpcvis_record *records,
                                 size_t stride, size_t record_capacity,
                                 struct vpcvis_error *errors, size_t error_capacity,
                                 struct vpcvis_reader_batch *batch)
{
    struct sink sink;

    if (reader == NULL || records == NULL || errors == NULL || batch == NULL ||
        record_capacity == 0 || error_capacity == 0 ||
        stride < VPCVIS_I_LINE_STRIDE_MIN || stride % 8 != 0)
        return VPCVIS_E_ARG;
    memset(&sink, 0, sizeof(sink));
    sink.records = records;
    sink.stride = stride;
    sink.capacity = record_capacity;
    sink.errors = errors;
    sink.error_capacity = error_capacity;
    sink.batch = batch;
    return next_batch(reader, &sink);
}

vpcvis_status vpcvis_reader_next_columns(vpcvis_reader *reader,
                                         const struct vpcvis_line_columns *columns,
                                         struct vpcvis_error *errors,
                                         size_t error_capacity,
                                         struct vpcvis_reader_batch *batch)
{
    struct sink sink;

    if (reader == NULL || columns == NULL || errors == NULL || batch == NULL ||
        columns->capacity == 0 || error_capacity == 0)
        return VPCVIS_E_ARG;
    if (columns->size != sizeof(*columns))
        return VPCVIS_E_CONFIG;
    memset(&sink, 0, sizeof(sink));
    sink.columns = columns;
    sink.errors = errors;
    sink.error_capacity = error_capacity;
    sink.batch = batch;
    return next_batch(reader, &sink);
}

const vpcvis_layout *vpcvis_reader_layout(const vpcvis_reader *reader)
{
    return reader->layout;
}

vpcvis_status vpcvis_reader_get(const vpcvis_reader *reader,
                                struct vpcvis_reader_counts *counts)
{
    if (reader == NULL || counts == NULL)
        return VPCVIS_E_ARG;
    *counts = reader->counts;
    counts->nodata += reader->lines->nodata;
    counts->skipdata += reader->lines->skipdata;
    counts->bytes = reader->chunk_offset + reader->chunk_at -
                    (reader->source.len - reader->source.at) - reader->carry_len;
    return VPCVIS_OK;
}
