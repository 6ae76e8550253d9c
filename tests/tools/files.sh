#!/bin/sh
# SPDX-License-Identifier: MIT
# The files of the project, one a line: what git tracks or would track, else (a tarball) what
# is there outside build/.
set -eu

list=
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
    list=$(git ls-files --cached --others --exclude-standard)
fi
if [ -z "$list" ]; then
    list=$(find . -type f ! -path './build/*' ! -path './.git/*' | sed 's|^\./||')
fi
printf '%s\n' "$list" | LC_ALL=C sort -u | while IFS= read -r file; do
    if [ -f "$file" ]; then
        printf '%s\n' "$file"
    fi
done
