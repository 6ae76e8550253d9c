# SPDX-License-Identifier: MIT
import bz2
import gc
import gzip
import io
import os
import pathlib
import threading
import time
import weakref

import pytest
import vpcvis
from vpcvis import ClosedError, Layout, LineError, Reader, SourceError, _source

BAD = b"2 1 eni-1 10.0.0.1 10.0.0.2 x 80 6 1 40 1781082000 1781082060 ACCEPT OK\n"


def test_sources_are_all_the_same(tmp_path, some_lines):
    data = some_lines(3000)
    plain, packed = tmp_path / "a.log", tmp_path / "b.log.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    expected = list(vpcvis.read(data))
    assert len(expected) == 3000
    with open(str(plain), "rb") as buffered, open(str(plain), "rb", buffering=0) as raw, \
            gzip.open(str(packed)) as unpacked, open(str(packed), "rb") as still_packed, \
            bz2.BZ2File(io.BytesIO(bz2.compress(data))) as other:
        for source in (str(plain), plain, str(packed), bytearray(data), memoryview(data),
                       gzip.compress(data), io.BytesIO(data), io.BytesIO(gzip.compress(data)),
                       buffered, raw, unpacked, still_packed, other):
            assert list(vpcvis.read(source)) == expected, source
    both = expected + expected
    assert list(vpcvis.read([plain, packed])) == both
    assert list(vpcvis.read(str(tmp_path / "*.log*"))) == both
    assert list(vpcvis.read(tmp_path)) == both
    assert list(vpcvis.read(p for p in sorted(tmp_path.iterdir()))) == both


class Drops:
    """A stream that gives a few bytes at a time, without readinto."""

    def __init__(self, data, step):
        self._data, self._step, self._at = data, step, 0

    def read(self, size):
        step = min(self._step, size)
        piece = self._data[self._at:self._at + step]
        self._at += len(piece)
        return piece


@pytest.mark.parametrize("step", [1, 2, 7, 100, 4096])
def test_the_same_records_however_the_bytes_come(samples, step):
    for name in ("concatenated.log", "trouble.log", "cloudwatch-export.log"):
        data = pathlib.Path(samples(name)).read_bytes()
        whole, pieces = Reader(data), Reader(Drops(data, step))
        assert list(pieces) == list(whole)
        assert pieces.counts == whole.counts
        assert [(e.line, e.offset, e.at, e.field) for e in pieces.errors] == [
            (e.line, e.offset, e.at, e.field) for e in whole.errors]
        packed = Reader(Drops(gzip.compress(data), step))
        assert list(packed) == list(Reader(data))


def test_members_padding_and_empty_members(some_lines):
    one, two = some_lines(10), some_lines(10, 10)
    packed = gzip.compress(one) + gzip.compress(b"") + gzip.compress(two) + b"\0" * 700
    assert list(vpcvis.read(packed)) == list(vpcvis.read(one + two))
    split = gzip.compress(one + two[:17]) + gzip.compress(two[17:])
    assert list(vpcvis.read(Drops(split, 3))) == list(vpcvis.read(one + two))


