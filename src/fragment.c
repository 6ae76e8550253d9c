/* SPDX-License-Identifier: MIT */
/*
 * Room fragment: datagrams by key in a table of two-choice buckets, in a list by age; packets
 * that wait for their first, in lists out of one pool.
 *
 *     key --SipHash--> bucket a [16 tags] --> datagram --> held packet --> held packet
 *                      bucket b [16 tags]     ^ older, newer
 *                                             oldest ... newest        ready --> packet --> ...
 *
 * All datagrams live equally long and the clock does not go back, so the list by age is in the
 * order in which they expire.
 */
#include "bytes.h"
#include "hash.h"
#include "vpcvis/fragment.h"

#define FLAGS        (VPCVIS_FRAGMENT_HOLD | VPCVIS_FRAGMENT_UNKEYED)
#define CAPACITY_MAX 0x1000000u
#define WAYS         16u
#define NONE         UINT32_MAX

/* What tells datagrams apart. Its bytes are compared: it has no padding. */
struct key {
    uint32_t interface;
    uint32_t fragment_id;
    uint8_t src[16];
    uint8_t dst[16];
    uint8_t family;
    uint8_t direction;
    uint8_t protocol; /* 0 for IPv6 */
    uint8_t zero;
};

/* Where a key may be. */
struct place {
    uint32_t bucket[2];
    uint16_t tag; /* never 0, which is a free way */
};

struct datagram {
    struct key key;
    uint32_t bytes;    /* of its fragments so far */
    uint64_t begun_ns; /* when the first of them was seen */
    uint32_t end;      /* its length; 0 while the last one has not been seen */
    uint32_t reach;    /* where the furthest of them ends */
    uint32_t older;    /* datagrams by age */
    uint32_t newer;
    uint32_t held_first; /* nodes, in order of arrival */
    uint32_t held_last;
    uint32_t held;
    uint16_t srcport;
    uint16_t dstport;
    uint8_t first; /* the first fragment has been seen: what follows is known */
    uint8_t ports;
    uint8_t protocol;
    uint8_t reserved[5];
};

