# SPDX-License-Identifier: MIT
"""
Room vxlan against other programs: vxlan_peers.py LIBVPCVIS.SO [PACKETS [SEED]]

scapy encodes random VXLAN and GENEVE, IPv4 and IPv6, tagged or not, plain or one in the other, and
vpcvis_vxlan_unwrap has to find what was put in. Then vpcvis_vxlan_wrap and vpcvis_vxlan_write_geneve
write datagrams, and tshark has to read them as they were meant, with every checksum right.
"""
import ctypes
import ipaddress
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
from ctypes import c_int32, c_uint8, c_uint16, c_uint32, c_uint64, c_size_t, c_void_p, sizeof

sys.path.append("/usr/lib/python3/dist-packages")  # where Debian has it, whatever python3 is
warnings.simplefilter("ignore")
try:
    from scapy.all import ARP, ICMP, IP, TCP, UDP, Dot1Q, Ether, IPv6, Raw
    from scapy.layers.vxlan import VXLAN
    from scapy.contrib.geneve import GENEVE, GeneveOptions
except ImportError:
    VXLAN = None

ZERO, DF, ETHERNET, CHECKSUM = 4, 8, 32, 2
MACS = "02:00:00:00:00:01", "02:00:00:00:00:02"  # without them scapy would ask the network
TYPES = {1: "endpoint", 2: "attachment", 3: "cookie"}


def struct_of(name, *fields):
    return type(name, (ctypes.Structure,), {"_fields_": list(fields)})


Addr = struct_of("Addr", ("bytes", c_uint8 * 16), ("family", c_uint8), ("reserved", c_uint8 * 7))
Header = struct_of("Header", ("vni", c_uint32), ("flags", c_uint32), ("group", c_uint16),
                   ("next_protocol", c_uint8), ("reserved", c_uint8), ("raw", c_uint8 * 8),
                   ("reserved2", c_uint32))
Layer = struct_of(
    "Layer", ("header", Header), ("src", c_uint8 * 16), ("dst", c_uint8 * 16), ("srcport", c_uint16),
    ("dstport", c_uint16), ("family", c_uint8), ("kind", c_uint8), ("tos", c_uint8), ("ttl", c_uint8),
    ("at", c_uint32), ("options_len", c_uint32), ("inner_at", c_uint32), ("cap_len", c_uint32),
    ("len", c_uint32), ("valid", c_uint32), ("endpoint", c_uint64), ("attachment", c_uint64),
    ("cookie", c_uint32), ("checksum", c_uint16), ("protocol", c_uint16))
Copy = struct_of("Copy", ("status", c_int32), ("layers", c_uint32), ("flags", c_uint32),
                 ("inner_at", c_uint32), ("inner", c_uint8 * 128), ("inner_start", c_uint8),
                 ("reserved", c_uint8 * 7), ("outer", Layer), ("last", Layer))
Frame = struct_of("Frame", ("data", c_void_p), ("parts", c_void_p), ("seen_ns", c_uint64),
                  ("cap_len", c_uint32), ("wire_len", c_uint32), ("interface", c_uint32),
                  ("part_count", c_uint32), ("valid", c_uint32), ("ethertype", c_uint16),
                  ("vlan", c_uint16), ("start", c_uint8), ("direction", c_uint8), ("verdict", c_uint8),
                  ("reserved", c_uint8 * 5))
Config = struct_of("Config", ("size", c_uint32), ("flags", c_uint32), ("policy", c_uint32),
                   ("depth", c_uint32), ("ports", c_uint16 * 4), ("geneve_ports", c_uint16 * 4))
Outer = struct_of("Outer", ("size", c_uint32), ("flags", c_uint32), ("src", Addr), ("dst", Addr),
                  ("entropy", c_uint32), ("mtu", c_uint32), ("srcport", c_uint16),
                  ("dstport", c_uint16), ("ip_id", c_uint16), ("ttl", c_uint8), ("tos", c_uint8),
                  ("src_mac", c_uint8 * 6), ("dst_mac", c_uint8 * 6), ("reserved", c_uint8 * 4))


