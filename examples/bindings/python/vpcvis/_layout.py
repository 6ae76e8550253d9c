# SPDX-License-Identifier: MIT
"""Fields, layouts and records: what a line of a flow log says."""
import ctypes
from ctypes import byref, c_size_t, c_uint32, c_uint64, c_void_p
from functools import lru_cache
from typing import (
    Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Type, Union,
)

from . import _abi
from ._abi import lib
from ._errors import LineError, VpcvisError, check, check_text, fail

FieldValue = Union[int, str, None]

_KINDS = {_abi.KIND_NUMBER32: "number", _abi.KIND_NUMBER64: "number",
          _abi.KIND_ADDRESS: "address", _abi.KIND_NAME: "name", _abi.KIND_TEXT: "text"}
_ABOUT = {1: "flow", 2: "packet", 3: "interface", 4: "log"}
_PARQUET = {1: "int32", 2: "int64", 3: "string"}


class Field(NamedTuple):
    """A row of the catalogue of fields."""

    name: str  #: as AWS writes it, with hyphens
    id: int
    version: int  #: of the format that brought it
    kind: str  #: number, address, name (one of a list of words) or text
    about: str  #: flow, packet, interface or log
    parquet: str  #: int32, int64 or string
    max: int  #: the largest value of a number, else 0

    @property
    def attribute(self) -> str:
        """The name as an attribute of a record, with underscores."""
        return self.name.replace("-", "_")


def _read_field(number: int) -> Field:
    row = _abi.Field()
    check(lib.record_field(number, byref(row)))
    return Field(row.name.decode(), number, row.version, _KINDS[row.kind],
                 _ABOUT[row.about], _PARQUET[row.parquet], row.max)


#: Every field that the library knows, by its id.
FIELDS: Tuple[Field, ...] = tuple(
    _read_field(number) for number in range(lib.record_field_count()))
_BY_ATTRIBUTE: Dict[str, Field] = {field.attribute: field for field in FIELDS}


def find_field(name: str) -> Field:
    """The field of a name: `pkt-srcaddr`, `pkt_srcaddr`, `pktSrcAddr`. KeyError if unknown."""
    found = c_uint32()
    text = name.encode()
    if lib.record_find(text, len(text), byref(found)) != _abi.OK:
        raise KeyError("no field is called %r" % name)
    return FIELDS[found.value]


def word_of(field: str, number: int) -> Optional[str]:
    """The word for a number of a field: `word_of("protocol", 6)` is "TCP"."""
    word = lib.record_name(find_field(field).id, number)
    return None if word is None else word.decode()


def tcp_flags_text(flags: int) -> str:
    """tcp-flags as names: 18 is "SYN-ACK"."""
    return written(lambda out, room, size: lib.record_write_tcp_flags(flags, out, room, size))


def decode_tag(text: str) -> str:
    """The value of a tag field, percent-decoded."""
    data = text.encode()
    out = ctypes.create_string_buffer(max(len(data), 1))
    size = c_size_t()
    error = _abi.Error()
    check_text(lib.record_read_tag(data, len(data), out, len(out), byref(size), byref(error)),
               error, "tag")
    return out.raw[:size.value].decode()


def written(write: Callable[[Any, int, Any], int]) -> str:
    """What a function with (out, capacity, *out_len) writes."""
    size = c_size_t()
    out = ctypes.create_string_buffer(256)
    status = write(out, len(out), byref(size))
    if status == _abi.E_SPACE:
        out = ctypes.create_string_buffer(size.value)
        status = write(out, len(out), byref(size))
    check(status)
    return out.raw[:size.value].decode("ascii")


_STYLES = {"header": 0, "format": 1, "underscore": 2}


