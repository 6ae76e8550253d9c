/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: the doors: check, plan, build, match one or many.
 *
 *     memory   | map | root | nodes | keys | groups | values4 | infos4 | values6 | infos6 |
 *     scratch  | items, sorted | spare for sorting, then runs of addresses |
 */
#include "prefix.h"

#define FLAGS    (VPCVIS_PREFIX_MASK | VPCVIS_PREFIX_LAST)
#define NO_FIELD UINT32_MAX /* room record's VPCVIS_FIELD_NONE */

/* More blocks deserve a root that resolves more bits: 64 bytes, 16 KiB or 4 MiB. */
#define ROOT16_FROM 512
#define ROOT24_FROM 65536

struct counts {
    uint64_t ipv4, ipv6;
    uint64_t deeper[4]; /* IPv4 blocks longer than 0, 8, 16, 24 bits */
    uint64_t low;       /* IPv6 blocks longer than 64 bits */
};

/* Bytes of each part, and what else follows from the counts. */
enum { MAP, ROOT, NODES, KEYS, GROUPS, VALUES4, INFOS4, VALUES6, INFOS6, PARTS };

struct sizes {
    uint64_t part[PARTS];
    uint64_t bytes, scratch;
    uint32_t shift;
};

VPCVIS_I_INLINE uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint32_t family_bits(uint32_t family)
{
    return family == VPCVIS_ADDR_IPV4 ? 32 : family == VPCVIS_ADDR_IPV6 ? 128 : 0;
}

static vpcvis_status check_entry(const struct vpcvis_prefix_entry *entry, uint32_t flags)
{
    struct vpcvis_addr addr = entry->cidr.addr;
    const uint32_t bits = family_bits(addr.family);
    uint32_t changed = 0;

    if (bits == 0 || entry->value == VPCVIS_PREFIX_NONE)
        return VPCVIS_E_ARG;
    if (entry->cidr.prefix_len > bits)
        return VPCVIS_E_PREFIX;
    if ((flags & VPCVIS_PREFIX_MASK) != 0)
        return VPCVIS_OK;
    vpcvis_addr_mask(&addr, entry->cidr.prefix_len, &changed);
    return changed ? VPCVIS_E_PREFIX : VPCVIS_OK;
}

static void count_entry(const struct vpcvis_cidr *cidr, struct counts *counts)
{
    uint32_t i;

    if (cidr->addr.family == VPCVIS_ADDR_IPV4) {
        counts->ipv4++;
        for (i = 0; i < 4; i++)
            counts->deeper[i] += cidr->prefix_len > i * 8;
    } else {
        counts->ipv6++;
        counts->low += cidr->prefix_len > 64;
    }
}

/* line 0: no entry is at fault. */
static vpcvis_status fail(struct vpcvis_error *error, vpcvis_status status, uint64_t line)
{
    vpcvis_i_base_fail(error, status, NO_FIELD, 0, 0);
    if (error)
        error->line = line;
    return status;
}

static vpcvis_status read_config(const struct vpcvis_prefix_config *config,
                                 struct vpcvis_prefix_config *known)
{
    const vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~FLAGS) != 0 || known->reserved != 0 ||
        known->cpu > VPCVIS_CPU_NEON)
        return VPCVIS_E_CONFIG;
    if (known->cpu == VPCVIS_CPU_AUTO)
        known->cpu = vpcvis_base_cpu();
    return vpcvis_base_cpu_find(known->cpu);
}