def random_ip(rng, six):
    if six:
        return ":".join(["2001", "db8"] + ["%x" % rng.randrange(1, 65536) for _ in range(6)])
    return "10.%d.%d.%d" % tuple(rng.randrange(256) for _ in range(3))


def inner_frame(rng):
    six = rng.random() < 0.3
    ip = (IPv6 if six else IP)(src=random_ip(rng, six), dst=random_ip(rng, six))
    ports = {"sport": rng.randrange(1, 4000), "dport": rng.randrange(1, 4000)}
    top = rng.choice([lambda: TCP(flags=rng.choice(["S", "SA", "A", "PA", "FA", "R"]), **ports),
                      lambda: UDP(**ports), lambda: ICMP(type=8)])()
    frame = Ether(src=MACS[0], dst=MACS[1])
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        frame = frame / Dot1Q(vlan=rng.randrange(4096))
    if rng.random() < 0.05:
        return bytes(frame / ARP(hwsrc=MACS[0], psrc="10.0.0.1", pdst="10.0.0.2"))
    return bytes(frame / ip / top / Raw(rng.randbytes(rng.randrange(0, 300))))


def options_of(rng):
    found, expected = [], {}
    for kind in rng.sample([1, 2, 3], rng.randrange(4)):
        value = rng.randbytes(4 if kind == 3 else 8)
        found.append(GeneveOptions(classid=0x108, type=kind, data=value))
        expected[TYPES[kind]] = int.from_bytes(value, "big")
    for _ in range(rng.choice([0, 0, 1, 2])):
        found.insert(rng.randrange(len(found) + 1), GeneveOptions(
            classid=rng.choice([0, 0x107, 0x132, 0xffff]), type=rng.randrange(128),
            reserved=rng.randrange(8), data=rng.randbytes(4 * rng.choice([0, 1, 2, 5, 25]))))
    return found, expected


