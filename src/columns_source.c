/* SPDX-License-Identifier: MIT */
/*
 * Room columns: values out of arrays that somebody else has made, "Columnar format" of Arrow.
 *
 * What a schema says is believed only as far as it can be checked: lengths of buffers are not
 * told, so an array that is not what its schema says cannot be found out here.
 */
#include "columns_source.h"

/* "w:16": 16; 0 if it is not that. */
static uint32_t read_width(const char *digits)
{
    uint32_t width = 0;

    for (; *digits >= '0' && *digits <= '9' && width < 1000000; digits++)
        width = width * 10 + (uint32_t)(*digits - '0');
    return *digits == '\0' ? width : 0;
}

/* "tss:UTC" and the like: any time zone, for the numbers count from the epoch in UTC. */
static uint8_t time_type(const char *format)
{
    static const char units[] = "smun";
    uint8_t unit;

    if (format[0] != 't' || format[1] != 's' || format[2] == '\0' || format[3] != ':')
        return VPCVIS_I_COLUMNS_FROM_NONE;
    for (unit = 0; unit < 4; unit++)
        if (units[unit] == format[2])
            return (uint8_t)(VPCVIS_I_COLUMNS_FROM_S + unit);
    return VPCVIS_I_COLUMNS_FROM_NONE;
}

static uint8_t plain_type(const char *format, uint32_t *width)
{
    static const char letters[] = "csilCSIL";
    uint8_t i;

    if (format == NULL)
        return VPCVIS_I_COLUMNS_FROM_NONE;
    if (format[0] == 'w' && format[1] == ':') {
        *width = read_width(format + 2);
        return VPCVIS_I_COLUMNS_FROM_W;
    }
    if (format[0] == 'v' && (format[1] == 'u' || format[1] == 'z') && format[2] == '\0')
        return VPCVIS_I_COLUMNS_FROM_VIEW;
    if (format[0] == '\0' || format[1] != '\0')
        return time_type(format);
    if (format[0] == 'u' || format[0] == 'z')
        return VPCVIS_I_COLUMNS_FROM_TEXT;
    if (format[0] == 'U' || format[0] == 'Z')
        return VPCVIS_I_COLUMNS_FROM_LONG;
    for (i = 0; letters[i] != '\0'; i++)
        if (letters[i] == format[0])
            return (uint8_t)(VPCVIS_I_COLUMNS_FROM_I8 + i);
    return VPCVIS_I_COLUMNS_FROM_NONE;
}

uint8_t vpcvis_i_columns_from(const struct ArrowSchema *child, uint32_t *width)
{
    const uint8_t type = plain_type(child->format, width);
    uint32_t unused;
    uint8_t words;

    if (child->dictionary == NULL)
        return type;
    words = plain_type(child->dictionary->format, &unused);
    if (!vpcvis_i_columns_is_number(type) || words < VPCVIS_I_COLUMNS_FROM_TEXT ||
        words > VPCVIS_I_COLUMNS_FROM_VIEW)
        return VPCVIS_I_COLUMNS_FROM_NONE;
    return (uint8_t)(VPCVIS_I_COLUMNS_FROM_DICT +
                     8 * (words - VPCVIS_I_COLUMNS_FROM_TEXT) + type -
                     VPCVIS_I_COLUMNS_FROM_I8);
}

uint32_t vpcvis_i_columns_is_text(uint32_t type)
{
    return type >= VPCVIS_I_COLUMNS_FROM_DICT ||
           (type >= VPCVIS_I_COLUMNS_FROM_TEXT && type <= VPCVIS_I_COLUMNS_FROM_VIEW);
}

static uint32_t index_type(uint32_t type)
{
    return (type - VPCVIS_I_COLUMNS_FROM_DICT) % 8 + VPCVIS_I_COLUMNS_FROM_I8;
}

static uint32_t word_type(uint32_t type)
{
    return (type - VPCVIS_I_COLUMNS_FROM_DICT) / 8 + VPCVIS_I_COLUMNS_FROM_TEXT;
}

uint32_t vpcvis_i_columns_fits(const struct ArrowArray *array, uint32_t type)
{
    const int64_t least =
        type >= VPCVIS_I_COLUMNS_FROM_TEXT && type <= VPCVIS_I_COLUMNS_FROM_VIEW ? 3 : 2;

    if (array->length < 0 || array->offset < 0 || array->buffers == NULL)
        return 0;
    if (array->n_buffers < least || (array->length > 0 && array->buffers[1] == NULL))
        return 0;
    if (type < VPCVIS_I_COLUMNS_FROM_DICT)
        return 1;
    return array->dictionary != NULL &&
           vpcvis_i_columns_fits(array->dictionary, word_type(type));
}

