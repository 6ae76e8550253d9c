/* SPDX-License-Identifier: MIT */
/*
 * Room flow: what comes in. Packets and records become entries, a key and what to add to its
 * flow, in groups by family; full groups are counted in the open window's tables.
 */
#include "flow.h"

#define SECOND UINT64_C(1000000000)
/* The last second that nanoseconds in 64 bits hold whole (in the year 2554). */
#define LAST_SECOND (UINT64_MAX / SECOND - 1)

/* Where the parts of a key go: addresses as they are, in as many words as they fill, and one
 * word of ports and meta. */
VPCVIS_I_INLINE void put_key4(struct vpcvis_i_flow_group *group, uint32_t i,
                              const struct vpcvis_packet *packet, uint64_t rest)
{
    memcpy(&group->word[0][i], packet->src, 4);
    memcpy((char *)&group->word[0][i] + 4, packet->dst, 4);
    group->word[1][i] = rest;
}

VPCVIS_I_INLINE void put_key6(struct vpcvis_i_flow_group *group, uint32_t i,
                              const struct vpcvis_packet *packet, uint64_t rest)
{
    memcpy(&group->word[0][i], packet->src, 8);
    memcpy(&group->word[1][i], packet->src + 8, 8);
    memcpy(&group->word[2][i], packet->dst, 8);
    memcpy(&group->word[3][i], packet->dst + 8, 8);
    group->word[4][i] = rest;
}

/* Where to count a packet that counts in no flow; NULL if it does. */
static uint64_t *apart(vpcvis_flow *flow, const struct vpcvis_packet *packet)
{
    if ((packet->flags & VPCVIS_PACKET_BAD) != 0)
        return &flow->counts.malformed;
    if ((packet->flags & VPCVIS_PACKET_HELD) != 0)
        return &flow->counts.held;
    if ((packet->flags & VPCVIS_PACKET_LEFT) != 0)
        return &flow->counts.left_out;
    if (packet->family == 0)
        return (packet->flags & VPCVIS_PACKET_CUT_IP) != 0 ? &flow->counts.cut
                                                           : &flow->counts.not_ip;
    return vpcvis_i_flow_is_live(flow, packet->interface) ? NULL
                                                          : &flow->counts.unregistered;
}

/* The same in short, from the first 64 bytes alone, but for the interface. */
VPCVIS_I_INLINE int is_plain(const struct vpcvis_packet *packet)
{
    return (packet->flags &
            (VPCVIS_PACKET_BAD | VPCVIS_PACKET_HELD | VPCVIS_PACKET_LEFT)) == 0 &&
           packet->family != 0;
}

/* Put packet `at` of the caller's into its group, which is counted when it is full. with_rows:
 * the IPv4 group has rows; known to the compiler. */
VPCVIS_I_INLINE void add_packet(vpcvis_flow *flow, struct vpcvis_i_flow_seen *seen,
                                const struct vpcvis_packet *packets, size_t at,
                                const struct vpcvis_flow_hint *hints, int with_rows)
{
    const struct vpcvis_packet *packet = &packets[at];
    struct vpcvis_i_flow_group *group = flow->group + VPCVIS_I_FLOW_IPV4;
    uint32_t i = group->count;
    const uint64_t rest =
        (uint64_t)packet->srcport << 48 | (uint64_t)packet->dstport << 32 |
        VPCVIS_I_FLOW_META(packet->interface, packet->protocol, packet->verdict & 3u,
                           packet->direction & 3u);

    if (VPCVIS_I_LIKELY(packet->family == VPCVIS_ADDR_IPV4)) {
        put_key4(group, i, packet, rest);
        if (with_rows)
            flow->row[i].packets = VPCVIS_I_FLOW_BY_HAND;
    } else {
        group = flow->group + VPCVIS_I_FLOW_IPV6;
        i = group->count;
        put_key6(group, i, packet, rest);
    }
    seen[packet->interface].packets++;
    group->at[i] = (uint32_t)at;
    group->count = i + 1;
    if (i + 1 == VPCVIS_I_FLOW_BATCH)
        vpcvis_i_flow_count(flow, group, packets, hints);
}

