#!/bin/sh
# SPDX-License-Identifier: MIT
# flowtop's partials through pipes, as Hadoop Streaming, RDD.pipe and ssh carry lines: parts of a
# log in any order, sorted, dealt to reducers and merged, equal one run: pipes.sh FLOWTOP
set -eu

flowtop=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LC_ALL=C
export LC_ALL
passed=0 failed=0

check() { # NAME FILE FILE
    if cmp -s "$2" "$3" && [ -s "$2" ]; then
        echo "ok $1"
        passed=$((passed + 1))
    else
        echo "not ok $1"
        diff "$2" "$3" | head -n 5
        failed=$((failed + 1))
    fi
}

# Lines of a format of our own; no part but the first has its header line.
layout='srcaddr dstaddr dstport protocol packets bytes start end action log-status tcp-flags'
awk -v header="$layout" 'BEGIN {
    srand(7)
    print header
    for (i = 0; i < 120000; i++) {
        start = 1700000000 + int(rand() * 20000)
        src = rand() < 0.1 ? "-" : "10.0." int(rand() * 9) "." int(rand() * 99)
        dst = rand() < 0.2 ? sprintf("2001:db8::%x", 1 + rand() * 400) : "198.51.100." int(rand() * 99)
        print src, dst, int(rand() * 30), 6, int(rand() * 100), int(rand() * 1000000), start,
            start + int(rand() * 60), rand() < 0.2 ? "REJECT" : "ACCEPT", "OK", int(rand() * 64)
    }
}' >"$work/all.log"
set -- -s srcaddr/bytes,packets,records -s action,start:1h/min:start,max:end,or:tcp-flags,records \
    -s dstaddr:24:64/distinct:srcaddr,distinct:dstport,max:bytes -s /bytes,records
"$flowtop" --quiet "$@" --to csv -n 0 "$work/all.log" >"$work/one.csv"

# Map: every part by a process of its own, which reads standard input and writes lines.
split -l 17000 "$work/all.log" "$work/part."
for part in "$work"/part.*; do
    "$flowtop" --quiet --partial --layout "$layout" "$@" <"$part" >"$work/mapped.${part##*.}"
done
[ "$(ls "$work" | grep -c '^mapped')" -eq 8 ]

# Shuffle and reduce. Which question comes first depends on the order of lines, its rows do not.
cat "$work"/mapped.* >"$work/mapped"
sort "$work/one.csv" >"$work/a"
for order in sort 'sort -r' 'sort -R' 'sort -t . -k 2n' tac; do
    $order "$work/mapped" | "$flowtop" --merge --to csv -n 0 | sort >"$work/b"
    check "all questions, in the order of $order" "$work/a" "$work/b"
done

# Several reducers, each with all lines of its keys: what they say is the answer cut in pieces.
awk -F '\t' -v work="$work" '{
    split($1, question, "/")
    keys = question[1] == "" ? 0 : split(question[1], names, ",")
    text = $1
    for (i = 1; i <= keys; i++)
        text = text FS $(3 + i)
    at = 0
    for (i = 1; i <= length(text); i++)
        at = (at * 31 + index("0123456789.:-abcdefACEJPRT", substr(text, i, 1))) % 99991
    print >(work "/reducer." at % 3)
}' "$work/mapped"
[ "$(ls "$work" | grep -c '^reducer')" -eq 3 ]
cut -f 1 "$work/mapped" | sort -u >"$work/questions"
while read -r question; do
    "$flowtop" --quiet -s "$question" --to csv -n 0 "$work/all.log" >"$work/one.csv"
    sort -R "$work/mapped" | awk -F '\t' -v q="$question" '$1 == q' |
        "$flowtop" --merge --to csv -n 0 >"$work/merged.csv"
    check "rows and their order: $question" "$work/one.csv" "$work/merged.csv"
    sort -u "$work/one.csv" >"$work/a"
    for reducer in "$work"/reducer.?; do
        awk -F '\t' -v q="$question" '$1 == q' "$reducer" | "$flowtop" --merge --to csv -n 0
    done | sort -u >"$work/b"
    check "three reducers: $question" "$work/a" "$work/b"
done <"$work/questions"

# What a worker that died had written by then is not an answer, and says so.
head -c 20011 "$work/mapped.aa" >"$work/half"
if "$flowtop" --merge --to csv -n 0 "$work/half" >/dev/null 2>"$work/said"; then
    echo "not ok half a line is refused"
    failed=$((failed + 1))
else
    echo "ok half a line is refused: $(head -n 1 "$work/said" | cut -c 1-70 | sed "s|$work/||")"
    passed=$((passed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
