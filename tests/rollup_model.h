/* SPDX-License-Identifier: MIT */
/*
 * What room rollup must give, the slow way: a dictionary of groups whose keys are texts, sets of
 * values for distinct counts, 128-bit sums. It reads records through vpcvis_record_get alone.
 */
#ifndef VPCVIS_TESTS_ROLLUP_MODEL_H
#define VPCVIS_TESTS_ROLLUP_MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis/rollup.h"

#define MODEL_PLACES 65536u /* lists of groups, and of values */
#define MODEL_KEY    1024

struct model_block { /* of the naive zones and logged addresses */
    struct vpcvis_cidr cidr;
    uint32_t value;
};

struct model_group {
    char *key; /* NULL: everything else */
    struct model_group *next;
    uint64_t records;
    uint64_t number[VPCVIS_ROLLUP_MEASURES_MAX]; /* of DISTINCT: exact */
    int has[VPCVIS_ROLLUP_MEASURES_MAX];
    int saturated, seen;
};

struct model_seen {
    char *text; /* group, measure and value */
    struct model_seen *next;
};

struct model {
    struct vpcvis_rollup_config config;
    const struct model_block *zones, *logged;
    size_t zone_count, logged_count;
    uint32_t groups;
    uint64_t records, nodata, skipdata, twice, undirected;
    struct model_group other;
    struct model_group *group[MODEL_PLACES];
    struct model_seen *value[MODEL_PLACES];
};

static uint32_t model_hash(const char *text)
{
    uint64_t hash = 14695981039346656037u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return (uint32_t)(hash >> 32) % MODEL_PLACES;
}

/* The longest block that an address lies in; -1 if none. */
static int64_t model_zone(const struct model_block *blocks, size_t count,
                          const struct vpcvis_addr *addr)
{
    int64_t value = -1;
    int longest = -1;
    size_t i;

    for (i = 0; i < count; i++) {
        if (vpcvis_addr_match(&blocks[i].cidr, addr) != VPCVIS_OK ||
            (int)blocks[i].cidr.prefix_len <= longest)
            continue;
        longest = (int)blocks[i].cidr.prefix_len;
        value = blocks[i].value;
    }
    return value;
}

/* A value as text: what records have, and what vpcvis_rollup_get_key gives. */
static void model_print(char *out, const struct vpcvis_value *value)
{
    size_t len = 0;

    if (value->state != VPCVIS_STATE_VALUE) {
        strcpy(out, "-");
    } else if (value->kind == VPCVIS_KIND_ADDRESS) {
        if (vpcvis_addr_write(&value->addr, out, 64, &len) != VPCVIS_OK)
            abort();
        out[len] = '\0';
    } else if (value->kind >= VPCVIS_KIND_NAME) {
        sprintf(out, "%.*s", (int)value->text_len, value->text);
    } else {
        sprintf(out, "%llu", (unsigned long long)value->number);
    }
}

static void model_mask(struct vpcvis_addr *addr, uint32_t bits)
{
    uint32_t i;

    for (i = bits; i < 128; i++)
        addr->bytes[i / 8] &= (uint8_t) ~(128u >> i % 8);
}

static void model_print_key(const struct model *model, uint32_t k,
                            const struct vpcvis_record *record, char *out)
{
    const struct vpcvis_rollup_key_config *key = &model->config.keys[k];
    struct vpcvis_value value;
    int64_t zone;

    vpcvis_record_get(record, key->field, &value);
    if (value.state == VPCVIS_STATE_VALUE) {
        if (key->kind == VPCVIS_ROLLUP_PREFIX)
            model_mask(&value.addr, value.addr.family == VPCVIS_ADDR_IPV4
                                        ? key->ipv4_len
                                        : key->ipv6_len);
        if (key->kind == VPCVIS_ROLLUP_BUCKET)
            value.number -= value.number % key->step;
        if (key->kind == VPCVIS_ROLLUP_ZONE) {
            zone = model_zone(model->zones, model->zone_count, &value.addr);
            value.kind = VPCVIS_KIND_NUMBER64;
            value.number = (uint64_t)zone;
            if (zone < 0)
                value.state = VPCVIS_STATE_DASH;
        }
    }
    model_print(out, &value);
}

