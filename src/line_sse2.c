/* SPDX-License-Identifier: MIT */
/*
 * Room line, the SSE2 path, which every x86-64 has: text 16 bytes at a time, numbers 4 or 2 at a
 * time, the four numbers of an address at once.
 *
 * A number is loaded right-aligned, the 8 or 16 bytes that end where it ends, and what is before
 * it is masked off. Loads reach at most 16 bytes beyond a token.
 */
#include "line_spans.h"

#if defined(VPCVIS_I_X86)
#include <emmintrin.h>

VPCVIS_I_INLINE __m128i load(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

VPCVIS_I_INLINE __m128i load_half(const void *at)
{
    return _mm_loadl_epi64((const __m128i *)at);
}

VPCVIS_I_INLINE void store(void *at, __m128i v)
{
    _mm_storeu_si128((__m128i *)at, v);
}

/* A mask of 64 bytes from the top bits of four vectors of 16. */
VPCVIS_I_INLINE uint64_t join_masks(const __m128i v[4])
{
    const uint32_t low =
        (uint32_t)_mm_movemask_epi8(v[0]) | (uint32_t)_mm_movemask_epi8(v[1]) << 16;
    const uint32_t high =
        (uint32_t)_mm_movemask_epi8(v[2]) | (uint32_t)_mm_movemask_epi8(v[3]) << 16;

    return low | (uint64_t)high << 32;
}

VPCVIS_I_INLINE uint64_t find_byte(const __m128i text[4], char byte)
{
    __m128i same[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        same[i] = _mm_cmpeq_epi8(text[i], _mm_set1_epi8(byte));
    return join_masks(same);
}

/* 0x21..0x7e: one more makes 0x7f negative, as 0x80 and above are. */
VPCVIS_I_INLINE uint64_t find_visible(const __m128i text[4])
{
    __m128i visible[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        visible[i] =
            _mm_cmpgt_epi8(_mm_add_epi8(text[i], _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
    return join_masks(visible);
}

/* Which bytes separate, where a group has more than spaces, visible bytes and LF. left: of the
 * window from the group on. */
static uint64_t odd_group(struct vpcvis_i_line_index *index,
                          struct vpcvis_i_line_carry *carry, const __m128i text[4],
                          const char *from, uint32_t at, uint32_t left)
{
    struct vpcvis_i_line_masks masks;
    __m128i blank[4];
    uint64_t odd, sep;
    uint32_t i;

    for (i = 0; i < 4; i++)
        blank[i] = _mm_cmpeq_epi8(_mm_max_epu8(text[i], _mm_set1_epi8(0x20)),
                                  _mm_set1_epi8(0x20));
    masks.blank = join_masks(blank);
    masks.other = ~(find_visible(text) | find_byte(text, 0x20));
    masks.lf = find_byte(text, '\n');
    masks.cr = find_byte(text, '\r');
    sep = vpcvis_i_line_separators(&masks, carry, left > 64 && from[64] == '\n', &odd);
    index->odd[at / 64] = odd;
    index->any_odd |= odd;
    return sep;
}

VPCVIS_I_WRAPS VPCVIS_I_INLINE void add_group(struct vpcvis_i_line_index *index,
                                              struct vpcvis_i_line_carry *carry,
                                              const char *from, uint32_t at,
                                              uint32_t left)
{
    const __m128i text[4] = {load(from), load(from + 16), load(from + 32),
                             load(from + 48)};
    const uint64_t lf = find_byte(text, '\n');
    uint64_t sep = ~find_visible(text);
    const uint64_t others = sep & ~lf & ~find_byte(text, 0x20);
    const uint64_t beside = sep & (sep << 1 | carry->blank);

    if (VPCVIS_I_UNLIKELY((others | beside | carry->cr) != 0)) {
        struct vpcvis_i_line_carry odd = *carry;
        sep = odd_group(index, &odd, text, from, at, left);
        *carry = odd;
    } else {
        carry->blank = sep >> 63;
        index->odd[at / 64] = 0;
    }
    vpcvis_i_line_add_end(index, at, sep, lf);
    vpcvis_i_line_add_places(index, at, sep);
}

void vpcvis_i_line_index_sse2(const char *text, uint32_t len,
                              struct vpcvis_i_line_index *index)
{
    struct vpcvis_i_line_carry carry = {1, 0};
    char last[64];
    uint32_t at;

    index->seps = 0;
    index->lines = 0;
    index->any_odd = 0;
    for (at = 0; len - at >= 64 && index->lines < VPCVIS_I_LINE_LANES; at += 64) {
        _mm_prefetch(text + at + VPCVIS_I_LINE_AHEAD, _MM_HINT_T0);
        add_group(index, &carry, text + at, at, len - at);
    }
    if (at < len && index->lines < VPCVIS_I_LINE_LANES) {
        memset(last, 'x', sizeof(last));
        memcpy(last, text + at, len - at);
        add_group(index, &carry, last, at, len - at);
    }
    vpcvis_i_line_end_block(index);
}

/* One step of turning rows into columns: registers r and r + 4 become 2r and 2r + 1. */
VPCVIS_I_INLINE void riffle(const __m128i in[8], __m128i out[8])
{
    uint32_t r;

    for (r = 0; r < 4; r++) {
        out[2 * r] = _mm_unpacklo_epi16(in[r], in[r + 4]);
        out[2 * r + 1] = _mm_unpackhi_epi16(in[r], in[r + 4]);
    }
}

/* The ends of 8 tokens of 8 lanes: a row a lane in, a row a token out, by three riffles. */
VPCVIS_I_INLINE void turn_block(const uint16_t *sep, const uint16_t *first,
                                uint16_t (*ends)[VPCVIS_I_LINE_LANES], uint32_t lane)
{
    __m128i a[8], b[8];
    uint32_t r;

    for (r = 0; r < 8; r++)
        a[r] = load(sep + first[lane + r]);
    riffle(a, b);
    riffle(b, a);
    riffle(a, b);
    for (r = 0; r < 8; r++)
        store(&ends[r][lane], b[r]);
}

void vpcvis_i_line_turn_sse2(struct vpcvis_i_line_lanes *lanes, uint32_t tokens)
{
    uint32_t lane, token;

    vpcvis_i_line_repeat(lanes);
    for (token = 0; token < tokens; token += 8) {
        for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane += 8)
            turn_block(lanes->sep + token, lanes->first, lanes->ends + 1 + token, lane);
    }
}

VPCVIS_I_INLINE void load_spans(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                                struct vpcvis_i_line_spans *spans)
{
    const uint16_t *before = lanes->ends[token];
    const __m128i most = _mm_set1_epi16(VPCVIS_I_LINE_LONG);
    uint32_t lane, i;

    spans->text = lanes->text;
    spans->end = lanes->ends[token + 1];
    for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane += 16) {
        __m128i len[2];
        for (i = 0; i < 2; i++) {
            const uint32_t at = lane + 8 * i;
            const __m128i start = _mm_add_epi16(load(before + at), _mm_set1_epi16(1));
            len[i] = _mm_sub_epi16(load(spans->end + at), start);
            store(spans->start + at, start);
            store(spans->len + at, len[i]);
            len[i] = _mm_sub_epi16(len[i], _mm_subs_epu16(len[i], most));
        }
        store(spans->len8 + lane, _mm_packus_epi16(len[0], len[1]));
    }
}

/* Lanes whose tokens are longer than `len` bytes, which is less than VPCVIS_I_LINE_LONG. */
VPCVIS_I_INLINE uint64_t longer_than(const struct vpcvis_i_line_spans *spans, char len)
{
    __m128i longer[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        longer[i] = _mm_cmpgt_epi8(load(spans->len8 + 16 * i), _mm_set1_epi8(len));
    return join_masks(longer);
}

/* Which of some lanes are `-`. */
VPCVIS_I_INLINE uint64_t find_dashes(const struct vpcvis_i_line_spans *spans,
                                     uint64_t lanes)
{
    return vpcvis_i_line_dashes(spans, lanes & ~longer_than(spans, 1));
}

/* Four bytes, each repeated four times. */
VPCVIS_I_INLINE __m128i repeat_bytes(uint32_t four)
{
    const __m128i v = _mm_cvtsi32_si128((int)four);
    const __m128i twice = _mm_unpacklo_epi8(v, v);

    return _mm_unpacklo_epi16(twice, twice);
}

/* The lengths of four lanes, each repeated four times. */
VPCVIS_I_INLINE __m128i four_lens(const struct vpcvis_i_line_spans *spans, uint32_t lane)
{
    uint32_t four;

    memcpy(&four, spans->len8 + lane, 4);
    return repeat_bytes(four);
}

/* How far from the end of its token each byte is: of two of 8 bytes, or one of 16. */
VPCVIS_I_INLINE __m128i places_of_two(void)
{
    return _mm_set_epi8(1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8);
}

VPCVIS_I_INLINE __m128i places_of_one(void)
{
    return _mm_set_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}

/* The digits of tokens of the given lengths; *others gets ones in bytes that are no digit or are
 * a leading zero: those that are negative when one is taken off the first, or 0x76 put on. */
VPCVIS_I_INLINE __m128i cut(__m128i text, __m128i place, __m128i lens, __m128i *others)
{
    const __m128i digits = _mm_andnot_si128(_mm_cmpgt_epi8(place, lens),
                                            _mm_xor_si128(text, _mm_set1_epi8('0')));
    const __m128i is_first = _mm_cmpeq_epi8(place, lens);
    const __m128i is_last = _mm_cmpeq_epi8(place, _mm_set1_epi8(1));
    const __m128i less = _mm_add_epi8(digits, _mm_andnot_si128(is_last, is_first));
    const __m128i more = _mm_add_epi8(digits, _mm_set1_epi8(0x76));

    *others = _mm_cmpgt_epi8(_mm_setzero_si128(), _mm_or_si128(less, more));
    return digits;
}

/* Digits to their sums of four, one a dword: x10 + x1, x100 + x1. */
VPCVIS_I_INLINE __m128i sum_fours(__m128i digits)
{
    const __m128i tens =
        _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));

    return _mm_madd_epi16(_mm_add_epi16(tens, _mm_srli_epi16(digits, 8)),
                          _mm_set1_epi32(0x00010064));
}

/* Sums of four, below 10000 each, to sums of eight: x10000 + x1. */
VPCVIS_I_INLINE __m128i sum_eights(__m128i a, __m128i b)
{
    return _mm_madd_epi16(_mm_packs_epi32(a, b), _mm_set1_epi32(0x00012710));
}

/*
 * Four words with at most 8 digits each to 4 numbers; *good gets ones in the dwords of lanes that
 * have digits only and no leading zero.
 *
 *     a       lanes 0, 1            bytes   . . . 4 1 8 5 3
 *     b       lanes 2, 3            words   .   4  18  53        x10 + x1
 *                                   dwords  4     1853           x100 + x1
 *     packed  lanes 0, 1, 2, 3      words   4 1853               then x10000 + x1
 */
VPCVIS_I_INLINE __m128i read_four(const uint64_t *words, __m128i lens, __m128i *good)
{
    __m128i others_a, others_b;
    const __m128i a =
        cut(load(words), places_of_two(), _mm_unpacklo_epi32(lens, lens), &others_a);
    const __m128i b =
        cut(load(words + 2), places_of_two(), _mm_unpackhi_epi32(lens, lens), &others_b);

    *good = _mm_cmpeq_epi32(_mm_packs_epi32(others_a, others_b), _mm_setzero_si128());
    return sum_eights(sum_fours(a), sum_fours(b));
}

/* Numbers of at most 8 digits of all lanes; returns the lanes that have one, at most max. */
VPCVIS_I_INLINE uint64_t read_short(const struct vpcvis_i_line_spans *spans,
                                    uint32_t count, uint64_t max, uint32_t *out)
{
    const __m128i most = _mm_set1_epi32(max < 99999999 ? (int)max : 99999999);
    uint64_t words[VPCVIS_I_LINE_LANES], found = 0;
    uint32_t lane;

    vpcvis_i_line_load_words(spans, count, words);
    for (lane = 0; lane < count; lane += 4) {
        __m128i good;
        const __m128i value = read_four(words + lane, four_lens(spans, lane), &good);

        good = _mm_andnot_si128(_mm_cmpgt_epi32(value, most), good);
        found |= (uint64_t)(uint32_t)_mm_movemask_ps(_mm_castsi128_ps(good)) << lane;
        store(out + lane, value);
    }
    return found;
}

/* Two tokens of at most 16 digits each to 2 numbers; *good gets ones in the qwords of those that
 * have digits only and no leading zero. */
VPCVIS_I_INLINE __m128i read_two(const char *a_end, __m128i a_len, const char *b_end,
                                 __m128i b_len, __m128i *good)
{
    __m128i others_a, others_b;
    const __m128i a = cut(load(a_end - 16), places_of_one(), a_len, &others_a);
    const __m128i b = cut(load(b_end - 16), places_of_one(), b_len, &others_b);
    const __m128i same =
        _mm_cmpeq_epi32(_mm_packs_epi32(others_a, others_b), _mm_setzero_si128());
    const __m128i eights = sum_eights(sum_fours(a), sum_fours(b));

    *good = _mm_and_si128(same, _mm_shuffle_epi32(same, 0xb1));
    return _mm_add_epi64(_mm_mul_epu32(eights, _mm_set1_epi32(100000000)),
                         _mm_srli_epi64(eights, 32));
}

/* Lanes whose value is at most max. */
static uint64_t find_at_most(const uint64_t *values, uint32_t count, uint64_t max)
{
    uint64_t found = 0;
    uint32_t lane;

    for (lane = 0; lane < count; lane++)
        found = found >> 1 | (uint64_t)(values[lane] <= max) << 63;
    return found >> (64 - count);
}

/* Numbers of at most 16 digits of all lanes; returns the lanes that have one, at most max. */
VPCVIS_I_INLINE uint64_t read_long(const struct vpcvis_i_line_spans *spans,
                                   uint32_t count, uint64_t max, uint64_t *out)
{
    uint64_t found = 0;
    uint32_t lane;

    for (lane = 0; lane < count; lane += 4) {
        const uint16_t *end = spans->end + lane;
        const __m128i lens = four_lens(spans, lane);
        __m128i a, b;

        store(out + lane,
              read_two(spans->text + end[0], _mm_shuffle_epi32(lens, 0x00),
                       spans->text + end[1], _mm_shuffle_epi32(lens, 0x55), &a));
        store(out + lane + 2,
              read_two(spans->text + end[2], _mm_shuffle_epi32(lens, 0xaa),
                       spans->text + end[3], _mm_shuffle_epi32(lens, 0xff), &b));
        found |= (uint64_t)(uint32_t)_mm_movemask_ps(
                     _mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0x88))
                 << lane;
    }
    if (max < 9999999999999999u)
        found &= find_at_most(out, count, max);
    return found;
}

/* What a kernel of numbers returns, of the lanes that have one. */
VPCVIS_I_INLINE uint64_t finish_numbers(const struct vpcvis_i_line_spans *spans,
                                        uint64_t all, uint64_t found, uint64_t *valid)
{
    const uint64_t bad = ~found & all;
    const uint64_t dashes = bad == 0 ? 0 : find_dashes(spans, bad);

    *valid = ~dashes;
    return bad & ~dashes;
}

uint64_t vpcvis_i_line_number32_sse2(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token, uint32_t max, uint32_t *out,
                                     uint64_t *valid)
{
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint64_t values[VPCVIS_I_LINE_LANES], found;
    uint32_t lane;

    load_spans(lanes, token, &spans);
    if (VPCVIS_I_LIKELY((longer_than(&spans, 8) & all) == 0)) {
        found = read_short(&spans, lanes->count, max, out);
    } else {
        found = read_long(&spans, lanes->count, max, values) & ~longer_than(&spans, 16);
        for (lane = 0; lane < lanes->count; lane++)
            out[lane] = (uint32_t)values[lane];
    }
    return finish_numbers(&spans, all, found, valid);
}

uint64_t vpcvis_i_line_number64_sse2(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token, uint64_t max, uint64_t *out,
                                     uint64_t *valid)
{
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint32_t values[VPCVIS_I_LINE_LANES], lane;
    uint64_t found, wide;

    load_spans(lanes, token, &spans);
    if ((longer_than(&spans, 8) & all) == 0) {
        found = read_short(&spans, lanes->count, max, values);
        for (lane = 0; lane < lanes->count; lane++)
            out[lane] = values[lane];
    } else {
        wide = longer_than(&spans, 16) & all;
        found = read_long(&spans, lanes->count, max, out) & ~wide;
        found |= vpcvis_i_line_read_wide(&spans, wide, max, out);
    }
    return finish_numbers(&spans, all, found, valid);
}

/*
 * Where three dots are, counted from the byte before a token, and where the token ends: a byte
 * each, the last one highest. Of a token with fewer dots one lies beyond its end.
 *
 *     place   0 1 2 3 4 5 6 7 8 9 10 11
 *     text    _ 1 0 . 0 . 1 3 3 . 8  _       3, 5, 9, 11
 */
VPCVIS_I_INLINE uint32_t find_dots(const char *before, uint32_t len)
{
    const uint32_t first =
        0x70000u |
        (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(load(before), _mm_set1_epi8('.')));
    const uint32_t second = first & (first - 1);
    const uint32_t third = second & (second - 1);

    return vpcvis_i_bytes_lowest(first) | vpcvis_i_bytes_lowest(second) << 8 |
           vpcvis_i_bytes_lowest(third) << 16 | (len + 1) << 24;
}

/* The four bytes before place n. */
VPCVIS_I_INLINE int load_number(const char *before, uint32_t places, uint32_t n)
{
    int32_t four;

    memcpy(&four, before + (places >> 8 * n & 0xff) - 4, 4);
    return four;
}

/*
 * A dotted quad to 4 numbers, a dword each; *others gets a sign bit somewhere if it is none.
 *
 *     text    _ 1 0 . 0 . 1 3 3 . 8 _
 *     places  3 5 9 11                        ends of the numbers; 0 3 5 9 come before them
 *     spread  . _ 1 0   1 0 . 0   . 1 3 3   3 3 . 8      the four bytes before each
 *     inside  0 0 1 1   0 0 0 1   0 1 1 1   0 0 0 1      the first must be 0, the last 1
 */
VPCVIS_I_WRAPS VPCVIS_I_INLINE __m128i read_quad(const char *before, uint32_t places,
                                                 __m128i *others)
{
    const __m128i bytes =
        _mm_setr_epi32(load_number(before, places, 0), load_number(before, places, 1),
                       load_number(before, places, 2), load_number(before, places, 3));
    const __m128i from = _mm_sub_epi8(repeat_bytes(places), _mm_set1_epi32(0x01020304));
    const __m128i inside = _mm_cmpgt_epi8(from, repeat_bytes(places << 8));
    const __m128i digits =
        _mm_and_si128(inside, _mm_xor_si128(bytes, _mm_set1_epi8('0')));
    const __m128i first = _mm_and_si128(
        _mm_andnot_si128(_mm_slli_epi32(inside, 8), inside), _mm_set1_epi32(0x00ffff00));
    const __m128i shape =
        _mm_and_si128(_mm_xor_si128(inside, _mm_set1_epi32((int)0xff000000)),
                      _mm_set1_epi32((int)0xff0000ff));
    const __m128i tens = _mm_madd_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)),
                                        _mm_set1_epi32(0x000a0000));
    const __m128i numbers = _mm_add_epi32(
        tens, _mm_madd_epi16(_mm_srli_epi16(digits, 8), _mm_set1_epi32(0x00010064)));

    *others =
        _mm_or_si128(_mm_or_si128(_mm_add_epi8(digits, first),
                                  _mm_add_epi8(digits, _mm_set1_epi8(0x76))),
                     _mm_or_si128(shape, _mm_cmpgt_epi32(numbers, _mm_set1_epi32(255))));
    return numbers;
}

