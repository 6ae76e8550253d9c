/* SPDX-License-Identifier: MIT */
/*
 * Room flow, the table: packets, and anything else that counts, into flows. Where a flow seems
 * to be is known (flow_find.c); what one packet of a group finds may have been put there by one
 * before it, so where the guess does not hold its key is looked up again.
 */
#include "flow.h"

#define SECOND UINT64_C(1000000000)

/* Of two hints the smaller (time, addresses, path) is kept. */
static void join_hint(struct vpcvis_i_flow_values *values, uint8_t *pkt,
                      const struct vpcvis_i_flow_values *more, const uint8_t *more_pkt,
                      size_t pkt_bytes)
{
    int order = 1;

    if (values->hinted) {
        order = (values->hint_ns > more->hint_ns) - (values->hint_ns < more->hint_ns);
        if (order == 0)
            order = memcmp(pkt, more_pkt, pkt_bytes);
        if (order == 0)
            order = (int)values->traffic_path - (int)more->traffic_path;
    }
    if (order <= 0)
        return;
    values->hinted = 1;
    values->hint_ns = more->hint_ns;
    values->traffic_path = more->traffic_path;
    memcpy(pkt, more_pkt, pkt_bytes);
}

VPCVIS_I_INLINE void note_saturation(struct vpcvis_i_flow_values *values)
{
    if (VPCVIS_I_UNLIKELY(values->packets == UINT64_MAX || values->bytes == UINT64_MAX))
        values->flags |= VPCVIS_RECORD_SATURATED;
}

void vpcvis_i_flow_join(struct vpcvis_i_flow_values *values, uint8_t *pkt,
                        const struct vpcvis_i_flow_values *more, const uint8_t *more_pkt,
                        size_t pkt_bytes)
{
    vpcvis_i_flow_sum(&values->packets, more->packets);
    vpcvis_i_flow_sum(&values->bytes, more->bytes);
    values->first_s = more->first_s < values->first_s ? more->first_s : values->first_s;
    values->last_s = more->last_s > values->last_s ? more->last_s : values->last_s;
    values->tcp_flags = (uint8_t)(values->tcp_flags | more->tcp_flags);
    values->flags = (uint8_t)(values->flags | more->flags);
    note_saturation(values);
    if (more->hinted)
        join_hint(values, pkt, more, more_pkt, pkt_bytes);
}

/* How many places of a bucket are used: from the left. */
static uint32_t used_of(const struct vpcvis_i_flow_bucket *bucket)
{
    uint32_t n = 0;

    while (n < VPCVIS_I_FLOW_WAYS && bucket->tag[n] != 0)
        n++;
    return n;
}

/* Let a place lead to a slot: of the first bucket while that is not rather full, then of the
 * emptier one. 0 if there is none. */
static int place(struct vpcvis_i_flow_table *table, uint64_t hash, uint32_t slot)
{
    struct vpcvis_i_flow_bucket *bucket =
        table->bucket + vpcvis_i_flow_first(table, hash);
    struct vpcvis_i_flow_bucket *second =
        table->bucket + vpcvis_i_flow_second(table, hash);
    uint32_t used;

    used = used_of(bucket);
    if (used >= VPCVIS_I_FLOW_FIRST && used_of(second) < used) {
        bucket = second;
        used = used_of(bucket);
    }
    if (used == VPCVIS_I_FLOW_WAYS)
        return 0;
    bucket->tag[used] = vpcvis_i_flow_tag(hash);
    bucket->slot[used] = slot;
    return 1;
}

/* A new flow, NULL if there is no room. */
static struct vpcvis_i_flow_values *make(struct vpcvis_i_flow_table *table,
                                         const uint64_t *key, uint64_t hash)
{
    struct vpcvis_i_flow_values *values;

    if (table->used == table->capacity || !place(table, hash, table->used))
        return NULL;
    values = vpcvis_i_flow_slot(table, table->used++);
    memset(values, 0, sizeof(*values));
    values->first_s = UINT32_MAX;
    memcpy(vpcvis_i_flow_key(values), key, table->words * sizeof(*key));
    return values;
}

