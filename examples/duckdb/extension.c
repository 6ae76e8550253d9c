/* SPDX-License-Identifier: MIT */
/*
 * vpcvis.duckdb_extension - flow logs as a table of DuckDB.
 *
 *     LOAD 'build/duckdb/vpcvis.duckdb_extension';
 *     SELECT srcaddr, sum(bytes) FROM read_vpcflow('logs/') GROUP BY ALL ORDER BY 2 DESC;
 *
 * What DuckDB calls first: vpcvis_init_c_api, which the macro makes.
 */
#define DUCKDB_EXTENSION_NAME vpcvis

#include "duckdb_api.h"
#include "journal.h"
#include "read_vpcflow.h"

DUCKDB_EXTENSION_ENTRYPOINT(duckdb_connection connection, duckdb_extension_info info,
                            struct duckdb_extension_access *access)
{
    struct journal *journal = journal_new();
    bool done;

    if (journal == NULL) {
        access->set_error(info, "out of memory");
        return false;
    }
    done = read_vpcflow_register(connection, journal) == DuckDBSuccess &&
           journal_register(connection, journal) == DuckDBSuccess;
    journal_release(journal);
    if (!done)
        access->set_error(info, "the functions cannot be registered");
    return done;
}
