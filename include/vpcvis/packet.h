/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/packet.h - captured bytes to one summary: who sends to whom, over what, how long.
 *
 * A frame is what a probe or firewall holds: some bytes of a packet, and what it knows beside
 * them (time, interface, direction, verdict). A packet is the summary of one frame, a value of
 * 128 bytes: the 5-tuple (source and destination address and port, protocol), three lengths,
 * flags, where the headers are. Filter, flow table and VXLAN codec work on packets alone.
 *
 *     frame   Ethernet | 802.1Q ... | IPv4 options / IPv6 + extension headers | TCP ... | data
 *     packet           vlan[]         src, dst, ip_len                          ports, tcp_flags
 *
 * Three lengths are kept apart: cap_len, the bytes at hand; wire_len, the frame as it was sent;
 * ip_len, what the IP header says (IPv4 total length; 40 + IPv6 payload length). Flow logs count
 * ip_len, however little was captured, and never the padding of short frames. Captured bytes
 * beyond wire_len are nobody's and not looked at. [packet.lengths]
 *
 * A frame that ends early is no error: it is read as far as it goes and flagged
 * (VPCVIS_PACKET_CUT). A header that contradicts itself is: status, layer and byte say where.
 * Nothing is kept between calls, nothing is allocated, no byte is written; every byte is read
 * at most once, and none past the length. Tunnels are not entered: the outermost IP counts.
 */
#ifndef VPCVIS_PACKET_H
#define VPCVIS_PACKET_H

#include "vpcvis/addr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Headers are looked for in this many bytes of a frame; what is further counts as cut off. */
#define VPCVIS_PACKET_LOOK 512
/* More VLAN tags, MPLS labels or extension headers than this are VPCVIS_E_CHAIN. */
#define VPCVIS_PACKET_TAGS_MAX   8
#define VPCVIS_PACKET_LABELS_MAX 16
#define VPCVIS_PACKET_CHAIN_MAX  16

/* Directions, as the interface that the packet is seen at has them. */
#define VPCVIS_DIRECTION_UNKNOWN 0
#define VPCVIS_DIRECTION_INGRESS 1 /* towards the interface's owner */
#define VPCVIS_DIRECTION_EGRESS  2

/* Verdicts. The numbers are those of VPCVIS_ACTION_... in records. */
#define VPCVIS_VERDICT_UNKNOWN 0
#define VPCVIS_VERDICT_ACCEPT  1
#define VPCVIS_VERDICT_REJECT  2

/* What the first byte of a frame belongs to. */
#define VPCVIS_START_ETHERNET  0
#define VPCVIS_START_IP        1 /* IPv4 or IPv6, told by the version nibble (DLT_RAW) */
#define VPCVIS_START_SLL       2 /* Linux cooked capture (LINKTYPE_LINUX_SLL) */
#define VPCVIS_START_SLL2      3 /* Linux cooked capture, version 2 */
#define VPCVIS_START_PFLOG     4 /* the log of pf, of any BSD (LINKTYPE_PFLOG) */
#define VPCVIS_START_LOOP      5 /* 4 bytes of address family, either order (DLT_NULL) */
#define VPCVIS_START_ETHERTYPE 6 /* what the frame's member ethertype says */

/* vpcvis_frame.valid: which members mean something. Without its bit a member is not read. */
#define VPCVIS_FRAME_PARTS    1u /* parts, part_count: the bytes lie in several pieces */
#define VPCVIS_FRAME_WIRE_LEN 2u /* else cap_len */
#define VPCVIS_FRAME_VLAN     4u /* vlan: a tag that the driver took out of the bytes */
#define VPCVIS_FRAME_FCS      8u /* wire_len ends with 4 bytes of check sequence: left out */

/* One piece of a frame. */
struct vpcvis_part {
    const void *data;
    VPCVIS_POINTER_PAD(data_pad)
    uint32_t len; /* bytes; 0 is fine */
    uint32_t reserved;
};

/*
 * One captured frame. data stays the caller's and is read during the call only. Zero the
 * struct, set data and cap_len, then whatever is known: interface 0, time 0, direction and
 * verdict unknown are the defaults. Where they are unknown, SLL and SLL2 tell the direction
 * (sent by us: egress) and pflog both (pass and block; no other action is a verdict).
 */
