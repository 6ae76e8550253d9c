/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "flowlog.h"

#include "layout_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A pause of up to this many windows gives a NODATA record for each; a longer one is a jump of
 * the clock. */
#define PAUSE_MAX 1440

static int fail(const struct flowlog *log, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", log->program, what, why);
    return 2;
}

/* Random bytes nobody else knows. */
static int make_key(const struct flowlog *log, uint8_t key[16])
{
    FILE *file = fopen("/dev/urandom", "rb");
    size_t n = file ? fread(key, 1, 16, file) : 0;

    if (file)
        fclose(file);
    return n == 16 ? 0 : fail(log, "/dev/urandom", "cannot be read");
}

static int make_machines(struct flowlog *log, const struct flowlog_options *options)
{
    struct vpcvis_flow_config config = {0};
    struct vpcvis_fragment_config fragment = {0};
    vpcvis_status status;

    config.size = sizeof(config);
    config.flags = VPCVIS_FLOW_ORDER;
    config.capacity = (uint32_t)options->flows;
    config.interval_s = options->interval_s;
    config.interfaces = options->interfaces;
    config.interface_bytes = options->about_bytes + 1024;
    config.version = vpcvis_layout_version(log->layout);
    config.services = options->services;
    config.service_names = options->service_names;
    config.service_count = options->service_count;
    if (make_key(log, config.hash_key) != 0)
        return 2;
    fragment.size = sizeof(fragment);
    fragment.flags = VPCVIS_FRAGMENT_HOLD;
    memcpy(fragment.hash_key, config.hash_key, sizeof(fragment.hash_key));
    status = vpcvis_flow_new(&config, NULL, &log->flow);
    if (status == VPCVIS_OK && options->about != NULL)
        status = vpcvis_flow_add_interface(log->flow, 0, options->about, NULL);
    if (status == VPCVIS_OK)
        status = vpcvis_fragment_new(&fragment, NULL, &log->fragments);
    return status == VPCVIS_OK ? 0
                               : fail(log, "flow table", vpcvis_base_status_text(status));
}

static int print_header(struct flowlog *log)
{
    if (output_init(&log->out, STDOUT_FILENO) != 0)
        return fail(log, "standard output", "out of memory");
    (void)vpcvis_layout_write(log->layout, VPCVIS_LAYOUT_HEADER, log->out.data,
                              OUTPUT_ROOM, &log->out.len);
    log->out.data[log->out.len++] = '\n';
    return 0;
}

int flowlog_open(struct flowlog *log, const struct flowlog_options *options)
{
    int status =
        layout_option(log->program, "--layout",
                      options->layout ? options->layout : "default", 0, &log->layout);

    log->interval_s = options->interval_s;
    if (status == 0)
        status = make_machines(log, options);
    return status == 0 ? print_header(log) : status;
}

/* Print the records of the window that was closed. */
static void drain(struct flowlog *log)
{
    vpcvis_status status = VPCVIS_OK;
    size_t count, len, written;

    while (status == VPCVIS_OK) {
        status = vpcvis_flow_next_rows(log->flow, log->row, sizeof(log->row[0]),
                                       FLOWLOG_ROWS, &count);
        if (count == 0 || output_room(&log->out) != 0)
            continue;
        (void)vpcvis_line_write_rows(log->layout, log->row, sizeof(log->row[0]), count,
                                     log->out.data + log->out.len, OUTPUT_ROOM, &len,
                                     &written);
        log->out.len += len;
        log->records += written;
    }
}

/* Count fragments that have waited for their first. */
static void count_freed(struct flowlog *log)
{
    size_t n;

    do {
        n = 0;
        while (n < FLOWLOG_BATCH &&
               vpcvis_fragment_next(log->fragments, &log->freed[n]) == VPCVIS_OK)
            n++;
        if (n > 0)
            log->count(log->context, log->freed, n);
    } while (n > 0);
}

/* The first nanosecond past the open window; 0 if none is open. */
static uint64_t window_end(const struct flowlog *log)
{
    struct vpcvis_flow_counts counts = {0};

    (void)vpcvis_flow_get(log->flow, &counts);
    return counts.open_to_s * 1000000000u;
}

/* Close the open window and open the one that holds now_ns. Fragments that still wait for
 * their first go as they are. */
static void close_window(struct flowlog *log, uint64_t now_ns)
{
    const uint64_t interval_ns = log->interval_s * 1000000000u;
    uint64_t end_ns = window_end(log);

    (void)vpcvis_fragment_tick(log->fragments, UINT64_MAX);
    count_freed(log);
    while (end_ns != 0 && now_ns != UINT64_MAX && now_ns - end_ns >= interval_ns &&
           (now_ns - end_ns) / interval_ns <= PAUSE_MAX) {
        (void)vpcvis_flow_tick(log->flow, end_ns);
        drain(log);
        end_ns = window_end(log);
    }
    (void)vpcvis_flow_tick(log->flow, now_ns);
    drain(log);
}

void flowlog_take(struct flowlog *log, struct vpcvis_packet *packets, size_t count)
{
    size_t at = 0, n;

    while (at < count) {
        uint64_t end_ns = window_end(log);

        if (end_ns == 0 || packets[at].seen_ns >= end_ns) {
            close_window(log, packets[at].seen_ns);
            end_ns = window_end(log);
        }
        n = 1;
        while (at + n < count && packets[at + n].seen_ns < end_ns)
            n++;
        (void)vpcvis_fragment_add(log->fragments, packets + at, n);
        log->count(log->context, packets + at, n);
        count_freed(log);
        at += n;
    }
}

void flowlog_keep_time(struct flowlog *log)
{
    const uint64_t end_ns = window_end(log);
    struct timespec now;
    uint64_t now_ns;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return;
    now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (now_ns >= end_ns)
        close_window(log, now_ns);
    (void)output_flush(&log->out);
}

void flowlog_end(struct flowlog *log)
{
    close_window(log, UINT64_MAX);
    (void)output_flush(&log->out);
}

void flowlog_free(struct flowlog *log)
{
    output_free(&log->out);
    vpcvis_layout_free(log->layout, NULL);
    vpcvis_flow_free(log->flow, NULL);
    vpcvis_fragment_free(log->fragments, NULL);
}
