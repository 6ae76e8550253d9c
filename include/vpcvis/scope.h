/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/scope.h - traffic that is never logged and never mirrored: one list.
 *
 * AWS leaves some traffic out of flow logs (VPC user guide, "Flow log limitations") and some
 * out of traffic mirroring (its guide, "Traffic Mirroring limitations", "Traffic types"). Each
 * kind is an entry here with a name and a switch, and a packet is told which it falls under.
 *
 *     entry      what                                              logs  mirror
 *     ARP        ethertype 0x0806                                   out   out
 *     DHCP       UDP 67 and 68; UDP 546 and 547 over IPv6           out   out
 *     METADATA   169.254.169.254, fd00:ec2::254                     out   out
 *     TIME       169.254.169.123, fd00:ec2::123                     out   out
 *     WINDOWS    TCP 1688 at 169.254.169.250 and .251 and at        out   out
 *                fd00:ec2::250
 *     RESOLVER   UDP and TCP 53 at 169.254.169.253, fd00:ec2::253   out   by service
 *                and the network's base + 2
 *     ROUTER     the network's base + 1                             out   in
 *     MIRROR     UDP 4789 away from a mirror source to its targets  out   in
 * [scope.flow-logs] [scope.mirror]
 *
 * Both directions of such a conversation are left out; "at" an address means that the port is
 * on the same side. DHCP needs the server's port on one side and either port on the other, so
 * that nobody hides by one source port. MIRROR is egress traffic only. "By service": mirrored
 * only if the filter has the network service amazon-dns. NTP to any other server is ordinary
 * traffic (AWS says "NTP"; a capture of mirrored traffic has NTP to public servers).
 *
 * A packet without ports (a later fragment, a cut one) falls only under entries that need none:
 * let room fragment see the packets first.
 *
 * What AWS leaves out and no packet shows (endpoint interfaces to load balancers, licence
 * servers at other addresses) is for the caller.
 */
#ifndef VPCVIS_SCOPE_H
#define VPCVIS_SCOPE_H

#include "vpcvis/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Entries, as bits of vpcvis_scope.entries. vpcvis_packet.left has the entry's number. */
#define VPCVIS_SCOPE_ARP      1
#define VPCVIS_SCOPE_DHCP     2
#define VPCVIS_SCOPE_METADATA 3
#define VPCVIS_SCOPE_TIME     4
#define VPCVIS_SCOPE_WINDOWS  5
#define VPCVIS_SCOPE_RESOLVER 6
#define VPCVIS_SCOPE_ROUTER   7
#define VPCVIS_SCOPE_MIRROR   8
#define VPCVIS_SCOPE_COUNT    9 /* one more than the last */

#define VPCVIS_SCOPE_BIT(entry) (1u << (entry))
#define VPCVIS_SCOPE_FLOW_LOGS  0x1feu /* all entries: the default for flow logs */
#define VPCVIS_SCOPE_MIRRORING  0x07eu /* ARP to RESOLVER: the default for mirroring */

/*
 * What is left out at one interface. Zero is "nothing is left out"; vpcvis_scope_init gives
 * the defaults for a network. A value: copy it, switch entries, set addresses.
 */
struct vpcvis_scope {
    uint32_t entries; /* bits VPCVIS_SCOPE_BIT(VPCVIS_SCOPE_...) */
    uint32_t reserved;
    struct vpcvis_addr resolver; /* one more resolver; family 0: none */
    struct vpcvis_addr router;   /* family 0: none */
    struct vpcvis_cidr targets;  /* of a mirror source, all of them; family 0: it is none,
                                  * and its own VXLAN is ordinary traffic */
};

/*
 * Set *scope to leave out entries in a network: the VPC's CIDR gives the resolver (base + 2),
 * the subnet's the router (base + 1). Host bits do not count. Either may be NULL; an IPv6 one,
 * or one of fewer than 4 addresses, gives nothing. There are no mirror targets yet.
 * VPCVIS_E_ARG: scope is NULL, entries has unknown bits, or a CIDR has no valid family;
 * VPCVIS_E_PREFIX: a length beyond the family.
 */
VPCVIS_API vpcvis_status vpcvis_scope_init(struct vpcvis_scope *scope, uint32_t entries,
                                           const struct vpcvis_cidr *vpc,
                                           const struct vpcvis_cidr *subnet);

/*
 * Which entry a packet falls under: VPCVIS_OK stores its number in *entry; VPCVIS_NOMATCH: it
 * counts as ordinary traffic. Of several the one with the lowest number. VPCVIS_E_ARG: NULL,
 * or a scope with unknown bits or a prefix length beyond its family.
 */
VPCVIS_API vpcvis_status vpcvis_scope_find(const struct vpcvis_scope *scope,
                                           const struct vpcvis_packet *packet,
                                           uint32_t *entry);

/*
 * The same for count packets, which are marked: VPCVIS_PACKET_LEFT in flags and the entry in
 * `left`; the flow table and mirror sessions then count and skip them. Marks of an earlier
 * call go. A packet that room fragment keeps (VPCVIS_PACKET_HELD) is left alone. *left_out,
 * unless NULL, is how many were marked.
 * VPCVIS_OK; VPCVIS_E_ARG: NULL with count, or a bad scope: no packet is touched.
 */
VPCVIS_API vpcvis_status vpcvis_scope_match(const struct vpcvis_scope *scope,
                                            struct vpcvis_packet *packets, size_t count,
                                            size_t *left_out);

/* The entry's name ("resolver"), NUL-terminated; NULL for 0 and unknown numbers. */
VPCVIS_API const char *vpcvis_scope_name(uint32_t entry);

/* For bindings: the size of struct vpcvis_scope. */
VPCVIS_API size_t vpcvis_scope_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
