/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/vxlan.h - mirrored packets on the wire: VXLAN, and GENEVE around it, unwrapped and
 * wrapped.
 *
 *     outer Ethernet | IP | UDP 4789 | VXLAN header, 8 bytes | inner Ethernet | IP | ...
 *                                      `-- VNI: which mirror session --´
 *
 * A mirrored copy travels as VXLAN (RFC 7348): the whole frame behind eight bytes with a
 * 24-bit network identifier (VNI). Behind a gateway load balancer that datagram lies in GENEVE
 * (RFC 8926), whose options say which endpoint it came by. Unwrapping goes in, layer by layer,
 * gives offsets and never copies; wrapping writes what goes before a frame. A copy may be cut
 * short by its session: its original length is then found in its IP header. [vxlan.truncated]
 *
 * No byte past a length is read, nothing is kept between calls, nothing is allocated. This
 * room opens no socket; vpcvis/session.h says which packets to wrap, and how long.
 */
#ifndef VPCVIS_VXLAN_H
#define VPCVIS_VXLAN_H

#include "vpcvis/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VPCVIS_VXLAN_BYTES     8 /* of a VXLAN header, and of GENEVE's without options */
#define VPCVIS_VXLAN_PORT      4789 /* UDP destination */
#define VPCVIS_VXLAN_GPE_PORT  4790
#define VPCVIS_VXLAN_GENEVE    6081
#define VPCVIS_VXLAN_VNI_MAX   0xffffffu
#define VPCVIS_VXLAN_DEPTH_MAX 16
#define VPCVIS_VXLAN_PORTS     4

/* What bits that are reserved do to a header that is received; policy. [vxlan.reserved] */
#define VPCVIS_VXLAN_IGNORE     0 /* nothing: RFC 7348 section 5 */
#define VPCVIS_VXLAN_STRICT     1 /* any that is set refuses it */
#define VPCVIS_VXLAN_EXTENSIONS 2 /* Group Policy and GPE are read, others ignored */

/* vpcvis_vxlan_header.flags */
#define VPCVIS_VXLAN_VNI   1u  /* vni is valid: bit I */
#define VPCVIS_VXLAN_GROUP 2u  /* group is: Group Policy, bit G */
#define VPCVIS_VXLAN_LEARN 4u  /* Group Policy D: do not learn */
#define VPCVIS_VXLAN_DONE  8u  /* Group Policy A: policy was applied */
#define VPCVIS_VXLAN_NEXT  16u /* next_protocol is valid: GPE, bit P */
#define VPCVIS_VXLAN_OAM   32u /* GPE O: not for forwarding */

struct vpcvis_vxlan_header {
    uint32_t vni;
    uint32_t flags;
    uint16_t group;
    uint8_t next_protocol; /* GPE: 1 IPv4, 2 IPv6, 3 Ethernet, 4 NSH */
    uint8_t reserved;
    uint8_t raw[VPCVIS_VXLAN_BYTES]; /* as received; not looked at when written */
    uint32_t reserved2;
};

/*
 * Read a header from len bytes. VPCVIS_E_LENGTH: fewer than 8. VPCVIS_E_TUNNEL: no VNI
 * [vxlan.vni-flag], reserved bits under STRICT, a GPE version that is not 0. VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_vxlan_read(const void *bytes, size_t len, uint32_t policy,
                                           struct vpcvis_vxlan_header *header);

/* Write it: reserved bits are 0. VPCVIS_E_RANGE: a VNI above 2^24 - 1 [vxlan.vni-range].
 * VPCVIS_E_ARG. */
VPCVIS_API vpcvis_status vpcvis_vxlan_write(const struct vpcvis_vxlan_header *header,
                                            uint8_t out[VPCVIS_VXLAN_BYTES]);

/* vpcvis_vxlan_config.flags */
#define VPCVIS_VXLAN_VERIFY    1u /* check UDP checksums that are not 0; see below */
#define VPCVIS_VXLAN_NO_GENEVE 2u

/* How to unwrap. Zero but for size is the default. */
struct vpcvis_vxlan_config {
    uint32_t size; /* sizeof(struct vpcvis_vxlan_config) */
    uint32_t flags;
    uint32_t policy;
    uint32_t depth; /* layers at most; 0: 4; up to 16 */
    uint16_t
        ports[VPCVIS_VXLAN_PORTS]; /* of VXLAN; all 0: 4789, and 4790 for EXTENSIONS */
    uint16_t geneve_ports[VPCVIS_VXLAN_PORTS]; /* all 0: 6081 */
};

/* vpcvis_vxlan_layer.kind */
#define VPCVIS_VXLAN_KIND_VXLAN  1
#define VPCVIS_VXLAN_KIND_GENEVE 2

/* vpcvis_vxlan_layer.valid: options of AWS's gateway load balancer (class 0x0108) */
#define VPCVIS_VXLAN_ENDPOINT   1u
#define VPCVIS_VXLAN_ATTACHMENT 2u
#define VPCVIS_VXLAN_COOKIE     4u

/* One tunnel: who sent it, and what its header says. Offsets count from the frame's start. */
struct vpcvis_vxlan_layer {
    struct vpcvis_vxlan_header header; /* GENEVE: vni and raw */
    uint8_t src[16];                   /* outer addresses, as in vpcvis_packet */
    uint8_t dst[16];
    uint16_t srcport;
    uint16_t dstport;
    uint8_t family;
    uint8_t kind;
    uint8_t tos; /* of the outer IP header: DSCP and ECN */
    uint8_t ttl;
    uint32_t at;          /* tunnel header */
    uint32_t options_len; /* GENEVE: bytes of options behind the first 8 */
    uint32_t inner_at;    /* what is in it */
    uint32_t cap_len;     /* bytes of that at hand */
    uint32_t len;         /* and by the UDP header */
    uint32_t valid;
    uint64_t endpoint;   /* gateway load balancer endpoint id */
    uint64_t attachment; /* attachment id */
    uint32_t cookie;     /* flow cookie */
    uint16_t checksum;   /* of the UDP header: 0, none */
    uint16_t protocol;   /* GENEVE: ethertype of what is in it */
};

/* vpcvis_vxlan_copy.flags */
#define VPCVIS_VXLAN_TRUNCATED 1u /* the inner packet is longer than what came of it */
#define VPCVIS_VXLAN_DEEPER    2u /* there is one more tunnel, beyond depth */
#define VPCVIS_VXLAN_EMPTY     4u /* a tunnel header with nothing in it */
#define VPCVIS_VXLAN_VERIFIED  8u /* VERIFY: every checksum was there and right */

/* What was found in a frame. */
struct vpcvis_vxlan_copy {
    vpcvis_status status;
    uint32_t layers; /* tunnels */
    uint32_t flags;
    uint32_t inner_at; /* the innermost frame: inner.cap_len bytes from here */
    /* Its summary; wire_len is its original length, ip_len what flow logs count. Times,
     * interface and verdict are the outer frame's. Offsets count from inner_at. */
    struct vpcvis_packet inner;
    uint8_t inner_start; /* VPCVIS_START_ETHERNET, or _IP in GPE and GENEVE */
    uint8_t reserved[7];
    struct vpcvis_vxlan_layer outer; /* the outermost tunnel */
    struct vpcvis_vxlan_layer last;  /* the innermost */
};

/*
 * Unwrap one frame. VPCVIS_OK, or the status that copy->status has too; *copy is set in either
 * case. layers, unless NULL, has room for `depth` tunnels and gets all of them.
 *
 * VPCVIS_NOMATCH  no tunnel: not UDP to one of the ports. A tunnel is told by its destination
 *                 port alone. [vxlan.destination-port]
 * VPCVIS_E_FRAGMENT  the outer packet is a fragment: tunnels must not be fragmented, and one
 *                 is not decoded. [vxlan.fragment]
 * VPCVIS_E_TUNNEL a header that the policy refuses; GENEVE of another version, with options
 *                 that do not fill their length [vxlan.geneve-options], or with a critical
 *                 option that is not known here [vxlan.geneve-critical]
 * VPCVIS_E_LENGTH a tunnel header that is not whole, or lengths of IP or UDP that cannot be
 * VPCVIS_E_CHECKSUM  VERIFY: wrong; looked at where all of the datagram is at hand.
 *                 [vxlan.checksum-verify]
 * and what vpcvis_packet_read says of an outer packet. Errors further in than the first tunnel
 * leave copy->layers and copy->outer as they were found. What is wrong with the inner frame is
 * in inner.status and no failure here. [vxlan.inner] A checksum of 0 is accepted over IPv4 and
 * IPv6 (RFC 6935). VPCVIS_E_ARG: NULL, a frame in parts; VPCVIS_E_CONFIG: *copy is untouched.
 */
VPCVIS_API vpcvis_status vpcvis_vxlan_unwrap(const struct vpcvis_vxlan_config *config,
                                             const struct vpcvis_frame *frame,
                                             struct vpcvis_vxlan_layer *layers,
                                             struct vpcvis_vxlan_copy *copy);

/* The same for count frames at a stride, as vpcvis_packet_read_batch. *found, unless NULL, is
 * how many were VPCVIS_OK. VPCVIS_E_ARG, VPCVIS_E_CONFIG: nothing is touched. */
VPCVIS_API vpcvis_status vpcvis_vxlan_unwrap_batch(
    const struct vpcvis_vxlan_config *config, const struct vpcvis_frame *frames,
    size_t stride, size_t count, struct vpcvis_vxlan_copy *copies, size_t *found);

/* The source interface of mirrored copies: family 0 and a zero MAC are not known. */
struct vpcvis_vxlan_source {
    struct vpcvis_addr address;
    uint8_t mac[6];
    uint8_t reserved[2];
};

/*
 * Set the direction of an unwrapped packet as its source saw it: by the inner MAC address, or
 * where that is not there by the inner IP address. The source itself is copy->last.src, its
 * session the VNI. VPCVIS_OK; VPCVIS_NOMATCH: neither end is the source's, or nothing is known.
 * [vxlan.direction] VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_vxlan_match(const struct vpcvis_vxlan_source *source,
                                            struct vpcvis_vxlan_copy *copy);

/* ---- Wrapping ---- */

/* Where the UDP source port comes from: a hash of the inner packet's ends. [vxlan.entropy] */
#define VPCVIS_VXLAN_ENTROPY_RFC   0 /* 49152..65535, as RFC 7348 recommends */
#define VPCVIS_VXLAN_ENTROPY_AWS   1 /* 65408..65535, the same in both directions */
#define VPCVIS_VXLAN_ENTROPY_LINUX 2 /* 32768..60999 */
#define VPCVIS_VXLAN_ENTROPY_FIXED 3 /* srcport */

/* vpcvis_vxlan_outer.flags */
#define VPCVIS_VXLAN_SYMMETRIC 1u /* one port for both directions of a conversation */
#define VPCVIS_VXLAN_CHECKSUM \
    2u /* compute the UDP checksum; always over IPv6 but for ZERO */
#define VPCVIS_VXLAN_ZERO     4u  /* IPv6: none, as RFC 6935 allows receivers to accept */
#define VPCVIS_VXLAN_DF       8u  /* set do not fragment */
#define VPCVIS_VXLAN_CUT      16u /* cut what is too long; else it is refused */
#define VPCVIS_VXLAN_ETHERNET 32u /* begin with an outer Ethernet header */

/* How to wrap. Zero, then set size, addresses and what differs from the defaults. */
struct vpcvis_vxlan_outer {
    uint32_t size; /* sizeof(struct vpcvis_vxlan_outer) */
    uint32_t flags;
    struct vpcvis_addr src; /* of the source interface; of one family with dst */
    struct vpcvis_addr dst; /* of the target */
    uint32_t entropy;       /* VPCVIS_VXLAN_ENTROPY_... */
    uint32_t mtu;           /* of the way, outer IP header included; 0: 65,535 */
    uint16_t srcport;       /* ENTROPY_FIXED */
    uint16_t dstport;       /* 0: 4789 */
    uint16_t ip_id;         /* IPv4; 0 as AWS has it */
    uint8_t ttl;            /* 0: 255 as AWS has it */
    uint8_t tos;
    uint8_t src_mac[6]; /* ETHERNET */
    uint8_t dst_mac[6];
    uint8_t reserved[4];
};

/* Bytes that go before a frame: 36 over IPv4 and 56 over IPv6, 14 more with ETHERNET. 0: a
 * config that cannot be. */
VPCVIS_API size_t vpcvis_vxlan_headroom(const struct vpcvis_vxlan_outer *how);

/*
 * Write what goes before a frame of *len bytes: to out, which has headroom bytes; right before
 * the frame it makes the datagram, elsewhere the first piece of a scatter list. *len becomes
 * less if the frame is cut [vxlan.cut]; the frame is read only for the UDP checksum, and may be
 * NULL without one. packet is the frame's summary, for the source port. [vxlan.wrap]
 * With entropy AWS and no other flags the bytes are those that AWS sends. [vxlan.aws]
 *
 * VPCVIS_E_RANGE: a VNI above 2^24 - 1. VPCVIS_E_LIMIT: without CUT, a frame that is longer than
 * mtu or a length of 16 bits allows; with it, an MTU that leaves nothing. VPCVIS_E_CONFIG: unknown
 * flags or entropy, families that differ. VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_vxlan_wrap(const struct vpcvis_vxlan_outer *how,
                                           uint32_t vni,
                                           const struct vpcvis_packet *packet,
                                           const void *frame, uint32_t *len,
                                           uint8_t *out);

/* The source port alone, for those who send through UDP sockets. 0: a config that cannot be. */
VPCVIS_API uint16_t vpcvis_vxlan_srcport(const struct vpcvis_vxlan_outer *how,
                                         const struct vpcvis_packet *packet);

/*
 * Write a GENEVE header: layer's vni, protocol (0: Ethernet) and the options of its valid bits.
 * An appliance echoes a header by copying the bytes of the one it got: 8 + options_len at `at`.
 * VPCVIS_E_SPACE stores the size needed; VPCVIS_E_RANGE; VPCVIS_E_ARG. [vxlan.geneve-write]
 */
VPCVIS_API vpcvis_status vpcvis_vxlan_write_geneve(const struct vpcvis_vxlan_layer *layer,
                                                   uint8_t *out, size_t capacity,
                                                   size_t *out_len);

/* The Internet checksum (RFC 1071) of bytes: what their header has it as, in host order. 0 if
 * they have a right one among them. [vxlan.checksum] */
VPCVIS_API uint16_t vpcvis_vxlan_checksum(const void *bytes, size_t len);

/* Sizes for bindings. */
VPCVIS_API size_t vpcvis_vxlan_copy_bytes(void);
VPCVIS_API size_t vpcvis_vxlan_layer_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
