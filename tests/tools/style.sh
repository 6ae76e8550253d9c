#!/bin/sh
# SPDX-License-Identifier: MIT
# The top level, the licence line of every source, and the length of functions and files.
set -eu

bad=0
sh tests/tools/files.sh >"$BUILD/check/files"

wanted='include src tests examples Makefile vpcvis.pc.in CHANGELOG.md README.md'
for name in $(sed 's|/.*||' "$BUILD/check/files" | LC_ALL=C sort -u); do
    case " $wanted " in
    *" $name "*) ;;
    *)
        case $name in
        .*) ;;
        *)
            echo "top level: $name does not belong here"
            bad=1
            ;;
        esac
        ;;
    esac
done
for name in $wanted; do
    if [ ! -e "$name" ]; then
        echo "top level: $name is missing"
        bad=1
    fi
done

for file in $(grep -E '(\.(c|h|sh|awk|py|map)|^Makefile|^\.ci/run)$' "$BUILD/check/files"); do
    if ! head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT'; then
        echo "$file: no SPDX-License-Identifier line"
        bad=1
    fi
done

# In the house format a line that is `{` opens a function and one that is `}` ends it.
awk '
FNR == 1 { first = 0 }
/^[A-Za-z_]/ && first == 0 { first = FNR }
/^$/ || /;$/ || /^#/ || /\*\/$/ { if (!inside) first = 0 }
/^\{$/ { inside = 1 }
/^\}/ {
    if (inside && FNR - first + 1 > 60) {
        print FILENAME ":" first ": a function of " FNR - first + 1 " lines; 60 is the most"
        bad = 1
    }
    inside = 0
    first = 0
}
FNR == 601 {
    print FILENAME ": more than 600 lines"
    bad = 1
}
END { exit bad }
' src/*.c src/*.h || bad=1

[ "$bad" -eq 0 ] || exit 1
echo "ok style"
