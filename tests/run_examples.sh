#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every example program against what it should print: sh tests/run_examples.sh BUILD
#
# A row is a name, the exit status, what the program must have been built with, a command and
# why. Standard output and standard error are compared with examples/expected/NAME.out and
# NAME.err; a file that is not there means nothing is printed. UPDATE=1 writes them instead.
set -u

build=${1:-build}
cd "$(dirname "$0")/.." || exit 2
bin=$(cd "$build/examples" && pwd) || exit 2
PATH=$bin:$PATH
LC_ALL=C
export PATH LC_ALL
expected=$PWD/examples/expected
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM
passed=0 failed=0 skipped=0

can=$(flowcat --version) || exit 2
has() { # whether flowcat was built with what a row needs
    case $1 in
    -) return 0 ;;
    gzip) case $can in *"gzip: yes"*) return 0 ;; esac ;;
    json) case $can in *"envelopes: yes"*) return 0 ;; esac ;;
    both) has gzip && has json && return 0 ;;
    no-gzip) has gzip || return 0 ;;
    no-json) has json || return 0 ;;
    full) [ -c /dev/full ] && return 0 ;;
    esac
    return 1
}

# Compare one stream with what is expected of it; $1 is NAME.out or NAME.err.
same() {
    if [ "${UPDATE:-0}" = 1 ]; then
        if [ -s "$work/$1" ]; then cp "$work/$1" "$expected/$1"; else rm -f "$expected/$1"; fi
    fi
    if [ -f "$expected/$1" ]; then
        diff -u "$expected/$1" "$work/$1"
    elif [ -s "$work/$1" ]; then
        echo "unexpected, in $1:"
        cat "$work/$1"
        return 1
    fi
}

row() { # NAME STATUS NEEDS COMMAND WHY
    if ! has "$3"; then
        echo "skip $1 ($3): $5"
        skipped=$((skipped + 1))
        return
    fi
    (cd examples/samples && eval "$4") >"$work/$1.out" 2>"$work/$1.err" </dev/null
    status=$?
    if { same "$1.out" && same "$1.err"; } >"$work/why" 2>&1 && [ "$status" = "$2" ]; then
        echo "ok   $1: $5"
        passed=$((passed + 1))
    else
        echo "FAIL $1: $5"
        echo "     exit status $status, expected $2: $4"
        sed 's/^/     /' "$work/why"
        failed=$((failed + 1))
    fi
    rm -f "$work/$1.out" "$work/$1.err"
}

# A log with a header line, written in canonical form, is itself.
itself() {
    row "itself-$1" 0 - "flowcat --quiet $1.log | cmp - $1.log" \
        "text of $1.log is byte for byte the same"
}

v2='2 123456789010 eni-1235b8ca123456789 10.0.0.1 10.0.0.2 1 2 6 3 4 5 6 ACCEPT OK'
gz=s3/AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/06/10/123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718
one=${gz}_20260610T0900Z_5f3c9e21.log.gz two=${gz}_20260610T0905Z_a81d04b7.log.gz

# The tutorials.
row parse-line 0 - "parse_line" "every field of a default line"
row parse-line-nodata 0 - \
    "parse_line '2 123456789010 eni-1235b8ca123456789 - - - - - - - 1 2 - NODATA'" \
    "a dash is not a value"
row parse-line-bad 1 - \
    "parse_line '2 123456789010 eni-1235b8ca123456789 10.0.0.1 10.0.0.2 1 65536 6 3 4 5 6 ACCEPT OK'" \
    "an error points at the byte"
row custom-format 0 - "custom_format" "a format string in, another layout out"
row no-heap 0 - "no_heap <v2-default.log" "a stream in pieces of 100 bytes"
row no-heap-bad 0 - "no_heap <trouble.log" "bad lines are named and cost only themselves"

row embed-probe 0 - "embed_probe" "ten frames through the smallest probe"

# Layouts of every version.
row v2-text 0 - "flowcat v2-default.log" "no header line: the default layout"
for name in v3 v4 v5 v7-ecs v8 v9 v10 v11 transit-gateway custom-order concatenated future; do
    itself $name
