/* SPDX-License-Identifier: MIT */
/*
 * The part of libcheck that these tests use, in one header and without fork, so that they run
 * where libcheck is not to be had: under musl, for 32 bits, in an emulator. A failed
 * assertion ends its test; a crash ends the program.
 */
#ifndef VPCVIS_SHIM_CHECK_H
#define VPCVIS_SHIM_CHECK_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum print_output { CK_SILENT, CK_MINIMAL, CK_NORMAL, CK_VERBOSE, CK_ENV };
enum fork_status { CK_FORK_GETENV, CK_FORK, CK_NOFORK };

typedef void (*TFun)(int);
typedef void (*SFun)(void);

typedef struct ShimTest {
    const char *name;
    TFun run;
    int first, last; /* of _i, last excluded */
    struct ShimTest *next;
} ShimTest;

typedef struct TCase {
    const char *name;
    ShimTest *tests;
    SFun setup, teardown;
    SFun before_all, after_all;
    struct TCase *next;
} TCase;

typedef struct Suite {
    const char *name;
    TCase *cases;
    struct Suite *next;
} Suite;

typedef struct SRunner {
    Suite *suites;
    int run, failed;
} SRunner;

#if defined(__GNUC__)
#define SHIM_UNUSED   __attribute__((unused))
#define SHIM_PRINTF   __attribute__((unused, format(printf, 3, 4)))
#define SHIM_NORETURN __attribute__((unused, noreturn))
#else
#define SHIM_UNUSED
#define SHIM_PRINTF
#define SHIM_NORETURN
#endif

static jmp_buf shim_out;
static const char *shim_test;

SHIM_NORETURN static void shim_leave(void)
{
    longjmp(shim_out, 1);
}

SHIM_PRINTF static void shim_say(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%s:%d:F:%s: ", file, line, shim_test);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

SHIM_UNUSED static void *shim_zeroed(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL)
        abort();
    return memory;
}

SHIM_UNUSED static Suite *suite_create(const char *name)
{
    Suite *suite = shim_zeroed(sizeof(*suite));
    suite->name = name;
    return suite;
}

SHIM_UNUSED static TCase *tcase_create(const char *name)
{
    TCase *tcase = shim_zeroed(sizeof(*tcase));
    tcase->name = name;
    return tcase;
}

SHIM_UNUSED static void suite_add_tcase(Suite *suite, TCase *tcase)
{
    TCase **end = &suite->cases;
    while (*end)
        end = &(*end)->next;
    *end = tcase;
}

SHIM_UNUSED static void shim_add(TCase *tcase, const char *name, TFun run, int first,
                                 int last)
{
    ShimTest **end = &tcase->tests;
    ShimTest *test = shim_zeroed(sizeof(*test));
    test->name = name;
    test->run = run;
    test->first = first;
    test->last = last;
    while (*end)
        end = &(*end)->next;
    *end = test;
}

SHIM_UNUSED static void tcase_add_checked_fixture(TCase *tcase, SFun setup, SFun teardown)
{
    tcase->setup = setup;
    tcase->teardown = teardown;
}

SHIM_UNUSED static void tcase_add_unchecked_fixture(TCase *tcase, SFun setup,
                                                    SFun teardown)
{
    tcase->before_all = setup;
    tcase->after_all = teardown;
}

SHIM_UNUSED static void tcase_set_timeout(TCase *tcase, double timeout)
{
    (void)tcase;
    (void)timeout;
}

SHIM_UNUSED static void srunner_add_suite(SRunner *runner, Suite *suite)
{
    Suite **end = &runner->suites;
    while (*end)
        end = &(*end)->next;
    *end = suite;
}

SHIM_UNUSED static SRunner *srunner_create(Suite *suite)
{
    SRunner *runner = shim_zeroed(sizeof(*runner));
    if (suite)
        srunner_add_suite(runner, suite);
    return runner;
}

SHIM_UNUSED static void srunner_set_fork_status(SRunner *runner, enum fork_status status)
{
    (void)runner;
    (void)status;
}

SHIM_UNUSED static int srunner_ntests_failed(SRunner *runner)
{
    return runner->failed;
}

SHIM_UNUSED static void shim_run(SRunner *runner, TCase *tcase, const ShimTest *test,
                                 int i)
{
    shim_test = test->name;
    runner->run++;
    if (setjmp(shim_out) != 0) {
        runner->failed++;
        printf("  in case %s, iteration %d\n", tcase->name, i);
        return;
    }
    if (tcase->setup)
        tcase->setup();
    test->run(i);
    if (tcase->teardown)
        tcase->teardown();
}

SHIM_UNUSED static void shim_run_case(SRunner *runner, TCase *tcase)
{
    const ShimTest *test;
    int i;

    if (tcase->before_all)
        tcase->before_all();
    for (test = tcase->tests; test; test = test->next) {
        for (i = test->first; i < test->last; i++)
            shim_run(runner, tcase, test, i);
    }
    if (tcase->after_all)
        tcase->after_all();
}

SHIM_UNUSED static void srunner_run_all(SRunner *runner, enum print_output print)
{
    Suite *suite;
    TCase *tcase;

    (void)print;
    for (suite = runner->suites; suite; suite = suite->next) {
        printf("Running suite(s): %s\n", suite->name);
        for (tcase = suite->cases; tcase; tcase = tcase->next)
            shim_run_case(runner, tcase);
    }
    printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n",
           runner->run ? 100 * (runner->run - runner->failed) / runner->run : 100,
           runner->run, runner->failed);
}

