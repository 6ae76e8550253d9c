/* SPDX-License-Identifier: MIT */
/*
 * Unusual volume out, and hosts that were not there before. Both compare a source with what
 * the rest of the log says of it, so that they need a log of several windows.
 */
#include "findings.h"

#include <stdlib.h>
#include <string.h>

/* What a source sent to the internet in a window. */
struct sent {
    uint64_t window_s, bytes, first_s, last_s;
};

static int is_out(const struct findings *findings, const struct half *half)
{
    return half->action != VPCVIS_ACTION_REJECT &&
           findings_is_internal(findings, &half->src) &&
           !findings_is_internal(findings, &half->dst);
}

/* The windows of one source, whose halves are count from here, in sent; how many. */
static size_t sum_windows(const struct findings *findings, const struct half *halves,
                          size_t count, struct sent *sent)
{
    size_t i, n = 0;

    for (i = 0; i < count; i++) {
        const struct half *half = &halves[i];

        if (!is_out(findings, half))
            continue;
        if (n == 0 || sent[n - 1].window_s != half->window_s) {
            memset(&sent[n], 0, sizeof(sent[n]));
            sent[n].window_s = half->window_s;
            sent[n].first_s = half->first_s;
            n++;
        }
        sent[n - 1].bytes += half->bytes;
        if (half->first_s < sent[n - 1].first_s)
            sent[n - 1].first_s = half->first_s;
        if (half->last_s > sent[n - 1].last_s)
            sent[n - 1].last_s = half->last_s;
    }
    return n;
}

/* The busiest window, and its neighbours as long as they are a quarter as busy: the event. */
static void find_event(const struct sent *sent, size_t count, uint64_t window_s,
                       size_t *from, size_t *to)
{
    size_t peak = 0, i;

    for (i = 1; i < count; i++)
        if (sent[i].bytes > sent[peak].bytes)
            peak = i;
    for (*from = peak; *from > 0; --*from)
        if (sent[*from].window_s - sent[*from - 1].window_s > window_s ||
            sent[*from - 1].bytes < sent[peak].bytes / 4)
            break;
    for (*to = peak + 1; *to < count; ++*to)
        if (sent[*to].window_s - sent[*to - 1].window_s > window_s ||
            sent[*to].bytes < sent[peak].bytes / 4)
            break;
}

/* An event's halves, of those of its source: is one of them. */
static int is_within(const struct findings *findings, const struct half *half,
                     const struct finding *event)
{
    const uint64_t window_s = findings->limits.window_s;

    return half->window_s + window_s > event->first_s &&
           half->window_s <= event->last_s && is_out(findings, half);
}

/* Where more than half of an event's bytes went, if there is such an address: the candidate
 * of a majority vote (Boyer and Moore 1981), counted. */
static void find_destination(const struct findings *findings, const struct half *halves,
                             size_t count, struct finding *event)
{
    struct vpcvis_addr best = {0};
    uint64_t weight = 0, bytes = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        const struct half *half = &halves[i];

        if (!is_within(findings, half, event))
            continue;
        if (talks_compare_addr(&best, &half->dst) == 0) {
            weight += half->bytes;
        } else if (weight >= half->bytes) {
            weight -= half->bytes;
        } else {
            weight = half->bytes - weight;
            best = half->dst;
        }
    }
    for (i = 0; i < count; i++)
        if (is_within(findings, &halves[i], event) &&
            talks_compare_addr(&best, &halves[i].dst) == 0)
            bytes += halves[i].bytes;
    if (bytes > event->bytes / 2)
        event->destination = best;
}

static uint64_t largest_outside(const struct sent *sent, size_t count, size_t from,
                                size_t to)
{
    uint64_t largest = 0;
    size_t i;

    for (i = 0; i < count; i++)
        if ((i < from || i >= to) && sent[i].bytes > largest)
            largest = sent[i].bytes;
    return largest;
}

/* Windows from the log's first to its last. */
static uint64_t all_windows(const struct findings *findings)
{
    const uint64_t window_s = findings->limits.window_s;

    return findings->talks.last_s / window_s - findings->talks.first_s / window_s + 1;
}