done
row v5-csv 0 - "flowcat --to csv v5.log" "all 29 fields of version 5"
row v11-json 0 - "flowcat --to json v11.log" "all 54 fields of version 11"
row tgw-json 0 - "flowcat --to json transit-gateway.log" "36 columns of a transit gateway"
row export-csv 0 - "flowcat --to csv cloudwatch-export.log" "the time before each line goes"
row concatenated-json 0 - "flowcat --to json concatenated.log" "header lines in mid-stream"
row concatenated-csv 0 - "flowcat --to csv concatenated.log" "a header row for each layout"
row future-json 0 - "flowcat --to json future.log" "unknown fields are kept, odd bytes escaped"
row future-csv 0 - "flowcat --to csv future.log" "commas and quotes are quoted"
row future-strict 1 - "flowcat --strict future.log" "strict: an unknown name is an error"
row csv-lines 0 - "flowcat --quiet --to csv v2-default.log >$work/whole
    { head -n 1 $work/whole; while read -r line; do echo \"\$line\" | flowcat --quiet --to csv |
    tail -n 1; done <v2-default.log; } | cmp - $work/whole" "many lines give what each gives alone"
row csv-odd 0 - "printf '%s\\n' '1.2.3.4 some,text 17' ' 1.2.3.4 \"quoted\" 1' '1.2.3.4  two-spaces 2' \
    '1::0 address-6 3' '2026-06-10T09:00:00.000Z 1.2.3.4 after-a-time 4' '1.2.3.4 - 5' \
    '1.2.3.4 space-at-the-end 6 ' '1.2.3.4 plain-and-long-enough 7' '1.2.3.4 last 8' |
    flowcat --quiet --to csv --layout 'srcaddr az-id bytes'" "lines that cannot be copied as they are"
row files 0 - "flowcat --to json v9.log v10.log" "two files, one summary"

# Chosen fields.
row fields-text 0 - "flowcat --quiet --fields log-status,bytes,vpc-id v2-default.log v3.log" \
    "one header for all files; - where a log has no such field"
row fields-csv 0 - "flowcat --quiet --to csv --fields bytes,vpc-id v2-default.log v3.log" \
    "an empty cell for - and for no such field"
row fields-one 0 - "flowcat --quiet --to csv --fields traffic-path v10.log" \
    "an empty cell alone in its row is quoted"
row fields-json 0 - "flowcat --quiet --to json --fields bytes,vpc-id v2-default.log v3.log" \
    "null for -, nothing for no such field"
row fields-spelling 0 - "flowcat --quiet --fields pkt_srcaddr,dstPort v3.log" \
    "names may have underscores or be camelCase"
row fields-unknown 0 - "flowcat --quiet --to csv --fields shape-2,srcaddr,color,size future.log v8.log" \
    "names not known here are found by name"
row fields-none 0 - "flowcat --to csv --fields start,end </dev/null" "no record: a header still"
row fields-twice 2 - "flowcat --fields bytes,end,bytes v3.log" "a field chosen twice is refused"
row fields-strict 2 - "flowcat --strict --fields bytes,color v3.log" "strict: unknown name"

# Layouts from the command line.
row layout-words 0 - "for word in default v2 v3 v4 v5 v7 v8 v9 v10 v11 tgw; do
    head -n 1 v5.log | flowcat --quiet --to csv --layout \$word --fields log-status || exit
    done" "each word is a layout"
row layout-v5 0 - "tail -n 2 v5.log | flowcat --quiet --layout v5 --to json" "v5 without header"
row layout-tgw 0 - "tail -n 1 transit-gateway.log | flowcat --quiet --layout=tgw --to json" \
    "transit gateway without header"
row layout-format 0 - \
    "echo '10.0.0.1 - 17' | flowcat --to json --layout '\${dstaddr} \${srcaddr} \${protocol}'" \
    "a format string"
row layout-brace 2 - "flowcat --layout '\${srcaddr} \${}' v3.log" "a format string that is none"
row layout-header 0 - "flowcat --quiet --layout 'bytes end' v8.log" "a header line wins"

# Bad lines and awkward ones.
row trouble 1 - "flowcat --fields start,srcaddr,dstport,bytes,log-status trouble.log" \
    "bad lines on standard error, good ones printed"
row trouble-stdin 1 - "flowcat --quiet --fields bytes <trouble.log" "standard input is -"
row trouble-quiet 1 - "flowcat --quiet --to json - <trouble.log" "--quiet keeps the errors"
row awkward 0 - "printf '\\357\\273\\277  $v2\\r\\n\\n \\t\\n%s' '$(echo "$v2" | tr ' ' '\t')' | flowcat" \
    "byte order mark, CRLF, blank lines, tabs, no last line end"
