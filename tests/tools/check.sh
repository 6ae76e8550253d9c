#!/bin/sh
# SPDX-License-Identifier: MIT
# Run what `make check` has built: check.sh [--portable] PROGRAM..., from the top level with
# BUILD, CC, CXX, CFLAGS and STRICT in the environment. A program prints libcheck's summary or
# lines `ok NAME`; a check prints one line `ok NAME` or its findings, and fails.
set -eu

logs=$BUILD/check
where=$BUILD/san
only=
if [ "$1" = --portable ]; then
    only=programs
    logs=$BUILD/check-portable
    where=$BUILD/portable
    shift
fi
rm -rf "$logs"
mkdir -p "$logs"

# A line a step: its name, then its command.
steps()
{
    for program in "$@"; do
        case $program in
        fuzz_*) echo "$program sh tests/tools/replay.sh $where/$program" ;;
        *) echo "$program ${RUNNER:-} $where/$program" ;;
        esac
    done
    [ -z "$only" ] || return 0
    echo "examples sh tests/run_examples.sh $BUILD"
    for name in format layers symbols tags headers style amalgamation; do
        echo "$name sh tests/tools/$name.sh"
    done
    echo "ffi sh tests/tools/ffi.sh --check"
}

# One address space for all tests of a program, so that leaks are seen at its end.
export CK_FORK=no BUILD
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"

steps "$@" >"$logs/steps"
xargs -P "$(getconf _NPROCESSORS_ONLN || echo 2)" -L 1 sh tests/tools/step.sh "$logs" \
    <"$logs/steps"

while read -r name command; do
    cat "$logs/$name.log"
done <"$logs/steps"

while read -r name command; do
    awk -v status="$(cat "$logs/$name.status")" -v name="$name" '
        /^ok / { passed++ }
        /^not ok / { failed++ }
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
            bad = $5 + $7
            failed += bad
            passed += $3 - bad
        }
        END {
            if (status != 0 && failed == 0)
                failed = 1
            if (status == 0 && passed + failed == 0)
                failed = 1
            if (failed > 0)
                what = "failed: " name " (status " status ")"
            print passed + 0, failed + 0, what
        }' "$logs/$name.log"
done <"$logs/steps" | awk '
    { passed += $1; failed += $2 }
    $3 != "" { sub(/^[0-9]+ [0-9]+ /, ""); print }
    END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }'
