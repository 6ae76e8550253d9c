/* SPDX-License-Identifier: MIT */
/*
 * Filters against a scan of the rules that shares nothing with the library: random rule sets of 1
 * to 100,000 rules, IPv4 and IPv6 in both directions, packets at the edges of blocks and
 * ranges; every structure on every path.
 *
 *     filter_linear [PAIRS [SEED]]      10,000,000 pairs of packet and rule set by default
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define BATCH     1000u
#define RULES_MAX 100000u

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(((state >> 32) * below) >> 32);
}

/* How a set's rules look: few values to choose from make many overlaps. */
struct taste {
    uint32_t values, lengths, ports, mixed;
};

static void make_block(const struct taste *taste, uint32_t family,
                       struct vpcvis_cidr *cidr)
{
    const uint32_t bytes = family == 4 ? 4 : 16;
    uint32_t i;

    memset(cidr, 0, sizeof *cidr);
    cidr->addr.family = (uint8_t)family;
    for (i = 0; i < bytes; i++)
        cidr->addr.bytes[i] =
            (uint8_t)(draw(taste->values) * (256 / taste->values) + draw(3));
    switch (draw(taste->lengths)) {
    case 0: cidr->prefix_len = 0; break;
    case 1: cidr->prefix_len = (uint8_t)(bytes * 8); break;
    case 2: cidr->prefix_len = (uint8_t)(8 * draw(bytes)); break;
    default: cidr->prefix_len = (uint8_t)draw(bytes * 8 + 1); break;
    }
    vpcvis_addr_mask(&cidr->addr, cidr->prefix_len, NULL);
}

static void make_range(const struct taste *taste, uint16_t *range)
{
    static const uint16_t edges[] = {0, 1, 1023, 1024, 32767, 32768, 65534, 65535};
    uint16_t a = taste->ports ? (uint16_t)draw(65536) : edges[draw(8)];
    uint16_t b = draw(2) ? a : taste->ports ? (uint16_t)draw(65536) : edges[draw(8)];

    range[0] = a < b ? a : b;
    range[1] = a < b ? b : a;
}

static void make_rule(const struct taste *taste, uint32_t number,
                      struct vpcvis_rule *rule)
{
    static const uint8_t protocols[] = {6, 17, 1, 58, 47, 0, 255, 132};
    const uint32_t family = taste->mixed && draw(2) ? 6 : 4;

    memset(rule, 0, sizeof *rule);
    rule->number = number;
    rule->direction = (uint8_t)(taste->mixed ? 1 + draw(2) : 1);
    rule->action = (uint8_t)(1 + draw(2));
    make_block(taste, family, &rule->src);
    make_block(taste, family, &rule->dst);
    if (draw(4) == 0)
        return;
    rule->valid = VPCVIS_RULE_PROTOCOL;
    rule->protocol = protocols[draw(draw(3) ? 2 : 8)];
    if (rule->protocol != 6 && rule->protocol != 17)
        return;
    if (draw(3) == 0) {
        rule->valid |= VPCVIS_RULE_SRCPORT;
        make_range(taste, rule->srcport);
    }
    if (draw(3) > 0) {
        rule->valid |= VPCVIS_RULE_DSTPORT;
        make_range(taste, rule->dstport);
    }
}

/* An address in a block: its first, its last, the one before or after, or any. */
static void pick_address(const struct vpcvis_cidr *cidr, uint8_t *out)
{
    const uint32_t bytes = cidr->addr.family == 4 ? 4 : 16;
    const uint32_t kind = draw(8);
    uint32_t i, bit;

    memcpy(out, cidr->addr.bytes, 16);
    for (bit = cidr->prefix_len; bit < bytes * 8; bit++) {
        if (kind == 1 || kind == 3 || (kind > 3 && draw(2)))
            out[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    for (i = bytes; kind == 2 && i-- > 0;) {
        if (out[i]-- != 0)
            break;
    }
    for (i = bytes; kind == 3 && i-- > 0;) {
        if (++out[i] != 0)
            break;
    }
}

static uint16_t pick_port(const uint16_t *range)
{
    switch (draw(5)) {
    case 0: return range[0];
    case 1: return range[1];
    case 2: return (uint16_t)(range[0] - 1);
    case 3: return (uint16_t)(range[1] + 1);
    default: return (uint16_t)draw(65536);
    }
}

/* A packet near a rule. Services of room scope are not in the way: only marks count. */
static void make_packet(const struct vpcvis_rule *rule, const struct vpcvis_rule *other,
                        struct vpcvis_packet *packet)
{
    memset(packet, 0, sizeof *packet);
    packet->family = rule->src.addr.family;
    pick_address(&rule->src, packet->src);
    if (other->dst.addr.family != packet->family || draw(4))
        other = rule;
    pick_address(&other->dst, packet->dst);
    packet->direction = draw(50) ? rule->direction : (uint8_t)draw(3);
    packet->protocol = draw(8) && (rule->valid & VPCVIS_RULE_PROTOCOL)
                           ? rule->protocol
                           : (uint8_t)(draw(4) ? 6 : draw(256));
    if (draw(60) == 0)
        packet->family = 0;
    if (packet->protocol != 6 && packet->protocol != 17)
        return;
    if (draw(10) == 0) {
        packet->flags |= VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_LATER;
        return;
    }
    packet->flags |= VPCVIS_PACKET_PORTS;
    packet->srcport = pick_port(rule->srcport);
    packet->dstport = pick_port(rule->dstport);
}

static int lies_in(const struct vpcvis_cidr *cidr, const uint8_t *bytes)
{
    uint32_t bit;

    for (bit = 0; bit + 8 <= cidr->prefix_len; bit += 8) {
        if (cidr->addr.bytes[bit / 8] != bytes[bit / 8])
            return 0;
    }
    return bit == cidr->prefix_len ||
           (cidr->addr.bytes[bit / 8] ^ bytes[bit / 8]) >> (8 - cidr->prefix_len % 8) ==
               0;
}

static int fits(const struct vpcvis_rule *rule, const struct vpcvis_packet *packet,
                uint32_t flags)
{
    const int known = (packet->flags & VPCVIS_PACKET_PORTS) != 0;
    const int pass = !known && (flags & VPCVIS_FILTER_LATER) != 0 &&
                     (packet->flags & VPCVIS_PACKET_LATER) != 0;

    if (rule->direction != packet->direction || rule->src.addr.family != packet->family)
        return 0;
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) && rule->protocol != packet->protocol)
        return 0;
    if (!lies_in(&rule->src, packet->src) || !lies_in(&rule->dst, packet->dst))
        return 0;
    if ((rule->valid & VPCVIS_RULE_SRCPORT) && !pass &&
        (!known || packet->srcport < rule->srcport[0] ||
         packet->srcport > rule->srcport[1]))
        return 0;
    return (rule->valid & VPCVIS_RULE_DSTPORT) == 0 || pass ||
           (known && packet->dstport >= rule->dstport[0] &&
            packet->dstport <= rule->dstport[1]);
}

