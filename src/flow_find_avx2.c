/* SPDX-License-Identifier: MIT */
/*
 * Room flow, the AVX2 path: four keys hashed at once, and tags matched a bucket a compare, two
 * bits of the mask for each.
 */
#include "flow.h"
#include "hash_lanes.h"

#if defined(VPCVIS_I_X86)
#define AVX2        __attribute__((target("avx2,bmi,bmi2")))
#define AVX2_INLINE static inline __attribute__((always_inline)) AVX2

/* The low halves of four words. */
AVX2_INLINE __m128i low_halves(__m256i words)
{
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);

    return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(words, even));
}

/* As vpcvis_i_flow_first and vpcvis_i_flow_tag. */
AVX2_INLINE void choose_four(const struct vpcvis_i_flow_table *table, __m256i hash,
                             struct vpcvis_i_flow_group *group, uint32_t i)
{
    const __m256i buckets = _mm256_set1_epi64x(table->buckets);
    const __m256i first =
        _mm256_srli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(hash, 32), buckets), 32);
    const __m128i tags =
        low_halves(_mm256_and_si256(hash, _mm256_set1_epi64x(UINT16_MAX)));

    _mm256_storeu_si256((__m256i *)(void *)&group->hash[i], hash);
    _mm_storel_epi64((__m128i *)(void *)&group->tag[i],
                     _mm_max_epu16(_mm_packus_epi32(tags, tags), _mm_set1_epi16(1)));
    _mm_storeu_si128((__m128i *)(void *)&group->first[i], low_halves(first));
}

/* Which places of a bucket have lane i's tag: two bits each. */
AVX2_INLINE uint32_t match(const struct vpcvis_i_flow_bucket *bucket,
                           const struct vpcvis_i_flow_group *group, uint32_t i)
{
    const __m256i tag = _mm256_set1_epi16((short)group->tag[i]);
    const __m256i tags = _mm256_load_si256((const __m256i *)(const void *)bucket);

    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi16(tags, tag)) &
           ((1u << 2 * VPCVIS_I_FLOW_WAYS) - 1);
}

AVX2 void vpcvis_i_flow_hash_avx2(const vpcvis_flow *flow,
                                  const struct vpcvis_i_flow_table *table,
                                  struct vpcvis_i_flow_group *group, uint32_t at,
                                  uint32_t end)
{
    const struct vpcvis_i_hash_state start = vpcvis_i_hash_start(flow->key);
    uint32_t i;

    for (i = at; i < end; i += 4)
        choose_four(table,
                    vpcvis_i_hash_four(&start, &group->word[0][i], VPCVIS_I_FLOW_BATCH,
                                       table->words),
                    group, i);
    for (i = at; i < end; i++)
        VPCVIS_I_FLOW_FETCH(table->bucket + group->first[i]);
}

/* Lanes that wait for their second bucket. */
AVX2_INLINE void guess_pending_avx2(const struct vpcvis_i_flow_table *table,
                                    struct vpcvis_i_flow_group *group)
{
    while (group->pendings > 0) {
        const uint32_t lane = group->pending[--group->pendings];
        const struct vpcvis_i_flow_bucket *bucket =
            table->bucket + vpcvis_i_flow_second(table, group->hash[lane]);
        const uint32_t found = match(bucket, group, lane);

        group->slot[lane] = VPCVIS_I_FLOW_NO_SLOT;
        if (found != 0)
            vpcvis_i_flow_note(table, group, lane, bucket->slot[_tzcnt_u32(found) / 2]);
    }
}

AVX2 void vpcvis_i_flow_guess_avx2(const struct vpcvis_i_flow_table *table,
                                   struct vpcvis_i_flow_group *group, uint32_t at,
                                   uint32_t end)
{
    uint32_t i;

    guess_pending_avx2(table, group);
    for (i = at; i < end; i++) {
        const struct vpcvis_i_flow_bucket *bucket = table->bucket + group->first[i];
        const uint32_t found = match(bucket, group, i);

        if (VPCVIS_I_LIKELY(found != 0)) {
            vpcvis_i_flow_note(table, group, i, bucket->slot[_tzcnt_u32(found) / 2]);
        } else {
            vpcvis_i_flow_wait(table, group, i);
        }
    }
}
#endif
