#!/bin/bash
# SPDX-License-Identifier: MIT
# mirror_tap and mirror_sensor against the kernel's own vxlan device, in network namespaces:
# copies that mirror_tap sends come out of the device byte for byte, and what the device
# encapsulates mirror_sensor reads byte for byte; over underlays with an MTU of 1600 and 9001.
# Skipped, and said so, where namespaces or vxlan are not to be had.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$(cd "${BUILD:-build}/examples" && pwd):$PATH
work=$(mktemp -d)
source=vxlan-source-$$ target=vxlan-target-$$

skip()
{
    echo "skipped vxlan in namespaces: $1"
    exit 0
}
cleanup()
{
    ip netns pids "$target" 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns del "$source" 2>/dev/null || true
    ip netns del "$target" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

command -v python3 >/dev/null || skip "python3 is not here"
command -v tcpdump >/dev/null || skip "tcpdump is not here"
ip netns add "$source" 2>/dev/null || skip "no network namespaces here"
ip netns add "$target"
ip link add under0 netns "$source" type veth peer name under1 netns "$target" 2>/dev/null || skip "no veth here"
for namespace in "$source" "$target"; do
    ip netns exec "$namespace" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
ip -n "$source" addr add 192.0.2.1/24 dev under0
ip -n "$target" addr add 192.0.2.2/24 dev under1

# pcap.py PCAP: hashes of its frames; pcap.py PCAP DEVICE: they are sent there.
cat >"$work/pcap.py" <<'PYTHON'
import hashlib, socket, struct, sys
data, at = open(sys.argv[1], "rb").read(), 24
sender = None
if len(sys.argv) > 2:
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((sys.argv[2], 0))
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame = data[at + 16:at + 16 + length]
    at += 16 + length
    if sender:
        sender.send(frame)
    else:
        print(hashlib.sha1(frame).hexdigest())
PYTHON
printf '%s\n' 'ingress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0' 'ingress 2 accept all from ::/0 to ::/0' \
    'egress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0' 'egress 2 accept all from ::/0 to ::/0' >"$work/rules"
tap="mirror_tap --rules $work/rules --source 192.0.2.1 --target 192.0.2.2 --vni 7
    --address 10.0.1.20,2001:db8:1::20 --quiet -r examples/samples/host.pcap"

# What is to arrive, by way of a capture: the frames that mirror_tap copies, unwrapped.
$tap -w "$work/wrapped.pcap"
mirror_sensor --quiet -r "$work/wrapped.pcap" -w "$work/plain.pcap"
python3 "$work/pcap.py" "$work/plain.pcap" | sort >"$work/expected"

for mtu in 1600 9001; do
    ip -n "$source" link set under0 mtu $mtu up
    ip -n "$target" link set under1 mtu $mtu up
    ip -n "$target" link add vx0 type vxlan id 7 local 192.0.2.2 remote 192.0.2.1 dstport 4789 \
        dev under1 2>/dev/null || skip "no vxlan device here"
    ip -n "$target" link set vx0 up promisc on
    ip netns exec "$target" tcpdump -Z root -i vx0 -U --immediate-mode -B 65536 -s 9100 -w "$work/arrived" 2>"$work/ready" &
    for _ in $(seq 50); do grep -q listening "$work/ready" && break; sleep 0.1; done
    ip netns exec "$source" $tap
    sleep 1
    kill -INT $!
    wait $! || true
    python3 "$work/pcap.py" "$work/arrived" | sort | diff "$work/expected" - >"$work/diff" ||
        { echo "mirror_tap to the kernel, MTU $mtu: frames differ"; head "$work/diff"; exit 1; }
    echo "ok mirror_tap to the kernel's vxlan, MTU $mtu: $(wc -l <"$work/expected") frames, byte for byte"
    ip -n "$target" link del vx0

    ip -n "$source" link add vx0 type vxlan id 7 local 192.0.2.1 remote 192.0.2.2 dstport 4789 dev under0
    ip -n "$source" link set vx0 up
    ip netns exec "$target" mirror_sensor --listen 192.0.2.2:4789 --quiet -w "$work/heard.pcap" 2>"$work/err" &
    for _ in $(seq 50); do grep -q listening "$work/err" && break; sleep 0.1; done
    ip netns exec "$source" python3 "$work/pcap.py" "$work/plain.pcap" vx0
    sleep 1
    kill -INT $!
    wait $! || { cat "$work/err"; exit 1; }
    python3 "$work/pcap.py" "$work/heard.pcap" | sort | diff "$work/expected" - >"$work/diff" ||
        { echo "the kernel to mirror_sensor, MTU $mtu: frames differ"; head "$work/diff"; exit 1; }
    echo "ok the kernel's vxlan to mirror_sensor, MTU $mtu: $(wc -l <"$work/expected") frames, byte for byte"
    ip -n "$source" link del vx0
done
