/* SPDX-License-Identifier: MIT */
/*
 * Room base: numbers that never change, words for statuses, code paths; and the internal doors
 * every room stands on: integers, configs, memory.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "support.h"
#include "text.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A status number is a promise: bindings write it out. */
struct status {
    vpcvis_status status;
    vpcvis_status number;
    const char *name;
};

#define STATUS(NAME, number)         \
    {                                \
        VPCVIS_##NAME, number, #NAME \
    }
static const struct status statuses[] = {
    STATUS(OK, 0),           STATUS(MORE, 1),          STATUS(NOMATCH, 2),
    STATUS(DONE, 3),         STATUS(HEADER, 4),        STATUS(E_ARG, -1),
    STATUS(E_MEMORY, -2),    STATUS(E_SPACE, -3),      STATUS(E_CONFIG, -4),
    STATUS(E_CPU, -5),       STATUS(E_BYTE, -10),      STATUS(E_NUMBER, -11),
    STATUS(E_RANGE, -12),    STATUS(E_ADDRESS, -13),   STATUS(E_PREFIX, -14),
    STATUS(E_FEW, -15),      STATUS(E_MANY, -16),      STATUS(E_LONG, -17),
    STATUS(E_NAME, -20),     STATUS(E_DUPLICATE, -21), STATUS(E_BRACE, -22),
    STATUS(E_LIMIT, -23),    STATUS(E_EMPTY, -24),     STATUS(E_SPACING, -25),
    STATUS(E_GZIP, -30),     STATUS(E_ZSTD, -31),      STATUS(E_PARQUET, -32),
    STATUS(E_JSON, -33),     STATUS(E_VERSION, -35),   STATUS(E_LENGTH, -36),
    STATUS(E_CHAIN, -37),    STATUS(E_KEY, -40),       STATUS(E_WORD, -45),
    STATUS(E_RULE, -46),     STATUS(E_TUNNEL, -50),    STATUS(E_FRAGMENT, -51),
    STATUS(E_CHECKSUM, -52),
};

START_TEST(statuses_never_change)
{
    const struct status *row = &statuses[_i];
    const char *text = vpcvis_base_status_text(row->status);
    int i;

    ck_assert_msg(row->status == row->number, "%s is %d", row->name, (int)row->status);
    ck_assert_str_eq(vpcvis_base_status_name(row->status), row->name);
    ck_assert_msg(-row->number < VPCVIS_STATUS_KINDS, "%s is beyond the counts",
                  row->name);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_gt(strlen(text), 0);
    ck_assert_str_ne(text, vpcvis_base_status_text(-9999));
    for (i = 0; i < _i; i++)
        ck_assert_str_ne(text, vpcvis_base_status_text(statuses[i].status));
}
END_TEST

START_TEST(all_other_statuses_are_unknown)
{
    vpcvis_status status;
    int known = 0;

    for (status = -1000; status <= 1000; status++) {
        if (strcmp(vpcvis_base_status_name(status), "UNKNOWN") != 0)
            known++;
    }
    ck_assert_int_eq(known, COUNT(statuses));
    ck_assert_str_eq(vpcvis_base_status_name(INT32_MIN), "UNKNOWN");
    ck_assert_str_eq(vpcvis_base_status_name(INT32_MAX), "UNKNOWN");
    ck_assert_str_eq(vpcvis_base_status_name(65536),
                     "UNKNOWN"); /* not OK by its low bits */
    ck_assert_str_eq(vpcvis_base_status_text(INT32_MIN), vpcvis_base_status_text(-9999));
}
END_TEST

START_TEST(version_numbers)
{
    ck_assert_uint_eq(vpcvis_base_version(), VPCVIS_VERSION_MAJOR * 1000000 +
                                                 VPCVIS_VERSION_MINOR * 1000 +
                                                 VPCVIS_VERSION_PATCH);
    ck_assert_uint_eq(vpcvis_base_abi(), VPCVIS_ABI_VERSION);
}
END_TEST

