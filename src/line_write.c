/* SPDX-License-Identifier: MIT */
/*
 * Room line: records and columns to text: the plan, lines one by one, the doors.
 *
 * write_... is for a line that surely has room and all of which may be written: it asks once,
 * and gives up if that is not so. put_... then does the line with care, counting the bytes that
 * it needs, and finds what is wrong.
 */
#include "line_write.h"

#define AHEAD        6   /* records that are asked for before their turn */
#define RECORD_FRONT 192 /* bytes of a record that version 2 needs */

static void plan_words(struct vpcvis_i_line_step *step)
{
    uint32_t code;

    memset(step->len, 0, sizeof(step->len));
    memset(step->word, 0, sizeof(step->word));
    for (code = 1; code < VPCVIS_I_LINE_CODES; code++) {
        const size_t len = vpcvis_i_record_word_len(step->field, code);
        if (len == 0 || len > sizeof(step->word[code]))
            continue;
        memcpy(step->word[code], vpcvis_i_record_word(step->field, code), len);
        step->len[code] = (uint8_t)len;
    }
}

static uint8_t plan_number(uint32_t size)
{
    switch (size) {
    case 1: return VPCVIS_I_LINE_PUT_BYTE;
    case 2: return VPCVIS_I_LINE_PUT_HALF;
    case 4: return VPCVIS_I_LINE_PUT_WORD;
    default: return VPCVIS_I_LINE_PUT_LONG;
    }
}

static uint32_t element_size(uint32_t kind)
{
    switch (kind) {
    case VPCVIS_KIND_NUMBER32: return sizeof(uint32_t);
    case VPCVIS_KIND_NUMBER64: return sizeof(uint64_t);
    case VPCVIS_KIND_ADDRESS: return sizeof(struct vpcvis_addr);
    default: return sizeof(struct vpcvis_line_text);
    }
}

/* Writing a number may touch so many bytes past its token_width: eight are written at once. */
#define SURPLUS 4u

/* Bytes of a token with what follows, at most; of a TEXT only the latter. */
static uint32_t token_width(uint32_t put)
{
    switch (put) {
    case VPCVIS_I_LINE_PUT_BYTE: return 4;
    case VPCVIS_I_LINE_PUT_HALF: return 6;
    case VPCVIS_I_LINE_PUT_WORD: return 11;
    case VPCVIS_I_LINE_PUT_LONG: return 21;
    case VPCVIS_I_LINE_PUT_ADDRESS: return VPCVIS_ADDR_TEXT_MAX + 1;
    case VPCVIS_I_LINE_PUT_NAME: return VPCVIS_I_LINE_TOKEN_ROOM;
    default: return 2;
    }
}

/* One step of rows, or of columns if that is not NULL. */
static void plan_step(struct vpcvis_i_line_step *step, uint32_t field,
                      const struct vpcvis_line_columns *columns)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(field);
    const uint32_t size = element_size(row->kind);

    step->field = (uint8_t)field;
    step->values = columns ? columns->values[field] : NULL;
    step->valid = columns ? columns->valid[field] : NULL;
    step->at = columns ? size : row->slot;
    switch (row->kind) {
    case VPCVIS_KIND_ADDRESS: step->put = VPCVIS_I_LINE_PUT_ADDRESS; break;
    case VPCVIS_KIND_NAME: step->put = VPCVIS_I_LINE_PUT_NAME; break;
    case VPCVIS_KIND_TEXT: step->put = VPCVIS_I_LINE_PUT_TEXT; break;
    default: step->put = plan_number(columns ? size : row->width); break;
    }
    if (columns && step->values == NULL) {
        step->put = VPCVIS_I_LINE_PUT_DASH;
        step->values = "";
        step->at = 0;
    }
    if (step->put == VPCVIS_I_LINE_PUT_NAME)
        plan_words(step);
}

