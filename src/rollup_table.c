/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: groups and texts, found by their hashes, and how a group is added to.
 */
#include "rollup.h"

/* An entry of an index: the upper half of the hash, and what it leads to, plus one. */
VPCVIS_I_INLINE uint64_t lead(uint64_t hash, uint32_t to)
{
    return (hash & 0xffffffff00000000u) | (to + 1u);
}

VPCVIS_I_INLINE int seems(uint64_t entry, uint64_t hash)
{
    return entry >> 32 == hash >> 32;
}

VPCVIS_I_INLINE uint32_t leads_to(uint64_t entry)
{
    return (uint32_t)(entry & 0xffffffffu) - 1;
}

static int is_text(const struct vpcvis_i_rollup_texts *texts, uint32_t id,
                   const char *text, uint32_t len)
{
    const struct vpcvis_i_rollup_entry *entry = &texts->entry[id];

    return entry->len == len && memcmp(texts->bytes + entry->at, text, len) == 0;
}

uint32_t vpcvis_i_rollup_intern(vpcvis_rollup *rollup, const char *text, uint32_t len)
{
    struct vpcvis_i_rollup_texts *texts = &rollup->texts;
    const uint64_t hash = vpcvis_i_hash_bytes(rollup->hash_key, text, len);
    uint64_t at = hash & texts->mask;

    while (texts->index[at] != 0) {
        const uint32_t id = leads_to(texts->index[at]);
        if (seems(texts->index[at], hash) && is_text(texts, id, text, len))
            return id;
        at = (at + 1) & texts->mask;
    }
    if (texts->count == texts->capacity || len > texts->room - texts->used)
        return UINT32_MAX;
    texts->entry[texts->count].at = (uint32_t)texts->used;
    texts->entry[texts->count].len = len;
    memcpy(texts->bytes + texts->used, text, len);
    texts->used += len;
    texts->index[at] = lead(hash, texts->count);
    return texts->count++;
}

void vpcvis_i_rollup_empty(const vpcvis_rollup *rollup, uint64_t *slot)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    uint32_t m;

    memset(slot + rollup->words, 0, (rollup->slot_words - rollup->words) * sizeof(*slot));
    for (m = 0; m < config->measure_count; m++)
        if (config->measures[m].kind == VPCVIS_ROLLUP_MIN)
            vpcvis_i_rollup_numbers(rollup, slot)[m] = UINT64_MAX;
}

VPCVIS_I_INLINE int is_key(const vpcvis_rollup *rollup, const uint64_t *slot,
                           const uint64_t *words)
{
    uint64_t differ = 0;
    uint32_t w;

    for (w = 0; w < rollup->words; w++)
        differ |= slot[w] ^ words[w];
    return differ == 0;
}

/* Find or make a group whose words' hash is known. */
static uint64_t *find_hashed(vpcvis_rollup *rollup, const uint64_t *words, uint64_t hash)
{
    uint64_t at = hash & rollup->mask;
    uint64_t *slot;

    while (rollup->index[at] != 0) {
        slot = vpcvis_i_rollup_slot(rollup, leads_to(rollup->index[at]));
        if (seems(rollup->index[at], hash) && is_key(rollup, slot, words))
            return slot;
        at = (at + 1) & rollup->mask;
    }
    if (rollup->counts.groups == rollup->config.groups)
        return vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER);
    slot = vpcvis_i_rollup_slot(rollup, rollup->counts.groups);
    memcpy(slot, words, rollup->words * sizeof(*words));
    vpcvis_i_rollup_empty(rollup, slot);
    rollup->index[at] = lead(hash, rollup->counts.groups++);
    return slot;
}

uint64_t *vpcvis_i_rollup_find(vpcvis_rollup *rollup, const uint64_t *words)
{
    const uint64_t hash = vpcvis_i_hash_sip13(rollup->hash_key, words, rollup->words);

    return find_hashed(rollup, words, hash);
}

/* Where the lanes' groups are: follow the index, then look at the slots. Each step goes over
 * all lanes before the next begins, so that memory is asked for before its use. */
static void guess_lanes(const vpcvis_rollup *rollup, uint32_t count)
{
    struct vpcvis_i_rollup_block *block = rollup->block;
    const uint32_t last = rollup->words + 1 + rollup->config.measure_count;
    uint32_t i;

    for (i = 0; i < count; i++) {
        const uint64_t hash = block->hash[i];
        uint64_t at = hash & rollup->mask;

        while (rollup->index[at] != 0 && !seems(rollup->index[at], hash))
            at = (at + 1) & rollup->mask;
        block->guess[i] = VPCVIS_ROLLUP_OTHER;
        if (rollup->index[at] == 0)
            continue;
        block->guess[i] = leads_to(rollup->index[at]);
        VPCVIS_I_PREFETCH(vpcvis_i_rollup_slot(rollup, block->guess[i]));
        VPCVIS_I_PREFETCH(vpcvis_i_rollup_slot(rollup, block->guess[i]) + last);
    }
}

void vpcvis_i_rollup_find_lanes(vpcvis_rollup *rollup, uint32_t count)
{
    struct vpcvis_i_rollup_block *block = rollup->block;
    uint64_t *const other = vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER);
    uint64_t key[VPCVIS_I_ROLLUP_WORDS];
    uint32_t i, w;

    guess_lanes(rollup, count);
    for (i = 0; i < count; i++) {
        uint64_t *slot = vpcvis_i_rollup_slot(rollup, block->guess[i]);

        for (w = 0; w < rollup->words; w++)
            key[w] = block->word[w][i];
        if (block->roomless >> i & 1)
            slot = other;
        else if (slot == other || !is_key(rollup, slot, key))
            slot = find_hashed(rollup, key, block->hash[i]);
        block->slot[i] = slot;
    }
}

