/* SPDX-License-Identifier: MIT */
/*
 * Internal: how room line is built.
 *
 * A batch goes through windows of text. An index pass writes where every separator is; 64 lines
 * at a time (the lanes of a block) become columns, one small kernel call a column; the block is
 * then copied out to rows or columns.
 *
 *     text     2 123 eni-1 10.0.0.1 ...\n2 123 eni-2 ...
 *     sep[]     ^   ^     ^        ^   ^ ^               ends of tokens, in order
 *     lanes    lane 0: first = 0, at = 0   lane 1: first = 14, at = 118 ...
 *     block    column 0: values[64], valid, column 1: ...
 *
 * No kernel knows the layout, and `-` is a cleared bit of `valid`. A kernel reports lanes it
 * could not read; those, and lines of any other shape, go to the one scalar reader
 * (line_scan.c), which gives the record or names the error, and is the oracle of the tests.
 */
#ifndef VPCVIS_I_LINE_H
#define VPCVIS_I_LINE_H

#include "layout.h"
#include "record.h"
#include "vpcvis/line.h"

#define VPCVIS_I_LINE_FLAGS                                                           \
    (VPCVIS_LINE_LENIENT | VPCVIS_LINE_MS | VPCVIS_LINE_PREFIX | VPCVIS_LINE_HEADER | \
     VPCVIS_LINE_SKIP)

/* A value of start or end from here on is in milliseconds (VPCVIS_LINE_MS): 11 digits. */
#define VPCVIS_I_LINE_MS_FROM 10000000000u

#define VPCVIS_I_LINE_STRIDE_MIN 192u
/* A window is as long as this, or takes what is left of the text if that is a little more: short
 * windows make blocks of few lanes. The vector paths end it with the lines of one block, whose
 * text and columns are then near. Positions in it must fit 16 bits. */
#define VPCVIS_I_LINE_WINDOW     32768u
#define VPCVIS_I_LINE_WINDOW_MAX (VPCVIS_I_LINE_WINDOW + 4096u)
#define VPCVIS_I_LINE_LANES      64u
/* Kernels may load up to this many bytes before and after a line: one that is nearer to either
 * end of the text is read by the scalar reader. */
#define VPCVIS_I_LINE_REACH 64u

/*
 * Where things are in one window: positions count from its start. Every array has slack for
 * a scanner that writes whole vectors.
 */
struct vpcvis_i_line_index {
    uint32_t seps;
    uint32_t lines;
    uint32_t crs; /* a path's own: the text before had CRs, as this will then */
    uint32_t reserved;
    uint64_t any_odd;
    uint16_t
        sep[VPCVIS_I_LINE_WINDOW_MAX + 64]; /* each separator; of CR LF the CR alone */
    uint16_t end[VPCVIS_I_LINE_WINDOW_MAX + 64];  /* each line's LF */
    uint16_t upto[VPCVIS_I_LINE_WINDOW_MAX + 64]; /* how many of sep lie up to that LF */
    uint64_t
        odd[VPCVIS_I_LINE_WINDOW_MAX / 64]; /* bytes the kernels must not see: controls,
                                                 non-ASCII, separators side by side */
};

/* Up to 64 lines of one shape. Token t of lane l ends at sep[first[l] + t]. */
struct vpcvis_i_line_lanes {
    const char *text;    /* the window */
    uint32_t base;       /* where the window begins in the caller's text */
    uint32_t count;      /* 1..64 */
    const uint16_t *sep; /* of the index */
    uint16_t first[VPCVIS_I_LINE_LANES];
    uint16_t at[VPCVIS_I_LINE_LANES]; /* where the line, and so token 0, begins */
    /* The vector paths' copy, turned: ends[t + 1] has the ends of token t, ends[0] at - 1. */
    VPCVIS_I_ALIGNED uint16_t ends[VPCVIS_FIELD_MAX + 18][VPCVIS_I_LINE_LANES];
};

/* The words of a NAME field that fit eight bytes, as a kernel compares them. */
#define VPCVIS_I_LINE_WORDS 4
struct vpcvis_i_line_words {
    uint32_t field;
    uint32_t count;
    uint64_t key[VPCVIS_I_LINE_WORDS]; /* bytes of the word, the last one highest */
    uint8_t len[VPCVIS_I_LINE_WORDS];
    uint8_t code[VPCVIS_I_LINE_WORDS];
};

/* One column of the layout, as the batch treats it. */
struct vpcvis_i_line_column {
    uint8_t field;
    uint8_t kind;
    uint8_t asked;   /* stored */
    uint8_t checked; /* read, stored or not */
    uint16_t words;  /* NAME: which of the machine's word lists */
    uint16_t slot;   /* of the value in struct vpcvis_record */
    uint32_t block;  /* of its values in the block, bytes */
    uint32_t reserved;
    uint64_t max;
};

