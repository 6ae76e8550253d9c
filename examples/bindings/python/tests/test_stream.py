# SPDX-License-Identifier: MIT
"""One stream, read by pyarrow, Polars, pandas and DuckDB."""
import ctypes
import gc
import gzip
import io
import os
import pathlib
import subprocess
import sys
import threading

import pytest
import vpcvis
from vpcvis import ClosedError, LineError, SourceError, _capsule, _stream

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")
duckdb = pytest.importorskip("duckdb")

ALL = ["v2-default", "v3", "v4", "v5", "v7-ecs", "v8", "v9", "v10", "v11", "future",
       "custom-order", "transit-gateway", "concatenated", "trouble", "suspicious",
       "cloudwatch-export"]


@pytest.fixture(autouse=True)
def nothing_is_left():
    """After each test no stream is alive and no capsule waits."""
    yield
    _capsule.sweep()
    if _stream._passes or _capsule._exports:
        gc.collect()
        _capsule.sweep()
    assert not _stream._passes and not _capsule._exports


def columns_of(source, **options):
    """What the reader says, as columns by the names of a table."""
    records = list(vpcvis.read(source, **options))
    names = records[0].names if records else vpcvis.Layout().names
    return {name: [record.get(name) for record in records] for name in names}


@pytest.mark.parametrize("name", ALL)
def test_a_table_is_what_the_reader_reads(samples, name):
    path = samples(name + ".log")
    table = pa.table(vpcvis.open(path))
    table.validate(full=True)
    assert table.to_pydict() == columns_of(path)


def test_types_are_those_of_parquet_files(samples):
    schema = pa.schema(vpcvis.open(samples("v11.log")))
    types = {"int32": pa.int32(), "int64": pa.int64(), "string": pa.string()}
    for field in schema:
        assert field.type == types[vpcvis.find_field(field.name).parquet] and field.nullable


@pytest.mark.parametrize("options, name, kind", [
    ({"underscore": True}, "account_id", pa.string()),
    ({"unsigned": True}, "bytes", pa.uint64()), ({"unsigned": True}, "srcport", pa.uint16()),
    ({"binary_addresses": True}, "srcaddr", pa.binary(16)),
    ({"timestamps": True}, "start", pa.timestamp("s", "UTC")),
    ({"dictionary": True}, "action", pa.dictionary(pa.int32(), pa.string()))])
def test_other_types_and_names(samples, options, name, kind):
    table = pa.table(vpcvis.open(samples("v2-default.log"), **options))
    table.validate(full=True)
    assert table.schema.field(name).type == kind


def test_all_engines_see_the_same(samples):
    path = samples("v2-default.log")
    expected = columns_of(path)
    log = vpcvis.open(path)
    assert pa.RecordBatchReader.from_stream(log).read_all().to_pydict() == expected
    assert pl.DataFrame(log).to_dict(as_series=False) == expected
    assert duckdb.from_arrow(log).to_arrow_table().to_pydict() == expected
    assert duckdb.sql("from log").to_arrow_table().to_pydict() == expected
    frame = pa.table(log).to_pandas()
    assert list(frame["srcaddr"].astype(object).where(frame["srcaddr"].notna(), None)) == \
        expected["srcaddr"]
    if hasattr(pd.DataFrame, "from_arrow"):
        assert pd.DataFrame.from_arrow(log).shape == frame.shape


@pytest.mark.parametrize("rows", [64, 1000, 0])
def test_projections_filters_and_nulls_in_duckdb(some_lines, rows):
    idle = b"2 123456789012 eni-1 - - - - - - - 1781082000 1781082060 - NODATA\n"
    data = b"".join(some_lines(500, first) + idle for first in range(0, 5000, 500))
    log = vpcvis.open(data, rows=rows)
    table = columns_of(data)
    ask = duckdb.connect()

    def one(query):
        ask.register("log", log)  # old versions read it once
        return ask.execute(query).fetchall()[0][0]
    assert one("select count(*) from log") == 5010
    assert one("select sum(bytes) from log") == sum(v or 0 for v in table["bytes"])
    assert one("select count(*) from log where srcaddr is null") == 10
    assert one("select sum(packets) from log where action = 'REJECT' and srcport > 100") == sum(
        p for p, a, s in zip(table["packets"], table["action"], table["srcport"])
        if a == "REJECT" and s > 100)
    assert one("select max(dstaddr) from log where \"log-status\" = 'OK'") == "203.0.113.9"
    ask.register("log", log)
    assert ask.execute("select bytes, srcaddr, version from log limit 3").fetchall() == list(
        zip(table["bytes"][:3], table["srcaddr"][:3], table["version"][:3]))


