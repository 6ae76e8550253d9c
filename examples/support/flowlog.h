/* SPDX-License-Identifier: MIT */
/*
 * A flow log on a file descriptor: packets go in, window after window goes out as lines.
 *
 *     flowlog_take --> fragment --> count (the program's) --> vpcvis_flow_add
 *                                                                |
 *     lines <--vpcvis_line_write_rows <--vpcvis_flow_next_rows --+ window closed
 */
#ifndef EXAMPLES_FLOWLOG_H
#define EXAMPLES_FLOWLOG_H

#include <vpcvis.h>

#include "output.h"

#define FLOWLOG_BATCH 256 /* packets that one call may take */
#define FLOWLOG_ROWS  256

/* What the log is like. Texts and maps live as long as the log. */
struct flowlog_options {
    const char *layout; /* NULL: v2 */
    const vpcvis_prefix *services;
    const char *const *service_names;
    uint32_t service_count;
    uint32_t about_bytes; /* of all texts in about, at most */
    const struct vpcvis_record
        *about;          /* of the interface, which is number 0; or NULL: the
                                        * caller registers them, */
    uint32_t interfaces; /* so many at most; 0: 1 */
    uint64_t interval_s, flows;
};

struct flowlog {
    const char *program; /* as messages begin */
    struct output out;
    vpcvis_layout *layout;
    vpcvis_fragment *fragments;
    vpcvis_flow *flow;
    uint64_t interval_s, records;
    /* Gives packets of the open window directions and verdicts and adds them to `flow`. */
    void (*count)(void *context, struct vpcvis_packet *packets, size_t count);
    void *context;
    struct vpcvis_packet freed[FLOWLOG_BATCH];
    struct vpcvis_record row[FLOWLOG_ROWS];
};

/* Make what is needed and begin with the header line. 0, or an exit status: it has been said
 * on standard error why. program, count and context are set before. */
int flowlog_open(struct flowlog *log, const struct flowlog_options *options);

/* Count packets, closing windows as their times go by. */
void flowlog_take(struct flowlog *log, struct vpcvis_packet *packets, size_t count);

/* By the system's clock: close a window that is over, and send what is ready. */
void flowlog_keep_time(struct flowlog *log);

/* Close the last window and send everything. */
void flowlog_end(struct flowlog *log);

void flowlog_free(struct flowlog *log);

#endif
