/* SPDX-License-Identifier: MIT */
/*
 * Expressions over columns, 64 rows at a time: each step makes or takes bitmaps of the rows for
 * which it is true and false; what is neither is unknown. Comparisons look at all 64 rows,
 * whether they have values or not, and are then cut to those that have.
 */
#include "where_program.h"

#include <string.h>

struct answer {
    uint64_t yes, no;
};

/* 64 bytes that are 0 or 1 to 64 bits, the first byte lowest; compilers make one load and one
 * multiplication of each eight. */
static uint64_t pack(const uint8_t hit[64])
{
    uint64_t bits = 0;
    size_t i;

    for (i = 0; i < 64; i += 8) {
        const uint8_t *h = hit + i;
        const uint64_t eight = (uint64_t)h[0] | (uint64_t)h[1] << 8 |
                               (uint64_t)h[2] << 16 | (uint64_t)h[3] << 24 |
                               (uint64_t)h[4] << 32 | (uint64_t)h[5] << 40 |
                               (uint64_t)h[6] << 48 | (uint64_t)h[7] << 56;

        bits |= (eight * UINT64_C(0x0102040810204080)) >> 56 << i;
    }
    return bits;
}

/*
 * The loops over 64 rows. `count` is less in the last block of a batch only: written out for
 * 64, a loop can be vectorised without a remainder.
 */
static inline void find_range32(const uint32_t *rows, size_t count,
                                const struct where_value *value, uint8_t *hit)
{
    const uint32_t from = (uint32_t)value->from, span = (uint32_t)value->span;
    size_t i;

    for (i = 0; i < count; i++)
        hit[i] |= (uint32_t)(rows[i] - from) <= span;
}

static inline void find_range64(const uint64_t *rows, size_t count,
                                const struct where_value *value, uint8_t *hit)
{
    const uint64_t from = value->from, span = value->span;
    size_t i;

    for (i = 0; i < count; i++)
        hit[i] |= rows[i] - from <= span;
}

static inline void find_block(const struct vpcvis_addr *rows, size_t count,
                              const struct where_value *value, uint8_t *hit)
{
    uint64_t want[2], has[2];
    size_t i;

    memcpy(want, value->addr.bytes, sizeof(want));
    for (i = 0; i < count; i++) {
        memcpy(has, rows[i].bytes, sizeof(has));
        hit[i] |= (((has[0] ^ want[0]) & value->mask[0]) |
                   ((has[1] ^ want[1]) & value->mask[1]) |
                   (uint64_t)(rows[i].family ^ value->addr.family)) == 0;
    }
}

static inline void find_code(const struct vpcvis_line_text *rows, size_t count,
                             uint16_t code, uint8_t *hit)
{
    size_t i;

    for (i = 0; i < count; i++)
        hit[i] |= rows[i].code == code;
}

static uint64_t match_range(const struct where *where, const struct where_step *step,
                            const void *column, size_t base, size_t count)
{
    const int wide = step->kind == VPCVIS_KIND_NUMBER64;
    const struct where_value *value = where->value + step->first;
    const struct where_value *end = value + step->count;
    uint8_t hit[64] = {0};

    for (; value < end; value++) {
        if (!wide && count == 64)
            find_range32((const uint32_t *)column + base, 64, value, hit);
        else if (!wide)
            find_range32((const uint32_t *)column + base, count, value, hit);
        else if (count == 64)
            find_range64((const uint64_t *)column + base, 64, value, hit);
        else
            find_range64((const uint64_t *)column + base, count, value, hit);
    }
    return pack(hit);
}

static uint64_t match_block(const struct where *where, const struct where_step *step,
                            const struct vpcvis_addr *rows, size_t count)
{
    const struct where_value *value = where->value + step->first;
    const struct where_value *end = value + step->count;
    uint8_t hit[64] = {0};

    for (; value < end; value++) {
        if (count == 64)
            find_block(rows, 64, value, hit);
        else
            find_block(rows, count, value, hit);
    }
    return pack(hit);
}

static unsigned lowest(uint64_t bits)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(bits);
#else
    unsigned i = 0;

    for (; (bits & 1) == 0; bits >>= 1)
        i++;
    return i;
#endif
}

/* A text is looked at in rows that have one only: elsewhere it may begin anywhere. */
static uint64_t match_text(const struct where *where, const struct where_step *step,
                           const struct vpcvis_line_text *rows, const char *text,
                           size_t count, uint64_t valid)
{
    const struct where_value *value = where->value + step->first;
    const struct where_value *end = value + step->count;
    uint8_t hit[64] = {0};
    uint64_t found, left;

    for (; value < end; value++) {
        if (value->code != 0)
            find_code(rows, count, value->code, hit);
    }
    found = pack(hit);
    for (value = where->value + step->first; value < end; value++) {
        for (left = value->code == 0 ? valid & ~found : 0; left != 0; left &= left - 1) {
            const unsigned i = lowest(left);

            if (rows[i].len == value->len &&
                memcmp(text + rows[i].at, where->text + value->at, value->len) == 0)
                found |= UINT64_C(1) << i;
        }
    }
    return found;
}

