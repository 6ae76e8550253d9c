/* SPDX-License-Identifier: MIT */
/*
 * What room flow must give, the slow way: all packets of a window in one list, sorted and added
 * up when the window is closed. No hash, no capacity, no batches.
 */
#ifndef VPCVIS_TESTS_FLOW_MODEL_H
#define VPCVIS_TESTS_FLOW_MODEL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis/flow.h"

#define MODEL_INTERFACES 64

struct model_flow {
    uint32_t interface, family;
    uint8_t src[16], dst[16];
    uint32_t srcport, dstport, protocol, verdict, direction;
    uint64_t packets, bytes, first_s, last_s;
    uint32_t tcp_flags, flags;
    int hinted;
    uint64_t hint_ns;
    uint8_t pkt_src[16], pkt_dst[16];
    uint32_t traffic_path;
};

struct model {
    uint64_t interval_s, phase_s;
    int open;
    uint64_t start_s, end_s;
    int live[MODEL_INTERFACES];
    uint64_t packets[MODEL_INTERFACES]; /* of the open window */
    uint64_t fed, apart;
    struct model_flow *flow;
    size_t count, room;
};

static void model_open(struct model *model, uint64_t now_s)
{
    model->open = 1;
    if (now_s < model->phase_s) {
        model->start_s = 0;
        model->end_s = model->phase_s;
        return;
    }
    model->start_s =
        (now_s - model->phase_s) / model->interval_s * model->interval_s + model->phase_s;
    model->end_s = model->start_s + model->interval_s;
}

/* How flow logs count the TCP flags of one packet. */
static uint32_t model_tcp(uint32_t flags)
{
    uint32_t counted = flags & 7;
    if ((flags & 2) && (flags & 16))
        counted |= 16;
    return counted;
}

static void model_hint(struct model_flow *f, const struct vpcvis_packet *p,
                       const struct vpcvis_flow_hint *hint)
{
    const int unfit =
        (hint->pkt_srcaddr.family != 0 && hint->pkt_srcaddr.family != p->family) ||
        (hint->pkt_dstaddr.family != 0 && hint->pkt_dstaddr.family != p->family);

    if (unfit || (hint->pkt_srcaddr.family == 0 && hint->pkt_dstaddr.family == 0 &&
                  hint->traffic_path == 0))
        return;
    f->hinted = 1;
    f->hint_ns = p->seen_ns;
    memcpy(f->pkt_src, hint->pkt_srcaddr.family ? hint->pkt_srcaddr.bytes : p->src, 16);
    memcpy(f->pkt_dst, hint->pkt_dstaddr.family ? hint->pkt_dstaddr.bytes : p->dst, 16);
    f->traffic_path = hint->traffic_path;
}

/* 1 if the packet has to wait for a tick. */
static int model_add(struct model *model, const struct vpcvis_packet *p,
                     const struct vpcvis_flow_hint *hint)
{
    const uint64_t seen_s = p->seen_ns / 1000000000u;
    struct model_flow f;

    if (p->family == 0 ||
        (p->flags & (VPCVIS_PACKET_BAD | VPCVIS_PACKET_HELD | VPCVIS_PACKET_LEFT)) ||
        p->interface >= MODEL_INTERFACES || !model->live[p->interface]) {
        model->fed++;
        model->apart++;
        return 0;
    }
    if (!model->open)
        model_open(model, seen_s);
    if (seen_s >= model->end_s)
        return 1;
    memset(&f, 0, sizeof(f));
    f.interface = p->interface;
    f.family = p->family;
    memcpy(f.src, p->src, 16);
    memcpy(f.dst, p->dst, 16);
    f.srcport = p->srcport;
    f.dstport = p->dstport;
    f.protocol = p->protocol;
    f.verdict = p->verdict;
    f.direction = p->direction;
    f.packets = 1;
    f.bytes = p->ip_len;
    f.first_s = seen_s < model->start_s ? model->start_s : seen_s;
    f.last_s = f.first_s;
    f.tcp_flags = model_tcp(p->tcp_flags);
    f.flags = seen_s < model->start_s ? VPCVIS_RECORD_LATE : 0;
    if ((p->flags & VPCVIS_PACKET_LATER) && !(p->flags & VPCVIS_PACKET_PORTS))
        f.flags |= VPCVIS_RECORD_FRAGMENT;
    if (hint)
        model_hint(&f, p, hint);
    if (model->count == model->room) {
        model->room = model->room ? 2 * model->room : 1024;
        model->flow = realloc(model->flow, model->room * sizeof(f));
        if (model->flow == NULL)
            abort();
    }
    model->flow[model->count++] = f;
    model->packets[f.interface]++;
    model->fed++;
    return 0;
}

