/* SPDX-License-Identifier: MIT */
/* The writer a user writes: inet_ntop for the addresses, one snprintf for the line. */
#define _POSIX_C_SOURCE 200809L

#include "peer.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

static int len(const struct vpcvis_record *r, uint32_t field)
{
    return r->text[field].len;
}

static const char *text(const struct vpcvis_record *r, uint32_t field)
{
    return r->base + r->text[field].at;
}

static int is_dash(const struct vpcvis_record *r, uint32_t field)
{
    return (int)(r->dash[0] >> field & 1);
}

static int write_idle(const struct vpcvis_record *r, char *out, size_t capacity)
{
    return snprintf(
        out, capacity,
        "%" PRIu32 " %.*s %.*s - - - - - - - %" PRIu64 " %" PRIu64 " - %.*s\n",
        r->version, len(r, VPCVIS_FIELD_ACCOUNT_ID), text(r, VPCVIS_FIELD_ACCOUNT_ID),
        len(r, VPCVIS_FIELD_INTERFACE_ID), text(r, VPCVIS_FIELD_INTERFACE_ID), r->start_s,
        r->end_s, len(r, VPCVIS_FIELD_LOG_STATUS), text(r, VPCVIS_FIELD_LOG_STATUS));
}

static int write_flow(const struct vpcvis_record *r, char *out, size_t capacity)
{
    char src[INET6_ADDRSTRLEN];
    char dst[INET6_ADDRSTRLEN];

    inet_ntop(r->srcaddr.family == VPCVIS_ADDR_IPV4 ? AF_INET : AF_INET6,
              r->srcaddr.bytes, src, sizeof src);
    inet_ntop(r->dstaddr.family == VPCVIS_ADDR_IPV4 ? AF_INET : AF_INET6,
              r->dstaddr.bytes, dst, sizeof dst);
    return snprintf(out, capacity,
                    "%" PRIu32 " %.*s %.*s %s %s %u %u %u %" PRIu64 " %" PRIu64
                    " %" PRIu64 " %" PRIu64 " %.*s %.*s\n",
                    r->version, len(r, VPCVIS_FIELD_ACCOUNT_ID),
                    text(r, VPCVIS_FIELD_ACCOUNT_ID), len(r, VPCVIS_FIELD_INTERFACE_ID),
                    text(r, VPCVIS_FIELD_INTERFACE_ID), src, dst, r->srcport, r->dstport,
                    r->protocol, r->packets, r->bytes, r->start_s, r->end_s,
                    len(r, VPCVIS_FIELD_ACTION), text(r, VPCVIS_FIELD_ACTION),
                    len(r, VPCVIS_FIELD_LOG_STATUS), text(r, VPCVIS_FIELD_LOG_STATUS));
}

size_t peer_snprintf_v2(const struct vpcvis_record *record, char *out, size_t capacity)
{
    int n = is_dash(record, VPCVIS_FIELD_SRCADDR) ? write_idle(record, out, capacity)
                                                  : write_flow(record, out, capacity);
    return n < 0 || (size_t)n >= capacity ? 0 : (size_t)n;
}
