/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX-512 path (F, BW, DQ, VL, VBMI, VBMI2): text 64 bytes at a time, numbers 8 and
 * addresses 4 at a time.
 *
 * A token is loaded right-aligned into 16 bytes, four tokens to a register, and what is before
 * it is masked off. Loads reach at most 16 bytes before a token.
 */
#include "line_avx512.h"

#include "addr.h"
#include "text.h"

#if defined(VPCVIS_I_X86)

/* One step of turning rows into columns: registers r and r + 8 become 2r and 2r + 1. */
VPCVIS_I_AVX512_INLINE void riffle(const __m512i in[16], __m512i out[16])
{
    uint32_t r;

    for (r = 0; r < 8; r++) {
        out[2 * r] = _mm512_unpacklo_epi16(in[r], in[r + 8]);
        out[2 * r + 1] = _mm512_unpackhi_epi16(in[r], in[r + 8]);
    }
}

/*
 * The ends of 16 tokens of 32 lanes: a row a lane in, a row a token out. Four riffles leave token
 * c of lanes 0..7 and 16..23 in register 2c, of the other lanes in 2c + 1:
 *
 *     register 2c   [token c, lanes 0..7 | token c+8, lanes 0..7 | token c, lanes 16..23 | ...]
 */
VPCVIS_I_AVX512 static void turn_block(const uint16_t *sep, const uint16_t *first,
                                       uint16_t (*ends)[VPCVIS_I_LINE_LANES],
                                       uint32_t lane)
{
    __m512i a[16], b[16];
    uint32_t r;

    for (r = 0; r < 16; r++) {
        const void *low = sep + first[lane + r];
        const void *high = sep + first[lane + r + 16];
        a[r] = _mm512_inserti64x4(
            _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)low)),
            _mm256_loadu_si256((const __m256i *)high), 1);
    }
    riffle(a, b);
    riffle(b, a);
    riffle(a, b);
    riffle(b, a);
    for (r = 0; r < 16; r++) {
        uint16_t *out = &ends[r / 2][lane + r % 2 * 8];
        uint16_t *eight_on = &ends[r / 2 + 8][lane + r % 2 * 8];
        _mm_storeu_si128((__m128i *)(void *)out, _mm512_castsi512_si128(a[r]));
        _mm_storeu_si128((__m128i *)(void *)eight_on, _mm512_extracti32x4_epi32(a[r], 1));
        _mm_storeu_si128((__m128i *)(void *)(out + 16),
                         _mm512_extracti32x4_epi32(a[r], 2));
        _mm_storeu_si128((__m128i *)(void *)(eight_on + 16),
                         _mm512_extracti32x4_epi32(a[r], 3));
    }
}

/* Lanes past the last repeat lane 0, so that whole vectors of lanes are safe to read. */
VPCVIS_I_AVX512 void vpcvis_i_line_turn_avx512(struct vpcvis_i_line_lanes *lanes,
                                               uint32_t tokens)
{
    uint32_t lane, token;

    for (lane = lanes->count; lane < VPCVIS_I_LINE_LANES; lane++) {
        lanes->first[lane] = lanes->first[0];
        lanes->at[lane] = lanes->at[0];
    }
    for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane++)
        lanes->ends[0][lane] = (uint16_t)(lanes->at[lane] - 1);
    for (token = 0; token < tokens; token += 16) {
        for (lane = 0; lane < lanes->count; lane += 32)
            turn_block(lanes->sep + token, lanes->first, lanes->ends + 1 + token, lane);
    }
}

/* Where one token of each lane begins and ends, and its length (255 for longer ones). */
struct spans {
    const uint16_t *before; /* one less than the token's first byte */
    const uint16_t *end;
    uint8_t len[VPCVIS_I_LINE_LANES];
};

VPCVIS_I_AVX512_INLINE uint32_t end_of(const struct spans *spans, uint32_t lane)
{
    return spans->end[lane];
}

