# SPDX-License-Identifier: MIT
"""Where bytes come from: paths, globs, directories, file objects, bytes; plain or gzip.

A source is a list of inputs. An input is opened to chunks: an address and a length of memory
that stays as it is until the next chunk is asked for. Chunks end where a line ends, so that no
line is cut in two unless it is longer than a chunk.
"""
import ctypes
import glob
import io
import mmap
import os
import zlib
from gzip import BadGzipFile
from typing import Any, BinaryIO, Callable, Iterable, Iterator, List, Optional, Union

from . import _abi
from ._errors import SourceError

CHUNK = 1 << 19
_HEAD = 1 << 16  # more than a line
_GZIP_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_FOREIGN = ((b"\x28\xb5\x2f\xfd", _abi.E_ZSTD), (b"PAR1", _abi.E_PARQUET),
            (b"{", _abi.E_JSON), (b"[", _abi.E_JSON), (_GZIP, _abi.E_GZIP))

Path = Union[str, "os.PathLike[str]"]
One = Union[Path, bytes, bytearray, memoryview, BinaryIO, "Input"]
Source = Union[One, Iterable[One]]
Fill = Callable[[memoryview], Optional[int]]


class Chunk:
    """Memory to be read: size bytes from address on, which owner keeps alive."""

    __slots__ = ("address", "size", "_owner")

    def __init__(self, address: int, size: int, owner: Any) -> None:
        self.address = address
        self.size = size
        self._owner = owner

    def part(self, start: int, stop: int) -> bytes:
        """Some of its bytes."""
        stop = min(stop, self.size)
        return ctypes.string_at(self.address + start, max(stop - start, 0))


class Input:
    """One file, file object or block of bytes, by a name for people."""

    def __init__(self, what: Any) -> None:
        self._what = what
        self.name = _name(what)
        #: whether it can be read more than once
        self.again = isinstance(what, (str, os.PathLike, bytes, bytearray, memoryview))

    def chunks(self) -> Iterator[Chunk]:
        """Its bytes, decompressed. SourceError for what is no text, OSError for what fails."""
        if isinstance(self._what, (bytes, bytearray, memoryview)):
            data = self._what if isinstance(self._what, bytes) else bytes(self._what)
            if data[:2] != _GZIP:
                return _of_bytes(data, self.name)
            return self._decoded(io.BytesIO(data))
        if isinstance(self._what, (str, os.PathLike)):
            return self._of_path(self._what)
        return self._decoded(self._what)

    def _of_path(self, path: Path) -> Iterator[Chunk]:
        with open(path, "rb", buffering=0) as raw:
            yield from self._decoded(raw)

    def _decoded(self, stream: Any) -> Iterator[Chunk]:
        fill = _filler(stream)
        head = _head(fill)
        if head == _GZIP:
            return _lines(_gunzip(head, fill, self.name), b"", self.name)
        return _lines(fill, head, self.name)


def _name(what: Any) -> str:
    if isinstance(what, (str, os.PathLike)):
        return os.fspath(what)
    if isinstance(what, (bytes, bytearray, memoryview)):
        return "<bytes>"
    if not hasattr(what, "read") and not hasattr(what, "readinto"):
        raise TypeError("a path, a file object or bytes, or several of them, not %s"
                        % type(what).__name__)
    name = getattr(what, "name", None)
    return name if isinstance(name, str) else "<%s>" % type(what).__name__


def _expand(path: str) -> List[str]:
    """What a path stands for: a directory's files, a pattern's, or itself."""
    if os.path.isdir(path):
        return sorted(os.path.join(top, name) for top, _, names in os.walk(path)
                      for name in names if not name.startswith("."))
    if glob.has_magic(path) and not os.path.exists(path):
        found = sorted(name for name in glob.glob(path, recursive=True)
                       if not os.path.isdir(name))
        if not found:
            raise FileNotFoundError("no file is like %s" % path)
        return found
    return [path]


def inputs(source: Source) -> List[Input]:
    """The inputs that a source stands for, in their order; directories and patterns sorted."""
    if isinstance(source, Input):
        return [source]
    if isinstance(source, (str, os.PathLike)):
        return [Input(path) for path in _expand(os.fspath(source))]
    if isinstance(source, (bytes, bytearray, memoryview)) or hasattr(source, "read") \
            or hasattr(source, "readinto"):
        return [Input(source)]
    if not hasattr(source, "__iter__"):
        return [Input(source)]
    return [found for one in source for found in inputs(one)]


