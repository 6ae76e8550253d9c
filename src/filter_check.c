/* SPDX-License-Identifier: MIT */
/*
 * Room filter: what rules may be, rules as boxes, which box holds another.
 */
#include "filter.h"

#define VALID       (VPCVIS_RULE_PROTOCOL | VPCVIS_RULE_SRCPORT | VPCVIS_RULE_DSTPORT)
#define PORTS       (VPCVIS_RULE_SRCPORT | VPCVIS_RULE_DSTPORT)
#define NO_FIELD    UINT32_MAX /* room record's VPCVIS_FIELD_NONE */
#define STRICT_LAST 32766u     /* as of sessions and network ACLs */
#define STRICT_TEXT 255u
#define STRICT_MAX  10u /* AWS's quota, rules of a filter */

vpcvis_status vpcvis_i_filter_fail(struct vpcvis_error *error, vpcvis_status status,
                                   size_t line, uint32_t part)
{
    vpcvis_i_base_fail(error, status, NO_FIELD, part, 0);
    if (error)
        error->line = line;
    return status;
}

static vpcvis_status check_cidr(const struct vpcvis_cidr *cidr, uint32_t flags)
{
    struct vpcvis_addr addr = cidr->addr;
    uint32_t changed = 0;
    const vpcvis_status status = vpcvis_addr_mask(&addr, cidr->prefix_len, &changed);

    if (status == VPCVIS_OK && changed && (flags & VPCVIS_FILTER_STRICT) != 0)
        return VPCVIS_E_PREFIX;
    return status;
}

/* Whether rules of this protocol may have ranges of ports. */
static int may_have_ports(const struct vpcvis_rule *rule, uint32_t flags)
{
    const int all = (rule->valid & VPCVIS_RULE_PROTOCOL) == 0 ||
                    (rule->protocol == 0 && (flags & VPCVIS_FILTER_PROTOCOL_0) != 0);

    return all ? (flags & VPCVIS_FILTER_PORTS_ALL) != 0
               : vpcvis_i_filter_has_ports(rule->protocol, flags);
}

static vpcvis_status check_ports(const struct vpcvis_rule *rule, uint32_t flags,
                                 uint32_t *part)
{
    *part = VPCVIS_FILTER_PART_SRCPORT;
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0) {
        if (!may_have_ports(rule, flags))
            return VPCVIS_E_RULE;
        if (rule->srcport[0] > rule->srcport[1])
            return VPCVIS_E_RANGE;
    }
    *part = VPCVIS_FILTER_PART_DSTPORT;
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0) {
        if (!may_have_ports(rule, flags))
            return VPCVIS_E_RULE;
        if (rule->dstport[0] > rule->dstport[1])
            return VPCVIS_E_RANGE;
    }
    return VPCVIS_OK;
}

