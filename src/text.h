/* SPDX-License-Identifier: MIT */
/*
 * Internal, floor 1: decimal digits to integers and back, without libc and its locale.
 */
#ifndef VPCVIS_TEXT_H
#define VPCVIS_TEXT_H

#include "bytes.h"

#define VPCVIS_I_TEXT_U64_MAX 20 /* digits of 2^64 - 1 */

/*
 * Read plain decimal digits that fill text. VPCVIS_E_NUMBER: empty, a byte that is no digit, or
 * a leading zero; VPCVIS_E_RANGE: more than max. *bad is the offset of the byte at fault.
 */
VPCVIS_I vpcvis_status vpcvis_i_text_read_u64(const char *text, size_t len, uint64_t max,
                                              uint64_t *value, size_t *bad);

/* Write value in decimal; returns the end. out has room for VPCVIS_I_TEXT_ROOM bytes, and
 * those past the end may be overwritten. */
#define VPCVIS_I_TEXT_ROOM 24
VPCVIS_I char *vpcvis_i_text_write_u64(char *out, uint64_t value);

#endif
