/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: the IPv4 part of a map. Nodes are made in the order in which slots ask for them;
 * until its turn a node keeps what it needs to know in its own memory.
 */
#include "prefix.h"

struct maker {
    vpcvis_prefix *map;
    const struct vpcvis_i_prefix_item *runs;
    size_t count;
    uint32_t leaves; /* leaf 0 is none, so that base needs no wrap-around */
    uint32_t nodes;
};

/* What a node covers: addresses from `from` on, in slots of 2^shift, run `run` at the first. */
struct node {
    uint64_t from;
    size_t run;
    uint32_t shift;
};

/* Where the run after this one begins; beyond all addresses if it is the last. */
VPCVIS_I_INLINE uint64_t next_begin(const struct maker *maker, size_t run)
{
    return run + 1 < maker->count ? maker->runs[run + 1].high >> 32 : (uint64_t)1 << 32;
}

static void add_leaf(struct maker *maker, uint32_t value, uint32_t info)
{
    maker->leaves++;
    maker->map->values4[maker->leaves] = value;
    maker->map->infos4[maker->leaves] = info;
}

/* A slot where the answer changes inside becomes a node of its own. */
static void add_node(struct maker *maker, uint64_t from, size_t run, uint32_t shift)
{
    struct vpcvis_i_prefix_quarter *at = maker->map->nodes + (size_t)maker->nodes * 4;

    add_leaf(maker, maker->map->escape, maker->nodes++);
    memset(at, 0, 4 * sizeof(*at));
    at[0].bits = from << 32 | run;
    at[0].base = shift;
}

static struct node take_node(struct vpcvis_i_prefix_quarter *at)
{
    struct node node;

    node.from = at[0].bits >> 32;
    node.run = (size_t)(at[0].bits & UINT32_MAX);
    node.shift = at[0].base;
    at[0].bits = 0;
    return node;
}

static void fill(struct maker *maker, struct vpcvis_i_prefix_quarter *quarters,
                 size_t count, struct node node)
{
    const uint64_t end = node.from + ((uint64_t)count * 64 << node.shift);
    const uint64_t slot = (uint64_t)1 << node.shift;
    uint32_t base = maker->leaves;
    uint64_t at = node.from;
    size_t i;

    while (at < end) {
        const uint64_t bit = (at - node.from) >> node.shift;
        uint64_t next = next_begin(maker, node.run);
        quarters[bit / 64].bits |= (uint64_t)1 << bit % 64;
        if (next < at + slot) {
            add_node(maker, at, node.run, node.shift - 8);
            at += slot;
        } else {
            add_leaf(maker, maker->runs[node.run].value, maker->runs[node.run].order);
            at = (next < end ? next : end) / slot * slot;
        }
        while (next_begin(maker, node.run) <= at && at < end)
            node.run++;
    }
    for (i = 0; i < count; i++) {
        quarters[i].base = base;
        base += vpcvis_i_bytes_count(quarters[i].bits);
    }
}

void vpcvis_i_prefix_make4(vpcvis_prefix *map, const struct vpcvis_i_prefix_item *runs,
                           size_t count)
{
    const size_t quarters = (size_t)1 << (32 - map->shift - 6);
    struct node node = {0, 0, 0};
    struct maker maker;
    uint32_t i;

    maker.map = map;
    maker.runs = runs;
    maker.count = count;
    maker.leaves = 0;
    maker.nodes = 0;
    map->values4[0] = VPCVIS_PREFIX_NONE;
    map->infos4[0] = 0;
    node.shift = map->shift;
    memset(map->root, 0, quarters * sizeof(*map->root));
    fill(&maker, map->root, quarters, node);
    for (i = 0; i < maker.nodes; i++) {
        struct vpcvis_i_prefix_quarter *at = map->nodes + (size_t)i * 4;
        fill(&maker, at, 4, take_node(at));
    }
}