static struct model_group *model_find(struct model *model, const char *key, int make)
{
    struct model_group **place = &model->group[model_hash(key)];
    struct model_group *group;

    for (group = *place; group != NULL; group = group->next)
        if (strcmp(group->key, key) == 0)
            return group;
    if (!make)
        return NULL;
    if (model->groups == model->config.groups)
        return &model->other;
    model->groups++;
    group = calloc(1, sizeof(*group));
    group->key = strdup(key);
    group->next = *place;
    return *place = group;
}

/* 1 if a value is new to a group's measure. */
static int model_is_new(struct model *model, const struct model_group *group, uint32_t m,
                        const char *value)
{
    char text[MODEL_KEY + 300];
    struct model_seen **place, *seen;

    sprintf(text, "%s/%u/%s", group->key ? group->key : "*", m, value);
    place = &model->value[model_hash(text)];
    for (seen = *place; seen != NULL; seen = seen->next)
        if (strcmp(seen->text, text) == 0)
            return 0;
    seen = calloc(1, sizeof(*seen));
    seen->text = strdup(text);
    seen->next = *place;
    *place = seen;
    return 1;
}

static void model_measure(struct model *model, struct model_group *group, uint32_t m,
                          const struct vpcvis_record *record)
{
    const struct vpcvis_rollup_measure_config *measure = &model->config.measures[m];
    struct vpcvis_value value;
    uint64_t *number = &group->number[m];
    char text[256];

    if (measure->kind == VPCVIS_ROLLUP_RECORDS) {
        ++*number;
        group->has[m] = 1;
        return;
    }
    vpcvis_record_get(record, measure->field, &value);
    if (value.state != VPCVIS_STATE_VALUE)
        return;
    model_print(text, &value);
    switch (measure->kind) {
    case VPCVIS_ROLLUP_COUNT: ++*number; break;
    case VPCVIS_ROLLUP_SUM:
        if (value.number > UINT64_MAX - *number)
            group->saturated = 1;
        *number =
            value.number > UINT64_MAX - *number ? UINT64_MAX : *number + value.number;
        break;
    case VPCVIS_ROLLUP_MIN:
        *number = !group->has[m] || value.number < *number ? value.number : *number;
        break;
    case VPCVIS_ROLLUP_MAX:
        *number = value.number > *number ? value.number : *number;
        break;
    case VPCVIS_ROLLUP_OR: *number |= value.number; break;
    default: *number += (uint64_t)model_is_new(model, group, m, text); break;
    }
    group->has[m] = 1;
}

/* 1 if the record is left out, and counted as such. */
static int model_leaves_out(struct model *model, const struct vpcvis_record *record)
{
    struct vpcvis_value status, direction, src;

    vpcvis_record_get(record, VPCVIS_FIELD_LOG_STATUS, &status);
    vpcvis_record_get(record, VPCVIS_FIELD_FLOW_DIRECTION, &direction);
    vpcvis_record_get(record, VPCVIS_FIELD_SRCADDR, &src);
    if ((model->config.flags & VPCVIS_ROLLUP_IDLE) == 0 && status.number > 1) {
        ++*(status.number == VPCVIS_LOG_STATUS_NODATA ? &model->nodata
                                                      : &model->skipdata);
        return 1;
    }
    if (model->logged == NULL)
        return 0;
    model->undirected += direction.state != VPCVIS_STATE_VALUE;
    if (direction.number != VPCVIS_FLOW_DIRECTION_INGRESS ||
        src.state != VPCVIS_STATE_VALUE ||
        model_zone(model->logged, model->logged_count, &src.addr) < 0)
        return 0;
    model->twice++;
    return 1;
}

static void model_add(struct model *model, const struct vpcvis_record *record)
{
    char key[MODEL_KEY] = "";
    struct model_group *group;
    uint32_t i;

    model->records++;
    if (model_leaves_out(model, record))
        return;
    for (i = 0; i < model->config.key_count; i++) {
        model_print_key(model, i, record, key + strlen(key));
        strcat(key, " ");
    }
    group = model_find(model, key, 1);
    group->records++;
    for (i = 0; i < model->config.measure_count; i++)
        model_measure(model, group, i, record);
}

