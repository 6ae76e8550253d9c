/* SPDX-License-Identifier: MIT */
#include "talks.h"

#include <stdlib.h>
#include <string.h>

#define TCP 6
#define TCP_OPENED \
    4 /* packets that one needs to open a TCP connection and say something */

int talks_compare_addr(const struct vpcvis_addr *a, const struct vpcvis_addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* A number of a group's key; 0 if there is none. */
static uint64_t key_number(const vpcvis_rollup *rollup, uint32_t group, uint32_t key)
{
    struct vpcvis_value value;

    (void)vpcvis_rollup_get_key(rollup, group, key, &value);
    return value.state == VPCVIS_STATE_VALUE ? value.number : 0;
}

static uint64_t measure(const vpcvis_rollup *rollup, uint32_t group, uint32_t m)
{
    uint64_t number = 0;

    (void)vpcvis_rollup_get(rollup, group, m, &number);
    return number;
}

/* A group as a half; 0 if it has no addresses. */
static int read_half(const vpcvis_rollup *rollup, uint32_t group, struct half *half)
{
    struct vpcvis_value src, dst;

    (void)vpcvis_rollup_get_key(rollup, group, 0, &src);
    (void)vpcvis_rollup_get_key(rollup, group, 1, &dst);
    if (src.state != VPCVIS_STATE_VALUE || dst.state != VPCVIS_STATE_VALUE)
        return 0;
    half->src = src.addr;
    half->dst = dst.addr;
    half->srcport = (uint16_t)key_number(rollup, group, 2);
    half->dstport = (uint16_t)key_number(rollup, group, 3);
    half->protocol = (uint8_t)key_number(rollup, group, 4);
    half->action = (uint8_t)key_number(rollup, group, 5);
    half->window_s = key_number(rollup, group, 6);
    half->packets = measure(rollup, group, 0);
    half->bytes = measure(rollup, group, 1);
    half->records = measure(rollup, group, 2);
    half->first_s = measure(rollup, group, 3);
    half->last_s = measure(rollup, group, 4);
    half->flags = (uint32_t)measure(rollup, group, 5);
    return 1;
}

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* Whether a half goes from the lower of its two ends to the higher. */
static int is_up(const struct half *half)
{
    const int order = talks_compare_addr(&half->src, &half->dst);

    return order < 0 || (order == 0 && half->srcport <= half->dstport);
}

/* Both directions of a conversation are equal in this order. */
static int compare_pair(const struct half *a, const struct half *b)
{
    const int a_up = is_up(a), b_up = is_up(b);
    int order = talks_compare_addr(a_up ? &a->src : &a->dst, b_up ? &b->src : &b->dst);

    if (order == 0)
        order = talks_compare_addr(a_up ? &a->dst : &a->src, b_up ? &b->dst : &b->src);
    if (order == 0)
        order = compare_number(a_up ? a->srcport : a->dstport,
                               b_up ? b->srcport : b->dstport);
    if (order == 0)
        order = compare_number(a_up ? a->dstport : a->srcport,
                               b_up ? b->dstport : b->srcport);
    return order != 0 ? order : compare_number(a->protocol, b->protocol);
}

static int by_pair(const void *a, const void *b)
{
    return compare_pair(a, b);
}

static int by_source(const void *a, const void *b)
{
    const struct half *x = a, *y = b;
    const int order = talks_compare_addr(&x->src, &y->src);

    return order != 0 ? order : compare_number(x->window_s, y->window_s);
}

static void add_half(struct side *side, const struct half *half)
{
    const int empty = side->accepted + side->rejected == 0;

    side->packets += half->packets;
    side->bytes += half->bytes;
    side->flags |= half->flags;
    if (half->action == VPCVIS_ACTION_REJECT)
        side->rejected += half->records;
    else
        side->accepted += half->records;
    if (empty || half->first_s < side->first_s)
        side->first_s = half->first_s;
    if (half->last_s > side->last_s)
        side->last_s = half->last_s;
}

static int is_there(const struct side *side)
{
    return side->accepted + side->rejected > 0;
}

/* 1: a SYN without ACK, the first packet of a connection; -1: an answer to one; 0: neither. */
static int opens(const struct side *side)
{
    if ((side->flags & VPCVIS_TCP_SYN) == 0)
        return 0;
    return (side->flags & VPCVIS_TCP_ACK) == 0 ? 1 : -1;
}

/*
 * Whether `a` began the conversation, from the best evidence there is: TCP flags; one way
 * accepted and the other rejected (what is rejected is then the reply); a port below 1024 is
 * the service's; the earlier one; the one with the higher port.
 */
static int began(const struct side *a, const struct side *b, uint16_t a_port,
                 uint16_t b_port)
{
    const int opening = opens(a) - opens(b);

    if (opening != 0)
        return opening > 0;
    if (is_there(a) && is_there(b) && (a->accepted == 0) != (b->accepted == 0))
        return a->accepted > 0;
    if ((a_port < 1024) != (b_port < 1024))
        return b_port < 1024;
    if (is_there(a) != is_there(b) && a_port == b_port)
        return is_there(a);
    if (is_there(a) && is_there(b) && a->first_s != b->first_s)
        return a->first_s < b->first_s;
    return a_port >= b_port;
}

/* Halves of one pair, count of them, as a talk. */
static void join(const struct half *halves, size_t count, struct talk *talk)
{
    const struct half *half = &halves[0];
    const int up = is_up(half);
    struct side side[2]; /* from the lower end, from the higher */
    uint16_t port[2];
    size_t i;
    int from;

    memset(side, 0, sizeof(side));
    for (i = 0; i < count; i++)
        add_half(&side[!is_up(&halves[i])], &halves[i]);
    port[0] = up ? half->srcport : half->dstport;
    port[1] = up ? half->dstport : half->srcport;
    from = !began(&side[0], &side[1], port[0], port[1]);
    memset(talk, 0, sizeof(*talk));
    talk->from = from == !up ? half->src : half->dst;
    talk->to = from == !up ? half->dst : half->src;
    talk->from_port = port[from];
    talk->port = port[!from];
    talk->protocol = half->protocol;
    talk->out = side[from];
    talk->back = side[!from];
    talk->window_s = half->window_s;
    for (i = 1; i < count; i++)
        if (halves[i].window_s < talk->window_s)
            talk->window_s = halves[i].window_s;
}

/* Whether nothing came of it: rejected, no answer, or a connection that was never used. */
static uint8_t is_failed(const struct talk *talk, int one_way)
{
    if (talk->out.accepted == 0 && is_there(&talk->out))
        return 1;
    if (!is_there(&talk->out)) /* a reply alone: its request is not in the log */
        return 0;
    if (!one_way && talk->back.accepted == 0)
        return 1;
    return talk->protocol == TCP && talk->out.packets < TCP_OPENED;
}

static void look_over(struct talks *talks)
{
    size_t i, accepted = 0, both = 0;

    for (i = 0; i < talks->count; i++) {
        const struct talk *talk = &talks->talks[i];

        accepted += talk->out.accepted + talk->back.accepted > 0;
        both += talk->out.accepted > 0 && is_there(&talk->back);
    }
    talks->one_way = talks->incomplete || both * 10 < accepted;
    for (i = 0; i < talks->count; i++)
        talks->talks[i].failed = is_failed(&talks->talks[i], talks->one_way);
    for (i = 0; i < talks->half_count; i++) {
        const struct half *half = &talks->halves[i];

        if (i == 0 || half->first_s < talks->first_s)
            talks->first_s = half->first_s;
        if (half->last_s > talks->last_s)
            talks->last_s = half->last_s;
    }
}

int talks_make(const vpcvis_rollup *rollup, struct talks *talks)
{
    struct vpcvis_rollup_counts counts;
    uint32_t group;
    size_t i, n;

    memset(talks, 0, sizeof(*talks));
    (void)vpcvis_rollup_count(rollup, &counts);
    talks->incomplete = (counts.flags & VPCVIS_ROLLUP_OVERFLOW) != 0;
    talks->halves = malloc(((size_t)counts.groups + 1) * sizeof(*talks->halves));
    talks->talks = malloc(((size_t)counts.groups + 1) * sizeof(*talks->talks));
    if (talks->halves == NULL || talks->talks == NULL)
        return -1;
    for (group = 0; group < counts.groups; group++)
        talks->half_count +=
            (size_t)read_half(rollup, group, &talks->halves[talks->half_count]);
    qsort(talks->halves, talks->half_count, sizeof(*talks->halves), by_pair);
    for (i = 0; i < talks->half_count; i += n) {
        for (n = 1; i + n < talks->half_count; n++)
            if (compare_pair(&talks->halves[i], &talks->halves[i + n]) != 0)
                break;
        join(&talks->halves[i], n, &talks->talks[talks->count++]);
    }
    qsort(talks->halves, talks->half_count, sizeof(*talks->halves), by_source);
    look_over(talks);
    return 0;
}

void talks_free(struct talks *talks)
{
    free(talks->halves);
    free(talks->talks);
}
