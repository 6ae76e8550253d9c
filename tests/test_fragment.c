/* SPDX-License-Identifier: MIT */
/*
 * Room fragment: which ports a later fragment gets, in every order, under attack and when full.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define SECOND 1000000000u
#define START  (1700000000 * (uint64_t)SECOND)
#define HOLD   VPCVIS_FRAGMENT_HOLD
#define LATER  (VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_LATER)

static struct vpcvis_fragment_config make_config(uint32_t flags, uint32_t capacity,
                                                 uint32_t held)
{
    struct vpcvis_fragment_config config;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = flags;
    config.capacity = capacity;
    config.held = held;
    memcpy(config.hash_key, "sixteen bytes...", 16);
    return config;
}

static vpcvis_fragment *make_cache(uint32_t flags, uint32_t capacity, uint32_t held)
{
    const struct vpcvis_fragment_config config = make_config(flags, capacity, held);
    vpcvis_fragment *cache = NULL;

    ck_assert_int_eq(vpcvis_fragment_new(&config, NULL, &cache), VPCVIS_OK);
    return cache;
}

/* A fragment of bytes [at, past) of a UDP datagram of one host. */
static struct vpcvis_packet make_fragment(uint32_t id, uint32_t at, uint32_t past,
                                          int last)
{
    struct vpcvis_packet packet;

    memset(&packet, 0, sizeof packet);
    packet.seen_ns = START;
    packet.family = VPCVIS_ADDR_IPV4;
    packet.protocol = 17;
    memcpy(packet.src, "\x0a\0\0\1", 4);
    memcpy(packet.dst, "\x0a\0\0\2", 4);
    packet.flags = VPCVIS_PACKET_FRAGMENT;
    packet.flags |= at > 0 ? VPCVIS_PACKET_LATER : 0;
    packet.flags |= last ? VPCVIS_PACKET_LAST : 0;
    packet.fragment_id = id;
    packet.fragment_at = (uint16_t)at;
    packet.fragment_len = (uint16_t)(past - at);
    packet.ip_len = 20 + past - at;
    return packet;
}

static void set_ports(struct vpcvis_packet *packet, uint16_t port)
{
    packet->srcport = port;
    packet->dstport = (uint16_t)(port + 1000);
    packet->flags |= VPCVIS_PACKET_PORTS;
}

static struct vpcvis_fragment_counts get_counts(const vpcvis_fragment *cache)
{
    struct vpcvis_fragment_counts n;

    ck_assert_int_eq(vpcvis_fragment_get(cache, &n), VPCVIS_OK);
    ck_assert_uint_eq(n.fragments, n.first + n.lent + n.waited + n.held + n.portless +
                                       n.unknown + n.expired + n.full);
    return n;
}

/* ------------------------------------------------------------------------------------------
 * Rows. A script's words: `0-800` the bytes of a fragment, `.` after it: the last one; before
 * it a letter, the ports of a first (A, B) or none (t too short for them, b a bad header); `+N` seconds or
 * `+Nn` nanoseconds go by, `-N` back; `*` everything goes. The answer to a word: `f` has its
 * own ports, `A` has been lent A's, `h` held, `-` without; in brackets what came out.
 */
struct row {
    uint32_t flags;
    const char *script;
    const char *answers;
    const char *why;
};

