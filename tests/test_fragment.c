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
 * it a letter, the ports of a first (A, B) or none (t, too short for them); `+N` seconds or
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

int main(void)
{
    Suite *suite = suite_create("fragment");
    TCase *tcase = tcase_create("fragment");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, scripts, 0, COUNT(rows));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
