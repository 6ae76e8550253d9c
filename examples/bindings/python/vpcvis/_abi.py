# SPDX-License-Identifier: MIT
"""The shared library, its structs and its functions, as include/vpcvis/*.h has them.

Nothing in here is for users of the package. Structs are written out by hand and held against
the sizes that the library itself gives, so that a library of another shape is refused when it
is loaded and not when it has written past the end of something.
"""
import ctypes
import ctypes.util
import os
from ctypes import (
    Structure, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16,
    c_uint32, c_uint64, c_void_p,
)
from typing import Any, Dict, List, Optional, Sequence, Tuple

ABI = 0
SONAME = "libvpcvis.so.%d" % ABI

OK, MORE, NOMATCH, DONE, HEADER = 0, 1, 2, 3, 4
E_ARG, E_MEMORY, E_SPACE, E_CONFIG = -1, -2, -3, -4
E_BYTE, E_RANGE = -10, -12
E_GZIP, E_ZSTD, E_PARQUET, E_JSON = -30, -31, -32, -33
STATUS_KINDS = 64

FIELD_MAX = 96
FIELD_NONE = 0xFFFFFFFF
NONE32 = 0xFFFFFFFF
KIND_NUMBER32, KIND_NUMBER64, KIND_ADDRESS, KIND_NAME, KIND_TEXT = 1, 2, 3, 4, 5
STATE_ABSENT, STATE_DASH, STATE_VALUE = 0, 1, 2
RECORD_FEW = 2

LAYOUT_STRICT = 1
LINE_LENIENT, LINE_MS, LINE_PREFIX, LINE_SKIP = 1, 2, 4, 16
LINE_MAX = 65535
READER_FIXED, READER_NO_PREFIX, READER_STRICT = 256, 512, 1024


def _pointer(name: str, kind: Any = c_void_p) -> List[Tuple[str, Any]]:
    """A pointer member of a public struct: 8 bytes on every machine."""
    if ctypes.sizeof(c_void_p) == 8:
        return [(name, kind)]
    return [(name, kind), (name + "_pad", c_uint32)]


class Error(Structure):
    _fields_ = [("status", c_int32), ("field", c_uint32), ("column", c_uint32),
                ("offset", c_uint32), ("line", c_uint64), ("line_at", c_uint64)]


class Addr(Structure):
    _fields_ = [("bytes", c_uint8 * 16), ("family", c_uint8), ("reserved", c_uint8 * 7)]


class Cidr(Structure):
    _fields_ = [("addr", Addr), ("prefix_len", c_uint8), ("reserved", c_uint8 * 7)]


class Text(Structure):
    _fields_ = [("at", c_uint16), ("len", c_uint16)]


class Record(Structure):
    _fields_ = _pointer("base") + [
        ("value", c_uint64 * 2), ("dash", c_uint64 * 2), ("flags", c_uint32),
        ("version", c_uint32), ("packets", c_uint64), ("bytes", c_uint64),
        ("start_s", c_uint64), ("end_s", c_uint64), ("srcport", c_uint16),
        ("dstport", c_uint16), ("protocol", c_uint8), ("action", c_uint8),
        ("log_status", c_uint8), ("type", c_uint8), ("srcaddr", Addr), ("dstaddr", Addr),
        ("text", Text * FIELD_MAX), ("tcp_flags", c_uint32), ("traffic_path", c_uint32),
        ("encryption_status", c_uint32), ("flow_direction", c_uint8),
        ("sublocation_type", c_uint8), ("reject_reason", c_uint8), ("resource_type", c_uint8),
        ("packets_lost_no_route", c_uint64), ("packets_lost_blackhole", c_uint64),
        ("packets_lost_mtu_exceeded", c_uint64), ("packets_lost_ttl_expired", c_uint64),
        ("pkt_srcaddr", Addr), ("pkt_dstaddr", Addr), ("reserved", c_uint64 * 3)]


class Field(Structure):
    _fields_ = (_pointer("name", c_char_p) + [
        ("id", c_uint32), ("version", c_uint32), ("kind", c_uint32), ("parquet", c_uint32),
        ("about", c_uint32), ("reserved", c_uint32), ("max", c_uint64)])


