/* SPDX-License-Identifier: MIT */
/*
 * Room fragment against a naive model: a million random fragments of datagrams that reuse their
 * identifications, with repeats, contradictions, tiny first ones and time in both directions.
 * Nothing is full, so every fragment must fare as in the model, in the same order.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define KEYS      3000
#define FRAGMENTS 1000000
#define TIMEOUT   1000000u

/* What became of a fragment: its port, or one of these. */
#define WITHOUT           (-1)
#define WAITING           (-2)
#define IS_LATER(packet)  (((packet)->flags & VPCVIS_PACKET_LATER) != 0)
#define IS_LAST(packet)   (((packet)->flags & VPCVIS_PACKET_LAST) != 0)
#define HAS_PORTS(packet) (((packet)->flags & VPCVIS_PACKET_PORTS) != 0)

/* The model: a dictionary, by the number of the key. Fragments are numbers as well. */
struct datagram {
    int known, first, port, serial;
    uint64_t begun;
    uint32_t bytes, end, reach;
    int held, held_last; /* fragments, linked by after[] */
};

static struct {
    struct datagram datagrams[KEYS];
    struct {
        int key, serial;
    } begun[FRAGMENTS]; /* in order of age */
    int begun_from, begun_to;
    int after[FRAGMENTS];
    int fate[FRAGMENTS];
    int ready[FRAGMENTS], ready_from, ready_to;
    uint64_t clock;
    int hold;
} model;

static void model_release(struct datagram *datagram)
{
    int number;

    for (number = datagram->held; number >= 0; number = model.after[number]) {
        model.fate[number] = datagram->first ? datagram->port : WITHOUT;
        model.ready[model.ready_to++] = number;
    }
    datagram->held = datagram->held_last = -1;
}

static void model_forget(struct datagram *datagram)
{
    model_release(datagram);
    datagram->known = 0;
}

static void model_time(uint64_t now, int all)
{
    const int back = now < model.clock && model.clock - now > TIMEOUT;

    if (now > model.clock)
        model.clock = now;
    while (model.begun_from < model.begun_to) {
        struct datagram *datagram = &model.datagrams[model.begun[model.begun_from].key];
        if (datagram->known && datagram->serial == model.begun[model.begun_from].serial) {
            if (!all && !back && model.clock - datagram->begun <= TIMEOUT)
                break;
            model_forget(datagram);
        }
        model.begun_from++;
    }
    if (back)
        model.clock = now;
}

/* Whether a fragment from `at` to `past` contradicts the end that is known, or shows. */
static int model_contradicts(const struct datagram *datagram, uint32_t past, int last)
{
    if (last && datagram->end == 0)
        return past <= datagram->reach;
    return datagram->end != 0 && (last ? past != datagram->end : past >= datagram->end);
}

static void model_begin(int key)
{
    static int serial;
    struct datagram *datagram = &model.datagrams[key];

    memset(datagram, 0, sizeof *datagram);
    datagram->known = 1;
    datagram->serial = ++serial;
    datagram->begun = model.clock;
    datagram->held = datagram->held_last = -1;
    model.begun[model.begun_to].key = key;
    model.begun[model.begun_to++].serial = serial;
}

static void model_add(int number, int key, const struct vpcvis_packet *packet)
{
    const uint32_t past = packet->fragment_at + (uint32_t)packet->fragment_len;
    struct datagram *datagram = &model.datagrams[key];

    model_time(packet->seen_ns, 0);
    if (datagram->known && (model_contradicts(datagram, past, IS_LAST(packet)) ||
                            (datagram->first && !IS_LATER(packet))))
        model_forget(datagram);
    if (!datagram->known)
        model_begin(key);
    if (!IS_LAST(packet) || datagram->end == 0)
        datagram->bytes += packet->fragment_len;
    if (IS_LAST(packet))
        datagram->end = past;
    datagram->reach = past > datagram->reach ? past : datagram->reach;
    if (!IS_LATER(packet)) {
        datagram->first = 1;
        datagram->port = HAS_PORTS(packet) ? packet->srcport : WITHOUT;
        model_release(datagram);
    }
    model.fate[number] = datagram->first ? datagram->port : WITHOUT;
    if (!datagram->first && model.hold) {
        model.fate[number] = WAITING;
        model.after[number] = -1;
        if (datagram->held < 0)
            datagram->held = number;
        else
            model.after[datagram->held_last] = number;
        datagram->held_last = number;
    }
    if (datagram->first && datagram->end != 0 && datagram->bytes >= datagram->end)
        datagram->known = 0;
}

/* ------------------------------------------------------------------------------------------ */
static uint64_t random_state = 88172645463325252u;

static uint32_t pick(uint32_t most)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % most;
}

