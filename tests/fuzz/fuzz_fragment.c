/* SPDX-License-Identifier: MIT */
/*
 * Room fragment: the input is a stream of operations on a small cache. Four bytes each: what,
 * which datagram, where, how long. After each: no fragment lost or counted twice, nothing held
 * beyond the bounds, ports only from a first fragment of the same key that was seen.
 */
#include "oracle.h"

#define KEYS 8

struct state {
    vpcvis_fragment *cache;
    struct vpcvis_fragment_config config;
    struct vpcvis_fragment_counts counts;
    uint64_t now;
    uint64_t out;          /* came out of vpcvis_fragment_next */
    uint64_t held;         /* were marked HELD */
    uint16_t port;         /* counts up: each first has its own */
    uint16_t latest[KEYS]; /* the port of the latest first; 0: it had none, or all went */
};

static void require_sound(struct state *state)
{
    struct vpcvis_fragment_counts n;

    REQUIRE(vpcvis_fragment_get(state->cache, &n) == VPCVIS_OK);
    REQUIRE(n.fragments == n.first + n.lent + n.waited + n.held + n.portless + n.unknown +
                               n.expired + n.full);
    REQUIRE(n.held <= state->config.held);
    REQUIRE(n.first >= state->counts.first && n.full >= state->counts.full);
    REQUIRE(n.replaced <= n.fragments && n.waited + n.expired + n.held <= state->held);
    if ((state->config.flags & VPCVIS_FRAGMENT_HOLD) == 0)
        REQUIRE(n.held == 0 && n.waited == 0 && n.expired == 0);
    state->counts = n;
}

static void drain(struct state *state, uint32_t most)
{
    struct vpcvis_packet packet;

    while (most-- > 0 && vpcvis_fragment_next(state->cache, &packet) == VPCVIS_OK) {
        const int lent = (packet.flags & VPCVIS_PACKET_LENT) != 0;
        state->out++;
        REQUIRE((packet.flags & VPCVIS_PACKET_HELD) == 0);
        REQUIRE((packet.flags & VPCVIS_PACKET_LATER) != 0);
        REQUIRE(lent == ((packet.flags & VPCVIS_PACKET_PORTS) != 0));
        REQUIRE(lent == (packet.srcport != 0) && packet.srcport <= state->port);
        REQUIRE(packet.dstport == packet.srcport);
        REQUIRE(packet.src[0] == 10 && packet.fragment_at > 0);
        /* It was held before any first came that it gets ports from. */
        REQUIRE(!lent || packet.srcport > packet.wire_len);
    }
}

static void make(struct state *state, struct input *in, struct vpcvis_packet *packet)
{
    const uint32_t key = input_choice(in) % KEYS, at = input_choice(in);
    const uint32_t what = input_choice(in);

    memset(packet, 0, sizeof(*packet));
    packet->seen_ns = state->now;
    packet->family = key & 1 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    packet->protocol = what >= 60 ? 1 : 17;
    packet->src[0] = 10;
    packet->fragment_id = key >> 1;
    packet->fragment_at = (uint16_t)(8 * (at >> 1));
    packet->fragment_len = (uint16_t)(8 * (what & 15));
    packet->flags = VPCVIS_PACKET_FRAGMENT;
    packet->flags |= packet->fragment_at ? VPCVIS_PACKET_LATER : 0;
    packet->flags |= at & 1 && packet->fragment_at ? VPCVIS_PACKET_LAST : 0;
    packet->wire_len = state->port;
    if (packet->fragment_at == 0 && packet->protocol == 17 && (what & 16) == 0) {
        packet->flags |= VPCVIS_PACKET_PORTS;
        packet->srcport = packet->dstport = ++state->port;
    }
    if (packet->fragment_at == 0 && (packet->protocol == 17 || key & 1))
        state->latest[key] = packet->srcport;
}

static void send(struct state *state, struct input *in)
{
    struct vpcvis_packet packet, before;
    uint32_t key;

    make(state, in, &packet);
    before = packet;
    key = packet.fragment_id << 1 | (packet.family == VPCVIS_ADDR_IPV6);
    REQUIRE(vpcvis_fragment_add(state->cache, &packet, 1) == VPCVIS_OK);
    if ((packet.flags & VPCVIS_PACKET_HELD) != 0) {
        state->held++;
        before.flags |= VPCVIS_PACKET_HELD;
        REQUIRE((before.flags & VPCVIS_PACKET_LATER) != 0);
    } else if ((packet.flags & VPCVIS_PACKET_LENT) != 0) {
        REQUIRE(packet.srcport != 0 && packet.srcport == state->latest[key]);
        before.flags |= VPCVIS_PACKET_LENT | VPCVIS_PACKET_PORTS;
        before.srcport = before.dstport = packet.srcport;
    }
    if (packet.family == VPCVIS_ADDR_IPV6 && (packet.flags & VPCVIS_PACKET_LATER) != 0)
        before.protocol = packet.protocol;
    REQUIRE(memcmp(&packet, &before, sizeof(packet)) == 0);
}

static void tick(struct state *state, struct input *in)
{
    const uint32_t by = input_choice(in);

    if (by == 63) {
        REQUIRE(vpcvis_fragment_tick(state->cache, UINT64_MAX) == VPCVIS_OK);
        memset(state->latest, 0, sizeof(state->latest));
    } else {
        state->now = by < 48 ? state->now + by : state->now - 8 * (by - 48);
        REQUIRE(vpcvis_fragment_tick(state->cache, state->now) == VPCVIS_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct state state;
    size_t bytes;
    char *memory;

    memset(&state, 0, sizeof(state));
    state.now = 1000000;
    state.config.size = sizeof(state.config);
    state.config.flags = input_choice(&in) & 1 ? VPCVIS_FRAGMENT_HOLD : 0;
    state.config.capacity = 1 + input_choice(&in) % 9;
    state.config.held = 1 + input_choice(&in) % 9;
    state.config.timeout_ns = 40;
    state.config.hash_key[0] = 1;
    bytes = vpcvis_fragment_bytes(&state.config);
    memory = oracle_memory(bytes);
    REQUIRE(vpcvis_fragment_init(memory, bytes, &state.config, &state.cache) ==
            VPCVIS_OK);
    while (in.left > 0 && state.port < UINT16_MAX) {
        const uint32_t what = input_choice(&in);
        if (what < 48)
            send(&state, &in);
        else if (what < 56)
            tick(&state, &in);
        else
            drain(&state, what - 55);
        require_sound(&state);
    }
    REQUIRE(vpcvis_fragment_tick(state.cache, UINT64_MAX) == VPCVIS_OK);
    drain(&state, UINT32_MAX);
    require_sound(&state);
    REQUIRE(state.counts.held == 0 && state.out == state.held);
    free(memory);
    return 0;
}