VPCVIS_I_AVX512_INLINE uint32_t start_of(const struct spans *spans, uint32_t lane)
{
    return (spans->before[lane] + 1u) & 0xffff;
}

VPCVIS_I_AVX512_INLINE uint64_t lanes_below(uint32_t count)
{
    return _bzhi_u64(~(uint64_t)0, count);
}

/* Returns the lengths. */
VPCVIS_I_AVX512_INLINE __m512i load_spans(const struct vpcvis_i_line_lanes *lanes,
                                          uint32_t token, struct spans *spans)
{
    uint32_t i;

    spans->before = lanes->ends[token];
    spans->end = lanes->ends[token + 1];
    for (i = 0; i < VPCVIS_I_LINE_LANES; i += 32) {
        const __m512i len =
            _mm512_sub_epi16(_mm512_sub_epi16(_mm512_loadu_si512(spans->end + i),
                                              _mm512_loadu_si512(spans->before + i)),
                             _mm512_set1_epi16(1));
        _mm256_storeu_si256((__m256i *)(void *)(spans->len + i),
                            _mm512_cvtusepi16_epi8(len));
    }
    return _mm512_loadu_si512(spans->len);
}

/* Which of some lanes are `-`. */
VPCVIS_I_AVX512 static uint64_t find_dashes(const char *text, const struct spans *spans,
                                            uint64_t lanes)
{
    uint64_t dashes = 0;

    lanes &= _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(spans->len), _mm512_set1_epi8(1));
    for (; lanes != 0; lanes &= lanes - 1) {
        const uint32_t lane = (uint32_t)_tzcnt_u64(lanes);
        dashes |= (uint64_t)(text[start_of(spans, lane)] == '-') << lane;
    }
    return dashes;
}

/* The 16 bytes that end where each of four lanes' tokens end. */
VPCVIS_I_AVX512_INLINE __m512i load_four(const char *text, const struct spans *spans,
                                         uint32_t lane, uint32_t step)
{
    const char *before = text - 16;
    __m512i v = _mm512_castsi128_si512(
        _mm_loadu_si128((const __m128i *)(const void *)(before + end_of(spans, lane))));

    v = _mm512_inserti32x4(
        v,
        _mm_loadu_si128(
            (const __m128i *)(const void *)(before + end_of(spans, lane + step))),
        1);
    v = _mm512_inserti32x4(
        v,
        _mm_loadu_si128(
            (const __m128i *)(const void *)(before + end_of(spans, lane + 2 * step))),
        2);
    return _mm512_inserti32x4(
        v,
        _mm_loadu_si128(
            (const __m128i *)(const void *)(before + end_of(spans, lane + 3 * step))),
        3);
}

/* Which lane's length each byte of four tokens takes: 0, 0 + step, ... */
VPCVIS_I_AVX512_INLINE __m512i spread(uint32_t lane, uint32_t step)
{
    const int s = (int)(step * 0x01010101u);
    const __m512i quarter = _mm512_set_epi32(3 * s, 3 * s, 3 * s, 3 * s, 2 * s, 2 * s,
                                             2 * s, 2 * s, s, s, s, s, 0, 0, 0, 0);

    return _mm512_add_epi8(quarter, _mm512_set1_epi8((char)lane));
}

/*
 * Four tokens to their digits' sums of four: lens and text in, 16 dwords out, four a token, the
 * highest first. *bad gets a bit for each byte that is no digit or is a leading zero.
 *
 *     bytes   . . . . . . 1 4 1 8 5 3 0 0 1 0
 *     words   . . .    14  18  53  00  10        x10 + x1
 *     dwords  .      14    1853    0010          x100 + x1
 */
