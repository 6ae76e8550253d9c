/* SPDX-License-Identifier: MIT */
/*
 * bench.h - measures ours against a peer, in one process, on the same bytes.
 *
 * Both sides are pinned to one CPU. A repetition makes as many passes of both as fill its time (of
 * the thread's CPU clock), always of the side that had less of it so far. Each measure is one line
 *
 *     bench NAME ours=NS peer=NS ratio=PEER/OURS bar=BAR
 *
 * in nanoseconds a record, or `bench NAME skipped: WHY`. Each figure is the median of the
 * repetitions', the ratio too: passes of both sides are neighbours in time, so a machine that
 * slows down for a while slows both. bar=- judges nothing.
 *
 * Environment: BENCH_QUICK=1 small texts and 3 repetitions; BENCH_ONLY=TEXT only measures whose
 * name has TEXT in it; BENCH_CPU=portable|sse2|avx2|avx512|neon only that path;
 * BENCH=strict a missing peer is a missed bar, BENCH=sanity no bar is judged.
 * Exit status: 0; 1 a bar is missed; 2 something failed, such as two sides that disagree.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_REPETITIONS_MAX 15

struct bench {
    const char *only;
    uint32_t cpu; /* VPCVIS_CPU_AUTO: every path */
    uint32_t strict;
    uint32_t sanity;
    uint32_t repetitions;
    uint64_t pass_ns;  /* least time of a repetition */
    size_t text_bytes; /* of the logs that are read */
    uint32_t missed;
    uint32_t failed;
};

/* One pass over a text; returns the lines dealt with, 0 on failure. */
typedef uint64_t bench_pass(void *context);

struct bench_side {
    bench_pass *pass;
    void *context;
    double scale; /* its time is multiplied with this */
};

/* Whether the caller asked for this measure. */
int bench_wants(const struct bench *bench, const char *name);

/* Measure and print; bar 0 judges nothing. */
void bench_compare(struct bench *bench, const char *name, double bar,
                   const struct bench_side *ours, const struct bench_side *peer);

/* The median of PEER/OURS, as above, and of each side's nanoseconds a line; 0 on failure. */
double bench_ratio(const struct bench *bench, const struct bench_side *ours,
                   const struct bench_side *peer, double *ours_time, double *peer_time);

/* Print why a measure cannot be had, or what failed. */
void bench_skip(const char *name, const char *why);
void bench_fail(struct bench *bench, const char *name, const char *why);

/* Median nanoseconds a line of one side alone; 0 on failure. */
double bench_time(const struct bench *bench, const struct bench_side *side);

/* The measures, by file. */
void bench_line(struct bench *bench);
void bench_shapes(struct bench *bench);
void bench_write(struct bench *bench);
void bench_reader(struct bench *bench);
void bench_packet(struct bench *bench);
void bench_flow(struct bench *bench);
void bench_prefix(struct bench *bench);
void bench_filter(struct bench *bench);
void bench_vxlan(struct bench *bench);

/* One random frame of a common kind, at most 1,426 bytes, of which the first 128 are set;
 * returns its length. */
size_t bench_packet_put(uint8_t *p, uint64_t *state);

/* The work of two of them for the guard: packets of a pass, 0 on failure. */
uint64_t bench_packet_passes(unsigned long passes);
uint64_t bench_flow_passes(uint32_t cpu, unsigned long passes);

/* Sub-commands; they return the exit status. */
int bench_guard(int argc, char **argv);
int bench_stream(const struct bench *bench, const char *path);

#endif
