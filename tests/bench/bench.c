/* SPDX-License-Identifier: MIT */
/*
 * The benchmark program: the clock, the comparison, the command line.
 *
 *     bench                            all measures
 *     bench generate KIND BYTES        write a log (kinds: generate.h)
 *     bench stream FILE                nanoseconds a record to read a log from a file
 *     bench guard PATH MEASURE PASSES  a fixed amount of work (guard.c)
 *     bench compiler                   what this program was built with
 */
#define _GNU_SOURCE 1 /* sched_setaffinity */

#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include "generate.h"
#include "vpcvis/base.h"

/* What this thread had of its CPU: neither side sleeps, so that is the time on an idle machine,
 * and on a busy one what other programs took does not count. */
static uint64_t now_ns(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Stay where we are: another CPU has colder caches. Best effort. */
static void pin(void)
{
#if defined(__linux__) && defined(CPU_SET)
    cpu_set_t set;
    int cpu = sched_getcpu();

    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
#endif
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, uint32_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Nanoseconds a line over at least least_ns of passes, 0 on failure. */
static double repeat(const struct bench_side *side, uint64_t least_ns)
{
    uint64_t begin = now_ns();
    uint64_t lines = 0;
    uint64_t took;

    do {
        uint64_t n = side->pass(side->context);
        if (n == 0)
            return 0;
        lines += n;
        took = now_ns() - begin;
    } while (took < least_ns);
    return (double)took / (double)lines * side->scale;
}

/* Nanoseconds a line of two sides, each over at least least_ns. Passes alternate as time goes: the
 * side that had less of it is next, so that what slows the machine for a moment slows both. */
static int repeat_both(const struct bench_side *const side[2], uint64_t least_ns,
                       double ns[2])
{
    uint64_t took[2] = {0, 0}, lines[2] = {0, 0};

    while (took[0] < least_ns || took[1] < least_ns) {
        const int next = took[1] < took[0];
        const uint64_t begin = now_ns();
        const uint64_t n = side[next]->pass(side[next]->context);

        if (n == 0)
            return 0;
        took[next] += now_ns() - begin;
        lines[next] += n;
    }
    for (int i = 0; i < 2; i++)
        ns[i] = (double)took[i] / (double)lines[i] * side[i]->scale;
    return 1;
}

int bench_wants(const struct bench *bench, const char *name)
{
    return bench->only == NULL || strstr(name, bench->only) != NULL;
}

void bench_skip(const char *name, const char *why)
{
    printf("bench %s skipped: %s\n", name, why);
    fflush(stdout);
}

void bench_fail(struct bench *bench, const char *name, const char *why)
{
    printf("bench %s failed: %s\n", name, why);
    fflush(stdout);
    bench->failed++;
}

double bench_ratio(const struct bench *bench, const struct bench_side *ours,
                   const struct bench_side *peer, double *ours_time, double *peer_time)
{
    const struct bench_side *const sides[2] = {ours, peer};
    double ours_ns[BENCH_REPETITIONS_MAX];
    double peer_ns[BENCH_REPETITIONS_MAX];
    double ratios[BENCH_REPETITIONS_MAX];
    double ns[2];

    for (uint32_t i = 0; i <= bench->repetitions; i++) {
        /* The first time is short and warms up. */
        if (!repeat_both(sides, i == 0 ? 1 : bench->pass_ns, ns))
            return 0;
        if (i == 0)
            continue;
        ours_ns[i - 1] = ns[0];
        peer_ns[i - 1] = ns[1];
        ratios[i - 1] = ns[1] / ns[0];
    }
    *ours_time = median(ours_ns, bench->repetitions);
    *peer_time = median(peer_ns, bench->repetitions);
    return median(ratios, bench->repetitions);
}

void bench_compare(struct bench *bench, const char *name, double bar,
                   const struct bench_side *ours, const struct bench_side *peer)
{
    double ours_ns, peer_ns;
    const double ratio = bench_ratio(bench, ours, peer, &ours_ns, &peer_ns);
    const int missed = bar > 0 && !bench->sanity && ratio < bar;

    if (ratio <= 0) {
        bench_fail(bench, name, "a pass did not read its text");
        return;
    }
    bench->missed += (uint32_t)missed;
    printf("bench %s ours=%.1f peer=%.1f ratio=%.2f bar=", name, ours_ns, peer_ns, ratio);
    printf(bar > 0 ? "%.2f%s\n" : "-\n", bar, missed ? " MISSED" : "");
    fflush(stdout);
}

double bench_time(const struct bench *bench, const struct bench_side *side)
{
    double ns[BENCH_REPETITIONS_MAX];

    for (uint32_t i = 0; i < bench->repetitions; i++) {
        ns[i] = repeat(side, bench->pass_ns);
        if (ns[i] <= 0)
            return 0;
    }
    return median(ns, bench->repetitions);
}

static int is_set(const char *name, const char *value)
{
    const char *text = getenv(name);
    return text != NULL && strcmp(text, value) == 0;
}

/* VPCVIS_CPU_... of BENCH_CPU; a name that is none of them is a failure. */
static int read_cpu(struct bench *bench)
{
    const char *name = getenv("BENCH_CPU");
    uint32_t cpu;

    bench->cpu = VPCVIS_CPU_AUTO;
    if (name == NULL || *name == '\0')
        return 1;
    for (cpu = VPCVIS_CPU_PORTABLE; cpu <= VPCVIS_CPU_NEON; cpu++)
        if (strcmp(name, vpcvis_base_cpu_name(cpu)) == 0)
            bench->cpu = cpu;
    return bench->cpu != VPCVIS_CPU_AUTO;
}

static int read_environment(struct bench *bench)
{
    int quick = is_set("BENCH_QUICK", "1");

    memset(bench, 0, sizeof *bench);
    bench->only = getenv("BENCH_ONLY");
    bench->strict = (uint32_t)is_set("BENCH", "strict");
    bench->sanity = (uint32_t)is_set("BENCH", "sanity");
    bench->repetitions = quick ? 3 : BENCH_REPETITIONS_MAX;
    bench->pass_ns = quick ? 5000000 : 50000000;
    bench->text_bytes = quick ? (size_t)1 << 20 : (size_t)12 << 20;
    if (!read_cpu(bench)) {
        fputs("bench: BENCH_CPU is not the name of a path\n", stderr);
        return 0;
    }
    if (bench->cpu != VPCVIS_CPU_AUTO && vpcvis_base_cpu_find(bench->cpu) != VPCVIS_OK) {
        fputs("bench: this CPU or this build does not have that path\n", stderr);
        return 0;
    }
    return 1;
}

static int write_log(const char *kind, const char *size)
{
    enum { BLOCK = 1 << 20 };
    struct generate g;
    char *block = malloc(BLOCK);
    uint64_t left = strtoull(size, NULL, 10);

    if (block == NULL || !generate_begin(&g, kind)) {
        fputs("bench: no such kind of log\n", stderr);
        free(block);
        return 2;
    }
    while (left > 0) {
        size_t n = generate_lines(&g, block, BLOCK);
        if (fwrite(block, 1, n, stdout) != n) {
            perror("bench");
            break;
        }
        left -= n < left ? n : left;
    }
    free(block);
    return left > 0 || fflush(stdout) != 0 ? 2 : 0;
}

static int run_all(struct bench *bench)
{
    bench_line(bench);
    bench_shapes(bench);
    bench_write(bench);
    bench_reader(bench);
    bench_packet(bench);
    bench_flow(bench);
    bench_prefix(bench);
    bench_filter(bench);
    bench_vxlan(bench);
    return bench->failed ? 2 : bench->missed ? 1 : 0;
}

static const char *compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

int main(int argc, char **argv)
{
    struct bench bench;

    if (argc == 2 && strcmp(argv[1], "compiler") == 0)
        return puts(compiler()) < 0;
    if (argc == 4 && strcmp(argv[1], "generate") == 0)
        return write_log(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "guard") == 0)
        return bench_guard(argc, argv);
    if (!read_environment(&bench))
        return 2;
    pin();
    if (argc == 3 && strcmp(argv[1], "stream") == 0)
        return bench_stream(&bench, argv[2]);
    if (argc == 1)
        return run_all(&bench);
    fputs(
        "usage: bench [generate KIND BYTES | stream FILE | guard PATH MEASURE PASSES |"
        " compiler]\n",
        stderr);
    return 2;
}