#define MODEL_ORDER(a, b)              \
    do {                               \
        if ((a) != (b))                \
            return (a) < (b) ? -1 : 1; \
    } while (0)

static int model_order(const struct model_flow *a, const struct model_flow *b)
{
    int order;

    MODEL_ORDER(a->interface, b->interface);
    MODEL_ORDER(a->family, b->family);
    order = memcmp(a->src, b->src, 16);
    if (order == 0)
        order = memcmp(a->dst, b->dst, 16);
    if (order != 0)
        return order;
    MODEL_ORDER(a->srcport, b->srcport);
    MODEL_ORDER(a->dstport, b->dstport);
    MODEL_ORDER(a->protocol, b->protocol);
    MODEL_ORDER(a->verdict, b->verdict);
    MODEL_ORDER(a->direction, b->direction);
    return 0;
}

static int model_sort(const void *x, const void *y)
{
    const struct model_flow *a = x, *b = y;
    int order = model_order(a, b);

    if (order != 0)
        return order;
    MODEL_ORDER(b->hinted, a->hinted);
    MODEL_ORDER(a->hint_ns, b->hint_ns);
    order = memcmp(a->pkt_src, b->pkt_src, 16);
    if (order == 0)
        order = memcmp(a->pkt_dst, b->pkt_dst, 16);
    if (order != 0)
        return order;
    MODEL_ORDER(a->traffic_path, b->traffic_path);
    return 0;
}

/* Close the window: its flows are flow[0..count), in order. Clear count to begin again. */
static void model_close(struct model *model)
{
    size_t i, n = 0;

    if (model->count > 0)
        qsort(model->flow, model->count, sizeof(*model->flow), model_sort);
    for (i = 0; i < model->count; i++) {
        struct model_flow *f = &model->flow[i], *to = n > 0 ? &model->flow[n - 1] : NULL;
        if (to == NULL || model_order(to, f) != 0) {
            model->flow[n++] = *f;
            continue;
        }
        to->packets += f->packets;
        to->bytes += f->bytes;
        if (f->first_s < to->first_s)
            to->first_s = f->first_s;
        if (f->last_s > to->last_s)
            to->last_s = f->last_s;
        to->tcp_flags |= f->tcp_flags;
        to->flags |= f->flags;
    }
    model->count = n;
    model->open = 0;
}

static int model_bit(const struct vpcvis_record *r, uint32_t field)
{
    return (int)(r->value[field / 64] >> field % 64 & 1);
}

/* 1 if a record is of this flow's key. */
static int model_is_of(const struct model_flow *f, uint32_t interface,
                       const struct vpcvis_record *r)
{
    return f->interface == interface && f->family == r->srcaddr.family &&
           memcmp(f->src, r->srcaddr.bytes, 16) == 0 &&
           memcmp(f->dst, r->dstaddr.bytes, 16) == 0 && f->srcport == r->srcport &&
           f->dstport == r->dstport && f->protocol == r->protocol &&
           f->verdict == r->action && f->direction == r->flow_direction;
}

/* NULL if a record says of a flow what it should, else what differs. */
static const char *model_differs(const struct model_flow *f,
                                 const struct vpcvis_record *r)
{
    const uint8_t *src = f->hinted ? f->pkt_src : f->src;
    const uint8_t *dst = f->hinted ? f->pkt_dst : f->dst;
    const int path = f->hinted && f->traffic_path != 0;

    if (r->packets != f->packets)
        return "packets";
    if (r->bytes != f->bytes)
        return "bytes";
    if (r->start_s != f->first_s || r->end_s != f->last_s)
        return "times";
    if (r->tcp_flags != f->tcp_flags || r->flags != f->flags)
        return "flags";
    if (memcmp(r->pkt_srcaddr.bytes, src, 16) != 0 ||
        memcmp(r->pkt_dstaddr.bytes, dst, 16) != 0)
        return "pkt addresses";
    if (model_bit(r, VPCVIS_FIELD_TRAFFIC_PATH) != path ||
        (path && r->traffic_path != f->traffic_path))
        return "traffic path";
    if (model_bit(r, VPCVIS_FIELD_ACTION) != (f->verdict != 0) ||
        model_bit(r, VPCVIS_FIELD_FLOW_DIRECTION) != (f->direction != 0))
        return "action or direction";
    return NULL;
}

#endif
