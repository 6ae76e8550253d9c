/* SPDX-License-Identifier: MIT */
/*
 * Room filter: one packet by the rules as they were given, part by part; and what is odd about
 * rules. Nothing here uses what a filter is built of, but boxes for comparing two rules.
 */
#include "filter.h"

static int in_block(const struct vpcvis_cidr *cidr, const struct vpcvis_packet *packet,
                    const uint8_t *bytes)
{
    struct vpcvis_addr addr;

    memset(&addr, 0, sizeof(addr));
    memcpy(addr.bytes, bytes, sizeof(addr.bytes));
    addr.family = packet->family;
    return vpcvis_addr_match(cidr, &addr) == VPCVIS_OK;
}

/* Whether a port whose state is in kind lies in a range. */
static int in_range(uint32_t kind, const uint16_t *range, uint16_t port)
{
    if ((kind & VPCVIS_I_FILTER_KNOWN) != 0)
        return port >= range[0] && port <= range[1];
    return (kind & VPCVIS_I_FILTER_PASSED) != 0;
}

static int is_all_protocols(const struct vpcvis_rule *rule, uint32_t flags)
{
    return (rule->valid & VPCVIS_RULE_PROTOCOL) == 0 ||
           (rule->protocol == 0 && (flags & VPCVIS_FILTER_PROTOCOL_0) != 0);
}

/* The first part of a rule that a packet, which is IP, does not fit. */
static uint32_t find_misfit(const struct vpcvis_rule *rule, uint32_t flags,
                            const struct vpcvis_packet *packet, uint32_t direction)
{
    const uint32_t kind = vpcvis_i_filter_kind(packet, flags);

    if (rule->direction != direction)
        return VPCVIS_FILTER_PART_DIRECTION;
    if (rule->src.addr.family != packet->family)
        return VPCVIS_FILTER_PART_FAMILY;
    if (!is_all_protocols(rule, flags) && rule->protocol != (kind & 0xff))
        return VPCVIS_FILTER_PART_PROTOCOL;
    if (!in_block(&rule->src, packet, packet->src))
        return VPCVIS_FILTER_PART_SRC;
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0 &&
        !in_range(kind, rule->srcport, packet->srcport))
        return VPCVIS_FILTER_PART_SRCPORT;
    if (!in_block(&rule->dst, packet, packet->dst))
        return VPCVIS_FILTER_PART_DST;
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0 &&
        !in_range(kind, rule->dstport, packet->dstport))
        return VPCVIS_FILTER_PART_DSTPORT;
    return VPCVIS_FILTER_PART_NONE;
}

/* Whether a rule matches every packet of its family and direction. */
static int is_everything(const struct vpcvis_rule *rule, uint32_t flags)
{
    return is_all_protocols(rule, flags) &&
           (rule->valid & (VPCVIS_RULE_SRCPORT | VPCVIS_RULE_DSTPORT)) == 0 &&
           rule->src.prefix_len == 0 && rule->dst.prefix_len == 0;
}

/* The same for a frame that is not IP. */
static uint32_t find_misfit_non_ip(const struct vpcvis_rule *rule, uint32_t flags,
                                   const struct vpcvis_packet *packet, uint32_t direction)
{
    const int readable =
        packet->family == 0 &&
        (packet->flags & (VPCVIS_PACKET_CUT_IP | VPCVIS_PACKET_BAD)) == 0;

    if (rule->direction != direction)
        return VPCVIS_FILTER_PART_DIRECTION;
    return readable && (flags & VPCVIS_FILTER_NON_IP) != 0 && is_everything(rule, flags)
               ? VPCVIS_FILTER_PART_NONE
               : VPCVIS_FILTER_PART_FAMILY;
}

static void answer_by(const struct vpcvis_rule *rules, uint32_t index,
                      struct vpcvis_filter_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    answer->rule = index;
    if (index == VPCVIS_FILTER_NONE)
        return;
    answer->number = rules[index].number;
    answer->action = rules[index].action;
    answer->why = VPCVIS_FILTER_WHY_RULE;
}

vpcvis_status vpcvis_filter_explain(const struct vpcvis_rule *rules, size_t count,
                                    const struct vpcvis_filter_config *config,
                                    const struct vpcvis_packet *packet,
                                    uint32_t direction, uint8_t *parts,
                                    struct vpcvis_filter_answer *answer,
                                    struct vpcvis_error *error)
{
    struct vpcvis_filter_config known;
    vpcvis_filter filter;
    uint32_t best = VPCVIS_FILTER_NONE, i;
    vpcvis_status status;

    if (packet == NULL || answer == NULL || direction > VPCVIS_DIRECTION_EGRESS)
        return vpcvis_i_filter_fail(error, VPCVIS_E_ARG, 0, 0);
    status = vpcvis_i_filter_config(config, &filter, &known);
    if (status != VPCVIS_OK)
        return vpcvis_i_filter_fail(error, status, 0, 0);
    status = vpcvis_i_filter_check_all(rules, count, known.flags, error);
    if (status != VPCVIS_OK)
        return status;
    if (direction == VPCVIS_DIRECTION_UNKNOWN)
        direction = packet->direction;
    for (i = 0; i < count; i++) {
        const uint32_t part =
            packet->family == VPCVIS_ADDR_IPV4 || packet->family == VPCVIS_ADDR_IPV6
                ? find_misfit(&rules[i], known.flags, packet, direction)
                : find_misfit_non_ip(&rules[i], known.flags, packet, direction);
        if (parts)
            parts[i] = (uint8_t)part;
        if (part == VPCVIS_FILTER_PART_NONE &&
            (best == VPCVIS_FILTER_NONE || rules[i].number < rules[best].number))
            best = i;
    }
    if (vpcvis_i_filter_odd(&filter, packet, answer) != VPCVIS_OK)
        answer_by(rules, best, answer);
    return VPCVIS_OK;
}