/* The flow in a bucket that has a key, NULL if there is none. */
static struct vpcvis_i_flow_values *find_in(const struct vpcvis_i_flow_table *table,
                                            const struct vpcvis_i_flow_bucket *bucket,
                                            const uint64_t *key, uint16_t tag,
                                            uint32_t *compares)
{
    uint32_t i;

    for (i = 0; i < VPCVIS_I_FLOW_WAYS; i++) {
        struct vpcvis_i_flow_values *values;
        if (bucket->tag[i] != tag)
            continue;
        ++*compares;
        values = vpcvis_i_flow_slot(table, bucket->slot[i]);
        if (memcmp(vpcvis_i_flow_key(values), key, table->words * sizeof(*key)) == 0)
            return values;
    }
    return NULL;
}

/* The flow that has a key, made if need be; NULL if there is no room. */
static struct vpcvis_i_flow_values *find_or_make(vpcvis_flow *flow,
                                                 struct vpcvis_i_flow_table *table,
                                                 const uint64_t *key, uint64_t hash)
{
    const uint16_t tag = vpcvis_i_flow_tag(hash);
    struct vpcvis_i_flow_values *values;
    const uint32_t first = vpcvis_i_flow_first(table, hash);
    const uint32_t second = vpcvis_i_flow_second(table, hash);
    uint32_t compares = 0;

    values = find_in(table, table->bucket + first, key, tag, &compares);
    if (values == NULL && first != second)
        values = find_in(table, table->bucket + second, key, tag, &compares);
    flow->counts.compares += compares;
    if (compares > flow->counts.compares_max)
        flow->counts.compares_max = compares;
    return values != NULL ? values : make(table, key, hash);
}

static void skip(vpcvis_flow *flow, struct vpcvis_i_flow_seen *seen, uint64_t packets,
                 uint64_t bytes)
{
    vpcvis_i_flow_sum(&flow->counts.skipped, packets);
    vpcvis_i_flow_sum(&seen->skipped, packets);
    vpcvis_i_flow_sum(&seen->skipped_bytes, bytes);
    seen->skipdata = 1;
}

void vpcvis_i_flow_count_one(vpcvis_flow *flow, uint32_t family, const uint64_t *key,
                             const struct vpcvis_i_flow_values *more, const uint8_t *pkt)
{
    struct vpcvis_i_flow_half *half = &flow->half[flow->open];
    struct vpcvis_i_flow_table *table = &half->table[family];
    struct vpcvis_i_flow_seen *seen =
        &half->seen[vpcvis_i_flow_interface_of(key[table->words - 1])];
    struct vpcvis_i_flow_values *values =
        find_or_make(flow, table, key, vpcvis_i_hash_sip13(flow->key, key, table->words));

    if (values == NULL) {
        skip(flow, seen, more->packets, more->bytes);
        return;
    }
    vpcvis_i_flow_sum(&seen->packets, more->packets);
    vpcvis_i_flow_sum(&flow->counts.counted, more->packets);
    if ((more->flags & VPCVIS_RECORD_LATE) != 0)
        vpcvis_i_flow_sum(&flow->counts.late, more->packets);
    vpcvis_i_flow_join(values, vpcvis_i_flow_pkt(table, values), more, pkt,
                       2 * (size_t)table->addr_bytes);
}

