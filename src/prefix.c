/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: checking the blocks, one block of memory for the map, its trees.
 */
#include "prefix.h"

#define FLAGS (VPCVIS_PREFIX_MASK | VPCVIS_PREFIX_LAST)

/* Where things go in the memory of a map, or in the scratch for building it. */
struct sizes {
    uint64_t segments[2]; /* at most, by family: 0 is IPv4 */
    uint64_t items[2];
    uint64_t bytes;
    uint64_t scratch;
};

static vpcvis_status fail_at(struct vpcvis_error *error, vpcvis_status status, size_t i)
{
    (void)vpcvis_i_base_fail(error, status, 0, 0, 0);
    if (error != NULL)
        error->line = (uint64_t)i + 1;
    return status;
}

static vpcvis_status check_entry(const struct vpcvis_prefix_entry *entry, uint32_t flags)
{
    struct vpcvis_addr addr = entry->cidr.addr;
    uint32_t changed = 0;
    const vpcvis_status status =
        vpcvis_addr_mask(&addr, entry->cidr.prefix_len, &changed);

    if (status != VPCVIS_OK)
        return status;
    if (entry->value == VPCVIS_PREFIX_NONE)
        return VPCVIS_E_ARG;
    return changed && (flags & VPCVIS_PREFIX_MASK) == 0 ? VPCVIS_E_PREFIX : VPCVIS_OK;
}

/* Keys of all levels over `keys` ones, each padded to whole nodes. */
static uint64_t tree_keys(uint64_t keys, uint32_t node)
{
    uint64_t total = 0;

    for (;;) {
        const uint64_t nodes = (keys + node - 1) / node;
        total += nodes * node;
        if (nodes <= 1)
            return total;
        keys = nodes;
    }
}

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + VPCVIS_I_ALIGN - 1) / VPCVIS_I_ALIGN * VPCVIS_I_ALIGN;
}

static void size_up(uint64_t ipv4, uint64_t ipv6, struct sizes *sizes)
{
    const uint64_t four = 2 * ipv4 + 1, six = 2 * ipv6 + 1;
    const uint64_t most = four > six ? four : six;
    const uint64_t items = ipv4 > ipv6 ? ipv4 : ipv6;

    sizes->segments[0] = four;
    sizes->segments[1] = six;
    sizes->items[0] = ipv4;
    sizes->items[1] = ipv6;
    sizes->bytes = VPCVIS_I_ALIGN + aligned(sizeof(vpcvis_prefix)) +
                   aligned(tree_keys(four, VPCVIS_I_PREFIX_KEYS4) * 4) +
                   aligned(tree_keys(six, VPCVIS_I_PREFIX_KEYS6) * 8) + aligned(six * 8) +
                   aligned((six + 1) * 4) + aligned(four * 4) + aligned(six * 4) +
                   aligned(four) + aligned(six);
    sizes->scratch = VPCVIS_I_ALIGN +
                     aligned(2 * items * sizeof(struct vpcvis_i_prefix_item)) +
                     aligned(most * sizeof(struct vpcvis_i_prefix_key));
}

static vpcvis_status check(const struct vpcvis_prefix_entry *entries, size_t count,
                           const struct vpcvis_prefix_config *config,
                           struct vpcvis_prefix_config *known, struct sizes *sizes,
                           struct vpcvis_error *error)
{
    vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));
    uint64_t ipv6 = 0;
    size_t i;

    if (status == VPCVIS_OK && (known->flags & ~FLAGS) != 0)
        status = VPCVIS_E_CONFIG;
    if (status == VPCVIS_OK && count > VPCVIS_PREFIX_ENTRIES_MAX)
        status = VPCVIS_E_LIMIT;
    for (i = 0; status == VPCVIS_OK && i < count; i++) {
        status = check_entry(&entries[i], known->flags);
        ipv6 += entries[i].cidr.addr.family == VPCVIS_ADDR_IPV6;
        if (status != VPCVIS_OK)
            return fail_at(error, status, i);
    }
    if (status != VPCVIS_OK)
        return status;
    size_up(count - ipv6, ipv6, sizes);
    return sizes->bytes > SIZE_MAX / 2 || sizes->scratch > SIZE_MAX / 2 ? VPCVIS_E_LIMIT
                                                                        : VPCVIS_OK;
}

vpcvis_status vpcvis_prefix_plan(const struct vpcvis_prefix_entry *entries, size_t count,
                                 const struct vpcvis_prefix_config *config,
                                 struct vpcvis_prefix_needs *plan,
                                 struct vpcvis_error *error)
{
    struct vpcvis_prefix_config known;
    struct sizes sizes;
    vpcvis_status status;

