/* SPDX-License-Identifier: MIT */
/*
 * One filter and one set of sessions, shared by threads: every thread's answers are those of
 * one thread alone. Built with -fsanitize=thread as well (.ci/run).
 *
 *     filter_threads [PACKETS]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define THREADS 4
#define RULES   300
#define BATCH   50

struct worker {
    pthread_t thread;
    const vpcvis_session *sessions;
    const struct vpcvis_packet *packets;
    struct vpcvis_mirror *mirrors;
    size_t count;
};

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 11) % n);
}

static void want(int condition, const char *what)
{
    if (!condition) {
        printf("not ok filter_threads: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void random_block(struct vpcvis_cidr *cidr)
{
    cidr->addr.family = VPCVIS_ADDR_IPV4;
    cidr->prefix_len = (uint8_t)(8 * below(5));
    cidr->addr.bytes[0] = 10;
    cidr->addr.bytes[1] = (uint8_t)below(4);
    cidr->addr.bytes[2] = (uint8_t)below(4);
    cidr->addr.bytes[3] = (uint8_t)below(4);
    memset(cidr->addr.bytes + cidr->prefix_len / 8, 0, 4u - cidr->prefix_len / 8);
}

static vpcvis_filter *make_filter(size_t count)
{
    struct vpcvis_rule *rules = calloc(count, sizeof(*rules));
    vpcvis_filter *filter = NULL;
    size_t i;

    for (i = 0; i < count; i++) {
        rules[i].number = (uint32_t)i + 1;
        rules[i].direction = (uint8_t)(1 + below(2));
        rules[i].action = (uint8_t)(1 + below(2));
        rules[i].valid = VPCVIS_RULE_PROTOCOL | VPCVIS_RULE_DSTPORT;
        rules[i].protocol = 6;
        rules[i].dstport[0] = (uint16_t)below(50);
        rules[i].dstport[1] = (uint16_t)(rules[i].dstport[0] + below(10));
        random_block(&rules[i].src);
        random_block(&rules[i].dst);
    }
    want(vpcvis_filter_new(rules, count, NULL, NULL, &filter, NULL) == VPCVIS_OK,
         "a filter");
    free(rules);
    return filter;
}

static vpcvis_session *make_sessions(vpcvis_filter *const *filters, size_t count)
{
    struct vpcvis_session_entry entries[4];
    vpcvis_session *sessions = NULL;
    size_t i;

    memset(entries, 0, sizeof(entries));
    for (i = 0; i < count; i++) {
        entries[i].number = (uint32_t)i + 1;
        entries[i].target = VPCVIS_SESSION_INTERFACE;
        entries[i].address.family = VPCVIS_ADDR_IPV4;
        entries[i].filter = filters[i];
    }
    want(vpcvis_session_new(entries, count, NULL, NULL, &sessions, NULL) == VPCVIS_OK,
         "sessions");
    return sessions;
}

static struct vpcvis_packet random_packet(void)
{
    struct vpcvis_packet packet;
    size_t i;

    memset(&packet, 0, sizeof(packet));
    packet.family = VPCVIS_ADDR_IPV4;
    packet.protocol = packet.next_header = 6;
    packet.direction = (uint8_t)(1 + below(2));
    packet.flags = VPCVIS_PACKET_PORTS;
    packet.dstport = (uint16_t)below(60);
    packet.wire_len = packet.cap_len = 60 + below(1000);
    packet.src[0] = packet.dst[0] = 10;
    for (i = 1; i < 4; i++) {
        packet.src[i] = (uint8_t)below(4);
        packet.dst[i] = (uint8_t)below(4);
    }
    return packet;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    size_t i;

    for (i = 0; i < worker->count; i += BATCH) {
        const size_t n = worker->count - i < BATCH ? worker->count - i : BATCH;

        want(vpcvis_session_pick(worker->sessions, worker->packets + i,
                                 sizeof(*worker->packets), n, 0,
                                 worker->mirrors + i) == VPCVIS_OK,
             "a batch");
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
    vpcvis_filter *filters[2] = {make_filter(20), make_filter(RULES)};
    vpcvis_session *sessions = make_sessions(filters, 2);
    struct vpcvis_packet *packets = calloc(count, sizeof(*packets));
    struct worker workers[THREADS + 1];
    uint64_t mirrored = 0;
    size_t i, t;

    for (i = 0; i < count; i++)
        packets[i] = random_packet();
    for (t = 0; t <= THREADS; t++) {
        workers[t].sessions = sessions;
        workers[t].packets = packets;
        workers[t].count = count;
        workers[t].mirrors = calloc(count, sizeof(struct vpcvis_mirror));
    }
    work(&workers[THREADS]);
    for (t = 0; t < THREADS; t++)
        want(pthread_create(&workers[t].thread, NULL, work, &workers[t]) == 0,
             "a thread");
    for (t = 0; t < THREADS; t++) {
        pthread_join(workers[t].thread, NULL);
        want(memcmp(workers[t].mirrors, workers[THREADS].mirrors,
                    count * sizeof(struct vpcvis_mirror)) == 0,
             "answers differ");
    }
    for (i = 0; i < count; i++)
        mirrored += workers[THREADS].mirrors[i].session != VPCVIS_SESSION_NONE;
    want(mirrored > count / 20 && mirrored < count, "something and not everything");
    printf("ok filter_threads: %d threads, %zu packets, %" PRIu64 " mirrored\n", THREADS,
           count, mirrored);
    for (t = 0; t <= THREADS; t++)
        free(workers[t].mirrors);
    free(packets);
    vpcvis_session_free(sessions, NULL);
    vpcvis_filter_free(filters[0], NULL);
    vpcvis_filter_free(filters[1], NULL);
    return EXIT_SUCCESS;
}
