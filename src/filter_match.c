/* SPDX-License-Identifier: MIT */
/*
 * Room filter: batches of packets, a group at a time: packets to columns, columns of a set to
 * answers, answers to their places. What no rule decides is sorted out on the way.
 */
#include "filter.h"

#if defined(VPCVIS_I_X86)
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#endif

#define GROUP VPCVIS_I_FILTER_GROUP
#define SETS  VPCVIS_I_FILTER_SETS

struct group {
    struct vpcvis_i_filter_keys keys;
    uint8_t set[GROUP]; /* SETS: answered already */
    uint32_t answers[GROUP];
};

static void answer_odd(struct vpcvis_filter_answer *answer, uint32_t why, uint32_t entry)
{
    memset(answer, 0, sizeof(*answer));
    answer->rule = VPCVIS_FILTER_NONE;
    answer->why = (uint8_t)why;
    answer->left = (uint8_t)entry;
    if (why == VPCVIS_FILTER_WHY_SERVICE)
        answer->action = VPCVIS_FILTER_ACCEPT;
}

/* The scope's entry that a packet falls under, or 0. */
static uint32_t find_entry(const vpcvis_filter *filter,
                           const struct vpcvis_packet *packet)
{
    uint32_t entry = 0;

    if ((packet->flags & VPCVIS_PACKET_LEFT) != 0 && packet->left < VPCVIS_SCOPE_COUNT &&
        (filter->scope.entries & VPCVIS_SCOPE_BIT(packet->left)) != 0)
        return packet->left;
    if ((filter->flags & VPCVIS_FILTER_MARKED) == 0)
        vpcvis_scope_find(&filter->scope, packet, &entry);
    return entry;
}

vpcvis_status vpcvis_i_filter_odd(const vpcvis_filter *filter,
                                  const struct vpcvis_packet *packet,
                                  struct vpcvis_filter_answer *answer)
{
    uint32_t entry;

    if ((packet->flags & VPCVIS_PACKET_HELD) != 0) {
        answer_odd(answer, VPCVIS_FILTER_WHY_HELD, 0);
        return VPCVIS_OK;
    }
    if ((packet->flags & filter->odd_flags & VPCVIS_PACKET_BAD) != 0) {
        answer_odd(answer, VPCVIS_FILTER_WHY_BAD, 0);
        return VPCVIS_OK;
    }
    entry = find_entry(filter, packet);
    if (entry == 0)
        return VPCVIS_NOMATCH;
    if (entry == VPCVIS_SCOPE_RESOLVER &&
        (filter->services & VPCVIS_FILTER_AMAZON_DNS) != 0)
        answer_odd(answer, VPCVIS_FILTER_WHY_SERVICE, entry);
    else
        answer_odd(answer, VPCVIS_FILTER_WHY_SCOPE, entry);
    return VPCVIS_OK;
}

/* Whether a packet goes to the rules of its family without a closer look. */
VPCVIS_I_INLINE int is_plain(const vpcvis_filter *filter,
                             const struct vpcvis_packet *packet)
{
    if ((packet->flags & filter->odd_flags) != 0)
        return 0;
    if ((filter->flags & VPCVIS_FILTER_MARKED) == 0)
        return vpcvis_i_scope_is_ordinary(&filter->marks, packet);
    return packet->family == VPCVIS_ADDR_IPV4 || packet->family == VPCVIS_ADDR_IPV6;
}

/* The set whose rules decide on a packet, SETS if *answer is set instead. */
static uint32_t look_closer(const vpcvis_filter *filter,
                            const struct vpcvis_packet *packet, uint32_t direction,
                            struct vpcvis_filter_answer *answer)
{
    const int known =
        direction == VPCVIS_DIRECTION_INGRESS || direction == VPCVIS_DIRECTION_EGRESS;

    if (vpcvis_i_filter_odd(filter, packet, answer) == VPCVIS_OK)
        return SETS;
    if (known &&
        (packet->family == VPCVIS_ADDR_IPV4 || packet->family == VPCVIS_ADDR_IPV6))
        return vpcvis_i_filter_set(direction, packet->family);
    if (known && packet->family == 0 &&
        (packet->flags & (VPCVIS_PACKET_CUT_IP | VPCVIS_PACKET_BAD)) == 0)
        *answer = filter->answers[filter->non_ip[direction - VPCVIS_DIRECTION_INGRESS]];
    else
        *answer = filter->answers[0];
    return SETS;
}

