/* SPDX-License-Identifier: MIT */
/*
 * Internal, floor 1: the only accessors of input bytes outside the per-architecture scanners.
 * A caller has shown that the bytes are inside the input before it calls one of these.
 */
#ifndef VPCVIS_BYTES_H
#define VPCVIS_BYTES_H

#include <string.h>

#include "vpcvis/base.h"

#if defined(__GNUC__)
#define VPCVIS_I             __attribute__((visibility("hidden")))
#define VPCVIS_I_INLINE      static inline __attribute__((always_inline, unused))
#define VPCVIS_I_LIKELY(x)   __builtin_expect(!!(x), 1)
#define VPCVIS_I_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define VPCVIS_I_PREFETCH(p) __builtin_prefetch(p)
#define VPCVIS_I_ALIGNED     __attribute__((aligned(64)))
#else
#define VPCVIS_I
#define VPCVIS_I_INLINE      static inline
#define VPCVIS_I_LIKELY(x)   (x)
#define VPCVIS_I_UNLIKELY(x) (x)
#define VPCVIS_I_PREFETCH(p) ((void)(p))
#define VPCVIS_I_ALIGNED
#endif

/* Clang's integer sanitizer reports defined wrap-around; a function that means it says so. */
#if defined(__clang__)
#define VPCVIS_I_WRAPS __attribute__((no_sanitize("integer")))
#else
#define VPCVIS_I_WRAPS
#endif

/* Which per-architecture paths this build has. */
#if defined(__GNUC__) && !defined(__TINYC__) && !defined(VPCVIS_NO_SIMD)
#if defined(__x86_64__)
#define VPCVIS_I_X86 1
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VPCVIS_I_NEON 1
#endif
#endif

/* Eight bytes, the first one lowest, on every machine. */
VPCVIS_I_INLINE uint64_t vpcvis_i_bytes_le64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#elif !defined(__BYTE_ORDER__) && !defined(_M_X64) && !defined(_M_IX86)
    {
        const unsigned char *b = (const unsigned char *)p;
        unsigned i;
        v = 0;
        for (i = 8; i-- > 0;)
            v = v << 8 | b[i];
    }
#endif
    return v;
}

/* Two and four bytes, the first one highest, as the network has them. */
VPCVIS_I_INLINE uint16_t vpcvis_i_bytes_be16(const uint8_t *p)
{
#if defined(__GNUC__) && defined(__BYTE_ORDER__) && \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint16_t v;
    memcpy(&v, p, 2);
    return __builtin_bswap16(v);
#else
    return (uint16_t)(p[0] * 256u + p[1]);
#endif
}

VPCVIS_I_INLINE uint32_t vpcvis_i_bytes_be32(const uint8_t *p)
{
#if defined(__GNUC__) && defined(__BYTE_ORDER__) && \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
#else
    return p[0] * 16777216u + p[1] * 65536u + p[2] * 256u + p[3];
#endif
}

/* Store v so that its lowest byte comes first, on every machine. */
VPCVIS_I_INLINE void vpcvis_i_bytes_put_le64(char *p, uint64_t v)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(p, &v, 8);
#else
    unsigned i;
    for (i = 0; i < 8; i++) {
        p[i] = (char)(v & 0xff);
        v >>= 8;
    }
#endif
}

/* Which of the 64 bits is the lowest that is set; v is not 0. */
VPCVIS_I_INLINE unsigned vpcvis_i_bytes_lowest(uint64_t v)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(v);
#else
    unsigned n = 0;
    while ((v & 0xff) == 0) {
        v >>= 8;
        n += 8;
    }
    while ((v & 1) == 0) {
        v >>= 1;
        n++;
    }
    return n;
#endif
}

/* How many of the 64 bits are set. */
VPCVIS_I_INLINE unsigned vpcvis_i_bytes_count(uint64_t v)
{
    v = v - (v >> 1 & 0x5555555555555555u);
    v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (unsigned)((v * 0x0101010101010101u) >> 56);
}

/* Memory: alignment, and the default or given allocator (base.c). */
#define VPCVIS_I_ALIGN 64u

VPCVIS_I_INLINE void *vpcvis_i_bytes_align(void *memory)
{
    uintptr_t at = (uintptr_t)memory;
    return (char *)memory + ((VPCVIS_I_ALIGN - at % VPCVIS_I_ALIGN) % VPCVIS_I_ALIGN);
}

/* Memory for a machine, aligned, with the allocator's own pointer just before it. */
VPCVIS_I void *vpcvis_i_base_new(const struct vpcvis_allocator *allocator, size_t bytes);
VPCVIS_I void vpcvis_i_base_delete(const struct vpcvis_allocator *allocator,
                                   void *machine);

/*
 * Copy a config of the caller's header version into one of ours: missing bytes are zero,
 * surplus bytes must be. NULL is all defaults. *out is `bytes` long and begins with size.
 */
VPCVIS_I vpcvis_status vpcvis_i_base_config(const void *config, void *out, size_t bytes);

/* Fill *error unless it is NULL; returns status. */
VPCVIS_I vpcvis_status vpcvis_i_base_fail(struct vpcvis_error *error,
                                          vpcvis_status status, uint32_t field,
                                          uint32_t column, size_t offset);

#endif
