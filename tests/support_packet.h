/* SPDX-License-Identifier: MIT */
/*
 * Frames written as hex digits, piece by piece, and summaries as one line of text, so that a
 * row of a test shows a packet and what is read from it.
 */
#ifndef VPCVIS_TESTS_SUPPORT_PACKET_H
#define VPCVIS_TESTS_SUPPORT_PACKET_H

#include <stddef.h>

#include "vpcvis/packet.h"

#define FRAME_MAX 4096

/* Pieces. Addresses are 10.0.0.1 to 10.0.0.2 and 2001:db8::1 to 2001:db8::2. */
#define ETH(type)                       "0200000000020200000000a1" type
#define IP4_END(proto)                  "40" proto "00000a0000010a000002"
#define IP4(len, proto)                 "4500" len "00010000" IP4_END(proto)
#define IP4_FRAGMENT(len, field, proto) "4500" len "abcd" field IP4_END(proto)
#define IP6_ADDRESSES                   "20010db800000000000000000000000120010db8000000000000000000000002"
#define IP6(len, next)                  "6ab00000" len next "40" IP6_ADDRESSES
#define TCP                             "03e8005000000001000000025012ffff00000000"
#define UDP(len)                        "03e80035" len "0000"
#define ECHO                            "0800f7fd00010001"
#define ZEROS8                          "0000000000000000"
#define ZEROS40                         ZEROS8 ZEROS8 ZEROS8 ZEROS8 ZEROS8

/* Hex digits to bytes; spaces are skipped. Returns the length. */
size_t frame_hex(const char *hex, unsigned char *out);

/* A frame of those bytes, all of them captured. */
struct vpcvis_frame frame_of(const void *bytes, size_t len);

/*
 * What is not 0 of a packet, as one line in static memory:
 *
 *     E_LENGTH l4@46 | v4 10.0.0.1:1000 > 10.0.0.2:80 proto 6 len 40 at 14 34 54 tcp 12
 *     icmp 8.0 id 1 offset 8 type 800 vlans 2: 5 6 next 44 | FLAG FLAG
 */
const char *packet_text(const struct vpcvis_packet *packet);

#endif
