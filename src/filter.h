/* SPDX-License-Identifier: MIT */
/*
 * Internal: the inside of a filter.
 *
 *     | filter | answers | set: ingress IPv4 | ingress IPv6 | egress IPv4 | egress IPv6 |
 *
 * A rule becomes one box, a part of the space of packets: two blocks, two ranges of ports, and
 * a protocol with the state of the ports. (Two boxes where the config lets packets without
 * ports pass.) Boxes of a direction and family are a set, in the order of their numbers; the
 * first that holds a packet answers. Answer 0 is that of no rule.
 */
#ifndef VPCVIS_I_FILTER_H
#define VPCVIS_I_FILTER_H

#include "bytes.h"
#include "prefix.h"
#include "scope.h"
#include "vpcvis/filter.h"

#define VPCVIS_I_FILTER_SETS  4u
#define VPCVIS_I_FILTER_GROUP 128u /* packets at a time */

/* Whether a packet's ports are known, above its protocol: 0 if not. */
#define VPCVIS_I_FILTER_KNOWN  0x100u
#define VPCVIS_I_FILTER_PASSED 0x200u /* not, but they pass every range */

/* A box. Words of addresses are in host order; IPv4 uses the first alone. */
struct vpcvis_i_filter_box {
    uint32_t src[4], src_mask[4];
    uint32_t dst[4], dst_mask[4];
    uint16_t srcport[2], dstport[2]; /* 0 to 65535 where there is no range */
    uint32_t kind, kind_mask;        /* protocol, VPCVIS_I_FILTER_KNOWN... */
    uint32_t rule;
    uint8_t set;
    uint8_t src_len, dst_len;
    uint8_t reserved;
};

/* What a structure needs of a box: words of one family, ports as pairs, and the kind. */
struct vpcvis_i_filter_box4 {
    uint32_t src, src_mask, dst, dst_mask;
    uint32_t low, high; /* ports: source above destination */
    uint32_t kind, kind_mask;
};

struct vpcvis_i_filter_box6 {
    uint32_t src[4], src_mask[4], dst[4], dst_mask[4];
    uint32_t low, high;
    uint32_t kind, kind_mask;
};

/*
 * Tables (filter_tables.c). The class of an address is the longest of the set's blocks that
 * hold it; a class of sources and one of destinations lead to a cell, and the cell to
 * the few boxes that are left to look at, one after the other:
 *
 *     address -> run -> row    |  page of row and column / 32  |  box | box | last box |
 *     address -> run -> column |  cell in it: first box
 *
 * Pages that are alike in neighbouring rows are there once. A set's boxes may be split into parts
 * with rows, columns and cells of their own, as a product of few is less than that of all. Few
 * cells are not in pages but row by row; if a part has one row or column, each run has its cell.
 */
#define VPCVIS_I_FILTER_PARTS  3u
#define VPCVIS_I_FILTER_PAGE   32u
#define VPCVIS_I_FILTER_LEVELS 5u
#define VPCVIS_I_FILTER_ROOT   64u
#define VPCVIS_I_FILTER_KEYS   16u

/* A box of a list, where addresses are known to match; list 0 is that of no box. */
struct vpcvis_i_filter_entry {
    uint32_t low, high;
    uint32_t kind; /* and its mask in the upper half */
    uint32_t answer;
};

#define VPCVIS_I_FILTER_LAST 0x80000000u /* in kind: the list ends here */

/*
 * The last addresses of runs, signed, in lines of 16; above them the last keys of lines, and so
 * on up to a root of 64 at most. What is missing is INT32_MAX, so no search ends past a line.
 */
struct vpcvis_i_filter_tree {
    uint32_t levels;
    uint32_t root; /* how many keys of the root there are, up to a power of two */
    int32_t *keys[VPCVIS_I_FILTER_LEVELS];
    const vpcvis_prefix *map; /* IPv6: instead of all this, classes are its values */
};

#define VPCVIS_I_FILTER_BY_SRC   0u
#define VPCVIS_I_FILTER_BY_DST   1u
#define VPCVIS_I_FILTER_IN_ROWS  2u
#define VPCVIS_I_FILTER_IN_PAGES 3u

