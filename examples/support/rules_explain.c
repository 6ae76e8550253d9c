/* SPDX-License-Identifier: MIT */
/* mirror_rules explain: one packet as text, or those of a capture. */
#define _POSIX_C_SOURCE 200809L

#include "capture.h"
#include "lists.h"
#include "mirror_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TCP        6
#define UDP        17
#define OUTER_IPV4 50 /* outer Ethernet, IPv4, UDP and VXLAN headers */

/* "10.0.0.1:80", "[2001:db8::1]:80", or an address alone. 0, or -1. */
static int read_end(const char *text, struct vpcvis_addr *addr, uint16_t *port)
{
    size_t len = strlen(text);
    const char *colon = strrchr(text, ':'), *from = text;
    char *end;
    unsigned long number = 0;

    if (text[0] == '[') {
        const char *close = strchr(text, ']');

        if (close == NULL || (close[1] != ':' && close[1] != '\0'))
            return -1;
        from = text + 1;
        len = (size_t)(close - from);
        colon = close[1] == ':' ? close + 1 : NULL;
    } else if (colon != NULL && strchr(text, ':') == colon) {
        len = (size_t)(colon - text);
    } else {
        colon = NULL; /* several: an IPv6 address without brackets */
    }
    if (colon != NULL) {
        number = strtoul(colon + 1, &end, 10);
        if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || number > 65535)
            return -1;
    }
    *port = (uint16_t)number;
    return vpcvis_addr_read(from, len, addr, NULL) == VPCVIS_OK ? 0 : -1;
}

/* "ingress tcp 10.0.0.1:1234 10.0.0.2:443". 0, or -1. */
static int read_packet(const char *text, struct vpcvis_packet *packet)
{
    char word[4][64], more[2];
    struct vpcvis_addr src, dst;
    uint64_t protocol;

    memset(packet, 0, sizeof(*packet));
    if (sscanf(text, "%63s %63s %63s %63s %1s", word[0], word[1], word[2], word[3],
               more) != 4)
        return -1;
    packet->direction = strcmp(word[0], "ingress") == 0  ? VPCVIS_DIRECTION_INGRESS
                        : strcmp(word[0], "egress") == 0 ? VPCVIS_DIRECTION_EGRESS
                                                         : 0;
    if (packet->direction == 0)
        return -1;
    if (vpcvis_record_find_name(VPCVIS_FIELD_PROTOCOL, word[1], strlen(word[1]),
                                &protocol) != VPCVIS_OK) {
        char *end;

        protocol = strtoul(word[1], &end, 10);
        if (word[1][0] < '0' || word[1][0] > '9' || *end != '\0' || protocol > 255)
            return -1;
    }
    if (read_end(word[2], &src, &packet->srcport) != 0 ||
        read_end(word[3], &dst, &packet->dstport) != 0 || src.family != dst.family)
        return -1;
    packet->protocol = packet->next_header = (uint8_t)protocol;
    packet->family = src.family;
    packet->ethertype = src.family == VPCVIS_ADDR_IPV4 ? 0x0800 : 0x86dd;
    packet->flags = protocol == TCP || protocol == UDP ? VPCVIS_PACKET_PORTS : 0;
    memcpy(packet->src, src.bytes, 16);
    memcpy(packet->dst, dst.bytes, 16);
    return 0;
}

/* "accept 100", "reject 10", "none". */
static void print_decision(const struct vpcvis_filter_answer *answer)
{
    if (answer->why == VPCVIS_FILTER_WHY_SERVICE)
        fputs("accept service", stdout);
    else if (answer->action == 0 || answer->why != VPCVIS_FILTER_WHY_RULE)
        fputs("none", stdout);
    else
        printf("%s %u", answer->action == VPCVIS_FILTER_ACCEPT ? "accept" : "reject",
               answer->number);
}

static const char *reason(const struct vpcvis_filter_answer *answer)
{
    switch (answer->why) {
    case VPCVIS_FILTER_WHY_RULE: return "the first rule that fits";
    case VPCVIS_FILTER_WHY_SERVICE: return "the service amazon-dns";
    case VPCVIS_FILTER_WHY_SCOPE: return "never mirrored";
    case VPCVIS_FILTER_WHY_HELD: return "a fragment that waits for its first";
    case VPCVIS_FILTER_WHY_BAD: return "malformed";
    default: return "no rule fits";
    }
}

static void print_reason(const struct vpcvis_filter_answer *answer)
{
    const char *name = vpcvis_scope_name(answer->left);

    printf("  %s", reason(answer));
    if (answer->why == VPCVIS_FILTER_WHY_SCOPE && name != NULL)
        printf(": %s", name);
    putchar('\n');
}

