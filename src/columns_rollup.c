/* SPDX-License-Identifier: MIT */
/*
 * Room columns: groups of a rollup to a batch.
 *
 *     [flags, rows,] keys ..., measures ...
 */
#include "columns.h"
#include "rollup.h"

#define FLAGS                                                                      \
    (VPCVIS_COLUMNS_UNDERSCORE | VPCVIS_COLUMNS_UNSIGNED | VPCVIS_COLUMNS_BINARY | \
     VPCVIS_COLUMNS_TIMES | VPCVIS_COLUMNS_PARTIAL)

static void add_text(char *name, const char *text)
{
    size_t len = 0;

    while (len + 1 < VPCVIS_I_COLUMNS_NAME_MAX && name[len] != '\0')
        len++;
    for (; *text != '\0' && len + 1 < VPCVIS_I_COLUMNS_NAME_MAX; text++)
        name[len++] = *text;
    name[len] = '\0';
}

/* The types of numbers that are no field's: plain ones are signed. */
static uint32_t short_type(uint32_t flags)
{
    return flags & VPCVIS_COLUMNS_UNSIGNED ? VPCVIS_I_COLUMNS_UINT32
                                           : VPCVIS_I_COLUMNS_INT32;
}

static uint32_t long_type(uint32_t flags)
{
    return flags & VPCVIS_COLUMNS_UNSIGNED ? VPCVIS_I_COLUMNS_UINT64
                                           : VPCVIS_I_COLUMNS_INT64;
}

/* The next column of a set: a field's name and what is said of it. */
static struct vpcvis_i_columns_column *add_column(struct vpcvis_i_columns_set *set,
                                                  uint32_t field, const char *what,
                                                  uint32_t type)
{
    struct vpcvis_i_columns_column *column = &set->column[set->count++];
    char *c;

    memset(column, 0, sizeof(*column));
    column->field = field;
    column->type = type;
    if (field != VPCVIS_FIELD_NONE)
        add_text(column->name, vpcvis_i_record_field_name(vpcvis_i_record_field(field)));
    add_text(column->name, what);
    for (c = column->name; (set->flags & VPCVIS_COLUMNS_UNDERSCORE) && *c != '\0'; c++)
        *c = *c == '-' ? '_' : *c;
    return column;
}

static void add_key(struct vpcvis_i_columns_set *set,
                    const struct vpcvis_rollup_key_config *key)
{
    const uint32_t kind = vpcvis_i_record_field(key->field)->kind;
    const uint32_t type = vpcvis_i_columns_type(key->field, kind, set->flags);

    switch (key->kind) {
    case VPCVIS_ROLLUP_PREFIX:
        add_column(set, key->field, "_prefix", type)->width = 16;
        break;
    case VPCVIS_ROLLUP_ZONE:
        (void)add_column(set, key->field, "_zone", short_type(set->flags));
        break;
    case VPCVIS_ROLLUP_BUCKET: (void)add_column(set, key->field, "_bucket", type); break;
    default: add_column(set, key->field, "", type)->width = 16; break;
    }
}

static void add_measure(struct vpcvis_i_columns_set *set,
                        const struct vpcvis_rollup_config *config, uint32_t m)
{
    static const char what[][10] = {"",     "records", "_count", "_sum",
                                    "_min", "_max",    "_or",    "_distinct"};
    const struct vpcvis_rollup_measure_config *measure = &config->measures[m];
    const uint32_t field =
        measure->kind == VPCVIS_ROLLUP_RECORDS ? VPCVIS_FIELD_NONE : measure->field;
    const uint32_t is_sketch =
        measure->kind == VPCVIS_ROLLUP_DISTINCT && (set->flags & VPCVIS_COLUMNS_PARTIAL);

    add_column(set, field, what[measure->kind],
               is_sketch ? VPCVIS_I_COLUMNS_BINARY : long_type(set->flags))
        ->width = (uint32_t)1 << config->sketch_bits;
}

void vpcvis_i_columns_plan_rollup(struct vpcvis_i_columns_set *set,
                                  const vpcvis_rollup *rollup, uint32_t flags)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    uint32_t i;

    set->count = 0;
    set->flags = flags;
    if (flags & VPCVIS_COLUMNS_PARTIAL) {
        (void)add_column(set, VPCVIS_FIELD_NONE, "flags", short_type(flags));
        (void)add_column(set, VPCVIS_FIELD_NONE, "rows", long_type(flags));
    }
    for (i = 0; i < config->key_count; i++)
        add_key(set, &config->keys[i]);
    for (i = 0; i < config->measure_count; i++)
        add_measure(set, config, i);
}

vpcvis_status vpcvis_columns_rollup_schema(const vpcvis_rollup *rollup, uint32_t flags,
                                           const struct vpcvis_allocator *allocator,
                                           struct ArrowSchema *schema)
{
    struct vpcvis_i_columns_set set;

