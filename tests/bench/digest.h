/* SPDX-License-Identifier: MIT */
/*
 * digest.h - one number for all values of a record, to show that two sides read the same. A `-`
 * counts as the number 0, the text "-" or an address of zeros, which is all some peers know.
 */
#ifndef BENCH_DIGEST_H
#define BENCH_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "peer.h"

#define DIGEST_BEGIN 0xcbf29ce484222325u /* FNV-1a, 64 bits */

uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t len);
uint64_t digest_number(uint64_t digest, uint64_t number);
uint64_t digest_text(uint64_t digest, const char *text, size_t len);
uint64_t digest_address(uint64_t digest, const uint8_t bytes[16], uint32_t family);

/* The fields in documented order, as the layouts of the logs have them. */
uint64_t digest_peer_v2(const struct peer_v2 *flow);
uint64_t digest_peer_v5(const struct peer_v5 *flow);

#endif