VPCVIS_I_INLINE void take(const vpcvis_filter *filter, const struct vpcvis_packet *packet,
                          struct vpcvis_i_filter_keys *keys, uint32_t lane)
{
    uint32_t word;

    keys->src[0][lane] = vpcvis_i_bytes_be32(packet->src);
    keys->dst[0][lane] = vpcvis_i_bytes_be32(packet->dst);
    keys->ports[lane] = (uint32_t)packet->srcport << 16 | packet->dstport;
    keys->kind[lane] = vpcvis_i_filter_kind(packet, filter->flags);
    if (packet->family == VPCVIS_ADDR_IPV4)
        return;
    for (word = 1; word < 4; word++) {
        keys->src[word][lane] = vpcvis_i_bytes_be32(packet->src + word * 4);
        keys->dst[word][lane] = vpcvis_i_bytes_be32(packet->dst + word * 4);
    }
}

/* Packets to columns. Returns the sets that were seen, a bit each. */
static uint32_t take_all(const vpcvis_filter *filter, const char *packets, size_t stride,
                         uint32_t count, uint32_t direction, struct group *group,
                         struct vpcvis_filter_answer *answers)
{
    uint32_t seen = 0, lane;

    for (lane = 0; lane < count; lane++) {
        const struct vpcvis_packet *packet =
            (const struct vpcvis_packet *)(const void *)(packets + lane * stride);
        const uint32_t way = direction != 0 ? direction : packet->direction;
        uint32_t set;
        if (VPCVIS_I_LIKELY(is_plain(filter, packet) && (way - 1) < 2))
            set = vpcvis_i_filter_set(way, packet->family);
        else
            set = look_closer(filter, packet, way, &answers[lane]);
        group->set[lane] = (uint8_t)set;
        seen |= 1u << set;
        take(filter, packet, &group->keys, lane);
    }
    return seen;
}

static void copy_lane(const struct vpcvis_i_filter_keys *from, uint32_t lane,
                      uint32_t words, struct vpcvis_i_filter_keys *to, uint32_t at)
{
    uint32_t word;

    for (word = 0; word < words; word++) {
        to->src[word][at] = from->src[word][lane];
        to->dst[word][at] = from->dst[word][lane];
    }
    to->ports[at] = from->ports[lane];
    to->kind[at] = from->kind[lane];
}

/* Lanes above the last, up to a multiple of 32, are computed on and not used. */
VPCVIS_I_INLINE uint32_t vectors(uint32_t lanes)
{
    return (lanes + 31) & ~31u;
}

static uint32_t fill(struct vpcvis_i_filter_keys *keys, uint32_t lanes, uint32_t words)
{
    const uint32_t all = vectors(lanes);

    if (lanes == 0)
        return 0;
    for (; lanes < all; lanes++)
        copy_lane(keys, 0, words, keys, lanes);
    return all;
}

VPCVIS_I_INLINE void match_set(const vpcvis_filter *filter, uint32_t set,
                               const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                               uint32_t *answers)
{
    if (filter->set[set].structure == VPCVIS_FILTER_TABLES)
        vpcvis_i_filter_find(filter, set, keys, lanes, answers);
    else
        vpcvis_i_filter_linear(filter, set, keys, lanes, answers);
}

/* The lanes of one set among others: together, and back. */
static void match_mixed(const vpcvis_filter *filter, uint32_t set, uint32_t count,
                        struct group *group)
{
    struct vpcvis_i_filter_keys keys;
    uint32_t answers[GROUP];
    uint8_t lanes[GROUP];
    const uint32_t words = set % 2 == 0 ? 1 : 4;
    uint32_t lane, n = 0, i;

    for (lane = 0; lane < count; lane++) {
        if (group->set[lane] == set) {
            copy_lane(&group->keys, lane, words, &keys, n);
            lanes[n++] = (uint8_t)lane;
        }
    }
    match_set(filter, set, &keys, fill(&keys, n, words), answers);
    for (i = 0; i < n; i++)
        group->answers[lanes[i]] = answers[i];
}

/*
 * ---- The common case: a group of plain IPv4 packets of one direction ----
 *
 * Words are copied out of the packets first; whether all are plain is then found in loops over
 * columns, which are vectors to a compiler.
 */

