/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX-512 path (F, BW, DQ, VL, VBMI, VBMI2): numbers, 16 lanes at a time, and names
 * and texts, 8 at a time.
 *
 * The ends of tokens are copied side by side first, 8 bytes a lane, and then loaded as vectors:
 * copying costs no vector instructions. Copies reach at most 24 bytes before the end of a token.
 */
#include "line_avx512.h"

#include "text.h"

#if defined(VPCVIS_I_X86)

#define SHORT 99999999u /* the largest number of one part */

VPCVIS_I_AVX512_INLINE __m128i load_pair(const char *end)
{
    return _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
}

/*
 * The 8 bytes before each lane's end, in the order that packing undoes. Of 16 lanes:
 *
 *     words   0 1 4 5 8 9 12 13   2 3 6 7 10 11 14 15
 *
 * They are volatile lest a compiler collect them in vectors before it stores them.
 */
VPCVIS_I_AVX512_INLINE void copy_words(const char *text, const uint16_t *end,
                                       uint32_t count, volatile uint64_t *words)
{
    const uint16_t *const stop = end + count;
    uint32_t i;

    for (; end < stop; end += 16, words += 16) {
        for (i = 0; i < 8; i += 2) {
            words[i] = vpcvis_i_avx512_word(text + end[2 * i]);
            words[i + 1] = vpcvis_i_avx512_word(text + end[2 * i + 1]);
            words[i + 8] = vpcvis_i_avx512_word(text + end[2 * i + 2]);
            words[i + 9] = vpcvis_i_avx512_word(text + end[2 * i + 3]);
        }
    }
}

/* The 16 bytes before each lane's end, in the same order. */
VPCVIS_I_AVX512_INLINE void copy_pairs(const char *text, const uint16_t *end,
                                       uint32_t count, volatile __m128i *pairs)
{
    const uint16_t *const stop = end + count;
    uint32_t i;

    for (; end < stop; end += 16, pairs += 16) {
        for (i = 0; i < 8; i += 2) {
            pairs[i] = load_pair(text + end[2 * i]);
            pairs[i + 1] = load_pair(text + end[2 * i + 1]);
            pairs[i + 8] = load_pair(text + end[2 * i + 2]);
            pairs[i + 9] = load_pair(text + end[2 * i + 3]);
        }
    }
}

/* The same in the order of the lanes. */
VPCVIS_I_AVX512_INLINE void copy_ends(const char *text, const uint16_t *end,
                                      uint32_t count, volatile uint64_t *words)
{
    uint32_t lane, i;

    for (lane = 0; lane < count; lane += 8) {
        for (i = lane; i < lane + 8; i++)
            words[i] = vpcvis_i_avx512_word(text + end[i]);
    }
}

/* The digits of eight words, less the bits that come before their tokens. */
VPCVIS_I_AVX512_INLINE __m512i cut_words(__m512i words, __m512i cut)
{
    const __m512i keep = _mm512_sllv_epi64(_mm512_set1_epi64(-1), cut);

    /* (words ^ '0') & keep */
    return _mm512_ternarylogic_epi64(words, _mm512_set1_epi8('0'), keep, 0x28);
}

/* Eight digits to two sums of four. */
VPCVIS_I_AVX512_INLINE __m512i sum_fours(__m512i digits)
{
    return _mm512_madd_epi16(_mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a)),
                             _mm512_set1_epi32(0x00010064));
}

/*
 * The words of 16 lanes to numbers; dwords of *others are not 0 where a byte is no digit. `cut` has
 * a byte a lane: the bits of its word that come before the token.
 *
 *     a       lanes 0, 1 | 4, 5 ...       bytes   . . . 4 1 8 5 3
 *     b       lanes 2, 3 | 6, 7 ...       words   .   4  18  53        x10 + x1
 *                                         dwords  4     1853           x100 + x1
 *     packed  a, b       | a, b           words   4 1853               then x10000 + x1
 */
