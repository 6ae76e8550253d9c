/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: the IPv6 part of a map: a tree over the high halves of where runs begin, and one
 * over the low halves for each high half that has more than one run.
 */
#include "prefix.h"

#define KEYS VPCVIS_I_PREFIX_KEYS

struct maker {
    vpcvis_prefix *map;
    uint32_t lines;
    uint32_t leaves;
    uint32_t groups;
};

VPCVIS_I_INLINE uint64_t round_up(uint64_t n, uint64_t by)
{
    return (n + by - 1) / by;
}

uint64_t vpcvis_i_prefix_lines(uint64_t count)
{
    uint64_t lines = count > 0 ? round_up(count, KEYS) : 1;
    uint64_t sum = lines;

    while (lines > 1) {
        lines = round_up(lines, KEYS + 1);
        sum += lines;
    }
    return sum;
}

/* Places for the levels of a tree of count keys, the root's line first. */
static void place_tree(struct maker *maker, struct vpcvis_i_prefix_tree *tree,
                       size_t count)
{
    uint32_t lines[VPCVIS_I_PREFIX_LEVELS];
    uint32_t i, levels = 1;

    lines[0] = count > 0 ? (uint32_t)round_up(count, KEYS) : 1;
    while (lines[levels - 1] > 1) {
        lines[levels] = (uint32_t)round_up(lines[levels - 1], KEYS + 1);
        levels++;
    }
    memset(tree, 0, sizeof(*tree));
    tree->levels = levels;
    for (i = 0; i < levels; i++) {
        tree->line[i] = maker->lines;
        maker->lines += lines[levels - 1 - i];
    }
}

static uint64_t *tree_keys(const struct maker *maker,
                           const struct vpcvis_i_prefix_tree *tree, uint32_t level)
{
    return maker->map->keys + (size_t)tree->line[level] * KEYS;
}

/* From the last level, which has its keys, up: a key is the last one below its child. */
static void fill_tree(struct maker *maker, const struct vpcvis_i_prefix_tree *tree,
                      size_t count)
{
    uint64_t *keys = tree_keys(maker, tree, tree->levels - 1);
    const size_t room = (size_t)(maker->lines - tree->line[tree->levels - 1]) * KEYS;
    uint64_t span = KEYS; /* keys below a child */
    uint32_t level;
    size_t i;

    for (i = count; i < room; i++)
        keys[i] = UINT64_MAX;
    for (level = tree->levels - 1; level-- > 0; span *= KEYS + 1) {
        uint64_t *above = tree_keys(maker, tree, level);
        const size_t n = (size_t)(tree->line[level + 1] - tree->line[level]) * KEYS;
        for (i = 0; i < n; i++) {
            const uint64_t child = i / KEYS * (KEYS + 1) + i % KEYS;
            const uint64_t next = (child + 1) * span; /* the first key after it */
            above[i] = next < count ? keys[next - 1] : UINT64_MAX;
        }
    }
}

static void put_leaf(const struct maker *maker, uint32_t leaf,
                     const struct vpcvis_i_prefix_item *run)
{
    maker->map->values6[leaf] = run->value;
    maker->map->infos6[leaf] = run->order;
}

/* runs[0..count) share their high half; before is the answer below the first. */
static void add_group(struct maker *maker, uint32_t leaf,
                      const struct vpcvis_i_prefix_item *runs, size_t count,
                      const struct vpcvis_i_prefix_item *before)
{
    struct vpcvis_i_prefix_group *group = &maker->map->groups[maker->groups];
    const size_t skip = runs[0].low == 0;
    uint64_t *keys;
    size_t i;

    memset(group, 0, sizeof(*group));
    maker->map->values6[leaf] = maker->map->escape;
    maker->map->infos6[leaf] = maker->groups++;
    group->high = runs[0].high;
    group->first = maker->leaves;
    put_leaf(maker, maker->leaves++, skip ? &runs[0] : before);
    place_tree(maker, &group->tree, count - skip);
    keys = tree_keys(maker, &group->tree, group->tree.levels - 1);
    for (i = skip; i < count; i++) {
        keys[i - skip] = runs[i].low - 1;
        put_leaf(maker, maker->leaves++, &runs[i]);
    }
    group->last = maker->leaves - 1;
    fill_tree(maker, &group->tree, count - skip);
}

/* How many of the runs begin with the high half of the first. */
static size_t count_same(const struct vpcvis_i_prefix_item *runs, size_t count)
{
    size_t n = 1;

    while (n < count && runs[n].high == runs[0].high)
        n++;
    return n;
}

void vpcvis_i_prefix_make6(vpcvis_prefix *map, const struct vpcvis_i_prefix_item *runs,
                           size_t count)
{
    struct maker maker = {NULL, 0, 0, 0};
    size_t at, n, highs = 0;
    uint64_t *keys;

    maker.map = map;
    for (at = 0; at < count; at += count_same(runs + at, count - at))
        highs++;
    maker.leaves = (uint32_t)highs;
    place_tree(&maker, &map->tree, highs - 1);
    keys = tree_keys(&maker, &map->tree, map->tree.levels - 1);
    for (at = 0, highs = 0; at < count; at += n, highs++) {
        if (highs > 0)
            keys[highs - 1] = runs[at].high - 1;
        n = count_same(runs + at, count - at);
        if (n == 1 && runs[at].low == 0)
            put_leaf(&maker, (uint32_t)highs, &runs[at]);
    }
    fill_tree(&maker, &map->tree, highs - 1);
    for (at = 0, highs = 0; at < count; at += n, highs++) {
        n = count_same(runs + at, count - at);
        if (n > 1 || runs[at].low != 0)
            add_group(&maker, (uint32_t)highs, runs + at, n, runs + at - (at > 0));
    }
}