static void plan_steps(struct vpcvis_i_line_plan *plan, const vpcvis_layout *layout,
                       const struct vpcvis_line_columns *columns)
{
    struct vpcvis_i_line_step *step = plan->step;
    uint32_t c;

    plan->asked[0] = layout->fields[0];
    plan->asked[1] = layout->fields[1];
    plan->most = (layout->columns + 1) * VPCVIS_I_LINE_TOKEN_ROOM;
    plan->steps = layout->columns;
    plan->width = SURPLUS;
    for (c = 0; c < layout->columns; c++) {
        plan_step(step, layout->field[c], columns);
        plan->width += token_width(step++->put);
    }
    step->values = "";
    step->at = 0;
    step->put = VPCVIS_I_LINE_PUT_END;
}

/* Where a line comes from: a record if it is of rows, else row i of columns. */
struct source {
    int rows;
    const struct vpcvis_record *record;
    size_t i;
};

/* Whether there is a value for a step that is not VPCVIS_I_LINE_PUT_DASH. */
VPCVIS_I_INLINE int has_value(struct source from, const struct vpcvis_i_line_step *step)
{
    if (from.rows)
        return vpcvis_i_line_has(from.record->value, step->field);
    return step->valid == NULL || (step->valid[from.i / 64] >> from.i % 64 & 1);
}

VPCVIS_I_INLINE const char *value_of(struct source from,
                                     const struct vpcvis_i_line_step *step)
{
    return from.rows ? (const char *)from.record + step->at
                     : step->values + from.i * step->at;
}

VPCVIS_I_INLINE struct vpcvis_i_line_span text_of(const struct vpcvis_i_line_plan *plan,
                                                  struct source from,
                                                  const struct vpcvis_i_line_step *step)
{
    const struct vpcvis_text *text;
    struct vpcvis_i_line_span span;

    if (!from.rows)
        return vpcvis_i_line_span_at(plan->text, value_of(from, step));
    text = &from.record->text[step->field];
    span.text = from.record->base ? from.record->base + text->at : NULL;
    span.len = text->len;
    return span;
}

VPCVIS_I_INLINE uint32_t code_of(struct source from, const char *value)
{
    return from.rows ? *(const uint8_t *)value
                     : ((const struct vpcvis_line_text *)(const void *)value)->code;
}

/* Below 10^6: ports, protocols, flags. */
VPCVIS_I_INLINE char *write_six(char *out, uint64_t number)
{
    return vpcvis_i_text_end_six(out, (uint32_t)number) - 1;
}

/* Below 10^8. */
VPCVIS_I_INLINE char *write_short(char *out, uint64_t number)
{
    if (VPCVIS_I_LIKELY(number < 1000000))
        return write_six(out, number);
    return vpcvis_i_text_write_short(out, (uint32_t)number);
}

/* Ten digits: times. */
VPCVIS_I_INLINE char *write_ten(char *out, uint64_t number)
{
    const uint32_t four = (uint32_t)(number / 1000000);
    const uint32_t one = four / 1000;

    *out = (char)('0' + one);
    vpcvis_i_bytes_put_le64(out + 1, vpcvis_i_text_threes[four - one * 1000] |
                                         VPCVIS_I_TEXT_THREE);
    vpcvis_i_bytes_put_le64(
        out + 4, vpcvis_i_text_six((uint32_t)(number - four * (uint64_t)1000000)) |
                     VPCVIS_I_TEXT_SIX);
    return out + 10;
}

VPCVIS_I_INLINE char *write_long(char *out, uint64_t number)
{
    if (number < 100000000)
        return write_short(out, number);
    if (VPCVIS_I_LIKELY(number >= 1000000000 && number < 10000000000u))
        return write_ten(out, number);
    return vpcvis_i_text_write_u64(out, number);
}

/* Many columns have numbers of one digit alone: versions, paths, states. */
VPCVIS_I_INLINE char *write_word(char *out, uint64_t number)
{
    if (number > 9)
        return write_long(out, number);
    *out = (char)('0' + number);
    return out + 1;
}

