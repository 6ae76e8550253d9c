/* SPDX-License-Identifier: MIT */
/*
 * Room filter, matching by tables with AVX-512: roots and words of packets are held in registers
 * and picked from by index, the boxes of 16 lists are turned so that a register has one word
 * of all:
 *
 *     low high kind answer  of list 0         low    of lists 0, 1, 2 ... 15
 *     low high kind answer  of list 1   ->    high   of lists 0, 1, 2 ... 15
 *     ...                                     ...
 */
#include "filter_find.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#define AVX512_INLINE static inline __attribute__((always_inline)) AVX512

AVX512_INLINE uint32_t line_avx512(const int32_t *line, int32_t x)
{
    const __mmask16 below =
        _mm512_cmplt_epi32_mask(_mm512_load_si512(line), _mm512_set1_epi32(x));

    return (uint32_t)_mm_popcnt_u32(below);
}

/* Of 64 numbers those that 16 indexes name. */
AVX512_INLINE __m512i pick(const void *numbers, __m512i index)
{
    const __m512i *at = (const __m512i *)numbers;
    const __m512i low = _mm512_permutex2var_epi32(_mm512_loadu_si512(at), index,
                                                  _mm512_loadu_si512(at + 1));
    const __m512i high = _mm512_permutex2var_epi32(_mm512_loadu_si512(at + 2), index,
                                                   _mm512_loadu_si512(at + 3));

    return _mm512_mask_mov_epi32(
        low, _mm512_test_epi32_mask(index, _mm512_set1_epi32(32)), high);
}

/* Halving for 16 addresses at a time, with the keys in registers. */
AVX512_INLINE void root_avx512(const struct vpcvis_i_filter_tree *tree,
                               const uint32_t *addr, uint32_t lanes, uint32_t *below)
{
    uint32_t from, step;

    for (from = 0; from < lanes; from += 16) {
        const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(addr + from),
                                           _mm512_set1_epi32(INT32_MIN));
        __m512i at = _mm512_setzero_si512();
        for (step = tree->root / 2; step > 0; step /= 2) {
            const __m512i last = _mm512_add_epi32(at, _mm512_set1_epi32((int)step - 1));
            at = _mm512_mask_add_epi32(
                at, _mm512_cmplt_epi32_mask(pick(tree->keys[0], last), x), at,
                _mm512_set1_epi32((int)step));
        }
        _mm512_storeu_si512(below + from, at);
    }
}

