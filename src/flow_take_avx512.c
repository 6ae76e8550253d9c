/* SPDX-License-Identifier: MIT */
/*
 * Room flow, the AVX-512 path from packet to flow: eight packets at once are turned into keys
 * and rows, and a row is added to its flow's slot in one go.
 *
 *     first line of eight packets -> columns, a register for one thing of all eight
 *         seen_ns   src   dst   ports, family, protocol...   interface, flags   ip_len, tcp_flags
 *     columns -> rows, as the slots are
 *         1   ip_len   second, second   TCP flags   0   key   key   0
 *
 * A row with its top bit set is to be dealt with by the portable code: a fragment, or late.
 */
#include "flow.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>
#include <stddef.h>

#define AVX512        __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2")))
#define AVX512_INLINE static inline __attribute__((always_inline)) AVX512

#define SECOND  1000000000
#define NO_TRAP (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

struct columns {
    __m512i seen;
    __m512i src;
    __m512i dst;
    __m512i ports; /* and family, protocol, direction, verdict, by bytes */
    __m512i where; /* interface, flags */
    __m512i sizes; /* ip_len, tcp_flags, what is not needed */
};

/* Blocks of 128 bits: of four registers the first ones to out[0], and so on. */
AVX512_INLINE void turn_blocks(__m512i a, __m512i b, __m512i c, __m512i d, __m512i *out)
{
    const __m512i ab_even = _mm512_shuffle_i64x2(a, b, 0x88);
    const __m512i ab_odd = _mm512_shuffle_i64x2(a, b, 0xdd);
    const __m512i cd_even = _mm512_shuffle_i64x2(c, d, 0x88);
    const __m512i cd_odd = _mm512_shuffle_i64x2(c, d, 0xdd);

    out[0] = _mm512_shuffle_i64x2(ab_even, cd_even, 0x88);
    out[1] = _mm512_shuffle_i64x2(ab_odd, cd_odd, 0x88);
    out[2] = _mm512_shuffle_i64x2(ab_even, cd_even, 0xdd);
    out[3] = _mm512_shuffle_i64x2(ab_odd, cd_odd, 0xdd);
}

AVX512_INLINE struct columns read_columns(const struct vpcvis_packet *packets)
{
    struct columns columns;
    __m512i low[4], high[4], out[4];
    uint32_t i;

    for (i = 0; i < 4; i++) {
        const __m512i even = _mm512_loadu_si512(packets + 2 * i);
        const __m512i odd = _mm512_loadu_si512(packets + 2 * i + 1);
        low[i] = _mm512_unpacklo_epi64(even, odd);
        high[i] = _mm512_unpackhi_epi64(even, odd);
    }
    turn_blocks(low[0], low[1], low[2], low[3], out);
    columns.seen = out[0];
    columns.where = out[3];
    turn_blocks(high[0], high[1], high[2], high[3], out);
    columns.src = out[0];
    columns.dst = out[1];
    columns.ports = out[2];
    columns.sizes = out[3];
    return columns;
}

AVX512_INLINE __m512i all(uint64_t word)
{
    return _mm512_set1_epi64((int64_t)word);
}

/* Which packets have no flow of their own, or another family. */
AVX512_INLINE __mmask8 not_plain(const struct columns *columns)
{
    const uint64_t apart = VPCVIS_PACKET_BAD | VPCVIS_PACKET_HELD | VPCVIS_PACKET_LEFT;
    const __m512i family = _mm512_and_si512(columns->ports, all(UINT64_C(0xff) << 32));

    return (__mmask8)(_mm512_test_epi64_mask(columns->where, all(apart << 32)) |
                      _mm512_cmpneq_epi64_mask(family,
                                               all((uint64_t)VPCVIS_ADDR_IPV4 << 32)));
}

/* Ports and meta, as VPCVIS_I_FLOW_META. */
AVX512_INLINE __m512i rest_of(const struct columns *columns)
{
    const __m512i ports = columns->ports;
    const __m512i swapped = _mm512_or_si512(
        _mm512_slli_epi64(ports, 48),
        _mm512_and_si512(_mm512_slli_epi64(ports, 16), all(UINT64_C(0xffff) << 32)));
    const __m512i interface =
        _mm512_srli_epi64(_mm512_slli_epi64(columns->where, 44), 32);
    const __m512i protocol = _mm512_and_si512(_mm512_srli_epi64(ports, 36), all(0xff0));
    const __m512i direction = _mm512_and_si512(_mm512_srli_epi64(ports, 48), all(3));
    const __m512i verdict = _mm512_and_si512(_mm512_srli_epi64(ports, 54), all(0xc));

    return _mm512_or_si512(
        _mm512_or_si512(swapped, interface),
        _mm512_or_si512(protocol, _mm512_or_si512(direction, verdict)));
}