/* clang-format off */
static const struct row rows[] = {
    /* [fragment.order] */
    {0, "A0-800 800-1600 1600-1900.", "f A A", "nasty 13: the first, then others without ports"},
    {HOLD, "A0-800 800-1600 1600-1900.", "f A A", "the same with HOLD"},
    {0, "800-1600 A0-800 1600-1900.", "- f A", "without HOLD what is early goes without"},
    {HOLD, "800-1600 1600-1900. A0-800", "h h f(800A,1600A)", "nasty 13: the first one last"},
    {HOLD, "1600-1900. 800-1600 A0-800", "h h f(1600A,800A)", "in order of arrival"},
    {HOLD, "1600-1900. A0-800 800-1600", "h f(1600A) A", "the first one between"},
    /* [fragment.reuse] Complete is forgotten. */
    {HOLD, "A0-800 800-1600. 800-1600.", "f A h", "CVE-2024-37151: the next one of that identification waits for its own first"},
    {HOLD, "A0-800 800-1600. 800-1600. B0-800", "f A h f(800B)", "and gets that one's ports"},
    {0, "A0-800 800-1600. 800-1600.", "f A -", "without HOLD it goes without"},
    {HOLD, "800-1600. A0-800 800-1600.", "h f(800A) h", "complete when its first comes last"},
    {0, "800-1600. A0-800 800-1600.", "- f -", "early bytes count without HOLD as well"},
    {HOLD, "A0-800 1600-1900. 800-1600 8-16", "f A A h", "complete in any order"},
    {HOLD, "A0-800 B0-800 800-1600.", "f f B", "a first replaces what was remembered"},
    {HOLD, "A0-800 800-1600 B0-800 800-1600 1600-1900. 8-16", "f A f B B h", "and its bytes"},
    {HOLD, "A0-800 800-1600. +0 B0-800 800-1600.", "f A . f B", "the same identification at once again"},
    /* What cannot belong together. */
    {HOLD, "A0-800 1600-1900. 1900-2700", "f A h", "past the end is another datagram"},
    {HOLD, "A0-800 1600-1900. 800-1900", "f A h", "not the last, and yet up to the end"},
    {HOLD, "A0-800 1600-1900. 1600-1908.", "f A h", "a last one that ends later"},
    {HOLD, "A0-800 1600-1900. 1600-1800.", "f A h", "a last one that ends earlier"},
    {HOLD, "A0-800 800-1600 16-800.", "f A h", "a last one that ends before what was seen"},
    {HOLD, "A0-800 800-1600 400-1600.", "f A h", "a last one where another ended that was none"},
    {HOLD, "A0-800 1200-1600. 1200-1600. 800-1200 8-16", "f A A A h", "the last one again adds nothing"},
    {HOLD, "A0-800 1600-1900. 1900-1900", "f A A", "a length that is not known contradicts nothing"},
    {HOLD, "A0-800 800-800. 800-1600 1600-1900.", "f A A A", "and ends nothing"},
    {HOLD, "A0-800 1600-1900. 1900-2700 800-1600", "f A h h", "what was remembered is gone"},
    {HOLD, "A0-800 1600-1900. 1900-2700 B0-1900", "f A h f(1900B)", "a new first for the new one"},
    {HOLD, "800-1600. 800-1700. A0-800", "h h(800-) f(800A)", "waiting ones of an older datagram go in vain"},
    {HOLD, "800-1600. A0-2000", "h f(800-)", "a first that is longer than the datagram"},
    {0, "800-1600. A0-2000 2000-2400.", "- f A", "and begins its own"},
    {HOLD, "A0-800 8-16 8-16 8-16 800-1600.", "f A A A A", "nasty 13: overlaps have the same first"},
    {HOLD, "A0-800 800-1600 800-1600 1600-1900.", "f A A A", "repeated by the network"},
    {HOLD, "A0-800 1600-1900. 1600-1900. 800-1600 8-16", "f A A A h", "the last one twice counts once"},
    {HOLD, "A0-800 800-1600 800-1600 1600-2400. 8-16", "f A A A h", "repeats end it early: fail to without"},
    /* [fragment.tiny] */
    {HOLD, "t0-8 8-16 16-24.", "- - -", "a tiny first: nothing is lent, nothing is held"},
    {HOLD, "8-16 t0-8 16-24.", "h -(8-) -", "and what waited is free"},
    {HOLD, "A0-800 t0-8 800-1600.", "f - -", "no ports of the one before"},
    {HOLD, "A0-800 b0-800 800-1600.", "f f -", "nor after one with a bad header"},
    {HOLD, "t0-8 A0-800 800-1600.", "- f A", "a proper one replaces it"},
    {HOLD, "t0-8 8-800. 800-1600.", "- - h", "it can be complete"},
    /* Time. */
    {HOLD, "A0-800 +30 800-1600 +1n 1600-1900.", "f . A . h", "at the timeout it is there, a nanosecond later not"},
    {HOLD, "800-1600 +30 +1n", "h . .(800-)", "held until then"},
    {HOLD, "800-1600 +29 1600-1900. +2 A0-800", "h . h .(800-,1600-) f", "from its first seen fragment on"},
    {HOLD, "800-1600 +29 A0-800 +2 1600-1900.", "h . f(800A) . h", "which is not its first one"},
    {HOLD, "A0-800 -30 800-1600", "f . A", "time going back as far as the timeout changes nothing"},
    {HOLD, "A0-800 -31 800-1600", "f . h", "further: the clock was set back"},
    {HOLD, "800-1600 -31 A0-800", "h .(800-) f", "and what waits is free"},
    {HOLD, "A0-800 +315360000 800-1600", "f . h", "ten years on"},
    {HOLD, "A0-800 -315360000 B0-800 +30 800-1600 +1n 1600-1700", "f . f . B . h", "ten years back: time goes on from there"},
    {HOLD, "800-1600 A0-800 1600-1700 * 1700-1800.", "h f(800A) A . h", "everything goes"},
    {HOLD, "800-1600 * A0-800 +30 800-1600", "h .(800-) f . A", "and the clock stays"},
};
/* clang-format on */

struct stage {
    vpcvis_fragment *cache;
    uint64_t now;
    char text[256];
    size_t len;
};

