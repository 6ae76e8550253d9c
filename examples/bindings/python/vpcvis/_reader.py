# SPDX-License-Identifier: MIT
"""A stream of lines to records, or to batches of columns."""
import ctypes
import mmap
import threading
from bisect import bisect_left
from ctypes import byref, c_char, c_size_t, c_uint64, c_void_p
from functools import lru_cache
from typing import (
    Any, Callable, Dict, FrozenSet, Iterable, Iterator, List, NamedTuple, Optional, Tuple,
    Type, Union,
)

from . import _abi
from ._abi import lib
from ._ahead import ahead, let_go
from ._errors import ClosedError, LineError, SourceError, check, fail, status_name
from ._layout import (
    FIELDS, FieldValue, Layout, Record, as_layout, borrowed_layout, fields_bitmap,
    find_field, line_error, record_type_of,
)
from ._source import Chunk, Source, inputs

OnError = Callable[[LineError], Any]

_ERRORS = 256  # of one batch
_ROWS = 16384
# Elements of number columns, by field: uint32_t where 31 bits are enough, else uint64_t.
_CODES = {field.id: "I" if field.max < 1 << 31 else "Q" for field in FIELDS
          if field.kind == "number"}


class Counts(NamedTuple):
    """What was read: lines == records + errors + blank + headers."""

    files: int = 0
    bytes: int = 0  #: decompressed
    lines: int = 0
    records: int = 0  #: with nodata and skipdata
    nodata: int = 0
    skipdata: int = 0
    blank: int = 0
    headers: int = 0
    errors: int = 0
    kinds: Tuple[Tuple[str, int], ...] = ()  #: errors by their names

    def __add__(self, other: Any) -> "Counts":
        if not isinstance(other, Counts):
            return NotImplemented
        kinds = dict(self.kinds)
        for name, count in other.kinds:
            kinds[name] = kinds.get(name, 0) + count
        sums = {name: getattr(self, name) + getattr(other, name) for name in _SUMS}
        return Counts(kinds=tuple(sorted(kinds.items())), **sums)


_SUMS = Counts._fields[:-1]


def counts_of(counts: _abi.ReaderCounts, files: int) -> Counts:
    """The counts of the library's struct."""
    kinds = tuple(sorted((status_name(-i), count) for i, count in enumerate(counts.kinds)
                         if count))
    return Counts(files, counts.bytes, counts.lines, counts.records, counts.nodata,
                  counts.skipdata, counts.blank, counts.headers, counts.errors, kinds)


class Options(NamedTuple):
    """How text is read; what Reader() and open() have in common."""

    layout: Union[Layout, str, int, None] = None
    fields: Optional[Iterable[str]] = None
    strict: bool = False
    on_error: Optional[OnError] = None
    keep_errors: int = 1000
    lenient: bool = False
    milliseconds: bool = False
    fixed_layout: bool = False
    time_prefix: bool = True
    strict_names: bool = False
    check_all: bool = True
    workers: int = 1

    def config(self) -> Tuple[_abi.ReaderConfig, Layout]:
        """The library's config, and the layout it points to."""
        layout = as_layout(self.layout)
        flags = self.lenient * _abi.LINE_LENIENT | self.milliseconds * _abi.LINE_MS
        flags |= self.fixed_layout * _abi.READER_FIXED
        flags |= self.strict_names * _abi.READER_STRICT
        flags |= (not self.time_prefix) * _abi.READER_NO_PREFIX
        flags |= (not self.check_all) * _abi.LINE_SKIP
        config = _abi.sized(_abi.ReaderConfig, flags=flags, layout=layout._pointer)
        if self.fields is not None:
            if not self.fields:
                raise ValueError("fields: at least one")
            config.fields = fields_bitmap(find_field(name).id for name in self.fields)
        return config, layout


