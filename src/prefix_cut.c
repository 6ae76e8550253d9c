/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: blocks in order, and cut into segments. Blocks nest or are apart, so a stack
 * of those that are open, at most one a length, tells the longest at every address.
 */
#include "prefix.h"

#define OPEN_MAX 130

static int before(const struct vpcvis_i_prefix_key *a,
                  const struct vpcvis_i_prefix_key *b)
{
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

static int same(const struct vpcvis_i_prefix_key *a, const struct vpcvis_i_prefix_key *b)
{
    return a->high == b->high && a->low == b->low;
}

static int comes_first(const struct vpcvis_i_prefix_item *a,
                       const struct vpcvis_i_prefix_item *b)
{
    if (!same(&a->start, &b->start))
        return before(&a->start, &b->start);
    return a->len != b->len ? a->len < b->len : a->place < b->place;
}

/* Merge the sorted runs [from, middle) and [middle, to). */
static void merge(const struct vpcvis_i_prefix_item *in, size_t from, size_t middle,
                  size_t to, struct vpcvis_i_prefix_item *out)
{
    size_t a = from, b = middle, i;

    for (i = from; i < to; i++) {
        if (b == to || (a < middle && comes_first(&in[a], &in[b])))
            out[i] = in[a++];
        else
            out[i] = in[b++];
    }
}

struct vpcvis_i_prefix_item *vpcvis_i_prefix_sort(struct vpcvis_i_prefix_item *items,
                                                  size_t count,
                                                  struct vpcvis_i_prefix_item *spare)
{
    size_t run, at;

    for (run = 1; run < count; run *= 2) {
        struct vpcvis_i_prefix_item *sorted = spare;
        for (at = 0; at < count; at += 2 * run) {
            const size_t middle = count - at < run ? count : at + run;
            const size_t to = count - at < 2 * run ? count : at + 2 * run;
            merge(items, at, middle, to, sorted);
        }
        spare = items;
        items = sorted;
    }
    return items;
}

struct cut {
    struct vpcvis_i_prefix_key *starts;
    struct vpcvis_i_prefix_segments *segments;
    struct {
        struct vpcvis_i_prefix_key end;
        uint32_t value;
        uint32_t len;
    } open[OPEN_MAX];
    uint32_t depth;
};

/* From `start` on the innermost open block holds. */
static void begin_segment(struct cut *cut, struct vpcvis_i_prefix_key start)
{
    struct vpcvis_i_prefix_segments *segments = cut->segments;
    const uint32_t value = cut->open[cut->depth - 1].value;
    const uint8_t len = (uint8_t)cut->open[cut->depth - 1].len;
    uint32_t n = segments->count;

    if (n > 0 && same(&cut->starts[n - 1], &start))
        n--;
    cut->starts[n] = start;
    segments->value[n] = value;
    segments->len[n] = len;
    segments->count = n + 1;
}

/* Close the blocks that end before `next`. */
static void close_blocks(struct cut *cut, const struct vpcvis_i_prefix_key *next)
{
    while (cut->depth > 1 && before(&cut->open[cut->depth - 1].end, next)) {
        struct vpcvis_i_prefix_key after = cut->open[--cut->depth].end;
        after.low++;
        after.high += after.low == 0;
        begin_segment(cut, after);
    }
}

static void open_block(struct cut *cut, const struct vpcvis_i_prefix_item *item)
{
    const uint32_t host = 128 - item->len;
    struct vpcvis_i_prefix_key end = item->start;

    if (host >= 64)
        end.high |= host == 128 ? UINT64_MAX : ((uint64_t)1 << (host - 64)) - 1;
    end.low |= host >= 64 ? UINT64_MAX : ((uint64_t)1 << host) - 1;
    cut->open[cut->depth].end = end;
    cut->open[cut->depth].value = item->value;
    cut->open[cut->depth].len = item->len;
    cut->depth++;
    begin_segment(cut, item->start);
}

vpcvis_status vpcvis_i_prefix_cut(const struct vpcvis_i_prefix_item *items, size_t count,
                                  uint32_t flags, struct vpcvis_i_prefix_key last,
                                  struct vpcvis_i_prefix_key *starts,
                                  struct vpcvis_i_prefix_segments *segments,
                                  uint32_t *place)
{
    const struct vpcvis_i_prefix_key zero = {0, 0};
    struct cut cut;
    size_t i;

    cut.starts = starts;
    cut.segments = segments;
    cut.open[0].end = last;
    cut.open[0].value = VPCVIS_PREFIX_NONE;
    cut.open[0].len = 0;
    cut.depth = 1;
    segments->count = 0;
    begin_segment(&cut, zero);
    for (i = 0; i < count; i++) {
        const struct vpcvis_i_prefix_item *item = &items[i];
        const int again = i + 1 < count && same(&item->start, &items[i + 1].start) &&
                          item->len == items[i + 1].len;
        if (again && item->value != items[i + 1].value &&
            (flags & VPCVIS_PREFIX_LAST) == 0) {
            *place = items[i + 1].place;
            return VPCVIS_E_DUPLICATE;
        }
        if (again)
            continue; /* the last of them counts */
        close_blocks(&cut, &item->start);
        open_block(&cut, item);
    }
    while (cut.depth > 1) {
        if (same(&cut.open[cut.depth - 1].end, &last))
            cut.depth--;
        else
            close_blocks(&cut, &last);
    }
    return VPCVIS_OK;
}