uint64_t vpcvis_i_line_address_sse2(const struct vpcvis_i_line_lanes *lanes,
                                    uint32_t token, struct vpcvis_addr *out,
                                    uint64_t *valid)
{
    const __m128i zero = _mm_setzero_si128();
    struct vpcvis_i_line_spans spans;
    uint64_t others = 0, dashes;
    uint32_t lane;

    load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane++) {
        const char *before = lanes->text + spans.start[lane] - 1;
        __m128i odd;
        const __m128i numbers =
            read_quad(before, find_dots(before, spans.len8[lane]), &odd);

        store(out[lane].bytes, _mm_packus_epi16(_mm_packs_epi32(numbers, zero), zero));
        vpcvis_i_bytes_put_le64((char *)&out[lane].family, VPCVIS_ADDR_IPV4);
        others = others >> 1 | (uint64_t)(_mm_movemask_epi8(odd) != 0) << 63;
    }
    others = others >> (64 - lanes->count) | longer_than(&spans, 15);
    others &= vpcvis_i_line_lanes_below(lanes->count);
    dashes = find_dashes(&spans, others);
    *valid = ~dashes;
    return vpcvis_i_line_read_others(&spans, others & ~dashes, out);
}

/* at | len << 32 of four lanes, as struct vpcvis_line_text has them: two, and two more. */
VPCVIS_I_INLINE void four_texts(const struct vpcvis_i_line_spans *spans, uint32_t lane,
                                __m128i base, __m128i texts[2])
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i start = _mm_unpacklo_epi16(load_half(spans->start + lane), zero);
    const __m128i len = _mm_unpacklo_epi16(load_half(spans->len + lane), zero);
    const __m128i at = _mm_add_epi32(start, base);

    texts[0] = _mm_unpacklo_epi32(at, len);
    texts[1] = _mm_unpackhi_epi32(at, len);
}