/* What lint found so far; findings beyond capacity are only counted. */
struct report {
    const struct vpcvis_rule *rules;
    size_t count;
    uint32_t flags;
    struct vpcvis_filter_finding *findings;
    size_t capacity, found;
};

static void add(struct report *report, uint32_t kind, uint32_t rule, uint32_t by)
{
    if (report->found < report->capacity) {
        struct vpcvis_filter_finding *finding = &report->findings[report->found];
        finding->kind = kind;
        finding->rule = rule;
        finding->by = by;
        finding->reserved = 0;
    }
    report->found++;
}

/* Whether both are tried on the same packets, the first one before. */
static int comes_before(const struct vpcvis_rule *first, const struct vpcvis_rule *then)
{
    return first->direction == then->direction &&
           first->src.addr.family == then->src.addr.family &&
           first->number < then->number;
}

/* Of the earlier rules that cover one, the first; of equal ones the first. */
static void find_cover(struct report *report, uint32_t rule)
{
    const struct vpcvis_rule *rules = report->rules;
    struct vpcvis_i_filter_box box, other;
    uint32_t same = VPCVIS_FILTER_NONE, cover = VPCVIS_FILTER_NONE, i;

    vpcvis_i_filter_box(&rules[rule], rule, report->flags, &box);
    for (i = 0; i < report->count; i++) {
        if (!comes_before(&rules[i], &rules[rule]))
            continue;
        vpcvis_i_filter_box(&rules[i], i, report->flags, &other);
        if (!vpcvis_i_filter_covers(&other, &box))
            continue;
        if (cover == VPCVIS_FILTER_NONE || rules[i].number < rules[cover].number)
            cover = i;
        if (vpcvis_i_filter_covers(&box, &other) &&
            (same == VPCVIS_FILTER_NONE || rules[i].number < rules[same].number))
            same = i;
    }
    if (same != VPCVIS_FILTER_NONE)
        add(report, VPCVIS_FILTER_SAME, rule, same);
    else if (cover != VPCVIS_FILTER_NONE)
        add(report, VPCVIS_FILTER_COVERED, rule, cover);
}

/* Whether two boxes are the halves of everything: alike but for one /1 each on one side. */
static int are_halves(const struct vpcvis_i_filter_box *a,
                      const struct vpcvis_i_filter_box *b)
{
    if ((a->kind_mask | b->kind_mask) != 0 || a->src_len != b->src_len ||
        a->dst_len != b->dst_len || a->src_len + a->dst_len != 1)
        return 0;
    return a->src[0] != b->src[0] || a->dst[0] != b->dst[0];
}

static void find_other_half(struct report *report, uint32_t rule)
{
    const struct vpcvis_rule *rules = report->rules;
    struct vpcvis_i_filter_box box, other;
    uint32_t i;

    vpcvis_i_filter_box(&rules[rule], rule, report->flags, &box);
    if (rules[rule].action != VPCVIS_FILTER_ACCEPT || box.src_len + box.dst_len != 1)
        return;
    for (i = 0; i < report->count; i++) {
        if (!comes_before(&rules[i], &rules[rule]) ||
            rules[i].action != VPCVIS_FILTER_ACCEPT)
            continue;
        vpcvis_i_filter_box(&rules[i], i, report->flags, &other);
        if (are_halves(&other, &box)) {
            add(report, VPCVIS_FILTER_JOINED_ALL, rule, i);
            return;
        }
    }
}

/* A reject is idle if it only says what no match would: no accept follows. */
static void find_idle(struct report *report, uint32_t rule)
{
    const struct vpcvis_rule *rules = report->rules;
    uint32_t i;

    if (rules[rule].action != VPCVIS_FILTER_REJECT)
        return;
    for (i = 0; i < report->count; i++) {
        if (comes_before(&rules[rule], &rules[i]) &&
            rules[i].action == VPCVIS_FILTER_ACCEPT)
            return;
    }
    add(report, VPCVIS_FILTER_IDLE, rule, VPCVIS_FILTER_NONE);
}

vpcvis_status vpcvis_filter_lint(const struct vpcvis_rule *rules, size_t count,
                                 const struct vpcvis_filter_config *config,
                                 struct vpcvis_filter_finding *findings, size_t capacity,
                                 size_t *found, struct vpcvis_error *error)
{
    struct vpcvis_filter_config known;
    struct report report = {rules, count, 0, findings, capacity, 0};
    vpcvis_filter filter;
    vpcvis_status status;
    uint32_t i;

    if (found == NULL || (findings == NULL && capacity > 0))
        return vpcvis_i_filter_fail(error, VPCVIS_E_ARG, 0, 0);
    status = vpcvis_i_filter_config(config, &filter, &known);
    if (status != VPCVIS_OK)
        return vpcvis_i_filter_fail(error, status, 0, 0);
    status = vpcvis_i_filter_check_all(rules, count, known.flags, error);
    if (status != VPCVIS_OK)
        return status;
    report.flags = known.flags;
    for (i = 0; i < count; i++) {
        find_cover(&report, i);
        if (rules[i].action == VPCVIS_FILTER_ACCEPT &&
            is_everything(&rules[i], known.flags))
            add(&report, VPCVIS_FILTER_ACCEPT_ALL, i, VPCVIS_FILTER_NONE);
        find_other_half(&report, i);
        find_idle(&report, i);
    }
    *found = report.found;
    if (report.found > capacity)
        return vpcvis_i_filter_fail(error, VPCVIS_E_SPACE, 0, 0);
    return VPCVIS_OK;
}