row ipv6 0 - "echo '2001:DB8:0:0:1:0:0:1 ::ffff:1.2.3.4' | flowcat --quiet --layout 'srcaddr dstaddr' --to csv" \
    "addresses as in RFC 5952"
row numbers 0 - "printf '%s\\n' 0 7 99999999 100000000 9999999999999999 10000000000000000 \
    18446744073709551615 | flowcat --quiet --layout bytes --to json" "integers are exact"
row unknown-words 0 - "echo 'Accept ok ::1' | flowcat --quiet --layout 'action log-status srcaddr' --to json" \
    "words that are not in a list stay as they are"
row empty 0 - "flowcat /dev/null" "no bytes: no records"
row long-line 1 - "{ echo '$v2'; head -c 70000 /dev/zero | tr '\\0' x; echo; echo '$v2'; } | flowcat" \
    "a line beyond the bound costs only itself"

# What is no flow log, or cannot be read.
row missing 2 - "flowcat v3.log no-such-file v4.log | wc -l | tr -d ' '; flowcat --quiet no-such-file" \
    "the other files are read"
row zstd 2 - "printf '\\050\\265\\057\\375\\044\\000\\001\\000' | flowcat" "Zstandard is named"
row parquet 2 - "printf 'PAR1\\025\\004\\025\\020' | flowcat" "Parquet is named"
row no-zlib 2 no-gzip "flowcat $one" "gzip is named where it cannot be read"
row no-jansson 2 no-json "flowcat firehose.json" "JSON is named where it cannot be read"

# Directories and gzip.
row directory 0 gzip "flowcat --fields start,srcaddr,dstaddr s3" "all files below, by name"
row directory-names 0 - "mkdir -p $work/d/b/c && cp v8.log $work/d/b/c/z && cp v9.log $work/d/a &&
    cp v3.log $work/d/b/d && (cd $work && flowcat --fields version,end d)" \
    "subdirectories in their place"
row gzip-stdin 0 gzip "flowcat --quiet --to csv - <$two" \
    "two members, told by their bytes"
row gzip-cut 2 gzip "head -c 500 $one | flowcat --fields start,bytes" \
    "gzip that ends early: what came is printed"
row gzip-garbage 2 gzip "{ cat $one; echo garbage; } | flowcat --fields start,bytes" \
    "gzip with something else after it"
row gzip-padding 0 gzip "{ cat $one; head -c 1000 /dev/zero; } | flowcat --fields start,bytes" \
    "gzip with zeros after it"
row gzip-gzip 2 gzip "gzip -c $one | flowcat" "gzip in gzip is named"

# JSON envelopes.
row subscription 1 json "flowcat subscription.json" \
    "a control message is skipped, the third event is bad"
row firehose 0 json "flowcat --quiet --to csv firehose.json" "an object a line"
row json-gzip 1 both "gzip -c subscription.json | flowcat --quiet --fields start,end" \
    "envelopes come compressed"
row json-get 0 json \
    "echo '{\"events\":[{\"timestamp\":5000,\"message\":\"$v2\"}],\"nextToken\":\"x\"}' | flowcat" \
    "what aws logs get-log-events prints"
row json-array 0 json "printf '%s' '[{\"message\":\"$v2\\n\"},{\"message\":\"$v2\"}]' | flowcat" \
    "an array of objects"
row json-odd 1 json "printf '%s\\n' '{\"message\":\"$v2\"}' '{\"message\":7}' '{\"Records\":[{}]}' \
    '{\"message\":oops}' '{\"message\":\"$v2\"}' | flowcat" "JSON without log lines costs only itself"
row json-cut 2 json "head -c 400 firehose.json | flowcat" "JSON that ends early"
row json-message 2 json "echo '{\"message\":\"{\\\"a\\\":1}\"}' | flowcat" "JSON logs that are no flow logs"

# As a program among others.
row pipe 0 - "{ yes '$v2' | head -n 100000 | (trap '' PIPE; flowcat; echo \"\$?\" >&2); } | head -n 2" \
    "flowcat | head ends quietly"
row full 2 full "flowcat v2-default.log >/dev/full" "a full disk is an error"
row live 0 - "{ echo '$v2'; sleep 1; echo late >&2; echo '$v2'; } |
    flowcat --quiet | while read -r line; do echo \"\$line\" >&2; done" \
    "records of a live pipe come out before the pipe waits"
row help 0 - "flowcat --help" "help"

