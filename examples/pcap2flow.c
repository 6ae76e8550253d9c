/* SPDX-License-Identifier: MIT */
/*
 * pcap2flow - captures become a flow log.
 *
 *     capture --frames--> packet --> fragment --> scope --> direction, verdict --> flow
 *
 * What reads files and devices and what writes the log is in support/; what is here is what a
 * direction and a verdict are, what is counted, and the loop.
 */
#define _POSIX_C_SOURCE 200809L

#include <vpcvis.h>

#include "support/capture.h"
#include "support/flowlog.h"
#include "support/lists.h"
#include "support/pcap2flow_options.h"
#include "support/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct probe {
    struct options options;
    struct capture capture;
    struct flowlog log;
    struct progress progress;
    vpcvis_prefix *addresses;
    struct lists_ports rejected;
    struct lists_names services;
    struct vpcvis_scope scope;
    uint64_t frames, foreign, failed, early;
    uint64_t left[VPCVIS_SCOPE_COUNT];
    uint64_t bad[VPCVIS_STATUS_KINDS];
    struct vpcvis_frame frame[CAPTURE_BATCH];
    struct vpcvis_packet packet[CAPTURE_BATCH], copy[2 * CAPTURE_BATCH];
};

static volatile sig_atomic_t stopped;
static struct capture *running;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
    if (running != NULL)
        capture_stop(running);
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "pcap2flow: %s: %s\n", what, why);
    return 2;
}

static int make_lists(struct probe *probe)
{
    const struct options *options = &probe->options;
    char problem[LISTS_PROBLEM] = "";
    struct vpcvis_cidr vpc;

    if (options->address) {
        probe->addresses = lists_addresses(options->address, problem);
        if (probe->addresses == NULL)
            return fail("--address", problem);
    }
    if (options->rejected &&
        lists_ports(options->rejected, &probe->rejected, problem) != 0)
        return fail("--rejected", problem);
    if (options->services &&
        lists_names(options->services, &probe->services, problem) != 0)
        return fail("--services", problem);
    if (options->vpc && vpcvis_addr_read_cidr(options->vpc, strlen(options->vpc), &vpc,
                                              NULL) != VPCVIS_OK)
        return fail("--vpc", "not a CIDR block");
    (void)vpcvis_scope_init(&probe->scope, options->all ? 0 : VPCVIS_SCOPE_FLOW_LOGS,
                            options->vpc ? &vpc : NULL, options->vpc ? &vpc : NULL);
    return 0;
}

/* Whether each packet's source and destination are the interface's. */
static void find_own(const struct probe *probe, const struct vpcvis_packet *packets,
                     size_t count, uint32_t *src, uint32_t *dst)
{
    static const uint32_t families[] = {VPCVIS_ADDR_IPV4, VPCVIS_ADDR_IPV6};
    uint32_t s[CAPTURE_BATCH], d[CAPTURE_BATCH];
    size_t f, i;

    for (f = 0; f < 2; f++) {
        (void)vpcvis_prefix_match_batch(probe->addresses, families[f], packets->src,
                                        sizeof(*packets), count, s);
        (void)vpcvis_prefix_match_batch(probe->addresses, families[f], packets->dst,
                                        sizeof(*packets), count, d);
        for (i = 0; i < count; i++) {
            if (packets[i].family != families[f])
                continue;
            src[i] = s[i] != VPCVIS_PREFIX_NONE;
            dst[i] = d[i] != VPCVIS_PREFIX_NONE;
        }
    }
}

/* Give packets their directions: into `copy`, where a packet of both is there twice. */
static size_t direct(struct probe *probe, const struct vpcvis_packet *packets,
                     size_t count)
{
    uint32_t src[CAPTURE_BATCH], dst[CAPTURE_BATCH];
    struct vpcvis_packet *copy = probe->copy;
    size_t i, n = 0;

    find_own(probe, packets, count, src, dst);
    for (i = 0; i < count; i++) {
        const int counts = packets[i].family != 0 &&
                           (packets[i].flags & (VPCVIS_PACKET_BAD | VPCVIS_PACKET_HELD |
                                                VPCVIS_PACKET_LEFT)) == 0;
        if (counts && !src[i] && !dst[i]) {
            probe->foreign++;
            continue;
        }
        copy[n] = packets[i];
        if (counts && src[i])
            copy[n].direction = VPCVIS_DIRECTION_EGRESS;
        if (counts && dst[i] && src[i])
            copy[++n] = packets[i];
        if (counts && dst[i])
            copy[n].direction = VPCVIS_DIRECTION_INGRESS;
        n++;
    }
    return n;
}

static void judge(const struct probe *probe, struct vpcvis_packet *packets, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (packets[i].verdict == VPCVIS_VERDICT_UNKNOWN)
            packets[i].verdict = VPCVIS_VERDICT_ACCEPT;
        if (probe->rejected.count > 0 && lists_ports_match(&probe->rejected, &packets[i]))
            packets[i].verdict = VPCVIS_VERDICT_REJECT;
    }
}

/* Count what the flow table counts as one. */
static void count_apart(struct probe *probe, const struct vpcvis_packet *packets,
                        size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if ((packets[i].flags & VPCVIS_PACKET_BAD) != 0)
            probe->bad[-packets[i].status]++;
        if ((packets[i].flags & VPCVIS_PACKET_LEFT) != 0)
            probe->left[packets[i].left]++;
    }
}

