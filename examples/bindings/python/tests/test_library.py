# SPDX-License-Identifier: MIT
"""The library is found, or the message says why not; no other is taken for it."""
import ctypes.util
import os
import subprocess
import sys

import vpcvis
from vpcvis import _abi


def start(code, **variables):
    env = dict(os.environ, **variables)
    return subprocess.run([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=60)


def test_a_library_that_is_not_there_is_an_import_error_that_says_what_to_do():
    done = start("import vpcvis", VPCVIS_LIBRARY="/nowhere/libvpcvis.so")
    assert done.returncode == 1
    assert "ImportError: libvpcvis is not to be found" in done.stderr
    assert "/nowhere/libvpcvis.so" in done.stderr and "VPCVIS_LIBRARY" in done.stderr


def test_another_library_is_refused():
    done = start("import vpcvis", VPCVIS_LIBRARY=ctypes.util.find_library("c"))
    assert done.returncode == 1
    assert "is not libvpcvis" in done.stderr


def test_structs_are_as_long_as_the_library_has_them():
    for name, struct in _abi._SIZES.items():
        assert getattr(_abi.lib, name)() == ctypes.sizeof(struct), name


def test_a_library_with_other_structs_is_refused():
    code = ("import ctypes, vpcvis\n"
            "class Longer(ctypes.Structure): _fields_ = [('x', ctypes.c_uint64 * 99)]\n"
            "vpcvis._abi._SIZES['record_bytes'] = Longer\n"
            "vpcvis._abi.load()\n")
    done = start(code)
    assert "ImportError" in done.stderr and "vpcvis_record_bytes is" in done.stderr


def test_which_library_and_version():
    assert vpcvis.library_version().count(".") == 2
    assert os.path.exists(vpcvis.library_path())


def test_everything_that_is_promised_is_there():
    for name in vpcvis.__all__:
        assert getattr(vpcvis, name) is not None
        assert vpcvis.__version__ or name
