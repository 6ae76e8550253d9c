/* SPDX-License-Identifier: MIT */
/*
 * DPDK's rte_hash as a flow table: bulk lookups of 32 keys, what is not there is added, and
 * the counters are fetched before they are touched.
 */
#include "peer.h"
#include "peer_flow.h"

#ifdef HAVE_DPDK

#include <stdlib.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_prefetch.h>

#define BULK 32

struct peer {
    struct rte_hash *hash;
    struct peer_counters *counters;
};

void *peer_rte_new(size_t flows)
{
    struct rte_hash_parameters parameters = {
        .name = "flows",
        .entries = (uint32_t)(flows + flows / 8),
        .key_len = sizeof(struct peer_key),
        .hash_func = rte_hash_crc,
    };
    struct peer *peer = calloc(1, sizeof *peer);

    if (peer == NULL || !peer_dpdk_start())
        goto failed;
    peer->hash = rte_hash_create(&parameters);
    if (peer->hash == NULL)
        goto failed;
    peer->counters =
        calloc((size_t)rte_hash_max_key_id(peer->hash) + 1, sizeof *peer->counters);
    if (peer->counters != NULL)
        return peer;
failed:
    peer_rte_free(peer);
    return NULL;
}

void peer_rte_free(void *context)
{
    struct peer *peer = context;

    if (peer != NULL) {
        rte_hash_free(peer->hash);
        free(peer->counters);
    }
    free(peer);
}

static int add_bulk(struct peer *peer, const struct peer_key *keys, uint32_t now)
{
    const void *pointers[BULK];
    int32_t at[BULK];

    for (int i = 0; i < BULK; i++)
        pointers[i] = &keys[i];
    if (rte_hash_lookup_bulk(peer->hash, pointers, BULK, at) != 0)
        return 0;
    for (int i = 0; i < BULK; i++) {
        if (at[i] < 0)
            at[i] = rte_hash_add_key(peer->hash, &keys[i]);
        if (at[i] < 0)
            return 0;
        rte_prefetch0(&peer->counters[at[i]]);
    }
    for (int i = 0; i < BULK; i++) {
        struct peer_counters *c = &peer->counters[at[i]];
        if (c->packets++ == 0)
            c->first = now;
        c->bytes += 100;
        c->last = now;
        c->tcp_flags |= 16;
    }
    return 1;
}

int peer_rte_add(void *context, const struct peer_key *keys, size_t count, uint32_t now)
{
    for (size_t i = 0; i + BULK <= count; i += BULK)
        if (!add_bulk(context, keys + i, now))
            return 0;
    return 1;
}
#else
void *peer_rte_new(size_t flows)
{
    (void)flows;
    return NULL;
}

void peer_rte_free(void *peer)
{
    (void)peer;
}

int peer_rte_add(void *peer, const struct peer_key *keys, size_t count, uint32_t now)
{
    (void)peer, (void)keys, (void)count, (void)now;
    return 0;
}
#endif
