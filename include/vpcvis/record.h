/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/record.h - one flow-log record, and the catalogue of every field it can have.
 *
 * A flow-log record says who talked to whom (the 5-tuple: source and destination address,
 * source and destination port, protocol), how much (packets, bytes), when (start, end), and
 * whether it was let through (action), as one network interface (ENI) saw it in one
 * aggregation interval. log-status says what kind of record it is: OK is a flow, NODATA says
 * the interface was idle, SKIPDATA says records were lost; the last two have `-` for all that
 * describes a flow. [record.nodata]
 *
 * Three things are kept apart, always: a field the layout does not have (absent), a field
 * that was `-` (not applicable, or unknown), and a value. 0 is a value. [record.dash]
 *
 * This room knows fields and values; text lines are read and written by vpcvis/line.h. The
 * value of `version` in a record decides nothing: layouts do (vpcvis/layout.h).
 */
#ifndef VPCVIS_RECORD_H
#define VPCVIS_RECORD_H

#include "vpcvis/addr.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Field ids. The 54 fields of VPC flow logs in documented order, then the 18 that transit
 * gateway flow logs add. Later versions of AWS's format take ids from 72 up; names that this
 * library does not know take ids from VPCVIS_FIELD_MAX - 1 downwards, in layout order, and
 * are kept as text.
 */
#define VPCVIS_FIELD_COUNT 72 /* fields known to this header */
#define VPCVIS_FIELD_MAX   96 /* ids, and columns of a layout, are below this */
#define VPCVIS_FIELD_NONE  0xffffffffu

#define VPCVIS_FIELD_VERSION                    0
#define VPCVIS_FIELD_ACCOUNT_ID                 1
#define VPCVIS_FIELD_INTERFACE_ID               2
#define VPCVIS_FIELD_SRCADDR                    3
#define VPCVIS_FIELD_DSTADDR                    4
#define VPCVIS_FIELD_SRCPORT                    5
#define VPCVIS_FIELD_DSTPORT                    6
#define VPCVIS_FIELD_PROTOCOL                   7
#define VPCVIS_FIELD_PACKETS                    8
#define VPCVIS_FIELD_BYTES                      9
#define VPCVIS_FIELD_START                      10
#define VPCVIS_FIELD_END                        11
#define VPCVIS_FIELD_ACTION                     12
#define VPCVIS_FIELD_LOG_STATUS                 13
#define VPCVIS_FIELD_VPC_ID                     14
#define VPCVIS_FIELD_SUBNET_ID                  15
#define VPCVIS_FIELD_INSTANCE_ID                16
#define VPCVIS_FIELD_TCP_FLAGS                  17
#define VPCVIS_FIELD_TYPE                       18
#define VPCVIS_FIELD_PKT_SRCADDR                19
#define VPCVIS_FIELD_PKT_DSTADDR                20
#define VPCVIS_FIELD_REGION                     21
#define VPCVIS_FIELD_AZ_ID                      22
#define VPCVIS_FIELD_SUBLOCATION_TYPE           23
#define VPCVIS_FIELD_SUBLOCATION_ID             24
#define VPCVIS_FIELD_PKT_SRC_AWS_SERVICE        25
#define VPCVIS_FIELD_PKT_DST_AWS_SERVICE        26
#define VPCVIS_FIELD_FLOW_DIRECTION             27
#define VPCVIS_FIELD_TRAFFIC_PATH               28
#define VPCVIS_FIELD_ECS_CLUSTER_ARN            29
#define VPCVIS_FIELD_ECS_CLUSTER_NAME           30
#define VPCVIS_FIELD_ECS_CONTAINER_INSTANCE_ARN 31
#define VPCVIS_FIELD_ECS_CONTAINER_INSTANCE_ID  32
#define VPCVIS_FIELD_ECS_CONTAINER_ID           33
#define VPCVIS_FIELD_ECS_SECOND_CONTAINER_ID    34
#define VPCVIS_FIELD_ECS_SERVICE_NAME           35
#define VPCVIS_FIELD_ECS_TASK_DEFINITION_ARN    36
#define VPCVIS_FIELD_ECS_TASK_ARN               37
#define VPCVIS_FIELD_ECS_TASK_ID                38
#define VPCVIS_FIELD_REJECT_REASON              39
#define VPCVIS_FIELD_RESOURCE_ID                40
#define VPCVIS_FIELD_ENCRYPTION_STATUS          41
#define VPCVIS_FIELD_INSTANCE_TAG               42
#define VPCVIS_FIELD_INSTANCE_TAG_2             43
#define VPCVIS_FIELD_INTERFACE_TAG              44
#define VPCVIS_FIELD_INTERFACE_TAG_2            45
#define VPCVIS_FIELD_ASG_TAG                    46
#define VPCVIS_FIELD_ASG_TAG_2                  47
#define VPCVIS_FIELD_INTERFACE_TYPE             48
#define VPCVIS_FIELD_NEXT_HOP_INTERFACE_ID      49
#define VPCVIS_FIELD_NEXT_HOP_SUBNET_ID         50
#define VPCVIS_FIELD_NEXT_HOP_AZ_ID             51
#define VPCVIS_FIELD_NEXT_HOP_VPC_ID            52
#define VPCVIS_FIELD_NEXT_HOP_INTERFACE_TYPE    53
#define VPCVIS_FIELD_RESOURCE_TYPE              54
#define VPCVIS_FIELD_TGW_ID                     55
#define VPCVIS_FIELD_TGW_ATTACHMENT_ID          56
#define VPCVIS_FIELD_TGW_SRC_VPC_ACCOUNT_ID     57
#define VPCVIS_FIELD_TGW_DST_VPC_ACCOUNT_ID     58
#define VPCVIS_FIELD_TGW_SRC_VPC_ID             59
#define VPCVIS_FIELD_TGW_DST_VPC_ID             60
#define VPCVIS_FIELD_TGW_SRC_SUBNET_ID          61
#define VPCVIS_FIELD_TGW_DST_SUBNET_ID          62
#define VPCVIS_FIELD_TGW_SRC_ENI                63
#define VPCVIS_FIELD_TGW_DST_ENI                64
#define VPCVIS_FIELD_TGW_SRC_AZ_ID              65
#define VPCVIS_FIELD_TGW_DST_AZ_ID              66
#define VPCVIS_FIELD_TGW_PAIR_ATTACHMENT_ID     67
#define VPCVIS_FIELD_PACKETS_LOST_NO_ROUTE      68
#define VPCVIS_FIELD_PACKETS_LOST_BLACKHOLE     69
#define VPCVIS_FIELD_PACKETS_LOST_MTU_EXCEEDED  70
#define VPCVIS_FIELD_PACKETS_LOST_TTL_EXPIRED   71

