/* SPDX-License-Identifier: MIT */
/*
 * Room line, the batch: windows of text, blocks of 64 lines, columns (line.h has the picture).
 */
#include "line.h"

/* A batch on its way through the text. */
struct batch {
    const char *text;
    size_t len;
    const struct vpcvis_i_line_sink *sink;
    struct vpcvis_error *errors;
    size_t error_capacity;
    struct vpcvis_line_result *result;
    size_t window; /* where the window begins in text */
};

/* What became of a line that the scalar reader saw. */
#define LINE_KEPT    0
#define LINE_DROPPED 1 /* blank, a repeated header, or an error that is stored */
#define LINE_STOPS   2 /* not dealt with: the batch ends before it */

static uint64_t all_lanes(uint32_t count)
{
    return count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* VPCVIS_LINE_MS: start and end of 11 or more digits become seconds. */
static void scale_times(vpcvis_line *lines, uint64_t *values, uint64_t valid)
{
    uint32_t lane;

    for (lane = 0; lane < lines->lanes.count; lane++) {
        if ((valid >> lane & 1) && values[lane] >= VPCVIS_I_LINE_MS_FROM) {
            values[lane] /= 1000;
            lines->row_flags[lane] |= VPCVIS_RECORD_MS;
        }
    }
}

/* Words that are not in the list of their field mark their rows. */
static void mark_unknown(vpcvis_line *lines, const struct vpcvis_line_text *values,
                         uint64_t others)
{
    for (; others != 0; others &= others - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(others);

        if (values[lane].code == 0)
            lines->row_flags[lane] |= VPCVIS_RECORD_UNKNOWN;
    }
}

static void read_names(vpcvis_line *lines, uint32_t c, struct vpcvis_line_text *out)
{
    const struct vpcvis_i_line_column *column = &lines->column[c];
    uint64_t *valid = &lines->valid[c];
    uint64_t others = vpcvis_i_line_read_name(lines, c + lines->lead,
                                              &lines->words[column->words], out, valid);

    others &= *valid & all_lanes(lines->lanes.count);
    if (column->asked)
        mark_unknown(lines, out, others);
    if (column->field == VPCVIS_FIELD_LOG_STATUS)
        lines->not_ok = others;
}

/* One column of the block; returns the lanes that could not be read. */
static uint64_t read_column(vpcvis_line *lines, uint32_t c)
{
    const struct vpcvis_i_line_column *column = &lines->column[c];
    void *out = vpcvis_i_line_block(lines, c);
    uint64_t *valid = &lines->valid[c];
    const uint32_t token = c + lines->lead;
    uint64_t bad;

    switch (column->kind) {
    case VPCVIS_KIND_NUMBER32:
        return vpcvis_i_line_read_number32(lines, token, (uint32_t)column->max, out,
                                           valid);
    case VPCVIS_KIND_NUMBER64:
        bad = vpcvis_i_line_read_number64(lines, token, column->max, out, valid);
        if ((lines->flags & VPCVIS_LINE_MS) && column->asked &&
            (column->field == VPCVIS_FIELD_START || column->field == VPCVIS_FIELD_END))
            scale_times(lines, out, *valid & ~bad);
        return bad;
    case VPCVIS_KIND_ADDRESS: return vpcvis_i_line_read_address(lines, token, out, valid);
    case VPCVIS_KIND_NAME: read_names(lines, c, out); return 0;
    default: return vpcvis_i_line_read_text(lines, token, out, valid);
    }
}

/* Lanes whose first token must be looked at: it may be a time to skip, or be a header line
 * that the layout could take for a record. */
static uint64_t suspicious_lanes(const vpcvis_line *lines, uint64_t shapeless)
{
    const struct vpcvis_i_line_lanes *lanes = &lines->lanes;
    const int times = (lines->flags & VPCVIS_LINE_PREFIX) != 0;
    const int headers =
        (lines->flags & VPCVIS_LINE_HEADER) && !lines->typed && !lines->guarded;
    uint64_t found = 0;
    uint32_t lane;

    for (lane = 0; lane < lanes->count; lane++) {
        const char *line = lanes->text + lines->start[lane];
        const size_t whole = (size_t)(lines->stop[lane] - lines->start[lane]);
        const size_t len = vpcvis_i_line_end(lanes, lane, 0) - (size_t)lanes->at[lane];

        if (shapeless >> lane & 1)
            continue;
        if (times && vpcvis_i_line_is_time(line, len) != lines->lead)
            found |= (uint64_t)1 << lane;
        if (headers && vpcvis_layout_match(line, whole) == VPCVIS_OK)
            found |= (uint64_t)1 << lane;
    }
    return found;
}

/* Whether every lane's first token needs that look. */
static int is_suspicious(const vpcvis_line *lines)
{
    const struct vpcvis_i_line_column *first = &lines->column[0];
    const int typed = first->checked && first->kind <= VPCVIS_KIND_ADDRESS;

    if ((lines->flags & VPCVIS_LINE_HEADER) && !lines->typed && !lines->guarded)
        return 1;
    return (lines->flags & VPCVIS_LINE_PREFIX) && (lines->lead || !typed);
}

/* All columns of the lanes that have the layout's shape. */
static uint64_t read_block(vpcvis_line *lines, uint64_t shapeless)
{
    struct vpcvis_i_line_lanes *lanes = &lines->lanes;
    uint64_t bad = shapeless;
    uint32_t c, lane, donor;

    memset(lines->row_flags, 0, sizeof(lines->row_flags));
    if (bad == all_lanes(lanes->count)) {
        memset(lines->valid, 0, lines->layout->columns * sizeof(lines->valid[0]));
        return bad;
    }
    donor = vpcvis_i_bytes_lowest(~bad);
    for (lane = 0; bad != 0 && lane < lanes->count; lane++) {
        if (bad >> lane & 1) {
            lanes->first[lane] = lanes->first[donor];
            lanes->at[lane] = lanes->at[donor];
        }
    }
    vpcvis_i_line_turn(lines, lines->layout->columns + lines->lead);
    if (is_suspicious(lines))
        bad |= suspicious_lanes(lines, shapeless);
    for (c = 0; c < lines->layout->columns; c++) {
        if (lines->column[c].checked)
            bad |= read_column(lines, c);
    }
    return bad;
}

/* Whether a header line says what the layout says already. */
static int is_repeated_header(vpcvis_line *lines, const char *line, size_t len)
{
    struct vpcvis_layout_config config;
    vpcvis_layout *layout;

    if (vpcvis_i_layout_is_own_header(lines->layout, line, len))
        return 1;
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.text = line;
    config.text_len = len;
    return vpcvis_layout_init(lines->header, sizeof(lines->header), &config, &layout,
                              NULL) == VPCVIS_OK &&
           vpcvis_layout_equal(layout, lines->layout);
}

static int store_error(struct batch *batch, const struct vpcvis_error *error, size_t at)
{
    struct vpcvis_line_result *result = batch->result;
    struct vpcvis_error *item;

    if (result->errors == batch->error_capacity)
        return LINE_STOPS;
    item = &batch->errors[result->errors++];
    *item = *error;
    item->line = result->lines + 1;
    item->line_at = at;
    return LINE_DROPPED;
}

static void keep_fields(struct vpcvis_record *record, const uint64_t fields[2])
{
    record->value[0] &= fields[0];
    record->value[1] &= fields[1];
    record->dash[0] &= fields[0];
    record->dash[1] &= fields[1];
}

/* Read a line into lines->spare; on success *log_status is its code, asked for or not. */
static vpcvis_status scan_line(vpcvis_line *lines, const struct batch *batch,
                               const char *line, size_t len, uint32_t *log_status,
                               struct vpcvis_error *error)
{
    static const uint64_t only[2] = {(uint64_t)1 << VPCVIS_FIELD_LOG_STATUS, 0};
    const uint64_t *fields = lines->fields;
    struct vpcvis_record *record = &lines->spare;
    uint32_t prefixed = 0;
    vpcvis_status status;

    status = vpcvis_i_line_scan(lines->layout, lines->flags, fields, line, len, record,
                                &prefixed, error);
    if (status != VPCVIS_OK)
        return status;
    lines->lead = prefixed;
    if (!vpcvis_i_line_has(fields, VPCVIS_FIELD_LOG_STATUS))
        (void)vpcvis_i_line_scan(lines->layout, lines->flags, only, line, len, record,
                                 NULL, NULL);
    *log_status = vpcvis_i_line_has(record->value, VPCVIS_FIELD_LOG_STATUS)
                      ? record->log_status
                      : 0;
    if (!vpcvis_i_line_has(fields, VPCVIS_FIELD_LOG_STATUS))
        (void)vpcvis_i_line_scan(lines->layout, lines->flags, fields, line, len, record,
                                 NULL, NULL);
    keep_fields(record, batch->sink->fields);
    return VPCVIS_OK;
}

/*
 * A line for the scalar reader: text[at..end), its LF not included. A record goes to
 * lines->spare. *status is set when the batch stops.
 */
static int settle_line(vpcvis_line *lines, struct batch *batch, size_t at, size_t end,
                       vpcvis_status *status)
{
    const char *line = batch->text + at;
    const size_t len = vpcvis_i_layout_trim(line, end - at);
    struct vpcvis_error error;
    uint32_t log_status = 0;
    vpcvis_status found;
    int outcome;

    if (len <= lines->line_max && vpcvis_i_line_is_blank(line, len)) {
        batch->result->blank++;
        return LINE_DROPPED;
    }
    found = len > lines->line_max
                ? vpcvis_i_base_fail(&error, VPCVIS_E_LONG, VPCVIS_FIELD_NONE, 0,
                                     lines->line_max)
                : scan_line(lines, batch, line, len, &log_status, &error);
    if ((lines->flags & VPCVIS_LINE_HEADER) && found != VPCVIS_E_LONG &&
        (found != VPCVIS_OK || !lines->typed ||
         (lines->spare.flags & VPCVIS_RECORD_FEW)) &&
        vpcvis_layout_match(line, len) == VPCVIS_OK) {
        if (is_repeated_header(lines, line, len)) {
            batch->result->headers++;
            return LINE_DROPPED;
        }
        *status = VPCVIS_HEADER;
        return LINE_STOPS;
    }
    if (found == VPCVIS_OK) {
        lines->nodata += log_status == VPCVIS_LOG_STATUS_NODATA;
        lines->skipdata += log_status == VPCVIS_LOG_STATUS_SKIPDATA;
        return LINE_KEPT;
    }
    outcome = store_error(batch, &error, at);
    if (outcome == LINE_STOPS)
        *status = VPCVIS_MORE;
    return outcome;
}

/* How many of these lanes have NODATA and SKIPDATA. */
static void count_lanes(vpcvis_line *lines, uint64_t kept)
{
    const uint32_t c = lines->layout->column[VPCVIS_FIELD_LOG_STATUS];
    const struct vpcvis_line_text *values;

    if (c == VPCVIS_I_LAYOUT_NONE)
        return;
    values = vpcvis_i_line_block(lines, c);
    for (kept &= lines->not_ok; kept != 0; kept &= kept - 1) {
        const uint32_t code = values[vpcvis_i_bytes_lowest(kept)].code;

        lines->nodata += code == VPCVIS_LOG_STATUS_NODATA;
        lines->skipdata += code == VPCVIS_LOG_STATUS_SKIPDATA;
    }
}

/* The lanes of a block, read: settle the bad ones in order, then send all that is kept on. */
static vpcvis_status finish_block(vpcvis_line *lines, struct batch *batch, uint64_t bad)
{
    struct vpcvis_line_result *result = batch->result;
    const size_t window = batch->window;
    const uint64_t lines_before = result->lines;
    uint64_t keep = all_lanes(lines->lanes.count);
    const uint64_t done = bad;
    vpcvis_status status = VPCVIS_OK;

    while (bad != 0) {
        const uint32_t lane = vpcvis_i_bytes_lowest(bad);
        const uint64_t bit = (uint64_t)1 << lane;
        int outcome;

        result->lines = lines_before + lane;
        outcome = settle_line(lines, batch, window + lines->start[lane],
                              window + lines->stop[lane], &status);
        if (outcome == LINE_STOPS) {
            keep &= bit - 1;
            result->lines = lines_before + lane;
            result->taken = window + lines->start[lane];
            break;
        }
        if (outcome == LINE_DROPPED) {
            keep &= ~bit;
        } else {
            const uint64_t before = keep & (bit - 1);
            vpcvis_i_line_patch(lines, batch->sink,
                                (size_t)result->records + vpcvis_i_bytes_count(before),
                                lane);
        }
        bad &= bad - 1;
    }
    if (bad == 0) {
        result->lines = lines_before + lines->lanes.count;
        result->taken = window + lines->stop[lines->lanes.count - 1] + 1u;
    }
    vpcvis_i_line_emit(lines, batch->sink, (size_t)result->records, keep, done);
    count_lanes(lines, keep & ~done);
    result->records += vpcvis_i_bytes_count(keep);
    return status;
}

static int has_odd(const struct vpcvis_i_line_index *index, uint32_t from, uint32_t to)
{
    uint32_t word = from / 64;
    const uint64_t first = index->odd[word] >> from % 64 << from % 64;
    const uint64_t last_mask = all_lanes(to % 64 + 1);

    if (word == to / 64)
        return (first & last_mask) != 0;
    if (first != 0)
        return 1;
    while (++word < to / 64) {
        if (index->odd[word] != 0)
            return 1;
    }
    return (index->odd[word] & last_mask) != 0;
}

/* Lanes with an odd byte, or longer than lines may be. */
static uint64_t find_odd_lanes(const vpcvis_line *lines, uint32_t count)
{
    uint64_t found = 0;
    uint32_t lane;

    for (lane = 0; lane < count; lane++) {
        const uint32_t start = lines->start[lane], stop = lines->stop[lane];
        const int odd = lines->index.any_odd != 0 && has_odd(&lines->index, start, stop);
        found |= (uint64_t)(odd || stop - start > lines->line_max) << lane;
    }
    return found;
}

/* Lanes whose line is too near to an end of the text for the kernels' loads. */
static uint64_t find_near_lanes(const vpcvis_line *lines, const struct batch *batch,
                                uint32_t count)
{
    const size_t before = batch->window;
    const size_t after = batch->len - batch->window;
    uint64_t found = 0;
    uint32_t lane;

    if (before + lines->start[0] >= VPCVIS_I_LINE_REACH &&
        after - lines->stop[count - 1] > VPCVIS_I_LINE_REACH)
        return 0;
    for (lane = 0; lane < count; lane++) {
        const int near = before + lines->start[lane] < VPCVIS_I_LINE_REACH ||
                         after - lines->stop[lane] <= VPCVIS_I_LINE_REACH;
        found |= (uint64_t)near << lane;
    }
    return found;
}

/* Lanes of another shape than `tokens` tokens, whose places are upto[-1]..upto[count - 1]. */
static uint64_t find_shapeless(const uint16_t *upto, uint32_t before, uint32_t count,
                               uint32_t tokens)
{
    uint16_t others = 0, place = (uint16_t)before; /* 16 bits: more lanes a vector */
    uint64_t shapeless = 0;
    uint32_t lane;

    for (lane = 0; lane < count; lane++) {
        place = (uint16_t)(place + tokens);
        others = (uint16_t)(others | (upto[lane] ^ place));
    }
    if (others == 0)
        return 0;
    for (lane = 0; lane < count; lane++) {
        shapeless |= (uint64_t)(upto[lane] - before != tokens) << lane;
        before = upto[lane];
    }
    return shapeless;
}

/* Take `count` lines from line `next` of the window on; returns lanes of another shape. */
static uint64_t fill_lanes(vpcvis_line *lines, const struct batch *batch, uint32_t next,
                           uint32_t count)
{
    const struct vpcvis_i_line_index *index = &lines->index;
    struct vpcvis_i_line_lanes *lanes = &lines->lanes;
    const uint16_t *end = index->end + next, *upto = index->upto + next;
    const uint32_t tokens = lines->layout->columns + lines->lead;
    const uint32_t before = next == 0 ? 0 : index->upto[next - 1];
    uint64_t shapeless;
    uint32_t lane;

    lanes->count = count;
    lanes->first[0] = (uint16_t)before;
    lines->start[0] = (uint16_t)(next == 0 ? 0 : index->end[next - 1] + 1u);
    for (lane = 1; lane < count; lane++) {
        lanes->first[lane] = upto[lane - 1];
        lines->start[lane] = (uint16_t)(end[lane - 1] + 1u);
    }
    memcpy(lines->stop, end, count * sizeof(end[0]));
    memcpy(lanes->at, lines->start, count * sizeof(lanes->at[0]));
    shapeless = find_shapeless(upto, before, count, tokens);
    if (index->any_odd != 0 || lines->line_max < VPCVIS_I_LINE_WINDOW_MAX)
        shapeless |= find_odd_lanes(lines, count);
    return shapeless | find_near_lanes(lines, batch, count);
}

/* How many lines the next block takes: blocks of a window are about equally full. */
static uint32_t block_lines(uint32_t left, size_t room)
{
    const uint32_t blocks = (left + VPCVIS_I_LINE_LANES - 1) / VPCVIS_I_LINE_LANES;
    const uint32_t even = (left + blocks - 1) / blocks;

    return room < even ? (uint32_t)room : even;
}

static vpcvis_status read_window(vpcvis_line *lines, struct batch *batch, size_t at)
{
    uint32_t next = 0;
    vpcvis_status status = VPCVIS_OK;

    lines->lanes.text = batch->text + at;
    lines->lanes.base = (uint32_t)at;
    batch->window = at;
    lines->lanes.sep = lines->index.sep;
    while (status == VPCVIS_OK && next < lines->index.lines) {
        const size_t room = batch->sink->capacity - (size_t)batch->result->records;
        const uint32_t most = block_lines(lines->index.lines - next, room);
        uint64_t bad;

        if (most == 0)
            return VPCVIS_MORE;
        bad = fill_lanes(lines, batch, next, most);
        bad = read_block(lines, bad);
        next += most;
        status = finish_block(lines, batch, bad);
    }
    return status;
}

/* A line that ends beyond the window, or with the text. */
static vpcvis_status read_long_line(vpcvis_line *lines, struct batch *batch, size_t at)
{
    struct vpcvis_line_result *result = batch->result;
    vpcvis_status status = VPCVIS_OK;
    size_t end = at;
    int outcome;

    if (result->records == batch->sink->capacity)
        return VPCVIS_MORE;
    while (end < batch->len && batch->text[end] != '\n')
        end++;
    outcome = settle_line(lines, batch, at, end, &status);
    if (outcome == LINE_STOPS)
        return status;
    if (outcome == LINE_KEPT) {
        lines->lanes.base = (uint32_t)at;
        lines->lanes.text = batch->text + at;
        lines->lanes.count = 1;
        lines->start[0] = 0;
        vpcvis_i_line_patch(lines, batch->sink, (size_t)result->records, 0);
        vpcvis_i_line_emit(lines, batch->sink, (size_t)result->records, 1, 1);
        result->records++;
    }
    result->lines++;
    result->taken = end < batch->len ? end + 1 : end;
    return VPCVIS_OK;
}

/* How much text the next window takes: no more than there may be room for records of. */
static uint32_t window_len(const struct batch *batch, size_t at)
{
    const size_t room = batch->sink->capacity - (size_t)batch->result->records;
    const size_t left = batch->len - at;
    const size_t most = left <= VPCVIS_I_LINE_WINDOW_MAX ? left : VPCVIS_I_LINE_WINDOW;
    const size_t wanted = (room + 1) * 1024;

    return (uint32_t)(room < 16 && wanted < most ? wanted : most);
}

static vpcvis_status read_text_batch(vpcvis_line *lines, struct batch *batch)
{
    vpcvis_status status = VPCVIS_OK;

    memset(batch->result, 0, sizeof(*batch->result));
    while (status == VPCVIS_OK && batch->result->taken < batch->len) {
        const size_t at = (size_t)batch->result->taken;

        vpcvis_i_line_index(lines, batch->text + at, window_len(batch, at),
                            &lines->index);
        status = lines->index.lines > 0 ? read_window(lines, batch, at)
                                        : read_long_line(lines, batch, at);
    }
    return status;
}

/* Bits of the fields whose slots lie in the first `stride` bytes of a record. */
static void fit_stride(const vpcvis_line *lines, size_t stride, uint64_t fields[2])
{
    uint32_t c;

    fields[0] = lines->fields[0];
    fields[1] = lines->fields[1];
    for (c = 0; stride < sizeof(struct vpcvis_record) && c < lines->layout->columns;
         c++) {
        const struct vpcvis_i_line_column *column = &lines->column[c];
        const size_t text_end = offsetof(struct vpcvis_record, text) +
                                (column->field + 1u) * sizeof(struct vpcvis_text);
        const size_t value_end = column->slot + sizeof(struct vpcvis_addr);
        int fits = column->kind < VPCVIS_KIND_NAME || text_end <= stride;

        if (column->kind != VPCVIS_KIND_TEXT && value_end > stride)
            fits = 0;
        if (!fits)
            fields[column->field / 64] &= ~((uint64_t)1 << column->field % 64);
    }
}

vpcvis_status vpcvis_line_read_rows(vpcvis_line *lines, const char *text, size_t text_len,
                                    struct vpcvis_record *records, size_t stride,
                                    size_t record_capacity, struct vpcvis_error *errors,
                                    size_t error_capacity,
                                    struct vpcvis_line_result *result)
{
    struct vpcvis_i_line_sink sink;
    struct batch batch;

    if (lines == NULL || result == NULL || (text == NULL && text_len > 0) ||
        (records == NULL && record_capacity > 0) ||
        (errors == NULL && error_capacity > 0) || stride < VPCVIS_I_LINE_STRIDE_MIN ||
        stride % 8 != 0)
        return VPCVIS_E_ARG;
    memset(&sink, 0, sizeof(sink));
    sink.rows = (char *)records;
    sink.stride = stride;
    sink.capacity = record_capacity;
    fit_stride(lines, stride, sink.fields);
    memset(&batch, 0, sizeof(batch));
    batch.text = text;
    batch.len = text_len;
    batch.sink = &sink;
    batch.errors = errors;
    batch.error_capacity = error_capacity;
    batch.result = result;
    return read_text_batch(lines, &batch);
}

vpcvis_status vpcvis_line_read_columns(vpcvis_line *lines, const char *text,
                                       size_t text_len,
                                       const struct vpcvis_line_columns *columns,
                                       struct vpcvis_error *errors, size_t error_capacity,
                                       struct vpcvis_line_result *result)
{
    struct vpcvis_i_line_sink sink;
    struct batch batch;

    if (lines == NULL || result == NULL || (text == NULL && text_len > 0) ||
        columns == NULL || (errors == NULL && error_capacity > 0) ||
        text_len > UINT32_MAX)
        return VPCVIS_E_ARG;
    if (columns->size != sizeof(*columns))
        return VPCVIS_E_CONFIG;
    memset(&sink, 0, sizeof(sink));
    sink.columns = columns;
    sink.capacity = columns->capacity;
    sink.fields[0] = lines->fields[0];
    sink.fields[1] = lines->fields[1];
    memset(&batch, 0, sizeof(batch));
    batch.text = text;
    batch.len = text_len;
    batch.sink = &sink;
    batch.errors = errors;
    batch.error_capacity = error_capacity;
    batch.result = result;
    return read_text_batch(lines, &batch);
}