/* Take a hint over; an address it lacks is the packet's own. */
static void add_hint(vpcvis_flow *flow, struct vpcvis_i_flow_values *values, uint8_t *pkt,
                     const struct vpcvis_packet *packet,
                     const struct vpcvis_flow_hint *hint)
{
    const struct vpcvis_addr *src = &hint->pkt_srcaddr;
    const struct vpcvis_addr *dst = &hint->pkt_dstaddr;
    const size_t bytes = packet->family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    struct vpcvis_i_flow_values more;
    uint8_t more_pkt[32];

    if (src->family == 0 && dst->family == 0 && hint->traffic_path == 0)
        return;
    if ((src->family != 0 && src->family != packet->family) ||
        (dst->family != 0 && dst->family != packet->family)) {
        vpcvis_i_flow_sum(&flow->counts.hints_unfit, 1);
        return;
    }
    more.hint_ns = packet->seen_ns;
    more.traffic_path = hint->traffic_path;
    memcpy(more_pkt, src->family != 0 ? src->bytes : packet->src, bytes);
    memcpy(more_pkt + bytes, dst->family != 0 ? dst->bytes : packet->dst, bytes);
    join_hint(values, pkt, &more, more_pkt, 2 * bytes);
}

/* TCP flags as flow logs count them: ACK only beside SYN (AWS user guide, "tcp-flags"). */
VPCVIS_I_INLINE uint32_t tcp_flags_of(const vpcvis_flow *flow, uint32_t flags)
{
    const uint32_t always = VPCVIS_TCP_FIN | VPCVIS_TCP_SYN | VPCVIS_TCP_RST;

    if (VPCVIS_I_UNLIKELY(flow->config.tcp_mask != 0))
        return flags & flow->config.tcp_mask;
    return flags & (always | (flags & VPCVIS_TCP_SYN) << 3);
}

/* A counter that has run over stays at its end. */
static void saturate(struct vpcvis_i_flow_values *values, uint64_t more_bytes)
{
    if (values->packets == 0)
        values->packets = UINT64_MAX;
    if (values->bytes < more_bytes)
        values->bytes = UINT64_MAX;
    note_saturation(values);
}

/* What is rarely so: a packet from before the window, or a fragment without ports. */
static void mark(vpcvis_flow *flow, struct vpcvis_i_flow_values *values,
                 const struct vpcvis_packet *packet)
{
    if (packet->seen_ns < flow->start_ns) {
        flow->counts.late++;
        values->first_s = 0;
        values->flags |= VPCVIS_RECORD_LATE;
    }
    if ((packet->flags & (VPCVIS_PACKET_LATER | VPCVIS_PACKET_PORTS)) ==
        VPCVIS_PACKET_LATER)
        values->flags |= VPCVIS_RECORD_FRAGMENT;
}

/* Count any packet in its flow. */
VPCVIS_I_WRAPS static void add_any(vpcvis_flow *flow, struct vpcvis_i_flow_values *values,
                                   const struct vpcvis_packet *packet)
{
    const uint64_t start_ns = flow->start_ns;
    const uint64_t seen_ns = packet->seen_ns > start_ns ? packet->seen_ns : start_ns;
    const uint32_t second = (uint32_t)((seen_ns - start_ns) / SECOND);
    const uint64_t bytes = packet->ip_len;

    values->packets++;
    values->bytes += bytes;
    values->first_s = second < values->first_s ? second : values->first_s;
    values->last_s = second > values->last_s ? second : values->last_s;
    values->tcp_flags =
        (uint8_t)(values->tcp_flags | tcp_flags_of(flow, packet->tcp_flags));
    if (VPCVIS_I_UNLIKELY(values->bytes - bytes >= UINT64_MAX - UINT32_MAX ||
                          values->packets + 1 <= 1))
        saturate(values, bytes);
    if (VPCVIS_I_UNLIKELY((packet->flags & VPCVIS_PACKET_LATER) != 0 ||
                          packet->seen_ns < start_ns))
        mark(flow, values, packet);
}

