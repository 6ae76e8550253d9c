/* SPDX-License-Identifier: MIT */
/*
 * Room filter, packets to columns with AVX-512, 16 at a time. What is needed of a packet are five
 * words of its first line; a is that word of packet 0, b of packet 1, and so on:
 *
 *     16 packets         src, dst, ports, meta, flags among other words
 *      8 pairs           ab ab ab ab ab       src, dst, ports, meta, flags
 *      4 fours           abcd abcd abcd abcd  and flags apart
 *      5 columns         abcdefghijklmnop
 */
#include "filter.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>
#include <stddef.h>

#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#define AVX512_INLINE static inline __attribute__((always_inline)) AVX512

/* Words of a packet: its first ones lie in one line. */
#define WORD(field) ((int)(offsetof(struct vpcvis_packet, field) / 4))

AVX512_INLINE __m512i choose(__m512i a, __m512i b, __m512i from)
{
    return _mm512_permutex2var_epi32(a, from, b);
}

AVX512_INLINE void read_pairs(const char *packets, size_t stride, __m512i *pairs)
{
    const __m512i words = _mm512_setr_epi32(
        WORD(src), 16 + WORD(src), WORD(dst), 16 + WORD(dst), WORD(srcport),
        16 + WORD(srcport), WORD(family), 16 + WORD(family), WORD(flags),
        16 + WORD(flags), 0, 0, 0, 0, 0, 0);
    uint32_t i;

    for (i = 0; i < 8; i++)
        pairs[i] = choose(_mm512_loadu_si512(packets + 2 * i * stride),
                          _mm512_loadu_si512(packets + (2 * i + 1) * stride), words);
}

/* The last words of pairs, in their order. */
AVX512_INLINE __m512i read_flags(const __m512i *pairs)
{
    const __m512i two =
        _mm512_setr_epi32(8, 9, 24, 25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i four =
        _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i low =
        choose(choose(pairs[0], pairs[1], two), choose(pairs[2], pairs[3], two), four);
    const __m512i high =
        choose(choose(pairs[4], pairs[5], two), choose(pairs[6], pairs[7], two), four);

    return _mm512_inserti64x4(low, _mm512_castsi512_si256(high), 1);
}

/* Blocks of four words: the first ones of four registers to out[0], and so on. */
AVX512_INLINE void turn_blocks(const __m512i *fours, __m512i *out)
{
    const __m512i low_even = _mm512_shuffle_i64x2(fours[0], fours[1], 0x88);
    const __m512i low_odd = _mm512_shuffle_i64x2(fours[0], fours[1], 0xdd);
    const __m512i high_even = _mm512_shuffle_i64x2(fours[2], fours[3], 0x88);
    const __m512i high_odd = _mm512_shuffle_i64x2(fours[2], fours[3], 0xdd);

    out[0] = _mm512_shuffle_i64x2(low_even, high_even, 0x88);
    out[1] = _mm512_shuffle_i64x2(low_odd, high_odd, 0x88);
    out[2] = _mm512_shuffle_i64x2(low_even, high_even, 0xdd);
    out[3] = _mm512_shuffle_i64x2(low_odd, high_odd, 0xdd);
}

/* The first byte highest. */
AVX512_INLINE __m512i swap(__m512i words)
{
    const __m512i bytes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));

    return _mm512_shuffle_epi8(words, bytes);
}

AVX512 void vpcvis_i_filter_take_avx512(const char *packets, size_t stride,
                                        uint32_t count, struct vpcvis_i_filter_keys *keys,
                                        struct vpcvis_i_filter_words *words)
{
    const __m512i fours_of =
        _mm512_setr_epi32(0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
    __m512i pairs[8], fours[4], columns[4];
    uint32_t lane, i;

    for (lane = 0; lane < count; lane += 16, packets += 16 * stride) {
        read_pairs(packets, stride, pairs);
        for (i = 0; i < 4; i++)
            fours[i] = choose(pairs[2 * i], pairs[2 * i + 1], fours_of);
        turn_blocks(fours, columns);
        _mm512_storeu_si512(keys->src[0] + lane, swap(columns[0]));
        _mm512_storeu_si512(keys->dst[0] + lane, swap(columns[1]));
        _mm512_storeu_si512(keys->ports + lane, _mm512_rol_epi32(columns[2], 16));
        _mm512_storeu_si512(words->meta + lane, swap(columns[3]));
        _mm512_storeu_si512(words->flags + lane, read_flags(pairs));
    }
}
#endif