/* What a field holds. */
#define VPCVIS_KIND_NUMBER32 1 /* an integer of at most 31 bits */
#define VPCVIS_KIND_NUMBER64 2 /* an integer of at most 64 bits */
#define VPCVIS_KIND_ADDRESS  3 /* an IPv4 or IPv6 address */
#define VPCVIS_KIND_NAME     4 /* one of a list of words; others are kept as text, code 0 */
#define VPCVIS_KIND_TEXT     5 /* any text, ids and account numbers included */

/* The type of the field in flow logs delivered as Parquet. */
#define VPCVIS_PARQUET_INT32  1
#define VPCVIS_PARQUET_INT64  2
#define VPCVIS_PARQUET_STRING 3

/* What a field describes. */
#define VPCVIS_ABOUT_FLOW      1 /* the flow as the interface sees it */
#define VPCVIS_ABOUT_PACKET    2 /* the packet's own header, before any translation */
#define VPCVIS_ABOUT_INTERFACE 3 /* the interface or gateway: known without traffic */
#define VPCVIS_ABOUT_LOG       4 /* the record itself */

/* Codes of VPCVIS_KIND_NAME fields; 0 is a word that is not in the list. */
#define VPCVIS_ACTION_ACCEPT                            1
#define VPCVIS_ACTION_REJECT                            2
#define VPCVIS_LOG_STATUS_OK                            1
#define VPCVIS_LOG_STATUS_NODATA                        2
#define VPCVIS_LOG_STATUS_SKIPDATA                      3
#define VPCVIS_TYPE_IPV4                                1
#define VPCVIS_TYPE_IPV6                                2
#define VPCVIS_TYPE_EFA                                 3
#define VPCVIS_FLOW_DIRECTION_INGRESS                   1
#define VPCVIS_FLOW_DIRECTION_EGRESS                    2
#define VPCVIS_SUBLOCATION_TYPE_WAVELENGTH              1
#define VPCVIS_SUBLOCATION_TYPE_OUTPOST                 2
#define VPCVIS_SUBLOCATION_TYPE_LOCALZONE               3
#define VPCVIS_REJECT_REASON_BPA                        1 /* VPC Block Public Access */
#define VPCVIS_REJECT_REASON_EC                         2 /* VPC encryption controls */
#define VPCVIS_RESOURCE_TYPE_TRANSIT_GATEWAY            1
#define VPCVIS_RESOURCE_TYPE_TRANSIT_GATEWAY_ATTACHMENT 2

