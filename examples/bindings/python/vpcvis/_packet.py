# SPDX-License-Identifier: MIT
"""Packets: summaries of captured bytes, and tunnels around them."""
import ctypes
import ipaddress
from ctypes import byref, c_uint32, c_uint64
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from . import _abi
from ._abi import lib
from ._errors import VpcvisError, check
from ._layout import find_field, read_address, word_of

Buffer = Union[bytes, bytearray, memoryview]

_STARTS = {"ethernet": 0, "ip": 1, "sll": 2, "sll2": 3, "pflog": 4, "loop": 5}
DIRECTIONS = {None: 0, "ingress": 1, "egress": 2}
_DIRECTION_NAMES = {number: name for name, number in DIRECTIONS.items()}
_VERDICTS = {None: 0, "ACCEPT": 1, "REJECT": 2}
_VERDICT_NAMES = {number: name for name, number in _VERDICTS.items()}
_PORTS, _TCP, _ICMP, _CUT, _FRAGMENT = 1, 2, 4, 8, 64
_WIRE_LEN = 2


def choose(table: Any, word: Any, what: str) -> int:
    """The number of a word; ValueError says which words there are."""
    if word not in table:
        raise ValueError("%s is one of %s, not %r" % (
            what, ", ".join(str(name) for name in table), word))
    return int(table[word])


def protocol_number(protocol: Union[int, str]) -> int:
    """The number of a protocol, by its number or name."""
    if protocol == "icmpv6":  # as rules have it
        return 58
    if isinstance(protocol, str):
        number = c_uint64()
        text = protocol.encode()
        check(lib.record_find_name(find_field("protocol").id, text, len(text), byref(number)),
              "protocol %r" % protocol)
        return number.value
    if not 0 <= protocol <= 255:
        raise VpcvisError(_abi.E_RANGE, "protocol")
    return protocol


def _text_of(raw: Any, family: int) -> Optional[str]:
    if family == 4:
        return str(ipaddress.IPv4Address(bytes(raw[:4])))
    return str(ipaddress.IPv6Address(bytes(raw))) if family == 6 else None


def _mac(raw: Any) -> str:
    return ":".join("%02x" % byte for byte in raw)