uint64_t vpcvis_i_line_text_sse2(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                                 struct vpcvis_line_text *out, uint64_t *valid)
{
    const __m128i base = _mm_set1_epi32((int)lanes->base);
    struct vpcvis_i_line_spans spans;
    __m128i texts[2];
    uint32_t lane;

    load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 4) {
        four_texts(&spans, lane, base, texts);
        store(out + lane, texts[0]);
        store(out + lane + 2, texts[1]);
    }
    *valid = ~find_dashes(&spans, vpcvis_i_line_lanes_below(lanes->count));
    return 0;
}

/* The codes, in the top 16 bits, of two words: of their last eight bytes. */
VPCVIS_I_INLINE __m128i two_codes(const struct vpcvis_i_line_words *words,
                                  const uint64_t *keys, __m128i lens)
{
    const __m128i kept =
        _mm_andnot_si128(_mm_cmpgt_epi8(places_of_two(), lens), load(keys));
    __m128i codes = _mm_setzero_si128();
    uint32_t i;

    for (i = 0; i < words->count; i++) {
        const __m128i key = _mm_set1_epi64x((int64_t)words->key[i]);
        const __m128i code = _mm_set1_epi64x((int64_t)((uint64_t)words->code[i] << 48));
        const __m128i halves = _mm_cmpeq_epi32(kept, key);
        const __m128i same = _mm_and_si128(halves, _mm_shuffle_epi32(halves, 0xb1));
        codes = _mm_or_si128(codes, _mm_and_si128(same, code));
    }
    return codes;
}

