/* SPDX-License-Identifier: MIT */
/*
 * pcap2flow - captures become a flow log.
 *
 *     capture --frames--> packet --> fragment --> scope --> direction, verdict --> flow
 *                                                                                   |
 *     standard output <--lines-- vpcvis_line_write_rows <--records-- window closed--+
 *
 * What reads files and devices is in support/; what is here is the command line, what a
 * direction is, and the loop.
 */
#define _POSIX_C_SOURCE 200809L

#include <vpcvis.h>

#include "support/capture.h"
#include "support/lists.h"
#include "support/output.h"
#include "support/pcap2flow_options.h"
#include "support/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROWS 256
/* A pause of up to this many windows gives a NODATA record for each; a longer one is a jump of
 * the clock. */
#define PAUSE_MAX 1440

struct probe {
    struct options options;
    struct capture capture;
    struct output out;
    struct progress progress;
    vpcvis_layout *layout;
    vpcvis_prefix *addresses;
    vpcvis_fragment *fragments;
    vpcvis_flow *flow;
    struct lists_ports rejected;
    struct lists_names services;
    struct vpcvis_scope scope;
    uint64_t frames, foreign, records, failed, early;
    uint64_t left[VPCVIS_SCOPE_COUNT];
    uint64_t bad[VPCVIS_STATUS_KINDS];
    struct vpcvis_frame frame[CAPTURE_BATCH];
    struct vpcvis_packet packet[CAPTURE_BATCH], freed[CAPTURE_BATCH];
    struct vpcvis_packet copy[2 * CAPTURE_BATCH];
    struct vpcvis_record row[ROWS];
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

static int make_layout(struct probe *probe)
{
    static const char words[][3] = {"v2", "v3", "v4", "v5"};
    const char *text = probe->options.layout;
    struct vpcvis_layout_config config = {0};
    struct vpcvis_error error = {0};
    vpcvis_status status;
    uint32_t i;

    config.size = sizeof(config);
    config.standard = text ? 0 : 2;
    for (i = 0; text && i < 4; i++) {
        if (strcmp(text, words[i]) == 0)
            config.standard = i + 2;
    }
    if (config.standard == 0) {
        config.text = text;
        config.text_len = strlen(text);
    }
    status = vpcvis_layout_new(&config, NULL, &probe->layout, &error);
    if (status == VPCVIS_OK)
        return 0;
    fprintf(stderr, "pcap2flow: --layout: byte %u: %s\n    %s\n", error.offset + 1,
            vpcvis_base_status_text(status), text ? text : "");
    return 2;
}

/* Random bytes nobody else knows. */
static int make_key(uint8_t key[16])
{
    FILE *file = fopen("/dev/urandom", "rb");
    size_t n = file ? fread(key, 1, 16, file) : 0;

    if (file)
        fclose(file);
    return n == 16 ? 0 : fail("/dev/urandom", "cannot be read");
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

static int make_machines(struct probe *probe)
{
    struct vpcvis_flow_config config = {0};
    struct vpcvis_fragment_config fragment = {0};
    vpcvis_status status;

    config.size = sizeof(config);
    config.flags = VPCVIS_FLOW_ORDER;
    config.capacity = (uint32_t)probe->options.flows;
    config.interval_s = probe->options.interval_s;
    config.interface_bytes = ABOUT_MAX + 1024;
    config.version = vpcvis_layout_version(probe->layout);
    config.services = probe->services.map;
    config.service_names = probe->services.names;
    config.service_count = probe->services.count;
    if (make_key(config.hash_key) != 0)
        return 2;
    fragment.size = sizeof(fragment);
    fragment.flags = VPCVIS_FRAGMENT_HOLD;
    memcpy(fragment.hash_key, config.hash_key, sizeof(fragment.hash_key));
    status = vpcvis_flow_new(&config, NULL, &probe->flow);
    if (status == VPCVIS_OK)
        status = vpcvis_flow_add_interface(probe->flow, 0, &probe->options.about, NULL);
    if (status == VPCVIS_OK)
        status = vpcvis_fragment_new(&fragment, NULL, &probe->fragments);
    return status == VPCVIS_OK ? 0 : fail("flow table", vpcvis_base_status_text(status));
}

static int print_header(struct probe *probe)
{
    if (output_init(&probe->out, STDOUT_FILENO) != 0)
        return fail("standard output", "out of memory");
    (void)vpcvis_layout_write(probe->layout, VPCVIS_LAYOUT_HEADER, probe->out.data,
                              OUTPUT_ROOM, &probe->out.len);
    probe->out.data[probe->out.len++] = '\n';
    return 0;
}

/* Print the records of the window that was closed. */
static void drain(struct probe *probe)
{
    vpcvis_status status = VPCVIS_OK;
    size_t count, len, written;

    while (status == VPCVIS_OK) {
        status = vpcvis_flow_next_rows(probe->flow, probe->row, sizeof(probe->row[0]),
                                       ROWS, &count);
        if (count == 0 || output_room(&probe->out) != 0)
            continue;
        (void)vpcvis_line_write_rows(probe->layout, probe->row, sizeof(probe->row[0]),
                                     count, probe->out.data + probe->out.len, OUTPUT_ROOM,
                                     &len, &written);
        probe->out.len += len;
        probe->records += written;
    }
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
static void count_packets(struct probe *probe, struct vpcvis_packet *packets,
                          size_t count)
{
    size_t marked = 0, taken;

    (void)vpcvis_scope_match(&probe->scope, packets, count, &marked);
    judge(probe, packets, count);
    count_apart(probe, packets, count);
    if (probe->addresses != NULL && count > 0) {
        count = direct(probe, packets, count);
        packets = probe->copy;
    }
    (void)vpcvis_flow_add(probe->flow, packets, count, NULL, &taken);
}

/* Count fragments that have waited for their first. */
static void count_freed(struct probe *probe)
{
    size_t n;

    do {
        n = 0;
        while (n < CAPTURE_BATCH &&
               vpcvis_fragment_next(probe->fragments, &probe->freed[n]) == VPCVIS_OK)
            n++;
        count_packets(probe, probe->freed, n);
    } while (n > 0);
}

/* The first nanosecond past the open window; 0 if none is open. */
static uint64_t window_end(const struct probe *probe)
{
    struct vpcvis_flow_counts counts = {0};

    (void)vpcvis_flow_get(probe->flow, &counts);
    return counts.open_to_s * 1000000000u;
}

/* Close the open window and open the one that holds now_ns. Fragments that still wait for
 * their first go as they are. */
static void close_window(struct probe *probe, uint64_t now_ns)
{
    const uint64_t interval_ns = probe->options.interval_s * 1000000000u;
    uint64_t end_ns = window_end(probe);

    (void)vpcvis_fragment_tick(probe->fragments, UINT64_MAX);
    count_freed(probe);
    while (end_ns != 0 && now_ns != UINT64_MAX && now_ns - end_ns >= interval_ns &&
           (now_ns - end_ns) / interval_ns <= PAUSE_MAX) {
        (void)vpcvis_flow_tick(probe->flow, end_ns);
        drain(probe);
        end_ns = window_end(probe);
    }
    (void)vpcvis_flow_tick(probe->flow, now_ns);
    drain(probe);
}

/* Count packets window by window. */
static void take_packets(struct probe *probe, struct vpcvis_packet *packets, size_t count)
{
    size_t at = 0, n;

    while (at < count) {
        uint64_t end_ns = window_end(probe);

        if (end_ns == 0 || packets[at].seen_ns >= end_ns) {
            close_window(probe, packets[at].seen_ns);
            end_ns = window_end(probe);
        }
        n = 1;
        while (at + n < count && packets[at + n].seen_ns < end_ns)
            n++;
        (void)vpcvis_fragment_add(probe->fragments, packets + at, n);
        count_packets(probe, packets + at, n);
        count_freed(probe);
        at += n;
    }
}

static void take_frames(struct probe *probe, size_t count)
{
    (void)vpcvis_packet_read_batch(probe->frame, sizeof(probe->frame[0]), count,
                                   probe->packet, NULL);
    take_packets(probe, probe->packet, count);
    probe->frames += count;
}

/* On a device windows are closed in time also when nothing comes. */
static void keep_time(struct probe *probe)
{
    const uint64_t end_ns = window_end(probe);
    struct timespec now;
    uint64_t now_ns;

    if (!probe->capture.live || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return;
    now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (now_ns >= end_ns)
        close_window(probe, now_ns);
    (void)output_flush(&probe->out);
}

static void read_capture(struct probe *probe, const char *name, int opened)
{
    running = &probe->capture;
    while (opened == 0 && !stopped && !probe->capture.ended && !probe->out.failed) {
        const size_t count = capture_next(&probe->capture, probe->frame);
        take_frames(probe, count);
        if (count == 0)
            keep_time(probe);
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

    (void)vpcvis_flow_get(probe->flow, &c);
    (void)vpcvis_fragment_get(probe->fragments, &f);
    fprintf(stderr, "pcap2flow: %llu packets, %llu counted, in %llu records\n",
            (unsigned long long)probe->frames, (unsigned long long)c.counted,
            (unsigned long long)probe->records);
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

    close_window(probe, UINT64_MAX);
    (void)output_flush(&probe->out);
    progress_clear(&probe->progress);
    if (probe->out.failed && probe->out.failed != EPIPE)
        return fail("standard output", strerror(probe->out.failed));
    if (!probe->options.quiet && !probe->out.failed)
        print_summary(probe);
    (void)vpcvis_flow_get(probe->flow, &counts);
    if (probe->failed > 0)
        return 2;
    return counts.malformed + counts.skipped + probe->early > 0;
}

static int run(struct probe *probe, char **paths)
{
    static char dash[] = "-";
    char *standard_input[] = {dash, NULL};
    const struct options *options = &probe->options;
    int status = make_layout(probe);

    if (status == 0)
        status = make_lists(probe);
    if (status == 0)
        status = make_machines(probe);
    if (status == 0)
        status = print_header(probe);
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
    output_free(&probe->out);
    vpcvis_layout_free(probe->layout, NULL);
    vpcvis_flow_free(probe->flow, NULL);
    vpcvis_fragment_free(probe->fragments, NULL);
    vpcvis_prefix_free(probe->addresses, NULL);
    lists_ports_free(&probe->rejected);
    lists_names_free(&probe->services);
    free(probe);
    return status;
}
