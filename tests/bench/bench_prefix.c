/* SPDX-License-Identifier: MIT */
/*
 * prefix.match and prefix.build: 10^6 IPv4 blocks with the lengths of a BGP table, 10^5 IPv6
 * blocks, and addresses that lie in them, in random order. Nanoseconds an address, or a block.
 *
 * Peers: a binary search of where answers change; DPDK's lookups, if the build has them; for
 * building, qsort of the blocks alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "peer_lpm.h"
#include "vpcvis.h"

#define ADDRESSES 1000000u

struct table {
    uint32_t family;
    size_t bytes; /* of an address */
    size_t count;
    struct vpcvis_prefix_entry *entries;
    char *addresses;
    uint32_t *values;
    vpcvis_prefix *map;
    void *memory, *scratch;
    struct vpcvis_prefix_needs plan;
    struct bound *bounds;
    size_t bound_count;
    void *dpdk;
    uint32_t cpu;
};

/* Where an answer begins: an address, IPv4 in the top bits, and the number from there on. */
struct bound {
    uint64_t high, low;
    uint32_t value;
    uint32_t reserved;
};

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 24) % n);
}

/* Of 1000 blocks how many have each length, from the longest down; public BGP tables of 2024. */
static const struct share {
    uint32_t length, count;
} ipv4_shares[] = {{24, 605}, {23, 100}, {22, 110}, {21, 52}, {20, 44},
                   {19, 27},  {18, 15},  {17, 9},   {16, 14}, {15, 3},
                   {14, 3},   {13, 2},   {12, 1},   {32, 10}, {28, 5}},
  ipv6_shares[] = {{48, 480}, {44, 90}, {46, 30}, {40, 110}, {36, 50}, {32, 130},
                   {29, 30},  {33, 20}, {47, 20}, {64, 20},  {128, 20}};

static uint32_t pick_length(const struct share *shares, uint32_t n)
{
    uint32_t left = below(1000), i;

    for (i = 0; i + 1 < n && left >= shares[i].count; i++)
        left -= shares[i].count;
    return shares[i].length;
}

/* Half of the places have four fifths of the blocks. */
static uint32_t pick_place(uint32_t n)
{
    return below(5) > 0 ? below(n / 2) : below(n);
}

static void make_entry(const struct table *table, struct vpcvis_prefix_entry *entry)
{
    uint8_t *bytes = entry->cidr.addr.bytes;
    uint32_t i, place;

    memset(entry, 0, sizeof *entry);
    for (i = 0; i < table->bytes; i++)
        bytes[i] = (uint8_t)below(256);
    if (table->family == VPCVIS_ADDR_IPV4) {
        place = pick_place(40000) * 40503u & 0xffff; /* scattered over 2^16 */
        bytes[0] = (uint8_t)(place >> 8);
        bytes[1] = (uint8_t)place;
        entry->cidr.prefix_len = (uint8_t)pick_length(ipv4_shares, 15);
    } else {
        place = pick_place(20000);
        bytes[0] = (uint8_t)(0x20 + place % 8 * 2);
        bytes[1] = (uint8_t)(place % 16);
        bytes[2] = (uint8_t)(place >> 8);
        bytes[3] = (uint8_t)place;
        entry->cidr.prefix_len = (uint8_t)pick_length(ipv6_shares, 11);
    }
    entry->cidr.addr.family = (uint8_t)table->family;
    entry->value = below(1000);
    vpcvis_addr_mask(&entry->cidr.addr, entry->cidr.prefix_len, NULL);
}

/* An address in a block that any block may be the longest for. */
static void make_address(const struct table *table, char *to)
{
    const struct vpcvis_cidr *cidr = &table->entries[below((uint32_t)table->count)].cidr;
    uint32_t bit;

    memcpy(to, cidr->addr.bytes, table->bytes);
    for (bit = cidr->prefix_len; bit < table->bytes * 8; bit++)
        to[bit / 8] = (char)(to[bit / 8] | (int)(below(2) << (7 - bit % 8)));
}

static int build_map(struct table *table)
{
    struct vpcvis_prefix_config config = {sizeof config, VPCVIS_PREFIX_LAST, table->cpu,
                                          0};

    return vpcvis_prefix_build(table->entries, table->count, &config, table->memory,
                               (size_t)table->plan.bytes, table->scratch,
                               (size_t)table->plan.scratch, &table->map,
                               NULL) == VPCVIS_OK;
}

