/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX-512 path: addresses. Dotted quads are read four to a vector, the others by
 * room addr.
 *
 *     text     . . . . . 1 0 . 0 . 1 3 3 . 8 0     the 16 bytes before the token's end
 *     marks    . . . . 1 . . 1 . 1 . . . 1 . .     dots, and the byte before the token
 *     spread   - - 1 0   - - - 0   - 1 3 3   - - 8 0
 *     numbers  10        0         133       80
 *
 * The marks alone say whether a token has the shape of a dotted quad, and how to spread it: there
 * are 81 ways, and a table of them whose row is a product's high byte.
 */
#include "line_avx512.h"

#include "addr.h"

#if defined(VPCVIS_I_X86)

/* The product's bits 8..15 are another number for each of the 81 sets of marks, and never 0. */
#define PRODUCT 0x718bu

#define NONE             0x80 /* spreads a zero */
#define DIGIT(end, n, k) ((k) < (n) ? (end) - ((k) + 1) : NONE)
#define NUMBER(end, n)   NONE, DIGIT(end, n, 2), DIGIT(end, n, 1), DIGIT(end, n, 0)
#define MARKS(a, b, c, d)                                                       \
    (1u << (15 - (d)) | 1u << (14 - (c) - (d)) | 1u << (13 - (b) - (c) - (d)) | \
     1u << (12 - (a) - (b) - (c) - (d)))
#define ROW(a, b, c, d)                                                           \
    [MARKS(a, b, c, d) * PRODUCT >> 8 & 0xff] = {NUMBER(13 - (b) - (c) - (d), a), \
                                                 NUMBER(14 - (c) - (d), b),       \
                                                 NUMBER(15 - (d), c), NUMBER(16, d)}
#define ROWS_OF_3(a, b, c) ROW(a, b, c, 1), ROW(a, b, c, 2), ROW(a, b, c, 3)
#define ROWS_OF_2(a, b)    ROWS_OF_3(a, b, 1), ROWS_OF_3(a, b, 2), ROWS_OF_3(a, b, 3)
#define ROWS_OF_1(a)       ROWS_OF_2(a, 1), ROWS_OF_2(a, 2), ROWS_OF_2(a, 3)

/* Which byte of the text each byte of four numbers takes, by lengths of the numbers. */
static const uint8_t spreads[256][16] = {
    [0] = {NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
           NONE, NONE, NONE},
    ROWS_OF_1(1),
    ROWS_OF_1(2),
    ROWS_OF_1(3),
};

struct quads {
    VPCVIS_I_ALIGNED uint8_t text[VPCVIS_I_LINE_LANES][16];
    VPCVIS_I_ALIGNED uint8_t spread[VPCVIS_I_LINE_LANES][16];
    VPCVIS_I_ALIGNED uint16_t dots[VPCVIS_I_LINE_LANES];  /* which bytes are dots, */
    VPCVIS_I_ALIGNED uint16_t zeros[VPCVIS_I_LINE_LANES]; /* and which are the digit 0 */
    VPCVIS_I_ALIGNED uint16_t row[VPCVIS_I_LINE_LANES];
};

VPCVIS_I_AVX512_INLINE void copy_16(void *to, const void *from)
{
    _mm_storeu_si128((__m128i *)to, _mm_loadu_si128((const __m128i *)from));
}

VPCVIS_I_AVX512_INLINE void load_quads(const struct vpcvis_i_avx512_spans *spans,
                                       struct quads *quads)
{
    uint32_t lane, i;

    if (spans->count < VPCVIS_I_LINE_LANES) { /* lanes past the last have no dots */
        memset(quads->dots, 0, sizeof(quads->dots));
        memset(quads->zeros, 0, sizeof(quads->zeros));
    }
    for (lane = 0; lane < spans->count; lane += 16) {
        for (i = lane; i < lane + 16; i++)
            copy_16(quads->text[i], spans->text + spans->end[i] - 16);
    }
    for (lane = 0; lane < spans->count; lane += 4) {
        const __m512i text = _mm512_loadu_si512(quads->text[lane]);
        const uint64_t dots = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('.'));
        const uint64_t zeros = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('0'));
        memcpy(&quads->dots[lane], &dots, 8);
        memcpy(&quads->zeros[lane], &zeros, 8);
    }
}

