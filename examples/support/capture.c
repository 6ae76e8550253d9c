/* SPDX-License-Identifier: MIT */
/*
 * A pcap file is a header of 24 bytes, then records: 16 bytes of time and lengths, then the
 * captured bytes. All integers are in the byte order of the machine that wrote it; the first
 * four bytes tell which that was, and the unit of time (draft-ietf-opsawg-pcap).
 */
#define _POSIX_C_SOURCE 200809L

#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_pcap.h"

#define FILE_HEADER   24
#define RECORD_HEADER 16
#define RECORD_MAX    (256u << 10) /* no capture program stores more of a packet */

#define MAGIC_MICRO  0xa1b2c3d4u
#define MAGIC_NANO   0xa1b23c4du
#define MAGIC_PCAPNG 0x0a0d0d0au

static int fail(struct capture *capture, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(capture->problem, sizeof(capture->problem), format, args);
    va_end(args);
    capture->ended = 1;
    return -1;
}

static uint32_t swap32(uint32_t x)
{
    return x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000) | x << 24;
}

static uint32_t get32(const struct capture *capture, size_t at)
{
    uint32_t x;

    memcpy(&x, capture->data + at, 4);
    return capture->swapped ? swap32(x) : x;
}

/* What a link-layer type (LINKTYPE_... or DLT_...) begins with; -1 if it is not known. */
static int find_start(uint32_t link)
{
    static const struct {
        uint32_t link;
        uint8_t start;
    } links[] = {
        {0, VPCVIS_START_LOOP},  {1, VPCVIS_START_ETHERNET}, {12, VPCVIS_START_IP},
        {14, VPCVIS_START_IP},   {101, VPCVIS_START_IP},     {108, VPCVIS_START_LOOP},
        {113, VPCVIS_START_SLL}, {117, VPCVIS_START_PFLOG},  {228, VPCVIS_START_IP},
        {229, VPCVIS_START_IP},  {276, VPCVIS_START_SLL2}};
    size_t i;

    for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i].link == link)
            return links[i].start;
    }
    return -1;
}

static int take_link(struct capture *capture, uint32_t link)
{
    const int start = find_start(link & 0xffff);

    if (start < 0)
        return fail(capture, "frames of link-layer type %u cannot be read",
                    (unsigned)(link & 0xffff));
    capture->start = (uint8_t)start;
    return 0;
}

/* Frames of Ethernet may end in a check sequence, which the file's header tells. */
static int read_header(struct capture *capture)
{
    uint32_t magic = get32(capture, 0), link;

    capture->swapped = magic == swap32(MAGIC_MICRO) || magic == swap32(MAGIC_NANO);
    magic = get32(capture, 0);
    if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
        return fail(capture, "no capture file that this program knows");
    capture->nanoseconds = magic == MAGIC_NANO;
    capture->at = FILE_HEADER;
    link = get32(capture, 20);
    if ((link & 0x04000000u) != 0 && link >> 28 == 2)
        capture->fcs = VPCVIS_FRAME_FCS;
    return take_link(capture, link);
}

/* Read what cannot be mapped. */
static int read_all(struct capture *capture, int fd)
{
    unsigned char *data = NULL;
    size_t size = 0, room = 0;
    ssize_t n = 1;

    while (n > 0) {
        if (size == room) {
            unsigned char *more = realloc(data, room = room ? 2 * room : 1u << 20);
            if (more == NULL) {
                free(data);
                return fail(capture, "out of memory");
            }
            data = more;
        }
        n = read(fd, data + size, room - size);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        size += n > 0 ? (size_t)n : 0;
    }
    capture->data = data;
    capture->size = size;
    return n < 0 ? fail(capture, "%s", strerror(errno)) : 0;
}

