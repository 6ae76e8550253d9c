/* SPDX-License-Identifier: MIT */
/* What the parts of mirror_rules share: its options, and the commands that need more. */
#ifndef EXAMPLES_MIRROR_RULES_H
#define EXAMPLES_MIRROR_RULES_H

#include <vpcvis.h>

#include "ruleset.h"

struct mirror_rules {
    const char *rules, *filter, *packet, *pcap, *address, *vpc, *to, *device, *out;
    const char *direction, *findings;
    uint64_t limit;
    int strict, json, summary;
    char *const *files;
    size_t file_count;
    struct ruleset set;
    struct vpcvis_scope scope;
    struct vpcvis_filter_config config;
};

/* Say what is wrong; returns 2. */
int mirror_rules_fail(const char *what, const char *why);

/* The commands; each returns the exit status. */
int mirror_rules_explain(struct mirror_rules *m);
int mirror_rules_from_flows(struct mirror_rules *m);

/* Text as the inside of a JSON string. */
void mirror_rules_json_text(const char *text, size_t len);

#endif