/* Options by which a packet's kind is more than its protocol and whether it has ports. */
#define KINDS                                                           \
    (VPCVIS_FILTER_LATER | VPCVIS_FILTER_CUT | VPCVIS_FILTER_PORTLESS | \
     VPCVIS_FILTER_MORE_PORTS | VPCVIS_FILTER_NEXT)

#define AHEAD 8u

static void copy_words(const char *packets, size_t stride, uint32_t from, uint32_t count,
                       struct vpcvis_i_filter_keys *keys,
                       struct vpcvis_i_filter_words *words)
{
    uint32_t lane;

    for (lane = from; lane < count; lane++) {
        const struct vpcvis_packet *packet =
            (const struct vpcvis_packet *)(const void *)(packets + lane * stride);
        if (lane + AHEAD < count)
            VPCVIS_I_PREFETCH(packets + (lane + AHEAD) * stride);
        keys->src[0][lane] = vpcvis_i_bytes_be32(packet->src);
        keys->dst[0][lane] = vpcvis_i_bytes_be32(packet->dst);
        keys->ports[lane] = (uint32_t)packet->srcport << 16 | packet->dstport;
        words->meta[lane] = vpcvis_i_bytes_be32(&packet->family);
        words->flags[lane] = packet->flags;
    }
}

/* Packets to columns of whole vectors: those that are missing are as the first. */
static void take_words(const vpcvis_filter *filter, const char *packets, size_t stride,
                       uint32_t count, struct vpcvis_i_filter_keys *keys,
                       struct vpcvis_i_filter_words *words)
{
    uint32_t lane = 0;

#if defined(VPCVIS_I_X86)
    if (filter->cpu == VPCVIS_CPU_AVX512) {
        lane = count & ~15u;
        vpcvis_i_filter_take_avx512(packets, stride, lane, keys, words);
    }
#endif
    (void)filter;
    copy_words(packets, stride, lane, count, keys, words);
    for (lane = count; lane < vectors(count); lane++) {
        keys->src[0][lane] = keys->src[0][0];
        keys->dst[0][lane] = keys->dst[0][0];
        keys->ports[lane] = keys->ports[0];
        words->meta[lane] = words->meta[0];
        words->flags[lane] = words->flags[0];
    }
}

/* Not 0 if a lane may be on the list of room scope. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint32_t
is_listed(const struct vpcvis_i_scope_marks *marks, uint32_t src, uint32_t dst,
          uint32_t port, uint32_t protocol)
{
    const uint32_t at_port = (uint32_t)(port == 67) | (uint32_t)(port == 68) |
                             (uint32_t)(port == 546) | (uint32_t)(port == 547) |
                             (uint32_t)(port == 4789);

    return (at_port & (uint32_t)(protocol == 17)) |
           (uint32_t)((src & ~0xffu) == VPCVIS_I_SCOPE_LINK_LOCAL) |
           (uint32_t)((dst & ~0xffu) == VPCVIS_I_SCOPE_LINK_LOCAL) |
           (uint32_t)(src == marks->v4[0]) | (uint32_t)(dst == marks->v4[0]) |
           (uint32_t)(src == marks->v4[1]) | (uint32_t)(dst == marks->v4[1]);
}

/* Kinds of all lanes; returns 0 if they are what this is for. */
VPCVIS_I_INLINE uint32_t judge_words(const vpcvis_filter *filter, uint32_t direction,
                                     uint32_t lanes,
                                     const struct vpcvis_i_filter_words *words,
                                     struct vpcvis_i_filter_keys *keys)
{
    const struct vpcvis_i_scope_marks marks = filter->marks;
    const uint32_t odd_flags = filter->odd_flags, way = direction << 8;
    const uint32_t look = (filter->flags & VPCVIS_FILTER_MARKED) == 0;
    uint32_t odd = 0, lane;

    for (lane = 0; lane < lanes; lane++) {
        const uint32_t meta = words->meta[lane], flags = words->flags[lane];
        const uint32_t protocol = meta >> 16 & 0xff;
        const uint32_t capable = (uint32_t)(protocol == 6) | (uint32_t)(protocol == 17);
        keys->kind[lane] = protocol | (capable & flags & VPCVIS_PACKET_PORTS) << 8;
        odd |= (meta >> 24 ^ VPCVIS_ADDR_IPV4) | (flags & odd_flags) |
               ((meta ^ way) & 0xff00);
    }
    if (!look)
        return odd;
    for (lane = 0; lane < lanes; lane++)
        odd |= is_listed(&marks, keys->src[0][lane], keys->dst[0][lane],
                         keys->ports[lane] & 0xffff, keys->kind[lane] & 0xff);
    return odd;
}

