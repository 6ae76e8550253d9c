/* SPDX-License-Identifier: MIT */
/*
 * Internal: what the files of the AVX-512 path share.
 */
#ifndef VPCVIS_I_LINE_AVX512_H
#define VPCVIS_I_LINE_AVX512_H

#include "line_index.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

/* F, BW, DQ, VL, VBMI, VBMI2, and the bit instructions of the CPUs that have them. */
#define VPCVIS_I_AVX512                                                         \
    __attribute__((                                                             \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi," \
               "bmi2,popcnt,lzcnt")))
#define VPCVIS_I_AVX512_INLINE \
    static inline __attribute__((always_inline)) VPCVIS_I_AVX512

/* Where one token of each lane begins and ends, and its length (255 for longer ones). Lanes from
 * count on repeat lane 0. */
struct vpcvis_i_avx512_spans {
    const char *text;
    const uint16_t *before; /* one less than the token's first byte */
    const uint16_t *end;
    uint32_t count;
    VPCVIS_I_ALIGNED uint8_t len[VPCVIS_I_LINE_LANES];
};

/* Returns the lengths. */
VPCVIS_I_AVX512_INLINE __m512i
vpcvis_i_avx512_load_spans(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                           struct vpcvis_i_avx512_spans *spans)
{
    const uint16_t *before = lanes->ends[token], *end = lanes->ends[token + 1];
    const __m512i one = _mm512_set1_epi16(1);
    const __m512i low =
        _mm512_sub_epi16(_mm512_loadu_si512(end), _mm512_loadu_si512(before));
    const __m512i high =
        _mm512_sub_epi16(_mm512_loadu_si512(end + 32), _mm512_loadu_si512(before + 32));
    const __m512i lens = _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm512_cvtusepi16_epi8(_mm512_sub_epi16(low, one))),
        _mm512_cvtusepi16_epi8(_mm512_sub_epi16(high, one)), 1);

    spans->text = lanes->text;
    spans->before = before;
    spans->end = end;
    spans->count = lanes->count;
    _mm512_storeu_si512(spans->len, lens);
    return lens;
}

VPCVIS_I_AVX512_INLINE uint64_t
vpcvis_i_avx512_longer(const struct vpcvis_i_avx512_spans *spans, uint32_t len)
{
    return _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(spans->len),
                                  _mm512_set1_epi8((char)len));
}

VPCVIS_I_AVX512_INLINE uint64_t vpcvis_i_avx512_lanes_below(uint32_t count)
{
    return _bzhi_u64(~(uint64_t)0, count);
}

/* The 8 bytes before `end`. */
VPCVIS_I_AVX512_INLINE uint64_t vpcvis_i_avx512_word(const char *end)
{
    uint64_t word;

    memcpy(&word, end - 8, 8);
    return word;
}

/* Which of some lanes, of one byte each, are `-`: many at once, or few one at a time. */
VPCVIS_I_AVX512 static inline uint64_t vpcvis_i_avx512_find_dashes(
    const struct vpcvis_i_avx512_spans *spans, uint64_t lanes)
{
    VPCVIS_I_ALIGNED uint8_t last[VPCVIS_I_LINE_LANES];
    uint64_t few = 0;
    uint32_t lane;

    if (_mm_popcnt_u64(lanes) > 16) {
        for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane++)
            last[lane] = (uint8_t)spans->text[spans->end[lane] - 1];
        return _mm512_mask_cmpeq_epi8_mask(lanes, _mm512_loadu_si512(last),
                                           _mm512_set1_epi8('-'));
    }
    for (; lanes != 0; lanes &= lanes - 1) {
        lane = (uint32_t)_tzcnt_u64(lanes);
        few |= (uint64_t)(spans->text[spans->end[lane] - 1] == '-') << lane;
    }
    return few;
}

/* Which of some lanes are `-`. */
VPCVIS_I_AVX512_INLINE uint64_t
vpcvis_i_avx512_dashes(const struct vpcvis_i_avx512_spans *spans, uint64_t lanes)
{
    lanes &= _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(spans->len), _mm512_set1_epi8(1));
    return lanes == 0 ? 0 : vpcvis_i_avx512_find_dashes(spans, lanes);
}
#endif

#endif