/* 1 if something at that time has to wait for a tick; the first one opens a window. */
static int is_past(vpcvis_flow *flow, uint64_t seen_ns)
{
    if (flow->end_ns == 0)
        vpcvis_i_flow_open(flow, seen_ns);
    return seen_ns >= flow->end_ns && flow->end_ns != UINT64_MAX;
}

/* Packets of one call to the table: their places in it are 32-bit. */
#define CALL_MAX 0x40000000u

/* Deal with packet `at` of the caller's; 1 if it has to wait for a tick. */
VPCVIS_I_INLINE int take(vpcvis_flow *flow, struct vpcvis_i_flow_seen *seen,
                         const struct vpcvis_packet *packets, size_t at,
                         const struct vpcvis_flow_hint *hints, int with_rows)
{
    const struct vpcvis_packet *packet = &packets[at];

    if (VPCVIS_I_UNLIKELY(!is_plain(packet) ||
                          !vpcvis_i_flow_is_live(flow, packet->interface))) {
        vpcvis_i_flow_sum(apart(flow, packet), 1);
        return 0;
    }
    if (VPCVIS_I_UNLIKELY(packet->seen_ns >= flow->end_ns) &&
        is_past(flow, packet->seen_ns))
        return 1;
    add_packet(flow, seen, packets, at, hints, with_rows);
    return 0;
}

/* Deal with packets [at, count) up to the first that has to wait, which is returned. */
VPCVIS_I_INLINE size_t take_singly(vpcvis_flow *flow, const struct vpcvis_packet *packets,
                                   size_t at, size_t count,
                                   const struct vpcvis_flow_hint *hints, int with_rows)
{
    struct vpcvis_i_flow_seen *seen = flow->half[flow->open].seen;

    while (at < count && !take(flow, seen, packets, at, hints, with_rows))
        at++;
    return at;
}

#if defined(VPCVIS_I_X86)
/* The same, by groups of eight as far as they go. */
static size_t take_eights(vpcvis_flow *flow, const struct vpcvis_packet *packets,
                          size_t count, const struct vpcvis_flow_hint *hints)
{
    struct vpcvis_i_flow_group *group = &flow->group[VPCVIS_I_FLOW_IPV4];
    struct vpcvis_i_flow_seen *seen = flow->half[flow->open].seen;
    uint32_t left, lane;
    size_t at;

    for (at = 0; at + 8 <= count; at += 8) {
        if (group->count + 8 > VPCVIS_I_FLOW_BATCH)
            vpcvis_i_flow_count(flow, group, packets, hints);
        left = vpcvis_i_flow_take_avx512(flow, group, packets, (uint32_t)at);
        if (group->count == VPCVIS_I_FLOW_BATCH) /* one by one there is room again */
            vpcvis_i_flow_count(flow, group, packets, hints);
        for (; VPCVIS_I_UNLIKELY(left != 0); left &= left - 1) {
            lane = vpcvis_i_bytes_lowest(left);
            if (take(flow, seen, packets, at + lane, hints, 1))
                return at + lane;
        }
    }
    return take_singly(flow, packets, at, count, hints, 1);
}
#endif

vpcvis_status vpcvis_flow_add(vpcvis_flow *flow, const struct vpcvis_packet *packets,
                              size_t count, const struct vpcvis_flow_hint *hints,
                              size_t *taken)
{
    const size_t most = count < CALL_MAX ? count : CALL_MAX;
    size_t i;

    if (flow == NULL || taken == NULL || (packets == NULL && count > 0))
        return VPCVIS_E_ARG;
#if defined(VPCVIS_I_X86)
    if (flow->cpu == VPCVIS_CPU_AVX512)
        i = take_eights(flow, packets, most, hints);
    else
#endif
        i = take_singly(flow, packets, 0, most, hints, 0);
    vpcvis_i_flow_count(flow, &flow->group[VPCVIS_I_FLOW_IPV4], packets, hints);
    vpcvis_i_flow_count(flow, &flow->group[VPCVIS_I_FLOW_IPV6], packets, hints);
    vpcvis_i_flow_sum(&flow->counts.fed, i);
    *taken = i;
    return i == count ? VPCVIS_OK : VPCVIS_MORE;
}

