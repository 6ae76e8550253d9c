/* SPDX-License-Identifier: MIT */
/*
 * Room fragment: the rules by which fragments make datagrams, and lend and get ports.
 */
#include "fragment.h"

#define WAYS         VPCVIS_I_FRAGMENT_WAYS
#define NONE         VPCVIS_I_FRAGMENT_NONE
#define FREE         VPCVIS_I_FRAGMENT_FREE
#define BUSY         VPCVIS_I_FRAGMENT_BUSY
#define FLAGS        (VPCVIS_FRAGMENT_HOLD | VPCVIS_FRAGMENT_UNKEYED)
#define CAPACITY_MAX 0x1000000u

/* Sizes that follow from a config. */
struct plan {
    struct vpcvis_fragment_config config;
    uint32_t buckets;
    uint32_t nodes;
};

static vpcvis_status make_plan(const struct vpcvis_fragment_config *config,
                               struct plan *plan)
{
    struct vpcvis_fragment_config *known = &plan->config;
    const vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~FLAGS) != 0 || known->capacity > CAPACITY_MAX ||
        known->held > CAPACITY_MAX)
        return VPCVIS_E_CONFIG;
    if (known->capacity == 0)
        known->capacity = 1024;
    if (known->held == 0)
        known->held = 256;
    if (known->timeout_ns == 0)
        known->timeout_ns = 30000000000u;
    /* Up to 80 % of the ways in use, two choices of 16 are next to never both full. */
    plan->buckets = (known->capacity + known->capacity / 4) / WAYS + 1;
    plan->nodes = (known->flags & VPCVIS_FRAGMENT_HOLD) != 0 ? known->held : 0;
    return VPCVIS_OK;
}

/* Bytes of the machine; 0 if this machine cannot address them. */
static size_t plan_bytes(const struct plan *plan)
{
    const uint64_t way = sizeof(struct vpcvis_i_fragment_datagram) + sizeof(uint16_t) + 1;
    const uint64_t node = sizeof(struct vpcvis_packet) + sizeof(uint32_t);
    const uint64_t bytes = sizeof(struct vpcvis_fragment) + plan->buckets * (WAYS * way) +
                           plan->nodes * node;

    return bytes <= SIZE_MAX / 2 ? (size_t)bytes : 0;
}

size_t vpcvis_fragment_bytes(const struct vpcvis_fragment_config *config)
{
    struct plan plan;
    size_t bytes;

    if (make_plan(config, &plan) != VPCVIS_OK)
        return 0;
    bytes = plan_bytes(&plan);
    return bytes > 0 ? bytes + VPCVIS_I_ALIGN - 1 : 0;
}

static int is_zero(const uint8_t *bytes, size_t len)
{
    size_t i = 0;

    while (i < len && bytes[i] == 0)
        i++;
    return i == len;
}

static void build(vpcvis_fragment *cache, const struct plan *plan)
{
    const struct vpcvis_fragment_config *config = &plan->config;
    const size_t ways = (size_t)plan->buckets * WAYS;
    uint32_t i;

    memset(cache, 0, sizeof(*cache));
    cache->hash_key[0] = vpcvis_i_bytes_le64((const char *)config->hash_key);
    cache->hash_key[1] = vpcvis_i_bytes_le64((const char *)config->hash_key + 8);
    cache->timeout_ns = config->timeout_ns;
    cache->flags = config->flags;
    cache->capacity = config->capacity;
    cache->buckets = plan->buckets;
    cache->oldest = cache->newest = NONE;
    cache->ready_first = cache->ready_last = NONE;
    cache->datagrams = (struct vpcvis_i_fragment_datagram *)(cache + 1);
    cache->packets = (struct vpcvis_packet *)(cache->datagrams + ways);
    cache->after = (uint32_t *)(cache->packets + plan->nodes);
    cache->tags = (uint16_t *)(cache->after + plan->nodes);
    cache->use = (uint8_t *)(cache->tags + ways);
    memset(cache->tags, 0, ways * sizeof(cache->tags[0]));
    memset(cache->use, FREE, ways);
    cache->free = NONE;
    for (i = plan->nodes; i > 0; i--) {
        cache->after[i - 1] = cache->free;
        cache->free = i - 1;
    }
}

