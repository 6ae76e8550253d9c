/* SPDX-License-Identifier: MIT */
/*
 * Room line: records and columns to text.
 */
#include "line.h"

#include "addr.h"
#include "text.h"

/* What a column's token is made of, whether it comes from a row or a column. */
struct token {
    const struct vpcvis_i_record_field *row;
    uint32_t field;
    uint32_t code;
    uint64_t number;
    const struct vpcvis_addr *addr;
    const char *text;
    size_t len;
};

/* Where text goes. Once something did not fit, bytes are only counted. */
struct out {
    char *at;
    char *end;
    size_t need;
};

/* No token but a text is longer, and writing one touches no more bytes than this. */
#define TOKEN_ROOM 64

#define HIGHS 0x8080808080808080u

/* Not 0 if one of eight bytes is not in 0x21..0x7e. */
VPCVIS_I_WRAPS static uint64_t odd_bytes(uint64_t v)
{
    const uint64_t low = v & ~HIGHS;

    return (~(low + 0x5f5f5f5f5f5f5f5fu) | (low + 0x0101010101010101u) | v) & HIGHS;
}

static int is_plain(const char *text, size_t len)
{
    size_t i = 0;

    if (len >= 8) {
        uint64_t odd = odd_bytes(vpcvis_i_bytes_le64(text + len - 8));
        for (; i + 8 < len; i += 8)
            odd |= odd_bytes(vpcvis_i_bytes_le64(text + i));
        return odd == 0;
    }
    for (; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return 0;
    }
    return len > 0;
}

static void put_text(struct out *out, const char *text, size_t len)
{
    out->need += len;
    if (len > (size_t)(out->end - out->at)) {
        out->end = out->at;
        return;
    }
    memcpy(out->at, text, len);
    out->at += len;
}

static void put_byte(struct out *out, char c)
{
    out->need++;
    if (out->at == out->end)
        return;
    *out->at++ = c;
}

/* A number or an address: in place where there is room to spare, else by way of a copy. */
static vpcvis_status put_value(struct out *out, const struct token *token)
{
    char copy[TOKEN_ROOM];
    const int spare = out->end - out->at >= TOKEN_ROOM;
    char *begin = spare ? out->at : copy;
    char *end;

    if (token->row->kind == VPCVIS_KIND_ADDRESS) {
        if (token->addr->family != VPCVIS_ADDR_IPV4 &&
            token->addr->family != VPCVIS_ADDR_IPV6)
            return VPCVIS_E_ARG;
        end = vpcvis_i_addr_write(begin, token->addr);
    } else {
        end = vpcvis_i_text_write_u64(begin, token->number);
    }
    if (!spare) {
        put_text(out, copy, (size_t)(end - copy));
        return VPCVIS_OK;
    }
    out->need += (size_t)(end - begin);
    out->at = end;
    return VPCVIS_OK;
}

static vpcvis_status put_token(struct out *out, const struct token *token)
{
    if (token->row->kind < VPCVIS_KIND_NAME)
        return put_value(out, token);
    if (token->row->kind == VPCVIS_KIND_NAME && token->code != 0) {
        const char *word = vpcvis_i_record_word(token->field, token->code);
        if (word == NULL)
            return VPCVIS_E_ARG;
        put_text(out, word, vpcvis_i_record_word_len(token->field, token->code));
        return VPCVIS_OK;
    }
    if (token->text == NULL)
        return VPCVIS_E_ARG;
    if (!is_plain(token->text, token->len))
        return VPCVIS_E_BYTE;
    put_text(out, token->text, token->len);
    return VPCVIS_OK;
}

/* A field of a record; 0 if it has no value. */
static int token_of_row(const struct vpcvis_record *record, struct token *token)
{
    const struct vpcvis_i_record_field *row = token->row;

    if (!vpcvis_i_line_has(record->value, token->field))
        return 0;
    switch (row->kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64:
        token->number = vpcvis_i_record_number(record, token->field);
        break;
    case VPCVIS_KIND_ADDRESS:
        token->addr = (const void *)((const char *)record + row->slot);
        break;
    default:
        token->code =
            row->kind == VPCVIS_KIND_NAME ? *((const uint8_t *)record + row->slot) : 0;
        token->text = record->base ? record->base + record->text[token->field].at : NULL;
        token->len = record->text[token->field].len;
        break;
    }
    return 1;
}

