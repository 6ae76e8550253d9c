/* SPDX-License-Identifier: MIT */
/*
 * Room filter: which rule decides. Each row is judged by explain and by every structure on
 * every path of this machine.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "support_filter.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

struct row {
    const char *rules, *packet, *answer, *why;
    uint32_t flags;
};

/* clang-format off */
#define D1 "ingress 10 reject tcp from 172.16.0.0/16 to 10.0.0.0/16 port 22; ingress 20 accept tcp from 0.0.0.0/0 to 0.0.0.0/0"
#define D2 "ingress 10 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 443; ingress 20 accept tcp from ::/0 to ::/0 port 443"
#define D3 "ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0"
#define D5 "egress 10 reject all from 0.0.0.0/0 to 10.0.0.0/16; egress 20 accept all from 0.0.0.0/0 to 0.0.0.0/0; " \
           "ingress 10 reject all from 10.0.0.0/16 to 0.0.0.0/0; ingress 20 accept all from 0.0.0.0/0 to 0.0.0.0/0"
#define D8 "ingress 1 reject tcp from 0.0.0.0/0 to 0.0.0.0/0 port 22; ingress 2 accept all from 0.0.0.0/0 to 0.0.0.0/0"
#define D9 "ingress 100 accept tcp from 10.0.0.0/24 to 10.0.0.0/24"
#define D10 "service amazon-dns; ingress 100 accept all from 0.0.0.0/0 to 0.0.0.0/0; ingress 200 accept all from ::/0 to ::/0; " \
            "egress 100 accept all from 0.0.0.0/0 to 0.0.0.0/0; egress 200 accept all from ::/0 to ::/0"
#define D11 "ingress 1 accept tcp from 10.0.0.0/8 port 0-10 to 10.0.0.0/8 port 22-53"
#define ALL4 "ingress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0"
#define ALL6 "ingress 2 accept all from ::/0 to ::/0"
#define DNS_PORT "ingress 1 accept udp from 0.0.0.0/0 to 0.0.0.0/0 port 53"
#define ANY_PORT "ingress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0 port 0-65535; ingress 2 reject all from 0.0.0.0/0 to 0.0.0.0/0"