def _filler(stream: Any) -> Fill:
    """A function that puts the stream's next bytes into memory and says how many."""
    if isinstance(stream, io.TextIOBase):
        raise TypeError("the file is open as text: open it with 'rb'")
    readinto: Optional[Fill] = getattr(stream, "readinto", None)
    if readinto is not None:
        return readinto

    def fill(room: memoryview) -> int:
        data = stream.read(len(room))
        if isinstance(data, str):
            raise TypeError("the file is open as text: open it with 'rb'")
        room[:len(data)] = data
        return len(data)
    return fill


def _filled(got: Optional[int]) -> int:
    if got is None:
        raise BlockingIOError("the file is in non-blocking mode, and has nothing yet")
    return got


def _head(fill: Fill) -> bytes:
    """The first two bytes, or what there is of them."""
    head = bytearray(2)
    have = 0
    while have < 2:
        got = _filled(fill(memoryview(head)[have:]))
        if got == 0:
            break
        have += got
    return bytes(head[:have])


class _Members:
    """gzip members one after another (RFC 1952), and the zero bytes tapes pad them with."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._member: Any = None
        self._rest = b""

    def feed(self, data: bytes) -> None:
        self._rest = data

    @property
    def hungry(self) -> bool:
        return not self._rest

    @property
    def open(self) -> bool:
        return self._member is not None

    def take(self, room: int) -> bytes:
        if self._member is None:
            self._rest = self._rest.lstrip(b"\0")
            if not self._rest:
                return b""
            self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        member = self._member
        try:
            out: bytes = member.decompress(self._rest, room)
        except zlib.error as error:
            raise BadGzipFile("%s: %s" % (self._name, error)) from None
        self._rest = member.unconsumed_tail
        if member.eof:
            self._rest = member.unused_data
            self._member = None
        return out


def _gunzip(head: bytes, fill: Fill, name: str) -> Fill:
    members = _Members(name)
    members.feed(head)
    buffer = bytearray(_GZIP_CHUNK)

    def decoded(room: memoryview) -> int:
        while True:
            if members.hungry:
                got = _filled(fill(memoryview(buffer)))
                if got == 0 and members.open:
                    raise EOFError("%s: the gzip data ends too early" % name)
                if got == 0:
                    return 0
                members.feed(bytes(buffer[:got]))
            out = members.take(len(room))
            if out:
                room[:len(out)] = out
                return len(out)
    return decoded


def _refuse_foreign(head: bytes, name: str) -> None:
    if head.startswith(_BOM):
        head = head[len(_BOM):]
    for magic, status in _FOREIGN:
        if head.startswith(magic):
            raise SourceError(status, name)


def _lines(fill: Fill, head: bytes, name: str) -> Iterator[Chunk]:
    """Chunks of whole lines. What is left of the last one goes before the next bytes:

        |            tail | bytes of one fill, from a page's start |
                         _HEAD
    """
    buffer = mmap.mmap(-1, _HEAD + CHUNK)
    room = memoryview(buffer)[_HEAD:]
    base = _abi.address_of(buffer)
    tail = len(head)
    buffer[_HEAD - tail:_HEAD] = head
    first = True
    while True:
        got = fill(room)
        if not got:
            got = _filled(got)
        if first and (tail + got >= 7 or got == 0):
            _refuse_foreign(buffer[_HEAD - tail:_HEAD + min(got, 7)], name)
            first = False
        if got == 0:
            break
        start = _HEAD - tail
        stop = _HEAD + got
        end = buffer.rfind(b"\n", _HEAD, stop) + 1
        if end == 0 and tail + got > _HEAD:
            end = stop
        if end:
            yield Chunk(base + start, end - start, buffer)
            start = end
        tail = stop - start
        if tail > _HEAD:
            yield Chunk(base + start, tail, buffer)
            tail = 0
        elif tail:
            buffer[_HEAD - tail:_HEAD] = buffer[start:stop]
    if tail:
        yield Chunk(base + _HEAD - tail, tail, buffer)


def _of_bytes(data: bytes, name: str) -> Iterator[Chunk]:
    """Pieces of bytes that are there already; nothing is copied."""
    _refuse_foreign(data[:8], name)
    base = _abi.address_of(data)
    at = 0
    while at < len(data):
        stop = len(data)
        if stop - at > CHUNK:
            stop = data.rfind(b"\n", at, at + CHUNK) + 1 or at + CHUNK
        yield Chunk(base + at, stop - at, data)
        at = stop


def begins_with_header(chunk: Chunk) -> bool:
    """Whether a file's first chunk begins with a header line."""
    line = chunk.part(0, _abi.LINE_MAX).split(b"\n", 1)[0].rstrip(b"\r")
    if line.startswith(_BOM):
        line = line[len(_BOM):]
    return bool(_abi.lib.layout_match(line, len(line)) == _abi.OK)


