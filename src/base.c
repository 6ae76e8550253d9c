/* SPDX-License-Identifier: MIT */
/*
 * Room base: statuses and their words, configs, the default allocator, the CPU's path.
 */
#include "bytes.h"

#include <stdlib.h>

#if defined(VPCVIS_I_X86)
#include <cpuid.h>
#endif

uint32_t vpcvis_base_version(void)
{
    return VPCVIS_VERSION_MAJOR * 1000000u + VPCVIS_VERSION_MINOR * 1000u +
           VPCVIS_VERSION_PATCH;
}

uint32_t vpcvis_base_abi(void)
{
    return VPCVIS_ABI_VERSION;
}

/*
 * The words of the statuses, as characters in one object with offsets into it: a table of
 * pointers, or a switch that a compiler turns into one, would need relocations.
 */
/* clang-format off */
#define STATUSES(ROW) \
    ROW(OK,          "success") \
    ROW(MORE,        "there is more") \
    ROW(NOMATCH,     "nothing found") \
    ROW(DONE,        "the end") \
    ROW(HEADER,      "header line of another layout") \
    ROW(E_ARG,       "argument that cannot be") \
    ROW(E_MEMORY,    "out of memory") \
    ROW(E_SPACE,     "not enough room") \
    ROW(E_CONFIG,    "config with unknown bytes, flags or values") \
    ROW(E_CPU,       "code path that this build or CPU lacks") \
    ROW(E_BYTE,      "byte that a flow log cannot have") \
    ROW(E_NUMBER,    "not a plain decimal number") \
    ROW(E_RANGE,     "number out of range") \
    ROW(E_ADDRESS,   "not an IPv4 or IPv6 address") \
    ROW(E_PREFIX,    "not a prefix length") \
    ROW(E_FEW,       "too few columns") \
    ROW(E_MANY,      "too many columns") \
    ROW(E_LONG,      "line too long") \
    ROW(E_NAME,      "not a field name") \
    ROW(E_DUPLICATE, "given twice") \
    ROW(E_BRACE,     "unbalanced or empty ${}") \
    ROW(E_LIMIT,     "more than there can be") \
    ROW(E_EMPTY,     "no field") \
    ROW(E_SPACING,   "not single spaces between fields") \
    ROW(E_GZIP,      "gzip data, not text") \
    ROW(E_ZSTD,      "Zstandard data, not text") \
    ROW(E_PARQUET,   "Parquet file, not text") \
    ROW(E_JSON,      "JSON, not flow-log lines") \
    ROW(E_VERSION,   "IP version does not match the layer below") \
    ROW(E_LENGTH,    "header length that cannot be") \
    ROW(E_CHAIN,     "too many headers, or one out of place") \
    ROW(E_KEY,       "not a name that flow logs are stored under") \
    ROW(E_WORD,      "not a word that can stand here") \
    ROW(E_RULE,      "parts of a rule that contradict each other") \
    ROW(E_TUNNEL,    "tunnel header that cannot be used") \
    ROW(E_FRAGMENT,  "fragment where there must be none") \
    ROW(E_CHECKSUM,  "wrong checksum")
/* clang-format on */

#define WORDS(name, text)            \
    char name##_name[sizeof(#name)]; \
    char name##_text[sizeof(text)];
