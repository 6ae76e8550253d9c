# SPDX-License-Identifier: MIT
"""Files read and decompressed ahead of their turn, each by a thread of its own.

zlib works outside the interpreter's lock, so that the files of a directory are decompressed at
once; their bytes still come in the order of the files.
"""
import queue
import threading
from collections import deque
from typing import Any, Deque, Iterable, Iterator

from . import _abi
from ._source import Chunk, Input

_CHUNKS = 128  # of a file that wait at most: 64 MiB
_PATIENCE = 0.2  # seconds after which a full queue is looked at again


class _Worker:
    """An input whose chunks come out of a queue."""

    def __init__(self, one: Input) -> None:
        self.name = one.name
        self._queue: "queue.Queue[Any]" = queue.Queue(_CHUNKS)
        self._stop = threading.Event()
        thread = threading.Thread(target=_work, args=(one, self._queue, self._stop),
                                  name="vpcvis " + one.name, daemon=True)
        thread.start()

    def chunks(self) -> Iterator[Chunk]:
        """The input's chunks, or the exception that ended them."""
        while True:
            item = self._queue.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield Chunk(_abi.address_of(item), len(item), item)

    def stop(self) -> None:
        """The rest is not wanted."""
        self._stop.set()


def _work(one: Input, out: "queue.Queue[Any]", stop: threading.Event) -> None:
    last: Any = None
    try:
        for chunk in one.chunks():
            if not _put(out, chunk.part(0, chunk.size), stop):
                return
    except BaseException as error:
        last = error
    _put(out, last, stop)


def _put(out: "queue.Queue[Any]", item: Any, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            out.put(item, timeout=_PATIENCE)
            return True
        except queue.Full:
            pass
    return False


def let_go(items: Iterator[Any]) -> Iterator[Any]:
    """Close a generator in the middle; what is left of it: nothing."""
    close = getattr(items, "close", None)
    if close is not None:
        close()
    return iter(())


def ahead(source: Iterable[Input], workers: int) -> Iterator[Any]:
    """The inputs in their order; with more than one worker, so many of them at once."""
    return iter(source) if workers <= 1 else _in_turn(iter(source), workers)


def _in_turn(rest: Iterator[Input], workers: int) -> Iterator[_Worker]:
    running: Deque[_Worker] = deque()
    try:
        while True:
            while len(running) < workers:
                one = next(rest, None)
                if one is None:
                    break
                running.append(_Worker(one))
            if not running:
                return
            yield running[0]
            running.popleft().stop()
    finally:
        for worker in running:
            worker.stop()
