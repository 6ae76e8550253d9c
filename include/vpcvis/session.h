/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/session.h - a mirrored interface's sessions: which one gets a packet, how much of it.
 *
 *     session 1 filter web target network-interface 10.9.0.4 vni 7 mtu 9001 # to the IDS
 *     session 2 filter all target network-load-balancer 10.9.0.9 vni 8 packet-length 100
 *
 * A session joins a source interface, a filter and a target: what the filter accepts is copied
 * to the target, as VXLAN with the session's network identifier (VNI). Sessions are tried in
 * ascending number; the first one whose filter accepts gets the packet, and no other: each
 * packet is mirrored once. [session.first] (EC2 API, CreateTrafficMirrorSession; Traffic
 * Mirroring guide, "Traffic mirror sessions")
 *
 * A copy is the shortest of: the frame, the session's packet length (bytes after the VXLAN
 * header, the inner Ethernet header included), and what the target's MTU leaves after outer
 * IP, UDP and VXLAN headers: 36 bytes over IPv4, 56 over IPv6. It is cut, never fragmented.
 * [session.length]
 *
 * This room copies and sends nothing; vpcvis/vxlan.h wraps what was picked here.
 */
#ifndef VPCVIS_SESSION_H
#define VPCVIS_SESSION_H

#include "vpcvis/filter.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_session vpcvis_session;

#define VPCVIS_SESSION_NUMBER_MAX 32766
#define VPCVIS_SESSION_VNI_MAX    0xffffffu /* 2^24 - 1 */
#define VPCVIS_SESSION_LENGTH_MAX 8500      /* of packet_length */
#define VPCVIS_SESSION_COUNT_MAX  32766

/* vpcvis_session_entry.target: the kind of target */
#define VPCVIS_SESSION_INTERFACE        1
#define VPCVIS_SESSION_NETWORK_BALANCER 2 /* packet_length is 8500 unless said */
#define VPCVIS_SESSION_GATEWAY_BALANCER 3 /* an endpoint of one */

/* vpcvis_session_entry.valid */
#define VPCVIS_SESSION_LENGTH 1u /* packet_length is set; else the whole packet */
#define VPCVIS_SESSION_MTU    2u /* mtu is set; else it bounds nothing */

/* One session. Zero the struct, then set what there is. */
struct vpcvis_session_entry {
    uint32_t number; /* 1..32766, unique; 1 comes first */
    uint32_t valid;
    uint32_t vni; /* 0..2^24 - 1; required: this library has no random numbers */
    uint32_t packet_length; /* 1..8500 */
    uint32_t mtu;           /* of the way to the target, outer IP header included */
    uint8_t target;
    uint8_t reserved[3];
    struct vpcvis_addr address; /* of the target: the copies' outer destination */
    /* What accepts packets; any number of sessions may share one. It lives as long as the
     * machine. NULL: the session gets nothing. Not set by vpcvis_session_read. */
    const vpcvis_filter *filter;
    VPCVIS_POINTER_PAD(filter_pad)
    const char *name; /* in text: the filter's name, a word; not kept */
    VPCVIS_POINTER_PAD(name_pad)
    const char *text; /* and the description, bytes of the caller's; not kept */
    VPCVIS_POINTER_PAD(text_pad)
    uint32_t name_len;
    uint32_t text_len;
};

/* vpcvis_error.column: the part of a session at fault */
#define VPCVIS_SESSION_PART_NONE    0
#define VPCVIS_SESSION_PART_NUMBER  1
#define VPCVIS_SESSION_PART_FILTER  2
#define VPCVIS_SESSION_PART_TARGET  3
#define VPCVIS_SESSION_PART_ADDRESS 4
#define VPCVIS_SESSION_PART_VNI     5
#define VPCVIS_SESSION_PART_LENGTH  6
#define VPCVIS_SESSION_PART_MTU     7
#define VPCVIS_SESSION_PART_TEXT    8

/*
 * vpcvis_session_config.flags. AWS does not say what becomes of a packet that the filter of a
 * session rejects by a rule; here it goes on to the next session, as after no match.
 * [session.reject]
 *
 * STOP    a reject ends it: no later session gets the packet
 * STRICT  at most three sessions, as AWS has it, and no text above 255 bytes
 */
#define VPCVIS_SESSION_STOP   1u
#define VPCVIS_SESSION_STRICT 2u

struct vpcvis_session_config {
    uint32_t size; /* sizeof(struct vpcvis_session_config) */
    uint32_t flags;
};

/* What becomes of a packet. */
#define VPCVIS_SESSION_NONE 0xffffffffu /* the index of no session */

/* vpcvis_mirror.bound: what the length is */
#define VPCVIS_SESSION_BOUND_FRAME    1 /* the whole frame */
#define VPCVIS_SESSION_BOUND_CAPTURED 2 /* all that was captured of it */
#define VPCVIS_SESSION_BOUND_LENGTH   3
#define VPCVIS_SESSION_BOUND_MTU      4

struct vpcvis_mirror {
    uint32_t
        session; /* index in the array given to build; VPCVIS_SESSION_NONE: not mirrored */
    uint32_t number; /* the session's */
    uint32_t rule;   /* that accepted, or, not mirrored, rejected last: an index as in
                       * vpcvis_filter_answer, VPCVIS_FILTER_NONE if no rule decided */
    uint32_t rule_number;
    uint32_t vni;
    uint32_t length; /* bytes of the frame to copy; 0 if not mirrored */
    uint8_t bound;   /* VPCVIS_SESSION_BOUND_FRAME...; 0 if not mirrored */
    uint8_t why;     /* VPCVIS_FILTER_WHY_... of the deciding session's filter */
    uint8_t reserved[6];
};

