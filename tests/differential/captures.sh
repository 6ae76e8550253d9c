#!/bin/bash
# SPDX-License-Identifier: MIT
# pcap2flow against other programs on captures that are made here:
#
#   tshark     packets and bytes (ip.len, or ipv6.plen + 40) of every 5-tuple and window
#   nfpcapd    packets and bytes of every 5-tuple, flow by flow
#   softflowd  packets of every protocol
#
# What is known to differ, and why, is in tests/differential/DIFFERENCES.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
pcap2flow=$build/examples/pcap2flow
make_capture=$build/tools/make_capture
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packets=${PACKETS:-20000}
export LC_ALL=C

"$make_capture" demo | cmp - examples/samples/host.pcap
echo "ok captures: examples/samples/host.pcap is what make_capture makes"

# window src dst srcport dstport protocol packets bytes
ours()
{
    "$pcap2flow" --quiet --all --flows 100000 --layout \
        '${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${log-status}' \
        "$1" | awk 'NR > 1 && $9 == "OK" { print int($8 / 60), $1, $2, $3, $4, $5, $6, $7 }' | sort
}

tsharks()
{
    tshark -n -r "$1" -o ip.defragment:FALSE -o ipv6.defragment:FALSE -o tcp.desegment_tcp_streams:FALSE \
        -Y 'ip or ipv6' -T fields -E separator=/s -E occurrence=f -E aggregator=, \
        -e frame.time_epoch -e ip.src -e ipv6.src -e ip.dst -e ipv6.dst -e ip.proto -e ipv6.nxt \
        -e tcp.srcport -e udp.srcport -e tcp.dstport -e udp.dstport -e ip.len -e ipv6.plen \
        -E header=n -E quote=d 2>/dev/null | sed 's/"//g; s/  */ /g' | awk -F' ' '
        { # empty columns are gone: time src dst protocol [ports] length
            w = int($1 / 60); six = $2 ~ /:/; n = NF
            bytes = $n + (six ? 40 : 0)
            s = 0; d = 0
            if (n == 7) { s = $5; d = $6 }
            k = w " " $2 " " $3 " " s " " d " " $4
            packets[k]++; sum[k] += bytes
        }
        END { for (k in packets) print k, packets[k], sum[k] }' | sort
}

# Without windows: src dst srcport dstport protocol packets bytes
whole() { awk '{ k = $2 " " $3 " " $4 " " $5 " " $6; p[k] += $7; b[k] += $8 } END { for (k in p) print k, p[k], b[k] }' | sort; }

# Ports of ICMP are its type and code there.
nfdumps()
{
    rm -rf "$work/nf"
    mkdir "$work/nf"
    nfpcapd -r "$1" -l "$work/nf" -t 3600 >/dev/null 2>&1
    nfdump -R "$work/nf" -q -N -o 'fmt:%sa %da %sp %dp %pr %pkt %byt' 2>/dev/null | awk 'NF >= 7 {
        if ($5 == 1 || $5 == 58) { $3 = 0; $4 = 0 }
        print 0, $1, $2, $3, $4, $5, $6, $7 }' | whole
}

# Protocol and packets, from what it prints at its end.
softflowds()
{
    softflowd -r "$1" -d -6 -m 1000000 2>&1 |
        awk '/^ +[a-z0-9-]+ \([0-9]+\): / { gsub(/[():]/, ""); print $2, $4 }' | sort
}

compare()
{
    if ! diff "$work/ours" "$work/theirs" >"$work/diff"; then
        echo "not ok captures: $1"
        head -n 20 "$work/diff"
        exit 1
    fi
    echo "ok captures: $1: $(wc -l <"$work/ours") flows"
}

for seed in 1 2 3; do
    "$make_capture" random "$packets" $seed >"$work/random.pcap"
    if command -v tshark >/dev/null; then
        ours "$work/random.pcap" >"$work/ours"
        tsharks "$work/random.pcap" >"$work/theirs"
        compare "tshark, seed $seed"
    else
        echo "skipped captures: tshark is not here"
    fi
    if command -v nfpcapd >/dev/null && command -v nfdump >/dev/null; then
        ours "$work/random.pcap" | whole >"$work/ours"
        nfdumps "$work/random.pcap" >"$work/theirs"
        compare "nfpcapd, seed $seed"
    else
        echo "skipped captures: nfpcapd and nfdump are not here"
    fi
    if command -v softflowd >/dev/null; then
        ours "$work/random.pcap" | awk '{ p[$6] += $7 } END { for (k in p) print k, p[k] }' | sort >"$work/ours"
        softflowds "$work/random.pcap" >"$work/theirs"
        compare "softflowd's totals, seed $seed"
    else
        echo "skipped captures: softflowd is not here"
    fi
done