/* tcp-flags: the bits of a TCP header, OR-ed over the interval. [record.tcp-flags] */
#define VPCVIS_TCP_FIN 1
#define VPCVIS_TCP_SYN 2
#define VPCVIS_TCP_RST 4
#define VPCVIS_TCP_PSH 8
#define VPCVIS_TCP_ACK 16
#define VPCVIS_TCP_URG 32
#define VPCVIS_TCP_ECE 64
#define VPCVIS_TCP_CWR 128

/* vpcvis_record.flags */
#define VPCVIS_RECORD_UNKNOWN 1u /* a NAME field holds a word that is not in its list */
#define VPCVIS_RECORD_FEW     2u /* lenient: the line had fewer columns than the layout */
#define VPCVIS_RECORD_MANY    4u /* lenient: the line had more; the surplus is dropped */
#define VPCVIS_RECORD_MS      8u /* start or end came in milliseconds, rounded down to s */
/* Set by the aggregator (vpcvis/flow.h). */
#define VPCVIS_RECORD_SATURATED 16u /* packets or bytes stopped at 2^64 - 1 */
#define VPCVIS_RECORD_LATE      32u /* counts packets that came after their window */
#define VPCVIS_RECORD_FRAGMENT  64u /* counts fragments that had no ports */

/* A text inside a record: len bytes at base + at. */
struct vpcvis_text {
    uint16_t at;
    uint16_t len;
};

/*
 * One record. A slot means something only where its field's bit is set in `value`; nothing
 * else is initialised, so never read a slot without its bit. The bit of field f is
 * (value[f / 64] >> (f % 64)) & 1. A field is absent where neither `value` nor `dash` is set.
 *
 * base points to the bytes that texts count from, usually the line inside the caller's
 * buffer: a record's texts live exactly as long as those bytes. Fields of kind TEXT and NAME
 * have a slot in `text`; a NAME field has its code as well, so that an unknown word is kept.
 * All of a v2 record lies in the first 192 bytes.
 */
struct vpcvis_record {
    const char *base;
    VPCVIS_POINTER_PAD(base_pad)
    uint64_t value[2];
    uint64_t dash[2];
    uint32_t flags; /* VPCVIS_RECORD_... */
    uint32_t version;
    uint64_t packets;
    uint64_t bytes;
    uint64_t start_s; /* Unix time of the first packet, seconds */
    uint64_t end_s;   /* and of the last */
    uint16_t srcport;
    uint16_t dstport;
    uint8_t protocol; /* IANA number; 6 is TCP, 17 UDP, 1 ICMP, 58 ICMPv6 */
    uint8_t action;
    uint8_t log_status;
    uint8_t type;
    struct vpcvis_addr srcaddr;
    struct vpcvis_addr dstaddr;
    struct vpcvis_text text[VPCVIS_FIELD_MAX]; /* by field id */
    uint32_t tcp_flags;
    uint32_t traffic_path;
    uint32_t encryption_status;
    uint8_t flow_direction;
    uint8_t sublocation_type;
    uint8_t reject_reason;
    uint8_t resource_type;
    uint64_t packets_lost_no_route;
    uint64_t packets_lost_blackhole;
    uint64_t packets_lost_mtu_exceeded;
    uint64_t packets_lost_ttl_expired;
    struct vpcvis_addr pkt_srcaddr;
    struct vpcvis_addr pkt_dstaddr;
    uint64_t reserved[3];
};

/* A row of the catalogue. Names are static NUL-terminated texts. */
struct vpcvis_field {
    const char *name; /* as AWS writes it, with hyphens */
    VPCVIS_POINTER_PAD(name_pad)
    uint32_t id;
    uint32_t version; /* of the format that brought it: 2..11 */
    uint32_t kind;    /* VPCVIS_KIND_... */
    uint32_t parquet; /* VPCVIS_PARQUET_... */
    uint32_t about;   /* VPCVIS_ABOUT_... */
    uint32_t reserved;
    uint64_t max; /* largest value of a number, else 0 */
};

/* States of a field in a record. */
#define VPCVIS_STATE_ABSENT 0
#define VPCVIS_STATE_DASH   1
#define VPCVIS_STATE_VALUE  2

