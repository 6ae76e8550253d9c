/* SPDX-License-Identifier: MIT */
/*
 * Internal: what a layout is made of, for the rooms above.
 */
#ifndef VPCVIS_I_LAYOUT_H
#define VPCVIS_I_LAYOUT_H

#include "bytes.h"
#include "vpcvis/layout.h"

#define VPCVIS_I_LAYOUT_NONE 0xffu

struct vpcvis_layout {
    uint32_t columns;
    uint32_t version;
    uint32_t unknown;                   /* names not in the catalogue */
    uint32_t names_len;                 /* bytes of `names` in use */
    uint64_t fields[2];                 /* bit f: has field f */
    uint8_t field[VPCVIS_FIELD_MAX];    /* by column */
    uint8_t column[VPCVIS_FIELD_MAX];   /* by field, or VPCVIS_I_LAYOUT_NONE */
    uint16_t name_at[VPCVIS_FIELD_MAX]; /* unknown fields, by column: into names */
    char names[VPCVIS_LAYOUT_NAMES_MAX];
};

/* 1 if the line is the layout's own header line, spelled with hyphens and single spaces. */
VPCVIS_I uint32_t vpcvis_i_layout_is_own_header(const vpcvis_layout *layout,
                                                const char *line, size_t len);

/* The line without LF, CRLF or CR at its end. */
VPCVIS_I_INLINE size_t vpcvis_i_layout_trim(const char *line, size_t len)
{
    if (len > 0 && line[len - 1] == '\n')
        len--;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    return len;
}

#endif
