/* SPDX-License-Identifier: MIT */
/*
 * Room flow: the closed half's flows in order. Heap sort: in place, no recursion, and no
 * input that takes longer. The item carries the top of the key, so that most comparisons stay
 * in the array.
 *
 *     prefix   interface 20 bits | family 1 | the key's first 43 bits
 */
#include "flow.h"

int vpcvis_i_flow_compare(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    const uint32_t last = words - 1;
    const int order = memcmp(a, b, last * sizeof(*a));

    return order != 0 ? order : (a[last] > b[last]) - (a[last] < b[last]);
}

/* The first eight bytes of a key, the first one highest: as memcmp orders them. */
static uint64_t top_of(const uint64_t *key)
{
    const uint8_t *bytes = (const uint8_t *)key;
    uint64_t top = 0;
    uint32_t i;

    for (i = 0; i < 8; i++)
        top = top << 8 | bytes[i];
    return top;
}

/* Whether item a comes before item b. */
static int before(const struct vpcvis_i_flow_half *half,
                  const struct vpcvis_i_flow_item *a, const struct vpcvis_i_flow_item *b)
{
    const struct vpcvis_i_flow_table *table = &half->table[a->table];

    if (a->prefix != b->prefix)
        return a->prefix < b->prefix;
    return vpcvis_i_flow_compare(vpcvis_i_flow_key(vpcvis_i_flow_slot(table, a->slot)),
                                 vpcvis_i_flow_key(vpcvis_i_flow_slot(table, b->slot)),
                                 table->words) < 0;
}

/* Let item `at` sink until no child comes after it. */
static void sink(const struct vpcvis_i_flow_half *half, struct vpcvis_i_flow_item *items,
                 uint32_t at, uint32_t count)
{
    const struct vpcvis_i_flow_item moved = items[at];

    while (at < count / 2) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < count && before(half, &items[child], &items[child + 1]))
            child++;
        if (!before(half, &moved, &items[child]))
            break;
        items[at] = items[child];
        at = child;
    }
    items[at] = moved;
}

static uint32_t collect(const struct vpcvis_i_flow_table *table, uint32_t family,
                        struct vpcvis_i_flow_item *items)
{
    uint32_t slot;

    for (slot = 0; slot < table->used; slot++) {
        const uint64_t *key = vpcvis_i_flow_key(vpcvis_i_flow_slot(table, slot));
        items[slot].prefix = (uint64_t)vpcvis_i_flow_interface_of(key[table->words - 1])
                                 << 44 |
                             (uint64_t)family << 43 | top_of(key) >> 21;
        items[slot].slot = slot;
        items[slot].table = family;
    }
    return table->used;
}

void vpcvis_i_flow_sort(vpcvis_flow *flow)
{
    const struct vpcvis_i_flow_half *half = &flow->half[flow->open ^ 1];
    struct vpcvis_i_flow_item *items = flow->item;
    uint32_t i, count;

    count = collect(&half->table[VPCVIS_I_FLOW_IPV4], VPCVIS_I_FLOW_IPV4, items);
    count += collect(&half->table[VPCVIS_I_FLOW_IPV6], VPCVIS_I_FLOW_IPV6, items + count);
    flow->items = count;
    for (i = count / 2; i-- > 0;)
        sink(half, items, i, count);
    for (i = count; i-- > 1;) {
        const struct vpcvis_i_flow_item last = items[i];
        items[i] = items[0];
        items[0] = last;
        sink(half, items, 0, i);
    }
}