vpcvis_status vpcvis_fragment_init(void *memory, size_t len,
                                   const struct vpcvis_fragment_config *config,
                                   vpcvis_fragment **cache)
{
    struct plan plan;
    vpcvis_status status;
    size_t bytes;

    if (memory == NULL || cache == NULL)
        return VPCVIS_E_ARG;
    status = make_plan(config, &plan);
    if (status != VPCVIS_OK)
        return status;
    bytes = plan_bytes(&plan);
    if (bytes == 0 || ((plan.config.flags & VPCVIS_FRAGMENT_UNKEYED) == 0 &&
                       is_zero(plan.config.hash_key, sizeof(plan.config.hash_key))))
        return VPCVIS_E_CONFIG;
    if (len < bytes + VPCVIS_I_ALIGN - 1)
        return VPCVIS_E_SPACE;
    *cache = vpcvis_i_bytes_align(memory);
    build(*cache, &plan);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_fragment_new(const struct vpcvis_fragment_config *config,
                                  const struct vpcvis_allocator *allocator,
                                  vpcvis_fragment **cache)
{
    const size_t bytes = vpcvis_fragment_bytes(config);
    vpcvis_status status;
    void *memory;

    if (cache == NULL)
        return VPCVIS_E_ARG;
    if (bytes == 0)
        return VPCVIS_E_CONFIG;
    memory = vpcvis_i_base_new(allocator, bytes);
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_fragment_init(memory, bytes, config, cache);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_fragment_free(vpcvis_fragment *cache,
                          const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, cache);
}

static void forget_all(vpcvis_fragment *cache)
{
    while (cache->oldest != NONE)
        vpcvis_i_fragment_forget(cache, cache->oldest);
}

static void advance(vpcvis_fragment *cache, uint64_t now_ns)
{
    if (now_ns > cache->clock_ns) {
        cache->clock_ns = now_ns;
        while (cache->oldest != NONE &&
               now_ns - cache->datagrams[cache->oldest].begun_ns > cache->timeout_ns)
            vpcvis_i_fragment_forget(cache, cache->oldest);
    } else if (now_ns != 0 && cache->clock_ns - now_ns > cache->timeout_ns) {
        forget_all(cache);
        cache->clock_ns = now_ns;
    }
}

/* Whether a fragment can be one of what is known of a datagram. */
static int belongs(const struct vpcvis_i_fragment_datagram *datagram,
                   const struct vpcvis_packet *packet)
{
    const uint32_t past = (uint32_t)packet->fragment_at + packet->fragment_len;

    if (packet->fragment_len == 0)
        return 1;
    if ((packet->flags & VPCVIS_PACKET_LAST) == 0)
        return datagram->end == 0 || past < datagram->end;
    return datagram->end == 0 ? past > datagram->reach : past == datagram->end;
}

/* Add a fragment to what is known of its datagram. */
static void note(struct vpcvis_i_fragment_datagram *datagram,
                 const struct vpcvis_packet *packet)
{
    const uint32_t past = (uint32_t)packet->fragment_at + packet->fragment_len;

    if ((packet->flags & VPCVIS_PACKET_LAST) != 0 && packet->fragment_len != 0) {
        if (datagram->end != 0)
            return; /* the last one once more */
        datagram->end = past;
    }
    if (past > datagram->reach)
        datagram->reach = past;
    /* More than any datagram has is enough: no sum that wraps. */
    if (datagram->bytes < 0x10000)
        datagram->bytes += packet->fragment_len;
}

static int is_complete(const struct vpcvis_i_fragment_datagram *datagram)
{
    return datagram->first && datagram->end != 0 && datagram->bytes >= datagram->end;
}

/* Forget a datagram that a fragment contradicts; NONE, or where it was found. */
static uint32_t keep_own(vpcvis_fragment *cache, uint32_t at,
                         const struct vpcvis_packet *packet)
{
    if (at == NONE || belongs(&cache->datagrams[at], packet))
        return at;
    vpcvis_i_fragment_forget(cache, at);
    return NONE;
}

/* The datagram that begins with a first fragment, or NONE. */
static uint32_t replace(vpcvis_fragment *cache, const struct vpcvis_packet *packet,
                        const struct vpcvis_i_fragment_place *place)
{
    uint32_t at = vpcvis_i_fragment_find(cache, place);

    if (at != NONE && cache->datagrams[at].first) {
        cache->counts.replaced++;
        vpcvis_i_fragment_forget(cache, at);
        at = NONE;
    }
    at = keep_own(cache, at, packet);
    if (cache->busy == cache->capacity && (at == NONE || cache->use[at] != BUSY))
        return NONE;
    return at != NONE ? at : vpcvis_i_fragment_begin(cache, place, 1);
}

static void add_first(vpcvis_fragment *cache, const struct vpcvis_packet *packet,
                      const struct vpcvis_i_fragment_place *place)
{
    const int ports =
        (packet->flags & VPCVIS_PACKET_PORTS) != 0 && packet->status == VPCVIS_OK;
    const uint32_t at = replace(cache, packet, place);
    struct vpcvis_i_fragment_datagram *datagram;

    if (!ports)
        (*vpcvis_i_fragment_portless(cache, packet->protocol))++;
    else if (at == NONE)
        cache->counts.full++;
    else
        cache->counts.first++;
    if (at == NONE)
        return;
    vpcvis_i_fragment_make_busy(cache, at);
    datagram = &cache->datagrams[at];
    datagram->first = 1;
    datagram->ports = (uint8_t)ports;
    datagram->protocol = packet->protocol;
    datagram->srcport = packet->srcport;
    datagram->dstport = packet->dstport;
    note(datagram, packet);
    vpcvis_i_fragment_release(cache, datagram);
    if (is_complete(datagram))
        vpcvis_i_fragment_forget(cache, at);
}

static void add_later(vpcvis_fragment *cache, struct vpcvis_packet *packet,
                      const struct vpcvis_i_fragment_place *place)
{
    const int holds = (cache->flags & VPCVIS_FRAGMENT_HOLD) != 0;
    uint32_t at = keep_own(cache, vpcvis_i_fragment_find(cache, place), packet);

    /* Noted without HOLD as well: its bytes make the datagram complete. */
    if (at == NONE)
        at = vpcvis_i_fragment_begin(cache, place,
                                     holds && vpcvis_i_fragment_has_room(cache, at));
    if (at != NONE)
        note(&cache->datagrams[at], packet);
    if (at != NONE && cache->datagrams[at].first) {
        vpcvis_i_fragment_lend(cache, &cache->datagrams[at], packet, &cache->counts.lent);
        if (is_complete(&cache->datagrams[at]))
            vpcvis_i_fragment_forget(cache, at);
    } else if (!holds) {
        cache->counts.unknown++;
    } else if (at != NONE && vpcvis_i_fragment_has_room(cache, at)) {
        vpcvis_i_fragment_hold(cache, at, packet);
    } else {
        cache->counts.full++;
    }
}

/* Whether a packet is a fragment to look at: one of several, not seen yet, and sound, unless it
 * is a first one, which replaces however bad it is. */
static int is_fragment(const struct vpcvis_packet *packet)
{
    const uint32_t seen = VPCVIS_PACKET_HELD | VPCVIS_PACKET_LENT | VPCVIS_PACKET_ATOMIC;

    return (packet->flags & VPCVIS_PACKET_FRAGMENT) != 0 && (packet->flags & seen) == 0 &&
           packet->family != 0 &&
           (packet->status == VPCVIS_OK || (packet->flags & VPCVIS_PACKET_LATER) == 0);
}

static void add_fragment(vpcvis_fragment *cache, struct vpcvis_packet *packet)
{
    struct vpcvis_i_fragment_place place;

    cache->counts.fragments++;
    if (packet->family == VPCVIS_ADDR_IPV4 &&
        !vpcvis_i_fragment_has_ports(packet->protocol)) {
        cache->counts.portless++;
        return;
    }
    place = vpcvis_i_fragment_place(cache, packet);
    if ((packet->flags & VPCVIS_PACKET_LATER) != 0)
        add_later(cache, packet, &place);
    else
        add_first(cache, packet, &place);
}

vpcvis_status vpcvis_fragment_add(vpcvis_fragment *cache, struct vpcvis_packet *packets,
                                  size_t count)
{
    size_t i;

    if (cache == NULL || (packets == NULL && count > 0))
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i++) {
        advance(cache, packets[i].seen_ns);
        if (VPCVIS_I_UNLIKELY(is_fragment(&packets[i])))
            add_fragment(cache, &packets[i]);
    }
    return VPCVIS_OK;
}

vpcvis_status vpcvis_fragment_next(vpcvis_fragment *cache, struct vpcvis_packet *packet)
{
    uint32_t node;

    if (cache == NULL || packet == NULL)
        return VPCVIS_E_ARG;
    node = cache->ready_first;
    if (node == NONE)
        return VPCVIS_NOMATCH;
    *packet = cache->packets[node];
    cache->ready_first = cache->after[node];
    cache->after[node] = cache->free;
    cache->free = node;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_fragment_tick(vpcvis_fragment *cache, uint64_t now_ns)
{
    if (cache == NULL)
        return VPCVIS_E_ARG;
    if (now_ns == UINT64_MAX)
        forget_all(cache);
    else
        advance(cache, now_ns);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_fragment_get(const vpcvis_fragment *cache,
                                  struct vpcvis_fragment_counts *counts)
{
    if (cache == NULL || counts == NULL)
        return VPCVIS_E_ARG;
    *counts = cache->counts;
    return VPCVIS_OK;
}
