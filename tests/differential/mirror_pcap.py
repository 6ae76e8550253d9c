# SPDX-License-Identifier: MIT
"""
mirror_rules export --to pcap-filter against mirror_rules explain: mirror_pcap.py BUILD [SETS [SEED]]

Random rules and random captures: tcpdump (libpcap) with the exported expression takes just the
packets that explain says are accepted. Frames with VLAN tags, which the expression does not
enter, are left out of the captures.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

HOST = "10.0.1.20"
BLOCKS = ["0.0.0.0/0", "10.0.1.20/32", "10.0.0.0/8", "192.0.2.0/29", "192.0.2.4/32", "198.51.100.0/24",
          "198.51.100.3/32", "198.51.100.4/30"]
BLOCKS6 = ["::/0", "2001:db8::/32", "2001:db8:1::20/128", "2001:db8:ff00::/40"]


def rule(rng, direction, number):
    blocks = BLOCKS if rng.random() < 0.8 else BLOCKS6
    protocol = rng.choice(["tcp", "udp", "tcp", "udp", "all", "icmp", "58", "47"])
    ports = ["", ""]
    if protocol in ("tcp", "udp"):
        for end in range(2):
            if rng.random() < 0.5:
                low = rng.choice([0, 80, 81, 83, 443, 1024, 1030, 50000])
                ports[end] = " port %d-%d" % (low, min(65535, low + rng.choice([0, 1, 3, 20, 60000])))
    return "%s %d %s %s from %s%s to %s%s" % (
        direction, number, rng.choice(["accept", "accept", "reject"]), protocol,
        rng.choice(blocks), ports[0], rng.choice(blocks), ports[1])


def run(*command, stdin=None):
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout


def decisions(build, rules, capture):
    text = run(build + "/examples/mirror_rules", "explain", "--rules", rules, "--pcap", capture,
               "--address", HOST + ",2001:db8:1::20").decode()
    return [line.split() for line in text.splitlines()]


def packets(path):
    data, at, found = open(path, "rb").read(), 24, []
    while at < len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        found.append(data[at:at + 16 + length])
        at += 16 + length
    return found


def check(build, folder, seed):
    rng = random.Random(seed)
    rules, capture, plain = (os.path.join(folder, name) for name in ("rules", "all.pcap", "pcap"))
    lines = [rule(rng, direction, number + 1) for direction in ("ingress", "egress")
             for number in range(rng.randrange(1, 12))]
    with open(rules, "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(capture, "wb") as file:
        file.write(run(build + "/tools/make_capture", "random", "1500", str(seed)))
    run("tcpdump", "-r", capture, "-w", plain, "--nano", "not vlan")
    judged = list(zip(packets(plain), decisions(build, rules, plain)))
    accepted = 0
    for direction in ("ingress", "egress"):
        if not any(line.startswith(direction) and " accept " in line for line in lines):
            continue
        expression = run(build + "/examples/mirror_rules", "export", "--rules", rules, "--to",
                         "pcap-filter", "--direction", direction).decode()
        out = os.path.join(folder, "out.pcap")
        run("tcpdump", "-r", plain, "-w", out, "--nano", expression)
        # An expression knows no directions: those of explain choose what is compared.
        expected = sorted(p for p, words in judged
                          if words[0] == "accept" and words[2] == direction)
        of_direction = {p for p, words in judged if direction in words[:3]}
        got = sorted(p for p in packets(out) if p in of_direction)
        assert got == expected, "seed %d, %s: %d packets, expected %d" % (
            seed, direction, len(got), len(expected))
        accepted += len(expected)
    return len(judged), accepted


def main():
    build = sys.argv[1]
    sets = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if shutil.which("tcpdump") is None:
        print("skipped mirror_pcap: tcpdump is not here")
        return
    total, accepted = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + sets):
            counts = check(build, folder, seed)
            total, accepted = total + counts[0], accepted + counts[1]
    print("mirror_pcap: %d rule sets, %d packets, %d accepted, libpcap agrees" % (
        sets, total, accepted))


main()
