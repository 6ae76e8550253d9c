/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: records come in. Each 64 of them become a block: which are left out, the words
 * of their keys, the numbers of their measures.
 */
#include "rollup.h"

static uint64_t first_lanes(uint32_t count)
{
    return count < 64 ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
}

/* Leave the lanes of a source out whose bits are not set in `keep`. */
static void keep_lanes(struct vpcvis_i_rollup_source *source, uint64_t keep)
{
    uint32_t i, n = 0;

    if (keep == first_lanes(source->count))
        return;
    for (i = 0; i < source->count; i++)
        if (keep >> i & 1)
            source->row[n++] = source->row[i];
    source->count = n;
    source->run = 0;
}

/* Lanes in which a NAME field has a certain code. */
static uint64_t with_code(const struct vpcvis_i_rollup_lanes *lanes, uint64_t code)
{
    uint64_t found = 0, left;

    for (left = lanes->valid; left != 0; left &= left - 1) {
        const unsigned i = vpcvis_i_bytes_lowest(left);
        found |= (uint64_t)(lanes->word[i] == code) << i;
    }
    return found;
}

static void leave_idle_out(vpcvis_rollup *rollup)
{
    struct vpcvis_i_rollup_source *source = rollup->source;
    uint64_t nodata, skipdata;

    vpcvis_i_rollup_gather(source, VPCVIS_FIELD_LOG_STATUS, rollup->lanes);
    nodata = with_code(rollup->lanes, VPCVIS_LOG_STATUS_NODATA);
    skipdata = with_code(rollup->lanes, VPCVIS_LOG_STATUS_SKIPDATA);
    rollup->counts.nodata += vpcvis_i_bytes_count(nodata);
    rollup->counts.skipdata += vpcvis_i_bytes_count(skipdata);
    keep_lanes(source, first_lanes(source->count) & ~(nodata | skipdata));
}

/* The numbers a map has for the addresses of one family, in lanes of which there is one. */
static uint64_t match_family(const vpcvis_prefix *map, uint32_t family, uint64_t wanted,
                             const struct vpcvis_i_rollup_lanes *lanes, uint64_t *numbers)
{
    uint8_t bytes[VPCVIS_I_ROLLUP_LANES][16];
    uint32_t values[VPCVIS_I_ROLLUP_LANES], lane[VPCVIS_I_ROLLUP_LANES], n = 0, i;
    uint64_t found = 0;

    do {
        lane[n] = vpcvis_i_bytes_lowest(wanted);
        vpcvis_i_rollup_put_addr(family == VPCVIS_ADDR_IPV6, lanes->word[lane[n]],
                                 lanes->low[lane[n]], bytes[n]);
        n++;
        wanted &= wanted - 1;
    } while (wanted != 0);
    (void)vpcvis_prefix_match_batch(map, family, bytes, sizeof(bytes[0]), n, values);
    for (i = 0; i < n; i++) {
        numbers[lane[i]] = values[i];
        found |= (uint64_t)(values[i] != VPCVIS_PREFIX_NONE) << lane[i];
    }
    return found;
}

static uint64_t match_lanes(const vpcvis_prefix *map,
                            const struct vpcvis_i_rollup_lanes *lanes, uint64_t *numbers)
{
    const uint64_t ipv6 = lanes->valid & lanes->ipv6, ipv4 = lanes->valid & ~ipv6;
    uint64_t found = 0;

    if (ipv4 != 0)
        found |= match_family(map, VPCVIS_ADDR_IPV4, ipv4, lanes, numbers);
    if (ipv6 != 0)
        found |= match_family(map, VPCVIS_ADDR_IPV6, ipv6, lanes, numbers);
    return found;
}

/* Leave ingress records out whose source has its own, egress. */
static void leave_twice_out(vpcvis_rollup *rollup)
{
    struct vpcvis_i_rollup_source *source = rollup->source;
    struct vpcvis_i_rollup_lanes *lanes = rollup->lanes;
    uint64_t undirected, twice, numbers[VPCVIS_I_ROLLUP_LANES];

    vpcvis_i_rollup_gather(source, VPCVIS_FIELD_FLOW_DIRECTION, lanes);
    undirected = first_lanes(source->count) & ~lanes->valid;
    twice = with_code(lanes, VPCVIS_FLOW_DIRECTION_INGRESS);
    vpcvis_i_rollup_gather(source, VPCVIS_FIELD_SRCADDR, lanes);
    twice &= match_lanes(rollup->config.logged, lanes, numbers);
    rollup->counts.undirected += vpcvis_i_bytes_count(undirected);
    rollup->counts.twice += vpcvis_i_bytes_count(twice);
    keep_lanes(source, first_lanes(source->count) & ~twice);
}