class Value(Structure):
    _fields_ = _pointer("text") + [
        ("text_len", c_uint32), ("state", c_uint32), ("kind", c_uint32),
        ("reserved", c_uint32), ("number", c_uint64), ("addr", Addr)]


class LayoutConfig(Structure):
    _fields_ = ([("size", c_uint32), ("flags", c_uint32)] + _pointer("text") + [
        ("text_len", c_uint64), ("standard", c_uint32), ("reserved", c_uint32)])


class LineConfig(Structure):
    _fields_ = [("size", c_uint32), ("flags", c_uint32), ("cpu", c_uint32),
                ("reserved", c_uint32), ("fields", c_uint64 * 2)]


class LineResult(Structure):
    _fields_ = [(name, c_uint64)
                for name in ("taken", "lines", "records", "errors", "blank", "headers")]


_ARRAYS_PAD: List[Tuple[str, Any]] = (
    [] if ctypes.sizeof(c_void_p) == 8 else [("arrays_pad", c_uint32 * (2 * FIELD_MAX))])


class LineColumns(Structure):
    _fields_ = ([("size", c_uint32), ("capacity", c_uint32)] + _pointer("line_at")
                + _pointer("flags")
                + [("values", c_void_p * FIELD_MAX), ("valid", c_void_p * FIELD_MAX)]
                + _ARRAYS_PAD)


class ReaderConfig(Structure):
    _fields_ = ([("size", c_uint32), ("flags", c_uint32), ("cpu", c_uint32),
                 ("line_max", c_uint32)] + _pointer("layout") + [("fields", c_uint64 * 2)])


class ReaderCounts(Structure):
    _fields_ = [(name, c_uint64) for name in (
        "bytes", "lines", "records", "nodata", "skipdata", "blank", "headers", "errors")
    ] + [("kinds", c_uint64 * STATUS_KINDS)]


class ReaderBatch(Structure):
    _fields_ = [("records", c_uint64), ("errors", c_uint64)] + _pointer("text")


class PrefixEntry(Structure):
    _fields_ = [("cidr", Cidr), ("value", c_uint32), ("reserved", c_uint32)]


class PrefixConfig(Structure):
    _fields_ = [("size", c_uint32), ("flags", c_uint32), ("cpu", c_uint32),
                ("reserved", c_uint32)]


class RollupKey(Structure):
    _fields_ = [("kind", c_uint32), ("field", c_uint32), ("ipv4_len", c_uint32),
                ("ipv6_len", c_uint32), ("step", c_uint64)] + _pointer("zones")


class RollupMeasure(Structure):
    _fields_ = [("kind", c_uint32), ("field", c_uint32)]


class RollupConfig(Structure):
    _fields_ = ([("size", c_uint32), ("flags", c_uint32), ("key_count", c_uint32),
                 ("measure_count", c_uint32), ("groups", c_uint32), ("texts", c_uint32),
                 ("text_bytes", c_uint64), ("sketch_bits", c_uint32), ("cpu", c_uint32),
                 ("hash_key", c_uint8 * 16), ("sketch_seed", c_uint64)]
                + _pointer("logged") + [("keys", RollupKey * 8),
                                        ("measures", RollupMeasure * 16)])


class RollupCounts(Structure):
    _fields_ = [(name, c_uint64) for name in (
        "records", "grouped", "other", "nodata", "skipdata", "twice", "undirected")
    ] + [("groups", c_uint32), ("texts", c_uint32), ("text_bytes", c_uint64),
         ("flags", c_uint32), ("reserved", c_uint32)]


class Frame(Structure):
    _fields_ = (_pointer("data") + _pointer("parts") + [
        ("seen_ns", c_uint64), ("cap_len", c_uint32), ("wire_len", c_uint32),
        ("interface", c_uint32), ("part_count", c_uint32), ("valid", c_uint32),
        ("ethertype", c_uint16), ("vlan", c_uint16), ("start", c_uint8),
        ("direction", c_uint8), ("verdict", c_uint8), ("reserved", c_uint8 * 5)])


