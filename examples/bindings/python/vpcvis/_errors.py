# SPDX-License-Identifier: MIT
"""What can go wrong, as exceptions."""
from typing import Any, NoReturn, Optional

from . import _abi
from ._abi import lib


def _ascii(text: Optional[bytes]) -> str:
    return "" if text is None else text.decode("ascii")


def status_name(status: int) -> str:
    """The name of a status, such as `E_RANGE`."""
    return _ascii(lib.base_status_name(status))


def status_text(status: int) -> str:
    """A sentence for people, such as `number out of range`."""
    return _ascii(lib.base_status_text(status))


class VpcvisError(ValueError):
    """Something that the library refused.

    `status` is the library's number, `name` its name (`E_RANGE`), `text` a sentence.
    """

    status: int
    name: str
    text: str

    def __init__(self, status: int, about: str = "") -> None:
        self.status = status
        self.name = status_name(status)
        self.text = status_text(status)
        self.about = about
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        return "%s%s (%s)" % (self.about + ": " if self.about else "", self.text, self.name)

    def __reduce__(self) -> Any:
        return type(self), (self.status, self.about)


class TextError(VpcvisError):
    """A text that is wrong at one place: a layout, a rule, an address.

    `offset` counts the line's bytes from 0, `line` counts from 1, `column` counts the columns
    of a layout (or the parts of a rule) from 0.
    """

    def __init__(self, status: int, offset: int, line: int = 1, column: int = 0,
                 about: str = "") -> None:
        self.offset = offset
        self.line = line
        self.column = column
        super().__init__(status, about)

    def _sentence(self) -> str:
        return "%s, at byte %d of line %d" % (super()._sentence(), self.offset, self.line)

    def __reduce__(self) -> Any:
        return type(self), (self.status, self.offset, self.line, self.column, self.about)


class LineError(VpcvisError):
    """A line of a log that could not be read. It costs itself alone.

    `line` counts from 1 in its file; `offset` counts the line's bytes from 0, `at` those of the
    (decompressed) file up to the line; `field` is the name of the field at fault and `column`
    its place in the layout, None where it is the line as a whole; `path` names the file.
    """

    def __init__(self, status: int, line: int, offset: int, at: int,
                 field: Optional[str] = None, column: Optional[int] = None,
                 path: str = "") -> None:
        self.line = line
        self.offset = offset
        self.at = at
        self.field = field
        self.column = column
        self.path = path
        super().__init__(status)

    def _sentence(self) -> str:
        return "%s:%d:%d: %s%s (%s)" % (
            self.path or "<bytes>", self.line, self.offset + 1,
            self.field + ": " if self.field else "", self.text, self.name)

    def __reduce__(self) -> Any:
        return type(self), (self.status, self.line, self.offset, self.at, self.field,
                            self.column, self.path)


class SourceError(VpcvisError):
    """A file that is no flow log: Parquet, JSON, Zstandard."""


class ClosedError(ValueError):
    """Something was used after it was closed, or after the next batch took its memory."""


def fail(status: int, about: str = "") -> NoReturn:
    """Raise what a status means."""
    if status == _abi.E_MEMORY:
        raise MemoryError(about)
    raise VpcvisError(status, about)


def check(status: int, about: str = "") -> None:
    """Return on VPCVIS_OK, raise otherwise."""
    if status != _abi.OK:
        fail(status, about)


def check_text(status: int, error: _abi.Error, about: str = "") -> None:
    """As check, with the place that an error struct has."""
    if status == _abi.OK:
        return
    if status == error.status and status not in (_abi.E_MEMORY, _abi.E_ARG):
        raise TextError(status, error.offset, error.line, error.column, about)
    fail(status, about)
