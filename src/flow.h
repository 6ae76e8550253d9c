/* SPDX-License-Identifier: MIT */
/*
 * Internal: how room flow is built.
 *
 * A machine has two halves: the open window's, which packets go into, and the closed one's,
 * which is drained. A half has a table of IPv4 flows and one of IPv6 flows. A table is slots,
 * one flow each, used in the order in which flows begin, and buckets that lead to them. A
 * bucket is a cache line of ten places; the hash of a key chooses two buckets, and the key's
 * place is in one of them or nowhere. The second is only used when the first is rather full,
 * so nine keys in ten are found in the first (and no key of a table that is not full is ever
 * refused: ten places, six of them used, were tried at all sizes).
 *
 *     bucket   tag[10]   16 bits of the hash, 0: the place is free, and all after it
 *              slot[10]
 *     slots    | f f f f f f ... |   64 bytes each, of IPv6 128
 *
 * Nothing is removed within a window, and a half becomes empty by clearing its buckets.
 *
 * A flow's key is words: the bytes of the addresses, then a word of ports and meta, which is
 * interface, protocol, verdict and direction in 20, 8, 2 and 2 bits.
 */
#ifndef VPCVIS_I_FLOW_H
#define VPCVIS_I_FLOW_H

#include "hash.h"
#include "record.h"
#include "vpcvis/flow.h"

#define VPCVIS_I_FLOW_WAYS 10u /* places of a bucket */
#define VPCVIS_I_FLOW_FILL 6u  /* how many of them are in use when the table is full */
#define VPCVIS_I_FLOW_FIRST \
    7u /* so many are used in the first bucket before the second */
#define VPCVIS_I_FLOW_BATCH 128u /* packets of a group */
#define VPCVIS_I_FLOW_STEP  16u  /* of these how many are dealt with together */
#define VPCVIS_I_FLOW_LAG   32u  /* how far their buckets, then slots are fetched ahead */
#define VPCVIS_I_FLOW_WORDS 5u   /* of the longest key */
#define VPCVIS_I_FLOW_IPV4  0u   /* index of a half's tables */
#define VPCVIS_I_FLOW_IPV6  1u

/* What is counted of a flow; a slot begins with it. */
struct vpcvis_i_flow_values {
    uint64_t packets;
    uint64_t bytes;
    uint32_t first_s; /* from the start of the window */
    uint32_t last_s;
    uint8_t tcp_flags;
    uint8_t flags; /* VPCVIS_RECORD_SATURATED, _LATE, _FRAGMENT */
    uint8_t hinted;
    uint8_t traffic_path;
    uint32_t reserved;
    uint64_t hint_ns;
};

struct vpcvis_i_flow_slot4 {
    struct vpcvis_i_flow_values values;
    uint64_t key[2];
    uint8_t pkt[8]; /* pkt-srcaddr, pkt-dstaddr if hinted */
};

struct vpcvis_i_flow_slot6 {
    struct vpcvis_i_flow_values values;
    uint64_t key[5];
    uint8_t pkt[32];
    uint64_t reserved[2];
};

#define VPCVIS_I_FLOW_KEY_AT sizeof(struct vpcvis_i_flow_values)

struct vpcvis_i_flow_bucket {
    uint16_t tag[VPCVIS_I_FLOW_WAYS];
    uint32_t slot[VPCVIS_I_FLOW_WAYS];
    uint32_t reserved;
};

struct vpcvis_i_flow_table {
    struct vpcvis_i_flow_bucket *bucket;
    char *slots;
    uint32_t buckets;
    uint32_t capacity;
    uint32_t used;
    uint32_t words;      /* of a key */
    uint32_t slot_bytes; /* of a slot */
    uint32_t addr_bytes; /* of an address */
};

/* One flow to be sorted: the top of its key, and where it is. */
struct vpcvis_i_flow_item {
    uint64_t prefix;
    uint32_t slot;
    uint32_t table;
};

struct vpcvis_i_flow_seen {
    uint64_t packets;
    uint64_t skipped;
    uint64_t skipped_bytes;
    uint64_t skipdata; /* a SKIPDATA record came in */
};

