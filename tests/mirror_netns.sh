#!/bin/bash
# SPDX-License-Identifier: MIT
# Exported mirror rules against the kernel: nftables rules of mirror_rules on a device in a
# network namespace, the frames of a capture sent to it and by it, and what arrives where copies
# go compared with what mirror_rules explain says. tc's flower likewise, where the kernel has it.
# Skipped, and said so, where namespaces or the kernel's parts are not to be had.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$(cd "${BUILD:-build}/examples" && pwd):$PATH
work=$(mktemp -d)
source=mirror-source-$$ outside=mirror-outside-$$

skip()
{
    echo "skipped mirror rules in namespaces: $1"
    exit 0
}
cleanup()
{
    ip netns del "$source" 2>/dev/null || true
    ip netns del "$outside" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

command -v nft >/dev/null || skip "nft is not here"
command -v python3 >/dev/null || skip "python3 is not here"
ip netns add "$source" 2>/dev/null || skip "no network namespaces here"
ip netns add "$outside"
# eth0 is the mirrored device, out0 where copies leave; their other ends are outside.
for pair in eth0:eth1 out0:out1; do
    ip link add "${pair%:*}" netns "$source" type veth peer name "${pair#*:}" \
        netns "$outside" 2>/dev/null || skip "no veth here"
done
for namespace in "$source" "$outside"; do
    ip netns exec "$namespace" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
for device in eth0 out0; do
    ip -n "$source" link set "$device" mtu 9000 up
    ip -n "$outside" link set "${device%0}1" mtu 9000 up
done

cat >"$work/rules" <<'RULES'
ingress 10 reject tcp from 203.0.113.32/31 to 0.0.0.0/0
ingress 20 accept tcp from 203.0.113.0/24 port 60000-60003 to 10.0.1.20/32 port 80
ingress 30 accept tcp from 203.0.113.66/32 to 10.0.1.20/32 port 20-1000
ingress 40 accept udp from 8.8.8.8/32 to 0.0.0.0/0
ingress 50 accept icmp from 0.0.0.0/0 to 10.0.1.20/32
ingress 60 accept all from 2001:db8::/32 to ::/0
egress 10 reject tcp from 10.0.1.20/32 to 10.0.0.0/8 port 5432
egress 20 accept tcp from 10.0.0.0/8 to 0.0.0.0/0 port 443
egress 30 accept all from ::/0 to 2001:db8:ff00::/40
RULES

# send.py PCAP DIRECTION DEVICE: its frames from outside the host, or from the host.
cat >"$work/send.py" <<'PYTHON'
import socket, struct, sys
HOST = (bytes([10, 0, 1, 20]), bytes.fromhex("20010db8000100000000000000000020"))
data = open(sys.argv[1], "rb").read()
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((sys.argv[3], 0))
at = 24
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame = data[at + 16:at + 16 + length]
    at += 16 + length
    kind = frame[12:14]
    src = frame[26:30] if kind == b"\x08\x00" else frame[22:38] if kind == b"\x86\xdd" else None
    if src is not None and (src in HOST) == (sys.argv[2] == "egress"):
        sender.send(frame)
PYTHON

# receive.py DEVICE: a line for each frame until nothing comes for a second.
cat >"$work/receive.py" <<'PYTHON'
import hashlib, socket, sys
receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
receiver.bind((sys.argv[1], 3))
print("ready", file=sys.stderr, flush=True)
receiver.settimeout(3)
try:
    while True:
        frame = receiver.recv(65536)
        receiver.settimeout(1)
        print(hashlib.sha1(frame).hexdigest())
except socket.timeout:
    pass
PYTHON

# What is to be copied: frames that explain accepts, as a capture's numbers; rules alone decide,
# so that frames that are never mirrored are taken out of the capture first.
mirror_rules explain --rules "$work/rules" --pcap examples/samples/host.pcap \
    --address 10.0.1.20,2001:db8:1::20 >"$work/decisions"
cat >"$work/expect.py" <<'PYTHON'
import hashlib, struct, sys
data, at = open(sys.argv[1], "rb").read(), 24
for line in open(sys.argv[2]):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame = data[at + 16:at + 16 + length]
    at += 16 + length
    if line.startswith("accept") and line.split()[2] == sys.argv[3] and frame[12:14] != b"\x81\x00":
        print(hashlib.sha1(frame).hexdigest())
PYTHON

# judge TOOL: rules are loaded; each direction's copies are those that are expected.
judge()
{
    local direction namespace device
    for direction in ingress egress; do
        namespace=$outside device=eth1
        [ "$direction" = ingress ] || { namespace=$source device=eth0; }
        ip netns exec "$outside" python3 "$work/receive.py" out1 >"$work/copies" 2>"$work/ready" &
        for _ in $(seq 50); do grep -q ready "$work/ready" && break; sleep 0.1; done
        ip netns exec "$namespace" python3 "$work/send.py" examples/samples/host.pcap "$direction" "$device"
        wait $!
        python3 "$work/expect.py" examples/samples/host.pcap "$work/decisions" "$direction" | sort >"$work/expected"
        sort "$work/copies" | diff "$work/expected" - >"$work/diff" || {
            echo "mirror rules with $1, $direction: copies differ"
            head -n 20 "$work/diff"
            exit 1
        }
        echo "ok mirror rules with $1, $direction: $(wc -l <"$work/expected") copies, as explained"
    done
}

mirror_rules export --rules "$work/rules" --to nft --device eth0 --out out0 >"$work/nft" 2>/dev/null
if ip netns exec "$source" nft -f "$work/nft" 2>"$work/err"; then
    judge nft
    ip netns exec "$source" nft flush ruleset
else
    echo "skipped mirror rules with nft: $(head -n 1 "$work/err")"
fi
mirror_rules export --rules "$work/rules" --to tc --device eth0 --out out0 >"$work/tc" 2>/dev/null
if ip netns exec "$source" sh -e "$work/tc" 2>"$work/err"; then
    judge tc
else
    echo "skipped mirror rules with tc: $(head -n 1 "$work/err")"
fi