class Layout:
    """Which fields a line has, in which order. Immutable; any number of threads may share one.

    `Layout()` is the default format. `Layout("version srcaddr")` is a header line and
    `Layout("${version} ${srcaddr}")` a format string; `Layout(5)` has every VPC field up to
    version 5, `Layout("transit-gateway")` the 36 of a transit gateway.
    """

    names: Tuple[str, ...]
    version: int  #: that the layout implies: the highest of its fields' versions

    def __init__(self, what: Union[str, int, Iterable[str], None] = None, *,
                 strict: bool = False) -> None:
        self._handle = c_void_p()
        config = _abi.sized(_abi.LayoutConfig, flags=_abi.LAYOUT_STRICT if strict else 0)
        if what is not None and not isinstance(what, (str, int)):
            what = " ".join(what)
        text = b""
        if what == "transit-gateway":
            config.standard = 6
        elif isinstance(what, str):
            text = what.encode()
            config.text = _abi.address_of(text)
            config.text_len = len(text)
        elif what is not None:
            config.standard = what
        error = _abi.Error()
        check_text(lib.layout_new(byref(config), None, byref(self._handle), byref(error)),
                   error, "layout")
        self._look(self._handle.value or 0)

    def _look(self, handle: int) -> None:
        count = lib.layout_columns(handle)
        self._pointer = handle
        self._ids = tuple(lib.layout_field(handle, i) for i in range(count))
        self.names = tuple(lib.layout_name(handle, i).decode() for i in range(count))
        self.version = lib.layout_version(handle)

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle:
            lib.layout_free(handle, None)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._places

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layout) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return "Layout(%r)" % self.write()

    def __reduce__(self) -> Any:
        return Layout, (self.write(),)

    @property
    def _places(self) -> Mapping[str, int]:
        return _places(self.names)

    @property
    def record_type(self) -> Type["Record"]:
        """The class of this layout's records."""
        return record_type_of(self.names)

    def write(self, style: str = "header") -> str:
        """The layout as text: a "header" line, a "format" string, or with "underscore"."""
        return written(lambda out, room, size: lib.layout_write(
            self._pointer, _STYLES[style], out, room, size))

    def read_line(self, line: Union[str, bytes], *, lenient: bool = False,
                  milliseconds: bool = False, prefix: bool = False) -> "Record":
        """Read one line. LineError says what is wrong with it, and where."""
        data = line.encode() if isinstance(line, str) else bytes(line)
        data = data[:-1] if data.endswith(b"\n") else data
        struct = _abi.Record()
        error = _abi.Error()
        flags = lenient * _abi.LINE_LENIENT | milliseconds * _abi.LINE_MS
        flags |= prefix * _abi.LINE_PREFIX
        address = _abi.address_of(data)
        status = lib.line_read(self._pointer, flags, address, len(data), byref(struct),
                               byref(error))
        if status in (_abi.E_ARG, _abi.E_CONFIG):
            fail(status)
        if status != _abi.OK:
            raise line_error(error, self.names, "")
        return self._from_struct(struct)

    def record(self, **values: FieldValue) -> "Record":
        """Make a record of this layout: fields by name, with underscores; the rest are `-`.

        `layout.record(srcaddr="10.0.0.1", bytes=4)`. VpcvisError for a value that the field
        cannot have.
        """
        unknown = [name for name in values if _plain(name) not in self._places]
        if unknown:
            raise TypeError("the layout has no field %s" % ", ".join(unknown))
        given = {self._places[_plain(name)]: value for name, value in values.items()}
        draft = self.record_type(given.get(i) for i in range(len(self.names)))
        return self.read_line(draft.write(self))

    def _from_struct(self, struct: _abi.Record) -> "Record":
        value = _abi.Value()
        values: List[FieldValue] = []
        absent = []
        for name, number in zip(self.names, self._ids):
            check(lib.record_get(byref(struct), number, byref(value)))
            values.append(value_of(value, number))
            if value.state == _abi.STATE_ABSENT:
                absent.append(name)
        record = self.record_type(values)
        if struct.flags:
            record.flags = struct.flags
        if absent:
            record.missing = tuple(absent)
        return record


def borrowed_layout(handle: int) -> Layout:
    """A Layout of its own that equals one which belongs to a machine."""
    out = ctypes.create_string_buffer(8192)
    size = c_size_t()
    check(lib.layout_write(handle, 0, out, len(out), byref(size)))
    return Layout(out.raw[:size.value].decode("ascii"))