class Packet(Structure):
    _fields_ = [
        ("seen_ns", c_uint64), ("src", c_uint8 * 16), ("dst", c_uint8 * 16),
        ("srcport", c_uint16), ("dstport", c_uint16), ("family", c_uint8),
        ("protocol", c_uint8), ("direction", c_uint8), ("verdict", c_uint8),
        ("interface", c_uint32), ("flags", c_uint32), ("ip_len", c_uint32),
        ("tcp_flags", c_uint8), ("icmp_type", c_uint8), ("icmp_code", c_uint8),
        ("left", c_uint8), ("status", c_int32), ("cap_len", c_uint32), ("wire_len", c_uint32),
        ("fragment_id", c_uint32), ("fragment_at", c_uint16), ("ethertype", c_uint16),
        ("vlan", c_uint16 * 2), ("ip_at", c_uint16), ("l4_at", c_uint16),
        ("payload_at", c_uint16), ("at", c_uint16), ("vlan_count", c_uint8),
        ("layer", c_uint8), ("tos", c_uint8), ("ttl", c_uint8), ("next_header", c_uint8),
        ("reserved", c_uint8), ("fragment_len", c_uint16), ("dst_mac", c_uint8 * 6),
        ("src_mac", c_uint8 * 6), ("reserved2", c_uint32 * 3)]


_RULE_PARTS: List[Tuple[str, Any]] = [
    ("number", c_uint32), ("valid", c_uint32), ("direction", c_uint8), ("action", c_uint8),
    ("protocol", c_uint8), ("reserved", c_uint8), ("srcport", c_uint16 * 2),
    ("dstport", c_uint16 * 2), ("text_len", c_uint32), ("src", Cidr), ("dst", Cidr)]


class Rule(Structure):
    _fields_ = _RULE_PARTS + _pointer("text")


class FilterConfig(Structure):
    _fields_ = ([("size", c_uint32), ("flags", c_uint32), ("cpu", c_uint32),
                 ("services", c_uint32), ("structure", c_uint32), ("reserved", c_uint32),
                 ("max_bytes", c_uint64)] + _pointer("scope"))


class FilterNeeds(Structure):
    _fields_ = [("bytes", c_uint64), ("scratch", c_uint64)] + [(name, c_uint32) for name in (
        "structure", "flags", "ingress", "egress", "covered", "reserved")]


class FilterAnswer(Structure):
    _fields_ = [("rule", c_uint32), ("number", c_uint32), ("action", c_uint8),
                ("why", c_uint8), ("left", c_uint8), ("reserved", c_uint8 * 5)]


class FilterFinding(Structure):
    _fields_ = [("kind", c_uint32), ("rule", c_uint32), ("by", c_uint32),
                ("reserved", c_uint32)]


class VxlanHeader(Structure):
    _fields_ = [("vni", c_uint32), ("flags", c_uint32), ("group", c_uint16),
                ("next_protocol", c_uint8), ("reserved", c_uint8), ("raw", c_uint8 * 8),
                ("reserved2", c_uint32)]


class VxlanConfig(Structure):
    _fields_ = [("size", c_uint32), ("flags", c_uint32), ("policy", c_uint32),
                ("depth", c_uint32), ("ports", c_uint16 * 4), ("geneve_ports", c_uint16 * 4)]


class VxlanLayer(Structure):
    _fields_ = [
        ("header", VxlanHeader), ("src", c_uint8 * 16), ("dst", c_uint8 * 16),
        ("srcport", c_uint16), ("dstport", c_uint16), ("family", c_uint8), ("kind", c_uint8),
        ("tos", c_uint8), ("ttl", c_uint8), ("at", c_uint32), ("options_len", c_uint32),
        ("inner_at", c_uint32), ("cap_len", c_uint32), ("len", c_uint32), ("valid", c_uint32),
        ("endpoint", c_uint64), ("attachment", c_uint64), ("cookie", c_uint32),
        ("checksum", c_uint16), ("protocol", c_uint16)]


class VxlanCopy(Structure):
    _fields_ = [("status", c_int32), ("layers", c_uint32), ("flags", c_uint32),
                ("inner_at", c_uint32), ("inner", Packet), ("inner_start", c_uint8),
                ("reserved", c_uint8 * 7), ("outer", VxlanLayer), ("last", VxlanLayer)]


