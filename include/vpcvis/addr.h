/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/addr.h - IPv4 and IPv6 addresses and CIDR blocks: text to value and back.
 *
 * Reading is strict, because lenient readers have been used to walk around filters: an IPv4
 * address is four decimal numbers 0..255 without leading zeros (no `010.8.8.8`, `1.2.3`,
 * `0x7f.1`); an IPv6 address is one of the forms of RFC 4291 section 2.2, of hex groups of
 * one to four digits, with at most one `::`, or ending in an IPv4 address; no zone
 * (`fe80::1%eth0`). [addr.rfc4291]
 *
 * Writing is canonical: RFC 5952 section 4 for IPv6 (lower case, no leading zeros, the
 * longest run of two or more zero groups as `::`, the first of equals) and section 5 for
 * ::ffff:0:0/96, whose last 32 bits are written as an IPv4 address. [addr.rfc5952]
 *
 * An IPv4-mapped IPv6 address stays IPv6: it never equals the IPv4 address inside it.
 * This room knows nothing of names, scopes or interfaces.
 */
#ifndef VPCVIS_ADDR_H
#define VPCVIS_ADDR_H

#include "vpcvis/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VPCVIS_ADDR_IPV4 4
#define VPCVIS_ADDR_IPV6 6

#define VPCVIS_ADDR_TEXT_MAX 45 /* "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255" */
#define VPCVIS_CIDR_TEXT_MAX 49 /* and "/128" */

/*
 * An address in network order. IPv4 uses bytes[0..3]; the other 12 are zero, as are the
 * reserved ones, so that two equal addresses are equal bytes. family 0 means no address.
 */
struct vpcvis_addr {
    uint8_t bytes[16];
    uint8_t family; /* VPCVIS_ADDR_IPV4, VPCVIS_ADDR_IPV6 or 0 */
    uint8_t reserved[7];
};

/* A block of addresses: those that share the first prefix_len bits of addr. */
struct vpcvis_cidr {
    struct vpcvis_addr addr;
    uint8_t prefix_len; /* bits: 0..32 or 0..128 */
    uint8_t reserved[7];
};

/*
 * Read an address that fills text exactly.
 * VPCVIS_OK: *addr is set. VPCVIS_E_ADDRESS: it is not one; if error is not NULL it says at
 * which byte that became certain (text_len when the text ends too early). VPCVIS_E_ARG: addr is
 * NULL, or text is and text_len is not 0.
 */
VPCVIS_API vpcvis_status vpcvis_addr_read(const char *text, size_t text_len,
                                          struct vpcvis_addr *addr,
                                          struct vpcvis_error *error);

/*
 * Write an address, without a NUL, and store its length in *out_len.
 * VPCVIS_E_SPACE: capacity is too small and *out_len is the size needed; out may be NULL when
 * capacity is 0. VPCVIS_E_ARG: NULL, or no valid family.
 */
VPCVIS_API vpcvis_status vpcvis_addr_write(const struct vpcvis_addr *addr, char *out,
                                           size_t capacity, size_t *out_len);

/*
 * Read `address/prefix-length`. The slash and the length are required; the length is decimal
 * without sign or leading zeros. Host bits are kept as written: vpcvis_addr_mask clears them.
 * VPCVIS_E_ADDRESS, VPCVIS_E_PREFIX (also: no slash) or VPCVIS_E_ARG, as vpcvis_addr_read.
 */
VPCVIS_API vpcvis_status vpcvis_addr_read_cidr(const char *text, size_t text_len,
                                               struct vpcvis_cidr *cidr,
                                               struct vpcvis_error *error);

/* Write `address/prefix-length`; as vpcvis_addr_write. */
VPCVIS_API vpcvis_status vpcvis_addr_write_cidr(const struct vpcvis_cidr *cidr, char *out,
                                                size_t capacity, size_t *out_len);

/*
 * Clear the bits of *addr below its first prefix_len (a block's network address).
 * VPCVIS_OK: done; *changed, unless NULL, is 1 if a bit was set and 0 if not.
 * VPCVIS_E_PREFIX: prefix_len is beyond the family. VPCVIS_E_ARG: NULL, or no valid family.
 */
VPCVIS_API vpcvis_status vpcvis_addr_mask(struct vpcvis_addr *addr, uint32_t prefix_len,
                                          uint32_t *changed);

/*
 * VPCVIS_OK if addr lies in cidr (host bits of cidr do not count), VPCVIS_NOMATCH if it does
 * not; addresses of different families never match. VPCVIS_E_ARG: NULL, or no valid family;
 * VPCVIS_E_PREFIX: cidr's length is beyond its family.
 */
VPCVIS_API vpcvis_status vpcvis_addr_match(const struct vpcvis_cidr *cidr,
                                           const struct vpcvis_addr *addr);

/* Sizes for bindings: of struct vpcvis_addr and struct vpcvis_cidr. */
VPCVIS_API size_t vpcvis_addr_bytes(void);
VPCVIS_API size_t vpcvis_addr_cidr_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