struct vpcvis_i_flow_half {
    struct vpcvis_i_flow_table table[2];
    struct vpcvis_i_flow_seen *seen; /* by interface */
    uint64_t start_s;
    uint64_t end_s;
};

/* States of an interface. */
#define VPCVIS_I_FLOW_FREE    0
#define VPCVIS_I_FLOW_LIVE    1
#define VPCVIS_I_FLOW_REMOVED 2

struct vpcvis_i_flow_interface {
    uint64_t state;
    uint64_t removed; /* when, in ticks */
};

/* What was registered of an interface: this, then `count` texts, then their bytes. */
struct vpcvis_i_flow_about {
    uint64_t value[2];
    uint32_t count;
    uint32_t reserved;
};

struct vpcvis_i_flow_text {
    uint8_t field;
    uint8_t code;
    uint16_t at; /* from the page */
    uint16_t len;
    uint16_t reserved;
};

/* Packets of one family whose flows are looked up together. Lanes lie side by side for SIMD. */
struct vpcvis_i_flow_group {
    uint32_t count;
    uint32_t table;
    uint64_t word[VPCVIS_I_FLOW_WORDS][VPCVIS_I_FLOW_BATCH]; /* keys */
    uint64_t hash[VPCVIS_I_FLOW_BATCH];
    uint16_t tag[VPCVIS_I_FLOW_BATCH];
    uint32_t first[VPCVIS_I_FLOW_BATCH];  /* bucket; the second is chosen when needed */
    uint32_t slot[VPCVIS_I_FLOW_BATCH];   /* where a flow seems to be, or NO_SLOT */
    uint32_t at[VPCVIS_I_FLOW_BATCH];     /* which packet of the caller's */
    uint32_t pending[VPCVIS_I_FLOW_STEP]; /* lanes not found in their first bucket */
    uint32_t pendings;
    uint32_t reserved;
};

#define VPCVIS_I_FLOW_NO_SLOT UINT32_MAX

/* What an IPv4 packet adds to its flow, in the places that it has in a slot. */
struct vpcvis_i_flow_row {
    uint64_t packets; /* 1, or BY_HAND: the rest is not to be used */
    uint64_t bytes;
    uint32_t second;
    uint32_t same_second;
    uint64_t tcp_flags;
    uint64_t zero;
    uint64_t key[2];
    uint64_t zero_too;
};

#define VPCVIS_I_FLOW_BY_HAND (UINT64_C(1) << 63)

struct vpcvis_flow {
    struct vpcvis_flow_config config;
    struct vpcvis_flow_counts counts;
    uint64_t key[2];
    uint64_t start_ns; /* of the open window */
    uint64_t end_ns;   /* its first nanosecond past the end; 0: none is open */
    uint64_t ticks;
    uint32_t cpu;
    uint32_t open;      /* which half packets go into */
    uint32_t closed;    /* 1 while the other half is not drained */
    uint32_t per_page;  /* interfaces */
    uint32_t names_len; /* bytes of service names at the start of a page */
    uint32_t items;     /* sorted */
    uint32_t next_item; /* or slot of next_table */
    uint32_t next_table;
    uint32_t next_interface;
    uint32_t reserved;
    struct vpcvis_i_flow_half half[2];
    struct vpcvis_i_flow_item *item;
    struct vpcvis_i_flow_interface *interfaces;
    struct vpcvis_text *names;
    char *pages;
    struct vpcvis_i_flow_group *group; /* one a family */
    struct vpcvis_i_flow_row *row;     /* of the IPv4 group, on the AVX-512 path */
};

/* One flow on its way out: of a table, or of several that are merged. */
struct vpcvis_i_flow_out {
    struct vpcvis_i_flow_values values;
    uint64_t key[VPCVIS_I_FLOW_WORDS];
    uint8_t pkt[32];
    uint32_t table;
    uint32_t reserved;
};

#define VPCVIS_I_FLOW_META(interface, protocol, verdict, direction)             \
    ((uint64_t)(interface) << 12 | (uint64_t)(protocol) << 4 | (verdict) << 2 | \
     (direction))