VPCVIS_I_AVX512_INLINE __m512i read_sixteen(const __m512i words[2], __m128i cut,
                                            __m512i *others)
{
    const __m512i cuts = _mm512_broadcast_i32x4(cut);
    const __m512i first = _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13);
    const __m512i second = _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15);
    const __mmask64 low = 0x0101010101010101u;
    const __m512i a =
        cut_words(words[0], _mm512_maskz_permutexvar_epi8(low, first, cuts));
    const __m512i b =
        cut_words(words[1], _mm512_maskz_permutexvar_epi8(low, second, cuts));
    const __m512i nine = _mm512_set1_epi8(9);

    *others = _mm512_packs_epi32(_mm512_subs_epu8(a, nine), _mm512_subs_epu8(b, nine));
    return _mm512_madd_epi16(_mm512_packus_epi32(sum_fours(a), sum_fours(b)),
                             _mm512_set1_epi32(0x00012710));
}

/*
 * One part of each lane's token, counted from its end:
 *
 *     token   1 7 6 6 4 4 8 0 0 7
 *     part    1   0
 */
struct part {
    VPCVIS_I_ALIGNED uint8_t cut[VPCVIS_I_LINE_LANES]; /* bits before it, of its word */
    uint8_t len[VPCVIS_I_LINE_LANES];
    uint32_t number;
    uint32_t most;
};

VPCVIS_I_AVX512_INLINE void set_part(const struct vpcvis_i_avx512_spans *spans,
                                     uint32_t number, uint32_t most, struct part *part)
{
    const __m512i lens = _mm512_loadu_si512(spans->len);
    const __m512i bits =
        _mm512_slli_epi16(_mm512_and_si512(lens, _mm512_set1_epi8(0x1f)), 3);
    const __m512i before = _mm512_set1_epi8((char)(64 * number + 64));

    _mm512_storeu_si512(part->cut, _mm512_subs_epu8(before, bits));
    _mm512_storeu_si512(part->len,
                        _mm512_subs_epu8(lens, _mm512_set1_epi8((char)(8 * number))));
    part->number = number;
    part->most = most;
}

/* That part of 16 lanes to numbers; returns the lanes whose part has digits only, no leading
 * zero, and a number of at most `most`. */
VPCVIS_I_AVX512_INLINE uint64_t part_of_sixteen(const struct part *part, uint32_t lane,
                                                const __m512i words[2], uint32_t *out)
{
    const __m512i least =
        _mm512_setr_epi32(0, part->number > 0, 10, 100, 1000, 10000, 100000, 1000000,
                          10000000, 0, 0, 0, 0, 0, 0, 0);
    const __m128i *cuts = (const __m128i *)(const void *)(part->cut + lane);
    const __m128i *lens = (const __m128i *)(const void *)(part->len + lane);
    __m512i others;
    const __m512i value = read_sixteen(words, _mm_loadu_si128(cuts), &others);
    const __m512i at_least =
        _mm512_permutexvar_epi32(_mm512_cvtepu8_epi32(_mm_loadu_si128(lens)), least);
    __mmask16 good = _mm512_testn_epi32_mask(others, others);

    good = _mm512_mask_cmpge_epu32_mask(good, value, at_least);
    good = _mm512_mask_cmple_epu32_mask(good, value, _mm512_set1_epi32((int)part->most));
    _mm512_storeu_si512(out + lane, value);
    return (uint64_t)good << lane;
}

VPCVIS_I_AVX512_INLINE uint64_t read_part(const struct vpcvis_i_avx512_spans *spans,
                                          uint32_t number, uint32_t most, uint32_t *out)
{
    VPCVIS_I_ALIGNED uint64_t words[VPCVIS_I_LINE_LANES];
    struct part part;
    uint64_t found = 0;
    uint32_t lane;

    set_part(spans, number, most, &part);
    copy_words(spans->text - 8 * number, spans->end, spans->count, words);
    for (lane = 0; lane < spans->count; lane += 16) {
        const __m512i sixteen[2] = {_mm512_loadu_si512(words + lane),
                                    _mm512_loadu_si512(words + lane + 8)};

        found |= part_of_sixteen(&part, lane, sixteen, out);
    }
    return found;
}