/* All that every record needs lies in this many bytes of it. */
#define STRIDE_MIN 192

static int has(const struct vpcvis_record *record, uint32_t field)
{
    return (int)(record->value[field / 64] >> field % 64 & 1);
}

/* Whether a record says all that a flow needs, at a time that packets can have. */
static int is_whole(const struct vpcvis_record *record)
{
    const uint32_t family = record->srcaddr.family;
    const uint64_t wanted =
        (uint64_t)1 << VPCVIS_FIELD_SRCADDR | (uint64_t)1 << VPCVIS_FIELD_DSTADDR |
        (uint64_t)1 << VPCVIS_FIELD_PROTOCOL | (uint64_t)1 << VPCVIS_FIELD_PACKETS |
        (uint64_t)1 << VPCVIS_FIELD_BYTES | (uint64_t)1 << VPCVIS_FIELD_START |
        (uint64_t)1 << VPCVIS_FIELD_END;

    return (record->value[0] & wanted) == wanted && family == record->dstaddr.family &&
           (family == VPCVIS_ADDR_IPV4 || family == VPCVIS_ADDR_IPV6) &&
           record->start_s <= LAST_SECOND;
}

/* The ends of a record's time, in seconds from the start of the open window. */
static void put_times(const vpcvis_flow *flow, const struct vpcvis_record *record,
                      struct vpcvis_i_flow_values *values)
{
    const uint64_t start_s = flow->half[flow->open].start_s;
    const uint64_t first = record->start_s < start_s ? 0 : record->start_s - start_s;
    const uint64_t last = record->end_s < start_s ? 0 : record->end_s - start_s;

    if (record->start_s < start_s)
        values->flags |= VPCVIS_RECORD_LATE;
    values->first_s = (uint32_t)first;
    values->last_s = last < first        ? (uint32_t)first
                     : last < UINT32_MAX ? (uint32_t)last
                                         : UINT32_MAX;
}

/* The packet's own addresses and path of a record, as a hint of the time it starts. */
static void put_hint(const struct vpcvis_record *record,
                     struct vpcvis_i_flow_values *values, uint8_t *pkt)
{
    const uint8_t family = record->srcaddr.family;
    const size_t bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    const int src =
        has(record, VPCVIS_FIELD_PKT_SRCADDR) && record->pkt_srcaddr.family == family;
    const int dst =
        has(record, VPCVIS_FIELD_PKT_DSTADDR) && record->pkt_dstaddr.family == family;
    const int path =
        has(record, VPCVIS_FIELD_TRAFFIC_PATH) && record->traffic_path <= UINT8_MAX;

    if (!src && !dst && !path)
        return;
    values->hinted = 1;
    values->hint_ns = record->start_s * SECOND;
    values->traffic_path = path ? (uint8_t)record->traffic_path : 0;
    memcpy(pkt, src ? record->pkt_srcaddr.bytes : record->srcaddr.bytes, bytes);
    memcpy(pkt + bytes, dst ? record->pkt_dstaddr.bytes : record->dstaddr.bytes, bytes);
}

static void put_values(const vpcvis_flow *flow, const struct vpcvis_record *record,
                       struct vpcvis_i_flow_values *values)
{
    const uint32_t marks =
        VPCVIS_RECORD_SATURATED | VPCVIS_RECORD_LATE | VPCVIS_RECORD_FRAGMENT;

    memset(values, 0, sizeof(*values));
    values->packets = record->packets;
    values->bytes = record->bytes;
    values->flags = (uint8_t)(record->flags & marks);
    if (has(record, VPCVIS_FIELD_TCP_FLAGS))
        values->tcp_flags = (uint8_t)(record->tcp_flags & 0xff);
    put_times(flow, record, values);
}