    if (rollup == NULL || schema == NULL)
        return VPCVIS_E_ARG;
    if ((flags & ~FLAGS) != 0)
        return VPCVIS_E_CONFIG;
    vpcvis_i_columns_plan_rollup(&set, rollup, flags);
    return vpcvis_i_columns_make_schema(&set, allocator, schema);
}

/* Which groups, in which order. */
struct choice {
    const vpcvis_rollup *rollup;
    const uint32_t *groups; /* NULL: all */
    uint32_t count;
};

static uint32_t group_of(const struct choice *choice, uint32_t row)
{
    if (choice->groups != NULL)
        return choice->groups[row];
    return row < choice->rollup->counts.groups ? row : VPCVIS_ROLLUP_OTHER;
}

/* Text of a key's value; addr has room for an address. */
static const char *text_of(const struct vpcvis_value *value, uint32_t field, char *addr,
                           size_t *len)
{
    const uint32_t code = (uint32_t)value->number;

    if (value->kind == VPCVIS_KIND_ADDRESS) {
        *len = (size_t)(vpcvis_i_addr_write(addr, &value->addr) - addr);
        return addr;
    }
    *len = value->text_len;
    if (value->text_len > 0 || code == 0)
        return value->text;
    *len = vpcvis_i_record_word_len(field, code);
    return vpcvis_i_record_word(field, code);
}

/* Text of all rows of a key, in bytes. */
static size_t measure_key(const struct choice *choice, uint32_t k)
{
    const uint32_t field = choice->rollup->config.keys[k].field;
    char addr[VPCVIS_ADDR_TEXT_MAX];
    struct vpcvis_value value;
    size_t total = 0, len;
    uint32_t row;

    for (row = 0; row < choice->count; row++) {
        (void)vpcvis_rollup_get_key(choice->rollup, group_of(choice, row), k, &value);
        if (value.state != VPCVIS_STATE_VALUE)
            continue;
        (void)text_of(&value, field, addr, &len);
        if (len > VPCVIS_I_COLUMNS_TEXT_MAX - total)
            return SIZE_MAX;
        total += len;
    }
    return total;
}

static void set_bit(uint64_t *bitmap, uint32_t row)
{
    bitmap[row / 64] |= (uint64_t)1 << row % 64;
}

/* A number in the width of its column, or nothing. */
static void put_number(struct vpcvis_i_columns_target *to, uint32_t type, uint32_t row,
                       uint64_t number, int has)
{
    const uint64_t value = has ? number : 0;

    if (has)
        set_bit(to->valid, row);
    to->nulls += !has;
    switch (type) {
    case VPCVIS_I_COLUMNS_UINT8: ((uint8_t *)to->values)[row] = (uint8_t)value; break;
    case VPCVIS_I_COLUMNS_UINT16: ((uint16_t *)to->values)[row] = (uint16_t)value; break;
    case VPCVIS_I_COLUMNS_INT32:
    case VPCVIS_I_COLUMNS_UINT32: ((uint32_t *)to->values)[row] = (uint32_t)value; break;
    case VPCVIS_I_COLUMNS_UINT64: ((uint64_t *)to->values)[row] = value; break;
    default: ((uint64_t *)to->values)[row] = value < INT64_MAX ? value : INT64_MAX; break;
    }
}

static void put_text(struct vpcvis_i_columns_target *to, uint32_t row,
                     const struct vpcvis_value *value, uint32_t field)
{
    char addr[VPCVIS_ADDR_TEXT_MAX];
    size_t len = 0;

    if (value->state == VPCVIS_STATE_VALUE) {
        const char *text = text_of(value, field, addr, &len);

        memcpy(to->text + to->used, text, len);
        set_bit(to->valid, row);
    }
    to->nulls += value->state != VPCVIS_STATE_VALUE;
    to->used += len;
    ((int32_t *)to->values)[row + 1] = (int32_t)to->used;
}

static void put_binary(struct vpcvis_i_columns_target *to, uint32_t row,
                       const struct vpcvis_value *value)
{
    uint8_t *out = (uint8_t *)to->values + 16 * (size_t)row;

    memset(out, 0, 16);
    to->nulls += value->state != VPCVIS_STATE_VALUE;
    if (value->state != VPCVIS_STATE_VALUE)
        return;
    set_bit(to->valid, row);
    vpcvis_i_columns_put_addr(out, &value->addr);
}

static void put_key(const struct choice *choice, uint32_t k,
                    const struct vpcvis_i_columns_column *column,
                    struct vpcvis_i_columns_target *to)
{
    const uint32_t field = choice->rollup->config.keys[k].field;
    struct vpcvis_value value;
    uint32_t row;

    for (row = 0; row < choice->count; row++) {
        (void)vpcvis_rollup_get_key(choice->rollup, group_of(choice, row), k, &value);
        if (column->type == VPCVIS_I_COLUMNS_UTF8)
            put_text(to, row, &value, field);
        else if (column->type == VPCVIS_I_COLUMNS_BINARY)
            put_binary(to, row, &value);
        else
            put_number(to, column->type, row, value.number,
                       value.state == VPCVIS_STATE_VALUE);
    }
}