/* No byte of a token is 0, so that words of the same key have the same length, up to 8. */
uint64_t vpcvis_i_line_name_sse2(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                                 const struct vpcvis_i_line_words *words,
                                 struct vpcvis_line_text *out, uint64_t *valid)
{
    const __m128i base = _mm_set1_epi32((int)lanes->base);
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint64_t keys[VPCVIS_I_LINE_LANES];
    __m128i texts[2];
    uint32_t lane;

    load_spans(lanes, token, &spans);
    vpcvis_i_line_load_words(&spans, lanes->count, keys);
    for (lane = 0; lane < lanes->count; lane += 4) {
        const __m128i lens = four_lens(&spans, lane);
        const __m128i a = two_codes(words, keys + lane, _mm_unpacklo_epi32(lens, lens));
        const __m128i b =
            two_codes(words, keys + lane + 2, _mm_unpackhi_epi32(lens, lens));
        four_texts(&spans, lane, base, texts);
        store(out + lane, _mm_or_si128(texts[0], a));
        store(out + lane + 2, _mm_or_si128(texts[1], b));
    }
    vpcvis_i_line_find_codes(&spans, longer_than(&spans, 8) & all, words->field, out);
    *valid = ~find_dashes(&spans, all);
    return vpcvis_i_line_others(words, out, lanes->count);
}
#endif
