/* SPDX-License-Identifier: MIT */
/*
 * Port scans and host sweeps: what one source tried, sorted so that equal ports, or hosts,
 * stand together, and counted in runs; window by window, and over the whole log for those that
 * take their time (twice the threshold then).
 */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_service(const struct talk *a, const struct talk *b)
{
    const int order = compare_number(a->protocol, b->protocol);

    return order != 0 ? order : compare_number(a->port, b->port);
}

/* Scans: what a source tried of one host, by port. */
static int by_port(const void *left, const void *right)
{
    const struct talk *a = *(const struct talk *const *)left,
                      *b = *(const struct talk *const *)right;
    int order = talks_compare_addr(&a->from, &b->from);

    if (order == 0)
        order = talks_compare_addr(&a->to, &b->to);
    return order != 0 ? order : compare_service(a, b);
}

static int by_window_port(const void *left, const void *right)
{
    const struct talk *a = *(const struct talk *const *)left,
                      *b = *(const struct talk *const *)right;
    int order = talks_compare_addr(&a->from, &b->from);

    if (order == 0)
        order = talks_compare_addr(&a->to, &b->to);
    if (order == 0)
        order = compare_number(a->window_s, b->window_s);
    return order != 0 ? order : compare_service(a, b);
}

/* Sweeps: what a source tried on one port, by host. */
static int by_host(const void *left, const void *right)
{
    const struct talk *a = *(const struct talk *const *)left,
                      *b = *(const struct talk *const *)right;
    int order = talks_compare_addr(&a->from, &b->from);

    if (order == 0)
        order = compare_service(a, b);
    return order != 0 ? order : talks_compare_addr(&a->to, &b->to);
}

static int by_window_host(const void *left, const void *right)
{
    const struct talk *a = *(const struct talk *const *)left,
                      *b = *(const struct talk *const *)right;
    int order = talks_compare_addr(&a->from, &b->from);

    if (order == 0)
        order = compare_service(a, b);
    if (order == 0)
        order = compare_number(a->window_s, b->window_s);
    return order != 0 ? order : talks_compare_addr(&a->to, &b->to);
}

/* How talks are looked at: what makes a group of them, and what is counted in it. */
struct view {
    uint32_t kind;
    int windows; /* each window by itself */
    int (*order)(const void *, const void *);
    uint64_t threshold;
};

static int is_group(const struct view *view, const struct talk *a, const struct talk *b)
{
    if (talks_compare_addr(&a->from, &b->from) != 0 ||
        (view->windows && a->window_s != b->window_s))
        return 0;
    return view->kind == FINDING_SCAN ? talks_compare_addr(&a->to, &b->to) == 0
                                      : compare_service(a, b) == 0;
}

static int is_same_thing(const struct view *view, const struct talk *a,
                         const struct talk *b)
{
    return view->kind == FINDING_SCAN ? compare_service(a, b) == 0
                                      : talks_compare_addr(&a->to, &b->to) == 0;
}

/* Of a group: different things tried, and different ones tried to no effect. */
struct tally {
    uint64_t things, failed_things, attempts, failed, rejected, bytes, first_s, last_s;
};

static void add_talk(struct tally *tally, const struct talk *talk)
{
    tally->attempts++;
    tally->failed += talk->failed;
    tally->rejected += talk->out.accepted == 0;
    tally->bytes += talk->out.bytes;
    if (tally->attempts == 1 || talk->out.first_s < tally->first_s)
        tally->first_s = talk->out.first_s;
    if (talk->out.last_s > tally->last_s)
        tally->last_s = talk->out.last_s;
}

static struct tally count_group(const struct view *view, const struct talk *const *talks,
                                size_t count)
{
    struct tally tally = {0};
    int failed = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        if (i == 0 || !is_same_thing(view, talks[i - 1], talks[i])) {
            tally.things++;
            failed = 0;
        }
        if (talks[i]->failed && !failed) {
            tally.failed_things++;
            failed = 1;
        }
        add_talk(&tally, talks[i]);
    }
    return tally;
}