def address_text(addr: _abi.Addr) -> str:
    """An address by RFC 5952."""
    return written(lambda out, room, size: lib.addr_write(byref(addr), out, room, size))


def read_address(text: str) -> _abi.Addr:
    """The struct of an address."""
    addr, error, data = _abi.Addr(), _abi.Error(), str(text).encode()
    check_text(lib.addr_read(data, len(data), byref(addr), byref(error)), error, "address")
    return addr


def read_cidr(text: str) -> _abi.Cidr:
    """The struct of a block of addresses."""
    cidr, error, data = _abi.Cidr(), _abi.Error(), str(text).encode()
    check_text(lib.addr_read_cidr(data, len(data), byref(cidr), byref(error)), error, "CIDR")
    return cidr


def value_of(value: _abi.Value, number: int) -> FieldValue:
    """A value of the library's as one of Python's."""
    if value.state != _abi.STATE_VALUE:
        return None
    if value.kind in (_abi.KIND_NUMBER32, _abi.KIND_NUMBER64):
        return int(value.number)
    if value.kind == _abi.KIND_ADDRESS:
        return address_text(value.addr)
    if value.kind == _abi.KIND_NAME and value.number:
        return str(lib.record_name(number, value.number).decode())
    return ctypes.string_at(value.text, value.text_len).decode("ascii")


def _plain(name: str) -> str:
    return name.replace("-", "_")


@lru_cache(maxsize=256)
def _places(names: Tuple[str, ...]) -> Mapping[str, int]:
    return {_plain(name): place for place, name in enumerate(names)}


class Record(tuple):  # type: ignore[type-arg]
    """One flow-log record: the values of its layout's columns, in their order.

    Fields are attributes with underscores (`record.pkt_srcaddr`) and items by their name
    (`record["pkt-srcaddr"]`). Numbers are int, all else str; a `-` is None, and so is a field
    that the log does not have: `state` tells them apart. A record is immutable, owns all it
    has, and can be pickled.
    """

    names: Tuple[str, ...] = ()  #: of the columns
    flags: int = 0  #: the library's VPCVIS_RECORD_... bits
    missing: Tuple[str, ...] = ()  #: columns that a short line (lenient) did not have

    @property
    def layout(self) -> Layout:
        """The layout this record was read with."""
        return _layout_of(self.names)

    def __getattr__(self, name: str) -> FieldValue:
        if name in _BY_ATTRIBUTE:
            return None
        raise AttributeError("no field is called %r" % name)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            place = _places(self.names).get(_plain(key))
            if place is None:
                raise KeyError(key)
            return tuple.__getitem__(self, place)
        return tuple.__getitem__(self, key)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field; `default` if there is none."""
        place = _places(self.names).get(_plain(name))
        value = None if place is None else tuple.__getitem__(self, place)
        return default if value is None else value

    def state(self, name: str) -> str:
        """`value`, `dash` (the line has a `-`) or `absent` (it has no such column)."""
        place = _places(self.names).get(_plain(name))
        if place is None or self.names[place] in self.missing:
            return "absent"
        return "dash" if tuple.__getitem__(self, place) is None else "value"

    def to_dict(self, *, underscore: bool = False) -> Dict[str, FieldValue]:
        """Values by name, with hyphens as AWS writes them, or with underscores."""
        names = map(_plain, self.names) if underscore else self.names
        return dict(zip(names, self))

    def write(self, layout: Optional[Layout] = None) -> str:
        """The record as a line of its own layout, or of another. VpcvisError if it cannot be."""
        layout = layout or self.layout
        struct, texts = to_struct(self, layout)
        line = written(lambda out, room, size: lib.line_write(
            layout._pointer, byref(struct), out, room, size))
        del texts
        return line

    def __repr__(self) -> str:
        return "Record(%s)" % ", ".join("%s=%r" % (_plain(name), value) for name, value
                                        in zip(self.names, self) if value is not None)

    def __reduce__(self) -> Any:
        return _remake, (self.names, tuple(self), self.__dict__)


def _remake(names: Tuple[str, ...], values: Tuple[FieldValue, ...],
            more: Dict[str, Any]) -> Record:
    record = record_type_of(names)(values)
    record.__dict__.update(more)
    return record


@lru_cache(maxsize=256)
def _layout_of(names: Tuple[str, ...]) -> Layout:
    return Layout(" ".join(names))


@lru_cache(maxsize=256)
def record_type_of(names: Tuple[str, ...]) -> Type[Record]:
    """The records of a layout: a tuple whose columns are attributes."""
    body: Dict[str, Any] = {"names": names, "__module__": __name__}
    for place, name in enumerate(names):
        if hasattr(Record, _plain(name)):
            continue
        def getter(self: Record, _get: Any = tuple.__getitem__, _place: int = place) -> Any:
            return _get(self, _place)
        body[_plain(name)] = property(getter, doc="Field %s." % name)
    return type("Record", (Record,), body)


def line_error(error: _abi.Error, names: Tuple[str, ...], path: str, *, lines_before: int = 0,
               bytes_before: int = 0) -> LineError:
    """A LineError of the library's struct; what came before the file is taken off."""
    name = None
    if error.field < len(FIELDS):
        name = FIELDS[error.field].name
    elif error.field != _abi.FIELD_NONE and error.column < len(names):
        name = names[error.column]
    return LineError(error.status, error.line - lines_before, error.offset,
                     error.line_at - bytes_before, name,
                     None if name is None else error.column, path)