#define WORD_VALUES(name, text) #name, text,
#define WORD_PLACES(name, text)                          \
    {VPCVIS_##name, offsetof(struct words, name##_name), \
     offsetof(struct words, name##_text)},

struct words {
    STATUSES(WORDS)
};

static const struct words words = {STATUSES(WORD_VALUES)};

static const struct {
    int16_t status;
    uint16_t name, text;
} word_places[] = {STATUSES(WORD_PLACES)};

#define WORD_COUNT (sizeof(word_places) / sizeof(word_places[0]))

static size_t word_place(vpcvis_status status)
{
    size_t i = 0;

    while (i < WORD_COUNT && word_places[i].status != status)
        i++;
    return i;
}

const char *vpcvis_base_status_name(vpcvis_status status)
{
    const size_t i = word_place(status);
    return i < WORD_COUNT ? (const char *)&words + word_places[i].name : "UNKNOWN";
}

const char *vpcvis_base_status_text(vpcvis_status status)
{
    const size_t i = word_place(status);
    return i < WORD_COUNT ? (const char *)&words + word_places[i].text : "unknown status";
}

void *vpcvis_i_base_new(const struct vpcvis_allocator *allocator, size_t bytes)
{
    const size_t total = bytes + sizeof(void *) + VPCVIS_I_ALIGN;
    char *memory =
        allocator ? allocator->alloc(allocator->context, total) : malloc(total);
    char *machine;

    if (memory == NULL)
        return NULL;
    machine = vpcvis_i_bytes_align(memory + sizeof(void *));
    memcpy(machine - sizeof(void *), &memory, sizeof(void *));
    return machine;
}

void vpcvis_i_base_delete(const struct vpcvis_allocator *allocator, void *machine)
{
    void *memory;

    if (machine == NULL)
        return;
    memcpy(&memory, (char *)machine - sizeof(void *), sizeof(void *));
    if (allocator)
        allocator->free(allocator->context, memory);
    else
        free(memory);
}

vpcvis_status vpcvis_i_base_config(const void *config, void *out, size_t bytes)
{
    const unsigned char *in = config;
    uint32_t size;
    size_t i;

    memset(out, 0, bytes);
    if (config == NULL)
        return VPCVIS_OK;
    memcpy(&size, config, sizeof(size));
    if (size < sizeof(size))
        return VPCVIS_E_CONFIG;
    for (i = bytes; i < size; i++) {
        if (in[i] != 0)
            return VPCVIS_E_CONFIG;
    }
    memcpy(out, config, size < bytes ? size : bytes);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_base_fail(struct vpcvis_error *error, vpcvis_status status,
                                 uint32_t field, uint32_t column, size_t offset)
{
    if (error) {
        error->status = status;
        error->field = field;
        error->column = column;
        error->offset = offset < UINT32_MAX ? (uint32_t)offset : UINT32_MAX;
        error->line = 1;
        error->line_at = 0;
    }
    return status;
}

#if defined(VPCVIS_I_X86)
/* XCR0 says which registers the operating system saves: XMM and YMM, and for AVX-512 also
 * the masks and both halves of ZMM. */
static uint32_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t best_x86(void)
{
    const uint32_t bmi = 1u << 3 | 1u << 8;                          /* BMI1, BMI2 */
    const uint32_t wide = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F, DQ, BW, VL */
    const uint32_t vbmi = 1u << 1 | 1u << 6;                         /* VBMI, VBMI2 */
    const uint32_t osxsave = 1u << 27 | 1u << 28 | 1u << 23;         /* and AVX, POPCNT */
    uint32_t a, b, c, d, saved;

    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & osxsave) != osxsave)
        return VPCVIS_CPU_SSE2;
    saved = saved_registers();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (saved & 0x06) != 0x06)
        return VPCVIS_CPU_SSE2;
    if ((b & bmi) != bmi || (b & 1u << 5) == 0)
        return VPCVIS_CPU_SSE2;
    if ((b & wide) != wide || (c & vbmi) != vbmi || (saved & 0xe6) != 0xe6)
        return VPCVIS_CPU_AVX2;
    return VPCVIS_CPU_AVX512;
}
#endif

uint32_t vpcvis_base_cpu(void)
{
#if defined(VPCVIS_I_X86)
    return best_x86();
#elif defined(VPCVIS_I_NEON)
    return VPCVIS_CPU_NEON;
#else
    return VPCVIS_CPU_PORTABLE;
#endif
}

vpcvis_status vpcvis_base_cpu_find(uint32_t cpu)
{
    const uint32_t best = vpcvis_base_cpu();

    if (cpu > VPCVIS_CPU_NEON)
        return VPCVIS_E_ARG;
    if (cpu <= VPCVIS_CPU_PORTABLE || cpu == best)
        return VPCVIS_OK;
    if (best == VPCVIS_CPU_NEON || best < cpu)
        return VPCVIS_E_CPU;
    return VPCVIS_OK;
}

const char *vpcvis_base_cpu_name(uint32_t cpu)
{
    static const char names[][9] = {"auto", "portable", "sse2", "avx2", "avx512", "neon"};
    return cpu < sizeof(names) / sizeof(names[0]) ? names[cpu] : "UNKNOWN";
}
