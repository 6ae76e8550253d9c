/* SPDX-License-Identifier: MIT */
/*
 * Internal: how room prefix is built.
 *
 * Blocks that overlap become segments that do not: each has the value of the longest block that
 * holds it. Which segment an address lies in is found in a tree of the segments' first
 * addresses, of which every node is one cache line, and node j of a level stands for entry j
 * of the level above:
 *
 *     blocks     |------- 10.0.0.0/8 -------|
 *                      |- 10.1.0.0/16 -|
 *     segments   | /8  |      /16      | /8 | none ...
 *     level 0    every segment's first address, 16 a node (of IPv6 8: the high halves)
 *     level 1    every node's first address, 16 a node ... up to a level of one node
 *
 * IPv6 has the different high halves of first addresses in its tree, and for each the range of
 * segments that have it, in which low halves are searched by halving.
 */
#ifndef VPCVIS_I_PREFIX_H
#define VPCVIS_I_PREFIX_H

#include "bytes.h"
#include "vpcvis/prefix.h"

#define VPCVIS_I_PREFIX_LEVELS 9u  /* 8^9 is more than twice VPCVIS_PREFIX_ENTRIES_MAX */
#define VPCVIS_I_PREFIX_KEYS4  16u /* of a node */
#define VPCVIS_I_PREFIX_KEYS6  8u

/* An address of 128 bits; IPv4 in the lowest 32. */
struct vpcvis_i_prefix_key {
    uint64_t high;
    uint64_t low;
};

/* What segments map to. */
struct vpcvis_i_prefix_segments {
    uint32_t count;
    uint32_t levels;
    uint32_t *value;
    uint8_t *len;
    uint32_t nodes_at[VPCVIS_I_PREFIX_LEVELS]; /* level l: its first key */
    uint32_t keys[VPCVIS_I_PREFIX_LEVELS];     /* and how many it has */
};

struct vpcvis_prefix {
    struct vpcvis_i_prefix_segments ipv4;
    struct vpcvis_i_prefix_segments ipv6; /* its tree has `highs` keys at level 0 */
    uint32_t *tree4;
    uint64_t *tree6;
    uint64_t *low6;   /* by segment */
    uint32_t *first6; /* by high half: its first segment; one more at the end */
};

/* A block to be sorted: by address, the longer after the shorter, then by place. */
struct vpcvis_i_prefix_item {
    struct vpcvis_i_prefix_key start;
    uint32_t value;
    uint32_t place;
    uint32_t len; /* of 128 bits */
    uint32_t reserved;
};

/* Sort count items, using as many more at `spare`; returns where they are then. */
VPCVIS_I struct vpcvis_i_prefix_item *vpcvis_i_prefix_sort(
    struct vpcvis_i_prefix_item *items, size_t count, struct vpcvis_i_prefix_item *spare);

/* Cut sorted blocks into segments of a family whose last address is `last`: their first
 * addresses to starts, at most 2 * count + 1. VPCVIS_E_DUPLICATE: *place is the block. */
VPCVIS_I vpcvis_status vpcvis_i_prefix_cut(const struct vpcvis_i_prefix_item *items,
                                           size_t count, uint32_t flags,
                                           struct vpcvis_i_prefix_key last,
                                           struct vpcvis_i_prefix_key *starts,
                                           struct vpcvis_i_prefix_segments *segments,
                                           uint32_t *place);

/* The segment of an address. */
VPCVIS_I uint32_t vpcvis_i_prefix_find4(const vpcvis_prefix *map, uint32_t addr);
VPCVIS_I uint32_t vpcvis_i_prefix_find6(const vpcvis_prefix *map, uint64_t high,
                                        uint64_t low);

#endif
