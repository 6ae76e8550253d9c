/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The questions, in their order. */
#define TALKS   0
#define GAPS    1
#define NATS    2
#define REASONS 3

void findings_init(struct findings *findings)
{
    static const struct findings_limits limits = {600, 20, 20, 50, 3, 100000000, 4, 6};

    findings->limits = limits;
}

/* 10, 10k, 10M, 10G; 30s, 10m, 1h, 1d. 0, or -1. */
static int read_amount(const char *text, const char *units, const uint64_t *factors,
                       uint64_t *number)
{
    const char *unit;
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0 || *number == 0)
        return -1;
    if (*end == '\0')
        return 0;
    unit = strchr(units, *end);
    if (unit == NULL || end[1] != '\0' || *number > UINT64_MAX / factors[unit - units])
        return -1;
    *number *= factors[unit - units];
    return 0;
}

int findings_option(struct findings *findings, char **argv, int *i, const char **value)
{
    static const uint64_t thousands[] = {1000, 1000000, 1000000000};
    static const uint64_t times[] = {1, 60, 3600, 86400};
    struct findings_limits *limits = &findings->limits;
    uint64_t *const number[] = {
        &limits->window_s, &limits->ports,  &limits->hosts, &limits->failed_percent,
        &limits->attempts, &limits->volume, &limits->factor};
    static const char names[][12] = {"--window",   "--ports",  "--hosts", "--failed",
                                     "--attempts", "--volume", "--factor"};
    size_t n;

    for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        if (!take_value(names[n], argv, i, value))
            continue;
        return read_amount(*value, n == 0 ? "smhd" : "kMG", n == 0 ? times : thousands,
                           number[n]) == 0
                   ? 1
                   : -1;
    }
    return 0;
}

void findings_ask(struct findings *findings)
{
    static const char *const texts[] = {
        NULL, "interface-id,log-status/records,min:start,max:end",
        "srcaddr,pkt-srcaddr/bytes,records,min:start,max:end",
        "reject-reason,srcaddr,dstaddr,protocol,dstport/records,min:start,max:end"};
    char problem[QUESTION_PROBLEM];
    size_t offset;
    uint32_t i;

    snprintf(findings->talks_question, sizeof(findings->talks_question), TALKS_QUESTION,
             (unsigned long long)findings->limits.window_s);
    for (i = 0; i < FINDINGS_QUESTIONS; i++)
        (void)question_read(&findings->questions[i],
                            i == TALKS ? findings->talks_question : texts[i], NULL,
                            problem, &offset);
    findings->questions[GAPS].config.flags = VPCVIS_ROLLUP_IDLE;
}

struct finding *findings_add(struct findings *findings, uint32_t kind)
{
    struct finding *finding;

    if (findings->count == findings->capacity) {
        const size_t more = findings->capacity * 2 + 64;
        struct finding *grown = realloc(findings->found, more * sizeof(*grown));

        if (grown == NULL) {
            findings->out_of_memory = 1;
            return NULL;
        }
        findings->found = grown;
        findings->capacity = more;
    }
    finding = &findings->found[findings->count++];
    memset(finding, 0, sizeof(*finding));
    finding->kind = kind;
    finding->protocol = finding->port = -1;
    return finding;
}

int findings_is_internal(const struct findings *findings, const struct vpcvis_addr *addr)
{
    uint32_t value;

    return vpcvis_prefix_match(findings->internal, addr, &value, NULL) == VPCVIS_OK;
}

/* Measures of a group: the number of records, the first second, the last. */
static void add_evidence(struct finding *finding, const vpcvis_rollup *rollup,
                         uint32_t group, uint32_t records_at)
{
    (void)vpcvis_rollup_get(rollup, group, records_at, &finding->records);
    (void)vpcvis_rollup_get(rollup, group, records_at + 1, &finding->first_s);
    (void)vpcvis_rollup_get(rollup, group, records_at + 2, &finding->last_s);
}

/* Intervals without traffic, and with lost records. */
static void find_gap(struct findings *findings, const vpcvis_rollup *rollup,
                     uint32_t group)
{
    struct vpcvis_value name, status;
    struct finding *finding;
    uint32_t kind;

    (void)vpcvis_rollup_get_key(rollup, group, 0, &name);
    (void)vpcvis_rollup_get_key(rollup, group, 1, &status);
    if (status.number == VPCVIS_LOG_STATUS_NODATA)
        kind = FINDING_NODATA;
    else if (status.number == VPCVIS_LOG_STATUS_SKIPDATA)
        kind = FINDING_SKIPDATA;
    else
        return;
    finding = findings_add(findings, kind);
    if (finding == NULL)
        return;
    finding->name = name.state == VPCVIS_STATE_VALUE ? name.text : NULL;
    finding->name_len = finding->name ? name.text_len : 0;
    add_evidence(finding, rollup, group, 0);
}