/* The same in short for most packets: in the window, whole, counters far from their ends. */
VPCVIS_I_INLINE VPCVIS_I_WRAPS void add_packet(vpcvis_flow *flow,
                                               struct vpcvis_i_flow_values *values,
                                               const struct vpcvis_packet *packet)
{
    const uint64_t start_ns = flow->start_ns;
    const uint64_t since_ns = packet->seen_ns - start_ns;
    const uint32_t second = (uint32_t)(since_ns / SECOND);

    if (VPCVIS_I_UNLIKELY(((values->packets | values->bytes) >> 63 |
                           (packet->flags & VPCVIS_PACKET_LATER) |
                           (packet->seen_ns < start_ns)) != 0)) {
        add_any(flow, values, packet);
        return;
    }
    values->packets++;
    values->bytes += packet->ip_len;
    if (VPCVIS_I_UNLIKELY(second < values->first_s))
        values->first_s = second;
    if (second > values->last_s)
        values->last_s = second;
    values->tcp_flags =
        (uint8_t)(values->tcp_flags | tcp_flags_of(flow, packet->tcp_flags));
}

/* Look up a flow whose guess does not hold. */
static struct vpcvis_i_flow_values *look_up(vpcvis_flow *flow,
                                            struct vpcvis_i_flow_table *table,
                                            const struct vpcvis_i_flow_group *group,
                                            uint32_t i)
{
    uint64_t key[VPCVIS_I_FLOW_WORDS];
    uint32_t w;

    for (w = 0; w < table->words; w++)
        key[w] = group->word[w][i];
    return find_or_make(flow, table, key, group->hash[i]);
}

/* Whether lane i's guess holds. words: of the keys, known to the compiler. */
VPCVIS_I_INLINE int holds(const struct vpcvis_i_flow_group *group, uint32_t i,
                          struct vpcvis_i_flow_values *values, uint32_t words)
{
    const uint64_t *key = vpcvis_i_flow_key(values);
    uint64_t differs = 0;
    uint32_t w;

    for (w = 0; w < words; w++)
        differs |= key[w] ^ group->word[w][i];
    return differs == 0;
}

/* Whether IPv4 lanes have rows, all that is to be added being in them. */
VPCVIS_I_INLINE int has_rows(const vpcvis_flow *flow,
                             const struct vpcvis_flow_hint *hints)
{
#if defined(VPCVIS_I_X86)
    return flow->cpu == VPCVIS_CPU_AVX512 && hints == NULL;
#else
    (void)flow, (void)hints;
    return 0;
#endif
}

/* Count lanes from `at` on as far as their rows only have to be added; the next lane. */
VPCVIS_I_INLINE uint32_t add_rows(const vpcvis_flow *flow, char *slots,
                                  const struct vpcvis_i_flow_group *group, uint32_t at,
                                  uint32_t end)
{
#if defined(VPCVIS_I_X86)
    return vpcvis_i_flow_add_avx512(flow, slots, group, at, end);
#else
    (void)flow, (void)slots, (void)group, (void)end;
    return at;
#endif
}

VPCVIS_I_INLINE void count_lanes(vpcvis_flow *flow, struct vpcvis_i_flow_half *half,
                                 const struct vpcvis_i_flow_group *group,
                                 const struct vpcvis_packet *packets,
                                 const struct vpcvis_flow_hint *hints, uint32_t at,
                                 uint32_t end, uint32_t words, uint32_t slot_bytes,
                                 int by_rows)
{
    struct vpcvis_i_flow_table *table = &half->table[group->table];
    struct vpcvis_i_flow_seen *const all_seen = half->seen;
    char *const slots = table->slots;
    const uint32_t count = end - at;
    uint32_t i, skipped = 0, looked_up = 0;

    for (i = at; i < end; i++) {
        const struct vpcvis_packet *packet;
        struct vpcvis_i_flow_values *values;
        uint32_t slot;

        if (by_rows && (i = add_rows(flow, slots, group, i, end)) == end)
            break;
        packet = &packets[group->at[i]];
        slot = group->slot[i];
        values = (void *)(slots + (size_t)slot * slot_bytes);
        if (VPCVIS_I_UNLIKELY(slot == VPCVIS_I_FLOW_NO_SLOT ||
                              !holds(group, i, values, words))) {
            looked_up++;
            values = look_up(flow, table, group, i);
            if (VPCVIS_I_UNLIKELY(values == NULL)) {
                skip(flow, &all_seen[packet->interface], 1, packet->ip_len);
                all_seen[packet->interface].packets--; /* it was counted when taken */
                skipped++;
                continue;
            }
        }
        add_packet(flow, values, packet);
        if (VPCVIS_I_UNLIKELY(hints != NULL))
            add_hint(flow, values, (uint8_t *)(vpcvis_i_flow_key(values) + words), packet,
                     &hints[group->at[i]]);
    }
    vpcvis_i_flow_sum(&flow->counts.counted, count - skipped);
    flow->counts.compares += count - looked_up;
    if (count != looked_up && flow->counts.compares_max == 0)
        flow->counts.compares_max = 1;
}