def test_damaged_gzip_raises_after_what_was_good(some_lines):
    packed = gzip.compress(os.urandom(0) + some_lines(20000))
    for damaged, error in ((packed[:-9], EOFError), (packed + b"rubbish", OSError)):
        got = []
        with pytest.raises(error):
            got.extend(vpcvis.read(damaged))
            raise AssertionError
    reader = Reader(packed[:len(packed) // 2])
    got = []
    with pytest.raises(EOFError):
        for record in reader:
            got.append(record)
    assert 0 < len(got) < 20000 and got == list(vpcvis.read(some_lines(len(got))))


def test_what_is_no_text_is_named(tmp_path):
    for head, name in ((b"PAR1....", "E_PARQUET"), (b"{\"a\": 1}", "E_JSON"),
                       (b"\x28\xb5\x2f\xfd....", "E_ZSTD"),
                       (gzip.compress(gzip.compress(b"x")), "E_GZIP")):
        path = tmp_path / "file"
        path.write_bytes(head)
        for source in (path, head, io.BytesIO(head)):
            with pytest.raises(SourceError) as caught:
                list(vpcvis.read(source))
            assert caught.value.name == name


def test_what_cannot_be_a_source(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(vpcvis.read(str(tmp_path / "none.log")))
    with pytest.raises(FileNotFoundError):
        Reader(str(tmp_path / "*.log"))
    with pytest.raises(TypeError):
        Reader(3)
    with pytest.raises(TypeError, match="rb"):
        list(vpcvis.read(io.StringIO("2 1")))
    with pytest.raises(TypeError):
        Reader([b"", 3])


def test_empty_sources(tmp_path):
    (tmp_path / "empty.log").write_bytes(b"")
    for source in (b"", [], tmp_path, gzip.compress(b""), io.BytesIO(), b"\n\n", [b"", b""]):
        reader = Reader(source)
        assert list(reader) == [] and reader.counts.records == 0


def test_every_file_begins_anew(samples):
    v5, v2 = samples("v5.log"), samples("v2-default.log")
    records = list(vpcvis.read([v5, v2]))
    assert [r.layout.version for r in records] == [5] * 24 + [2] * 28
    assert list(vpcvis.read(v2)) == records[24:]


def test_a_bad_line_costs_itself_alone(samples):
    reader = Reader(samples("trouble.log"))
    assert len(list(reader)) == 6
    counts = reader.counts
    assert counts.lines == counts.records + counts.errors + counts.blank + counts.headers == 12
    assert dict(counts.kinds) == {"E_ADDRESS": 1, "E_FEW": 1, "E_MANY": 1, "E_RANGE": 2}
    lines = pathlib.Path(samples("trouble.log")).read_bytes().split(b"\n")
    for error in reader.errors:
        assert error.path.endswith("trouble.log")
        assert error.at == sum(len(line) + 1 for line in lines[:error.line - 1])
    assert [(e.line, e.field, e.column) for e in reader.errors] == [
        (6, "dstport", 6), (7, "srcaddr", 3), (8, "end", 11), (10, "bytes", 9),
        (11, None, None)]


def test_errors_go_to_a_function_or_are_bounded():
    data = BAD * 2500
    seen = []
    reader = Reader(data, on_error=seen.append)
    assert list(reader) == [] and len(seen) == 2500 and reader.errors == []
    assert [error.line for error in seen] == list(range(1, 2501))
    few = Reader(data, keep_errors=10)
    assert list(few) == [] and len(few.errors) == 10 and few.counts.errors == 2500


@pytest.mark.parametrize("before", [0, 1, 2, 63, 64, 4000, 20000])
def test_strict_gives_all_records_before_the_first_bad_line(some_lines, before):
    reader = Reader(some_lines(before) + BAD + some_lines(5), strict=True)
    got = []
    with pytest.raises(LineError) as caught:
        for record in reader:
            got.append(record)
    assert len(got) == before and caught.value.line == before + 1
    assert caught.value.field == "srcport"
    with pytest.raises(ClosedError):
        list(reader)


@pytest.mark.parametrize("head", [b"\xef\xbb\xbf", b"\n\n", b"srcaddr bytes\n", b""])
def test_strict_with_tiny_first_lines(head):
    reader = Reader(head + b"- 1\n- 2\n- x\n- 3", layout="srcaddr bytes", strict=True)
    got = []
    with pytest.raises(LineError):
        for record in reader:
            got.append(record.bytes)
    assert got == [1, 2]


def test_a_function_that_raises_ends_the_reading(some_lines):
    def refuse(error):
        raise ZeroDivisionError("no more")
    reader = Reader(some_lines(3) + BAD + some_lines(3), on_error=refuse)
    with pytest.raises(ZeroDivisionError):
        list(reader)
    with pytest.raises(ClosedError):
        next(reader.batches())


def test_a_source_that_fails_raises_what_it_raises(some_lines):
    class Fails(Drops):
        def read(self, size):
            data = super().read(size)
            if not data:
                raise ConnectionResetError("gone")
            return data
    got = []
    with pytest.raises(ConnectionResetError):
        for record in vpcvis.read(Fails(some_lines(10000), 100000)):
            got.append(record)
    assert 9000 < len(got) <= 10000


def test_records_stay_good_when_all_else_is_gone(some_lines):
    reader = Reader(some_lines(40000))
    records = iter(reader)
    first = next(records)
    text = first.write()
    kept = [next(records) for _ in range(30000)]
    reader.close()
    del reader, records
    gc.collect()
    assert first.write() == text and kept[-1].packets == 30001


def test_a_batch_is_over_when_the_next_one_comes(some_lines):
    with Reader(some_lines(20000)) as reader:
        batches = reader.batches()
        first = next(batches)
        column = first.column("srcaddr")
        second = next(batches)
        for use in (lambda: first.column("bytes"), lambda: list(first), first.write,
                    lambda: first.view("bytes")):
            with pytest.raises(ClosedError):
                use()
        assert column[0] == "10.0.0.0" and second.column("bytes")
    with pytest.raises(ClosedError):
        second.column("bytes")
    with pytest.raises(ClosedError):
        reader.batches()
    reader.close()


def test_closing_in_the_middle_ends_the_iteration(some_lines):
    reader = Reader(some_lines(40000))
    records = iter(reader)
    next(records)
    reader.close()
    with pytest.raises(ClosedError):
        for _ in records:
            pass
    assert reader.counts.records > 0


def test_open_files_are_closed(tmp_path, some_lines):
    path = tmp_path / "a.log"
    path.write_bytes(some_lines(40000))
    before = len(os.listdir("/proc/self/fd"))
    readers = [Reader(path) for _ in range(8)]
    for reader in readers:
        next(iter(reader))
    assert len(os.listdir("/proc/self/fd")) == before + 8
    for reader in readers[:4]:
        reader.close()
    del readers, reader
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_garbage_in_any_order(some_lines):
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)):
        reader = Reader(some_lines(3000))
        batches = reader.batches()
        things = [reader, batches, next(batches)]
        ref = weakref.ref(reader)
        view = things[2].view("bytes")
        del reader, batches
        for which in order:
            things[which] = None
            gc.collect()
        assert ref() is None
        assert view[0] == 40  # the memory is there for as long as someone looks at it


def test_columns(samples):
    with Reader(samples("v5.log")) as reader:
        rows = list(vpcvis.read(samples("v5.log")))
        at = 0
        for batch in reader.batches():
            assert batch.path.endswith("v5.log") and batch.layout.version == 5
            for name in batch.names:
                assert batch.column(name) == [row[name] for row in rows[at:at + len(batch)]]
                assert batch[name] == batch.column(name.replace("-", "_"))
            with pytest.raises(KeyError):
                batch.column("colour")
            with pytest.raises(TypeError):
                batch.view("srcaddr")
            with pytest.raises(TypeError):
                batch.view("bytes")[0] = 1
            at += len(batch)
    assert at == len(rows)


def test_columns_of_names_that_nobody_knows(samples):
    batches = Reader(samples("future.log")).batches()
    colours = [colour for batch in batches for colour in batch.column("color")]
    assert colours == ["blue", 'a"b,c', "back\\slash", None]
    lines = b"".join(batch.write("shape-2 color") for batch
                     in Reader(samples("future.log")).batches())
    assert lines.startswith(b"round blue\n") and b"- a\"b,c\n" in lines


def test_batches_are_written_as_any_layout_has_it(samples):
    data = pathlib.Path(samples("v2-default.log")).read_bytes()
    assert b"".join(b.write() for b in Reader(data).batches()) == data
    assert b"".join(b.write("bytes srcaddr") for b in Reader(data).batches()).split(b"\n")[0] \
        == " ".join(str(v) for v in (next(vpcvis.read(data)).bytes,
                                     next(vpcvis.read(data)).srcaddr)).encode()


def test_long_texts_are_written_whole():
    layout = Layout("vpc-id bytes")
    data = b"".join(b"%s %d\n" % (b"v" * size, size) for size in (1, 60000, 65000, 5))
    reader = Reader(data, layout=layout)
    batch_sizes = [[len(text) for text in batch.column("vpc-id")]
                   for batch in reader.batches()]
    assert sum(batch_sizes, []) == [1, 60000, 65000, 5]
    assert b"".join(b.write() for b in Reader(data, layout=layout).batches()) == data


def test_some_fields_alone(some_lines):
    reader = Reader(some_lines(10), fields=["srcaddr", "bytes"])
    record = next(iter(reader))
    assert record.to_dict() == {"srcaddr": "10.0.0.0", "bytes": 40}
    assert record.dstaddr is None and record.state("dstaddr") == "absent"
    batch = next(Reader(some_lines(10), fields=["bytes"]).batches())
    assert batch.names == ("bytes",)
    with pytest.raises(KeyError):
        batch.column("srcaddr")
    with pytest.raises(KeyError):
        Reader(b"", fields=["colour"])
    with pytest.raises(ValueError):
        Reader(b"", fields=[])
    looked = Reader(BAD, fields=["bytes"])
    assert list(looked) == [] and looked.counts.errors == 1
    assert len(list(Reader(BAD, fields=["bytes"], check_all=False))) == 1


def test_options():
    lines = b"2 1 eni-1 10.0.0.1\n" + b"2 1 eni - - - - - - - 1 2 - NODATA\n" + b"2 3 4 4.5.6.7"
    records = list(vpcvis.read(lines, lenient=True))
    assert [len(r.missing) for r in records] == [10, 0, 10]
    assert records[0].state("dstaddr") == "absent" and records[1].state("srcaddr") == "dash"
    header = b"srcaddr bytes\n10.0.0.1 5\n"
    assert next(vpcvis.read(header)).bytes == 5
    fixed = Reader(header, layout="srcaddr bytes", fixed_layout=True)
    assert len(list(fixed)) == 1 and fixed.counts.errors == 1
    strict = Reader(b"srcaddr bytes colour\n10.0.0.1 5 x\n", strict_names=True)
    assert list(strict) == [] and strict.counts.errors == 2
    timed = b"2026-06-10T09:00:00.000Z 10.0.0.1 5\n"
    assert next(vpcvis.read(timed, layout="srcaddr bytes")).bytes == 5
    refused = Reader(timed, layout="srcaddr bytes", time_prefix=False)
    assert list(refused) == [] and refused.counts.errors == 1
    late = next(vpcvis.read(b"1781082000123\n", layout="start", milliseconds=True))
    assert late.start == 1781082000 and late.flags == 8


@pytest.mark.parametrize("workers", [1, 2, 5, 50])
def test_files_are_read_ahead(tmp_path, some_lines, workers):
    for i in range(12):
        data = some_lines(400, 400 * i)
        (tmp_path / ("%02d.gz" % i)).write_bytes(gzip.compress(data) if i % 3 else data)
    reader = Reader(tmp_path, workers=workers)
    assert [record.packets for record in reader] == list(range(1, 4801))
    assert reader.counts.files == 12
    (tmp_path / "05.gz").write_bytes(gzip.compress(some_lines(400))[:-10])
    got = []
    with pytest.raises(EOFError, match="05.gz"):
        for record in Reader(tmp_path, workers=workers):
            got.append(record)
    assert 2000 <= len(got) <= 2400
    log = vpcvis.open(tmp_path, workers=workers)
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(Exception, match="05.gz"):
        pa.table(log)
    (tmp_path / "05.gz").unlink()
    assert pa.table(vpcvis.open(tmp_path, workers=workers)).num_rows == 4400


def test_leaving_early_stops_the_threads(tmp_path, some_lines):
    for i in range(6):
        (tmp_path / ("%d.log" % i)).write_bytes(some_lines(3000))
    for leave in (lambda reader: reader.close(), lambda reader: None):
        reader = Reader(tmp_path, workers=4)
        next(iter(reader))
        leave(reader)
        del reader
        gc.collect()
        deadline = time.monotonic() + 20
        while any(t.name.startswith("vpcvis") for t in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_lines_longer_than_a_chunk(monkeypatch, some_lines):
    monkeypatch.setattr(_source, "CHUNK", 4096)
    data = some_lines(100) + b"x" * 300000 + b"\n" + some_lines(100) + b"y" * 70000
    for source in (data, io.BytesIO(data)):
        reader = Reader(source)
        assert len(list(reader)) == 200
        assert dict(reader.counts.kinds) == {"E_LONG": 2}
        assert [error.line for error in reader.errors] == [101, 202]


@pytest.mark.parametrize("chunk", [1, 100, 113, 4096])
def test_small_chunks(monkeypatch, some_lines, chunk):
    monkeypatch.setattr(_source, "CHUNK", chunk)
    data = some_lines(500)
    expected = list(vpcvis.read(data))
    assert list(vpcvis.read(io.BytesIO(data))) == expected
    assert list(vpcvis.read(data[:-1])) == expected
    assert list(vpcvis.read(gzip.compress(data))) == expected


def test_one_thread_at_a_time(some_lines):
    entered, leave = threading.Event(), threading.Event()

    class Waits(Drops):
        def read(self, size):
            entered.set()
            leave.wait(20)
            return super().read(size)
    reader = Reader(Waits(some_lines(10), 5000))
    got = []
    worker = threading.Thread(target=lambda: got.extend(reader))
    worker.start()
    assert entered.wait(20)
    with pytest.raises(RuntimeError, match="another thread"):
        next(reader.batches())
    with pytest.raises(RuntimeError, match="another thread"):
        reader.close()
    leave.set()
    worker.join(20)
    assert len(got) == 10


def test_readers_are_independent(some_lines):
    data = some_lines(30000)
    sums = []

    def work():
        sums.append(sum(sum(batch.column("bytes")) for batch in Reader(data).batches()))
    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sums == [40 * 30000 * 30001 // 2] * 4