/* Parts 0 and 1, which lie side by side. */
VPCVIS_I_AVX512_INLINE uint64_t read_parts(const struct vpcvis_i_avx512_spans *spans,
                                           uint32_t *low, uint32_t *high)
{
    const __m512i odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    VPCVIS_I_ALIGNED __m128i pairs[VPCVIS_I_LINE_LANES];
    struct part first, second;
    uint64_t found_low = 0, found_high = 0;
    uint32_t lane, i;

    set_part(spans, 0, SHORT, &first);
    set_part(spans, 1, SHORT, &second);
    copy_pairs(spans->text, spans->end, spans->count, pairs);
    for (lane = 0; lane < spans->count; lane += 16) {
        __m512i lows[2], highs[2];

        for (i = 0; i < 2; i++) {
            const __m512i a = _mm512_loadu_si512(pairs + lane + 8 * i);
            const __m512i b = _mm512_loadu_si512(pairs + lane + 8 * i + 4);
            lows[i] = _mm512_permutex2var_epi64(a, odd, b);
            highs[i] = _mm512_permutex2var_epi64(a, even, b);
        }
        found_low |= part_of_sixteen(&first, lane, lows, low);
        found_high |= part_of_sixteen(&second, lane, highs, high);
    }
    return found_low & found_high;
}

VPCVIS_I_AVX512_INLINE __m512i widen(const uint32_t *values)
{
    return _mm512_cvtepu32_epi64(
        _mm256_loadu_si256((const __m256i *)(const void *)values));
}

/* Add the part of 17 and more digits; returns the lanes whose sum is a number of 64 bits. */
VPCVIS_I_AVX512 static uint64_t add_top(const struct vpcvis_i_avx512_spans *spans,
                                        uint64_t max, uint64_t *out)
{
    VPCVIS_I_ALIGNED uint32_t top[VPCVIS_I_LINE_LANES];
    uint32_t lane;
    uint64_t found =
        read_part(spans, 2, (uint32_t)(UINT64_MAX / 10000000000000000u), top);

    for (lane = 0; lane < spans->count; lane += 8) {
        const __m512i low = _mm512_loadu_si512(out + lane);
        const __m512i high = _mm512_mullo_epi64(
            widen(top + lane), _mm512_set1_epi64((int64_t)10000000000000000u));
        const __m512i value = _mm512_add_epi64(low, high);
        const __mmask8 fits = _mm512_mask_cmple_epu64_mask(
            _mm512_cmpge_epu64_mask(value, low), value, _mm512_set1_epi64((int64_t)max));

        found &= ~((uint64_t)(uint8_t)~fits << lane);
        _mm512_storeu_si512(out + lane, value);
    }
    return found & ~vpcvis_i_avx512_longer(spans, 20);
}

/* Numbers of any length; returns the lanes that have one. */
VPCVIS_I_AVX512 static uint64_t read_long(const struct vpcvis_i_avx512_spans *spans,
                                          uint64_t max, uint64_t *out)
{
    VPCVIS_I_ALIGNED uint32_t low[VPCVIS_I_LINE_LANES], high[VPCVIS_I_LINE_LANES];
    uint32_t lane;
    uint64_t found = read_parts(spans, low, high), large = 0;

    for (lane = 0; lane < spans->count; lane += 8) {
        const __m512i value = _mm512_add_epi64(
            widen(low + lane),
            _mm512_mul_epu32(widen(high + lane), _mm512_set1_epi64(100000000)));

        large |= (uint64_t)_mm512_cmpgt_epu64_mask(value, _mm512_set1_epi64((int64_t)max))
                 << lane;
        _mm512_storeu_si512(out + lane, value);
    }
    if (vpcvis_i_avx512_longer(spans, 16) != 0)
        found &= add_top(spans, max, out);
    return found & ~large;
}

