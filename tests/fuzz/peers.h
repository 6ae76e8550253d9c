/* SPDX-License-Identifier: MIT */
/*
 * Readers of single values that share no code with the library: addresses by inet_pton, numbers
 * as strings of digits.
 */
#ifndef VPCVIS_TESTS_FUZZ_PEERS_H
#define VPCVIS_TESTS_FUZZ_PEERS_H

#include <arpa/inet.h>

#include "oracle.h"

/* 1 if the text is an address. */
static inline int peer_read(const char *text, size_t len, struct vpcvis_addr *addr)
{
    char copy[64];

    memset(addr, 0, sizeof(*addr));
    if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
        return 0;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, addr->bytes) == 1)
        addr->family = VPCVIS_ADDR_IPV4;
    else if (inet_pton(AF_INET6, copy, addr->bytes) == 1)
        addr->family = VPCVIS_ADDR_IPV6;
    return addr->family != 0;
}

/* What a column of numbers up to max must say of the text. */
static inline vpcvis_status peer_number(const char *text, size_t len, uint64_t max)
{
    char top[24];
    const size_t top_len =
        (size_t)snprintf(top, sizeof(top), "%llu", (unsigned long long)max);
    size_t i;

    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return VPCVIS_E_NUMBER;
    }
    if (len == 0 || (len > 1 && text[0] == '0'))
        return VPCVIS_E_NUMBER;
    if (len != top_len)
        return len < top_len ? VPCVIS_OK : VPCVIS_E_RANGE;
    return memcmp(text, top, len) <= 0 ? VPCVIS_OK : VPCVIS_E_RANGE;
}

#endif