/* Say in the first words of a key what column k is in these lanes. */
static void say(struct vpcvis_i_rollup_block *block, uint32_t count, uint32_t k,
                uint64_t valid, uint64_t ipv6)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        block->word[0][i] |= ((valid >> i & 1) << (ipv6 >> i & 1)) << 2 * k;
}

/* Addresses of a key, of which so many bits are kept. */
static void put_addrs(vpcvis_rollup *rollup, const struct vpcvis_rollup_key_config *key,
                      uint64_t *high, uint64_t *low)
{
    const struct vpcvis_i_rollup_lanes *lanes = rollup->lanes;
    const struct vpcvis_i_rollup_masks masks = vpcvis_i_rollup_masks_of(key);
    uint32_t i;

    for (i = 0; i < rollup->source->count; i++) {
        const uint64_t valid = (uint64_t)0 - (lanes->valid >> i & 1);
        const uint64_t ipv6 = (uint64_t)0 - (lanes->ipv6 >> i & 1);
        high[i] = lanes->word[i] & (ipv6 ? masks.high : masks.ipv4) & valid;
        low[i] = lanes->low[i] & masks.low & ipv6 & valid;
    }
}

/* Texts and names of a key. A text for which there is no room takes its lane out. */
static void put_texts(vpcvis_rollup *rollup, uint64_t *words)
{
    struct vpcvis_i_rollup_lanes *lanes = rollup->lanes;
    const char *last = NULL;
    uint32_t last_len = 0, id = 0;
    uint64_t left;

    for (left = lanes->valid; left != 0; left &= left - 1) {
        const unsigned i = vpcvis_i_bytes_lowest(left);

        if (lanes->word[i] != 0) {
            words[i] = lanes->word[i];
            continue;
        }
        if (last == NULL || lanes->text_len[i] != last_len ||
            memcmp(lanes->text[i], last, last_len) != 0)
            id = vpcvis_i_rollup_intern(rollup, lanes->text[i], lanes->text_len[i]);
        last = lanes->text[i];
        last_len = lanes->text_len[i];
        words[i] = VPCVIS_I_ROLLUP_TEXT | id;
        rollup->block->roomless |= (uint64_t)(id == UINT32_MAX) << i;
    }
}

static void put_numbers(const struct vpcvis_i_rollup_lanes *lanes, uint64_t step,
                        uint64_t *words)
{
    uint64_t left;

    for (left = lanes->valid; left != 0; left &= left - 1) {
        const unsigned i = vpcvis_i_bytes_lowest(left);
        words[i] = lanes->word[i] - (step > 1 ? lanes->word[i] % step : 0);
    }
}

static void put_key(vpcvis_rollup *rollup, uint32_t k)
{
    const struct vpcvis_rollup_key_config *key = &rollup->config.keys[k];
    struct vpcvis_i_rollup_lanes *lanes = rollup->lanes;
    uint64_t(*word)[VPCVIS_I_ROLLUP_LANES] = rollup->block->word + rollup->word_at[k];
    const uint32_t count = rollup->source->count;

    vpcvis_i_rollup_gather(rollup->source, key->field, lanes);
    memset(word[0], 0, count * sizeof(word[0][0]));
    switch (vpcvis_i_rollup_kind(key)) {
    case VPCVIS_KIND_ADDRESS: put_addrs(rollup, key, word[0], word[1]); break;
    case VPCVIS_KIND_NAME:
    case VPCVIS_KIND_TEXT: put_texts(rollup, word[0]); break;
    default:
        if (key->kind == VPCVIS_ROLLUP_ZONE) {
            lanes->valid = match_lanes(key->zones, lanes, lanes->word);
            lanes->ipv6 = 0;
        }
        put_numbers(lanes, key->kind == VPCVIS_ROLLUP_BUCKET ? key->step : 1, word[0]);
        break;
    }
    say(rollup->block, count, k, lanes->valid, lanes->ipv6 & lanes->valid);
}

