# SPDX-License-Identifier: MIT
import gc
import os
import pathlib
import pickle
import random
import struct
import threading

import pytest
import vpcvis
from vpcvis import Filter, Packet, Rule, RuleError, VpcvisError, unwrap, wrap

RULES = """
# administrators
ingress 10 reject tcp from 10.0.0.0/8 to 0.0.0.0/0 port 22 # our own
ingress 20 accept tcp from 203.0.113.0/24 to 10.0.1.20/32
ingress 30 accept all from ::/0 to 2001:db8::/32
egress 10 accept udp from 0.0.0.0/0 port 1024-65535 to 0.0.0.0/0 port 443
"""


def ethernet(payload, kind=0x0800):
    return b"\x02\0\0\0\0\1\x02\0\0\0\0\2" + struct.pack("!H", kind) + payload


def udp4(data=b"", src=(10, 0, 0, 1), dst=(10, 0, 0, 2), srcport=5000, dstport=53):
    datagram = struct.pack("!HHHH", srcport, dstport, 8 + len(data), 0) + data
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0,
                       bytes(src), bytes(dst)) + datagram


def test_rules_are_read_and_written():
    built = Filter(RULES)
    assert [(r.direction, r.number, r.action) for r in built.rules] == [
        ("ingress", 10, "reject"), ("ingress", 20, "accept"), ("ingress", 30, "accept"),
        ("egress", 10, "accept")]
    first = built.rules[0]
    assert (first.protocol, first.src, first.dstport, first.srcport, first.description) == (
        6, "10.0.0.0/8", (22, 22), None, "our own")
    assert built.rules[3].srcport == (1024, 65535) and built.rules[2].protocol is None
    again = Filter(str(built))
    assert again.rules == built.rules and Filter(built.rules).rules == built.rules
    assert pickle.loads(pickle.dumps(built.rules)) == built.rules
    assert vpcvis.read_rules("service amazon-dns")[1] == ("amazon-dns",)
    assert str(Filter([], services=["amazon-dns"])) == "service amazon-dns\n"
    named = Rule("ingress", 1, "accept", "tcp", "10.0.0.0/8", "0.0.0.0/0")
    assert str(named) == "ingress 1 accept tcp from 10.0.0.0/8 to 0.0.0.0/0"


def test_packets_are_judged():
    built = Filter(RULES)
    admin = Packet.make("tcp", "10.0.0.9", "10.0.1.20", 50000, 22, direction="ingress")
    scan = Packet.make(6, "203.0.113.66", "10.0.1.20", 61000, 22, direction="ingress")
    quic = Packet.make("udp", "10.0.1.20", "198.51.100.1", 40000, 443, direction="egress")
    six = Packet.make("icmpv6", "2001:db8::1", "2001:db8::2", direction="ingress")
    answers = built.match([admin, scan, quic, six])
    assert [(a.mirrored, a.action, a.rule.number, a.why) for a in answers] == [
        (False, "reject", 10, "rule"), (True, "accept", 20, "rule"),
        (True, "accept", 10, "rule"), (True, "accept", 30, "rule")]
    assert built.match(scan) == answers[1]
    other = built.match(scan, "egress")
    assert (other.mirrored, other.action, other.rule, other.why) == (False, None, None, "none")
    assert built.match([]) == []


def test_what_is_never_mirrored():
    metadata = Packet.make("tcp", "10.0.0.9", "169.254.169.254", 50000, 80, direction="egress")
    answer = Filter("egress 1 accept all from 0.0.0.0/0 to 0.0.0.0/0").match(metadata)
    assert not answer.mirrored and answer.why == "scope" and answer.left == "metadata"


def test_explaining_says_what_does_not_fit():
    built = Filter(RULES)
    scan = Packet.make("tcp", "203.0.113.66", "10.0.1.20", 61000, 22, direction="ingress")
    answer, fits = built.explain(scan)
    assert answer == built.match(scan)
    assert [fit.part for fit in fits] == ["src", None, "family", "direction"]
    assert fits[0].rule == built.rules[0]


