/* SPDX-License-Identifier: MIT */
/*
 * Internal, room fragment: the cache, and what fragment_table.c does with it.
 *
 *     key --SipHash--> bucket a [16 tags] --> datagram --> held packet --> held packet
 *                      bucket b [16 tags]     ^ older, newer
 *                                             oldest ... newest        ready --> packet --> ...
 *
 * All datagrams live equally long and the clock does not go back, so the list by age is in the
 * order in which they expire. A datagram is busy when its first fragment was seen or a packet
 * of it is held; the capacity is that of busy ones. Idle ones only sum up bytes, in ways that
 * are left over, and give way.
 */
#ifndef VPCVIS_I_FRAGMENT_H
#define VPCVIS_I_FRAGMENT_H

#include "bytes.h"
#include "vpcvis/fragment.h"

#define VPCVIS_I_FRAGMENT_WAYS 16u
#define VPCVIS_I_FRAGMENT_NONE UINT32_MAX

/* What a way of a bucket has. */
#define VPCVIS_I_FRAGMENT_FREE 0
#define VPCVIS_I_FRAGMENT_IDLE 1
#define VPCVIS_I_FRAGMENT_BUSY 2

/* What tells datagrams apart. Its bytes are compared: it has no padding. */
struct vpcvis_i_fragment_key {
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
struct vpcvis_i_fragment_place {
    struct vpcvis_i_fragment_key key;
    uint32_t bucket[2];
    uint16_t tag;
    uint16_t reserved;
};

struct vpcvis_i_fragment_datagram {
    struct vpcvis_i_fragment_key key;
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
    uint32_t busy;
    uint32_t oldest; /* datagrams */
    uint32_t newest;
    uint32_t free; /* nodes */
    uint32_t ready_first;
    uint32_t ready_last;
    uint32_t reserved;
    struct vpcvis_i_fragment_datagram *datagrams; /* buckets * VPCVIS_I_FRAGMENT_WAYS */
    struct vpcvis_packet *packets;                /* a node is one of these and its */
    uint32_t *after;                              /* successor in its list */
    uint16_t *tags;                               /* buckets * VPCVIS_I_FRAGMENT_WAYS */
    uint8_t *
        use; /* and VPCVIS_I_FRAGMENT_FREE, VPCVIS_I_FRAGMENT_IDLE or VPCVIS_I_FRAGMENT_BUSY */
};

/* Whether a protocol's first bytes are two ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
VPCVIS_I int vpcvis_i_fragment_has_ports(uint8_t protocol);

/* Where the datagram of a packet may be, and where it is or NONE. */
VPCVIS_I struct vpcvis_i_fragment_place vpcvis_i_fragment_place(
    const vpcvis_fragment *cache, const struct vpcvis_packet *packet);
VPCVIS_I uint32_t vpcvis_i_fragment_find(const vpcvis_fragment *cache,
                                         const struct vpcvis_i_fragment_place *place);

/* Begin an idle datagram; one that will be busy takes the place of another. NONE: no room. */
VPCVIS_I uint32_t vpcvis_i_fragment_begin(vpcvis_fragment *cache,
                                          const struct vpcvis_i_fragment_place *place,
                                          int evict);
VPCVIS_I void vpcvis_i_fragment_make_busy(vpcvis_fragment *cache, uint32_t at);

/* Take a datagram out, and free what is held of it. */
VPCVIS_I void vpcvis_i_fragment_forget(vpcvis_fragment *cache, uint32_t at);

/* How a packet counts whose first fragment has no ports. */
VPCVIS_I uint64_t *vpcvis_i_fragment_portless(vpcvis_fragment *cache, uint8_t protocol);

/* Give a packet what its first fragment says; it counts in *count if that is ports. */
VPCVIS_I void vpcvis_i_fragment_lend(vpcvis_fragment *cache,
                                     const struct vpcvis_i_fragment_datagram *datagram,
                                     struct vpcvis_packet *packet, uint64_t *count);

/* Whether a packet can be held, of a datagram (or NONE) that may have to become busy. */
VPCVIS_I int vpcvis_i_fragment_has_room(const vpcvis_fragment *cache, uint32_t at);

/* Keep a packet until its first fragment comes; there is room. */
VPCVIS_I void vpcvis_i_fragment_hold(vpcvis_fragment *cache, uint32_t at,
                                     struct vpcvis_packet *packet);

/* Free what is held of a datagram: with what the first fragment says, or in vain. */
VPCVIS_I void vpcvis_i_fragment_release(vpcvis_fragment *cache,
                                        struct vpcvis_i_fragment_datagram *datagram);

#endif
