/* SPDX-License-Identifier: MIT */
/*
 * Each family is a table of how often a pair of prefix lengths, a protocol and a class of ports
 * is drawn. Addresses come from a tree of networks with few branches a level, so that blocks
 * nest as those of a real site do, and many rules share a block with an earlier one.
 */
#include "rules.h"

#include <string.h>

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(((state >> 32) * below) >> 32);
}

struct lengths {
    uint8_t weight, src[2], dst[2]; /* of 100; least and most */
};

struct family {
    char name[4];
    struct lengths lengths[6];
    uint8_t tcp, udp, other;        /* of 100; the rest has no protocol */
    uint8_t srcport[3], dstport[4]; /* any, 1024-65535, exact; and a range */
    uint16_t ports;                 /* different exact ports */
    uint8_t branches;               /* networks of a level */
    uint8_t again[2];               /* of 100: source, destination of an earlier rule */
};

/* clang-format off */
static const struct family families[RULES_KINDS] = {
    {"acl", {{40, {21, 32}, {30, 32}}, {25, {32, 32}, {16, 27}}, {23, {16, 23}, {22, 32}},
             {11, {0, 0}, {27, 32}}, {0, {0, 0}, {0, 0}}, {1, {0, 0}, {8, 16}}},
     75, 15, 5, {100, 0, 0}, {35, 0, 65, 0}, 680, 8, {77, 74}},
    {"fw",  {{37, {0, 0}, {29, 32}}, {20, {27, 32}, {0, 0}}, {23, {25, 32}, {27, 32}},
             {5, {15, 24}, {25, 32}}, {6, {0, 8}, {16, 24}}, {9, {0, 0}, {0, 0}}},
     60, 28, 7, {71, 22, 7}, {0, 32, 63, 5}, 246, 23, {55, 50}},
    {"ipc", {{35, {28, 32}, {28, 32}}, {25, {16, 27}, {16, 27}}, {15, {21, 32}, {8, 23}},
             {12, {0, 0}, {26, 32}}, {11, {27, 32}, {0, 0}}, {2, {1, 8}, {1, 8}}},
     50, 30, 10, {74, 2, 24}, {47, 6, 40, 7}, 116, 13, {60, 53}},
};
/* clang-format on */

const char *rules_name(uint32_t kind)
{
    return families[kind].name;
}

/* A network of a site: of each byte few values, the first bytes fewest, low ones more often. */
static uint32_t draw_network(uint32_t salt, uint32_t branches)
{
    uint32_t value = 0, i;

    for (i = 0; i < 4; i++) {
        const uint32_t most = i == 0 ? 6 : i == 3 ? 160 : branches;
        const uint32_t pick = draw(2) ? draw(most) : draw(draw(most) + 1);
        value =
            value << 8 | ((pick * 2654435761u + (value + salt + i) * 40503u) >> 7 & 255);
    }
    return value;
}

static void make_block(uint32_t salt, uint32_t branches, const uint8_t *range,
                       struct vpcvis_cidr *cidr)
{
    const uint32_t span = (uint32_t)(range[1] - range[0]) + 1;
    const uint32_t len = draw(2) ? range[1] : range[0] + draw(span);
    const uint32_t addr = draw_network(salt, branches);

    cidr->addr.family = VPCVIS_ADDR_IPV4;
    cidr->addr.bytes[0] = (uint8_t)(addr >> 24);
    cidr->addr.bytes[1] = (uint8_t)(addr >> 16);
    cidr->addr.bytes[2] = (uint8_t)(addr >> 8);
    cidr->addr.bytes[3] = (uint8_t)addr;
    cidr->prefix_len = (uint8_t)len;
    vpcvis_addr_mask(&cidr->addr, len, NULL);
}

static void make_ports(const uint8_t *weights, uint32_t kinds, uint32_t ports,
                       uint32_t valid, struct vpcvis_rule *rule, uint16_t *range)
{
    uint32_t pick = draw(100), kind = 0;

    while (kind + 1 < kinds && pick >= weights[kind])
        pick -= weights[kind++];
    if (kind == 0)
        return;
    rule->valid |= valid;
    if (kind == 1) {
        range[0] = 1024;
        range[1] = 65535;
    } else {
        range[0] = (uint16_t)(draw(ports) * 97 % 10000 + 1);
        range[1] = kind == 2 ? range[0] : (uint16_t)(range[0] + draw(40));
    }
}