/* The packet's own source where it is not the interface's. */
static void find_nat(struct findings *findings, const vpcvis_rollup *rollup,
                     uint32_t group)
{
    struct vpcvis_value src, pkt_src;
    struct finding *finding;

    (void)vpcvis_rollup_get_key(rollup, group, 0, &src);
    (void)vpcvis_rollup_get_key(rollup, group, 1, &pkt_src);
    if (src.state != VPCVIS_STATE_VALUE || pkt_src.state != VPCVIS_STATE_VALUE ||
        talks_compare_addr(&src.addr, &pkt_src.addr) == 0)
        return;
    finding = findings_add(findings, FINDING_NAT);
    if (finding == NULL)
        return;
    finding->source = pkt_src.addr;
    finding->destination = src.addr;
    (void)vpcvis_rollup_get(rollup, group, 0, &finding->bytes);
    add_evidence(finding, rollup, group, 1);
}

static void find_reason(struct findings *findings, const vpcvis_rollup *rollup,
                        uint32_t group)
{
    struct vpcvis_value reason, value;
    struct finding *finding;

    (void)vpcvis_rollup_get_key(rollup, group, 0, &reason);
    if (reason.state != VPCVIS_STATE_VALUE)
        return;
    finding = findings_add(findings, FINDING_REASON);
    if (finding == NULL)
        return;
    finding->name = reason.text;
    finding->name_len = reason.text_len;
    (void)vpcvis_rollup_get_key(rollup, group, 1, &value);
    finding->source = value.addr;
    (void)vpcvis_rollup_get_key(rollup, group, 2, &value);
    finding->destination = value.addr;
    (void)vpcvis_rollup_get_key(rollup, group, 3, &value);
    finding->protocol = value.state == VPCVIS_STATE_VALUE ? (int)value.number : -1;
    (void)vpcvis_rollup_get_key(rollup, group, 4, &value);
    finding->port = value.state == VPCVIS_STATE_VALUE ? (int)value.number : -1;
    add_evidence(finding, rollup, group, 0);
}

static uint32_t group_count(const vpcvis_rollup *rollup)
{
    struct vpcvis_rollup_counts counts;

    (void)vpcvis_rollup_count(rollup, &counts);
    return counts.groups;
}

static uint64_t weight(const struct finding *finding)
{
    switch (finding->kind) {
    case FINDING_SCAN: return finding->ports;
    case FINDING_SWEEP: return finding->hosts;
    case FINDING_VOLUME:
    case FINDING_NEW:
    case FINDING_NAT: return finding->bytes;
    case FINDING_REPLY:
    case FINDING_REJECTED: return finding->attempts;
    default: return finding->records;
    }
}

static int compare_text(const struct finding *a, const struct finding *b)
{
    const size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
    const int order = len > 0 ? memcmp(a->name, b->name, len) : 0;

    return order != 0 ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* By kind, the weightiest first; equals in the order of what they are about. */
static int by_weight(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    const uint64_t a_weight = weight(a), b_weight = weight(b);
    int order;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a_weight != b_weight)
        return a_weight > b_weight ? -1 : 1;
    order = talks_compare_addr(&a->source, &b->source);
    if (order == 0)
        order = talks_compare_addr(&a->destination, &b->destination);
    if (order == 0)
        order = compare_text(a, b);
    return order != 0 ? order : a->port - b->port;
}

int findings_find(struct findings *findings, vpcvis_rollup *const *rollups)
{
    uint32_t i;

    if (talks_make(rollups[TALKS], &findings->talks) != 0)
        return -1;
    findings->order = malloc((findings->talks.count + 1) * sizeof(*findings->order));
    if (findings->order == NULL)
        return -1;
    findings_scans(findings);
    if (!findings->talks.incomplete)
        findings_failures(findings);
    findings_volumes(findings);
    if (!findings->talks.incomplete)
        findings_newcomers(findings);
    for (i = 0; i < group_count(rollups[GAPS]); i++)
        find_gap(findings, rollups[GAPS], i);
    for (i = 0; i < group_count(rollups[NATS]); i++)
        find_nat(findings, rollups[NATS], i);
    for (i = 0; i < group_count(rollups[REASONS]); i++)
        find_reason(findings, rollups[REASONS], i);
    if (findings->count > 0)
        qsort(findings->found, findings->count, sizeof(*findings->found), by_weight);
    return findings->out_of_memory ? -1 : 0;
}

void findings_free(struct findings *findings)
{
    talks_free(&findings->talks);
    free(findings->order);
    free(findings->found);
}
