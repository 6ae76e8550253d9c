/* SPDX-License-Identifier: MIT */
/*
 * Room line: a block on its way out to rows or columns.
 */
#include "line.h"

/* Kept lanes side by side, and the row that the first of them goes to. */
struct run {
    uint32_t lane;
    uint32_t count;
    size_t row;
};

static uint64_t lanes_below(uint32_t lane)
{
    return lane == 64 ? ~(uint64_t)0 : ((uint64_t)1 << lane) - 1;
}

/* The first run of lanes; returns what is left without it. */
static uint64_t take_run(uint64_t lanes, struct run *run)
{
    const uint32_t lane = vpcvis_i_bytes_lowest(lanes);
    const uint64_t gaps = ~(lanes | lanes_below(lane));
    const uint32_t end = gaps == 0 ? 64 : vpcvis_i_bytes_lowest(gaps);

    run->lane = lane;
    run->count = end - lane;
    return lanes & ~lanes_below(end);
}

/* Rows: one pass a column over a run of them, so that each store loop is of one kind. */

struct rows {
    char *at; /* the first */
    size_t stride;
    uint32_t lane;
    uint32_t count;
};

/* Which fields are `-`, by lane. */
struct dashes {
    uint64_t bits[VPCVIS_I_LINE_LANES][2];
};

static void find_dashes(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                        struct dashes *dashes)
{
    const uint64_t all = lanes_below(lines->lanes.count);
    uint32_t c;

    memset(dashes, 0, sizeof(*dashes));
    for (c = 0; c < lines->layout->columns; c++) {
        const uint32_t field = lines->column[c].field;
        uint64_t left = all & ~lines->valid[c];

        if (!vpcvis_i_line_has(sink->fields, field))
            continue;
        for (; left != 0; left &= left - 1)
            dashes->bits[vpcvis_i_bytes_lowest(left)][field / 64] |= (uint64_t)1
                                                                     << field % 64;
    }
}

static void emit_heads(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                       const struct dashes *dashes, const struct rows *rows)
{
    char *at = rows->at;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride) {
        struct vpcvis_record *record = (struct vpcvis_record *)(void *)at;
        const uint64_t *dash = dashes->bits[i];
        const uint64_t value[2] = {sink->fields[0] & ~dash[0],
                                   sink->fields[1] & ~dash[1]};
        record->base = lines->lanes.text + lines->lanes.at[i];
        memcpy(record->value, value, sizeof(value));
        memcpy(record->dash, dash, sizeof(record->dash));
        record->flags = lines->row_flags[i];
    }
}

static void emit_bytes(const struct rows *rows, const uint32_t *values, size_t slot)
{
    char *at = rows->at + slot;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride)
        *(uint8_t *)at = (uint8_t)values[i];
}

static void emit_halves(const struct rows *rows, const uint32_t *values, size_t slot)
{
    char *at = rows->at + slot;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride) {
        const uint16_t value = (uint16_t)values[i];
        memcpy(at, &value, sizeof(value));
    }
}

static void emit_words(const struct rows *rows, const uint32_t *values, size_t slot)
{
    char *at = rows->at + slot;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride)
        memcpy(at, &values[i], sizeof(values[i]));
}

static void emit_longs(const struct rows *rows, const uint64_t *values, size_t slot)
{
    char *at = rows->at + slot;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride)
        memcpy(at, &values[i], sizeof(values[i]));
}

static void emit_addresses(const struct rows *rows, const struct vpcvis_addr *values,
                           size_t slot)
{
    char *at = rows->at + slot;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride)
        memcpy(at, &values[i], sizeof(values[i]));
}

static void emit_texts(const vpcvis_line *lines, const struct rows *rows,
                       const struct vpcvis_line_text *values, uint32_t field)
{
    char *at = rows->at + offsetof(struct vpcvis_record, text) +
               field * sizeof(struct vpcvis_text);
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride) {
        struct vpcvis_text *text = (struct vpcvis_text *)(void *)at;
        text->at = (uint16_t)(values[i].at - lines->lanes.base - lines->lanes.at[i]);
        text->len = values[i].len;
    }
}