VPCVIS_I_AVX512_INLINE __m512i sum_fours(__m512i text, __m512i lens, uint64_t *bad)
{
    const __m512i place = _mm512_broadcast_i32x4(
        _mm_set_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
    const __mmask64 inside = _mm512_cmple_epu8_mask(place, lens);
    const __mmask64 first = _mm512_cmpeq_epi8_mask(place, lens);
    const __m512i digits =
        _mm512_maskz_xor_epi64((__mmask8)0xff, text, _mm512_set1_epi8('0'));
    const __m512i kept = _mm512_maskz_mov_epi8(inside, digits);
    const __mmask64 zero = _mm512_mask_testn_epi8_mask(first, kept, kept);
    const __mmask64 last = 0x8000800080008000u;

    *bad = _mm512_cmpgt_epu8_mask(kept, _mm512_set1_epi8(9)) | (zero & ~last);
    return _mm512_madd_epi16(_mm512_maddubs_epi16(kept, _mm512_set1_epi16(0x010a)),
                             _mm512_set1_epi32(0x00010064));
}

/* One bit for each 16 bits of v that are not 0: lanes 0, 2, 4, 6 of eight. */
VPCVIS_I_AVX512_INLINE uint64_t even_lanes(uint64_t v)
{
    v |= v >> 8;
    v |= v >> 4;
    v |= v >> 2;
    v |= v >> 1;
    return _pext_u64(v, 0x0001000100010001u);
}

/*
 * Tokens of lanes lane..lane+7, each of at most 16 digits, to 8 numbers; *bad gets a bit a lane.
 * Even lanes and odd lanes are summed apart, so that packing them brings them in order.
 */
VPCVIS_I_AVX512_INLINE __m512i read_eight(const char *text, const struct spans *spans,
                                          __m512i lens, uint32_t lane, uint64_t *bad)
{
    uint64_t bad_even, bad_odd;
    const __m512i even =
        sum_fours(load_four(text, spans, lane, 2),
                  _mm512_permutexvar_epi8(spread(lane, 2), lens), &bad_even);
    const __m512i odd =
        sum_fours(load_four(text, spans, lane + 1, 2),
                  _mm512_permutexvar_epi8(spread(lane + 1, 2), lens), &bad_odd);
    const __m512i eights =
        _mm512_madd_epi16(_mm512_packus_epi32(even, odd), _mm512_set1_epi32(0x00012710));
    const __m512i high = _mm512_mul_epu32(eights, _mm512_set1_epi64(100000000));

    *bad = 0;
    if (VPCVIS_I_UNLIKELY((bad_even | bad_odd) != 0))
        *bad =
            _pdep_u64(even_lanes(bad_even), 0x55) | _pdep_u64(even_lanes(bad_odd), 0xaa);
    return _mm512_add_epi64(high, _mm512_srli_epi64(eights, 32));
}

/* Lanes whose numbers have 17 to 20 digits, or are too long: one at a time. */
VPCVIS_I_AVX512 static uint64_t read_wide(const char *text, const struct spans *spans,
                                          uint64_t which, uint64_t max, uint64_t *out)
{
    uint64_t bad = 0;

    for (; which != 0; which &= which - 1) {
        const uint32_t lane = (uint32_t)_tzcnt_u64(which);
        const uint32_t start = start_of(spans, lane);
        size_t at;

        if (vpcvis_i_text_read_u64(text + start, end_of(spans, lane) - start, max,
                                   &out[lane], &at) != VPCVIS_OK)
            bad |= (uint64_t)1 << lane;
    }
    return bad;
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_number32_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                              uint32_t max, uint32_t *out, uint64_t *valid)
{
    struct spans spans;
    uint64_t bad = 0, dashes, wrong, wide;
    uint32_t lane;
    __m512i lens;

    lens = load_spans(lanes, token, &spans);
    wide = _mm512_cmpgt_epu8_mask(lens, _mm512_set1_epi8(10));
    for (lane = 0; lane < lanes->count; lane += 8) {
        const __m512i value = read_eight(lanes->text, &spans, lens, lane, &wrong);
        wrong |= _mm512_cmpgt_epu64_mask(value, _mm512_set1_epi64((int64_t)max));
        bad |= wrong << lane;
        _mm256_storeu_si256((__m256i *)(void *)(out + lane),
                            _mm512_cvtepi64_epi32(value));
    }
    bad = (bad | wide) & lanes_below(lanes->count);
    dashes = find_dashes(lanes->text, &spans, bad);
    *valid = ~dashes;
    return bad & ~dashes;
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_number64_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                              uint64_t max, uint64_t *out, uint64_t *valid)
{
    struct spans spans;
    uint64_t bad = 0, dashes, wrong, wide;
    uint32_t lane;
    __m512i lens;

    lens = load_spans(lanes, token, &spans);
    wide = _mm512_cmpgt_epu8_mask(lens, _mm512_set1_epi8(16)) & lanes_below(lanes->count);
    for (lane = 0; lane < lanes->count; lane += 8) {
        const __m512i value = read_eight(lanes->text, &spans, lens, lane, &wrong);
        wrong |= _mm512_cmpgt_epu64_mask(value, _mm512_set1_epi64((int64_t)max));
        bad |= wrong << lane;
        _mm512_storeu_si512(out + lane, value);
    }
    bad &= ~wide & lanes_below(lanes->count);
    dashes = find_dashes(lanes->text, &spans, bad);
    *valid = ~dashes;
    return (bad & ~dashes) | read_wide(lanes->text, &spans, wide, max, out);
}

/*
 * Four dotted quads of 7..15 bytes each, right-aligned. Dots are squeezed out, and digits are
 * spread so that every number has a dword of its own; masks do both for all 16 at once.
 *
 *     text     ... 1 0 . 0 . 1 3 3 . 8
 *     runs     ... 1 1 . 1 . 1 1 1 . 1      ends: the last digit of each number
 *     spread   - - 1 0   - - - 0   - 1 3 3   - - - 8
 */
struct quads {
    __m512i digits; /* text ^ '0' */
    uint64_t runs;  /* bytes that are digits' places: inside the token and no dot */
    uint64_t dots;
    uint64_t others; /* bytes of runs that are no digits */
};

/* 16 numbers; 0 in *good unless all four tokens are dotted quads. */
VPCVIS_I_AVX512_INLINE __m512i spread_quads(const struct quads *quads, uint64_t *good)
{
    const uint64_t runs = quads->runs;
    const uint64_t ends = runs & ~(runs >> 1);
    const uint64_t starts = runs & ~(runs << 1);
    const uint64_t zeros = _mm512_mask_testn_epi8_mask(
        starts & runs >> 1 & 0x7fff7fff7fff7fffu, quads->digits, quads->digits);
    const uint64_t two = runs << 1 & ends;
    const uint64_t three = runs << 2 & two;
    const uint64_t four = runs << 3 & three;
    const uint64_t slots = 0x8888888888888888u |
                           _pdep_u64(_pext_u64(two, ends), 0x4444444444444444u) |
                           _pdep_u64(_pext_u64(three, ends), 0x2222222222222222u);
    const __m512i packed = _mm512_maskz_compress_epi8(runs, quads->digits);
    const __m512i placed = _mm512_maskz_expand_epi8(slots, packed);
    const __m512i pairs = _mm512_maddubs_epi16(placed, _mm512_set1_epi32(0x010a6400));
    const __m512i numbers = _mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
    const uint32_t large = _mm512_cmpgt_epu32_mask(numbers, _mm512_set1_epi32(255));

    *good = _pdep_u64(0x8888, ends) == 0x8000800080008000u &&
            _mm_popcnt_u64(quads->dots) == 12 && (zeros | four | large) == 0;
    return numbers;
}

VPCVIS_I_AVX512_INLINE void load_quads(const char *text, const struct spans *spans,
                                       __m512i lens, uint32_t lane, struct quads *quads)
{
    const __m512i place = _mm512_broadcast_i32x4(
        _mm_set_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
    const __m512i bytes = load_four(text, spans, lane, 1);
    const __mmask64 inside =
        _mm512_cmple_epu8_mask(place, _mm512_permutexvar_epi8(spread(lane, 1), lens));
    const __mmask64 dots =
        _mm512_mask_cmpeq_epi8_mask(inside, bytes, _mm512_set1_epi8('.'));

    quads->digits = _mm512_xor_si512(bytes, _mm512_set1_epi8('0'));
    quads->dots = dots;
    quads->runs = inside & ~dots;
    quads->others =
        _mm512_mask_cmpgt_epu8_mask(quads->runs, quads->digits, _mm512_set1_epi8(9));
}

/* Put 0.0.0.0 where a token cannot be a dotted quad, so that the other three are read. */
VPCVIS_I_AVX512_INLINE void replace_quads(struct quads *quads, uint64_t which)
{
    const uint64_t runs = 0xaa00aa00aa00aa00u;
    const uint64_t dots = 0x5400540054005400u;

    quads->digits = _mm512_maskz_mov_epi8(~which, quads->digits);
    quads->runs = (quads->runs & ~which) | (runs & which);
    quads->dots = (quads->dots & ~which) | (dots & which);
}

/* Four addresses of 24 bytes from the 16 numbers. */
VPCVIS_I_AVX512_INLINE void store_quads(__m512i numbers, struct vpcvis_addr *out)
{
    const __m512i family = _mm512_castsi128_si512(_mm_setr_epi32(0, 0, 0, 0));
    const __m128i bytes = _mm512_cvtepi32_epi8(numbers);
    const __m512i parts =
        _mm512_inserti32x4(_mm512_inserti32x4(family, bytes, 0),
                           _mm_setr_epi32(VPCVIS_ADDR_IPV4, 0, 0, 0), 1);
    const __m512i head =
        _mm512_setr_epi32(0, 5, 5, 5, 4, 5, 1, 5, 5, 5, 4, 5, 2, 5, 5, 5);
    const __m512i tail =
        _mm512_setr_epi32(4, 5, 3, 5, 5, 5, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5);

    _mm512_storeu_si512(out, _mm512_permutexvar_epi32(head, parts));
    _mm256_storeu_si256((__m256i *)(void *)((char *)out + 64),
                        _mm512_castsi512_si256(_mm512_permutexvar_epi32(tail, parts)));
}

/* Lanes that are no dotted quads: IPv6, or nothing good. */
VPCVIS_I_AVX512 static uint64_t read_others(const char *text, const struct spans *spans,
                                            uint64_t which, struct vpcvis_addr *out)
{
    uint64_t bad = 0;

    for (; which != 0; which &= which - 1) {
        const uint32_t lane = (uint32_t)_tzcnt_u64(which);
        const uint32_t start = start_of(spans, lane);
        size_t at;

        if (vpcvis_i_addr_read(text + start, end_of(spans, lane) - start, &out[lane],
                               &at) != VPCVIS_OK)
            bad |= (uint64_t)1 << lane;
    }
    return bad;
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_address_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                             struct vpcvis_addr *out, uint64_t *valid)
{
    struct spans spans;
    uint64_t others = 0, dashes;
    uint32_t lane;
    __m512i lens;

    lens = load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 4) {
        const uint64_t wide =
            _mm512_cmpgt_epu8_mask(lens, _mm512_set1_epi8(15)) >> lane & 15;
        struct quads quads;
        uint64_t good, odd;
        __m512i numbers;

        load_quads(lanes->text, &spans, lens, lane, &quads);
        odd = even_lanes(quads.others) | wide;
        if (VPCVIS_I_UNLIKELY(odd != 0))
            replace_quads(&quads, _pdep_u64(odd, 0x0001000100010001u) * 0xffff);
        numbers = spread_quads(&quads, &good);
        others |= (good ? odd : 15) << lane;
        store_quads(numbers, out + lane);
    }
    others &= lanes_below(lanes->count);
    dashes = find_dashes(lanes->text, &spans, others);
    *valid = ~dashes;
    return read_others(lanes->text, &spans, others & ~dashes, out);
}

/* start | len << 32 of eight lanes, as struct vpcvis_line_text has them. */
VPCVIS_I_AVX512_INLINE __m512i eight_texts(const struct vpcvis_i_line_lanes *lanes,
                                           const struct spans *spans, uint32_t lane)
{
    const __m128i one = _mm_set1_epi16(1);
    const __m128i start = _mm_add_epi16(
        _mm_loadu_si128((const __m128i *)(const void *)(spans->before + lane)), one);
    const __m128i end =
        _mm_loadu_si128((const __m128i *)(const void *)(spans->end + lane));
    const __m512i len = _mm512_cvtepu16_epi64(_mm_sub_epi16(end, start));
    const __m512i at =
        _mm512_add_epi64(_mm512_cvtepu16_epi64(start), _mm512_set1_epi64(lanes->base));

    return _mm512_or_si512(at, _mm512_slli_epi64(len, 32));
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_text_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                          struct vpcvis_line_text *out, uint64_t *valid)
{
    struct spans spans;
    uint32_t lane;

    (void)load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 8)
        _mm512_storeu_si512(out + lane, eight_texts(lanes, &spans, lane));
    *valid = ~find_dashes(lanes->text, &spans, lanes_below(lanes->count));
    return 0;
}