# Answers.
zones=$work/zones
printf '10.0.1.0/24 web\n10.0.2.0/24 data\n2001:db8:10::/48 web6\n# partners\n203.0.113.0/24 partner\n' >"$zones"
row top 0 - "flowtop v2-default.log" "the largest conversations, in units, with shares"
row top-many 0 - "flowtop -s dstport,protocol,action/records -s start:5m/bytes,distinct:srcaddr \
    -s interface-id/max:end,or:tcp-flags,count:bytes -n 3 v3.log v5.log" "several questions, one reading"
row top-zones 0 - "flowtop --quiet --zones $zones -s srcaddr:zone,dstaddr:zone/bytes,records v2-default.log" \
    "traffic between zones"
row top-blocks 0 - "flowtop --quiet -s srcaddr:16:32/packets -n 0 v2-default.log" "blocks of addresses"
row top-csv 0 - "flowtop --quiet --to csv -s action,dstport/records,min:start -n 4 v2-default.log" "as CSV"
row top-json 0 - "flowtop --quiet --to json -s vpc-id,srcaddr:zone/bytes --zones $zones -n 4 v3.log" "as JSON"
row top-where 0 - "flowtop --quiet -s srcaddr,dstport/records --where 'action = REJECT and not dstport in (22)' \
    v2-default.log v8.log" "chosen records"
row top-idle 0 - "flowtop --quiet --idle -s log-status/records v2-default.log" "idle intervals"
row top-once 0 - "flowtop --quiet -s flow-direction/records,bytes --once 10.0.0.0/8 v5.log" \
    "a flow that two interfaces logged counts once"
row top-small 1 - "flowtop --quiet --groups 2 -s srcaddr/bytes v2-default.log" \
    "everything else is a row, and said"
row top-layout 0 - "echo '10.0.1.20 443 2280' | flowtop --quiet --layout 'srcaddr dstport bytes' -s dstport/bytes" \
    "no header line"
row top-s3 0 gzip "flowtop --threads 3 -s action/bytes,records s3" "a directory, several threads"
awk 'NR == 1 { print; next } { row[NR] = $0 }
    END { for (i = 0; i < 5000; i++) for (r = 2; r <= NR; r++) print (r == 2 && i % 900 == 0 ? "bad" : row[r]) }' \
    examples/samples/v5.log >"$work/large.log"
cat examples/samples/v3.log examples/samples/trouble.log >>"$work/large.log"
row top-pieces 0 - "for threads in 1 3; do
        flowtop --threads \$threads --to csv -s srcaddr,dstport/bytes,records,distinct:dstaddr $work/large.log \
            >$work/pieces.\$threads 2>&1
    done
    wc -l <$work/pieces.1
    cmp $work/pieces.1 $work/pieces.3" \
    "several threads read one file in pieces: same totals, bad lines by number, another header late"
row top-bad 1 - "flowtop -s /records trouble.log" "bad lines are named and cost themselves"
three='-s srcaddr:24,dstaddr:zone,action/bytes,records,min:start,distinct:dstport'
three="$three -s vpc-id,protocol/records,or:tcp-flags,max:packets,count:bytes -s /bytes"
row top-partial 0 - "flowtop --quiet --partial -s action/records,bytes,min:start v2-default.log" \
    "totals as lines that add up"
row top-merge 0 - "for file in v*.log; do flowtop --quiet --partial --zones $zones $three \$file; done |
    sort -r | flowtop --merge --to csv --zones $zones | sort >$work/merged
    flowtop --quiet --to csv --zones $zones $three v*.log | sort | cmp - $work/merged" \
    "merged in any order they are those of everything"
row top-merge-small 1 - "flowtop --quiet --groups 2 --partial -s srcaddr/bytes v2-default.log | flowtop --merge" \
    "everything else is merged too"
row top-merge-bad 1 - "printf '%s\n' '' 'srcaddr/bytes' 'srcaddr/nonsense	0	1	-	1' \
    'srcaddr/bytes	0	1	10.0.0.1	7' 'srcaddr/bytes	0	1	10.0.0.256	7' 'srcaddr/bytes	0	1	10.0.0.1' \
    'srcaddr/bytes	0	1	10.0.0.1	18446744073709551616' 'srcaddr/bytes	0	1	10.0.0.1	1	1' \
    'srcaddr:zone/bytes	0	1	home	1' 'dstport:10/distinct:srcaddr	0	1	443	000' \
    'dstport:10/bytes	0	1	443	1' 'srcaddr/bytes	4	1	10.0.0.1	7' | flowtop --merge" \
    "lines that cannot be are named and cost themselves"