VPCVIS_I_INLINE char *write_address(char *out, const struct vpcvis_addr *addr)
{
    if (VPCVIS_I_LIKELY(addr->family == VPCVIS_ADDR_IPV4))
        return vpcvis_i_addr_write_quad(out, addr->bytes);
    return addr->family == VPCVIS_ADDR_IPV6 ? vpcvis_i_addr_write(out, addr) : NULL;
}

/* The word of a code that is not 0. */
static char *write_name(char *out, uint32_t field, uint32_t code)
{
    const char *word = vpcvis_i_record_word(field, code);
    const size_t len = vpcvis_i_record_word_len(field, code);

    if (word == NULL)
        return NULL;
    memcpy(out, word, len);
    return out + len;
}

VPCVIS_I_INLINE char *write_code(char *out, const struct vpcvis_i_line_step *step,
                                 uint32_t code)
{
    if (code >= VPCVIS_I_LINE_CODES || step->len[code] == 0)
        return write_name(out, step->field, code);
    memcpy(out, step->word[code], sizeof(step->word[code]));
    return out + step->len[code];
}

/* A TEXT; NULL if it goes beyond end or may not be written. */
VPCVIS_I_INLINE char *write_span(char *out, const char *end,
                                 struct vpcvis_i_line_span span)
{
    if (span.text == NULL || (ptrdiff_t)span.len > end - out)
        return NULL;
    return vpcvis_i_line_copy_text(out, span);
}

/* A line and its LF. full: all steps have values. */
VPCVIS_I_INLINE char *write_steps(const struct vpcvis_i_line_plan *plan,
                                  struct source from, int full, char *out,
                                  const char *end)
{
    const struct vpcvis_i_line_step *step;

    if ((size_t)(end - out) < plan->most)
        return NULL;
    end -= plan->most;
    for (step = plan->step; out != NULL; step++) {
        const char *value = value_of(from, step);
        uint32_t put = step->put;

        if (VPCVIS_I_UNLIKELY(!full) && put < VPCVIS_I_LINE_PUT_DASH &&
            !has_value(from, step))
            put = VPCVIS_I_LINE_PUT_DASH;
        switch (put) {
        case VPCVIS_I_LINE_PUT_BYTE:
            out = write_six(out, vpcvis_i_line_number(VPCVIS_I_LINE_PUT_BYTE, value));
            break;
        case VPCVIS_I_LINE_PUT_HALF:
            out = write_six(out, vpcvis_i_line_number(VPCVIS_I_LINE_PUT_HALF, value));
            break;
        case VPCVIS_I_LINE_PUT_WORD:
            out = write_word(out, vpcvis_i_line_number(VPCVIS_I_LINE_PUT_WORD, value));
            break;
        case VPCVIS_I_LINE_PUT_LONG:
            out = write_long(out, vpcvis_i_line_number(VPCVIS_I_LINE_PUT_LONG, value));
            break;
        case VPCVIS_I_LINE_PUT_ADDRESS:
            out = write_address(out, (const void *)value);
            break;
        case VPCVIS_I_LINE_PUT_NAME:
            out = code_of(from, value) != 0
                      ? write_code(out, step, code_of(from, value))
                      : write_span(out, end, text_of(plan, from, step));
            break;
        case VPCVIS_I_LINE_PUT_TEXT:
            out = write_span(out, end, text_of(plan, from, step));
            break;
        case VPCVIS_I_LINE_PUT_DASH: *out++ = '-'; break;
        default: out[-1] = '\n'; return out; /* VPCVIS_I_LINE_PUT_END */
        }
        if (out != NULL)
            *out++ = ' ';
    }
    return NULL;
}

/* Where a column is missing is only looked for in lines that lack one: two loops. */
VPCVIS_I_INLINE char *write_line(const struct vpcvis_i_line_plan *plan,
                                 struct source from, int full, char *out, const char *end)
{
    return full ? write_steps(plan, from, 1, out, end)
                : write_steps(plan, from, 0, out, end);
}

