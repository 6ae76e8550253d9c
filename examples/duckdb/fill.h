/* SPDX-License-Identifier: MIT */
/* Columns of rows that were read into the vectors of a data chunk. */
#ifndef VPCVIS_DUCKDB_FILL_H
#define VPCVIS_DUCKDB_FILL_H

#include "duckdb_api.h"

#include <vpcvis.h>

/*
 * rows values of a kind. values NULL: all of them are null. Texts count from text and are
 * copied. Returns how many numbers stopped at 2^63 - 1.
 */
uint64_t fill_vector(duckdb_vector vector, uint32_t kind, const void *values,
                     const uint64_t *valid, idx_t rows, const char *text);

/* The same text in all rows. */
void fill_text(duckdb_vector vector, idx_t rows, const char *text);

#endif