row top-merge-usage 2 - "flowtop --merge -s srcaddr/bytes" "questions come with the lines"
row top-merge-none 2 - "flowtop --merge nowhere.txt" "what cannot be read"
row top-none 2 - "flowtop nowhere.log v2-default.log" "what cannot be read"
row top-usage-key 2 - "flowtop -s srcaddr,dstprot/bytes v5.log" "an error points at the word"
row top-usage-measure 2 - "flowtop -s srcaddr/bytes,max:action v5.log" "not a number"
row top-usage-zone 2 - "flowtop -s srcaddr:zone/bytes v5.log" "no zones"
row top-usage-where 2 - "flowtop --where 'srcaddr in 10.0.0.0/8 and dstport = https' v5.log" \
    "an error points at the word"
row top-usage 2 - "flowtop --to xml v5.log" "an unknown output"
row top-full 2 full "flowtop --quiet v2-default.log >/dev/full" "a full disk is an error"
row top-help 0 - "flowtop --help" "help"

# Findings.
in='--findings --inside 10.0.0.0/8'
row find 0 - "flowtop $in suspicious.log" "one of each kind, with its evidence"
row find-csv 0 - "flowtop $in --quiet --to csv suspicious.log" "as CSV"
row find-json 0 - "flowtop $in --quiet --to json suspicious.log" "as JSON"
row find-limits 0 - "flowtop $in --quiet --window 1h --ports 25 --hosts 23 --attempts 6 --volume 1G suspicious.log" \
    "higher thresholds find less"
row find-lower 0 - "flowtop $in --quiet --failed 100 --factor 1000 -n 1 suspicious.log" "others, and the first of each kind"
row find-where 0 - "flowtop $in --quiet --where 'srcaddr = 203.0.113.66 or dstaddr = 203.0.113.66' suspicious.log" \
    "of some records only"
row find-outside 0 - "flowtop --findings --quiet --inside 192.168.0.0/16 suspicious.log" "nobody is inside"
row find-none 0 - "echo '2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 9 900 100 160 ACCEPT OK' | flowtop --findings" \
    "nothing, of a log that is too short to tell"
row find-small 1 - "flowtop $in --quiet --groups 20 suspicious.log" "what found no room is said"
row find-usage 2 - "flowtop --findings -s srcaddr/bytes v5.log" "its own questions"
row find-usage-number 2 - "flowtop --findings --attempts many v5.log" "not a number"
row find-usage-inside 2 - "flowtop --findings --inside 10.0.0.0/33 v5.log" "not a block"

# Deliveries.
to='--account 123456789012 --region eu-west-1 --flow-log fl-0a1b2c3d'
named="find . -type f | sed 's/_[0-9a-f]*\.log/_HASH.log/' | sort"
row deliver 0 gzip "flowdeliver $to --to $work/d1 --quiet <v2-default.log && cd $work/d1 && $named &&
    flowcat --quiet AWSLogs | grep -v version | cmp - $PWD/examples/samples/v2-default.log" \
    "a file of the five minutes, with its header line; then acknowledged"
row deliver-hive 0 - "flowdeliver $to --to $work/d2 --hive --hourly --prefix net/logs --organization o-1a2b --plain \
    --quiet <v5.log && cd $work/d2 && $named && cat net/logs/AWSLogs/*/*/*/*/*/*/*/*/* | sort | head -n 2" \
    "Hive folders, hours, a prefix, an organization, not compressed"
row deliver-reject 0 - "flowdeliver $to --to $work/d3 --plain --traffic reject <v2-default.log &&
    flowcat --quiet --fields dstport,action,log-status $work/d3/AWSLogs" \
    "what was rejected, and what interfaces say of themselves"
row deliver-resource 0 - "vpc=\$(flowcat --quiet --fields vpc-id v3.log | tail -n 1)
    flowdeliver $to --to $work/d4 --plain --resource \$vpc <v3.log &&
    flowtop --quiet --idle -s vpc-id/records $work/d4/AWSLogs" "records of one VPC"