/* A field of a record, whatever its kind. What the kind does not use is zero. */
struct vpcvis_value {
    const char
        *text; /* TEXT, NAME: not NUL-terminated; lives as long as the record's base */
    VPCVIS_POINTER_PAD(text_pad)
    uint32_t text_len;
    uint32_t state; /* VPCVIS_STATE_... */
    uint32_t kind;  /* VPCVIS_KIND_... */
    uint32_t reserved;
    uint64_t number;         /* NUMBER32, NUMBER64: the value; NAME: the code */
    struct vpcvis_addr addr; /* ADDRESS */
};

/*
 * The catalogue row of a field id. VPCVIS_NOMATCH for an id that this library does not know;
 * VPCVIS_E_ARG for NULL.
 */
VPCVIS_API vpcvis_status vpcvis_record_field(uint32_t id, struct vpcvis_field *field);

/*
 * Find a field by name: `pkt-srcaddr`, `pkt_srcaddr` or `pktSrcaddr`; the camelCase of
 * CloudWatch Logs Insights, `pktSrcAddr`, `srcPort`, is known too. Matching is by the letters,
 * without case, and ignores `-` and `_`. VPCVIS_OK stores the id; VPCVIS_NOMATCH; VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_record_find(const char *name, size_t name_len,
                                            uint32_t *id);

/* Make *record empty: all fields absent, no flags, texts counting from base (may be NULL). */
VPCVIS_API void vpcvis_record_init(struct vpcvis_record *record, const char *base);

/*
 * Look at any field. VPCVIS_OK fills *value (state says whether there is one); VPCVIS_E_ARG:
 * NULL, or id >= VPCVIS_FIELD_MAX.
 */
VPCVIS_API vpcvis_status vpcvis_record_get(const struct vpcvis_record *record,
                                           uint32_t id, struct vpcvis_value *value);

/*
 * Set any field of a record. value->state and the member that the field's kind uses are read,
 * value->kind is not. A TEXT or NAME must lie within 65,535 bytes from record->base; a NAME
 * may be given by its code alone (text NULL, number a code), and is then written by its word.
 * VPCVIS_E_RANGE: a number beyond the field's largest. VPCVIS_E_ARG: NULL, id, family, code,
 * or a text that base does not reach.
 */
VPCVIS_API vpcvis_status vpcvis_record_set(struct vpcvis_record *record, uint32_t id,
                                           const struct vpcvis_value *value);

/*
 * The word for a number of a field, and back: codes of NAME fields ("ACCEPT"), protocol
 * numbers ("TCP"), traffic-path and encryption-status (a phrase). Static NUL-terminated text,
 * NULL where there is none. Finding is without case and takes NAME fields and protocol.
 */
VPCVIS_API const char *vpcvis_record_name(uint32_t id, uint64_t number);
VPCVIS_API vpcvis_status vpcvis_record_find_name(uint32_t id, const char *text,
                                                 size_t text_len, uint64_t *number);

/*
 * Write tcp-flags as names joined by `|`, lowest bit first with SYN-ACK for SYN and ACK
 * together ("FIN|SYN-ACK"); bits that have no name are written as one decimal number at the
 * end; 0 is "-". As vpcvis_addr_write on space. VPCVIS_RECORD_TCP_FLAGS_MAX always suffices.
 */
#define VPCVIS_RECORD_TCP_FLAGS_MAX 48
VPCVIS_API vpcvis_status vpcvis_record_write_tcp_flags(uint32_t flags, char *out,
                                                       size_t capacity, size_t *out_len);

/*
 * Decode the percent-encoding (RFC 3986 section 2.1) of tag values (fields instance-tag to
 * asg-tag-2). The result is the tag's own UTF-8, never longer than text; out may be text
 * itself. VPCVIS_E_BYTE: a `%` without two hex digits (error->offset says where).
 * VPCVIS_E_SPACE as above. [record.percent]
 */
VPCVIS_API vpcvis_status vpcvis_record_read_tag(const char *text, size_t text_len,
                                                char *out, size_t capacity,
                                                size_t *out_len,
                                                struct vpcvis_error *error);

/* For bindings: sizeof(struct vpcvis_record), and VPCVIS_FIELD_COUNT of the linked library. */
VPCVIS_API size_t vpcvis_record_bytes(void);
VPCVIS_API uint32_t vpcvis_record_field_count(void);

#ifdef __cplusplus
}
#endif

#endif
