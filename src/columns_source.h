/* SPDX-License-Identifier: MIT */
/*
 * Internal: values out of Arrow arrays that somebody else has made.
 */
#ifndef VPCVIS_I_COLUMNS_SOURCE_H
#define VPCVIS_I_COLUMNS_SOURCE_H

#include "columns.h"

/* How a child is stored: vpcvis_columns_map.type. */
#define VPCVIS_I_COLUMNS_FROM_NONE 0
#define VPCVIS_I_COLUMNS_FROM_I8   1
#define VPCVIS_I_COLUMNS_FROM_I16  2
#define VPCVIS_I_COLUMNS_FROM_I32  3
#define VPCVIS_I_COLUMNS_FROM_I64  4
#define VPCVIS_I_COLUMNS_FROM_U8   5
#define VPCVIS_I_COLUMNS_FROM_U16  6
#define VPCVIS_I_COLUMNS_FROM_U32  7
#define VPCVIS_I_COLUMNS_FROM_U64  8
#define VPCVIS_I_COLUMNS_FROM_S    9 /* timestamps: seconds, milli-, micro-, nanoseconds */
#define VPCVIS_I_COLUMNS_FROM_MS   10
#define VPCVIS_I_COLUMNS_FROM_US   11
#define VPCVIS_I_COLUMNS_FROM_NS   12
#define VPCVIS_I_COLUMNS_FROM_TEXT 13 /* offsets of 32 bits: utf8, binary */
#define VPCVIS_I_COLUMNS_FROM_LONG 14 /* offsets of 64 bits */
#define VPCVIS_I_COLUMNS_FROM_VIEW 15 /* views */
#define VPCVIS_I_COLUMNS_FROM_W    16 /* fixed size */
#define VPCVIS_I_COLUMNS_FROM_DICT \
    32 /* + 8 * (that of the words - TEXT) + that of the indexes - 1 */

VPCVIS_I_INLINE uint32_t vpcvis_i_columns_is_number(uint32_t type)
{
    return type >= VPCVIS_I_COLUMNS_FROM_I8 && type <= VPCVIS_I_COLUMNS_FROM_U64;
}

VPCVIS_I_INLINE uint32_t vpcvis_i_columns_is_time(uint32_t type)
{
    return type >= VPCVIS_I_COLUMNS_FROM_S && type <= VPCVIS_I_COLUMNS_FROM_NS;
}

/* The type of a child; 0: none that can be read. *width is that of fixed-size binary. */
VPCVIS_I uint8_t vpcvis_i_columns_from(const struct ArrowSchema *child, uint32_t *width);

/* Whether it holds texts, or words of a dictionary. */
VPCVIS_I uint32_t vpcvis_i_columns_is_text(uint32_t type);

/* Whether an array has what reading it by that type looks at. */
VPCVIS_I uint32_t vpcvis_i_columns_fits(const struct ArrowArray *array, uint32_t type);

/* 1 if the row has a value. Rows count from the array's offset. */
VPCVIS_I uint32_t vpcvis_i_columns_is_valid(const struct ArrowArray *array, uint64_t row);

/* The number, or time in seconds, of a row. VPCVIS_E_NUMBER: it is negative. */
VPCVIS_I vpcvis_status vpcvis_i_columns_number(const struct ArrowArray *array,
                                               uint32_t type, uint64_t row,
                                               uint64_t *number);

/* The text of a row. VPCVIS_E_RANGE: an index or an offset that cannot be. */
VPCVIS_I vpcvis_status vpcvis_i_columns_text(const struct ArrowArray *array,
                                             uint32_t type, uint64_t row,
                                             const char **text, size_t *len);

/* The address of a row, from text or 16 bytes. VPCVIS_E_ADDRESS, VPCVIS_E_RANGE. */
VPCVIS_I vpcvis_status vpcvis_i_columns_addr(const struct ArrowArray *array,
                                             uint32_t type, uint64_t row,
                                             struct vpcvis_addr *addr);

#endif
