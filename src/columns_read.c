/* SPDX-License-Identifier: MIT */
/*
 * Room columns: batches to records, row by row.
 */
#include "columns_source.h"

/* Whether a field can be read from a child of a type. */
static int can_read(uint32_t field, uint32_t type, uint32_t width)
{
    switch (vpcvis_i_record_field(field)->kind) {
    case VPCVIS_KIND_NUMBER32: return (int)vpcvis_i_columns_is_number(type);
    case VPCVIS_KIND_NUMBER64:
        return vpcvis_i_columns_is_number(type) ||
               (vpcvis_i_columns_is_time(type) &&
                (field == VPCVIS_FIELD_START || field == VPCVIS_FIELD_END));
    case VPCVIS_KIND_ADDRESS:
        return vpcvis_i_columns_is_text(type) ||
               (type == VPCVIS_I_COLUMNS_FROM_W && width == 16);
    default: return (int)vpcvis_i_columns_is_text(type);
    }
}

static int find_field(const char *name, uint32_t *field)
{
    size_t len = 0;

    while (name != NULL && name[len] != '\0' && len <= VPCVIS_LAYOUT_NAME_MAX)
        len++;
    return len > 0 && vpcvis_record_find(name, len, field) == VPCVIS_OK;
}

vpcvis_status vpcvis_columns_find(const struct ArrowSchema *schema,
                                  struct vpcvis_columns_map *out,
                                  struct vpcvis_error *error)
{
    struct vpcvis_columns_map map;
    uint32_t i;

    if (schema == NULL || out == NULL || schema->format == NULL ||
        schema->format[0] != '+' || schema->format[1] != 's' ||
        schema->format[2] != '\0' || schema->n_children < 0 ||
        schema->n_children > INT32_MAX)
        return VPCVIS_E_ARG;
    memset(&map, 0, sizeof(map));
    memset(map.child, 0xff, sizeof(map.child));
    map.columns = (uint32_t)schema->n_children;
    for (i = 0; i < map.columns; i++) {
        const struct ArrowSchema *child = schema->children[i];
        uint32_t field, width = 0;

        if (!find_field(child->name, &field))
            continue;
        if (map.child[field] != VPCVIS_FIELD_NONE)
            return vpcvis_i_base_fail(error, VPCVIS_E_DUPLICATE, field, i, 0);
        map.type[field] = vpcvis_i_columns_from(child, &width);
        if (!can_read(field, map.type[field], width))
            return vpcvis_i_base_fail(error, VPCVIS_E_CONFIG, field, i, 0);
        map.child[field] = i;
        map.found++;
    }
    if (map.found == 0)
        return VPCVIS_NOMATCH;
    *out = map;
    return VPCVIS_OK;
}

/* Texts of one record: they count from its base. */
struct room {
    char *at;
    size_t left;
    size_t used;
};

static vpcvis_status take_text(struct vpcvis_value *value, uint32_t field,
                               struct room *room)
{
    uint32_t i;

    if (value->text_len == 0)
        return VPCVIS_E_BYTE;
    for (i = 0; i < value->text_len; i++)
        if (value->text[i] < 0x21 || value->text[i] > 0x7e)
            return VPCVIS_E_BYTE;
    if (value->text_len > VPCVIS_LINE_MAX - room->used)
        return VPCVIS_E_LONG;
    if (value->text_len > room->left - room->used)
        return VPCVIS_E_SPACE;
    memcpy(room->at + room->used, value->text, value->text_len);
    value->text = room->at + room->used;
    room->used += value->text_len;
    if (vpcvis_i_record_field(field)->kind == VPCVIS_KIND_NAME)
        value->number = vpcvis_i_record_code(field, value->text, value->text_len);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_columns_addr(const struct ArrowArray *array, uint32_t type,
                                    uint64_t row, struct vpcvis_addr *addr)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const uint8_t *bytes;
    const char *text;
    vpcvis_status status;
    size_t len, bad;

    memset(addr, 0, sizeof(*addr));
    if (type != VPCVIS_I_COLUMNS_FROM_W) {
        status = vpcvis_i_columns_text(array, type, row, &text, &len);
        return status != VPCVIS_OK ? status : vpcvis_i_addr_read(text, len, addr, &bad);
    }
    bytes =
        (const uint8_t *)array->buffers[1] + 16 * (size_t)(row + (uint64_t)array->offset);
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        addr->family = VPCVIS_ADDR_IPV4;
        memcpy(addr->bytes, bytes + 12, 4);
    } else {
        addr->family = VPCVIS_ADDR_IPV6;
        memcpy(addr->bytes, bytes, 16);
    }
    return VPCVIS_OK;
}

