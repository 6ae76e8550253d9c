/* SPDX-License-Identifier: MIT */
/*
 * Room flow, the AVX-512 path: eight keys hashed at once, their buckets, and tags matched a
 * bucket a compare.
 *
 *     bucket   tag[0..9] slot[0..9]   the first 32 bytes, compared as 16-bit words; ten count
 */
#include "flow.h"
#include "hash_lanes.h"

#if defined(VPCVIS_I_X86)
#define AVX512        __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))
#define AVX512_INLINE static inline __attribute__((always_inline)) AVX512

/* As vpcvis_i_flow_first and vpcvis_i_flow_tag. */
AVX512_INLINE void choose_eight(const struct vpcvis_i_flow_table *table, __m512i hash,
                                struct vpcvis_i_flow_group *group, uint32_t i)
{
    const __m512i buckets = _mm512_set1_epi64(table->buckets);
    const __m512i first =
        _mm512_srli_epi64(_mm512_mul_epu32(_mm512_srli_epi64(hash, 32), buckets), 32);

    _mm512_storeu_si512(&group->hash[i], hash);
    _mm_storeu_si128((__m128i *)(void *)&group->tag[i],
                     _mm_max_epu16(_mm512_cvtepi64_epi16(hash), _mm_set1_epi16(1)));
    _mm256_storeu_si256((__m256i *)(void *)&group->first[i],
                        _mm512_cvtepi64_epi32(first));
}

/* Which places of a bucket have lane i's tag. */
AVX512_INLINE uint32_t match(const struct vpcvis_i_flow_bucket *bucket,
                             const struct vpcvis_i_flow_group *group, uint32_t i)
{
    const __m256i tag = _mm256_set1_epi16((short)group->tag[i]);
    const __m256i tags = _mm256_load_si256((const __m256i *)(const void *)bucket);

    return (uint32_t)_mm256_cmpeq_epi16_mask(tags, tag) &
           ((1u << VPCVIS_I_FLOW_WAYS) - 1);
}

AVX512 void vpcvis_i_flow_hash_avx512(const vpcvis_flow *flow,
                                      const struct vpcvis_i_flow_table *table,
                                      struct vpcvis_i_flow_group *group, uint32_t at,
                                      uint32_t end)
{
    const struct vpcvis_i_hash_state start = vpcvis_i_hash_start(flow->key);
    uint32_t i;

    for (i = at; i < end; i += 8)
        choose_eight(table,
                     vpcvis_i_hash_eight(&start, &group->word[0][i], VPCVIS_I_FLOW_BATCH,
                                         table->words),
                     group, i);
    for (i = at; i < end; i++)
        VPCVIS_I_FLOW_FETCH(table->bucket + group->first[i]);
}

/* Lanes that wait for their second bucket. */
AVX512_INLINE void guess_pending_avx512(const struct vpcvis_i_flow_table *table,
                                        struct vpcvis_i_flow_group *group)
{
    while (group->pendings > 0) {
        const uint32_t lane = group->pending[--group->pendings];
        const struct vpcvis_i_flow_bucket *bucket =
            table->bucket + vpcvis_i_flow_second(table, group->hash[lane]);
        const uint32_t found = match(bucket, group, lane);

        group->slot[lane] = VPCVIS_I_FLOW_NO_SLOT;
        if (found != 0)
            vpcvis_i_flow_note(table, group, lane, bucket->slot[_tzcnt_u32(found)]);
    }
}

AVX512 void vpcvis_i_flow_guess_avx512(const struct vpcvis_i_flow_table *table,
                                       struct vpcvis_i_flow_group *group, uint32_t at,
                                       uint32_t end)
{
    uint32_t i;

    guess_pending_avx512(table, group);
    for (i = at; i < end; i++) {
        const struct vpcvis_i_flow_bucket *bucket = table->bucket + group->first[i];
        const uint32_t found = match(bucket, group, i);

        if (VPCVIS_I_LIKELY(found != 0)) {
            vpcvis_i_flow_note(table, group, i, bucket->slot[_tzcnt_u32(found)]);
        } else {
            vpcvis_i_flow_wait(table, group, i);
        }
    }
}
#endif