class VxlanOuter(Structure):
    _fields_ = [
        ("size", c_uint32), ("flags", c_uint32), ("src", Addr), ("dst", Addr),
        ("entropy", c_uint32), ("mtu", c_uint32), ("srcport", c_uint16),
        ("dstport", c_uint16), ("ip_id", c_uint16), ("ttl", c_uint8), ("tos", c_uint8),
        ("src_mac", c_uint8 * 6), ("dst_mac", c_uint8 * 6), ("reserved", c_uint8 * 4)]


class ArrowSchema(Structure):
    _fields_ = [("format", c_char_p), ("name", c_char_p), ("metadata", c_void_p),
                ("flags", c_int64), ("n_children", c_int64), ("children", c_void_p),
                ("dictionary", c_void_p), ("release", c_void_p), ("private_data", c_void_p)]


class ArrowArray(Structure):
    _fields_ = [("length", c_int64), ("null_count", c_int64), ("offset", c_int64),
                ("n_buffers", c_int64), ("n_children", c_int64), ("buffers", c_void_p),
                ("children", c_void_p), ("dictionary", c_void_p), ("release", c_void_p),
                ("private_data", c_void_p)]


class ArrowStream(Structure):
    _fields_ = [("get_schema", c_void_p), ("get_next", c_void_p),
                ("get_last_error", c_void_p), ("release", c_void_p),
                ("private_data", c_void_p)]


class ColumnsConfig(Structure):
    _fields_ = ([("size", c_uint32), ("flags", c_uint32), ("rows", c_uint32),
                 ("reserved", c_uint32)] + _pointer("reader") + _pointer("allocator"))


class ColumnsCounts(Structure):
    _fields_ = [("reader", ReaderCounts)] + [
        (name, c_uint64) for name in ("batches", "rows", "clamped", "narrowed")]


class ColumnsBatch(Structure):
    _fields_ = [("rows", c_uint64), ("errors", c_uint64)]


class ColumnsSource(Structure):
    _fields_ = [("read", c_void_p), ("errors", c_void_p), ("release", c_void_p),
                ("context", c_void_p)]


class ColumnsMap(Structure):
    _fields_ = [("columns", c_uint32), ("found", c_uint32), ("child", c_uint32 * FIELD_MAX),
                ("type", c_uint8 * FIELD_MAX)]


class ColumnsResult(Structure):
    _fields_ = [(name, c_uint64) for name in ("taken", "records", "errors", "text_len")]


_p, _s, _u32, _u64 = c_void_p, c_size_t, c_uint32, c_uint64