#define VPCVIS_I_LINE_NAMES 7 /* fields of kind NAME */
/* 64 values of every field: 11 NUMBER32, 8 NUMBER64, 4 ADDRESS; the rest take 8 bytes. */
#define VPCVIS_I_LINE_BLOCK (64u * (4u * 24u + 92u * 8u))

struct vpcvis_line {
    const vpcvis_layout *layout;
    uint32_t flags;
    uint32_t cpu;
    uint32_t lead;    /* 1 while lines begin with a time: columns are one token further */
    uint32_t typed;   /* a checked column is a number or an address */
    uint32_t guarded; /* one more is read, to notice header lines */
    uint32_t line_max; /* bytes of the longest line that is read */
    uint32_t reserved;
    uint64_t fields[2];
    uint64_t nodata;
    uint64_t skipdata;
    uint64_t valid[VPCVIS_FIELD_MAX]; /* of the block, by column */
    uint64_t not_ok;                  /* lanes of the block with another log-status */
    VPCVIS_I_ALIGNED uint32_t row_flags[VPCVIS_I_LINE_LANES];
    uint16_t start[VPCVIS_I_LINE_LANES]; /* of each lane's line in the window */
    uint16_t stop[VPCVIS_I_LINE_LANES];  /* of its LF */
    struct vpcvis_i_line_column column[VPCVIS_FIELD_MAX];
    struct vpcvis_i_line_words words[VPCVIS_I_LINE_NAMES];
    struct vpcvis_i_line_lanes lanes;
    struct vpcvis_i_line_index index;
    struct vpcvis_record spare;
    char header[VPCVIS_LAYOUT_BYTES_MAX];
    VPCVIS_I_ALIGNED uint64_t block[VPCVIS_I_LINE_BLOCK / 8];
};

/* Where a batch goes: rows, or columns if `columns` is not NULL. */
struct vpcvis_i_line_sink {
    char *rows;
    size_t stride;
    const struct vpcvis_line_columns *columns;
    size_t capacity;
    uint64_t fields[2]; /* asked for and with room in a row */
};

/* Copy lanes of the block to row `row` of the sink and after it: those set in keep, but rows
 * in `done` are there already. */
VPCVIS_I void vpcvis_i_line_emit(const struct vpcvis_line *lines,
                                 const struct vpcvis_i_line_sink *sink, size_t row,
                                 uint64_t keep, uint64_t done);

/* Put one record from the scalar reader where lane `lane`, row `row`, goes. */
VPCVIS_I void vpcvis_i_line_patch(struct vpcvis_line *lines,
                                  const struct vpcvis_i_line_sink *sink, size_t row,
                                  uint32_t lane);

/* Values of column c in the block. */
VPCVIS_I_INLINE void *vpcvis_i_line_block(const struct vpcvis_line *lines,
                                          uint32_t column)
{
    return (char *)(uintptr_t)lines->block + lines->column[column].block;
}

VPCVIS_I_INLINE int vpcvis_i_line_has(const uint64_t bits[2], uint32_t field)
{
    return (int)(bits[field / 64] >> field % 64 & 1);
}

/* Token t of lane l: its first byte and the byte after its last. */
VPCVIS_I_INLINE uint32_t vpcvis_i_line_start(const struct vpcvis_i_line_lanes *lanes,
                                             uint32_t lane, uint32_t token)
{
    return token == 0 ? lanes->at[lane] : lanes->sep[lanes->first[lane] + token - 1] + 1u;
}

VPCVIS_I_INLINE uint32_t vpcvis_i_line_end(const struct vpcvis_i_line_lanes *lanes,
                                           uint32_t lane, uint32_t token)
{
    return lanes->sep[lanes->first[lane] + token];
}

/* Lanes whose word is not the first of words. */
VPCVIS_I_INLINE uint64_t vpcvis_i_line_others(const struct vpcvis_i_line_words *words,
                                              const struct vpcvis_line_text *values,
                                              uint32_t count)
{
    const uint32_t code = words->count > 0 ? words->code[0] : UINT16_MAX;
    uint64_t found = 0;
    uint32_t lane, others = 0;

    for (lane = 0; lane < count; lane++)
        others |= values[lane].code ^ code;
    for (lane = 0; others != 0 && lane < count; lane++)
        found |= (uint64_t)(values[lane].code != code) << lane;
    return found;
}

/*
 * The scalar reader: one line without its end. fields: which to store; the others are
 * checked unless flags has VPCVIS_LINE_SKIP. *prefixed, unless NULL, tells whether a time was
 * skipped.
 */
VPCVIS_I vpcvis_status vpcvis_i_line_scan(const vpcvis_layout *layout, uint32_t flags,
                                          const uint64_t fields[2], const char *line,
                                          size_t len, struct vpcvis_record *record,
                                          uint32_t *prefixed, struct vpcvis_error *error);

