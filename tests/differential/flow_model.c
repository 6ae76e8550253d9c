/* SPDX-License-Identifier: MIT */
/*
 * Room flow against the model of tests/flow_model.h: random interfaces, intervals, clock jumps,
 * full tables, tables of several workers merged. Every record is the model's, every flow that
 * is missing was skipped, and what was fed is accounted for.
 *
 *     flow_model [PACKETS [SEED]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow_model.h"
#include "vpcvis.h"

#define WORKERS 4
#define BATCH   100
#define RUN     20000 /* packets of one configuration */

static uint64_t state;

static uint64_t below(uint64_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % n;
}

struct run {
    struct model model;
    struct vpcvis_flow_config config;
    vpcvis_flow *flow[WORKERS];
    uint32_t workers, interfaces, addresses;
    struct vpcvis_packet packet[WORKERS][BATCH];
    struct vpcvis_flow_hint hint[WORKERS][BATCH];
    size_t waiting[WORKERS];
    uint64_t now_ns, skipped, records;
    int hinted;
    char name[MODEL_INTERFACES][16];
};

static void fail(const char *what, const char *detail)
{
    printf("not ok flow_model: %s: %s\n", what, detail);
    exit(EXIT_FAILURE);
}

static void want(int condition, const char *what)
{
    if (!condition)
        fail("not so", what);
}

static void add_interface(struct run *run, uint32_t i)
{
    struct vpcvis_record about;
    struct vpcvis_value value;
    uint32_t w;

    snprintf(run->name[i], sizeof(run->name[i]), "eni-%u", i);
    vpcvis_record_init(&about, run->name[i]);
    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_VALUE;
    value.text = run->name[i];
    value.text_len = (uint32_t)strlen(run->name[i]);
    want(vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &value) == VPCVIS_OK,
         "set");
    for (w = 0; w < run->workers; w++)
        want(vpcvis_flow_add_interface(run->flow[w], i, &about, NULL) == VPCVIS_OK,
             "interface is added");
    run->model.live[i] = 1;
}

static void start(struct run *run)
{
    static const uint64_t intervals[] = {1, 7, 60, 600, 3600, 4294967295u};
    static const uint32_t cpus[] = {VPCVIS_CPU_AUTO, VPCVIS_CPU_PORTABLE,
                                    VPCVIS_CPU_AVX2};
    struct vpcvis_flow_config *config = &run->config;
    uint32_t i;

    memset(run, 0, sizeof(*run));
    config->size = sizeof(*config);
    run->workers = below(2) ? 1 : 1 + (uint32_t)below(WORKERS);
    config->flags = run->workers > 1 || below(2) ? VPCVIS_FLOW_ORDER : 0;
    config->capacity = below(3) ? 100000 : 1 + (uint32_t)below(200);
    if (run->workers > 1)
        config->capacity = 100000;
    config->interfaces = run->interfaces = 1 + (uint32_t)below(8);
    config->interval_s = intervals[below(6)];
    config->phase_s = below(2) ? 0 : below(config->interval_s);
    config->cpu = cpus[below(3)];
    if (vpcvis_base_cpu_find(config->cpu) != VPCVIS_OK)
        config->cpu = VPCVIS_CPU_AUTO;
    for (i = 0; i < 16; i++)
        config->hash_key[i] = (uint8_t)(1 + below(255));
    for (i = 0; i < run->workers; i++)
        want(vpcvis_flow_new(config, NULL, &run->flow[i]) == VPCVIS_OK, "new");
    run->model.interval_s = config->interval_s;
    run->model.phase_s = config->phase_s;
    for (i = 0; i < run->interfaces; i++) {
        if (below(10))
            add_interface(run, i);
    }
    run->addresses = 1 + (uint32_t)below(40);
    run->hinted = below(2) == 0;
    run->now_ns = UINT64_C(1700000000) * 1000000000 + below(UINT64_C(1000000000000));
}

static void put_address(const struct run *run, uint8_t *bytes, int ipv6)
{
    const uint32_t n = (uint32_t)below(run->addresses);

    memset(bytes, 0, 16);
    bytes[0] = ipv6 ? 0xfd : 10;
    bytes[3] = (uint8_t)n;
    if (ipv6)
        bytes[15] = (uint8_t)(n * 7);
}

