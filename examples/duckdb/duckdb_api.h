/* SPDX-License-Identifier: MIT */
/* DuckDB's C extension API, of which version 1.2.0 is asked for: see the Makefile. */
#ifndef VPCVIS_DUCKDB_API_H
#define VPCVIS_DUCKDB_API_H

#include <duckdb_extension.h>

DUCKDB_EXTENSION_EXTERN

#endif