struct vpcvis_fragment {
    struct vpcvis_fragment_counts counts;
    uint64_t hash_key[2];
    uint64_t timeout_ns;
    uint64_t clock_ns;
    uint32_t flags;
    uint32_t capacity;
    uint32_t buckets;
    uint32_t live;
    uint32_t oldest; /* datagrams */
    uint32_t newest;
    uint32_t free; /* nodes */
    uint32_t ready_first;
    uint32_t ready_last;
    uint32_t reserved;
    struct datagram *datagrams;    /* buckets * WAYS */
    struct vpcvis_packet *packets; /* a node is one of these and its */
    uint32_t *after;               /* successor in its list */
    uint16_t *tags;                /* buckets * WAYS */
};

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
    const uint64_t way = sizeof(struct datagram) + sizeof(uint16_t);
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
    cache->datagrams = (struct datagram *)(cache + 1);
    cache->packets = (struct vpcvis_packet *)(cache->datagrams + ways);
    cache->after = (uint32_t *)(cache->packets + plan->nodes);
    cache->tags = (uint16_t *)(cache->after + plan->nodes);
    memset(cache->tags, 0, ways * sizeof(cache->tags[0]));
    cache->free = NONE;
    for (i = plan->nodes; i-- > 0;) {
        cache->after[i] = cache->free;
        cache->free = i;
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

static int has_ports(uint8_t protocol)
{
    return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
           protocol == 136;
}

/* Whether what follows an IPv6 extension header may yet have ports. */
static int is_extension(uint8_t protocol)
{
    return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 ||
           protocol == 60 || protocol == 135 || protocol == 139 || protocol == 140 ||
           protocol == 253 || protocol == 254;
}

static struct key key_of(const struct vpcvis_packet *packet)
{
    struct key key;

    key.interface = packet->interface;
    key.fragment_id = packet->fragment_id;
    memcpy(key.src, packet->src, sizeof(key.src));
    memcpy(key.dst, packet->dst, sizeof(key.dst));
    key.family = packet->family;
    key.direction = packet->direction;
    key.protocol = packet->family == VPCVIS_ADDR_IPV6 ? 0 : packet->protocol;
    key.zero = 0;
    return key;
}

static struct place place_of(const vpcvis_fragment *cache, const struct key *key)
{
    const char *src = (const char *)key->src, *dst = (const char *)key->dst;
    struct place place;
    uint64_t words[6], hash;

    words[0] = (uint64_t)key->fragment_id << 32 | key->interface;
    words[1] =
        (uint64_t)key->protocol << 16 | (uint64_t)key->direction << 8 | key->family;
    words[2] = vpcvis_i_bytes_le64(src);
    words[3] = vpcvis_i_bytes_le64(dst);
    words[4] = vpcvis_i_bytes_le64(src + 8);
    words[5] = vpcvis_i_bytes_le64(dst + 8);
    /* The rest of an IPv4 address is 0 and need not be hashed. */
    hash = vpcvis_i_hash_sip13(cache->hash_key, words,
                               key->family == VPCVIS_ADDR_IPV4 ? 4 : 6);
    place.bucket[0] = (uint32_t)((hash & UINT32_MAX) * cache->buckets >> 32);
    place.bucket[1] = (uint32_t)((hash >> 32) * cache->buckets >> 32);
    place.tag = (uint16_t)(hash & 0xffff);
    place.tag = place.tag != 0 ? place.tag : 1;
    return place;
}

static uint32_t find_in(const vpcvis_fragment *cache, uint32_t bucket, uint16_t tag,
                        const struct key *key)
{
    const uint32_t from = bucket * WAYS;
    uint32_t i;

    for (i = from; i < from + WAYS; i++) {
        if (cache->tags[i] == tag &&
            memcmp(&cache->datagrams[i].key, key, sizeof(*key)) == 0)
            return i;
    }
    return NONE;
}

static uint32_t find(const vpcvis_fragment *cache, const struct place *place,
                     const struct key *key)
{
    const uint32_t at = find_in(cache, place->bucket[0], place->tag, key);

    return at != NONE ? at : find_in(cache, place->bucket[1], place->tag, key);
}

/* A free way in the bucket; *free says how many there are. */
static uint32_t free_way(const vpcvis_fragment *cache, uint32_t bucket, uint32_t *free)
{
    const uint32_t from = bucket * WAYS;
    uint32_t i, found = NONE;

    *free = 0;
    for (i = from; i < from + WAYS; i++) {
        if (cache->tags[i] == 0) {
            found = i;
            (*free)++;
        }
    }
    return found;
}

/* A free way in the emptier bucket; NONE if both are full. */
static uint32_t free_of_two(const vpcvis_fragment *cache, const struct place *place)
{
    uint32_t free[2];
    const uint32_t a = free_way(cache, place->bucket[0], &free[0]);
    const uint32_t b = free_way(cache, place->bucket[1], &free[1]);

    return free[0] >= free[1] ? a : b;
}

/* The oldest datagram in two buckets that lends nothing and has nothing held. */
static uint32_t idle_of_two(const vpcvis_fragment *cache, const struct place *place)
{
    uint32_t i, found = NONE;

    for (i = 0; i < 2 * WAYS; i++) {
        const uint32_t at = place->bucket[i / WAYS] * WAYS + i % WAYS;
        const struct datagram *datagram = &cache->datagrams[at];
        if (cache->tags[at] != 0 && !datagram->first && datagram->held == 0 &&
            (found == NONE || datagram->begun_ns < cache->datagrams[found].begun_ns))
            found = at;
    }
    return found;
}

/* How a packet counts whose first fragment has no ports. */
static uint64_t *portless_count(vpcvis_fragment *cache, uint8_t protocol)
{
    return has_ports(protocol) || is_extension(protocol) ? &cache->counts.unknown
                                                         : &cache->counts.portless;
}

/* Give a packet what its first fragment says; it counts in *count if that is ports. */
static void lend(vpcvis_fragment *cache, const struct datagram *datagram,
                 struct vpcvis_packet *packet, uint64_t *count)
{
    if (packet->family == VPCVIS_ADDR_IPV6)
        packet->protocol = datagram->protocol;
    if (!datagram->ports) {
        (*portless_count(cache, datagram->protocol))++;
        return;
    }
    packet->srcport = datagram->srcport;
    packet->dstport = datagram->dstport;
    packet->flags |= VPCVIS_PACKET_PORTS | VPCVIS_PACKET_LENT;
    (*count)++;
}

/* Free what is held of a datagram: with what the first fragment says, or in vain. */
static void release(vpcvis_fragment *cache, struct datagram *datagram)
{
    uint32_t node;

    for (node = datagram->held_first; node != NONE; node = cache->after[node]) {
        if (datagram->first)
            lend(cache, datagram, &cache->packets[node], &cache->counts.waited);
        else
            cache->counts.expired++;
    }
    if (datagram->held_first == NONE)
        return;
    if (cache->ready_first == NONE)
        cache->ready_first = datagram->held_first;
    else
        cache->after[cache->ready_last] = datagram->held_first;
    cache->ready_last = datagram->held_last;
    cache->counts.held -= datagram->held;
    datagram->held_first = datagram->held_last = NONE;
    datagram->held = 0;
}

static void forget(vpcvis_fragment *cache, uint32_t at)
{
    struct datagram *datagram = &cache->datagrams[at];

    release(cache, datagram);
    if (datagram->older == NONE)
        cache->oldest = datagram->newer;
    else
        cache->datagrams[datagram->older].newer = datagram->newer;
    if (datagram->newer == NONE)
        cache->newest = datagram->older;
    else
        cache->datagrams[datagram->newer].older = datagram->older;
    cache->tags[at] = 0;
    cache->live--;
}

static void forget_all(vpcvis_fragment *cache)
{
    while (cache->oldest != NONE)
        forget(cache, cache->oldest);
}

/* Begin a datagram; a first fragment may take the place of an idle one. NONE: no room. */
static uint32_t begin(vpcvis_fragment *cache, const struct key *key,
                      const struct place *place, int is_first)
{
    uint32_t at = cache->live < cache->capacity ? free_of_two(cache, place) : NONE;
    struct datagram *datagram;

    if (at == NONE && is_first) {
        at = idle_of_two(cache, place);
        if (at != NONE)
            forget(cache, at);
    }
    if (at == NONE)
        return NONE;
    datagram = &cache->datagrams[at];
    memset(datagram, 0, sizeof(*datagram));
    datagram->key = *key;
    datagram->begun_ns = cache->clock_ns;
    datagram->held_first = datagram->held_last = NONE;
    datagram->newer = NONE;
    datagram->older = cache->newest;
    if (cache->newest == NONE)
        cache->oldest = at;
    else
        cache->datagrams[cache->newest].newer = at;
    cache->newest = at;
    cache->tags[at] = place->tag;
    cache->live++;
    return at;
}

static void advance(vpcvis_fragment *cache, uint64_t now_ns)
{
    if (now_ns > cache->clock_ns) {
        cache->clock_ns = now_ns;
        while (cache->oldest != NONE &&
               now_ns - cache->datagrams[cache->oldest].begun_ns > cache->timeout_ns)
            forget(cache, cache->oldest);
    } else if (now_ns != 0 && cache->clock_ns - now_ns > cache->timeout_ns) {
        forget_all(cache);
        cache->clock_ns = now_ns;
    }
}

/* Whether a fragment can be one of what is known of a datagram. */
static int belongs(const struct datagram *datagram, const struct vpcvis_packet *packet)
{
    const uint32_t past = (uint32_t)packet->fragment_at + packet->fragment_len;

    if (packet->fragment_len == 0)
        return 1;
    if ((packet->flags & VPCVIS_PACKET_LAST) == 0)
        return datagram->end == 0 || past < datagram->end;
    return datagram->end == 0 ? past > datagram->reach : past == datagram->end;
}

/* Add a fragment to what is known of its datagram. */
static void note(struct datagram *datagram, const struct vpcvis_packet *packet)
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

static int is_complete(const struct datagram *datagram)
{
    return datagram->first && datagram->end != 0 && datagram->bytes >= datagram->end;
}

/* Forget a datagram that a fragment contradicts; NONE, or where it was found. */
static uint32_t keep_own(vpcvis_fragment *cache, uint32_t at,
                         const struct vpcvis_packet *packet)
{
    if (at == NONE || belongs(&cache->datagrams[at], packet))
        return at;
    forget(cache, at);
    return NONE;
}

static void add_first(vpcvis_fragment *cache, const struct vpcvis_packet *packet,
                      const struct key *key, const struct place *place)
{
    const int ports = (packet->flags & VPCVIS_PACKET_PORTS) != 0;
    struct datagram *datagram;
    uint32_t at = find(cache, place, key);

    if (at != NONE && cache->datagrams[at].first) {
        cache->counts.replaced++;
        forget(cache, at);
        at = NONE;
    }
    at = keep_own(cache, at, packet);
    if (at == NONE)
        at = begin(cache, key, place, 1);
    if (!ports)
        (*portless_count(cache, packet->protocol))++;
    else if (at == NONE)
        cache->counts.full++;
    else
        cache->counts.first++;
    if (at == NONE)
        return;
    datagram = &cache->datagrams[at];
    datagram->first = 1;
    datagram->ports = (uint8_t)ports;
    datagram->protocol = packet->protocol;
    datagram->srcport = packet->srcport;
    datagram->dstport = packet->dstport;
    note(datagram, packet);
    release(cache, datagram);
    if (is_complete(datagram))
        forget(cache, at);
}

/* Keep a packet until the first fragment comes, or count it as going without. */
static void hold(vpcvis_fragment *cache, struct datagram *datagram,
                 struct vpcvis_packet *packet)
{
    const uint32_t node = cache->free;

    if (datagram == NULL || node == NONE) {
        cache->counts.full++;
        return;
    }
    cache->free = cache->after[node];
    cache->after[node] = NONE;
    cache->packets[node] = *packet;
    packet->flags |= VPCVIS_PACKET_HELD;
    if (datagram->held_first == NONE)
        datagram->held_first = node;
    else
        cache->after[datagram->held_last] = node;
    datagram->held_last = node;
    datagram->held++;
    cache->counts.held++;
}

static void add_later(vpcvis_fragment *cache, struct vpcvis_packet *packet,
                      const struct key *key, const struct place *place)
{
    struct datagram *datagram = NULL;
    uint32_t at = keep_own(cache, find(cache, place, key), packet);

    /* Noted without HOLD as well: its bytes make the datagram complete. */
    if (at == NONE)
        at = begin(cache, key, place, 0);
    if (at != NONE) {
        datagram = &cache->datagrams[at];
        note(datagram, packet);
    }
    if (datagram != NULL && datagram->first) {
        lend(cache, datagram, packet, &cache->counts.lent);
        if (is_complete(datagram))
            forget(cache, at);
    } else if ((cache->flags & VPCVIS_FRAGMENT_HOLD) != 0) {
        hold(cache, datagram, packet);
    } else {
        cache->counts.unknown++;
    }
}

/* Whether a packet is a fragment to look at: sound, one of several, and not seen yet. */
static int is_fragment(const struct vpcvis_packet *packet)
{
    const uint32_t seen = VPCVIS_PACKET_HELD | VPCVIS_PACKET_LENT | VPCVIS_PACKET_ATOMIC;

    return (packet->flags & VPCVIS_PACKET_FRAGMENT) != 0 && (packet->flags & seen) == 0 &&
           packet->status == VPCVIS_OK && packet->family != 0;
}

static void add_fragment(vpcvis_fragment *cache, struct vpcvis_packet *packet)
{
    struct place place;
    struct key key;

    cache->counts.fragments++;
    if (packet->family == VPCVIS_ADDR_IPV4 && !has_ports(packet->protocol)) {
        cache->counts.portless++;
        return;
    }
    key = key_of(packet);
    place = place_of(cache, &key);
    if ((packet->flags & VPCVIS_PACKET_LATER) != 0)
        add_later(cache, packet, &key, &place);
    else
        add_first(cache, packet, &key, &place);
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