static int is_suspect(const struct findings *findings, const struct view *view,
                      const struct tally *tally)
{
    return tally->failed_things >= view->threshold &&
           tally->failed * 100 >= tally->attempts * findings->limits.failed_percent;
}

/* The source's finding, new or the last one: groups of one source stand together. */
static struct finding *finding_of(struct findings *findings, uint32_t kind,
                                  const struct vpcvis_addr *source)
{
    struct finding *last =
        findings->count > 0 ? &findings->found[findings->count - 1] : NULL;

    if (last != NULL && last->kind == kind &&
        talks_compare_addr(&last->source, source) == 0)
        return last;
    last = findings_add(findings, kind);
    if (last != NULL)
        last->source = *source;
    return last;
}

/* The largest group of a source says what was tried; all of them say when. */
static void report_group(struct findings *findings, const struct view *view,
                         const struct talk *talk, const struct tally *tally)
{
    struct finding *finding = finding_of(findings, view->kind, &talk->from);
    uint64_t *things;

    if (finding == NULL)
        return;
    things = view->kind == FINDING_SCAN ? &finding->ports : &finding->hosts;
    if (finding->first_s == 0 || tally->first_s < finding->first_s)
        finding->first_s = tally->first_s;
    if (tally->last_s > finding->last_s)
        finding->last_s = tally->last_s;
    if (tally->things <= *things)
        return;
    *things = tally->things;
    finding->attempts = tally->attempts;
    finding->failed = tally->failed;
    finding->rejected = tally->rejected;
    finding->bytes = tally->bytes;
    if (view->kind == FINDING_SCAN) {
        finding->destination = talk->to;
    } else {
        finding->protocol = talk->protocol;
        finding->port = talk->port;
    }
}

static void look(struct findings *findings, const struct view *view, size_t count)
{
    const struct talk *const *order = findings->order;
    size_t i, n;

    qsort(findings->order, count, sizeof(*findings->order), view->order);
    for (i = 0; i < count; i += n) {
        struct tally tally;

        for (n = 1; i + n < count && is_group(view, order[i], order[i + n]); n++)
            ;
        if (n < view->threshold)
            continue;
        tally = count_group(view, order + i, n);
        if (is_suspect(findings, view, &tally))
            report_group(findings, view, order[i], &tally);
    }
}

/* Of one source those first that say more. */
static int by_source(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    const int order = talks_compare_addr(&a->source, &b->source);

    return order != 0 ? order : -compare_number(a->ports + a->hosts, b->ports + b->hosts);
}

/* One finding a source, of those from index `first` on. */
static void settle(struct findings *findings, size_t first)
{
    struct finding *kept;
    size_t i;

    if (findings->count == first)
        return;
    kept = &findings->found[first];
    qsort(kept, findings->count - first, sizeof(*kept), by_source);
    for (i = first + 1; i < findings->count; i++) {
        const struct finding *next = &findings->found[i];

        if (talks_compare_addr(&kept->source, &next->source) != 0) {
            *++kept = *next;
            continue;
        }
        if (next->first_s < kept->first_s)
            kept->first_s = next->first_s;
        if (next->last_s > kept->last_s)
            kept->last_s = next->last_s;
    }
    findings->count = (size_t)(kept - findings->found) + 1;
}

void findings_scans(struct findings *findings)
{
    const uint64_t ports = findings->limits.ports, hosts = findings->limits.hosts;
    const struct view views[] = {
        {FINDING_SCAN, 1, by_window_port, ports},
        {FINDING_SCAN, 0, by_port, ports > UINT64_MAX / 2 ? ports : 2 * ports},
        {FINDING_SWEEP, 1, by_window_host, hosts},
        {FINDING_SWEEP, 0, by_host, hosts > UINT64_MAX / 2 ? hosts : 2 * hosts}};
    size_t i, count = 0, first = findings->count;

    for (i = 0; i < findings->talks.count; i++) {
        const struct talk *talk = &findings->talks.talks[i];

        if (talk->out.accepted + talk->out.rejected > 0)
            findings->order[count++] = talk;
    }
    for (i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        look(findings, &views[i], count);
        if (i % 2 == 1) {
            settle(findings, first);
            first = findings->count;
        }
    }
}
