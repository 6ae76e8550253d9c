/* SPDX-License-Identifier: MIT */
/*
 * Internal: addresses for the rooms above, without the ceremony of the public functions.
 */
#ifndef VPCVIS_I_ADDR_H
#define VPCVIS_I_ADDR_H

#include "bytes.h"
#include "vpcvis/addr.h"

/* Read an address that fills text. VPCVIS_OK sets *addr; VPCVIS_E_ADDRESS sets *bad to the first
 * byte after which no text could be an address, len if there is none. */
VPCVIS_I vpcvis_status vpcvis_i_addr_read(const char *text, size_t len,
                                          struct vpcvis_addr *addr, size_t *bad);

/* Write an address of a valid family; returns the end. out has room for VPCVIS_ADDR_TEXT_MAX
 * bytes, and those past the end may be overwritten. */
VPCVIS_I char *vpcvis_i_addr_write(char *out, const struct vpcvis_addr *addr);

/* "0.".."255.", the rest of the four bytes of no meaning; and how long they are. Some machines
 * reach what lies at even addresses without a table of pointers. */
#if defined(__GNUC__)
#define VPCVIS_I_EVEN __attribute__((aligned(4)))
#else
#define VPCVIS_I_EVEN
#endif
VPCVIS_I extern const char vpcvis_i_addr_octets[256][4] VPCVIS_I_EVEN;
VPCVIS_I extern const uint8_t vpcvis_i_addr_octet_len[256] VPCVIS_I_EVEN;

/* An octet and a dot. Touches four bytes. */
VPCVIS_I_INLINE char *vpcvis_i_addr_write_octet(char *out, uint8_t octet)
{
    memcpy(out, vpcvis_i_addr_octets[octet], 4);
    return out + vpcvis_i_addr_octet_len[octet];
}

/* A dotted quad. Touches 16 bytes, though the longest text has 15. */
VPCVIS_I_INLINE char *vpcvis_i_addr_write_quad(char *out, const uint8_t octets[4])
{
    out = vpcvis_i_addr_write_octet(out, octets[0]);
    out = vpcvis_i_addr_write_octet(out, octets[1]);
    out = vpcvis_i_addr_write_octet(out, octets[2]);
    return vpcvis_i_addr_write_octet(out, octets[3]) - 1;
}

#endif
