#!/bin/sh
# SPDX-License-Identifier: MIT
# replay.sh PROGRAM: feed a fuzz target every input of its corpus.
set -eu

target=${1##*/fuzz_}
count=$(find "tests/fuzz/corpus/$target" -type f | wc -l)
if [ "$count" -eq 0 ]; then
    echo "no corpus in tests/fuzz/corpus/$target"
    exit 1
fi
find "tests/fuzz/corpus/$target" -type f -print0 | xargs -0 ${RUNNER:-} "$1"
echo "ok fuzz corpus $target ($((count)) inputs)"
