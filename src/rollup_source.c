/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: one field of 64 records, out of columns or rows.
 */
#include "rollup.h"

static const struct vpcvis_record *record_of(const struct vpcvis_i_rollup_source *source,
                                             uint32_t lane)
{
    const size_t at = (size_t)source->row[lane];

    return (const void *)(source->base + at * source->stride);
}

static uint64_t valid_records(const struct vpcvis_i_rollup_source *source, uint32_t field)
{
    uint64_t valid = 0;
    uint32_t i;

    for (i = 0; i < source->count; i++)
        valid |= (record_of(source, i)->value[field / 64] >> field % 64 & 1) << i;
    return valid;
}

/* Bits of a bitmap, those of the source's rows. */
static uint64_t valid_rows(const struct vpcvis_i_rollup_source *source,
                           const uint64_t *bitmap)
{
    const size_t at = (size_t)source->row[0];
    const uint32_t shift = at % 64, count = source->count;
    uint64_t valid = 0;
    uint32_t i;

    if (source->run) {
        valid = bitmap[at / 64] >> shift;
        if (shift + count > 64)
            valid |= bitmap[at / 64 + 1] << (64 - shift);
        return count < 64 ? valid & (((uint64_t)1 << count) - 1) : valid;
    }
    for (i = 0; i < count; i++)
        valid |= (bitmap[source->row[i] / 64] >> source->row[i] % 64 & 1) << i;
    return valid;
}

VPCVIS_I_INLINE void put_addr(struct vpcvis_i_rollup_lanes *lanes, uint32_t i,
                              const struct vpcvis_addr *addr)
{
    if (VPCVIS_I_LIKELY(addr->family == VPCVIS_ADDR_IPV4)) {
        lanes->word[i] = vpcvis_i_bytes_be32(addr->bytes);
        lanes->low[i] = 0;
        return;
    }
    lanes->ipv6 |= (uint64_t)1 << i;
    lanes->word[i] = vpcvis_i_rollup_be64(addr->bytes);
    lanes->low[i] = vpcvis_i_rollup_be64(addr->bytes + 8);
}

static void gather_rows(const struct vpcvis_i_rollup_source *source, uint32_t field,
                        struct vpcvis_i_rollup_lanes *lanes)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(field);
    uint32_t i;

    lanes->valid = valid_records(source, field);
    for (i = 0; i < source->count; i++) {
        const struct vpcvis_record *record = record_of(source, i);

        if ((lanes->valid >> i & 1) == 0)
            continue;
        if (row->kind == VPCVIS_KIND_ADDRESS) {
            put_addr(lanes, i, (const void *)((const char *)record + row->slot));
            continue;
        }
        lanes->word[i] =
            row->kind == VPCVIS_KIND_TEXT ? 0 : vpcvis_i_record_number(record, field);
        lanes->text[i] =
            record->base != NULL ? record->base + record->text[field].at : NULL;
        lanes->text_len[i] = record->text[field].len;
    }
}

/* The columns of one kind each. What lies under a clear bit of `valid` may be anything. */
static void gather_numbers(const struct vpcvis_i_rollup_source *source,
                           const void *values, uint32_t width, uint64_t *words)
{
    const uint32_t *number32 = values;
    const uint64_t *number64 = values;
    uint32_t i;

    if (width == VPCVIS_KIND_NUMBER32)
        for (i = 0; i < source->count; i++)
            words[i] = number32[source->row[i]];
    else
        for (i = 0; i < source->count; i++)
            words[i] = number64[source->row[i]];
}

static void gather_addrs(const struct vpcvis_i_rollup_source *source,
                         const struct vpcvis_addr *values,
                         struct vpcvis_i_rollup_lanes *lanes)
{
    uint32_t i;

    for (i = 0; i < source->count; i++)
        if (lanes->valid >> i & 1)
            put_addr(lanes, i, &values[source->row[i]]);
}

static void gather_texts(const struct vpcvis_i_rollup_source *source,
                         const struct vpcvis_line_text *values,
                         struct vpcvis_i_rollup_lanes *lanes)
{
    uint32_t i;

    for (i = 0; i < source->count; i++) {
        if ((lanes->valid >> i & 1) == 0)
            continue;
        lanes->word[i] = values[source->row[i]].code;
        lanes->text[i] = source->base + values[source->row[i]].at;
        lanes->text_len[i] = values[source->row[i]].len;
    }
}

void vpcvis_i_rollup_gather(const struct vpcvis_i_rollup_source *source, uint32_t field,
                            struct vpcvis_i_rollup_lanes *lanes)
{
    const uint32_t kind = vpcvis_i_record_field(field)->kind;
    const void *values;

    lanes->valid = 0;
    lanes->ipv6 = 0;
    if (source->layout == NULL) {
        gather_rows(source, field, lanes);
        return;
    }
    if ((source->layout->fields[field / 64] >> field % 64 & 1) == 0)
        return;
    values = source->columns->values[field];
    lanes->valid = valid_rows(source, source->columns->valid[field]);
    switch (kind) {
    case VPCVIS_KIND_ADDRESS: gather_addrs(source, values, lanes); break;
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64: gather_numbers(source, values, kind, lanes->word); break;
    default: gather_texts(source, values, lanes); break;
    }
}