def to_struct(record: Record, layout: Layout) -> Tuple[_abi.Record, bytes]:
    """The struct of a record, for a layout; its texts are in the bytes given back."""
    columns: List[Tuple[int, Any, int, int]] = []
    texts = bytearray()
    for name, number in zip(layout.names, layout._ids):
        value = record.get(name)
        if value is None:
            columns.append((number, None, 0, 0))
            continue
        kind = "text" if number >= len(FIELDS) else FIELDS[number].kind
        if kind in ("number", "address"):
            columns.append((number, value, 0, 0))
        else:
            text = str(value).encode()
            columns.append((number, text, len(texts), len(text)))
            texts += text
    return _fill(columns, bytes(texts))


def _fill(columns: List[Tuple[int, Any, int, int]], texts: bytes) -> Tuple[_abi.Record, bytes]:
    struct = _abi.Record()
    base = _abi.address_of(texts)
    lib.record_init(byref(struct), base)
    for number, given, at, size in columns:
        value = _abi.Value(state=_abi.STATE_DASH)
        if given is not None:
            value.state = _abi.STATE_VALUE
            if isinstance(given, bytes):
                value.text, value.text_len = base + at, size
            elif FIELDS[number].kind == "address":
                value.addr = read_address(given)
            else:
                value.number = _number(given, FIELDS[number])
        check(lib.record_set(byref(struct), number, byref(value)),
              FIELDS[number].name if number < len(FIELDS) else "")
    return struct, texts


def _number(given: Any, field: Field) -> int:
    if not isinstance(given, int) or not 0 <= given < 1 << 64:
        raise VpcvisError(_abi.E_RANGE, "%s: %r" % (field.name, given))
    return given


def fields_bitmap(ids: Iterable[int]) -> Any:
    """A bitmap of fields, as configs want it."""
    bits = 0
    for number in ids:
        bits |= 1 << number
    return (c_uint64 * 2)(bits & (1 << 64) - 1, bits >> 64)


def read_line(line: Union[str, bytes], layout: Union[Layout, str, int, None] = None,
              **options: bool) -> Record:
    """Read one line of a layout, the default format if none is said."""
    return as_layout(layout).read_line(line, **options)


@lru_cache(maxsize=64)
def _cached(what: Union[str, int, None]) -> Layout:
    return Layout(what)


def as_layout(what: Union[Layout, str, int, None]) -> Layout:
    """A layout, of one or of what Layout() takes."""
    return what if isinstance(what, Layout) else _cached(what)
