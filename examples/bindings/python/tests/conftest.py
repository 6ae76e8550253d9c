# SPDX-License-Identifier: MIT
import gc
import os

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.normpath(os.path.join(HERE, "..", "..", "..", "samples"))

V2 = "2 123456789012 eni-1 %s %s %d %d 6 %d %d 1781082000 1781082060 %s OK\n"


def pytest_collection_finish():
    """Collections look at what the tests make, not at the engines."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def samples():
    return lambda name: os.path.join(SAMPLES, name)


@pytest.fixture
def some_lines():
    """Lines of the default format, all of them different."""
    def make(count, first=0):
        return "".join(
            V2 % ("10.0.%d.%d" % (i // 250 % 250, i % 250), "203.0.113.9", i % 65536, 443, i + 1,
                  40 * (i + 1), "REJECT" if i % 7 == 0 else "ACCEPT")
            for i in range(first, first + count)).encode()
    return make
