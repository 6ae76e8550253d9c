#!/bin/bash
# SPDX-License-Identifier: MIT
# pcap2flow against nfpcapd on the same capture: CPU time of the whole process, both pinned to
# one core, nanoseconds a packet, median of some runs.
#
#   bench pcap2flow ours=NS peer=NS ratio=R bar=4.00
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
case pcap2flow in *"${BENCH_ONLY:-}"*) ;; *) exit 0 ;; esac
if ! command -v nfpcapd >/dev/null; then
    echo "bench pcap2flow skipped: nfpcapd (nfdump) is not here"
    [ "${BENCH:-}" != strict ]
    exit
fi
packets=5000000 runs=5
if [ "${BENCH_QUICK:-}" = 1 ]; then
    packets=500000 runs=3
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/pcap2flow.XXXXXX")
trap 'rm -rf "$work"' EXIT
capture=$work/plain.pcap
"$build/tools/make_capture" plain $packets 100000 >"$capture"
cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')

cpu_ns() # COMMAND...: nanoseconds of CPU time
{
    TIMEFORMAT='%U %S'
    { time taskset -c "$cpu" "$@" >/dev/null 2>&1; } 2>&1 |
        awk '{ printf "%.0f\n", ($1 + $2) * 1e9 }'
}
ours() { cpu_ns "$build/examples/pcap2flow" --quiet "$capture"; }
peers()
{
    rm -rf "$work/out"
    mkdir "$work/out"
    cpu_ns nfpcapd -r "$capture" -l "$work/out" -t 60
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

cat "$capture" >/dev/null
: >"$work/ours" >"$work/peer"
for ((i = 0; i < runs; i++)); do
    ours >>"$work/ours"
    peers >>"$work/peer"
done
awk -v ours="$(median <"$work/ours")" -v peer="$(median <"$work/peer")" -v n=$packets \
    -v mode="${BENCH:-}" 'BEGIN {
    missed = peer / ours < 4 && mode != "sanity"
    printf "bench pcap2flow ours=%.1f peer=%.1f ratio=%.2f bar=4.00%s\n", ours / n, peer / n,
        peer / ours, missed ? " MISSED" : ""
    exit missed
}'
