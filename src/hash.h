/* SPDX-License-Identifier: MIT */
/*
 * Internal, floor 1: SipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF) of
 * messages of bytes, and of whole 64-bit words. Under a key that an attacker does not know, nobody can
 * choose addresses and ports that collide.
 */
#ifndef VPCVIS_I_HASH_H
#define VPCVIS_I_HASH_H

#include "bytes.h"

struct vpcvis_i_hash_state {
    uint64_t v[4];
};

VPCVIS_I_INLINE VPCVIS_I_WRAPS uint64_t vpcvis_i_hash_turn(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

VPCVIS_I_INLINE VPCVIS_I_WRAPS void vpcvis_i_hash_round(struct vpcvis_i_hash_state *state)
{
    uint64_t *v = state->v;

    v[0] += v[1];
    v[1] = vpcvis_i_hash_turn(v[1], 13) ^ v[0];
    v[0] = vpcvis_i_hash_turn(v[0], 32);
    v[2] += v[3];
    v[3] = vpcvis_i_hash_turn(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = vpcvis_i_hash_turn(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = vpcvis_i_hash_turn(v[1], 17) ^ v[2];
    v[2] = vpcvis_i_hash_turn(v[2], 32);
}

VPCVIS_I_INLINE void vpcvis_i_hash_word(struct vpcvis_i_hash_state *state, uint64_t word)
{
    state->v[3] ^= word;
    vpcvis_i_hash_round(state);
    state->v[0] ^= word;
}

VPCVIS_I_INLINE struct vpcvis_i_hash_state vpcvis_i_hash_start(const uint64_t key[2])
{
    const struct vpcvis_i_hash_state state = {
        {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
         key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u}};
    return state;
}

VPCVIS_I_INLINE VPCVIS_I_WRAPS uint64_t
vpcvis_i_hash_end(struct vpcvis_i_hash_state *state, uint64_t last)
{
    uint32_t i;

    vpcvis_i_hash_word(state, last);
    state->v[2] ^= 0xff;
    for (i = 0; i < 3; i++)
        vpcvis_i_hash_round(state);
    return state->v[0] ^ state->v[1] ^ state->v[2] ^ state->v[3];
}

/* The hash of n words, as of the 8n bytes that they are when stored lowest byte first. */
VPCVIS_I_INLINE uint64_t vpcvis_i_hash_sip13(const uint64_t key[2], const uint64_t *words,
                                             size_t n)
{
    struct vpcvis_i_hash_state state = vpcvis_i_hash_start(key);
    size_t i;

    for (i = 0; i < n; i++)
        vpcvis_i_hash_word(&state, words[i]);
    return vpcvis_i_hash_end(&state, (uint64_t)(n & 31) << 59);
}

/* The hash of len bytes. */
VPCVIS_I_INLINE uint64_t vpcvis_i_hash_bytes(const uint64_t key[2], const char *bytes,
                                             size_t len)
{
    struct vpcvis_i_hash_state state = vpcvis_i_hash_start(key);
    uint64_t last = (uint64_t)(len & 0xff) << 56;
    size_t i;

    for (i = 0; i + 8 <= len; i += 8)
        vpcvis_i_hash_word(&state, vpcvis_i_bytes_le64(bytes + i));
    for (; i < len; i++)
        last |= (uint64_t)(uint8_t)bytes[i] << i % 8 * 8;
    return vpcvis_i_hash_end(&state, last);
}

#endif