static int compare_bounds(const void *a, const void *b)
{
    const struct bound *x = a, *y = b;

    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    return (x->low > y->low) - (x->low < y->low);
}

static struct bound read_bound(const struct table *table, const void *address)
{
    const uint8_t *bytes = address;
    struct bound bound = {0, 0, 0, 0};
    uint32_t i;

    for (i = 0; i < table->bytes; i++) {
        if (i < 8)
            bound.high |= (uint64_t)bytes[i] << (56 - 8 * i);
        else
            bound.low |= (uint64_t)bytes[i] << (120 - 8 * i);
    }
    return bound;
}

/* The first address of a block, and the first one after it. */
static void add_bounds(struct table *table, const struct vpcvis_cidr *cidr)
{
    struct vpcvis_addr after = cidr->addr;
    int32_t i;

    table->bounds[table->bound_count++] = read_bound(table, cidr->addr.bytes);
    if (cidr->prefix_len == 0)
        return;
    i = (cidr->prefix_len - 1) / 8;
    after.bytes[i] = (uint8_t)(after.bytes[i] + (1u << (7 - (cidr->prefix_len - 1) % 8)));
    if (after.bytes[i] >> (7 - (cidr->prefix_len - 1) % 8) == 0)
        while (i > 0 && ++after.bytes[--i] == 0)
            continue;
    if (memcmp(after.bytes, cidr->addr.bytes, table->bytes) > 0)
        table->bounds[table->bound_count++] = read_bound(table, after.bytes);
}

/* The answers are ours: only finding them is measured. */
static void answer_bound(const struct table *table, struct bound *bound)
{
    struct vpcvis_addr addr;
    uint32_t i;

    memset(&addr, 0, sizeof addr);
    addr.family = (uint8_t)table->family;
    for (i = 0; i < table->bytes; i++)
        addr.bytes[i] =
            (uint8_t)(i < 8 ? bound->high >> (56 - 8 * i) : bound->low >> (120 - 8 * i));
    bound->value = VPCVIS_PREFIX_NONE;
    vpcvis_prefix_match(table->map, &addr, &bound->value, NULL);
}

static int make_bounds(struct table *table)
{
    const struct vpcvis_cidr everything = {{{0}, 0, {0}}, 0, {0}};
    size_t i, n = 0;

    table->bounds = malloc((2 * table->count + 1) * sizeof *table->bounds);
    if (table->bounds == NULL)
        return 0;
    add_bounds(table, &everything);
    for (i = 0; i < table->count; i++)
        add_bounds(table, &table->entries[i].cidr);
    qsort(table->bounds, table->bound_count, sizeof *table->bounds, compare_bounds);
    for (i = 0; i < table->bound_count; i++) {
        answer_bound(table, &table->bounds[i]);
        if (n == 0 || table->bounds[n - 1].value != table->bounds[i].value)
            table->bounds[n++] = table->bounds[i];
    }
    table->bound_count = n;
    return 1;
}

static uint64_t match_pass(void *context)
{
    struct table *table = context;

    vpcvis_prefix_match_batch(table->map, table->family, table->addresses, table->bytes,
                              ADDRESSES, table->values);
    return ADDRESSES;
}

static uint64_t binary_pass(void *context)
{
    struct table *table = context;
    uint32_t i;

    for (i = 0; i < ADDRESSES; i++) {
        const struct bound x = read_bound(table, table->addresses + i * table->bytes);
        size_t at = 0, n = table->bound_count;
        while (n > 1) {
            const size_t half = n / 2;
            at += compare_bounds(&table->bounds[at + half], &x) <= 0 ? half : 0;
            n -= half;
        }
        table->values[i] = table->bounds[at].value;
    }
    return ADDRESSES;
}

static uint64_t dpdk_pass(void *context)
{
    struct table *table = context;

    return peer_lpm_match(table->dpdk, table->addresses, ADDRESSES, table->values)
               ? ADDRESSES
               : 0;
}

static uint64_t build_pass(void *context)
{
    struct table *table = context;

    return build_map(table) ? table->count : 0;
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct vpcvis_cidr));
}

static uint64_t qsort_pass(void *context)
{
    struct table *table = context;

    memcpy(table->scratch, table->entries, table->count * sizeof *table->entries);
    qsort(table->scratch, table->count, sizeof *table->entries, compare_entries);
    return table->count;
}

