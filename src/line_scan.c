/* SPDX-License-Identifier: MIT */
/*
 * Room line, the scalar reader: one line, left to right, stopping at the first fault.
 */
#include "line.h"

#include "addr.h"
#include "text.h"

/* One line on its way: the token under the reader and where its values go. */
struct scan {
    const char *line;
    size_t len; /* without the line end */
    size_t at;  /* first byte of the token */
    size_t end; /* the byte after its last */
    uint32_t flags;
    struct vpcvis_record *record;
};

static int is_separator(char c)
{
    return c == ' ' || c == '\t';
}

static int is_visible(char c)
{
    return c >= 0x21 && c <= 0x7e;
}

/* Move to the next token; 0 if none is left. end stops at a separator or a bad byte. */
static int next_token(struct scan *scan)
{
    size_t i = scan->end;

    while (i < scan->len && is_separator(scan->line[i]))
        i++;
    scan->at = i;
    while (i < scan->len && is_visible(scan->line[i]))
        i++;
    scan->end = i;
    return scan->at < scan->len;
}

static int has_bad_byte(const struct scan *scan)
{
    return scan->end < scan->len && !is_separator(scan->line[scan->end]);
}

static vpcvis_status read_number(const struct scan *scan, uint64_t max, uint64_t *value,
                                 size_t *bad)
{
    const vpcvis_status status = vpcvis_i_text_read_u64(
        scan->line + scan->at, scan->end - scan->at, max, value, bad);

    if (status == VPCVIS_E_RANGE)
        *bad = 0;
    return status;
}

/* Milliseconds to seconds, where the caller asked for that and the digits say so. */
static void scale_time(const struct scan *scan, uint32_t field, uint64_t *value)
{
    if ((scan->flags & VPCVIS_LINE_MS) == 0 || *value < VPCVIS_I_LINE_MS_FROM)
        return;
    if (field != VPCVIS_FIELD_START && field != VPCVIS_FIELD_END)
        return;
    *value /= 1000;
    scan->record->flags |= VPCVIS_RECORD_MS;
}

static void set_text(const struct scan *scan, uint32_t field)
{
    scan->record->text[field].at = (uint16_t)scan->at;
    scan->record->text[field].len = (uint16_t)(scan->end - scan->at);
}

/* Read the token as a value of the field, storing it if that is wanted. */
static vpcvis_status read_value(const struct scan *scan, uint32_t field, int store,
                                size_t *bad)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(field);
    const char *text = scan->line + scan->at;
    const size_t len = scan->end - scan->at;
    struct vpcvis_addr addr;
    uint64_t number = 0;
    vpcvis_status status = VPCVIS_OK;

    switch (row->kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64: status = read_number(scan, row->max, &number, bad); break;
    case VPCVIS_KIND_ADDRESS: status = vpcvis_i_addr_read(text, len, &addr, bad); break;
    case VPCVIS_KIND_NAME: number = vpcvis_i_record_code(field, text, len); break;
    default: break;
    }
    if (status != VPCVIS_OK || !store)
        return status;
    if (row->kind == VPCVIS_KIND_ADDRESS) {
        memcpy((char *)scan->record + row->slot, &addr, sizeof(addr));
        return VPCVIS_OK;
    }
    if (row->kind == VPCVIS_KIND_NAME && number == 0)
        scan->record->flags |= VPCVIS_RECORD_UNKNOWN;
    if (row->kind >= VPCVIS_KIND_NAME)
        set_text(scan, field);
    if (row->kind != VPCVIS_KIND_TEXT) {
        scale_time(scan, field, &number);
        vpcvis_i_record_put(scan->record, row, number);
    }
    return VPCVIS_OK;
}

static int is_dash(const struct scan *scan)
{
    return scan->end - scan->at == 1 && scan->line[scan->at] == '-';
}

static int has_bit(const uint64_t bits[2], uint32_t field)
{
    return (int)(bits[field / 64] >> field % 64 & 1);
}

/* The token in column `column`: mark what it is and read it. */
static vpcvis_status read_column(const struct scan *scan, uint32_t field, int asked,
                                 size_t *bad)
{
    const uint64_t bit = (uint64_t)1 << field % 64;

    *bad = 0;
    if (has_bad_byte(scan)) {
        *bad = scan->end - scan->at;
        return VPCVIS_E_BYTE;
    }
    if (is_dash(scan)) {
        if (asked)
            scan->record->dash[field / 64] |= bit;
        return VPCVIS_OK;
    }
    if (!asked && (scan->flags & VPCVIS_LINE_SKIP))
        return VPCVIS_OK;
    if (asked)
        scan->record->value[field / 64] |= bit;
    return read_value(scan, field, asked, bad);
}