/* Less than 0, 0 or more: a text against a value's. */
static int order_text(const struct where *where, const struct vpcvis_line_text *row,
                      const char *text, const struct where_value *value)
{
    const size_t len = row->len < value->len ? row->len : value->len;
    const int order = memcmp(text + row->at, where->text + value->at, len);

    return order != 0 ? order : (row->len > value->len) - (row->len < value->len);
}

static int order_address(const struct vpcvis_addr *row, const struct where_value *value)
{
    const int families = row->family - value->addr.family;

    return families != 0 ? families : memcmp(row->bytes, value->addr.bytes, 16);
}

static uint64_t match_order(const struct where *where, const struct where_step *step,
                            const void *column, const char *text, size_t base,
                            uint64_t valid)
{
    const struct where_value *value = where->value + step->first;
    uint64_t found = 0;

    for (; valid != 0; valid &= valid - 1) {
        const unsigned i = lowest(valid);
        const int order =
            step->kind == VPCVIS_KIND_ADDRESS
                ? order_address((const struct vpcvis_addr *)column + base + i, value)
                : order_text(where, (const struct vpcvis_line_text *)column + base + i,
                             text, value);

        found |= (uint64_t)(step->what == WHERE_BELOW ? order < 0 : order > 0) << i;
    }
    return found;
}

/* The columns that a batch has filled, and the block of rows that is looked at. */
struct batch {
    const struct vpcvis_line_columns *columns;
    const char *text;
    uint64_t has[2];
    size_t base, count;
    uint64_t rows; /* `count` bits */
};

static struct answer compare(const struct where *where, const struct where_step *step,
                             const struct batch *batch)
{
    const struct vpcvis_line_columns *columns = batch->columns;
    const int has = (batch->has[step->field / 64] >> step->field % 64 & 1) != 0;
    const uint64_t *valid = has ? columns->valid[step->field] : NULL;
    const void *column = has ? columns->values[step->field] : NULL;
    const uint64_t there = valid ? valid[batch->base / 64] & batch->rows : 0;
    struct answer answer = {0, 0};
    uint64_t found = 0;

    if (step->what == WHERE_DASH) {
        answer.yes = batch->rows & (step->turned ? there : ~there);
        answer.no = batch->rows & ~answer.yes;
        return answer;
    }
    if (column == NULL || there == 0)
        return answer;
    switch (step->what) {
    case WHERE_RANGE:
        found = match_range(where, step, column, batch->base, batch->count);
        break;
    case WHERE_BLOCK:
        found = match_block(where, step, (const struct vpcvis_addr *)column + batch->base,
                            batch->count);
        break;
    case WHERE_SAME_TEXT:
        found =
            match_text(where, step, (const struct vpcvis_line_text *)column + batch->base,
                       batch->text, batch->count, there);
        break;
    default:
        found = match_order(where, step, column, batch->text, batch->base, there);
        break;
    }
    if (step->turned)
        found = ~found;
    answer.yes = there & found;
    answer.no = there & ~found;
    return answer;
}

static uint64_t run(const struct where *where, const struct batch *batch)
{
    const struct where_step *step = where->step, *end = step + where->steps;
    struct answer stack[WHERE_STACK_MAX], *free_one = stack, *last;
    uint64_t yes;

    for (; step < end; step++) {
        switch (step->what) {
        case WHERE_AND:
            last = --free_one;
            last[-1].yes &= last->yes;
            last[-1].no |= last->no;
            break;
        case WHERE_OR:
            last = --free_one;
            last[-1].yes |= last->yes;
            last[-1].no &= last->no;
            break;
        case WHERE_NOT:
            last = free_one - 1;
            yes = last->yes;
            last->yes = last->no;
            last->no = yes;
            break;
        default: *free_one++ = compare(where, step, batch); break;
        }
    }
    return stack[0].yes;
}

void where_match(const struct where *where, const vpcvis_layout *layout,
                 const struct vpcvis_line_columns *columns, const char *text, size_t rows,
                 uint64_t *take)
{
    struct batch batch;
    uint32_t field, column;

    memset(&batch, 0, sizeof(batch));
    batch.columns = columns;
    batch.text = text;
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        if ((where->fields[field / 64] >> field % 64 & 1) != 0 &&
            vpcvis_layout_find(layout, field, &column) == VPCVIS_OK)
            batch.has[field / 64] |= UINT64_C(1) << field % 64;
    }
    for (; batch.base < rows; batch.base += 64) {
        batch.count = rows - batch.base < 64 ? rows - batch.base : 64;
        batch.rows = UINT64_MAX >> (64 - batch.count);
        take[batch.base / 64] = run(where, &batch);
    }
}
