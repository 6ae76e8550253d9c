# SPDX-License-Identifier: MIT
"""A v2 log to Arrow, every column typed, one thread, from a file: the library's stream against
pyarrow.csv, Polars and DuckDB, those that are installed. CPU time of the process, in turn,
medians.

    columns.read.v2     batch by batch, each let go when the next comes; of pyarrow and DuckDB,
                        too, what streams; Polars reads whole files only
    columns.table.v2    all of it kept: most of the library's time are then first touches of
                        memory pages; without a bar

    columns_peers.py LIBRARY LOG RECORDS [REPETITIONS]

Lines as bench prints them, nanoseconds a record; the bar is against the fastest. Exit status 1
if it is missed, 2 if something failed.
"""

import ctypes
import os
import statistics
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "1"

BAR = 5.0
INT32 = ("version", "srcport", "dstport", "protocol")
INT64 = ("packets", "bytes", "start", "end")
COLUMNS = ("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport",
           "protocol", "packets", "bytes", "start", "end", "action", "log-status")
CHUNK = 1 << 18

Read = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p),
                        ctypes.POINTER(ctypes.c_size_t))


class Source(ctypes.Structure):
    _fields_ = [("read", Read), ("errors", ctypes.c_void_p), ("release", ctypes.c_void_p),
                ("context", ctypes.c_void_p)]


def vpcvis_batches(pa, library, path):
    """The batches of the library's stream over a file."""
    stream = (ctypes.c_void_p * 5)()
    buffer = ctypes.create_string_buffer(CHUNK)
    with open(path, "rb", buffering=0) as file:
        view = memoryview(buffer)

        def read(_, chunk, length):
            length[0] = file.readinto(view)
            chunk[0] = ctypes.addressof(buffer)
            return 0

        source = Source(Read(read), None, None, None)
        if library.vpcvis_columns_stream(None, ctypes.byref(source), stream) != 0:
            sys.exit("the library refused the stream")
        yield from pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))


def pyarrow_options(pa, csv):
    types = {name: pa.int32() if name in INT32 else pa.int64() if name in INT64 else pa.string()
             for name in COLUMNS}
    return {"read_options": csv.ReadOptions(column_names=COLUMNS, use_threads=False),
            "parse_options": csv.ParseOptions(delimiter=" ", quote_char=False),
            "convert_options": csv.ConvertOptions(column_types=types, null_values=["-"],
                                                  strings_can_be_null=True)}


def pyarrow_batches(pa, path):
    from pyarrow import csv

    yield from csv.open_csv(path, **pyarrow_options(pa, csv))


def pyarrow_table(pa, path):
    from pyarrow import csv

    return [csv.read_csv(path, **pyarrow_options(pa, csv))]


def polars_table(path):
    import polars

    types = {name: polars.Int32 if name in INT32 else
             polars.Int64 if name in INT64 else polars.String for name in COLUMNS}
    return [polars.read_csv(path, separator=" ", has_header=False, quote_char=None,
                            null_values="-", schema=types)]


def duckdb_batches(path):
    import duckdb

    types = ", ".join(
        f"'{name}': '{'INTEGER' if name in INT32 else 'BIGINT' if name in INT64 else 'VARCHAR'}'"
        for name in COLUMNS)
    db = duckdb.connect(config={"threads": 1})
    yield from db.sql(f"SELECT * FROM read_csv('{path}', delim=' ', header=false, quote='', "
                      f"escape='', nullstr='-', auto_detect=false, columns={{{types}}})"
                      ).to_arrow_reader(65536)


def took(batches, records, keep):
    """Nanoseconds of CPU time a record; what is kept is dropped after the clock stopped."""
    begin = time.process_time()
    kept = []
    count = 0
    for batch in batches():
        count += len(batch)
        if keep:
            kept.append(batch)
    nanoseconds = (time.process_time() - begin) * 1e9 / records
    if count != records:
        sys.exit(f"{count} of {records} records")
    return nanoseconds


def compare(name, works, records, repetitions, bar, keep):
    """A line for each peer; 1 if the fastest of them is nearer than the bar."""
    times = {peer: [] for peer in works}
    for _ in range(repetitions):
        for peer, batches in works.items():
            times[peer].append(took(batches, records, keep))
    ours = statistics.median(times.pop("vpcvis"))
    medians = {peer: statistics.median(of) for peer, of in times.items()}
    fastest = min(medians, key=medians.get)
    missed = bar is not None and medians[fastest] / ours < bar and os.environ.get("BENCH") != "sanity"
    for peer, median in medians.items():
        judged = bar is not None and peer == fastest
        print(f"bench {name}.{peer} ours={ours:.1f} peer={median:.1f} ratio={median / ours:.2f} "
              f"bar={f'{bar:.2f}' if judged else '-'}{' MISSED' if judged and missed else ''}")
    return int(missed)


def main():
    path, records = sys.argv[2], int(sys.argv[3])
    repetitions = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    try:
        import pyarrow as pa
    except ImportError:
        print("bench columns.read.v2 skipped: Python has no module pyarrow")
        return 0
    pa.set_cpu_count(1)
    library = ctypes.CDLL(sys.argv[1])
    streams = {"vpcvis": lambda: vpcvis_batches(pa, library, path),
               "pyarrow": lambda: pyarrow_batches(pa, path)}
    tables = {"vpcvis": streams["vpcvis"], "pyarrow": lambda: pyarrow_table(pa, path)}
    for name, stream, table in (("polars", polars_table, polars_table),
                                ("duckdb", duckdb_batches, duckdb_batches)):
        try:
            __import__(name)
        except ImportError:
            print(f"bench columns.read.v2.{name} skipped: Python has no module {name}")
            continue
        streams[name] = lambda stream=stream: stream(path)
        tables[name] = lambda table=table: table(path)
    missed = compare("columns.read.v2", streams, records, repetitions, BAR, False)
    compare("columns.table.v2", tables, records, repetitions, None, True)
    return missed


sys.exit(main())
