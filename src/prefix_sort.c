/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: blocks in any order to runs of addresses that have one answer.
 *
 *     blocks   |-------------- A --------------|
 *                    |--- B ---|      |- C -|
 *     runs     A     B         A      C     A  (none)
 *
 * Blocks either nest or do not touch, so those that are open form a stack.
 */
#include "prefix.h"

#define SHORT_RUN 8 /* items that are sorted by insertion */

VPCVIS_I_INLINE int above(const struct vpcvis_i_prefix_item *a,
                          const struct vpcvis_i_prefix_item *b)
{
    if (a->high != b->high)
        return a->high > b->high;
    if (a->low != b->low)
        return a->low > b->low;
    return a->order > b->order;
}

static void insert_sort(struct vpcvis_i_prefix_item *items, size_t count)
{
    size_t i, at;

    for (i = 1; i < count; i++) {
        const struct vpcvis_i_prefix_item moving = items[i];
        for (at = i; at > 0 && above(&items[at - 1], &moving); at--)
            items[at] = items[at - 1];
        items[at] = moving;
    }
}

/* Two sorted neighbours, from[0..left) and the `right` ones after it, into one. */
static void merge(const struct vpcvis_i_prefix_item *from, size_t left, size_t right,
                  struct vpcvis_i_prefix_item *to)
{
    const struct vpcvis_i_prefix_item *a = from, *b = from + left;
    const struct vpcvis_i_prefix_item *const a_end = b, *const b_end = b + right;

    if (right == 0 || !above(b - 1, b)) {
        memcpy(to, from, (left + right) * sizeof(*to));
        return;
    }
    while (a < a_end && b < b_end) {
        const int second = above(a, b);
        *to++ = second ? *b : *a;
        a += !second;
        b += second;
    }
    memcpy(to, a, (size_t)(a_end - a) * sizeof(*to));
    to += a_end - a;
    memcpy(to, b, (size_t)(b_end - b) * sizeof(*to));
}

VPCVIS_I_INLINE size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static void merge_sort(struct vpcvis_i_prefix_item *items, size_t count,
                       struct vpcvis_i_prefix_item *spare)
{
    struct vpcvis_i_prefix_item *from = items, *to = spare, *swap;
    size_t width, at;

    for (at = 0; at < count; at += SHORT_RUN)
        insert_sort(items + at, at_most(count - at, SHORT_RUN));
    for (width = SHORT_RUN; width < count; width *= 2) {
        for (at = 0; at < count; at += 2 * width) {
            const size_t left = at_most(count - at, width);
            merge(from + at, left, at_most(count - at - left, width), to + at);
        }
        swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof(*items));
}

VPCVIS_I_INLINE int same_block(const struct vpcvis_i_prefix_item *a,
                               const struct vpcvis_i_prefix_item *b)
{
    return a->high == b->high && a->low == b->low &&
           VPCVIS_I_PREFIX_LENGTH(a->order) == VPCVIS_I_PREFIX_LENGTH(b->order);
}

size_t vpcvis_i_prefix_sort(struct vpcvis_i_prefix_item *items, size_t count,
                            struct vpcvis_i_prefix_item *spare, uint32_t last,
                            uint32_t *fault)
{
    size_t i, left = 0;

    merge_sort(items, count, spare);
    for (i = 0; i < count; i++) {
        if (left == 0 || !same_block(&items[left - 1], &items[i])) {
            items[left++] = items[i];
            continue;
        }
        if (last)
            items[left - 1] = items[i];
        else if (items[i].value != items[left - 1].value &&
                 VPCVIS_I_PREFIX_INDEX(items[i].order) < *fault)
            *fault = VPCVIS_I_PREFIX_INDEX(items[i].order);
    }
    return left;
}

/* The last address of a block. */
static void find_last(const struct vpcvis_i_prefix_item *block, uint32_t bits,
                      uint64_t *high, uint64_t *low)
{
    const uint32_t length = VPCVIS_I_PREFIX_LENGTH(block->order);
    const uint64_t ones = bits == 32 ? UINT64_MAX << 32 : UINT64_MAX;

    *high = length < 64 ? block->high | (ones & UINT64_MAX >> length) : block->high;
    *low = 0;
    if (bits == 128)
        *low = length <= 64    ? UINT64_MAX
               : length == 128 ? block->low
                               : block->low | UINT64_MAX >> (length - 64);
}

/* From here on the answer is value; what was said of the same place before no longer holds. */
static size_t add_run(struct vpcvis_i_prefix_item *runs, size_t count,
                      const struct vpcvis_i_prefix_item *run)
{
    if (count > 0 && runs[count - 1].high == run->high && runs[count - 1].low == run->low)
        count--;
    if (count > 0 && runs[count - 1].value == run->value &&
        runs[count - 1].order == run->order)
        return count;
    runs[count] = *run;
    return count + 1;
}

/* The blocks that are open, each with its last address; those below it hold it. */
struct open {
    uint64_t high, low;
    uint32_t value;
    uint32_t order;
};

struct cut {
    struct open open[130];
    uint32_t depth;
    uint32_t bits;
    struct vpcvis_i_prefix_item *runs;
    size_t count;
};

/* The innermost block ends: what is around it goes on after its last address, if any. */
static void close_block(struct cut *cut)
{
    const struct open *ended = &cut->open[--cut->depth];
    struct vpcvis_i_prefix_item run;

    run.high = ended->high;
    run.low = 0;
    if (cut->bits == 32 || ended->low == UINT64_MAX) {
        const uint64_t step = cut->bits == 32 ? (uint64_t)1 << 32 : 1;
        if (ended->high > UINT64_MAX - step)
            return;
        run.high += step;
    } else {
        run.low = ended->low + 1;
    }
    run.value = ended[-1].value;
    run.order = ended[-1].order;
    cut->count = add_run(cut->runs, cut->count, &run);
}

static void open_block(struct cut *cut, const struct vpcvis_i_prefix_item *block)
{
    struct open *open = &cut->open[cut->depth++];
    struct vpcvis_i_prefix_item run = *block;

    run.order = VPCVIS_I_PREFIX_LENGTH(block->order);
    open->value = run.value;
    open->order = run.order;
    find_last(block, cut->bits, &open->high, &open->low);
    cut->count = add_run(cut->runs, cut->count, &run);
}

size_t vpcvis_i_prefix_cut(const struct vpcvis_i_prefix_item *items, size_t count,
                           uint32_t bits, struct vpcvis_i_prefix_item *runs)
{
    struct cut cut;
    size_t i;

    memset(runs, 0, sizeof(*runs));
    runs->value = VPCVIS_PREFIX_NONE;
    cut.open[0].value = VPCVIS_PREFIX_NONE;
    cut.open[0].order = 0;
    cut.depth = 1;
    cut.bits = bits;
    cut.runs = runs;
    cut.count = 1;
    for (i = 0; i < count; i++) {
        const struct open *top = &cut.open[cut.depth - 1];
        while (cut.depth > 1 &&
               (top->high < items[i].high ||
                (top->high == items[i].high && top->low < items[i].low))) {
            close_block(&cut);
            top--;
        }
        open_block(&cut, &items[i]);
    }
    while (cut.depth > 1)
        close_block(&cut);
    return cut.count;
}
