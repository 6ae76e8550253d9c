# SPDX-License-Identifier: MIT
"""Logs as an Arrow stream that engines pull from.

The stream's functions are Python's, around the machine vpcvis_columns: so an exception keeps
its text on the way through C, many files make one stream, and a bad line is told with the
name of its file and its line number there.
"""
import ctypes
import errno
import threading
import traceback
from ctypes import CFUNCTYPE, byref, c_int, c_void_p
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from . import _abi
from ._abi import lib
from ._ahead import ahead, let_go
from ._capsule import SCHEMA, STREAM, afterwards, capsule_of, release, sweep
from ._errors import ClosedError, LineError, SourceError, check, fail
from ._layout import Layout, Record, fields_bitmap, line_error
from ._reader import Batch, Counts, OnError, Options, Reader, Troubles, counts_of
from ._source import Chunk, Input, Source, begins_with_header, inputs

_ERRORS = 256
_BOM = b"\xef\xbb\xbf"
_UNDERSCORE, _UNSIGNED, _BINARY, _TIMES, _DICTIONARY, PARTIAL = 1, 2, 4, 8, 16, 32


def arrow_flags(underscore: bool = False, unsigned: bool = False,
                binary_addresses: bool = False, timestamps: bool = False,
                dictionary: bool = False) -> int:
    """The library's flags for types and names of columns."""
    return (underscore * _UNDERSCORE | unsigned * _UNSIGNED | binary_addresses * _BINARY
            | timestamps * _TIMES | dictionary * _DICTIONARY)


def _whole(data: bytes) -> Chunk:
    return Chunk(_abi.address_of(data), len(data), data)


class _Feed:
    """The chunks of all inputs as one text, in which every file begins anew."""

    def __init__(self, source: List[Input], workers: int, first: Optional[bytes]) -> None:
        self._inputs = ahead(source, workers)
        self._first = first  # a header line for files that have none
        self._chunks: Iterator[Chunk] = iter(())
        self._begun = False
        self._ends_line = True
        self._held: Optional[Chunk] = None
        self.path = ""
        self.files = 0
        self.added_lines = self.added_bytes = 0
        self.lines_before = self.bytes_before = 0

    def next(self, counts: Any) -> Optional[Chunk]:
        """The next chunk; counts() says what was seen up to it."""
        if self._held is not None:
            chunk, self._held = self._held, None
            return self._gave(chunk)
        chunk_or_none = next(self._chunks, None)
        if chunk_or_none is not None:
            return self._gave(chunk_or_none)
        if not self._ends_line:
            self._ends_line = True
            self.added_bytes += 1
            return _whole(b"\n")
        return self._enter(counts)

    def _gave(self, chunk: Chunk) -> Chunk:
        self._ends_line = ctypes.string_at(chunk.address + chunk.size - 1, 1) == b"\n"
        return chunk

    def _enter(self, counts: Any) -> Optional[Chunk]:
        for one in self._inputs:
            self.path = one.name
            self.files += 1
            self._chunks = one.chunks()
            chunk = next(self._chunks, None)
            if chunk is None:
                continue
            seen = counts()
            self.lines_before, self.bytes_before = seen.lines, seen.bytes
            if not self._begun:
                self._begun = True
                return self._gave(chunk)
            return self._later(chunk)
        self.path = ""
        return None

    def _later(self, chunk: Chunk) -> Chunk:
        """Begin with a file that is not the first one."""
        if chunk.part(0, 3) == _BOM:
            self.bytes_before -= 3
            chunk = Chunk(chunk.address + 3, chunk.size - 3, chunk) \
                if chunk.size > 3 else _whole(b"\n")
        if self._first is None or begins_with_header(chunk):
            return self._gave(chunk)
        self._held = chunk
        self.lines_before += 1
        self.bytes_before += len(self._first)
        self.added_lines += 1
        self.added_bytes += len(self._first)
        return _whole(self._first)

    def close(self) -> None:
        """Give back what is open."""
        self._held = None
        self._chunks = let_go(self._chunks)
        self._inputs = let_go(self._inputs)


