#!/bin/sh
# SPDX-License-Identifier: MIT
# The amalgamation compiles alone. What was local to a file may be hidden by another's
# parameter there: no -Wshadow.
set -eu

$CC $STRICT -Wno-shadow -Werror -c "$BUILD/amalgamation/vpcvis.c" -o "$BUILD/amalgamation/vpcvis.o"
echo "ok amalgamation"