/* Whole seconds of times below 2^32 seconds: the quotient in floating point is off by one at
 * most. It is rounded as is said here, and raises nothing, whatever the caller has set. */
AVX512_INLINE __m512i seconds_of(__m512i since_ns)
{
    const __m512d as_double = _mm512_cvt_roundepu64_pd(since_ns, NO_TRAP);
    const __m512d about =
        _mm512_maskz_mul_round_pd(0xff, as_double, _mm512_set1_pd(1e-9), NO_TRAP);
    const __m512i quotient = _mm512_cvtt_roundpd_epu64(about, _MM_FROUND_NO_EXC);
    const __m512i left =
        _mm512_sub_epi64(since_ns, _mm512_mul_epu32(quotient, all(SECOND)));
    const __mmask8 less = _mm512_movepi64_mask(left);
    const __mmask8 more = _mm512_cmpge_epi64_mask(left, all(SECOND));

    return _mm512_mask_add_epi64(_mm512_mask_sub_epi64(quotient, less, quotient, all(1)),
                                 more, quotient, all(1));
}

/* The TCP flags that count. */
AVX512_INLINE __m512i flags_of(const vpcvis_flow *flow, const struct columns *columns)
{
    const uint32_t always = VPCVIS_TCP_FIN | VPCVIS_TCP_SYN | VPCVIS_TCP_RST;
    const __m512i flags =
        _mm512_and_si512(_mm512_srli_epi64(columns->sizes, 32), all(0xff));
    const __m512i ack =
        _mm512_slli_epi64(_mm512_and_si512(flags, all(VPCVIS_TCP_SYN)), 3);

    if (flow->config.tcp_mask != 0)
        return _mm512_and_si512(flags, all(flow->config.tcp_mask));
    return _mm512_and_si512(flags, _mm512_or_si512(ack, all(always)));
}

/* The first four columns of rows. */
AVX512_INLINE void count_columns(const vpcvis_flow *flow, const struct columns *columns,
                                 __m512i *out)
{
    const __m512i start = all(flow->start_ns);
    const __m512i second = seconds_of(_mm512_sub_epi64(columns->seen, start));
    const __mmask8 by_hand =
        (__mmask8)(_mm512_cmplt_epu64_mask(columns->seen, start) |
                   _mm512_test_epi64_mask(columns->where,
                                          all((uint64_t)VPCVIS_PACKET_LATER << 32)));

    out[0] = _mm512_mask_mov_epi64(all(1), by_hand, all(VPCVIS_I_FLOW_BY_HAND));
    out[1] = _mm512_and_si512(columns->sizes, all(UINT32_MAX));
    out[2] = _mm512_or_si512(second, _mm512_slli_epi64(second, 32));
    out[3] = flags_of(flow, columns);
}

/* Rows from their columns 0 to 3, 5 and 6. */
AVX512_INLINE void write_rows(const __m512i *columns, struct vpcvis_i_flow_row *rows)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i even[4], odd[4];
    uint32_t i;

    turn_blocks(_mm512_unpacklo_epi64(columns[0], columns[1]),
                _mm512_unpacklo_epi64(columns[2], columns[3]),
                _mm512_unpacklo_epi64(zero, columns[4]),
                _mm512_unpacklo_epi64(columns[5], zero), even);
    turn_blocks(_mm512_unpackhi_epi64(columns[0], columns[1]),
                _mm512_unpackhi_epi64(columns[2], columns[3]),
                _mm512_unpackhi_epi64(zero, columns[4]),
                _mm512_unpackhi_epi64(columns[5], zero), odd);
    for (i = 0; i < 4; i++) {
        _mm512_storeu_si512(rows + 2 * i, even[i]);
        _mm512_storeu_si512(rows + 2 * i + 1, odd[i]);
    }
}

