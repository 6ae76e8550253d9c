/* SPDX-License-Identifier: MIT */
/*
 * What scans read and refused, kept for vpcflow_files() and vpcflow_errors(). One journal a
 * database; any thread may write to it. It holds JOURNAL_MAX entries of each kind: what comes
 * then is not kept, until the next scan empties it.
 */
#ifndef VPCVIS_DUCKDB_JOURNAL_H
#define VPCVIS_DUCKDB_JOURNAL_H

#include "duckdb_api.h"

#include <vpcvis.h>

#define JOURNAL_MAX 65536u

struct journal;

/* Held by each that uses it; the last one to let go frees it. NULL: no memory. */
struct journal *journal_new(void);
struct journal *journal_hold(struct journal *journal);
void journal_release(void *journal);

/* A scan begins: its number. */
uint64_t journal_begin(struct journal *journal);

/* A file that was read; whole: to its end. */
void journal_add_file(struct journal *journal, uint64_t scan, const char *path,
                      const struct vpcvis_reader_counts *counts, uint64_t clamped,
                      int whole);

/* A line that was refused. field may be NULL. */
void journal_add_error(struct journal *journal, uint64_t scan, const char *path,
                       const struct vpcvis_error *error, const char *field);

/* The table functions. */
duckdb_state journal_register(duckdb_connection connection, struct journal *journal);

#endif