/* Words of 16 entries: word w of all of them in words[w]. */
AVX512_INLINE void load_entries(const struct vpcvis_i_filter_entry *entries,
                                const uint32_t *at, __m512i *words)
{
    __m512i rows[4], pairs[4];
    uint32_t i;

    /* Entries i, 4 + i, 8 + i and 12 + i. */
    for (i = 0; i < 4; i++) {
        const __m512i a =
            _mm512_castsi128_si512(_mm_load_si128((const __m128i *)(entries + at[i])));
        const __m512i b = _mm512_inserti32x4(
            a, _mm_load_si128((const __m128i *)(entries + at[4 + i])), 1);
        const __m512i c = _mm512_inserti32x4(
            b, _mm_load_si128((const __m128i *)(entries + at[8 + i])), 2);
        rows[i] = _mm512_inserti32x4(
            c, _mm_load_si128((const __m128i *)(entries + at[12 + i])), 3);
    }
    for (i = 0; i < 4; i += 2) {
        pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    words[0] = _mm512_unpacklo_epi64(pairs[0], pairs[2]);
    words[1] = _mm512_unpackhi_epi64(pairs[0], pairs[2]);
    words[2] = _mm512_unpacklo_epi64(pairs[1], pairs[3]);
    words[3] = _mm512_unpackhi_epi64(pairs[1], pairs[3]);
}

/* Which of 16 boxes hold their packets. */
AVX512_INLINE __mmask16 holds(const __m512i *words, __m512i ports, __m512i kind)
{
    const __m512i mask =
        _mm512_and_si512(_mm512_srli_epi32(words[2], 16), _mm512_set1_epi32(0x3ff));
    const __m512i outside = _mm512_or_si512(_mm512_subs_epu16(words[0], ports),
                                            _mm512_subs_epu16(ports, words[1]));
    /* (a ^ b) & mask, as a table of three bits */
    const __m512i differ = _mm512_ternarylogic_epi32(words[2], kind, mask, 0x28);
    const __m512i all = _mm512_or_si512(differ, outside);

    return _mm512_testn_epi32_mask(all, all);
}

/* Lists with a further box, which may have a lower answer than the one so far. */
AVX512_INLINE __mmask16 may_go_on(const __m512i *words, __mmask16 hits, __m512i best)
{
    return (__mmask16)(~(hits | _mm512_movepi32_mask(words[2])) &
                       _mm512_cmplt_epu32_mask(words[3], best));
}

/* What is left of 16 lists, behind those before. */
AVX512_INLINE void keep_rest(struct vpcvis_i_filter_lists *lists, __mmask16 more,
                             __m512i at, __m512i lane)
{
    const __m512i next = _mm512_add_epi32(at, _mm512_set1_epi32(1));

    _mm512_storeu_si512(lists->at + lists->count,
                        _mm512_maskz_compress_epi32(more, next));
    _mm512_storeu_si512(lists->lane + lists->count,
                        _mm512_maskz_compress_epi32(more, lane));
    lists->count += (uint32_t)_mm_popcnt_u32(more);
}

AVX512_INLINE void look_first(const struct vpcvis_i_filter_entry *entries,
                              const struct vpcvis_i_filter_lanes *lanes,
                              const uint32_t *at, struct vpcvis_i_filter_lists *lists)
{
    const __m512i ascending =
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    uint32_t i;

    for (i = 0; i < lanes->count; i += 16) {
        const __m512i best = _mm512_loadu_si512(lanes->best + i);
        __m512i words[4];
        __mmask16 hits, more;
        load_entries(entries, at + i, words);
        hits = holds(words, _mm512_loadu_si512(lanes->ports + i),
                     _mm512_loadu_si512(lanes->kind + i));
        more = may_go_on(words, hits, best);
        _mm512_storeu_si512(lanes->best + i,
                            _mm512_mask_min_epu32(best, hits, best, words[3]));
        keep_rest(lists, more, _mm512_loadu_si512(at + i),
                  _mm512_add_epi32(ascending, _mm512_set1_epi32((int)i)));
    }
}

/* 16 lists at a time; lists that are missing in the last 16 are as that of no box. */
AVX512_INLINE void look_next(const struct vpcvis_i_filter_entry *entries,
                             const struct vpcvis_i_filter_lanes *lanes,
                             struct vpcvis_i_filter_lists *lists)
{
    const uint32_t count = lists->count;
    uint32_t answers[(VPCVIS_I_FILTER_PARTS + 1) * VPCVIS_I_FILTER_LOOK];
    uint32_t found_lanes[(VPCVIS_I_FILTER_PARTS + 1) * VPCVIS_I_FILTER_LOOK];
    uint32_t found = 0, i;

    for (i = count; i % 16 != 0; i++)
        lists->at[i] = lists->lane[i] = 0;
    lists->count = 0;
    for (i = 0; i < count; i += 16) {
        const __m512i at = _mm512_loadu_si512(lists->at + i);
        const __m512i lane = _mm512_loadu_si512(lists->lane + i);
        const __m512i best = pick(lanes->best, lane);
        __m512i words[4];
        __mmask16 hits;
        load_entries(entries, lists->at + i, words);
        hits = holds(words, pick(lanes->ports, lane), pick(lanes->kind, lane));
        keep_rest(lists, may_go_on(words, hits, best), at, lane);
        hits &= _mm512_cmplt_epu32_mask(words[3], best);
        _mm512_storeu_si512(answers + found, _mm512_maskz_compress_epi32(hits, words[3]));
        _mm512_storeu_si512(found_lanes + found, _mm512_maskz_compress_epi32(hits, lane));
        found += (uint32_t)_mm_popcnt_u32(hits);
    }
    for (i = 0; i < found; i++)
        if (answers[i] < lanes->best[found_lanes[i]])
            lanes->best[found_lanes[i]] = answers[i];
}

AVX512 void vpcvis_i_filter_runs_avx512(const struct vpcvis_i_filter_tree *tree,
                                        const uint32_t *addr, uint32_t lanes,
                                        uint32_t *runs)
{
    vpcvis_i_filter_runs(tree, addr, lanes, runs, root_avx512, line_avx512);
}

AVX512 void vpcvis_i_filter_look_avx512(const struct vpcvis_i_filter_entry *entries,
                                        const struct vpcvis_i_filter_lanes *lanes)
{
    struct vpcvis_i_filter_lists lists;
    uint32_t part;

    lists.count = 0;
    for (part = 0; part < lanes->parts; part++)
        look_first(entries, lanes, lanes->at + (size_t)part * VPCVIS_I_FILTER_GROUP,
                   &lists);
    while (lists.count > 0)
        look_next(entries, lanes, &lists);
}
#endif