static void emit_codes(const struct rows *rows, const struct vpcvis_line_text *values,
                       size_t slot)
{
    char *at = rows->at + slot;
    uint32_t i;

    for (i = rows->lane; i < rows->lane + rows->count; i++, at += rows->stride)
        *(uint8_t *)at = (uint8_t)values[i].code;
}

static void emit_number32(const struct rows *rows, const uint32_t *values, size_t slot,
                          uint64_t max)
{
    if (max <= UINT8_MAX)
        emit_bytes(rows, values, slot);
    else if (max <= UINT16_MAX)
        emit_halves(rows, values, slot);
    else
        emit_words(rows, values, slot);
}

static void emit_rows(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                      const struct rows *rows)
{
    uint32_t c;

    for (c = 0; c < lines->layout->columns; c++) {
        const struct vpcvis_i_line_column *column = &lines->column[c];
        const void *values = vpcvis_i_line_block(lines, c);

        if (!vpcvis_i_line_has(sink->fields, column->field))
            continue;
        switch (column->kind) {
        case VPCVIS_KIND_NUMBER32:
            emit_number32(rows, values, column->slot, column->max);
            break;
        case VPCVIS_KIND_NUMBER64: emit_longs(rows, values, column->slot); break;
        case VPCVIS_KIND_ADDRESS: emit_addresses(rows, values, column->slot); break;
        case VPCVIS_KIND_NAME:
            emit_codes(rows, values, column->slot);
            emit_texts(lines, rows, values, column->field);
            break;
        default: emit_texts(lines, rows, values, column->field); break;
        }
    }
}

static size_t value_bytes(uint32_t kind)
{
    switch (kind) {
    case VPCVIS_KIND_NUMBER32: return sizeof(uint32_t);
    case VPCVIS_KIND_NUMBER64: return sizeof(uint64_t);
    case VPCVIS_KIND_ADDRESS: return sizeof(struct vpcvis_addr);
    default: return sizeof(struct vpcvis_line_text);
    }
}

/* memcpy of a multiple of 4 bytes: compilers that see that it is not many of them make
 * something slow to start of it. The last 32 may overlap those before. */
static void copy_plainly(char *out, const char *values, size_t len)
{
    size_t at;

    for (at = 0; at + 32 < len; at += 32)
        memcpy(out + at, values + at, 32);
    if (len >= 32) {
        memcpy(out + len - 32, values + len - 32, 32);
        return;
    }
    for (; at < len; at += 4)
        memcpy(out + at, values + at, 4);
}

/* Some lanes of a column. */
static void copy_values(const vpcvis_line *lines, char *out, const char *values,
                        size_t len)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX2: vpcvis_i_line_copy_avx2(out, values, len); break;
    case VPCVIS_CPU_AVX512: vpcvis_i_line_copy_avx512(out, values, len); break;
#endif
    default: copy_plainly(out, values, len); break;
    }
}

/* The bits of valid in kept lanes, moved together. */
static uint64_t squeeze(uint64_t valid, uint64_t keep)
{
    struct run run;
    uint64_t out = 0;
    uint32_t n;

    for (n = 0; keep != 0; n += run.count) {
        keep = take_run(keep, &run);
        out |= (valid >> run.lane & lanes_below(run.count)) << n;
    }
    return out;
}

/* Append `count` bits to a bitmap that has `row`; bits past them in the last word are 0. */
static void append_bits(uint64_t *bitmap, size_t row, uint64_t bits, uint32_t count)
{
    const uint32_t shift = row % 64;

    bits &= lanes_below(count);
    if (shift == 0) {
        bitmap[row / 64] = bits;
        return;
    }
    bitmap[row / 64] = (bitmap[row / 64] & lanes_below(shift)) | bits << shift;
    if (shift + count > 64)
        bitmap[row / 64 + 1] = bits >> (64 - shift);
}

static void emit_valid(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                       size_t row, uint64_t keep)
{
    const uint32_t count = vpcvis_i_bytes_count(keep);
    const int whole = (keep & (keep + 1)) == 0;
    uint32_t c;

    for (c = 0; c < lines->layout->columns; c++) {
        const uint32_t field = lines->column[c].field;
        uint64_t *bitmap = sink->columns->valid[field];

        if (bitmap && vpcvis_i_line_has(sink->fields, field))
            append_bits(bitmap, row,
                        whole ? lines->valid[c] : squeeze(lines->valid[c], keep), count);
    }
}