struct vpcvis_frame {
    const void *data; /* cap_len bytes; unaligned is fine */
    VPCVIS_POINTER_PAD(data_pad)
    const struct vpcvis_part
        *parts; /* with VPCVIS_FRAME_PARTS instead of data, in order */
    VPCVIS_POINTER_PAD(parts_pad)
    uint64_t seen_ns;   /* Unix time, nanoseconds */
    uint32_t cap_len;   /* bytes at hand, of data or of all parts together */
    uint32_t wire_len;  /* bytes sent */
    uint32_t interface; /* a dense number that the caller gives each network interface */
    uint32_t part_count;
    uint32_t valid;     /* VPCVIS_FRAME_... */
    uint16_t ethertype; /* for VPCVIS_START_ETHERTYPE, host order */
    uint16_t vlan;      /* tag control information, host order */
    uint8_t start;      /* VPCVIS_START_... */
    uint8_t direction;  /* VPCVIS_DIRECTION_... */
    uint8_t verdict;    /* VPCVIS_VERDICT_... */
    uint8_t reserved[5];
};

/* vpcvis_packet.flags */
#define VPCVIS_PACKET_PORTS    1u /* srcport and dstport are known */
#define VPCVIS_PACKET_TCP      2u /* tcp_flags is known */
#define VPCVIS_PACKET_ICMP     4u /* icmp_type and icmp_code are known */
#define VPCVIS_PACKET_CUT      8u /* fewer bytes at hand than the frame or IP packet has */
#define VPCVIS_PACKET_CUT_IP   16u  /* they end before the IP header does: family 0 */
#define VPCVIS_PACKET_CUT_L4   32u  /* or before the header that follows IP does */
#define VPCVIS_PACKET_FRAGMENT 64u  /* one of several fragments */
#define VPCVIS_PACKET_LATER    128u /* not the first of them: it carries no ports */
#define VPCVIS_PACKET_LAST     256u /* the last of them */
#define VPCVIS_PACKET_ATOMIC \
    512u /* IPv6, a fragment header on a whole packet (RFC 6946) */
#define VPCVIS_PACKET_OPTIONS 1024u /* IPv4 options or IPv6 extension headers */
#define VPCVIS_PACKET_JUMBO   2048u /* ip_len is from a jumbo payload option (RFC 2675) */
#define VPCVIS_PACKET_NO_LEN \
    4096u /* the IP header says 0 (offloaded): ip_len is the frame's */
#define VPCVIS_PACKET_BAD 8192u /* status is not VPCVIS_OK */
/* Set by other rooms. */
#define VPCVIS_PACKET_LENT \
    65536u /* room fragment: the ports are those of the first one */
#define VPCVIS_PACKET_HELD 131072u /* room fragment keeps this packet: leave it alone */
#define VPCVIS_PACKET_LEFT 262144u /* room scope: traffic of a kind that is left out */

/* Layers, for vpcvis_packet.layer: where an error is. */
#define VPCVIS_LAYER_LINK  1
#define VPCVIS_LAYER_VLAN  2 /* tags, labels, PPPoE */
#define VPCVIS_LAYER_IP    3
#define VPCVIS_LAYER_CHAIN 4 /* IPv6 extension headers */
#define VPCVIS_LAYER_L4    5

/*
 * One packet. Everything is set; what was not read is 0. Two equal packets are equal bytes.
 * The first 64 bytes are all that a flow table or a filter looks at.
 */
struct vpcvis_packet {
    uint64_t seen_ns;
    uint8_t src[16]; /* network order; IPv4 in the first four, the rest 0 */
    uint8_t dst[16];
    uint16_t srcport; /* TCP, UDP, UDP-Lite, SCTP, DCCP; else 0 */
    uint16_t dstport;
    uint8_t family; /* VPCVIS_ADDR_IPV4, VPCVIS_ADDR_IPV6, 0: not IP, or not readable */
    uint8_t
        protocol; /* IANA number of what follows IP and its extension headers; the last
                       * number read, where the chain is cut off */
    uint8_t direction; /* VPCVIS_DIRECTION_... */
    uint8_t verdict;   /* VPCVIS_VERDICT_... */
    uint32_t interface;
    uint32_t flags;  /* VPCVIS_PACKET_... */
    uint32_t ip_len; /* bytes, header included */
    uint8_t tcp_flags;
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint8_t left; /* room scope: which kind of traffic */