static void count_range(vpcvis_flow *flow, struct vpcvis_i_flow_half *half,
                        const struct vpcvis_i_flow_group *group,
                        const struct vpcvis_packet *packets,
                        const struct vpcvis_flow_hint *hints, uint32_t at, uint32_t end)
{
    const uint32_t slot4 = sizeof(struct vpcvis_i_flow_slot4);
    const uint32_t slot6 = sizeof(struct vpcvis_i_flow_slot6);

    /* Each of them without what the others need. */
    if (group->table != VPCVIS_I_FLOW_IPV4)
        count_lanes(flow, half, group, packets, hints, at, end, 5, slot6, 0);
    else if (has_rows(flow, hints))
        count_lanes(flow, half, group, packets, hints, at, end, 2, slot4, 1);
    else
        count_lanes(flow, half, group, packets, hints, at, end, 2, slot4, 0);
}

static void hash(const vpcvis_flow *flow, const struct vpcvis_i_flow_table *table,
                 struct vpcvis_i_flow_group *group, uint32_t at, uint32_t end)
{
    switch (flow->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX512: vpcvis_i_flow_hash_avx512(flow, table, group, at, end); break;
    case VPCVIS_CPU_AVX2: vpcvis_i_flow_hash_avx2(flow, table, group, at, end); break;
#endif
    default: vpcvis_i_flow_hash_portable(flow, table, group, at, end); break;
    }
}

static void guess(const vpcvis_flow *flow, const struct vpcvis_i_flow_table *table,
                  struct vpcvis_i_flow_group *group, uint32_t at, uint32_t end)
{
    switch (flow->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX512: vpcvis_i_flow_guess_avx512(table, group, at, end); break;
    case VPCVIS_CPU_AVX2: vpcvis_i_flow_guess_avx2(table, group, at, end); break;
#endif
    default: vpcvis_i_flow_guess_portable(table, group, at, end); break;
    }
}

VPCVIS_I_INLINE uint32_t at_most(uint32_t n, uint32_t most)
{
    return n < most ? n : most;
}

void vpcvis_i_flow_count(vpcvis_flow *flow, struct vpcvis_i_flow_group *group,
                         const struct vpcvis_packet *packets,
                         const struct vpcvis_flow_hint *hints)
{
    enum { STEP = VPCVIS_I_FLOW_STEP, LAG = VPCVIS_I_FLOW_LAG };
    struct vpcvis_i_flow_half *half = &flow->half[flow->open];
    const struct vpcvis_i_flow_table *table = &half->table[group->table];
    const uint32_t count = group->count;
    uint32_t at;

    if (count == 0)
        return;
    /* Some lanes are counted while those LAG further on have their slots fetched, and those
     * 2 * LAG further on their buckets. */
    for (at = 0; at < count + 2 * LAG; at += STEP) {
        if (at < count)
            hash(flow, table, group, at, at_most(at + STEP, count));
        if (at >= LAG)
            guess(flow, table, group, at_most(at - LAG, count),
                  at_most(at - LAG + STEP, count));
        if (at >= 2 * LAG)
            count_range(flow, half, group, packets, hints, at - 2 * LAG,
                        at_most(at - 2 * LAG + STEP, count));
    }
    group->count = 0;
}
