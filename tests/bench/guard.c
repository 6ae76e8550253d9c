/* SPDX-License-Identifier: MIT */
/*
 * `bench guard PATH MEASURE PASSES` does a fixed amount of work and prints how many lines a
 * pass has (or packets). Under an instruction counter, two runs that differ in PASSES alone differ by what
 * the passes cost: see guard.sh. Exit status 77: this CPU or this build lacks the path.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "job.h"

#define GUARD_PACKET 101 /* no doors of a log: vpcvis_packet_read_batch */
#define GUARD_FLOW   102 /* vpcvis_flow_add */

#define LOG_BYTES 98304 /* several windows of the batch reader, and a piece of one */

static const struct measure {
    char name[24];
    char kind[8];
    uint32_t door;
} measures[] = {
    {"line.read.v2", "v2", JOB_COLUMNS},
    {"line.read.v5", "v5", JOB_COLUMNS},
    {"line.read.crlf", "crlf", JOB_COLUMNS},
    {"line.read.bad1", "bad", JOB_COLUMNS},
    {"line.read.nodata", "nodata", JOB_COLUMNS},
    {"line.read.ipv6", "ipv6", JOB_COLUMNS},
    {"line.read.digits", "digits", JOB_COLUMNS},
    {"line.read.short", "short", JOB_COLUMNS},
    {"line.read.all54", "v11", JOB_COLUMNS},
    {"line.rows.v2", "v2", JOB_ROWS},
    {"line.write.v2", "v2", JOB_WRITE_ROWS},
    {"line.write.columns", "v2", JOB_WRITE_COLUMNS},
    {"reader.stream", "v2", JOB_STREAM},
    {"packet.read_batch", "", GUARD_PACKET},
    {"flow.add", "", GUARD_FLOW},
};

static const struct measure *find_measure(const char *name)
{
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
        if (strcmp(measures[i].name, name) == 0)
            return &measures[i];
    return NULL;
}

static uint32_t find_path(const char *name)
{
    for (uint32_t cpu = VPCVIS_CPU_PORTABLE; cpu <= VPCVIS_CPU_NEON; cpu++)
        if (strcmp(name, vpcvis_base_cpu_name(cpu)) == 0)
            return cpu;
    return VPCVIS_CPU_AUTO;
}

static uint64_t work_on_log(const struct measure *measure, uint32_t cpu,
                            unsigned long passes)
{
    struct job_spec spec = {measure->door, cpu, 0, {0, 0}};
    struct generate_log log = {0};
    struct job job = {0};
    uint64_t lines = 0;

    if (generate_log(measure->kind, LOG_BYTES, &log) && job_open(&job, &log, &spec))
        for (; passes > 0; passes--)
            lines = job_pass(&job);
    job_close(&job);
    free(log.text);
    return lines;
}

static int work(const struct measure *measure, uint32_t cpu, unsigned long passes)
{
    uint64_t lines;

    if (measure->door == GUARD_PACKET)
        lines = bench_packet_passes(passes);
    else if (measure->door == GUARD_FLOW)
        lines = bench_flow_passes(cpu, passes);
    else
        lines = work_on_log(measure, cpu, passes);
    printf("%" PRIu64 "\n", lines);
    return lines > 0 ? 0 : 2;
}

int bench_guard(int argc, char **argv)
{
    const struct measure *measure = argc == 5 ? find_measure(argv[3]) : NULL;
    uint32_t cpu = argc == 5 ? find_path(argv[2]) : VPCVIS_CPU_AUTO;

    if (measure == NULL || cpu == VPCVIS_CPU_AUTO) {
        fputs("bench: no such path or measure\n", stderr);
        return 2;
    }
    if (vpcvis_base_cpu_find(cpu) != VPCVIS_OK)
        return 77;
    return work(measure, cpu, strtoul(argv[4], NULL, 10));
}
