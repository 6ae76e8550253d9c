/* SPDX-License-Identifier: MIT */
/* DPDK's rte_acl with the best algorithm of this CPU. */
#include "peer.h"
#include "rules.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(HAVE_DPDK)
#include <rte_acl.h>
#include <rte_byteorder.h>
#include <rte_malloc.h>

#define BURST 64

struct key {
    uint8_t protocol;
    uint8_t pad[3];
    uint32_t src, dst;
    uint16_t srcport, dstport;
};

RTE_ACL_RULE_DEF(acl_rule, 5);

struct peer_acl {
    struct rte_acl_ctx *context;
    enum rte_acl_classify_alg algorithm;
    double build_ms;
    uint64_t bytes;
};

static const struct rte_acl_field_def fields[5] = {
    {RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, offsetof(struct key, protocol)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, offsetof(struct key, src)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, offsetof(struct key, dst)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, offsetof(struct key, srcport)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, offsetof(struct key, dstport)},
};

static uint32_t address(const struct vpcvis_cidr *cidr)
{
    uint32_t addr;

    memcpy(&addr, cidr->addr.bytes, 4);
    return rte_be_to_cpu_32(addr);
}

static void make_rule(const struct vpcvis_rule *from, struct acl_rule *to)
{
    const int src = (from->valid & VPCVIS_RULE_SRCPORT) != 0;
    const int dst = (from->valid & VPCVIS_RULE_DSTPORT) != 0;

    memset(to, 0, sizeof *to);
    to->data.category_mask = 1;
    to->data.priority = (int32_t)(RTE_ACL_MAX_PRIORITY - from->number);
    to->data.userdata = from->number;
    if (from->valid & VPCVIS_RULE_PROTOCOL) {
        to->field[0].value.u8 = from->protocol;
        to->field[0].mask_range.u8 = 0xff;
    }
    to->field[1].value.u32 = address(&from->src);
    to->field[1].mask_range.u32 = from->src.prefix_len;
    to->field[2].value.u32 = address(&from->dst);
    to->field[2].mask_range.u32 = from->dst.prefix_len;
    to->field[3].value.u16 = src ? from->srcport[0] : 0;
    to->field[3].mask_range.u16 = src ? from->srcport[1] : 65535;
    to->field[4].value.u16 = dst ? from->dstport[0] : 0;
    to->field[4].mask_range.u16 = dst ? from->dstport[1] : 65535;
}

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void choose_algorithm(struct peer_acl *acl)
{
    static const enum rte_acl_classify_alg best[] = {
        RTE_ACL_CLASSIFY_AVX512X32, RTE_ACL_CLASSIFY_AVX512X16, RTE_ACL_CLASSIFY_AVX2,
        RTE_ACL_CLASSIFY_SSE, RTE_ACL_CLASSIFY_SCALAR};
    size_t i;

    for (i = 0; i < sizeof best / sizeof best[0]; i++) {
        if (rte_acl_set_ctx_classify(acl->context, best[i]) == 0) {
            acl->algorithm = best[i];
            return;
        }
    }
}

/* What DPDK's heap has given away. */
static uint64_t heap_bytes(void)
{
    struct rte_malloc_socket_stats stats;

    memset(&stats, 0, sizeof stats);
    rte_malloc_get_socket_stats(0, &stats);
    return stats.heap_allocsz_bytes;
}

static int build(struct peer_acl *acl, const struct vpcvis_rule *rules, uint32_t count)
{
    const uint64_t before = heap_bytes();
    struct rte_acl_config config;
    struct acl_rule rule;
    double start;
    uint32_t i;
    int status;

    for (i = 0; i < count; i++) {
        make_rule(&rules[i], &rule);
        if (rte_acl_add_rules(acl->context, (struct rte_acl_rule *)&rule, 1) != 0)
            return 0;
    }
    memset(&config, 0, sizeof config);
    config.num_categories = 1;
    config.num_fields = 5;
    memcpy(config.defs, fields, sizeof fields);
    start = now_ms();
    status = rte_acl_build(acl->context, &config);
    acl->build_ms = now_ms() - start;
    acl->bytes = heap_bytes() - before;
    return status == 0;
}

struct peer_acl *peer_acl_new(const struct vpcvis_rule *rules, uint32_t count)
{
    static char name[] = "acl0";
    const struct rte_acl_param param = {name, 0, RTE_ACL_RULE_SZ(5), count};
    struct peer_acl *acl = peer_dpdk_start() ? calloc(1, sizeof *acl) : NULL;

    if (acl == NULL)
        return NULL;
    name[3]++;
    acl->context = rte_acl_create(&param);
    if (acl->context == NULL || !build(acl, rules, count)) {
        peer_acl_free(acl);
        return NULL;
    }
    choose_algorithm(acl);
    return acl;
}

void peer_acl_free(struct peer_acl *acl)
{
    if (acl)
        rte_acl_free(acl->context);
    free(acl);
}

void peer_acl_match(const struct peer_acl *acl, const struct vpcvis_packet *packets,
                    uint32_t count, uint32_t *numbers)
{
    struct key keys[BURST];
    const uint8_t *pointers[BURST];
    uint32_t i, n;

    for (i = 0; i < BURST; i++)
        pointers[i] = (const uint8_t *)&keys[i];
    for (; count > 0; count -= n, packets += n, numbers += n) {
        n = count < BURST ? count : BURST;
        for (i = 0; i < n; i++) {
            keys[i].protocol = packets[i].protocol;
            memcpy(&keys[i].src, packets[i].src, 4);
            memcpy(&keys[i].dst, packets[i].dst, 4);
            keys[i].srcport = rte_cpu_to_be_16(packets[i].srcport);
            keys[i].dstport = rte_cpu_to_be_16(packets[i].dstport);
        }
        rte_acl_classify_alg(acl->context, pointers, numbers, n, 1, acl->algorithm);
    }
}

double peer_acl_build_ms(const struct peer_acl *acl)
{
    return acl->build_ms;
}

uint64_t peer_acl_bytes(const struct peer_acl *acl)
{
    return acl->bytes;
}
#else
struct peer_acl *peer_acl_new(const struct vpcvis_rule *rules, uint32_t count)
{
    (void)rules;
    (void)count;
    return NULL;
}

void peer_acl_free(struct peer_acl *acl)
{
    (void)acl;
}

void peer_acl_match(const struct peer_acl *acl, const struct vpcvis_packet *packets,
                    uint32_t count, uint32_t *numbers)
{
    (void)acl;
    (void)packets;
    (void)count;
    (void)numbers;
}

double peer_acl_build_ms(const struct peer_acl *acl)
{
    (void)acl;
    return 0;
}

uint64_t peer_acl_bytes(const struct peer_acl *acl)
{
    (void)acl;
    return 0;
}
#endif
