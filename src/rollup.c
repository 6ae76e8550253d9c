/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: one block of memory for a machine, its config, its counts.
 */
#include "rollup.h"

#define FLAGS_KNOWN (VPCVIS_ROLLUP_IDLE | VPCVIS_ROLLUP_UNKEYED)

static uint32_t kind_of(uint32_t field)
{
    return vpcvis_i_record_field(field)->kind;
}

static int is_number(uint32_t field)
{
    return kind_of(field) == VPCVIS_KIND_NUMBER32 ||
           kind_of(field) == VPCVIS_KIND_NUMBER64;
}

static int can_key(const struct vpcvis_rollup_key_config *key)
{
    const int address = kind_of(key->field) == VPCVIS_KIND_ADDRESS;

    if (key->field >= VPCVIS_FIELD_MAX)
        return 0;
    switch (key->kind) {
    case VPCVIS_ROLLUP_FIELD: return 1;
    case VPCVIS_ROLLUP_PREFIX:
        return address && key->ipv4_len <= 32 && key->ipv6_len <= 128;
    case VPCVIS_ROLLUP_ZONE: return address && key->zones != NULL;
    case VPCVIS_ROLLUP_BUCKET: return is_number(key->field) && key->step >= 1;
    default: return 0;
    }
}

static int can_measure(const struct vpcvis_rollup_measure_config *measure)
{
    if (measure->kind == VPCVIS_ROLLUP_RECORDS)
        return 1;
    if (measure->field >= VPCVIS_FIELD_MAX)
        return 0;
    switch (measure->kind) {
    case VPCVIS_ROLLUP_COUNT:
    case VPCVIS_ROLLUP_DISTINCT: return 1;
    case VPCVIS_ROLLUP_SUM:
    case VPCVIS_ROLLUP_MIN:
    case VPCVIS_ROLLUP_MAX:
    case VPCVIS_ROLLUP_OR: return is_number(measure->field);
    default: return 0;
    }
}

static int is_keyed(const struct vpcvis_rollup_config *config)
{
    uint8_t any = 0;
    uint32_t i;

    for (i = 0; i < sizeof(config->hash_key); i++)
        any = (uint8_t)(any | config->hash_key[i]);
    return any != 0 || (config->flags & VPCVIS_ROLLUP_UNKEYED) != 0;
}

static void set_defaults_of(struct vpcvis_rollup_config *config)
{
    if (config->groups == 0)
        config->groups = 65536;
    if (config->texts == 0)
        config->texts = config->groups;
    if (config->text_bytes == 0)
        config->text_bytes = (uint64_t)config->texts * 24;
    if (config->text_bytes > UINT32_MAX)
        config->text_bytes = UINT32_MAX;
    if (config->sketch_bits == 0)
        config->sketch_bits = 10;
}

/* The caller's config with its defaults, or why it cannot be. */
static vpcvis_status read_rollup_config(const struct vpcvis_rollup_config *config,
                                        struct vpcvis_rollup_config *known)
{
    vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));
    uint32_t i;

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~FLAGS_KNOWN) != 0 || known->cpu > VPCVIS_CPU_NEON ||
        known->key_count > VPCVIS_ROLLUP_KEYS_MAX ||
        known->measure_count > VPCVIS_ROLLUP_MEASURES_MAX ||
        known->groups > VPCVIS_ROLLUP_GROUPS_MAX ||
        known->texts > VPCVIS_ROLLUP_GROUPS_MAX || known->text_bytes > UINT32_MAX)
        return VPCVIS_E_CONFIG;
    if ((known->sketch_bits != 0 && known->sketch_bits < 4) || known->sketch_bits > 16 ||
        !is_keyed(known))
        return VPCVIS_E_CONFIG;
    for (i = 0; i < known->key_count; i++)
        if (!can_key(&known->keys[i]))
            return VPCVIS_E_CONFIG;
    for (i = 0; i < known->measure_count; i++)
        if (!can_measure(&known->measures[i]))
            return VPCVIS_E_CONFIG;
    set_defaults_of(known);
    return VPCVIS_OK;
}

