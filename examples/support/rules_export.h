/* SPDX-License-Identifier: MIT */
/*
 * Mirror rules as what existing tools can run: commands of tc, a table of nftables, a filter
 * expression of libpcap. Where a tool cannot say what a rule says, that is said on standard
 * error.
 */
#ifndef EXAMPLES_RULES_EXPORT_H
#define EXAMPLES_RULES_EXPORT_H

#include "ruleset.h"

#include <stdio.h>

/* Where copies are to go: the mirrored device, and the one that copies leave by. */
struct rules_export {
    const char *device, *to;
};

/* rules are sorted. 0, or -1 if a format does not know something (it is said). */
int rules_export_tc(FILE *out, const struct ruleset *set, const struct rules_export *how);
int rules_export_nft(FILE *out, const struct ruleset *set,
                     const struct rules_export *how);

/* Of one direction: an expression cannot tell them apart. */
int rules_export_pcap(FILE *out, const struct ruleset *set, uint8_t direction);

#endif
