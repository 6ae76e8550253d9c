# SPDX-License-Identifier: MIT
"""Which package, which library."""
from ._abi import lib

__version__ = "0.1.0"


def library_version() -> str:
    """The version of the library that was loaded, such as `0.1.0`."""
    number = lib.base_version()
    return "%d.%d.%d" % (number // 1000000, number // 1000 % 1000, number % 1000)


def library_path() -> str:
    """Where the library was found."""
    return lib.path
