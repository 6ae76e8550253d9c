/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX2 path (with BMI1, BMI2, POPCNT): numbers 8 or 4 and addresses 2 at a time.
 *
 * A number is loaded right-aligned, the 8 or 16 bytes that end where it ends, and what is before
 * it is masked off; an address is loaded left-aligned. Loads reach at most 16 bytes beyond a token.
 */
#include "line_avx2.h"

#if defined(VPCVIS_I_X86)

VPCVIS_I_AVX2_INLINE void load_spans(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token, struct vpcvis_i_line_spans *spans)
{
    const uint16_t *before = lanes->ends[token];
    const __m256i most = _mm256_set1_epi16(VPCVIS_I_LINE_LONG);
    uint32_t lane, i;

    spans->text = lanes->text;
    spans->end = lanes->ends[token + 1];
    for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane += 32) {
        __m256i len[2];
        for (i = 0; i < 2; i++) {
            const uint32_t at = lane + 16 * i;
            const __m256i start =
                _mm256_add_epi16(vpcvis_i_avx2_load(before + at), _mm256_set1_epi16(1));
            len[i] = _mm256_sub_epi16(vpcvis_i_avx2_load(spans->end + at), start);
            vpcvis_i_avx2_store(spans->start + at, start);
            vpcvis_i_avx2_store(spans->len + at, len[i]);
            len[i] = _mm256_min_epu16(len[i], most);
        }
        vpcvis_i_avx2_store(
            spans->len8 + lane,
            _mm256_permute4x64_epi64(_mm256_packus_epi16(len[0], len[1]), 0xd8));
    }
}

/* Lanes whose tokens are longer than `len` bytes, which is less than VPCVIS_I_LINE_LONG. */
VPCVIS_I_AVX2_INLINE uint64_t longer_than(const struct vpcvis_i_line_spans *spans,
                                          char len)
{
    const __m256i bound = _mm256_set1_epi8(len);

    return vpcvis_i_avx2_join(
        _mm256_cmpgt_epi8(vpcvis_i_avx2_load(spans->len8), bound),
        _mm256_cmpgt_epi8(vpcvis_i_avx2_load(spans->len8 + 32), bound));
}

/* Which of some lanes are `-`. */
VPCVIS_I_AVX2_INLINE uint64_t find_dashes(const struct vpcvis_i_line_spans *spans,
                                          uint64_t lanes)
{
    return vpcvis_i_line_dashes(spans, lanes & ~longer_than(spans, 1));
}

/* Eight digits, or four and four, to their sums of four, one a dword: x10 + x1, x100 + x1. */
VPCVIS_I_AVX2_INLINE __m256i sum_fours(__m256i digits)
{
    return _mm256_madd_epi16(_mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a)),
                             _mm256_set1_epi32(0x00010064));
}

/* The digits of four of eight words, two from `words` and two from four further on; `cut` has
 * how many bits of each, in the low 16 of a qword, lie before its token. */
VPCVIS_I_AVX2_INLINE __m256i cut_words(const uint64_t *words, __m128i cut)
{
    const __m256i four =
        _mm256_inserti128_si256(_mm256_castsi128_si256(vpcvis_i_avx2_load_half(words)),
                                vpcvis_i_avx2_load_half(words + 4), 1);
    const __m256i keep =
        _mm256_sllv_epi64(_mm256_set1_epi64x(-1), _mm256_cvtepu16_epi64(cut));

    return _mm256_and_si256(_mm256_xor_si256(four, _mm256_set1_epi8('0')), keep);
}

/*
 * Eight words with at most 8 digits each to 8 numbers; *good gets ones in the dwords of lanes
 * that have digits only and no leading zero.
 *
 *     a       lanes 0, 1 | 4, 5     bytes   . . . 4 1 8 5 3
 *     b       lanes 2, 3 | 6, 7     words   .   4  18  53        x10 + x1
 *                                   dwords  4     1853           x100 + x1
 *     packed  a, b       | a, b     words   4 1853               then x10000 + x1
 */