row deliver-layout 0 - "flowdeliver $to --to $work/d5 --plain --layout 'end srcaddr bytes' <v5.log &&
    cat $work/d5/AWSLogs/*/*/*/*/*/*/* | head -n 3" "another format: what is left out is said"
row deliver-bad 1 - "flowdeliver $to --to $work/d6 --plain <trouble.log" "bad lines are named and cost themselves"
row deliver-action 1 - "echo '1781082000 10.0.0.1' |
    flowdeliver $to --to $work/d7 --plain --traffic accept --layout 'end srcaddr'" "no action to choose by"
row deliver-live 0 - "{ cat v2-default.log; sleep 4; echo late >&2; } |
    flowdeliver $to --to $work/d8 --plain --quiet --linger 1 |
    while read -r line; do echo \"\$line\" >&2; done" "files are delivered while the pipe waits"
row deliver-term 0 - "{ cat v2-default.log; sleep 2; } | { exec 3<&0
    flowdeliver $to --to $work/d9 --plain --quiet <&3 & sleep 1; kill -TERM \$!; wait \$!; }" "SIGTERM is the end of the input"
row deliver-left 0 - "mkdir -p $work/d10/.flowdeliver && echo part >$work/d10/.flowdeliver/3 &&
    flowdeliver $to --to $work/d10 --plain <v2-default.log && ls $work/d10/.flowdeliver" \
    "parts of files of a killed program go"
row deliver-two 2 - "{ sleep 2 | flowdeliver $to --to $work/d11 --plain --quiet & sleep 1
    cd $work && flowdeliver $to --to d11 --plain </dev/null; }" "one program at a time"
row deliver-none 2 - "cd $work && flowdeliver $to --to nowhere/tree --plain </dev/null" "a tree without a place"
row deliver-usage 2 - "flowdeliver --to $work/d12 --account 1" "what is needed"
row deliver-usage-word 2 - "flowdeliver $to --to $work/d12 --plain --account 1_2" "not a word of a name"
row deliver-usage-resource 2 - "flowdeliver $to --to $work/d12 --plain --resource nat-1" "not a resource"
row deliver-usage-traffic 2 - "flowdeliver $to --to $work/d12 --plain --resource tgw-1 --traffic reject" \
    "transit gateways do not say"
row deliver-usage-bytes 2 - "flowdeliver $to --to $work/d12 --plain --file-bytes 75MB" "not a number"
row deliver-help 0 - "flowdeliver --help" "help"

# Mirror rules.
mirror='mirror_rules explain --rules mirror.rules'
row mirror-check 0 - "{ mirror_rules check --rules mirror.rules
    mirror_rules check --strict --json --rules mirror.rules; } | sed 's/[0-9]* bytes/N bytes/; s/\(\"bytes\":\)[0-9]*/\1N/'" \
    "what a filter of them takes"
row mirror-check-bad 1 - "echo 'ingress 1 accept icmp from 10.0.0.0/8 port 1 to 0.0.0.0/0' |
    mirror_rules check --rules -" "parts that contradict each other"
row mirror-check-strict 1 - "echo 'ingress 32767 accept all from 10.0.0.0/8 to 0.0.0.0/0' |
    mirror_rules check --strict --rules -" "more than AWS has"
row mirror-check-line 2 - "printf 'service amazon-dns\n\ningress 1 accept tcp from 10.0.0.0/8 to 0.0.0.0/33\n' |
    mirror_rules check --rules -" "an error points at the byte"
row mirror-lint 1 - "mirror_rules lint --rules mirror.rules; mirror_rules lint --json --rules mirror.rules" \
    "a rule that never matches, and one that always does"
row mirror-explain 0 - "$mirror --packet 'ingress tcp 203.0.113.66:61000 10.0.1.20:22'" "which rule, and why no other"
row mirror-explain-reject 0 - "$mirror --packet 'ingress tcp 10.0.2.35:40000 10.0.1.20:22'" "a reject"
row mirror-explain-none 0 - "$mirror --packet 'ingress icmp 198.51.100.7 10.0.1.20'" "no rule fits"
row mirror-explain-ipv6 0 - "$mirror --json --packet 'ingress tcp [2001:db8::1]:443 [2001:db8:1::20]:80'" "IPv6, as JSON"
row mirror-explain-dns 0 - "$mirror --vpc 10.0.0.0/16 --packet 'egress udp 10.0.1.20:5 10.0.0.2:53'" "the resolver by its service"
row mirror-explain-scope 0 - "$mirror --packet 'egress tcp 10.0.1.20:5 169.254.169.254:80'" "never mirrored"
row mirror-explain-bad 2 - "$mirror --packet 'ingress tcp 10.0.0.1:70000 10.0.1.20:80'" "not a packet"
row mirror-pcap 0 - "$mirror --pcap host.pcap --address 10.0.1.20,2001:db8:1::20 | sort | uniq -c | sort -rn | head -n 8" \
    "a decision for each packet"
