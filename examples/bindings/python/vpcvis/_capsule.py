# SPDX-License-Identifier: MIT
"""Arrow structs in and out of PyCapsules (the Arrow PyCapsule interface).

A capsule that nobody imported has to be released. A destructor would be the way to do it in C.
In Python it is not safe: capsules are often let go of while an exception is on its way, and
a callback that runs then loses that exception. So the capsules that were handed out are kept
here too, and what nobody else holds any more is released at the next chance: when another one
is made, when a log is closed, after each garbage collection, at exit.
"""
import atexit
import ctypes
import gc
import sys
import threading
from ctypes import CFUNCTYPE, PYFUNCTYPE, c_char_p, c_int, c_void_p, py_object
from typing import Any, Callable, Iterator, List, Optional, Tuple

from . import _abi

STREAM, SCHEMA, ARRAY = b"arrow_array_stream", b"arrow_schema", b"arrow_array"

_new = PYFUNCTYPE(py_object, c_void_p, c_char_p, c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi))
_pointer = PYFUNCTYPE(c_void_p, py_object, c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))
_RELEASE = CFUNCTYPE(None, c_void_p)
_GET = CFUNCTYPE(c_int, c_void_p, c_void_p)
_TEXT = CFUNCTYPE(c_char_p, c_void_p)


class _Export:
    __slots__ = ("capsule", "struct")

    def __init__(self, capsule: Any, struct: Any) -> None:
        self.capsule = capsule
        self.struct = struct


_exports: List[_Export] = []
_sweeping = threading.Lock()


def _held(export: _Export) -> int:
    return sys.getrefcount(export.capsule)


_ALONE = _held(_Export(_new(1, SCHEMA, None), None))


def release(struct: Any) -> None:
    """Release an Arrow struct, if it was not moved or released before."""
    if struct.release:
        _RELEASE(struct.release)(ctypes.addressof(struct))


#: What is to be done after capsules were released.
afterwards: List[Callable[[], None]] = []


def sweep() -> None:
    """Release what is in capsules that nobody holds any more."""
    if not _sweeping.acquire(blocking=False):
        return
    try:
        for export in list(_exports):
            if _held(export) <= _ALONE:
                _exports.remove(export)
                release(export.struct)
        for step in afterwards:
            step()
    finally:
        _sweeping.release()


def _after_collection(phase: str, info: Any) -> None:
    if phase == "stop":
        sweep()


def capsule_of(struct: Any, name: bytes) -> Any:
    """A capsule for a struct, which is kept until the capsule is gone."""
    sweep()
    if _after_collection not in gc.callbacks:
        gc.callbacks.append(_after_collection)
        atexit.register(sweep)
    capsule = _new(ctypes.addressof(struct), name, None)
    _exports.append(_Export(capsule, struct))
    return capsule


def imported(what: Any) -> Iterator[Tuple[_abi.ArrowSchema, _abi.ArrowArray]]:
    """Schema and batches of an object that speaks Arrow; each is released after its turn."""
    if hasattr(what, "__arrow_c_stream__"):
        return _of_stream(what.__arrow_c_stream__())
    if hasattr(what, "__arrow_c_array__"):
        return _of_array(*what.__arrow_c_array__())
    raise TypeError("%s has neither __arrow_c_stream__ nor __arrow_c_array__"
                    % type(what).__name__)


def _of_array(schema: Any, array: Any) -> Iterator[Tuple[_abi.ArrowSchema, _abi.ArrowArray]]:
    yield (_abi.ArrowSchema.from_address(_pointer(schema, SCHEMA)),
           _abi.ArrowArray.from_address(_pointer(array, ARRAY)))


def _of_stream(capsule: Any) -> Iterator[Tuple[_abi.ArrowSchema, _abi.ArrowArray]]:
    address = _pointer(capsule, STREAM)
    stream = _abi.ArrowStream.from_address(address)
    schema = _abi.ArrowSchema()
    array = _abi.ArrowArray()
    try:
        _ask(stream, stream.get_schema, schema)
        while True:
            _ask(stream, stream.get_next, array)
            if not array.release:
                return
            yield schema, array
            release(array)
    finally:
        release(array)
        release(schema)
        release(stream)
        del capsule
        sweep()


def _ask(stream: _abi.ArrowStream, function: int, out: Any) -> None:
    address = ctypes.addressof(stream)
    number = _GET(function)(address, ctypes.addressof(out))
    if number == 0:
        return
    text: Optional[bytes] = _TEXT(stream.get_last_error)(address)
    raise OSError(number, (text or b"the Arrow stream failed").decode("utf-8", "replace"))