static const struct row rows[] = {
    /* The worked examples of AWS's documents. [filter.first-match] [filter.no-match] [filter.family] */
    {D1, "in tcp 172.16.1.1 40000 10.0.5.5 22", "reject 10", "D1: SSH from my network", 0},
    {D1, "in tcp 172.16.1.1 40000 10.0.5.5 443", "accept 20", "D1: other TCP from there", 0},
    {D1, "in tcp 8.8.8.8 40000 10.0.5.5 22", "accept 20", "D1: SSH from elsewhere", 0},
    {D1, "in udp 172.16.1.1 40000 10.0.5.5 22", "none", "D1: UDP", 0},
    {D1, "out tcp 10.0.5.5 22 172.16.1.1 40000", "none", "D1: no outbound rules; nasty 24: an ingress rule is not for egress", 0},
    {D1, "in tcp 2001:db8::1 40000 2001:db8::2 22", "none", "D1: IPv6; nasty 11", 0},
    {D2, "in tcp 8.8.8.8 40000 10.0.5.5 443", "accept 10", "D2: HTTPS over IPv4", 0},
    {D2, "in tcp 2001:db8::1 40000 2001:db8::2 443", "accept 20", "D2: over IPv6; nasty 12", 0},
    {D2, "in tcp 8.8.8.8 40000 10.0.5.5 80", "none", "D2: HTTP", 0},
    {D2, "out tcp 10.0.5.5 443 8.8.8.8 40000", "none", "D2: the answers are egress", 0},
    {D3, "in tcp 8.8.8.8 1 10.0.5.5 2", "accept 1", "D3, D6, D4's first session: TCP in", 0},
    {D3, "in udp 8.8.8.8 1 10.0.5.5 2", "none", "D3: UDP in", 0},
    {D3, "in icmp 8.8.8.8 10.0.5.5", "none", "D3: ICMP in", 0},
    {D3, "out tcp 8.8.8.8 1 10.0.5.5 2", "none", "D3: TCP out", 0},
    {"ingress 1 accept udp from 0.0.0.0/0 to 0.0.0.0/0", "in udp 8.8.8.8 1 10.0.5.5 2", "accept 1", "D4's second session", 0},
    {D5, "in udp 10.0.5.5 1 10.0.0.9 2", "reject 10", "D5: in from the VPC", 0},
    {D5, "in 47 8.8.8.8 10.0.0.9", "accept 20", "D5: in from outside, any protocol", 0},
    {D5, "out tcp 10.0.0.9 1 10.0.1.1 2", "reject 10", "D5: out to the VPC", 0},
    {D5, "out tcp 10.0.0.9 1 1.1.1.1 2", "accept 20", "D5: out to outside", 0},
    {D5, "out tcp 2001:db8::1 1 2001:db8::2 2", "none", "D5: IPv6", 0},
    {"ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 80", "in tcp 8.8.8.8 1 10.0.0.9 80", "accept 1", "D7's first session", 0},
    {D8, "in tcp 8.8.8.8 1 10.0.0.9 22", "reject 1", "D8: order decides", 0},
    {D8, "in tcp 8.8.8.8 1 10.0.0.9 23", "accept 2", "D8: all else", 0},
    {D9, "in tcp 10.0.0.7 1 10.0.0.8 2", "accept 100", "D9: both ends inside", 0},
    {D9, "in tcp 10.0.1.7 1 10.0.0.8 2", "none", "D9: the source outside", 0},
    {D9, "in tcp 10.0.0.7 1 10.0.1.8 2", "none", "D9: the destination outside", 0},
    {D10, "in 99 8.8.8.8 10.0.0.9", "accept 100", "D10: everything in", 0},
    {D10, "out icmpv6 2001:db8::1 2001:db8::2", "accept 200", "D10: everything out", 0},
    {D10, "out udp 10.0.0.9 40000 169.254.169.253 53", "service", "D10, nasty 33: resolver traffic out [filter.amazon-dns]", 0},
    {D10, "in udp 169.254.169.253 53 10.0.0.9 40000", "service", "D10, nasty 33: and in", 0},
    {D11, "in tcp 10.1.1.1 10 10.2.2.2 22", "accept 1", "D11: source port 10, destination 22", 0},
    {D11, "in tcp 10.1.1.1 11 10.2.2.2 22", "none", "D11: 11", 0},
    {D11, "in tcp 10.1.1.1 10 10.2.2.2 54", "none", "D11: 54", 0},
    {D11, "in tcp 10.1.1.1 0 10.2.2.2 53", "accept 1", "D11: 0 is a port; nasty 16", 0},
    /* What rules do not decide. [filter.scope] */
    {"service amazon-dns", "out udp 10.0.0.9 40000 169.254.169.253 53", "service", "must-pass 10: the service alone mirrors resolver traffic", 0},
    {"service amazon-dns", "out udp 10.0.0.9 40000 8.8.8.8 53", "none", "and nothing else", 0},
    {ALL4, "in udp 169.254.169.253 53 10.0.0.9 40000", "scope", "accept-all does not mirror the resolver", 0},
    {ALL4, "in arp", "scope", "nasty 38: ARP against an any-rule", 0},
    {ALL4, "in tcp 169.254.169.254 80 10.0.0.9 40000", "scope", "instance metadata", 0},
    {ALL4, "in udp 0.0.0.0 68 255.255.255.255 67", "scope", "DHCP", 0},
    {ALL4, "in udp 169.254.169.123 123 10.0.0.9 123", "scope", "Amazon's time service", 0},
    {ALL4, "in udp 192.0.2.1 123 10.0.0.9 123", "accept 1", "NTP elsewhere is mirrored", 0},
    {ALL4, "in tcp 169.254.169.250 1688 10.0.0.9 2", "scope", "Windows activation", 0},
    {ALL4, "in tcp 10.0.0.1 1 10.0.0.9 2 left:6", "scope", "marked as resolver traffic of some network", 0},
    {"service amazon-dns", "in tcp 10.0.0.2 53 10.0.0.9 2 left:6", "service", "and with the service", 0},
    {ALL4, "in tcp 10.0.0.1 1 10.0.0.9 2 left:7", "accept 1", "the router's traffic is ordinary for mirrors", 0},
    {ALL4, "in udp 10.0.0.1 1 10.0.0.9 4789 left:8", "accept 1", "nasty 23: VXLAN of the source is outer traffic [filter.outermost]", 0},
    {ALL4, "in tcp 10.0.0.1 1 10.0.0.9 2 left:77", "accept 1", "a mark that there is not", 0},
    {ALL4, "in tcp 169.254.169.254 80 10.0.0.9 40000", "accept 1", "MARKED: only marks count", VPCVIS_FILTER_MARKED},
    {ALL4, "in tcp 169.254.169.254 80 10.0.0.9 40000 left:3", "scope", "MARKED: and they do", VPCVIS_FILTER_MARKED},
    {ALL4, "in tcp 10.0.0.1 1 10.0.0.9 2 held", "held", "room fragment keeps it", 0},
    {ALL4, "in tcp 10.0.0.1 1 10.0.0.9 2 bad", "bad", "a malformed packet", 0},
    {ALL4, "in tcp 10.0.0.1 1 10.0.0.9 2 bad", "accept 1", "judged by what was read [filter.options]", VPCVIS_FILTER_BAD},
    /* Rule sets. */
    {"", "in tcp 10.0.0.1 1 10.0.0.9 2", "none", "nasty 1: an empty rule set", 0},
    {"ingress 1 reject all from 0.0.0.0/0 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "reject 1", "nasty 2: only reject", 0},
    {"ingress 7 accept tcp from 0.0.0.0/0 to 0.0.0.0/0; egress 7 reject tcp from 0.0.0.0/0 to 0.0.0.0/0", "out tcp 10.0.0.1 1 10.0.0.9 2", "reject 7", "nasty 4: the same number both ways", 0},
    {"ingress 3 reject all from 0.0.0.0/0 to 0.0.0.0/0; ingress 2 accept tcp from 0.0.0.0/0 to 0.0.0.0/0; ingress 1 reject tcp from 0.0.0.0/0 to 10.0.0.9/32", "in tcp 10.0.0.1 1 10.0.0.9 2", "reject 1", "nasty 5: given in descending order", 0},
    {"ingress 4294967295 accept tcp from 0.0.0.0/0 to 0.0.0.0/0; ingress 0 accept udp from 0.0.0.0/0 to 0.0.0.0/0", "in udp 10.0.0.1 1 10.0.0.9 2", "accept 0", "nasty 3: numbers that AWS would refuse", 0},
    {"ingress 1 reject all from 10.0.0.1/32 to 0.0.0.0/0; ingress 2 accept all from 0.0.0.0/0 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "reject 1", "nasty 7: a host before all", 0},
    {"ingress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0; ingress 2 reject all from 10.0.0.1/32 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "accept 1", "nasty 7: and after", 0},
    {"ingress 1 accept all from 10.0.0.1/8 to 0.0.0.0/0", "in tcp 10.200.0.1 1 10.0.0.9 2", "accept 1", "nasty 9: host bits do not count [filter.host-bits]", 0},
    {ALL6, "in tcp 10.0.0.1 1 10.0.0.9 2", "none", "nasty 12: ::/0 holds no IPv4", 0},
    {"ingress 1 accept all from ::ffff:0:0/96 to ::/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "none", "nasty 11: nor does ::ffff:0:0/96", 0},
    {"ingress 1 accept all from ::ffff:0:0/96 to ::/0", "in tcp ::ffff:10.0.0.1 1 ::1 2", "accept 1", "which is IPv6", 0},
    {"ingress 1 accept all from 10.0.0.2/31 to 0.0.0.0/0", "in tcp 10.0.0.3 1 10.0.0.9 2", "accept 1", "nasty 13: /31", 0},
    {"ingress 1 accept all from 10.0.0.2/31 to 0.0.0.0/0", "in tcp 10.0.0.4 1 10.0.0.9 2", "none", "nasty 14: broadcast + 1", 0},
    {"ingress 1 accept all from 10.0.0.2/31 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "none", "nasty 14: network - 1", 0},
    {"ingress 1 accept all from 2001:db8::2/127 to ::/0", "in tcp 2001:db8::3 1 ::1 2", "accept 1", "nasty 13: /127", 0},
    {"ingress 1 accept all from 2001:db8::2/127 to ::/0", "in tcp 2001:db8::4 1 ::1 2", "none", "nasty 14: the next one", 0},
    {"ingress 1 accept all from 2001:db8::2/128 to ::1/128", "in tcp 2001:db8::2 1 ::1 2", "accept 1", "nasty 15: no shift by 128", 0},
    {"ingress 1 accept all from 2001:db8::/33 to ::/0", "in tcp 2001:db8:8000:: 1 ::1 2", "none", "a bit beyond a word", 0},
    {"ingress 1 accept all from 10.0.0.1/32 to 10.0.0.9/32", "in tcp 10.0.0.1 1 10.0.0.9 2", "accept 1", "nasty 15: /32", 0},
    {"ingress 1 accept tcp from 0.0.0.0/0 port 65535 to 0.0.0.0/0 port 0", "in tcp 10.0.0.1 65535 10.0.0.9 0", "accept 1", "nasty 16: port 0 and 65535", 0},
    {"ingress 1 accept tcp from 0.0.0.0/0 port 65535 to 0.0.0.0/0 port 0", "in tcp 10.0.0.1 65534 10.0.0.9 0", "none", "nasty 16: one less", 0},
    {"ingress 1 accept tcp from 0.0.0.0/0 port 0-65535 to 0.0.0.0/0", "in tcp 10.0.0.1 65535 10.0.0.9 0", "accept 1", "nasty 16: all ports", 0},
    {"ingress 1 reject tcp from 0.0.0.0/0 to 0.0.0.0/0 port 10-20; ingress 2 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 15-30", "in tcp 10.0.0.1 1 10.0.0.9 20", "reject 1", "nasty 44: overlapping ranges", 0},
    {"ingress 1 reject tcp from 0.0.0.0/0 to 0.0.0.0/0 port 10-20; ingress 2 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 15-30", "in tcp 10.0.0.1 1 10.0.0.9 21", "accept 2", "nasty 44: past the first", 0},
    {"ingress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0", "in udp 10.0.0.1 1 255.255.255.255 2", "accept 1", "nasty 40, 43: broadcast, wildcards on both sides", 0},
    {ALL4, "any tcp 10.0.0.1 1 10.0.0.9 2", "none", "an unknown direction [filter.direction]", 0},
    /* Ports that are not known. [filter.unknown-ports] */
    {DNS_PORT "; ingress 2 reject all from 0.0.0.0/0 to 0.0.0.0/0", "in udp 10.0.0.1 1 10.0.0.9 2 later", "reject 2", "nasty 19: a later fragment passes a port rule by", 0},
    {DNS_PORT, "in udp 10.0.0.1 9 10.0.0.9 53 lent", "accept 1", "with lent ports it does not", 0},
    {DNS_PORT, "in udp 10.0.0.1 1 10.0.0.9 2 later", "accept 1", "option LATER", VPCVIS_FILTER_LATER},
    {DNS_PORT, "in tcp 10.0.0.1 1 10.0.0.9 2 later", "none", "LATER: the protocol still counts", VPCVIS_FILTER_LATER},
    {DNS_PORT, "in udp 10.0.0.1 1 10.0.0.9 54", "none", "LATER: and ports that are known", VPCVIS_FILTER_LATER},
    {DNS_PORT, "in udp 10.0.0.1 1 10.0.0.9 2 cut", "none", "nasty 20: ports not captured", 0},
    {DNS_PORT, "in udp 10.0.0.1 1 10.0.0.9 2 cut", "accept 1", "option CUT", VPCVIS_FILTER_CUT},
    {DNS_PORT, "in udp 10.0.0.1 1 10.0.0.9 2 later", "none", "CUT is not LATER", VPCVIS_FILTER_CUT},
    {"ingress 1 accept tcp from 0.0.0.0/0 port 0-65535 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2 cut", "none", "a range of all ports is a range", 0},
    {ANY_PORT, "in icmp 10.0.0.1 10.0.0.9", "reject 2", "nasty 17: ICMP against ports of all protocols", VPCVIS_FILTER_PORTS_ALL},
    {ANY_PORT, "in icmp 10.0.0.1 10.0.0.9", "accept 1", "option PORTLESS", VPCVIS_FILTER_PORTS_ALL | VPCVIS_FILTER_PORTLESS},
    {ANY_PORT, "in udp 10.0.0.1 1 10.0.0.9 2", "accept 1", "option PORTS_ALL", VPCVIS_FILTER_PORTS_ALL},
    {ANY_PORT, "in tcp 10.0.0.1 1 10.0.0.9 2", "refused", "without it: [filter.ports]", 0},
    {ANY_PORT, "in sctp 10.0.0.1 1 10.0.0.9 2", "reject 2", "SCTP's ports are none", VPCVIS_FILTER_PORTS_ALL},
    {ANY_PORT, "in sctp 10.0.0.1 1 10.0.0.9 2", "accept 1", "option MORE_PORTS", VPCVIS_FILTER_PORTS_ALL | VPCVIS_FILTER_MORE_PORTS},
    {"ingress 1 accept sctp from 0.0.0.0/0 to 0.0.0.0/0 port 9", "in sctp 10.0.0.1 1 10.0.0.9 9", "accept 1", "and rules of SCTP may have them", VPCVIS_FILTER_MORE_PORTS},
    {"ingress 1 accept sctp from 0.0.0.0/0 to 0.0.0.0/0 port 9", "in sctp 10.0.0.1 1 10.0.0.9 9", "refused", "else not", 0},
    {"ingress 1 accept esp from 0.0.0.0/0 to 0.0.0.0/0", "in 50 10.0.0.1 10.0.0.9", "accept 1", "nasty 22: ESP without ports", 0},
    /* Protocols. [filter.icmpv6] */
    {"ingress 1 accept icmp from ::/0 to ::/0", "in icmpv6 ::1 ::2", "none", "58 is not 1", 0},
    {"ingress 1 accept icmpv6 from ::/0 to ::/0", "in icmpv6 ::1 ::2", "accept 1", "ICMPv6", 0},
    {"ingress 1 accept tcp from ::/0 to ::/0 port 80", "in tcp ::1 1 ::2 80 next:43", "accept 1", "nasty 21: behind extension headers", 0},
    {"ingress 1 accept tcp from ::/0 to ::/0 port 80", "in tcp ::1 1 ::2 80 next:43", "none", "option NEXT", VPCVIS_FILTER_NEXT},
    {"ingress 1 accept 43 from ::/0 to ::/0", "in tcp ::1 1 ::2 80 next:43", "accept 1", "NEXT: the first one", VPCVIS_FILTER_NEXT},
    {"ingress 1 accept tcp from ::/0 to ::/0 port 80", "in tcp ::1 1 ::2 80 next:6", "accept 1", "NEXT: none between", VPCVIS_FILTER_NEXT},
    {"ingress 1 accept 0 from 0.0.0.0/0 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "none", "nasty 18: protocol 0 is hop-by-hop", 0},
    {"ingress 1 accept 0 from 0.0.0.0/0 to 0.0.0.0/0", "in tcp 10.0.0.1 1 10.0.0.9 2", "accept 1", "option PROTOCOL_0", VPCVIS_FILTER_PROTOCOL_0},
    {"ingress 1 accept 0 from 0.0.0.0/0 to 0.0.0.0/0 port 7", "in tcp 10.0.0.1 1 10.0.0.9 7", "accept 1", "with ports as any", VPCVIS_FILTER_PROTOCOL_0 | VPCVIS_FILTER_PORTS_ALL},
    {"ingress 1 accept 255 from 0.0.0.0/0 to 0.0.0.0/0", "in 255 10.0.0.1 10.0.0.9", "accept 1", "protocol 255", 0},
    {"ingress 1 accept 47 from 0.0.0.0/0 to 0.0.0.0/0; ingress 2 accept tcp from 0.0.0.0/0 to 0.0.0.0/0", "in 47 10.0.0.1 10.0.0.9", "accept 1", "a tunnel is its outer header", 0},
    /* Frames that are not IP. */
    {ALL4, "in lldp", "none", "LLDP matches no rule", 0},
    {"ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0; " ALL6, "in lldp", "accept 2", "option NON_IP: rules that look at nothing", VPCVIS_FILTER_NON_IP},
    {ALL4 "; ingress 0 reject all from ::/0 to ::/0", "in lldp", "reject 0", "NON_IP: of both families the lowest", VPCVIS_FILTER_NON_IP},
    {ALL4, "out lldp", "none", "NON_IP: in the direction", VPCVIS_FILTER_NON_IP},
    {ALL4, "in arp", "scope", "NON_IP: never ARP", VPCVIS_FILTER_NON_IP},
};
/* clang-format on */

START_TEST(decisions)
{
    const struct row *row = &rows[_i];
    struct vpcvis_filter_config config;
    struct vpcvis_rule rules[8];
    const struct vpcvis_packet packet = filter_packet(row->packet);
    size_t count;

    memset(&config, 0, sizeof config);
    count = filter_rules(row->rules, rules, 8, &config.services);
    config.size = sizeof config;
    config.flags = row->flags;
    ck_assert_msg(strcmp(filter_judge(rules, count, &config, &packet, 0), row->answer) ==
                      0,
                  "%s | %s: not %s (%s)", row->rules, row->packet, row->answer, row->why);
}
END_TEST

/* The direction of a call is that of every packet. */
START_TEST(direction_of_the_call)
{
    struct vpcvis_packet packet = filter_packet("out tcp 10.0.0.1 1 10.0.0.9 2");
    struct vpcvis_rule rules[8];
    uint32_t services;
    const size_t count = filter_rules(D3, rules, 8, &services);

    ck_assert_str_eq(filter_judge(rules, count, NULL, &packet, 0), "none");
    ck_assert_str_eq(filter_judge(rules, count, NULL, &packet, VPCVIS_DIRECTION_INGRESS),
                     "accept 1");
    packet.direction = 0;
    ck_assert_str_eq(filter_judge(rules, count, NULL, &packet, VPCVIS_DIRECTION_INGRESS),
                     "accept 1");
}
END_TEST

/* A scope of one's own: the resolver of a network, and what else it lists. [filter.scope-own] */
START_TEST(own_scope)
{
    struct vpcvis_packet packet = filter_packet("out udp 10.0.5.5 40000 10.0.0.2 53");
    struct vpcvis_filter_config config;
    struct vpcvis_scope scope;
    struct vpcvis_cidr vpc;
    struct vpcvis_rule rules[8];
    uint32_t services;
    const size_t count = filter_rules("egress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0",
                                      rules, 8, &services);

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    ck_assert_str_eq(filter_judge(rules, count, &config, &packet, 0), "accept 1");
    vpcvis_addr_read_cidr("10.0.0.0/16", 11, &vpc, NULL);
    vpcvis_scope_init(&scope, VPCVIS_SCOPE_MIRRORING, &vpc, NULL);
    config.scope = &scope;
    ck_assert_str_eq(filter_judge(rules, count, &config, &packet, 0), "scope");
    config.services = VPCVIS_FILTER_AMAZON_DNS;
    ck_assert_str_eq(filter_judge(rules, count, &config, &packet, 0), "service");
    scope.entries = 0;
    ck_assert_str_eq(filter_judge(rules, count, &config, &packet, 0), "accept 1");
    scope.entries = VPCVIS_SCOPE_BIT(31);
    ck_assert_str_eq(filter_judge(rules, count, &config, &packet, 0), "refused");
}
END_TEST

/* Packets of all kinds in one batch, at a stride, and none beside it is touched. */
START_TEST(mixed_batch)
{
    static const char *const texts[] = {
        "in tcp 8.8.8.8 1 10.0.0.9 22",         "out tcp 10.0.0.9 1 1.1.1.1 2",
        "in tcp 2001:db8::1 1 2001:db8::2 443", "in arp",
        "out udp 2001:db8::2 1 2001:db8::1 9",  "in icmp 1.1.1.1 10.0.0.9",
        "any tcp 8.8.8.8 1 10.0.0.9 22"};
    static const char *const wanted[] = {"reject 1", "accept 5", "accept 3", "scope",
                                         "reject 4", "accept 2", "none"};
    struct vpcvis_filter_answer answers[200];
    struct vpcvis_rule rules[8];
    vpcvis_filter *filter;
    uint32_t services;
    const size_t stride = sizeof(struct vpcvis_packet) + 8;
    char *packets = guard_copy(NULL, 199 * stride + sizeof(struct vpcvis_packet));
    const size_t count =
        filter_rules(D8
                     "; ingress 3 accept tcp from ::/0 to ::/0 port 443; "
                     "egress 4 reject udp from ::/0 to ::/0; "
                     "egress 5 accept all from 0.0.0.0/0 to 0.0.0.0/0",
                     rules, 8, &services);
    size_t i;

    for (i = 0; i < 200; i++) {
        const struct vpcvis_packet packet = filter_packet(texts[i * i % 7]);
        memcpy(packets + i * stride, &packet, sizeof packet);
    }
    ck_assert_int_eq(vpcvis_filter_new(rules, count, NULL, NULL, &filter, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(
        vpcvis_filter_match(filter, (void *)packets, stride, 200, 0, answers), VPCVIS_OK);
    for (i = 0; i < 200; i++)
        ck_assert_str_eq(filter_words(&answers[i]), wanted[i * i % 7]);
    ck_assert_uint_eq(answers[0].rule, 0); /* the caller's index */
    ck_assert_uint_eq(answers[1].rule, 4);
    vpcvis_filter_free(filter, NULL);
}
END_TEST

/* Many rules: nasty 31, all of one block and all disjoint, and some of both families. */
static size_t make_many(uint32_t shape, size_t count, struct vpcvis_rule *rules)
{
    char text[128];
    uint32_t services;
    size_t i;

    for (i = 0; i < count; i++) {
        const unsigned a = (unsigned)i / 256, b = (unsigned)i % 256;
        if (shape == 0)
            snprintf(text, sizeof text,
                     "ingress %u accept tcp from 10.0.0.0/8 to 10.0.0.0/8 port %u",
                     (unsigned)i, (unsigned)i);
        else if (shape == 1)
            snprintf(text, sizeof text,
                     "egress %u reject all from 10.%u.%u.0/24 to 192.168.%u.%u/32",
                     (unsigned)i, a, b, a, b);
        else
            snprintf(text, sizeof text,
                     "ingress %u accept tcp from 2001:db8:%x::/48 to ::/0 port %u",
                     (unsigned)i, b, a);
        filter_rules(text, &rules[i], 1, &services);
    }
    return count;
}

/* What is planned is built in just that memory; over max_bytes there is a smaller structure. */
START_TEST(structures)
{
    static struct vpcvis_rule rules[600];
    static const char *const packets[] = {"in tcp 10.1.2.3 9 10.4.5.6 599",
                                          "out udp 10.2.10.9 9 192.168.2.10 5",
                                          "in tcp 2001:db8:10::1 9 ::2 1"};
    static const char *const wanted[] = {"accept 599", "reject 522", "accept 272"};
    const struct vpcvis_packet packet = filter_packet(packets[_i]);
    const size_t count = make_many((uint32_t)_i, 600, rules);
    struct vpcvis_filter_config config;
    struct vpcvis_filter_needs needs, small;
    struct vpcvis_filter_answer answer;
    vpcvis_filter *filter;
    char *scratch, *memory;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.structure = _i == 0 ? VPCVIS_FILTER_LINEAR : VPCVIS_FILTER_TABLES;
    vpcvis_filter_plan(rules, count, &config, NULL, 0, &needs, NULL);
    scratch = malloc((size_t)needs.scratch);
    ck_assert_int_eq(vpcvis_filter_plan(rules, count, &config, scratch,
                                        (size_t)needs.scratch, &needs, NULL),
                     VPCVIS_OK);
    ck_assert(needs.structure == config.structure && needs.flags == 0);
    memory = guard_copy(NULL, (size_t)needs.bytes);
    ck_assert_int_eq(vpcvis_filter_build(rules, count, &config, memory,
                                         (size_t)needs.bytes - 1, scratch,
                                         (size_t)needs.scratch, &filter, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_filter_build(rules, count, &config, memory,
                                         (size_t)needs.bytes, scratch,
                                         (size_t)needs.scratch, &filter, NULL),
                     VPCVIS_OK);
    vpcvis_filter_match(filter, &packet, sizeof packet, 1, 0, &answer);
    ck_assert_str_eq(filter_words(&answer), wanted[_i]);
    config.max_bytes = needs.bytes - 1;
    ck_assert_int_eq(vpcvis_filter_plan(rules, count, &config, scratch,
                                        (size_t)needs.scratch, &small, NULL),
                     VPCVIS_OK);
    ck_assert_uint_eq(small.structure, VPCVIS_FILTER_LINEAR);
    ck_assert_uint_eq(small.flags & VPCVIS_FILTER_FALLBACK, _i != 0);
    ck_assert_uint_eq((small.flags & VPCVIS_FILTER_OVER) != 0,
                      small.bytes > config.max_bytes);
    memory = guard_copy(NULL, (size_t)small.bytes);
    ck_assert_int_eq(vpcvis_filter_build(rules, count, &config, memory,
                                         (size_t)small.bytes, scratch,
                                         (size_t)needs.scratch, &filter, NULL),
                     VPCVIS_OK);
    vpcvis_filter_match(filter, &packet, sizeof packet, 1, 0, &answer);
    ck_assert_str_eq(filter_words(&answer), wanted[_i]);
    free(scratch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filter");
    TCase *tests = tcase_create("filter");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, decisions, 0, COUNT(rows));
    tcase_add_test(tests, direction_of_the_call);
    tcase_add_test(tests, own_scope);
    tcase_add_test(tests, mixed_batch);
    tcase_add_loop_test(tests, structures, 0, 3);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
