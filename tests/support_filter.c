/* SPDX-License-Identifier: MIT */
#include "support_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void give_up(const char *what)
{
    fprintf(stderr, "support_filter: %s\n", what);
    abort();
}

size_t filter_rules(const char *text, struct vpcvis_rule *rules, size_t capacity,
                    uint32_t *services)
{
    struct vpcvis_error error;
    uint32_t kind, service;
    size_t n = 0;

    *services = 0;
    while (*text != 0) {
        const char *end = strstr(text, "; ");
        const size_t len = end ? (size_t)(end - text) : strlen(text);
        struct vpcvis_rule rule;
        if (n == capacity ||
            vpcvis_filter_read(text, len, &kind, &rule, &service, &error) != VPCVIS_OK)
            give_up(text);
        if (kind == VPCVIS_FILTER_LINE_RULE)
            rules[n++] = rule;
        else
            *services |= service;
        text += end ? len + 2 : len;
    }
    return n;
}

static uint8_t protocol_of(const char *word)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58}, {"sctp", 132}};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(word, names[i].name) == 0)
            return (uint8_t)names[i].number;
    }
    return (uint8_t)atoi(word);
}

static int has_ports(uint8_t protocol)
{
    return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
           protocol == 136;
}

static void set_word(struct vpcvis_packet *packet, const char *word)
{
    if (strcmp(word, "later") == 0) {
        packet->flags &= ~VPCVIS_PACKET_PORTS;
        packet->flags |= VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_LATER;
        packet->srcport = packet->dstport = 0;
    } else if (strcmp(word, "lent") == 0) {
        packet->flags |= VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_LATER |
                         VPCVIS_PACKET_PORTS | VPCVIS_PACKET_LENT;
    } else if (strcmp(word, "cut") == 0) {
        packet->flags &= ~VPCVIS_PACKET_PORTS;
        packet->flags |= VPCVIS_PACKET_CUT | VPCVIS_PACKET_CUT_L4;
        packet->srcport = packet->dstport = 0;
    } else if (strcmp(word, "held") == 0) {
        packet->flags |= VPCVIS_PACKET_HELD;
    } else if (strcmp(word, "bad") == 0) {
        packet->flags |= VPCVIS_PACKET_BAD;
        packet->status = VPCVIS_E_LENGTH;
    } else if (strncmp(word, "left:", 5) == 0) {
        packet->flags |= VPCVIS_PACKET_LEFT;
        packet->left = (uint8_t)atoi(word + 5);
    } else if (strncmp(word, "next:", 5) == 0) {
        packet->next_header = (uint8_t)atoi(word + 5);
    } else {
        give_up(word);
    }
}

static void set_addr(struct vpcvis_packet *packet, const char *word, uint8_t *bytes)
{
    struct vpcvis_addr addr;

    if (vpcvis_addr_read(word, strlen(word), &addr, NULL) != VPCVIS_OK)
        give_up(word);
    memcpy(bytes, addr.bytes, 16);
    packet->family = addr.family;
    packet->ethertype = addr.family == VPCVIS_ADDR_IPV4 ? 0x0800 : 0x86dd;
}

struct vpcvis_packet filter_packet(const char *text)
{
    struct vpcvis_packet packet;
    char line[256], *word;

    memset(&packet, 0, sizeof packet);
    snprintf(line, sizeof line, "%s", text);
    word = strtok(line, " ");
    packet.direction = strcmp(word, "in") == 0    ? VPCVIS_DIRECTION_INGRESS
                       : strcmp(word, "out") == 0 ? VPCVIS_DIRECTION_EGRESS
                                                  : VPCVIS_DIRECTION_UNKNOWN;
    word = strtok(NULL, " ");
    if (strcmp(word, "arp") == 0 || strcmp(word, "lldp") == 0) {
        packet.ethertype = strcmp(word, "arp") == 0 ? 0x0806 : 0x88cc;
    } else {
        packet.protocol = packet.next_header = protocol_of(word);
        set_addr(&packet, strtok(NULL, " "), packet.src);
        if (has_ports(packet.protocol)) {
            packet.flags |= VPCVIS_PACKET_PORTS;
            packet.srcport = (uint16_t)atoi(strtok(NULL, " "));
        }
        set_addr(&packet, strtok(NULL, " "), packet.dst);
        if (has_ports(packet.protocol))
            packet.dstport = (uint16_t)atoi(strtok(NULL, " "));
    }
    while ((word = strtok(NULL, " ")) != NULL)
        set_word(&packet, word);
    return packet;
}

const char *filter_words(const struct vpcvis_filter_answer *answer)
{
    static const char *const why[] = {"none", "", "service", "scope", "held", "bad"};
    static char text[2][32];
    static unsigned turn;
    char *out = text[turn++ % 2];

    if (answer->why != VPCVIS_FILTER_WHY_RULE)
        return why[answer->why];
    snprintf(out, sizeof text[0], "%s %u",
             answer->action == VPCVIS_FILTER_ACCEPT ? "accept" : "reject",
             (unsigned)answer->number);
    return out;
}

/* A batch of one packet and of many, in memory that ends where it should. */
static int agrees(const vpcvis_filter *filter, const struct vpcvis_packet *packet,
                  uint32_t direction, const struct vpcvis_filter_answer *wanted)
{
    const size_t counts[] = {1, 15, 64, 67};
    size_t i, j;

    for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const size_t n = counts[i];
        struct vpcvis_packet *packets = (void *)guard_copy(NULL, n * sizeof *packets);
        struct vpcvis_filter_answer *answers =
            (void *)guard_copy(NULL, n * sizeof *answers);
        for (j = 0; j < n; j++)
            packets[j] = *packet;
        if (vpcvis_filter_match(filter, packets, sizeof *packets, n, direction,
                                answers) != VPCVIS_OK)
            return 0;
        for (j = 0; j < n; j++) {
            if (memcmp(&answers[j], wanted, sizeof *wanted) != 0)
                return 0;
        }
    }
    return 1;
}

const char *filter_judge(const struct vpcvis_rule *rules, size_t count,
                         const struct vpcvis_filter_config *config,
                         const struct vpcvis_packet *packet, uint32_t direction)
{
    struct vpcvis_filter_answer wanted;
    struct vpcvis_filter_config each;
    vpcvis_filter *filter;
    const char *words = "refused";

    memset(&each, 0, sizeof each);
    if (config)
        each = *config;
    each.size = sizeof each;
    if (vpcvis_filter_explain(rules, count, &each, packet, direction, NULL, &wanted,
                              NULL) != VPCVIS_OK)
        return words;
    words = filter_words(&wanted);
    for (each.cpu = VPCVIS_CPU_PORTABLE; each.cpu <= VPCVIS_CPU_NEON; each.cpu++) {
        if (vpcvis_base_cpu_find(each.cpu) != VPCVIS_OK)
            continue;
        for (each.structure = 0; each.structure <= VPCVIS_FILTER_TABLES;
             each.structure++) {
            if (vpcvis_filter_new(rules, count, &each, NULL, &filter, NULL) != VPCVIS_OK)
                return "refused";
            if (!agrees(filter, packet, direction, &wanted)) {
                fprintf(stderr, "cpu %u structure %u differs from `%s`\n",
                        (unsigned)each.cpu, (unsigned)each.structure, words);
                words = "differs";
            }
            vpcvis_filter_free(filter, NULL);
        }
    }
    return words;
}