/* Count packets of the open window. */
static void count_packets(void *context, struct vpcvis_packet *packets, size_t count)
{
    struct probe *probe = context;
    size_t marked = 0, taken;

    (void)vpcvis_scope_match(&probe->scope, packets, count, &marked);
    judge(probe, packets, count);
    count_apart(probe, packets, count);
    if (probe->addresses != NULL && count > 0) {
        count = direct(probe, packets, count);
        packets = probe->copy;
    }
    (void)vpcvis_flow_add(probe->log.flow, packets, count, NULL, &taken);
}

static void take_frames(struct probe *probe, size_t count)
{
    (void)vpcvis_packet_read_batch(probe->frame, sizeof(probe->frame[0]), count,
                                   probe->packet, NULL);
    flowlog_take(&probe->log, probe->packet, count);
    probe->frames += count;
}

static void read_capture(struct probe *probe, const char *name, int opened)
{
    running = &probe->capture;
    while (opened == 0 && !stopped && !probe->capture.ended && !probe->log.out.failed) {
        const size_t count = capture_next(&probe->capture, probe->frame);
        take_frames(probe, count);
        if (count == 0 && probe->capture.live)
            flowlog_keep_time(&probe->log);
        progress_show(&probe->progress, probe->capture.at);
    }
    running = NULL;
    progress_add(&probe->progress, probe->capture.at);
    if (probe->capture.problem[0] != '\0') {
        progress_clear(&probe->progress);
        fprintf(stderr, "pcap2flow: %s: %s\n", name, probe->capture.problem);
        probe->failed += opened != 0;
        probe->early += opened == 0;
    }
    capture_close(&probe->capture);
}

static void print_list(const char *before, uint64_t count, const char *what, int *any)
{
    if (count == 0)
        return;
    fprintf(stderr, "%s%s%llu %s", *any ? ", " : "", *any ? "" : before,
            (unsigned long long)count, what);
    *any = 1;
}

static void print_summary(const struct probe *probe)
{
    struct vpcvis_flow_counts c = {0};
    struct vpcvis_fragment_counts f = {0};
    int any = 0, i;

    (void)vpcvis_flow_get(probe->log.flow, &c);
    (void)vpcvis_fragment_get(probe->log.fragments, &f);
    fprintf(stderr, "pcap2flow: %llu packets, %llu counted, in %llu records\n",
            (unsigned long long)probe->frames, (unsigned long long)c.counted,
            (unsigned long long)probe->log.records);
    print_list("pcap2flow: not logged: ", probe->foreign, "of other hosts", &any);
    for (i = 1; i < VPCVIS_SCOPE_COUNT; i++)
        print_list("pcap2flow: not logged: ", probe->left[i],
                   vpcvis_scope_name((uint32_t)i), &any);
    print_list("pcap2flow: not logged: ", c.not_ip, "not IP", &any);
    print_list("pcap2flow: not logged: ", c.cut, "too short", &any);
    print_list("pcap2flow: not logged: ", c.skipped, "for want of room", &any);
    fputs(any ? "\n" : "", stderr);
    any = 0;
    for (i = 1; i < VPCVIS_STATUS_KINDS; i++)
        print_list("pcap2flow: malformed: ", probe->bad[i], vpcvis_base_status_text(-i),
                   &any);
    fputs(any ? "\n" : "", stderr);
    any = 0;
    print_list("pcap2flow: ", c.late, "came late: are the captures in order of time?",
               &any);
    print_list("pcap2flow: ", f.unknown + f.expired + f.full,
               "fragments without the ports of their first", &any);
    fputs(any ? "\n" : "", stderr);
}

static int finish(struct probe *probe)
{
    struct vpcvis_flow_counts counts = {0};

    flowlog_end(&probe->log);
    progress_clear(&probe->progress);
    if (probe->log.out.failed && probe->log.out.failed != EPIPE)
        return fail("standard output", strerror(probe->log.out.failed));
    if (!probe->options.quiet && !probe->log.out.failed)
        print_summary(probe);
    (void)vpcvis_flow_get(probe->log.flow, &counts);
    if (probe->failed > 0)
        return 2;
    return counts.malformed + counts.skipped + probe->early > 0;
}

static int open_log(struct probe *probe)
{
    struct flowlog_options options = {0};

    options.layout = probe->options.layout;
    options.services = probe->services.map;
    options.service_names = probe->services.names;
    options.service_count = probe->services.count;
    options.about = &probe->options.about;
    options.about_bytes = ABOUT_MAX;
    options.interval_s = probe->options.interval_s;
    options.flows = probe->options.flows;
    probe->log.program = "pcap2flow";
    probe->log.count = count_packets;
    probe->log.context = probe;
    return flowlog_open(&probe->log, &options);
}

static int run(struct probe *probe, char **paths)
{
    static char dash[] = "-";
    char *standard_input[] = {dash, NULL};
    const struct options *options = &probe->options;
    int status = make_lists(probe);

    if (status == 0)
        status = open_log(probe);
    if (status != 0)
        return status;
    progress_init(&probe->progress, 0, options->quiet);
    if (options->device) {
        read_capture(probe, options->device,
                     capture_open_device(&probe->capture, options->device));
        return finish(probe);
    }
    for (paths = *paths ? paths : standard_input; *paths && !stopped; paths++)
        read_capture(probe, *paths, capture_open(&probe->capture, *paths));
    return finish(probe);
}

int main(int argc, char **argv)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    struct sigaction action = {0};
    int status, first;

    (void)argc;
    if (probe == NULL)
        return fail("memory", "there is none");
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that has enough shows as EPIPE */
    status = read_options(&probe->options, argv, &first);
    if (status < 0)
        status = run(probe, argv + first);
    flowlog_free(&probe->log);
    vpcvis_prefix_free(probe->addresses, NULL);
    lists_ports_free(&probe->rejected);
    lists_names_free(&probe->services);
    free(probe);
    return status;
}