class Packet:
    """One packet in short: who sends to whom, over what, how long."""

    __slots__ = ("_struct",)

    def __init__(self, struct: _abi.Packet) -> None:
        self._struct = struct

    @classmethod
    def read(cls, data: Buffer, *, start: str = "ethernet", direction: Optional[str] = None,
             verdict: Optional[str] = None, wire_len: Optional[int] = None, seen_ns: int = 0,
             interface: int = 0) -> "Packet":
        """Read captured bytes. VpcvisError for headers that contradict themselves; a frame
        that was cut is none. start: ethernet, ip, sll, sll2, pflog or loop."""
        frame, keep = frame_of(data, start, direction, verdict, wire_len, seen_ns, interface)
        struct = _abi.Packet()
        status = lib.packet_read(byref(frame), byref(struct))
        del keep
        check(status, "packet, layer %d, byte %d" % (struct.layer, struct.at))
        return cls(struct)

    @classmethod
    def make(cls, protocol: Union[int, str], src: str, dst: str,
             srcport: Optional[int] = None, dstport: Optional[int] = None, *,
             direction: Optional[str] = None, length: int = 0) -> "Packet":
        """A packet of its 5-tuple."""
        source, target = read_address(src), read_address(dst)
        if source.family != target.family:
            raise ValueError("addresses of two families: %s and %s" % (src, dst))
        struct = _abi.Packet(family=source.family, protocol=protocol_number(protocol),
                             direction=choose(DIRECTIONS, direction, "direction"),
                             ip_len=length, cap_len=length, wire_len=length)
        struct.src, struct.dst = source.bytes, target.bytes
        struct.ethertype = 0x0800 if source.family == 4 else 0x86DD
        if srcport is not None and dstport is not None:
            if not (0 <= srcport <= 65535 and 0 <= dstport <= 65535):
                raise VpcvisError(_abi.E_RANGE, "port")
            struct.srcport, struct.dstport = srcport, dstport
            struct.flags = _PORTS
        return cls(struct)

    @property
    def src(self) -> Optional[str]:
        """The source address; None if the frame is not IP."""
        return _text_of(self._struct.src, self._struct.family)

    @property
    def dst(self) -> Optional[str]:
        """The destination address."""
        return _text_of(self._struct.dst, self._struct.family)

    @property
    def srcport(self) -> Optional[int]:
        """The source port; None if it is not known."""
        return self._struct.srcport if self._struct.flags & _PORTS else None

    @property
    def dstport(self) -> Optional[int]:
        """The destination port."""
        return self._struct.dstport if self._struct.flags & _PORTS else None

    @property
    def protocol(self) -> int:
        """The number of what follows IP."""
        return int(self._struct.protocol)

    @property
    def direction(self) -> Optional[str]:
        """ingress or egress, as the interface has it."""
        return _DIRECTION_NAMES[self._struct.direction]

    @property
    def verdict(self) -> Optional[str]:
        """ACCEPT or REJECT."""
        return _VERDICT_NAMES[self._struct.verdict]

    @property
    def tcp_flags(self) -> Optional[int]:
        """The flags of a TCP header."""
        return self._struct.tcp_flags if self._struct.flags & _TCP else None

    @property
    def icmp(self) -> Optional[Tuple[int, int]]:
        """Type and code of an ICMP message."""
        return ((self._struct.icmp_type, self._struct.icmp_code)
                if self._struct.flags & _ICMP else None)

    @property
    def ip_len(self) -> int:
        """The IP packet's length, which is what flow logs count."""
        return int(self._struct.ip_len)

    @property
    def wire_len(self) -> int:
        """The frame's length as it was sent."""
        return int(self._struct.wire_len)

    @property
    def cap_len(self) -> int:
        """Bytes of it that were captured."""
        return int(self._struct.cap_len)

    @property
    def cut(self) -> bool:
        """Whether fewer bytes were captured than the packet has."""
        return bool(self._struct.flags & _CUT)

    @property
    def fragment(self) -> bool:
        """Whether it is one of several fragments."""
        return bool(self._struct.flags & _FRAGMENT)

    @property
    def macs(self) -> Tuple[str, str]:
        """Source and destination MAC address."""
        return _mac(self._struct.src_mac), _mac(self._struct.dst_mac)

    @property
    def flags(self) -> int:
        """The library's VPCVIS_PACKET_... bits."""
        return int(self._struct.flags)

    def __repr__(self) -> str:
        name = word_of("protocol", self.protocol) or str(self.protocol)
        if self.src is None:
            return "Packet(ethertype %#06x)" % self._struct.ethertype
        ends = [end if port is None else ("[%s]:%d" if ":" in (end or "") else "%s:%d")
                % (end, port) for end, port in ((self.src, self.srcport),
                                                (self.dst, self.dstport))]
        return "Packet(%s %s > %s, %d bytes)" % (name, ends[0], ends[1], self.ip_len)


def frame_of(data: Buffer, start: str = "ethernet", direction: Optional[str] = None,
             verdict: Optional[str] = None, wire_len: Optional[int] = None, seen_ns: int = 0,
             interface: int = 0) -> Tuple[_abi.Frame, bytes]:
    """The struct of a frame, and the bytes it points to."""
    raw = bytes(data)
    frame = _abi.Frame(
        data=_abi.address_of(raw), cap_len=len(raw), seen_ns=seen_ns, interface=interface,
        start=choose(_STARTS, start, "start"),
        direction=choose(DIRECTIONS, direction, "direction"),
        verdict=choose(_VERDICTS, verdict, "verdict"))
    if wire_len is not None:
        frame.wire_len = wire_len
        frame.valid = _WIRE_LEN
    return frame, raw


# ---- Tunnels ----

_POLICIES = {"ignore": 0, "strict": 1, "extensions": 2}
_KINDS = {1: "vxlan", 2: "geneve"}
_ENTROPIES = {"rfc": 0, "aws": 1, "linux": 2, "fixed": 3}
_DEPTH_MAX = 16


class Tunnel(NamedTuple):
    """One tunnel header: who sent it, and what it says."""

    kind: str  #: vxlan or geneve
    vni: int
    src: Optional[str]
    dst: Optional[str]
    srcport: int
    dstport: int
    at: int  #: of the header in the frame
    inner_at: int  #: of what is in it
    endpoint: Optional[int]  #: gateway load balancer endpoint
    attachment: Optional[int]
    cookie: Optional[int]