static void put_measure(const struct choice *choice, uint32_t m,
                        const struct vpcvis_i_columns_column *column,
                        struct vpcvis_i_columns_target *to)
{
    uint32_t row;

    for (row = 0; row < choice->count; row++) {
        const uint32_t group = group_of(choice, row);
        struct vpcvis_i_rollup_part part;
        uint64_t number = 0;
        int has;

        if (column->type == VPCVIS_I_COLUMNS_BINARY) {
            vpcvis_i_rollup_part_of(choice->rollup,
                                    vpcvis_i_rollup_slot(choice->rollup, group), &part);
            memcpy((char *)to->values + (size_t)row * column->width, part.sketch[m],
                   column->width);
            set_bit(to->valid, row);
            continue;
        }
        has = vpcvis_rollup_get(choice->rollup, group, m, &number) == VPCVIS_OK;
        put_number(to, column->type, row, number, has);
    }
}

/* Whether a sum, or another number, is beyond an int64, and will be clamped. */
static int is_clamped(const struct choice *choice,
                      const struct vpcvis_i_rollup_part *part)
{
    uint32_t m;

    for (m = 0; m < choice->rollup->config.measure_count; m++)
        if (choice->rollup->config.measures[m].kind != VPCVIS_ROLLUP_DISTINCT &&
            (part->state >> m & 1) != 0 && part->number[m] > INT64_MAX)
            return 1;
    return part->records > INT64_MAX;
}

static void put_heads(const struct choice *choice, const struct vpcvis_i_columns_set *set,
                      struct vpcvis_i_columns_target *to)
{
    uint32_t row;

    for (row = 0; row < choice->count; row++) {
        const uint32_t group = group_of(choice, row);
        struct vpcvis_i_rollup_part part;
        uint32_t flags;

        vpcvis_i_rollup_part_of(choice->rollup,
                                vpcvis_i_rollup_slot(choice->rollup, group), &part);
        flags = vpcvis_i_rollup_row_flags(group, &part);
        if ((set->flags & VPCVIS_COLUMNS_UNSIGNED) == 0 && is_clamped(choice, &part))
            flags |= VPCVIS_ROLLUP_ROW_SATURATED;
        put_number(&to[0], set->column[0].type, row, flags, 1);
        put_number(&to[1], set->column[1].type, row, part.records, 1);
    }
}

static vpcvis_status choose(struct choice *choice, const vpcvis_rollup *rollup,
                            const uint32_t *groups, uint32_t count)
{
    uint32_t i;

    choice->rollup = rollup;
    choice->groups = groups;
    choice->count =
        groups != NULL ? count : rollup->counts.groups + (rollup->counts.other > 0);
    for (i = 0; groups != NULL && i < count; i++)
        if (groups[i] >= rollup->counts.groups && groups[i] != VPCVIS_ROLLUP_OTHER)
            return VPCVIS_E_ARG;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_columns_rollup(const vpcvis_rollup *rollup, uint32_t flags,
                                    const uint32_t *groups, uint32_t count,
                                    const struct vpcvis_allocator *allocator,
                                    struct ArrowArray *array)
{
    const uint32_t heads = flags & VPCVIS_COLUMNS_PARTIAL ? 2 : 0;
    struct vpcvis_i_columns_block *block;
    struct vpcvis_i_columns_set set;
    size_t room[VPCVIS_FIELD_MAX];
    struct choice choice;
    uint32_t c, keys;

    if (rollup == NULL || array == NULL ||
        choose(&choice, rollup, groups, count) != VPCVIS_OK)
        return VPCVIS_E_ARG;
    if ((flags & ~FLAGS) != 0)
        return VPCVIS_E_CONFIG;
    vpcvis_i_columns_plan_rollup(&set, rollup, flags);
    keys = heads + rollup->config.key_count;
    for (c = 0; c < set.count; c++) {
        room[c] = set.column[c].type == VPCVIS_I_COLUMNS_UTF8
                      ? measure_key(&choice, c - heads)
                      : 0;
        if (room[c] == SIZE_MAX)
            return VPCVIS_E_SPACE;
    }
    block = vpcvis_i_columns_make(&set, choice.count, room, allocator);
    if (block == NULL)
        return VPCVIS_E_MEMORY;
    if (heads > 0)
        put_heads(&choice, &set, block->target);
    for (c = heads; c < keys; c++)
        put_key(&choice, c - heads, &set.column[c], &block->target[c]);
    for (c = keys; c < set.count; c++)
        put_measure(&choice, c - keys, &set.column[c], &block->target[c]);
    vpcvis_i_columns_show(block, &set, choice.count, array);
    return VPCVIS_OK;
}