def tunnel(rng, inside, is_ip):
    """One tunnel around bytes: its UDP datagram, and what has to be found of it."""
    seen = {"vni": rng.choice([0, 1, 0xffff, 0x10000, 0xffffff, rng.randrange(1 << 24)]),
            "srcport": rng.randrange(65536)}
    if is_ip or rng.random() < 0.5:
        options, more = options_of(rng)
        words = sum(1 + len(option.data) // 4 for option in options)
        proto = 0x6558 if not is_ip else 0x86dd if inside[0] >> 4 == 6 else 0x0800
        header = GENEVE(vni=seen["vni"], proto=proto, optionlen=words, options=options,
                        oam=rng.randrange(2), reserved=rng.randrange(64))
        seen.update(more, kind=2, dstport=6081, options_len=words * 4, protocol=proto)
    else:
        header = VXLAN(vni=seen["vni"], flags=8, reserved1=rng.choice([0, rng.randrange(1 << 24)]),
                       reserved2=rng.choice([0, 255]))
        seen.update(kind=1, dstport=4789, options_len=0)
    udp = UDP(sport=seen["srcport"], dport=seen["dstport"], **({} if rng.random() < 0.5 else {"chksum": 0}))
    return udp / Raw(bytes(header) + inside), seen


def outer_packet(rng, udp, seen):
    six = rng.random() < 0.4
    seen.update(family=6 if six else 4, ttl=rng.randrange(256), tos=rng.randrange(256))
    src, dst = random_ip(rng, six), random_ip(rng, six)
    seen["addresses"] = (src, dst)
    if six:
        return IPv6(src=src, dst=dst, hlim=seen["ttl"], tc=seen["tos"]) / udp
    return IP(src=src, dst=dst, ttl=seen["ttl"], tos=seen["tos"], id=rng.randrange(65536),
              flags=rng.choice([0, "DF"])) / udp


def encoded(rng, pool):
    """A frame of one or two tunnels, whether it begins with IP, the innermost bytes, the layers."""
    inner = rng.choice(pool)
    inside, layers, is_ip = inner, [], False
    for level in range(rng.choice([1, 1, 1, 2])):
        udp, seen = tunnel(rng, inside, is_ip)
        packet = outer_packet(rng, udp, seen)
        layers.insert(0, seen)
        is_ip = level == 0 and rng.random() < 0.5
        inside = bytes(packet if is_ip else Ether(src=MACS[0], dst=MACS[1]) / packet)
    return inside, is_ip, inner, layers


def as_text(layer, end):
    raw = bytes(getattr(layer, end))
    return ipaddress.ip_address(raw if layer.family == 6 else raw[:4])


def same_layer(found, seen):
    for name in ("srcport", "dstport", "family", "kind", "ttl", "tos", "options_len"):
        assert getattr(found, name) == seen[name], name
    assert found.header.vni == seen["vni"]
    for end, text in zip(("src", "dst"), seen["addresses"]):
        assert as_text(found, end) == ipaddress.ip_address(text), end
    for bit, name in enumerate(("endpoint", "attachment", "cookie")):
        assert (found.valid >> bit & 1) == (name in seen), name
        assert getattr(found, name) == seen.get(name, 0), name


def decode(library, packets, seed):
    rng = random.Random(seed)
    pool = [inner_frame(rng) for _ in range(500)]
    config = Config(size=sizeof(Config), flags=1)
    layers, copy = (Layer * 4)(), Copy()
    tunnels = 0
    for i in range(packets):
        bytes_, is_ip, inner, expected = encoded(rng, pool)
        buffer = ctypes.create_string_buffer(bytes_, len(bytes_))
        frame = Frame(data=ctypes.addressof(buffer), cap_len=len(bytes_), start=1 if is_ip else 0)
        try:
            status = library.vpcvis_vxlan_unwrap(ctypes.byref(config), ctypes.byref(frame), layers,
                                                 ctypes.byref(copy))
            assert status == 0 and copy.layers == len(expected), (status, copy.layers)
            for found, seen in zip(layers, expected):
                same_layer(found, seen)
            assert bytes_[copy.inner_at:copy.inner_at + copy.last.cap_len] == inner
        except AssertionError as error:
            sys.exit("not ok vxlan_peers: seed %d, packet %d: %s\n%s" % (seed, i, error, bytes_.hex()))
        tunnels += len(expected)
    print("vxlan_peers: %d frames, %d tunnels of scapy's read as they were written" % (packets, tunnels))


def set_addr(addr, rng, six):
    value = rng.randbytes(16 if six else 4)
    addr.family = 6 if six else 4
    addr.bytes[:len(value)] = value
    return value


def wrapped(library, rng, inner):
    six, how = rng.random() < 0.5, Outer(size=sizeof(Outer))
    how.flags = ETHERNET | rng.choice([0, CHECKSUM]) | rng.choice([0, ZERO]) | rng.choice([0, DF])
    set_addr(how.src, rng, six)
    set_addr(how.dst, rng, six)
    how.src.bytes[0] = how.dst.bytes[0] = 0x20 if six else 10
    how.entropy, how.tos, how.ttl = rng.randrange(3), rng.randrange(256), rng.randrange(1, 256)
    how.ip_id, vni = rng.randrange(65536), rng.randrange(1 << 24)
    room = library.vpcvis_vxlan_headroom(ctypes.byref(how))
    memory = ctypes.create_string_buffer(bytes(room) + inner, room + len(inner))
    at = ctypes.addressof(memory)
    packet, length = (c_uint64 * 16)(), c_uint32(len(inner))
    frame = Frame(data=at + room, cap_len=len(inner))
    library.vpcvis_packet_read(ctypes.byref(frame), packet)
    status = library.vpcvis_vxlan_wrap(ctypes.byref(how), vni, packet, c_void_p(at + room),
                                       ctypes.byref(length), c_void_p(at))
    assert status == 0 and length.value == len(inner), status
    port = library.vpcvis_vxlan_srcport(ctypes.byref(how), packet)
    summed = how.flags & CHECKSUM or (six and not how.flags & ZERO)
    state = "1" if summed else "4" if six else "3"  # good; illegal; not there
    return memory.raw, [str(vni), str(port), "4789", str(how.ttl), state]


def geneve(library, rng, inner):
    layer, out, length = Layer(), ctypes.create_string_buffer(64), c_size_t()
    layer.header.vni, layer.valid = rng.randrange(1 << 24), rng.randrange(8)
    layer.endpoint, layer.attachment = rng.getrandbits(64), rng.getrandbits(64)
    layer.cookie = rng.getrandbits(32)
    status = library.vpcvis_vxlan_write_geneve(ctypes.byref(layer), out, c_size_t(64),
                                               ctypes.byref(length))
    assert status == 0, status
    body = out.raw[:length.value] + inner
    udp = struct.pack("!HHHH", 50000, 6081, 8 + len(body), 0)
    frame = bytes(Ether(src=MACS[0], dst=MACS[1]) /
                  IP(src="10.0.0.1", dst="10.0.0.2", proto=17) / Raw(udp + body))
    types = ["0x%02x" % kind for kind in (1, 2, 3) if layer.valid >> (kind - 1) & 1]
    return frame, [str(layer.header.vni), "50000", "6081", "64", "3", ",".join(types)]


def read_back(library, packets, seed):
    if shutil.which("tshark") is None:
        print("skipped vxlan_peers: tshark is not here")
        return
    rng = random.Random(seed)
    pool = [inner_frame(rng) for _ in range(500)]
    written = []
    for _ in range(packets):
        inner = rng.choice(pool)
        written.append(wrapped(library, rng, inner) if rng.random() < 0.8 else geneve(library, rng, inner))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "written.pcap")
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for frame, _ in written:
                file.write(struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame)
        judge(path, written)