static void add_record(vpcvis_flow *flow, const struct vpcvis_record *record,
                       uint32_t interface)
{
    const int ipv4 = record->srcaddr.family == VPCVIS_ADDR_IPV4;
    const size_t bytes = ipv4 ? 4 : 16;
    const uint64_t srcport = has(record, VPCVIS_FIELD_SRCPORT) ? record->srcport : 0;
    const uint64_t dstport = has(record, VPCVIS_FIELD_DSTPORT) ? record->dstport : 0;
    const uint32_t verdict = has(record, VPCVIS_FIELD_ACTION) ? record->action : 0;
    const uint32_t direction =
        has(record, VPCVIS_FIELD_FLOW_DIRECTION) ? record->flow_direction : 0;
    struct vpcvis_i_flow_values values;
    uint64_t key[VPCVIS_I_FLOW_WORDS];
    uint8_t pkt[32];

    memcpy(key, record->srcaddr.bytes, bytes);
    memcpy((char *)key + bytes, record->dstaddr.bytes, bytes);
    key[ipv4 ? 1 : 4] =
        srcport << 48 | dstport << 32 |
        VPCVIS_I_FLOW_META(interface, record->protocol, verdict & 3u, direction & 3u);
    put_values(flow, record, &values);
    put_hint(record, &values, pkt);
    vpcvis_i_flow_count_one(flow, ipv4 ? VPCVIS_I_FLOW_IPV4 : VPCVIS_I_FLOW_IPV6, key,
                            &values, pkt);
}

/* 1 if the record starts past the open window, which the first record opens. */
static int starts_past(vpcvis_flow *flow, const struct vpcvis_record *record)
{
    if (flow->end_ns == 0)
        vpcvis_i_flow_open(flow, record->start_s * SECOND);
    return record->start_s >= flow->half[flow->open].end_s;
}

/* Deal with one record; 1 if it has to wait for a tick. */
static int take_record(vpcvis_flow *flow, const struct vpcvis_record *record,
                       uint32_t interface)
{
    const uint32_t log_status =
        has(record, VPCVIS_FIELD_LOG_STATUS) ? record->log_status : VPCVIS_LOG_STATUS_OK;
    const uint64_t packets = has(record, VPCVIS_FIELD_PACKETS) ? record->packets : 1;

    if (log_status == VPCVIS_LOG_STATUS_NODATA)
        return 0;
    if (!vpcvis_i_flow_is_live(flow, interface)) {
        vpcvis_i_flow_sum(&flow->counts.fed, packets);
        vpcvis_i_flow_sum(&flow->counts.unregistered, packets);
        return 0;
    }
    if (log_status == VPCVIS_LOG_STATUS_SKIPDATA) {
        if (has(record, VPCVIS_FIELD_START) && record->start_s <= LAST_SECOND &&
            starts_past(flow, record))
            return 1;
        flow->half[flow->open].seen[interface].skipdata = 1;
        return 0;
    }
    if (!is_whole(record)) {
        vpcvis_i_flow_sum(&flow->counts.fed, 1);
        vpcvis_i_flow_sum(&flow->counts.malformed, 1);
        return 0;
    }
    if (starts_past(flow, record))
        return 1;
    vpcvis_i_flow_sum(&flow->counts.fed, packets);
    add_record(flow, record, interface);
    return 0;
}

vpcvis_status vpcvis_flow_add_records(vpcvis_flow *flow,
                                      const struct vpcvis_record *records, size_t stride,
                                      size_t count, const uint32_t *interfaces,
                                      size_t *taken)
{
    size_t i;

    if (flow == NULL || taken == NULL || stride < STRIDE_MIN || stride % 8 != 0 ||
        ((records == NULL || interfaces == NULL) && count > 0))
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i++) {
        const void *record = (const char *)records + i * stride;
        if (take_record(flow, record, interfaces[i]))
            break;
    }
    *taken = i;
    return i == count ? VPCVIS_OK : VPCVIS_MORE;
}