VPCVIS_I_INLINE uint32_t vpcvis_i_flow_interface_of(uint64_t last_word)
{
    return (uint32_t)(last_word & 0xffffffffu) >> 12;
}

VPCVIS_I_INLINE struct vpcvis_i_flow_values *vpcvis_i_flow_slot(
    const struct vpcvis_i_flow_table *table, uint32_t slot)
{
    return (struct vpcvis_i_flow_values *)(void *)(table->slots +
                                                   (size_t)slot * table->slot_bytes);
}

/* The key of a slot, and the pkt addresses after it. */
VPCVIS_I_INLINE uint64_t *vpcvis_i_flow_key(struct vpcvis_i_flow_values *slot)
{
    return (uint64_t *)(void *)((char *)slot + VPCVIS_I_FLOW_KEY_AT);
}

VPCVIS_I_INLINE uint8_t *vpcvis_i_flow_pkt(const struct vpcvis_i_flow_table *table,
                                           struct vpcvis_i_flow_values *slot)
{
    return (uint8_t *)(vpcvis_i_flow_key(slot) + table->words);
}

VPCVIS_I_INLINE void vpcvis_i_flow_sum(uint64_t *total, uint64_t more)
{
    *total = more > UINT64_MAX - *total ? UINT64_MAX : *total + more;
}

/* Add what `more` has to a flow. more_pkt is read if more->hinted. */
VPCVIS_I void vpcvis_i_flow_join(struct vpcvis_i_flow_values *values, uint8_t *pkt,
                                 const struct vpcvis_i_flow_values *more,
                                 const uint8_t *more_pkt, size_t pkt_bytes);

/* Count the packets of a group in the open half and empty it. */
VPCVIS_I void vpcvis_i_flow_count(vpcvis_flow *flow, struct vpcvis_i_flow_group *group,
                                  const struct vpcvis_packet *packets,
                                  const struct vpcvis_flow_hint *hints);

/* Count something with this key in the open half. */
VPCVIS_I void vpcvis_i_flow_count_one(vpcvis_flow *flow, uint32_t table,
                                      const uint64_t *key,
                                      const struct vpcvis_i_flow_values *values,
                                      const uint8_t *pkt);

/*
 * Two steps for lanes [at, end) of a group. hash: hash their keys, choose their buckets and fetch
 * the first ones. guess: find where they seem to be and fetch those slots; those that are not in
 * their first bucket wait, while the second is fetched, for the next call.
 */
#define VPCVIS_I_FLOW_PATH(path)                                                      \
    VPCVIS_I void vpcvis_i_flow_hash_##path(                                          \
        const vpcvis_flow *flow, const struct vpcvis_i_flow_table *table,             \
        struct vpcvis_i_flow_group *group, uint32_t at, uint32_t end);                \
    VPCVIS_I void vpcvis_i_flow_guess_##path(const struct vpcvis_i_flow_table *table, \
                                             struct vpcvis_i_flow_group *group,       \
                                             uint32_t at, uint32_t end);
VPCVIS_I_FLOW_PATH(portable)
#if defined(VPCVIS_I_X86)
VPCVIS_I_FLOW_PATH(avx2)
VPCVIS_I_FLOW_PATH(avx512)

/*
 * Take the eight packets from packets[at] into the IPv4 group, which has room for them, with
 * their rows. Returns, a bit each, those that are left to be dealt with one by one: all, if one is
 * past the end of the window.
 */
VPCVIS_I uint32_t vpcvis_i_flow_take_avx512(vpcvis_flow *flow,
                                            struct vpcvis_i_flow_group *group,
                                            const struct vpcvis_packet *packets,
                                            uint32_t at);

/* Add the rows of lanes [at, end) to their flows; returns the first one that is not added: where
 * the guess does not hold or there is more to do. */
VPCVIS_I uint32_t vpcvis_i_flow_add_avx512(const vpcvis_flow *flow, char *slots,
                                           const struct vpcvis_i_flow_group *group,
                                           uint32_t at, uint32_t end);
