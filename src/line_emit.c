/* SPDX-License-Identifier: MIT */
/*
 * Room line: a block on its way out to rows or columns.
 */
#include "line.h"

/* Rows: one pass a column over them, so that each store loop is of one kind. */

/* The kept lanes of a block, in order, and the rows they go to. */
struct rows {
    char *at; /* the first row */
    size_t stride;
    uint32_t count;
    uint8_t lane[VPCVIS_I_LINE_LANES];
    uint8_t row[VPCVIS_I_LINE_LANES];
};

static char *row_at(const struct rows *rows, uint32_t i)
{
    return rows->at + rows->row[i] * rows->stride;
}

static struct vpcvis_record *record_at(const struct rows *rows, uint32_t i)
{
    return (struct vpcvis_record *)(void *)row_at(rows, i);
}

static void emit_heads(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                       const struct rows *rows)
{
    uint32_t i;

    for (i = 0; i < rows->count; i++) {
        struct vpcvis_record *record = record_at(rows, i);
        record->base = lines->lanes.text + lines->lanes.at[rows->lane[i]];
        record->value[0] = sink->fields[0];
        record->value[1] = sink->fields[1];
        record->dash[0] = 0;
        record->dash[1] = 0;
        record->flags = lines->row_flags[rows->lane[i]];
    }
}

static void emit_dashes(const struct rows *rows, uint32_t field, uint64_t valid)
{
    const uint64_t bit = (uint64_t)1 << field % 64;
    uint32_t i;

    for (i = 0; i < rows->count; i++) {
        struct vpcvis_record *record = record_at(rows, i);
        const uint64_t dash = (valid >> rows->lane[i] & 1) ? 0 : bit;
        record->value[field / 64] &= ~dash;
        record->dash[field / 64] |= dash;
    }
}

static void emit_numbers32(const struct rows *rows, const uint32_t *values, size_t slot,
                           uint64_t max)
{
    uint32_t i;

    if (max <= UINT8_MAX) {
        for (i = 0; i < rows->count; i++)
            *(uint8_t *)(row_at(rows, i) + slot) = (uint8_t)values[rows->lane[i]];
    } else if (max <= UINT16_MAX) {
        for (i = 0; i < rows->count; i++) {
            const uint16_t value = (uint16_t)values[rows->lane[i]];
            memcpy(row_at(rows, i) + slot, &value, sizeof(value));
        }
    } else {
        for (i = 0; i < rows->count; i++)
            memcpy(row_at(rows, i) + slot, &values[rows->lane[i]], sizeof(*values));
    }
}

static void emit_numbers64(const struct rows *rows, const uint64_t *values, size_t slot)
{
    uint32_t i;

    for (i = 0; i < rows->count; i++)
        memcpy(row_at(rows, i) + slot, &values[rows->lane[i]], sizeof(*values));
}

static void emit_addresses(const struct rows *rows, const struct vpcvis_addr *values,
                           size_t slot)
{
    uint32_t i;

    for (i = 0; i < rows->count; i++)
        memcpy(row_at(rows, i) + slot, &values[rows->lane[i]], sizeof(*values));
}

static void emit_texts(const vpcvis_line *lines, const struct rows *rows,
                       const struct vpcvis_line_text *values, uint32_t field)
{
    uint32_t i;

    for (i = 0; i < rows->count; i++) {
        const struct vpcvis_line_text *value = &values[rows->lane[i]];
        const uint32_t line = lines->lanes.base + lines->lanes.at[rows->lane[i]];
        struct vpcvis_text *text = &record_at(rows, i)->text[field];
        text->at = (uint16_t)(value->at - line);
        text->len = value->len;
    }
}

static void emit_codes(const struct rows *rows, const struct vpcvis_line_text *values,
                       size_t slot)
{
    uint32_t i;

    for (i = 0; i < rows->count; i++)
        *(uint8_t *)(row_at(rows, i) + slot) = (uint8_t)values[rows->lane[i]].code;
}