static void ask_for(vpcvis_rollup *rollup, uint32_t field)
{
    rollup->fields[field / 64] |= (uint64_t)1 << field % 64;
}

static void shape_fields(vpcvis_rollup *rollup)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    uint32_t i;

    for (i = 0; i < config->key_count; i++)
        ask_for(rollup, config->keys[i].field);
    for (i = 0; i < config->measure_count; i++)
        if (config->measures[i].kind != VPCVIS_ROLLUP_RECORDS)
            ask_for(rollup, config->measures[i].field);
    if ((config->flags & VPCVIS_ROLLUP_IDLE) == 0)
        ask_for(rollup, VPCVIS_FIELD_LOG_STATUS);
    if (config->logged != NULL) {
        ask_for(rollup, VPCVIS_FIELD_FLOW_DIRECTION);
        ask_for(rollup, VPCVIS_FIELD_SRCADDR);
    }
}

/* Where things are in a slot. */
static void shape_slot(vpcvis_rollup *rollup)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    uint32_t i, at = 1;

    for (i = 0; i < config->key_count; i++) {
        const uint32_t kind = vpcvis_i_rollup_kind(&config->keys[i]);
        rollup->word_at[i] = at;
        at += kind == VPCVIS_KIND_ADDRESS ? 2 : 1;
        rollup->has_texts |= kind >= VPCVIS_KIND_NAME;
    }
    rollup->words = at;
    at += 2 + config->measure_count; /* state and records before them */
    for (i = 0; i < config->measure_count; i++) {
        if (config->measures[i].kind != VPCVIS_ROLLUP_DISTINCT)
            continue;
        rollup->sketch_at[i] = at;
        at += ((uint32_t)1 << config->sketch_bits) / 8;
    }
    rollup->slot_words = at;
}

/* Twice the number, at least, as a power of 2: places of an index. */
static uint64_t places(uint32_t entries)
{
    uint64_t n = 16;

    while (n < (uint64_t)entries * 2)
        n *= 2;
    return n;
}

static void *cut_off(char *base, uint64_t *at, uint64_t bytes)
{
    void *piece = base != NULL ? base + (size_t)*at : NULL;

    *at += (bytes + VPCVIS_I_ALIGN - 1) / VPCVIS_I_ALIGN * VPCVIS_I_ALIGN;
    return piece;
}

/* Lay a machine of this config out from `base`, or, if that is NULL, only measure it. */
static uint64_t lay_rollup_out(vpcvis_rollup *rollup, char *base)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    struct vpcvis_i_rollup_texts *texts = &rollup->texts;
    const uint64_t slot_bytes = (uint64_t)rollup->slot_words * sizeof(uint64_t);
    uint64_t at = 0;

    (void)cut_off(base, &at, sizeof(*rollup));
    rollup->source = cut_off(base, &at, sizeof(*rollup->source));
    rollup->lanes = cut_off(base, &at, sizeof(*rollup->lanes));
    rollup->block = cut_off(base, &at, sizeof(*rollup->block));
    rollup->mask = places(config->groups) - 1;
    rollup->index = cut_off(base, &at, (rollup->mask + 1) * sizeof(uint64_t));
    rollup->slots = cut_off(base, &at, (config->groups + (uint64_t)1) * slot_bytes);
    if (rollup->has_texts) {
        texts->capacity = config->texts;
        texts->room = config->text_bytes;
        texts->mask = places(config->texts) - 1;
        texts->index = cut_off(base, &at, (texts->mask + 1) * sizeof(uint64_t));
        texts->entry =
            cut_off(base, &at, config->texts * (uint64_t)sizeof(*texts->entry));
        texts->bytes = cut_off(base, &at, config->text_bytes);
    }
    return at + VPCVIS_I_ALIGN;
}

/* Read a config into *rollup and say how much memory that machine takes. */
static vpcvis_status measure_rollup(const struct vpcvis_rollup_config *config,
                                    vpcvis_rollup *rollup, uint64_t *bytes)
{
    vpcvis_status status;

    memset(rollup, 0, sizeof(*rollup));
    status = read_rollup_config(config, &rollup->config);
    if (status != VPCVIS_OK)
        return status;
    shape_fields(rollup);
    shape_slot(rollup);
    *bytes = lay_rollup_out(rollup, NULL);
    return *bytes > SIZE_MAX / 2 ? VPCVIS_E_CONFIG : VPCVIS_OK;
}

