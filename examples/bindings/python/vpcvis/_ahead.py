# SPDX-License-Identifier: MIT
"""Files read and decompressed ahead of their turn by threads.

zlib works outside the interpreter's lock, so the files of a directory are decompressed at once;
their bytes still come in the order of the files. What waits is bounded: 64 MiB of a file, and
no thread begins another file while 64 MiB a thread are waiting.
"""
import threading
from collections import deque
from typing import Any, Deque, Iterable, Iterator, Optional

from . import _abi
from ._source import Chunk, Input

_WAITING = 64 << 20


class _Slot:
    """A file whose turn comes: what a thread has read of it."""

    def __init__(self, one: Input) -> None:
        self.one = one
        self.pieces: Deque[bytes] = deque()
        self.waiting = 0
        self.ended = False
        self.error: Optional[BaseException] = None


class _Pool:
    """Threads that fill slots; _lock guards all of it."""

    def __init__(self, source: Iterable[Input], workers: int) -> None:
        self._rest = iter(source)
        self._limit = workers * _WAITING
        self._lock = threading.Lock()
        self._more = threading.Condition(self._lock)  # for the one who consumes
        self._room = threading.Condition(self._lock)  # for threads
        self._slots: Deque[_Slot] = deque()
        self._waiting = 0
        self._stopped = False
        self._left = workers
        for i in range(workers):
            threading.Thread(target=self._work, name="vpcvis %d" % i, daemon=True).start()

    # ---- In the threads ----

    def _work(self) -> None:
        slot = self._begin()
        while slot is not None:
            try:
                for chunk in slot.one.chunks():
                    if not self._put(slot, chunk.part(0, chunk.size)):
                        break
            except BaseException as error:
                slot.error = error
            self._end(slot)
            slot = self._begin()

    def _begin(self) -> Optional[_Slot]:
        with self._lock:
            while self._waiting >= self._limit and not self._stopped:
                self._room.wait()
            one = None if self._stopped else next(self._rest, None)
            if one is None:
                self._left -= 1
                self._more.notify()
                return None
            slot = _Slot(one)
            self._slots.append(slot)
            self._more.notify()
            return slot

    def _put(self, slot: _Slot, piece: bytes) -> bool:
        with self._lock:
            while slot.waiting >= _WAITING and not self._stopped:
                self._room.wait()
            slot.pieces.append(piece)
            slot.waiting += len(piece)
            self._waiting += len(piece)
            if slot is self._slots[0]:
                self._more.notify()
            return not self._stopped

    def _end(self, slot: _Slot) -> None:
        with self._lock:
            slot.ended = True
            self._more.notify()

    # ---- For the one who consumes ----

    def first(self) -> Optional[_Slot]:
        """The file whose turn it is; None when there is none left."""
        with self._lock:
            while not self._slots and self._left:
                self._more.wait()
            return self._slots[0] if self._slots else None

    def take(self, slot: _Slot) -> Optional[bytes]:
        """Its next piece; None at its end."""
        with self._lock:
            while not slot.pieces and not slot.ended:
                self._more.wait()
            if slot.pieces:
                piece = slot.pieces.popleft()
                slot.waiting -= len(piece)
                self._waiting -= len(piece)
                self._room.notify_all()
                return piece
        if slot.error is not None:
            raise slot.error
        return None

    def drop(self, slot: _Slot) -> None:
        """Its turn is over."""
        with self._lock:
            self._waiting -= slot.waiting
            self._slots.remove(slot)
            self._room.notify_all()

    def stop(self) -> None:
        """The rest is not wanted."""
        with self._lock:
            self._stopped = True
            self._room.notify_all()


class _Turn:
    """An input, as the pool has it."""

    def __init__(self, pool: _Pool, slot: _Slot) -> None:
        self.name = slot.one.name
        self._pool = pool
        self._slot = slot

    def chunks(self) -> Iterator[Chunk]:
        """The input's chunks, or the exception that ended them."""
        while True:
            piece = self._pool.take(self._slot)
            if piece is None:
                return
            yield Chunk(_abi.address_of(piece), len(piece), piece)


def let_go(items: Iterator[Any]) -> Iterator[Any]:
    """Close a generator in the middle; what is left of it: nothing."""
    close = getattr(items, "close", None)
    if close is not None:
        close()
    return iter(())


def ahead(source: Iterable[Input], workers: int) -> Iterator[Any]:
    """The inputs in their order; with more than one worker, so many of them at once."""
    return iter(source) if workers <= 1 else _in_turn(source, workers)


def _in_turn(source: Iterable[Input], workers: int) -> Iterator[_Turn]:
    pool = _Pool(source, workers)
    try:
        slot = pool.first()
        while slot is not None:
            yield _Turn(pool, slot)
            pool.drop(slot)
            slot = pool.first()
    finally:
        pool.stop()