/* Numbers of 16 bits, or of 32 if the tables are wide. */
struct vpcvis_i_filter_part {
    uint32_t kind;
    uint32_t row_len; /* cells, or pages */
    void *row_of;     /* of a run of sources, or of a class of IPv6 */
    void *column_of;
    void *rows; /* pages */
    void *cells;
};

struct vpcvis_i_filter_tables {
    struct vpcvis_i_filter_tree src, dst;
    uint32_t parts;
    uint32_t wide;
    struct vpcvis_i_filter_part part[VPCVIS_I_FILTER_PARTS];
    struct vpcvis_i_filter_entry *entries;
};

struct vpcvis_i_filter_set {
    const struct vpcvis_i_filter_box4 *box4;
    const struct vpcvis_i_filter_box6 *box6;
    uint32_t count;
    uint32_t first;     /* the answer of its first box */
    uint32_t structure; /* VPCVIS_FILTER_... */
    struct vpcvis_i_filter_tables tables;
};

struct vpcvis_filter {
    uint32_t cpu;
    uint32_t flags;
    uint32_t services;
    uint32_t structure;
    struct vpcvis_scope scope;
    struct vpcvis_i_scope_marks marks;
    uint32_t odd_flags; /* of packets that need a closer look */
    uint32_t non_ip[2]; /* answers for frames that are not IP, by direction */
    struct vpcvis_filter_answer *answers;
    struct vpcvis_i_filter_set set[VPCVIS_I_FILTER_SETS];
};

/* Packets as columns, a lane each. */
struct vpcvis_i_filter_keys {
    uint32_t src[4][VPCVIS_I_FILTER_GROUP];
    uint32_t dst[4][VPCVIS_I_FILTER_GROUP];
    uint32_t ports[VPCVIS_I_FILTER_GROUP];
    uint32_t kind[VPCVIS_I_FILTER_GROUP];
};

/* And what else decides whether rules are asked. */
struct vpcvis_i_filter_words {
    uint32_t
        meta[VPCVIS_I_FILTER_GROUP]; /* family, protocol, direction, verdict, the first
                                             highest */
    uint32_t flags[VPCVIS_I_FILTER_GROUP];
};

#if defined(VPCVIS_I_X86)
/* filter_take_avx512.c: IPv4 packets to columns, a multiple of 16 of them. */
VPCVIS_I void vpcvis_i_filter_take_avx512(const char *packets, size_t stride,
                                          uint32_t count,
                                          struct vpcvis_i_filter_keys *keys,
                                          struct vpcvis_i_filter_words *words);
#endif

VPCVIS_I_INLINE uint32_t vpcvis_i_filter_set(uint32_t direction, uint32_t family)
{
    return (direction - VPCVIS_DIRECTION_INGRESS) * 2 + (family == VPCVIS_ADDR_IPV6);
}

/* Protocols that have ports, of which rules know TCP and UDP, or more. */
VPCVIS_I_INLINE int vpcvis_i_filter_has_ports(uint32_t protocol, uint32_t flags)
{
    return protocol == 6 || protocol == 17 ||
           ((flags & VPCVIS_FILTER_MORE_PORTS) != 0 &&
            (protocol == 33 || protocol == 132 || protocol == 136));
}

/* A packet's protocol and the state of its ports. */
VPCVIS_I_INLINE uint32_t vpcvis_i_filter_kind(const struct vpcvis_packet *packet,
                                              uint32_t flags)
{
    const int capable = vpcvis_i_filter_has_ports(packet->protocol, flags);
    const int known = (packet->flags & VPCVIS_PACKET_PORTS) != 0;
    const uint32_t pass = (packet->flags & VPCVIS_PACKET_LATER) != 0 ? VPCVIS_FILTER_LATER
                          : capable                                  ? VPCVIS_FILTER_CUT
                                    : VPCVIS_FILTER_PORTLESS;
    const uint32_t protocol =
        (flags & VPCVIS_FILTER_NEXT) != 0 && packet->family == VPCVIS_ADDR_IPV6
            ? packet->next_header
            : packet->protocol;

    if (capable && known)
        return protocol | VPCVIS_I_FILTER_KNOWN;
    return (flags & pass) != 0 ? protocol | VPCVIS_I_FILTER_PASSED : protocol;
}

