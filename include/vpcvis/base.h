/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/base.h - what every room shares: status codes, where an error is, the allocator,
 * the version, and which code path suits this CPU.
 *
 * Conventions that hold in every header of the library:
 *
 * - `struct vpcvis_x` is a value: look inside, copy it. A bare typedef `vpcvis_x` (except
 *   vpcvis_status) is a machine: opaque, made in memory the caller gives, or by `_new`.
 * - Nothing here owns a socket, a file, a clock, a thread or a lock. There are no globals.
 *   A const machine may be shared between threads; a writable one has one user at a time.
 * - Every text is a pointer and a length in bytes; nothing needs a NUL and nothing adds one.
 *   A pointer may be NULL only where its length is 0 or the text says so.
 * - Integers are host order; addresses are network order.
 * - On any status but VPCVIS_OK the outputs are untouched, with three exceptions:
 *   VPCVIS_E_SPACE stores the size that is needed, so asking with capacity 0 always works;
 *   a batch always stores how much it did; VPCVIS_MORE stores what was taken.
 * - A struct that begins with `uint32_t size` is a config: set it to sizeof, zero the rest,
 *   then set what you need; 0 always means the default. A config from an older header
 *   (smaller size) is read with defaults; one from a newer header is accepted only if the
 *   bytes unknown here are zero, else VPCVIS_E_CONFIG. Unknown flag bits: VPCVIS_E_CONFIG.
 */
#ifndef VPCVIS_BASE_H
#define VPCVIS_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VPCVIS_API __attribute__((visibility("default")))
#else
#define VPCVIS_API
#endif

/* A pointer member of a public struct takes 8 bytes on every machine, so that structs have
 * the same layout everywhere and no hidden padding (struct vpcvis_allocator, which is nothing
 * but pointers, is as long as three of them). */
#if UINTPTR_MAX == 0xffffffffu
#define VPCVIS_POINTER_PAD(name) uint32_t name;
#else
#define VPCVIS_POINTER_PAD(name)
#endif

#define VPCVIS_VERSION_MAJOR 0
#define VPCVIS_VERSION_MINOR 1
#define VPCVIS_VERSION_PATCH 0
/* The ABI era: programs linked against one era run with every library of that era. */
#define VPCVIS_ABI_VERSION 0

/*
 * Status. 0 is success; negative is an error; positive is an answer that is no value.
 * The numbers never change within an ABI era.
 */
typedef int32_t vpcvis_status;

#define VPCVIS_OK      0
#define VPCVIS_MORE    1 /* there is more: call again as the function's text says */
#define VPCVIS_NOMATCH 2 /* nothing found */
#define VPCVIS_DONE    3 /* the end: nothing will come */
#define VPCVIS_HEADER  4 /* stopped before a header line that changes the layout */

/* Of the call. */
#define VPCVIS_E_ARG    (-1) /* an argument that cannot be: NULL, wrong family, bad index */
#define VPCVIS_E_MEMORY (-2) /* the allocator returned NULL */
#define VPCVIS_E_SPACE  (-3) /* the room given is too small; the size needed is stored */
#define VPCVIS_E_CONFIG (-4) /* a config with unknown bytes, flags or values */
#define VPCVIS_E_CPU    (-5) /* the path asked for is not in this build or on this CPU */

/* Of a value in a text. */
#define VPCVIS_E_BYTE    (-10) /* a byte no flow log has: control, NUL, non-ASCII */
#define VPCVIS_E_NUMBER  (-11) /* not plain decimal digits (sign, leading zero, prefix) */
#define VPCVIS_E_RANGE   (-12) /* digits, but beyond what the field's type holds */
#define VPCVIS_E_ADDRESS (-13) /* neither an IPv4 nor an IPv6 address */
#define VPCVIS_E_PREFIX  (-14) /* not a prefix length for the address's family */

/* Of a line. */
#define VPCVIS_E_FEW  (-15) /* fewer columns than the layout has */
#define VPCVIS_E_MANY (-16) /* more columns than the layout has */
#define VPCVIS_E_LONG (-17) /* longer than the bound for a line */

/* Of a layout, or of a list of entries. */
#define VPCVIS_E_NAME      (-20) /* not a field name; in strict mode: not one known here */
#define VPCVIS_E_DUPLICATE (-21) /* a field or entry that is there already */
#define VPCVIS_E_BRACE     (-22) /* "${" that is empty, nested or not closed; stray brace */
#define VPCVIS_E_LIMIT     (-23) /* more fields, or entries, than there can be */
#define VPCVIS_E_EMPTY     (-24) /* no field at all */
#define VPCVIS_E_SPACING   (-25) /* strict mode: not single spaces between the fields */