# What a function returns, and takes. `_p` is any pointer.
_PROTOTYPES: Dict[str, Tuple[Any, Sequence[Any]]] = {
    "base_version": (_u32, []),
    "base_abi": (_u32, []),
    "base_status_name": (c_char_p, [c_int32]),
    "base_status_text": (c_char_p, [c_int32]),
    "base_cpu": (_u32, []),
    "base_cpu_name": (c_char_p, [_u32]),
    "addr_read": (c_int32, [c_char_p, _s, _p, _p]),
    "addr_write": (c_int32, [_p, _p, _s, _p]),
    "addr_read_cidr": (c_int32, [c_char_p, _s, _p, _p]),
    "addr_write_cidr": (c_int32, [_p, _p, _s, _p]),
    "addr_mask": (c_int32, [_p, _u32, _p]),
    "addr_bytes": (_s, []),
    "addr_cidr_bytes": (_s, []),
    "prefix_new": (c_int32, [_p, _s, _p, _p, _p, _p]),
    "prefix_free": (None, [_p, _p]),
    "record_field": (c_int32, [_u32, _p]),
    "record_find": (c_int32, [c_char_p, _s, _p]),
    "record_init": (None, [_p, _p]),
    "record_get": (c_int32, [_p, _u32, _p]),
    "record_set": (c_int32, [_p, _u32, _p]),
    "record_name": (c_char_p, [_u32, _u64]),
    "record_find_name": (c_int32, [_u32, c_char_p, _s, _p]),
    "record_write_tcp_flags": (c_int32, [_u32, _p, _s, _p]),
    "record_read_tag": (c_int32, [c_char_p, _s, _p, _s, _p, _p]),
    "record_bytes": (_s, []),
    "record_field_count": (_u32, []),
    "layout_new": (c_int32, [_p, _p, _p, _p]),
    "layout_free": (None, [_p, _p]),
    "layout_columns": (_u32, [_p]),
    "layout_field": (_u32, [_p, _u32]),
    "layout_name": (c_char_p, [_p, _u32]),
    "layout_version": (_u32, [_p]),
    "layout_equal": (_u32, [_p, _p]),
    "layout_write": (c_int32, [_p, _u32, _p, _s, _p]),
    "layout_match": (c_int32, [c_char_p, _s]),
    "line_read": (c_int32, [_p, _u32, _p, _s, _p, _p]),
    "line_new": (c_int32, [_p, _p, _p, _p]),
    "line_free": (None, [_p, _p]),
    "line_columns_bytes": (_s, [_p, _u32]),
    "line_columns_init": (c_int32, [_p, _s, _p, _u32, _p]),
    "line_read_columns": (c_int32, [_p, _p, _s, _p, _p, _s, _p]),
    "line_write": (c_int32, [_p, _p, _p, _s, _p]),
    "line_write_rows": (c_int32, [_p, _p, _s, _s, _p, _s, _p, _p]),
    "line_write_columns": (c_int32, [_p, _p, _p, _s, _s, _p, _s, _p, _p]),
    "reader_new": (c_int32, [_p, _p, _p]),
    "reader_free": (None, [_p, _p]),
    "reader_add": (c_int32, [_p, _p, _s]),
    "reader_end": (c_int32, [_p]),
    "reader_next_columns": (c_int32, [_p, _p, _p, _s, _p]),
    "reader_layout": (_p, [_p]),
    "reader_get": (c_int32, [_p, _p]),
    "rollup_new": (c_int32, [_p, _p, _p]),
    "rollup_free": (None, [_p, _p]),
    "rollup_bytes": (_s, [_p]),
    "rollup_clear": (None, [_p]),
    "rollup_fields": (None, [_p, _p]),
    "rollup_add": (c_int32, [_p, _p, _s, _s]),
    "rollup_add_columns": (c_int32, [_p, _p, _p, _p, _p, _s, _s]),
    "rollup_merge": (c_int32, [_p, _p]),
    "rollup_count": (c_int32, [_p, _p]),
    "rollup_get_key": (c_int32, [_p, _u32, _u32, _p]),
    "rollup_get": (c_int32, [_p, _u32, _u32, _p]),
    "rollup_top": (c_int32, [_p, _u32, _u32, _p, _p]),
    "rollup_config_bytes": (_s, []),
    "packet_read": (c_int32, [_p, _p]),
    "packet_frame_bytes": (_s, []),
    "packet_bytes": (_s, []),
    "filter_new": (c_int32, [_p, _s, _p, _p, _p, _p]),
    "filter_plan": (c_int32, [_p, _s, _p, _p, _s, _p, _p]),
    "filter_free": (None, [_p, _p]),
    "filter_match": (c_int32, [_p, _p, _s, _s, _u32, _p]),
    "filter_explain": (c_int32, [_p, _s, _p, _p, _u32, _p, _p, _p]),
    "filter_lint": (c_int32, [_p, _s, _p, _p, _s, _p, _p]),
    "filter_read_lines": (c_int32, [c_char_p, _s, _p, _s, _p, _p, _p]),
    "filter_write": (c_int32, [_p, _p, _s, _p]),
    "filter_service_name": (c_char_p, [_u32]),
    "filter_part_name": (c_char_p, [_u32]),
    "filter_rule_bytes": (_s, []),
    "filter_answer_bytes": (_s, []),
    "scope_name": (c_char_p, [_u32]),
    "vxlan_unwrap": (c_int32, [_p, _p, _p, _p]),
    "vxlan_headroom": (_s, [_p]),
    "vxlan_wrap": (c_int32, [_p, _u32, _p, _p, _p, _p]),
    "vxlan_copy_bytes": (_s, []),
    "vxlan_layer_bytes": (_s, []),
    "columns_new": (c_int32, [_p, _p, _p]),
    "columns_free": (None, [_p, _p]),
    "columns_add": (c_int32, [_p, _p, _s]),
    "columns_end": (c_int32, [_p]),
    "columns_next": (c_int32, [_p, _p, _p, _s, _p]),
    "columns_schema": (c_int32, [_p, _p]),
    "columns_get": (c_int32, [_p, _p]),
    "columns_stream": (c_int32, [_p, _p, _p]),
    "columns_rollup_schema": (c_int32, [_p, _u32, _p, _p]),
    "columns_rollup": (c_int32, [_p, _u32, _p, _u32, _p, _p]),
    "columns_merge": (c_int32, [_p, _p, _p, _p]),
    "columns_find": (c_int32, [_p, _p, _p]),
    "columns_read": (c_int32, [_p, _p, _u64, _p, _s, _s, _p, _s, _p, _s, _p]),
}

