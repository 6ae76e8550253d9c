/* SPDX-License-Identifier: MIT */
/* rte_lpm and rte_fib, of both families, without huge pages. */
#include "peer_lpm.h"
#include "peer.h"

#include <stdlib.h>
#include <string.h>

const char *peer_lpm_name(uint32_t kind)
{
    return kind == PEER_LPM_TABLE ? "dpdk_lpm" : "dpdk_fib";
}

#if defined(HAVE_DPDK)
#include <rte_byteorder.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm.h>
#include <rte_lpm6.h>

#define BATCH 64
#define NONE  0x7fffffu /* of rte_fib, whose numbers have 31 bits, or of rte_fib6 */

struct table {
    uint32_t kind, family;
    struct rte_lpm *lpm;
    struct rte_lpm6 *lpm6;
    struct rte_fib *fib;
    struct rte_fib6 *fib6;
};

static void make(struct table *table, uint32_t count)
{
    struct rte_lpm_config lpm = {2 * count, 65536, 0};
    struct rte_lpm6_config lpm6 = {2 * count, 400000, 0};
    struct rte_fib_conf fib;
    struct rte_fib6_conf fib6;

    memset(&fib, 0, sizeof fib);
    fib.type = RTE_FIB_DIR24_8;
    fib.default_nh = NONE;
    fib.max_routes = (int)(2 * count);
    fib.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
    fib.dir24_8.num_tbl8 = 65535;
    memset(&fib6, 0, sizeof fib6);
    fib6.type = RTE_FIB6_TRIE;
    fib6.default_nh = NONE;
    fib6.max_routes = (int)(2 * count);
    fib6.trie.nh_sz = RTE_FIB6_TRIE_4B;
    fib6.trie.num_tbl8 = 400000;
    if (table->kind == PEER_LPM_TABLE && table->family == VPCVIS_ADDR_IPV4)
        table->lpm = rte_lpm_create("lpm", 0, &lpm);
    else if (table->kind == PEER_LPM_TABLE)
        table->lpm6 = rte_lpm6_create("lpm6", 0, &lpm6);
    else if (table->family == VPCVIS_ADDR_IPV4)
        table->fib = rte_fib_create("fib", 0, &fib);
    else
        table->fib6 = rte_fib6_create("fib6", 0, &fib6);
}

static int add(struct table *table, const struct vpcvis_prefix_entry *entry)
{
    const uint8_t *bytes = entry->cidr.addr.bytes;
    const uint8_t length = entry->cidr.prefix_len;
    uint32_t addr;

    memcpy(&addr, bytes, 4);
    addr = rte_be_to_cpu_32(addr);
    if (table->lpm)
        return rte_lpm_add(table->lpm, addr, length, entry->value);
    if (table->lpm6)
        return rte_lpm6_add(table->lpm6, bytes, length, entry->value);
    if (table->fib)
        return rte_fib_add(table->fib, addr, length, entry->value);
    return rte_fib6_add(table->fib6, bytes, length, entry->value);
}

void *peer_lpm_open(uint32_t kind, uint32_t family,
                    const struct vpcvis_prefix_entry *entries, size_t count)
{
    struct table *table = peer_dpdk_start() ? calloc(1, sizeof *table) : NULL;
    size_t i;

    if (table == NULL)
        return NULL;
    table->kind = kind;
    table->family = family;
    make(table, (uint32_t)count);
    for (i = 0; i < count; i++) {
        if ((!table->lpm && !table->lpm6 && !table->fib && !table->fib6) ||
            add(table, &entries[i]) != 0) {
            peer_lpm_close(table);
            return NULL;
        }
    }
    return table;
}

static void match4(const struct table *table, const char *bytes, uint32_t n,
                   uint32_t *values)
{
    uint64_t hops[BATCH];
    uint32_t addrs[BATCH], i;

    memcpy(addrs, bytes, n * sizeof *addrs);
    for (i = 0; i < n; i++)
        addrs[i] = rte_be_to_cpu_32(addrs[i]);
    if (table->lpm) {
        rte_lpm_lookup_bulk(table->lpm, addrs, values, n);
        for (i = 0; i < n; i++)
            values[i] = values[i] & RTE_LPM_LOOKUP_SUCCESS ? values[i] & 0xffffff
                                                           : VPCVIS_PREFIX_NONE;
        return;
    }
    rte_fib_lookup_bulk(table->fib, addrs, hops, (int)n);
    for (i = 0; i < n; i++)
        values[i] = hops[i] == NONE ? VPCVIS_PREFIX_NONE : (uint32_t)hops[i];
}

static void match6(const struct table *table, const char *bytes, uint32_t n,
                   uint32_t *values)
{
    uint8_t addrs[BATCH][16];
    uint64_t hops[BATCH];
    int32_t found[BATCH];
    uint32_t i;

    memcpy(addrs, bytes, n * sizeof *addrs);
    if (table->lpm6) {
        rte_lpm6_lookup_bulk_func(table->lpm6, addrs, found, n);
        for (i = 0; i < n; i++)
            values[i] = (uint32_t)found[i];
        return;
    }
    rte_fib6_lookup_bulk(table->fib6, addrs, hops, (int)n);
    for (i = 0; i < n; i++)
        values[i] = hops[i] == NONE ? VPCVIS_PREFIX_NONE : (uint32_t)hops[i];
}

int peer_lpm_match(void *context, const char *addresses, uint32_t count, uint32_t *values)
{
    const struct table *table = context;
    const size_t bytes = table->family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    uint32_t i;

    for (i = 0; i < count; i += BATCH) {
        const uint32_t n = count - i < BATCH ? count - i : BATCH;
        if (bytes == 4)
            match4(table, addresses + i * bytes, n, values + i);
        else
            match6(table, addresses + i * bytes, n, values + i);
    }
    return 1;
}

void peer_lpm_close(void *context)
{
    struct table *table = context;

    if (table == NULL)
        return;
    rte_lpm_free(table->lpm);
    rte_lpm6_free(table->lpm6);
    rte_fib_free(table->fib);
    rte_fib6_free(table->fib6);
    free(table);
}
#else
void *peer_lpm_open(uint32_t kind, uint32_t family,
                    const struct vpcvis_prefix_entry *entries, size_t count)
{
    (void)kind;
    (void)family;
    (void)entries;
    (void)count;
    return NULL;
}

int peer_lpm_match(void *table, const char *addresses, uint32_t count, uint32_t *values)
{
    (void)table;
    (void)addresses;
    (void)count;
    (void)values;
    return 0;
}

void peer_lpm_close(void *table)
{
    (void)table;
}
#endif