class Troubles:
    """Lines that were refused: kept, handed to a function, or raised."""

    def __init__(self, options: Options) -> None:
        self.kept: List[LineError] = []
        self._strict = options.strict
        self._call = options.on_error
        self._room = options.keep_errors

    def add(self, error: LineError) -> None:
        """Deal with one, as the options want it."""
        if self._strict:
            raise error
        if self._call is not None:
            self._call(error)
        elif len(self.kept) < self._room:
            self.kept.append(error)


class Batch:
    """Some rows of one layout, as columns in memory that the reader owns.

    It lives until the reader is asked for its next batch, or closed; from then on it raises
    ClosedError. The lists, records and bytes it gave are the caller's for ever.
    """

    __slots__ = ("layout", "_reader", "_number", "_rows", "_text")

    def __init__(self, reader: "Reader", number: int, rows: int, text: int,
                 layout: Layout) -> None:
        self._reader = reader
        self._number = number
        self._rows = rows
        self._text = text
        self.layout = layout

    @property
    def _columns(self) -> "_Columns":
        if self._reader._number != self._number:
            raise ClosedError("the batch is over: its memory went to the next one")
        return self._reader._columns

    def __len__(self) -> int:
        return self._rows

    @property
    def path(self) -> str:
        """The file these rows are from."""
        return self._reader.path

    @property
    def names(self) -> Tuple[str, ...]:
        """Names of the columns: those of the layout that were asked for."""
        asked = self._reader._asked
        layout = self.layout
        if asked is None:
            return layout.names
        return tuple(name for name, number in zip(layout.names, layout._ids)
                     if number in asked)

    def _id(self, name: str) -> int:
        place = self.layout._places.get(name.replace("-", "_"))
        number = -1 if place is None else self.layout._ids[place]
        if place is None or self._reader._asked is not None \
                and number not in self._reader._asked:
            raise KeyError(name)
        return number

    def column(self, name: str) -> List[FieldValue]:
        """A column as a list: int or str, None for `-`. KeyError if there is none."""
        number = self._id(name)
        columns = self._columns
        valid = columns.valid(number, self._rows)
        code = _CODES.get(number)
        if code is not None:
            values = columns.numbers(number, code, self._rows).tolist()
            if valid is None:
                return values  # type: ignore[return-value]
            return [value if bit == "1" else None for value, bit in zip(values, valid)]
        texts = self._write(_column_layout(name)).decode("ascii").split("\n")
        texts.pop()
        if valid is None:
            return texts  # type: ignore[return-value]
        return [None if text == "-" else text for text in texts]

    __getitem__ = column

    def view(self, name: str) -> memoryview:
        """A column of numbers where it lies, to be read at once (`numpy.asarray(view)`).

        Nothing is copied: the numbers change with the reader's next batch. Rows that have a
        `-` have any number. TypeError for a column that has no numbers.
        """
        number = self._id(name)
        columns = self._columns
        code = _CODES.get(number)
        if code is None:
            raise TypeError("%s has no numbers" % name)
        return columns.numbers(number, code, self._rows).toreadonly()

    def records(self) -> Iterator[Record]:
        """The rows, one by one."""
        names = self.names
        record_type: Type[Record] = record_type_of(names)
        columns = [self.column(name) for name in names]
        flags = self._columns.flags(self._rows)
        rows = zip(*columns) if columns else iter([()] * self._rows)
        if flags is None:
            return map(record_type, rows)
        missing = {row: self._missing(row) for row, flag in enumerate(flags)
                   if flag & _abi.RECORD_FEW}
        return _flagged(record_type, rows, flags, missing)

    __iter__ = records

    def _missing(self, row: int) -> Tuple[str, ...]:
        """Columns that a short line did not have."""
        line = self._reader._line(self._columns.line_at(self._rows), row)
        read = self.layout.read_line(line, lenient=True, prefix=True,
                                     milliseconds=self._reader._options.milliseconds)
        return read.missing

    def _write(self, layout: Layout) -> bytes:
        """Rows as lines of another layout, whose unknown names are found by name."""
        struct = self._columns.part(self.layout, layout, self._reader._asked)
        out = ctypes.create_string_buffer(64 + self._rows * 24 * len(layout))
        size, written = c_size_t(), c_size_t()
        first = 0
        pieces = []
        while first < self._rows:
            status = lib.line_write_columns(
                layout._pointer, byref(struct), self._text, first, self._rows - first, out,
                len(out), byref(size), byref(written))
            if status == _abi.E_SPACE:
                out = ctypes.create_string_buffer(size.value)
                continue
            if status not in (_abi.OK, _abi.MORE):
                fail(status)
            pieces.append(ctypes.string_at(out, size.value))
            first += written.value
        return b"".join(pieces)

    def write(self, layout: Union[Layout, str, int, None] = None) -> bytes:
        """All rows as lines of the batch's layout, or of another, each with its line end."""
        return self._write(self.layout if layout is None else as_layout(layout))


