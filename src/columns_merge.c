/* SPDX-License-Identifier: MIT */
/*
 * Room columns: batches of partials back to a rollup.
 */
#include "columns_source.h"
#include "rollup.h"

/* Where each column of the rollup's partial is among the children. */
struct found {
    const struct ArrowArray *child[VPCVIS_FIELD_MAX];
    uint8_t type[VPCVIS_FIELD_MAX];
    uint32_t width[VPCVIS_FIELD_MAX];
};

static int is_same(const char *name, const struct vpcvis_i_columns_column *column)
{
    return name != NULL && vpcvis_i_columns_is_name(name, column->name);
}

/* Whether a column of the set can be read from a child of that type. */
static int can_merge(const struct vpcvis_i_columns_column *column, uint32_t type,
                     uint32_t width)
{
    if (column->type == VPCVIS_I_COLUMNS_BINARY) /* a sketch */
        return vpcvis_i_columns_is_text(type) ||
               (type == VPCVIS_I_COLUMNS_FROM_W && width == column->width);
    if (column->type == VPCVIS_I_COLUMNS_UTF8)
        return vpcvis_i_columns_is_text(type) ||
               (type == VPCVIS_I_COLUMNS_FROM_W && width == 16 &&
                vpcvis_i_record_field(column->field)->kind == VPCVIS_KIND_ADDRESS);
    return vpcvis_i_columns_is_number(type) || vpcvis_i_columns_is_time(type);
}

static vpcvis_status find_column(const struct vpcvis_i_columns_column *column, uint32_t c,
                                 const struct ArrowSchema *schema,
                                 const struct ArrowArray *array, struct found *found)
{
    int64_t i;

    for (i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *child = schema->children[i];

        if (!is_same(child->name, column))
            continue;
        found->type[c] = vpcvis_i_columns_from(child, &found->width[c]);
        found->child[c] = array->children[i];
        if (!can_merge(column, found->type[c], found->width[c]))
            return VPCVIS_E_CONFIG;
        if (!vpcvis_i_columns_fits(found->child[c], found->type[c]) ||
            found->child[c]->length < array->offset + array->length)
            return VPCVIS_E_ARG;
        return VPCVIS_OK;
    }
    return VPCVIS_NOMATCH;
}

/* A row on its way from the children. */
struct merge {
    vpcvis_rollup *rollup;
    struct vpcvis_i_columns_set set;
    struct found found;
};

static vpcvis_status read_key(const struct merge *merge, uint32_t c, uint64_t row,
                              struct vpcvis_value *value)
{
    const struct ArrowArray *child = merge->found.child[c];
    const uint32_t type = merge->found.type[c];
    const struct vpcvis_i_columns_column *column = &merge->set.column[c];
    vpcvis_status status;
    size_t len = 0;

    memset(value, 0, sizeof(*value));
    value->state = VPCVIS_STATE_DASH;
    if (!vpcvis_i_columns_is_valid(child, row))
        return VPCVIS_OK;
    value->state = VPCVIS_STATE_VALUE;
    if (column->type != VPCVIS_I_COLUMNS_UTF8)
        return vpcvis_i_columns_number(child, type, row, &value->number);
    if (vpcvis_i_record_field(column->field)->kind == VPCVIS_KIND_ADDRESS)
        return vpcvis_i_columns_addr(child, type, row, &value->addr);
    status = vpcvis_i_columns_text(child, type, row, &value->text, &len);
    value->text_len = (uint32_t)len;
    return status == VPCVIS_OK && len > VPCVIS_LINE_MAX ? VPCVIS_E_RANGE : status;
}