/* Keys differ in one part or another; IPv6 ones not in the protocol. */
static void set_key(struct vpcvis_packet *packet, int key)
{
    packet->family = key & 1 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    packet->interface = key >> 1 & 1;
    packet->direction = (uint8_t)(1 + (key >> 2 & 1));
    packet->protocol = key >> 3 & 1 && !(key & 1) ? 6 : 17;
    packet->src[3] = (uint8_t)(key >> 3 & (key & 1));
    packet->src[0] = 10;
    packet->dst[3] = key >> 4 & 3;
    packet->fragment_id = (uint32_t)key >> 6;
}

/* A piece of a datagram of pieces of 800 bytes, whose last has 304; or of one that differs. */
static void make(struct vpcvis_packet *packet, int number, int key, uint64_t now)
{
    const uint32_t pieces = 2 + (uint32_t)key % 5 + (pick(50) == 0), piece = pick(pieces);

    memset(packet, 0, sizeof *packet);
    set_key(packet, key);
    packet->seen_ns = now;
    packet->wire_len = (uint32_t)number;
    packet->fragment_at = (uint16_t)(800 * piece);
    packet->fragment_len = piece == pieces - 1 ? 304 : 800;
    packet->flags = VPCVIS_PACKET_FRAGMENT;
    packet->flags |= piece > 0 ? VPCVIS_PACKET_LATER : 0;
    packet->flags |= piece == pieces - 1 ? VPCVIS_PACKET_LAST : 0;
    if (piece == 0 && pick(20) > 0) {
        packet->flags |= VPCVIS_PACKET_PORTS;
        packet->srcport = packet->dstport = (uint16_t)(1 + number % 60000);
    }
}

static int fate_of(const struct vpcvis_packet *packet)
{
    if ((packet->flags & VPCVIS_PACKET_HELD) != 0)
        return WAITING;
    if (IS_LATER(packet) &&
        HAS_PORTS(packet) != ((packet->flags & VPCVIS_PACKET_LENT) != 0))
        ck_abort_msg("ports that are not lent");
    return HAS_PORTS(packet) ? packet->srcport : WITHOUT;
}

static void check_ready(vpcvis_fragment *cache)
{
    struct vpcvis_packet packet;

    while (vpcvis_fragment_next(cache, &packet) == VPCVIS_OK) {
        const int number = model.ready[model.ready_from++];
        if (model.ready_from > model.ready_to || (int)packet.wire_len != number ||
            fate_of(&packet) != model.fate[number])
            ck_abort_msg("fragment %d for %d: %d, not %d", (int)packet.wire_len, number,
                         fate_of(&packet), model.fate[number]);
    }
    if (model.ready_from != model.ready_to)
        ck_abort_msg("fewer come out than in the model");
}

static uint64_t next_time(uint64_t now)
{
    const uint32_t what = pick(1000);

    if (what == 0)
        return now - pick(2 * TIMEOUT);
    if (what == 1)
        return now + 2 * TIMEOUT;
    return what < 500 ? now + pick(2000) : now;
}

START_TEST(naive_model)
{
    struct vpcvis_fragment_config config;
    struct vpcvis_fragment_counts n;
    vpcvis_fragment *cache = NULL;
    struct vpcvis_packet packet;
    uint64_t now = 1700000000000000000u;
    int number, key;

    memset(&model, 0, sizeof model);
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = model.hold = _i ? VPCVIS_FRAGMENT_HOLD : 0;
    config.capacity = KEYS;
    config.held = 100000;
    config.timeout_ns = TIMEOUT;
    config.hash_key[0] = 1;
    ck_assert_int_eq(vpcvis_fragment_new(&config, NULL, &cache), VPCVIS_OK);
    for (number = 0; number < FRAGMENTS; number++) {
        key = (int)(pick(2) ? pick(100) : pick(KEYS));
        now = next_time(now);
        make(&packet, number, key, now);
        model_add(number, key, &packet);
        vpcvis_fragment_add(cache, &packet, 1);
        if (fate_of(&packet) != model.fate[number])
            ck_abort_msg("fragment %d: %d, not %d", number, fate_of(&packet),
                         model.fate[number]);
        if (pick(10000) == 0) {
            vpcvis_fragment_tick(cache, UINT64_MAX);
            model_time(model.clock, 1);
        }
        check_ready(cache);
    }
    vpcvis_fragment_get(cache, &n);
    ck_assert_uint_eq(n.fragments, FRAGMENTS);
    ck_assert_uint_eq(n.first + n.lent + n.waited + n.held + n.unknown + n.expired,
                      FRAGMENTS);
    ck_assert(n.full == 0 && n.portless == 0);
    ck_assert(n.first > 1000 && n.lent > 1000 && n.replaced > 1000 && n.unknown > 1000);
    ck_assert_uint_eq(n.waited > 1000 && n.expired > 1000, _i);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fragment_model");
    TCase *tcase = tcase_create("fragment_model");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, naive_model, 0, 2);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
