# SPDX-License-Identifier: MIT
"""What README.md shows runs."""
import gzip
import os
import pathlib
import re
import shutil

import pytest
import vpcvis

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"


def blocks():
    text = README.read_text()
    fenced = re.findall(r"```python\n(.*?)```", text, re.S)
    indented = [re.sub("(?m)^    ", "", block) for block
                in re.findall(r"(?m)(?:^    .*\n(?:^\n(?=    ))?)+", text)]
    return fenced + [block for block in indented
                     if "vpcvis." in block and not block.startswith("pip")]


@pytest.mark.parametrize("code", blocks(), ids=lambda code: code.split("\n")[0])
def test_what_is_shown_runs(tmp_path, monkeypatch, samples, code):
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    for name in ("logs/2026/06/10", "logs/more"):
        os.makedirs(name)
        with open(samples("v2-default.log"), "rb") as log:
            pathlib.Path(name, "a.log.gz").write_bytes(gzip.compress(log.read()))
    shutil.copy(samples("mirror.rules"), tmp_path)
    known = {"vpcvis": vpcvis, "pyarrow": pa, "polars": pl, "KEYS": ["srcaddr"],
             "MEASURES": ["bytes"], "frame": b"\2" * 60}
    if "copy = vpcvis.unwrap" in code:
        inner = vpcvis.wrap(b"\2" * 60, 7, "10.9.0.1", "10.9.0.2")
        known["frame"] = b"\2" * 12 + b"\x08\x00" + inner
    exec(compile(code, "README.md", "exec"), known)
    if "partials" in known:
        batches = pa.table(vpcvis.open("logs/")).to_batches()
        merged = vpcvis.Rollup(*[known[name] for name in ("KEYS", "MEASURES")])
        for batch in known["partials"](batches):
            merged.merge(batch)
        assert list(merged) == list(vpcvis.rollup("logs/", ["srcaddr"], ["bytes"]))


def test_there_is_something_to_run():
    assert len(blocks()) >= 4
