/* SPDX-License-Identifier: MIT */
/*
 * Room columns: which columns a batch has, of which types.
 */
#include "columns.h"

uint32_t vpcvis_i_columns_width(const struct vpcvis_i_columns_column *column)
{
    switch (column->type) {
    case VPCVIS_I_COLUMNS_UINT8: return 1;
    case VPCVIS_I_COLUMNS_UINT16: return 2;
    case VPCVIS_I_COLUMNS_INT64:
    case VPCVIS_I_COLUMNS_TIME:
    case VPCVIS_I_COLUMNS_UINT64: return 8;
    case VPCVIS_I_COLUMNS_BINARY: return column->width;
    default: return 4;
    }
}

static uint32_t type_of_number(uint32_t field, uint32_t kind, uint32_t flags)
{
    const uint64_t max = vpcvis_i_record_field(field)->max;

    if ((flags & VPCVIS_COLUMNS_TIMES) &&
        (field == VPCVIS_FIELD_START || field == VPCVIS_FIELD_END))
        return VPCVIS_I_COLUMNS_TIME;
    if ((flags & VPCVIS_COLUMNS_UNSIGNED) == 0)
        return kind == VPCVIS_KIND_NUMBER32 ? VPCVIS_I_COLUMNS_INT32
                                            : VPCVIS_I_COLUMNS_INT64;
    if (kind == VPCVIS_KIND_NUMBER64)
        return VPCVIS_I_COLUMNS_UINT64;
    if (max > UINT16_MAX)
        return VPCVIS_I_COLUMNS_UINT32;
    return max > UINT8_MAX ? VPCVIS_I_COLUMNS_UINT16 : VPCVIS_I_COLUMNS_UINT8;
}

uint32_t vpcvis_i_columns_type(uint32_t field, uint32_t kind, uint32_t flags)
{
    if (kind <= VPCVIS_KIND_NUMBER64)
        return type_of_number(field, kind, flags);
    if (kind == VPCVIS_KIND_ADDRESS)
        return flags & VPCVIS_COLUMNS_BINARY ? VPCVIS_I_COLUMNS_BINARY
                                             : VPCVIS_I_COLUMNS_UTF8;
    return flags & VPCVIS_COLUMNS_DICTIONARY ? VPCVIS_I_COLUMNS_WORDS
                                             : VPCVIS_I_COLUMNS_UTF8;
}

static void copy_name(char *to, const char *name, uint32_t underscores)
{
    uint32_t i;

    for (i = 0; name[i] != '\0' && i + 1 < VPCVIS_I_COLUMNS_NAME_MAX; i++)
        to[i] = underscores && name[i] == '-' ? '_' : name[i];
    to[i] = '\0';
}

uint32_t vpcvis_i_columns_is_name(const char *a, const char *b)
{
    uint32_t i;

    for (i = 0; a[i] != '\0' && (a[i] == '-' ? '_' : a[i]) == (b[i] == '-' ? '_' : b[i]);
         i++)
        ;
    return a[i] == b[i];
}

void vpcvis_i_columns_plan(struct vpcvis_i_columns_set *set, const vpcvis_layout *layout,
                           const uint64_t fields[2], uint32_t flags)
{
    const uint32_t all = (fields[0] | fields[1]) == 0;
    uint32_t c;

    set->count = 0;
    set->flags = flags;
    for (c = 0; c < vpcvis_layout_columns(layout); c++) {
        const uint32_t field = vpcvis_layout_field(layout, c);
        const uint32_t known = field < VPCVIS_FIELD_COUNT;
        struct vpcvis_i_columns_column *column = &set->column[set->count];

        if (!all && (fields[field / 64] >> field % 64 & 1) == 0)
            continue;
        memset(column, 0, sizeof(*column));
        column->field = known ? field : VPCVIS_FIELD_NONE;
        column->type = vpcvis_i_columns_type(
            field, known ? vpcvis_i_record_field(field)->kind : VPCVIS_KIND_TEXT, flags);
        column->width = 16;
        copy_name(column->name, vpcvis_layout_name(layout, c),
                  flags & VPCVIS_COLUMNS_UNDERSCORE);
        set->count++;
    }
}
