/* SPDX-License-Identifier: MIT */
/*
 * Internal: how room columns is built.
 *
 * A batch is one block of memory:
 *
 *     block | ArrowArray a column, a dictionary | pointers | data: bitmap, values, text of each
 *       `- parts: structs out of the block that are not released yet; the last one frees it
 *
 * A set says which columns there are. Text comes by way of room line's columns ("pieces"),
 * some hundred rows that stay in the cache, and is appended to the block column by column.
 */
#ifndef VPCVIS_I_COLUMNS_H
#define VPCVIS_I_COLUMNS_H

#include "addr.h"
#include "bytes.h"
#include "layout.h"
#include "record.h"
#include "vpcvis/columns.h"

/* How a column is stored. */
#define VPCVIS_I_COLUMNS_INT32  1
#define VPCVIS_I_COLUMNS_INT64  2
#define VPCVIS_I_COLUMNS_TIME   3 /* seconds, UTC */
#define VPCVIS_I_COLUMNS_UINT8  4
#define VPCVIS_I_COLUMNS_UINT16 5
#define VPCVIS_I_COLUMNS_UINT32 6
#define VPCVIS_I_COLUMNS_UINT64 7
#define VPCVIS_I_COLUMNS_UTF8   8
#define VPCVIS_I_COLUMNS_BINARY 9  /* of `width` bytes */
#define VPCVIS_I_COLUMNS_WORDS  10 /* int32 indexes into a dictionary of utf8 */

#define VPCVIS_I_COLUMNS_NAME_MAX (VPCVIS_LAYOUT_NAME_MAX + 16)
#define VPCVIS_I_COLUMNS_TEXT_MAX 0x7fffffffu /* bytes: offsets are int32 */

/* The most different words of a column in a batch; a batch ends before the next. */
#define VPCVIS_I_COLUMNS_WORDS_MAX 4096u

struct vpcvis_i_columns_column {
    uint32_t type;
    uint32_t width; /* BINARY: bytes */
    uint32_t field; /* VPCVIS_FIELD_..., of a name that is not known VPCVIS_FIELD_NONE */
    char name[VPCVIS_I_COLUMNS_NAME_MAX];
};

struct vpcvis_i_columns_set {
    uint32_t count;
    uint32_t flags;
    struct vpcvis_i_columns_column column[VPCVIS_FIELD_MAX];
};

/* Where the values of a column go. */
struct vpcvis_i_columns_target {
    uint64_t *valid;
    void *values; /* of utf8 int32 offsets, one more than rows */
    char *text;   /* of utf8, and of the dictionary */
    size_t room;  /* bytes of text */
    size_t used;  /* bytes of text */
    uint64_t nulls;
    int32_t *word_at; /* WORDS: offsets of the dictionary */
    uint32_t words;
};

struct vpcvis_i_columns_block {
    struct vpcvis_allocator allocator;
    uint32_t own_allocator; /* 0: malloc */
    uint32_t parts;
    uint32_t count; /* columns */
    uint32_t rows;  /* capacity */
    struct ArrowArray *children;
    struct ArrowArray *dictionaries;
    struct ArrowArray **child;
    const void **buffers; /* 3 a child, 3 a dictionary, 1 of the batch */
    struct vpcvis_i_columns_target target[VPCVIS_FIELD_MAX];
};

/* Bytes past the end of a text that may be written, and of a source that may be read. */
#define VPCVIS_I_COLUMNS_SLACK 64u

VPCVIS_I_INLINE uint32_t vpcvis_i_columns_has_text(uint32_t type)
{
    return type == VPCVIS_I_COLUMNS_UTF8 || type == VPCVIS_I_COLUMNS_WORDS;
}

/* An address in 16 bytes: IPv4 as IPv6 maps it (RFC 4291, section 2.5.5.2). */
VPCVIS_I_INLINE void vpcvis_i_columns_put_addr(uint8_t *out,
                                               const struct vpcvis_addr *addr)
{
    if (addr->family != VPCVIS_ADDR_IPV4) {
        memcpy(out, addr->bytes, 16);
        return;
    }
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    memcpy(out + 12, addr->bytes, 4);
}

/* How many bytes an element of a column has; of utf8 an offset. */
VPCVIS_I uint32_t vpcvis_i_columns_width(const struct vpcvis_i_columns_column *column);

/* The type of a field's column under some flags. */
VPCVIS_I uint32_t vpcvis_i_columns_type(uint32_t field, uint32_t kind, uint32_t flags);

/* The columns of a layout, or those of them that are asked for. */
VPCVIS_I void vpcvis_i_columns_plan(struct vpcvis_i_columns_set *set,
                                    const vpcvis_layout *layout, const uint64_t fields[2],
                                    uint32_t flags);

/* Whether two names are one; `-` and `_` are. */
VPCVIS_I uint32_t vpcvis_i_columns_is_name(const char *a, const char *b);

/* The columns of a rollup. */
VPCVIS_I void vpcvis_i_columns_plan_rollup(struct vpcvis_i_columns_set *set,
                                           const vpcvis_rollup *rollup, uint32_t flags);

/* Memory of a batch for so many rows, and room[c] bytes of text in column c. NULL: none. */
VPCVIS_I struct vpcvis_i_columns_block *vpcvis_i_columns_make(
    const struct vpcvis_i_columns_set *set, uint32_t rows, const size_t *room,
    const struct vpcvis_allocator *allocator);

/* The block becomes a batch of its first `rows` rows. */
VPCVIS_I void vpcvis_i_columns_show(struct vpcvis_i_columns_block *block,
                                    const struct vpcvis_i_columns_set *set, uint32_t rows,
                                    struct ArrowArray *array);

/* Free a block that was not shown. NULL is fine. */
VPCVIS_I void vpcvis_i_columns_drop(struct vpcvis_i_columns_block *block);

/* The schema of a set. VPCVIS_E_MEMORY. */
VPCVIS_I vpcvis_status vpcvis_i_columns_make_schema(
    const struct vpcvis_i_columns_set *set, const struct vpcvis_allocator *allocator,
    struct ArrowSchema *schema);

/* Rows of pieces on their way to a block. */
struct vpcvis_i_columns_pieces {
    const struct vpcvis_line_columns *columns;
    const char *text;
    uint32_t first;
    uint32_t count;
    uint32_t field[VPCVIS_FIELD_MAX]; /* by column: where it comes from; NONE: nowhere */
};

/* Bytes of text that `count` rows need in each column; no less than are used. */
VPCVIS_I void vpcvis_i_columns_measure(const struct vpcvis_i_columns_set *set,
                                       const struct vpcvis_i_columns_pieces *pieces,
                                       uint32_t count, size_t *room);

/* Append rows to the block, which has `at`, as many as find room; adds to *clamped. */
VPCVIS_I uint32_t vpcvis_i_columns_append(struct vpcvis_i_columns_block *block,
                                          const struct vpcvis_i_columns_set *set,
                                          const struct vpcvis_i_columns_pieces *pieces,
                                          uint32_t at, uint32_t *word_index,
                                          uint64_t *clamped);

/* Slots of a column's index of words. */
#define VPCVIS_I_COLUMNS_INDEX (2 * VPCVIS_I_COLUMNS_WORDS_MAX)

/* Bits s..s+n-1 of a bitmap to d..d+n-1 of another, which is zero from d on; NULL: ones.
 * Returns how many are clear. */
VPCVIS_I uint32_t vpcvis_i_columns_put_bits(uint64_t *to, uint32_t d,
                                            const uint64_t *from, uint32_t s, uint32_t n);

#endif
