/* SPDX-License-Identifier: MIT */
#include "rules_export.h"

#include <stdlib.h>
#include <string.h>

#define TCP 6
#define UDP 17

static int is_ipv4(const struct vpcvis_rule *rule)
{
    return rule->src.addr.family == VPCVIS_ADDR_IPV4;
}

static const char *block_text(const struct vpcvis_cidr *cidr,
                              char out[VPCVIS_CIDR_TEXT_MAX + 1])
{
    size_t len = 0;

    (void)vpcvis_addr_write_cidr(cidr, out, VPCVIS_CIDR_TEXT_MAX, &len);
    out[len] = '\0';
    return out;
}

static void print_description(FILE *out, const struct vpcvis_rule *rule)
{
    if (rule->text_len > 0)
        fprintf(out, "# %.*s\n", (int)rule->text_len, rule->text);
}

/* What filters never copy, and the resolver unless the service is on: not of the rules' doing. */
static void note_scope(const struct ruleset *set, const char *format)
{
    fprintf(
        stderr,
        "mirror_rules: %s: ARP, DHCP, instance metadata, time and Windows activation%s "
        "are left out by a mirror filter, and not by these rules\n",
        format,
        (set->services & VPCVIS_FILTER_AMAZON_DNS) != 0 ? "" : ", and the resolver's,");
}

/* " NAME 80" or " NAME 80-90", as FORMAT joins them. */
static void print_range(FILE *out, const char *name, const uint16_t range[2])
{
    fprintf(out, " %s %u", name, range[0]);
    if (range[0] != range[1])
        fprintf(out, "-%u", range[1]);
}

static void print_tc_rule(FILE *out, const struct vpcvis_rule *rule,
                          const struct rules_export *how)
{
    char text[VPCVIS_CIDR_TEXT_MAX + 1];

    fprintf(out, "tc filter add dev %s %s protocol %s prio %u flower", how->device,
            rule->direction == VPCVIS_DIRECTION_INGRESS ? "ingress" : "egress",
            is_ipv4(rule) ? "ip" : "ipv6", rule->number);
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0)
        fprintf(out, " ip_proto %u", rule->protocol);
    if (rule->src.prefix_len > 0)
        fprintf(out, " src_ip %s", block_text(&rule->src, text));
    if (rule->dst.prefix_len > 0)
        fprintf(out, " dst_ip %s", block_text(&rule->dst, text));
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0)
        print_range(out, "src_port", rule->srcport);
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0)
        print_range(out, "dst_port", rule->dstport);
    if (rule->action == VPCVIS_FILTER_ACCEPT)
        fprintf(out, " action mirred egress mirror dev %s\n", how->to);
    else
        fputs(" action pass\n", out);
}

/* A priority has 16 bits, and one protocol: IPv4 and IPv6 rules cannot share a number, which
 * rules of one direction never do. */
int rules_export_tc(FILE *out, const struct ruleset *set, const struct rules_export *how)
{
    size_t i;

    for (i = 0; i < set->count; i++) {
        if (set->rules[i].number < 1 || set->rules[i].number > 65535) {
            fprintf(stderr, "mirror_rules: tc: rule number %u is no priority\n",
                    set->rules[i].number);
            return -1;
        }
    }
    note_scope(set, "tc");
    fprintf(out, "tc qdisc replace dev %s clsact\n", how->device);
    for (i = 0; i < set->count; i++) {
        print_description(out, &set->rules[i]);
        print_tc_rule(out, &set->rules[i], how);
    }
    return 0;
}

static void print_nft_rule(FILE *out, const struct vpcvis_rule *rule,
                           const struct rules_export *how)
{
    const char *family = is_ipv4(rule) ? "ip" : "ip6";
    char text[VPCVIS_CIDR_TEXT_MAX + 1];

    fprintf(out, "        meta protocol %s", family);
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0)
        fprintf(out, " meta l4proto %u", rule->protocol);
    if (rule->src.prefix_len > 0)
        fprintf(out, " %s saddr %s", family, block_text(&rule->src, text));
    if (rule->dst.prefix_len > 0)
        fprintf(out, " %s daddr %s", family, block_text(&rule->dst, text));
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0)
        print_range(out, "th sport", rule->srcport);
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0)
        print_range(out, "th dport", rule->dstport);
    if (rule->action == VPCVIS_FILTER_ACCEPT)
        fprintf(out, " dup to \"%s\" accept", how->to);
    else
        fputs(" accept", out);
    fprintf(out, " comment \"%s %u\"\n",
            rule->action == VPCVIS_FILTER_ACCEPT ? "accept" : "reject", rule->number);
}

