/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/delivery.h - where records go: what a flow log covers, and the names its files have.
 *
 *     AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/
 *         123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz
 *
 * In object storage a flow log is a tree of files, each for the records that end in one slot
 * of five minutes; here 16:20:00 to 16:24:59 (VPC user guide, "Flow log files"). [delivery.slot]
 * A slot may have several files, told apart by the last word. A text file is gzip-compressed
 * and its first line is the header line (vpcvis_layout_write). In a log group each interface
 * has a stream of its own, and there are no header lines.
 *
 * This room knows names and when a file ends. It opens no file and reads no clock: "now" is an
 * argument, Unix time in seconds. Where replay should equal live, pass the largest end time
 * seen so far; where files should end when their time is over, pass the clock.
 */
#ifndef VPCVIS_DELIVERY_H
#define VPCVIS_DELIVERY_H

#include "vpcvis/record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VPCVIS_DELIVERY_SLOT_S     300      /* seconds of a slot */
#define VPCVIS_DELIVERY_FILE_BYTES 75000000 /* a file that long takes no more: 75 MB */
#define VPCVIS_DELIVERY_TIME_MAX   253402300799 /* the last second of the year 9999 */
#define VPCVIS_DELIVERY_WORD_MAX   64           /* bytes of one word of a name */
#define VPCVIS_DELIVERY_KEY_MAX    1024         /* bytes of an object key, as in S3 */

/* A piece of text: len bytes, no NUL. text may be NULL if len is 0. */
struct vpcvis_delivery_word {
    const char *text;
    VPCVIS_POINTER_PAD(text_pad)
    uint64_t len;
};

/*
 * Flow logs. One is set up for a VPC, a subnet, an interface, a transit gateway or an
 * attachment of one, and takes all traffic, what was accepted or what was rejected.
 */
#define VPCVIS_DELIVERY_VPC             1 /* every interface in it */
#define VPCVIS_DELIVERY_SUBNET          2 /* every interface in it */
#define VPCVIS_DELIVERY_INTERFACE       3 /* this one */
#define VPCVIS_DELIVERY_TRANSIT_GATEWAY 4 /* every attachment of it */
#define VPCVIS_DELIVERY_ATTACHMENT      5 /* this one */

#define VPCVIS_DELIVERY_ALL    0
#define VPCVIS_DELIVERY_ACCEPT 1
#define VPCVIS_DELIVERY_REJECT 2

struct vpcvis_delivery_log {
    uint32_t scope;   /* VPCVIS_DELIVERY_VPC... */
    uint32_t traffic; /* VPCVIS_DELIVERY_ALL... */
    /* Longest time that one record covers: 60 or 600 (0: 600); of a transit gateway 60
     * (0: 60). Interfaces of Nitro instances have 60 whatever the log says. */
    uint32_t interval_s;
    uint32_t reserved;
    struct vpcvis_delivery_word
        resource; /* its id: vpc-..., subnet-..., eni-..., tgw-... */
};

/*
 * Look whether a flow log can be, and fill in its interval. VPCVIS_E_ARG: log is NULL, or an
 * empty resource. VPCVIS_E_CONFIG: unknown scope or traffic, another interval, or a transit
 * gateway that should tell accepted from rejected, which its records do not. [delivery.log]
 */
VPCVIS_API vpcvis_status vpcvis_delivery_plan(struct vpcvis_delivery_log *log);

/*
 * Whether a flow log covers an interface; about is a record of what is known of it, as for
 * vpcvis_flow_add_interface. The log's resource is looked for in vpc-id, subnet-id,
 * interface-id, tgw-id or tgw-attachment-id. VPCVIS_OK: covered. VPCVIS_NOMATCH: another
 * one's, or about does not say. VPCVIS_E_ARG. [delivery.covers]
 */
VPCVIS_API vpcvis_status vpcvis_delivery_match_interface(
    const struct vpcvis_delivery_log *log, const struct vpcvis_record *about);

/*
 * Whether a flow log takes a record of an interface that it covers. VPCVIS_OK: yes;
 * VPCVIS_NOMATCH: no. NODATA and SKIPDATA have no action and are taken always: they speak of
 * the interface. A record of a flow without action (its layout lacks it, or it was `-`) cannot
 * be told from others: VPCVIS_E_ARG unless the log takes all. [delivery.takes]
 */