class Pass:
    """One reading of a log into batches."""

    def __init__(self, log: "Log") -> None:
        self._log = log
        self._handle = c_void_p()
        self._lock = threading.Lock()
        self._array = _abi.ArrowArray()  # read ahead for the schema
        self._error_array = (_abi.Error * _ERRORS)()
        self._batch = _abi.ColumnsBatch()
        self._chunk: Optional[Chunk] = None
        self._ended = False
        self.troubles = Troubles(log._options)
        self.started = False
        self.failed: Optional[BaseException] = None
        self.message = b""
        self._later: Optional[Exception] = None
        self._last = Counts()
        self._doomed = False
        reader, layout = log._options.config()
        config = _abi.sized(_abi.ColumnsConfig, flags=log._flags, rows=log._rows,
                            reader=ctypes.addressof(reader))
        fixed = log._options.fixed_layout
        self._feed = _Feed(log._inputs, log._options.workers,
                           None if fixed else (layout.write() + "\n").encode())
        check(lib.columns_new(byref(config), None, byref(self._handle)))

    def counts(self) -> Counts:
        """What was seen so far; while a consumer is being served, what was seen before."""
        if self._lock.acquire(blocking=False):
            try:
                self._count()
            finally:
                self._lock.release()
            if self._doomed:
                self.close()
        return self._last

    def _count(self) -> None:
        if self._handle:
            counts = self._reader_counts()
            feed = self._feed
            self._last = counts_of(counts, feed.files)._replace(
                lines=counts.lines - feed.added_lines,
                headers=counts.headers - feed.added_lines,
                bytes=max(counts.bytes - feed.added_bytes, 0))

    def _reader_counts(self) -> Any:
        counts = _abi.ColumnsCounts()
        check(lib.columns_get(self._handle, byref(counts)))
        return counts.reader

    def schema(self, address: int) -> None:
        """Write the schema to a struct; batches may have to be read for it."""
        with _one_user(self._lock):
            status = lib.columns_schema(self._handle, address)
            if status == _abi.MORE:
                self._look_ahead()
                status = lib.columns_schema(self._handle, address)
            if status == _abi.MORE and self._later is not None:
                raise self._later
            check(status, "schema")

    def _look_ahead(self) -> None:
        """Read a batch. If that fails the schema may be known all the same; the exception then
        comes with the next batch."""
        try:
            self._pull(ctypes.addressof(self._array))
        except Exception as error:
            self._later = error

    def next(self, address: int) -> None:
        """Write the next batch to a struct, or a released one at the end."""
        with _one_user(self._lock):
            self.started = True
            if self._array.release:
                ctypes.memmove(address, byref(self._array), ctypes.sizeof(self._array))
                self._array.release = None
            elif self._later is not None:
                raise self._later
            else:
                self._pull(address)

    def _pull(self, address: int) -> None:
        array = _abi.ArrowArray.from_address(address)
        array.release = None
        try:
            while self._step(address) and not array.release:
                pass
        except BaseException:
            release(array)
            self._feed.close()
            raise

    def _step(self, address: int) -> bool:
        """One call of the library; False at the end."""
        if self._ended:
            return False
        batch = self._batch
        status = lib.columns_next(self._handle, address, self._error_array, _ERRORS,
                                  byref(batch))
        if batch.errors:
            self._report(batch.errors)
        if status == _abi.MORE:
            self._add()
        elif status == _abi.DONE:
            self._ended = True
            return False
        elif status in (_abi.E_GZIP, _abi.E_ZSTD, _abi.E_PARQUET, _abi.E_JSON):
            raise SourceError(status, self._feed.path)
        elif status != _abi.OK:
            fail(status)
        return True

    def _add(self) -> None:
        self._chunk = chunk = self._feed.next(self._reader_counts)
        if chunk is None:
            check(lib.columns_end(self._handle))
        else:
            check(lib.columns_add(self._handle, chunk.address, chunk.size))

    def _report(self, count: int) -> None:
        feed = self._feed
        for i in range(count):
            self.troubles.add(line_error(
                self._error_array[i], (), feed.path, lines_before=feed.lines_before,
                bytes_before=feed.bytes_before))

    def let_go(self) -> None:
        """The consumer is done: keep what was only looked at, close the rest."""
        if self.started or self.failed is not None or not self._log._keep(self):
            self.close()

    def close(self) -> None:
        """Free everything but the counts; when they have been read, if that is going on."""
        if not self._lock.acquire(blocking=False):
            self._doomed = True
            return
        try:
            if self._handle:
                self._count()
                release(self._array)
                lib.columns_free(self._handle, None)
                self._handle = c_void_p()
            self._feed.close()
            self._chunk = None
        finally:
            self._lock.release()