static uint64_t sum_values(const struct table *table)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < ADDRESSES; i++)
        sum = sum * 31 + table->values[i];
    return sum;
}

/* Ours against a peer that must say the same. */
static void compare(struct bench *bench, struct table *table, const char *peer_name,
                    bench_pass *pass)
{
    struct bench_side ours = {match_pass, table, 1};
    struct bench_side peer = {pass, table, 1};
    char name[64];
    uint64_t sum;

    snprintf(name, sizeof name, "prefix.match.ipv%u.vs_%s", (unsigned)table->family,
             peer_name);
    if (!bench_wants(bench, name))
        return;
    match_pass(table);
    sum = sum_values(table);
    if (pass(table) == 0 || sum_values(table) != sum)
        bench_fail(bench, name, "the two sides disagree");
    else
        bench_compare(bench, name, 0, &ours, &peer);
}

/* rte_lpm looks through its blocks of a length for each that is added. */
#define LPM_MOST 100000

static void compare_dpdk(struct bench *bench, struct table *table, uint32_t kind)
{
    if (kind == PEER_LPM_TABLE && table->count > LPM_MOST) {
        bench_skip("prefix.match.ipv4.vs_dpdk_lpm",
                   "to add so many blocks takes minutes; BENCH_QUICK=1 has fewer");
        return;
    }
    table->dpdk = peer_lpm_open(kind, table->family, table->entries, table->count);
    if (table->dpdk == NULL)
        bench_skip(peer_lpm_name(kind), "DPDK is not in this build, or did not start");
    else
        compare(bench, table, peer_lpm_name(kind), dpdk_pass);
    peer_lpm_close(table->dpdk);
}

static int open_table(struct table *table, uint32_t family, size_t count, uint32_t cpu)
{
    struct vpcvis_prefix_config config = {sizeof config, VPCVIS_PREFIX_LAST, cpu, 0};
    size_t i;

    memset(table, 0, sizeof *table);
    table->family = family;
    table->cpu = cpu;
    table->bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    table->count = count;
    table->entries = malloc(count * sizeof *table->entries);
    table->addresses = malloc(ADDRESSES * table->bytes);
    table->values = malloc(ADDRESSES * sizeof *table->values);
    if (table->entries == NULL || table->addresses == NULL || table->values == NULL)
        return 0;
    for (i = 0; i < count; i++)
        make_entry(table, &table->entries[i]);
    for (i = 0; i < ADDRESSES; i++)
        make_address(table, table->addresses + i * table->bytes);
    if (vpcvis_prefix_plan(table->entries, count, &config, &table->plan, NULL) !=
        VPCVIS_OK)
        return 0;
    table->memory = malloc((size_t)table->plan.bytes);
    table->scratch = malloc((size_t)table->plan.scratch);
    return table->memory != NULL && table->scratch != NULL && build_map(table) &&
           make_bounds(table);
}

static void close_table(struct table *table)
{
    free(table->entries);
    free(table->addresses);
    free(table->values);
    free(table->memory);
    free(table->scratch);
    free(table->bounds);
}

static void compare_table(struct bench *bench, uint32_t family, size_t count)
{
    struct table table;
    struct bench_side ours = {build_pass, &table, 1};
    struct bench_side peer = {qsort_pass, &table, 1};
    char name[64];
    uint32_t kind;

    snprintf(name, sizeof name, "prefix.build.ipv%u.vs_qsort", (unsigned)family);
    if (!open_table(&table, family, count, bench->cpu)) {
        bench_fail(bench, name, "the library refused the table");
    } else {
        compare(bench, &table, "binary", binary_pass);
        for (kind = 0; kind < PEER_LPM_KINDS; kind++)
            compare_dpdk(bench, &table, kind);
        if (bench_wants(bench, name))
            bench_compare(bench, name, 0, &ours, &peer);
    }
    close_table(&table);
}

void bench_prefix(struct bench *bench)
{
    const int quick = bench->repetitions < 5;

    if (bench->only != NULL && strstr(bench->only, "prefix") == NULL)
        return;
    compare_table(bench, VPCVIS_ADDR_IPV4, quick ? 100000 : 1000000);
    compare_table(bench, VPCVIS_ADDR_IPV6, quick ? 10000 : 100000);
}
