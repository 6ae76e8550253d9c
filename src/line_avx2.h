/* SPDX-License-Identifier: MIT */
/*
 * Internal: what the two files of the AVX2 path share.
 */
#ifndef VPCVIS_I_LINE_AVX2_H
#define VPCVIS_I_LINE_AVX2_H

#include "line_spans.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

/* AVX2, and the bit instructions of the CPUs that have it. */
#define VPCVIS_I_AVX2        __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define VPCVIS_I_AVX2_INLINE static inline __attribute__((always_inline)) VPCVIS_I_AVX2

VPCVIS_I_AVX2_INLINE __m256i vpcvis_i_avx2_load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

VPCVIS_I_AVX2_INLINE void vpcvis_i_avx2_store(void *at, __m256i v)
{
    _mm256_storeu_si256((__m256i *)at, v);
}

VPCVIS_I_AVX2_INLINE __m128i vpcvis_i_avx2_load_half(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

VPCVIS_I_AVX2_INLINE __m256i vpcvis_i_avx2_find(__m256i text, char byte)
{
    return _mm256_cmpeq_epi8(text, _mm256_set1_epi8(byte));
}

/* A mask of 64 bytes from the top bits of two vectors of 32. */
VPCVIS_I_AVX2_INLINE uint64_t vpcvis_i_avx2_join(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}
#endif

#endif
