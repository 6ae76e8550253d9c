#!/bin/sh
# SPDX-License-Identifier: MIT
# A room includes only rooms on lower floors, in the text and (through the compiler's
# dependency files) in every object; libc only as far as the design says.
set -eu

awk '
function room_of(path)
{
    sub(/.*\//, "", path)
    sub(/\..*/, "", path)
    sub(/_.*/, "", path)
    return path == "bytes" || path == "text" || path == "hash" ? "base" : path
}

function finding(what)
{
    print FILENAME ":" FNR ": " what
    bad = 1
}

function may(from, path,    to)
{
    to = room_of(path)
    if (!(to in floor))
        finding("includes " path ", which is no room of src/LAYERS")
    else if (to != from && floor[to] >= floor[from])
        finding("room " from " includes " path " of room " to ", which is not below it")
}

BEGIN {
    while ((getline line < "src/LAYERS") > 0) {
        if (line ~ /^[0-9]+ [a-z]+$/) {
            split(line, w, " ")
            floor[w[2]] = w[1] + 0
        }
    }
    split("stddef.h stdint.h limits.h string.h cpuid.h emmintrin.h immintrin.h arm_neon.h", w, " ")
    for (i in w)
        system_header[w[i]] = 1
}

FNR == 1 {
    from = room_of(FILENAME)
    if (!(from in floor)) {
        finding("room " from " is not in src/LAYERS")
        nextfile_wanted = 1
    } else {
        nextfile_wanted = 0
    }
}

nextfile_wanted { next }

FILENAME ~ /\.d$/ {
    for (i = 1; i <= NF; i++) {
        if ($i ~ /^(src|include\/vpcvis)\/.*\.h$/)
            may(from, $i)
        else if ($i == "include/vpcvis.h")
            finding("room " from " includes the map of all rooms")
    }
    next
}

/^[ \t]*#[ \t]*include/ {
    name = $0
    sub(/^[^"<]*["<]/, "", name)
    sub(/[">].*/, "", name)
    if ($0 ~ /</) {
        if (!(name in system_header) && !(name == "stdlib.h" && FILENAME == "src/base.c"))
            finding("the core does not include <" name ">")
    } else if (name == "vpcvis.h") {
        finding("room " from " includes the map of all rooms")
    } else {
        may(from, name)
    }
}

END { exit bad }
' src/*.c src/*.h include/vpcvis/*.h "$BUILD"/obj/src/*.d
echo "ok layers"