def test_explaining_and_matching_agree():
    chance = random.Random(7)
    rules = [Rule(chance.choice(("ingress", "egress")), number, chance.choice(
        ("accept", "reject")), chance.choice((None, 6, 17)),
        "10.%d.0.0/%d" % (chance.randrange(4), 16), "10.0.0.0/%d" % chance.randrange(0, 9) if
        chance.random() < .5 else "0.0.0.0/0") for number in range(1, 60)]
    rules = [rule._replace(src=rule.src, dst=rule.dst.replace("10.0.0.0/", "0.0.0.0/"))
             if int(rule.dst.split("/")[1]) < 8 else rule for rule in rules]
    built = Filter(rules)
    packets = [Packet.make(chance.choice((6, 17, 47)), "10.%d.1.1" % chance.randrange(5),
                           "10.0.0.1", 1, 2, direction=chance.choice(("ingress", "egress")))
               for _ in range(300)]
    for packet, answer in zip(packets, built.match(packets)):
        assert built.explain(packet)[0] == answer


def test_what_is_odd_about_rules(samples):
    built = Filter(pathlib.Path(samples("mirror.rules")).read_text())
    assert [(f.kind, f.rule.number, f.by and f.by.number) for f in built.lint()] == [
        ("covered", 110, 20), ("accept-all", 200, None)]
    assert Filter([]).lint() == []
    assert built.needs.structure in ("linear", "tables") and built.needs.bytes > 0
    assert built.needs.covered == 1


@pytest.mark.parametrize("text, line, part, name", [
    ("ingress 1 accept tcp from 10.0.0.0/8 port 70000 to 0.0.0.0/0", 1, "srcport", "E_RANGE"),
    ("\n\ningress x", 3, "number", "E_NUMBER"),
    ("service amazon-ntp", 1, "service", "E_WORD"),
    ("ingress 1 accept all from 10.0.0.0/8 to ::/0", 1, "family", "E_RULE"),
    ("egress 1 accept 1 from ::/0 to ::/0\negress 1 reject 2 from ::/0 to ::/0", 2, "number",
     "E_DUPLICATE")])
def test_a_rule_that_cannot_be_says_where(text, line, part, name):
    with pytest.raises(RuleError) as caught:
        Filter(text)
    assert (caught.value.line, caught.value.part, caught.value.name) == (line, part, name)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_options_of_filters():
    host_bits = "ingress 1 accept all from 10.0.0.1/8 to 0.0.0.0/0"
    assert Filter(host_bits)
    with pytest.raises(RuleError, match="E_PREFIX"):
        Filter(host_bits, strict=True)
    with pytest.raises(ValueError, match="option"):
        Filter("", speed=True)
    with pytest.raises(ValueError, match="amazon-dns"):
        Filter("", services=["time"])
    with pytest.raises(ValueError, match="direction"):
        Filter("").match(Packet.make(6, "10.0.0.1", "10.0.0.2"), "sideways")


def test_a_filter_is_shared_by_threads_and_closed_when_the_last_is_done():
    built = Filter(RULES)
    packets = [Packet.make("tcp", "203.0.113.66", "10.0.1.20", port, 22, direction="ingress")
               for port in range(2000)]
    results = []

    def work():
        for _ in range(20):
            try:
                results.append(all(answer.mirrored for answer in built.match(packets)))
            except vpcvis.ClosedError:
                return
    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    built.close()
    for worker in workers:
        worker.join()
    assert all(results)
    with built, pytest.raises(vpcvis.ClosedError):
        built.match(packets)
    del built
    gc.collect()


def test_packets_are_read():
    packet = Packet.read(ethernet(udp4(b"hello")), direction="ingress", verdict="ACCEPT")
    assert (packet.src, packet.dst, packet.srcport, packet.dstport, packet.protocol) == (
        "10.0.0.1", "10.0.0.2", 5000, 53, 17)
    assert (packet.ip_len, packet.wire_len, packet.cut, packet.fragment) == (33, 47, False,
                                                                             False)
    assert (packet.direction, packet.verdict) == ("ingress", "ACCEPT")
    assert packet.macs == ("02:00:00:00:00:02", "02:00:00:00:00:01")
    assert packet.tcp_flags is None and packet.icmp is None
    assert repr(packet) == "Packet(UDP 10.0.0.1:5000 > 10.0.0.2:53, 33 bytes)"
    raw = Packet.read(udp4(), start="ip")
    assert raw.src == "10.0.0.1"
    short = Packet.read(ethernet(udp4(b"hello"))[:30], wire_len=47)
    assert short.cut and short.srcport is None
    assert Packet.read(ethernet(b"\0" * 40, 0x0806)).src is None
    for data in (bytearray(udp4()), memoryview(udp4())):
        assert Packet.read(data, start="ip").dstport == 53
    with pytest.raises(VpcvisError, match="E_VERSION"):
        Packet.read(ethernet(b"\x65" + udp4()[1:]))
    with pytest.raises(ValueError, match="start"):
        Packet.read(b"", start="avian")
    with pytest.raises(ValueError, match="families"):
        Packet.make("tcp", "10.0.0.1", "::1")
    with pytest.raises(VpcvisError):
        Packet.make("tcp", "10.0.0.1", "10.0.0.2", 70000, 1)


