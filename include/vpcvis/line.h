/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/line.h - text lines to records and back, one at a time or thousands.
 *
 * The grammar of a line: columns separated by one or more spaces or tabs, as many as the
 * layout has; spaces around the line do not count; it ends with LF, CRLF or the text's end (a CR before
 * which is part of it).
 * All other bytes are printable ASCII (0x21..0x7E): tag values come percent-encoded.
 * Numbers are plain decimal digits, exact and checked against their field's type; a bad line
 * is an error with its field and byte and never changes how other lines are read.
 * [line.grammar]
 *
 * One line: vpcvis_line_read, vpcvis_line_write; no machine, no memory.
 * Many lines: the machine vpcvis_line holds the working memory of one thread and reads a text
 * into rows (struct vpcvis_record) or columns (struct of arrays in the caller's memory). Both
 * give exactly what vpcvis_line_read gives for each line. Nothing is allocated after init.
 *
 * This room reads whole lines of one layout; vpcvis/reader.h takes a stream in pieces, with
 * header lines. Texts in records point into the text that was read.
 */
#ifndef VPCVIS_LINE_H
#define VPCVIS_LINE_H

#include "vpcvis/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_line vpcvis_line;

#define VPCVIS_LINE_MAX       65535  /* bytes of a line without its end */
#define VPCVIS_LINE_BYTES_MAX 393216 /* no vpcvis_line needs more memory than this */

/* Flags of reading, for vpcvis_line_read and vpcvis_line_config.flags */
#define VPCVIS_LINE_LENIENT \
    1u                    /* too few or too many columns: a record with flag FEW, MANY */
#define VPCVIS_LINE_MS 2u /* start and end of 11 or more digits are milliseconds */
#define VPCVIS_LINE_PREFIX \
    4u /* a line may begin with an ISO 8601 time, as CloudWatch Logs
                                  exports write (`2018-09-22T20:28:14.000Z `); skipped */
#define VPCVIS_LINE_HEADER \
    8u                       /* batches: skip header lines equal to the layout, and stop
                                  with VPCVIS_HEADER before any other */
#define VPCVIS_LINE_SKIP 16u /* batches: do not look into fields that are not asked for */

/*
 * Read one line (up to its end; bytes after the first LF are VPCVIS_E_BYTE). *record is
 * wholly set, texts count from record->base == line.
 *
 * VPCVIS_E_BYTE, VPCVIS_E_NUMBER, VPCVIS_E_RANGE, VPCVIS_E_ADDRESS: a bad value; VPCVIS_E_FEW
 * (an empty line too), VPCVIS_E_MANY; VPCVIS_E_LONG. error, unless NULL, has field, column and
 * offset. VPCVIS_E_ARG: NULL; VPCVIS_E_CONFIG: unknown flags.
 */
VPCVIS_API vpcvis_status vpcvis_line_read(const vpcvis_layout *layout, uint32_t flags,
                                          const char *line, size_t line_len,
                                          struct vpcvis_record *record,
                                          struct vpcvis_error *error);

struct vpcvis_line_config {
    uint32_t size;  /* sizeof(struct vpcvis_line_config) */
    uint32_t flags; /* VPCVIS_LINE_... */
    uint32_t cpu;   /* VPCVIS_CPU_...; VPCVIS_E_CPU at init if it is not to be had */
    uint32_t reserved;
    uint64_t
        fields[2]; /* bit f: field f is asked for; both 0: all of the layout. Fields not
                           asked for are checked (unless VPCVIS_LINE_SKIP) and not stored: they
                           are absent in rows */
};

/* Memory that vpcvis_line_init needs at most. */
VPCVIS_API size_t vpcvis_line_bytes(void);

/*
 * Make a reader of lines of one layout in memory of len bytes, which stays, as the layout
 * does, until its last use. config may be NULL. One thread at a time.
 * VPCVIS_E_SPACE, VPCVIS_E_CONFIG, VPCVIS_E_CPU, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_line_init(void *memory, size_t len,
                                          const vpcvis_layout *layout,
                                          const struct vpcvis_line_config *config,
                                          vpcvis_line **lines);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_line_new(const vpcvis_layout *layout,
                                         const struct vpcvis_line_config *config,
                                         const struct vpcvis_allocator *allocator,
                                         vpcvis_line **lines);

/* Free what vpcvis_line_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_line_free(vpcvis_line *lines,
                                 const struct vpcvis_allocator *allocator);

/* What a batch did. */
struct vpcvis_line_result {
    uint64_t taken;   /* bytes of text that are dealt with; the next call begins there */
    uint64_t lines;   /* lines in them: records + errors + blank + headers */
    uint64_t records; /* stored, in the order of their lines */
    uint64_t errors;  /* refused, stored in the error array */
    uint64_t blank;   /* lines of nothing but spaces: skipped */
    uint64_t headers; /* repeated header lines: skipped (VPCVIS_LINE_HEADER) */
};

/*
 * Read text into rows: the record of row i is stored at (char *)records + i * stride.
 * min(stride, sizeof) bytes of each are written, so stride may be smaller or larger than the
 * struct, at least 192 and a multiple of 8. The last line needs no line end.
 *
 * A line that is refused stores one item in errors (line numbers and line_at count from this
 * text) and nothing in records. VPCVIS_OK: the whole text is dealt with. VPCVIS_MORE: one of
 * the arrays is full, and the text from result->taken on is left; nothing goes unreported.
 * VPCVIS_HEADER: a header line of another layout is at result->taken. *result is always set,
 * but for VPCVIS_E_ARG (NULL, or a bad stride).
 */
VPCVIS_API vpcvis_status vpcvis_line_read_rows(
    vpcvis_line *lines, const char *text, size_t text_len, struct vpcvis_record *records,
    size_t stride, size_t record_capacity, struct vpcvis_error *errors,
    size_t error_capacity, struct vpcvis_line_result *result);

/*
 * Columns: arrays of `capacity` elements in memory of the caller's, by field id.
 *
 * values[f] by the kind of f: NUMBER32 uint32_t, NUMBER64 uint64_t, ADDRESS struct vpcvis_addr,
 * TEXT and NAME struct vpcvis_line_text. valid[f] is a bitmap of (capacity + 63) / 64 words, row
 * i being bit i % 64 of word i / 64: set for a value, clear for `-` (the element is then
 * unspecified) and for a column that a lenient line did not have. Bits past the last row of a
 * batch are zero in the last word used. An array that is NULL is not stored; fields that the
 * layout does not have are left alone.
 */
struct vpcvis_line_text {
    uint32_t at;   /* from the start of the text that was read */
    uint16_t len;  /* bytes */
    uint16_t code; /* NAME: the code, 0 for a word not in the list; TEXT: 0 */
};

struct vpcvis_line_columns {
    uint32_t size;     /* sizeof(struct vpcvis_line_columns) */
    uint32_t capacity; /* rows that every array has room for */
    uint32_t *line_at; /* where each row's line begins in the text; may be NULL */
    VPCVIS_POINTER_PAD(line_at_pad)
    uint32_t *flags; /* VPCVIS_RECORD_... of each row; may be NULL */
    VPCVIS_POINTER_PAD(flags_pad)
    void *values[VPCVIS_FIELD_MAX];
    uint64_t *valid[VPCVIS_FIELD_MAX];
#if UINTPTR_MAX == 0xffffffffu
    uint32_t arrays_pad[2 * VPCVIS_FIELD_MAX];
#endif
};

/*
 * One block of memory for columns: how many bytes the fields asked for (a bitmap as in
 * vpcvis_line_config) need at that capacity, alignment included, and laying *columns out in it:
 * every array begins at a multiple of 64; arrays of other fields become NULL.
 * VPCVIS_E_SPACE: len is too small. VPCVIS_E_ARG: NULL, or no capacity.
 */
VPCVIS_API size_t vpcvis_line_columns_bytes(const uint64_t fields[2], uint32_t capacity);
VPCVIS_API vpcvis_status vpcvis_line_columns_init(void *memory, size_t len,
                                                  const uint64_t fields[2],
                                                  uint32_t capacity,
                                                  struct vpcvis_line_columns *columns);

/*
 * Read text into columns, rows from 0; as vpcvis_line_read_rows otherwise. text_len is at most
 * 4 GiB - 1 (VPCVIS_E_ARG).
 */
VPCVIS_API vpcvis_status vpcvis_line_read_columns(
    vpcvis_line *lines, const char *text, size_t text_len,
    const struct vpcvis_line_columns *columns, struct vpcvis_error *errors,
    size_t error_capacity, struct vpcvis_line_result *result);

/*
 * Write one record as a line without a line end and without a NUL: the layout's columns with
 * one space between them, `-` for a field that is absent or `-`, addresses by RFC 5952, a NAME
 * by its code's word, or by its text if the code is 0. [line.canonical]
 * VPCVIS_E_SPACE stores the size needed; out may be NULL when capacity is 0. VPCVIS_E_BYTE: a
 * text that is empty or has a byte no line may have; VPCVIS_E_ARG: NULL, an address without
 * family, a code without a word.
 */
VPCVIS_API vpcvis_status vpcvis_line_write(const vpcvis_layout *layout,
                                           const struct vpcvis_record *record, char *out,
                                           size_t capacity, size_t *out_len);

/*
 * Write rows, each followed by LF. *written is the number of records that are whole in out,
 * *out_len their bytes. VPCVIS_OK: all; VPCVIS_MORE: out is full, go on from *written;
 * VPCVIS_E_SPACE: not even the first fits, *out_len is the size it needs; VPCVIS_E_BYTE,
 * VPCVIS_E_ARG: record *written cannot be written, those before it are.
 */
VPCVIS_API vpcvis_status vpcvis_line_write_rows(const vpcvis_layout *layout,
                                                const struct vpcvis_record *records,
                                                size_t stride, size_t count, char *out,
                                                size_t capacity, size_t *out_len,
                                                size_t *written);

/*
 * Write rows first..first+count-1 of columns, each followed by LF; texts count from text, the
 * bytes the columns were read from. A column whose array is NULL is written as `-`; arrays that
 * no batch has filled must be NULL. Statuses
 * as vpcvis_line_write_rows.
 */
VPCVIS_API vpcvis_status vpcvis_line_write_columns(
    const vpcvis_layout *layout, const struct vpcvis_line_columns *columns,
    const char *text, size_t first, size_t count, char *out, size_t capacity,
    size_t *out_len, size_t *written);

#ifdef __cplusplus
}
#endif

#endif