#if defined(VPCVIS_I_X86)
AVX2 static uint32_t judge_avx2(const vpcvis_filter *filter, uint32_t direction,
                                uint32_t lanes, const struct vpcvis_i_filter_words *words,
                                struct vpcvis_i_filter_keys *keys)
{
    return judge_words(filter, direction, lanes, words, keys);
}

AVX512 static uint32_t judge_avx512(const vpcvis_filter *filter, uint32_t direction,
                                    uint32_t lanes,
                                    const struct vpcvis_i_filter_words *words,
                                    struct vpcvis_i_filter_keys *keys)
{
    return judge_words(filter, direction, lanes, words, keys);
}
#endif

static uint32_t judge(const vpcvis_filter *filter, uint32_t direction, uint32_t lanes,
                      const struct vpcvis_i_filter_words *words,
                      struct vpcvis_i_filter_keys *keys)
{
    switch (filter->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_AVX2: return judge_avx2(filter, direction, lanes, words, keys);
    case VPCVIS_CPU_AVX512: return judge_avx512(filter, direction, lanes, words, keys);
#endif
    default: return judge_words(filter, direction, lanes, words, keys);
    }
}

/* Whether a group was plain, and is answered. */
static int match_plain(const vpcvis_filter *filter, const char *packets, size_t stride,
                       uint32_t count, uint32_t direction, struct group *group,
                       struct vpcvis_filter_answer *answers)
{
    struct vpcvis_i_filter_words words;
    uint32_t lane, way;

    if ((filter->flags & KINDS) != 0)
        return 0;
    take_words(filter, packets, stride, count, &group->keys, &words);
    way = direction != 0 ? direction : words.meta[0] >> 8 & 0xff;
    if (way - 1 > 1)
        return 0;
    if (direction != 0) {
        for (lane = 0; lane < vectors(count); lane++)
            words.meta[lane] = (words.meta[lane] & ~0xff00u) | direction << 8;
    }
    if (judge(filter, way, vectors(count), &words, &group->keys) != 0)
        return 0;
    match_set(filter, vpcvis_i_filter_set(way, VPCVIS_ADDR_IPV4), &group->keys,
              vectors(count), group->answers);
    for (lane = 0; lane < count; lane++)
        answers[lane] = filter->answers[group->answers[lane]];
    return 1;
}

static void match_group(const vpcvis_filter *filter, const char *packets, size_t stride,
                        uint32_t count, uint32_t direction,
                        struct vpcvis_filter_answer *answers)
{
    struct group group;
    uint32_t seen, set, lane;

    if (match_plain(filter, packets, stride, count, direction, &group, answers))
        return;
    seen = take_all(filter, packets, stride, count, direction, &group, answers);
    for (set = 0; set < SETS; set++) {
        if (seen == 1u << set)
            match_set(filter, set, &group.keys,
                      fill(&group.keys, count, set % 2 == 0 ? 1 : 4), group.answers);
        else if ((seen & 1u << set) != 0)
            match_mixed(filter, set, count, &group);
    }
    for (lane = 0; lane < count; lane++) {
        if (group.set[lane] < SETS)
            answers[lane] = filter->answers[group.answers[lane]];
    }
}

vpcvis_status vpcvis_filter_match(const vpcvis_filter *filter,
                                  const struct vpcvis_packet *packets, size_t stride,
                                  size_t count, uint32_t direction,
                                  struct vpcvis_filter_answer *answers)
{
    const char *at = (const char *)packets;
    size_t done;

    if (filter == NULL || (count > 0 && (packets == NULL || answers == NULL)) ||
        stride < sizeof(*packets) || stride % 8 != 0 ||
        direction > VPCVIS_DIRECTION_EGRESS)
        return VPCVIS_E_ARG;
    for (done = 0; done < count; done += GROUP) {
        const size_t left = count - done;
        match_group(filter, at + done * stride, stride,
                    (uint32_t)(left < GROUP ? left : GROUP), direction, answers + done);
    }
    return VPCVIS_OK;
}
