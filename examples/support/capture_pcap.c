/* SPDX-License-Identifier: MIT */
/*
 * libpcap lends each packet for the time of a callback, so the part of it that is looked at is
 * copied, CAPTURE_BATCH packets at a time.
 */
#define _DEFAULT_SOURCE /* u_char and the like, in pcap.h */

#include "capture_pcap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_PCAP
#include <pcap/pcap.h>

#define WAIT_MS 100 /* a device's packets come in pieces of this time at most */

/* What the callback fills. */
struct batch {
    const struct capture *capture;
    struct vpcvis_frame *frames;
    size_t count;
};

static int fail(struct capture *capture, const char *why)
{
    snprintf(capture->problem, sizeof(capture->problem), "%s", why);
    capture->ended = 1;
    return -1;
}

static int begin(struct capture *capture, pcap_t *pcap, uint32_t *link)
{
    capture->pcap = pcap;
    capture->copies = malloc((size_t)CAPTURE_BATCH * VPCVIS_PACKET_LOOK);
    *link = (uint32_t)pcap_datalink(pcap);
    return capture->copies == NULL ? fail(capture, "out of memory") : 0;
}

int capture_pcap_open(struct capture *capture, const char *path, uint32_t *link)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap =
        pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);

    return pcap == NULL ? fail(capture, why) : begin(capture, pcap, link);
}

int capture_pcap_open_device(struct capture *capture, const char *device, uint32_t *link)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(device, why);

    if (pcap == NULL)
        return fail(capture, why);
    (void)pcap_set_snaplen(pcap, VPCVIS_PACKET_LOOK);
    (void)pcap_set_promisc(pcap, 1);
    (void)pcap_set_timeout(pcap, WAIT_MS);
    (void)pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    if (pcap_activate(pcap) < 0) {
        (void)fail(capture, pcap_geterr(pcap));
        pcap_close(pcap);
        return -1;
    }
    return begin(capture, pcap, link);
}

static void take(unsigned char *context, const struct pcap_pkthdr *header,
                 const unsigned char *bytes)
{
    struct batch *batch = (struct batch *)(void *)context;
    const struct capture *capture = batch->capture;
    struct vpcvis_frame *frame = &batch->frames[batch->count];
    unsigned char *copy = capture->copies + batch->count * VPCVIS_PACKET_LOOK;
    const int nano =
        pcap_get_tstamp_precision(capture->pcap) == PCAP_TSTAMP_PRECISION_NANO;

    memset(frame, 0, sizeof(*frame));
    frame->cap_len =
        header->caplen < VPCVIS_PACKET_LOOK ? header->caplen : VPCVIS_PACKET_LOOK;
    frame->wire_len = header->len;
    frame->valid = VPCVIS_FRAME_WIRE_LEN;
    frame->start = capture->start;
    frame->seen_ns = (uint64_t)header->ts.tv_sec * 1000000000u +
                     (uint64_t)header->ts.tv_usec * (nano ? 1 : 1000);
    memcpy(copy, bytes, frame->cap_len);
    frame->data = copy;
    batch->count++;
}

size_t capture_pcap_next(struct capture *capture, struct vpcvis_frame *frames)
{
    struct batch batch = {capture, frames, 0};
    const int n =
        pcap_dispatch(capture->pcap, CAPTURE_BATCH, take, (unsigned char *)&batch);

    if (n == PCAP_ERROR)
        (void)fail(capture, pcap_geterr(capture->pcap));
    else if (n == PCAP_ERROR_BREAK || (n == 0 && !capture->live))
        capture->ended = 1;
    return batch.count;
}

void capture_pcap_stop(struct capture *capture)
{
    if (capture->pcap != NULL)
        pcap_breakloop(capture->pcap);
}

void capture_pcap_close(struct capture *capture)
{
    if (capture->pcap != NULL)
        pcap_close(capture->pcap);
    capture->pcap = NULL;
    free(capture->copies);
    capture->copies = NULL;
}

int capture_has_libpcap(void)
{
    return 1;
}
#else
static int refuse(struct capture *capture, const char *what)
{
    snprintf(capture->problem, sizeof(capture->problem),
             "%s: this program was built without libpcap", what);
    return -1;
}

int capture_pcap_open(struct capture *capture, const char *path, uint32_t *link)
{
    (void)path, (void)link;
    return refuse(capture, "a pcapng file");
}

int capture_pcap_open_device(struct capture *capture, const char *device, uint32_t *link)
{
    (void)device, (void)link;
    return refuse(capture, "a device");
}

size_t capture_pcap_next(struct capture *capture, struct vpcvis_frame *frames)
{
    (void)capture, (void)frames;
    return 0;
}

void capture_pcap_stop(struct capture *capture)
{
    (void)capture;
}

void capture_pcap_close(struct capture *capture)
{
    (void)capture;
}

int capture_has_libpcap(void)
{
    return 0;
}
#endif
