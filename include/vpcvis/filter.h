/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/filter.h - traffic-mirroring rules: which packets are to be copied.
 *
 *     ingress 100 accept tcp from 10.0.0.0/8 port 1024-65535 to 0.0.0.0/0 port 443 # web
 *     service amazon-dns
 *
 * Rules are numbered per direction, as the mirrored interface sees it. They are tried in
 * ascending number, the first whose every part fits decides, accept or reject; no match, and
 * so a direction without rules, means not mirrored. [filter.first-match] [filter.no-match]
 * A rule has two IPv4 or two IPv6 blocks and matches packets of that family alone.
 * [filter.family] (EC2 API, CreateTrafficMirrorFilterRule; Traffic Mirroring guide)
 *
 * Apart from rules: traffic that room scope lists as never mirrored never is, whatever the
 * rules say. [filter.scope] Traffic with the network's resolver is mirrored, in both
 * directions and whatever the rules say, if the filter has the service amazon-dns; otherwise
 * never. [filter.amazon-dns] A packet that vpcvis_scope_match has marked counts as marked
 * (ROUTER and MIRROR are ordinary traffic here); the filter looks for the rest itself.
 *
 * A filter is planned, built and then immutable: threads may share it; change means building
 * another and swapping a pointer. Counting hits is for the caller, by the index in an answer.
 * This room knows no sessions, targets or JSON.
 */
#ifndef VPCVIS_FILTER_H
#define VPCVIS_FILTER_H

#include "vpcvis/packet.h"
#include "vpcvis/scope.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_filter vpcvis_filter;

#define VPCVIS_FILTER_RULES_MAX 0x00100000u
#define VPCVIS_FILTER_NONE      0xffffffffu /* the index of no rule */

/* vpcvis_rule.action, vpcvis_filter_answer.action. The numbers are those of verdicts. */
#define VPCVIS_FILTER_ACCEPT 1 /* mirror it */
#define VPCVIS_FILTER_REJECT 2

/* vpcvis_rule.valid: which parts there are. Without its bit a member is not read. */
#define VPCVIS_RULE_PROTOCOL 1u /* else all protocols */
#define VPCVIS_RULE_SRCPORT  2u /* else any port, or none */
#define VPCVIS_RULE_DSTPORT  4u

/* One rule. Zero the struct, then set what there is. */
struct vpcvis_rule {
    uint32_t number;   /* unique in its direction */
    uint32_t valid;    /* VPCVIS_RULE_... */
    uint8_t direction; /* VPCVIS_DIRECTION_INGRESS or _EGRESS */
    uint8_t action;
    uint8_t protocol; /* IANA number */
    uint8_t reserved;
    uint16_t srcport[2]; /* first and last; TCP and UDP only */
    uint16_t dstport[2];
    uint32_t text_len;
    struct vpcvis_cidr src;
    struct vpcvis_cidr dst;
    const char *text; /* the description, text_len bytes of the caller's; not kept */
    VPCVIS_POINTER_PAD(text_pad)
};

/* Parts of a rule: vpcvis_error.column, and what vpcvis_filter_explain says did not fit. */
#define VPCVIS_FILTER_PART_NONE      0
#define VPCVIS_FILTER_PART_DIRECTION 1
#define VPCVIS_FILTER_PART_NUMBER    2
#define VPCVIS_FILTER_PART_ACTION    3
#define VPCVIS_FILTER_PART_FAMILY    4
#define VPCVIS_FILTER_PART_PROTOCOL  5
#define VPCVIS_FILTER_PART_SRC       6
#define VPCVIS_FILTER_PART_SRCPORT   7
#define VPCVIS_FILTER_PART_DST       8
#define VPCVIS_FILTER_PART_DSTPORT   9
#define VPCVIS_FILTER_PART_TEXT      10
#define VPCVIS_FILTER_PART_SERVICE   11
#define VPCVIS_FILTER_PART_COUNT     12

/* vpcvis_filter_config.services */
#define VPCVIS_FILTER_AMAZON_DNS 1u

