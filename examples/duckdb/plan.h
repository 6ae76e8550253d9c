/* SPDX-License-Identifier: MIT */
/* What a call of read_vpcflow will read: its files, its columns, how. */
#ifndef VPCVIS_DUCKDB_PLAN_H
#define VPCVIS_DUCKDB_PLAN_H

#include "../support/walk.h"

#include <vpcvis.h>

#define PLAN_COLUMNS 256u
#define PLAN_PROBLEM 1024u

/* field: VPCVIS_FIELD_NONE for a name that the library does not know, which is text. */
struct plan_column {
    char name[VPCVIS_LAYOUT_NAME_MAX + 1];
    uint32_t field, kind;
};

struct plan {
    struct walk walk;
    vpcvis_layout *layout; /* until a header line says otherwise; NULL: the default */
    struct plan_column columns[PLAN_COLUMNS];
    uint32_t count;
    char problem[PLAN_PROBLEM];
};

/*
 * Find the files of patterns: what glob(7) finds, directories searched. 0; -1 with a problem,
 * which it also is that there are none.
 */
int plan_files(struct plan *plan, char *const *patterns, size_t count);

/* The columns of the first file, or of all: their header lines, else the layout. */
int plan_columns(struct plan *plan, int all);

/* Which field of a layout a column is; VPCVIS_FIELD_NONE: it does not have it. */
uint32_t plan_field(const struct plan_column *column, const vpcvis_layout *layout);

void plan_free(struct plan *plan);

#endif
