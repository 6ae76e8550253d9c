/* SPDX-License-Identifier: MIT */
/*
 * Internal: the quick look that tells ordinary traffic from what may be on the list.
 */
#ifndef VPCVIS_I_SCOPE_H
#define VPCVIS_I_SCOPE_H

#include "bytes.h"
#include "vpcvis/scope.h"

/*
 * What nearly every packet lacks: a service's address, one of the scope's, or a port of DHCP
 * or VXLAN as destination. Addresses are compared by their first four bytes.
 */
struct vpcvis_i_scope_marks {
    uint32_t v4[2]; /* resolver, router */
    uint32_t v6[2];
};

#define VPCVIS_I_SCOPE_LINK_LOCAL 0xa9fea900u /* 169.254.169.0/24 */
#define VPCVIS_I_SCOPE_SERVICES_6 0xfd000ec2u /* fd00:ec2::/32 */

VPCVIS_I_INLINE struct vpcvis_i_scope_marks vpcvis_i_scope_marks_of(
    const struct vpcvis_scope *scope)
{
    const struct vpcvis_addr *addr[2];
    struct vpcvis_i_scope_marks marks;
    unsigned i;

    addr[0] = &scope->resolver;
    addr[1] = &scope->router;
    for (i = 0; i < 2; i++) {
        const uint32_t four = vpcvis_i_bytes_be32(addr[i]->bytes);
        marks.v4[i] =
            addr[i]->family == VPCVIS_ADDR_IPV4 ? four : VPCVIS_I_SCOPE_LINK_LOCAL;
        marks.v6[i] =
            addr[i]->family == VPCVIS_ADDR_IPV6 ? four : VPCVIS_I_SCOPE_SERVICES_6;
    }
    return marks;
}

/* Whether a packet falls under no entry, by its marks; 0: it has to be looked at. */
VPCVIS_I_INLINE int vpcvis_i_scope_is_ordinary(const struct vpcvis_i_scope_marks *marks,
                                               const struct vpcvis_packet *packet)
{
    const uint32_t src = vpcvis_i_bytes_be32(packet->src),
                   dst = vpcvis_i_bytes_be32(packet->dst);
    const uint16_t port = packet->dstport;

    if (packet->protocol == 17 &&
        (port == 67 || port == 68 || port == 546 || port == 547 || port == 4789))
        return 0;
    if (packet->family == VPCVIS_ADDR_IPV4)
        return (src & ~0xffu) != VPCVIS_I_SCOPE_LINK_LOCAL &&
               (dst & ~0xffu) != VPCVIS_I_SCOPE_LINK_LOCAL && src != marks->v4[0] &&
               dst != marks->v4[0] && src != marks->v4[1] && dst != marks->v4[1];
    return packet->family == VPCVIS_ADDR_IPV6 && src != VPCVIS_I_SCOPE_SERVICES_6 &&
           dst != VPCVIS_I_SCOPE_SERVICES_6 && src != marks->v6[0] &&
           dst != marks->v6[0] && src != marks->v6[1] && dst != marks->v6[1];
}

#endif
