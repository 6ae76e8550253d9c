/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX-512 path: text 64 bytes at a time to the index of a window, and the ends of
 * its tokens turned from rows into columns.
 *
 *     text       2 _ 1 2 3 _ e n i ... \n     compared with space and LF
 *     sep        0 1 0 0 0 1 0 0 0 ... 1      a mask of 64 bits
 *     compress   1 5 63                       the places of its ones, as bytes
 *     widen      at + 1, at + 5, at + 63      as the index has them
 */
#include "line_avx512.h"

#if defined(VPCVIS_I_X86)

/* Text on its way into the index; what the index says of itself is written at the end. */
struct scan {
    const char *text;
    uint32_t len;
    uint32_t seps;
    uint32_t lines;
    uint64_t crs; /* not 0 if there are any */
    struct vpcvis_i_line_carry carry;
};

/* Positions of more than 16 set bits. */
VPCVIS_I_AVX512 static void add_many_seps(uint16_t *out, uint32_t at, __m512i found)
{
    const __m512i origin = _mm512_set1_epi16((short)at);
    const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(found));
    const __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(found, 1));

    _mm512_storeu_si512(out, _mm512_add_epi16(origin, low));
    _mm512_storeu_si512(out + 32, _mm512_add_epi16(origin, high));
}

/* Positions of the set bits, `at` being that of bit 0: bytes squeezed together, then widened.
 * Returns how many there are now. */
VPCVIS_I_AVX512_INLINE uint32_t add_seps(struct vpcvis_i_line_index *index, uint32_t at,
                                         uint32_t seps, uint64_t sep)
{
    const __m512i places =
        _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
                        47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
                        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
                        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i found = _mm512_maskz_compress_epi8(sep, places);
    const __m256i low = _mm256_cvtepu8_epi16(_mm512_castsi512_si128(found));
    const uint32_t count = (uint32_t)_mm_popcnt_u64(sep);

    _mm256_storeu_si256((__m256i *)(void *)&index->sep[seps],
                        _mm256_add_epi16(_mm256_set1_epi16((short)at), low));
    if (VPCVIS_I_UNLIKELY(count > 16))
        add_many_seps(&index->sep[seps], at, found);
    return seps + count;
}

/* Lines that end in one group, all but the first of them. */
VPCVIS_I_AVX512 static uint32_t add_more_ends(struct vpcvis_i_line_index *index,
                                              uint32_t at, uint32_t seps, uint32_t lines,
                                              uint64_t sep, uint64_t lf)
{
    index->seps = seps;
    index->lines = lines;
    vpcvis_i_line_add_ends(index, at, sep, lf);
    return index->lines;
}

/* The line that ends in these 64 bytes, written even if there is none, and any more. */
VPCVIS_I_AVX512_INLINE uint32_t add_ends(struct vpcvis_i_line_index *index, uint32_t at,
                                         uint32_t seps, uint32_t lines, uint64_t sep,
                                         uint64_t lf)
{
    const uint64_t more = _blsr_u64(lf);

    index->end[lines] = (uint16_t)(at + _tzcnt_u64(lf));
    index->upto[lines] =
        (uint16_t)(seps + (uint32_t)_mm_popcnt_u64(sep & _blsmsk_u64(lf)));
    lines += lf != 0;
    if (VPCVIS_I_UNLIKELY(more != 0))
        return add_more_ends(index, at, seps, lines, sep, more);
    return lines;
}

/* Any 64 bytes; nothing depends on what there is, as lines may well end in CR LF. */
VPCVIS_I_AVX512_INLINE void add_group(struct vpcvis_i_line_index *index,
                                      struct scan *scan, __m512i text, uint32_t at)
{
    const __m512i above = _mm512_sub_epi8(text, _mm512_set1_epi8(0x20));
    const int next_is_lf = scan->len - at > 64 && scan->text[at + 64] == '\n';
    struct vpcvis_i_line_masks masks;
    uint64_t odd, sep;

    masks.blank = _mm512_cmple_epu8_mask(text, _mm512_set1_epi8(0x20));
    masks.other = _mm512_cmpgt_epu8_mask(above, _mm512_set1_epi8(0x5e));
    masks.lf = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('\n'));
    masks.cr = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('\r'));
    sep = vpcvis_i_line_separators(&masks, &scan->carry, next_is_lf, &odd);
    index->odd[at / 64] = odd;
    index->any_odd |= odd;
    scan->crs |= masks.cr;
    scan->lines = add_ends(index, at, scan->seps, scan->lines, sep, masks.lf);
    scan->seps = add_seps(index, at, scan->seps, sep);
}

