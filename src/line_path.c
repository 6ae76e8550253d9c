/* SPDX-License-Identifier: MIT */
/*
 * Room line: from the machine's path to the kernel that has it, one switch a call. Paths of other
 * architectures are not in the build; vpcvis_line_init has refused them.
 */
#include "line.h"

void vpcvis_i_line_index(const vpcvis_line *lines, const char *text, uint32_t len,
                         struct vpcvis_i_line_index *index)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2: vpcvis_i_line_index_sse2(text, len, index); break;
    case VPCVIS_CPU_AVX2: vpcvis_i_line_index_avx2(text, len, index); break;
    case VPCVIS_CPU_AVX512: vpcvis_i_line_index_avx512(text, len, index); break;
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON: vpcvis_i_line_index_neon(text, len, index); break;
#endif
    default: vpcvis_i_line_index_portable(text, len, index); break;
    }
}

void vpcvis_i_line_turn(vpcvis_line *lines, uint32_t tokens)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2: vpcvis_i_line_turn_sse2(&lines->lanes, tokens); break;
    case VPCVIS_CPU_AVX2: vpcvis_i_line_turn_avx2(&lines->lanes, tokens); break;
    case VPCVIS_CPU_AVX512: vpcvis_i_line_turn_avx512(&lines->lanes, tokens); break;
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON: vpcvis_i_line_turn_neon(&lines->lanes, tokens); break;
#endif
    default: (void)tokens; break;
    }
}

uint64_t vpcvis_i_line_read_number32(const vpcvis_line *lines, uint32_t token,
                                     uint32_t max, uint32_t *out, uint64_t *valid)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2:
        return vpcvis_i_line_number32_sse2(&lines->lanes, token, max, out, valid);
    case VPCVIS_CPU_AVX2:
        return vpcvis_i_line_number32_avx2(&lines->lanes, token, max, out, valid);
    case VPCVIS_CPU_AVX512:
        return vpcvis_i_line_number32_avx512(&lines->lanes, token, max, out, valid);
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON:
        return vpcvis_i_line_number32_neon(&lines->lanes, token, max, out, valid);
#endif
    default:
        return vpcvis_i_line_number32_portable(&lines->lanes, token, max, out, valid);
    }
}

uint64_t vpcvis_i_line_read_number64(const vpcvis_line *lines, uint32_t token,
                                     uint64_t max, uint64_t *out, uint64_t *valid)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2:
        return vpcvis_i_line_number64_sse2(&lines->lanes, token, max, out, valid);
    case VPCVIS_CPU_AVX2:
        return vpcvis_i_line_number64_avx2(&lines->lanes, token, max, out, valid);
    case VPCVIS_CPU_AVX512:
        return vpcvis_i_line_number64_avx512(&lines->lanes, token, max, out, valid);
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON:
        return vpcvis_i_line_number64_neon(&lines->lanes, token, max, out, valid);
#endif
    default:
        return vpcvis_i_line_number64_portable(&lines->lanes, token, max, out, valid);
    }
}

uint64_t vpcvis_i_line_read_address(const vpcvis_line *lines, uint32_t token,
                                    struct vpcvis_addr *out, uint64_t *valid)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2:
        return vpcvis_i_line_address_sse2(&lines->lanes, token, out, valid);
    case VPCVIS_CPU_AVX2:
        return vpcvis_i_line_address_avx2(&lines->lanes, token, out, valid);
    case VPCVIS_CPU_AVX512:
        return vpcvis_i_line_address_avx512(&lines->lanes, token, out, valid);
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON:
        return vpcvis_i_line_address_neon(&lines->lanes, token, out, valid);
#endif
    default: return vpcvis_i_line_address_portable(&lines->lanes, token, out, valid);
    }
}

uint64_t vpcvis_i_line_read_name(const vpcvis_line *lines, uint32_t token,
                                 const struct vpcvis_i_line_words *words,
                                 struct vpcvis_line_text *out, uint64_t *valid)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2:
        return vpcvis_i_line_name_sse2(&lines->lanes, token, words, out, valid);
    case VPCVIS_CPU_AVX2:
        return vpcvis_i_line_name_avx2(&lines->lanes, token, words, out, valid);
    case VPCVIS_CPU_AVX512:
        return vpcvis_i_line_name_avx512(&lines->lanes, token, words, out, valid);
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON:
        return vpcvis_i_line_name_neon(&lines->lanes, token, words, out, valid);
#endif
    default: return vpcvis_i_line_name_portable(&lines->lanes, token, words, out, valid);
    }
}

uint64_t vpcvis_i_line_read_text(const vpcvis_line *lines, uint32_t token,
                                 struct vpcvis_line_text *out, uint64_t *valid)
{
    switch (lines->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2:
        return vpcvis_i_line_text_sse2(&lines->lanes, token, out, valid);
    case VPCVIS_CPU_AVX2:
        return vpcvis_i_line_text_avx2(&lines->lanes, token, out, valid);
    case VPCVIS_CPU_AVX512:
        return vpcvis_i_line_text_avx512(&lines->lanes, token, out, valid);
#elif defined(VPCVIS_I_NEON)
    case VPCVIS_CPU_NEON:
        return vpcvis_i_line_text_neon(&lines->lanes, token, out, valid);
#endif
    default: return vpcvis_i_line_text_portable(&lines->lanes, token, out, valid);
    }
}
