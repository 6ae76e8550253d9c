#!/bin/sh
# SPDX-License-Identifier: MIT
# columns.read.v2: text to Arrow against what Python has (tests/bench/columns_peers.py says how).
#
#   tests/bench/columns_peers.sh             with the modules that are there
#   tests/bench/columns_peers.sh --install   installs pyarrow, Polars and DuckDB into build/ first
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build}
bench=$build/bench/bench
work=$build/bench
bytes=200000000
repetitions=5
if [ "${BENCH_QUICK:-}" = 1 ]; then
    bytes=20000000
    repetitions=3
fi
case columns.read.v2,columns.table.v2 in *"${BENCH_ONLY:-}"*) ;; *) exit 0 ;; esac
if [ ! -x "$bench" ]; then
    echo "bench columns.read.v2 failed: $bench is not built" >&2
    exit 2
fi
if [ "${1:-}" = --install ]; then
    python3 -m venv "$work/venv" &&
        "$work/venv/bin/pip" -q install pyarrow polars duckdb || exit 2
fi
python=python3
[ -x "$work/venv/bin/python" ] && python=$work/venv/bin/python

log=$work/v2-$bytes.log
[ -s "$log" ] || { "$bench" generate v2 "$bytes" >"$log.part" && mv "$log.part" "$log"; } || exit 2
"$python" tests/bench/columns_peers.py "$build/libvpcvis.so" "$log" "$(wc -l <"$log")" $repetitions
