/* SPDX-License-Identifier: MIT */
/*
 * Internal: how records and columns become text.
 *
 * A call plans its columns once: where values are and how each is written. A line is then one
 * step a column:
 *
 *     step     BYTE   ADDRESS      NAME         TEXT      END
 *     text     17 _   10.0.0.1 _   ACCEPT _     eni-1 _   the last space becomes LF
 *
 * Records are written line by line (line_write.c), columns many lines at once as long as that
 * can be done (line_write_block.c), else line by line too.
 */
#ifndef VPCVIS_I_LINE_WRITE_H
#define VPCVIS_I_LINE_WRITE_H

#include "addr.h"
#include "line.h"
#include "text.h"

/* How a token is written; numbers differ in their bytes. */
#define VPCVIS_I_LINE_PUT_BYTE    0
#define VPCVIS_I_LINE_PUT_HALF    1
#define VPCVIS_I_LINE_PUT_WORD    2
#define VPCVIS_I_LINE_PUT_LONG    3
#define VPCVIS_I_LINE_PUT_ADDRESS 4
#define VPCVIS_I_LINE_PUT_NAME    5
#define VPCVIS_I_LINE_PUT_TEXT    6
#define VPCVIS_I_LINE_PUT_DASH    7 /* a column that is not there */
#define VPCVIS_I_LINE_PUT_END     8

/* No token but a text is longer with what follows, and writing one touches no more bytes. */
#define VPCVIS_I_LINE_TOKEN_ROOM 64

/* The words of a NAME that fit eight bytes, by code. */
#define VPCVIS_I_LINE_CODES 4

struct vpcvis_i_line_step {
    const char *values;    /* columns: the elements */
    const uint64_t *valid; /* columns: their bitmap; NULL: all have values */
    uint32_t at;           /* rows: where the value is; columns: bytes of an element */
    uint8_t put;
    uint8_t field;
    uint8_t len[VPCVIS_I_LINE_CODES];
    char word[VPCVIS_I_LINE_CODES][8];
};

struct vpcvis_i_line_plan {
    const char *records; /* NULL: columns */
    size_t stride;
    const char *text;  /* what texts of columns count from */
    uint64_t asked[2]; /* bit f: the layout has field f */
    uint32_t steps;    /* without END */
    uint32_t width;    /* of a line without its texts, at most, and surplus bytes */
    size_t most;       /* room for a line without its texts, when it is written alone */
    struct vpcvis_i_line_step step[VPCVIS_FIELD_MAX + 1];
};

/* A text, NULL if there is nothing that it could be in. */
struct vpcvis_i_line_span {
    const char *text;
    size_t len;
};

/* Of a column. */
VPCVIS_I_INLINE struct vpcvis_i_line_span vpcvis_i_line_span_at(const char *text,
                                                                const char *value)
{
    const struct vpcvis_line_text *place = (const void *)value;
    struct vpcvis_i_line_span span;

    span.text = text ? text + place->at : NULL;
    span.len = place->len;
    return span;
}

VPCVIS_I_INLINE uint64_t vpcvis_i_line_number(uint32_t put, const char *value)
{
    uint16_t half;
    uint32_t word;
    uint64_t number;

    switch (put) {
    case VPCVIS_I_LINE_PUT_BYTE: return *(const uint8_t *)value;
    case VPCVIS_I_LINE_PUT_HALF: memcpy(&half, value, sizeof(half)); return half;
    case VPCVIS_I_LINE_PUT_WORD: memcpy(&word, value, sizeof(word)); return word;
    default: memcpy(&number, value, sizeof(number)); return number;
    }
}

/* Not 0 in a high bit if one of eight bytes is not in 0x21..0x7e. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint64_t vpcvis_i_line_odd_bytes(uint64_t v)
{
    return (v - 0x2121212121212121u) | (v + 0x0101010101010101u) | v;
}

VPCVIS_I_INLINE int vpcvis_i_line_is_odd(char c)
{
    return c < 0x21 || c > 0x7e;
}

/* Copy a text, which has room; NULL if it is empty, or a byte may not be in a line. */
VPCVIS_I_INLINE char *vpcvis_i_line_copy_text(char *out, struct vpcvis_i_line_span span)
{
    const size_t len = span.len;
    uint64_t last, odd = 0;
    size_t i;

    if (len < 8) {
        for (i = 0; i < len; i++) {
            odd |= (uint64_t)vpcvis_i_line_is_odd(span.text[i]);
            out[i] = span.text[i];
        }
        return len > 0 && odd == 0 ? out + len : NULL;
    }
    for (i = 0; i + 8 < len; i += 8) {
        const uint64_t v = vpcvis_i_bytes_le64(span.text + i);
        odd |= vpcvis_i_line_odd_bytes(v);
        vpcvis_i_bytes_put_le64(out + i, v);
    }
    last = vpcvis_i_bytes_le64(span.text + len - 8);
    vpcvis_i_bytes_put_le64(out + len - 8, last);
    odd |= vpcvis_i_line_odd_bytes(last);
    return (odd & 0x8080808080808080u) == 0 ? out + len : NULL;
}

/* Lines of rows first..first+count-1 of columns, on from *out, which moves, as long as they
 * surely fit and are in order; returns how many. */
VPCVIS_I size_t vpcvis_i_line_write_blocks(const struct vpcvis_i_line_plan *plan,
                                           size_t first, size_t count, char **out,
                                           const char *end);

#endif
