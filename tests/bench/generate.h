/* SPDX-License-Identifier: MIT */
/*
 * generate.h - flow logs for the benchmarks: made up, realistic, the same on every machine.
 *
 * kind      what it is
 * v2        the default format, IPv4, about 115 bytes a record, one in a hundred NODATA
 * v5, v11   all 29 and all 54 VPC fields, in documented order
 * crlf      v2 with CRLF line ends
 * bad       v2 with one line in a hundred that must be refused
 * headers   v2 with a header line first and after every thousand records
 * nodata    v2 with three of four records NODATA
 * ipv6      v2 with nine of ten flows IPv6
 * digits    v2 with counters of 17 to 20 digits
 * short     srcaddr dstaddr bytes
 *
 * crlf, bad and headers have the very records of v2.
 */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include <stddef.h>
#include <stdint.h>

struct generate_log {
    char *text;
    size_t len;
    uint64_t lines;     /* all of them */
    uint64_t headers;   /* header lines in them */
    uint32_t standard;  /* of vpcvis_layout_config, if format is NULL */
    const char *format; /* the layout as a format string, or NULL */
};

/* Where a log that is made piece by piece stands. */
struct generate {
    const char *kind;
    uint64_t random;
    uint64_t time_s;
    uint64_t lines;
    uint64_t records;
    uint64_t headers;
    uint64_t records_left; /* stop at 0 */
};

/* No line is longer than this. */
#define GENERATE_LINE_MAX 4096

/* Begin a log; 0 if there is no such kind. */
int generate_begin(struct generate *g, const char *kind);

/* Write whole lines while there is room for GENERATE_LINE_MAX more; returns the bytes. */
size_t generate_lines(struct generate *g, char *out, size_t capacity);

/* About `bytes` bytes of a kind in memory from malloc; 0 if that failed. */
int generate_log(const char *kind, size_t bytes, struct generate_log *log);

/* The same with exactly that many records; records 0: as generate_log. */
int generate_log_records(const char *kind, uint64_t records, size_t bytes,
                         struct generate_log *log);

#endif
