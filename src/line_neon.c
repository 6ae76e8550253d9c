/* SPDX-License-Identifier: MIT */
/*
 * Room line, the NEON path, which every little-endian AArch64 has: text 16 bytes at a time, numbers
 * 4 or 2 at a time, the four numbers of an address at once.
 *
 * A number is loaded right-aligned, the 8 or 16 bytes that end where it ends, and what is before
 * it is masked off. Loads reach at most 16 bytes beyond a token.
 */
#include "line_spans.h"

#if defined(VPCVIS_I_NEON)
#include <arm_neon.h>

VPCVIS_I_INLINE uint8x16_t load(const void *at)
{
    return vld1q_u8((const uint8_t *)at);
}

/* Bytes of v, at the places that the bytes of low and high say; 0 for ff. */
VPCVIS_I_INLINE uint8x16_t pick(uint8x16_t v, uint64_t low, uint64_t high)
{
    return vqtbl1q_u8(
        v, vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high))));
}

/* A mask of 64 bytes from four vectors of bytes that are 0 or 255. */
VPCVIS_I_INLINE uint64_t join_masks(const uint8x16_t v[4])
{
    const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const uint8x16_t low = vpaddq_u8(vandq_u8(v[0], bits), vandq_u8(v[1], bits));
    const uint8x16_t high = vpaddq_u8(vandq_u8(v[2], bits), vandq_u8(v[3], bits));
    const uint8x16_t both = vpaddq_u8(low, high);

    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(both, both)), 0);
}

