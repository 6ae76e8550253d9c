/* SPDX-License-Identifier: MIT */
/*
 * Room filter: every box of a set, from the last to the first, over 16 packets at a time: the
 * last write is that of the first match. A word differs where it has bits that the box's mask
 * keeps and its value lacks; ports lie in a pair of ranges if no subtraction falls below 0.
 */
#include "filter.h"

#define LANES 16u

VPCVIS_I_INLINE void linear4(const struct vpcvis_i_filter_set *set,
                             const struct vpcvis_i_filter_keys *keys, uint32_t from,
                             uint32_t *answers)
{
    const uint32_t *src = keys->src[0] + from, *dst = keys->dst[0] + from,
                   *ports = keys->ports + from, *kind = keys->kind + from;
    uint32_t best[LANES] = {0};
    uint32_t i, lane;

    for (i = set->count; i-- > 0;) {
        const struct vpcvis_i_filter_box4 *box = &set->box4[i];
        const uint32_t answer = set->first + i;
        for (lane = 0; lane < LANES; lane++) {
            const uint32_t differ =
                ((src[lane] ^ box->src) & box->src_mask) |
                ((dst[lane] ^ box->dst) & box->dst_mask) |
                ((kind[lane] ^ box->kind) & box->kind_mask) |
                (vpcvis_i_filter_outside(ports[lane], box->low, box->high) >> 31);
            best[lane] = differ == 0 ? answer : best[lane];
        }
    }
    memcpy(answers + from, best, sizeof(best));
}

VPCVIS_I_INLINE void linear6(const struct vpcvis_i_filter_set *set,
                             const struct vpcvis_i_filter_keys *keys, uint32_t from,
                             uint32_t *answers)
{
    const uint32_t *ports = keys->ports + from, *kind = keys->kind + from;
    uint32_t best[LANES] = {0};
    uint32_t i, lane, word;

    for (i = set->count; i-- > 0;) {
        const struct vpcvis_i_filter_box6 *box = &set->box6[i];
        const uint32_t answer = set->first + i;
        for (lane = 0; lane < LANES; lane++) {
            uint32_t differ =
                ((kind[lane] ^ box->kind) & box->kind_mask) |
                (vpcvis_i_filter_outside(ports[lane], box->low, box->high) >> 31);
            for (word = 0; word < 4; word++)
                differ |= ((keys->src[word][from + lane] ^ box->src[word]) &
                           box->src_mask[word]) |
                          ((keys->dst[word][from + lane] ^ box->dst[word]) &
                           box->dst_mask[word]);
            best[lane] = differ == 0 ? answer : best[lane];
        }
    }
    memcpy(answers + from, best, sizeof(best));
}

VPCVIS_I_INLINE void linear(const vpcvis_filter *filter, uint32_t set,
                            const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                            uint32_t *answers)
{
    uint32_t from;

    for (from = 0; from < lanes; from += LANES) {
        if (set % 2 == 0)
            linear4(&filter->set[set], keys, from, answers);
        else
            linear6(&filter->set[set], keys, from, answers);
    }
}

void vpcvis_i_filter_linear(const vpcvis_filter *filter, uint32_t set,
                            const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                            uint32_t *answers)
{
    linear(filter, set, keys, lanes, answers);
}