/* A group of a rollup as the model calls it. */
static void model_name(const vpcvis_rollup *rollup, uint32_t group, uint32_t keys,
                       char *out)
{
    struct vpcvis_value value;
    uint32_t k;

    *out = '\0';
    for (k = 0; k < keys; k++) {
        vpcvis_rollup_get_key(rollup, group, k, &value);
        model_print(out + strlen(out), &value);
        strcat(out, " ");
    }
}

/* NULL, or how a group differs from the model's. Estimates may be six standard errors off. */
static const char *model_group_differs(const struct model *model,
                                       const struct model_group *want,
                                       const vpcvis_rollup *rollup, uint32_t group)
{
    const uint32_t bits = model->config.sketch_bits ? model->config.sketch_bits : 10;
    uint64_t number, off;
    uint32_t m;

    for (m = 0; m < model->config.measure_count; m++) {
        const uint32_t kind = model->config.measures[m].kind;
        const vpcvis_status status = vpcvis_rollup_get(rollup, group, m, &number);
        const int counts = kind <= VPCVIS_ROLLUP_COUNT || kind == VPCVIS_ROLLUP_DISTINCT;

        if (status != (want->has[m] || counts ? VPCVIS_OK : VPCVIS_NOMATCH))
            return "whether there is a value";
        if (status != VPCVIS_OK)
            continue;
        off = number > want->number[m] ? number - want->number[m]
                                       : want->number[m] - number;
        if (kind != VPCVIS_ROLLUP_DISTINCT && off != 0)
            return "a number";
        if (kind == VPCVIS_ROLLUP_DISTINCT &&
            (off << bits / 2) > 8 * want->number[m] + ((uint64_t)2 << bits / 2))
            return "an estimate";
    }
    return NULL;
}

/* NULL, or how the groups of a rollup differ from the model's. */
static const char *model_groups_differ(struct model *model, const vpcvis_rollup *rollup)
{
    struct vpcvis_rollup_counts counts;
    struct model_group *group;
    char name[MODEL_KEY];
    const char *what;
    uint64_t grouped = 0;
    uint32_t g;

    vpcvis_rollup_count(rollup, &counts);
    if (counts.groups != model->groups)
        return "groups";
    for (g = 0; g < counts.groups; g++) {
        model_name(rollup, g, model->config.key_count, name);
        group = model_find(model, name, 0);
        if (group == NULL)
            return "a group that is not the model's";
        what = model_group_differs(model, group, rollup, g);
        if (what != NULL)
            return what;
        grouped += group->records;
    }
    if (counts.grouped != grouped || counts.other != model->other.records)
        return "counts of groups";
    if ((counts.flags & VPCVIS_ROLLUP_OVERFLOW) != (model->other.records > 0))
        return "overflow";
    return model_group_differs(model, &model->other, rollup, VPCVIS_ROLLUP_OTHER);
}

/* The same, and how counts of what was left out differ. */
static const char *model_differs(struct model *model, const vpcvis_rollup *rollup)
{
    struct vpcvis_rollup_counts counts;

    vpcvis_rollup_count(rollup, &counts);
    if (counts.records != model->records || counts.nodata != model->nodata ||
        counts.skipdata != model->skipdata || counts.twice != model->twice ||
        counts.undirected != model->undirected)
        return "counts of what was left out";
    return model_groups_differ(model, rollup);
}

static void model_free(struct model *model)
{
    uint32_t i;

    for (i = 0; i < MODEL_PLACES; i++) {
        while (model->group[i] != NULL) {
            struct model_group *group = model->group[i];
            model->group[i] = group->next;
            free(group->key);
            free(group);
        }
        while (model->value[i] != NULL) {
            struct model_seen *seen = model->value[i];
            model->value[i] = seen->next;
            free(seen->text);
            free(seen);
        }
    }
    free(model);
}

#endif