/*
 * vpcvis_filter_config.flags. All but STRICT and MARKED choose what AWS does not say; what
 * holds without the flag is the default. [filter.options]
 *
 * STRICT     refuse what AWS refuses: numbers out of 1..32766, host bits, more than 10 rules, a
 *            text above 255 bytes. Without it host bits do not count. [filter.strict]
 * MARKED     vpcvis_scope_match has seen the packets; no second look
 * NON_IP     frames that are not IP match rules without protocol and ports from /0 to /0, of
 *            either family; else no rule
 * LATER      a later fragment without ports (room fragment lends them) passes any port range;
 *            else none
 * CUT        TCP and UDP whose ports were not captured pass any port range; else none
 * PORTLESS   so does a protocol without ports, where a rule of all protocols has a range (that
 *            is PORTS_ALL); else none
 * MORE_PORTS ports of UDP-Lite, SCTP and DCCP are ports as well; else only TCP's and UDP's
 * PORTS_ALL  a rule without protocol may have port ranges; else VPCVIS_E_RULE
 * NEXT       protocol means the IPv6 header's own next header; else what follows extension
 *            headers
 * PROTOCOL_0 protocol 0 in a rule means all; else hop-by-hop (0) itself
 * BAD        packets with an error status are judged by what was read of them; else no rule
 *            matches them
 */
#define VPCVIS_FILTER_STRICT     1u
#define VPCVIS_FILTER_MARKED     2u
#define VPCVIS_FILTER_NON_IP     4u
#define VPCVIS_FILTER_LATER      8u
#define VPCVIS_FILTER_CUT        16u
#define VPCVIS_FILTER_PORTLESS   32u
#define VPCVIS_FILTER_MORE_PORTS 64u
#define VPCVIS_FILTER_PORTS_ALL  128u
#define VPCVIS_FILTER_NEXT       256u
#define VPCVIS_FILTER_PROTOCOL_0 512u
#define VPCVIS_FILTER_BAD        1024u

/* Structures, slower and smaller first. */
#define VPCVIS_FILTER_LINEAR 1 /* every rule, many packets at once */
#define VPCVIS_FILTER_TABLES \
    2 /* classes of sources and destinations lead to short lists */

struct vpcvis_filter_config {
    uint32_t size; /* sizeof(struct vpcvis_filter_config) */
    uint32_t flags;
    uint32_t cpu;      /* VPCVIS_CPU_... */
    uint32_t services; /* VPCVIS_FILTER_AMAZON_DNS */
    uint32_t
        structure; /* this one, or a smaller if it cannot be; 0: chosen by the rules */
    uint32_t reserved;
    uint64_t max_bytes;               /* of the filter; 0: any */
    const struct vpcvis_scope *scope; /* read while building; NULL: VPCVIS_SCOPE_MIRRORING
                                       * and the resolver of no network. [filter.scope-own] */
    VPCVIS_POINTER_PAD(scope_pad)
};

/* vpcvis_filter_needs.flags */
#define VPCVIS_FILTER_FALLBACK 1u /* a smaller structure than asked for or best */
#define VPCVIS_FILTER_OVER     2u /* the smallest is still above max_bytes */

struct vpcvis_filter_needs {
    uint64_t bytes;   /* memory of the filter, slack for alignment included */
    uint64_t scratch; /* memory for planning and building, slack included */
    uint32_t structure;
    uint32_t flags;
    uint32_t ingress; /* rules */
    uint32_t egress;
    uint32_t covered; /* rules left out of the structure: none can match */
    uint32_t reserved;
};

/* vpcvis_filter_answer.why */
#define VPCVIS_FILTER_WHY_NONE    0 /* no rule matched */
#define VPCVIS_FILTER_WHY_RULE    1
#define VPCVIS_FILTER_WHY_SERVICE 2 /* resolver traffic, accepted by amazon-dns */
#define VPCVIS_FILTER_WHY_SCOPE \
    3                            /* never mirrored, or resolver traffic without service */
#define VPCVIS_FILTER_WHY_HELD 4 /* room fragment keeps the packet */
#define VPCVIS_FILTER_WHY_BAD  5 /* its status is an error */

struct vpcvis_filter_answer {
    uint32_t rule;   /* index in the array given to build, or VPCVIS_FILTER_NONE */
    uint32_t number; /* its number, 0 without a rule */
    uint8_t
        action; /* VPCVIS_FILTER_ACCEPT: mirror it; REJECT; 0: nothing decided: do not */
    uint8_t why;
    uint8_t left; /* WHY_SERVICE and WHY_SCOPE: VPCVIS_SCOPE_... */
    uint8_t reserved[5];
};

