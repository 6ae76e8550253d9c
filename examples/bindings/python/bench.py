# SPDX-License-Identifier: MIT
"""What the binding costs, and what it is worth.

    VPCVIS_LIBRARY=build/libvpcvis.so python bench.py [MEGABYTES] [--repeat N]

1. Batches from Python against the same loop in C (bench_loop.c, compiled here with cc).
2. From a log's first byte to grouped totals: DuckDB over the Arrow stream, and a Rollup,
   against DuckDB's own read_csv of the same file. Needs duckdb; answers must be equal.
3. The stream alone, and records one by one.

Times are the best of N, taken in turns.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

import vpcvis

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"number": "UBIGINT", "address": "VARCHAR", "name": "VARCHAR", "text": "VARCHAR"}


def make_log(path: str, megabytes: int) -> None:
    """A log of the default format: web servers, their clients, some noise and idle lines."""
    chance = random.Random(20)
    clients = ["%d.%d.%d.%d" % (chance.choice((3, 18, 34, 52, 81, 203)), chance.randrange(256),
                                chance.randrange(256), chance.randrange(1, 255))
               for _ in range(20000)]
    block: List[str] = []
    for _ in range(200000):
        eni = "eni-%017x" % (0x02FB2800045368032 + chance.randrange(40))
        start = 1781082000 + chance.randrange(3600)
        if chance.random() < 0.01:
            block.append("2 123456789012 %s - - - - - - - %d %d - NODATA\n" % (
                eni, start, start + 60))
            continue
        packets = int(chance.paretovariate(1.1)) + 1
        block.append("2 123456789012 %s %s 10.0.%d.%d %d %d %d %d %d %d %d %s OK\n" % (
            eni, chance.choice(clients), chance.randrange(4), chance.randrange(1, 250),
            chance.randrange(1024, 65536), chance.choice((80, 443, 443, 443, 22, 53)),
            chance.choice((6, 6, 6, 17)), packets, packets * chance.randrange(40, 1500), start,
            start + chance.randrange(60), chance.choice(("ACCEPT",) * 9 + ("REJECT",))))
    data = "".join(block).encode()
    with open(path, "wb") as log:
        for _ in range(max(megabytes * 1000000 // len(data), 1)):
            log.write(data)


def build_loop(where: str) -> Optional[str]:
    """Compile the C loop against the library that is loaded."""
    out = os.path.join(where, "bench_loop")
    library = os.path.realpath(vpcvis.library_path())
    include = os.path.join(HERE, "..", "..", "..", "include")
    command = [os.environ.get("CC", "cc"), "-O2", "-D_POSIX_C_SOURCE=200809L", "-I", include,
               os.path.join(HERE, "bench_loop.c"), library, "-o", out,
               "-Wl,-rpath," + os.path.dirname(library)]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print("no C loop: %s" % error)
        return None
    return out


def timed(run: Callable[[], Any]) -> Tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def in_turns(runs: Dict[str, Callable[[], Tuple[float, Any]]],
             repeat: int) -> Dict[str, Tuple[float, Any]]:
    """The best time of each, and its result."""
    best: Dict[str, Tuple[float, Any]] = {}
    for _ in range(repeat):
        for name, run in runs.items():
            seconds, result = run()
            if name not in best or seconds < best[name][0]:
                best[name] = seconds, result
    return best


def python_batches(path: str) -> int:
    with vpcvis.Reader(path) as reader:
        return sum(len(batch) for batch in reader.batches())


def arrow_stream(path: str) -> int:
    from vpcvis._capsule import imported
    return sum(array.length for _, array in imported(vpcvis.open(path)))


def records_one_by_one(path: str) -> int:
    return sum(record.bytes or 0 for record in vpcvis.read(path))


def compare_loops(path: str, where: str, repeat: int) -> None:
    loop = build_loop(where)
    runs: Dict[str, Callable[[], Tuple[float, Any]]] = {
        "batches": lambda: timed(lambda: python_batches(path)),
        "stream": lambda: timed(lambda: arrow_stream(path)),
        "two columns": lambda: timed(lambda: arrow_two(path))}
    if loop is not None:
        def in_c() -> Tuple[float, int]:
            seconds, rows = subprocess.check_output([str(loop), path]).split()
            return float(seconds), int(rows)
        runs["C loop"] = in_c
    best = in_turns(runs, repeat)
    size = os.path.getsize(path)
    for name, (seconds, rows) in best.items():
        print("%-12s %7.3f s  %6.0f MB/s  %d rows" % (name, seconds, size / seconds / 1e6, rows))
    if loop is not None:
        ours, theirs = best["batches"], best["C loop"]
        assert ours[1] == theirs[1], "the loops do not agree"
        print("batches / C loop: %.3f (bar: below 1.10)" % (ours[0] / theirs[0]))


def arrow_two(path: str) -> int:
    from vpcvis._capsule import imported
    log = vpcvis.open(path, fields=["srcaddr", "bytes"], check_all=False)
    return sum(array.length for _, array in imported(log))


QUESTION = ("select srcaddr, count(*)::bigint as records, sum(bytes)::bigint as total from %s "
            "where srcaddr is not null group by srcaddr order by total desc, srcaddr limit 20")


def csv_table(path: str) -> str:
    """DuckDB's own reader, told all that it would otherwise have to guess."""
    columns = ", ".join("'%s': '%s'" % (name, TYPES[vpcvis.find_field(name).kind])
                        for name in vpcvis.Layout().names)
    return ("read_csv('%s', delim=' ', header=false, nullstr='-', auto_detect=false, "
            "columns={%s})" % (path, columns))