uint32_t vpcvis_i_columns_is_valid(const struct ArrowArray *array, uint64_t row)
{
    const uint8_t *bits = array->buffers[0];
    const uint64_t at = row + (uint64_t)array->offset;

    return bits == NULL || (bits[at / 8] >> at % 8 & 1);
}

/* Numbers from signed ones: *negative says that it is. */
static uint64_t load_number(const void *values, uint32_t type, uint64_t at, int *negative)
{
    int64_t number;

    switch (type) {
    case VPCVIS_I_COLUMNS_FROM_I8: number = ((const int8_t *)values)[at]; break;
    case VPCVIS_I_COLUMNS_FROM_I16: number = ((const int16_t *)values)[at]; break;
    case VPCVIS_I_COLUMNS_FROM_I32: number = ((const int32_t *)values)[at]; break;
    case VPCVIS_I_COLUMNS_FROM_U8: return ((const uint8_t *)values)[at];
    case VPCVIS_I_COLUMNS_FROM_U16: return ((const uint16_t *)values)[at];
    case VPCVIS_I_COLUMNS_FROM_U32: return ((const uint32_t *)values)[at];
    case VPCVIS_I_COLUMNS_FROM_U64: return ((const uint64_t *)values)[at];
    default: number = ((const int64_t *)values)[at]; break;
    }
    *negative = number < 0;
    return (uint64_t)number;
}

vpcvis_status vpcvis_i_columns_number(const struct ArrowArray *array, uint32_t type,
                                      uint64_t row, uint64_t *number)
{
    static const uint32_t units[] = {1, 1000, 1000000, 1000000000};
    const uint64_t at = row + (uint64_t)array->offset;
    int negative = 0;

    *number = load_number(array->buffers[1], type, at, &negative);
    if (negative)
        return VPCVIS_E_NUMBER;
    if (vpcvis_i_columns_is_time(type))
        *number /= units[type - VPCVIS_I_COLUMNS_FROM_S];
    return VPCVIS_OK;
}

static vpcvis_status text_by_offsets(const struct ArrowArray *array, uint32_t is_long,
                                     uint64_t at, const char **text, size_t *len)
{
    const int32_t *shorts = array->buffers[1];
    const int64_t *longs = array->buffers[1];
    const int64_t from = is_long ? longs[at] : shorts[at];
    const int64_t to = is_long ? longs[at + 1] : shorts[at + 1];

    if (from < 0 || to < from || (array->buffers[2] == NULL && to > from) ||
        (uint64_t)to > SIZE_MAX / 2)
        return VPCVIS_E_RANGE;
    *text = (const char *)array->buffers[2] + (to > from ? from : 0);
    *len = (size_t)(to - from);
    return VPCVIS_OK;
}

/* A view: 4 bytes of length, then 12 bytes of text, or 4 of it, which buffer, where. */
static vpcvis_status text_by_view(const struct ArrowArray *array, uint64_t at,
                                  const char **text, size_t *len)
{
    const char *view = (const char *)array->buffers[1] + 16 * (size_t)at;
    int32_t part[4];

    memcpy(part, view, sizeof(part));
    if (part[0] < 0)
        return VPCVIS_E_RANGE;
    *len = (size_t)part[0];
    *text = view + 4;
    if (part[0] <= 12)
        return VPCVIS_OK;
    if (part[2] < 0 || part[3] < 0 || part[2] + (int64_t)3 >= array->n_buffers)
        return VPCVIS_E_RANGE;
    *text = (const char *)array->buffers[2 + part[2]] + part[3];
    return VPCVIS_OK;
}

static vpcvis_status plain_text(const struct ArrowArray *array, uint32_t type,
                                uint64_t row, const char **text, size_t *len)
{
    const uint64_t at = row + (uint64_t)array->offset;

    if (type == VPCVIS_I_COLUMNS_FROM_VIEW)
        return text_by_view(array, at, text, len);
    return text_by_offsets(array, type == VPCVIS_I_COLUMNS_FROM_LONG, at, text, len);
}

vpcvis_status vpcvis_i_columns_text(const struct ArrowArray *array, uint32_t type,
                                    uint64_t row, const char **text, size_t *len)
{
    uint64_t word;

    if (type < VPCVIS_I_COLUMNS_FROM_DICT)
        return plain_text(array, type, row, text, len);
    if (vpcvis_i_columns_number(array, index_type(type), row, &word) != VPCVIS_OK ||
        word >= (uint64_t)array->dictionary->length)
        return VPCVIS_E_RANGE;
    return plain_text(array->dictionary, word_type(type), word, text, len);
}