VPCVIS_I_INLINE uint64_t find_byte(const uint8x16_t text[4], uint8_t byte)
{
    uint8x16_t same[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        same[i] = vceqq_u8(text[i], vdupq_n_u8(byte));
    return join_masks(same);
}

/* 0x21..0x7e */
VPCVIS_I_INLINE uint64_t find_visible(const uint8x16_t text[4])
{
    uint8x16_t visible[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        visible[i] =
            vcleq_u8(vsubq_u8(text[i], vdupq_n_u8(0x21)), vdupq_n_u8(0x7e - 0x21));
    return join_masks(visible);
}

/* Which bytes separate, where a group has more than spaces, visible bytes and LF. left: of the
 * window from the group on. */
static uint64_t odd_group(struct vpcvis_i_line_index *index,
                          struct vpcvis_i_line_carry *carry, const uint8x16_t text[4],
                          const char *from, uint32_t at, uint32_t left)
{
    struct vpcvis_i_line_masks masks;
    uint8x16_t blank[4];
    uint64_t odd, sep;
    uint32_t i;

    for (i = 0; i < 4; i++)
        blank[i] = vcleq_u8(text[i], vdupq_n_u8(0x20));
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
    const uint8x16_t text[4] = {load(from), load(from + 16), load(from + 32),
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

void vpcvis_i_line_index_neon(const char *text, uint32_t len,
                              struct vpcvis_i_line_index *index)
{
    struct vpcvis_i_line_carry carry = {1, 0};
    char last[64];
    uint32_t at;

    index->seps = 0;
    index->lines = 0;
    index->any_odd = 0;
    for (at = 0; len - at >= 64 && index->lines < VPCVIS_I_LINE_LANES; at += 64) {
        __builtin_prefetch(text + at + VPCVIS_I_LINE_AHEAD);
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
VPCVIS_I_INLINE void riffle(const uint16x8_t in[8], uint16x8_t out[8])
{
    uint32_t r;

    for (r = 0; r < 4; r++) {
        out[2 * r] = vzip1q_u16(in[r], in[r + 4]);
        out[2 * r + 1] = vzip2q_u16(in[r], in[r + 4]);
    }
}

/* The ends of 8 tokens of 8 lanes: a row a lane in, a row a token out, by three riffles. */
VPCVIS_I_INLINE void turn_block(const uint16_t *sep, const uint16_t *first,
                                uint16_t (*ends)[VPCVIS_I_LINE_LANES], uint32_t lane)
{
    uint16x8_t a[8], b[8];
    uint32_t r;

    for (r = 0; r < 8; r++)
        a[r] = vld1q_u16(sep + first[lane + r]);
    riffle(a, b);
    riffle(b, a);
    riffle(a, b);
    for (r = 0; r < 8; r++)
        vst1q_u16(&ends[r][lane], b[r]);
}

void vpcvis_i_line_turn_neon(struct vpcvis_i_line_lanes *lanes, uint32_t tokens)
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
    uint32_t lane;

    spans->text = lanes->text;
    spans->end = lanes->ends[token + 1];
    for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane += 8) {
        const uint16x8_t start = vaddq_u16(vld1q_u16(before + lane), vdupq_n_u16(1));
        const uint16x8_t len = vsubq_u16(vld1q_u16(spans->end + lane), start);
        vst1q_u16(spans->start + lane, start);
        vst1q_u16(spans->len + lane, len);
        vst1_u8(spans->len8 + lane,
                vmovn_u16(vminq_u16(len, vdupq_n_u16(VPCVIS_I_LINE_LONG))));
    }
}

/* Lanes whose tokens are longer than `len` bytes, which is less than VPCVIS_I_LINE_LONG. */
VPCVIS_I_INLINE uint64_t longer_than(const struct vpcvis_i_line_spans *spans, uint8_t len)
{
    uint8x16_t longer[4];
    uint32_t i;

    for (i = 0; i < 4; i++)
        longer[i] = vcgtq_u8(load(spans->len8 + 16 * i), vdupq_n_u8(len));
    return join_masks(longer);
}

/* Which of some lanes are `-`. */
VPCVIS_I_INLINE uint64_t find_dashes(const struct vpcvis_i_line_spans *spans,
                                     uint64_t lanes)
{
    return vpcvis_i_line_dashes(spans, lanes & ~longer_than(spans, 1));
}

/* The lengths of two lanes, each repeated 8 times. */
VPCVIS_I_INLINE uint8x16_t two_lens(const struct vpcvis_i_line_spans *spans,
                                    uint32_t lane)
{
    return vcombine_u8(vdup_n_u8(spans->len8[lane]), vdup_n_u8(spans->len8[lane + 1]));
}

/* How far from the end of its token each byte is: of two of 8 bytes, or one of 16. */
VPCVIS_I_INLINE uint8x16_t places_of_two(void)
{
    return vreinterpretq_u8_u64(vdupq_n_u64(0x0102030405060708u));
}

VPCVIS_I_INLINE uint8x16_t places_of_one(void)
{
    return vreinterpretq_u8_u64(
        vcombine_u64(vcreate_u64(0x090a0b0c0d0e0f10u), vcreate_u64(0x0102030405060708u)));
}

/* The digits of tokens of the given lengths; *others gets ones in bytes that are no digit or are
 * a leading zero. */
VPCVIS_I_INLINE uint8x16_t cut(uint8x16_t text, uint8x16_t place, uint8x16_t lens,
                               uint8x16_t *others)
{
    const uint8x16_t digits =
        vbicq_u8(veorq_u8(text, vdupq_n_u8('0')), vcgtq_u8(place, lens));
    const uint8x16_t is_first =
        vbicq_u8(vceqq_u8(place, lens), vceqq_u8(place, vdupq_n_u8(1)));

    *others =
        vorrq_u8(vcgtq_u8(digits, vdupq_n_u8(9)), vandq_u8(is_first, vceqzq_u8(digits)));
    return digits;
}

/* Digits to their sums of two: x10 + x1. */
VPCVIS_I_INLINE uint16x8_t sum_pairs(uint8x16_t digits)
{
    const uint8x8_t weights = vcreate_u8(0x010a010a010a010au);

    return vpaddq_u16(vmull_u8(vget_low_u8(digits), weights),
                      vmull_u8(vget_high_u8(digits), weights));
}

/*
 * 32 digits to their sums of eight.
 *
 *     bytes   0 0 0 4 1 8 5 3          sixteen of a, sixteen of b
 *     pairs   0   4  18  53            x10 + x1
 *     fours   4     1853               x100 + x1
 *     eights  41853                    x10000 + x1; two of a, two of b
 */
VPCVIS_I_INLINE uint32x4_t sum_eights(uint8x16_t a, uint8x16_t b)
{
    const uint16x8_t hundreds = vreinterpretq_u16_u32(vdupq_n_u32(0x00010064));
    const uint16x4_t thousands = vreinterpret_u16_u32(vdup_n_u32(0x00012710));
    const uint16x8_t fours =
        vpaddq_u16(vmulq_u16(sum_pairs(a), hundreds), vmulq_u16(sum_pairs(b), hundreds));

    return vpaddq_u32(vmull_u16(vget_low_u16(fours), thousands),
                      vmull_u16(vget_high_u16(fours), thousands));
}

/* Numbers of at most 8 digits of all lanes; returns the lanes that have one, at most max. */
VPCVIS_I_INLINE uint64_t read_short(const struct vpcvis_i_line_spans *spans,
                                    uint32_t count, uint64_t max, uint32_t *out)
{
    const uint32x4_t most = vdupq_n_u32(max < 99999999 ? (uint32_t)max : 99999999u);
    const uint32x4_t bits = vcombine_u32(vcreate_u32((uint64_t)2 << 32 | 1),
                                         vcreate_u32((uint64_t)8 << 32 | 4));
    uint64_t words[VPCVIS_I_LINE_LANES], found = 0;
    uint32_t lane;

    vpcvis_i_line_load_words(spans, count, words);
    for (lane = 0; lane < count; lane += 4) {
        uint8x16_t others_a, others_b;
        const uint8x16_t a =
            cut(load(words + lane), places_of_two(), two_lens(spans, lane), &others_a);
        const uint8x16_t b = cut(load(words + lane + 2), places_of_two(),
                                 two_lens(spans, lane + 2), &others_b);
        const uint32x4_t value = sum_eights(a, b);
        const uint32x4_t none =
            vceqzq_u32(vreinterpretq_u32_u8(vpmaxq_u8(others_a, others_b)));
        const uint32x4_t good = vandq_u32(none, vcleq_u32(value, most));

        found |= (uint64_t)vaddvq_u32(vandq_u32(good, bits)) << lane;
        vst1q_u32(out + lane, value);
    }
    return found;
}

/* Numbers of at most 16 digits of all lanes; returns the lanes that have one, at most max. */
VPCVIS_I_INLINE uint64_t read_long(const struct vpcvis_i_line_spans *spans,
                                   uint32_t count, uint64_t max, uint64_t *out)
{
    const uint64x2_t most = vdupq_n_u64(max);
    uint64_t found = 0;
    uint32_t lane;

    for (lane = 0; lane < count; lane += 2) {
        uint8x16_t others_a, others_b;
        const uint8x16_t a =
            cut(load(spans->text + spans->end[lane] - 16), places_of_one(),
                vdupq_n_u8(spans->len8[lane]), &others_a);
        const uint8x16_t b =
            cut(load(spans->text + spans->end[lane + 1] - 16), places_of_one(),
                vdupq_n_u8(spans->len8[lane + 1]), &others_b);
        const uint32x4_t eights = sum_eights(a, b);
        const uint32x2_t high = vget_low_u32(vuzp1q_u32(eights, eights));
        const uint32x2_t low = vget_low_u32(vuzp2q_u32(eights, eights));
        const uint64x2_t value = vaddw_u32(vmull_n_u32(high, 100000000u), low);
        const uint64x2_t none =
            vceqzq_u64(vreinterpretq_u64_u8(vpmaxq_u8(others_a, others_b)));
        const uint64x2_t good = vandq_u64(none, vcleq_u64(value, most));

        found |= ((vgetq_lane_u64(good, 0) & 1) | (vgetq_lane_u64(good, 1) & 2)) << lane;
        vst1q_u64(out + lane, value);
    }
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

uint64_t vpcvis_i_line_number32_neon(const struct vpcvis_i_line_lanes *lanes,
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

uint64_t vpcvis_i_line_number64_neon(const struct vpcvis_i_line_lanes *lanes,
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
 * each, the last one highest. Of a token with fewer dots the third is at 15, no earlier than the
 * last byte of any token that fits.
 *
 *     place   0 1 2 3 4 5 6 7 8 9 10 11
 *     text    _ 1 0 . 0 . 1 3 3 . 8  _       3, 5, 9, 11
 */
VPCVIS_I_INLINE uint32_t find_dots(uint8x16_t text, uint32_t len)
{
    const uint64_t none = (uint64_t)1 << 63;
    const uint8x8_t nibbles =
        vshrn_n_u16(vreinterpretq_u16_u8(vceqq_u8(text, vdupq_n_u8('.'))), 4);
    const uint64_t first =
        vget_lane_u64(vreinterpret_u64_u8(nibbles), 0) & 0x1111111111111111u;
    const uint64_t second = first & (first - 1);
    const uint64_t third = second & (second - 1);

    return vpcvis_i_bytes_lowest(first | none) / 4 |
           vpcvis_i_bytes_lowest(second | none) / 4 << 8 |
           vpcvis_i_bytes_lowest(third | none) / 4 << 16 | (len + 1) << 24;
}

/*
 * A dotted quad to 4 numbers, a dword each; *others is not 0 somewhere if it is none.
 *
 *     text    _ 1 0 . 0 . 1 3 3 . 8 _
 *     places  3 5 9 11                        ends of the numbers; 0 3 5 9 come before them
 *     spread  - - 1 0   - - - 0   - 1 3 3   - - - 8
 *     inside  0 0 1 1   0 0 0 1   0 1 1 1   0 0 0 1      the first must be 0, the last 1
 */
VPCVIS_I_INLINE uint32x4_t read_quad(const char *before, uint32_t len, uint32x4_t *others)
{
    const uint8x16_t text = load(before);
    const uint8x16_t places = vreinterpretq_u8_u32(vdupq_n_u32(find_dots(text, len)));
    const uint8x16_t ends = pick(places, 0x0101010100000000u, 0x0303030302020202u);
    const uint8x16_t begins = pick(places, 0x00000000ffffffffu, 0x0202020201010101u);
    const uint8x16_t from = vsubq_u8(ends, vreinterpretq_u8_u32(vdupq_n_u32(0x01020304)));
    const uint8x16_t inside =
        vcgtq_s8(vreinterpretq_s8_u8(from), vreinterpretq_s8_u8(begins));
    const uint8x16_t digits =
        vandq_u8(inside, vqtbl1q_u8(veorq_u8(text, vdupq_n_u8('0')), from));
    const uint32x4_t held = vreinterpretq_u32_u8(inside);
    const uint32x4_t first =
        vandq_u32(vbicq_u32(held, vshlq_n_u32(held, 8)), vdupq_n_u32(0x00ffff00));
    const uint32x4_t shape =
        vandq_u32(veorq_u32(held, vdupq_n_u32(0xff000000)), vdupq_n_u32(0xff0000ff));
    const uint8x8_t weights = vcreate_u8(0x010a6400010a6400u);
    const uint32x4_t numbers = vpaddlq_u16(vpaddq_u16(
        vmull_u8(vget_low_u8(digits), weights), vmull_u8(vget_high_u8(digits), weights)));
    const uint8x16_t wrong =
        vorrq_u8(vcgtq_u8(digits, vdupq_n_u8(9)),
                 vandq_u8(vreinterpretq_u8_u32(first), vceqzq_u8(digits)));

    *others = vorrq_u32(vorrq_u32(vreinterpretq_u32_u8(wrong), shape),
                        vcgtq_u32(numbers, vdupq_n_u32(255)));
    return numbers;
}

uint64_t vpcvis_i_line_address_neon(const struct vpcvis_i_line_lanes *lanes,
                                    uint32_t token, struct vpcvis_addr *out,
                                    uint64_t *valid)
{
    struct vpcvis_i_line_spans spans;
    uint64_t others = 0, dashes;
    uint32_t lane;

    load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane++) {
        uint32x4_t odd;
        const uint32x4_t numbers =
            read_quad(lanes->text + spans.start[lane] - 1, spans.len8[lane], &odd);

        vst1q_u8(out[lane].bytes, pick(vreinterpretq_u8_u32(numbers), 0xffffffff0c080400u,
                                       0xffffffffffffffffu));
        vpcvis_i_bytes_put_le64((char *)&out[lane].family, VPCVIS_ADDR_IPV4);
        others = others >> 1 | (uint64_t)(vmaxvq_u32(odd) != 0) << 63;
    }
    others = others >> (64 - lanes->count) | longer_than(&spans, 15);
    others &= vpcvis_i_line_lanes_below(lanes->count);
    dashes = find_dashes(&spans, others);
    *valid = ~dashes;
    return vpcvis_i_line_read_others(&spans, others & ~dashes, out);
}

/* at | len << 32 of four lanes, as struct vpcvis_line_text has them: two, and two more. */
VPCVIS_I_INLINE void four_texts(const struct vpcvis_i_line_spans *spans, uint32_t lane,
                                uint32_t base, uint64x2_t texts[2])
{
    const uint32x4_t at =
        vaddq_u32(vmovl_u16(vld1_u16(spans->start + lane)), vdupq_n_u32(base));
    const uint32x4_t len = vmovl_u16(vld1_u16(spans->len + lane));

    texts[0] = vreinterpretq_u64_u32(vzip1q_u32(at, len));
    texts[1] = vreinterpretq_u64_u32(vzip2q_u32(at, len));
}

VPCVIS_I_INLINE void store_text(struct vpcvis_line_text *out, uint64x2_t two)
{
    vst1q_u8((uint8_t *)out, vreinterpretq_u8_u64(two));
}

uint64_t vpcvis_i_line_text_neon(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                                 struct vpcvis_line_text *out, uint64_t *valid)
{
    struct vpcvis_i_line_spans spans;
    uint64x2_t texts[2];
    uint32_t lane;

    load_spans(lanes, token, &spans);
    for (lane = 0; lane < lanes->count; lane += 4) {
        four_texts(&spans, lane, lanes->base, texts);
        store_text(out + lane, texts[0]);
        store_text(out + lane + 2, texts[1]);
    }
    *valid = ~find_dashes(&spans, vpcvis_i_line_lanes_below(lanes->count));
    return 0;
}

/* The codes, in the top 16 bits, of two words: of their last eight bytes. */
VPCVIS_I_INLINE uint64x2_t two_codes(const struct vpcvis_i_line_words *words,
                                     const uint64_t *keys, uint8x16_t lens)
{
    const uint64x2_t kept =
        vreinterpretq_u64_u8(vbicq_u8(load(keys), vcgtq_u8(places_of_two(), lens)));
    uint64x2_t codes = vdupq_n_u64(0);
    uint32_t i;

    for (i = 0; i < words->count; i++) {
        const uint64x2_t same = vceqq_u64(kept, vdupq_n_u64(words->key[i]));
        const uint64x2_t code = vdupq_n_u64((uint64_t)words->code[i] << 48);
        codes = vorrq_u64(codes, vandq_u64(same, code));
    }
    return codes;
}

/* No byte of a token is 0, so that words of the same key have the same length, up to 8. */
uint64_t vpcvis_i_line_name_neon(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                                 const struct vpcvis_i_line_words *words,
                                 struct vpcvis_line_text *out, uint64_t *valid)
{
    const uint64_t all = vpcvis_i_line_lanes_below(lanes->count);
    struct vpcvis_i_line_spans spans;
    uint64_t keys[VPCVIS_I_LINE_LANES];
    uint64x2_t texts[2];
    uint32_t lane;

    load_spans(lanes, token, &spans);
    vpcvis_i_line_load_words(&spans, lanes->count, keys);
    for (lane = 0; lane < lanes->count; lane += 4) {
        const uint64x2_t a = two_codes(words, keys + lane, two_lens(&spans, lane));
        const uint64x2_t b =
            two_codes(words, keys + lane + 2, two_lens(&spans, lane + 2));
        four_texts(&spans, lane, lanes->base, texts);
        store_text(out + lane, vorrq_u64(texts[0], a));
        store_text(out + lane + 2, vorrq_u64(texts[1], b));
    }
    vpcvis_i_line_find_codes(&spans, longer_than(&spans, 8) & all, words->field, out);
    *valid = ~find_dashes(&spans, all);
    return vpcvis_i_line_others(words, out, lanes->count);
}
#endif
