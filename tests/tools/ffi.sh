#!/bin/sh
# SPDX-License-Identifier: MIT
# The FFI kit, from the public headers: $BUILD/ffi/vpcvis_ffi.h, $BUILD/ffi/vpcvis.json.
#
#   ffi.sh            make both
#   ffi.sh --check    hold both against the compiler and the list of exports
set -eu

: "${BUILD:=build}" "${CC:=cc}"
tools=tests/tools
out=$BUILD/ffi
mkdir -p "$out"

# Constants are numbers; a macro with arguments, or with nothing, is none.
sed -e ':a' -e '/\\$/N; s/\\\n//; ta' include/vpcvis.h include/vpcvis/*.h |
    sed -n 's/^# *define \(\(VPCVIS\|ARROW_FLAG\)_[A-Z0-9_]*\)  *\([^ ].*\)$/\1 \3/p' |
    sed -e 's|/\*.*||' -e 's/ *$//' |
    awk '$2 ~ /^\(?-?(0x)?[0-9a-fA-F]+[uU]?\)?$/ && NF == 2' >"$out/constants"
$CC -E -P -nostdinc -I$tools/ffi -Iinclude include/vpcvis.h >"$out/declarations"

pointer=$(echo __SIZEOF_POINTER__ | $CC -E -P - | tail -n 1)
version=$(sed -n 's/^#define VPCVIS_VERSION_[MAJORINPTCH]* \([0-9]*\)$/\1/p' include/vpcvis/base.h |
    paste -sd. -)
make_one()
{
    awk -v what="$1" -v pointer="$pointer" -v version="$version" -f $tools/ffi.awk \
        "$out/constants" "$out/declarations"
}

make_one header >"$out/vpcvis_ffi.h"
make_one json >"$out/vpcvis.json"
[ "${1:-}" = --check ] || exit 0

make_one check >"$out/check.c"
$CC -std=c99 -Iinclude "$out/check.c" -o "$out/check" -L"$BUILD" -lvpcvis
LD_LIBRARY_PATH=$BUILD ${RUNNER:-} "$out/check"
printf '#include <stddef.h>\n#include <stdint.h>\n#include "vpcvis_ffi.h"\nint all;\n' |
    $CC -std=gnu11 -Werror -I"$out" -fsyntax-only -x c -
sed 's/@@.*//' tests/exports.txt >"$out/exports"
sed -n 's/.*{"name": "\([a-z0-9_]*\)", "returns".*/\1/p' "$out/vpcvis.json" | LC_ALL=C sort |
    diff "$out/exports" - || { echo "ffi: functions and exports differ"; exit 1; }
echo "ok ffi"
