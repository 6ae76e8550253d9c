/* SPDX-License-Identifier: MIT */
/*
 * Internal: the inside of a prefix map, and matching without the ceremony of the public doors.
 *
 * Both families end in a leaf, an index into values and infos. A leaf whose value is `escape`,
 * which no entry has, stands for a place that needs a closer look; what else a leaf needs is
 * in infos, so that the common answer touches values alone.
 *
 *     IPv4   root: one bit a slot of 2^shift addresses, set where the answer changes
 *            |bits 64|base| |bits 64|base| ...       leaf = base + bits set up to the slot
 *            escape: infos[leaf] is a node, four quarters for the next 8 bits
 *
 *     IPv6   a tree over the high 64 bits, 8 keys a line      leaf = keys below the address
 *            escape: infos[leaf] is a group, blocks longer than /64 with the same high
 *            bits: a tree over the low 64 bits
 *
 * A leaf's info, where it is not escaped, is the length of the block that answers.
 */
#ifndef VPCVIS_I_PREFIX_H
#define VPCVIS_I_PREFIX_H

#include "bytes.h"
#include "vpcvis/prefix.h"

#define VPCVIS_I_PREFIX_KEYS   8u /* of a tree's line, 64 bytes */
#define VPCVIS_I_PREFIX_LEVELS 9u /* 2^25 keys take 8 */

/* 64 slots of a node or of the root. */
struct vpcvis_i_prefix_quarter {
    uint64_t bits; /* a run of slots with one answer begins here */
    uint32_t base; /* the leaf in force just before */
    uint32_t reserved;
};

/*
 * A static B+ tree without pointers over count sorted keys: level 0 is the root, the last one
 * holds all keys; line k of a level has lines 9k .. 9k + 8 below it, its keys the last ones of all
 * but the last of those. What is missing is all ones, which is below no address.
 */
struct vpcvis_i_prefix_tree {
    uint32_t levels;
    uint32_t line[VPCVIS_I_PREFIX_LEVELS]; /* where each level begins */
};

/* Where blocks longer than /64 are: the leaves of one value of the high bits. */
struct vpcvis_i_prefix_group {
    uint64_t high;
    uint32_t first; /* leaf of the lowest addresses */
    uint32_t last;  /* of the highest, and of what comes after them */
    struct vpcvis_i_prefix_tree tree;
    uint32_t reserved[2];
};

struct vpcvis_prefix {
    uint32_t cpu;
    uint32_t escape;
    uint32_t shift; /* IPv4: 32 less the bits that the root resolves */
    struct vpcvis_i_prefix_tree tree;
    struct vpcvis_i_prefix_quarter *root;
    struct vpcvis_i_prefix_quarter *nodes;
    uint32_t *values4;
    uint32_t *infos4;
    uint64_t *keys;
    struct vpcvis_i_prefix_group *groups;
    uint32_t *values6;
    uint32_t *infos6;
};

VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_be32(const void *at)
{
    const uint8_t *p = at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

VPCVIS_I_INLINE uint64_t vpcvis_i_prefix_be64(const void *at)
{
    const uint8_t *p = at;
    return (uint64_t)vpcvis_i_prefix_be32(p) << 32 | vpcvis_i_prefix_be32(p + 4);
}

VPCVIS_I_INLINE uint32_t
vpcvis_i_prefix_rank(const struct vpcvis_i_prefix_quarter *quarter, uint32_t slot)
{
    return quarter->base + vpcvis_i_bytes_count(quarter->bits << (63 - (slot & 63)));
}

/* From the leaf of the root's slot on. */
VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_descend(const vpcvis_prefix *map, uint32_t addr,
                                                 uint32_t leaf)
{
    uint32_t shift = map->shift;

    while (VPCVIS_I_UNLIKELY(map->values4[leaf] == map->escape) && shift >= 8) {
        const struct vpcvis_i_prefix_quarter *node =
            map->nodes + (size_t)map->infos4[leaf] * 4;
        shift -= 8;
        leaf = vpcvis_i_prefix_rank(node + (addr >> shift >> 6 & 3), addr >> shift);
    }
    return leaf;
}

/* The leaf of an IPv4 address in host order. */
VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_find4(const vpcvis_prefix *map, uint32_t addr)
{
    const uint32_t slot = addr >> map->shift;
    return vpcvis_i_prefix_descend(map, addr,
                                   vpcvis_i_prefix_rank(map->root + (slot >> 6), slot));
}

/* How many keys of a tree are below x. */
VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_search(const struct vpcvis_i_prefix_tree *tree,
                                                const uint64_t *keys, uint64_t x)
{
    uint32_t at = 0, below = 0;
    uint32_t level, i;

    for (level = 0; level < tree->levels; level++) {
        const uint64_t *line =
            keys + ((size_t)tree->line[level] + at) * VPCVIS_I_PREFIX_KEYS;
        for (below = 0, i = 0; i < VPCVIS_I_PREFIX_KEYS; i++)
            below += line[i] < x;
        at = at * (VPCVIS_I_PREFIX_KEYS + 1) + below;
    }
    /* Where a line of the last level begins, a key a line less: 9k + below is 8k + below. */
    return at - (at - below) / (VPCVIS_I_PREFIX_KEYS + 1);
}

/* The leaf of an IPv6 address, its halves in host order. */
VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_find6(const vpcvis_prefix *map, uint64_t high,
                                               uint64_t low)
{
    const uint32_t leaf = vpcvis_i_prefix_search(&map->tree, map->keys, high);
    const struct vpcvis_i_prefix_group *group;

    if (VPCVIS_I_LIKELY(map->values6[leaf] != map->escape))
        return leaf;
    group = map->groups + map->infos6[leaf];
    if (group->high != high)
        return group->last;
    return group->first + vpcvis_i_prefix_search(&group->tree, map->keys, low);
}

/* The number for 4 bytes, or 16, in network order; VPCVIS_PREFIX_NONE. */
VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_match4(const vpcvis_prefix *map,
                                                const void *bytes)
{
    return map->values4[vpcvis_i_prefix_find4(map, vpcvis_i_prefix_be32(bytes))];
}

VPCVIS_I_INLINE uint32_t vpcvis_i_prefix_match6(const vpcvis_prefix *map,
                                                const void *bytes)
{
    return map->values6[vpcvis_i_prefix_find6(
        map, vpcvis_i_prefix_be64(bytes),
        vpcvis_i_prefix_be64((const uint8_t *)bytes + 8))];
}

/* Batches, one a family, by the map's path (prefix_path.c). */
VPCVIS_I void vpcvis_i_prefix_batch4(const vpcvis_prefix *map, const char *bytes,
                                     size_t stride, size_t count, uint32_t *values);
VPCVIS_I void vpcvis_i_prefix_batch6(const vpcvis_prefix *map, const char *bytes,
                                     size_t stride, size_t count, uint32_t *values);

/*
 * Building. An item is a block on its way to the map: IPv4 in the top half of high. order is
 * its length, then its entry's index, so that items sort as (high, low, order).
 */
struct vpcvis_i_prefix_item {
    uint64_t high, low;
    uint32_t value;
    uint32_t order;
};

#define VPCVIS_I_PREFIX_LENGTH(order) ((order) >> 24)
#define VPCVIS_I_PREFIX_INDEX(order)  ((order)&0xffffffu)
#define VPCVIS_I_PREFIX_ORDER(length) ((uint32_t)(length) << 24)

/*
 * Sort count items (prefix_sort.c) and drop all but one of equal blocks: the last if `last`,
 * else the first. spare has room for as many. Returns how many are left. *fault becomes the
 * lowest index of an entry whose block was there with another value, if that is lower.
 */
VPCVIS_I size_t vpcvis_i_prefix_sort(struct vpcvis_i_prefix_item *items, size_t count,
                                     struct vpcvis_i_prefix_item *spare, uint32_t last,
                                     uint32_t *fault);

/*
 * Cut sorted blocks of a family into runs of addresses with one answer (prefix_sort.c): each item
 * of runs is where one begins, with its value and the answering block's length as order. Neighbours
 * differ. runs has room for 2 * count + 1; returns how many there are, at least one.
 */
VPCVIS_I size_t vpcvis_i_prefix_cut(const struct vpcvis_i_prefix_item *items,
                                    size_t count, uint32_t bits,
                                    struct vpcvis_i_prefix_item *runs);

/* Fill the map's part of a family from its runs (prefix_make4.c, prefix_make6.c). */
VPCVIS_I void vpcvis_i_prefix_make4(vpcvis_prefix *map,
                                    const struct vpcvis_i_prefix_item *runs,
                                    size_t count);
VPCVIS_I void vpcvis_i_prefix_make6(vpcvis_prefix *map,
                                    const struct vpcvis_i_prefix_item *runs,
                                    size_t count);

/* How many lines a tree of count keys has. */
VPCVIS_I uint64_t vpcvis_i_prefix_lines(uint64_t count);

#endif