/*
 * The rows of 32 lanes; 0 for those, not in the result, whose marks are not those of four
 * numbers of 1..3 places, or which have a number with a leading zero.
 */
VPCVIS_I_AVX512_INLINE uint32_t find_rows(struct quads *quads, const uint8_t *len,
                                          uint32_t lane)
{
    const __m512i lens = _mm512_cvtepu8_epi16(
        _mm256_loadu_si256((const __m256i *)(const void *)(len + lane)));
    const __m512i dots = _mm512_loadu_si512(quads->dots + lane);
    const __m512i zeros = _mm512_loadu_si512(quads->zeros + lane);
    const __m512i one = _mm512_set1_epi16(1);
    const __m512i inside = _mm512_sllv_epi16(
        _mm512_set1_epi16(-1), _mm512_sub_epi16(_mm512_set1_epi16(16), lens));
    const __m512i before =
        _mm512_sllv_epi16(one, _mm512_sub_epi16(_mm512_set1_epi16(15), lens));
    const __m512i marks = _mm512_or_si512(_mm512_and_si512(dots, inside), before);
    const __m512i next =
        _mm512_or_si512(_mm512_srli_epi16(marks, 1), _mm512_set1_epi16((short)0x8000));
    const __m512i near = _mm512_or_si512(
        _mm512_or_si512(_mm512_srli_epi16(marks, 2), _mm512_srli_epi16(marks, 3)),
        _mm512_or_si512(_mm512_srli_epi16(marks, 4), _mm512_set1_epi16(0x7000)));
    const __m512i apart = _mm512_andnot_si512(_mm512_andnot_si512(next, near), marks);
    const __m512i leading =
        _mm512_andnot_si512(next, _mm512_and_si512(zeros, _mm512_slli_epi16(marks, 1)));
    const __m512i three = _mm512_and_si512(marks, _mm512_sub_epi16(marks, one));
    const __m512i two = _mm512_and_si512(three, _mm512_sub_epi16(three, one));
    const __m512i last = _mm512_and_si512(two, _mm512_sub_epi16(two, one));
    const __m512i wrong =
        _mm512_or_si512(_mm512_or_si512(apart, leading),
                        _mm512_and_si512(last, _mm512_sub_epi16(last, one)));
    const __mmask32 good =
        _mm512_mask_test_epi16_mask(_mm512_testn_epi16_mask(wrong, wrong), last, last);
    const __m512i rows = _mm512_srli_epi16(
        _mm512_mullo_epi16(marks, _mm512_set1_epi16((short)PRODUCT)), 8);

    _mm512_storeu_si512(quads->row + lane, _mm512_maskz_mov_epi16(good, rows));
    return good;
}

/* Lanes that have the shape of a dotted quad. */
VPCVIS_I_AVX512_INLINE uint64_t find_spreads(const struct vpcvis_i_avx512_spans *spans,
                                             struct quads *quads)
{
    uint64_t found = find_rows(quads, spans->len, 0);
    uint32_t lane, i;

    if (spans->count > 32)
        found |= (uint64_t)find_rows(quads, spans->len, 32) << 32;
    for (lane = 0; lane < spans->count; lane += 16) {
        for (i = lane; i < lane + 16; i++)
            copy_16(quads->spread[i], spreads[quads->row[i]]);
    }
    return found;
}

/* The digits of four lanes' numbers, and the numbers. */
VPCVIS_I_AVX512_INLINE __m512i sum_quads(const struct quads *quads, uint32_t lane,
                                         __m512i *digits)
{
    const __m512i text = _mm512_loadu_si512(quads->text[lane]);
    const __m512i spread = _mm512_loadu_si512(quads->spread[lane]);

    *digits = _mm512_shuffle_epi8(_mm512_xor_si512(text, _mm512_set1_epi8('0')), spread);
    return _mm512_madd_epi16(_mm512_maddubs_epi16(*digits, _mm512_set1_epi32(0x010a6400)),
                             _mm512_set1_epi16(1));
}

