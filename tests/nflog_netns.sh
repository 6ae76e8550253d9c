#!/bin/bash
# SPDX-License-Identifier: MIT
# nflog2flow on real packets and real rules: two hosts in network namespaces, nftables on one
# of them that accepts UDP 5001, drops UDP 5002 and logs both. Skipped, and said so, where
# namespaces, nftables, NFLOG or the program itself are not to be had.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${BUILD:-build}/examples/nflog2flow
work=$(mktemp -d)
left=nflog-left-$$ right=nflog-right-$$

skip()
{
    echo "skipped nflog: $1"
    exit 0
}
cleanup()
{
    ip netns pids "$right" 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns del "$left" 2>/dev/null || true
    ip netns del "$right" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

[ -x "$program" ] || skip "$program is not built"
"$program" --help >/dev/null 2>&1 || skip "built without libnetfilter_log"
command -v nft >/dev/null || skip "nft is not here"
ip netns add "$left" 2>/dev/null || skip "no network namespaces here"
ip netns add "$right"
ip link add nfl0 netns "$left" type veth peer name nfr0 netns "$right" 2>/dev/null || skip "no veth here"
ip -n "$left" addr add 192.0.2.1/24 dev nfl0
ip -n "$right" addr add 192.0.2.2/24 dev nfr0
ip -n "$left" link set nfl0 up
ip -n "$right" link set nfr0 up
ip -n "$right" link set lo up
ip netns exec "$right" nft -f - 2>/dev/null <<'RULES' || skip "no nftables with NFLOG here"
table inet filter {
    chain input {
        type filter hook input priority 0; policy accept;
        udp dport 5002 log group 5 prefix "drop " drop
        udp dport 5001 log group 5 prefix "accept " accept
    }
    chain output {
        type filter hook output priority 0; policy accept;
        udp sport 5003 log group 5 prefix "accept " accept
    }
}
RULES

ip netns exec "$right" "$program" --group 5 --reject-prefix drop --interval 3600 --layout \
    '${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${flow-direction} ${action} ${log-status}' \
    >"$work/log" 2>"$work/err" &
probe=$!
for _ in $(seq 50); do
    grep -q listening "$work/err" && break
    kill -0 $probe 2>/dev/null || skip "the program cannot listen: $(cat "$work/err")"
    sleep 0.1
done

# send NAMESPACE SOURCE-PORT ADDRESS PORT BYTES TIMES
send()
{
    ip netns exec "$1" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[1])))
for i in range(int(sys.argv[5])):
    try:
        s.sendto(b"x" * int(sys.argv[4]), (sys.argv[2], int(sys.argv[3])))
    except ConnectionRefusedError:
        pass
' "$2" "$3" "$4" "$5" "$6"
}
send "$left" 4000 192.0.2.2 5001 100 7
send "$left" 4000 192.0.2.2 5002 200 3
send "$right" 5003 192.0.2.1 9999 1000 2
sleep 1
kill -INT $probe
wait $probe || { cat "$work/err"; exit 1; }

cat >"$work/expected" <<'END'
srcaddr dstaddr srcport dstport protocol packets bytes flow-direction action log-status
192.0.2.1 192.0.2.2 4000 5001 17 7 896 ingress ACCEPT OK
192.0.2.1 192.0.2.2 4000 5002 17 3 684 ingress REJECT OK
192.0.2.2 192.0.2.1 5003 9999 17 2 2056 egress ACCEPT OK
END
if ! diff "$work/expected" "$work/log"; then
    cat "$work/err"
    echo "not ok nflog: the log is another"
    exit 1
fi
echo "ok nflog: $(sed -n '$s/nflog2flow: //p' "$work/err")"