/* 1 if there is nothing but spaces and tabs. */
VPCVIS_I int vpcvis_i_line_is_blank(const char *line, size_t len);

/* 1 if the bytes are an ISO 8601 time as CloudWatch Logs exports write it. */
VPCVIS_I uint32_t vpcvis_i_line_is_time(const char *text, size_t len);

/*
 * The paths. index: fill *index for len <= VPCVIS_I_LINE_WINDOW_MAX bytes of text, of which a path
 * may leave out what comes after the lines of a block. Kernels: read
 * token `token` of every lane into out[0..count), set *valid, and return the lanes that the
 * scalar reader must see. Their results on such lanes, and on invalid ones, mean nothing. The
 * kernel of names can read every lane: it returns those whose word is not the first of words,
 * unless they are invalid.
 */
#define VPCVIS_I_LINE_PATH(path)                                                 \
    VPCVIS_I void vpcvis_i_line_index_##path(const char *text, uint32_t len,     \
                                             struct vpcvis_i_line_index *index); \
    VPCVIS_I uint64_t vpcvis_i_line_number32_##path(                             \
        const struct vpcvis_i_line_lanes *lanes, uint32_t token, uint32_t max,   \
        uint32_t *out, uint64_t *valid);                                         \
    VPCVIS_I uint64_t vpcvis_i_line_number64_##path(                             \
        const struct vpcvis_i_line_lanes *lanes, uint32_t token, uint64_t max,   \
        uint64_t *out, uint64_t *valid);                                         \
    VPCVIS_I uint64_t vpcvis_i_line_address_##path(                              \
        const struct vpcvis_i_line_lanes *lanes, uint32_t token,                 \
        struct vpcvis_addr *out, uint64_t *valid);                               \
    VPCVIS_I uint64_t vpcvis_i_line_name_##path(                                 \
        const struct vpcvis_i_line_lanes *lanes, uint32_t token,                 \
        const struct vpcvis_i_line_words *words, struct vpcvis_line_text *out,   \
        uint64_t *valid);                                                        \
    VPCVIS_I uint64_t vpcvis_i_line_text_##path(                                 \
        const struct vpcvis_i_line_lanes *lanes, uint32_t token,                 \
        struct vpcvis_line_text *out, uint64_t *valid);

/* Fill lanes->ends from lanes->sep for `tokens` tokens, and repeat lane 0 in lanes from count
 * on, so that kernels may load whole vectors of lanes. The portable path does without. */
#define VPCVIS_I_LINE_TURN(path)                                               \
    VPCVIS_I void vpcvis_i_line_turn_##path(struct vpcvis_i_line_lanes *lanes, \
                                            uint32_t tokens);

VPCVIS_I_LINE_PATH(portable)
#if defined(VPCVIS_I_X86)
/* memcpy of a multiple of 4 bytes: some lanes of a column. */
VPCVIS_I void vpcvis_i_line_copy_avx2(char *out, const char *values, size_t len);
VPCVIS_I void vpcvis_i_line_copy_avx512(char *out, const char *values, size_t len);
VPCVIS_I_LINE_TURN(sse2)
VPCVIS_I_LINE_TURN(avx2)
VPCVIS_I_LINE_TURN(avx512)
VPCVIS_I_LINE_PATH(sse2)
VPCVIS_I_LINE_PATH(avx2)
VPCVIS_I_LINE_PATH(avx512)
#elif defined(VPCVIS_I_NEON)
VPCVIS_I_LINE_TURN(neon)
VPCVIS_I_LINE_PATH(neon)
#endif

/* The kernels of the machine's path (line_path.c); turn comes before those of a block. */
VPCVIS_I void vpcvis_i_line_turn(vpcvis_line *lines, uint32_t tokens);
VPCVIS_I void vpcvis_i_line_index(const vpcvis_line *lines, const char *text,
                                  uint32_t len, struct vpcvis_i_line_index *index);
VPCVIS_I uint64_t vpcvis_i_line_read_number32(const vpcvis_line *lines, uint32_t token,
                                              uint32_t max, uint32_t *out,
                                              uint64_t *valid);
VPCVIS_I uint64_t vpcvis_i_line_read_number64(const vpcvis_line *lines, uint32_t token,
                                              uint64_t max, uint64_t *out,
                                              uint64_t *valid);
VPCVIS_I uint64_t vpcvis_i_line_read_address(const vpcvis_line *lines, uint32_t token,
                                             struct vpcvis_addr *out, uint64_t *valid);
VPCVIS_I uint64_t vpcvis_i_line_read_name(const vpcvis_line *lines, uint32_t token,
                                          const struct vpcvis_i_line_words *words,
                                          struct vpcvis_line_text *out, uint64_t *valid);
VPCVIS_I uint64_t vpcvis_i_line_read_text(const vpcvis_line *lines, uint32_t token,
                                          struct vpcvis_line_text *out, uint64_t *valid);

#endif
