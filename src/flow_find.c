/* SPDX-License-Identifier: MIT */
/*
 * Room flow: where keys have their flows, by their hashes and tags alone.
 *
 *     hash    hash keys, choose and fetch their first buckets
 *     guess   match tags, fetch slots or second buckets
 *     count   in flow_table.c
 *
 * Each of these is some lanes behind the one above, so that memory is asked for long before it is
 * needed. The answer is a guess: right but for new flows and one in some thousand.
 */
#include "flow.h"

#if defined(VPCVIS_I_X86)
#include <emmintrin.h>
#endif

/* Which places of a bucket have a tag. */
#if defined(VPCVIS_I_X86)
VPCVIS_I_INLINE uint32_t match(const struct vpcvis_i_flow_bucket *bucket, uint16_t tag)
{
    const __m128i *tags = (const __m128i *)(const void *)bucket;
    const __m128i wanted = _mm_set1_epi16((short)tag);
    const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(tags), wanted);
    const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(tags + 1), wanted);

    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) &
           ((1u << VPCVIS_I_FLOW_WAYS) - 1);
}
#else
VPCVIS_I_INLINE uint32_t match(const struct vpcvis_i_flow_bucket *bucket, uint16_t tag)
{
    uint32_t i, found = 0;

    for (i = 0; i < VPCVIS_I_FLOW_WAYS; i++)
        found |= (uint32_t)(bucket->tag[i] == tag) << i;
    return found;
}
#endif

void vpcvis_i_flow_hash_portable(const vpcvis_flow *flow,
                                 const struct vpcvis_i_flow_table *table,
                                 struct vpcvis_i_flow_group *group, uint32_t at,
                                 uint32_t end)
{
    uint64_t key[VPCVIS_I_FLOW_WORDS];
    uint32_t i, w;

    for (i = at; i < end; i++) {
        for (w = 0; w < table->words; w++)
            key[w] = group->word[w][i];
        group->hash[i] = vpcvis_i_hash_sip13(flow->key, key, table->words);
        group->tag[i] = vpcvis_i_flow_tag(group->hash[i]);
        group->first[i] = vpcvis_i_flow_first(table, group->hash[i]);
        VPCVIS_I_FLOW_FETCH(table->bucket + group->first[i]);
    }
}

/* Lanes that wait for their second bucket. */
static void guess_pending(const struct vpcvis_i_flow_table *table,
                          struct vpcvis_i_flow_group *group)
{
    while (group->pendings > 0) {
        const uint32_t lane = group->pending[--group->pendings];
        const struct vpcvis_i_flow_bucket *bucket =
            table->bucket + vpcvis_i_flow_second(table, group->hash[lane]);
        const uint32_t found = match(bucket, group->tag[lane]);

        group->slot[lane] = VPCVIS_I_FLOW_NO_SLOT;
        if (found != 0)
            vpcvis_i_flow_note(table, group, lane,
                               bucket->slot[vpcvis_i_bytes_lowest(found)]);
    }
}

void vpcvis_i_flow_guess_portable(const struct vpcvis_i_flow_table *table,
                                  struct vpcvis_i_flow_group *group, uint32_t at,
                                  uint32_t end)
{
    uint32_t i;

    guess_pending(table, group);
    for (i = at; i < end; i++) {
        const struct vpcvis_i_flow_bucket *bucket = table->bucket + group->first[i];
        const uint32_t found = match(bucket, group->tag[i]);

        if (VPCVIS_I_LIKELY(found != 0)) {
            vpcvis_i_flow_note(table, group, i,
                               bucket->slot[vpcvis_i_bytes_lowest(found)]);
        } else {
            vpcvis_i_flow_wait(table, group, i);
        }
    }
}