def test_projections_and_filters_in_polars(some_lines):
    log = vpcvis.open(some_lines(5000), rows=640)
    frame = pl.DataFrame(log)
    table = columns_of(some_lines(5000))
    rejected = frame.lazy().filter(pl.col("action") == "REJECT").select(
        pl.col("bytes").sum(), pl.col("srcaddr").n_unique()).collect()
    assert rejected.row(0) == (
        sum(b for b, a in zip(table["bytes"], table["action"]) if a == "REJECT"),
        len({s for s, a in zip(table["srcaddr"], table["action"]) if a == "REJECT"}))


def test_asked_for_fields_are_the_columns(samples):
    table = pa.table(vpcvis.open(samples("v5.log"), fields=["bytes", "srcaddr"]))
    assert set(table.column_names) == {"bytes", "srcaddr"}
    assert table.column("bytes").to_pylist() == columns_of(samples("v5.log"))["bytes"]


@pytest.mark.parametrize("source", [b"", b"\n \n", [], gzip.compress(b""),
                                    b"srcaddr bytes\n", [b"", b""]])
def test_nothing_to_read_is_an_empty_table(source):
    log = vpcvis.open(source)
    table = pa.table(log)
    table.validate(full=True)
    assert table.num_rows == 0 and table.num_columns in (2, 14)
    assert pl.DataFrame(log).height == 0
    assert duckdb.sql("select count(*) from log").fetchall() == [(0,)]


def test_huge_batches(some_lines):
    data = some_lines(200000)
    for rows in (64, 65536, 1 << 20):
        log = vpcvis.open(data, rows=rows)
        batches = list(pa.RecordBatchReader.from_stream(log))
        assert sum(len(batch) for batch in batches) == 200000
        assert max(len(batch) for batch in batches) <= max(rows, 64)
        table = pa.Table.from_batches(batches)
        table.validate(full=True)
        assert sum(table.column("bytes").to_pylist()) == 40 * 200000 * 200001 // 2
    with pytest.raises(vpcvis.VpcvisError):
        pa.table(vpcvis.open(data, rows=(1 << 20) + 1))


def test_batches_outlive_the_stream_and_the_log(some_lines):
    log = vpcvis.open(some_lines(2000), rows=64)
    reader = pa.RecordBatchReader.from_stream(log)
    batches = [reader.read_next_batch() for _ in range(3)]
    log.close()
    del log, reader
    gc.collect()
    for batch in batches:
        batch.validate(full=True)
    assert batches[2].column(9).to_pylist()[0] == 40 * 129


def test_a_stream_goes_on_when_the_log_is_closed(some_lines):
    log = vpcvis.open(io.BytesIO(some_lines(2000)), rows=64)
    reader = pa.RecordBatchReader.from_stream(log)
    reader.read_next_batch()
    log.close()
    assert reader.read_all().num_rows == 2000 - 64
    for use in (lambda: pa.table(log), lambda: list(log.records()), lambda: pa.schema(log)):
        with pytest.raises(ClosedError):
            use()


def test_paths_can_be_read_again_and_file_objects_once(tmp_path, some_lines):
    path = tmp_path / "a.log"
    path.write_bytes(some_lines(100))
    log = vpcvis.open(path)
    assert pa.table(log).num_rows == pa.table(log).num_rows == len(list(log.records())) == 100
    once = vpcvis.open(io.BytesIO(some_lines(100)))
    assert len(pa.schema(once)) == 14 and len(pa.schema(once)) == 14
    assert pa.table(once).num_rows == 100
    with pytest.raises(ValueError, match="once"):
        pa.table(once)
    with pytest.raises(ValueError, match="file object"):
        once.reader()


