/* SPDX-License-Identifier: MIT */
/*
 * Internal, floor 1: SipHash-1-3 of four or eight keys at once, as hash.h has it for one. The
 * words of keys lie side by side: word w of key i is words[w * stride + i].
 *
 *     v[0]   variable v0 of all keys, and so v[1]..v[3]
 */
#ifndef VPCVIS_I_HASH_LANES_H
#define VPCVIS_I_HASH_LANES_H

#include "hash.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

#define VPCVIS_I_HASH_FOUR \
    static inline __attribute__((always_inline, unused, target("avx2")))
#define VPCVIS_I_HASH_EIGHT \
    static inline __attribute__((always_inline, unused, target("avx512f")))

struct vpcvis_i_hash_four {
    __m256i v[4];
};

VPCVIS_I_HASH_FOUR __m256i vpcvis_i_hash_turn_four(__m256i x, int bits)
{
    return _mm256_or_si256(_mm256_slli_epi64(x, bits), _mm256_srli_epi64(x, 64 - bits));
}

VPCVIS_I_HASH_FOUR void vpcvis_i_hash_round_four(struct vpcvis_i_hash_four *state)
{
    __m256i *v = state->v;

    v[0] = _mm256_add_epi64(v[0], v[1]);
    v[1] = _mm256_xor_si256(vpcvis_i_hash_turn_four(v[1], 13), v[0]);
    v[0] = _mm256_shuffle_epi32(v[0], 0xb1);
    v[2] = _mm256_add_epi64(v[2], v[3]);
    v[3] = _mm256_xor_si256(vpcvis_i_hash_turn_four(v[3], 16), v[2]);
    v[0] = _mm256_add_epi64(v[0], v[3]);
    v[3] = _mm256_xor_si256(vpcvis_i_hash_turn_four(v[3], 21), v[0]);
    v[2] = _mm256_add_epi64(v[2], v[1]);
    v[1] = _mm256_xor_si256(vpcvis_i_hash_turn_four(v[1], 17), v[2]);
    v[2] = _mm256_shuffle_epi32(v[2], 0xb1);
}

VPCVIS_I_HASH_FOUR void vpcvis_i_hash_word_four(struct vpcvis_i_hash_four *state,
                                                __m256i word)
{
    state->v[3] = _mm256_xor_si256(state->v[3], word);
    vpcvis_i_hash_round_four(state);
    state->v[0] = _mm256_xor_si256(state->v[0], word);
}

VPCVIS_I_HASH_FOUR __m256i vpcvis_i_hash_four(const struct vpcvis_i_hash_state *start,
                                              const uint64_t *words, size_t stride,
                                              uint32_t n)
{
    struct vpcvis_i_hash_four state;
    uint32_t w;

    for (w = 0; w < 4; w++)
        state.v[w] = _mm256_set1_epi64x((int64_t)start->v[w]);
    for (w = 0; w < n; w++)
        vpcvis_i_hash_word_four(
            &state,
            _mm256_loadu_si256((const __m256i *)(const void *)(words + w * stride)));
    vpcvis_i_hash_word_four(&state,
                            _mm256_set1_epi64x((int64_t)((uint64_t)(n & 31) << 59)));
    state.v[2] = _mm256_xor_si256(state.v[2], _mm256_set1_epi64x(0xff));
    for (w = 0; w < 3; w++)
        vpcvis_i_hash_round_four(&state);
    return _mm256_xor_si256(_mm256_xor_si256(state.v[0], state.v[1]),
                            _mm256_xor_si256(state.v[2], state.v[3]));
}

struct vpcvis_i_hash_eight {
    __m512i v[4];
};

VPCVIS_I_HASH_EIGHT void vpcvis_i_hash_round_eight(struct vpcvis_i_hash_eight *state)
{
    __m512i *v = state->v;

    v[0] = _mm512_add_epi64(v[0], v[1]);
    v[1] = _mm512_xor_si512(_mm512_rol_epi64(v[1], 13), v[0]);
    v[0] = _mm512_rol_epi64(v[0], 32);
    v[2] = _mm512_add_epi64(v[2], v[3]);
    v[3] = _mm512_xor_si512(_mm512_rol_epi64(v[3], 16), v[2]);
    v[0] = _mm512_add_epi64(v[0], v[3]);
    v[3] = _mm512_xor_si512(_mm512_rol_epi64(v[3], 21), v[0]);
    v[2] = _mm512_add_epi64(v[2], v[1]);
    v[1] = _mm512_xor_si512(_mm512_rol_epi64(v[1], 17), v[2]);
    v[2] = _mm512_rol_epi64(v[2], 32);
}

VPCVIS_I_HASH_EIGHT void vpcvis_i_hash_word_eight(struct vpcvis_i_hash_eight *state,
                                                  __m512i word)
{
    state->v[3] = _mm512_xor_si512(state->v[3], word);
    vpcvis_i_hash_round_eight(state);
    state->v[0] = _mm512_xor_si512(state->v[0], word);
}

VPCVIS_I_HASH_EIGHT __m512i vpcvis_i_hash_eight(const struct vpcvis_i_hash_state *start,
                                                const uint64_t *words, size_t stride,
                                                uint32_t n)
{
    struct vpcvis_i_hash_eight state;
    uint32_t w;

    for (w = 0; w < 4; w++)
        state.v[w] = _mm512_set1_epi64((int64_t)start->v[w]);
    for (w = 0; w < n; w++)
        vpcvis_i_hash_word_eight(&state, _mm512_loadu_si512(words + w * stride));
    vpcvis_i_hash_word_eight(&state,
                             _mm512_set1_epi64((int64_t)((uint64_t)(n & 31) << 59)));
    state.v[2] = _mm512_xor_si512(state.v[2], _mm512_set1_epi64(0xff));
    for (w = 0; w < 3; w++)
        vpcvis_i_hash_round_eight(&state);
    return _mm512_xor_si512(_mm512_xor_si512(state.v[0], state.v[1]),
                            _mm512_xor_si512(state.v[2], state.v[3]));
}
#endif

#endif