static vpcvis_status read_value(const struct vpcvis_columns_map *map,
                                const struct ArrowArray *child, uint32_t field,
                                uint64_t row, struct room *room,
                                struct vpcvis_record *record)
{
    const uint32_t kind = vpcvis_i_record_field(field)->kind;
    const uint32_t type = map->type[field];
    struct vpcvis_value value;
    vpcvis_status status = VPCVIS_OK;
    size_t len = 0;

    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_DASH;
    if (vpcvis_i_columns_is_valid(child, row)) {
        value.state = VPCVIS_STATE_VALUE;
        if (kind <= VPCVIS_KIND_NUMBER64) {
            status = vpcvis_i_columns_number(child, type, row, &value.number);
        } else if (kind == VPCVIS_KIND_ADDRESS) {
            status = vpcvis_i_columns_addr(child, type, row, &value.addr);
        } else {
            status = vpcvis_i_columns_text(child, type, row, &value.text, &len);
            value.text_len = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
            if (status == VPCVIS_OK)
                status = take_text(&value, field, room);
        }
    }
    return status != VPCVIS_OK ? status : vpcvis_record_set(record, field, &value);
}

/* One row. On an error *field says where. */
static vpcvis_status read_row(const struct vpcvis_columns_map *map,
                              const struct ArrowArray *array, uint64_t row,
                              struct room *room, struct vpcvis_record *record,
                              uint32_t *field)
{
    const uint64_t at = row + (uint64_t)array->offset;
    vpcvis_status status;

    vpcvis_record_init(record, room->at);
    room->used = 0;
    for (*field = 0; *field < VPCVIS_FIELD_COUNT; ++*field) {
        if (map->child[*field] == VPCVIS_FIELD_NONE)
            continue;
        status = read_value(map, array->children[map->child[*field]], *field, at, room,
                            record);
        if (status != VPCVIS_OK)
            return status;
    }
    return VPCVIS_OK;
}

static int fits(const struct vpcvis_columns_map *map, const struct ArrowArray *array)
{
    uint32_t field;

    if (array->n_children != (int64_t)map->columns || array->length < 0 ||
        array->offset < 0)
        return 0;
    for (field = 0; field < VPCVIS_FIELD_COUNT; field++) {
        const struct ArrowArray *child;

        if (map->child[field] == VPCVIS_FIELD_NONE)
            continue;
        child = array->children[map->child[field]];
        if (!vpcvis_i_columns_fits(child, map->type[field]) ||
            child->length < array->offset + array->length)
            return 0;
    }
    return 1;
}

/* What a row's status means for the batch: VPCVIS_OK goes on. */
static vpcvis_status settle(vpcvis_status status, uint32_t field, uint32_t column,
                            uint64_t row, struct vpcvis_error *errors,
                            size_t error_capacity, struct vpcvis_columns_result *result)
{
    struct vpcvis_error *error;

    if (status == VPCVIS_E_SPACE)
        return result->records > 0 ? VPCVIS_MORE : VPCVIS_E_SPACE;
    if (result->errors == error_capacity)
        return VPCVIS_MORE;
    error = &errors[result->errors++];
    (void)vpcvis_i_base_fail(error, status, field, column, 0);
    error->line = row + 1;
    result->taken++;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_columns_read(const struct vpcvis_columns_map *map,
                                  const struct ArrowArray *array, uint64_t first,
                                  struct vpcvis_record *records, size_t stride,
                                  size_t capacity, char *text, size_t text_capacity,
                                  struct vpcvis_error *errors, size_t error_capacity,
                                  struct vpcvis_columns_result *result)
{
    struct room room = {text, text_capacity, 0};
    vpcvis_status status = VPCVIS_OK;
    uint32_t field;

    if (map == NULL || array == NULL || records == NULL || errors == NULL ||
        result == NULL || capacity == 0 || error_capacity == 0 ||
        (text == NULL && text_capacity > 0) || stride < sizeof(*records) ||
        stride % 8 != 0 || !fits(map, array))
        return VPCVIS_E_ARG;
    memset(result, 0, sizeof(*result));
    while (status == VPCVIS_OK && first + result->taken < (uint64_t)array->length) {
        const uint64_t row = first + result->taken;
        char *to = (char *)records + (size_t)result->records * stride;

        if (result->records == capacity)
            return VPCVIS_MORE;
        status =
            read_row(map, array, row, &room, (struct vpcvis_record *)(void *)to, &field);
        if (status == VPCVIS_OK) {
            room.at += room.used;
            room.left -= room.used;
            result->text_len += room.used;
            result->records++;
            result->taken++;
            continue;
        }
        status =
            settle(status, field, map->child[field], row, errors, error_capacity, result);
    }
    return status;
}
