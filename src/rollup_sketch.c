/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: how many different values there were, in 2^bits bytes.
 *
 * HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007): of each hash, the first bits choose a
 * register, and a register keeps the longest run of zeros, plus one, that the other bits began
 * with. Two sketches are joined by the larger of each two registers.
 */
#include "rollup.h"

void vpcvis_i_rollup_sketch_add(uint8_t *sketch, uint32_t bits, uint64_t hash)
{
    const size_t at = (size_t)(hash >> (64 - bits));
    /* A bit below the hash's own ends the run. */
    uint64_t rest = hash << bits | (uint64_t)1 << (bits - 1);
    uint8_t rank = 1;

    while (rest >> 56 == 0) {
        rest <<= 8;
        rank = (uint8_t)(rank + 8);
    }
    while (rest >> 63 == 0) {
        rest <<= 1;
        rank++;
    }
    if (rank > sketch[at])
        sketch[at] = rank;
}

/* Ertl's sigma: x + the sum of x^(2^k) * 2^(k-1) for k = 1, 2, ...; of 0 <= x < 1. */
static double sigma(double x)
{
    double sum = x, weight = 1, before;
    uint32_t k;

    for (k = 0; k < 64; k++) {
        x *= x;
        before = sum;
        sum += x * weight;
        weight += weight;
        if (sum <= before)
            break;
    }
    return sum;
}

/* To the nearest whole number; by halves, which every machine converts by itself. */
static uint64_t round_up(double x)
{
    uint32_t high, low;

    if (x >= 18446744073709549568.0)
        return UINT64_MAX;
    x += 0.5;
    high = (uint32_t)(x / 4294967296.0);
    low = (uint32_t)(x - high * 4294967296.0);
    return (uint64_t)high << 32 | low;
}

/* O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm
 * 6: one formula for few and many. Its tau, which corrects registers that are full, is left
 * out: 2^(64 - bits) values come first. */
uint64_t vpcvis_i_rollup_sketch_count(const uint8_t *sketch, uint32_t bits)
{
    const uint32_t m = (uint32_t)1 << bits, most = 64 - bits + 1;
    const double alpha = 0.72134752044448170368; /* 1 / (2 ln 2) */
    uint32_t with_rank[64] = {0}, i;
    double z;

    for (i = 0; i < m; i++)
        with_rank[sketch[i] < most ? sketch[i] : most]++;
    if (with_rank[0] == m)
        return 0;
    z = with_rank[most];
    for (i = most - 1; i >= 1; i--)
        z = (z + with_rank[i]) / 2;
    z += m * sigma((double)with_rank[0] / m);
    return round_up(alpha * m * m / z);
}

/* A value's hash: two values of a field have the same one if they are the same. */
void vpcvis_i_rollup_sketch_hash(const vpcvis_rollup *rollup, uint32_t kind,
                                 uint32_t count,
                                 const struct vpcvis_i_rollup_lanes *lanes,
                                 uint64_t *hashes)
{
    uint64_t words[3];
    uint32_t i;

    for (i = 0; i < count; i++) {
        if ((lanes->valid >> i & 1) == 0)
            continue;
        words[0] = kind != VPCVIS_KIND_ADDRESS ? 0 : 1 + (lanes->ipv6 >> i & 1);
        words[1] = lanes->word[i];
        words[2] = lanes->low[i];
        if (kind >= VPCVIS_KIND_NAME && (kind == VPCVIS_KIND_TEXT || words[1] == 0))
            hashes[i] = vpcvis_i_hash_bytes(rollup->sketch_key, lanes->text[i],
                                            lanes->text_len[i]);
        else
            hashes[i] = vpcvis_i_hash_sip13(rollup->sketch_key, words,
                                            kind == VPCVIS_KIND_ADDRESS ? 3 : 2);
    }
}