@pytest.mark.parametrize("src, dst", [("10.9.0.1", "10.9.0.2"), ("2001:db8::1", "2001:db8::2")])
@pytest.mark.parametrize("entropy", ["rfc", "aws", "linux"])
def test_what_is_wrapped_is_unwrapped(src, dst, entropy):
    frame = ethernet(udp4(os.urandom(300)))
    datagram = wrap(frame, 0xABCDEF, src, dst, entropy=entropy, ttl=9)
    copy = unwrap(datagram, start="ip", verify=True)
    assert copy.vni == 0xABCDEF and copy.inner == frame and not copy.truncated
    assert copy.packet.src == "10.0.0.1" and copy.packet.ip_len == 328
    (tunnel,) = copy.tunnels
    assert (tunnel.kind, tunnel.src, tunnel.dst, tunnel.dstport) == ("vxlan", src, dst, 4789)
    assert datagram[tunnel.inner_at:] == frame
    low = {"rfc": 49152, "aws": 65408, "linux": 32768}[entropy]
    assert tunnel.srcport >= low


def test_cut_copies():
    frame = ethernet(udp4(bytes(1000)))
    with pytest.raises(VpcvisError, match="E_LIMIT"):
        wrap(frame, 1, "10.9.0.1", "10.9.0.2", mtu=500)
    datagram = wrap(frame, 1, "10.9.0.1", "10.9.0.2", mtu=500, cut=True)
    assert len(datagram) == 500
    copy = unwrap(datagram, start="ip")
    assert copy.truncated and frame.startswith(copy.inner) and copy.packet.ip_len == 1028


def test_tunnels_in_tunnels():
    frame = ethernet(udp4(b"x"))
    inner = wrap(frame, 7, "10.9.0.1", "10.9.0.2")
    outer = wrap(ethernet(inner), 8, "10.8.0.1", "10.8.0.2")
    copy = unwrap(ethernet(outer))
    assert [tunnel.vni for tunnel in copy.tunnels] == [8, 7] and copy.vni == 7
    assert copy.inner == frame
    shallow = unwrap(ethernet(outer), depth=1)
    assert shallow.vni == 8 and shallow.deeper


def test_geneve_with_the_options_of_a_gateway_load_balancer():
    options = (struct.pack("!HBBQ", 0x0108, 1, 2, 0x1122) + struct.pack("!HBBQ", 0x0108, 2, 2, 5)
               + struct.pack("!HBBI", 0x0108, 3, 1, 77))
    header = struct.pack("!BBHI", len(options) // 4, 0, 0x0800, 0) + options
    frame = ethernet(udp4(header + udp4(b"in"), dstport=6081))
    copy = unwrap(frame)
    assert copy.tunnels[0].kind == "geneve" and copy.packet.dstport == 53
    assert (copy.tunnels[0].endpoint, copy.tunnels[0].attachment, copy.tunnels[0].cookie) == (
        0x1122, 5, 77)
    assert unwrap(frame, geneve=False) is None


def test_what_is_no_tunnel_and_what_is_a_bad_one():
    assert unwrap(ethernet(udp4(b"x"))) is None
    assert unwrap(b"") is None
    with pytest.raises(VpcvisError, match="E_TUNNEL"):
        unwrap(ethernet(udp4(bytes(8), dstport=4789)))
    with pytest.raises(VpcvisError, match="E_LENGTH"):
        unwrap(ethernet(udp4(bytes(4), dstport=4789)))
    other = ethernet(udp4(b"\x08\0\0\0\0\0\5\0" + ethernet(udp4()), dstport=8472))
    assert unwrap(other) is None and unwrap(other, ports=(8472,)).vni == 5
    with pytest.raises(VpcvisError):
        wrap(b"", 1 << 24, "10.0.0.1", "10.0.0.2")
    with pytest.raises(VpcvisError):
        wrap(b"", 1, "10.0.0.1", "::2")