static void emit_places(const vpcvis_line *lines, uint32_t *places, const struct run *run)
{
    uint32_t i;

    for (i = 0; i < run->count; i++)
        places[run->row + i] = lines->lanes.base + lines->start[run->lane + i];
}

static void emit_columns(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                         const struct run *run)
{
    const struct vpcvis_line_columns *columns = sink->columns;
    uint32_t c;

    if (columns->line_at)
        emit_places(lines, columns->line_at, run);
    if (columns->flags)
        copy_values(lines, (char *)(columns->flags + run->row),
                    (const char *)(lines->row_flags + run->lane),
                    run->count * sizeof(lines->row_flags[0]));
    for (c = 0; c < lines->layout->columns; c++) {
        const uint32_t field = lines->column[c].field;
        const size_t bytes = value_bytes(lines->column[c].kind);
        const char *values = vpcvis_i_line_block(lines, c);

        if (columns->values[field] && vpcvis_i_line_has(sink->fields, field))
            copy_values(lines, (char *)columns->values[field] + run->row * bytes,
                        values + run->lane * bytes, run->count * bytes);
    }
}

void vpcvis_i_line_emit(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                        size_t row, uint64_t keep, uint64_t done)
{
    uint64_t left = sink->columns ? keep : keep & ~done;
    struct dashes dashes;
    struct rows rows;
    struct run run;

    if (sink->columns && keep != 0)
        emit_valid(lines, sink, row, keep);
    else if (left != 0)
        find_dashes(lines, sink, &dashes);
    while (left != 0) {
        left = take_run(left, &run);
        run.row = row + vpcvis_i_bytes_count(keep & lanes_below(run.lane));
        if (sink->columns) {
            emit_columns(lines, sink, &run);
            continue;
        }
        rows.at = sink->rows + run.row * sink->stride;
        rows.stride = sink->stride;
        rows.lane = run.lane;
        rows.count = run.count;
        emit_heads(lines, sink, &dashes, &rows);
        emit_rows(lines, sink, &rows);
    }
}

static void patch_text(vpcvis_line *lines, uint32_t c, uint32_t lane, uint16_t code)
{
    struct vpcvis_line_text *values = vpcvis_i_line_block(lines, c);
    const struct vpcvis_text *text = &lines->spare.text[lines->column[c].field];

    values[lane].at = lines->lanes.base + lines->start[lane] + text->at;
    values[lane].len = text->len;
    values[lane].code = code;
}

static void patch_column(vpcvis_line *lines, uint32_t c, uint32_t lane)
{
    const struct vpcvis_i_line_column *column = &lines->column[c];
    const char *slot = (const char *)&lines->spare + column->slot;
    void *values = vpcvis_i_line_block(lines, c);

    switch (column->kind) {
    case VPCVIS_KIND_NUMBER32:
        ((uint32_t *)values)[lane] =
            (uint32_t)vpcvis_i_record_number(&lines->spare, column->field);
        break;
    case VPCVIS_KIND_NUMBER64:
        ((uint64_t *)values)[lane] = vpcvis_i_record_number(&lines->spare, column->field);
        break;
    case VPCVIS_KIND_ADDRESS:
        memcpy((struct vpcvis_addr *)values + lane, slot, sizeof(struct vpcvis_addr));
        break;
    case VPCVIS_KIND_NAME: patch_text(lines, c, lane, *(const uint8_t *)slot); break;
    default: patch_text(lines, c, lane, 0); break;
    }
}

void vpcvis_i_line_patch(vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                         size_t row, uint32_t lane)
{
    const uint64_t bit = (uint64_t)1 << lane;
    uint32_t c;

    if (sink->columns == NULL) {
        memcpy(sink->rows + row * sink->stride, &lines->spare,
               sink->stride < sizeof(lines->spare) ? sink->stride : sizeof(lines->spare));
        return;
    }
    lines->row_flags[lane] = lines->spare.flags;
    for (c = 0; c < lines->layout->columns; c++) {
        lines->valid[c] &= ~bit;
        if (vpcvis_i_line_has(lines->spare.value, lines->column[c].field)) {
            lines->valid[c] |= bit;
            patch_column(lines, c, lane);
        }
    }
}