/*
 * ---- Life ----
 *
 * Check count rules, in any order, and say what building takes. scratch is any memory, used
 * during the call. config may be NULL, rules too with count 0. error, unless NULL, has the
 * rule at fault in error->line, counting from 1 (0: none of them), and its part in
 * error->column. VPCVIS_E_SPACE: needs->scratch is stored, nothing else was looked at.
 * VPCVIS_E_DUPLICATE  a number again in one direction; line is the later one [filter.number]
 * VPCVIS_E_ARG        NULL; a direction, action or family that there is not; unknown bits of
 *                     valid, or reserved bytes set
 * VPCVIS_E_PREFIX     a length beyond the family; STRICT: host bits [filter.host-bits]
 * VPCVIS_E_RULE       parts that contradict each other: blocks of different families
 *                     (PART_FAMILY), ports without protocol TCP or UDP [filter.ports]
 * VPCVIS_E_RANGE      first port above last; STRICT: a number out of 1..32766
 * VPCVIS_E_LONG       STRICT: a text above 255 bytes
 * VPCVIS_E_LIMIT      more than VPCVIS_FILTER_RULES_MAX rules; STRICT: more than 10
 * VPCVIS_E_CONFIG, VPCVIS_E_CPU
 * Over config->max_bytes a smaller structure is planned (VPCVIS_FILTER_FALLBACK).
 */
VPCVIS_API vpcvis_status vpcvis_filter_plan(const struct vpcvis_rule *rules, size_t count,
                                            const struct vpcvis_filter_config *config,
                                            void *scratch, size_t scratch_len,
                                            struct vpcvis_filter_needs *needs,
                                            struct vpcvis_error *error);

/*
 * Build the filter in memory of len bytes, which stays until its last use; rules and scratch are
 * free again. Statuses as vpcvis_filter_plan; VPCVIS_E_SPACE: memory or scratch is smaller than
 * planned. On failure an older filter elsewhere is as it was.
 */
VPCVIS_API vpcvis_status vpcvis_filter_build(const struct vpcvis_rule *rules,
                                             size_t count,
                                             const struct vpcvis_filter_config *config,
                                             void *memory, size_t len, void *scratch,
                                             size_t scratch_len, vpcvis_filter **filter,
                                             struct vpcvis_error *error);

/* Plan and build in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_filter_new(const struct vpcvis_rule *rules, size_t count,
                                           const struct vpcvis_filter_config *config,
                                           const struct vpcvis_allocator *allocator,
                                           vpcvis_filter **filter,
                                           struct vpcvis_error *error);

/* Free what vpcvis_filter_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_filter_free(vpcvis_filter *filter,
                                   const struct vpcvis_allocator *allocator);

/*
 * ---- Work ----
 *
 * Judge count packets, packet i being at (const char *)packets + i * stride, into answers[i].
 * stride is sizeof(struct vpcvis_packet) or more, a multiple of 8. direction is that of all
 * packets, or 0: each one's own; one that is unknown matches no rule. [filter.direction]
 * VPCVIS_OK; VPCVIS_E_ARG: NULL with count, a bad stride or direction.
 *
 * - A range of ports fits only where ports are known: not ICMP, ESP, later fragments, cut
 *   headers. A rule without ranges does not look at ports. [filter.unknown-ports]
 * - Protocols are what follows IPv6 extension headers; 58 is not 1. [filter.icmpv6]
 * - Tunnels are not entered: the outermost IP header counts. [filter.outermost]
 */
VPCVIS_API vpcvis_status vpcvis_filter_match(const vpcvis_filter *filter,
                                             const struct vpcvis_packet *packets,
                                             size_t stride, size_t count,
                                             uint32_t direction,
                                             struct vpcvis_filter_answer *answers);

/* ---- Looking ---- */

/*
 * Judge one packet by the rules themselves, without a filter: *answer is what a filter says.
 * parts, unless NULL, has a byte for each rule: VPCVIS_FILTER_PART_NONE if it fits, or the
 * first part that does not, in the order of the constants. [filter.explain]
 * Statuses as vpcvis_filter_plan, whose check it makes but for duplicates; also VPCVIS_E_ARG: a
 * bad direction.
 */
VPCVIS_API vpcvis_status vpcvis_filter_explain(const struct vpcvis_rule *rules,
                                               size_t count,
                                               const struct vpcvis_filter_config *config,
                                               const struct vpcvis_packet *packet,
                                               uint32_t direction, uint8_t *parts,
                                               struct vpcvis_filter_answer *answer,
                                               struct vpcvis_error *error);