def judge(path, written):
    fields = ["vxlan.vni", "geneve.vni", "udp.srcport", "udp.dstport", "ip.ttl", "ipv6.hlim",
              "udp.checksum.status", "ip.checksum.status", "geneve.option.type"]
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=;", "-o",
               "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.defragment:FALSE"]
    for field in fields:
        command += ["-e", field]
    lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           check=True).stdout.decode().splitlines()
    assert len(lines) == len(written)
    for number, (line, (frame, expected)) in enumerate(zip(lines, written)):
        columns = [column.split(",") for column in line.split(";")]
        is_geneve = len(expected) == 6
        six = frame[12:14] == b"\x86\xdd"
        vni = columns[1 if is_geneve else 0][0]
        seen = [str(int(vni, 0)), columns[2][0], columns[3][0], columns[5 if six else 4][0],
                columns[6][0]] + ([",".join(columns[8])] if is_geneve else [])
        # 1 is good. What is in the packets is random, and nothing of tshark's is said of that.
        if seen != expected or (not six and columns[7][0] != "1"):
            sys.exit("not ok vxlan_peers: datagram %d: %s, expected %s\n%s" % (
                number, line, expected, frame.hex()))
    print("vxlan_peers: %d datagrams read by tshark as they were meant, no checksum wrong" % len(lines))


def main():
    if VXLAN is None:
        print("skipped vxlan_peers: scapy is not here")
        return
    library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    packets = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    library.vpcvis_vxlan_headroom.restype = c_size_t
    library.vpcvis_vxlan_srcport.restype = c_uint16
    library.vpcvis_vxlan_copy_bytes.restype = c_size_t
    assert library.vpcvis_vxlan_copy_bytes() == sizeof(Copy)
    decode(library, packets, seed)
    read_back(library, packets, seed)


main()