static void say(struct stage *stage, const char *text)
{
    strcpy(stage->text + stage->len, text);
    stage->len += strlen(text);
}

static char letter_of(const struct vpcvis_packet *packet)
{
    if ((packet->flags & VPCVIS_PACKET_PORTS) == 0) {
        ck_assert(packet->srcport == 0 && packet->dstport == 0);
        ck_assert_uint_eq(packet->flags & VPCVIS_PACKET_LENT, 0);
        return '-';
    }
    ck_assert_uint_eq(packet->dstport, packet->srcport + 1000);
    return (char)packet->srcport;
}

static void say_next(struct stage *stage)
{
    struct vpcvis_packet packet;
    char word[32];
    int n = 0;

    while (vpcvis_fragment_next(stage->cache, &packet) == VPCVIS_OK) {
        ck_assert_uint_eq(packet.flags & VPCVIS_PACKET_HELD, 0);
        ck_assert_uint_eq((packet.flags & VPCVIS_PACKET_LENT) != 0,
                          letter_of(&packet) != '-');
        sprintf(word, "%s%u%c", n++ ? "," : "(", packet.fragment_at, letter_of(&packet));
        say(stage, word);
    }
    say(stage, n ? ") " : " ");
}

static void pass_time(struct stage *stage, const char *word)
{
    char *unit;
    const uint64_t by = strtoull(word + 1, &unit, 10) * (*unit == 'n' ? 1 : SECOND);

    if (word[0] == '+')
        stage->now += by;
    else
        stage->now -= by;
    ck_assert_int_eq(
        vpcvis_fragment_tick(stage->cache, word[0] == '*' ? UINT64_MAX : stage->now),
        VPCVIS_OK);
    if (word[0] == '*')
        stage->now += by;
    say(stage, ".");
}

static void send_fragment(struct stage *stage, const char *word)
{
    const char first = *word >= 'A' ? *word++ : 0;
    const uint32_t at = (uint32_t)strtoul(word, (char **)&word, 10);
    const uint32_t past = (uint32_t)strtoul(word + 1, (char **)&word, 10);
    struct vpcvis_packet packet = make_fragment(7, at, past, *word == '.');
    const struct vpcvis_packet before = packet;
    char answer[2] = "f";

    packet.seen_ns = stage->now;
    if (first >= 'A' && first <= 'Z')
        set_ports(&packet, (uint16_t)first);
    if (first == 'b') {
        set_ports(&packet, 'X');
        packet.status = VPCVIS_E_LENGTH;
    }
    ck_assert_int_eq(vpcvis_fragment_add(stage->cache, &packet, 1), VPCVIS_OK);
    if ((packet.flags & VPCVIS_PACKET_HELD) != 0)
        answer[0] = 'h';
    else if (before.fragment_at > 0 || first == 't')
        answer[0] = letter_of(&packet);
    say(stage, answer);
}

static void run_row(const struct row *row, struct stage *stage)
{
    char script[256], *word, *rest = NULL;

    stage->cache = make_cache(row->flags, 0, 0);
    stage->now = START;
    stage->len = 0;
    strcpy(script, row->script);
    for (word = strtok_r(script, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strchr("+-*", word[0]) != NULL)
            pass_time(stage, word);
        else
            send_fragment(stage, word);
        say_next(stage);
        get_counts(stage->cache);
    }
    stage->text[stage->len - 1] = '\0';
    vpcvis_fragment_free(stage->cache, NULL);
}

START_TEST(scripts)
{
    static struct stage stage;

    run_row(&rows[_i], &stage);
    ck_assert_msg(strcmp(stage.text, rows[_i].answers) == 0, "%s: %s: %s, not %s",
                  rows[_i].why, rows[_i].script, stage.text, rows[_i].answers);
}
END_TEST

/* ------------------------------------------------------------------------------------------
 * [fragment.order] All orders of one datagram's fragments: the packets that come out are the
 * same, and nothing is left behind.
 */
#define PIECES 6

static void shuffle(unsigned *order, unsigned n, unsigned rank)
{
    unsigned i;

    for (i = 0; i < n; i++)
        order[i] = i;
    for (i = n; i > 1; i--) {
        const unsigned other = rank % i, was = order[i - 1];
        rank /= i;
        order[i - 1] = order[other];
        order[other] = was;
    }
}