/* vpcvis_filter_finding.kind */
#define VPCVIS_FILTER_SAME       1 /* fits just the packets of an earlier rule: `by` */
#define VPCVIS_FILTER_COVERED    2 /* fits only packets of an earlier rule: never matches */
#define VPCVIS_FILTER_ACCEPT_ALL 3 /* accepts every packet of its family and direction */
#define VPCVIS_FILTER_JOINED_ALL 4 /* and so do two halves together, this one and `by` */
#define VPCVIS_FILTER_IDLE       5 /* a reject that no accept of its family comes after */

/* Of two indexes the rule is the one that comes later in the order of evaluation. */
struct vpcvis_filter_finding {
    uint32_t kind;
    uint32_t rule;
    uint32_t by; /* VPCVIS_FILTER_NONE where there is none */
    uint32_t reserved;
};

/*
 * What is odd about rules, in the order of the array, each rule's by kind; SAME is not also
 * COVERED. Time grows with the square of count. Only single rules are held against each other:
 * a rule covered by several together is not found. [filter.lint] *found is stored.
 * VPCVIS_E_SPACE: capacity is too small, *found is the size needed. Else as explain.
 */
VPCVIS_API vpcvis_status vpcvis_filter_lint(const struct vpcvis_rule *rules, size_t count,
                                            const struct vpcvis_filter_config *config,
                                            struct vpcvis_filter_finding *findings,
                                            size_t capacity, size_t *found,
                                            struct vpcvis_error *error);

/*
 * ---- Text ----
 *
 * Words between runs of spaces and tabs. Protocols are `all` (or -1, as some interfaces write
 * it), a number, or a name (tcp, udp, icmp, icmpv6, gre, esp, sctp and a few more); a port is one
 * number or first-last; what follows # (and one space) is the description, any bytes but
 * control characters. Words are lower case. [filter.text]
 */
#define VPCVIS_FILTER_LINE_RULE    1
#define VPCVIS_FILTER_LINE_SERVICE 2

/*
 * Read one line, without its newline (one CR at the end is left out); rule->text points into
 * it. VPCVIS_OK: *kind says which of *rule and *service was set (a VPCVIS_FILTER_AMAZON_DNS
 * bit). VPCVIS_NOMATCH: blank, or a comment. Else error->offset is the byte at fault, or the
 * line's length if it ends too early, and error->column the part:
 * VPCVIS_E_WORD: another word has to be there, or none; VPCVIS_E_NUMBER, VPCVIS_E_RANGE,
 * VPCVIS_E_ADDRESS, VPCVIS_E_PREFIX, VPCVIS_E_BYTE; VPCVIS_E_ARG: NULL. Parts that contradict
 * each other are for vpcvis_filter_plan.
 */
VPCVIS_API vpcvis_status vpcvis_filter_read(const char *text, size_t text_len,
                                            uint32_t *kind, struct vpcvis_rule *rule,
                                            uint32_t *service,
                                            struct vpcvis_error *error);

/*
 * Read lines up to text_len: rules into rules[capacity], *count of them, and services or-ed.
 * VPCVIS_E_SPACE: *count is the capacity needed. On failure rules may hold some of those before.
 * A bad line ends it: as vpcvis_filter_read, with
 * error->line and line_at.
 */
VPCVIS_API vpcvis_status vpcvis_filter_read_lines(const char *text, size_t text_len,
                                                  struct vpcvis_rule *rules,
                                                  size_t capacity, size_t *count,
                                                  uint32_t *services,
                                                  struct vpcvis_error *error);

/*
 * Write a rule as one line, no newline, so that reading it gives the same rule.
 * VPCVIS_E_SPACE: *out_len is the size needed. VPCVIS_E_BYTE: a control character in its
 * description; VPCVIS_E_ARG: NULL, or a rule that reading never makes.
 */
VPCVIS_API vpcvis_status vpcvis_filter_write(const struct vpcvis_rule *rule, char *out,
                                             size_t capacity, size_t *out_len);

/* The name of one service bit ("amazon-dns") or part ("srcport"), NUL-terminated, or NULL. */
VPCVIS_API const char *vpcvis_filter_service_name(uint32_t service);
VPCVIS_API const char *vpcvis_filter_part_name(uint32_t part);

/* Sizes for bindings: of struct vpcvis_rule and struct vpcvis_filter_answer. */
VPCVIS_API size_t vpcvis_filter_rule_bytes(void);
VPCVIS_API size_t vpcvis_filter_answer_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