static struct vpcvis_rule *rules, *shuffled;
static struct vpcvis_packet packets[BATCH];
static struct vpcvis_filter_answer answers[BATCH];
static uint32_t wanted[BATCH]; /* numbers, 0 for none: those of rules begin at 1 */
static uint64_t differences, matched, filters;

static void compare(const vpcvis_filter *filter,
                    const struct vpcvis_filter_config *config, uint32_t count, uint32_t n)
{
    uint32_t i;

    vpcvis_filter_match(filter, packets, sizeof *packets, n, 0, answers);
    for (i = 0; i < n; i++) {
        if (answers[i].number == wanted[i] &&
            (wanted[i] == 0 || shuffled[answers[i].rule].number == wanted[i]))
            continue;
        if (differences++ < 10)
            printf("rules %u cpu %u structure %u flags %u packet %u: %u, wanted %u\n",
                   count, config->cpu, config->structure, config->flags, i,
                   answers[i].number, wanted[i]);
    }
}

static void run_paths(uint32_t count, uint32_t n, uint32_t flags)
{
    struct vpcvis_filter_config config;
    struct vpcvis_error error;
    vpcvis_filter *filter;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = flags;
    for (config.cpu = VPCVIS_CPU_PORTABLE; config.cpu <= VPCVIS_CPU_NEON; config.cpu++) {
        if (vpcvis_base_cpu_find(config.cpu) != VPCVIS_OK)
            continue;
        for (config.structure = 1; config.structure <= VPCVIS_FILTER_TABLES;
             config.structure++) {
            if (vpcvis_filter_new(shuffled, count, &config, NULL, &filter, &error) !=
                VPCVIS_OK) {
                printf("refused: rule %u part %u\n", (unsigned)error.line, error.column);
                differences++;
                continue;
            }
            compare(filter, &config, count, n);
            filters++;
            vpcvis_filter_free(filter, NULL);
        }
    }
}

static void make_set(uint32_t count)
{
    const struct taste taste = {1u << draw(4), 3 + draw(8), draw(2), draw(4) > 0};
    uint32_t i;

    for (i = 0; i < count; i++)
        make_rule(&taste, i + 1, &rules[i]);
    memcpy(shuffled, rules, count * sizeof *rules);
    for (i = count; i > 1; i--) {
        const uint32_t j = draw(i);
        const struct vpcvis_rule rule = shuffled[j];
        shuffled[j] = shuffled[i - 1];
        shuffled[i - 1] = rule;
    }
}

static void make_packets(uint32_t count, uint32_t n, uint32_t flags)
{
    uint32_t i, j;

    for (i = 0; i < n; i++) {
        make_packet(&rules[draw(count)], &rules[draw(count)], &packets[i]);
        for (j = 0; j < count && !fits(&rules[j], &packets[i], flags); j++)
            ;
        wanted[i] = j < count ? j + 1 : 0;
        matched += j < count;
    }
}

int main(int argc, char **argv)
{
    const uint64_t pairs = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    uint64_t done = 0, sets = 0;

    state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9e3779b97f4a7c15u + 1;
    rules = malloc(RULES_MAX * sizeof *rules);
    shuffled = malloc(RULES_MAX * sizeof *rules);
    if (rules == NULL || shuffled == NULL)
        return 2;
    while (done < pairs) {
        static const uint32_t sizes[] = {4, 16, 64, 64, 256, 256, 1024};
        const uint32_t count = sets % 997 == 300 ? RULES_MAX
                               : sets % 97 == 30 ? 1 + draw(10000)
                                                 : 1 + draw(sizes[draw(7)]);
        const uint32_t flags = VPCVIS_FILTER_MARKED | (draw(4) ? 0 : VPCVIS_FILTER_LATER);
        const uint32_t n = count > 2000 ? 200 : BATCH;
        make_set(count);
        make_packets(count, n, flags);
        run_paths(count, n, flags);
        done += n;
        sets++;
    }
    printf("filter_linear: %" PRIu64 " pairs of %" PRIu64 " sets, %" PRIu64
           " matched, %" PRIu64 " filters, %" PRIu64 " differences\n",
           done, sets, matched, filters, differences);
    free(rules);
    free(shuffled);
    return differences != 0;
}