    if (plan == NULL || (entries == NULL && count > 0))
        return VPCVIS_E_ARG;
    status = check(entries, count, config, &known, &sizes, error);
    if (status != VPCVIS_OK)
        return status;
    plan->bytes = sizes.bytes;
    plan->scratch = sizes.scratch;
    plan->ipv4 = (uint32_t)sizes.items[0];
    plan->ipv6 = (uint32_t)sizes.items[1];
    return VPCVIS_OK;
}

static void *carve(char **at, uint64_t bytes)
{
    char *piece = *at;

    *at += aligned(bytes);
    return piece;
}

static vpcvis_prefix *lay_out(void *memory, const struct sizes *sizes)
{
    char *at = vpcvis_i_bytes_align(memory);
    vpcvis_prefix *map = carve(&at, sizeof(*map));

    memset(map, 0, sizeof(*map));
    map->tree4 = carve(&at, tree_keys(sizes->segments[0], VPCVIS_I_PREFIX_KEYS4) * 4);
    map->tree6 = carve(&at, tree_keys(sizes->segments[1], VPCVIS_I_PREFIX_KEYS6) * 8);
    map->low6 = carve(&at, sizes->segments[1] * 8);
    map->first6 = carve(&at, (sizes->segments[1] + 1) * 4);
    map->ipv4.value = carve(&at, sizes->segments[0] * 4);
    map->ipv6.value = carve(&at, sizes->segments[1] * 4);
    map->ipv4.len = carve(&at, sizes->segments[0]);
    map->ipv6.len = carve(&at, sizes->segments[1]);
    return map;
}

/* The blocks of one family as items, IPv4 in the lowest 32 of 128 bits. */
static void collect(const struct vpcvis_prefix_entry *entries, size_t count,
                    uint32_t family, struct vpcvis_i_prefix_item *items)
{
    const uint32_t bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    size_t i;
    uint32_t b;

    for (i = 0; i < count; i++) {
        struct vpcvis_addr addr = entries[i].cidr.addr;
        if (addr.family != family)
            continue;
        (void)vpcvis_addr_mask(&addr, entries[i].cidr.prefix_len, NULL);
        memset(items, 0, sizeof(*items));
        for (b = 0; b < bytes; b++) {
            items->start.high = items->start.high << 8 | items->start.low >> 56;
            items->start.low = items->start.low << 8 | addr.bytes[b];
        }
        items->value = entries[i].value;
        items->place = (uint32_t)i;
        items->len = 128 - bytes * 8 + entries[i].cidr.prefix_len;
        items++;
    }
}

/* Shape of the tree over `keys` keys of level 0. */
static void shape(struct vpcvis_i_prefix_segments *segments, uint32_t keys, uint32_t node)
{
    uint32_t at = 0, level = 0;

    for (;;) {
        const uint32_t nodes = (keys + node - 1) / node;
        segments->nodes_at[level] = at;
        segments->keys[level] = keys;
        level++;
        at += nodes * node;
        if (nodes <= 1)
            break;
        keys = nodes;
    }
    segments->levels = level;
}

static void grow_tree4(vpcvis_prefix *map, const struct vpcvis_i_prefix_key *starts)
{
    struct vpcvis_i_prefix_segments *segments = &map->ipv4;
    uint32_t level, i;

    shape(segments, segments->count, VPCVIS_I_PREFIX_KEYS4);
    for (level = 0; level < segments->levels; level++) {
        uint32_t *keys = map->tree4 + segments->nodes_at[level];
        const uint32_t *below =
            level > 0 ? map->tree4 + segments->nodes_at[level - 1] : NULL;
        for (i = 0; i < segments->keys[level]; i++)
            keys[i] = below != NULL ? below[i * VPCVIS_I_PREFIX_KEYS4]
                                    : (uint32_t)starts[i].low;
        for (; i % VPCVIS_I_PREFIX_KEYS4 != 0; i++)
            keys[i] = UINT32_MAX;
    }
}

/* The different high halves to level 0, and what belongs to each. */
static uint32_t split_halves(vpcvis_prefix *map, const struct vpcvis_i_prefix_key *starts)
{
    uint32_t i, n = 0;

    for (i = 0; i < map->ipv6.count; i++) {
        map->low6[i] = starts[i].low;
        if (i > 0 && starts[i].high == starts[i - 1].high)
            continue;
        map->tree6[n] = starts[i].high;
        map->first6[n++] = i;
    }
    map->first6[n] = map->ipv6.count;
    return n;
}

