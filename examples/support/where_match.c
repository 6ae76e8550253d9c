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

/* Eight bytes, the first one lowest or highest; compilers make one load of them. */
static inline uint64_t load_low(const uint8_t *h)
{
    return (uint64_t)h[0] | (uint64_t)h[1] << 8 | (uint64_t)h[2] << 16 |
           (uint64_t)h[3] << 24 | (uint64_t)h[4] << 32 | (uint64_t)h[5] << 40 |
           (uint64_t)h[6] << 48 | (uint64_t)h[7] << 56;
}

static inline uint64_t load_high(const uint8_t *h)
{
    return (uint64_t)h[0] << 56 | (uint64_t)h[1] << 48 | (uint64_t)h[2] << 40 |
           (uint64_t)h[3] << 32 | (uint64_t)h[4] << 24 | (uint64_t)h[5] << 16 |
           (uint64_t)h[6] << 8 | (uint64_t)h[7];
}

/* 64 bytes that are 0 or 1 to 64 bits, the first byte lowest, by one multiplication for each eight. */
static uint64_t pack(const uint8_t hit[64])
{
    uint64_t bits = 0;
    size_t i;

    for (i = 0; i < 64; i += 8)
        bits |= (load_low(hit + i) * UINT64_C(0x0102040810204080)) >> 56 << i;
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

/* Rows before the value, or after it: by family, then by bytes. */
static inline void find_order(const struct vpcvis_addr *rows, size_t count,
                              const struct where_value *value, int above, uint8_t *hit)
{
    const uint64_t high = load_high(value->addr.bytes);
    const uint64_t low = load_high(value->addr.bytes + 8);
    const uint8_t family = value->addr.family;
    size_t i;

    for (i = 0; i < count; i++) {
        const uint64_t row_high = load_high(rows[i].bytes);
        const uint64_t row_low = load_high(rows[i].bytes + 8);
        const int below = (row_high < high) | ((row_high == high) & (row_low < low));
        const int equal = (row_high == high) & (row_low == low);
        const int ours = rows[i].family == family;
        const int before = (rows[i].family < family) | (ours & below);

        hit[i] |= (uint8_t)(above ? !(before | (ours & equal)) : before);
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

static uint64_t match_order(const struct where *where, const struct where_step *step,
                            const struct vpcvis_addr *rows, size_t count)
{
    const struct where_value *value = where->value + step->first;
    uint8_t hit[64] = {0};

    find_order(rows, count, value, step->what == WHERE_ABOVE, hit);
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

static inline const uint8_t *bytes_of(const char *text)
{
    return (const uint8_t *)text;
}

/* Texts of one length. Most are ids of 8 to 24 bytes: their ends say more than a call. */
static inline int same_text(const char *a, const char *b, size_t len)
{
    if (len < 8)
        return memcmp(a, b, len) == 0;
    return load_low(bytes_of(a)) == load_low(bytes_of(b)) &&
           load_low(bytes_of(a + len - 8)) == load_low(bytes_of(b + len - 8)) &&
           (len <= 16 || memcmp(a, b, len) == 0);
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
                same_text(text + rows[i].at, where->text + value->at, value->len))
                found |= UINT64_C(1) << i;
        }
    }
    return found;
}

/* A text to order others by, and its first eight bytes: most texts are told apart by them. */
struct limit {
    const char *text;
    size_t len;
    uint64_t begins; /* with zeros after a shorter text */
};

static struct limit make_limit(const struct where *where, const struct where_value *value)
{
    struct limit limit;
    uint8_t begins[8] = {0};

    limit.text = where->text + value->at;
    limit.len = value->len;
    memcpy(begins, limit.text, value->len < 8 ? value->len : 8);
    limit.begins = load_high(begins);
    return limit;
}

/* Less than 0, 0 or more: a text against the limit. */
static inline int order_text(const char *text, size_t len, const struct limit *limit)
{
    int order;

    if (len >= 8) {
        const uint64_t begins = load_high(bytes_of(text));

        if (begins != limit->begins)
            return begins < limit->begins ? -1 : 1;
    }
    order = memcmp(text, limit->text, len < limit->len ? len : limit->len);
    return order != 0 ? order : (len > limit->len) - (len < limit->len);
}

static uint64_t match_text_order(const struct where *where, const struct where_step *step,
                                 const struct vpcvis_line_text *rows, const char *text,
                                 uint64_t valid)
{
    const struct limit limit = make_limit(where, where->value + step->first);
    const int above = step->what == WHERE_ABOVE;
    uint64_t found = 0;

    for (; valid != 0; valid &= valid - 1) {
        const unsigned i = lowest(valid);
        const int order = order_text(text + rows[i].at, rows[i].len, &limit);

        found |= (uint64_t)(above ? order > 0 : order < 0) << i;
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

/* Rows that meet a comparison, and any others that have no value. */
static uint64_t find(const struct where *where, const struct where_step *step,
                     const struct batch *batch, const void *column, uint64_t valid)
{
    const size_t base = batch->base, count = batch->count;

    switch (step->kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64: return match_range(where, step, column, base, count);
    case VPCVIS_KIND_ADDRESS:
        return step->what == WHERE_BLOCK
                   ? match_block(where, step, (const struct vpcvis_addr *)column + base,
                                 count)
                   : match_order(where, step, (const struct vpcvis_addr *)column + base,
                                 count);
    default:
        return step->what == WHERE_SAME_TEXT
                   ? match_text(where, step,
                                (const struct vpcvis_line_text *)column + base,
                                batch->text, count, valid)
                   : match_text_order(where, step,
                                      (const struct vpcvis_line_text *)column + base,
                                      batch->text, valid);
    }
}

static struct answer compare(const struct where *where, const struct where_step *step,
                             const struct batch *batch)
{
    const struct vpcvis_line_columns *columns = batch->columns;
    const int has = (batch->has[step->field / 64] >> step->field % 64 & 1) != 0;
    const uint64_t *valid = has ? columns->valid[step->field] : NULL;
    const void *column = has ? columns->values[step->field] : NULL;
    const uint64_t there = valid ? valid[batch->base / 64] & batch->rows : 0;
    struct answer answer = {0, 0};
    uint64_t found;

    if (step->what == WHERE_DASH) {
        answer.yes = batch->rows & (step->turned ? there : ~there);
        answer.no = batch->rows & ~answer.yes;
    } else if (column != NULL && there != 0) {
        found = find(where, step, batch, column, there);
        found = step->turned ? ~found : found;
        answer.yes = there & found;
        answer.no = there & ~found;
    }
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