/* Of a stream that is no flow-log text but something that may hold one. */
#define VPCVIS_E_GZIP    (-30) /* gzip data (RFC 1952): decompress first */
#define VPCVIS_E_ZSTD    (-31) /* Zstandard data (RFC 8878): decompress first */
#define VPCVIS_E_PARQUET (-32) /* an Apache Parquet file */
#define VPCVIS_E_JSON    (-33) /* JSON, as in a CloudWatch Logs or Firehose envelope */

/* Of a packet. */
#define VPCVIS_E_VERSION (-35) /* not the IP version that the layer below said */
#define VPCVIS_E_LENGTH  (-36) /* a header's length that cannot be */
#define VPCVIS_E_CHAIN   (-37) /* too many headers one after another, or one out of place */

/* Of a tunnel. */
#define VPCVIS_E_TUNNEL   (-50) /* a tunnel header that cannot be used */
#define VPCVIS_E_FRAGMENT (-51) /* a fragment where there must be none */
#define VPCVIS_E_CHECKSUM (-52) /* a checksum that is wrong */

/* Of a name in storage. */
#define VPCVIS_E_KEY (-40) /* not an object key, file or stream name of a flow log */
/* Of a mirror rule. */
#define VPCVIS_E_WORD (-45) /* not a word that can stand here */
#define VPCVIS_E_RULE (-46) /* parts of a rule that contradict each other */

/* One more than the largest -status there will be; counts by kind are arrays this long. */
#define VPCVIS_STATUS_KINDS 64

/*
 * Where an error is. `field` is a VPCVIS_FIELD_... id or VPCVIS_FIELD_NONE (record.h);
 * `column` counts the layout's columns from 0. Lines count from 1. The byte at fault is
 * byte `line_at + offset` of the text given to the call, or of the whole stream in `reader`.
 * Functions that take one text and know no lines leave line = 1 and line_at = 0.
 */
struct vpcvis_error {
    vpcvis_status status;
    uint32_t field;
    uint32_t column;
    uint32_t offset;  /* bytes from the start of the line */
    uint64_t line;    /* 1 is the first */
    uint64_t line_at; /* bytes from the start of the text to the start of the line */
};

/*
 * Memory for `_new`. `alloc` returns memory aligned for any type, or NULL; `free` takes what
 * alloc gave. `context` is handed through. A NULL allocator pointer means malloc and free.
 */
struct vpcvis_allocator {
    void *(*alloc)(void *context, size_t bytes);
    void (*free)(void *context, void *memory);
    void *context;
};

/* Code paths. Every path gives the same results; they differ in speed alone. */
#define VPCVIS_CPU_AUTO     0 /* the best of this build and CPU */
#define VPCVIS_CPU_PORTABLE 1 /* plain C99, on every machine */
#define VPCVIS_CPU_SSE2     2 /* x86-64 baseline */
#define VPCVIS_CPU_AVX2     3 /* with BMI1, BMI2 */
#define VPCVIS_CPU_AVX512   4 /* F, BW, DQ, VL, VBMI, VBMI2 */
#define VPCVIS_CPU_NEON     5 /* AArch64 baseline */

/* major * 1000000 + minor * 1000 + patch, of the library that is linked. */
VPCVIS_API uint32_t vpcvis_base_version(void);

/* VPCVIS_ABI_VERSION of the library that is linked. */
VPCVIS_API uint32_t vpcvis_base_abi(void);

/*
 * The name of a status, such as "E_RANGE", and a sentence for people, such as "number out of
 * range". Static NUL-terminated texts, never NULL; an unknown status is "UNKNOWN".
 */
VPCVIS_API const char *vpcvis_base_status_name(vpcvis_status status);
VPCVIS_API const char *vpcvis_base_status_text(vpcvis_status status);

/*
 * The path VPCVIS_CPU_AUTO stands for here. Asks the CPU at each call and remembers nothing: some
 * 100 cycles, or some microseconds in a virtual machine, where the question may trap.
 */
VPCVIS_API uint32_t vpcvis_base_cpu(void);

/* VPCVIS_OK if this build and this CPU have the path, else VPCVIS_E_CPU; an unknown number
 * is VPCVIS_E_ARG. */
VPCVIS_API vpcvis_status vpcvis_base_cpu_find(uint32_t cpu);

/* "portable", "sse2", "avx2", "avx512", "neon", "auto"; "UNKNOWN" for any other number. */
VPCVIS_API const char *vpcvis_base_cpu_name(uint32_t cpu);

#ifdef __cplusplus
}
#endif

#endif