def test_looking_at_the_schema_reads_nothing_twice(some_lines):
    log = vpcvis.open(io.BytesIO(some_lines(100000)))
    assert duckdb.sql("select count(*), sum(bytes)::bigint from log").fetchall() == [
        (100000, 40 * 100000 * 100001 // 2)]


def test_many_files_are_one_table(samples, some_lines):
    files = [samples("v5.log"), samples("v2-default.log"), samples("v3.log")]
    table = pa.table(vpcvis.open(files))
    assert table.num_rows == 24 + 28 + 12
    assert table.column("srcaddr").to_pylist() == [r.srcaddr for r in vpcvis.read(files)]
    # a file without a header line has the default format, whatever came before it
    assert table.column("version").to_pylist()[24:52] == [2] * 28
    fixed = vpcvis.open([b"10.0.0.1 5", b"10.0.0.2 6\n"], layout="srcaddr bytes",
                        fixed_layout=True)
    assert pa.table(fixed).to_pydict() == {"srcaddr": ["10.0.0.1", "10.0.0.2"],
                                           "bytes": [5, 6]}


@pytest.mark.parametrize("ends", [b"\n", b"", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_errors_say_which_file_and_its_line(some_lines, ends, bom):
    bad = b"2 1 eni-1 10.0.0.1 10.0.0.2 x 80 6 1 40 1 2 ACCEPT OK"
    header = b"srcaddr bytes\n"
    files = [bom + some_lines(3) + bad + ends, bom + bad + b"\n" + some_lines(2) + bad + ends,
             bom + header + b"10.0.0.1 y" + ends, bom, bom + some_lines(1) + bad + ends]
    log = vpcvis.open(files)
    table = pa.table(log)
    assert table.num_rows == 3 + 2 + 0 + 1
    expected = []
    for file in files:
        reader = vpcvis.Reader(file)
        list(reader)
        expected += [(e.line, e.offset, e.at, e.field) for e in reader.errors]
    assert [(e.line, e.offset, e.at, e.field) for e in log.errors] == expected
    counts = log.counts
    assert counts.records == 6 and counts.errors == 5 and counts.files == 5
    assert counts.headers == 1
    assert counts.lines == counts.records + counts.errors + counts.blank + counts.headers


def test_strict_ends_the_stream(samples):
    log = vpcvis.open(samples("trouble.log"), strict=True)
    with pytest.raises(pa.ArrowInvalid, match="trouble.log:6:68: dstport"):
        pa.table(log)
    assert isinstance(log.exception, LineError) and log.exception.line == 6
    assert pa.table(vpcvis.open(samples("trouble.log"))).num_rows == 6


class Fails(io.RawIOBase):
    """A file whose disk breaks."""

    def __init__(self, data, error):
        super().__init__()
        self._data, self._error = io.BytesIO(data), error

    def readable(self):
        return True

    def readinto(self, room):
        got = self._data.readinto(room)
        if got == 0:
            raise self._error
        return got


@pytest.mark.parametrize("error, raised", [
    (OSError(5, "the disk is broken"), OSError),
    (ConnectionResetError(104, "gone"), OSError),
    (ValueError("not today"), ValueError), (RuntimeError("odd"), OSError),
    (MemoryError("full"), MemoryError)])
def test_an_exception_of_the_source_is_one_of_the_consumer(some_lines, error, raised):
    text = str(error.args[-1])
    log = vpcvis.open(Fails(some_lines(20000), error), rows=64)
    reader = pa.RecordBatchReader.from_stream(log)
    assert reader.read_next_batch().num_rows == 64
    with pytest.raises((raised, pa.ArrowException), match=text):
        reader.read_all()
    with pytest.raises((raised, pa.ArrowException), match=text):
        reader.read_next_batch()
    assert log.exception is error
    assert log.counts.records > 0


def test_the_schema_is_there_although_the_source_fails(some_lines):
    log = vpcvis.open(Fails(some_lines(100), OSError(5, "the disk is broken")))
    assert len(pa.schema(log)) == 14
    reader = pa.RecordBatchReader.from_stream(log)
    with pytest.raises(OSError, match="the disk is broken"):
        reader.read_next_batch()
    log = vpcvis.open(Fails(b"", OSError(5, "the disk is broken")))
    with pytest.raises(OSError, match="the disk is broken"):
        pa.schema(log)
    with pytest.raises(ValueError, match="once"):
        pa.schema(log)


def test_the_exception_is_the_cause_of_the_consumers(some_lines):
    error = OSError(5, "the disk is broken")
    for consume in (pa.table, pl.DataFrame, lambda log: duckdb.from_arrow(log).fetchall()):
        with pytest.raises(Exception) as caught:
            with vpcvis.open(Fails(some_lines(20000), error)) as log:
                consume(log)
        assert caught.value is error or caught.value.__cause__ is error
        assert "the disk is broken" in str(caught.value)
        del caught


def test_an_interrupt_in_the_source_interrupts(some_lines):
    log = vpcvis.open(Fails(some_lines(20000), KeyboardInterrupt()))
    with pytest.raises(OSError, match="KeyboardInterrupt"):
        pa.table(log)
    with pytest.raises(KeyboardInterrupt):
        with vpcvis.open(Fails(some_lines(20000), KeyboardInterrupt())) as log:
            pa.table(log)


def test_files_that_are_not_there_or_no_logs(tmp_path):
    log = vpcvis.open(tmp_path / "none.log")
    with pytest.raises(OSError, match="none.log"):
        pa.table(log)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1....PAR1")
    log = vpcvis.open([b"", path])
    with pytest.raises(Exception, match="a.parquet"):
        pa.table(log)
    assert isinstance(log.exception, SourceError)
    with pytest.raises(FileNotFoundError):
        vpcvis.open(str(tmp_path / "*.none"))


def test_a_bad_option_raises_at_once():
    with pytest.raises(KeyError):
        vpcvis.open(b"", fields=["colour"])
    with pytest.raises(vpcvis.TextError):
        vpcvis.open(b"", layout="${")


def test_a_function_for_bad_lines(samples):
    seen = []
    pa.table(vpcvis.open(samples("trouble.log"), on_error=seen.append))
    assert [error.line for error in seen] == [6, 7, 8, 10, 11]


def open_files():
    return len(os.listdir("/proc/self/fd"))


def test_what_nobody_imported_is_released(tmp_path, some_lines):
    path = tmp_path / "a.log"
    path.write_bytes(some_lines(40000))
    gc.collect()
    before = open_files()
    log = vpcvis.open(path, rows=64)
    capsule = log.__arrow_c_stream__()
    schema = log.__arrow_c_schema__()
    assert type(capsule).__name__ == type(schema).__name__ == "PyCapsule"
    assert len(_stream._passes) == 1
    del capsule, schema
    gc.collect()
    assert not _stream._passes and not _capsule._exports
    reader = pa.RecordBatchReader.from_stream(log)
    reader.read_next_batch()
    assert open_files() == before + 1
    del reader
    gc.collect()
    log.close()
    assert open_files() == before


def test_what_nobody_imported_is_released_while_an_exception_is_on_its_way(some_lines):
    log = vpcvis.open(some_lines(10))
    with pytest.raises(TypeError, match="PyCapsule"):
        int(log.__arrow_c_stream__())  # drops the capsule with the exception set
    with pytest.raises(ZeroDivisionError):
        capsule = log.__arrow_c_stream__()
        raise ZeroDivisionError
    del capsule
    gc.collect()
    assert not _stream._passes


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_garbage_in_any_order(some_lines, order):
    log = vpcvis.open(some_lines(2000), rows=64)
    reader = pa.RecordBatchReader.from_stream(log)
    things = [log, reader, reader.read_next_batch()]
    del log, reader
    for which in order:
        if things[2] is not None:
            things[2].validate(full=True)
        things[which] = None
        gc.collect()


def test_streams_on_many_threads(some_lines):
    log = vpcvis.open(some_lines(20000), rows=640)
    sums = []

    def work():
        table = pa.table(log)
        sums.append(sum(table.column("bytes").to_pylist()))
    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sums == [40 * 20000 * 20001 // 2] * 4


def test_the_interpreter_may_end_at_any_time(tmp_path, some_lines):
    path = tmp_path / "a.log"
    path.write_bytes(some_lines(40000))
    code = ("import sys, pyarrow as pa, vpcvis\n"
            "log = vpcvis.open(sys.argv[1], rows=64)\n"
            "capsule = log.__arrow_c_stream__()\n"
            "reader = pa.RecordBatchReader.from_stream(vpcvis.open(sys.argv[1]))\n"
            "batch = reader.read_next_batch()\n"
            "records = iter(vpcvis.Reader(sys.argv[1])); next(records)\n"
            "loop = [log, reader, batch]; loop.append(loop)\n"
            "print(batch.num_rows)\n")
    done = subprocess.run([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", ALL)
def test_to_parquet_and_back(samples, tmp_path, name):
    path = samples(name + ".log")
    pq.write_table(pa.table(vpcvis.open(path)), tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    first = next(vpcvis.read(path)).layout
    known = [n for n in first.names if n in {f.name for f in vpcvis.FIELDS}]
    expected = [tuple(record.get(n) for n in known) for record in vpcvis.read(path)]
    assert list(vpcvis.from_arrow(table, strict=True)) == expected
    lines = b"".join(vpcvis.write_arrow(table)).decode().split("\n")[:-1]
    layout = vpcvis.Layout(known)
    assert lines == [layout.record_type(row).write(layout) for row in expected]


@pytest.mark.parametrize("options", [
    {"underscore": True}, {"unsigned": True}, {"binary_addresses": True}, {"timestamps": True},
    {"dictionary": True}, {"rows": 64}])
def test_every_kind_of_column_comes_back(samples, options):
    path = samples("v5.log")
    assert list(vpcvis.from_arrow(vpcvis.open(path, **options))) == list(vpcvis.read(path))


def test_other_engines_tables_come_back(samples):
    path = samples("v2-default.log")
    expected = list(vpcvis.read(path))
    log = vpcvis.open(path)
    assert list(vpcvis.from_arrow(pl.DataFrame(log).with_columns(
        pl.col("srcaddr").cast(pl.Binary).cast(pl.String)).to_arrow(
            compat_level=pl.CompatLevel.oldest()))) == expected
    assert list(vpcvis.from_arrow(duckdb.sql("select * from log").to_arrow_table())) == expected
    assert list(vpcvis.from_arrow(pa.table(log).to_batches()[0])) == expected
    sliced = pa.table(log).slice(5, 7)
    assert list(vpcvis.from_arrow(sliced)) == expected[5:12]


def test_rows_that_cannot_be_cost_themselves_alone():
    table = pa.table({"srcaddr": ["10.0.0.1", "ten", "10.0.0.3", None], "colour": [1, 2, 3, 4],
                      "bytes": pa.array([1, 2, -3, 4], pa.int64())})
    seen = []
    rows = list(vpcvis.from_arrow(table, on_error=seen.append))
    assert rows == [("10.0.0.1", 1), (None, 4)]
    assert [(e.line, e.field, e.name) for e in seen] == [
        (2, "srcaddr", "E_ADDRESS"), (3, "bytes", "E_NUMBER")]
    with pytest.raises(LineError):
        list(vpcvis.from_arrow(table, strict=True))
    two = pa.Table.from_batches(table.to_batches() * 2)
    del seen[:]
    list(vpcvis.from_arrow(two, on_error=seen.append))
    assert [e.line for e in seen] == [2, 3, 6, 7]


def test_what_has_no_fields_or_is_no_arrow():
    with pytest.raises(vpcvis.VpcvisError):
        list(vpcvis.from_arrow(pa.table({"colour": [1]})))
    with pytest.raises(vpcvis.VpcvisError):
        list(vpcvis.from_arrow(pa.table({"bytes": [1.5]})))
    with pytest.raises(TypeError):
        list(vpcvis.from_arrow([1]))
    assert list(vpcvis.from_arrow(pa.table({"bytes": pa.array([], pa.int64())}))) == []


def test_leaving_from_arrow_early_releases_the_stream(some_lines):
    rows = vpcvis.from_arrow(vpcvis.open(some_lines(5000), rows=64))
    assert next(rows).bytes == 40
    assert len(_stream._passes) == 1
    rows.close()
    assert not _stream._passes


def test_an_error_of_another_producer_is_an_os_error():
    def batches():
        yield pa.record_batch({"bytes": [1]})
        raise OSError("their disk is broken")
    theirs = pa.RecordBatchReader.from_batches(pa.schema([("bytes", pa.int64())]), batches())
    rows = vpcvis.from_arrow(theirs)
    assert next(rows).bytes == 1
    with pytest.raises(OSError, match="their disk is broken"):
        next(rows)


def test_structs_of_the_interface_have_the_specified_size():
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        sizes = [ctypes.sizeof(s) for s in (vpcvis._abi.ArrowSchema, vpcvis._abi.ArrowArray,
                                            vpcvis._abi.ArrowStream)]
        assert sizes == [72, 80, 40]


def test_a_directory_of_compressed_files_in_one_line(tmp_path, some_lines):
    for i in range(20):
        top = tmp_path / ("%02d" % (i // 5))
        top.mkdir(exist_ok=True)
        (top / ("%02d.log.gz" % i)).write_bytes(gzip.compress(some_lines(100, 100 * i)))
    frame = pl.DataFrame(vpcvis.open(tmp_path))
    assert frame["packets"].to_list() == list(range(1, 2001))
    pattern = str(pathlib.Path(tmp_path) / "**" / "*.gz")
    assert pl.DataFrame(vpcvis.open(pattern)).height == 2000