size_t vpcvis_rollup_bytes(const struct vpcvis_rollup_config *config)
{
    vpcvis_rollup rollup;
    uint64_t bytes;

    return measure_rollup(config, &rollup, &bytes) == VPCVIS_OK ? (size_t)bytes : 0;
}

size_t vpcvis_rollup_config_bytes(void)
{
    return sizeof(struct vpcvis_rollup_config);
}

void vpcvis_rollup_clear(vpcvis_rollup *rollup)
{
    struct vpcvis_i_rollup_texts *texts = &rollup->texts;

    memset(&rollup->counts, 0, sizeof(rollup->counts));
    memset(rollup->index, 0, (size_t)(rollup->mask + 1) * sizeof(*rollup->index));
    if (rollup->has_texts)
        memset(texts->index, 0, (size_t)(texts->mask + 1) * sizeof(*texts->index));
    texts->count = 0;
    texts->used = 0;
    memset(vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER), 0,
           rollup->words * sizeof(*rollup->slots));
    vpcvis_i_rollup_empty(rollup, vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER));
}

vpcvis_status vpcvis_rollup_init(void *memory, size_t len,
                                 const struct vpcvis_rollup_config *config,
                                 vpcvis_rollup **out)
{
    vpcvis_rollup *rollup, measured;
    uint64_t bytes;
    vpcvis_status status;

    if (memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = measure_rollup(config, &measured, &bytes);
    if (status != VPCVIS_OK)
        return status;
    if (vpcvis_base_cpu_find(measured.config.cpu) != VPCVIS_OK)
        return VPCVIS_E_CPU;
    if (len < bytes)
        return VPCVIS_E_SPACE;
    rollup = vpcvis_i_bytes_align(memory);
    *rollup = measured;
    (void)lay_rollup_out(rollup, (char *)rollup);
    rollup->hash_key[0] = vpcvis_i_bytes_le64((const char *)measured.config.hash_key);
    rollup->hash_key[1] = vpcvis_i_bytes_le64((const char *)measured.config.hash_key + 8);
    rollup->sketch_key[0] = measured.config.sketch_seed;
    rollup->cpu =
        measured.config.cpu == VPCVIS_CPU_AUTO ? vpcvis_base_cpu() : measured.config.cpu;
    vpcvis_rollup_clear(rollup);
    *out = rollup;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_rollup_new(const struct vpcvis_rollup_config *config,
                                const struct vpcvis_allocator *allocator,
                                vpcvis_rollup **out)
{
    vpcvis_rollup measured;
    uint64_t bytes;
    void *memory;
    vpcvis_status status;

    if (out == NULL)
        return VPCVIS_E_ARG;
    status = measure_rollup(config, &measured, &bytes);
    if (status != VPCVIS_OK)
        return status;
    memory = vpcvis_i_base_new(allocator, (size_t)bytes);
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_rollup_init(memory, (size_t)bytes, config, out);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_rollup_free(vpcvis_rollup *rollup, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, rollup);
}

void vpcvis_rollup_fields(const vpcvis_rollup *rollup, uint64_t fields[2])
{
    fields[0] = rollup->fields[0];
    fields[1] = rollup->fields[1];
}

vpcvis_status vpcvis_rollup_count(const vpcvis_rollup *rollup,
                                  struct vpcvis_rollup_counts *counts)
{
    if (rollup == NULL || counts == NULL)
        return VPCVIS_E_ARG;
    *counts = rollup->counts;
    counts->records = counts->grouped + counts->other + counts->nodata +
                      counts->skipdata + counts->twice;
    if (counts->other > 0)
        counts->flags |= VPCVIS_ROLLUP_OVERFLOW;
    counts->texts = rollup->texts.count;
    counts->text_bytes = rollup->texts.used;
    return VPCVIS_OK;
}
