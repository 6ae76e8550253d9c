/* SPDX-License-Identifier: MIT */
/*
 * Internal: what the AVX2, SSE2 and NEON paths share: the parts that take one lane at a time.
 */
#ifndef VPCVIS_I_LINE_SPANS_H
#define VPCVIS_I_LINE_SPANS_H

#include "addr.h"
#include "line_index.h"
#include "text.h"

/* Lengths in eight bits: longer tokens are as good as this long, which a signed byte holds. */
#define VPCVIS_I_LINE_LONG 100

/* Text that is wanted soon is asked for this many bytes ahead. */
#define VPCVIS_I_LINE_AHEAD 1024

/* Where one token of each lane begins and ends. Lanes from count on repeat lane 0. */
struct vpcvis_i_line_spans {
    const char *text;
    const uint16_t *end;
    uint16_t start[VPCVIS_I_LINE_LANES];
    uint16_t len[VPCVIS_I_LINE_LANES];
    uint8_t len8[VPCVIS_I_LINE_LANES]; /* at most VPCVIS_I_LINE_LONG */
};

VPCVIS_I_INLINE uint64_t vpcvis_i_line_lanes_below(uint32_t count)
{
    return ~(uint64_t)0 >> (64 - count);
}

/* The line that ends in 64 bytes at `at`, written even if there is none, and any more. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE void vpcvis_i_line_add_end(
    struct vpcvis_i_line_index *index, uint32_t at, uint64_t sep, uint64_t lf)
{
    const uint64_t upto = sep & (lf ^ (lf - 1));
    const uint64_t more = lf & (lf - 1);

    index->end[index->lines] =
        (uint16_t)(at + vpcvis_i_bytes_lowest(lf | (uint64_t)1 << 63));
    index->upto[index->lines] = (uint16_t)(index->seps + vpcvis_i_bytes_count(upto));
    index->lines += lf != 0;
    if (VPCVIS_I_UNLIKELY(more != 0))
        vpcvis_i_line_add_ends(index, at, sep, more);
}

/*
 * Positions of the set bits, twelve at a time: the usual 64 bytes have no more. Each store is of
 * four bytes, the next one overwrites two (these machines put the lowest first): stores apart
 * are collected in vectors by compilers, which is slower.
 */
VPCVIS_I_WRAPS VPCVIS_I_INLINE void vpcvis_i_line_add_places(
    struct vpcvis_i_line_index *index, uint32_t at, uint64_t sep)
{
    uint16_t *out = index->sep + index->seps;
    uint32_t i;

    index->seps += vpcvis_i_bytes_count(sep);
    do {
        for (i = 0; i < 12; i++) {
            const uint32_t place = at + vpcvis_i_bytes_lowest(sep | (uint64_t)1 << 63);
            memcpy(out + i, &place, 4);
            sep &= sep - 1;
        }
        out += 12;
    } while (VPCVIS_I_UNLIKELY(sep != 0));
}

/* What a vector path does before it turns the ends of a block into columns. */
VPCVIS_I_INLINE void vpcvis_i_line_repeat(struct vpcvis_i_line_lanes *lanes)
{
    uint32_t lane;

    for (lane = lanes->count; lane < VPCVIS_I_LINE_LANES; lane++) {
        lanes->first[lane] = lanes->first[0];
        lanes->at[lane] = lanes->at[0];
    }
    for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane++)
        lanes->ends[0][lane] = (uint16_t)(lanes->at[lane] - 1);
}

/* The 8 bytes that end where each lane's token ends, of at least `count` lanes. */
VPCVIS_I_INLINE void vpcvis_i_line_load_words(const struct vpcvis_i_line_spans *spans,
                                              uint32_t count, uint64_t *words)
{
    uint32_t lane, i;

    for (lane = 0; lane < count; lane += 8) {
        for (i = 0; i < 8; i++)
            memcpy(&words[lane + i], spans->text + spans->end[lane + i] - 8, 8);
    }
}

/* Which of some lanes, of one byte each, are `-`. */
VPCVIS_I_INLINE uint64_t vpcvis_i_line_dashes(const struct vpcvis_i_line_spans *spans,
                                              uint64_t ones)
{
    uint64_t dashes = 0;

    for (; ones != 0; ones &= ones - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(ones);
        dashes |= (uint64_t)(spans->text[spans->start[lane]] == '-') << lane;
    }
    return dashes;
}

/* Numbers of some lanes, of any length; returns the lanes that have one. */
static inline uint64_t vpcvis_i_line_read_wide(const struct vpcvis_i_line_spans *spans,
                                               uint64_t which, uint64_t max,
                                               uint64_t *out)
{
    uint64_t found = 0;

    for (; which != 0; which &= which - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(which);
        size_t at;

        if (vpcvis_i_text_read_u64(spans->text + spans->start[lane], spans->len[lane],
                                   max, &out[lane], &at) == VPCVIS_OK)
            found |= (uint64_t)1 << lane;
    }
    return found;
}

/* Addresses of some lanes, of any family; returns the lanes that have none. */
static inline uint64_t vpcvis_i_line_read_others(const struct vpcvis_i_line_spans *spans,
                                                 uint64_t which, struct vpcvis_addr *out)
{
    uint64_t bad = 0;

    for (; which != 0; which &= which - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(which);
        size_t at;

        if (vpcvis_i_addr_read(spans->text + spans->start[lane], spans->len[lane],
                               &out[lane], &at) != VPCVIS_OK)
            bad |= (uint64_t)1 << lane;
    }
    return bad;
}

/* Codes of some lanes whose words do not fit eight bytes. */
static inline void vpcvis_i_line_find_codes(const struct vpcvis_i_line_spans *spans,
                                            uint64_t which, uint32_t field,
                                            struct vpcvis_line_text *out)
{
    for (; which != 0; which &= which - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(which);
        out[lane].code = vpcvis_i_record_code(field, spans->text + spans->start[lane],
                                              spans->len[lane]);
    }
}

#endif
