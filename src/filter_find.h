/* SPDX-License-Identifier: MIT */
/*
 * Internal: matching by tables. Each step is taken for all packets of a group before the next one,
 * so that the waits overlap:
 *
 *     addresses -> runs -> cells of each part -> lists of all parts -> answers
 *
 * What instruction sets do in their own way are runs and lists.
 */
#ifndef VPCVIS_I_FILTER_FIND_H
#define VPCVIS_I_FILTER_FIND_H

#include "filter.h"

#define VPCVIS_I_FILTER_LOOK 64u /* packets whose lists are looked at together */

/* How many keys of the root, or of a line, are below addresses. The last one never is. */
typedef void vpcvis_i_filter_root(const struct vpcvis_i_filter_tree *tree,
                                  const uint32_t *addr, uint32_t lanes, uint32_t *below);
typedef uint32_t vpcvis_i_filter_line(const int32_t *line, int32_t x);

/* The packets, where their lists begin, and their answers. */
struct vpcvis_i_filter_lanes {
    const uint32_t *ports, *kind;
    const uint32_t *at; /* of part p and lane i: at[p * VPCVIS_I_FILTER_GROUP + i] */
    uint32_t parts;
    uint32_t count; /* VPCVIS_I_FILTER_LOOK at most, a multiple of 32 */
    uint32_t *best; /* the least answer so far */
};

/* Lists that are not at their end, and whose they are; a vector of them may be read. */
struct vpcvis_i_filter_lists {
    uint32_t at[(VPCVIS_I_FILTER_PARTS + 1) * VPCVIS_I_FILTER_LOOK];
    uint32_t lane[(VPCVIS_I_FILTER_PARTS + 1) * VPCVIS_I_FILTER_LOOK];
    uint32_t count;
};

VPCVIS_I_INLINE int32_t vpcvis_i_filter_key(uint32_t addr)
{
    return addr < 0x80000000u ? (int32_t)addr + INT32_MIN : (int32_t)(addr - 0x80000000u);
}

/* Runs of IPv4 addresses. */
VPCVIS_I_INLINE void vpcvis_i_filter_runs(const struct vpcvis_i_filter_tree *tree,
                                          const uint32_t *addr, uint32_t lanes,
                                          uint32_t *runs, vpcvis_i_filter_root *root,
                                          vpcvis_i_filter_line *line)
{
    uint32_t level, lane;

    root(tree, addr, lanes, runs);
    for (level = 1; level < tree->levels; level++) {
        const int32_t *keys = tree->keys[level];
        for (lane = 0; lane < lanes; lane++) {
            const size_t from = (size_t)runs[lane] * VPCVIS_I_FILTER_KEYS;
            runs[lane] =
                (uint32_t)from + line(keys + from, vpcvis_i_filter_key(addr[lane]));
        }
    }
}

#if defined(VPCVIS_I_X86)
VPCVIS_I void vpcvis_i_filter_runs_avx512(const struct vpcvis_i_filter_tree *tree,
                                          const uint32_t *addr, uint32_t lanes,
                                          uint32_t *runs);
VPCVIS_I void vpcvis_i_filter_look_avx512(const struct vpcvis_i_filter_entry *entries,
                                          const struct vpcvis_i_filter_lanes *lanes);
#endif

#endif