static void choose_sizes(const struct counts *counts, struct sizes *sizes)
{
    const uint64_t root_bits = counts->ipv4 < ROOT16_FROM   ? 8
                               : counts->ipv4 < ROOT24_FROM ? 16
                                                            : 24;
    uint64_t nodes = 0, leaves4, leaves6, depth;
    uint32_t i;

    /* A node stands for 256 slots in which a longer block is. */
    for (depth = root_bits; depth < 32; depth += 8)
        nodes += least(counts->deeper[depth / 8], (uint64_t)1 << depth);
    /* A leaf is where a run begins, a node's first, a node, what is after it; and leaf 0. */
    leaves4 = 2 * counts->ipv4 + 1 + 3 * (nodes + 1) + 1;
    leaves6 = 2 * counts->ipv6 + 1 + 3 * counts->low;
    sizes->shift = 32 - (uint32_t)root_bits;
    sizes->part[MAP] = sizeof(vpcvis_prefix);
    sizes->part[ROOT] =
        ((uint64_t)1 << (root_bits - 6)) * sizeof(struct vpcvis_i_prefix_quarter);
    sizes->part[NODES] = nodes * 4 * sizeof(struct vpcvis_i_prefix_quarter);
    /* A tree of k keys has no more than 1 + k / 4 lines; low ones have two keys a block. */
    sizes->part[KEYS] =
        (vpcvis_i_prefix_lines(2 * counts->ipv6) + counts->low + counts->low / 2) *
        VPCVIS_I_PREFIX_KEYS * sizeof(uint64_t);
    sizes->part[GROUPS] = counts->low * sizeof(struct vpcvis_i_prefix_group);
    sizes->part[VALUES4] = sizes->part[INFOS4] = leaves4 * sizeof(uint32_t);
    sizes->part[VALUES6] = sizes->part[INFOS6] = leaves6 * sizeof(uint32_t);
    sizes->bytes = VPCVIS_I_ALIGN - 1;
    for (i = 0; i < PARTS; i++) {
        sizes->part[i] = (sizes->part[i] + VPCVIS_I_ALIGN - 1) & ~(uint64_t)63;
        sizes->bytes += sizes->part[i];
    }
    /* One family after the other. */
    sizes->scratch =
        (3 * (counts->ipv4 > counts->ipv6 ? counts->ipv4 : counts->ipv6) + 1) *
            sizeof(struct vpcvis_i_prefix_item) +
        VPCVIS_I_ALIGN - 1;
}

static vpcvis_status check(const struct vpcvis_prefix_entry *entries, size_t count,
                           uint32_t flags, struct sizes *sizes, struct counts *counts,
                           struct vpcvis_error *error)
{
    size_t i;

    if (entries == NULL && count > 0)
        return fail(error, VPCVIS_E_ARG, 0);
    if (count > VPCVIS_PREFIX_ENTRIES_MAX)
        return fail(error, VPCVIS_E_LIMIT, VPCVIS_PREFIX_ENTRIES_MAX + 1);
    memset(counts, 0, sizeof(*counts));
    for (i = 0; i < count; i++) {
        const vpcvis_status status = check_entry(&entries[i], flags);
        if (status != VPCVIS_OK)
            return fail(error, status, (uint64_t)i + 1);
        count_entry(&entries[i].cidr, counts);
    }
    choose_sizes(counts, sizes);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_prefix_plan(const struct vpcvis_prefix_entry *entries, size_t count,
                                 const struct vpcvis_prefix_config *config,
                                 struct vpcvis_prefix_needs *plan,
                                 struct vpcvis_error *error)
{
    struct vpcvis_prefix_config known;
    struct counts counts;
    struct sizes sizes;
    vpcvis_status status;