static char *write_record(const struct vpcvis_i_line_plan *plan,
                          const struct vpcvis_record *record, char *out, const char *end)
{
    const struct source from = {1, record, 0};
    const uint64_t *value = record->value;
    const uint64_t missing = (plan->asked[0] & ~value[0]) | (plan->asked[1] & ~value[1]);

    return write_line(plan, from, missing == 0, out, end);
}

static const struct vpcvis_record *record_of(const struct vpcvis_i_line_plan *plan,
                                             size_t i)
{
    return (const void *)(plan->records + i * plan->stride);
}

/* Ask for a record's first part, where most fields are. */
VPCVIS_I_INLINE void prefetch_record(const struct vpcvis_record *record)
{
    const char *at = (const char *)record;
    size_t i;

    for (i = 0; i < RECORD_FRONT; i += 64)
        VPCVIS_I_PREFETCH(at + i);
}

/* Write lines on from *out as long as that can be done; returns how many. */
static size_t write_records(const struct vpcvis_i_line_plan *plan, size_t first,
                            size_t count, char **out, const char *end)
{
    size_t i;

    for (i = 0; i < count; i++) {
        char *at;

        if (i + AHEAD < count)
            prefetch_record(record_of(plan, first + i + AHEAD));
        at = write_record(plan, record_of(plan, first + i), *out, end);
        if (at == NULL)
            break;
        *out = at;
    }
    return i;
}

/* The rows of a group of 64 that lack a value. */
static uint64_t find_missing(const struct vpcvis_i_line_plan *plan, size_t group)
{
    const struct vpcvis_i_line_step *step;
    uint64_t missing = 0;

    for (step = plan->step; step->put != VPCVIS_I_LINE_PUT_END; step++) {
        if (step->put != VPCVIS_I_LINE_PUT_DASH && step->valid)
            missing |= ~step->valid[group];
    }
    return missing;
}

static size_t write_rows(const struct vpcvis_i_line_plan *plan, size_t first,
                         size_t count, char **out, const char *end)
{
    size_t i = vpcvis_i_line_write_blocks(plan, first, count, out, end);
    const size_t begin = i;
    uint64_t missing = 0;

    for (; i < count; i++) {
        const struct source from = {0, NULL, first + i};
        char *at;

        if (i == begin || from.i % 64 == 0)
            missing = find_missing(plan, from.i / 64);
        at = write_line(plan, from, (missing >> from.i % 64 & 1) == 0, *out, end);
        if (at == NULL)
            break;
        *out = at;
    }
    return i;
}

/* Where a line with care goes. Once something did not fit, bytes are only counted. */
struct out {
    char *at;
    char *end;
    size_t need;
};

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

static int is_plain(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && !vpcvis_i_line_is_odd(text[i]))
        i++;
    return len > 0 && i == len;
}

static vpcvis_status put_named(struct out *out, const struct vpcvis_i_line_plan *plan,
                               struct source from, const struct vpcvis_i_line_step *step)
{
    const uint32_t code =
        step->put == VPCVIS_I_LINE_PUT_NAME ? code_of(from, value_of(from, step)) : 0;
    struct vpcvis_i_line_span span = text_of(plan, from, step);

    if (code != 0) {
        span.text = vpcvis_i_record_word(step->field, code);
        span.len = vpcvis_i_record_word_len(step->field, code);
    }
    if (span.text == NULL)
        return VPCVIS_E_ARG;
    if (!is_plain(span.text, span.len))
        return VPCVIS_E_BYTE;
    put_text(out, span.text, span.len);
    return VPCVIS_OK;
}

static vpcvis_status put_value(struct out *out, uint32_t put, const char *value)
{
    char copy[VPCVIS_I_LINE_TOKEN_ROOM];
    const char *end =
        put == VPCVIS_I_LINE_PUT_ADDRESS
            ? write_address(copy, (const void *)value)
            : vpcvis_i_text_write_u64(copy, vpcvis_i_line_number(put, value));

    if (end == NULL)
        return VPCVIS_E_ARG;
    put_text(out, copy, (size_t)(end - copy));
    return VPCVIS_OK;
}