/* What a kernel of numbers returns, of the lanes that have one. */
VPCVIS_I_AVX512_INLINE uint64_t finish_numbers(const struct vpcvis_i_avx512_spans *spans,
                                               uint64_t found, uint64_t *valid)
{
    const uint64_t bad = ~found & vpcvis_i_avx512_lanes_below(spans->count);
    const uint64_t dashes = bad == 0 ? 0 : vpcvis_i_avx512_dashes(spans, bad);

    *valid = ~dashes;
    return bad & ~dashes;
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_number32_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                              uint32_t max, uint32_t *out, uint64_t *valid)
{
    struct vpcvis_i_avx512_spans spans;
    VPCVIS_I_ALIGNED uint64_t values[VPCVIS_I_LINE_LANES];
    uint64_t found;
    uint32_t lane;

    (void)vpcvis_i_avx512_load_spans(lanes, token, &spans);
    if (VPCVIS_I_LIKELY(vpcvis_i_avx512_longer(&spans, 8) == 0)) {
        found = read_part(&spans, 0, max < SHORT ? max : SHORT, out);
    } else {
        found = read_long(&spans, max, values);
        for (lane = 0; lane < lanes->count; lane++)
            out[lane] = (uint32_t)values[lane];
    }
    return finish_numbers(&spans, found, valid);
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_number64_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                              uint64_t max, uint64_t *out, uint64_t *valid)
{
    struct vpcvis_i_avx512_spans spans;
    VPCVIS_I_ALIGNED uint32_t values[VPCVIS_I_LINE_LANES];
    uint32_t lane;
    uint64_t found;

    (void)vpcvis_i_avx512_load_spans(lanes, token, &spans);
    if (vpcvis_i_avx512_longer(&spans, 8) == 0) {
        found = read_part(&spans, 0, max < SHORT ? (uint32_t)max : SHORT, values);
        for (lane = 0; lane < lanes->count; lane += 8)
            _mm512_storeu_si512(out + lane, widen(values + lane));
    } else {
        found = read_long(&spans, max, out);
    }
    return finish_numbers(&spans, found, valid);
}

/*
 * start | len << 32 of 16 lanes, as struct vpcvis_line_text has them, in two vectors; `text` says
 * where the first bytes of the lanes are.
 *
 *     spans   start of 16 lanes, 2 bytes each | lens
 *     out     start . . len . . of 8 lanes
 */
VPCVIS_I_AVX512_INLINE void sixteen_texts(const struct vpcvis_i_avx512_spans *spans,
                                          uint32_t lane, __m512i base, __m512i out[2])
{
    const __m256i before =
        _mm256_loadu_si256((const __m256i *)(const void *)(spans->before + lane));
    const __m256i end =
        _mm256_loadu_si256((const __m256i *)(const void *)(spans->end + lane));
    const __m256i start = _mm256_add_epi16(before, _mm256_set1_epi16(1));
    const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(start),
                                            _mm256_sub_epi16(end, start), 1);
    const __m512i low = _mm512_setr_epi64(
        0x0000212000000100, 0x0000232200000302, 0x0000252400000504, 0x0000272600000706,
        0x0000292800000908, 0x00002b2a00000b0a, 0x00002d2c00000d0c, 0x00002f2e00000f0e);
    const __m512i high = _mm512_add_epi8(low, _mm512_set1_epi8(16));
    const __mmask64 kept = 0x3333333333333333u;

    out[0] = _mm512_add_epi64(base, _mm512_maskz_permutexvar_epi8(kept, low, both));
    out[1] = _mm512_add_epi64(base, _mm512_maskz_permutexvar_epi8(kept, high, both));
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_text_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                          struct vpcvis_line_text *out, uint64_t *valid)
{
    const __m512i base = _mm512_set1_epi64(lanes->base);
    struct vpcvis_i_avx512_spans spans;
    uint32_t lane;
    __m512i texts[2];

    (void)vpcvis_i_avx512_load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 16) {
        sixteen_texts(&spans, lane, base, texts);
        _mm512_storeu_si512(out + lane, texts[0]);
        _mm512_storeu_si512(out + lane + 8, texts[1]);
    }
    *valid = ~vpcvis_i_avx512_dashes(&spans, vpcvis_i_avx512_lanes_below(lanes->count));
    return 0;
}