/* What a packet is apart from rules: an answer that is no rule's, or, as VPCVIS_NOMATCH, that
 * rules decide; its family may still be 0. filter->answers is not looked at. */
VPCVIS_I vpcvis_status vpcvis_i_filter_odd(const vpcvis_filter *filter,
                                           const struct vpcvis_packet *packet,
                                           struct vpcvis_filter_answer *answer);

VPCVIS_I vpcvis_status vpcvis_i_filter_config(const struct vpcvis_filter_config *config,
                                              vpcvis_filter *filter,
                                              struct vpcvis_filter_config *known);

/* filter_check.c: whether one rule may be; *part is the one at fault. */
VPCVIS_I vpcvis_status vpcvis_i_filter_check(const struct vpcvis_rule *rule,
                                             uint32_t flags, uint32_t *part);

/* All of them, but for duplicates. */
VPCVIS_I vpcvis_status vpcvis_i_filter_check_all(const struct vpcvis_rule *rules,
                                                 size_t count, uint32_t flags,
                                                 struct vpcvis_error *error);
VPCVIS_I vpcvis_status vpcvis_i_filter_fail(struct vpcvis_error *error,
                                            vpcvis_status status, size_t line,
                                            uint32_t part);

/* The box of a rule; ports are known in it. */
VPCVIS_I void vpcvis_i_filter_box(const struct vpcvis_rule *rule, uint32_t index,
                                  uint32_t flags, struct vpcvis_i_filter_box *box);

/* Whether every packet in b is in a, which are of one set. */
VPCVIS_I int vpcvis_i_filter_covers(const struct vpcvis_i_filter_box *a,
                                    const struct vpcvis_i_filter_box *b);

/* filter_sort.c: keys into order; spare is as long. */
VPCVIS_I void vpcvis_i_filter_sort(uint64_t *keys, size_t count, uint64_t *spare);

/* filter_linear.c: answers of lanes, a multiple of 32, of one set. */
VPCVIS_I void vpcvis_i_filter_linear(const vpcvis_filter *filter, uint32_t set,
                                     const struct vpcvis_i_filter_keys *keys,
                                     uint32_t lanes, uint32_t *answers);

/* Not 0 in its highest bit unless both halves of ports lie between those of low and high. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint32_t vpcvis_i_filter_outside(uint32_t ports,
                                                                uint32_t low,
                                                                uint32_t high)
{
    const uint32_t src = ports >> 16, dst = ports & 0xffff;

    return (src - (low >> 16)) | ((high >> 16) - src) | (dst - (low & 0xffff)) |
           ((high & 0xffff) - dst);
}

/*
 * filter_tables.c: make the tables of a set's count boxes in memory, from answer first on, with
 * arena bytes of scratch. *used is how much memory they take; memory may be NULL: then nothing is
 * made. 1 if all is well, 0 if they cannot be, -1 if they take more than len.
 */
VPCVIS_I int vpcvis_i_filter_tables(const struct vpcvis_i_filter_box *boxes,
                                    uint32_t count, uint32_t first, uint32_t cpu,
                                    char *arena, size_t arena_len, char *memory,
                                    uint64_t len, struct vpcvis_i_filter_tables *tables,
                                    uint64_t *used);

/* How much scratch that takes for a number of rules. */
VPCVIS_I uint64_t vpcvis_i_filter_arena(uint64_t count);

/* filter_find.c: answers of lanes, as those of a scan. */
VPCVIS_I void vpcvis_i_filter_find(const vpcvis_filter *filter, uint32_t set,
                                   const struct vpcvis_i_filter_keys *keys,
                                   uint32_t lanes, uint32_t *answers);

#endif