/* A line without its end. */
static vpcvis_status put_line(const struct vpcvis_i_line_plan *plan, struct source from,
                              struct out *out)
{
    const struct vpcvis_i_line_step *step;

    for (step = plan->step; step->put != VPCVIS_I_LINE_PUT_END; step++) {
        vpcvis_status status = VPCVIS_OK;

        if (step > plan->step)
            put_text(out, " ", 1);
        if (step->put == VPCVIS_I_LINE_PUT_DASH || !has_value(from, step))
            put_text(out, "-", 1);
        else if (step->put <= VPCVIS_I_LINE_PUT_ADDRESS)
            status = put_value(out, step->put, value_of(from, step));
        else
            status = put_named(out, plan, from, step);
        if (status != VPCVIS_OK)
            return status;
    }
    return VPCVIS_OK;
}

static vpcvis_status put_lines(const struct vpcvis_i_line_plan *plan, size_t first,
                               size_t count, char *text, size_t capacity, size_t *out_len,
                               size_t *written)
{
    struct out out = {text, text + capacity, 0};
    vpcvis_status status;

    for (*written = 0;; ++*written) {
        const size_t next = first + *written, left = count - *written;
        struct source from = {0, NULL, next};

        *written += plan->records
                        ? write_records(plan, next, left, &out.at, text + capacity)
                        : write_rows(plan, next, left, &out.at, text + capacity);
        *out_len = (size_t)(out.at - text);
        if (*written == count)
            return VPCVIS_OK;
        from.i = first + *written;
        from.rows = plan->records != NULL;
        if (from.rows)
            from.record = record_of(plan, from.i);
        out.need = 0;
        status = put_line(plan, from, &out);
        if (status != VPCVIS_OK)
            return status;
        put_text(&out, "\n", 1);
        if (out.need > capacity - *out_len)
            break;
    }
    if (*written > 0)
        return VPCVIS_MORE;
    *out_len = out.need;
    return VPCVIS_E_SPACE;
}

vpcvis_status vpcvis_line_write(const vpcvis_layout *layout,
                                const struct vpcvis_record *record, char *text,
                                size_t capacity, size_t *out_len)
{
    const struct source from = {1, record, 0};
    struct vpcvis_i_line_plan plan;
    struct out out;
    char none;
    char *end;
    vpcvis_status status;

    if (layout == NULL || record == NULL || out_len == NULL ||
        (text == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    plan_steps(&plan, layout, NULL);
    out.at = text ? text : &none;
    out.end = out.at + capacity;
    out.need = 0;
    end = write_record(&plan, record, out.at, out.end);
    if (end != NULL) {
        *out_len = (size_t)(end - 1 - out.at);
        return VPCVIS_OK;
    }
    status = put_line(&plan, from, &out);
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
    struct vpcvis_i_line_plan plan;
    char none;

    if (layout == NULL || out_len == NULL || written == NULL ||
        (records == NULL && count > 0) || (text == NULL && capacity > 0) ||
        stride < VPCVIS_I_LINE_STRIDE_MIN || stride % 8 != 0)
        return VPCVIS_E_ARG;
    plan.records = (const char *)records;
    plan.stride = stride;
    if (count > 0)
        plan_steps(&plan, layout, NULL);
    return put_lines(&plan, 0, count, text ? text : &none, capacity, out_len, written);
}

vpcvis_status vpcvis_line_write_columns(const vpcvis_layout *layout,
                                        const struct vpcvis_line_columns *columns,
                                        const char *text, size_t first, size_t count,
                                        char *out, size_t capacity, size_t *out_len,
                                        size_t *written)
{
    struct vpcvis_i_line_plan plan;
    char none;

    if (layout == NULL || columns == NULL || out_len == NULL || written == NULL ||
        (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    if (columns->size != sizeof(*columns))
        return VPCVIS_E_CONFIG;
    plan.records = NULL;
    plan.text = text;
    plan_steps(&plan, layout, columns);
    return put_lines(&plan, first, count, out ? out : &none, capacity, out_len, written);
}
