/* SPDX-License-Identifier: MIT */
/*
 * Why connections fail. A security group lets the replies of what it accepted pass, a network
 * ACL looks at each direction alone: accepted one way and rejected back points to an ACL.
 * Attempts of an internal host that are rejected, all of them, are a rule that is missing.
 */
#include "findings.h"

#include <stdlib.h>

static int by_service(const void *left, const void *right)
{
    const struct talk *a = *(const struct talk *const *)left,
                      *b = *(const struct talk *const *)right;
    int order = talks_compare_addr(&a->to, &b->to);

    if (order == 0)
        order = (int)a->protocol - (int)b->protocol;
    if (order == 0)
        order = (int)a->port - (int)b->port;
    return order != 0 ? order : talks_compare_addr(&a->from, &b->from);
}

static int is_service(const struct talk *a, const struct talk *b)
{
    return talks_compare_addr(&a->to, &b->to) == 0 && a->protocol == b->protocol &&
           a->port == b->port;
}

static int is_client(const struct talk *a, const struct talk *b)
{
    return is_service(a, b) && talks_compare_addr(&a->from, &b->from) == 0;
}

/* The talks of one service, or of one client with it, as a finding. */
static void report(struct findings *findings, uint32_t kind,
                   const struct talk *const *talks, size_t count)
{
    struct finding *finding = findings_add(findings, kind);
    size_t i;

    if (finding == NULL)
        return;
    finding->source = talks[0]->from;
    finding->destination = talks[0]->to;
    finding->protocol = talks[0]->protocol;
    finding->port = talks[0]->port;
    finding->first_s = talks[0]->out.first_s;
    for (i = 0; i < count; i++) {
        const struct talk *talk = talks[i];
        const struct side *last = talk->back.rejected > 0 ? &talk->back : &talk->out;

        finding->attempts++;
        finding->failed += talk->failed;
        finding->rejected += talk->out.rejected + talk->back.rejected > 0;
        finding->records += talk->out.rejected + talk->back.rejected;
        finding->bytes += talk->out.bytes;
        finding->hosts += i == 0 || !is_client(talks[i - 1], talk);
        if (talk->out.first_s < finding->first_s)
            finding->first_s = talk->out.first_s;
        if (last->last_s > finding->last_s)
            finding->last_s = last->last_s;
    }
    if (finding->hosts > 1)
        finding->source.family = 0;
}

/* Groups of the first `count` of findings->order that are large enough. */
static void look(struct findings *findings, uint32_t kind, size_t count,
                 int (*is_group)(const struct talk *, const struct talk *))
{
    const struct talk *const *order = findings->order;
    size_t i, n;

    qsort(findings->order, count, sizeof(*findings->order), by_service);
    for (i = 0; i < count; i += n) {
        for (n = 1; i + n < count && is_group(order[i], order[i + n]); n++)
            ;
        if (n >= findings->limits.attempts)
            report(findings, kind, order + i, n);
    }
}

/* Sources of scans and sweeps: what they are refused is no mistake. They come first in found,
 * each kind by source. */
static int is_scanner(const struct findings *findings, size_t scanners,
                      const struct vpcvis_addr *source)
{
    uint32_t kind;

    for (kind = FINDING_SCAN; kind <= FINDING_SWEEP; kind++) {
        size_t low = 0, high = scanners;

        while (low < high) {
            const size_t middle = (low + high) / 2;
            const struct finding *found = &findings->found[middle];
            const int order = found->kind != kind
                                  ? (int)found->kind - (int)kind
                                  : talks_compare_addr(&found->source, source);

            if (order == 0)
                return 1;
            if (order < 0)
                low = middle + 1;
            else
                high = middle;
        }
    }
    return 0;
}

void findings_failures(struct findings *findings)
{
    const size_t scanners = findings->count;
    size_t i, count = 0;

    for (i = 0; i < findings->talks.count; i++) {
        const struct talk *talk = &findings->talks.talks[i];

        if (talk->out.accepted > 0 && talk->out.rejected == 0 &&
            talk->back.rejected > 0 && talk->back.accepted == 0)
            findings->order[count++] = talk;
    }
    look(findings, FINDING_REPLY, count, is_service);
    for (i = 0, count = 0; i < findings->talks.count; i++) {
        const struct talk *talk = &findings->talks.talks[i];

        if (talk->out.rejected > 0 && talk->out.accepted + talk->back.accepted == 0 &&
            findings_is_internal(findings, &talk->from) &&
            !is_scanner(findings, scanners, &talk->from))
            findings->order[count++] = talk;
    }
    look(findings, FINDING_REJECTED, count, is_client);
}
