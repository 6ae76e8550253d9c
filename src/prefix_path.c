/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: batches, one loop a path. A group of lookups goes through the structure step by
 * step, each asking for the memory of its next step, so that the waits overlap.
 */
#include "prefix.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#endif

#if defined(__GNUC__)
#define FETCH(at) __builtin_prefetch(at)
#else
#define FETCH(at) ((void)(at))
#endif

#define GROUP 32u

/* How many keys of a line are below x. */
typedef uint32_t count_below(const uint64_t *line, uint64_t x);

VPCVIS_I_INLINE uint32_t count_portable(const uint64_t *line, uint64_t x)
{
    uint32_t below = 0, i;

    for (i = 0; i < VPCVIS_I_PREFIX_KEYS; i++)
        below += line[i] < x;
    return below;
}

VPCVIS_I_INLINE void group4(const vpcvis_prefix *map, const char *bytes, size_t stride,
                            size_t count, uint32_t *values)
{
    uint32_t addr[GROUP], leaf[GROUP];
    size_t i;

    for (i = 0; i < count; i++) {
        addr[i] = vpcvis_i_prefix_be32(bytes + i * stride);
        FETCH(map->root + (addr[i] >> map->shift >> 6));
    }
    for (i = 0; i < count; i++) {
        const uint32_t slot = addr[i] >> map->shift;
        leaf[i] = vpcvis_i_prefix_rank(map->root + (slot >> 6), slot);
        FETCH(map->values4 + leaf[i]);
    }
    for (i = 0; i < count; i++)
        values[i] = map->values4[vpcvis_i_prefix_descend(map, addr[i], leaf[i])];
}

VPCVIS_I_INLINE void batch4(const vpcvis_prefix *map, const char *bytes, size_t stride,
                            size_t count, uint32_t *values)
{
    for (; count >= GROUP; count -= GROUP) {
        group4(map, bytes, stride, GROUP, values);
        bytes += GROUP * stride;
        values += GROUP;
    }
    group4(map, bytes, stride, count, values);
}

/* The leaf of an address from its place in the tree of high halves on. */
VPCVIS_I_INLINE uint32_t finish6(const vpcvis_prefix *map, const char *bytes,
                                 uint32_t leaf)
{
    const struct vpcvis_i_prefix_group *group;

    if (VPCVIS_I_LIKELY(map->values6[leaf] != map->escape))
        return leaf;
    group = map->groups + map->infos6[leaf];
    if (group->high != vpcvis_i_prefix_be64(bytes))
        return group->last;
    return group->first + vpcvis_i_prefix_search(&group->tree, map->keys,
                                                 vpcvis_i_prefix_be64(bytes + 8));
}

VPCVIS_I_INLINE void group6(const vpcvis_prefix *map, const char *bytes, size_t stride,
                            size_t count, uint32_t *values, count_below *below)
{
    uint64_t high[GROUP];
    uint32_t at[GROUP];
    uint32_t level;
    size_t i;

    for (i = 0; i < count; i++) {
        high[i] = vpcvis_i_prefix_be64(bytes + i * stride);
        at[i] = 0;
    }
    for (level = 0; level + 1 < map->tree.levels; level++) {
        const uint64_t *lines =
            map->keys + (size_t)map->tree.line[level] * VPCVIS_I_PREFIX_KEYS;
        const uint64_t *next =
            map->keys + (size_t)map->tree.line[level + 1] * VPCVIS_I_PREFIX_KEYS;
        for (i = 0; i < count; i++) {
            at[i] = at[i] * (VPCVIS_I_PREFIX_KEYS + 1) +
                    below(lines + (size_t)at[i] * VPCVIS_I_PREFIX_KEYS, high[i]);
            FETCH(next + (size_t)at[i] * VPCVIS_I_PREFIX_KEYS);
        }
    }
    for (i = 0; i < count; i++) {
        const size_t first = (size_t)at[i] * VPCVIS_I_PREFIX_KEYS;
        at[i] = (uint32_t)first +
                below(map->keys + (size_t)map->tree.line[level] * VPCVIS_I_PREFIX_KEYS +
                          first,
                      high[i]);
        FETCH(map->values6 + at[i]);
    }
    for (i = 0; i < count; i++)
        values[i] = map->values6[finish6(map, bytes + i * stride, at[i])];
}

VPCVIS_I_INLINE void batch6(const vpcvis_prefix *map, const char *bytes, size_t stride,
                            size_t count, uint32_t *values, count_below *below)
{
    for (; count >= GROUP; count -= GROUP) {
        group6(map, bytes, stride, GROUP, values, below);
        bytes += GROUP * stride;
        values += GROUP;
    }
    group6(map, bytes, stride, count, values, below);
}

#if defined(VPCVIS_I_X86)
AVX2 static inline __attribute__((always_inline)) uint32_t count_avx2(
    const uint64_t *line, uint64_t x)
{
    /* There are only signed comparisons. */
    const __m256i top = _mm256_set1_epi64x(INT64_MIN);
    const __m256i key = _mm256_xor_si256(_mm256_set1_epi64x((long long)x), top);
    const __m256i a = _mm256_load_si256((const __m256i *)line);
    const __m256i b = _mm256_load_si256((const __m256i *)(line + 4));
    const __m256i below_a = _mm256_cmpgt_epi64(key, _mm256_xor_si256(a, top));
    const __m256i below_b = _mm256_cmpgt_epi64(key, _mm256_xor_si256(b, top));
    const int mask = _mm256_movemask_epi8(_mm256_packs_epi32(below_a, below_b));

    return (uint32_t)_mm_popcnt_u32((uint32_t)mask) / 4;
}

AVX512 static inline __attribute__((always_inline)) uint32_t count_avx512(
    const uint64_t *line, uint64_t x)
{
    const __mmask8 below =
        _mm512_cmplt_epu64_mask(_mm512_load_si512(line), _mm512_set1_epi64((long long)x));

    return (uint32_t)_mm_popcnt_u32(below);
}

AVX2 static void batch4_avx2(const vpcvis_prefix *map, const char *bytes, size_t stride,
                             size_t count, uint32_t *values)
{
    batch4(map, bytes, stride, count, values);
}

AVX2 static void batch6_avx2(const vpcvis_prefix *map, const char *bytes, size_t stride,
                             size_t count, uint32_t *values)
{
    batch6(map, bytes, stride, count, values, count_avx2);
}

AVX512 static void batch6_avx512(const vpcvis_prefix *map, const char *bytes,
                                 size_t stride, size_t count, uint32_t *values)
{
    batch6(map, bytes, stride, count, values, count_avx512);
}
#endif

void vpcvis_i_prefix_batch4(const vpcvis_prefix *map, const char *bytes, size_t stride,
                            size_t count, uint32_t *values)
{
    switch (map->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX2:
    case VPCVIS_CPU_AVX512: batch4_avx2(map, bytes, stride, count, values); break;
#endif
    default: batch4(map, bytes, stride, count, values); break;
    }
}

void vpcvis_i_prefix_batch6(const vpcvis_prefix *map, const char *bytes, size_t stride,
                            size_t count, uint32_t *values)
{
    switch (map->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX2: batch6_avx2(map, bytes, stride, count, values); break;
    case VPCVIS_CPU_AVX512: batch6_avx512(map, bytes, stride, count, values); break;
#endif
    default: batch6(map, bytes, stride, count, values, count_portable); break;
    }
}
