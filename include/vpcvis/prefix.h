/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/prefix.h - longest-prefix match: which of many CIDR blocks an address lies in.
 *
 * A map from blocks to numbers that the caller chooses: names of services, zones, partners,
 * rules. Of all blocks that hold an address the longest (most specific) one answers.
 * [prefix.longest] IPv4 and IPv6 live side by side and never match each other; ::ffff:0:0/96
 * is IPv6. [prefix.families] Made once from all blocks, up to millions, then never changed, so that
 * threads may share it; change means making another and swapping a pointer.
 *
 * This room knows neither names nor files: the caller keeps a table of what its numbers mean.
 */
#ifndef VPCVIS_PREFIX_H
#define VPCVIS_PREFIX_H

#include "vpcvis/addr.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_prefix vpcvis_prefix;

#define VPCVIS_PREFIX_NONE        0xffffffffu /* the number of no block; not a value */
#define VPCVIS_PREFIX_ENTRIES_MAX 0x01000000u

/* One block and its number, which is not VPCVIS_PREFIX_NONE. */
struct vpcvis_prefix_entry {
    struct vpcvis_cidr cidr;
    uint32_t value;
    uint32_t reserved;
};

/* vpcvis_prefix_config.flags */
#define VPCVIS_PREFIX_MASK 1u /* clear host bits; without it they are VPCVIS_E_PREFIX */
#define VPCVIS_PREFIX_LAST \
    2u /* a block given again: the last value wins, else an error */

struct vpcvis_prefix_config {
    uint32_t size; /* sizeof(struct vpcvis_prefix_config) */
    uint32_t flags;
    uint32_t cpu; /* VPCVIS_CPU_... */
    uint32_t reserved;
};

/* What a map of these entries takes. */
struct vpcvis_prefix_needs {
    uint64_t bytes;   /* memory of the map, slack for alignment included */
    uint64_t scratch; /* memory that only building needs, slack included */
    uint32_t ipv4;    /* blocks of each family, duplicates counted */
    uint32_t ipv6;
};

/*
 * Check count entries and say what building them takes: exact bounds from their number, so
 * planning costs one pass. config may be NULL; entries may be NULL when count is 0 (a map that
 * matches nothing). error, unless NULL, has the entry at fault in error->line, counting from 1,
 * or 0 there if it is none of them.
 * VPCVIS_E_PREFIX: a length beyond the family, or host bits. VPCVIS_E_ARG: NULL, a family, or
 * the value VPCVIS_PREFIX_NONE. VPCVIS_E_LIMIT: more than VPCVIS_PREFIX_ENTRIES_MAX.
 * VPCVIS_E_CONFIG, VPCVIS_E_CPU.
 */
VPCVIS_API vpcvis_status vpcvis_prefix_plan(const struct vpcvis_prefix_entry *entries,
                                            size_t count,
                                            const struct vpcvis_prefix_config *config,
                                            struct vpcvis_prefix_needs *plan,
                                            struct vpcvis_error *error);

/*
 * Build the map in memory of len bytes, which stays until its last use; scratch is free again
 * afterwards, and so are the entries. As vpcvis_prefix_plan, and: VPCVIS_E_DUPLICATE: a block is
 * there twice with different values (error->line is the later one); twice with one value is
 * fine. VPCVIS_E_SPACE: memory or scratch is smaller than planned.
 */
VPCVIS_API vpcvis_status vpcvis_prefix_build(const struct vpcvis_prefix_entry *entries,
                                             size_t count,
                                             const struct vpcvis_prefix_config *config,
                                             void *memory, size_t len, void *scratch,
                                             size_t scratch_len, vpcvis_prefix **map,
                                             struct vpcvis_error *error);

/* Plan and build in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_prefix_new(const struct vpcvis_prefix_entry *entries,
                                           size_t count,
                                           const struct vpcvis_prefix_config *config,
                                           const struct vpcvis_allocator *allocator,
                                           vpcvis_prefix **map,
                                           struct vpcvis_error *error);

/* Free what vpcvis_prefix_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_prefix_free(vpcvis_prefix *map,
                                   const struct vpcvis_allocator *allocator);

/*
 * The number of the longest block that addr lies in, and its length in *prefix_len unless that
 * is NULL. VPCVIS_OK; VPCVIS_NOMATCH; VPCVIS_E_ARG: NULL, or no valid family.
 */
VPCVIS_API vpcvis_status vpcvis_prefix_match(const vpcvis_prefix *map,
                                             const struct vpcvis_addr *addr,
                                             uint32_t *value, uint32_t *prefix_len);

/*
 * The same for many: values[i] is the number for the address at (const char *)bytes + i *
 * stride, 4 bytes (family VPCVIS_ADDR_IPV4) or 16 (VPCVIS_ADDR_IPV6) in network order, or
 * VPCVIS_PREFIX_NONE. So a column of packets or records is matched where it lies.
 * VPCVIS_OK; VPCVIS_E_ARG: NULL with count, or no valid family.
 */
VPCVIS_API vpcvis_status vpcvis_prefix_match_batch(const vpcvis_prefix *map,
                                                   uint32_t family, const void *bytes,
                                                   size_t stride, size_t count,
                                                   uint32_t *values);

#ifdef __cplusplus
}
#endif

#endif
