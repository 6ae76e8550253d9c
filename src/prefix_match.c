/* SPDX-License-Identifier: MIT */
/*
 * Room prefix, looking up: from the root down, a node a level. How many of a node's keys are
 * not above the address says which one it is in; loops without branches, which compilers turn
 * into vector compares. Many lookups go down together, so that their misses overlap.
 */
#include "prefix.h"

#define TOGETHER 16 /* lookups that go down side by side */

#if defined(__GNUC__)
#define FETCH(address) __builtin_prefetch(address)
#else
#define FETCH(address) (void)(address)
#endif

/* The last key of node `node` of a level that is not above addr; the first if all are. */
VPCVIS_I_INLINE uint32_t step4(const vpcvis_prefix *map, uint32_t level, uint32_t node,
                               uint32_t addr)
{
    const uint32_t *keys =
        map->tree4 + map->ipv4.nodes_at[level] + node * VPCVIS_I_PREFIX_KEYS4;
    const uint32_t most = map->ipv4.keys[level] - 1;
    uint32_t i, n = 0;

    for (i = 0; i < VPCVIS_I_PREFIX_KEYS4; i++)
        n += keys[i] <= addr;
    n = node * VPCVIS_I_PREFIX_KEYS4 + (n == 0 ? 0 : n - 1);
    return n < most ? n : most;
}

VPCVIS_I_INLINE uint32_t step6(const vpcvis_prefix *map, uint32_t level, uint32_t node,
                               uint64_t high)
{
    const uint64_t *keys =
        map->tree6 + map->ipv6.nodes_at[level] + node * VPCVIS_I_PREFIX_KEYS6;
    const uint32_t most = map->ipv6.keys[level] - 1;
    uint32_t i, n = 0;

    for (i = 0; i < VPCVIS_I_PREFIX_KEYS6; i++)
        n += keys[i] <= high;
    n = node * VPCVIS_I_PREFIX_KEYS6 + (n == 0 ? 0 : n - 1);
    return n < most ? n : most;
}

uint32_t vpcvis_i_prefix_find4(const vpcvis_prefix *map, uint32_t addr)
{
    uint32_t level, at = 0;

    for (level = map->ipv4.levels; level-- > 0;)
        at = step4(map, level, at, addr);
    return at;
}

/* The segment of an address whose high half's key is `at`, or lies below it. */
static uint32_t find_low(const vpcvis_prefix *map, uint32_t at, uint64_t high,
                         uint64_t low)
{
    uint32_t from = map->first6[at], to = map->first6[at + 1];

    if (map->tree6[at] != high)
        return to - 1;
    if (map->low6[from] > low)
        return from - 1; /* the first of all is 0::0, so this is not it */
    while (to - from > 1) {
        const uint32_t middle = from + (to - from) / 2;
        if (map->low6[middle] <= low)
            from = middle;
        else
            to = middle;
    }
    return from;
}

uint32_t vpcvis_i_prefix_find6(const vpcvis_prefix *map, uint64_t high, uint64_t low)
{
    uint32_t level, at = 0;

    for (level = map->ipv6.levels; level-- > 0;)
        at = step6(map, level, at, high);
    return find_low(map, at, high, low);
}

static uint32_t read32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

static uint64_t read64(const uint8_t *bytes)
{
    return (uint64_t)read32(bytes) << 32 | read32(bytes + 4);
}

vpcvis_status vpcvis_prefix_match(const vpcvis_prefix *map,
                                  const struct vpcvis_addr *addr, uint32_t *value,
                                  uint32_t *prefix_len)
{
    const struct vpcvis_i_prefix_segments *segments;
    uint32_t at;

    if (map == NULL || addr == NULL || value == NULL)
        return VPCVIS_E_ARG;
    if (addr->family == VPCVIS_ADDR_IPV4) {
        segments = &map->ipv4;
        at = vpcvis_i_prefix_find4(map, read32(addr->bytes));
    } else if (addr->family == VPCVIS_ADDR_IPV6) {
        segments = &map->ipv6;
        at = vpcvis_i_prefix_find6(map, read64(addr->bytes), read64(addr->bytes + 8));
    } else {
        return VPCVIS_E_ARG;
    }
    if (segments->value[at] == VPCVIS_PREFIX_NONE)
        return VPCVIS_NOMATCH;
    *value = segments->value[at];
    if (prefix_len != NULL)
        *prefix_len = addr->family == VPCVIS_ADDR_IPV4 ? segments->len[at] - 96u
                                                       : segments->len[at];
    return VPCVIS_OK;
}

static void match4(const vpcvis_prefix *map, const uint8_t *bytes, size_t stride,
                   uint32_t count, uint32_t *values)
{
    uint32_t addr[TOGETHER], at[TOGETHER], level, i;

    for (i = 0; i < count; i++) {
        addr[i] = read32(bytes + i * stride);
        at[i] = 0;
    }
    for (level = map->ipv4.levels; level-- > 0;) {
        for (i = 0; i < count; i++) {
            at[i] = step4(map, level, at[i], addr[i]);
            if (level > 0)
                FETCH(map->tree4 + map->ipv4.nodes_at[level - 1] +
                      at[i] * VPCVIS_I_PREFIX_KEYS4);
            else
                FETCH(map->ipv4.value + at[i]);
        }
    }
    for (i = 0; i < count; i++)
        values[i] = map->ipv4.value[at[i]];
}

static void match6(const vpcvis_prefix *map, const uint8_t *bytes, size_t stride,
                   uint32_t count, uint32_t *values)
{
    uint64_t high[TOGETHER];
    uint32_t at[TOGETHER], level, i;

    for (i = 0; i < count; i++) {
        high[i] = read64(bytes + i * stride);
        at[i] = 0;
    }
    for (level = map->ipv6.levels; level-- > 0;) {
        for (i = 0; i < count; i++) {
            at[i] = step6(map, level, at[i], high[i]);
            if (level > 0)
                FETCH(map->tree6 + map->ipv6.nodes_at[level - 1] +
                      at[i] * VPCVIS_I_PREFIX_KEYS6);
            else
                FETCH(map->first6 + at[i]);
        }
    }
    for (i = 0; i < count; i++)
        values[i] =
            map->ipv6
                .value[find_low(map, at[i], high[i], read64(bytes + i * stride + 8))];
}

vpcvis_status vpcvis_prefix_match_batch(const vpcvis_prefix *map, uint32_t family,
                                        const void *bytes, size_t stride, size_t count,
                                        uint32_t *values)
{
    const uint8_t *at = bytes;
    size_t i;

    if (map == NULL || ((bytes == NULL || values == NULL) && count > 0) ||
        (family != VPCVIS_ADDR_IPV4 && family != VPCVIS_ADDR_IPV6))
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i += TOGETHER) {
        const uint32_t n = count - i < TOGETHER ? (uint32_t)(count - i) : TOGETHER;
        if (family == VPCVIS_ADDR_IPV4)
            match4(map, at + i * stride, stride, n, values + i);
        else
            match6(map, at + i * stride, stride, n, values + i);
    }
    return VPCVIS_OK;
}
