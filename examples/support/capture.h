/* SPDX-License-Identifier: MIT */
/*
 * Frames from a capture: a pcap file (read by this code, mapped into memory), a pcapng file or
 * a network device (both through libpcap, where that is there).
 */
#ifndef EXAMPLES_CAPTURE_H
#define EXAMPLES_CAPTURE_H

#include <vpcvis/packet.h>

#include <stddef.h>

#define CAPTURE_PROBLEM 320
#define CAPTURE_BATCH   256 /* frames that one call can give at most */

struct capture {
    const unsigned char *data; /* a plain pcap file, NULL: libpcap reads */
    size_t size, at;
    int mapped;      /* data is a mapping, else memory */
    int swapped;     /* the file's integers are in the other byte order */
    int nanoseconds; /* else microseconds */
    int ended;       /* nothing more will come */
    int live;        /* a device: 0 frames may mean "none for now" */
    uint8_t start;   /* VPCVIS_START_... of all frames */
    uint32_t fcs;    /* VPCVIS_FRAME_FCS or 0 */
    void *pcap;      /* libpcap's handle */
    unsigned char *copies;
    char problem[CAPTURE_PROBLEM]; /* why it ended before its end; empty if it did not */
};

/* Open a file ("-" is standard input), or a device. 0, or -1: see problem. */
int capture_open(struct capture *capture, const char *path);
int capture_open_device(struct capture *capture, const char *device);

/*
 * The next frames, at most CAPTURE_BATCH; their bytes live until the next call. 0: none for now
 * or, with `ended`, none any more; problem says if that is too early.
 */
size_t capture_next(struct capture *capture, struct vpcvis_frame *frames);

/* Let a waiting capture_next on a device return soon; for signal handlers. */
void capture_stop(struct capture *capture);

void capture_close(struct capture *capture);

/* 1 if pcapng files and devices can be read. */
int capture_has_libpcap(void);

#endif