class Copy(NamedTuple):
    """What was found in a frame: the innermost packet, and the tunnels around it."""

    vni: int  #: of the innermost tunnel: which mirror session
    inner: bytes  #: the innermost frame
    packet: Packet  #: its summary
    tunnels: Tuple[Tunnel, ...]  #: outermost first
    truncated: bool  #: the session cut the copy
    deeper: bool  #: there is one more tunnel, beyond depth
    empty: bool


def _tunnel(layer: _abi.VxlanLayer) -> Tunnel:
    return Tunnel(_KINDS[layer.kind], layer.header.vni, _text_of(layer.src, layer.family),
                  _text_of(layer.dst, layer.family), layer.srcport, layer.dstport, layer.at,
                  layer.inner_at, layer.endpoint if layer.valid & 1 else None,
                  layer.attachment if layer.valid & 2 else None,
                  layer.cookie if layer.valid & 4 else None)


def unwrap(data: Buffer, *, start: str = "ethernet", policy: str = "ignore", depth: int = 4,
           ports: Tuple[int, ...] = (), geneve_ports: Tuple[int, ...] = (),
           geneve: bool = True, verify: bool = False, seen_ns: int = 0) -> Optional[Copy]:
    """Take a mirrored packet out of VXLAN, and of GENEVE around it.

    None: the frame is no tunnel (a tunnel is told by its UDP destination port, 4789 and 6081 or
    as `ports` and `geneve_ports` say). VpcvisError: it is one that cannot be used. policy is
    what reserved bits do: ignore, strict or extensions. verify: check UDP checksums.
    """
    config = _abi.sized(_abi.VxlanConfig, flags=verify * 1 | (not geneve) * 2,
                        policy=choose(_POLICIES, policy, "policy"), depth=depth)
    for i, port in enumerate(ports):
        config.ports[i] = port
    for i, port in enumerate(geneve_ports):
        config.geneve_ports[i] = port
    frame, raw = frame_of(data, start, seen_ns=seen_ns)
    layers = (_abi.VxlanLayer * _DEPTH_MAX)()
    copy = _abi.VxlanCopy()
    status = lib.vxlan_unwrap(byref(config), byref(frame), layers, byref(copy))
    if status == _abi.NOMATCH:
        return None
    check(status, "unwrap")
    found: List[Tunnel] = [_tunnel(layers[i]) for i in range(copy.layers)]
    inner = raw[copy.inner_at:copy.inner_at + copy.inner.cap_len]
    summary = _abi.Packet.from_buffer_copy(copy.inner)
    return Copy(copy.last.header.vni, inner, Packet(summary), tuple(found),
                bool(copy.flags & 1), bool(copy.flags & 2), bool(copy.flags & 4))


def wrap(data: Buffer, vni: int, src: str, dst: str, *, entropy: str = "rfc",
         symmetric: bool = False, checksum: bool = False, dont_fragment: bool = False,
         mtu: int = 0, cut: bool = False, srcport: int = 0, dstport: int = 0, ttl: int = 0,
         start: str = "ethernet") -> bytes:
    """Put a frame into VXLAN: the IP datagram that carries it from src to dst.

    entropy is where the UDP source port comes from: rfc, aws, linux, or fixed (`srcport`).
    A frame that is longer than the mtu allows is VpcvisError, or cut with `cut`.
    """
    flags = symmetric * 1 | checksum * 2 | dont_fragment * 8 | cut * 16
    how = _abi.sized(_abi.VxlanOuter, flags=flags, mtu=mtu, srcport=srcport, dstport=dstport,
                     entropy=choose(_ENTROPIES, entropy, "entropy"), ttl=ttl,
                     src=read_address(src), dst=read_address(dst))
    frame, raw = frame_of(data, start)
    packet = _abi.Packet()
    lib.packet_read(byref(frame), byref(packet))
    room = lib.vxlan_headroom(byref(how))
    if room == 0:
        raise VpcvisError(_abi.E_CONFIG, "wrap")
    out = ctypes.create_string_buffer(room)
    size = c_uint32(len(raw))
    check(lib.vxlan_wrap(byref(how), vni, byref(packet), _abi.address_of(raw), byref(size),
                         out), "wrap")
    return out.raw + raw[:size.value]
