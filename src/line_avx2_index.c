/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX2 path: text 32 bytes at a time to the index of a window, and the ends of
 * tokens of a block from rows to columns.
 */
#include "line_avx2.h"

#if defined(VPCVIS_I_X86)

/* 0x21..0x7e: one more makes 0x7f negative, as 0x80 and above are. */
VPCVIS_I_AVX2_INLINE __m256i find_visible(__m256i text)
{
    return _mm256_cmpgt_epi8(_mm256_add_epi8(text, _mm256_set1_epi8(1)),
                             _mm256_set1_epi8(0x21));
}

/* Which bytes separate, where a group has more than spaces, visible bytes and LF. left: of the
 * window from the group on. */
VPCVIS_I_AVX2 static uint64_t odd_group(struct vpcvis_i_line_index *index,
                                        struct vpcvis_i_line_carry *carry,
                                        const char *text, uint32_t at, uint32_t left)
{
    const __m256i low = vpcvis_i_avx2_load(text), high = vpcvis_i_avx2_load(text + 32);
    const __m256i space = _mm256_set1_epi8(0x20);
    const uint64_t spaces =
        vpcvis_i_avx2_join(vpcvis_i_avx2_find(low, 0x20), vpcvis_i_avx2_find(high, 0x20));
    struct vpcvis_i_line_masks masks;
    uint64_t odd, sep;

    masks.blank =
        vpcvis_i_avx2_join(_mm256_cmpeq_epi8(_mm256_max_epu8(low, space), space),
                           _mm256_cmpeq_epi8(_mm256_max_epu8(high, space), space));
    masks.other = ~(vpcvis_i_avx2_join(find_visible(low), find_visible(high)) | spaces);
    masks.lf =
        vpcvis_i_avx2_join(vpcvis_i_avx2_find(low, '\n'), vpcvis_i_avx2_find(high, '\n'));
    masks.cr =
        vpcvis_i_avx2_join(vpcvis_i_avx2_find(low, '\r'), vpcvis_i_avx2_find(high, '\r'));
    sep = vpcvis_i_line_separators(&masks, carry, left > 64 && text[64] == '\n', &odd);
    index->odd[at / 64] = odd;
    index->any_odd |= odd;
    return sep;
}

/* vpcvis_i_line_add_places, with a count of zeros that needs no bit. */
VPCVIS_I_AVX2_INLINE void add_seps(struct vpcvis_i_line_index *index, uint32_t at,
                                   uint64_t sep)
{
    uint16_t *out = index->sep + index->seps;
    uint32_t i;

    index->seps += (uint32_t)_mm_popcnt_u64(sep);
    do {
        for (i = 0; i < 12; i++) {
            const uint32_t place = at + (uint32_t)_tzcnt_u64(sep);
            memcpy(out + i, &place, 4);
            sep = _blsr_u64(sep);
        }
        out += 12;
    } while (VPCVIS_I_UNLIKELY(sep != 0));
}

VPCVIS_I_WRAPS VPCVIS_I_AVX2_INLINE void add_group(struct vpcvis_i_line_index *index,
                                                   struct vpcvis_i_line_carry *carry,
                                                   const char *text, uint32_t at,
                                                   uint32_t left)
{
    const __m256i low = vpcvis_i_avx2_load(text), high = vpcvis_i_avx2_load(text + 32);
    const __m256i low_visible = find_visible(low), high_visible = find_visible(high);
    const __m256i low_lf = vpcvis_i_avx2_find(low, '\n'),
                  high_lf = vpcvis_i_avx2_find(high, '\n');
    const __m256i low_usual = _mm256_or_si256(_mm256_or_si256(low_visible, low_lf),
                                              vpcvis_i_avx2_find(low, 0x20));
    const __m256i high_usual = _mm256_or_si256(_mm256_or_si256(high_visible, high_lf),
                                               vpcvis_i_avx2_find(high, 0x20));
    const uint32_t usual =
        (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(low_usual, high_usual));
    const uint64_t lf = vpcvis_i_avx2_join(low_lf, high_lf);
    uint64_t sep = ~vpcvis_i_avx2_join(low_visible, high_visible);
    const uint64_t beside = sep & (sep << 1 | carry->blank);

    if (VPCVIS_I_UNLIKELY((~usual | beside | carry->cr) != 0)) {
        struct vpcvis_i_line_carry odd = *carry;
        sep = odd_group(index, &odd, text, at, left);
        *carry = odd;
    } else {
        carry->blank = sep >> 63;
        index->odd[at / 64] = 0;
    }
    vpcvis_i_line_add_end(index, at, sep, lf);
    add_seps(index, at, sep);
}

VPCVIS_I_AVX2 void vpcvis_i_line_index_avx2(const char *text, uint32_t len,
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
VPCVIS_I_AVX2_INLINE void riffle(const __m256i in[8], __m256i out[8])
{
    uint32_t r;

    for (r = 0; r < 4; r++) {
        out[2 * r] = _mm256_unpacklo_epi16(in[r], in[r + 4]);
        out[2 * r + 1] = _mm256_unpackhi_epi16(in[r], in[r + 4]);
    }
}

/*
 * The ends of 8 tokens of 16 lanes: a row a lane in, a row a token out, by three riffles.
 *
 *     in   r    [lane r: tokens 0..7   | lane r + 8: tokens 0..7]
 *     out  t    [token t: lanes 0..7   | token t: lanes 8..15   ]
 */
VPCVIS_I_AVX2_INLINE void turn_block(const uint16_t *sep, const uint16_t *first,
                                     uint16_t (*ends)[VPCVIS_I_LINE_LANES], uint32_t lane)
{
    __m256i a[8], b[8];
    uint32_t r;

    for (r = 0; r < 8; r++)
        a[r] = _mm256_inserti128_si256(
            _mm256_castsi128_si256(vpcvis_i_avx2_load_half(sep + first[lane + r])),
            vpcvis_i_avx2_load_half(sep + first[lane + r + 8]), 1);
    riffle(a, b);
    riffle(b, a);
    riffle(a, b);
    for (r = 0; r < 8; r++)
        vpcvis_i_avx2_store(&ends[r][lane], b[r]);
}

VPCVIS_I_AVX2 void vpcvis_i_line_turn_avx2(struct vpcvis_i_line_lanes *lanes,
                                           uint32_t tokens)
{
    uint32_t lane, token;

    vpcvis_i_line_repeat(lanes);
    for (token = 0; token < tokens; token += 8) {
        for (lane = 0; lane < VPCVIS_I_LINE_LANES; lane += 16)
            turn_block(lanes->sep + token, lanes->first, lanes->ends + 1 + token, lane);
    }
}
#endif