class _one_user:
    """A lock that is not waited for."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("the stream is in use by another thread")

    def __exit__(self, *what: Any) -> None:
        self._lock.release()


# ---- The C functions of a stream ----
#
# Consumers call them from C: get_schema, get_next and get_last_error while they wait for us,
# but release at any time, also while an exception is on its way or when the interpreter is
# gone, when nothing may run in Python. So release is the library's own, of a stream that has
# nothing to give; it leaves a mark in a struct, and sweep() finds that.

# By the address of the library's stream, which is private_data: what is behind it, its mark.
_passes: Dict[int, Tuple[Any, _abi.Record]] = {}


def _behind(stream: int) -> Any:
    return _passes[_abi.ArrowStream.from_address(stream).private_data or 0][0]


def _number_of(error: BaseException) -> int:
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, KeyboardInterrupt):
        return errno.EINTR
    if isinstance(error, ValueError):
        return errno.EINVAL
    return errno.EIO


def _guarded(step: str, stream: int, out: int) -> int:
    one = _behind(stream)
    if one.failed is not None and step == "next":
        return _number_of(one.failed)
    try:
        getattr(one, step)(out)
    except BaseException as error:
        one.failed = _without_frames(error)
        text = str(error)
        one.message = (text or type(error).__name__).encode("utf-8", "replace")
        return _number_of(error)
    return 0


def _without_frames(error: BaseException) -> BaseException:
    """The exception, its traceback as a note: the frames hold the consumer, who holds us."""
    if error.__traceback__ is not None and hasattr(error, "add_note"):
        error.add_note("In the source:\n" + "".join(traceback.format_tb(error.__traceback__)))
    return error.with_traceback(None)


def _get_schema(stream: int, out: int) -> int:
    ctypes.memset(out, 0, ctypes.sizeof(_abi.ArrowSchema))  # for those who ignore failures
    return _guarded("schema", stream, out)


def _get_next(stream: int, out: int) -> int:
    ctypes.memset(out, 0, ctypes.sizeof(_abi.ArrowArray))
    return _guarded("next", stream, out)


def _get_last_error(stream: int) -> Optional[int]:
    message = _behind(stream).message
    return _abi.address_of(message) if message else None


# They stay for as long as the process.
_THUNKS = (CFUNCTYPE(c_int, c_void_p, c_void_p)(_get_schema),
           CFUNCTYPE(c_int, c_void_p, c_void_p)(_get_next),
           CFUNCTYPE(c_void_p, c_void_p)(_get_last_error))
for _thunk in _THUNKS:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_thunk))


def _empty_stream(mark: _abi.Record) -> _abi.ArrowStream:
    """A stream of the library's that marks its release: vpcvis_record_init sets mark.base."""
    source = _abi.ColumnsSource(
        read=ctypes.cast(lib.columns_end, c_void_p), context=ctypes.addressof(mark),
        release=ctypes.cast(lib.record_init, c_void_p))
    reader = _abi.sized(_abi.ReaderConfig, fields=fields_bitmap([0]))
    config = _abi.sized(_abi.ColumnsConfig, rows=64, reader=ctypes.addressof(reader))
    stream = _abi.ArrowStream()
    check(lib.columns_stream(byref(config), byref(source), byref(stream)))
    return stream


def stream_capsule(one: Any) -> Any:
    """A capsule with a stream over anything that has schema, next, let_go and failed."""
    sweep()
    mark = _abi.Record()
    struct = _empty_stream(mark)
    struct.get_schema, struct.get_next, struct.get_last_error = (
        ctypes.cast(thunk, c_void_p) for thunk in _THUNKS)
    # The mark stays until it is seen, even if that is never.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(mark))
    before = _passes.pop(struct.private_data, None)
    _passes[struct.private_data] = one, mark
    if before is not None:
        _forget(*before)
    return capsule_of(struct, STREAM)


def _forget(one: Any, mark: _abi.Record) -> None:
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(mark))
    one.let_go()


def _sweep_streams() -> None:
    """Let go of what is behind streams that were released."""
    for key, (one, mark) in list(_passes.items()):
        if mark.base:
            del _passes[key]
            _forget(one, mark)


afterwards.append(_sweep_streams)


