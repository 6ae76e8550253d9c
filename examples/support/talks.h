/* SPDX-License-Identifier: MIT */
/*
 * Conversations, put together from the two directions that a flow log has of them.
 *
 *     groups by srcaddr,dstaddr,srcport,dstport,protocol,action,start:WINDOW --> halves
 *     halves of one pair of addresses and ports ------------------------------> a talk
 */
#ifndef EXAMPLES_TALKS_H
#define EXAMPLES_TALKS_H

#include <vpcvis/rollup.h>

/* The question that halves are made of; %llu is the window in seconds. */
#define TALKS_QUESTION                                           \
    "srcaddr,dstaddr,srcport,dstport,protocol,action,start:%llu" \
    "/packets,bytes,records,min:start,max:end,or:tcp-flags"

/* One direction in one window with one verdict: a group. */
struct half {
    struct vpcvis_addr src, dst;
    uint16_t srcport, dstport;
    uint8_t protocol, action; /* VPCVIS_ACTION_..., 0: not known */
    uint32_t flags;           /* tcp-flags; 0 where the log has none */
    uint64_t window_s, packets, bytes, records, first_s, last_s;
};

/* One direction over the whole log. */
struct side {
    uint64_t packets, bytes, first_s, last_s;
    uint64_t accepted, rejected; /* records */
    uint32_t flags;
};

struct talk {
    struct vpcvis_addr from, to; /* from began it, as far as that can be told */
    uint16_t from_port, port;    /* port is to's: the service */
    uint8_t protocol;
    uint8_t failed;    /* rejected, or nothing came of it */
    uint64_t window_s; /* that it began in */
    struct side out, back;
};

struct talks {
    struct half *halves; /* by source, then window */
    struct talk *talks;
    size_t half_count, count;
    int one_way; /* hardly any conversation has two directions: silence means nothing */
    int incomplete; /* not all groups found room: what is not there may have been */
    uint64_t first_s, last_s;
};

/* 0, or -1 if there is no memory. */
int talks_make(const vpcvis_rollup *rollup, struct talks *talks);
void talks_free(struct talks *talks);

/* Order of addresses: by family, then by bytes. */
int talks_compare_addr(const struct vpcvis_addr *a, const struct vpcvis_addr *b);

#endif