START_TEST(paths_have_names)
{
    static const char *const names[] = {"auto", "portable", "sse2",
                                        "avx2", "avx512",   "neon"};
    uint32_t cpu;

    ck_assert_uint_eq(VPCVIS_CPU_AUTO, 0);
    ck_assert_uint_eq(VPCVIS_CPU_PORTABLE, 1);
    ck_assert_uint_eq(VPCVIS_CPU_SSE2, 2);
    ck_assert_uint_eq(VPCVIS_CPU_AVX2, 3);
    ck_assert_uint_eq(VPCVIS_CPU_AVX512, 4);
    ck_assert_uint_eq(VPCVIS_CPU_NEON, 5);
    for (cpu = 0; cpu < 6; cpu++)
        ck_assert_str_eq(vpcvis_base_cpu_name(cpu), names[cpu]);
    ck_assert_str_eq(vpcvis_base_cpu_name(6), "UNKNOWN");
    ck_assert_str_eq(vpcvis_base_cpu_name(UINT32_MAX), "UNKNOWN");
}
END_TEST

START_TEST(paths_of_this_machine)
{
    const uint32_t best = vpcvis_base_cpu();
    uint32_t cpu;

    ck_assert_uint_ge(best, VPCVIS_CPU_PORTABLE);
    ck_assert_uint_le(best, VPCVIS_CPU_NEON);
    ck_assert_uint_eq(best, vpcvis_base_cpu());
    ck_assert_int_eq(vpcvis_base_cpu_find(VPCVIS_CPU_AUTO), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_base_cpu_find(VPCVIS_CPU_PORTABLE), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_base_cpu_find(best), VPCVIS_OK);
    for (cpu = VPCVIS_CPU_SSE2; cpu <= VPCVIS_CPU_NEON; cpu++) {
        const int x86 = cpu <= VPCVIS_CPU_AVX512 && best <= VPCVIS_CPU_AVX512;
        const int there = cpu == best || (x86 && cpu < best);
        ck_assert_int_eq(vpcvis_base_cpu_find(cpu), there ? VPCVIS_OK : VPCVIS_E_CPU);
    }
    ck_assert_int_eq(vpcvis_base_cpu_find(VPCVIS_CPU_NEON + 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_base_cpu_find(UINT32_MAX), VPCVIS_E_ARG);
}
END_TEST

#if defined(VPCVIS_I_X86)
/* The compiler's runtime asks the CPU as well. */
START_TEST(another_opinion_of_this_machine)
{
    const int bits = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                     __builtin_cpu_supports("popcnt");
    const int avx2 = bits && __builtin_cpu_supports("avx2");
    const int avx512 =
        avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");

    const uint32_t best = avx512 ? VPCVIS_CPU_AVX512
                          : avx2 ? VPCVIS_CPU_AVX2
                                 : VPCVIS_CPU_SSE2;

    ck_assert_uint_eq(vpcvis_base_cpu(), best);
}
END_TEST
#endif

/* Sizes that a binding writes out. Pointers take eight bytes in all of them. */
START_TEST(structs_have_one_layout_everywhere)
{
    ck_assert_uint_eq(sizeof(struct vpcvis_error), 32);
    ck_assert_uint_eq(offsetof(struct vpcvis_error, line), 16);
    ck_assert_uint_eq(sizeof(struct vpcvis_allocator), 3 * sizeof(void *));
    ck_assert_uint_eq(sizeof(struct vpcvis_layout_config), 32);
    ck_assert_uint_eq(sizeof(struct vpcvis_line_config), 32);
    ck_assert_uint_eq(sizeof(struct vpcvis_line_result), 48);
    ck_assert_uint_eq(sizeof(struct vpcvis_line_text), 8);
    ck_assert_uint_eq(sizeof(struct vpcvis_line_columns), 24 + 16 * VPCVIS_FIELD_MAX);
    ck_assert_uint_eq(sizeof(struct vpcvis_reader_config), 40);
    ck_assert_uint_eq(sizeof(struct vpcvis_reader_batch), 24);
    ck_assert_uint_eq(sizeof(struct vpcvis_reader_counts), 64 + 8 * VPCVIS_STATUS_KINDS);
    ck_assert_uint_eq(VPCVIS_STATUS_KINDS, 64);
    ck_assert_uint_eq(VPCVIS_FIELD_MAX, 96);
}
END_TEST

/* A number as text, the largest allowed, and what must come of it. */
struct number {
    const char *text;
    uint64_t max;
    vpcvis_status status;
    uint64_t value;
    size_t bad;
    const char *why;
};

/* clang-format off */
static const struct number numbers[] = {
    {"0", 0, VPCVIS_OK, 0, 0, "the smallest"},
    {"7", 7, VPCVIS_OK, 7, 0, "the largest of its field"},
    {"8", 7, VPCVIS_E_RANGE, 0, 0, "one more"},
    {"65535", 65535, VPCVIS_OK, 65535, 0, "a port"},
    {"65536", 65535, VPCVIS_E_RANGE, 0, 0, "no port"},
    {"256", 255, VPCVIS_E_RANGE, 0, 0, "no protocol"},
    {"2147483648", INT32_MAX, VPCVIS_E_RANGE, 0, 0, "2^31"},
    {"4294967298", INT32_MAX, VPCVIS_E_RANGE, 0, 0, "2^32 + 2 is not 2"},
    {"9223372036854775807", INT64_MAX, VPCVIS_OK, INT64_MAX, 0, "2^63 - 1"},
    {"9223372036854775808", INT64_MAX, VPCVIS_E_RANGE, 0, 0, "2^63"},
    {"18446744073709551615", UINT64_MAX, VPCVIS_OK, UINT64_MAX, 0, "2^64 - 1"},
    {"18446744073709551616", UINT64_MAX, VPCVIS_E_RANGE, 0, 0, "2^64"},
    {"18446744073709551620", UINT64_MAX, VPCVIS_E_RANGE, 0, 0, "2^64 + 4: the next ten"},
    {"99999999999999999999", UINT64_MAX, VPCVIS_E_RANGE, 0, 0, "twenty digits"},
    {"100000000000000000000", UINT64_MAX, VPCVIS_E_RANGE, 0, 0, "twenty-one digits"},
    {"10000000000000000000000000000000000000000", UINT64_MAX, VPCVIS_E_RANGE, 0, 0, "10^40"},
    {"10000000000000000000000000000000000000000x", UINT64_MAX, VPCVIS_E_NUMBER, 0, 41, "no number is worse than too large a one"},
    {"", 9, VPCVIS_E_NUMBER, 0, 0, "no digit"},
    {"00", 9, VPCVIS_E_NUMBER, 0, 0, "a leading zero"},
    {"00080", 65535, VPCVIS_E_NUMBER, 0, 0, "three"},
    {"-1", 9, VPCVIS_E_NUMBER, 0, 0, "a sign"},
    {"+1", 9, VPCVIS_E_NUMBER, 0, 0, "another"},
    {"-", 9, VPCVIS_E_NUMBER, 0, 0, "a dash is not 0"},
    {"0x50", 99, VPCVIS_E_NUMBER, 0, 1, "a base prefix"},
    {"1e3", 9999, VPCVIS_E_NUMBER, 0, 1, "an exponent"},
    {"1.0", 9, VPCVIS_E_NUMBER, 0, 1, "a fraction"},
    {"1 ", 9, VPCVIS_E_NUMBER, 0, 1, "a space"},
    {"TCP", 255, VPCVIS_E_NUMBER, 0, 0, "a name"},
    {"12\xD9\xA3", 999, VPCVIS_E_NUMBER, 0, 2, "a digit of another script"},
    {"9/", 99, VPCVIS_E_NUMBER, 0, 1, "the byte before 0"},
    {"9:", 99, VPCVIS_E_NUMBER, 0, 1, "the byte after 9"},
};
/* clang-format on */

START_TEST(numbers_are_read)
{
    const struct number *row = &numbers[_i];
    const size_t len = strlen(row->text);
    uint64_t value = 77;
    size_t bad = 99;

    ck_assert_msg(vpcvis_i_text_read_u64(guard_copy(row->text, len), len, row->max,
                                         &value, &bad) == row->status,
                  "%s: %s", row->text, row->why);
    ck_assert_msg(value == (row->status == VPCVIS_OK ? row->value : 77), "%s: %s",
                  row->text, row->why);
    if (row->status != VPCVIS_OK)
        ck_assert_msg(bad == row->bad, "%s: %s: at %zu", row->text, row->why, bad);
    value = 77;
    ck_assert_int_eq(vpcvis_i_text_read_u64(guard_copy_front(row->text, len), len,
                                            row->max, &value, &bad),
                     row->status);
}
END_TEST

/* Around every power of ten, and of two. */
START_TEST(numbers_are_written)
{
    uint64_t decimal = 1, value, read;
    char text[VPCVIS_I_TEXT_ROOM], *end;
    int i, k;
    size_t bad;

    for (i = 0; i < _i % 20; i++)
        decimal *= 10;
    for (k = -2; k <= 2; k++) {
        value = (_i < 20 ? decimal : (uint64_t)1 << (_i - 20)) + (uint64_t)(int64_t)k;
        end = vpcvis_i_text_write_u64(text, value);
        ck_assert_int_ge(end - text, 1);
        ck_assert_int_le(end - text, VPCVIS_I_TEXT_U64_MAX);
        ck_assert_int_eq(
            vpcvis_i_text_read_u64(text, (size_t)(end - text), UINT64_MAX, &read, &bad),
            VPCVIS_OK);
        ck_assert_uint_eq(read, value);
    }
}
END_TEST

START_TEST(bytes_have_an_order)
{
    const char bytes[9] = "\x01\x02\x03\x04\x05\x06\x07\x88";
    const uint64_t bit = (uint64_t)1 << _i;
    char back[8];

    ck_assert_uint_eq(vpcvis_i_bytes_le64(guard_copy(bytes, 8)),
                      UINT64_C(0x8807060504030201));
    vpcvis_i_bytes_put_le64(back, UINT64_C(0x8807060504030201));
    ck_assert_mem_eq(back, bytes, 8);
    ck_assert_uint_eq(vpcvis_i_bytes_lowest(bit), (unsigned)_i);
    ck_assert_uint_eq(vpcvis_i_bytes_lowest(~(bit - 1)), (unsigned)_i);
    ck_assert_uint_eq(vpcvis_i_bytes_count(bit), 1);
    ck_assert_uint_eq(vpcvis_i_bytes_count(bit - 1), (unsigned)_i);
    ck_assert_uint_eq(vpcvis_i_bytes_count(~(uint64_t)0), 64);
    ck_assert_uint_eq(vpcvis_i_bytes_count(0), 0);
}
END_TEST

struct heap {
    int given;
    int refuse;
    size_t offset; /* of the memory handed out, from an address that malloc gave */
};

static void *heap_alloc(void *context, size_t bytes)
{
    struct heap *heap = context;
    char *memory;

    if (heap->refuse)
        return NULL;
    memory = malloc(bytes + heap->offset);
    if (memory == NULL)
        return NULL;
    heap->given++;
    return memory + heap->offset;
}

static void heap_free(void *context, void *memory)
{
    struct heap *heap = context;

    heap->given--;
    free((char *)memory - heap->offset);
}

START_TEST(machines_are_aligned)
{
    struct heap heap = {0, 0, 0};
    const struct vpcvis_allocator allocator = {heap_alloc, heap_free, &heap};
    char *machine;

    heap.offset = (size_t)_i * sizeof(void *);
    machine = vpcvis_i_base_new(&allocator, 100);
    ck_assert_ptr_nonnull(machine);
    ck_assert_uint_eq((uintptr_t)machine % VPCVIS_I_ALIGN, 0);
    memset(machine, 0xff, 100);
    ck_assert_int_eq(heap.given, 1);
    vpcvis_i_base_delete(&allocator, machine);
    ck_assert_int_eq(heap.given, 0);
    vpcvis_i_base_delete(&allocator, NULL);
    heap.refuse = 1;
    ck_assert_ptr_null(vpcvis_i_base_new(&allocator, 100));
    machine = vpcvis_i_base_new(NULL, 100);
    ck_assert_ptr_nonnull(machine);
    memset(machine, 0xff, 100);
    vpcvis_i_base_delete(NULL, machine);
    vpcvis_i_base_delete(NULL, NULL);
}
END_TEST

struct config {
    uint32_t size;
    uint32_t flags;
    uint64_t value;
};

struct later {
    struct config known;
    uint64_t unknown;
};

/* Older, equal, newer and impossible sizes of a caller's config. */
START_TEST(configs_of_other_versions)
{
    struct later later = {{sizeof(struct later), 5, 6}, 0};
    struct config out;

    ck_assert_int_eq(vpcvis_i_base_config(&later, &out, sizeof(out)), VPCVIS_OK);
    ck_assert_uint_eq(out.flags, 5);
    ck_assert_uint_eq(out.value, 6);
    later.unknown = UINT64_C(1) << 56;
    ck_assert_int_eq(vpcvis_i_base_config(&later, &out, sizeof(out)), VPCVIS_E_CONFIG);
    later.known.size = sizeof(struct config);
    ck_assert_int_eq(vpcvis_i_base_config(&later, &out, sizeof(out)), VPCVIS_OK);
    later.known.size = offsetof(struct config, value);
    ck_assert_int_eq(
        vpcvis_i_base_config(guard_copy(&later, later.known.size), &out, sizeof(out)),
        VPCVIS_OK);
    ck_assert_uint_eq(out.flags, 5);
    ck_assert_uint_eq(out.value, 0);
    later.known.size = sizeof(uint32_t);
    ck_assert_int_eq(vpcvis_i_base_config(&later, &out, sizeof(out)), VPCVIS_OK);
    ck_assert_uint_eq(out.flags, 0);
    later.known.size = 3;
    ck_assert_int_eq(vpcvis_i_base_config(&later, &out, sizeof(out)), VPCVIS_E_CONFIG);
    later.known.size = 0;
    ck_assert_int_eq(vpcvis_i_base_config(&later, &out, sizeof(out)), VPCVIS_E_CONFIG);
    memset(&out, 0xff, sizeof(out));
    ck_assert_int_eq(vpcvis_i_base_config(NULL, &out, sizeof(out)), VPCVIS_OK);
    ck_assert_uint_eq(out.flags | out.value, 0);
}
END_TEST

START_TEST(errors_say_where)
{
    struct vpcvis_error error;

    memset(&error, 0xaa, sizeof(error));
    ck_assert_int_eq(vpcvis_i_base_fail(&error, VPCVIS_E_RANGE, 3, 4, 5), VPCVIS_E_RANGE);
    ck_assert_int_eq(error.status, VPCVIS_E_RANGE);
    ck_assert_uint_eq(error.field, 3);
    ck_assert_uint_eq(error.column, 4);
    ck_assert_uint_eq(error.offset, 5);
    ck_assert_uint_eq(error.line, 1);
    ck_assert_uint_eq(error.line_at, 0);
    ck_assert_int_eq(vpcvis_i_base_fail(NULL, VPCVIS_E_RANGE, 3, 4, 5), VPCVIS_E_RANGE);
    ck_assert_int_eq(vpcvis_i_base_fail(&error, VPCVIS_E_BYTE, 0, 0, SIZE_MAX),
                     VPCVIS_E_BYTE);
    ck_assert_uint_eq(error.offset, UINT32_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, statuses_never_change, 0, COUNT(statuses));
    tcase_add_test(tcase, all_other_statuses_are_unknown);
    tcase_add_test(tcase, version_numbers);
    tcase_add_test(tcase, paths_have_names);
    tcase_add_test(tcase, paths_of_this_machine);
#if defined(VPCVIS_I_X86)
    tcase_add_test(tcase, another_opinion_of_this_machine);
#endif
    tcase_add_test(tcase, structs_have_one_layout_everywhere);
    tcase_add_loop_test(tcase, numbers_are_read, 0, COUNT(numbers));
    tcase_add_loop_test(tcase, numbers_are_written, 0, 84);
    tcase_add_loop_test(tcase, bytes_have_an_order, 0, 64);
    tcase_add_loop_test(tcase, machines_are_aligned, 0, 8);
    tcase_add_test(tcase, configs_of_other_versions);
    tcase_add_test(tcase, errors_say_where);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