START_TEST(all_orders)
{
    unsigned rank, order[PIECES], i, seen, bytes;
    vpcvis_fragment *cache = make_cache(HOLD, 0, 0);
    struct vpcvis_fragment_counts n;
    struct vpcvis_packet packet;

    for (rank = 0; rank < 720; rank++) {
        shuffle(order, PIECES, rank);
        seen = bytes = 0;
        for (i = 0; i < PIECES; i++) {
            const unsigned piece = order[i];
            packet =
                make_fragment(rank % 3, piece * 96, piece * 96 + 96, piece == PIECES - 1);
            if (piece == 0)
                set_ports(&packet, (uint16_t)(1 + rank));
            ck_assert_int_eq(vpcvis_fragment_add(cache, &packet, 1), VPCVIS_OK);
            if ((packet.flags & VPCVIS_PACKET_HELD) != 0 &&
                vpcvis_fragment_next(cache, &packet) != VPCVIS_OK)
                continue;
            do {
                ck_assert_uint_eq(packet.srcport, 1 + rank);
                seen |= 1u << packet.fragment_at / 96;
                bytes += packet.ip_len;
            } while (vpcvis_fragment_next(cache, &packet) == VPCVIS_OK);
        }
        ck_assert_uint_eq(seen, (1u << PIECES) - 1);
        ck_assert_uint_eq(bytes, PIECES * (96 + 20));
    }
    n = get_counts(cache);
    ck_assert(n.first == 720 && n.lent + n.waited == 720 * (PIECES - 1) &&
              n.replaced == 0);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* ------------------------------------------------------------------------------------------
 * What makes a datagram another one, and what does not. */
static void change_interface(struct vpcvis_packet *packet)
{
    packet->interface = 1;
}
static void change_direction(struct vpcvis_packet *packet)
{
    packet->direction = 2;
}
static void change_id(struct vpcvis_packet *packet)
{
    packet->fragment_id = 0x10007;
}
static void change_src(struct vpcvis_packet *packet)
{
    packet->src[3] = 9;
}
static void change_dst(struct vpcvis_packet *packet)
{
    packet->dst[0] = 9;
}
static void change_protocol(struct vpcvis_packet *packet)
{
    packet->protocol = 6;
}
static void change_family(struct vpcvis_packet *packet)
{
    packet->family = 6;
}
static void change_verdict(struct vpcvis_packet *packet)
{
    packet->verdict = 2;
}
static void change_ttl(struct vpcvis_packet *packet)
{
    packet->ttl = 9;
}
static void change_vlan(struct vpcvis_packet *packet)
{
    packet->vlan[0] = 9;
}

static const struct {
    void (*change)(struct vpcvis_packet *packet);
    int same;
} changes[] = {
    {change_interface, 0}, {change_direction, 0}, {change_id, 0},     {change_src, 0},
    {change_dst, 0},       {change_protocol, 0},  {change_family, 0}, {change_verdict, 1},
    {change_ttl, 1},       {change_vlan, 1},
};

START_TEST(keys)
{
    vpcvis_fragment *cache = make_cache(0, 0, 0);
    struct vpcvis_packet packets[2];

    packets[0] = make_fragment(7, 0, 800, 0);
    packets[1] = make_fragment(7, 800, 1600, 0);
    set_ports(&packets[0], 5);
    changes[_i].change(&packets[1]);
    ck_assert_int_eq(vpcvis_fragment_add(cache, packets, 2), VPCVIS_OK);
    ck_assert_uint_eq(packets[1].srcport, changes[_i].same ? 5 : 0);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* IPv6: the protocol of a later fragment may be an extension header's; it is no part of the
 * identification, and the first one's is lent. RFC 8200 4.5 */
START_TEST(ipv6_protocol)
{
    static const struct {
        uint8_t first, later;
        int ports;
        uint64_t lent, unknown, portless;
    } cases[] = {
        {17, 17, 1, 1, 0, 0}, {17, 60, 1, 1, 0, 0}, {17, 58, 1, 1, 0, 0},
        {17, 17, 0, 0, 2, 0}, /* tiny */
        {60, 60, 0, 0, 2, 0}, /* so tiny that the chain does not end in it (RFC 7112) */
        {58, 58, 0, 0, 0, 2}, {58, 60, 0, 0, 0, 2}, {50, 50, 0, 0, 0, 2},
    };
    int i;

    for (i = 0; i < 2 * COUNT(cases); i++) {
        vpcvis_fragment *cache = make_cache(HOLD, 0, 0);
        const int late = i % 2, k = i / 2; /* the first one is */
        struct vpcvis_packet first = make_fragment(7, 0, 800, 0), out, *got = &out;
        struct vpcvis_packet later = make_fragment(7, 800, 1600, 0);
        struct vpcvis_fragment_counts n;
        first.family = later.family = VPCVIS_ADDR_IPV6;
        first.protocol = cases[k].first;
        later.protocol = cases[k].later;
        if (cases[k].ports)
            set_ports(&first, 5);
        vpcvis_fragment_add(cache, late ? &later : &first, 1);
        vpcvis_fragment_add(cache, late ? &first : &later, 1);
        if (late)
            ck_assert_int_eq(vpcvis_fragment_next(cache, &out), VPCVIS_OK);
        else
            got = &later;
        ck_assert_uint_eq(got->protocol, cases[k].first);
        ck_assert_uint_eq(got->srcport, cases[k].ports ? 5 : 0);
        n = get_counts(cache);
        ck_assert_uint_eq(n.lent + n.waited, cases[k].lent);
        ck_assert_uint_eq(late ? n.lent : n.waited, 0);
        ck_assert_uint_eq(n.unknown, cases[k].unknown);
        ck_assert_uint_eq(n.portless, cases[k].portless);
        vpcvis_fragment_free(cache, NULL);
    }
}
END_TEST

/* What is no fragment, or not one to look at, stays as it is byte for byte. */
START_TEST(left_alone)
{
    static const struct {
        uint32_t flags;
        vpcvis_status status;
        uint8_t family, protocol;
        uint64_t portless;
    } cases[] = {
        {VPCVIS_PACKET_PORTS, VPCVIS_OK, 4, 17, 0},  /* a whole packet */
        {VPCVIS_PACKET_ATOMIC, VPCVIS_OK, 6, 17, 0}, /* RFC 6946 */
        {VPCVIS_PACKET_ATOMIC | VPCVIS_PACKET_FRAGMENT, VPCVIS_OK, 6, 17, 0},
        {LATER, VPCVIS_E_LENGTH, 4, 17, 0}, /* nasty 13: past 65535 */
        {LATER, VPCVIS_OK, 0, 17, 0},       /* no IP header */
        {LATER | VPCVIS_PACKET_HELD, VPCVIS_OK, 4, 17, 0},
        {LATER | VPCVIS_PACKET_LENT | VPCVIS_PACKET_PORTS, VPCVIS_OK, 4, 17, 0},
        {LATER, VPCVIS_OK, 4, 1, 1},  /* ICMP */
        {LATER, VPCVIS_OK, 4, 50, 1}, /* ESP */
        {LATER, VPCVIS_OK, 4, 51, 1}, /* AH */
        {VPCVIS_PACKET_FRAGMENT, VPCVIS_OK, 4, 1, 1},
    };
    int i;

    for (i = 0; i < COUNT(cases); i++) {
        vpcvis_fragment *cache = make_cache(HOLD, 0, 0);
        struct vpcvis_packet packets[2], before;
        struct vpcvis_fragment_counts n;
        packets[0] = make_fragment(7, 0, 800, 0);
        packets[1] = make_fragment(7, 800, 1600, 0);
        set_ports(&packets[0], 5);
        packets[0].protocol = packets[1].protocol = cases[i].protocol;
        packets[0].family = cases[i].family;
        packets[1].family = cases[i].family;
        packets[1].flags = cases[i].flags;
        packets[1].status = cases[i].status;
        before = packets[1];
        ck_assert_int_eq(vpcvis_fragment_add(cache, packets, 2), VPCVIS_OK);
        ck_assert_int_eq(memcmp(&packets[1], &before, sizeof before), 0);
        n = get_counts(cache);
        ck_assert_uint_eq(n.fragments - (cases[i].family != 0), cases[i].portless);
        ck_assert_uint_eq(n.portless, 2 * cases[i].portless);
        vpcvis_fragment_free(cache, NULL);
    }
}
END_TEST

/* ------------------------------------------------------------------------------------------
 * No room. */
static int add_one(vpcvis_fragment *cache, uint32_t id, uint32_t at, uint16_t port)
{
    struct vpcvis_packet packet = make_fragment(id, at, at + 800, 0);

    if (port != 0)
        set_ports(&packet, port);
    ck_assert_int_eq(vpcvis_fragment_add(cache, &packet, 1), VPCVIS_OK);
    return (packet.flags & VPCVIS_PACKET_HELD) != 0 ? -1 : packet.srcport;
}

/* Nasty 27: a capacity is exact, of one as of any other number. */
START_TEST(exact_capacity)
{
    static const uint32_t capacities[] = {1, 2, 3, 12, 13, 100, 1000, 4096};
    const uint32_t capacity = capacities[_i];
    vpcvis_fragment *cache = make_cache(0, capacity, 0);
    uint32_t id;

    for (id = 0; id < capacity + 5; id++)
        ck_assert_int_eq(add_one(cache, id, 0, (uint16_t)(id + 1)), id + 1);
    for (id = 0; id < capacity + 5; id++)
        ck_assert_int_eq(add_one(cache, id, 800, 0), id < capacity ? id + 1 : 0);
    ck_assert_uint_eq(get_counts(cache).full, 5);
    ck_assert_uint_eq(get_counts(cache).unknown, 5);
    /* What is known is replaced, and what is over makes room. */
    ck_assert_int_eq(add_one(cache, 0, 0, 7777), 7777);
    ck_assert_uint_eq(get_counts(cache).replaced, 1);
    ck_assert_int_eq(add_one(cache, 0, 800, 0), 7777);
    vpcvis_fragment_tick(cache, START + 30 * (uint64_t)SECOND + 1);
    ck_assert_int_eq(add_one(cache, 90000, 0, 9), 9);
    ck_assert_int_eq(add_one(cache, 90000, 800, 0), 9);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* Keys that differ in one part only spread over all buckets: each fills the cache. */
START_TEST(spread)
{
    vpcvis_fragment *cache = make_cache(0, 1000, 0);
    struct vpcvis_packet packet;
    uint32_t i;

    for (i = 0; i < 1000; i++) {
        uint8_t *const parts[] = {packet.src + 14,
                                  packet.src + 6,
                                  packet.src + 2,
                                  packet.dst + 14,
                                  packet.dst + 6,
                                  packet.dst + 2,
                                  (uint8_t *)&packet.interface,
                                  (uint8_t *)&packet.fragment_id};
        const uint16_t number = (uint16_t)i;
        packet = make_fragment(0, 0, 800, 0);
        packet.family = _i % 2 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
        if (_i % 2 && _i / 2 < 6 && _i / 2 % 3 != 2)
            continue; /* an IPv4 address has four bytes */
        memcpy(parts[_i / 2], &number, 2);
        set_ports(&packet, 5);
        vpcvis_fragment_add(cache, &packet, 1);
        if (get_counts(cache).full != 0)
            ck_abort_msg("full after %u", (unsigned)i);
    }
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* Later fragments alone fill the cache, and first ones take their place; those that hold a
 * packet stay. */
START_TEST(flood_of_later_ones)
{
    vpcvis_fragment *cache = make_cache(_i ? HOLD : 0, 100, 10);
    uint32_t id, lent = 0;

    for (id = 0; id < 5000; id++)
        ck_assert_int_eq(add_one(cache, id, 800, 0), _i && id < 10 ? -1 : 0);
    for (id = 10000; id < 10090; id++)
        ck_assert_int_eq(add_one(cache, id, 0, 5), 5);
    for (id = 10000; id < 10090; id++)
        lent += add_one(cache, id, 800, 0) == 5;
    ck_assert_uint_eq(lent, 90);
    ck_assert_uint_eq(get_counts(cache).full, _i ? 4990 : 0);
    for (id = 0; _i && id < 10; id++)
        ck_assert_int_eq(add_one(cache, id, 0, 6), 6);
    ck_assert_uint_eq(get_counts(cache).waited, _i ? 10 : 0);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

START_TEST(hold_one)
{
    vpcvis_fragment *cache = make_cache(HOLD, 1, 1);
    struct vpcvis_packet packet;

    ck_assert_int_eq(add_one(cache, 1, 800, 0), -1);
    ck_assert_int_eq(add_one(cache, 1, 1600, 0), 0); /* nowhere to hold it */
    ck_assert_int_eq(add_one(cache, 2, 0, 4), 4);    /* nor to remember this */
    ck_assert_uint_eq(get_counts(cache).full, 2);
    ck_assert_int_eq(add_one(cache, 1, 0, 5), 5);
    ck_assert_int_eq(add_one(cache, 1, 2400, 0), 5);
    /* The one that is ready keeps its place until it is taken. */
    vpcvis_fragment_tick(cache, UINT64_MAX);
    ck_assert_int_eq(add_one(cache, 3, 800, 0), 0);
    ck_assert_int_eq(vpcvis_fragment_next(cache, &packet), VPCVIS_OK);
    ck_assert_uint_eq(packet.srcport, 5);
    ck_assert_int_eq(add_one(cache, 3, 1600, 0), -1);
    ck_assert_int_eq(vpcvis_fragment_next(cache, &packet), VPCVIS_NOMATCH);
    ck_assert_uint_eq(get_counts(cache).held, 1);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* Neither a packet to hold nor an idle datagram's first goes beyond the capacity. */
START_TEST(busy_up_to_capacity)
{
    vpcvis_fragment *cache = make_cache(HOLD, 1, 2);

    ck_assert_int_eq(add_one(cache, 1, 800, 0), -1);
    ck_assert_int_eq(add_one(cache, 2, 800, 0), 0);
    ck_assert_int_eq(add_one(cache, 1, 1600, 0), -1);
    ck_assert_int_eq(add_one(cache, 2, 0, 5), 5);
    ck_assert_int_eq(add_one(cache, 2, 1600, 0), 0);
    ck_assert_uint_eq(get_counts(cache).full, 3);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A million datagrams that nobody ends: the cache keeps what it has, and counts. */
START_TEST(flood_of_first_ones)
{
    vpcvis_fragment *cache = make_cache(HOLD, 1024, 16);
    uint64_t state = 88172645463325252u;
    struct vpcvis_packet packet;
    uint32_t i, id;

    for (id = 0; id < 1024; id++)
        add_one(cache, id, 0, (uint16_t)(id + 1));
    for (i = 0; i < 1000000; i++) {
        const uint64_t random = next_random(&state);
        packet = make_fragment((uint32_t)random, 0, 800, 0);
        memcpy(packet.src, &random, 4);
        set_ports(&packet, 99);
        vpcvis_fragment_add(cache, &packet, 1);
    }
    ck_assert_uint_eq(get_counts(cache).full, 1000000);
    for (id = 0; id < 1024; id++)
        ck_assert_int_eq(add_one(cache, id, 800, 0), id + 1);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* ------------------------------------------------------------------------------------------
 * Memory, configs, arguments. */
static const struct {
    uint32_t flags, capacity, held;
} sizes[] = {{HOLD, 0, 0}, {0, 1, 1}, {HOLD, 1, 1}, {HOLD, 13, 7}, {0, 333, 0}};

/* In memory of exactly the size, between unreadable pages, at any alignment. */
START_TEST(exact_memory)
{
    const struct vpcvis_fragment_config config =
        make_config(sizes[_i].flags, sizes[_i].capacity, sizes[_i].held);
    const size_t bytes = vpcvis_fragment_bytes(&config);
    char *const filled = malloc(bytes + 64);
    size_t shift;

    ck_assert_uint_gt(bytes, 0);
    memset(filled, 0xa5, bytes + 64);
    for (shift = 0; shift < 64; shift += 7) {
        char *end = guard_copy(filled, bytes + shift),
             *front = guard_copy_front(filled, bytes);
        vpcvis_fragment *cache = NULL;
        uint32_t id;
        ck_assert_int_eq(vpcvis_fragment_init(end, bytes - 1, &config, &cache),
                         VPCVIS_E_SPACE);
        ck_assert_ptr_null(cache);
        ck_assert_int_eq(
            vpcvis_fragment_init(shift ? end : front, bytes, &config, &cache), VPCVIS_OK);
        ck_assert_uint_eq((uintptr_t)cache % 64, 0);
        for (id = 0; id < 2000; id++) {
            add_one(cache, id, 800, 0);
            add_one(cache, id, 0, 5);
            add_one(cache, id + 3, 800, 0);
        }
        vpcvis_fragment_tick(cache, UINT64_MAX);
        get_counts(cache);
    }
    free(filled);
}
END_TEST

struct account {
    size_t left, live;
};

static void *account_alloc(void *context, size_t bytes)
{
    struct account *account = context;

    if (account->left == 0)
        return NULL;
    account->left--;
    account->live++;
    return malloc(bytes);
}

static void account_free(void *context, void *memory)
{
    struct account *account = context;

    account->live--;
    free(memory);
}

START_TEST(allocation)
{
    const struct vpcvis_fragment_config config = make_config(HOLD, 0, 0);
    struct vpcvis_fragment_config keyless = config;
    struct account account = {0, 0};
    struct vpcvis_allocator allocator;
    vpcvis_fragment *cache = NULL;

    memset(&allocator, 0, sizeof allocator);
    allocator.context = &account;
    allocator.alloc = account_alloc;
    allocator.free = account_free;
    ck_assert_int_eq(vpcvis_fragment_new(&config, &allocator, &cache), VPCVIS_E_MEMORY);
    ck_assert_ptr_null(cache);
    account.left = 2;
    memset(keyless.hash_key, 0, sizeof keyless.hash_key);
    ck_assert_int_eq(vpcvis_fragment_new(&keyless, &allocator, &cache), VPCVIS_E_CONFIG);
    ck_assert_ptr_null(cache);
    ck_assert_uint_eq(account.live, 0);
    account.left = 1;
    ck_assert_int_eq(vpcvis_fragment_new(&config, &allocator, &cache), VPCVIS_OK);
    ck_assert_uint_eq(account.live, 1);
    vpcvis_fragment_free(cache, &allocator);
    ck_assert_uint_eq(account.live, 0);
    vpcvis_fragment_free(NULL, &allocator);
    vpcvis_fragment_free(NULL, NULL);
}
END_TEST

START_TEST(configs)
{
    const struct vpcvis_fragment_config good = make_config(HOLD, 100, 10);
    struct vpcvis_fragment_config config = good;
    struct {
        struct vpcvis_fragment_config config;
        uint64_t unknown;
    } newer = {good, 0};
    static char memory[1 << 20];
    vpcvis_fragment *cache = NULL;

    ck_assert_uint_eq(vpcvis_fragment_bytes(&good) - vpcvis_fragment_bytes(&good) % 64,
                      vpcvis_fragment_bytes(&good) / 64 * 64);
    ck_assert_uint_gt(vpcvis_fragment_bytes(NULL), 0);
    config.flags = 4;
    ck_assert_uint_eq(vpcvis_fragment_bytes(&config), 0);
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, &config, &cache),
                     VPCVIS_E_CONFIG);
    config = good;
    config.capacity = 0x1000001;
    ck_assert_uint_eq(vpcvis_fragment_bytes(&config), 0);
    ck_assert_int_eq(vpcvis_fragment_new(&config, NULL, &cache), VPCVIS_E_CONFIG);
    config.capacity = 0x1000000;
    config.held = 0x1000000;
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, &config, &cache),
                     sizeof(size_t) > 4 ? VPCVIS_E_SPACE : VPCVIS_E_CONFIG);
    config.held = UINT32_MAX;
    ck_assert_uint_eq(vpcvis_fragment_bytes(&config), 0);
    newer.config.size = sizeof newer;
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, &newer.config, &cache),
                     VPCVIS_OK);
    newer.unknown = 1;
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, &newer.config, &cache),
                     VPCVIS_E_CONFIG);
    /* No key: only on request, for an older caller's shorter config as well. */
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, NULL, &cache),
                     VPCVIS_E_CONFIG);
    memset(&config, 0, sizeof config);
    config.size = 8;
    config.flags = VPCVIS_FRAGMENT_UNKEYED;
    config.capacity = 77; /* not read */
    ck_assert_uint_eq(vpcvis_fragment_bytes(&config), vpcvis_fragment_bytes(NULL));
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, &config, &cache),
                     VPCVIS_OK);
    config.flags = 0;
    ck_assert_int_eq(vpcvis_fragment_init(memory, sizeof memory, &config, &cache),
                     VPCVIS_E_CONFIG);
    ck_assert_uint_eq(sizeof config % 8, 0);
    ck_assert_uint_eq(sizeof(struct vpcvis_fragment_counts), 80);
}
END_TEST

