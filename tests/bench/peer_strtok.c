/* SPDX-License-Identifier: MIT */
/*
 * The parser a user writes: copy the line, strtok_r, strtoull on each integer, inet_pton on
 * each address, memcpy of texts into a struct.
 */
#define _POSIX_C_SOURCE 200809L

#include "peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define COPY_MAX 4096

static int split(const char *line, size_t line_len, char *copy, char **column,
                 int columns)
{
    char *rest;
    char *word;
    int n = 0;

    if (line_len >= COPY_MAX)
        return 0;
    memcpy(copy, line, line_len);
    copy[line_len] = '\0';
    for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (n == columns)
            return 0;
        column[n++] = word;
    }
    return n == columns;
}

static void address(const char *word, struct peer_address *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, word, out->bytes) == 1)
        out->family = 4;
    else if (inet_pton(AF_INET6, word, out->bytes) == 1)
        out->family = 6;
}

static void text(const char *word, char *out, size_t capacity)
{
    size_t n = strlen(word);
    if (n >= capacity)
        n = capacity - 1;
    memcpy(out, word, n);
    out[n] = '\0';
}

static void take_v2(char **column, struct peer_v2 *flow)
{
    flow->version = (uint32_t)strtoull(column[0], NULL, 10);
    text(column[1], flow->account_id, sizeof flow->account_id);
    text(column[2], flow->interface_id, sizeof flow->interface_id);
    address(column[3], &flow->srcaddr);
    address(column[4], &flow->dstaddr);
    flow->srcport = (uint16_t)strtoull(column[5], NULL, 10);
    flow->dstport = (uint16_t)strtoull(column[6], NULL, 10);
    flow->protocol = (uint8_t)strtoull(column[7], NULL, 10);
    flow->packets = strtoull(column[8], NULL, 10);
    flow->bytes = strtoull(column[9], NULL, 10);
    flow->start_s = strtoull(column[10], NULL, 10);
    flow->end_s = strtoull(column[11], NULL, 10);
    text(column[12], flow->action, sizeof flow->action);
    text(column[13], flow->log_status, sizeof flow->log_status);
}

int peer_strtok_v2(const char *line, size_t line_len, struct peer_v2 *flow)
{
    char copy[COPY_MAX];
    char *column[14];

    if (!split(line, line_len, copy, column, 14))
        return 0;
    take_v2(column, flow);
    return 1;
}

int peer_strtok_v5(const char *line, size_t line_len, struct peer_v5 *flow)
{
    char copy[COPY_MAX];
    char *column[29];

    if (!split(line, line_len, copy, column, 29))
        return 0;
    take_v2(column, &flow->v2);
    text(column[14], flow->vpc_id, sizeof flow->vpc_id);
    text(column[15], flow->subnet_id, sizeof flow->subnet_id);
    text(column[16], flow->instance_id, sizeof flow->instance_id);
    flow->tcp_flags = (uint32_t)strtoull(column[17], NULL, 10);
    text(column[18], flow->type, sizeof flow->type);
    address(column[19], &flow->pkt_srcaddr);
    address(column[20], &flow->pkt_dstaddr);
    text(column[21], flow->region, sizeof flow->region);
    text(column[22], flow->az_id, sizeof flow->az_id);
    text(column[23], flow->sublocation_type, sizeof flow->sublocation_type);
    text(column[24], flow->sublocation_id, sizeof flow->sublocation_id);
    text(column[25], flow->pkt_src_aws_service, sizeof flow->pkt_src_aws_service);
    text(column[26], flow->pkt_dst_aws_service, sizeof flow->pkt_dst_aws_service);
    text(column[27], flow->flow_direction, sizeof flow->flow_direction);
    flow->traffic_path = (uint32_t)strtoull(column[28], NULL, 10);
    return 1;
}
