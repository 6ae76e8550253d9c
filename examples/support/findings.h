/* SPDX-License-Identifier: MIT */
/*
 * What deserves a look in a flow log, each finding with its evidence. It says what the records
 * show; what may be behind it is worded as a possibility.
 */
#ifndef EXAMPLES_FINDINGS_H
#define EXAMPLES_FINDINGS_H

#include <vpcvis/prefix.h>

#include "question.h"
#include "talks.h"

#include <stdio.h>

#define FINDING_SCAN     0 /* one source, many ports of a host, most to no effect */
#define FINDING_SWEEP    1 /* one source and port, many hosts, most to no effect */
#define FINDING_REPLY    2 /* accepted one way, the replies rejected */
#define FINDING_REJECTED 3 /* attempts of an internal host, all rejected */
#define FINDING_REASON   4 /* rejected, and the log says why */
#define FINDING_VOLUME   5 /* far more to the internet than this source sends else */
#define FINDING_NEW      6 /* an internal host that was not there before */
#define FINDING_NAT      7 /* whose traffic it is, behind an address that many share */
#define FINDING_SKIPDATA 8 /* records were lost */
#define FINDING_NODATA   9 /* no traffic */
#define FINDING_KINDS    10

/* Thresholds; see findings_help. */
struct findings_limits {
    uint64_t window_s, ports, hosts, failed_percent, attempts, volume, factor, windows;
};

/* One finding. What a kind does not say is 0, NULL or without family. */
struct finding {
    uint32_t kind;
    struct vpcvis_addr source, destination;
    const char *name; /* of an interface, or a reason; name_len bytes */
    size_t name_len;
    int protocol, port;   /* -1: none, or several */
    uint64_t ports;       /* different ones tried */
    uint64_t hosts;       /* different ones tried, or talked to */
    uint64_t attempts;    /* conversations */
    uint64_t failed;      /* of them */
    uint64_t rejected;    /* of them */
    uint64_t records;     /* where no conversations are counted */
    uint64_t bytes;       /* sent by source */
    uint64_t usual_bytes; /* VOLUME: the most in any other window */
    uint64_t first_s, last_s;
};

/* The questions that findings are made of, to be asked in one reading. */
#define FINDINGS_QUESTIONS 4

struct findings {
    struct findings_limits limits;
    const vpcvis_prefix *internal; /* whose addresses are inside */
    struct question questions[FINDINGS_QUESTIONS];
    char talks_question[160];
    struct talks talks;
    const struct talk **order; /* of talks, for sorting */
    struct finding *found;
    size_t count, capacity;
    int out_of_memory;
    char too_short; /* a log of too few windows to say what is usual */
};

/* Set the limits' defaults. */
void findings_init(struct findings *findings);

/*
 * Take one option of findings. 1: taken; 0: it is none; -1: its value is no number, *value says
 * which.
 */
int findings_option(struct findings *findings, char **argv, int *i, const char **value);

/* Make the questions; rollups are made of them by the caller. */
void findings_ask(struct findings *findings);

/* Look at the answers, which live until findings_free. 0, or -1 if there is no memory. */
int findings_find(struct findings *findings, vpcvis_rollup *const *rollups);

/* Print them: to a table (count of each kind), CSV or JSON, as in answer.h. */
void findings_print(FILE *out, const struct findings *findings, int to, uint32_t count);

void findings_free(struct findings *findings);

/* For the parts: a new finding, or NULL if there is no memory. */
struct finding *findings_add(struct findings *findings, uint32_t kind);
int findings_is_internal(const struct findings *findings, const struct vpcvis_addr *addr);
void findings_scans(struct findings *findings);
void findings_failures(struct findings *findings);
void findings_volumes(struct findings *findings);
void findings_newcomers(struct findings *findings);

#endif
