/* SPDX-License-Identifier: MIT */
/*
 * Internal: what the two files of the AVX-512 path share.
 */
#ifndef VPCVIS_I_LINE_AVX512_H
#define VPCVIS_I_LINE_AVX512_H

#include "line_index.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

/* F, BW, DQ, VL, VBMI, VBMI2, and the bit instructions of the CPUs that have them. */
#define VPCVIS_I_AVX512                                                         \
    __attribute__((                                                             \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi," \
               "bmi2,popcnt,lzcnt")))
#define VPCVIS_I_AVX512_INLINE \
    static inline __attribute__((always_inline)) VPCVIS_I_AVX512
#endif

#endif