/* Rules of a direction, up to the one that decided, each with what did not fit. */
static void print_rules(const struct mirror_rules *m, uint8_t direction,
                        const struct vpcvis_filter_answer *answer, const uint8_t *parts)
{
    char line[RULESET_LINE];
    int first = 1;
    size_t i;

    for (i = 0; i < m->set.count; i++) {
        const struct vpcvis_rule *rule = &m->set.rules[i];
        const char *part = vpcvis_filter_part_name(parts[i]);

        if (rule->direction != direction)
            continue;
        ruleset_line(rule, line);
        if (m->json) {
            printf("%s{\"rule\":", first ? "" : ",");
            mirror_rules_json_text(line, strlen(line));
            printf(",\"differs\":");
            if (part != NULL && parts[i] != VPCVIS_FILTER_PART_NONE)
                printf("\"%s\"}", part);
            else
                fputs("null}", stdout);
        } else if (parts[i] == VPCVIS_FILTER_PART_NONE) {
            printf("  %s: fits\n", line);
        } else {
            printf("  %s: %s differs\n", line, part ? part : "it");
        }
        first = 0;
        if (answer->rule == i)
            break;
    }
}

static void print_explained(const struct mirror_rules *m,
                            const struct vpcvis_packet *packet,
                            const struct vpcvis_filter_answer *answer,
                            const uint8_t *parts)
{
    if (!m->json) {
        print_decision(answer);
        putchar('\n');
        print_reason(answer);
        if (answer->why <= VPCVIS_FILTER_WHY_RULE)
            print_rules(m, packet->direction, answer, parts);
        return;
    }
    fputs("{\"decision\":\"", stdout);
    print_decision(answer);
    printf("\",\"why\":\"%s\",\"rules\":[", reason(answer));
    if (answer->why <= VPCVIS_FILTER_WHY_RULE)
        print_rules(m, packet->direction, answer, parts);
    puts("]}");
}

static int explain_text(struct mirror_rules *m)
{
    struct vpcvis_filter_answer answer;
    struct vpcvis_packet packet;
    uint8_t *parts = calloc(m->set.count + 1, 1);

    if (parts == NULL)
        return mirror_rules_fail("explain", "out of memory");
    if (read_packet(m->packet, &packet) != 0) {
        free(parts);
        return mirror_rules_fail(
            m->packet, "not a packet: 'ingress tcp 10.0.0.1:1234 10.0.0.2:443'");
    }
    if (vpcvis_filter_explain(m->set.rules, m->set.count, &m->config, &packet, 0, parts,
                              &answer, NULL) == VPCVIS_OK)
        print_explained(m, &packet, &answer, parts);
    free(parts);
    return 0;
}

/* A capture on its way through a filter. */
struct pass {
    struct mirror_rules *m;
    vpcvis_filter *filter;
    vpcvis_prefix *own; /* addresses of the source */
    struct capture capture;
    struct vpcvis_frame frames[CAPTURE_BATCH];
    struct vpcvis_packet packets[CAPTURE_BATCH];
    struct vpcvis_filter_answer answers[CAPTURE_BATCH];
    uint64_t *packet_count, *byte_count; /* by rule, then service, scope, none */
};

static int is_own(const struct pass *pass, const uint8_t *bytes, uint8_t family)
{
    struct vpcvis_addr addr;
    uint32_t value;

    memset(&addr, 0, sizeof(addr));
    memcpy(addr.bytes, bytes, 16);
    addr.family = family;
    return vpcvis_prefix_match(pass->own, &addr, &value, NULL) == VPCVIS_OK;
}

static void set_directions(struct pass *pass, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        struct vpcvis_packet *packet = &pass->packets[i];

        if (packet->family == 0)
            continue;
        if (is_own(pass, packet->src, packet->family))
            packet->direction = VPCVIS_DIRECTION_EGRESS;
        else if (is_own(pass, packet->dst, packet->family))
            packet->direction = VPCVIS_DIRECTION_INGRESS;
    }
}

static void print_end(const struct vpcvis_packet *packet, const uint8_t *bytes,
                      uint16_t port)
{
    struct vpcvis_addr addr;
    char text[VPCVIS_ADDR_TEXT_MAX];
    const int ported = (packet->flags & VPCVIS_PACKET_PORTS) != 0;
    size_t len = 0;

    memset(&addr, 0, sizeof(addr));
    memcpy(addr.bytes, bytes, 16);
    addr.family = packet->family;
    if (packet->family != 0)
        (void)vpcvis_addr_write(&addr, text, sizeof(text), &len);
    printf(ported && addr.family == VPCVIS_ADDR_IPV6 ? " [%.*s]" : " %.*s", (int)len,
           text);
    if (ported)
        printf(":%u", port);
}

