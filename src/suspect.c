/* SPDX-License-Identifier: MIT */
/*
 * Room suspect: records to mirror rules, and many rules to few.
 *
 * Of many rules, neighbours in the order of their parts are merged first, those whose union is
 * small before larger ones, by raising a threshold; of the few that are left every pair is
 * looked at.
 */
#include "bytes.h"
#include "vpcvis/suspect.h"

#define PAIRWISE      128u /* so many rules are looked at pair by pair */
#define SIXTEENTH     16u  /* of a doubling */
#define ALL_PORTS     (16 * SIXTEENTH)
#define ALL_PROTOCOLS (8 * SIXTEENTH)
#define TCP           6
#define UDP           17

static int has(const struct vpcvis_record *record, uint32_t field)
{
    return (record->value[field / 64] >> field % 64 & 1) != 0;
}

static int has_ports(uint8_t protocol)
{
    return protocol == TCP || protocol == UDP;
}

static uint32_t address_bits(const struct vpcvis_rule *rule)
{
    return rule->src.addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
}

/* 16 times the binary logarithm of 1..65536, straight between powers of two. */
static uint32_t logarithm(uint32_t n)
{
    uint32_t power = 0;

    while (n >> power > 1)
        power++;
    return power * SIXTEENTH + ((n * SIXTEENTH >> power) & (SIXTEENTH - 1));
}

static uint32_t port_width(const struct vpcvis_rule *rule, uint32_t bit,
                           const uint16_t range[2])
{
    if ((rule->valid & bit) != 0)
        return logarithm((uint32_t)range[1] - range[0] + 1);
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0 && !has_ports(rule->protocol))
        return 0;
    return ALL_PORTS;
}

static uint32_t width_of(const struct vpcvis_rule *rule)
{
    const uint32_t bits = address_bits(rule);

    return (bits - rule->src.prefix_len + bits - rule->dst.prefix_len) * SIXTEENTH +
           port_width(rule, VPCVIS_RULE_SRCPORT, rule->srcport) +
           port_width(rule, VPCVIS_RULE_DSTPORT, rule->dstport) +
           ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0 ? 0 : ALL_PROTOCOLS);
}

static void set_block(struct vpcvis_cidr *cidr, const struct vpcvis_addr *addr)
{
    memset(cidr, 0, sizeof(*cidr));
    cidr->addr = *addr;
    cidr->prefix_len = addr->family == VPCVIS_ADDR_IPV4 ? 32 : 128;
}

static int is_conversation(const struct vpcvis_record *record)
{
    if (has(record, VPCVIS_FIELD_LOG_STATUS) &&
        (record->log_status == VPCVIS_LOG_STATUS_NODATA ||
         record->log_status == VPCVIS_LOG_STATUS_SKIPDATA))
        return 0;
    return has(record, VPCVIS_FIELD_SRCADDR) && has(record, VPCVIS_FIELD_DSTADDR) &&
           has(record, VPCVIS_FIELD_PROTOCOL) &&
           record->srcaddr.family == record->dstaddr.family &&
           (record->srcaddr.family == VPCVIS_ADDR_IPV4 ||
            record->srcaddr.family == VPCVIS_ADDR_IPV6);
}

static void make_rule(const struct vpcvis_record *record, struct vpcvis_rule *rule)
{
    memset(rule, 0, sizeof(*rule));
    rule->action = VPCVIS_FILTER_ACCEPT;
    rule->valid = VPCVIS_RULE_PROTOCOL;
    rule->protocol = record->protocol;
    set_block(&rule->src, &record->srcaddr);
    set_block(&rule->dst, &record->dstaddr);
    if (!has_ports(record->protocol))
        return;
    if (has(record, VPCVIS_FIELD_SRCPORT)) {
        rule->valid |= VPCVIS_RULE_SRCPORT;
        rule->srcport[0] = rule->srcport[1] = record->srcport;
    }
    if (has(record, VPCVIS_FIELD_DSTPORT)) {
        rule->valid |= VPCVIS_RULE_DSTPORT;
        rule->dstport[0] = rule->dstport[1] = record->dstport;
    }
}

/* The same conversation the other way. */
static void turn(const struct vpcvis_rule *rule, struct vpcvis_rule *back)
{
    *back = *rule;
    back->direction = rule->direction == VPCVIS_DIRECTION_INGRESS
                          ? VPCVIS_DIRECTION_EGRESS
                          : VPCVIS_DIRECTION_INGRESS;
    back->src = rule->dst;
    back->dst = rule->src;
    memcpy(back->srcport, rule->dstport, sizeof(back->srcport));
    memcpy(back->dstport, rule->srcport, sizeof(back->dstport));
    back->valid = rule->valid & VPCVIS_RULE_PROTOCOL;
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0)
        back->valid |= VPCVIS_RULE_DSTPORT;
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0)
        back->valid |= VPCVIS_RULE_SRCPORT;
}

vpcvis_status vpcvis_suspect_read(const struct vpcvis_record *record, uint32_t direction,
                                  struct vpcvis_suspect pair[2])
{
    uint32_t i;