static vpcvis_status check_text(const struct vpcvis_rule *rule, uint32_t flags)
{
    if (rule->text == NULL && rule->text_len > 0)
        return VPCVIS_E_ARG;
    if (rule->text_len > STRICT_TEXT && (flags & VPCVIS_FILTER_STRICT) != 0)
        return VPCVIS_E_LONG;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_filter_check(const struct vpcvis_rule *rule, uint32_t flags,
                                    uint32_t *part)
{
    vpcvis_status status;

    *part = VPCVIS_FILTER_PART_NONE;
    if ((rule->valid & ~VALID) != 0 || rule->reserved != 0)
        return VPCVIS_E_ARG;
    *part = VPCVIS_FILTER_PART_DIRECTION;
    if (rule->direction != VPCVIS_DIRECTION_INGRESS &&
        rule->direction != VPCVIS_DIRECTION_EGRESS)
        return VPCVIS_E_ARG;
    *part = VPCVIS_FILTER_PART_NUMBER;
    if ((flags & VPCVIS_FILTER_STRICT) != 0 &&
        (rule->number < 1 || rule->number > STRICT_LAST))
        return VPCVIS_E_RANGE;
    *part = VPCVIS_FILTER_PART_ACTION;
    if (rule->action != VPCVIS_FILTER_ACCEPT && rule->action != VPCVIS_FILTER_REJECT)
        return VPCVIS_E_ARG;
    *part = VPCVIS_FILTER_PART_SRC;
    status = check_cidr(&rule->src, flags);
    if (status != VPCVIS_OK)
        return status;
    *part = VPCVIS_FILTER_PART_DST;
    status = check_cidr(&rule->dst, flags);
    if (status != VPCVIS_OK)
        return status;
    *part = VPCVIS_FILTER_PART_FAMILY;
    if (rule->src.addr.family != rule->dst.addr.family)
        return VPCVIS_E_RULE;
    status = check_ports(rule, flags, part);
    if (status != VPCVIS_OK)
        return status;
    *part = VPCVIS_FILTER_PART_TEXT;
    return check_text(rule, flags);
}

vpcvis_status vpcvis_i_filter_check_all(const struct vpcvis_rule *rules, size_t count,
                                        uint32_t flags, struct vpcvis_error *error)
{
    size_t i;

    if (rules == NULL && count > 0)
        return vpcvis_i_filter_fail(error, VPCVIS_E_ARG, 0, 0);
    if (count > VPCVIS_FILTER_RULES_MAX)
        return vpcvis_i_filter_fail(error, VPCVIS_E_LIMIT, VPCVIS_FILTER_RULES_MAX + 1,
                                    0);
    for (i = 0; i < count; i++) {
        uint32_t part;
        const vpcvis_status status = vpcvis_i_filter_check(&rules[i], flags, &part);
        if (status != VPCVIS_OK)
            return vpcvis_i_filter_fail(error, status, i + 1, part);
    }
    if (count > STRICT_MAX && (flags & VPCVIS_FILTER_STRICT) != 0)
        return vpcvis_i_filter_fail(error, VPCVIS_E_LIMIT, STRICT_MAX + 1, 0);
    return VPCVIS_OK;
}

/* A block as words and their masks, with the host bits cleared. */
static void make_words(const struct vpcvis_cidr *cidr, uint32_t *words, uint32_t *masks)
{
    uint32_t i;

    for (i = 0; i < 4; i++) {
        const uint32_t from = i * 32;
        const uint32_t bits = cidr->prefix_len <= from        ? 0
                              : cidr->prefix_len >= from + 32 ? 32
                                                              : cidr->prefix_len - from;
        masks[i] = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
        words[i] = vpcvis_i_bytes_be32(cidr->addr.bytes + i * 4) & masks[i];
    }
}

void vpcvis_i_filter_box(const struct vpcvis_rule *rule, uint32_t index, uint32_t flags,
                         struct vpcvis_i_filter_box *box)
{
    memset(box, 0, sizeof(*box));
    make_words(&rule->src, box->src, box->src_mask);
    make_words(&rule->dst, box->dst, box->dst_mask);
    box->srcport[1] = box->dstport[1] = UINT16_MAX;
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0)
        memcpy(box->srcport, rule->srcport, sizeof(box->srcport));
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0)
        memcpy(box->dstport, rule->dstport, sizeof(box->dstport));
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0 &&
        (rule->protocol != 0 || (flags & VPCVIS_FILTER_PROTOCOL_0) == 0)) {
        box->kind = rule->protocol;
        box->kind_mask = 0xff;
    }
    if ((rule->valid & PORTS) != 0) {
        box->kind |= VPCVIS_I_FILTER_KNOWN;
        box->kind_mask |= 0xff00;
    }
    box->rule = index;
    box->set = (uint8_t)vpcvis_i_filter_set(rule->direction, rule->src.addr.family);
    box->src_len = rule->src.prefix_len;
    box->dst_len = rule->dst.prefix_len;
}

int vpcvis_i_filter_covers(const struct vpcvis_i_filter_box *a,
                           const struct vpcvis_i_filter_box *b)
{
    uint32_t differ = 0, i;

    if (a->src_len > b->src_len || a->dst_len > b->dst_len)
        return 0;
    for (i = 0; i < 4; i++)
        differ |= ((a->src[i] ^ b->src[i]) & a->src_mask[i]) |
                  ((a->dst[i] ^ b->dst[i]) & a->dst_mask[i]);
    differ |= (a->kind ^ b->kind) & a->kind_mask;
    return differ == 0 && (a->kind_mask & ~b->kind_mask) == 0 &&
           a->srcport[0] <= b->srcport[0] && a->srcport[1] >= b->srcport[1] &&
           a->dstport[0] <= b->dstport[0] && a->dstport[1] >= b->dstport[1];
}