static vpcvis_status read_sketch(const struct merge *merge, uint32_t c, uint64_t row,
                                 const uint8_t **sketch)
{
    const struct ArrowArray *child = merge->found.child[c];
    const uint32_t width = merge->set.column[c].width;
    const char *text;
    size_t len = width;

    if (merge->found.type[c] == VPCVIS_I_COLUMNS_FROM_W) {
        *sketch = (const uint8_t *)child->buffers[1] +
                  width * (size_t)(row + (uint64_t)child->offset);
        return VPCVIS_OK;
    }
    if (vpcvis_i_columns_text(child, merge->found.type[c], row, &text, &len) !=
            VPCVIS_OK ||
        len != width)
        return VPCVIS_E_RANGE;
    *sketch = (const uint8_t *)text;
    return VPCVIS_OK;
}

/* A clamped number of a saturated row is as much as there can be. */
static void saturate(struct vpcvis_i_rollup_part *part, uint32_t m, uint32_t kind)
{
    if (part->number[m] < INT64_MAX || kind > VPCVIS_ROLLUP_SUM)
        return;
    part->number[m] = UINT64_MAX;
    part->state |= (uint64_t)1 << (VPCVIS_I_ROLLUP_SATURATED + m);
}

static vpcvis_status read_measure(const struct merge *merge, uint32_t m, uint32_t c,
                                  uint64_t row, struct vpcvis_i_rollup_row *to)
{
    const uint32_t kind = merge->rollup->config.measures[m].kind;
    const struct ArrowArray *child = merge->found.child[c];
    vpcvis_status status;

    if (!vpcvis_i_columns_is_valid(child, row))
        return VPCVIS_OK;
    to->part.state |= (uint64_t)1 << m;
    if (kind == VPCVIS_ROLLUP_DISTINCT)
        return read_sketch(merge, c, row, &to->part.sketch[m]);
    status =
        vpcvis_i_columns_number(child, merge->found.type[c], row, &to->part.number[m]);
    if (to->flags & VPCVIS_ROLLUP_ROW_SATURATED)
        saturate(&to->part, m, kind);
    return status;
}

static vpcvis_status merge_row(struct merge *merge, uint64_t row)
{
    const struct vpcvis_rollup_config *config = &merge->rollup->config;
    struct vpcvis_i_rollup_row to;
    vpcvis_status status;
    uint64_t flags = 0;
    uint32_t i;

    memset(&to.part, 0, sizeof(to.part));
    status =
        vpcvis_i_columns_number(merge->found.child[0], merge->found.type[0], row, &flags);
    if (status == VPCVIS_OK)
        status = vpcvis_i_columns_number(merge->found.child[1], merge->found.type[1], row,
                                         &to.part.records);
    to.flags = (uint32_t)flags;
    for (i = 0; status == VPCVIS_OK && i < config->key_count; i++)
        status = read_key(merge, 2 + i, row, &to.key[i]);
    for (i = 0; status == VPCVIS_OK && i < config->measure_count; i++)
        status = read_measure(merge, i, 2 + config->key_count + i, row, &to);
    return status != VPCVIS_OK ? status : vpcvis_i_rollup_add_row(merge->rollup, &to);
}

vpcvis_status vpcvis_columns_merge(vpcvis_rollup *rollup,
                                   const struct ArrowSchema *schema,
                                   const struct ArrowArray *array, uint64_t *taken)
{
    struct merge merge;
    vpcvis_status status = VPCVIS_OK;
    uint64_t row;
    uint32_t c;

    if (rollup == NULL || schema == NULL || array == NULL || taken == NULL ||
        schema->n_children != array->n_children || array->length < 0 || array->offset < 0)
        return VPCVIS_E_ARG;
    merge.rollup = rollup;
    vpcvis_i_columns_plan_rollup(&merge.set, rollup, VPCVIS_COLUMNS_PARTIAL);
    for (c = 0; c < merge.set.count; c++) {
        status = find_column(&merge.set.column[c], c, schema, array, &merge.found);
        if (status != VPCVIS_OK)
            return status;
    }
    for (row = 0; row < (uint64_t)array->length; row++) {
        status = merge_row(&merge, row + (uint64_t)array->offset);
        if (status != VPCVIS_OK)
            break;
    }
    *taken = row;
    return status;
}