/* A field of row i of columns; 0 if it has no value. */
static int token_of_column(const struct vpcvis_line_columns *columns, const char *text,
                           size_t i, struct token *token)
{
    const void *values = columns->values[token->field];
    const uint64_t *valid = columns->valid[token->field];
    const struct vpcvis_line_text *place;

    if (values == NULL || (valid && (valid[i / 64] >> i % 64 & 1) == 0))
        return 0;
    switch (token->row->kind) {
    case VPCVIS_KIND_NUMBER32: token->number = ((const uint32_t *)values)[i]; break;
    case VPCVIS_KIND_NUMBER64: token->number = ((const uint64_t *)values)[i]; break;
    case VPCVIS_KIND_ADDRESS: token->addr = (const struct vpcvis_addr *)values + i; break;
    default:
        place = (const struct vpcvis_line_text *)values + i;
        token->code = place->code;
        token->text = text ? text + place->at : NULL;
        token->len = place->len;
        break;
    }
    return 1;
}

/* What is written: rows, or columns if `columns` is not NULL. */
struct source {
    const vpcvis_layout *layout;
    const char *records;
    size_t stride;
    const struct vpcvis_line_columns *columns;
    const char *text;
};

static vpcvis_status put_line(const struct source *source, size_t i, struct out *out)
{
    const struct vpcvis_record *record =
        (const void *)(source->records ? source->records + i * source->stride : NULL);
    struct token token = {NULL, 0, 0, 0, NULL, NULL, 0};
    uint32_t c;

    for (c = 0; c < source->layout->columns; c++) {
        vpcvis_status status = VPCVIS_OK;
        int has;

        if (c > 0)
            put_byte(out, ' ');
        token.field = source->layout->field[c];
        token.row = vpcvis_i_record_field(token.field);
        has = source->columns ? token_of_column(source->columns, source->text, i, &token)
                              : token_of_row(record, &token);
        if (has)
            status = put_token(out, &token);
        else
            put_byte(out, '-');
        if (status != VPCVIS_OK)
            return status;
    }
    return VPCVIS_OK;
}

static vpcvis_status put_lines(const struct source *source, size_t first, size_t count,
                               char *text, size_t capacity, size_t *out_len,
                               size_t *written)
{
    struct out out;
    vpcvis_status status = VPCVIS_OK;
    size_t i;

    *written = 0;
    *out_len = 0;
    for (i = 0; i < count; i++) {
        out.at = text + *out_len;
        out.end = text + capacity;
        out.need = 0;
        status = put_line(source, first + i, &out);
        if (status != VPCVIS_OK)
            return status;
        put_byte(&out, '\n');
        if (out.need > capacity - *out_len) {
            if (i > 0)
                return VPCVIS_MORE;
            *out_len = out.need;
            return VPCVIS_E_SPACE;
        }
        *out_len += out.need;
        *written = i + 1;
    }
    return VPCVIS_OK;
}

vpcvis_status vpcvis_line_write(const vpcvis_layout *layout,
                                const struct vpcvis_record *record, char *text,
                                size_t capacity, size_t *out_len)
{
    struct source source = {NULL, NULL, 0, NULL, NULL};
    struct out out;
    char none;
    vpcvis_status status;

    if (layout == NULL || record == NULL || out_len == NULL ||
        (text == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    source.layout = layout;
    source.records = (const char *)record;
    source.stride = sizeof(*record);
    out.at = text ? text : &none;
    out.end = out.at + capacity;
    out.need = 0;
    status = put_line(&source, 0, &out);
    if (status != VPCVIS_OK)
        return status;
    *out_len = out.need;
    return out.need <= capacity ? VPCVIS_OK : VPCVIS_E_SPACE;
}

vpcvis_status vpcvis_line_write_rows(const vpcvis_layout *layout,
                                     const struct vpcvis_record *records, size_t stride,
                                     size_t count, char *text, size_t capacity,
                                     size_t *out_len, size_t *written)
{
    struct source source = {NULL, NULL, 0, NULL, NULL};
    char none;

    if (layout == NULL || out_len == NULL || written == NULL ||
        (records == NULL && count > 0) || (text == NULL && capacity > 0) ||
        stride < VPCVIS_I_LINE_STRIDE_MIN || stride % 8 != 0)
        return VPCVIS_E_ARG;
    source.layout = layout;
    source.records = (const char *)records;
    source.stride = stride;
    return put_lines(&source, 0, count, text ? text : &none, capacity, out_len, written);
}

vpcvis_status vpcvis_line_write_columns(const vpcvis_layout *layout,
                                        const struct vpcvis_line_columns *columns,
                                        const char *text, size_t first, size_t count,
                                        char *out, size_t capacity, size_t *out_len,
                                        size_t *written)
{
    struct source source = {NULL, NULL, 0, NULL, NULL};
    char none;

    if (layout == NULL || columns == NULL || out_len == NULL || written == NULL ||
        (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    if (columns->size != sizeof(*columns))
        return VPCVIS_E_CONFIG;
    source.layout = layout;
    source.columns = columns;
    source.text = text;
    return put_lines(&source, first, count, out ? out : &none, capacity, out_len,
                     written);
}
