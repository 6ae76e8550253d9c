# SPDX-License-Identifier: MIT
"""DuckDB on a v2 log, one thread.

    extra_duckdb.py LOG RECORDS    nanoseconds a record to read every column, typed
    extra_duckdb.py LOG group      prints the largest of all totals of bytes by source address
"""

import sys
import time

import duckdb

NUMBERS = ("version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end")
COLUMNS = ("version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport",
           "protocol", "packets", "bytes", "start", "end", "action", "log_status")


def main():
    path = sys.argv[1]
    types = ", ".join(f"'{c}': '{'UBIGINT' if c in NUMBERS else 'VARCHAR'}'" for c in COLUMNS)
    log = f"read_csv('{path}', delim=' ', header=false, nullstr='-', auto_detect=false, " \
        f"columns={{{types}}})"
    db = duckdb.connect(config={"threads": 1})
    if sys.argv[2] == "group":
        print(db.execute(f'SELECT srcaddr, sum("bytes") AS total FROM {log} '
                         "GROUP BY srcaddr ORDER BY total DESC LIMIT 1").fetchone())
        return
    records = int(sys.argv[2])
    uses = ", ".join(f'count("{c}")' for c in COLUMNS)
    begin = time.process_time()
    row = db.execute(f"SELECT count(*), {uses} FROM {log}").fetchone()
    took = time.process_time() - begin
    if row[0] != records:
        sys.exit(f"DuckDB read {row[0]} of {records} records")
    print(f"{took * 1e9 / records:.1f}")


main()
