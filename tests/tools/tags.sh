#!/bin/sh
# SPDX-License-Identifier: MIT
# A rule from outside carries a tag ([room.rule]) in a public header and in the test that
# proves it. One without the other is a finding. An array index is no tag.
set -eu

tags()
{
    awk '
    {
        rest = $0
        before = ""
        while (match(rest, /\[[a-z]+\.[a-z0-9-]+\]/)) {
            before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : " "
            if (before !~ /[A-Za-z_0-9)\]]/)
                print substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
        }
    }' "$@" | LC_ALL=C sort -u
}

find tests -name '*.[ch]' ! -path 'tests/bench/*' ! -path 'tests/shim/*' >"$BUILD/check/tags.files"
tags include/vpcvis.h include/vpcvis/*.h >"$BUILD/check/tags.headers"
tags $(cat "$BUILD/check/tags.files") >"$BUILD/check/tags.tests"

lonely=$(
    comm -23 "$BUILD/check/tags.headers" "$BUILD/check/tags.tests" | sed 's/$/: no test has it/'
    comm -13 "$BUILD/check/tags.headers" "$BUILD/check/tags.tests" | sed 's/$/: no header has it/'
)
if [ -n "$lonely" ]; then
    printf '%s\n' "$lonely"
    exit 1
fi
echo "ok tags"