def _flagged(record_type: Type[Record], rows: Iterable[Any], flags: Iterable[int],
             missing: Dict[int, Tuple[str, ...]]) -> Iterator[Record]:
    for row, (values, flag) in enumerate(zip(rows, flags)):
        record = record_type(values)
        if flag:
            record.flags = flag
        if row in missing:
            record.missing = missing[row]
        yield record


@lru_cache(maxsize=256)
def _column_layout(name: str) -> Layout:
    return Layout(name)


class _Columns:
    """Arrays for the rows of a batch: address space for all fields, pages where one is used."""

    def __init__(self, fields: Any, rows: int) -> None:
        self.rows = rows
        size = lib.line_columns_bytes(fields, rows)
        self._memory = mmap.mmap(-1, size)
        self._view = memoryview(self._memory)
        self._base = ctypes.addressof(c_char.from_buffer(self._memory))
        self.struct = _abi.LineColumns()
        check(lib.line_columns_init(self._base, size, fields, rows, byref(self.struct)))

    def _at(self, address: int, code: str, count: int) -> memoryview:
        start = address - self._base
        if code == "I":
            return self._view[start:start + count * 4].cast("I")
        return self._view[start:start + count * 8].cast("Q")

    def numbers(self, number: int, code: str, rows: int) -> memoryview:
        return self._at(self.struct.values[number], code, rows)

    def valid(self, number: int, rows: int) -> Optional[str]:
        """A character for each row, "1" for a value; None if all of them have one."""
        start = self.struct.valid[number] - self._base
        words = self._view[start:start + (rows + 63) // 64 * 8]
        bits = int.from_bytes(words, "little")
        if bits == (1 << rows) - 1:
            return None
        return format(bits, "0%db" % rows)[::-1]

    def flags(self, rows: int) -> Optional[memoryview]:
        view = self._at(self.struct.flags, "I", rows)
        return view if any(view.tobytes()) else None

    def line_at(self, rows: int) -> memoryview:
        return self._at(self.struct.line_at, "I", rows)

    def part(self, has: Layout, wants: Layout,
             asked: Optional[FrozenSet[int]]) -> _abi.LineColumns:
        """Columns for a layout that wants some of them, unknown names at their other ids."""
        struct = _abi.LineColumns(size=self.struct.size, capacity=self.struct.capacity)
        places = has._places
        for name, number in zip(wants.names, wants._ids):
            place = places.get(name.replace("-", "_"))
            if place is None:
                continue
            source = has._ids[place]
            if asked is None or source in asked:
                struct.values[number] = self.struct.values[source]
                struct.valid[number] = self.struct.valid[source]
        return struct


class Reader:
    """Flow logs to records: iterate it, or its batches().

        for record in vpcvis.Reader("logs/"):
            print(record.srcaddr, record.bytes)

    source: a path, a pattern, a directory, bytes, a file object in binary mode, or several of
    them. gzip is seen from the bytes. Each file begins anew, with the header line it has or
    else with `layout` (what Layout() takes; the default format if None).

    A bad line costs itself alone: it is a LineError in `errors` (the first `keep_errors`), or
    goes to `on_error`; with `strict` it is raised when the records before it have been given.

    fields: read these alone, which is faster; `check_all=False` does not even look at the rest.
    lenient: too few or too many columns are no error. milliseconds: times of 11 and more digits
    are milliseconds. fixed_layout: header lines are not looked for. time_prefix=False: no times
    before lines, as CloudWatch exports have them. strict_names: header lines with names that are
    not in the catalogue are errors. workers: so many files at once are read and decompressed
    ahead, by threads, up to 64 MiB each; the order stays.

    One thread at a time. A file that cannot be read raises what it raises, and closes the
    reader. Records stay good after the reader is closed.
    """

    def __init__(self, source: Source, *, layout: Union[Layout, str, int, None] = None,
                 fields: Optional[Iterable[str]] = None, strict: bool = False,
                 on_error: Optional[OnError] = None, keep_errors: int = 1000,
                 lenient: bool = False, milliseconds: bool = False,
                 fixed_layout: bool = False, time_prefix: bool = True,
                 strict_names: bool = False, check_all: bool = True, workers: int = 1,
                 rows: int = _ROWS) -> None:
        self._options = Options(layout, None if fields is None else tuple(fields), strict,
                                on_error, keep_errors, lenient, milliseconds, fixed_layout,
                                time_prefix, strict_names, check_all, workers)
        self._handle = c_void_p()
        self._lock = threading.Lock()
        self._number = 0
        self._config, self._first = self._options.config()
        self._asked = None if self._options.fields is None else frozenset(
            find_field(name).id for name in self._options.fields)
        every = self._config.fields if self._asked is not None else (
            c_uint64 * 2)((1 << 64) - 1, (1 << 32) - 1)
        self._columns = _Columns(every, rows)
        self._column_address = ctypes.addressof(self._columns.struct)
        self._error_array = (_abi.Error * _ERRORS)()
        self._error_address = ctypes.addressof(self._error_array)
        self._batch = _abi.ReaderBatch()
        self._batch_address = ctypes.addressof(self._batch)
        self._inputs = ahead(inputs(source), workers)
        self._input: Any = None
        self._chunks: Iterator[Chunk] = iter(())
        self._chunk: Optional[Chunk] = None
        self._chunk_offset = 0
        self._layout = self._first
        self._done = self._seen = Counts()
        self._troubles = Troubles(self._options._replace(strict=False))
        self._pending: Optional[LineError] = None
        self._closed = False

    @property
    def path(self) -> str:
        """The file that is being read; empty before the first and after the last."""
        return "" if self._input is None else self._input.name

    @property
    def layout(self) -> Layout:
        """The layout of the rows last given; before any, the one to begin with."""
        return self._layout

    @property
    def errors(self) -> List[LineError]:
        """Lines that were refused, the first `keep_errors` of them; `counts` has them all."""
        return self._troubles.kept

    @property
    def counts(self) -> Counts:
        """Everything that was seen so far, bad lines and blank ones too; while another thread
        is reading, what was seen before."""
        if self._lock.acquire(blocking=False):
            try:
                self._seen = self._done + self._current()
            finally:
                self._lock.release()
        return self._seen

    def _current(self) -> Counts:
        if not self._handle:
            return Counts()
        counts = _abi.ReaderCounts()
        check(lib.reader_get(self._handle, byref(counts)))
        return counts_of(counts, 1)

    def close(self) -> None:
        """Give everything back. Records stay good; batches are over. Closing twice is fine."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("the reader is in use by another thread")
        try:
            self._close()
        finally:
            self._lock.release()

    def _close(self) -> None:
        self._closed = True
        self._number += 1
        self._leave()
        self._inputs = let_go(self._inputs)

    def _leave(self) -> None:
        """Be done with a file."""
        self._done += self._current()
        if self._handle:
            lib.reader_free(self._handle, None)
            self._handle = c_void_p()
        self._chunk = self._input = None
        self._chunks = let_go(self._chunks)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            lib.reader_free(self._handle, None)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *what: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Record]:
        for batch in self.batches():
            yield from batch.records()

    def batches(self) -> Iterator[Batch]:
        """The rows in batches of one layout; each lives until the next one is asked for."""
        if self._closed:
            raise ClosedError("the reader is closed")
        return iter(self._next, None)

    def _next(self) -> Optional[Batch]:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("the reader is in use by another thread")
        try:
            return self._advance()
        except BaseException:
            self._close()
            raise
        finally:
            self._lock.release()

    def _advance(self) -> Optional[Batch]:
        if self._closed:
            raise ClosedError("the reader is closed")
        self._number += 1
        if self._pending is not None:
            raise self._pending
        batch = self._batch
        while self._handle or self._enter():
            status = lib.reader_next_columns(
                self._handle, self._column_address, self._error_address, _ERRORS,
                self._batch_address)
            if status == _abi.OK:
                rows = batch.records
                self._follow_layout()
                if batch.errors:
                    rows = self._report(rows)
                if rows:
                    return Batch(self, self._number, rows, batch.text, self._layout)
                if self._pending is not None:
                    raise self._pending
            elif status == _abi.MORE:
                self._feed()
            elif status == _abi.DONE:
                self._leave()
            elif status in (_abi.E_GZIP, _abi.E_ZSTD, _abi.E_PARQUET, _abi.E_JSON):
                raise SourceError(status, self.path)
            else:
                fail(status, self.path)
        return None

    def _enter(self) -> bool:
        """Begin with the next file."""
        self._input = next(self._inputs, None)
        if self._input is None:
            return False
        self._chunks = self._input.chunks()
        self._chunk = None
        self._chunk_offset = 0
        check(lib.reader_new(byref(self._config), None, byref(self._handle)))
        return True

    def _feed(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            check(lib.reader_end(self._handle))
        else:
            if self._chunk is not None:
                self._chunk_offset += self._chunk.size
            self._chunk = chunk
            check(lib.reader_add(self._handle, chunk.address, chunk.size))

    def _follow_layout(self) -> None:
        handle = lib.reader_layout(self._handle)
        if not lib.layout_equal(handle, self._layout._pointer):
            self._layout = borrowed_layout(handle)

    def _report(self, rows: int) -> int:
        """Deal with the errors of a batch; how many of its rows are to be given."""
        found = [line_error(self._error_array[i], self._layout.names, self.path)
                 for i in range(self._batch.errors)]
        if self._options.strict:
            self._pending = found[0]
            if rows:
                places = self._columns.line_at(rows)
                rows = bisect_left(places, found[0].at - self._text_at(places))
            return rows
        for error in found:
            self._troubles.add(error)
        return rows

    def _text_at(self, places: memoryview) -> int:
        """Where the batch's text begins in the file."""
        chunk = self._chunk
        assert chunk is not None
        start = int(self._batch.text) - chunk.address
        if 0 <= start < chunk.size:
            return self._chunk_offset + start
        # The first line of a file, or its last without a line end: the reader has a copy, and
        # has dealt with all up to the end of it.
        end = self._current().bytes - self._chunk_offset
        last = chunk.part(0, end).rstrip().rfind(b"\n") + 1
        return self._chunk_offset + last - int(places[-1])

    def _line(self, places: memoryview, row: int) -> bytes:
        """The line of a row."""
        chunk = self._chunk
        assert chunk is not None
        start = self._text_at(places) + places[row] - self._chunk_offset
        return chunk.part(start, start + _abi.LINE_MAX + 1).split(b"\n", 1)[0]


def read(source: Source, **options: Any) -> Iterator[Record]:
    """The records of a source, one by one; options as Reader() has them."""
    return iter(Reader(source, **options))