int rules_export_nft(FILE *out, const struct ruleset *set, const struct rules_export *how)
{
    static const char hooks[3][8] = {"", "ingress", "egress"};
    uint8_t direction;
    size_t i;

    note_scope(set, "nft");
    fputs("table netdev mirror {\n", out);
    for (direction = VPCVIS_DIRECTION_INGRESS; direction <= VPCVIS_DIRECTION_EGRESS;
         direction++) {
        fprintf(out,
                "    chain %s {\n"
                "        type filter hook %s device \"%s\" priority 0; policy accept;\n",
                hooks[direction], hooks[direction], how->device);
        for (i = 0; i < set->count; i++)
            if (set->rules[i].direction == direction)
                print_nft_rule(out, &set->rules[i], how);
        fputs("    }\n", out);
    }
    fputs("}\n", out);
    return 0;
}

static void print_pcap_ports(FILE *out, const char *end, const uint16_t range[2])
{
    if (range[0] == range[1])
        fprintf(out, " and %s port %u", end, range[0]);
    else
        fprintf(out, " and %s portrange %u-%u", end, range[0], range[1]);
}

/* What a rule matches, in parentheses. */
static void print_pcap_match(FILE *out, const struct vpcvis_rule *rule)
{
    const char *family = is_ipv4(rule) ? "ip" : "ip6";
    char text[VPCVIS_CIDR_TEXT_MAX + 1];

    fprintf(out, "(%s", family);
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0)
        fprintf(out, " and %s %s %u", family, is_ipv4(rule) ? "proto" : "protochain",
                rule->protocol);
    if (rule->src.prefix_len > 0)
        fprintf(out, " and src net %s", block_text(&rule->src, text));
    if (rule->dst.prefix_len > 0)
        fprintf(out, " and dst net %s", block_text(&rule->dst, text));
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0)
        print_pcap_ports(out, rule->protocol == TCP ? "tcp src" : "udp src",
                         rule->srcport);
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0)
        print_pcap_ports(out, rule->protocol == TCP ? "tcp dst" : "udp dst",
                         rule->dstport);
    fputc(')', out);
}

/* Never mirrored, as room scope has it. */
static void print_pcap_scope(FILE *out, const struct ruleset *set)
{
    fputs(
        "not (udp and (src port 67 or src port 68) and (dst port 67 or dst port 68) and "
        "not (src port 68 and dst port 68))"
        " and not (ip6 and udp and (src port 546 or src port 547) and (dst port 546 or "
        "dst port 547) and not (src port 546 and dst port 546))"
        " and not host 169.254.169.254 and not host fd00:ec2::254"
        " and not host 169.254.169.123 and not host fd00:ec2::123",
        out);
    if ((set->services & VPCVIS_FILTER_AMAZON_DNS) == 0)
        fputs(" and not (port 53 and (host 169.254.169.253 or host fd00:ec2::253))", out);
}

/* The first match decides: accept: (rule or rest), reject: (not rule and rest). */
int rules_export_pcap(FILE *out, const struct ruleset *set, uint8_t direction)
{
    size_t i, open = 0, accepts = 0;

    for (i = 0; i < set->count; i++)
        accepts += set->rules[i].direction == direction &&
                   set->rules[i].action == VPCVIS_FILTER_ACCEPT;
    if (accepts == 0) {
        fputs(
            "mirror_rules: pcap-filter: nothing is accepted in that direction, and libpcap "
            "has no expression for nothing\n",
            stderr);
        return -1;
    }
    print_pcap_scope(out, set);
    fputs(" and (", out);
    for (i = 0; i < set->count; i++) {
        const struct vpcvis_rule *rule = &set->rules[i];

        if (rule->direction != direction)
            continue;
        if (rule->action == VPCVIS_FILTER_REJECT)
            fputs("not ", out);
        print_pcap_match(out, rule);
        fputs(rule->action == VPCVIS_FILTER_REJECT ? " and (" : " or (", out);
        open++;
    }
    fputs("ip and ip6", out); /* which no packet is */
    for (; open > 0; open--)
        fputc(')', out);
    fputs(")\n", out);
    return 0;
}