#endif

#if defined(__GNUC__)
#define VPCVIS_I_FLOW_FETCH(address) __builtin_prefetch((address), 1)
#else
#define VPCVIS_I_FLOW_FETCH(address) (void)(address)
#endif

/* 16 bits of a hash, never 0. */
VPCVIS_I_INLINE uint16_t vpcvis_i_flow_tag(uint64_t hash)
{
    const uint16_t tag = (uint16_t)(hash & 0xffff);
    return (uint16_t)(tag + (tag == 0));
}

/* The two buckets of a hash; not the same unless there is only one. */
VPCVIS_I_INLINE uint32_t vpcvis_i_flow_first(const struct vpcvis_i_flow_table *table,
                                             uint64_t hash)
{
    return (uint32_t)((hash >> 32) * table->buckets >> 32);
}

VPCVIS_I_INLINE uint32_t vpcvis_i_flow_second(const struct vpcvis_i_flow_table *table,
                                              uint64_t hash)
{
    const uint32_t further =
        (uint32_t)((hash & 0xffffffffu) * (table->buckets - 1) >> 32);
    const uint32_t other = vpcvis_i_flow_first(table, hash) + 1 + further;

    return other < table->buckets ? other : other - table->buckets;
}

/* Note where lane i's flow seems to be, and fetch it. */
VPCVIS_I_INLINE void vpcvis_i_flow_note(const struct vpcvis_i_flow_table *table,
                                        struct vpcvis_i_flow_group *group, uint32_t i,
                                        uint32_t slot)
{
    const char *line = table->slots + (size_t)slot * table->slot_bytes;

    group->slot[i] = slot;
    VPCVIS_I_FLOW_FETCH(line);
    if (table->slot_bytes > 64)
        VPCVIS_I_FLOW_FETCH(line + 64);
}

/* Let lane i wait for its second bucket. */
VPCVIS_I_INLINE void vpcvis_i_flow_wait(const struct vpcvis_i_flow_table *table,
                                        struct vpcvis_i_flow_group *group, uint32_t i)
{
    VPCVIS_I_FLOW_FETCH(table->bucket + vpcvis_i_flow_second(table, group->hash[i]));
    group->pending[group->pendings++] = i;
}

/* Open the window that holds a time. */
VPCVIS_I void vpcvis_i_flow_open(vpcvis_flow *flow, uint64_t now_ns);

/* Empty the half that is drained. */
VPCVIS_I void vpcvis_i_flow_finish(vpcvis_flow *flow);

/* Whether an interface is registered. */
VPCVIS_I_INLINE int vpcvis_i_flow_is_live(const vpcvis_flow *flow, uint32_t interface)
{
    return interface < flow->config.interfaces &&
           flow->interfaces[interface].state == VPCVIS_I_FLOW_LIVE;
}

/* Where texts of an interface's records count from, and what was registered. */
VPCVIS_I char *vpcvis_i_flow_page(const vpcvis_flow *flow, uint32_t interface);
VPCVIS_I struct vpcvis_i_flow_about *vpcvis_i_flow_about(const vpcvis_flow *flow,
                                                         uint32_t interface);

/* Sort the closed half's flows into flow->item. */
VPCVIS_I void vpcvis_i_flow_sort(vpcvis_flow *flow);

/* Order of two keys of one family and interface. */
VPCVIS_I int vpcvis_i_flow_compare(const uint64_t *a, const uint64_t *b, uint32_t words);

/* Write a flow, or a NODATA or SKIPDATA record, of a window that starts at start_s. */
VPCVIS_I void vpcvis_i_flow_write(const vpcvis_flow *flow, uint64_t start_s,
                                  const struct vpcvis_i_flow_out *out,
                                  struct vpcvis_record *record);
VPCVIS_I void vpcvis_i_flow_write_status(const vpcvis_flow *flow, uint32_t interface,
                                         uint8_t log_status, uint64_t start_s,
                                         uint64_t end_s, struct vpcvis_record *record);

#endif