VPCVIS_API vpcvis_status vpcvis_delivery_match_record(
    const struct vpcvis_delivery_log *log, const struct vpcvis_record *record);

/*
 * Names. A word is 1 to VPCVIS_DELIVERY_WORD_MAX letters, digits and hyphens.
 *
 *     PREFIX/AWSLogs/ACCOUNT/vpcflowlogs/REGION/2018/06/20/            plain
 *     PREFIX/AWSLogs/ACCOUNT/vpcflowlogs/REGION/2018/06/20/16/         HOURLY
 *     PREFIX/AWSLogs/aws-account-id=ACCOUNT/aws-service=vpcflowlogs/aws-region=REGION/
 *         year=2018/month=06/day=20/hour=16/                           HIVE and HOURLY
 *
 * PREFIX is optional, as is an organization's id after AWSLogs. [delivery.key]
 */
#define VPCVIS_DELIVERY_HIVE    1u /* folders are key=value */
#define VPCVIS_DELIVERY_HOURLY  2u /* a folder for each hour */
#define VPCVIS_DELIVERY_SERVICE 4u /* with HIVE: `service=`, as a guide of 2023 has it */

#define VPCVIS_DELIVERY_LOG_GZ  0 /* .log.gz */
#define VPCVIS_DELIVERY_PARQUET 1 /* .log.parquet */
#define VPCVIS_DELIVERY_LOG     2 /* .log: not compressed; not from AWS */

struct vpcvis_delivery_key {
    uint32_t style;  /* VPCVIS_DELIVERY_HIVE, _HOURLY, _SERVICE */
    uint32_t format; /* VPCVIS_DELIVERY_LOG_GZ... */
    /* First second of the slot; names have it in minutes. */
    uint64_t slot_s;
    struct vpcvis_delivery_word
        prefix; /* printable; no `/` at either end; may be empty */
    struct vpcvis_delivery_word
        organization; /* a word beginning with `o-`; may be empty */
    struct vpcvis_delivery_word account;
    struct vpcvis_delivery_word region;
    struct vpcvis_delivery_word flow_log;
    struct vpcvis_delivery_word hash; /* what tells files of one slot apart */
};

/*
 * Write a whole object key, or the file name alone (style, prefix and organization are not
 * looked at). VPCVIS_E_SPACE stores the size needed; out may be NULL with capacity 0.
 * VPCVIS_E_RANGE: slot_s is no whole minute, or beyond the year 9999. VPCVIS_E_KEY: a part
 * that is not as said above, or more than VPCVIS_DELIVERY_KEY_MAX bytes. VPCVIS_E_CONFIG:
 * unknown style or format. VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_delivery_write_key(const struct vpcvis_delivery_key *key,
                                                   char *out, size_t capacity,
                                                   size_t *out_len);
VPCVIS_API vpcvis_status vpcvis_delivery_write_name(const struct vpcvis_delivery_key *key,
                                                    char *out, size_t capacity,
                                                    size_t *out_len);

/*
 * Read them back; words point into text. What is accepted is exactly what is written for *key.
 * VPCVIS_E_KEY: not the name of a flow log's file; VPCVIS_E_RANGE: no such minute. error,
 * unless NULL, has the offset of the word at fault: the folder's, where folder and name
 * differ. VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_delivery_read_key(const char *text, size_t len,
                                                  struct vpcvis_delivery_key *key,
                                                  struct vpcvis_error *error);
VPCVIS_API vpcvis_status vpcvis_delivery_read_name(const char *text, size_t len,
                                                   struct vpcvis_delivery_key *key,
                                                   struct vpcvis_error *error);

/*
 * Log streams: the interface's id and the traffic type, `eni-9f825df9-all`. Only `all` has been
 * seen; `accept` and `reject` are by analogy. VPCVIS_E_KEY: no word; or, when read, no such
 * ending: offset is then the end of the text. Else as above. [delivery.stream]
 */
VPCVIS_API vpcvis_status vpcvis_delivery_write_stream(
    const struct vpcvis_delivery_word *interface, uint32_t traffic, char *out,
    size_t capacity, size_t *out_len);