static void make_rule(const struct family *family, const struct vpcvis_rule *rules,
                      uint32_t before, struct vpcvis_rule *rule)
{
    uint32_t pick = draw(100), i = 0;

    memset(rule, 0, sizeof *rule);
    rule->direction = VPCVIS_DIRECTION_INGRESS;
    rule->action = (uint8_t)(1 + draw(2));
    while (pick >= family->lengths[i].weight && i < 5)
        pick -= family->lengths[i++].weight;
    make_block(11, family->branches, family->lengths[i].src, &rule->src);
    make_block(29, family->branches, family->lengths[i].dst, &rule->dst);
    if (before > 0 && draw(100) < family->again[0])
        rule->src = rules[draw(before)].src;
    if (before > 0 && draw(100) < family->again[1])
        rule->dst = rules[draw(before)].dst;
    pick = draw(100);
    if (pick >= (uint32_t)family->tcp + family->udp + family->other)
        return;
    rule->valid = VPCVIS_RULE_PROTOCOL;
    rule->protocol = pick < family->tcp                           ? 6
                     : pick < (uint32_t)family->tcp + family->udp ? 17
                                                                  : 1;
    if (rule->protocol == 1)
        return;
    make_ports(family->srcport, 3, family->ports, VPCVIS_RULE_SRCPORT, rule,
               rule->srcport);
    make_ports(family->dstport, 4, family->ports, VPCVIS_RULE_DSTPORT, rule,
               rule->dstport);
}

/* What is wide comes late, as people write it: by the bits that are fixed, roughly. */
static uint32_t width(const struct vpcvis_rule *rule)
{
    const uint32_t bits = (uint32_t)rule->src.prefix_len + rule->dst.prefix_len;
    return bits < 8 ? 2 : bits < 24 ? 1 : 0;
}

void rules_make(uint32_t kind, struct vpcvis_rule *rules, uint32_t count)
{
    uint32_t i, at = 0, late;

    state = 0x9e3779b97f4a7c15u + kind * 77 + count;
    for (late = 0; late < 3; late++) {
        const uint32_t until = late == 0   ? count - count / 8
                               : late == 1 ? count - count / 100
                                           : count;
        for (i = 0; at < until && i < 100 * count; i++) {
            make_rule(&families[kind], rules, at, &rules[at]);
            if (width(&rules[at]) <= late)
                at++;
        }
    }
    for (i = 0; i < count; i++)
        rules[i].number = i + 1;
}

static void pick_address(const struct vpcvis_cidr *cidr, uint8_t *out)
{
    uint32_t bit;

    memcpy(out, cidr->addr.bytes, 16);
    for (bit = cidr->prefix_len; bit < 32; bit++)
        out[bit / 8] |= (uint8_t)(draw(2) << (7 - bit % 8));
}

static uint16_t pick_port(const uint16_t *range, int valid)
{
    const uint32_t first = valid ? range[0] : 0, last = valid ? range[1] : 65535;
    return (uint16_t)(first + draw(last - first + 1));
}

static void make_packet(const struct vpcvis_rule *rule, struct vpcvis_packet *packet)
{
    memset(packet, 0, sizeof *packet);
    packet->family = VPCVIS_ADDR_IPV4;
    packet->direction = VPCVIS_DIRECTION_INGRESS;
    pick_address(&rule->src, packet->src);
    pick_address(&rule->dst, packet->dst);
    packet->protocol = rule->valid & VPCVIS_RULE_PROTOCOL ? rule->protocol
                       : draw(3)                          ? 6
                                                          : 17;
    if (packet->protocol == 1)
        return;
    packet->flags = VPCVIS_PACKET_PORTS;
    packet->srcport = pick_port(rule->srcport, (rule->valid & VPCVIS_RULE_SRCPORT) != 0);
    packet->dstport = pick_port(rule->dstport, (rule->valid & VPCVIS_RULE_DSTPORT) != 0);
}

void rules_trace(const struct vpcvis_rule *rules, uint32_t count,
                 struct vpcvis_packet *packets, uint32_t packet_count)
{
    uint32_t i = 0;

    while (i < packet_count) {
        const uint32_t rule = draw(4) ? draw(count) : draw(draw(count) + 1);
        uint32_t times = 1 + (draw(4) ? 0 : draw(8));
        make_packet(&rules[rule], &packets[i]);
        for (i++; --times > 0 && i < packet_count; i++)
            packets[i] = packets[i - 1];
    }
}