# These may take long: other threads go on meanwhile. All others are over before the
# interpreter's lock would have been given back.
_LONG = frozenset((
    "prefix_new", "line_write_rows", "line_write_columns", "reader_next_columns", "rollup_new",
    "rollup_clear", "rollup_add", "rollup_add_columns", "rollup_merge", "rollup_top",
    "filter_new", "filter_plan", "filter_match", "filter_lint", "columns_next",
    "columns_rollup", "columns_merge", "columns_read"))

# The library says how long these are.
_SIZES = {
    "record_bytes": Record, "addr_bytes": Addr, "addr_cidr_bytes": Cidr,
    "rollup_config_bytes": RollupConfig, "packet_frame_bytes": Frame, "packet_bytes": Packet,
    "filter_rule_bytes": Rule, "filter_answer_bytes": FilterAnswer,
    "vxlan_copy_bytes": VxlanCopy, "vxlan_layer_bytes": VxlanLayer,
}


class Library:
    """The functions of the library, each by its name without `vpcvis_`."""

    path: str

    def __init__(self, cdll: ctypes.CDLL, path: str) -> None:
        short = ctypes.PyDLL(path, handle=cdll._handle)
        self.path = path
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(cdll if name in _LONG else short, "vpcvis_" + name)
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError("libvpcvis has no function vpcvis_" + name)


def _candidates() -> List[str]:
    given = os.environ.get("VPCVIS_LIBRARY")
    if given:
        return [given]
    found: Optional[str] = ctypes.util.find_library("vpcvis")
    return [SONAME] + ([found] if found and found != SONAME else [])


def _open() -> Tuple[ctypes.CDLL, str]:
    failures = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path), path
        except OSError as error:
            failures.append("%s: %s" % (path, error))
    raise ImportError(
        "libvpcvis is not to be found (%s). Build and install it (`make install`, then "
        "`ldconfig`), or set VPCVIS_LIBRARY to the path of libvpcvis.so." % "; ".join(failures))


def _check(cdll: ctypes.CDLL, path: str) -> None:
    try:
        abi = cdll.vpcvis_base_abi()
    except AttributeError:
        raise ImportError("%s is not libvpcvis: it has no vpcvis_base_abi" % path) from None
    if abi != ABI:
        raise ImportError("%s has ABI version %d; this package is for %d" % (path, abi, ABI))
    for name, struct in _SIZES.items():
        try:
            function = getattr(cdll, "vpcvis_" + name)
        except AttributeError:
            raise ImportError("%s has no vpcvis_%s: it is too old" % (path, name)) from None
        function.restype = c_size_t
        size = function()
        if size != ctypes.sizeof(struct):
            raise ImportError("%s: vpcvis_%s is %d; this package has %d" % (
                path, name, size, ctypes.sizeof(struct)))


def load() -> Library:
    """Find the library, make sure that it is the right one, and give its functions types."""
    cdll, path = _open()
    _check(cdll, path)
    try:
        return Library(cdll, path)
    except AttributeError as error:
        raise ImportError("%s is too old for this package: %s" % (path, error)) from None


lib = load()


def sized(struct: Any, **members: Any) -> Any:
    """A config: zero, but for its size and the members given."""
    config = struct(**members)
    config.size = ctypes.sizeof(struct)
    return config


def address_of(data: Any) -> int:
    """Where the bytes of a `bytes` object, or of a writable buffer, begin."""
    if isinstance(data, bytes):
        return ctypes.cast(c_char_p(data), c_void_p).value or 0
    if len(data) == 0:
        return 0
    return ctypes.addressof(c_char.from_buffer(data))
