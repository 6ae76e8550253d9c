/* SPDX-License-Identifier: MIT */
/*
 * Workers with a table each, on threads of their own, merged on output, against one table that
 * saw everything: the same records in the same order. A prefix map is shared by all. Built
 * with -fsanitize=thread as well (.ci/run).
 *
 *     flow_threads [PACKETS]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define WORKERS 4
#define BATCH   64

struct worker {
    pthread_t thread;
    vpcvis_flow *flow;
    uint64_t packets, seed;
};

static const char *const names[] = {"S3"};

static void want(int condition, const char *what)
{
    if (!condition) {
        printf("not ok flow_threads: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static vpcvis_flow *flow_new(const vpcvis_prefix *services)
{
    struct vpcvis_flow_config config;
    struct vpcvis_record about;
    vpcvis_flow *flow = NULL;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = VPCVIS_FLOW_ORDER | VPCVIS_FLOW_UNKEYED;
    config.services = services;
    config.service_names = names;
    config.service_count = 1;
    vpcvis_record_init(&about, NULL);
    want(vpcvis_flow_new(&config, NULL, &flow) == VPCVIS_OK, "a table");
    want(vpcvis_flow_add_interface(flow, 0, &about, NULL) == VPCVIS_OK, "an interface");
    return flow;
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void run(vpcvis_flow *flow, uint64_t packets, uint64_t seed)
{
    struct vpcvis_packet batch[BATCH];
    uint64_t state = seed, i;
    size_t b, taken;

    for (i = 0; i < packets; i += BATCH) {
        memset(batch, 0, sizeof(batch));
        for (b = 0; b < BATCH; b++) {
            const uint64_t r = next(&state);
            batch[b].seen_ns = UINT64_C(1700000400) * 1000000000 + r % 599000000000;
            batch[b].family = VPCVIS_ADDR_IPV4;
            batch[b].src[3] = (uint8_t)(r >> 40 & 127);
            batch[b].dst[3] = (uint8_t)(r >> 48 & 127);
            batch[b].protocol = 17;
            batch[b].ip_len = (uint32_t)(r >> 56);
        }
        want(vpcvis_flow_add(flow, batch, BATCH, NULL, &taken) == VPCVIS_OK, "is taken");
    }
}

static void *work(void *context)
{
    struct worker *worker = context;

    run(worker->flow, worker->packets, worker->seed);
    want(vpcvis_flow_tick(worker->flow, UINT64_MAX) == VPCVIS_OK, "tick");
    return NULL;
}

int main(int argc, char **argv)
{
    const uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    struct vpcvis_prefix_entry entry;
    struct worker workers[WORKERS];
    vpcvis_flow *flows[WORKERS], *all;
    vpcvis_prefix *services = NULL;
    struct vpcvis_record merged, single;
    uint64_t records = 0;
    vpcvis_status status;
    int i;

    memset(&entry, 0, sizeof(entry));
    entry.cidr.addr.family = VPCVIS_ADDR_IPV4;
    entry.cidr.prefix_len = 26;
    entry.cidr.addr.bytes[3] = 64;
    want(vpcvis_prefix_new(&entry, 1, NULL, NULL, &services, NULL) == VPCVIS_OK, "a map");
    all = flow_new(services);
    for (i = 0; i < WORKERS; i++) {
        flows[i] = workers[i].flow = flow_new(services);
        workers[i].packets = packets / WORKERS / BATCH * BATCH;
        workers[i].seed = 1000 + (uint64_t)i;
        want(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "threads");
    }
    for (i = 0; i < WORKERS; i++)
        run(all, workers[i].packets, workers[i].seed);
    want(vpcvis_flow_tick(all, UINT64_MAX) == VPCVIS_OK, "tick");
    for (i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    for (;;) {
        status = vpcvis_flow_merge(flows, WORKERS, &merged);
        want(vpcvis_flow_next(all, &single) == status, "as many records");
        if (status != VPCVIS_OK)
            break;
        records++;
        merged.base = single.base = NULL; /* each machine has its own copy of texts */
        want(memcmp(&merged, &single, sizeof(merged)) == 0, "the same records");
    }
    want(status == VPCVIS_DONE, "the end");
    printf("ok flow_threads: %" PRIu64 " records\n", records);
    for (i = 0; i < WORKERS; i++)
        vpcvis_flow_free(flows[i], NULL);
    vpcvis_flow_free(all, NULL);
    vpcvis_prefix_free(services, NULL);
    return EXIT_SUCCESS;
}