/* What is left of the line after the layout's last column. */
static vpcvis_status read_surplus(struct scan *scan, size_t *bad)
{
    *bad = 0;
    while (next_token(scan)) {
        if (has_bad_byte(scan)) {
            *bad = scan->end - scan->at;
            return VPCVIS_E_BYTE;
        }
        if ((scan->flags & VPCVIS_LINE_LENIENT) == 0)
            return VPCVIS_E_MANY;
        scan->record->flags |= VPCVIS_RECORD_MANY;
    }
    return VPCVIS_OK;
}

/* The bytes of "0000-00-00T00:00:00" that are not digits. */
static char time_mark(size_t i)
{
    switch (i) {
    case 4:
    case 7: return '-';
    case 10: return 'T';
    case 13:
    case 16: return ':';
    default: return '0';
    }
}

uint32_t vpcvis_i_line_is_time(const char *text, size_t len)
{
    size_t i;

    if (len < 20 || len > 30 || text[len - 1] != 'Z')
        return 0;
    for (i = 0; i < 19; i++) {
        const char mark = time_mark(i);
        if (mark == '0' ? text[i] < '0' || text[i] > '9' : text[i] != mark)
            return 0;
    }
    if (len > 20 && (text[19] != '.' || len == 21))
        return 0;
    for (i = 20; i + 1 < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
    }
    return 1;
}

static uint32_t skip_time(struct scan *scan)
{
    const size_t before = scan->end;

    if ((scan->flags & VPCVIS_LINE_PREFIX) && next_token(scan) && !has_bad_byte(scan) &&
        vpcvis_i_line_is_time(scan->line + scan->at, scan->end - scan->at))
        return 1;
    scan->end = before;
    return 0;
}

static vpcvis_status read_columns(const vpcvis_layout *layout, const uint64_t fields[2],
                                  struct scan *scan, struct vpcvis_error *error)
{
    uint32_t column;
    size_t bad = 0;
    vpcvis_status status = VPCVIS_OK;

    for (column = 0; column < layout->columns && next_token(scan); column++) {
        const uint32_t field = layout->field[column];
        status = read_column(scan, field, has_bit(fields, field), &bad);
        if (status != VPCVIS_OK)
            return vpcvis_i_base_fail(error, status, field, column, scan->at + bad);
    }
    if (column < layout->columns) {
        if (column == 0 || (scan->flags & VPCVIS_LINE_LENIENT) == 0)
            return vpcvis_i_base_fail(error, VPCVIS_E_FEW, layout->field[column], column,
                                      scan->len);
        scan->record->flags |= VPCVIS_RECORD_FEW;
        return VPCVIS_OK;
    }
    status = read_surplus(scan, &bad);
    if (status != VPCVIS_OK)
        return vpcvis_i_base_fail(error, status, VPCVIS_FIELD_NONE, column,
                                  scan->at + bad);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_line_scan(const vpcvis_layout *layout, uint32_t flags,
                                 const uint64_t fields[2], const char *line, size_t len,
                                 struct vpcvis_record *record, uint32_t *prefixed,
                                 struct vpcvis_error *error)
{
    struct scan scan;
    uint32_t timed;

    scan.line = line;
    scan.len = len;
    scan.at = 0;
    scan.end = 0;
    scan.flags = flags;
    scan.record = record;
    if (scan.len > VPCVIS_LINE_MAX)
        return vpcvis_i_base_fail(error, VPCVIS_E_LONG, VPCVIS_FIELD_NONE, 0,
                                  VPCVIS_LINE_MAX);
    record->base = line;
    record->value[0] = record->value[1] = 0;
    record->dash[0] = record->dash[1] = 0;
    record->flags = 0;
    timed = skip_time(&scan);
    if (prefixed)
        *prefixed = timed;
    return read_columns(layout, fields, &scan, error);
}

vpcvis_status vpcvis_line_read(const vpcvis_layout *layout, uint32_t flags,
                               const char *line, size_t line_len,
                               struct vpcvis_record *record, struct vpcvis_error *error)
{
    struct vpcvis_record read;
    vpcvis_status status;

    if (layout == NULL || line == NULL || record == NULL)
        return VPCVIS_E_ARG;
    if ((flags & ~VPCVIS_I_LINE_FLAGS) != 0)
        return VPCVIS_E_CONFIG;
    status = vpcvis_i_line_scan(layout, flags, layout->fields, line,
                                vpcvis_i_layout_trim(line, line_len), &read, NULL, error);
    if (status == VPCVIS_OK)
        *record = read;
    return status;
}

int vpcvis_i_line_is_blank(const char *line, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t')
            return 0;
    }
    return 1;
}