static void count_lanes(vpcvis_rollup *rollup, uint32_t count)
{
    const uint64_t *const other = vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER);
    uint32_t i, others = 0;

    for (i = 0; i < count; i++) {
        uint64_t *slot = rollup->block->slot[i];

        ++*vpcvis_i_rollup_records(rollup, slot);
        others += slot == other;
    }
    rollup->counts.other += others;
    rollup->counts.grouped += count - others;
}

/* Add to a sum, which stops at the largest number and says so. */
VPCVIS_I_INLINE VPCVIS_I_WRAPS void add_sum(vpcvis_rollup *rollup, uint64_t *slot,
                                            uint32_t m, uint64_t number)
{
    uint64_t *sum = vpcvis_i_rollup_numbers(rollup, slot) + m;

    *sum += number;
    if (VPCVIS_I_UNLIKELY(*sum < number)) {
        *sum = UINT64_MAX;
        *vpcvis_i_rollup_state(rollup, slot) |= (uint64_t)1
                                                << (VPCVIS_I_ROLLUP_SATURATED + m);
        rollup->counts.flags |= VPCVIS_ROLLUP_SATURATED;
    }
}

VPCVIS_I_INLINE void add_number(vpcvis_rollup *rollup, uint64_t *slot, uint32_t kind,
                                uint32_t m, uint64_t number)
{
    uint64_t *old = vpcvis_i_rollup_numbers(rollup, slot) + m;

    switch (kind) {
    case VPCVIS_ROLLUP_MIN: *old = number < *old ? number : *old; break;
    case VPCVIS_ROLLUP_MAX: *old = number > *old ? number : *old; break;
    case VPCVIS_ROLLUP_OR: *old |= number; break;
    case VPCVIS_ROLLUP_DISTINCT:
        vpcvis_i_rollup_sketch_add((uint8_t *)(slot + rollup->sketch_at[m]),
                                   rollup->config.sketch_bits, number);
        break;
    default: add_sum(rollup, slot, m, number); break;
    }
}

void vpcvis_i_rollup_count(vpcvis_rollup *rollup, uint32_t count)
{
    struct vpcvis_i_rollup_block *block = rollup->block;
    uint32_t i, m;

    vpcvis_i_rollup_hash(rollup, count);
    for (i = 0; i < count; i++)
        vpcvis_i_rollup_ask(rollup, i);
    vpcvis_i_rollup_find_lanes(rollup, count);
    count_lanes(rollup, count);
    for (m = 0; m < rollup->config.measure_count; m++) {
        const uint32_t kind = rollup->config.measures[m].kind;

        for (i = 0; i < count; i++) {
            uint64_t *slot = block->slot[i];

            if ((block->has[m] >> i & 1) == 0)
                continue;
            *vpcvis_i_rollup_state(rollup, slot) |= (uint64_t)1 << m;
            add_number(rollup, slot, kind, m, block->number[m][i]);
        }
    }
}

static void join_sketch(uint8_t *sketch, const uint8_t *from, uint32_t bits)
{
    uint32_t i;

    for (i = 0; i < (uint32_t)1 << bits; i++)
        if (from[i] > sketch[i])
            sketch[i] = from[i];
}

static void add_to(uint64_t *count, uint64_t more)
{
    *count = more > UINT64_MAX - *count ? UINT64_MAX : *count + more;
}

/* Note that a slot was given so many records. */
static void note(vpcvis_rollup *rollup, uint64_t *slot, uint64_t records)
{
    const int other = slot == vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER);

    add_to(other ? &rollup->counts.other : &rollup->counts.grouped, records);
    add_to(vpcvis_i_rollup_records(rollup, slot), records);
}

void vpcvis_i_rollup_join(vpcvis_rollup *rollup, uint64_t *slot,
                          const struct vpcvis_i_rollup_part *part)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    uint32_t m;

    for (m = 0; m < config->measure_count; m++) {
        if ((part->state >> m & 1) == 0)
            continue;
        if (config->measures[m].kind == VPCVIS_ROLLUP_DISTINCT)
            join_sketch((uint8_t *)(slot + rollup->sketch_at[m]), part->sketch[m],
                        config->sketch_bits);
        else
            add_number(rollup, slot, config->measures[m].kind, m, part->number[m]);
    }
    *vpcvis_i_rollup_state(rollup, slot) |= part->state;
    note(rollup, slot, part->records);
    if (part->state >> VPCVIS_I_ROLLUP_SATURATED != 0)
        rollup->counts.flags |= VPCVIS_ROLLUP_SATURATED;
}

void vpcvis_i_rollup_part_of(const vpcvis_rollup *from, uint64_t *slot,
                             struct vpcvis_i_rollup_part *part)
{
    uint32_t m;

    part->state = *vpcvis_i_rollup_state(from, slot);
    part->records = *vpcvis_i_rollup_records(from, slot);
    for (m = 0; m < from->config.measure_count; m++) {
        part->number[m] = vpcvis_i_rollup_numbers(from, slot)[m];
        part->sketch[m] = (const uint8_t *)(slot + from->sketch_at[m]);
    }
}