static void emit_rows(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                      const struct rows *rows)
{
    const uint64_t all = ~(uint64_t)0 >> (64 - lines->lanes.count);
    uint32_t c;

    emit_heads(lines, sink, rows);
    for (c = 0; c < lines->layout->columns; c++) {
        const struct vpcvis_i_line_column *column = &lines->column[c];
        const void *values = vpcvis_i_line_block(lines, c);

        if (!vpcvis_i_line_has(sink->fields, column->field))
            continue;
        if ((lines->valid[c] & all) != all)
            emit_dashes(rows, column->field, lines->valid[c]);
        switch (column->kind) {
        case VPCVIS_KIND_NUMBER32:
            emit_numbers32(rows, values, column->slot, column->max);
            break;
        case VPCVIS_KIND_NUMBER64: emit_numbers64(rows, values, column->slot); break;
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

/* How many lanes from lane `from` on are all set in keep. */
static uint32_t run_length(uint64_t keep, uint32_t from)
{
    const uint64_t gap = ~(keep >> from);

    return gap == 0 ? 64 - from : vpcvis_i_bytes_lowest(gap);
}

/* Copy the kept lanes of an array of `bytes`-sized values to out. */
static void copy_kept(char *out, const char *values, size_t bytes, uint64_t keep)
{
    uint32_t lane = 0;

    while (lane < 64 && keep >> lane != 0) {
        uint32_t run;

        lane += vpcvis_i_bytes_lowest(keep >> lane);
        run = run_length(keep, lane);
        memcpy(out, values + lane * bytes, run * bytes);
        out += run * bytes;
        lane += run;
    }
}

/* The bits of valid in kept lanes, moved together. */
static uint64_t squeeze(uint64_t valid, uint64_t keep)
{
    uint64_t out = 0;
    uint32_t n = 0;

    while (keep != 0) {
        const uint32_t lane = vpcvis_i_bytes_lowest(keep);
        out |= (valid >> lane & 1) << n++;
        keep &= keep - 1;
    }
    return out;
}

/* Append `count` bits to a bitmap that has `row`; bits past them in the last word are 0. */
static void append_bits(uint64_t *bitmap, size_t row, uint64_t bits, uint32_t count)
{
    const uint32_t shift = row % 64;

    bits &= ~(uint64_t)0 >> (64 - count);
    if (shift == 0) {
        bitmap[row / 64] = bits;
        return;
    }
    bitmap[row / 64] = (bitmap[row / 64] & (((uint64_t)1 << shift) - 1)) | bits << shift;
    if (shift + count > 64)
        bitmap[row / 64 + 1] = bits >> (64 - shift);
}

static void emit_places(const vpcvis_line *lines,
                        const struct vpcvis_line_columns *columns, size_t row,
                        uint64_t keep)
{
    uint32_t lane;

    for (lane = 0; lane < lines->lanes.count; lane++) {
        if ((keep >> lane & 1) == 0)
            continue;
        if (columns->line_at)
            columns->line_at[row] = lines->lanes.base + lines->start[lane];
        if (columns->flags)
            columns->flags[row] = lines->row_flags[lane];
        row++;
    }
}

static void emit_columns(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                         size_t row, uint64_t keep)
{
    const struct vpcvis_line_columns *columns = sink->columns;
    const uint32_t count = vpcvis_i_bytes_count(keep);
    const int whole = (keep & (keep + 1)) == 0;
    uint32_t c;

    if (columns->line_at || columns->flags)
        emit_places(lines, columns, row, keep);
    for (c = 0; c < lines->layout->columns; c++) {
        const uint32_t field = lines->column[c].field;
        const size_t bytes = value_bytes(lines->column[c].kind);

        if (!vpcvis_i_line_has(sink->fields, field))
            continue;
        if (columns->values[field])
            copy_kept((char *)columns->values[field] + row * bytes,
                      vpcvis_i_line_block(lines, c), bytes, keep);
        if (columns->valid[field])
            append_bits(columns->valid[field], row,
                        whole ? lines->valid[c] : squeeze(lines->valid[c], keep), count);
    }
}

void vpcvis_i_line_emit(const vpcvis_line *lines, const struct vpcvis_i_line_sink *sink,
                        size_t row, uint64_t keep, uint64_t done)
{
    struct rows rows;
    uint32_t lane, next = 0;

    if (keep == 0)
        return;
    if (sink->columns) {
        emit_columns(lines, sink, row, keep);
        return;
    }
    rows.at = sink->rows + row * sink->stride;
    rows.stride = sink->stride;
    rows.count = 0;
    for (lane = 0; lane < lines->lanes.count; lane++) {
        rows.lane[rows.count] = (uint8_t)lane;
        rows.row[rows.count] = (uint8_t)next;
        rows.count += (uint32_t)((keep & ~done) >> lane & 1);
        next += (uint32_t)(keep >> lane & 1);
    }
    if (rows.count > 0)
        emit_rows(lines, sink, &rows);
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