static int load(struct capture *capture, int fd)
{
    struct stat about;
    void *data;

    if (fstat(fd, &about) != 0)
        return fail(capture, "%s", strerror(errno));
    if (S_ISDIR(about.st_mode))
        return fail(capture, "is a directory");
    if (!S_ISREG(about.st_mode) || about.st_size == 0)
        return read_all(capture, fd);
    data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return read_all(capture, fd);
    (void)posix_madvise(data, (size_t)about.st_size, POSIX_MADV_SEQUENTIAL);
    capture->data = data;
    capture->size = (size_t)about.st_size;
    capture->mapped = 1;
    return 0;
}

static void unload(struct capture *capture)
{
    if (capture->mapped)
        munmap((void *)(uintptr_t)capture->data, capture->size);
    else
        free((void *)(uintptr_t)capture->data);
    capture->data = NULL;
    capture->size = 0;
    capture->mapped = 0;
}

int capture_open(struct capture *capture, const char *path)
{
    const int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY);
    uint32_t link;
    int status;

    memset(capture, 0, sizeof(*capture));
    if (fd < 0)
        return fail(capture, "%s", strerror(errno));
    status = load(capture, fd);
    if (fd != STDIN_FILENO)
        close(fd);
    if (status != 0)
        return -1;
    if (capture->size < 4)
        return fail(capture, capture->size == 0 ? "empty file" : "no capture file");
    if (get32(capture, 0) != MAGIC_PCAPNG)
        return capture->size < FILE_HEADER ? fail(capture, "cut within its header")
                                           : read_header(capture);
    unload(capture);
    if (strcmp(path, "-") == 0)
        return fail(capture, "pcapng cannot be read from standard input: name the file");
    if (capture_pcap_open(capture, path, &link) != 0) {
        capture->ended = 1;
        return -1;
    }
    return take_link(capture, link);
}

int capture_open_device(struct capture *capture, const char *device)
{
    uint32_t link;

    memset(capture, 0, sizeof(*capture));
    capture->live = 1;
    if (capture_pcap_open_device(capture, device, &link) != 0) {
        capture->ended = 1;
        return -1;
    }
    return take_link(capture, link);
}

/* One record of a mapped file; 0 at the end, or where the file makes no sense any more. */
static int next_record(struct capture *capture, struct vpcvis_frame *frame)
{
    const size_t left = capture->size - capture->at;
    uint64_t fraction;

    if (left < RECORD_HEADER) {
        if (left > 0)
            fail(capture, "cut at its end: %zu bytes of a record are left", left);
        capture->ended = 1;
        return 0;
    }
    memset(frame, 0, sizeof(*frame));
    fraction = get32(capture, capture->at + 4);
    frame->seen_ns = (uint64_t)get32(capture, capture->at) * 1000000000u +
                     (capture->nanoseconds ? fraction : fraction * 1000);
    frame->cap_len = get32(capture, capture->at + 8);
    frame->wire_len = get32(capture, capture->at + 12);
    frame->valid = VPCVIS_FRAME_WIRE_LEN | capture->fcs;
    frame->start = capture->start;
    if (frame->cap_len > RECORD_MAX) {
        fail(capture,
             "a record of %u bytes at byte %zu cannot be; %zu bytes are not read",
             (unsigned)frame->cap_len, capture->at, left);
        return 0;
    }
    if (frame->cap_len > left - RECORD_HEADER) {
        fail(capture, "cut at its end: the last record has %zu of its %u bytes",
             left - RECORD_HEADER, (unsigned)frame->cap_len);
        return 0;
    }
    frame->data = capture->data + capture->at + RECORD_HEADER;
    capture->at += RECORD_HEADER + frame->cap_len;
    return 1;
}

size_t capture_next(struct capture *capture, struct vpcvis_frame *frames)
{
    size_t n = 0;

    if (capture->pcap != NULL)
        return capture_pcap_next(capture, frames);
    while (n < CAPTURE_BATCH && !capture->ended && next_record(capture, &frames[n]))
        n++;
    return n;
}

void capture_stop(struct capture *capture)
{
    capture_pcap_stop(capture);
}

void capture_close(struct capture *capture)
{
    capture_pcap_close(capture);
    unload(capture);
}
