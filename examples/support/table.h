/* SPDX-License-Identifier: MIT */
/*
 * Batches of columns (vpcvis/line.h) to text, CSV or JSON: all fields of the layout they were
 * read by, or chosen ones.
 */
#ifndef EXAMPLES_TABLE_H
#define EXAMPLES_TABLE_H

#include <vpcvis/line.h>

#include "cells.h"
#include "output.h"

#define TABLE_TEXT 0
#define TABLE_CSV  1
#define TABLE_JSON 2

struct table_column {
    void *values; /* of the batch being written; NULL: the input has no such field */
    uint64_t *valid;
    uint32_t field; /* id by which batches know it; VPCVIS_FIELD_NONE: not in the input */
    uint32_t kind;
    size_t label_len;
    char label[VPCVIS_LAYOUT_NAME_MAX + 16]; /* JSON: `,"name":`; whole blocks of 16 */
};

struct table {
    int to;
    int titled;                  /* the header line has been written */
    int chosen;                  /* `fields` were chosen; else they follow the input */
    int whole;                   /* all fields of the input are written, in its order */
    int mixed;                   /* rows that were copied as they are met an odd one */
    uint32_t count;              /* of columns to write */
    const vpcvis_layout *fields; /* what to write */
    vpcvis_layout *input;        /* what `columns` was planned for; NULL: nothing yet */
    struct cell_octets octets;
    struct table_column columns[VPCVIS_FIELD_MAX];
    char input_memory[VPCVIS_LAYOUT_BYTES_MAX];
};

/* fields: what to write, living as long as the table; NULL: all of the input's. */
void table_init(struct table *table, int to, const vpcvis_layout *fields);

/*
 * The fields (a bitmap as in vpcvis_reader_config) that columns must have; fields without an
 * id of their own may have any of the spare ones.
 */
void table_ask(const struct table *table, uint64_t fields[2]);

/*
 * Write rows that were read by layout `input`; texts count from `text`. CSV is faster if the
 * columns have line_at. A header line comes
 * before the first row and, unless fields are chosen, wherever the input's layout changes.
 * 0, or -1 if nothing more can be written.
 */
int table_write(struct table *table, struct output *out, const vpcvis_layout *input,
                const struct vpcvis_line_columns *columns, const char *text, size_t rows);

/* At the end: the header of chosen fields, if there was no row to write it before. */
int table_end(struct table *table, struct output *out);

#endif
