#!/bin/sh
# SPDX-License-Identifier: MIT
# Each public header compiles alone as C99 and as C++11, and the core under the strict flags.
set -eu

bad=0
said=
for header in include/vpcvis.h include/vpcvis/*.h; do
    name=${header#include/}
    echo "#include \"$name\"" | $CC $STRICT -Werror -Iinclude -fsyntax-only -x c - || bad=1
    if command -v "${CXX%% *}" >/dev/null; then
        echo "#include \"$name\"" | $CXX -std=c++11 -pedantic-errors -Wall -Wextra -Wconversion \
            -Wshadow -Werror -Iinclude -fsyntax-only -x c++ - || bad=1
    else
        said=" (C99 only: no $CXX)"
    fi
done
$CC $STRICT -Werror -Iinclude -fsyntax-only src/*.c || bad=1
[ "$bad" -eq 0 ] || exit 1
echo "ok headers$said"