class Log:
    """Flow logs as an Arrow stream: what open() gives.

    Anything that speaks Arrow's PyCapsule interface takes it as it is, in one pass and with
    the memory of a few batches: `pyarrow.RecordBatchReader.from_stream(log)`,
    `polars.DataFrame(log)`, `duckdb.sql("from log")`. Paths and bytes can be read again and
    again; a file object once.

    `counts` and `errors` are those of the latest reading. An exception from the source ends
    the stream with an errno number and its text; the exception itself is in `exception`, and
    in a `with` block it becomes the cause of what the consumer raises.
    """

    def __init__(self, source: Source, options: Options, flags: int, rows: int) -> None:
        self._inputs = inputs(source)
        self._options = options
        self._flags = flags
        self._rows = rows
        self._again = all(one.again for one in self._inputs)
        self._spare: Optional[Pass] = None
        self._latest: Optional[Pass] = None
        self._closed = False
        options.config()

    def _open(self) -> None:
        if self._closed:
            raise ClosedError("the log is closed")

    def _begin(self) -> Pass:
        self._open()
        sweep()
        spare, self._spare = self._spare, None
        if spare is None:
            self._once()
            spare = Pass(self)
        self._latest = spare
        return spare

    def _once(self) -> None:
        if self._latest is not None and not self._again:
            raise ValueError("the source is a file object: it can be read once")

    def _keep(self, one: Pass) -> bool:
        """Keep a pass of which only the schema was asked for."""
        if self._closed or self._spare is not None:
            return False
        self._spare = one
        return True

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A capsule with a stream of batches; a wish for another schema is not followed."""
        return stream_capsule(self._begin())

    def __arrow_c_schema__(self) -> Any:
        """A capsule with the schema, for which the first lines are read."""
        one = self._begin()
        struct = _abi.ArrowSchema()
        try:
            one.schema(ctypes.addressof(struct))
        except BaseException as error:
            one.failed = error
            one.close()
            raise
        one.let_go()
        return capsule_of(struct, SCHEMA)

    @property
    def counts(self) -> Counts:
        """Everything that the latest reading has seen so far."""
        return Counts() if self._latest is None else self._latest.counts()

    @property
    def errors(self) -> List[LineError]:
        """Lines that the latest reading refused, the first `keep_errors` of them."""
        return [] if self._latest is None else self._latest.troubles.kept

    @property
    def exception(self) -> Optional[BaseException]:
        """What ended the latest reading before its end."""
        return None if self._latest is None else self._latest.failed

    def reader(self) -> Reader:
        """A Reader of the same source, with the same options but those of columns."""
        self._open()
        self._once()
        if not self._again:
            raise ValueError("the source is a file object: give it to Reader() itself")
        return Reader(self._inputs, **self._options._asdict())

    def records(self) -> Iterator[Record]:
        """The records, one by one. (A Log is no iterable: engines would take it for rows.)"""
        return iter(self.reader())

    def batches(self) -> Iterator[Batch]:
        """Batches of columns; see Reader.batches()."""
        return self.reader().batches()

    def close(self) -> None:
        """Open nothing any more. Streams that were handed out go on; closing twice is fine."""
        self._closed = True
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.close()
        sweep()

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], trace: Any) -> None:
        cause = self.exception
        if error is not None and cause is not None and error is not cause \
                and error.__cause__ is None:
            error.__cause__ = cause
        self.close()
        if error is not None and isinstance(cause, KeyboardInterrupt):
            raise cause

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self._inputs[:3])
        return "<vpcvis.Log of %s%s>" % (names, ", ..." if len(self._inputs) > 3 else "")


def open(source: Source, *, fields: Optional[Iterable[str]] = None,
         layout: Union[Layout, str, int, None] = None, underscore: bool = False,
         unsigned: bool = False, binary_addresses: bool = False, timestamps: bool = False,
         dictionary: bool = False, rows: int = 0, strict: bool = False,
         on_error: Optional[OnError] = None, keep_errors: int = 1000, lenient: bool = False,
         milliseconds: bool = False, fixed_layout: bool = False, time_prefix: bool = True,
         strict_names: bool = False, check_all: bool = True, workers: int = 1) -> Log:
    """Open flow logs for pyarrow, Polars, pandas, DuckDB and whatever else reads Arrow.

        pyarrow.table(vpcvis.open("logs/"))
        polars.DataFrame(vpcvis.open("logs/*.log.gz", fields=["srcaddr", "bytes"]))

    The source and how text is read are as Reader() has them. Columns have the names and types
    of flow logs that AWS delivers as Parquet; the schema is that of the first file's layout,
    or the `fields` asked for, and fields of later layouts that it lacks are left out.

    underscore: names as Athena writes them, `account_id`. unsigned: unsigned integers, which
    have room for every counter. binary_addresses: 16 bytes, IPv4 as ::ffff:a.b.c.d.
    timestamps: start and end are timestamps. dictionary: texts are dictionary-encoded.
    rows: of a batch, at most; 0 is 65,536.
    """
    options = Options(layout, None if fields is None else tuple(fields), strict, on_error,
                      keep_errors, lenient, milliseconds, fixed_layout, time_prefix,
                      strict_names, check_all, workers)
    return Log(source, options, arrow_flags(underscore, unsigned, binary_addresses,
                                            timestamps, dictionary), rows)
