#!/bin/sh
# SPDX-License-Identifier: MIT
# Counts the instructions each kernel needs a line or packet and compares them with guard.txt:
# counts do not depend on how busy the machine is. Two runs that differ in their passes alone
# are subtracted, so that starting up cancels out.
#
#   tests/bench/guard.sh            fails (1) if a kernel needs over 2 % more than it did
#   tests/bench/guard.sh --update   writes guard.txt
#
# Counts depend on the compiler: with another one than guard.txt's they are shown, not judged.
# valgrind has no AVX-512, so that path is reported as skipped. BENCH_ONLY=TEXT as in bench.
set -u
cd "$(dirname "$0")/../.." || exit 2
bench=${BUILD:-build}/bench/bench
baseline=tests/bench/guard.txt
reading="line.read.v2 line.read.v5 line.read.crlf line.read.bad1 line.read.nodata
line.read.ipv6 line.read.digits line.read.short line.read.all54 line.rows.v2 reader.stream"
# These have one code path, whatever the CPU.
portable_only="line.write.v2 line.write.columns packet.read_batch"

if ! command -v valgrind >/dev/null 2>&1; then
    echo "guard skipped: valgrind is not installed"
    [ "${BENCH:-}" != strict ]
    exit
fi
if [ ! -x "$bench" ]; then
    echo "guard failed: $bench is not built" >&2
    exit 2
fi

# instructions PATH MEASURE PASSES: "LINES INSTRUCTIONS"; status 77 if the path is not there
instructions() {
    out=$(valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
        "$bench" guard "$1" "$2" "$3" 2>&1)
    status=$?
    [ $status -eq 0 ] || return $status
    echo "$out" | awk '/^[0-9]+$/ { lines = $1 }
        /I *refs:/ { gsub(",", ""); print lines, $NF }'
}

# per_line PATH MEASURE
per_line() {
    few=$(instructions "$1" "$2" 1) || return
    many=$(instructions "$1" "$2" 3) || return
    echo "$few $many" | awk '{ printf "%.1f\n", ($4 - $2) / (2 * $1) }'
}

compiler=$("$bench" compiler)
was_compiler=$(sed -n 's/^compiler //p' "$baseline" 2>/dev/null)
update=0
judged=1
only=${BENCH_ONLY:-}
if [ "${1:-}" = --update ]; then
    update=1
    only=
fi
if [ $update -eq 0 ] && [ "$compiler" != "$was_compiler" ]; then
    echo "guard: built with $compiler, guard.txt is of ${was_compiler:-nothing}: not judged"
    judged=0
fi
missed=0
new=$(mktemp) || exit 2
trap 'rm -f "$new"' EXIT
{
    echo "# Instructions a line or packet of each kernel; tests/bench/guard.sh --update writes this file."
    echo "compiler $compiler"
} >"$new"

judge() { # PATH MEASURE NOW
    was=$(awk -v p="$1" -v m="$2" '$1 == p && $2 == m { print $3 }' "$baseline" 2>/dev/null)
    echo "$1 $2 $3" >>"$new"
    echo "$3 ${was:-0}" | awk -v name="$2.$1" -v judged=$judged '{
        change = $2 > 0 ? ($1 / $2 - 1) * 100 : 0
        verdict = ""
        if ($2 == 0)
            verdict = " no baseline: run tests/bench/guard.sh --update"
        else if (judged && change > 2)
            verdict = " FAILED"
        else if (judged && change < -2)
            verdict = " better: run tests/bench/guard.sh --update"
        printf "guard %s now=%s was=%s change=%+.1f%%%s\n", name, $1, $2 ? $2 : "-", change, verdict
        exit judged && $2 > 0 && change > 2
    }'
}

for path in portable sse2 avx2 avx512; do
    if ! "$bench" guard "$path" line.read.v2 1 >/dev/null 2>&1; then
        echo "guard $path skipped: this CPU or this build does not have the path"
        continue
    fi
    measures="$reading flow.add"
    [ $path = portable ] && measures="$measures $portable_only"
    for measure in $measures; do
        case $measure in *"$only"*) ;; *) continue ;; esac
        now=$(per_line $path "$measure")
        status=$?
        if [ $status -eq 77 ]; then
            echo "guard $path skipped: valgrind does not have the path"
            break
        elif [ $status -ne 0 ] || [ -z "$now" ]; then
            echo "guard $measure.$path failed: the run under valgrind ended with status $status" >&2
            exit 2
        fi
        judge $path "$measure" "$now" || { [ $update -eq 1 ] || missed=1; }
    done
done
if [ $update -eq 1 ]; then
    cp "$new" "$baseline" && echo "guard: wrote $baseline"
fi
exit $missed