row mirror-summary 0 - "$mirror --pcap host.pcap --address 10.0.1.20,2001:db8:1::20 --vpc 10.0.0.0/16 --summary" \
    "what each rule would copy"
row mirror-tc 0 - "mirror_rules export --rules mirror.rules --to tc --device eth0 --out vxlan0" "commands of tc"
row mirror-nft 0 - "mirror_rules export --rules mirror.rules --to nft --device eth0 --out vxlan0" "a table of nftables"
row mirror-pcap-filter 0 - "mirror_rules export --rules mirror.rules --to pcap-filter --direction egress" "an expression of libpcap"
row mirror-json 0 json "mirror_rules convert --rules mirror.rules --to json >$work/rules.json &&
    mirror_rules convert --rules $work/rules.json --to text" "to JSON and back"
row mirror-describe 0 json "mirror_rules convert --to text --rules mirror-filters.json --filter tmf-0293f26e86EXAMPLE &&
    mirror_rules convert --to text --rules mirror-filters.json --filter tmf-0ff1ce0000EXAMPLE" \
    "as the EC2 API has them, sorted"
row mirror-template 0 json "mirror_rules convert --to text --rules mirror-template.json" "a CloudFormation template"
row mirror-plan 0 json "mirror_rules convert --to text --rules mirror-plan.json" "a Terraform plan"
row mirror-which 2 json "mirror_rules check --rules mirror-filters.json" "which of two filters?"
row mirror-json-bad 2 json "echo '{\"TrafficMirrorFilters\":[{\"IngressFilterRules\":[{\"RuleNumber\":1,\"RuleAction\":\"allow\"}]}]}' |
    mirror_rules check --rules -" "no such action"
row mirror-flows 0 - "mirror_rules from-flows v5.log" "a log's conversations as ten rules"
row mirror-flows-json 1 - "mirror_rules from-flows --limit 4 --json --address 10.0.1.20/32 v2-default.log" "as JSON, fewer rules"
row mirror-findings 0 json "flowtop --findings --inside 10.0.0.0/8 --quiet --to json suspicious.log | grep -v data |
    mirror_rules from-flows --address 10.0.0.0/8 --findings -" "rules that look at findings"
row mirror-flows-bad 1 - "mirror_rules from-flows v2-default.log" "no direction"
row mirror-usage 2 - "mirror_rules explain --rules mirror.rules" "which packet?"
row mirror-usage-command 2 - "mirror_rules delete" "no such command"
row mirror-help 0 - "mirror_rules --help" "help"

# The mirror path.
tap="mirror_tap --source 10.0.1.20 --target 10.9.0.4 --vni 7 --address 10.0.1.20,2001:db8:1::20 -r host.pcap"
for direction in ingress egress; do
    echo "$direction 1 accept all from 0.0.0.0/0 to 0.0.0.0/0"
    echo "$direction 2 accept all from ::/0 to ::/0"
done >$work/all
sides='srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,tcp-flags,flow-direction,action,log-status'
row mirror-loop 0 - "$tap --rules $work/all -w - | mirror_sensor -r - --flow-log >$work/far.log &&
    pcap2flow --quiet --address 10.0.1.20,2001:db8:1::20 --layout v5 host.pcap >$work/near.log &&
    flowcat --quiet --fields $sides $work/far.log | sort >$work/far.txt &&
    flowcat --quiet --fields $sides $work/near.log | sort | cmp - $work/far.txt" \
    "the source's flow log, put together from its mirrored copies"
row mirror-tap 0 - "$tap --rules mirror.rules --packet-length 100 -w $work/tap.pcap && mirror_sensor -r $work/tap.pcap" \
    "copies that are cut; their original lengths are known"
