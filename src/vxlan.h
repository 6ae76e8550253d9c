/* SPDX-License-Identifier: MIT */
/*
 * Internal: what the parts of room vxlan share.
 */
#ifndef VPCVIS_I_VXLAN_H
#define VPCVIS_I_VXLAN_H

#include "bytes.h"
#include "vpcvis/vxlan.h"

#define VPCVIS_I_VXLAN_UDP 17

/* Sum of 16-bit words in network order, not folded yet; chains over pieces of even length. */
VPCVIS_I uint64_t vpcvis_i_vxlan_sum(const uint8_t *bytes, size_t len);

/* The checksum that a sum makes. */
VPCVIS_I_INLINE uint16_t vpcvis_i_vxlan_fold(uint64_t sum)
{
    sum = (sum & 0xffffffffu) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)(~sum & 0xffff);
}

/* The pseudo header's part of a UDP checksum: addresses, protocol and length. */
VPCVIS_I uint64_t vpcvis_i_vxlan_pseudo(const uint8_t *src, const uint8_t *dst,
                                        uint32_t family, uint32_t udp_len);

VPCVIS_I_INLINE void vpcvis_i_vxlan_put16(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 8 & 0xff);
    out[1] = (uint8_t)(value & 0xff);
}

VPCVIS_I_INLINE void vpcvis_i_vxlan_put24(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 16 & 0xff);
    vpcvis_i_vxlan_put16(out + 1, value);
}

VPCVIS_I_INLINE uint32_t vpcvis_i_vxlan_get24(const uint8_t *in)
{
    return in[0] * 65536u + in[1] * 256u + in[2];
}

#endif
