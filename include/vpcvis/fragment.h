/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/fragment.h - ports for IP fragments that carry none.
 *
 * Only the first fragment of a datagram has the ports; filters with port ranges and flow logs
 * want them for all. A cache of fixed size remembers the ports of first fragments by
 * interface, direction, addresses, identification and (IPv4, RFC 791) protocol, and lends them
 * to the others. IPv6 identifies without the protocol (RFC 8200 4.5), which is lent as well:
 * in a later fragment it may be that of an extension header.
 *
 * Fragments may come in any order. A later fragment whose first has not been seen is either
 * left without ports at once, or, with VPCVIS_FRAGMENT_HOLD, kept here (as a packet summary,
 * not as bytes) until its first comes or its time is up; then it is handed out again. So the
 * flow log of a capture does not depend on the order of fragments. [fragment.order]
 *
 * Identifications are used again and attackers send overlaps. No fragment gets the ports of a
 * datagram that it cannot belong to (RFC 6864, RFC 8200 4.5, RFC 5722): [fragment.reuse]
 * - a first fragment always replaces what was remembered;
 * - a datagram is forgotten when it is complete: its last fragment, which says how long it is,
 *   and its first were seen, and fragments of that many bytes together. Overlaps and repeated
 *   fragments count each time; they can end a datagram early, so that others go without;
 * - a fragment that reaches past the end, or a last one that ends elsewhere, is the beginning
 *   of another datagram, and what was remembered goes;
 * - a first fragment too short to have its ports (RFC 1858), or cut so by the capture, or bad
 *   (status) is a first one all the same: it replaces, and the others of its datagram go
 *   without. No port of another packet lets them through a rule. [fragment.tiny]
 *
 * Nothing grows: when the cache is full, the fragment goes without and is counted. A lookup
 * looks at two buckets of 16, never further. Datagrams of which only later fragments came and
 * none is held give way to others. A flood of later fragments can fill what HOLD may keep, and
 * as many datagrams: have a capacity well above `held`, and it takes no more.
 *
 * One cache per worker; a datagram's fragments must reach the same worker (hash addresses
 * without ports). Time comes from the packets (seen_ns; 0 says nothing) and from ticks. A time
 * up to the timeout before the latest changes nothing; one further back is a clock that was
 * set back: what is remembered goes, and time goes on from there.
 */
#ifndef VPCVIS_FRAGMENT_H
#define VPCVIS_FRAGMENT_H

#include "vpcvis/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_fragment vpcvis_fragment;

/* vpcvis_fragment_config.flags */
#define VPCVIS_FRAGMENT_HOLD 1u /* keep later fragments that come before their first */
#define VPCVIS_FRAGMENT_UNKEYED \
    2u /* run without hash_key: only where nobody sends at will */

struct vpcvis_fragment_config {
    uint32_t size; /* sizeof(struct vpcvis_fragment_config) */
    uint32_t flags;
    uint32_t capacity;    /* datagrams remembered at once, up to 2^24; 0: 1,024 */
    uint32_t held;        /* packets kept with HOLD at once, up to 2^24; 0: 256 */
    uint64_t timeout_ns;  /* after a datagram's first seen fragment; 0: 30 s */
    uint8_t hash_key[16]; /* random; all zero is VPCVIS_E_CONFIG without UNKEYED */
};

/* Every fragment is in exactly one of these, all but the first and the last. */
struct vpcvis_fragment_counts {
    uint64_t fragments; /* seen */
    uint64_t first;     /* with ports of their own, and remembered */
    uint64_t lent;      /* given ports at once */
    uint64_t waited;    /* given ports after being held */
    uint64_t held;      /* now, those ready for vpcvis_fragment_next not included */
    uint64_t portless;  /* of a protocol without ports: nothing to lend */
    uint64_t
        unknown; /* went without: no HOLD and no first yet, or a first without ports */
    uint64_t expired; /* went without: held in vain, until their time or datagram ended */
    uint64_t full;    /* no room: first ones not remembered, others that went without */
    uint64_t replaced; /* first fragments that replaced a datagram not complete */
};

/*
 * Memory that vpcvis_fragment_init needs for this config (NULL: defaults; the key does not
 * matter); 0: a bad config.
 */
VPCVIS_API size_t vpcvis_fragment_bytes(const struct vpcvis_fragment_config *config);

/*
 * Make a cache in memory of len bytes, which stays until its last use. One thread at a time.
 * VPCVIS_E_SPACE: see vpcvis_fragment_bytes; VPCVIS_E_CONFIG: unknown flags or bytes, too much
 * capacity, no key and not UNKEYED; VPCVIS_E_ARG: NULL memory or cache.
 */
VPCVIS_API vpcvis_status vpcvis_fragment_init(void *memory, size_t len,
                                              const struct vpcvis_fragment_config *config,
                                              vpcvis_fragment **cache);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_fragment_new(const struct vpcvis_fragment_config *config,
                                             const struct vpcvis_allocator *allocator,
                                             vpcvis_fragment **cache);

/* Free what vpcvis_fragment_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_fragment_free(vpcvis_fragment *cache,
                                     const struct vpcvis_allocator *allocator);

/*
 * Look at count packets in order and change the fragments among them in place: a later one gets
 * its ports and VPCVIS_PACKET_PORTS, VPCVIS_PACKET_LENT (IPv6: and protocol), or
 * VPCVIS_PACKET_HELD if it is kept here (ignore it; a copy comes out of vpcvis_fragment_next).
 * All else is left alone: whole packets, atomic fragments, bad later ones (status), and those
 * that are HELD or LENT already. Call vpcvis_fragment_next until VPCVIS_NOMATCH after each batch.
 * VPCVIS_OK; VPCVIS_E_ARG: NULL, but packets may be with count 0.
 */
VPCVIS_API vpcvis_status vpcvis_fragment_add(vpcvis_fragment *cache,
                                             struct vpcvis_packet *packets, size_t count);

/*
 * The next packet that was held and is free now: its first has come (ports, LENT), or it waited
 * in vain (none). Those of a datagram come in their order of arrival, with the time at which
 * they were seen. VPCVIS_OK; VPCVIS_NOMATCH: none for now; VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_fragment_next(vpcvis_fragment *cache,
                                              struct vpcvis_packet *packet);

/*
 * Say that it is now_ns: datagrams older than the timeout go, and what is held of them is free.
 * UINT64_MAX lets everything go, before a flow window is closed, and is no time: the cache can
 * be used on. VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_fragment_tick(vpcvis_fragment *cache, uint64_t now_ns);

/* Counts since the cache was made. VPCVIS_E_ARG: NULL. */
VPCVIS_API vpcvis_status vpcvis_fragment_get(const vpcvis_fragment *cache,
                                             struct vpcvis_fragment_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
