/* SPDX-License-Identifier: MIT */
/*
 * filter.match.FAMILY.COUNT: mirror rules against DPDK's rte_acl on the same packet summaries, from
 * which each side takes what it needs; filter.build: planning and building against its build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "rules.h"

#define PACKETS 8192u

struct work {
    struct vpcvis_rule *rules;
    uint32_t count;
    struct vpcvis_packet *packets;
    struct vpcvis_filter_answer *answers;
    uint32_t *numbers;
    vpcvis_filter *filter, *scan;
    struct vpcvis_filter_config config;
    struct vpcvis_filter_needs needs;
    struct peer_acl *acl;
};

static uint64_t match_pass(void *context)
{
    struct work *work = context;

    vpcvis_filter_match(work->filter, work->packets, sizeof *work->packets, PACKETS, 0,
                        work->answers);
    return PACKETS;
}

static uint64_t scan_pass(void *context)
{
    struct work *work = context;

    vpcvis_filter_match(work->scan, work->packets, sizeof *work->packets, PACKETS, 0,
                        work->answers);
    return PACKETS;
}

static uint64_t acl_pass(void *context)
{
    struct work *work = context;

    peer_acl_match(work->acl, work->packets, PACKETS, work->numbers);
    return PACKETS;
}

static uint64_t build_pass(void *context)
{
    struct work *work = context;
    vpcvis_filter *filter;

    if (vpcvis_filter_new(work->rules, work->count, &work->config, NULL, &filter, NULL) !=
        VPCVIS_OK)
        return 0;
    vpcvis_filter_free(filter, NULL);
    return 1;
}

static int agree(struct work *work)
{
    uint32_t i;

    match_pass(work);
    acl_pass(work);
    for (i = 0; i < PACKETS; i++) {
        if (work->answers[i].number != work->numbers[i])
            return 0;
    }
    return 1;
}

static int open_work(struct work *work, uint32_t kind, uint32_t count, uint32_t cpu)
{
    void *scratch;
    int ok;

    memset(work, 0, sizeof *work);
    work->count = count;
    work->config.size = sizeof work->config;
    work->config.cpu = cpu;
    work->rules = calloc(count, sizeof *work->rules);
    work->packets = aligned_alloc(64, PACKETS * sizeof *work->packets);
    work->answers = calloc(PACKETS, sizeof *work->answers);
    work->numbers = calloc(PACKETS, sizeof *work->numbers);
    if (!work->rules || !work->packets || !work->answers || !work->numbers)
        return 0;
    rules_make(kind, work->rules, count);
    rules_trace(work->rules, count, work->packets, PACKETS);
    vpcvis_filter_plan(work->rules, count, &work->config, NULL, 0, &work->needs, NULL);
    scratch = malloc((size_t)work->needs.scratch);
    ok = scratch != NULL &&
         vpcvis_filter_plan(work->rules, count, &work->config, scratch,
                            (size_t)work->needs.scratch, &work->needs,
                            NULL) == VPCVIS_OK &&
         vpcvis_filter_new(work->rules, count, &work->config, NULL, &work->filter,
                           NULL) == VPCVIS_OK;
    free(scratch);
    return ok;
}

static void close_work(struct work *work)
{
    free(work->rules);
    free(work->packets);
    free(work->answers);
    free(work->numbers);
    vpcvis_filter_free(work->filter, NULL);
    vpcvis_filter_free(work->scan, NULL);
    peer_acl_free(work->acl);
}

static int is_wide(const struct bench *bench)
{
    return bench->cpu == VPCVIS_CPU_AVX512 ||
           (bench->cpu == VPCVIS_CPU_AUTO && vpcvis_base_cpu() == VPCVIS_CPU_AVX512);
}

/* rte_acl on rules of the seeds, at 1,000 and 10,000 of them. */
struct seed {
    double speed, megabytes;
};

static const struct seed seeds[2][RULES_KINDS] = {
    {{69 / 12.7, 0.8}, {36 / 12.1, 7.2}, {68 / 13.5, 6.8}},
    {{31 / 1.1, 19}, {8.7 / 1.1, 158}, {16.3 / 1.1, 20}}};

