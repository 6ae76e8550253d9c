/* SPDX-License-Identifier: MIT */
/*
 * Room flow: what goes out. The flows of the closed half one by one, as they lie or sorted,
 * or merged from several machines; then what each interface has to say of the window.
 */
#include "flow.h"

static const struct vpcvis_i_flow_half *closed_half(const vpcvis_flow *flow)
{
    return &flow->half[flow->open ^ 1];
}

/* The slot that comes next as they lie, NULL after the last. */
static struct vpcvis_i_flow_values *peek_unsorted(vpcvis_flow *flow)
{
    for (; flow->next_table < 2; flow->next_table++, flow->next_item = 0) {
        const struct vpcvis_i_flow_table *table =
            &closed_half(flow)->table[flow->next_table];

        if (flow->next_item < table->used)
            return vpcvis_i_flow_slot(table, flow->next_item);
    }
    return NULL;
}

static struct vpcvis_i_flow_values *peek(vpcvis_flow *flow, uint32_t *table)
{
    const struct vpcvis_i_flow_item *item = &flow->item[flow->next_item];
    struct vpcvis_i_flow_values *slot;

    if (!flow->closed)
        return NULL;
    if ((flow->config.flags & VPCVIS_FLOW_ORDER) == 0) {
        slot = peek_unsorted(flow);
        *table = flow->next_table;
        return slot;
    }
    if (flow->next_item == flow->items)
        return NULL;
    *table = item->table;
    return vpcvis_i_flow_slot(&closed_half(flow)->table[item->table], item->slot);
}

static void copy_out(const vpcvis_flow *flow, uint32_t table,
                     struct vpcvis_i_flow_values *slot, struct vpcvis_i_flow_out *out)
{
    const struct vpcvis_i_flow_table *of = &closed_half(flow)->table[table];

    out->values = *slot;
    out->table = table;
    memcpy(out->key, vpcvis_i_flow_key(slot), of->words * sizeof(uint64_t));
    if (slot->hinted)
        memcpy(out->pkt, vpcvis_i_flow_pkt(of, slot), 2 * (size_t)of->addr_bytes);
}

/* Less than, equal to or greater than 0 as flow a comes before, with or after flow b. */
static int compare(uint32_t table_a, const uint64_t *a, uint32_t table_b,
                   const uint64_t *b)
{
    const uint32_t words_a = table_a == VPCVIS_I_FLOW_IPV4 ? 2 : VPCVIS_I_FLOW_WORDS;
    const uint32_t words_b = table_b == VPCVIS_I_FLOW_IPV4 ? 2 : VPCVIS_I_FLOW_WORDS;
    const uint32_t of_a = vpcvis_i_flow_interface_of(a[words_a - 1]);
    const uint32_t of_b = vpcvis_i_flow_interface_of(b[words_b - 1]);

    if (of_a != of_b)
        return of_a < of_b ? -1 : 1;
    if (table_a != table_b)
        return table_a < table_b ? -1 : 1;
    return vpcvis_i_flow_compare(a, b, words_a);
}

/* The least of the flows that come next in count machines; 0 if there is none. */
static int least(vpcvis_flow *const *flows, size_t count, struct vpcvis_i_flow_out *out)
{
    struct vpcvis_i_flow_values *slot, *best = NULL;
    const vpcvis_flow *owner = NULL;
    uint32_t table = 0, best_table = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        slot = peek(flows[i], &table);
        if (slot == NULL)
            continue;
        if (best != NULL && compare(table, vpcvis_i_flow_key(slot), best_table,
                                    vpcvis_i_flow_key(best)) >= 0)
            continue;
        best = slot;
        best_table = table;
        owner = flows[i];
    }
    if (best != NULL)
        copy_out(owner, best_table, best, out);
    return best != NULL;
}

/* Step over the flow in *out in every machine that has it next, joining what they count. */
static void join(vpcvis_flow *const *flows, size_t count, struct vpcvis_i_flow_out *out)
{
    const size_t pkt_bytes = out->table == VPCVIS_I_FLOW_IPV4 ? 8 : 32;
    int first = 1;
    size_t i;

    for (i = 0; i < count; i++) {
        uint32_t table = 0;
        struct vpcvis_i_flow_values *slot = peek(flows[i], &table);

        if (slot == NULL ||
            compare(table, vpcvis_i_flow_key(slot), out->table, out->key) != 0)
            continue;
        if (!first)
            vpcvis_i_flow_join(
                &out->values, out->pkt, slot,
                vpcvis_i_flow_pkt(&closed_half(flows[i])->table[table], slot), pkt_bytes);
        first = 0;
        flows[i]->next_item++;
    }
}