/*
 * Memory that vpcvis_session_build needs for count sessions; 0: more than
 * VPCVIS_SESSION_COUNT_MAX.
 */
VPCVIS_API size_t vpcvis_session_bytes(size_t count);

/*
 * Make a source's sessions, in any order, in memory of len bytes, which stays until their last
 * use; then they are immutable, and threads may share them. config may be NULL. error, unless
 * NULL, has the session at fault in error->line, counting from 1, and the part in
 * error->column. VPCVIS_E_SPACE: len is too small.
 * VPCVIS_E_DUPLICATE  a number again; line is the later one [session.number]
 * VPCVIS_E_RANGE      a number out of 1..32766, a VNI above 2^24 - 1, a packet length out of
 *                     1..8500, an MTU above 65,535 or that leaves no byte [session.limits]
 * VPCVIS_E_ARG        NULL; an unknown target, unknown bits, reserved bytes set, an address
 *                     without family
 * VPCVIS_E_LIMIT      too many; VPCVIS_E_LONG: STRICT, a text above 255 bytes
 * VPCVIS_E_CONFIG
 */
VPCVIS_API vpcvis_status vpcvis_session_build(const struct vpcvis_session_entry *entries,
                                              size_t count,
                                              const struct vpcvis_session_config *config,
                                              void *memory, size_t len,
                                              vpcvis_session **sessions,
                                              struct vpcvis_error *error);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_session_new(const struct vpcvis_session_entry *entries,
                                            size_t count,
                                            const struct vpcvis_session_config *config,
                                            const struct vpcvis_allocator *allocator,
                                            vpcvis_session **sessions,
                                            struct vpcvis_error *error);

/* Free what vpcvis_session_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_session_free(vpcvis_session *sessions,
                                    const struct vpcvis_allocator *allocator);

/*
 * Pick a session for each of count packets, packet i being at (const char *)packets + i *
 * stride, into mirrors[i]. direction as for vpcvis_filter_match. VPCVIS_OK; VPCVIS_E_ARG: NULL
 * with count, a bad stride or direction.
 */
VPCVIS_API vpcvis_status vpcvis_session_pick(const vpcvis_session *sessions,
                                             const struct vpcvis_packet *packets,
                                             size_t stride, size_t count,
                                             uint32_t direction,
                                             struct vpcvis_mirror *mirrors);

/*
 * What a source's sessions did, under the names of AWS's metrics; a caller's value, zeroed at
 * first. In and Out are the mirrored traffic's directions at the source; bytes are those of
 * copies. Skipped is what was picked and not sent (congestion, no room, a failed send).
 * [session.metrics]
 */
struct vpcvis_session_counts {
    uint64_t mirror_in;               /* NetworkMirrorIn, bytes */
    uint64_t mirror_out;              /* NetworkMirrorOut */
    uint64_t packets_mirror_in;       /* NetworkPacketsMirrorIn */
    uint64_t packets_mirror_out;      /* NetworkPacketsMirrorOut */
    uint64_t skip_mirror_in;          /* NetworkSkipMirrorIn */
    uint64_t skip_mirror_out;         /* NetworkSkipMirrorOut */
    uint64_t packets_skip_mirror_in;  /* NetworkPacketsSkipMirrorIn */
    uint64_t packets_skip_mirror_out; /* NetworkPacketsSkipMirrorOut */
    uint64_t packets_not_mirrored;    /* no session wanted them */
    uint64_t packets_cut;             /* of those mirrored: shorter than the frame */
};

/*
 * Add up count mirrors of packets as picked. skipped is 0 if they were sent, 1 if not; direction
 * as given to pick. Counts stop at 2^64 - 1. VPCVIS_E_ARG: NULL with count, or a bad stride.
 */
VPCVIS_API vpcvis_status vpcvis_session_add(struct vpcvis_session_counts *counts,
                                            const struct vpcvis_packet *packets,
                                            size_t stride, size_t count,
                                            uint32_t direction,
                                            const struct vpcvis_mirror *mirrors,
                                            uint32_t skipped);

/*
 * Text: one line a session, words between spaces and tabs as in rules. After the number come
 * `filter NAME`, `target KIND ADDRESS` and `vni N`, which are required, `packet-length N` and
 * `mtu N`, in any order, each once; what follows # (and one space) is the description. KIND is
 * network-interface, network-load-balancer or gateway-load-balancer-endpoint. [session.text]
 *
 * VPCVIS_OK: *entry is set but for its filter, name and text point into the line. VPCVIS_NOMATCH:
 * blank, a comment, or a line that begins with another word than `session`: a rule perhaps. Else
 * error->offset is the byte at fault, or the line's length if something is missing, and
 * error->column the part: VPCVIS_E_WORD, VPCVIS_E_NUMBER, VPCVIS_E_RANGE, VPCVIS_E_ADDRESS,
 * VPCVIS_E_DUPLICATE: a word twice, VPCVIS_E_BYTE; VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_session_read(const char *text, size_t text_len,
                                             struct vpcvis_session_entry *entry,
                                             struct vpcvis_error *error);

/* Write a session as one line, no newline, in the order above. VPCVIS_E_SPACE: *out_len is the
 * size needed. VPCVIS_E_BYTE: a name that is no word, or a control character in the text;
 * VPCVIS_E_ARG: NULL, or a session that reading never makes. */
VPCVIS_API vpcvis_status vpcvis_session_write(const struct vpcvis_session_entry *entry,
                                              char *out, size_t capacity,
                                              size_t *out_len);

/* Sizes for bindings. */
VPCVIS_API size_t vpcvis_session_entry_bytes(void);
VPCVIS_API size_t vpcvis_session_mirror_bytes(void);
VPCVIS_API size_t vpcvis_session_counts_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