    vpcvis_status status; /* VPCVIS_OK, or what is wrong with the frame: then layer, at */
    uint32_t cap_len;     /* at most wire_len */
    uint32_t wire_len;    /* without check sequence */
    uint32_t fragment_id; /* identification of a fragment or atomic fragment */
    uint16_t fragment_at; /* bytes from the start of the fragmented payload */
    uint16_t ethertype;   /* the innermost one; below 0x600: the length of an LLC frame */
    uint16_t vlan[2]; /* tag control information, outermost and innermost, also of one */
    uint16_t ip_at;   /* bytes from the frame's start to the IP header; 0 without IP */
    uint16_t l4_at;   /* and to what follows IP; 0: not at hand */
    uint16_t payload_at; /* and to what follows TCP, UDP...; 0: not at hand */
    uint16_t at;         /* byte at fault */
    uint8_t vlan_count;  /* tags, the one beside the bytes included */
    uint8_t layer;       /* VPCVIS_LAYER_... at fault */
    uint8_t tos;         /* IPv4 type of service, IPv6 traffic class: DSCP and ECN */
    uint8_t ttl;         /* IPv4 time to live, IPv6 hop limit */
    uint8_t next_header; /* of the IP header itself: before any extension headers */
    uint8_t reserved;
    uint16_t fragment_len; /* bytes of the fragmented payload in this fragment, by the
                            * headers: IPv4 total length less the header, IPv6 what follows
                            * the fragment header; 0: no fragment */
    uint8_t dst_mac[6];    /* 0 without Ethernet */
    uint8_t src_mac[6];    /* also of SLL, if the sender's address has 6 bytes */
    uint32_t reserved2[3];
};

/*
 * Read one frame. VPCVIS_OK, or the status that packet->status has too; *packet is set in
 * either case, so that a bad frame can be counted where it belongs:
 *
 * VPCVIS_E_VERSION  the IP version is not what the layer below said
 * VPCVIS_E_LENGTH   a length that cannot be: IPv4 header below 20 bytes or longer than the
 *                   packet, TCP header below 20, UDP length or UDP-Lite coverage below 8 or
 *                   beyond the packet, any header that is longer than the packet (not of a
 *                   first fragment), AH below 12, a fragment that ends past byte 65535, a
 *                   jumbo length of 65535 or less, pflog header below 45
 * VPCVIS_E_CHAIN    too many tags, labels or extension headers, or one out of its place:
 *                   hop-by-hop options not first, a second fragment header, or one in a
 *                   jumbogram
 * VPCVIS_E_ARG      frame or packet is NULL: *packet is untouched. Else *packet is zero but
 *                   for status and BAD: no data, or parts with fewer than cap_len bytes (of
 *                   the first VPCVIS_PACKET_LOOK); an unknown start, direction, verdict or bit
 *                   of valid
 *
 * Frames that are not IP (ARP, LLDP, STP, LLC) are VPCVIS_OK with family 0 and their ethertype.
 *
 * Rules, and where they come from:
 * - VLAN tags 0x8100, 0x88a8, 0x9100, 0x9200 are read through and reported, never part of the
 *   5-tuple; VN-tags (counted as tags), MPLS labels and PPPoE sessions are read through.
 *   [packet.vlan] (IEEE 802.1Q, RFC 3032, RFC 2516)
 * - A type below 0x600 is a length: LLC, whose SNAP header may carry IP. [packet.llc] (RFC 1042)
 * - IPv4 total length 0: the frame's length is taken; less than the header: E_LENGTH.
 *   [packet.ipv4-length] (RFC 791)
 * - Later fragments have no ports, and of IPv6 the protocol that their fragment header names; a
 *   first fragment has ports if they are in it. [packet.fragment]
 * - IPv6 extension headers are read through: hop-by-hop options (first only), destination
 *   options, routing, fragment, AH, mobility, HIP, Shim6, 253 and 254; ESP and no-next-header
 *   end the chain. Payload length 0 without jumbo option: the frame's length is taken if that
 *   is more than padding (46 bytes). [packet.chain] (RFC 8200 4.1, RFC 4302, RFC 7045)
 * - IPv4 AH stays protocol 51 without ports. [packet.ah]
 * - ICMP and ICMPv6 have type and code, and ports 0. [packet.icmp]
 * - UDP-Lite has ports, and a coverage where UDP has its length. [packet.udplite] (RFC 3828)
 */
VPCVIS_API vpcvis_status vpcvis_packet_read(const struct vpcvis_frame *frame,
                                            struct vpcvis_packet *packet);

/*
 * Read count frames, frame i being at (const char *)frames + i * stride, into packets[i].
 * stride is sizeof(struct vpcvis_frame), or more, a multiple of 8. Bad frames have their
 * status in their packet; *bad, unless NULL, is how many.
 * VPCVIS_OK, also with bad frames; VPCVIS_E_ARG: NULL with count, or a bad stride.
 */
VPCVIS_API vpcvis_status vpcvis_packet_read_batch(const struct vpcvis_frame *frames,
                                                  size_t stride, size_t count,
                                                  struct vpcvis_packet *packets,
                                                  size_t *bad);

/* Sizes for bindings: of struct vpcvis_frame and struct vpcvis_packet. */
VPCVIS_API size_t vpcvis_packet_frame_bytes(void);
VPCVIS_API size_t vpcvis_packet_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