static void grow_tree6(vpcvis_prefix *map, const struct vpcvis_i_prefix_key *starts)
{
    struct vpcvis_i_prefix_segments *segments = &map->ipv6;
    uint32_t level, i;

    shape(segments, split_halves(map, starts), VPCVIS_I_PREFIX_KEYS6);
    for (level = 0; level < segments->levels; level++) {
        uint64_t *keys = map->tree6 + segments->nodes_at[level];
        i = segments->keys[level];
        if (level > 0) {
            const uint64_t *below = map->tree6 + segments->nodes_at[level - 1];
            for (i = 0; i < segments->keys[level]; i++)
                keys[i] = below[i * VPCVIS_I_PREFIX_KEYS6];
        }
        for (; i % VPCVIS_I_PREFIX_KEYS6 != 0; i++)
            keys[i] = UINT64_MAX;
    }
}

/* Build the half of one family. */
static vpcvis_status build_family(vpcvis_prefix *map,
                                  const struct vpcvis_prefix_entry *entries, size_t count,
                                  uint32_t flags, const struct sizes *sizes,
                                  uint32_t family, char *scratch, uint32_t *place)
{
    const int ipv4 = family == VPCVIS_ADDR_IPV4;
    const size_t n = (size_t)sizes->items[ipv4 ? 0 : 1];
    const size_t most = (size_t)sizes->items[sizes->items[0] < sizes->items[1]];
    struct vpcvis_i_prefix_segments *segments = ipv4 ? &map->ipv4 : &map->ipv6;
    struct vpcvis_i_prefix_item *items =
        carve(&scratch, 2 * most * sizeof(struct vpcvis_i_prefix_item));
    struct vpcvis_i_prefix_key *starts = (void *)scratch;
    struct vpcvis_i_prefix_key last = {UINT64_MAX, UINT64_MAX};
    vpcvis_status status;

    if (ipv4) {
        last.high = 0;
        last.low = UINT32_MAX;
    }
    collect(entries, count, family, items);
    items = vpcvis_i_prefix_sort(items, n, items + n);
    status = vpcvis_i_prefix_cut(items, n, flags, last, starts, segments, place);
    if (status != VPCVIS_OK)
        return status;
    if (ipv4)
        grow_tree4(map, starts);
    else
        grow_tree6(map, starts);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_prefix_build(const struct vpcvis_prefix_entry *entries, size_t count,
                                  const struct vpcvis_prefix_config *config, void *memory,
                                  size_t len, void *scratch, size_t scratch_len,
                                  vpcvis_prefix **out, struct vpcvis_error *error)
{
    struct vpcvis_prefix_config known;
    struct sizes sizes;
    vpcvis_prefix *map;
    uint32_t place = 0;
    vpcvis_status status;

    if (memory == NULL || scratch == NULL || out == NULL ||
        (entries == NULL && count > 0))
        return VPCVIS_E_ARG;
    status = check(entries, count, config, &known, &sizes, error);
    if (status != VPCVIS_OK)
        return status;
    if (len < sizes.bytes || scratch_len < sizes.scratch)
        return VPCVIS_E_SPACE;
    map = lay_out(memory, &sizes);
    scratch = vpcvis_i_bytes_align(scratch);
    status = build_family(map, entries, count, known.flags, &sizes, VPCVIS_ADDR_IPV4,
                          scratch, &place);
    if (status == VPCVIS_OK)
        status = build_family(map, entries, count, known.flags, &sizes, VPCVIS_ADDR_IPV6,
                              scratch, &place);
    if (status != VPCVIS_OK)
        return fail_at(error, status, place);
    *out = map;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_prefix_new(const struct vpcvis_prefix_entry *entries, size_t count,
                                const struct vpcvis_prefix_config *config,
                                const struct vpcvis_allocator *allocator,
                                vpcvis_prefix **map, struct vpcvis_error *error)
{
    struct vpcvis_prefix_needs plan;
    void *memory, *scratch;
    vpcvis_status status;

    if (map == NULL)
        return VPCVIS_E_ARG;
    status = vpcvis_prefix_plan(entries, count, config, &plan, error);
    if (status != VPCVIS_OK)
        return status;
    memory = vpcvis_i_base_new(allocator, (size_t)plan.bytes);
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    scratch = vpcvis_i_base_new(allocator, (size_t)plan.scratch);
    status = VPCVIS_E_MEMORY;
    if (scratch != NULL)
        status = vpcvis_prefix_build(entries, count, config, memory, (size_t)plan.bytes,
                                     scratch, (size_t)plan.scratch, map, error);
    vpcvis_i_base_delete(allocator, scratch);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_prefix_free(vpcvis_prefix *map, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, map);
}