static void look_at_source(struct findings *findings, const struct half *halves,
                           size_t count, struct sent *sent)
{
    const struct findings_limits *limits = &findings->limits;
    const size_t windows = sum_windows(findings, halves, count, sent);
    uint64_t peak = 0, usual, bytes = 0;
    struct finding *finding;
    size_t from, to, i;

    if (windows == 0)
        return;
    find_event(sent, windows, limits->window_s, &from, &to);
    for (i = from; i < to; i++) {
        bytes += sent[i].bytes;
        peak = sent[i].bytes > peak ? sent[i].bytes : peak;
    }
    usual = largest_outside(sent, windows, from, to);
    if (peak < limits->volume || peak / limits->factor < usual ||
        (to - from) * 2 >
            all_windows(findings)) /* what goes on most of the time is usual */
        return;
    finding = findings_add(findings, FINDING_VOLUME);
    if (finding == NULL)
        return;
    finding->source = halves[0].src;
    finding->bytes = bytes;
    finding->usual_bytes = usual;
    finding->first_s = sent[from].first_s;
    for (i = from; i < to; i++) {
        if (sent[i].first_s < finding->first_s)
            finding->first_s = sent[i].first_s;
        if (sent[i].last_s > finding->last_s)
            finding->last_s = sent[i].last_s;
    }
    find_destination(findings, halves, count, finding);
}

static int is_too_short(struct findings *findings)
{
    if (all_windows(findings) < findings->limits.windows)
        findings->too_short = 1;
    return findings->too_short;
}

void findings_volumes(struct findings *findings)
{
    const struct half *halves = findings->talks.halves;
    const size_t count = findings->talks.half_count;
    struct sent *sent;
    size_t i, n;

    if (count == 0 || is_too_short(findings))
        return;
    sent = malloc(count * sizeof(*sent));
    if (sent == NULL) {
        findings->out_of_memory = 1;
        return;
    }
    for (i = 0; i < count; i += n) {
        for (n = 1; i + n < count; n++)
            if (talks_compare_addr(&halves[i].src, &halves[i + n].src) != 0)
                break;
        look_at_source(findings, halves + i, n, sent);
    }
    free(sent);
}

/* An internal address at one end of a talk. */
struct sight {
    struct vpcvis_addr addr;
    const struct talk *talk;
    uint64_t first_s;
};

static int by_address_time(const void *left, const void *right)
{
    const struct sight *a = left, *b = right;
    const int order = talks_compare_addr(&a->addr, &b->addr);

    return order != 0 ? order : (a->first_s > b->first_s) - (a->first_s < b->first_s);
}

static uint64_t first_of(const struct talk *talk)
{
    const struct side *out = &talk->out, *back = &talk->back;

    if (out->accepted + out->rejected == 0)
        return back->first_s;
    if (back->accepted + back->rejected == 0 || out->first_s < back->first_s)
        return out->first_s;
    return back->first_s;
}

static size_t see(struct sight *sights, size_t count, const struct vpcvis_addr *addr,
                  const struct talk *talk)
{
    sights[count].addr = *addr;
    sights[count].talk = talk;
    sights[count].first_s = first_of(talk);
    return count + 1;
}

/* One host's sights, the first one first: is it new, and did it begin something? */
static void look_at_host(struct findings *findings, const struct sight *sights,
                         size_t count, uint64_t since_s)
{
    struct finding finding = {0}, *added;
    size_t i;

    if (sights[0].first_s < since_s)
        return;
    finding.first_s = sights[0].first_s;
    for (i = 0; i < count; i++) {
        const struct talk *talk = sights[i].talk;
        const int began = talks_compare_addr(&talk->from, &sights[i].addr) == 0;
        const struct side *side = began ? &talk->out : &talk->back;

        finding.attempts += began && talk->out.accepted > 0;
        finding.bytes += side->bytes;
        if (side->last_s > finding.last_s)
            finding.last_s = side->last_s;
    }
    if (finding.attempts < findings->limits.attempts)
        return;
    added = findings_add(findings, FINDING_NEW);
    if (added == NULL)
        return;
    added->source = sights[0].addr;
    added->attempts = finding.attempts;
    added->bytes = finding.bytes;
    added->first_s = finding.first_s;
    added->last_s = finding.last_s;
}

void findings_newcomers(struct findings *findings)
{
    const struct talks *talks = &findings->talks;
    const uint64_t since_s = talks->first_s + (talks->last_s - talks->first_s) / 2;
    struct sight *sights;
    size_t i, n, count = 0;

    if (talks->count == 0 || is_too_short(findings))
        return;
    sights = malloc(2 * talks->count * sizeof(*sights));
    if (sights == NULL) {
        findings->out_of_memory = 1;
        return;
    }
    for (i = 0; i < talks->count; i++) {
        const struct talk *talk = &talks->talks[i];

        if (findings_is_internal(findings, &talk->from))
            count = see(sights, count, &talk->from, talk);
        if (findings_is_internal(findings, &talk->to) &&
            talk->out.accepted + talk->back.accepted > 0)
            count = see(sights, count, &talk->to, talk);
    }
    qsort(sights, count, sizeof(*sights), by_address_time);
    for (i = 0; i < count; i += n) {
        for (n = 1; i + n < count; n++)
            if (talks_compare_addr(&sights[i].addr, &sights[i + n].addr) != 0)
                break;
        look_at_host(findings, sights + i, n, since_s);
    }
    free(sights);
}