static void print_packet(const struct pass *pass, size_t i)
{
    static const char directions[3][8] = {"-", "ingress", "egress"};
    const struct vpcvis_packet *packet = &pass->packets[i];
    const char *name = vpcvis_record_name(VPCVIS_FIELD_PROTOCOL, packet->protocol);

    if (pass->m->json)
        fputs("{\"decision\":\"", stdout);
    print_decision(&pass->answers[i]);
    if (pass->m->json)
        fputs("\",\"packet\":\"", stdout);
    else
        putchar(' ');
    fputs(directions[packet->direction], stdout);
    if (packet->family == 0) {
        printf(" ethertype-0x%04x", packet->ethertype);
    } else {
        if (name != NULL)
            printf(" %s", name);
        else
            printf(" %u", packet->protocol);
        print_end(packet, packet->src, packet->srcport);
        print_end(packet, packet->dst, packet->dstport);
    }
    puts(pass->m->json ? "\"}" : "");
}

static void count_packet(struct pass *pass, size_t i)
{
    const struct vpcvis_filter_answer *answer = &pass->answers[i];
    const size_t rules = pass->m->set.count;
    const size_t row = answer->why == VPCVIS_FILTER_WHY_RULE      ? answer->rule
                       : answer->why == VPCVIS_FILTER_WHY_SERVICE ? rules
                       : answer->why == VPCVIS_FILTER_WHY_NONE    ? rules + 2
                                                                  : rules + 1;

    pass->packet_count[row]++;
    pass->byte_count[row] += pass->packets[i].wire_len;
}

static void print_row(const struct pass *pass, size_t row, const char *name, int copied)
{
    const uint64_t packets = pass->packet_count[row], bytes = pass->byte_count[row];
    const uint64_t sent = copied ? bytes + OUTER_IPV4 * packets : 0;

    if (pass->m->json) {
        fputs("{\"rule\":", stdout);
        mirror_rules_json_text(name, strlen(name));
        printf(",\"packets\":%llu,\"bytes\":%llu,\"copied\":%llu}\n",
               (unsigned long long)packets, (unsigned long long)bytes,
               (unsigned long long)sent);
    } else {
        printf("%10llu  %12llu  %12llu  %s\n", (unsigned long long)packets,
               (unsigned long long)bytes, (unsigned long long)sent, name);
    }
}

static void print_summary(const struct pass *pass)
{
    const struct ruleset *set = &pass->m->set;
    char line[RULESET_LINE];
    size_t i;

    if (!pass->m->json)
        printf("%10s  %12s  %12s  rule\n", "packets", "bytes", "copied");
    for (i = 0; i < set->count; i++) {
        ruleset_line(&set->rules[i], line);
        print_row(pass, i, line, set->rules[i].action == VPCVIS_FILTER_ACCEPT);
    }
    if (set->services != 0)
        print_row(pass, i, "service amazon-dns", 1);
    print_row(pass, i + 1, "never mirrored", 0);
    print_row(pass, i + 2, "no rule", 0);
}

static void judge(struct pass *pass)
{
    size_t n, i;

    while ((n = capture_next(&pass->capture, pass->frames)) > 0) {
        (void)vpcvis_packet_read_batch(pass->frames, sizeof(pass->frames[0]), n,
                                       pass->packets, NULL);
        set_directions(pass, n);
        (void)vpcvis_filter_match(pass->filter, pass->packets, sizeof(pass->packets[0]),
                                  n, 0, pass->answers);
        for (i = 0; i < n; i++) {
            if (pass->m->summary)
                count_packet(pass, i);
            else
                print_packet(pass, i);
        }
    }
}

static int explain_capture(struct mirror_rules *m, struct pass *pass)
{
    char problem[LISTS_PROBLEM];

    pass->m = m;
    pass->packet_count = calloc(m->set.count + 3, sizeof(uint64_t));
    pass->byte_count = calloc(m->set.count + 3, sizeof(uint64_t));
    pass->own = lists_addresses(m->address, problem);
    if (pass->own == NULL)
        return mirror_rules_fail("--address", problem);
    if (pass->packet_count == NULL || pass->byte_count == NULL ||
        vpcvis_filter_new(m->set.rules, m->set.count, &m->config, NULL, &pass->filter,
                          NULL) != VPCVIS_OK)
        return mirror_rules_fail("explain", "out of memory");
    if (capture_open(&pass->capture, m->pcap) != 0)
        return mirror_rules_fail(m->pcap, pass->capture.problem);
    judge(pass);
    if (m->summary)
        print_summary(pass);
    if (pass->capture.problem[0] != '\0')
        return mirror_rules_fail(m->pcap, pass->capture.problem);
    return 0;
}

int mirror_rules_explain(struct mirror_rules *m)
{
    struct pass *pass;
    int status;

    if (m->packet)
        return explain_text(m);
    pass = calloc(1, sizeof(*pass));
    if (pass == NULL)
        return mirror_rules_fail("explain", "out of memory");
    status = explain_capture(m, pass);
    capture_close(&pass->capture);
    vpcvis_filter_free(pass->filter, NULL);
    vpcvis_prefix_free(pass->own, NULL);
    free(pass->packet_count);
    free(pass->byte_count);
    free(pass);
    return status;
}
