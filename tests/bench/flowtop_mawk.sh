#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Totals by source address, from the text of a log, whole processes, in turn:
#
#   rollup.group_by          flowtop on one thread against mawk: user and system time
#   rollup.group_by.duckdb   the same against DuckDB on one thread, where Python has it
#   flowtop.threads          four files on two threads against on one: elapsed time
#   flowtop.threads.ceiling  two processes, two files each, against one: what this machine gives
#   flowtop.threads.file     one file on two threads against on one
#
# The last two have no bar.
#
# Medians of 5 on 400 MB; BENCH_QUICK=1: of 3 on 50 MB. Lines as bench prints them (nanoseconds
# a record); exit status 1 if a bar is missed, 2 if something failed.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${BUILD:-build}
bench=$build/bench/bench
flowtop=$build/examples/flowtop
bytes=400000000
repetitions=5
if [ "${BENCH_QUICK:-}" = 1 ]; then
    bytes=50000000
    repetitions=3
fi

case rollup.group_by.duckdb,flowtop.threads.ceiling,flowtop.threads.file in *"${BENCH_ONLY:-}"*) ;; *) exit 0 ;; esac
for program in "$bench" "$flowtop"; do
    if [ ! -x "$program" ]; then
        echo "bench rollup.group_by failed: $program is not built"
        exit 2
    fi
done
python=python3
[ -x "$build/bench/venv/bin/python" ] && python=$build/bench/venv/bin/python

# All totals, for comparing; and the largest of them, for measuring: printing is not the point.
all_ours() { "$flowtop" --quiet --threads 1 --to csv -s srcaddr/bytes -n 0 "$1" | tail -n +2; }
all_mawk() {
    mawk '$4 != "-" { b[$4] += $10 } END { for (k in b) printf "%s,%.0f\n", k, b[k] }' "$1"
}
ours() { "$flowtop" --quiet --threads 1 -s srcaddr/bytes -n 1 "$1"; }
with_mawk() {
    mawk '$4 != "-" { b[$4] += $10 }
        END { for (k in b) if (b[k] > most) { most = b[k]; who = k } print who, most }' "$1"
}
with_duckdb() { "$python" tests/bench/extra_duckdb.py "$1" group; }
on_one() { "$flowtop" --quiet --threads 1 -s srcaddr/bytes "$1" "$1" "$1" "$1"; }
on_two() { "$flowtop" --quiet --threads 2 -s srcaddr/bytes "$1" "$1" "$1" "$1"; }
half() { "$flowtop" --quiet --threads 1 -s srcaddr/bytes "$1" "$1"; }
apart() {
    half "$1" &
    half "$1"
    wait
}
file_on_one() { "$flowtop" --quiet --threads 1 -s srcaddr/bytes "$1"; }
file_on_two() { "$flowtop" --quiet --threads 2 -s srcaddr/bytes "$1"; }

log=$build/bench/v2-$bytes.log
[ -s "$log" ] || { "$bench" generate v2 "$bytes" >"$log.part" && mv "$log.part" "$log"; } || exit 2
records=$(wc -l <"$log")

cpu() { TIMEFORMAT='%U %S'; { time "$1" "$log" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'; }
elapsed() { TIMEFORMAT='%R'; { time "$1" "$log" >/dev/null 2>&1; } 2>&1; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare NAME BAR CLOCK OURS PEER FILES; a bar of `-` is none
status=0
compare() {
    local name=$1 bar=$2 clock=$3 a= b=
    case $name in *"${BENCH_ONLY:-}"*) ;; *) return ;; esac
    for _ in $(seq "$repetitions"); do
        a="$a $("$clock" "$4")"
        b="$b $("$clock" "$5")"
    done
    a=$(printf '%s\n' $a | median)
    b=$(printf '%s\n' $b | median)
    awk -v a="$a" -v b="$b" -v n=$((records * $6)) -v bar="$bar" -v name="$name" \
        -v mode="${BENCH:-}" 'BEGIN {
        missed = bar != "-" && mode != "sanity" && b / a < bar + 0
        printf "bench %s ours=%.1f peer=%.1f ratio=%.2f bar=%s%s\n", name, a * 1e9 / n,
               b * 1e9 / n, b / a, bar == "-" ? bar : sprintf("%.2f", bar),
               missed ? " MISSED" : ""
        exit missed
    }' || status=1
}

if command -v mawk >/dev/null 2>&1; then
    sample=$build/bench/v2-sample.log
    "$bench" generate v2 2000000 >"$sample" || exit 2
    if ! cmp -s <(all_ours "$sample" | sort) <(all_mawk "$sample" | sort); then
        echo "bench rollup.group_by failed: flowtop and mawk print different totals"
        exit 2
    fi
    compare rollup.group_by 9 cpu ours with_mawk 1
else
    echo "bench rollup.group_by skipped: mawk is not installed"
    [ "${BENCH:-}" != strict ] || status=1
fi
if "$python" -c 'import duckdb' 2>/dev/null; then
    compare rollup.group_by.duckdb 5 cpu ours with_duckdb 1
else
    echo "bench rollup.group_by.duckdb skipped: Python has no module duckdb"
fi
if [ "$(getconf _NPROCESSORS_ONLN)" -ge 2 ]; then
    compare flowtop.threads 1.8 elapsed on_two on_one 4
    compare flowtop.threads.ceiling - elapsed apart on_one 4
    compare flowtop.threads.file - elapsed file_on_two file_on_one 1
else
    echo "bench flowtop.threads skipped: one processor"
fi
exit $status