/* Text that is wanted soon is asked for this many bytes ahead. */
#define AHEAD 1024

/* Whether two separators are side by side, or one is the first byte. */
VPCVIS_I_AVX512 static int has_neighbours(const uint16_t *sep, uint32_t seps)
{
    const __m512i one = _mm512_set1_epi16(1);
    __mmask32 found = 0;
    uint32_t i;

    if (seps == 0)
        return 0;
    for (i = 0; i + 1 < seps; i += 32) {
        const __m512i gaps = _mm512_sub_epi16(_mm512_loadu_si512(sep + i + 1),
                                              _mm512_loadu_si512(sep + i));
        const uint32_t pairs = seps - 1 - i < 32 ? seps - 1 - i : 32;
        found |= _mm512_mask_cmpeq_epi16_mask(_bzhi_u32(~0u, pairs), gaps, one);
    }
    return found != 0 || sep[0] == 0;
}

/*
 * Text that has only visible bytes, single spaces and LF, as far as whole groups go; 0 if there
 * is anything else, which is not known before the end: nothing waits for the answer.
 */
VPCVIS_I_AVX512 static int scan_clean(struct vpcvis_i_line_index *index,
                                      struct scan *scan, uint32_t *stop)
{
    const __m512i space = _mm512_set1_epi8(0x20), visible = _mm512_set1_epi8(0x21);
    const char *const text = scan->text;
    const uint32_t last = scan->len - 64;
    __m512i most = _mm512_setzero_si512();
    uint32_t at = 0, seps = 0, lines = 0;
    uint64_t sep;

    do {
        const __m512i bytes = _mm512_loadu_si512(text + at);
        const __mmask64 lf = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));

        _mm_prefetch(text + at + AHEAD, _MM_HINT_T0);
        sep = _mm512_movepi8_mask(_mm512_sub_epi8(bytes, visible));
        most =
            _mm512_max_epu8(most, _mm512_maskz_sub_epi8(_knot_mask64(lf), bytes, space));
        lines = add_ends(index, at, seps, lines, sep, lf);
        seps = add_seps(index, at, seps, sep);
        at += 64;
    } while (at <= last && lines < VPCVIS_I_LINE_LANES);
    *stop = at;
    scan->carry.blank = sep >> 63;
    scan->lines = lines;
    scan->seps = seps;
    return _mm512_cmpgt_epu8_mask(most, _mm512_set1_epi8(0x5e)) == 0 &&
           !has_neighbours(index->sep, seps);
}

/* Any text, as far as whole groups go. */
VPCVIS_I_AVX512 static void scan_any(struct vpcvis_i_line_index *index, struct scan *scan,
                                     uint32_t *stop)
{
    struct scan any = {scan->text, scan->len, 0, 0, 0, {1, 0}};
    uint32_t at;

    for (at = 0; any.len - at >= 64 && any.lines < VPCVIS_I_LINE_LANES; at += 64) {
        _mm_prefetch(any.text + at + AHEAD, _MM_HINT_T0);
        add_group(index, &any, _mm512_loadu_si512(any.text + at), at);
    }
    *stop = at;
    *scan = any;
}

VPCVIS_I_AVX512 void vpcvis_i_line_index_avx512(const char *text, uint32_t len,
                                                struct vpcvis_i_line_index *index)
{
    struct scan scan = {text, len, 0, 0, 0, {1, 0}};
    uint32_t at = 0, clean = 0;

    index->any_odd = 0;
    if (len >= 64 && !index->crs && scan_clean(index, &scan, &at))
        clean = at / 64;
    else
        scan_any(index, &scan, &at);
    if (at < len && scan.lines < VPCVIS_I_LINE_LANES) {
        const __mmask64 rest = _bzhi_u64(~(uint64_t)0, len - at);
        const __m512i fill = _mm512_set1_epi8('x');
        add_group(index, &scan, _mm512_mask_loadu_epi8(fill, rest, text + at), at);
    }
    if (index->any_odd != 0)
        memset(index->odd, 0, clean * sizeof(index->odd[0]));
    index->seps = scan.seps;
    index->lines = scan.lines;
    index->crs = scan.crs != 0;
    vpcvis_i_line_end_block(index);
}

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
        for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane += 32)
            turn_block(lanes->sep + token, lanes->first, lanes->ends + 1 + token, lane);
    }
}
#endif