row mirror-sessions 0 - "cd $work && { echo 'ingress 1 accept tcp from 0.0.0.0/0 to 0.0.0.0/0 port 80' >web
    echo 'ingress 1 accept udp from 0.0.0.0/0 to 0.0.0.0/0' >udp
    echo 'session 2 filter udp target network-load-balancer 10.9.0.9 vni 16777215'
    echo 'session 1 filter web target network-interface 10.9.0.4 vni 1 mtu 1500 # to the IDS'; } >sessions &&
    mirror_tap --sessions sessions --source 10.0.1.20 --address 10.0.1.20 -r $PWD/examples/samples/host.pcap -w two.pcap &&
    mirror_sensor -r two.pcap --vni 1,3 -w one.pcap && mkdir by && mirror_sensor --quiet -r two.pcap --per-vni by && ls by" \
    "two sessions, told apart by their VNI"
row mirror-sensor-none 0 - "mirror_sensor -r host.pcap" "no mirrored traffic"
row mirror-tap-usage 2 - "mirror_tap --rules mirror.rules --source 10.0.1.20 --address 10.0.1.20 -r host.pcap" "where to?"
row mirror-tap-vni 2 - "mirror_tap --rules mirror.rules --source 10.0.1.20 --target 10.9.0.4 --vni 16777216 \
    --address 10.0.1.20 -r host.pcap -w $work/no.pcap" "a VNI of 25 bits"
row mirror-tap-family 2 - "mirror_tap --rules mirror.rules --source 10.0.1.20 --target 2001:db8::4 --vni 1 \
    --address 10.0.1.20 -r host.pcap -w $work/no.pcap" "IPv4 to IPv6"
row mirror-tap-help 0 - "mirror_tap --help" "help"
row mirror-sensor-usage 2 - "mirror_sensor --listen 4789 -r host.pcap" "one or the other"
row mirror-sensor-help 0 - "mirror_sensor --help" "help"

# Captures.
host='pcap2flow --address 10.0.1.20,2001:db8:1::20'
row pcap-host 0 - "$host --vpc 10.0.0.0/16 --rejected tcp:22-23,tcp:3389,tcp:5900 host.pcap" \
    "a capture becomes a flow log; a minute without traffic is NODATA"
row pcap-fields 0 - "$host --quiet --interval 600 --interface eni-0a1b2c3d --about vpc-id=vpc-1 \
    --layout '\${interface-id} \${vpc-id} \${dstaddr} \${dstport} \${tcp-flags} \${flow-direction} \${packets}' host.pcap |
    sort | head -n 12" "other fields, one window"
row pcap-services 0 - "printf '198.51.100.0/24 S3\n# none\n8.8.0.0/16 DNS\n' >$work/services
    $host --quiet --services $work/services --layout '\${pkt-dstaddr} \${pkt-dst-aws-service}' host.pcap |
    sort -u" "names of services"
row pcap-all 0 - "pcap2flow --all --quiet host.pcap | wc -l | tr -d ' '" "nothing is left out"
row pcap-both 0 - "pcap2flow --quiet --address 10.0.0.0/8 \
    --layout '\${srcaddr} \${dstaddr} \${flow-direction} \${packets}' host.pcap | grep 10.0.2.55 | sort" \
    "both ends are the interface's: a record for each direction"
row pcap-small 1 - "$host --flows 3 host.pcap >$work/small
    status=\$?; grep -c SKIPDATA $work/small; exit \$status" "too little room is said"
row pcap-pipe 0 - "pcap2flow --quiet host.pcap >$work/piped
    cat host.pcap | pcap2flow --quiet | cmp - $work/piped" \
    "standard input"
row pcap-cut 1 - "head -c 5000 host.pcap >$work/cut.pcap
    cd $work && pcap2flow --quiet cut.pcap >cut.log; status=\$?; wc -l <cut.log | tr -d ' '; exit \$status" \
    "a file that is cut is named, and what it has is logged"
row pcap-none 2 - "pcap2flow v5.log nowhere.pcap" "no captures: named, and nothing more"
row pcap-usage 2 - "pcap2flow --interval 0 host.pcap" "an option's value that cannot be"
row pcap-address 2 - "pcap2flow --address 10.0.0.1,10.0.0.256 host.pcap" "no address"
row pcap-rejected 2 - "pcap2flow --rejected tcp:22-21 host.pcap" "no ports"
row pcap-full 2 full "pcap2flow --quiet host.pcap >/dev/full" "a full disk is an error"

row version 0 - "flowcat --version | sed 's/ .*//'" "version"
row usage-option 2 - "flowcat --nonsense" "an unknown option"
row usage-value 2 - "flowcat --to" "an option without its value"
row usage-to 2 - "flowcat --to xml" "an unknown output"
row dashes 2 - "flowcat -- --quiet" "after -- everything is a path"

echo "examples: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