START_TEST(arguments)
{
    const struct vpcvis_fragment_config config = make_config(HOLD, 0, 0);
    vpcvis_fragment *cache = make_cache(HOLD, 0, 0);
    struct vpcvis_fragment_counts counts;
    struct vpcvis_packet packet;

    memset(&packet, 0, sizeof packet);
    ck_assert_int_eq(vpcvis_fragment_init(NULL, 1 << 20, &config, &cache), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_init(&packet, sizeof packet, &config, NULL),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_new(&config, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_add(NULL, &packet, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_add(cache, NULL, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_add(cache, NULL, 0), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_fragment_next(NULL, &packet), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_next(cache, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_next(cache, &packet), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_fragment_tick(NULL, 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_tick(cache, 0), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_fragment_get(NULL, &counts), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_fragment_get(cache, NULL), VPCVIS_E_ARG);
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

/* A time of 0 says nothing; a far future of one packet is over with the next. */
START_TEST(odd_times)
{
    vpcvis_fragment *cache = make_cache(0, 0, 0);
    struct vpcvis_packet packet = make_fragment(1, 800, 1600, 0);

    add_one(cache, 1, 0, 5);
    packet.seen_ns = 0;
    vpcvis_fragment_add(cache, &packet, 1);
    ck_assert_uint_eq(packet.srcport, 5);
    memset(&packet, 0, sizeof packet);
    packet.seen_ns = UINT64_MAX;
    vpcvis_fragment_add(cache, &packet, 1);
    ck_assert_int_eq(add_one(cache, 1, 800, 0), 0);
    ck_assert_int_eq(add_one(cache, 1, 0, 6), 6);
    ck_assert_int_eq(add_one(cache, 1, 800, 0), 6);
    vpcvis_fragment_tick(cache, START + 30 * (uint64_t)SECOND);
    ck_assert_int_eq(add_one(cache, 1, 800, 0), 6); /* at START: no step back */
    vpcvis_fragment_free(cache, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fragment");
    TCase *tcase = tcase_create("fragment");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, scripts, 0, COUNT(rows));
    tcase_add_test(tcase, all_orders);
    tcase_add_loop_test(tcase, keys, 0, COUNT(changes));
    tcase_add_test(tcase, ipv6_protocol);
    tcase_add_test(tcase, left_alone);
    tcase_add_loop_test(tcase, exact_capacity, 0, 8);
    tcase_add_loop_test(tcase, flood_of_later_ones, 0, 2);
    tcase_add_loop_test(tcase, spread, 0, 16);
    tcase_add_test(tcase, hold_one);
    tcase_add_test(tcase, busy_up_to_capacity);
    tcase_add_test(tcase, flood_of_first_ones);
    tcase_add_loop_test(tcase, exact_memory, 0, COUNT(sizes));
    tcase_add_test(tcase, allocation);
    tcase_add_test(tcase, configs);
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, odd_times);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
