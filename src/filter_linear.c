/* SPDX-License-Identifier: MIT */
/*
 * Room filter: every box of a set, from the last to the first, over 16 packets at a time: the
 * last write is that of the first match. A word differs where it has bits that the box's mask
 * keeps and its value lacks; ports lie in a pair of ranges if no subtraction falls below 0.
 */
#include "filter.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#endif

#define LANES 16u

VPCVIS_I_INLINE void linear4(const struct vpcvis_i_filter_set *set,
                             const struct vpcvis_i_filter_keys *keys, uint32_t from,
                             uint32_t *answers)
{
    const uint32_t *src = keys->src[0] + from, *dst = keys->dst[0] + from,
                   *ports = keys->ports + from, *kind = keys->kind + from;
    uint32_t best[LANES] = {0};
    uint32_t i, lane;

    for (i = set->count; i-- > 0;) {
        const struct vpcvis_i_filter_box4 *box = &set->box4[i];
        const uint32_t answer = set->first + i;
        for (lane = 0; lane < LANES; lane++) {
            const uint32_t differ =
                ((src[lane] ^ box->src) & box->src_mask) |
                ((dst[lane] ^ box->dst) & box->dst_mask) |
                ((kind[lane] ^ box->kind) & box->kind_mask) |
                (vpcvis_i_filter_outside(ports[lane], box->low, box->high) >> 31);
            best[lane] = differ == 0 ? answer : best[lane];
        }
    }
    memcpy(answers + from, best, sizeof(best));
}

VPCVIS_I_INLINE void linear6(const struct vpcvis_i_filter_set *set,
                             const struct vpcvis_i_filter_keys *keys, uint32_t from,
                             uint32_t *answers)
{
    const uint32_t *ports = keys->ports + from, *kind = keys->kind + from;
    uint32_t best[LANES] = {0};
    uint32_t i, lane, word;

    for (i = set->count; i-- > 0;) {
        const struct vpcvis_i_filter_box6 *box = &set->box6[i];
        const uint32_t answer = set->first + i;
        for (lane = 0; lane < LANES; lane++) {
            uint32_t differ =
                ((kind[lane] ^ box->kind) & box->kind_mask) |
                (vpcvis_i_filter_outside(ports[lane], box->low, box->high) >> 31);
            for (word = 0; word < 4; word++)
                differ |= ((keys->src[word][from + lane] ^ box->src[word]) &
                           box->src_mask[word]) |
                          ((keys->dst[word][from + lane] ^ box->dst[word]) &
                           box->dst_mask[word]);
            best[lane] = differ == 0 ? answer : best[lane];
        }
    }
    memcpy(answers + from, best, sizeof(best));
}

VPCVIS_I_INLINE void linear(const vpcvis_filter *filter, uint32_t set,
                            const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                            uint32_t *answers)
{
    uint32_t from;

    for (from = 0; from < lanes; from += LANES) {
        if (set % 2 == 0)
            linear4(&filter->set[set], keys, from, answers);
        else
            linear6(&filter->set[set], keys, from, answers);
    }
}

#if defined(VPCVIS_I_X86)
/* The same loops, of which the compiler makes vectors. */
AVX2 static void linear_avx2(const vpcvis_filter *filter, uint32_t set,
                             const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                             uint32_t *answers)
{
    linear(filter, set, keys, lanes, answers);
}

/* (a ^ b) & mask, and a | b | c, as tables of three bits. */
#define DIFFER(a, b, mask) _mm512_ternarylogic_epi32(a, b, mask, 0x28)
#define ANY(a, b, c)       _mm512_ternarylogic_epi32(a, b, c, 0xfe)
#define EACH(word)         _mm512_set1_epi32((int)(word))

AVX512 static inline __attribute__((always_inline)) __m512i outside_avx512(__m512i ports,
                                                                           uint32_t low,
                                                                           uint32_t high)
{
    return _mm512_or_si512(_mm512_subs_epu16(EACH(low), ports),
                           _mm512_subs_epu16(ports, EACH(high)));
}