def by_rollup(path: str) -> List[Any]:
    with vpcvis.rollup(path, ["srcaddr"], ["records", "sum:bytes"]) as made:
        rows = [(row["srcaddr"], row["records"], row["bytes_sum"])
                for row in made.top(21, "sum:bytes")]
    return [row for row in rows if row[0] is not None][:20]


def compare_totals(path: str, repeat: int) -> None:
    import duckdb

    def ask(table: str, threads: int, **views: Any) -> List[Any]:
        connection = duckdb.connect()
        connection.execute("set threads=%d" % threads)
        for name, view in views.items():
            connection.register(name, view)
        return list(connection.execute(QUESTION % table).fetchall())

    threads = os.cpu_count() or 1

    def stream() -> List[Any]:
        return ask("log", threads, log=vpcvis.open(path, fields=["srcaddr", "bytes"]))

    best = in_turns({
        "rollup": lambda: timed(lambda: by_rollup(path)),
        "DuckDB over the stream": lambda: timed(stream),
        "DuckDB read_csv, 1 thread": lambda: timed(lambda: ask(csv_table(path), 1)),
        "DuckDB read_csv, %d threads" % threads:
            lambda: timed(lambda: ask(csv_table(path), threads))}, repeat)
    answers = [answer for _, answer in best.values()]
    assert all(answer == answers[0] for answer in answers), "the answers are not the same"
    for name, (seconds, _) in best.items():
        print("%-28s %7.3f s" % (name, seconds))
    theirs = best["DuckDB read_csv, 1 thread"][0]
    every = best["DuckDB read_csv, %d threads" % threads][0]
    for name in ("rollup", "DuckDB over the stream"):
        print("read_csv / %s: %.1f with 1 thread (bar: 3 or more), %.1f with %d" % (
            name, theirs / best[name][0], every / best[name][0], threads))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", nargs="?", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "bench.log")
        make_log(path, given.megabytes)
        compare_loops(path, where, given.repeat)
        seconds, _ = timed(lambda: records_one_by_one(path))
        rows = python_batches(path)
        print("records, one by one: %.2f us each" % (seconds / rows * 1e6))
        try:
            compare_totals(path, given.repeat)
        except ImportError:
            print("no duckdb: nothing to compare totals with")
    return 0


if __name__ == "__main__":
    sys.exit(main())