/* Count packets by their interface, and say which ones are not of one that is registered. */
AVX512_INLINE __mmask8 count_interfaces(vpcvis_flow *flow, __m512i where, __mmask8 plain)
{
    struct vpcvis_i_flow_seen *seen = flow->half[flow->open].seen;
    const __m256i interfaces = _mm512_cvtepi64_epi32(where);
    const __m256i first = _mm256_broadcastd_epi32(_mm256_castsi256_si128(interfaces));
    uint32_t interface = (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(interfaces));
    uint32_t left = plain, apart = 0, of_eight[8];

    if (VPCVIS_I_LIKELY(_mm256_cmpneq_epi32_mask(interfaces, first) == 0)) {
        if (!vpcvis_i_flow_is_live(flow, interface))
            return plain;
        seen[interface].packets += (uint32_t)_mm_popcnt_u32(plain);
        return 0;
    }
    _mm256_storeu_si256((__m256i *)(void *)of_eight, interfaces);
    for (; left != 0; left &= left - 1) {
        interface = of_eight[_tzcnt_u32(left)];
        if (vpcvis_i_flow_is_live(flow, interface))
            seen[interface].packets++;
        else
            apart |= left & (0 - left);
    }
    return (__mmask8)apart;
}

AVX512 uint32_t vpcvis_i_flow_take_avx512(vpcvis_flow *flow,
                                          struct vpcvis_i_flow_group *group,
                                          const struct vpcvis_packet *packets,
                                          uint32_t at)
{
    const struct columns columns = read_columns(packets + at);
    const uint32_t i = group->count;
    __mmask8 apart = not_plain(&columns);
    __m512i out[6],
        lanes = _mm512_add_epi64(_mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), all(at));
    uint32_t c;

    if (_mm512_cmpge_epu64_mask(columns.seen, all(flow->end_ns)) != 0 || apart == 0xff)
        return 0xff;
    apart |= count_interfaces(flow, columns.where, (__mmask8)~apart);
    count_columns(flow, &columns, out);
    out[4] = _mm512_mask_shuffle_epi32(columns.src, 0xaaaa, columns.dst, 0x80);
    out[5] = rest_of(&columns);
    if (VPCVIS_I_UNLIKELY(apart != 0)) {
        for (c = 0; c < 6; c++)
            out[c] = _mm512_maskz_compress_epi64((__mmask8)~apart, out[c]);
        lanes = _mm512_maskz_compress_epi64((__mmask8)~apart, lanes);
    }
    write_rows(out, flow->row + i);
    _mm512_storeu_si512(&group->word[0][i], out[4]);
    _mm512_storeu_si512(&group->word[1][i], out[5]);
    _mm256_storeu_si256((__m256i *)(void *)&group->at[i], _mm512_cvtepi64_epi32(lanes));
    group->count = i + (uint32_t)_mm_popcnt_u32((uint8_t)~apart);
    return apart;
}

AVX512 uint32_t vpcvis_i_flow_add_avx512(const vpcvis_flow *flow, char *slots,
                                         const struct vpcvis_i_flow_group *group,
                                         uint32_t at, uint32_t end)
{
    const __m512i top = all(VPCVIS_I_FLOW_BY_HAND);
    uint32_t i;

    for (i = at; i < end; i++) {
        const uint32_t slot = group->slot[i];
        char *values = slots + (size_t)slot * sizeof(struct vpcvis_i_flow_slot4);
        const __m512i row = _mm512_loadu_si512(flow->row + i);
        __m512i sum, old;

        if (VPCVIS_I_UNLIKELY(slot == VPCVIS_I_FLOW_NO_SLOT))
            break;
        old = _mm512_loadu_si512(values);
        if (VPCVIS_I_UNLIKELY(
                (_mm512_mask_cmpneq_epi64_mask(0x60, old, row) |
                 _mm512_mask_test_epi64_mask(3, _mm512_or_si512(old, row), top)) != 0))
            break;
        sum = _mm512_mask_add_epi64(old, 3, old, row);
        sum = _mm512_mask_min_epu32(sum, 0x10, old, row);
        sum = _mm512_mask_max_epu32(sum, 0x20, old, row);
        _mm512_storeu_si512(values, _mm512_mask_or_epi64(sum, 8, old, row));
    }
    return i;
}
#endif
