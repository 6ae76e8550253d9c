/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

static uint64_t now_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

void progress_init(struct progress *progress, uint64_t total, int quiet)
{
    progress->on = !quiet && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    progress->shown = 0;
    progress->total = total;
    progress->done = 0;
    progress->started_ns = progress->on ? now_ns() : 0;
    progress->next_ns = progress->started_ns + SECOND_NS;
}

void progress_show(struct progress *progress, uint64_t taken)
{
    uint64_t now, bytes, seconds_left;
    double rate;

    if (!progress->on)
        return;
    now = now_ns();
    if (now < progress->next_ns)
        return;
    progress->next_ns = now + SECOND_NS / 4;
    bytes = progress->done + taken;
    rate = (double)bytes * 1e9 / (double)(now - progress->started_ns);
    fprintf(stderr, "\r%.1f MB, %.0f MB/s", (double)bytes / 1e6, rate / 1e6);
    if (progress->total >= bytes && rate > 0) {
        seconds_left = (uint64_t)((double)(progress->total - bytes) / rate);
        fprintf(stderr, ", %u%%, %llu:%02u left",
                (unsigned)((double)bytes * 100 / (double)progress->total),
                (unsigned long long)(seconds_left / 60), (unsigned)(seconds_left % 60));
    }
    fputs("\033[K", stderr);
    progress->shown = 1;
}

void progress_add(struct progress *progress, uint64_t taken)
{
    progress->done += taken;
}

void progress_clear(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", stderr);
    progress->shown = 0;
}