/* What interface `interface` has to say of the closed window: a log-status, 0 for nothing. */
static uint8_t status_of(vpcvis_flow *const *flows, size_t count, uint32_t interface)
{
    uint64_t packets = 0, skipdata = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        const struct vpcvis_i_flow_seen *seen = &closed_half(flows[i])->seen[interface];
        if (!flows[i]->closed)
            continue;
        packets |= seen->packets;
        skipdata |= seen->skipdata;
    }
    if (skipdata != 0)
        return VPCVIS_LOG_STATUS_SKIPDATA;
    return packets == 0 && vpcvis_i_flow_is_live(flows[0], interface)
               ? VPCVIS_LOG_STATUS_NODATA
               : 0;
}

/* One of the machines that has a closed window; NULL if none has. */
static const vpcvis_flow *one_closed(vpcvis_flow *const *flows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (flows[i]->closed)
            return flows[i];
    }
    return NULL;
}

static vpcvis_status next_status(vpcvis_flow *const *flows, size_t count,
                                 struct vpcvis_record *record)
{
    const vpcvis_flow *closed = one_closed(flows, count);
    uint32_t interface;
    uint8_t log_status;
    size_t i;

    if (closed == NULL)
        return VPCVIS_DONE;
    while (flows[0]->next_interface < flows[0]->config.interfaces) {
        interface = flows[0]->next_interface++;
        log_status = status_of(flows, count, interface);
        if (log_status != 0) {
            vpcvis_i_flow_write_status(flows[0], interface, log_status,
                                       closed_half(closed)->start_s,
                                       closed_half(closed)->end_s, record);
            return VPCVIS_OK;
        }
    }
    for (i = 0; i < count; i++) {
        if (flows[i]->closed)
            vpcvis_i_flow_finish(flows[i]);
    }
    return VPCVIS_DONE;
}

static vpcvis_status next_of(vpcvis_flow *const *flows, size_t count,
                             struct vpcvis_record *record)
{
    struct vpcvis_i_flow_out out;

    if (!least(flows, count, &out))
        return next_status(flows, count, record);
    join(flows, count, &out);
    vpcvis_i_flow_write(flows[0], closed_half(one_closed(flows, count))->start_s, &out,
                        record);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_flow_next(vpcvis_flow *flow, struct vpcvis_record *record)
{
    struct vpcvis_i_flow_values *slot;
    struct vpcvis_i_flow_out out;
    uint32_t table = 0;

    if (flow == NULL || record == NULL)
        return VPCVIS_E_ARG;
    slot = peek(flow, &table);
    if (slot == NULL)
        return next_status(&flow, 1, record);
    copy_out(flow, table, slot, &out);
    flow->next_item++;
    vpcvis_i_flow_write(flow, closed_half(flow)->start_s, &out, record);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_flow_next_rows(vpcvis_flow *flow, struct vpcvis_record *records,
                                    size_t stride, size_t capacity, size_t *count)
{
    const size_t bytes =
        stride < sizeof(struct vpcvis_record) ? stride : sizeof(struct vpcvis_record);
    struct vpcvis_record record;
    size_t i;

    if (flow == NULL || count == NULL || (records == NULL && capacity > 0) ||
        stride < 192 || stride % 8 != 0)
        return VPCVIS_E_ARG;
    for (i = 0; i < capacity; i++) {
        if (vpcvis_flow_next(flow, &record) != VPCVIS_OK)
            break;
        memcpy((char *)records + i * stride, &record, bytes);
    }
    *count = i;
    return i == capacity ? VPCVIS_OK : VPCVIS_DONE;
}

/* Whether machines count the same window of the same interfaces. */
static int fit(const vpcvis_flow *a, const vpcvis_flow *b)
{
    return (b->config.flags & VPCVIS_FLOW_ORDER) != 0 &&
           a->config.interval_s == b->config.interval_s &&
           a->config.phase_s == b->config.phase_s &&
           a->config.interfaces == b->config.interfaces &&
           a->config.version == b->config.version &&
           (!a->closed || !b->closed ||
            closed_half(a)->start_s == closed_half(b)->start_s);
}

vpcvis_status vpcvis_flow_merge(vpcvis_flow *const *flows, size_t count,
                                struct vpcvis_record *record)
{
    const vpcvis_flow *closed;
    size_t i;

    if (flows == NULL || count == 0 || record == NULL)
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i++) {
        if (flows[i] == NULL)
            return VPCVIS_E_ARG;
    }
    closed = one_closed(flows, count);
    for (i = 0; i < count; i++) {
        if (!fit(closed != NULL ? closed : flows[0], flows[i]))
            return VPCVIS_E_CONFIG;
    }
    return next_of(flows, count, record);
}