static void put_packet(struct run *run, struct vpcvis_packet *p)
{
    static const uint8_t protocols[] = {6, 17, 1, 58, 0, 255};
    const int ipv6 = below(4) == 0;

    memset(p, 0, sizeof(*p));
    p->family = ipv6 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    put_address(run, p->src, ipv6);
    put_address(run, p->dst, ipv6);
    p->protocol = protocols[below(6)];
    p->srcport = (uint16_t)(below(3) * 40000);
    p->dstport = (uint16_t)below(3);
    p->verdict = (uint8_t)below(3);
    p->direction = (uint8_t)below(3);
    p->interface = (uint32_t)below(run->interfaces + (below(50) == 0));
    p->ip_len = 20 + (uint32_t)below(1480);
    p->tcp_flags = p->protocol == 6 ? (uint8_t)below(256) : 0;
    if (below(20) == 0)
        p->flags = VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_LATER;
    if (below(100) == 0)
        p->flags |= VPCVIS_PACKET_BAD;
    if (below(100) == 0)
        p->flags |= below(2) ? VPCVIS_PACKET_HELD : VPCVIS_PACKET_LEFT;
    if (below(100) == 0)
        p->family = 0;
    switch (below(2000)) {
    case 0: run->now_ns += UINT64_C(315576000) * 1000000000; break; /* ten years */
    case 1: run->now_ns -= UINT64_C(3600) * 1000000000; break;
    case 2: run->now_ns -= UINT64_C(315576000) * 1000000000; break;
    default: run->now_ns += below(UINT64_C(20000000)); break;
    }
    p->seen_ns = run->now_ns - below(3) * below(UINT64_C(1500000000));
}

static void put_hint(const struct run *run, const struct vpcvis_packet *p,
                     struct vpcvis_flow_hint *hint)
{
    memset(hint, 0, sizeof(*hint));
    if (!run->hinted || below(4))
        return;
    if (below(2)) {
        hint->pkt_srcaddr.family = below(20) ? p->family : VPCVIS_ADDR_IPV6;
        put_address(run, hint->pkt_srcaddr.bytes,
                    hint->pkt_srcaddr.family == VPCVIS_ADDR_IPV6);
    }
    if (below(2)) {
        hint->pkt_dstaddr.family = p->family;
        put_address(run, hint->pkt_dstaddr.bytes, p->family == VPCVIS_ADDR_IPV6);
    }
    hint->traffic_path = (uint8_t)below(9);
}

static void flush(struct run *run)
{
    uint32_t w;
    size_t taken;

    for (w = 0; w < run->workers; w++) {
        want(vpcvis_flow_add(run->flow[w], run->packet[w], run->waiting[w],
                             run->hinted ? run->hint[w] : NULL, &taken) == VPCVIS_OK,
             "a batch of the open window is taken");
        want(taken == run->waiting[w], "taken whole");
        run->waiting[w] = 0;
    }
}

static uint32_t interface_of(const struct vpcvis_record *record)
{
    struct vpcvis_value value;
    char text[16];

    want(vpcvis_record_get(record, VPCVIS_FIELD_INTERFACE_ID, &value) == VPCVIS_OK &&
             value.state == VPCVIS_STATE_VALUE && value.text_len < sizeof(text),
         "a record has its interface");
    memcpy(text, value.text, value.text_len);
    text[value.text_len] = '\0';
    return (uint32_t)atoi(text + 4);
}

static int by_key(const void *x, const void *y)
{
    struct model_flow key[2];
    int i;

    memset(key, 0, sizeof(key));
    for (i = 0; i < 2; i++) {
        const struct vpcvis_record *r = i ? y : x;
        key[i].interface = interface_of(r);
        key[i].family = r->srcaddr.family;
        memcpy(key[i].src, r->srcaddr.bytes, 16);
        memcpy(key[i].dst, r->dstaddr.bytes, 16);
        key[i].srcport = r->srcport;
        key[i].dstport = r->dstport;
        key[i].protocol = r->protocol;
        key[i].verdict = r->action;
        key[i].direction = r->flow_direction;
    }
    return model_order(&key[0], &key[1]);
}

/* Records of the closed window: flows first, in order, then the others. Returns how many are
 * flows. */
static size_t drain(struct run *run, struct vpcvis_record **records, size_t *count)
{
    size_t n = 0, room = 0, flows = 0;
    struct vpcvis_record *r = NULL;
    vpcvis_status status;

    for (;;) {
        if (n == room) {
            room = room ? 2 * room : 1024;
            r = realloc(r, room * sizeof(*r));
            want(r != NULL, "memory");
        }
        status = run->workers == 1 ? vpcvis_flow_next(run->flow[0], &r[n])
                                   : vpcvis_flow_merge(run->flow, run->workers, &r[n]);
        if (status == VPCVIS_DONE)
            break;
        want(status == VPCVIS_OK, "a record or the end");
        if (r[n].log_status == VPCVIS_LOG_STATUS_OK) {
            want(flows == n, "flows come before the others");
            flows++;
            if (n > 0 && (run->config.flags & VPCVIS_FLOW_ORDER))
                want(by_key(&r[n - 1], &r[n]) < 0, "records come in order");
        }
        n++;
    }
    if (flows > 0)
        qsort(r, flows, sizeof(*r), by_key);
    *records = r;
    *count = n;
    return flows;
}

