/* SPDX-License-Identifier: MIT */
#ifndef VPCVIS_DUCKDB_READ_VPCFLOW_H
#define VPCVIS_DUCKDB_READ_VPCFLOW_H

#include "duckdb_api.h"
#include "journal.h"

/* read_vpcflow(files, layout, ignore_errors, union_by_name, filename). */
duckdb_state read_vpcflow_register(duckdb_connection connection, struct journal *journal);

#endif