static void put_measure(vpcvis_rollup *rollup, uint32_t m)
{
    const struct vpcvis_rollup_measure_config *measure = &rollup->config.measures[m];
    struct vpcvis_i_rollup_lanes *lanes = rollup->lanes;
    uint64_t *numbers = rollup->block->number[m];
    const uint32_t count = rollup->source->count;
    uint32_t i;

    if (measure->kind == VPCVIS_ROLLUP_RECORDS)
        lanes->valid = first_lanes(count);
    else
        vpcvis_i_rollup_gather(rollup->source, measure->field, lanes);
    rollup->block->has[m] = lanes->valid;
    if (measure->kind == VPCVIS_ROLLUP_DISTINCT) {
        vpcvis_i_rollup_sketch_hash(rollup, vpcvis_i_record_field(measure->field)->kind,
                                    count, lanes, numbers);
        return;
    }
    for (i = 0; i < count; i++)
        numbers[i] = measure->kind <= VPCVIS_ROLLUP_COUNT ? 1 : lanes->word[i];
}

/* Take the source's records: what is left of them after the rules becomes a block. */
static void take_source(vpcvis_rollup *rollup)
{
    struct vpcvis_i_rollup_source *source = rollup->source;
    uint32_t k;

    if ((rollup->config.flags & VPCVIS_ROLLUP_IDLE) == 0)
        leave_idle_out(rollup);
    if (rollup->config.logged != NULL && source->count > 0)
        leave_twice_out(rollup);
    if (source->count == 0)
        return;
    rollup->block->roomless = 0;
    memset(rollup->block->word[0], 0, sizeof(rollup->block->word[0]));
    for (k = 0; k < rollup->config.key_count; k++)
        put_key(rollup, k);
    for (k = 0; k < rollup->config.measure_count; k++)
        put_measure(rollup, k);
    vpcvis_i_rollup_count(rollup, source->count);
}

/* Point the source at up to 64 of the rows from `at` to `end` that are taken; returns how far
 * it came. */
static size_t choose_rows(struct vpcvis_i_rollup_source *source, const uint64_t *take,
                          size_t at, size_t end)
{
    const size_t begin = at;

    source->count = 0;
    for (; at < end && source->count < VPCVIS_I_ROLLUP_LANES; at++)
        if (take == NULL || (take[at / 64] >> at % 64 & 1) != 0)
            source->row[source->count++] = at;
    source->run = source->count == at - begin;
    return at;
}

static void take_rows(vpcvis_rollup *rollup, const uint64_t *take, size_t first,
                      size_t count)
{
    size_t at = first;

    while (at < first + count) {
        at = choose_rows(rollup->source, take, at, first + count);
        if (rollup->source->count > 0)
            take_source(rollup);
    }
}

vpcvis_status vpcvis_rollup_add(vpcvis_rollup *rollup,
                                const struct vpcvis_record *records, size_t stride,
                                size_t count)
{
    if (rollup == NULL || (records == NULL && count > 0) || stride < sizeof(*records) ||
        stride % 8 != 0)
        return VPCVIS_E_ARG;
    rollup->source->layout = NULL;
    rollup->source->base = (const char *)records;
    rollup->source->stride = stride;
    take_rows(rollup, NULL, 0, count);
    return VPCVIS_OK;
}

/* Whether all columns are there that are needed and that the layout has. */
static int has_columns(const vpcvis_rollup *rollup, const vpcvis_layout *layout,
                       const struct vpcvis_line_columns *columns)
{
    uint32_t f;

    for (f = 0; f < VPCVIS_FIELD_MAX; f++) {
        const uint64_t needed = rollup->fields[f / 64] & layout->fields[f / 64];
        if ((needed >> f % 64 & 1) != 0 &&
            (columns->values[f] == NULL || columns->valid[f] == NULL))
            return 0;
    }
    return 1;
}

vpcvis_status vpcvis_rollup_add_columns(vpcvis_rollup *rollup,
                                        const vpcvis_layout *layout,
                                        const struct vpcvis_line_columns *columns,
                                        const char *text, const uint64_t *take,
                                        size_t first, size_t count)
{
    if (rollup == NULL || layout == NULL || columns == NULL ||
        (text == NULL && count > 0) || columns->size != sizeof(*columns) ||
        first > columns->capacity || count > columns->capacity - first ||
        !has_columns(rollup, layout, columns))
        return VPCVIS_E_ARG;
    rollup->source->layout = layout;
    rollup->source->columns = columns;
    rollup->source->base = text;
    take_rows(rollup, take, first, count);
    return VPCVIS_OK;
}