SHIM_UNUSED static void srunner_free(SRunner *runner)
{
    while (runner->suites) {
        Suite *suite = runner->suites;
        while (suite->cases) {
            TCase *tcase = suite->cases;
            while (tcase->tests) {
                ShimTest *test = tcase->tests;
                tcase->tests = test->next;
                free(test);
            }
            suite->cases = tcase->next;
            free(tcase);
        }
        runner->suites = suite->next;
        free(suite);
    }
    free(runner);
}

#define START_TEST(name)                 \
    static void name(int _i SHIM_UNUSED) \
    {
#define END_TEST }

#define tcase_add_test(tcase, name) shim_add((tcase), #name, (name), 0, 1)
#define tcase_add_loop_test(tcase, name, first, last) \
    shim_add((tcase), #name, (name), (first), (last))

#define SHIM_FAIL(...) (shim_say(__FILE__, __LINE__, __VA_ARGS__), shim_leave())

#define ck_abort_msg(...)             SHIM_FAIL(__VA_ARGS__)
#define ck_abort()                    SHIM_FAIL("Failed")
#define ck_assert_msg(condition, ...) ((condition) ? (void)0 : SHIM_FAIL(__VA_ARGS__))
#define ck_assert(condition) \
    ((condition) ? (void)0 : SHIM_FAIL("Assertion '%s' failed", #condition))

#define SHIM_COMPARE(type, format, a, op, b)                                      \
    do {                                                                          \
        type shim_a = (a);                                                        \
        type shim_b = (b);                                                        \
        if (!(shim_a op shim_b))                                                  \
            SHIM_FAIL("Assertion '%s' failed: %s == %" format ", %s == %" format, \
                      #a " " #op " " #b, #a, shim_a, #b, shim_b);                 \
    } while (0)

#define ck_assert_int_eq(a, b)   SHIM_COMPARE(intmax_t, PRIdMAX, a, ==, b)
#define ck_assert_int_ne(a, b)   SHIM_COMPARE(intmax_t, PRIdMAX, a, !=, b)
#define ck_assert_int_lt(a, b)   SHIM_COMPARE(intmax_t, PRIdMAX, a, <, b)
#define ck_assert_int_le(a, b)   SHIM_COMPARE(intmax_t, PRIdMAX, a, <=, b)
#define ck_assert_int_gt(a, b)   SHIM_COMPARE(intmax_t, PRIdMAX, a, >, b)
#define ck_assert_int_ge(a, b)   SHIM_COMPARE(intmax_t, PRIdMAX, a, >=, b)
#define ck_assert_uint_eq(a, b)  SHIM_COMPARE(uintmax_t, PRIuMAX, a, ==, b)
#define ck_assert_uint_ne(a, b)  SHIM_COMPARE(uintmax_t, PRIuMAX, a, !=, b)
#define ck_assert_uint_lt(a, b)  SHIM_COMPARE(uintmax_t, PRIuMAX, a, <, b)
#define ck_assert_uint_le(a, b)  SHIM_COMPARE(uintmax_t, PRIuMAX, a, <=, b)
#define ck_assert_uint_gt(a, b)  SHIM_COMPARE(uintmax_t, PRIuMAX, a, >, b)
#define ck_assert_uint_ge(a, b)  SHIM_COMPARE(uintmax_t, PRIuMAX, a, >=, b)
#define ck_assert_ptr_eq(a, b)   SHIM_COMPARE(const void *, "p", a, ==, b)
#define ck_assert_ptr_ne(a, b)   SHIM_COMPARE(const void *, "p", a, !=, b)
#define ck_assert_ptr_null(a)    SHIM_COMPARE(const void *, "p", a, ==, NULL)
#define ck_assert_ptr_nonnull(a) SHIM_COMPARE(const void *, "p", a, !=, NULL)

#define SHIM_TEXT(a, op, b)                                                     \
    do {                                                                        \
        const char *shim_a = (a);                                               \
        const char *shim_b = (b);                                               \
        if (shim_a == NULL || shim_b == NULL || !(strcmp(shim_a, shim_b) op 0)) \
            SHIM_FAIL("Assertion '%s' failed: %s == \"%s\", %s == \"%s\"",      \
                      #a " " #op " " #b, #a, shim_a ? shim_a : "(null)", #b,    \
                      shim_b ? shim_b : "(null)");                              \
    } while (0)

#define ck_assert_str_eq(a, b) SHIM_TEXT(a, ==, b)
#define ck_assert_str_ne(a, b) SHIM_TEXT(a, !=, b)

#define SHIM_BYTES(a, op, b, len)                                                \
    do {                                                                         \
        const void *shim_a = (a);                                                \
        const void *shim_b = (b);                                                \
        size_t shim_len = (len);                                                 \
        if (shim_len != 0 && !(memcmp(shim_a, shim_b, shim_len) op 0))           \
            SHIM_FAIL("Assertion '%s' failed over %zu bytes", #a " " #op " " #b, \
                      shim_len);                                                 \
    } while (0)

#define ck_assert_mem_eq(a, b, len) SHIM_BYTES(a, ==, b, len)
#define ck_assert_mem_ne(a, b, len) SHIM_BYTES(a, !=, b, len)

#endif
