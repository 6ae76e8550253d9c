/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/suspect.h - from flows to mirror rules: copy just the conversations that matter.
 *
 *     records that stand out --read--> one rule each --merge--> at most ten rules, a bit wider
 *
 * Flow logs say who talked to whom; mirroring shows what was said. This room makes the rules of
 * a mirror filter (vpcvis/filter.h) out of records: each rule fits one conversation in one
 * direction, all five parts of its 5-tuple. AWS allows ten rules a filter, so rules are merged
 * until they fit, those first whose union lets in least. [suspect.merge] What a rule has come
 * to is told: how many conversations it stands for, and how many it would match.
 */
#ifndef VPCVIS_SUSPECT_H
#define VPCVIS_SUSPECT_H

#include "vpcvis/filter.h"
#include "vpcvis/record.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VPCVIS_SUSPECT_RULES 10 /* AWS's quota for a filter */

/* A rule and what it is for. */
struct vpcvis_suspect {
    struct vpcvis_rule rule;
    uint32_t conversations; /* it stands for */
    /* How many 5-tuples it matches, as 16 times their binary logarithm: 0 for one, 16 more for
     * each doubling. A rule without ports matches all 2^32 pairs of them. [suspect.wide] */
    uint32_t wide;
};

/*
 * The rules that mirror a record's conversation: pair[0] its own direction, pair[1] the replies,
 * the other direction with both ends exchanged. direction is the record's as its interface sees
 * it (VPCVIS_DIRECTION_INGRESS or _EGRESS), or 0: what its flow-direction says. Ports are left out
 * where the protocol has none. Numbers are 0: merging sets them. [suspect.read]
 * VPCVIS_NOMATCH: a NODATA or SKIPDATA record, or one without addresses of one family or without
 * protocol; VPCVIS_E_ARG: NULL, an unknown direction, or none at all.
 */
VPCVIS_API vpcvis_status vpcvis_suspect_read(const struct vpcvis_record *record,
                                             uint32_t direction,
                                             struct vpcvis_suspect pair[2]);

/*
 * Merge *count suspects in place until no more than limit are left (0: VPCVIS_SUSPECT_RULES), and
 * number them 10, 20, ... in each direction. All that any of them matched is matched afterwards.
 * Equal ones, and ones that lie in another, go at no cost; then, step by step, the two whose
 * union matches least. Rules of different directions, families or actions are never merged;
 * rules of different protocols become one of all protocols and ports. `wide` need not be set.
 * Takes time with the square of limit, at least of 128, and little more than linear of *count.
 *
 * VPCVIS_OK stores how many are left. VPCVIS_E_LIMIT: directions, families and actions are more
 * than limit: the suspects are merged as far as they can be, and stored. VPCVIS_E_ARG: NULL, or a
 * rule without direction, action or family, or whose blocks are of two families.
 */
VPCVIS_API vpcvis_status vpcvis_suspect_merge(struct vpcvis_suspect *suspects,
                                              size_t *count, size_t limit);

/* For bindings: sizeof(struct vpcvis_suspect). */
VPCVIS_API size_t vpcvis_suspect_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