/* Add the codes of eight words, whose bits beyond `cut` are kept, to their texts; clears bits of
 * *first for lanes that do not have the first word. */
VPCVIS_I_AVX512_INLINE __m512i add_codes(const struct vpcvis_i_line_words *words,
                                         const uint64_t *keys, __m512i cut, __m512i texts,
                                         __mmask8 *first)
{
    const __m512i keep = _mm512_sllv_epi64(_mm512_set1_epi64(-1), cut);
    const __m512i kept = _mm512_and_si512(_mm512_loadu_si512(keys), keep);
    uint32_t i;

    *first = 0;
    for (i = 0; i < words->count; i++) {
        const __mmask8 same =
            _mm512_cmpeq_epi64_mask(kept, _mm512_set1_epi64((int64_t)words->key[i]));
        const __m512i code = _mm512_set1_epi64((int64_t)((uint64_t)words->code[i] << 48));

        texts = _mm512_mask_or_epi64(texts, same, texts, code);
        if (i == 0)
            *first = same;
    }
    return texts;
}

/* Codes of some lanes whose words do not fit eight bytes. */
VPCVIS_I_AVX512 static void find_codes(const struct vpcvis_i_avx512_spans *spans,
                                       uint64_t which, uint32_t field,
                                       struct vpcvis_line_text *out)
{
    for (; which != 0; which &= which - 1) {
        const uint32_t lane = (uint32_t)_tzcnt_u64(which);
        const uint32_t start = (spans->before[lane] + 1u) & 0xffff;

        out[lane].code =
            vpcvis_i_record_code(field, spans->text + start, spans->end[lane] - start);
    }
}

/* Words are compared by the last 8 bytes of their lanes, less what is before the word. */
VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_name_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                          const struct vpcvis_i_line_words *words,
                          struct vpcvis_line_text *out, uint64_t *valid)
{
    const uint64_t all = vpcvis_i_avx512_lanes_below(lanes->count);
    const __m512i base = _mm512_set1_epi64(lanes->base);
    struct vpcvis_i_avx512_spans spans;
    VPCVIS_I_ALIGNED uint64_t keys[VPCVIS_I_LINE_LANES];
    uint64_t wide, first = 0;
    VPCVIS_I_ALIGNED uint8_t cut[VPCVIS_I_LINE_LANES];
    uint32_t lane, i;
    __m512i lens, texts[2];

    lens = vpcvis_i_avx512_load_spans(lanes, token, &spans);
    wide = vpcvis_i_avx512_longer(&spans, 8) & all;
    lens = _mm512_slli_epi16(_mm512_min_epu8(lens, _mm512_set1_epi8(8)), 3);
    _mm512_storeu_si512(cut, _mm512_sub_epi8(_mm512_set1_epi8(64), lens));
    copy_ends(spans.text, spans.end, lanes->count, keys);
    for (lane = 0; lane < lanes->count; lane += 16) {
        sixteen_texts(&spans, lane, base, texts);
        for (i = 0; i < 2; i++) {
            const void *bits = cut + lane + 8 * i;
            __mmask8 same;

            texts[i] =
                add_codes(words, keys + lane + 8 * i,
                          _mm512_cvtepu8_epi64(_mm_loadl_epi64(bits)), texts[i], &same);
            first |= (uint64_t)same << (lane + 8 * i);
            _mm512_storeu_si512(out + lane + 8 * i, texts[i]);
        }
    }
    find_codes(&spans, wide, words->field, out);
    *valid = ~vpcvis_i_avx512_dashes(&spans, all & ~first);
    return ~first | wide;
}

VPCVIS_I_AVX512 void vpcvis_i_line_copy_avx512(char *out, const char *values, size_t len)
{
    const __mmask64 rest = _bzhi_u64(~(uint64_t)0, (uint32_t)(len % 64));
    size_t at;

    for (at = 0; at + 64 <= len; at += 64)
        _mm512_storeu_si512(out + at, _mm512_loadu_si512(values + at));
    _mm512_mask_storeu_epi8(out + at, rest, _mm512_maskz_loadu_epi8(rest, values + at));
}
#endif