VPCVIS_I_AVX2_INLINE __m256i read_eight(const uint64_t *words, const uint16_t *len,
                                        __m256i *good)
{
    const __m256i least =
        _mm256_setr_epi32(10000000, 0, 10, 100, 1000, 10000, 100000, 1000000);
    const __m256i nine = _mm256_set1_epi8(9);
    const __m128i lens = vpcvis_i_avx2_load_half(len);
    const __m128i bits = _mm_slli_epi16(_mm_shuffle_epi32(lens, 0xd8), 3);
    const __m128i cut = _mm_subs_epu16(_mm_set1_epi16(64), bits);
    const __m256i a = cut_words(words, cut);
    const __m256i b = cut_words(words + 2, _mm_unpackhi_epi64(cut, cut));
    const __m256i others =
        _mm256_packs_epi32(_mm256_cmpgt_epi8(a, nine), _mm256_cmpgt_epi8(b, nine));
    const __m256i numbers = _mm256_madd_epi16(
        _mm256_packus_epi32(sum_fours(a), sum_fours(b)), _mm256_set1_epi32(0x00012710));
    const __m256i at_least =
        _mm256_permutevar8x32_epi32(least, _mm256_cvtepu16_epi32(lens));

    *good = _mm256_andnot_si256(_mm256_cmpgt_epi32(at_least, numbers),
                                _mm256_cmpeq_epi32(others, _mm256_setzero_si256()));
    return numbers;
}

/* Numbers of at most 8 digits of all lanes; returns the lanes that have one, at most max. */
VPCVIS_I_AVX2_INLINE uint64_t read_short(const struct vpcvis_i_line_spans *spans,
                                         uint32_t count, uint64_t max, uint32_t *out)
{
    const __m256i most = _mm256_set1_epi32(max < 99999999 ? (int)max : 99999999);
    uint64_t words[VPCVIS_I_LINE_LANES], found = 0;
    uint32_t lane;

    vpcvis_i_line_load_words(spans, count, words);
    for (lane = 0; lane < count; lane += 8) {
        __m256i good;
        const __m256i value = read_eight(words + lane, spans->len + lane, &good);

        good = _mm256_andnot_si256(_mm256_cmpgt_epi32(value, most), good);
        found |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(good))
                 << lane;
        vpcvis_i_avx2_store(out + lane, value);
    }
    return found;
}

/* The 16 bytes that end where the tokens of two lanes end. */
VPCVIS_I_AVX2_INLINE __m256i load_two(const char *text, uint32_t end, uint32_t other_end)
{
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(vpcvis_i_avx2_load_half(text + end - 16)),
        vpcvis_i_avx2_load_half(text + other_end - 16), 1);
}

/* The digits of two tokens of the given lengths; *others gets ones in bytes that are no digit
 * or are a leading zero. */