    if (plan == NULL)
        return fail(error, VPCVIS_E_ARG, 0);
    status = read_config(config, &known);
    if (status != VPCVIS_OK)
        return fail(error, status, 0);
    status = check(entries, count, known.flags, &sizes, &counts, error);
    if (status != VPCVIS_OK)
        return status;
    plan->bytes = sizes.bytes;
    plan->scratch = sizes.scratch;
    plan->ipv4 = (uint32_t)counts.ipv4;
    plan->ipv6 = (uint32_t)counts.ipv6;
    return VPCVIS_OK;
}

/*
 * A number that no entry has: of 256 parts of what is left, the one with the fewest values has
 * less of them than places, and the last part is one place.
 */
static uint32_t find_unused(const struct vpcvis_prefix_entry *entries, size_t count)
{
    uint32_t taken[256];
    uint32_t number = 0, shift, part, best;
    size_t i;

    for (shift = 32; shift > 0; shift -= 8) {
        memset(taken, 0, sizeof(taken));
        /* VPCVIS_PREFIX_NONE is taken as well. */
        taken[255] = (uint32_t)((uint64_t)VPCVIS_PREFIX_NONE >> shift == number);
        for (i = 0; i < count; i++) {
            if ((uint64_t)entries[i].value >> shift == number)
                taken[entries[i].value >> (shift - 8) & 255]++;
        }
        for (best = 0, part = 1; part < 256; part++)
            best = taken[part] < taken[best] ? part : best;
        number = number << 8 | best;
        if (taken[best] == 0)
            return number << (shift - 8);
    }
    return number;
}

/* Items of one family, host bits cleared. */
static size_t copy_family(const struct vpcvis_prefix_entry *entries, size_t count,
                          uint32_t family, struct vpcvis_i_prefix_item *items)
{
    size_t i, n = 0;

    for (i = 0; i < count; i++) {
        struct vpcvis_addr addr = entries[i].cidr.addr;
        if (addr.family != family)
            continue;
        vpcvis_addr_mask(&addr, entries[i].cidr.prefix_len, NULL);
        items[n].high = family == VPCVIS_ADDR_IPV6
                            ? vpcvis_i_prefix_be64(addr.bytes)
                            : (uint64_t)vpcvis_i_prefix_be32(addr.bytes) << 32;
        items[n].low =
            family == VPCVIS_ADDR_IPV6 ? vpcvis_i_prefix_be64(addr.bytes + 8) : 0;
        items[n].value = entries[i].value;
        items[n].order = VPCVIS_I_PREFIX_ORDER(entries[i].cidr.prefix_len) | (uint32_t)i;
        n++;
    }
    return n;
}

static vpcvis_prefix *place_map(void *memory, const struct sizes *sizes)
{
    char *at = vpcvis_i_bytes_align(memory);
    vpcvis_prefix *map = (vpcvis_prefix *)(void *)at;
    void *parts[PARTS];
    uint32_t i;

    for (i = 0; i < PARTS; i++) {
        parts[i] = at;
        at += sizes->part[i];
    }
    memset(map, 0, sizeof(*map));
    map->shift = sizes->shift;
    map->root = parts[ROOT];
    map->nodes = parts[NODES];
    map->keys = parts[KEYS];
    map->groups = parts[GROUPS];
    map->values4 = parts[VALUES4];
    map->infos4 = parts[INFOS4];
    map->values6 = parts[VALUES6];
    map->infos6 = parts[INFOS6];
    return map;
}

/* What building needs at hand. */
struct build {
    const struct vpcvis_prefix_entry *entries;
    size_t count;
    uint32_t last;
    uint32_t fault; /* the first entry that contradicts an earlier one */
    vpcvis_prefix *map;
    struct vpcvis_i_prefix_item *scratch;
};

static void build_family(struct build *build, uint32_t family)
{
    struct vpcvis_i_prefix_item *items = build->scratch;
    size_t n = copy_family(build->entries, build->count, family, items);
    struct vpcvis_i_prefix_item *runs = items + n;

    n = vpcvis_i_prefix_sort(items, n, runs, build->last, &build->fault);
    if (build->fault != UINT32_MAX)
        return;
    n = vpcvis_i_prefix_cut(items, n, family_bits(family), runs);
    if (family == VPCVIS_ADDR_IPV4)
        vpcvis_i_prefix_make4(build->map, runs, n);
    else
        vpcvis_i_prefix_make6(build->map, runs, n);
}

vpcvis_status vpcvis_prefix_build(const struct vpcvis_prefix_entry *entries, size_t count,
                                  const struct vpcvis_prefix_config *config, void *memory,
                                  size_t len, void *scratch, size_t scratch_len,
                                  vpcvis_prefix **map, struct vpcvis_error *error)
{
    struct build build = {NULL, 0, 0, UINT32_MAX, NULL, NULL};
    struct vpcvis_prefix_config known;
    struct counts counts;
    struct sizes sizes;
    vpcvis_status status;

    if (memory == NULL || scratch == NULL || map == NULL)
        return fail(error, VPCVIS_E_ARG, 0);
    status = read_config(config, &known);
    if (status != VPCVIS_OK)
        return fail(error, status, 0);
    status = check(entries, count, known.flags, &sizes, &counts, error);
    if (status != VPCVIS_OK)
        return status;
    if (len < sizes.bytes || scratch_len < sizes.scratch)
        return fail(error, VPCVIS_E_SPACE, 0);
    build.entries = entries;
    build.count = count;
    build.last = known.flags & VPCVIS_PREFIX_LAST;
    build.map = place_map(memory, &sizes);
    build.scratch = vpcvis_i_bytes_align(scratch);
    build.map->cpu = known.cpu;
    build.map->escape = find_unused(entries, count);
    build_family(&build, VPCVIS_ADDR_IPV4);
    build_family(&build, VPCVIS_ADDR_IPV6);
    if (build.fault != UINT32_MAX)
        return fail(error, VPCVIS_E_DUPLICATE, (uint64_t)build.fault + 1);
    *map = build.map;
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
        return fail(error, VPCVIS_E_ARG, 0);
    status = vpcvis_prefix_plan(entries, count, config, &plan, error);
    if (status != VPCVIS_OK)
        return status;
    if (plan.bytes > SIZE_MAX / 2 || plan.scratch > SIZE_MAX / 2)
        return fail(error, VPCVIS_E_MEMORY, 0);
    memory = vpcvis_i_base_new(allocator, (size_t)plan.bytes);
    scratch = memory ? vpcvis_i_base_new(allocator, (size_t)plan.scratch) : NULL;
    status = scratch
                 ? vpcvis_prefix_build(entries, count, config, memory, (size_t)plan.bytes,
                                       scratch, (size_t)plan.scratch, map, error)
                 : fail(error, VPCVIS_E_MEMORY, 0);
    vpcvis_i_base_delete(allocator, scratch);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_prefix_free(vpcvis_prefix *map, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, map);
}

vpcvis_status vpcvis_prefix_match(const vpcvis_prefix *map,
                                  const struct vpcvis_addr *addr, uint32_t *value,
                                  uint32_t *prefix_len)
{
    const uint32_t *values, *infos;
    uint32_t leaf;

    if (map == NULL || addr == NULL || value == NULL || family_bits(addr->family) == 0)
        return VPCVIS_E_ARG;
    if (addr->family == VPCVIS_ADDR_IPV4) {
        leaf = vpcvis_i_prefix_find4(map, vpcvis_i_prefix_be32(addr->bytes));
        values = map->values4;
        infos = map->infos4;
    } else {
        leaf = vpcvis_i_prefix_find6(map, vpcvis_i_prefix_be64(addr->bytes),
                                     vpcvis_i_prefix_be64(addr->bytes + 8));
        values = map->values6;
        infos = map->infos6;
    }
    if (values[leaf] == VPCVIS_PREFIX_NONE)
        return VPCVIS_NOMATCH;
    *value = values[leaf];
    if (prefix_len)
        *prefix_len = infos[leaf];
    return VPCVIS_OK;
}

vpcvis_status vpcvis_prefix_match_batch(const vpcvis_prefix *map, uint32_t family,
                                        const void *bytes, size_t stride, size_t count,
                                        uint32_t *values)
{
    if (map == NULL || family_bits(family) == 0 ||
        (count > 0 && (bytes == NULL || values == NULL)))
        return VPCVIS_E_ARG;
    if (family == VPCVIS_ADDR_IPV4)
        vpcvis_i_prefix_batch4(map, bytes, stride, count, values);
    else
        vpcvis_i_prefix_batch6(map, bytes, stride, count, values);
    return VPCVIS_OK;
}
