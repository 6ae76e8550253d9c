/* SPDX-License-Identifier: MIT */
/* Of capture.c: what libpcap does, or clear words where it is not there. */
#ifndef EXAMPLES_CAPTURE_PCAP_H
#define EXAMPLES_CAPTURE_PCAP_H

#include "capture.h"

/* 0 and the link-layer type, or -1: see problem. */
int capture_pcap_open(struct capture *capture, const char *path, uint32_t *link);
int capture_pcap_open_device(struct capture *capture, const char *device, uint32_t *link);
size_t capture_pcap_next(struct capture *capture, struct vpcvis_frame *frames);
void capture_pcap_stop(struct capture *capture);
void capture_pcap_close(struct capture *capture);

#endif
