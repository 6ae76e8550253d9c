/* SPDX-License-Identifier: MIT */
/* peer_lpm.h - DPDK's longest-prefix matches, where the build has libdpdk (HAVE_DPDK). */
#ifndef BENCH_PEER_LPM_H
#define BENCH_PEER_LPM_H

#include <stddef.h>
#include <stdint.h>

#include "vpcvis/prefix.h"

enum { PEER_LPM_TABLE, PEER_LPM_FIB, PEER_LPM_KINDS };

/* "dpdk_lpm", "dpdk_fib". */
const char *peer_lpm_name(uint32_t kind);

/* A table of these blocks, the last of equals; NULL if it cannot be had. */
void *peer_lpm_open(uint32_t kind, uint32_t family,
                    const struct vpcvis_prefix_entry *entries, size_t count);

/* Values of count addresses that lie one after another, in network order. */
int peer_lpm_match(void *table, const char *addresses, uint32_t count, uint32_t *values);
void peer_lpm_close(void *table);

#endif
