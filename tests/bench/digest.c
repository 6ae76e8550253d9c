/* SPDX-License-Identifier: MIT */
/* Sums of values for digest.h, by FNV-1a. */
#include "digest.h"

#include <string.h>

uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t len)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < len; i++)
        digest = (digest ^ b[i]) * 0x100000001b3u;
    return digest;
}

uint64_t digest_number(uint64_t digest, uint64_t number)
{
    return (digest ^ number ^ number >> 32) * 0x9e3779b97f4a7c15u;
}

uint64_t digest_text(uint64_t digest, const char *text, size_t len)
{
    return digest_number(digest_bytes(digest, text, len), len);
}

uint64_t digest_address(uint64_t digest, const uint8_t bytes[16], uint32_t family)
{
    static const uint8_t none[16] = {0};
    return digest_number(digest_bytes(digest, family ? bytes : none, 16), family);
}

static uint64_t word(uint64_t digest, const char *text)
{
    return digest_text(digest, text, strlen(text));
}

static uint64_t address(uint64_t digest, const struct peer_address *a)
{
    return digest_address(digest, a->bytes, a->family);
}

uint64_t digest_peer_v2(const struct peer_v2 *flow)
{
    uint64_t d = digest_number(DIGEST_BEGIN, flow->version);

    d = word(d, flow->account_id);
    d = word(d, flow->interface_id);
    d = address(d, &flow->srcaddr);
    d = address(d, &flow->dstaddr);
    d = digest_number(d, flow->srcport);
    d = digest_number(d, flow->dstport);
    d = digest_number(d, flow->protocol);
    d = digest_number(d, flow->packets);
    d = digest_number(d, flow->bytes);
    d = digest_number(d, flow->start_s);
    d = digest_number(d, flow->end_s);
    d = word(d, flow->action);
    return word(d, flow->log_status);
}

uint64_t digest_peer_v5(const struct peer_v5 *flow)
{
    uint64_t d = digest_peer_v2(&flow->v2);

    d = word(d, flow->vpc_id);
    d = word(d, flow->subnet_id);
    d = word(d, flow->instance_id);
    d = digest_number(d, flow->tcp_flags);
    d = word(d, flow->type);
    d = address(d, &flow->pkt_srcaddr);
    d = address(d, &flow->pkt_dstaddr);
    d = word(d, flow->region);
    d = word(d, flow->az_id);
    d = word(d, flow->sublocation_type);
    d = word(d, flow->sublocation_id);
    d = word(d, flow->pkt_src_aws_service);
    d = word(d, flow->pkt_dst_aws_service);
    d = word(d, flow->flow_direction);
    return digest_number(d, flow->traffic_path);
}
