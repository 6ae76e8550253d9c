#!/bin/sh
# SPDX-License-Identifier: MIT
# Named extra peers, where they are installed: DuckDB's CSV reader, zsv, simdjson on the same
# records as one JSON object a line. Lines as bench prints them, nanoseconds of CPU time a
# record, without bars: these programs do not do quite the same work (addresses stay text in all three).
#
#   tests/bench/extra_peers.sh             what is there
#   tests/bench/extra_peers.sh --install   installs what can be had first: DuckDB into build/,
#                                          simdjson through the system's package manager
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build}
bench=$build/bench/bench
work=$build/bench
bytes=60000000
repetitions=5
if [ "${BENCH_QUICK:-}" = 1 ]; then
    bytes=20000000
    repetitions=3
fi
case line.read.v2.vs_ in *"${BENCH_ONLY:-}"*) ;; *) exit 0 ;; esac
if [ ! -x "$bench" ]; then
    echo "bench line.read.v2.vs failed: $bench is not built" >&2
    exit 2
fi

python=python3
[ -x "$work/venv/bin/python" ] && python=$work/venv/bin/python
if [ "${1:-}" = --install ]; then
    python3 -m venv "$work/venv" && "$work/venv/bin/pip" -q install duckdb &&
        python=$work/venv/bin/python
    apt-get install -y -q libsimdjson-dev >/dev/null
fi

log=$work/v2-$bytes.log
[ -s "$log" ] || { "$bench" generate v2 "$bytes" >"$log.part" && mv "$log.part" "$log"; } || exit 2
records=$(wc -l <"$log")

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare NAME COMMAND...: COMMAND prints nanoseconds a record
compare() {
    peer=$1
    shift
    : >"$work/ours.ns"
    : >"$work/peer.ns"
    i=0
    while [ $i -lt $repetitions ]; do
        BENCH_QUICK=1 "$bench" stream "$log" >>"$work/ours.ns" || return 2
        "$@" >>"$work/peer.ns" || return 2
        i=$((i + 1))
    done
    echo "$(median <"$work/ours.ns") $(median <"$work/peer.ns")" | awk -v name="$peer" '{
        printf "bench line.read.v2.vs_%s ours=%.1f peer=%.1f ratio=%.2f bar=-\n", name, $1, $2, $2 / $1
    }'
}

# `select` writes every cell: zsv's own engine, its output dropped.
zsv_ns() {
    bash -c 'TIMEFORMAT="%U %S"; { time zsv select -t " " "$1" >/dev/null; } 2>&1' zsv "$log" |
        awk -v n="$records" '{ printf "%.1f\n", ($1 + $2) * 1e9 / n }'
}

failed=0
if $python -c 'import duckdb' 2>/dev/null; then
    compare duckdb $python tests/bench/extra_duckdb.py "$log" "$records" || failed=2
else
    echo "bench line.read.v2.vs_duckdb skipped: Python has no module duckdb"
fi

if command -v zsv >/dev/null 2>&1; then
    compare zsv zsv_ns || failed=2
else
    echo "bench line.read.v2.vs_zsv skipped: zsv is not installed"
fi

if ${CXX:-c++} -std=c++17 -O3 tests/bench/extra_simdjson.cpp -lsimdjson -o "$work/simdjson" \
    2>/dev/null; then
    json=$work/v2-$bytes.ndjson
    [ -s "$json" ] || awk 'function number(name, value) {
            return "\"" name "\":" (value == "-" ? "null" : value)
        }
        function text(name, value) {
            return "\"" name "\":" (value == "-" ? "null" : "\"" value "\"")
        }
        {
            print "{" number("version", $1) "," text("account-id", $2) "," \
                text("interface-id", $3) "," text("srcaddr", $4) "," text("dstaddr", $5) "," \
                number("srcport", $6) "," number("dstport", $7) "," number("protocol", $8) "," \
                number("packets", $9) "," number("bytes", $10) "," number("start", $11) "," \
                number("end", $12) "," text("action", $13) "," text("log-status", $14) "}"
        }' "$log" >"$json" || exit 2
    compare simdjson "$work/simdjson" "$json" || failed=2
else
    echo "bench line.read.v2.vs_simdjson skipped: libsimdjson or a C++ compiler is missing"
fi
exit $failed