/* 32 packets: what a box is compared with is loaded once for two vectors of them. */
AVX512 static void linear4_avx512(const struct vpcvis_i_filter_set *set,
                                  const struct vpcvis_i_filter_keys *keys, uint32_t from,
                                  uint32_t *answers)
{
    __m512i src[2], dst[2], ports[2], kind[2], best[2];
    uint32_t i, j;

    for (j = 0; j < 2; j++) {
        src[j] = _mm512_loadu_si512(keys->src[0] + from + 16 * j);
        dst[j] = _mm512_loadu_si512(keys->dst[0] + from + 16 * j);
        ports[j] = _mm512_loadu_si512(keys->ports + from + 16 * j);
        kind[j] = _mm512_loadu_si512(keys->kind + from + 16 * j);
        best[j] = _mm512_setzero_si512();
    }
    for (i = set->count; i-- > 0;) {
        const struct vpcvis_i_filter_box4 *box = &set->box4[i];
        const __m512i answer = EACH(set->first + i);
        for (j = 0; j < 2; j++) {
            const __m512i differ =
                ANY(DIFFER(src[j], EACH(box->src), EACH(box->src_mask)),
                    DIFFER(dst[j], EACH(box->dst), EACH(box->dst_mask)),
                    DIFFER(kind[j], EACH(box->kind), EACH(box->kind_mask)));
            const __m512i all =
                _mm512_or_si512(differ, outside_avx512(ports[j], box->low, box->high));
            best[j] =
                _mm512_mask_mov_epi32(best[j], _mm512_testn_epi32_mask(all, all), answer);
        }
    }
    for (j = 0; j < 2; j++)
        _mm512_storeu_si512(answers + from + 16 * j, best[j]);
}

AVX512 static void linear6_avx512(const struct vpcvis_i_filter_set *set,
                                  const struct vpcvis_i_filter_keys *keys, uint32_t from,
                                  uint32_t *answers)
{
    __m512i src[4], dst[4];
    const __m512i ports = _mm512_loadu_si512(keys->ports + from);
    const __m512i kind = _mm512_loadu_si512(keys->kind + from);
    __m512i best = _mm512_setzero_si512();
    uint32_t i, word;

    for (word = 0; word < 4; word++) {
        src[word] = _mm512_loadu_si512(keys->src[word] + from);
        dst[word] = _mm512_loadu_si512(keys->dst[word] + from);
    }
    for (i = set->count; i-- > 0;) {
        const struct vpcvis_i_filter_box6 *box = &set->box6[i];
        __m512i all = _mm512_or_si512(DIFFER(kind, EACH(box->kind), EACH(box->kind_mask)),
                                      outside_avx512(ports, box->low, box->high));
        for (word = 0; word < 4; word++)
            all = ANY(all,
                      DIFFER(src[word], EACH(box->src[word]), EACH(box->src_mask[word])),
                      DIFFER(dst[word], EACH(box->dst[word]), EACH(box->dst_mask[word])));
        best = _mm512_mask_mov_epi32(best, _mm512_testn_epi32_mask(all, all),
                                     EACH(set->first + i));
    }
    _mm512_storeu_si512(answers + from, best);
}

AVX512 static void linear_avx512(const vpcvis_filter *filter, uint32_t set,
                                 const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                                 uint32_t *answers)
{
    uint32_t from;

    for (from = 0; set % 2 == 0 && from < lanes; from += 32)
        linear4_avx512(&filter->set[set], keys, from, answers);
    for (from = 0; set % 2 != 0 && from < lanes; from += 16)
        linear6_avx512(&filter->set[set], keys, from, answers);
}
#endif

void vpcvis_i_filter_linear(const vpcvis_filter *filter, uint32_t set,
                            const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                            uint32_t *answers)
{
    switch (filter->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX2: linear_avx2(filter, set, keys, lanes, answers); break;
    case VPCVIS_CPU_AVX512: linear_avx512(filter, set, keys, lanes, answers); break;
#endif
    default: linear(filter, set, keys, lanes, answers); break;
    }
}