/* The codes of eight words whose last eight bytes are `keys`. */
VPCVIS_I_AVX512_INLINE __m512i eight_codes(const struct vpcvis_i_line_words *words,
                                           __m512i keys, __m512i lens)
{
    const __m512i cut = _mm512_sub_epi64(
        _mm512_set1_epi64(64),
        _mm512_slli_epi64(_mm512_min_epu64(lens, _mm512_set1_epi64(8)), 3));
    const __m512i kept = _mm512_sllv_epi64(_mm512_srlv_epi64(keys, cut), cut);
    __m512i codes = _mm512_setzero_si512();
    uint32_t i;

    for (i = 0; i < words->count; i++) {
        const __mmask8 same =
            _mm512_cmpeq_epi64_mask(kept, _mm512_set1_epi64((int64_t)words->key[i]));
        codes = _mm512_mask_mov_epi64(
            codes,
            _mm512_mask_cmpeq_epi64_mask(same, lens, _mm512_set1_epi64(words->len[i])),
            _mm512_set1_epi64(words->code[i]));
    }
    return codes;
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_name_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                          const struct vpcvis_i_line_words *words,
                          struct vpcvis_line_text *out, uint64_t *valid)
{
    struct spans spans;
    uint64_t keys[VPCVIS_I_LINE_LANES], wide;
    uint32_t lane;

    (void)load_spans(lanes, token, &spans);
    for (lane = 0; lane < (lanes->count + 7) / 8 * 8; lane++)
        memcpy(&keys[lane], lanes->text + end_of(&spans, lane) - 8, 8);
    for (lane = 0; lane < lanes->count; lane += 8) {
        const __m512i texts = eight_texts(lanes, &spans, lane);
        const __m512i codes = eight_codes(words, _mm512_loadu_si512(keys + lane),
                                          _mm512_srli_epi64(texts, 32));
        _mm512_storeu_si512(out + lane,
                            _mm512_or_si512(texts, _mm512_slli_epi64(codes, 48)));
    }
    wide = _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(spans.len), _mm512_set1_epi8(8)) &
           lanes_below(lanes->count);
    for (; wide != 0; wide &= wide - 1) {
        lane = (uint32_t)_tzcnt_u64(wide);
        out[lane].code = vpcvis_i_record_code(
            words->field, lanes->text + start_of(&spans, lane), out[lane].len);
    }
    *valid = ~find_dashes(lanes->text, &spans, lanes_below(lanes->count));
    return 0;
}
#endif
