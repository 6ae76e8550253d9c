/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: the hashes of a block's keys, on the path of this CPU. Lanes beyond the last are
 * hashed as well, whatever they hold.
 */
#include "hash_lanes.h"
#include "rollup.h"

static void hash_portable(const vpcvis_rollup *rollup, uint32_t count)
{
    struct vpcvis_i_rollup_block *block = rollup->block;
    uint64_t key[VPCVIS_I_ROLLUP_WORDS];
    uint32_t i, w;

    for (i = 0; i < count; i++) {
        for (w = 0; w < rollup->words; w++)
            key[w] = block->word[w][i];
        block->hash[i] = vpcvis_i_hash_sip13(rollup->hash_key, key, rollup->words);
    }
}

#if defined(VPCVIS_I_X86)
__attribute__((target("avx2"))) static void hash_avx2(const vpcvis_rollup *rollup,
                                                      uint32_t count)
{
    const struct vpcvis_i_hash_state start = vpcvis_i_hash_start(rollup->hash_key);
    struct vpcvis_i_rollup_block *block = rollup->block;
    uint32_t i;

    for (i = 0; i < count; i += 4)
        _mm256_storeu_si256((__m256i *)(void *)&block->hash[i],
                            vpcvis_i_hash_four(&start, &block->word[0][i],
                                               VPCVIS_I_ROLLUP_LANES, rollup->words));
}

__attribute__((target("avx512f"))) static void hash_avx512(const vpcvis_rollup *rollup,
                                                           uint32_t count)
{
    const struct vpcvis_i_hash_state start = vpcvis_i_hash_start(rollup->hash_key);
    struct vpcvis_i_rollup_block *block = rollup->block;
    uint32_t i;

    for (i = 0; i < count; i += 8)
        _mm512_storeu_si512(&block->hash[i],
                            vpcvis_i_hash_eight(&start, &block->word[0][i],
                                                VPCVIS_I_ROLLUP_LANES, rollup->words));
}
#endif

void vpcvis_i_rollup_hash(const vpcvis_rollup *rollup, uint32_t count)
{
    switch (rollup->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX512: hash_avx512(rollup, count); break;
    case VPCVIS_CPU_AVX2: hash_avx2(rollup, count); break;
#endif
    default: hash_portable(rollup, count); break;
    }
}
