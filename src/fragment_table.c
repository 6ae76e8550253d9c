/* SPDX-License-Identifier: MIT */
/*
 * Room fragment: datagrams by key and by age, and the packets that are held of them.
 */
#include "fragment.h"
#include "hash.h"

#define WAYS VPCVIS_I_FRAGMENT_WAYS
#define NONE VPCVIS_I_FRAGMENT_NONE
#define FREE VPCVIS_I_FRAGMENT_FREE
#define IDLE VPCVIS_I_FRAGMENT_IDLE
#define BUSY VPCVIS_I_FRAGMENT_BUSY

int vpcvis_i_fragment_has_ports(uint8_t protocol)
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

static struct vpcvis_i_fragment_key key_of(const struct vpcvis_packet *packet)
{
    struct vpcvis_i_fragment_key key;

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

struct vpcvis_i_fragment_place vpcvis_i_fragment_place(const vpcvis_fragment *cache,
                                                       const struct vpcvis_packet *packet)
{
    const struct vpcvis_i_fragment_key key = key_of(packet);
    const char *src = (const char *)key.src, *dst = (const char *)key.dst;
    struct vpcvis_i_fragment_place place;
    uint64_t words[6], hash;

    words[0] = (uint64_t)key.fragment_id << 32 | key.interface;
    words[1] = (uint64_t)key.protocol << 16 | (uint64_t)key.direction << 8 | key.family;
    words[2] = vpcvis_i_bytes_le64(src);
    words[3] = vpcvis_i_bytes_le64(dst);
    words[4] = vpcvis_i_bytes_le64(src + 8);
    words[5] = vpcvis_i_bytes_le64(dst + 8);
    /* The rest of an IPv4 address is 0 and need not be hashed. */
    hash = vpcvis_i_hash_sip13(cache->hash_key, words,
                               key.family == VPCVIS_ADDR_IPV4 ? 4 : 6);
    place.key = key;
    place.bucket[0] = (uint32_t)((hash & UINT32_MAX) * cache->buckets >> 32);
    place.bucket[1] = (uint32_t)((hash >> 32) * cache->buckets >> 32);
    place.tag = (uint16_t)(hash & 0xffff);
    place.reserved = 0;
    return place;
}

static uint32_t find_in(const vpcvis_fragment *cache,
                        const struct vpcvis_i_fragment_place *place, uint32_t bucket)
{
    const uint32_t from = bucket * WAYS;
    uint32_t i;

    for (i = from; i < from + WAYS; i++) {
        if (cache->tags[i] == place->tag && cache->use[i] != FREE &&
            memcmp(&cache->datagrams[i].key, &place->key, sizeof(place->key)) == 0)
            return i;
    }
    return NONE;
}

uint32_t vpcvis_i_fragment_find(const vpcvis_fragment *cache,
                                const struct vpcvis_i_fragment_place *place)
{
    const uint32_t at = find_in(cache, place, place->bucket[0]);

    return at != NONE ? at : find_in(cache, place, place->bucket[1]);
}

/* A free way in the bucket, else, to evict, an idle one; *spare: how many are not busy. */
static uint32_t spare_way(const vpcvis_fragment *cache, uint32_t bucket, int evict,
                          uint32_t *spare)
{
    const uint32_t from = bucket * WAYS;
    uint32_t i, found = NONE;

    *spare = 0;
    for (i = from; i < from + WAYS; i++) {
        *spare += cache->use[i] != BUSY;
        if (cache->use[i] == FREE || (cache->use[i] == IDLE && evict && found == NONE))
            found = i;
    }
    if (found == NONE)
        *spare = 0;
    return found;
}

/* A way in the bucket of two that has fewer busy ones; NONE: no room in either. */
static uint32_t spare_of_two(const vpcvis_fragment *cache,
                             const struct vpcvis_i_fragment_place *place, int evict)
{
    uint32_t spare[2];
    const uint32_t a = spare_way(cache, place->bucket[0], evict, &spare[0]);
    const uint32_t b = spare_way(cache, place->bucket[1], evict, &spare[1]);

    return spare[0] >= spare[1] ? a : b;
}

uint64_t *vpcvis_i_fragment_portless(vpcvis_fragment *cache, uint8_t protocol)
{
    return vpcvis_i_fragment_has_ports(protocol) || is_extension(protocol)
               ? &cache->counts.unknown
               : &cache->counts.portless;
}

void vpcvis_i_fragment_lend(vpcvis_fragment *cache,
                            const struct vpcvis_i_fragment_datagram *datagram,
                            struct vpcvis_packet *packet, uint64_t *count)
{
    if (packet->family == VPCVIS_ADDR_IPV6)
        packet->protocol = datagram->protocol;
    if (!datagram->ports) {
        (*vpcvis_i_fragment_portless(cache, datagram->protocol))++;
        return;
    }
    packet->srcport = datagram->srcport;
    packet->dstport = datagram->dstport;
    packet->flags |= VPCVIS_PACKET_PORTS | VPCVIS_PACKET_LENT;
    (*count)++;
}

void vpcvis_i_fragment_release(vpcvis_fragment *cache,
                               struct vpcvis_i_fragment_datagram *datagram)
{
    uint32_t node;

    for (node = datagram->held_first; node != NONE; node = cache->after[node]) {
        if (datagram->first)
            vpcvis_i_fragment_lend(cache, datagram, &cache->packets[node],
                                   &cache->counts.waited);
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

void vpcvis_i_fragment_forget(vpcvis_fragment *cache, uint32_t at)
{
    struct vpcvis_i_fragment_datagram *datagram = &cache->datagrams[at];

    vpcvis_i_fragment_release(cache, datagram);
    if (datagram->older == NONE)
        cache->oldest = datagram->newer;
    else
        cache->datagrams[datagram->older].newer = datagram->newer;
    if (datagram->newer == NONE)
        cache->newest = datagram->older;
    else
        cache->datagrams[datagram->newer].older = datagram->older;
    cache->busy -= cache->use[at] == BUSY;
    cache->use[at] = FREE;
}

void vpcvis_i_fragment_make_busy(vpcvis_fragment *cache, uint32_t at)
{
    cache->busy += cache->use[at] != BUSY;
    cache->use[at] = BUSY;
}

uint32_t vpcvis_i_fragment_begin(vpcvis_fragment *cache,
                                 const struct vpcvis_i_fragment_place *place, int evict)
{
    const uint32_t at = spare_of_two(cache, place, evict);
    struct vpcvis_i_fragment_datagram *datagram;

    if (at == NONE)
        return NONE;
    if (cache->use[at] == IDLE)
        vpcvis_i_fragment_forget(cache, at);
    datagram = &cache->datagrams[at];
    memset(datagram, 0, sizeof(*datagram));
    datagram->key = place->key;
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
    cache->use[at] = IDLE;
    return at;
}

int vpcvis_i_fragment_has_room(const vpcvis_fragment *cache, uint32_t at)
{
    return cache->free != NONE &&
           (cache->busy < cache->capacity || (at != NONE && cache->use[at] == BUSY));
}

void vpcvis_i_fragment_hold(vpcvis_fragment *cache, uint32_t at,
                            struct vpcvis_packet *packet)
{
    struct vpcvis_i_fragment_datagram *datagram = &cache->datagrams[at];
    const uint32_t node = cache->free;

    vpcvis_i_fragment_make_busy(cache, at);
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
