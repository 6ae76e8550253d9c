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

#endif