static void compare(struct run *run)
{
    uint64_t missing[MODEL_INTERFACES] = {0};
    struct vpcvis_record *r;
    size_t count, i, k = 0, flows = drain(run, &r, &count);
    uint32_t n;

    for (i = 0; i < run->model.count; i++) {
        const struct model_flow *f = &run->model.flow[i];
        const char *differs;
        if (k == flows || !model_is_of(f, interface_of(&r[k]), &r[k])) {
            missing[f->interface] += f->packets;
            run->skipped += f->packets;
            continue;
        }
        differs = model_differs(f, &r[k]);
        if (differs)
            fail("a flow has other values", differs);
        k++;
    }
    want(k == flows, "every record is a flow of the model");
    for (n = 0, i = flows; n < run->interfaces; n++) {
        const uint8_t status = missing[n] ? VPCVIS_LOG_STATUS_SKIPDATA
                               : run->model.packets[n] == 0 && run->model.live[n]
                                   ? VPCVIS_LOG_STATUS_NODATA
                                   : 0;
        if (status == 0)
            continue;
        want(i < count && r[i].log_status == status && interface_of(&r[i]) == n,
             "NODATA, SKIPDATA where they belong");
        want(r[i].start_s == run->model.start_s && r[i].end_s == run->model.end_s - 1,
             "a status record spans the window");
        i++;
    }
    want(i == count, "no other status records");
    run->records += count;
    free(r);
}

static void close_window(struct run *run, uint64_t now_ns)
{
    uint32_t w;

    flush(run);
    for (w = 0; w < run->workers; w++)
        want(vpcvis_flow_tick(run->flow[w], now_ns) == VPCVIS_OK, "tick");
    model_close(&run->model);
    compare(run);
    run->model.count = 0;
    memset(run->model.packets, 0, sizeof(run->model.packets));
    if (now_ns != UINT64_MAX)
        model_open(&run->model, now_ns / 1000000000u);
}

static void feed(struct run *run)
{
    const uint32_t w = (uint32_t)below(run->workers);
    struct vpcvis_packet *p = &run->packet[w][run->waiting[w]];
    struct vpcvis_flow_hint *hint = &run->hint[w][run->waiting[w]];
    struct vpcvis_packet packet;

    put_packet(run, &packet);
    put_hint(run, &packet, hint);
    if (model_add(&run->model, &packet, hint)) {
        const struct vpcvis_flow_hint kept = *hint;
        close_window(run, packet.seen_ns);
        p = &run->packet[w][0];
        hint = &run->hint[w][0];
        *hint = kept;
        want(model_add(&run->model, &packet, hint) == 0, "fits after the tick");
    }
    *p = packet;
    if (++run->waiting[w] == BATCH)
        flush(run);
}

static uint64_t finish(struct run *run)
{
    struct vpcvis_flow_counts c;
    uint64_t fed = 0, skipped = 0, apart = 0;
    uint32_t w;

    close_window(run, UINT64_MAX);
    for (w = 0; w < run->workers; w++) {
        want(vpcvis_flow_get(run->flow[w], &c) == VPCVIS_OK, "get");
        want(c.fed == c.counted + c.skipped + c.unregistered + c.left_out + c.held +
                          c.not_ip + c.cut + c.malformed,
             "counted and skipped is fed");
        want(c.compares_max <= VPCVIS_FLOW_COMPARES_MAX, "the bound on comparisons");
        fed += c.fed;
        skipped += c.skipped;
        apart += c.fed - c.counted - c.skipped;
        vpcvis_flow_free(run->flow[w], NULL);
    }
    want(fed == run->model.fed && skipped == run->skipped && apart == run->model.apart,
         "the counts are the model's");
    free(run->model.flow);
    return run->records;
}

int main(int argc, char **argv)
{
    const uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    static struct run run;
    uint64_t done = 0, records = 0, skipped = 0;
    uint32_t i;

    state = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_C(88172645463325252);
    while (done < packets) {
        start(&run);
        want(vpcvis_flow_tick(run.flow[0], run.now_ns) == VPCVIS_OK, "first tick");
        for (i = 1; i < run.workers; i++)
            want(vpcvis_flow_tick(run.flow[i], run.now_ns) == VPCVIS_OK, "first tick");
        model_open(&run.model, run.now_ns / 1000000000u);
        for (i = 0; i < RUN && done < packets; i++, done++)
            feed(&run);
        records += finish(&run);
        skipped += run.skipped;
    }
    printf("ok flow_model: %" PRIu64 " packets, %" PRIu64 " records, %" PRIu64
           " packets skipped for want of room\n",
           done, records, skipped);
    return EXIT_SUCCESS;
}