VPCVIS_API vpcvis_status vpcvis_delivery_read_stream(
    const char *text, size_t len, struct vpcvis_delivery_word *interface,
    uint32_t *traffic, struct vpcvis_error *error);

/*
 * The slot of a record: of its end, else its start, else of now_s. Times past the year 9999
 * have no name and count as missing. Stores the slot's first second. VPCVIS_E_ARG: NULL, or
 * now_s itself past that year.
 */
VPCVIS_API vpcvis_status vpcvis_delivery_find_slot(const struct vpcvis_record *record,
                                                   uint64_t now_s, uint64_t *slot_s);

/*
 * The machine: which file a record goes to, and when a file is to be closed. [delivery.rotate]
 */
typedef struct vpcvis_delivery vpcvis_delivery;

/* No machine of up to 64 files needs more memory than this. */
#define VPCVIS_DELIVERY_BYTES_MAX 8192

struct vpcvis_delivery_config {
    uint32_t size;  /* sizeof(struct vpcvis_delivery_config) */
    uint32_t files; /* open at a time, at most 64; 0: 8 */
    uint64_t
        file_bytes; /* a file of so many takes no more; 0: VPCVIS_DELIVERY_FILE_BYTES */
    /* A file is due so long after its slot, and after it was opened for late records, so that
     * their files end as well; 0: 60. */
    uint64_t linger_s;
    uint8_t hash_key[16]; /* for the files' last word; machines that write to one place at
                           * the same time have different ones */
};

/* A file. Its number is free again when it has been handed out to be closed. */
struct vpcvis_delivery_file {
    uint64_t slot_s;
    uint64_t bytes; /* added to it */
    uint64_t records;
    uint64_t due_s;  /* it is to be closed then, if not before */
    uint32_t number; /* below config.files: this one's among those that are open */
    uint32_t reserved;
    char hash
        [8]; /* hexadecimal digits, of hash_key, slot and how many files came before */
};

/* Memory that vpcvis_delivery_init needs; 0: a bad config. */
VPCVIS_API size_t vpcvis_delivery_bytes(const struct vpcvis_delivery_config *config);

/* Make a machine in memory of len bytes, which stays until its last use; config may be NULL.
 * One thread at a time. VPCVIS_E_SPACE, VPCVIS_E_CONFIG, VPCVIS_E_ARG. */
VPCVIS_API vpcvis_status vpcvis_delivery_init(void *memory, size_t len,
                                              const struct vpcvis_delivery_config *config,
                                              vpcvis_delivery **delivery);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_delivery_new(const struct vpcvis_delivery_config *config,
                                             const struct vpcvis_allocator *allocator,
                                             vpcvis_delivery **delivery);

/* Free what vpcvis_delivery_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_delivery_free(vpcvis_delivery *delivery,
                                     const struct vpcvis_allocator *allocator);

/*
 * Add `records` records of a slot, `bytes` long as files count them (AWS does not say whether
 * its 75 MB are compressed; count what you store). VPCVIS_OK: *file takes them; with
 * file->records == records it is new, and begins with the header line. VPCVIS_MORE: *file has
 * to make room, since it is full, or the oldest slot of as many as can be open: close it and
 * call again. Nothing was added then. A file is never longer than file_bytes unless one call's
 * bytes are. VPCVIS_E_ARG: NULL, or a slot that is no multiple of 300.
 */
VPCVIS_API vpcvis_status vpcvis_delivery_pick(vpcvis_delivery *delivery, uint64_t slot_s,
                                              uint64_t records, uint64_t bytes,
                                              uint64_t now_s,
                                              struct vpcvis_delivery_file *file);

/*
 * The next file that is due at now_s, the oldest slot first: VPCVIS_OK: close *file; VPCVIS_DONE:
 * none. UINT64_MAX: all of them, at the end. VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_delivery_next(vpcvis_delivery *delivery, uint64_t now_s,
                                              struct vpcvis_delivery_file *file);

/* For bindings: sizes of struct vpcvis_delivery_log, _key and _file. */
VPCVIS_API size_t vpcvis_delivery_log_bytes(void);
VPCVIS_API size_t vpcvis_delivery_key_bytes(void);
VPCVIS_API size_t vpcvis_delivery_file_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
