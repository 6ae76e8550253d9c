/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/reader.h - a stream of bytes, in pieces of any size, to records.
 *
 *     vpcvis_reader_new(NULL, NULL, &reader);
 *     while ((n = read(fd, chunk, sizeof chunk)) > 0) {
 *         vpcvis_reader_add(reader, chunk, n);
 *         while (vpcvis_reader_next(reader, records, sizeof *records, CAPACITY, errors,
 *                                   ERRORS, &batch) == VPCVIS_OK)
 *             use(records, batch.records, errors, batch.errors);
 *     }
 *     vpcvis_reader_end(reader);  ... and the inner loop once more.
 *
 * The same bytes give the same records however they are cut. [reader.chunking] The reader
 * takes header lines at the start and anywhere later (concatenated files; VPC and transit
 * gateway logs in one stream) [reader.header], the time that CloudWatch Logs exports put before
 * each line [reader.prefix], a UTF-8 byte order mark at the start, CRLF, blank lines, a missing
 * last line end. A line longer than the bound is refused without being kept. Input that is not
 * text but something that may hold it is named: gzip, Zstandard, Parquet, JSON. [reader.sniff]
 * Nothing is lost silently: what is not a record is counted. After a header line that cannot be
 * a layout (a name twice, say) the columns are not known: it and the lines after it, up to the
 * next good header line, are errors with the header's status. [reader.bad-header]
 *
 * The reader opens no file and decompresses nothing. Texts in records point into the chunk, or
 * into the reader for a line that was cut between two chunks: they live until the next call on
 * this reader or the reuse of the chunk, whichever is first. No batch spans two chunks.
 */
#ifndef VPCVIS_READER_H
#define VPCVIS_READER_H

#include "vpcvis/line.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_reader vpcvis_reader;

#define VPCVIS_READER_BYTES_MAX 524288 /* no reader needs more memory than this */

/* vpcvis_reader_config.flags: VPCVIS_LINE_LENIENT, _MS, _SKIP, and */
#define VPCVIS_READER_FIXED     256u /* header lines are not looked for: the layout stays */
#define VPCVIS_READER_NO_PREFIX 512u  /* times before lines are not looked for */
#define VPCVIS_READER_STRICT    1024u /* header lines with unknown names are errors */

struct vpcvis_reader_config {
    uint32_t size; /* sizeof(struct vpcvis_reader_config) */
    uint32_t flags;
    uint32_t cpu;      /* VPCVIS_CPU_... */
    uint32_t line_max; /* refuse longer lines; 0: VPCVIS_LINE_MAX, which is the most */
    const vpcvis_layout
        *layout; /* until a header line comes; copied. NULL: the default */
    VPCVIS_POINTER_PAD(layout_pad)
    uint64_t fields[2]; /* as in vpcvis_line_config */
};

/* Everything that was seen, since init. */
struct vpcvis_reader_counts {
    uint64_t bytes;   /* dealt with */
    uint64_t lines;   /* records + errors + blank + headers, once all is drained */
    uint64_t records; /* with NODATA and SKIPDATA */
    uint64_t nodata;
    uint64_t skipdata;
    uint64_t blank;
    uint64_t headers;
    uint64_t errors;                     /* lines refused */
    uint64_t kinds[VPCVIS_STATUS_KINDS]; /* errors by kind: kinds[-status] */
};

/* What one vpcvis_reader_next gave. */
struct vpcvis_reader_batch {
    uint64_t records; /* rows stored */
    uint64_t errors;  /* errors stored; line and line_at count from the stream's start */
    const char *text; /* columns: the bytes their texts count from */
    VPCVIS_POINTER_PAD(text_pad)
};

/* Memory that vpcvis_reader_init needs at most. */
VPCVIS_API size_t vpcvis_reader_bytes(void);

/*
 * Make a reader in memory of len bytes; config may be NULL. One thread at a time.
 * VPCVIS_E_SPACE, VPCVIS_E_CONFIG, VPCVIS_E_CPU, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_reader_init(void *memory, size_t len,
                                            const struct vpcvis_reader_config *config,
                                            vpcvis_reader **reader);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_reader_new(const struct vpcvis_reader_config *config,
                                           const struct vpcvis_allocator *allocator,
                                           vpcvis_reader **reader);

/* Free what vpcvis_reader_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_reader_free(vpcvis_reader *reader,
                                   const struct vpcvis_allocator *allocator);

/*
 * Hand over the next chunk. It is borrowed, and must stay unchanged, until
 * vpcvis_reader_next returns VPCVIS_MORE. A chunk of 0 bytes is fine.
 * VPCVIS_E_ARG: NULL, or the last chunk is not used up, or the end was already said.
 */
VPCVIS_API vpcvis_status vpcvis_reader_add(vpcvis_reader *reader, const char *chunk,
                                           size_t chunk_len);

/* Say that no chunk follows; a last line without line end is then read. VPCVIS_E_ARG as add. */
VPCVIS_API vpcvis_status vpcvis_reader_end(vpcvis_reader *reader);

/*
 * The next rows. VPCVIS_OK: batch->records rows (as vpcvis_line_read_rows stores them) and
 * batch->errors errors are stored, at least one of the two; all rows of a batch have the layout
 * vpcvis_reader_layout gives until the next call. VPCVIS_MORE: the chunk is used up, add the
 * next. VPCVIS_DONE: the end was said and all is drained. VPCVIS_E_GZIP, _ZSTD, _PARQUET,
 * _JSON: the stream is no text; it stays so, and the chunk is used up. VPCVIS_E_ARG: NULL, a
 * bad stride, or no room in records or errors. On all but VPCVIS_OK batch counts 0.
 */
VPCVIS_API vpcvis_status vpcvis_reader_next(vpcvis_reader *reader,
                                            struct vpcvis_record *records, size_t stride,
                                            size_t record_capacity,
                                            struct vpcvis_error *errors,
                                            size_t error_capacity,
                                            struct vpcvis_reader_batch *batch);

/* The next rows as columns (vpcvis/line.h); texts count from batch->text. */
VPCVIS_API vpcvis_status vpcvis_reader_next_columns(
    vpcvis_reader *reader, const struct vpcvis_line_columns *columns,
    struct vpcvis_error *errors, size_t error_capacity,
    struct vpcvis_reader_batch *batch);

/* The layout of the rows last given; before any, the one configured. Never NULL; it lives
 * until the next call of vpcvis_reader_next that returns VPCVIS_OK. */
VPCVIS_API const vpcvis_layout *vpcvis_reader_layout(const vpcvis_reader *reader);

/* What was counted so far. VPCVIS_E_ARG: NULL. */
VPCVIS_API vpcvis_status vpcvis_reader_get(const vpcvis_reader *reader,
                                           struct vpcvis_reader_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
