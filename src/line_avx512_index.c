/* SPDX-License-Identifier: MIT */
/*
 * Room line, the AVX-512 path: text 64 bytes at a time to the index of a window.
 *
 *     text       2 _ 1 2 3 _ e n i ... \n     compared with space and LF
 *     sep        0 1 0 0 0 1 0 0 0 ... 1      a mask of 64 bits
 *     compress   1 5 63                       the places of its ones, as bytes
 *     widen      at + 1, at + 5, at + 63      as the index has them
 */
#include "line_avx512.h"

#if defined(VPCVIS_I_X86)

/* Positions of the set bits, `at` being that of bit 0: bytes squeezed together, then widened. */
VPCVIS_I_AVX512_INLINE void add_seps(struct vpcvis_i_line_index *index, uint32_t at,
                                     uint64_t sep)
{
    const __m512i places =
        _mm512_set_epi8(63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
                        47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
                        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
                        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i origin = _mm512_set1_epi16((short)at);
    const __m512i found = _mm512_maskz_compress_epi8(sep, places);
    const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(found));
    uint16_t *out = index->sep + index->seps;
    const uint32_t count = (uint32_t)_mm_popcnt_u64(sep);

    _mm512_storeu_si512(out, _mm512_add_epi16(origin, low));
    if (VPCVIS_I_UNLIKELY(count > 32)) {
        const __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(found, 1));
        _mm512_storeu_si512(out + 32, _mm512_add_epi16(origin, high));
    }
    index->seps += count;
}

/* The line that ends in these 64 bytes, written even if there is none, and any more. */
VPCVIS_I_AVX512_INLINE void add_ends(struct vpcvis_i_line_index *index, uint32_t at,
                                     uint64_t sep, uint64_t lf)
{
    index->end[index->lines] = (uint16_t)(at + _tzcnt_u64(lf));
    index->upto[index->lines] =
        (uint16_t)(index->seps + (uint32_t)_mm_popcnt_u64(sep & _blsmsk_u64(lf)));
    index->lines += lf != 0;
    lf &= lf - 1;
    if (VPCVIS_I_UNLIKELY(lf != 0))
        vpcvis_i_line_add_ends(index, at, sep, lf);
}

/* Which bytes separate, where a group has more than spaces, visible bytes and LF. */
VPCVIS_I_AVX512 static uint64_t odd_group(struct vpcvis_i_line_index *index,
                                          struct vpcvis_i_line_carry *carry, __m512i text,
                                          uint32_t at, const char *next)
{
    struct vpcvis_i_line_masks masks;
    uint64_t odd, sep;

    masks.blank = _mm512_cmple_epu8_mask(text, _mm512_set1_epi8(0x20));
    masks.other = _mm512_cmplt_epu8_mask(text, _mm512_set1_epi8(0x20)) |
                  _mm512_cmpgt_epu8_mask(text, _mm512_set1_epi8(0x7e));
    masks.lf = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('\n'));
    masks.cr = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('\r'));
    sep = vpcvis_i_line_separators(&masks, carry,
                                   masks.cr >> 63 && next != NULL && *next == '\n', &odd);
    index->odd[at / 64] = odd;
    index->any_odd |= odd;
    return sep;
}

VPCVIS_I_AVX512_INLINE void add_group(struct vpcvis_i_line_index *index,
                                      struct vpcvis_i_line_carry *carry, __m512i text,
                                      uint32_t at, const char *next)
{
    const __m512i above = _mm512_sub_epi8(text, _mm512_set1_epi8(0x20));
    const uint64_t other = _mm512_cmpgt_epu8_mask(above, _mm512_set1_epi8(0x5e));
    const uint64_t lf = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('\n'));
    uint64_t sep = _mm512_testn_epi8_mask(above, above) | lf;
    const uint64_t beside = sep & (sep << 1 | carry->blank);

    if (VPCVIS_I_UNLIKELY(((other & ~lf) | beside | carry->cr) != 0)) {
        sep = odd_group(index, carry, text, at, next);
    } else {
        carry->blank = sep >> 63;
        index->odd[at / 64] = 0;
    }
    add_ends(index, at, sep, lf);
    add_seps(index, at, sep);
}

/* Text that is wanted soon is asked for this many bytes ahead. */
#define AHEAD 1024

VPCVIS_I_AVX512 void vpcvis_i_line_index_avx512(const char *text, uint32_t len,
                                                struct vpcvis_i_line_index *index)
{
    struct vpcvis_i_line_carry carry = {1, 0};
    uint32_t at;

    index->seps = 0;
    index->lines = 0;
    index->any_odd = 0;
    for (at = 0; len - at >= 64; at += 64) {
        _mm_prefetch(text + at + AHEAD, _MM_HINT_T0);
        add_group(index, &carry, _mm512_loadu_si512(text + at), at,
                  len - at > 64 ? text + at + 64 : NULL);
    }
    if (at < len) {
        const __mmask64 rest = _bzhi_u64(~(uint64_t)0, len - at);
        add_group(index, &carry,
                  _mm512_mask_loadu_epi8(_mm512_set1_epi8('x'), rest, text + at), at,
                  NULL);
    }
}
#endif