VPCVIS_I_AVX2_INLINE __m256i cut_two(__m256i text, __m256i lens, __m256i *others)
{
    const __m256i place = _mm256_broadcastsi128_si256(
        _mm_set_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
    const __m256i but_last = _mm256_broadcastsi128_si256(
        _mm_set_epi8(0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
    const __m256i digits = _mm256_andnot_si256(
        _mm256_cmpgt_epi8(place, lens), _mm256_xor_si256(text, _mm256_set1_epi8('0')));
    const __m256i minus_one = _mm256_cmpeq_epi8(but_last, lens);
    const __m256i below_zero = _mm256_add_epi8(digits, minus_one);
    const __m256i above_nine = _mm256_add_epi8(digits, _mm256_set1_epi8(0x76));

    *others = _mm256_cmpgt_epi8(_mm256_setzero_si256(),
                                _mm256_or_si256(below_zero, above_nine));
    return digits;
}

/*
 * Tokens of lanes lane..lane+3, each of at most 16 digits, to 4 numbers; *good gets ones in the
 * qwords of lanes that have digits only and no leading zero.
 *
 *     a       lane 0         | lane 2         four dwords each
 *     b       lane 1         | lane 3
 *     packed  8 words: 0, 1  | 2, 3           then high and low eight of each, side by side
 */
VPCVIS_I_AVX2_INLINE __m256i read_four(const struct vpcvis_i_line_spans *spans,
                                       uint32_t lane, __m256i *good)
{
    const __m256i even =
        _mm256_setr_epi32(0, 0, 0, 0, 0x02020202, 0x02020202, 0x02020202, 0x02020202);
    const __m256i odd = _mm256_or_si256(even, _mm256_set1_epi8(1));
    const uint16_t *end = spans->end + lane;
    __m256i others_a, others_b, a, b, lens, eights;
    int32_t four;

    memcpy(&four, spans->len8 + lane, 4);
    lens = _mm256_set1_epi32(four);
    a = cut_two(load_two(spans->text, end[0], end[2]), _mm256_shuffle_epi8(lens, even),
                &others_a);
    b = cut_two(load_two(spans->text, end[1], end[3]), _mm256_shuffle_epi8(lens, odd),
                &others_b);
    eights = _mm256_madd_epi16(_mm256_packus_epi32(sum_fours(a), sum_fours(b)),
                               _mm256_set1_epi32(0x00012710));
    *good = _mm256_cmpeq_epi64(_mm256_packs_epi32(others_a, others_b),
                               _mm256_setzero_si256());
    return _mm256_add_epi64(_mm256_mul_epu32(eights, _mm256_set1_epi64x(100000000)),
                            _mm256_srli_epi64(eights, 32));
}

/* Numbers of at most 16 digits of all lanes; returns the lanes that have one, at most max. */
VPCVIS_I_AVX2_INLINE uint64_t read_long(const struct vpcvis_i_line_spans *spans,
                                        uint32_t count, uint64_t max, uint64_t *out)
{
    const __m256i most = _mm256_set1_epi64x(max < INT64_MAX ? (int64_t)max : INT64_MAX);
    uint64_t found = 0;
    uint32_t lane;

    for (lane = 0; lane < count; lane += 4) {
        __m256i good;
        const __m256i value = read_four(spans, lane, &good);

        good = _mm256_andnot_si256(_mm256_cmpgt_epi64(value, most), good);
        found |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(good))
                 << lane;
        vpcvis_i_avx2_store(out + lane, value);
    }
    return found;
}

/* What a kernel of numbers returns, of the lanes that have one. */
VPCVIS_I_AVX2_INLINE uint64_t finish_numbers(const struct vpcvis_i_line_lanes *lanes,
                                             const struct vpcvis_i_line_spans *spans,
                                             uint64_t found, uint64_t *valid)
{
    const uint64_t bad = ~found & vpcvis_i_line_lanes_below(lanes->count);
    const uint64_t dashes = bad == 0 ? 0 : find_dashes(spans, bad);

    *valid = ~dashes;
    return bad & ~dashes;
}

VPCVIS_I_AVX2 uint64_t
vpcvis_i_line_number32_avx2(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                            uint32_t max, uint32_t *out, uint64_t *valid)
{
    struct vpcvis_i_line_spans spans;
    uint64_t values[VPCVIS_I_LINE_LANES], found;
    uint32_t lane;

    load_spans(lanes, token, &spans);
    if (VPCVIS_I_LIKELY(
            (longer_than(&spans, 8) & vpcvis_i_line_lanes_below(lanes->count)) == 0)) {
        found = read_short(&spans, lanes->count, max, out);
    } else {
        found = read_long(&spans, lanes->count, max, values);
        found &= ~longer_than(&spans, 16);
        for (lane = 0; lane < lanes->count; lane++)
            out[lane] = (uint32_t)values[lane];
    }
    return finish_numbers(lanes, &spans, found, valid);
}

VPCVIS_I_AVX2 uint64_t
vpcvis_i_line_number64_avx2(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                            uint64_t max, uint64_t *out, uint64_t *valid)
{
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint32_t values[VPCVIS_I_LINE_LANES], lane;
    uint64_t found, wide;

    load_spans(lanes, token, &spans);
    if ((longer_than(&spans, 8) & all) == 0) {
        found = read_short(&spans, lanes->count, max, values);
        for (lane = 0; lane < lanes->count; lane += 4)
            vpcvis_i_avx2_store(out + lane, _mm256_cvtepu32_epi64(
                                                vpcvis_i_avx2_load_half(values + lane)));
    } else {
        wide = longer_than(&spans, 16) & all;
        found = read_long(&spans, lanes->count, max, out) & ~wide;
        found |= vpcvis_i_line_read_wide(&spans, wide, max, out);
    }
    return finish_numbers(lanes, &spans, found, valid);
}

/*
 * Where three dots are, counted from the byte before each token, and where the token ends: four
 * bytes a lane. Of a token with fewer dots one lies beyond its end, or is 32.
 *
 *     place   0 1 2 3 4 5 6 7 8 9 10 11
 *     text    _ 1 0 . 0 . 1 3 3 . 8  _       3, 5, 9, 11
 */
VPCVIS_I_AVX2_INLINE void find_dots(const struct vpcvis_i_line_spans *spans,
                                    uint32_t lane, uint32_t *places)
{
    const char *before = spans->text - 1;
    const __m256i two = _mm256_inserti128_si256(
        _mm256_castsi128_si256(vpcvis_i_avx2_load_half(before + spans->start[lane])),
        vpcvis_i_avx2_load_half(before + spans->start[lane + 1]), 1);
    uint32_t dots = (uint32_t)_mm256_movemask_epi8(vpcvis_i_avx2_find(two, '.'));
    uint32_t i;

    for (i = 0; i < 2; i++) {
        const uint32_t second = _blsr_u32(dots);
        const uint32_t third = _blsr_u32(second);
        places[i] = _tzcnt_u32(dots) | _tzcnt_u32(second) << 8 | _tzcnt_u32(third) << 16 |
                    (spans->len8[lane + i] + 1u) << 24;
        dots >>= 16;
    }
}

/*
 * Two dotted quads to 8 numbers, a dword each; *others gets a sign bit somewhere in the half of a
 * token that is none.
 *
 *     text    _ 1 0 . 0 . 1 3 3 . 8 _
 *     places  3 5 9 11                        ends of the numbers; 0 3 5 9 come before them
 *     spread  - - 1 0   - - - 0   - 1 3 3   - - - 8
 *     inside  0 0 1 1   0 0 0 1   0 1 1 1   0 0 0 1      the first must be 0, the last 1
 */
VPCVIS_I_AVX2_INLINE __m256i read_quads(const char *text, const uint16_t *start,
                                        const uint32_t *places, __m256i *others)
{
    const __m256i ends_at =
        _mm256_setr_epi32(0x00000000, 0x01010101, 0x02020202, 0x03030303, 0x04040404,
                          0x05050505, 0x06060606, 0x07070707);
    const __m256i before_at = _mm256_setr_epi32(-1, 0x00000000, 0x01010101, 0x02020202,
                                                -1, 0x04040404, 0x05050505, 0x06060606);
    const __m256i back = _mm256_set1_epi32(0x01020304);
    const __m256i bytes = _mm256_inserti128_si256(
        _mm256_castsi128_si256(vpcvis_i_avx2_load_half(text - 1 + start[0])),
        vpcvis_i_avx2_load_half(text - 1 + start[1]), 1);
    uint64_t both;
    __m256i all, from, inside, digits, first, shape, numbers;

    memcpy(&both, places, 8);
    all = _mm256_set1_epi64x((int64_t)both);
    from = _mm256_sub_epi8(_mm256_shuffle_epi8(all, ends_at), back);
    inside = _mm256_cmpgt_epi8(from, _mm256_shuffle_epi8(all, before_at));
    digits = _mm256_and_si256(
        inside,
        _mm256_shuffle_epi8(_mm256_xor_si256(bytes, _mm256_set1_epi8('0')), from));
    first = _mm256_and_si256(_mm256_andnot_si256(_mm256_slli_epi32(inside, 8), inside),
                             _mm256_set1_epi32(0x00ffff00));
    shape = _mm256_and_si256(_mm256_xor_si256(inside, _mm256_set1_epi32((int)0xff000000)),
                             _mm256_set1_epi32((int)0xff0000ff));
    numbers =
        _mm256_madd_epi16(_mm256_maddubs_epi16(digits, _mm256_set1_epi32(0x010a6400)),
                          _mm256_set1_epi16(1));
    *others = _mm256_or_si256(
        _mm256_or_si256(_mm256_add_epi8(digits, first),
                        _mm256_add_epi8(digits, _mm256_set1_epi8(0x76))),
        _mm256_or_si256(shape, _mm256_cmpgt_epi32(numbers, _mm256_set1_epi32(255))));
    return numbers;
}

/* Two addresses from the 8 numbers. */
VPCVIS_I_AVX2_INLINE void store_quads(__m256i numbers, struct vpcvis_addr *out)
{
    const __m256i lowest = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
    const __m256i bytes = _mm256_shuffle_epi8(numbers, lowest);

    _mm_storeu_si128((__m128i *)(void *)out[0].bytes, _mm256_castsi256_si128(bytes));
    vpcvis_i_bytes_put_le64((char *)&out[0].family, VPCVIS_ADDR_IPV4);
    _mm_storeu_si128((__m128i *)(void *)out[1].bytes, _mm256_extracti128_si256(bytes, 1));
    vpcvis_i_bytes_put_le64((char *)&out[1].family, VPCVIS_ADDR_IPV4);
}

/* Which of 64 groups of 16 bits are not 0. */
VPCVIS_I_AVX2_INLINE uint64_t find_nonzero(const uint16_t *v)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i same[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        same[i] = _mm256_cmpeq_epi16(vpcvis_i_avx2_load(v + 16 * i), zero);
    return ~vpcvis_i_avx2_join(
        _mm256_permute4x64_epi64(_mm256_packs_epi16(same[0], same[1]), 0xd8),
        _mm256_permute4x64_epi64(_mm256_packs_epi16(same[2], same[3]), 0xd8));
}

VPCVIS_I_AVX2 uint64_t vpcvis_i_line_address_avx2(const struct vpcvis_i_line_lanes *lanes,
                                                  uint32_t token, struct vpcvis_addr *out,
                                                  uint64_t *valid)
{
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint32_t places[VPCVIS_I_LINE_LANES], lane;
    uint16_t wrong[VPCVIS_I_LINE_LANES];
    uint64_t others, dashes;

    load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 2)
        find_dots(&spans, lane, places + lane);
    for (lane = 0; lane < lanes->count; lane += 2) {
        __m256i odd;
        const __m256i numbers =
            read_quads(lanes->text, spans.start + lane, places + lane, &odd);
        const uint32_t bits = (uint32_t)_mm256_movemask_epi8(odd);

        memcpy(wrong + lane, &bits, 4);
        store_quads(numbers, out + lane);
    }
    others = (find_nonzero(wrong) | longer_than(&spans, 15)) & all;
    dashes = find_dashes(&spans, others);
    *valid = ~dashes;
    return vpcvis_i_line_read_others(&spans, others & ~dashes, out);
}

/* at | len << 32 of four lanes, as struct vpcvis_line_text has them. */
VPCVIS_I_AVX2_INLINE __m256i four_texts(const struct vpcvis_i_line_spans *spans,
                                        uint32_t lane, __m256i base)
{
    const __m256i start = _mm256_cvtepu16_epi64(
        _mm_loadl_epi64((const __m128i *)(const void *)(spans->start + lane)));
    const __m256i len = _mm256_cvtepu16_epi64(
        _mm_loadl_epi64((const __m128i *)(const void *)(spans->len + lane)));

    return _mm256_or_si256(_mm256_add_epi64(start, base), _mm256_slli_epi64(len, 32));
}

VPCVIS_I_AVX2 uint64_t vpcvis_i_line_text_avx2(const struct vpcvis_i_line_lanes *lanes,
                                               uint32_t token,
                                               struct vpcvis_line_text *out,
                                               uint64_t *valid)
{
    const __m256i base = _mm256_set1_epi64x(lanes->base);
    struct vpcvis_i_line_spans spans;
    uint32_t lane;

    load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 4)
        vpcvis_i_avx2_store(out + lane, four_texts(&spans, lane, base));
    *valid = ~find_dashes(&spans, vpcvis_i_line_lanes_below(lanes->count));
    return 0;
}

