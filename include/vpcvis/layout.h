/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/layout.h - which fields a line has, in which order.
 *
 * A flow log's lines have no names in them: the layout says what each column is. It comes
 * from the default format, from a format string as the EC2 API takes it
 * (`${version} ${srcaddr}`), or from a header line (`version srcaddr`), never from counting
 * columns: two formats may have equally many. [layout.never-guessed]
 *
 * Names are separated by spaces or tabs. Each is bare or within `${}`, with hyphens
 * (`pkt-srcaddr`), underscores, or in camelCase. A name this library does not know (AWS adds
 * some every year) becomes an opaque text field; strict mode refuses it. [layout.unknown]
 *
 * A layout is immutable once made: any number of threads may use one.
 */
#ifndef VPCVIS_LAYOUT_H
#define VPCVIS_LAYOUT_H

#include "vpcvis/record.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_layout vpcvis_layout;

/* No layout needs more memory than this, alignment included: a static array will do. */
#define VPCVIS_LAYOUT_BYTES_MAX 4096

/* The longest name of a field, and room for all unknown names of a layout together. */
#define VPCVIS_LAYOUT_NAME_MAX  64
#define VPCVIS_LAYOUT_NAMES_MAX 1536

/* vpcvis_layout_config.flags */
#define VPCVIS_LAYOUT_STRICT 1u /* unknown names, and other than single spaces: errors */

/* vpcvis_layout_config.standard, used when text is NULL */
#define VPCVIS_LAYOUT_DEFAULT         0 /* the 14 fields of the default format, version 2 */
#define VPCVIS_LAYOUT_TRANSIT_GATEWAY 6 /* the 36 fields of the transit gateway default */
/* 3, 4, 5, 7, 8, 9, 10, 11: every VPC field up to that version, in documented order;
 * 2 is the same as VPCVIS_LAYOUT_DEFAULT. */

struct vpcvis_layout_config {
    uint32_t size; /* sizeof(struct vpcvis_layout_config) */
    uint32_t flags;
    const char *text; /* a format string or header line; NULL: see standard */
    VPCVIS_POINTER_PAD(text_pad)
    uint64_t text_len; /* bytes; a line end at its end is not part of it */
    uint32_t standard;
    uint32_t reserved;
};

/* Memory that vpcvis_layout_init needs at most: VPCVIS_LAYOUT_BYTES_MAX of the library. */
VPCVIS_API size_t vpcvis_layout_bytes(void);

/*
 * Make a layout in memory of len bytes, which must stay until the layout's last use; nothing
 * needs to be undone. config may be NULL (the default format). The text is copied.
 *
 * VPCVIS_E_NAME: not letters, digits, `-` and `_` beginning with a letter, or too long; in
 * strict mode also a name not in the catalogue. VPCVIS_E_DUPLICATE; VPCVIS_E_BRACE (`${}`,
 * `${a${b}}`, `${a`, `$`); VPCVIS_E_LIMIT (more than VPCVIS_FIELD_MAX columns, or more unknown
 * names than there are spare ids); VPCVIS_E_EMPTY; VPCVIS_E_SPACING and VPCVIS_E_BYTE. For all
 * of these error, unless NULL, has the byte offset of the name and its column.
 * VPCVIS_E_SPACE: len is too small. VPCVIS_E_CONFIG, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_layout_init(void *memory, size_t len,
                                            const struct vpcvis_layout_config *config,
                                            vpcvis_layout **layout,
                                            struct vpcvis_error *error);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_layout_new(const struct vpcvis_layout_config *config,
                                           const struct vpcvis_allocator *allocator,
                                           vpcvis_layout **layout,
                                           struct vpcvis_error *error);

/* Free what vpcvis_layout_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_layout_free(vpcvis_layout *layout,
                                   const struct vpcvis_allocator *allocator);

/* How many columns the layout has: 1..VPCVIS_FIELD_MAX. */
VPCVIS_API uint32_t vpcvis_layout_columns(const vpcvis_layout *layout);

/* The field in a column, VPCVIS_FIELD_NONE if there is no such column. */
VPCVIS_API uint32_t vpcvis_layout_field(const vpcvis_layout *layout, uint32_t column);

/* VPCVIS_OK stores the column of a field; VPCVIS_NOMATCH: the layout does not have it. */
VPCVIS_API vpcvis_status vpcvis_layout_find(const vpcvis_layout *layout, uint32_t field,
                                            uint32_t *column);

/*
 * The name of a column: with hyphens if the field is known, else as the layout's text had
 * it. NUL-terminated, lives as long as the layout; NULL if there is no such column.
 */
VPCVIS_API const char *vpcvis_layout_name(const vpcvis_layout *layout, uint32_t column);

/*
 * The version a layout implies: the highest of its fields' versions, 0 if it has unknown
 * names only. It is what AWS writes into the field `version` of such a log.
 * [layout.version]
 */
VPCVIS_API uint32_t vpcvis_layout_version(const vpcvis_layout *layout);

/* 1 if both have the same fields (and unknown names) in the same order, else 0. */
VPCVIS_API uint32_t vpcvis_layout_equal(const vpcvis_layout *a, const vpcvis_layout *b);

/* How vpcvis_layout_write spells names. */
#define VPCVIS_LAYOUT_HEADER     0 /* version account-id: the first line of files in S3 */
#define VPCVIS_LAYOUT_FORMAT     1 /* ${version} ${account-id}: LogFormat of the EC2 API */
#define VPCVIS_LAYOUT_UNDERSCORE 2 /* version account_id: column names of Parquet files */

/*
 * Write the layout as one line without a line end and without a NUL. VPCVIS_E_SPACE stores
 * the size needed; out may be NULL when capacity is 0. VPCVIS_E_ARG: NULL, unknown style.
 */
VPCVIS_API vpcvis_status vpcvis_layout_write(const vpcvis_layout *layout, uint32_t style,
                                             char *out, size_t capacity, size_t *out_len);

/*
 * Whether a line is a header line: every word has the form of a field name, and more than
 * half of them are names this library knows. VPCVIS_OK or VPCVIS_NOMATCH. [layout.header]
 */
VPCVIS_API vpcvis_status vpcvis_layout_match(const char *line, size_t line_len);

#ifdef __cplusplus
}
#endif

#endif
