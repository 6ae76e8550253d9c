/* SPDX-License-Identifier: MIT */
/* Ethernet frames into a pcap file with nanoseconds, as capture.c reads it. */
#ifndef EXAMPLES_PCAP_WRITE_H
#define EXAMPLES_PCAP_WRITE_H

#include <stdint.h>
#include <stdio.h>

/* Begin a file ("-" is standard output). NULL: see errno. */
FILE *pcap_write_open(const char *path);

/* Begin a record of cap_len bytes, which the caller writes next with fwrite. */
void pcap_write_record(FILE *file, uint64_t seen_ns, uint32_t cap_len, uint32_t wire_len);

#endif