    if (record == NULL || pair == NULL || direction > VPCVIS_DIRECTION_EGRESS)
        return VPCVIS_E_ARG;
    if (!is_conversation(record))
        return VPCVIS_NOMATCH;
    if (direction == 0 && has(record, VPCVIS_FIELD_FLOW_DIRECTION))
        direction = record->flow_direction;
    if (direction == 0)
        return VPCVIS_E_ARG;
    memset(pair, 0, 2 * sizeof(*pair));
    make_rule(record, &pair[0].rule);
    pair[0].rule.direction = (uint8_t)direction;
    turn(&pair[0].rule, &pair[1].rule);
    for (i = 0; i < 2; i++) {
        pair[i].conversations = 1;
        pair[i].wide = width_of(&pair[i].rule);
    }
    return VPCVIS_OK;
}

static int is_kind(const struct vpcvis_rule *a, const struct vpcvis_rule *b)
{
    return a->direction == b->direction && a->action == b->action &&
           a->src.addr.family == b->src.addr.family;
}

/* How many bits two addresses begin with alike, `most` at most. */
static uint32_t common_bits(const uint8_t *a, const uint8_t *b, uint32_t most)
{
    uint32_t bits = 0;

    while (bits < most && ((a[bits / 8] ^ b[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

static void clear_rest(struct vpcvis_addr *addr, uint32_t bits)
{
    uint32_t i;

    for (i = (bits + 7) / 8; i < sizeof(addr->bytes); i++)
        addr->bytes[i] = 0;
    if (bits % 8 != 0)
        addr->bytes[bits / 8] &= (uint8_t)(0xff00u >> bits % 8);
}

static void widen_block(struct vpcvis_cidr *a, const struct vpcvis_cidr *b)
{
    const uint32_t most = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;
    const uint32_t bits = common_bits(a->addr.bytes, b->addr.bytes, most);

    a->prefix_len = (uint8_t)bits;
    clear_rest(&a->addr, bits);
}

static void widen_ports(struct vpcvis_rule *a, const struct vpcvis_rule *b, uint32_t bit,
                        uint16_t into[2], const uint16_t range[2])
{
    if ((a->valid & b->valid & bit) == 0) {
        a->valid &= ~bit;
        into[0] = into[1] = 0;
        return;
    }
    if (range[0] < into[0])
        into[0] = range[0];
    if (range[1] > into[1])
        into[1] = range[1];
}

/* Make a match all that b does as well. */
static void widen(struct vpcvis_rule *a, const struct vpcvis_rule *b)
{
    widen_block(&a->src, &b->src);
    widen_block(&a->dst, &b->dst);
    widen_ports(a, b, VPCVIS_RULE_SRCPORT, a->srcport, b->srcport);
    widen_ports(a, b, VPCVIS_RULE_DSTPORT, a->dstport, b->dstport);
    if ((a->valid & b->valid & VPCVIS_RULE_PROTOCOL) != 0 && a->protocol == b->protocol)
        return;
    a->valid = 0;
    a->protocol = 0;
    memset(a->srcport, 0, sizeof(a->srcport));
    memset(a->dstport, 0, sizeof(a->dstport));
}

/* What merging would let in; 0 if one of the two matches all that the other does. */
static uint32_t cost_of(const struct vpcvis_suspect *a, const struct vpcvis_suspect *b)
{
    struct vpcvis_rule both = a->rule;
    uint32_t width;

    if (!is_kind(&a->rule, &b->rule))
        return UINT32_MAX;
    widen(&both, &b->rule);
    width = width_of(&both);
    return width <= (a->wide > b->wide ? a->wide : b->wide) ? 0 : width + 1;
}

static void join(struct vpcvis_suspect *a, const struct vpcvis_suspect *b)
{
    const uint32_t most = UINT32_MAX - a->conversations;

    widen(&a->rule, &b->rule);
    a->wide = width_of(&a->rule);
    a->conversations += b->conversations < most ? b->conversations : most;
    a->rule.text = NULL;
    a->rule.text_len = 0;
}

static int compare_bytes(const void *a, const void *b, size_t len)
{
    const int order = memcmp(a, b, len);

    return order < 0 ? -1 : order > 0;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Kinds stand together, and in them what is alike: the service's end first. */
static int compare(const struct vpcvis_suspect *left, const struct vpcvis_suspect *right)
{
    const struct vpcvis_rule *a = &left->rule, *b = &right->rule;
    const int in = a->direction == VPCVIS_DIRECTION_INGRESS;
    const struct vpcvis_cidr *a_near = in ? &a->dst : &a->src,
                             *b_near = in ? &b->dst : &b->src,
                             *a_far = in ? &a->src : &a->dst,
                             *b_far = in ? &b->src : &b->dst;
    int order = compare_numbers(a->direction, b->direction);

    if (order == 0)
        order = compare_numbers(a->src.addr.family, b->src.addr.family);
    if (order == 0)
        order = compare_numbers(a->action, b->action);
    if (order == 0)
        order = compare_numbers(a->protocol, b->protocol);
    if (order == 0)
        order = compare_bytes(a_near->addr.bytes, b_near->addr.bytes, 16);
    if (order == 0)
        order = compare_bytes(a_far->addr.bytes, b_far->addr.bytes, 16);
    if (order == 0)
        order = compare_numbers(a->dstport[0], b->dstport[0]);
    return order != 0 ? order : compare_numbers(a->srcport[0], b->srcport[0]);
}

static void swap(struct vpcvis_suspect *a, struct vpcvis_suspect *b)
{
    const struct vpcvis_suspect kept = *a;

    *a = *b;
    *b = kept;
}

/* Let an element sink to its place in a heap of count, largest on top. */
static void sink(struct vpcvis_suspect *heap, size_t at, size_t count)
{
    size_t child;

    while ((child = 2 * at + 1) < count) {
        if (child + 1 < count && compare(&heap[child], &heap[child + 1]) < 0)
            child++;
        if (compare(&heap[at], &heap[child]) >= 0)
            return;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

static void sort(struct vpcvis_suspect *suspects, size_t count)
{
    size_t i;

    for (i = count / 2; i-- > 0;)
        sink(suspects, i, count);
    for (i = count; i-- > 1;) {
        swap(&suspects[0], &suspects[i]);
        sink(suspects, 0, i);
    }
}

/* Merge neighbours that cost at most so much, as long as there are more than limit. */
static size_t merge_neighbours(struct vpcvis_suspect *suspects, size_t count,
                               size_t limit, uint32_t most)
{
    size_t kept = 0, i;

    for (i = 1; i < count; i++) {
        if (kept + count - i >= limit && cost_of(&suspects[kept], &suspects[i]) <= most)
            join(&suspects[kept], &suspects[i]);
        else
            suspects[++kept] = suspects[i];
    }
    return kept + 1;
}

/* The two that cost least; the cost, UINT32_MAX if no two can be merged. */
static uint32_t find_pair(const struct vpcvis_suspect *suspects, size_t count, size_t *a,
                          size_t *b)
{
    uint32_t least = UINT32_MAX;
    size_t i, j;

    for (i = 0; i < count && least > 0; i++) {
        for (j = i + 1; j < count; j++) {
            const uint32_t cost = cost_of(&suspects[i], &suspects[j]);

            if (cost < least) {
                least = cost;
                *a = i;
                *b = j;
            }
        }
    }
    return least;
}

/* Pairs until no more than limit are left, and then those that cost nothing. */
static size_t merge_pairs(struct vpcvis_suspect *suspects, size_t count, size_t limit)
{
    size_t a = 0, b = 0;

    while (count > 1) {
        const uint32_t cost = find_pair(suspects, count, &a, &b);

        if (cost == UINT32_MAX || (cost > 0 && count <= limit))
            break;
        join(&suspects[a], &suspects[b]);
        memmove(&suspects[b], &suspects[b + 1], (count - b - 1) * sizeof(*suspects));
        count--;
    }
    return count;
}

static int is_rule(const struct vpcvis_rule *rule)
{
    const uint32_t bits = address_bits(rule);

    return (rule->direction == VPCVIS_DIRECTION_INGRESS ||
            rule->direction == VPCVIS_DIRECTION_EGRESS) &&
           (rule->action == VPCVIS_FILTER_ACCEPT ||
            rule->action == VPCVIS_FILTER_REJECT) &&
           (rule->src.addr.family == VPCVIS_ADDR_IPV4 ||
            rule->src.addr.family == VPCVIS_ADDR_IPV6) &&
           rule->src.addr.family == rule->dst.addr.family &&
           rule->src.prefix_len <= bits && rule->dst.prefix_len <= bits;
}

static void number(struct vpcvis_suspect *suspects, size_t count)
{
    uint32_t next[3] = {0, 0, 0};
    size_t i;

    for (i = 0; i < count; i++) {
        struct vpcvis_rule *rule = &suspects[i].rule;
        rule->number = next[rule->direction] += 10;
    }
}

vpcvis_status vpcvis_suspect_merge(struct vpcvis_suspect *suspects, size_t *count,
                                   size_t limit)
{
    const size_t most = limit != 0 ? limit : VPCVIS_SUSPECT_RULES;
    const size_t few = most > PAIRWISE ? most : PAIRWISE;
    size_t n, i;
    uint32_t cost;

    if (count == NULL || (suspects == NULL && *count > 0))
        return VPCVIS_E_ARG;
    n = *count;
    for (i = 0; i < n; i++)
        if (!is_rule(&suspects[i].rule))
            return VPCVIS_E_ARG;
    for (i = 0; i < n; i++)
        suspects[i].wide = width_of(&suspects[i].rule);
    sort(suspects, n);
    if (n > 0)
        n = merge_neighbours(suspects, n, 0, 0);
    for (cost = SIXTEENTH; n > few && cost < 512 * SIXTEENTH; cost += SIXTEENTH)
        n = merge_neighbours(suspects, n, few, cost);
    n = merge_pairs(suspects, n, most);
    sort(suspects, n);
    number(suspects, n);
    *count = n;
    return n > most ? VPCVIS_E_LIMIT : VPCVIS_OK;
}

size_t vpcvis_suspect_bytes(void)
{
    return sizeof(struct vpcvis_suspect);
}
