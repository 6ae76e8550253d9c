#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# flowcat.csv: `flowcat --to csv` of a log of 1 GB against mawk printing the same fields, whole
# processes, user and system time, in turn, medians of 5. BENCH_QUICK=1: 50 MB, medians of 3.
# Prints one line as bench does (nanoseconds a record); exit status 1 if the bar is missed, 2 if
# something failed.
set -u
cd "$(dirname "$0")/../.." || exit 2
name=flowcat.csv
bar=8
build=${BUILD:-build}
bench=$build/bench/bench
flowcat=$build/examples/flowcat
bytes=1000000000
repetitions=5
if [ "${BENCH_QUICK:-}" = 1 ]; then
    bytes=50000000
    repetitions=3
fi

case $name in *"${BENCH_ONLY:-}"*) ;; *) exit 0 ;; esac
for program in "$bench" "$flowcat"; do
    if [ ! -x "$program" ]; then
        echo "bench $name failed: $program is not built"
        exit 2
    fi
done
if ! command -v mawk >/dev/null 2>&1; then
    echo "bench $name skipped: mawk is not installed"
    [ "${BENCH:-}" != strict ]
    exit
fi

ours() { "$flowcat" --quiet --to csv "$1"; }
# The fields of the log and commas: what flowcat prints, a `-` being an empty field there.
peer() { mawk -v OFS=, '{ $1 = $1; print }' "$1"; }

log=$build/bench/v2-$bytes.log
sample=$build/bench/v2-sample.log
"$bench" generate v2 2000000 >"$sample" || exit 2
if ! cmp -s <(ours "$sample" | tail -n +2) <(peer "$sample" | sed 's/,-/,/g'); then
    echo "bench $name failed: flowcat and mawk print different fields"
    exit 2
fi
[ -s "$log" ] || { "$bench" generate v2 "$bytes" >"$log.part" && mv "$log.part" "$log"; } || exit 2
records=$(wc -l <"$log")

TIMEFORMAT='%U %S'
# CPU seconds of a command on the log
seconds() { { time "$1" "$log" >/dev/null; } 2>&1 | awk '{ print $1 + $2 }'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

ours_s=
peer_s=
for _ in $(seq "$repetitions"); do
    ours_s="$ours_s $(seconds ours)"
    peer_s="$peer_s $(seconds peer)"
done
a=$(printf '%s\n' $ours_s | median)
b=$(printf '%s\n' $peer_s | median)
awk -v a="$a" -v b="$b" -v n="$records" -v bar=$bar -v name=$name -v mode="${BENCH:-}" 'BEGIN {
    missed = mode != "sanity" && b / a < bar
    printf "bench %s ours=%.1f peer=%.1f ratio=%.2f bar=%.2f%s\n", name, a * 1e9 / n,
           b * 1e9 / n, b / a, bar, missed ? " MISSED" : ""
    exit missed
}'
