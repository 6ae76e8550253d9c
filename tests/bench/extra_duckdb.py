# SPDX-License-Identifier: MIT
"""Nanoseconds a record that DuckDB needs to read every column of a v2 log, typed, one thread."""

import sys
import time

import duckdb

NUMBERS = ("version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end")
COLUMNS = ("version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport",
           "protocol", "packets", "bytes", "start", "end", "action", "log_status")


def main():
    path, records = sys.argv[1], int(sys.argv[2])
    types = ", ".join(f"'{c}': '{'UBIGINT' if c in NUMBERS else 'VARCHAR'}'" for c in COLUMNS)
    uses = ", ".join(f'count("{c}")' for c in COLUMNS)
    db = duckdb.connect(config={"threads": 1})
    begin = time.process_time()
    row = db.execute(
        f"SELECT count(*), {uses} FROM read_csv('{path}', delim=' ', header=false, "
        f"nullstr='-', auto_detect=false, columns={{{types}}})").fetchone()
    took = time.process_time() - begin
    if row[0] != records:
        sys.exit(f"DuckDB read {row[0]} of {records} records")
    print(f"{took * 1e9 / records:.1f}")


main()
