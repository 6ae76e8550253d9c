/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/columns.h - flow logs, totals and partials as Arrow columns, and back.
 *
 * Arrow is how data engines hand columns to one another: a schema says names and types, an
 * array (a record batch) has the values of some rows, a stream gives batches one by one. All
 * three are plain C structs of the Arrow C data and C stream interfaces; whoever is given one
 * calls its `release` when done. pyarrow, Polars, pandas, DuckDB and Spark take them as they
 * are; nothing is copied, and no Arrow library is needed here.
 *
 *     text --reader--> vpcvis_columns --> ArrowArray, ArrowArrayStream      engines
 *     rollup ----------> vpcvis_columns_rollup --> ArrowArray                  |
 *     records, rollup <-- vpcvis_columns_read, _merge <-- ArrowArray  <--------´
 *
 * Types are those of flow logs that AWS delivers as Parquet, so that queries written for them
 * work: int32 version, ports, protocol, tcp-flags, traffic-path; int64 packets, bytes, start,
 * end, packets-lost-*; all else utf8. Every column may have nulls: a `-`, and a field that the
 * line's layout does not have, are null. [columns.schema] Addresses are written by RFC 5952. A
 * counter beyond 2^63 - 1 is that number in an int64 column, and counted (`clamped`); flag
 * VPCVIS_COLUMNS_UNSIGNED has room for all of it. [columns.clamp]
 *
 * A schema does not change in a stream: it has the fields of the first layout (or those asked
 * for). After a header line of another layout rows are put into the columns of the same
 * names; those that have fields no column is there for are counted (`narrowed`).
 * [columns.layouts]
 *
 * Memory: each batch is one block from the allocator and owns all it shows, so it outlives the
 * machine that made it. Blocks are freed by whoever releases the last of a batch and its
 * children, in any order, on any thread: the allocator must allow that. (A compiler without
 * GNU C's atomics makes a library where one thread at a time releases parts of one batch.)
 * [columns.release]
 */
#ifndef VPCVIS_COLUMNS_H
#define VPCVIS_COLUMNS_H

#include "vpcvis/reader.h"
#include "vpcvis/rollup.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The Arrow C data interface, as its specification asks it to be written down. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

/* The Arrow C stream interface, likewise. */
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

typedef struct vpcvis_columns vpcvis_columns;

/* vpcvis_columns_config.flags: other types and names than the plain ones. */
#define VPCVIS_COLUMNS_UNDERSCORE 1u  /* names as Athena writes them: account_id */
#define VPCVIS_COLUMNS_UNSIGNED   2u  /* uint8 protocol, uint16 ports, uint32, uint64 */
#define VPCVIS_COLUMNS_BINARY     4u  /* addresses of 16 bytes, IPv4 as ::ffff:a.b.c.d */
#define VPCVIS_COLUMNS_TIMES      8u  /* start and end are timestamps, in seconds, UTC */
#define VPCVIS_COLUMNS_DICTIONARY 16u /* utf8 but addresses: a dictionary a batch */
/* Of rollups alone: to be merged, with columns flags and rows, sketches as they are. */
#define VPCVIS_COLUMNS_PARTIAL 32u

#define VPCVIS_COLUMNS_ROWS_MAX 1048576 /* 2^20 */

struct vpcvis_columns_config {
    uint32_t size; /* sizeof(struct vpcvis_columns_config) */
    uint32_t flags;
    uint32_t rows; /* of a batch, at most; 0: 32,768. Rounded up to a multiple of 64 */
    uint32_t reserved;
    const struct vpcvis_reader_config *reader; /* how text is read; NULL: defaults.
                                                   fields: the columns, if not all */
    VPCVIS_POINTER_PAD(reader_pad)
    const struct vpcvis_allocator *allocator; /* of blocks; copied. NULL: malloc */
    VPCVIS_POINTER_PAD(allocator_pad)
};

/* Everything that was seen, since init. */
struct vpcvis_columns_counts {
    struct vpcvis_reader_counts reader;
    uint64_t batches;
    uint64_t rows;     /* in them */
    uint64_t clamped;  /* counters that stopped at 2^63 - 1 */
    uint64_t narrowed; /* rows that had fields for which there is no column */
};

/* What one vpcvis_columns_next did. */
struct vpcvis_columns_batch {
    uint64_t rows;   /* of the array; 0: there is none */
    uint64_t errors; /* stored; line and line_at count from the stream's start */
};

/* Memory that vpcvis_columns_init needs for that config; 0 if it cannot be. */
VPCVIS_API size_t vpcvis_columns_bytes(const struct vpcvis_columns_config *config);

/*
 * Make a reader of text into columns in memory of len bytes; config may be NULL. One thread at
 * a time. VPCVIS_E_CONFIG, VPCVIS_E_CPU, VPCVIS_E_SPACE, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_columns_init(void *memory, size_t len,
                                             const struct vpcvis_columns_config *config,
                                             vpcvis_columns **columns);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_columns_new(const struct vpcvis_columns_config *config,
                                            const struct vpcvis_allocator *allocator,
                                            vpcvis_columns **columns);

/* Let go of rows that no batch has taken. vpcvis_columns_free does it as well. */
VPCVIS_API void vpcvis_columns_clear(vpcvis_columns *columns);

/* Free what vpcvis_columns_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_columns_free(vpcvis_columns *columns,
                                    const struct vpcvis_allocator *allocator);

/* Hand over the next chunk, or say that none follows: as vpcvis_reader_add and _end. */
VPCVIS_API vpcvis_status vpcvis_columns_add(vpcvis_columns *columns, const char *chunk,
                                            size_t chunk_len);
VPCVIS_API vpcvis_status vpcvis_columns_end(vpcvis_columns *columns);

/*
 * The next batch. VPCVIS_OK: a batch is full, or the end was said and this is what was left, or
 * the errors found no more room: *array is the batch if batch->rows is not 0, else its
 * release is NULL. VPCVIS_MORE: the chunk is used up, its rows are kept for the next batch; add
 * the next chunk. VPCVIS_DONE: all is drained. batch is always set but for VPCVIS_E_ARG, and
 * batch->errors errors may come with any status. VPCVIS_E_MEMORY: no block was to be had;
 * nothing is lost, call again. VPCVIS_E_GZIP, _ZSTD, _PARQUET, _JSON as vpcvis_reader_next.
 * VPCVIS_E_ARG: NULL, or no room for errors.
 */
VPCVIS_API vpcvis_status vpcvis_columns_next(vpcvis_columns *columns,
                                             struct ArrowArray *array,
                                             struct vpcvis_error *errors,
                                             size_t error_capacity,
                                             struct vpcvis_columns_batch *batch);

/*
 * The schema of all batches: format "+s", a child for each column, in the layout's order.
 * VPCVIS_MORE: it is not known before the first row, or the end. VPCVIS_E_MEMORY, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_columns_schema(vpcvis_columns *columns,
                                               struct ArrowSchema *schema);

/* What was counted so far. VPCVIS_E_ARG: NULL. */
VPCVIS_API vpcvis_status vpcvis_columns_get(const vpcvis_columns *columns,
                                            struct vpcvis_columns_counts *counts);

/* ---- A stream: what engines like best. ----
 *
 * read: the next chunk, which stays until the next call; *chunk_len 0 is the end. Returns 0, or an
 * errno number, which ends the stream with an error. errors, unless NULL: lines that were
 * refused (the stream goes on). release, unless NULL: called once, when the stream is
 * released, with the counts. A stream has one user at a time; calls come on that user's thread.
 */
struct vpcvis_columns_source {
    int32_t (*read)(void *context, const char **chunk, size_t *chunk_len);
    void (*errors)(void *context, const struct vpcvis_error *errors, size_t count);
    void (*release)(void *context, const struct vpcvis_columns_counts *counts);
    void *context;
};

/*
 * Make a stream over a source, which is copied; all memory comes from config->allocator.
 * get_next and get_schema return 0, or ENOMEM (12), EIO (5) for text that is gzip or the like,
 * EINVAL (22) for a call that cannot be, or what read returned; get_last_error then has a sentence.
 * VPCVIS_E_CONFIG, VPCVIS_E_CPU, VPCVIS_E_MEMORY, VPCVIS_E_ARG; release of the source is not called.
 */
VPCVIS_API vpcvis_status vpcvis_columns_stream(const struct vpcvis_columns_config *config,
                                               const struct vpcvis_columns_source *source,
                                               struct ArrowArrayStream *stream);

/* ---- Rollups. ----
 *
 * Columns: the keys, then the measures, all named for what they are: `srcaddr`, `bytes_sum`,
 * `dstaddr_distinct`, `records`; a prefix of an address is `srcaddr_prefix`, a zone
 * `srcaddr_zone` (its number), a bucket `start_bucket`. Keys have the types of their fields
 * (zones int32), measures are int64, or with VPCVIS_COLUMNS_UNSIGNED uint64. With
 * VPCVIS_COLUMNS_PARTIAL the columns flags (int32) and rows (int64) come first, and distinct
 * counts are sketches, fixed-size binary: rows of equal keys merge with | and +, then as
 * vpcvis/rollup.h says; a number that was clamped to int64 sets VPCVIS_ROLLUP_ROW_SATURATED.
 * [columns.rollup]
 *
 * flags: any of the flags above but _DICTIONARY. VPCVIS_E_CONFIG: other flags; VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_columns_rollup_schema(
    const vpcvis_rollup *rollup, uint32_t flags, const struct vpcvis_allocator *allocator,
    struct ArrowSchema *schema);

/*
 * Groups groups[0..count-1], as vpcvis_rollup_top gives them (VPCVIS_ROLLUP_OTHER is one, too),
 * as one batch. groups NULL: all of them in the order they came, everything else last, and
 * count is not looked at. VPCVIS_E_MEMORY; VPCVIS_E_SPACE: more than 2^31 - 1 bytes of one
 * column's text; VPCVIS_E_CONFIG, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_columns_rollup(const vpcvis_rollup *rollup,
                                               uint32_t flags, const uint32_t *groups,
                                               uint32_t count,
                                               const struct vpcvis_allocator *allocator,
                                               struct ArrowArray *array);

/*
 * Add the rows of a batch of partials, columns found by name in any order, others passed over.
 * *taken rows are added. VPCVIS_NOMATCH: a column is missing; VPCVIS_E_CONFIG: one has a type that
 * cannot be read, or another sketch size; VPCVIS_E_RANGE, _BYTE, _ADDRESS, _NUMBER: row *taken
 * has a value that cannot be. VPCVIS_E_ARG: NULL, or arrays that do not fit the schema.
 */
VPCVIS_API vpcvis_status vpcvis_columns_merge(vpcvis_rollup *rollup,
                                              const struct ArrowSchema *schema,
                                              const struct ArrowArray *array,
                                              uint64_t *taken);

/* ---- Batches to records. ----
 *
 * Which child of a schema is which field. Names are those of vpcvis_record_find, hyphens or
 * underscores; types are any integer, utf8, large_utf8, binary of 16 bytes, timestamps (start
 * and end), and dictionaries of texts. [columns.read]
 */
struct vpcvis_columns_map {
    uint32_t columns;                 /* children of the schema */
    uint32_t found;                   /* those that are fields */
    uint32_t child[VPCVIS_FIELD_MAX]; /* by field: its child, or VPCVIS_FIELD_NONE */
    uint8_t type[VPCVIS_FIELD_MAX];   /* by field: how it is stored; for the library */
};

/*
 * VPCVIS_NOMATCH: no child is a field. VPCVIS_E_DUPLICATE: two children are one field;
 * VPCVIS_E_CONFIG: a type that cannot be read: error, unless NULL, has field and column.
 * VPCVIS_E_ARG: NULL, or not a struct ("+s").
 */
VPCVIS_API vpcvis_status vpcvis_columns_find(const struct ArrowSchema *schema,
                                             struct vpcvis_columns_map *map,
                                             struct vpcvis_error *error);

/* What one vpcvis_columns_read did. */
struct vpcvis_columns_result {
    uint64_t taken;    /* rows dealt with: records + errors */
    uint64_t records;  /* stored, in the order of their rows */
    uint64_t errors;   /* refused, stored in the error array */
    uint64_t text_len; /* bytes of text in use */
};

/*
 * Read rows of a batch from row `first` on: at most capacity records, the i-th at
 * (char *)records + i * stride (a whole struct vpcvis_record, a multiple of 8). Their texts are
 * copied to text, 65,535 bytes for a record at most, and live there. Nulls are `-`.
 * VPCVIS_OK: all rows; VPCVIS_MORE: go on from first + result->taken. A refused row stores an
 * error whose line is the row, from 1, and nothing in records. A bad value (negative, beyond the
 * field's largest, not an address, a byte that no line may have, too long) costs its row alone.
 * VPCVIS_E_SPACE: not one record's texts fit. VPCVIS_E_ARG: NULL, no capacity, a bad stride, an
 * array that does not fit the map.
 */
VPCVIS_API vpcvis_status vpcvis_columns_read(
    const struct vpcvis_columns_map *map, const struct ArrowArray *array, uint64_t first,
    struct vpcvis_record *records, size_t stride, size_t capacity, char *text,
    size_t text_capacity, struct vpcvis_error *errors, size_t error_capacity,
    struct vpcvis_columns_result *result);

#ifdef __cplusplus
}
#endif

#endif