/* The codes, in the top 16 bits, of four words: of their last eight bytes. */
VPCVIS_I_AVX2_INLINE __m256i four_codes(const struct vpcvis_i_line_words *words,
                                        const uint64_t *keys, const uint16_t *len)
{
    const __m128i bits =
        _mm_slli_epi16(_mm_loadl_epi64((const __m128i *)(const void *)len), 3);
    const __m256i cut = _mm256_cvtepu16_epi64(_mm_subs_epu16(_mm_set1_epi16(64), bits));
    const __m256i kept = _mm256_and_si256(vpcvis_i_avx2_load(keys),
                                          _mm256_sllv_epi64(_mm256_set1_epi64x(-1), cut));
    __m256i codes = _mm256_setzero_si256();
    uint32_t i;

    for (i = 0; i < words->count; i++) {
        const __m256i key = _mm256_set1_epi64x((int64_t)words->key[i]);
        const __m256i code =
            _mm256_set1_epi64x((int64_t)((uint64_t)words->code[i] << 48));
        codes =
            _mm256_or_si256(codes, _mm256_and_si256(_mm256_cmpeq_epi64(kept, key), code));
    }
    return codes;
}

/* No byte of a token is 0, so that words of the same key have the same length, up to 8. */
VPCVIS_I_AVX2 uint64_t vpcvis_i_line_name_avx2(const struct vpcvis_i_line_lanes *lanes,
                                               uint32_t token,
                                               const struct vpcvis_i_line_words *words,
                                               struct vpcvis_line_text *out,
                                               uint64_t *valid)
{
    const __m256i base = _mm256_set1_epi64x(lanes->base);
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint64_t keys[VPCVIS_I_LINE_LANES];
    uint32_t lane;

    load_spans(lanes, token, &spans);
    vpcvis_i_line_load_words(&spans, lanes->count, keys);
    for (lane = 0; lane < lanes->count; lane += 4)
        vpcvis_i_avx2_store(out + lane, _mm256_or_si256(four_texts(&spans, lane, base),
                                                        four_codes(words, keys + lane,
                                                                   spans.len + lane)));
    vpcvis_i_line_find_codes(&spans, longer_than(&spans, 8) & all, words->field, out);
    *valid = ~find_dashes(&spans, all);
    return vpcvis_i_line_others(words, out, lanes->count);
}

VPCVIS_I_AVX2 void vpcvis_i_line_copy_avx2(char *out, const char *values, size_t len)
{
    size_t at;

    for (at = 0; at + 32 < len; at += 32)
        vpcvis_i_avx2_store(out + at, vpcvis_i_avx2_load(values + at));
    if (len >= 32) {
        vpcvis_i_avx2_store(out + len - 32, vpcvis_i_avx2_load(values + len - 32));
        return;
    }
    for (; at < len; at += 4)
        memcpy(out + at, values + at, 4);
}
#endif