static int is_near(double value, double wanted)
{
    return value >= wanted / 2 && value <= wanted * 2;
}

/* Rules count only if both figures are within a factor of two of the seeds'. With fewer rules the
 * time of both sides is that of taking the packets, and there is nothing to compare. */
static void compare_family(struct bench *bench, const char *name, struct work *work,
                           const struct seed *seed)
{
    const struct bench_side scan = {scan_pass, work, 1}, acl = {acl_pass, work, 1};
    struct vpcvis_filter_config config = work->config;
    double speed, megabytes, acl_ns, scan_ns;
    int missed;

    config.max_bytes = 1; /* no room for tables */
    if (vpcvis_filter_new(work->rules, work->count, &config, NULL, &work->scan, NULL) !=
        VPCVIS_OK) {
        bench_fail(bench, name, "the library refused the rules");
        return;
    }
    speed = bench_ratio(bench, &acl, &scan, &acl_ns, &scan_ns);
    megabytes = (double)peer_acl_bytes(work->acl) / 1e6;
    missed = !bench->sanity && is_wide(bench) &&
             (!is_near(speed, seed->speed) || !is_near(megabytes, seed->megabytes));
    bench->missed += (uint32_t)missed;
    printf("bench %s speed=%.1f seed=%.1f megabytes=%.1f seed=%.1f%s\n", name, speed,
           seed->speed, megabytes, seed->megabytes, missed ? " MISSED" : "");
}

/* The bars of the AVX-512 path; the portable one's below. */
static double bar_of(const struct bench *bench, uint32_t kind, uint32_t size)
{
    static const double wide[4] = {3.0, 1.6, 1.5, 2.2}, plain[4] = {1.2, 0.9, 0.7, 1.0};

    if (bench->cpu == VPCVIS_CPU_PORTABLE)
        return plain[size];
    if (!is_wide(bench))
        return 0;
    if (kind == RULES_FW && size >= 2)
        return size == 2 ? 3.0 : 3.5;
    return wide[size];
}

static void run(struct bench *bench, uint32_t kind, uint32_t size)
{
    static const uint32_t counts[4] = {10, 100, 1000, 10000};
    struct work work;
    struct bench_side ours = {match_pass, &work, 1}, peer = {acl_pass, &work, 1};
    struct bench_side build = {build_pass, &work, 1};
    char name[64];

    snprintf(name, sizeof name, "filter.match.%s.%u", rules_name(kind), counts[size]);
    if (!bench_wants(bench, name))
        return;
    if (!open_work(&work, kind, counts[size], bench->cpu))
        bench_fail(bench, name, "the library refused the rules");
    else if ((work.acl = peer_acl_new(work.rules, work.count)) == NULL)
        bench_skip(name, "DPDK is not in this build, or did not start");
    else if (!agree(&work))
        bench_fail(bench, name, "the two sides disagree");
    else
        bench_compare(bench, name, bar_of(bench, kind, size), &ours, &peer);
    if (work.acl) {
        printf(
            "bench filter.build.%s.%u ours=%.2fms peer=%.2fms bytes=%.0fK "
            "structure=%u\n",
            rules_name(kind), counts[size], bench_time(bench, &build) / 1e6,
            peer_acl_build_ms(work.acl), (double)work.needs.bytes / 1024,
            (unsigned)work.needs.structure);
        snprintf(name, sizeof name, "filter.family.%s.%u", rules_name(kind),
                 counts[size]);
        if (size >= 2)
            compare_family(bench, name, &work, &seeds[size - 2][kind]);
    }
    close_work(&work);
}

void bench_filter(struct bench *bench)
{
    uint32_t kind, size;

    if (bench->only != NULL && strstr(bench->only, "filter") == NULL)
        return;
    for (size = 0; size < 4; size++) {
        for (kind = 0; kind < RULES_KINDS; kind++)
            run(bench, kind, size);
    }
}
