# SPDX-License-Identifier: MIT
"""Arrow batches in: AWS's Parquet files, or whatever an engine has, to rows and records."""
import ctypes
from ctypes import byref, c_size_t
from typing import Any, Iterator, List, Optional, Union

from . import _abi
from ._abi import lib
from ._capsule import imported
from ._errors import check_text, fail
from ._layout import FIELDS, FieldValue, Layout, Record, as_layout, line_error
from ._reader import OnError, Options, Troubles

_ROWS = 2048
_TEXT = 4 << 20
_ERRORS = 256


def speaks_arrow(what: Any) -> bool:
    """Whether an object offers batches."""
    return hasattr(what, "__arrow_c_stream__") or hasattr(what, "__arrow_c_array__")


class Rows:
    """Some rows as an array of structs; good until the next ones are asked for."""

    def __init__(self, layout: Layout, array: Any, count: int) -> None:
        self.layout = layout
        self.array = array
        self.count = count

    def write(self, layout: Optional[Layout] = None) -> bytes:
        """The rows as lines."""
        layout = layout or self.layout
        out = ctypes.create_string_buffer(self.count * 512 + _abi.LINE_MAX)
        size, written = c_size_t(), c_size_t()
        pieces = []
        first = 0
        stride = ctypes.sizeof(_abi.Record)
        while first < self.count:
            status = lib.line_write_rows(
                layout._pointer, ctypes.addressof(self.array) + first * stride, stride,
                self.count - first, out, len(out), byref(size), byref(written))
            if status not in (_abi.OK, _abi.MORE):
                fail(status)
            pieces.append(ctypes.string_at(out, size.value))
            first += written.value
        return b"".join(pieces)

    def records(self) -> Iterator[Record]:
        """The rows as records."""
        columns = zip(*(line.split(" ") for line in
                        self.write().decode("ascii").split("\n")[:-1]))
        return map(self.layout.record_type, zip(*(
            _values(name, texts) for name, texts in zip(self.layout.names, columns))))


_NUMBERS = frozenset(field.name for field in FIELDS if field.kind == "number")


def _values(name: str, texts: Any) -> List[FieldValue]:
    if name in _NUMBERS:
        return [None if text == "-" else int(text) for text in texts]
    return [None if text == "-" else text for text in texts]


class ArrowRows:
    """Batches of anything that speaks Arrow, as rows of the library."""

    def __init__(self, what: Any, options: Options) -> None:
        self._what = what
        self.troubles = Troubles(options)
        self._array = (_abi.Record * _ROWS)()
        self._text = ctypes.create_string_buffer(_TEXT)
        self._errors = (_abi.Error * _ERRORS)()
        self._before = 0
        self.count_errors = 0

    def __iter__(self) -> Iterator[Rows]:
        mapping = _abi.ColumnsMap()
        error = _abi.Error()
        for schema, array in imported(self._what):
            check_text(lib.columns_find(byref(schema), byref(mapping), byref(error)), error,
                       "schema")
            yield from self._batch(mapping, array)
            self._before += array.length

    def _batch(self, mapping: _abi.ColumnsMap, array: _abi.ArrowArray) -> Iterator[Rows]:
        layout = _layout_of(mapping)
        result = _abi.ColumnsResult()
        first = 0
        more = array.length > 0
        while more:
            status = lib.columns_read(
                byref(mapping), byref(array), first, self._array, ctypes.sizeof(_abi.Record),
                _ROWS, self._text, _TEXT, self._errors, _ERRORS, byref(result))
            if status not in (_abi.OK, _abi.MORE):
                fail(status, "batch")
            first += result.taken
            more = status == _abi.MORE
            if result.records:
                yield Rows(layout, self._array, result.records)
            self.count_errors += result.errors
            for i in range(result.errors):
                self.troubles.add(line_error(self._errors[i], layout.names, "<arrow>",
                                             lines_before=-self._before))


def _layout_of(mapping: _abi.ColumnsMap) -> Layout:
    found = sorted((child, number) for number, child in enumerate(mapping.child)
                   if child != _abi.FIELD_NONE and number < len(FIELDS))
    return as_layout(" ".join(FIELDS[number].name for _, number in found))


def _options(strict: bool, on_error: Optional[OnError], keep_errors: int) -> Options:
    return Options(strict=strict, on_error=on_error, keep_errors=keep_errors)


def from_arrow(what: Any, *, strict: bool = False,
               on_error: Optional[OnError] = None) -> Iterator[Record]:
    """Records of Arrow batches: a pyarrow, Polars or pandas table, a DuckDB result.

    Columns are found by name, with hyphens or underscores; those that are no fields are passed
    over. A row with a value that the field cannot have costs itself alone: it goes to
    `on_error` as a LineError whose line is the row, counting from 1, or is raised (`strict`).
    """
    for rows in ArrowRows(what, _options(strict, on_error, 0)):
        yield from rows.records()


def write_arrow(what: Any, layout: Union[Layout, str, int, None] = None, *,
                strict: bool = False, on_error: Optional[OnError] = None) -> Iterator[bytes]:
    """Arrow batches as lines of a flow log: blocks of bytes, for a file's write.

    layout: None is what the columns are, in their order.
    """
    chosen = None if layout is None else as_layout(layout)
    for rows in ArrowRows(what, _options(strict, on_error, 0)):
        yield rows.write(chosen)