/* Lanes that have the shape of a dotted quad and are none: a byte is no digit, or a number is
 * above 255. */
VPCVIS_I_AVX512 static uint64_t find_wrong(const struct quads *quads, uint32_t count)
{
    uint64_t wrong = 0;
    uint32_t lane, i;

    for (lane = 0; lane < count; lane += 4) {
        __m512i digits;
        const __m512i numbers = sum_quads(quads, lane, &digits);
        const uint32_t large = _mm512_cmpgt_epu32_mask(numbers, _mm512_set1_epi32(255));
        const uint64_t others = _mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9));

        for (i = 0; i < 4; i++) {
            const int found = (large >> 4 * i & 0xf) || (others >> 16 * i & 0xffff);
            wrong |= (uint64_t)found << (lane + i);
        }
    }
    return wrong;
}

/* Four addresses of 24 bytes from the 16 numbers. */
VPCVIS_I_AVX512_INLINE void store_quads(__m512i numbers, struct vpcvis_addr *out)
{
    const int v4 = VPCVIS_ADDR_IPV4;
    const __m512i head = _mm512_setr_epi32(0x0c080400, 0, 0, 0, 0, 0, 0x1c181410, 0, 0, 0,
                                           0, 0, 0x2c282420, 0, 0, 0);
    const __m512i tail =
        _mm512_setr_epi32(0, 0, 0x3c383430, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i head_family =
        _mm512_setr_epi32(0, 0, 0, 0, v4, 0, 0, 0, 0, 0, v4, 0, 0, 0, 0, 0);
    const __m512i tail_family =
        _mm512_setr_epi32(v4, 0, 0, 0, 0, 0, v4, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    _mm512_storeu_si512(out, _mm512_mask_permutexvar_epi8(
                                 head_family, 0x000f00000f00000fu, head, numbers));
    _mm256_storeu_si256((__m256i *)(void *)((char *)out + 64),
                        _mm512_castsi512_si256(_mm512_mask_permutexvar_epi8(
                            tail_family, 0x0f00u, tail, numbers)));
}

/* Where things are in the 64 bytes that end with a token of hexadecimal groups. */
struct groups {
    __m512i nibbles;
    uint64_t runs; /* hexadecimal digits */
    uint64_t gap;  /* the second of two colons side by side */
};

/* 0 unless the token has but digits and colons, which stand where those of an address may. */
VPCVIS_I_AVX512_INLINE int find_groups(const char *end, uint32_t len,
                                       struct groups *groups)
{
    const __m512i text = _mm512_loadu_si512(end - 64);
    const __m512i low = _mm512_sub_epi8(text, _mm512_set1_epi8('0'));
    const __m512i high = _mm512_sub_epi8(_mm512_or_si512(text, _mm512_set1_epi8(0x20)),
                                         _mm512_set1_epi8('a'));
    const uint64_t inside = ~(uint64_t)0 << (64 - len), last = (uint64_t)1 << 63;
    const __mmask64 letters =
        _mm512_mask_cmplt_epu8_mask(inside, high, _mm512_set1_epi8(6));
    const uint64_t digits =
        _mm512_mask_cmplt_epu8_mask(inside, low, _mm512_set1_epi8(10)) | letters;
    const uint64_t colons =
        _mm512_mask_cmpeq_epi8_mask(inside, text, _mm512_set1_epi8(':'));
    const uint64_t gap = colons & colons << 1;
    const uint64_t edges = (colons & inside & (0 - inside)) | (colons & last & ~gap);

    groups->nibbles = _mm512_mask_add_epi8(low, letters, high, _mm512_set1_epi8(10));
    groups->runs = digits;
    groups->gap = gap;
    return (digits | colons) == inside && (gap & (gap - 1)) == 0 &&
           (edges & ~(gap >> 1)) == 0;
}

/*
 * The address of a token of hexadecimal groups; 0 if it is none, or not one of the usual.
 *
 *     text    2 6 0 0 : 1 f 1 8 : : a b
 *     runs    1 1 1 1 . 1 1 1 1 . . 1 1
 *     spread  2 6 0 0   1 f 1 8   . . . . (five times)   . . a b       two digits a byte
 */
VPCVIS_I_AVX512_INLINE int read_groups(const char *end, uint32_t len,
                                       struct vpcvis_addr *out)
{
    struct groups groups;
    uint64_t ends, two, three, four, slots, head;
    uint32_t count, before;
    __m512i spread;

    if (len > 39 || !find_groups(end, len, &groups))
        return 0;
    ends = groups.runs & ~(groups.runs >> 1);
    two = groups.runs << 1 & ends;
    three = groups.runs << 2 & two;
    four = groups.runs << 3 & three;
    count = (uint32_t)_mm_popcnt_u64(ends);
    if ((groups.runs << 4 & four) != 0 || count == 0 ||
        (groups.gap != 0 ? count > 6 : count != 8))
        return 0;
    before = (uint32_t)_mm_popcnt_u64(ends & (groups.gap - 1));
    slots = 0x88888888u | _pdep_u64(_pext_u64(two, ends), 0x44444444u) |
            _pdep_u64(_pext_u64(three, ends), 0x22222222u) |
            _pdep_u64(_pext_u64(four, ends), 0x11111111u);
    slots = _bzhi_u64(slots, 4 * count);
    head = _bzhi_u64(slots, 4 * before);
    slots = head | (slots ^ head) << 4 * (8 - count);
    spread = _mm512_maskz_expand_epi8(
        slots, _mm512_maskz_compress_epi8(groups.runs, groups.nibbles));
    memset(out, 0, sizeof(*out));
    out->family = VPCVIS_ADDR_IPV6;
    _mm_storeu_si128((__m128i *)(void *)out->bytes,
                     _mm256_cvtepi16_epi8(_mm256_maddubs_epi16(
                         _mm512_castsi512_si256(spread), _mm256_set1_epi16(0x0110))));
    return 1;
}

/* Lanes that are no dotted quads: IPv6, or nothing good. */
VPCVIS_I_AVX512 static uint64_t read_others(const struct vpcvis_i_avx512_spans *spans,
                                            uint64_t which, struct vpcvis_addr *out)
{
    uint64_t bad = 0;

    for (; which != 0; which &= which - 1) {
        const uint32_t lane = (uint32_t)_tzcnt_u64(which);
        const uint32_t start = (spans->before[lane] + 1u) & 0xffff;
        const uint32_t end = spans->end[lane];
        size_t at;

        if (read_groups(spans->text + end, end - start, &out[lane]))
            continue;
        if (vpcvis_i_addr_read(spans->text + start, end - start, &out[lane], &at) !=
            VPCVIS_OK)
            bad |= (uint64_t)1 << lane;
    }
    return bad;
}

VPCVIS_I_AVX512 uint64_t
vpcvis_i_line_address_avx512(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                             struct vpcvis_addr *out, uint64_t *valid)
{
    struct vpcvis_i_avx512_spans spans;
    struct quads quads;
    __m512i most_digits = _mm512_setzero_si512(), most = most_digits, digits;
    uint64_t others, dashes = 0;
    uint32_t lane;

    (void)vpcvis_i_avx512_load_spans(lanes, token, &spans);
    load_quads(&spans, &quads);
    others = ~find_spreads(&spans, &quads) | vpcvis_i_avx512_longer(&spans, 15);
    for (lane = 0; lane < lanes->count; lane += 4) {
        const __m512i numbers = sum_quads(&quads, lane, &digits);
        most_digits = _mm512_max_epu8(most_digits, digits);
        most = _mm512_max_epu32(most, numbers);
        store_quads(numbers, out + lane);
    }
    if (VPCVIS_I_UNLIKELY((_mm512_cmpgt_epu8_mask(most_digits, _mm512_set1_epi8(9)) |
                           _mm512_cmpgt_epu32_mask(most, _mm512_set1_epi32(255))) != 0))
        others |= find_wrong(&quads, lanes->count);
    others &= vpcvis_i_avx512_lanes_below(lanes->count);
    if (others != 0)
        dashes = vpcvis_i_avx512_dashes(&spans, others);
    *valid = ~dashes;
    return read_others(&spans, others & ~dashes, out);
}
#endif
