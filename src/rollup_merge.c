/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: what another machine counted.
 */
#include "rollup.h"

#define AHEAD 32u /* groups that are asked for before they are read */

static uint64_t add_to_end(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int is_same_key(const struct vpcvis_rollup_key_config *a,
                       const struct vpcvis_rollup_key_config *b)
{
    return a->kind == b->kind && a->field == b->field &&
           (a->kind != VPCVIS_ROLLUP_PREFIX ||
            (a->ipv4_len == b->ipv4_len && a->ipv6_len == b->ipv6_len)) &&
           (a->kind != VPCVIS_ROLLUP_BUCKET || a->step == b->step);
}

static int is_same_kind(const struct vpcvis_rollup_config *a,
                        const struct vpcvis_rollup_config *b)
{
    uint32_t i,
        same = a->key_count == b->key_count && a->measure_count == b->measure_count &&
               a->sketch_bits == b->sketch_bits && a->sketch_seed == b->sketch_seed;

    for (i = 0; same && i < a->key_count; i++)
        same = (uint32_t)is_same_key(&a->keys[i], &b->keys[i]);
    for (i = 0; same && i < a->measure_count; i++)
        same = a->measures[i].kind == b->measures[i].kind &&
               (a->measures[i].kind == VPCVIS_ROLLUP_RECORDS ||
                a->measures[i].field == b->measures[i].field);
    return (int)same;
}

/* Put another machine's texts in a lane into this one's dictionary; 0 if one finds no room. */
static int translate(vpcvis_rollup *rollup, const vpcvis_rollup *from, uint32_t lane)
{
    uint32_t k, id;

    for (k = 0; k < rollup->config.key_count; k++) {
        uint64_t *word = &rollup->block->word[rollup->word_at[k]][lane];
        const struct vpcvis_i_rollup_entry *entry;

        if (vpcvis_i_rollup_kind(&rollup->config.keys[k]) < VPCVIS_KIND_NAME ||
            *word < VPCVIS_I_ROLLUP_TEXT)
            continue;
        entry = &from->texts.entry[*word - VPCVIS_I_ROLLUP_TEXT];
        id = vpcvis_i_rollup_intern(rollup, from->texts.bytes + entry->at, entry->len);
        if (id == UINT32_MAX)
            return 0;
        *word = VPCVIS_I_ROLLUP_TEXT | id;
    }
    return 1;
}

/* What is not counted by group. */
static void merge_counts(vpcvis_rollup *rollup, const struct vpcvis_rollup_counts *from)
{
    struct vpcvis_rollup_counts *counts = &rollup->counts;

    counts->nodata = add_to_end(counts->nodata, from->nodata);
    counts->skipdata = add_to_end(counts->skipdata, from->skipdata);
    counts->twice = add_to_end(counts->twice, from->twice);
    counts->undirected = add_to_end(counts->undirected, from->undirected);
}

/* Make a hashed block of another machine's groups. */
static void take_groups(vpcvis_rollup *rollup, const vpcvis_rollup *from, uint32_t first,
                        uint32_t count)
{
    struct vpcvis_i_rollup_block *block = rollup->block;
    const uint32_t groups = from->counts.groups;
    const uint32_t ahead = groups > AHEAD ? groups - AHEAD : 0;
    uint32_t i, w;

    block->roomless = 0;
    for (i = 0; i < count; i++) {
        const uint64_t *slot = vpcvis_i_rollup_slot(from, first + i);

        if (first + i < ahead)
            VPCVIS_I_PREFETCH(slot + (size_t)AHEAD * from->slot_words);
        for (w = 0; w < rollup->words; w++)
            block->word[w][i] = slot[w];
        if (rollup->has_texts && !translate(rollup, from, i))
            block->roomless |= (uint64_t)1 << i;
    }
    vpcvis_i_rollup_hash(rollup, count);
}

VPCVIS_I_INLINE uint32_t lanes_from(uint32_t group, uint32_t groups)
{
    const uint32_t left = groups - group;

    return left < VPCVIS_I_ROLLUP_LANES ? left : VPCVIS_I_ROLLUP_LANES;
}

/* Merge all groups. What comes next is hashed, and its memory asked for, while groups that were
 * found are joined. */
static void merge_groups(vpcvis_rollup *rollup, const vpcvis_rollup *from)
{
    const uint32_t groups = from->counts.groups;
    struct vpcvis_i_rollup_part part;
    uint32_t g, i, count, next = lanes_from(0, groups);

    take_groups(rollup, from, 0, next);
    for (g = 0; g < groups; g += count) {
        count = next;
        next = lanes_from(g + count, groups);
        vpcvis_i_rollup_find_lanes(rollup, count);
        take_groups(rollup, from, g + count, next);
        for (i = 0; i < count; i++) {
            if (i < next)
                vpcvis_i_rollup_ask(rollup, i);
            vpcvis_i_rollup_part_of(from, vpcvis_i_rollup_slot(from, g + i), &part);
            vpcvis_i_rollup_join(rollup, rollup->block->slot[i], &part);
        }
    }
}

vpcvis_status vpcvis_rollup_merge(vpcvis_rollup *rollup, const vpcvis_rollup *from)
{
    struct vpcvis_i_rollup_part part;
    uint64_t *slot;

    if (rollup == NULL || from == NULL || rollup == from)
        return VPCVIS_E_ARG;
    if (!is_same_kind(&rollup->config, &from->config))
        return VPCVIS_E_CONFIG;
    merge_groups(rollup, from);
    vpcvis_i_rollup_part_of(from, vpcvis_i_rollup_slot(from, VPCVIS_ROLLUP_OTHER), &part);
    slot = vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER);
    vpcvis_i_rollup_join(rollup, slot, &part);
    merge_counts(rollup, &from->counts);
    return VPCVIS_OK;
}
