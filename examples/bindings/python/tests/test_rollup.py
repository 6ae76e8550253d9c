# SPDX-License-Identifier: MIT
import gc
import io
import threading
from collections import defaultdict

import pytest
import vpcvis
from vpcvis import ClosedError, Reader, Rollup, VpcvisError


def truth(records, key, value):
    """Sums as a dictionary would have them."""
    sums = defaultdict(int)
    for record in records:
        if record.log_status == "OK":
            sums[key(record)] += value(record) or 0
    return dict(sums)


def test_sums_by_a_field(samples):
    path = samples("v2-default.log")
    made = vpcvis.rollup(path, "srcaddr", ["records", "sum:bytes", "packets"])
    expected = truth(vpcvis.read(path), lambda r: r.srcaddr, lambda r: r.bytes)
    assert {row["srcaddr"]: row["bytes_sum"] for row in made.rows()} == expected
    assert len(made) == len(expected) == made.counts.groups
    counts = made.counts
    assert counts.records == counts.grouped + counts.nodata + counts.skipdata == 28
    assert not counts.overflow and not counts.saturated and made.other() is None


def test_the_largest_first(samples):
    made = vpcvis.rollup(samples("v5.log"), ["srcaddr", "dstport"], ["records", "bytes"])
    top = made.top(5, "sum:bytes")
    assert len(top) == 5 and made.top(5, "bytes") == made.top(5, 1) == top
    assert [row["bytes_sum"] for row in top] == sorted(
        (row["bytes_sum"] for row in made), reverse=True)[:5]
    with pytest.raises(KeyError):
        made.top(5, "sum:packets")
    with pytest.raises(IndexError):
        made.top(5, 2)


def test_blocks_hours_and_no_key(samples):
    records = list(vpcvis.read(samples("suspicious.log")))
    made = vpcvis.rollup(samples("suspicious.log"), ["dstaddr/16", "start:1h"], "bytes")
    expected = truth(records, lambda r: (
        ".".join(r.dstaddr.split(".")[:2]) + ".0.0", r.start // 3600 * 3600), lambda r: r.bytes)
    assert {(row["dstaddr_prefix"], row["start_bucket"]): row["bytes_sum"]
            for row in made} == expected
    total = vpcvis.rollup(samples("suspicious.log"), [], ["bytes", "min:start", "max:end"])
    assert list(total) == [{
        "bytes_sum": sum(expected.values()),
        "start_min": min(r.start for r in records if r.log_status == "OK"),
        "end_max": max(r.end for r in records if r.log_status == "OK")}]


def test_ipv6_blocks():
    lines = b"2001:db8:1:2::1 1\n2001:db8:1:3::1 2\n10.1.2.3 4\n"
    made = vpcvis.rollup(lines, "srcaddr/8/48", "bytes", layout="srcaddr bytes")
    assert list(made) == [{"srcaddr_prefix": "10.0.0.0", "bytes_sum": 4},
                          {"srcaddr_prefix": "2001:db8:1::", "bytes_sum": 3}]


def test_other_measures(samples):
    path = samples("v5.log")
    made = vpcvis.rollup(path, "action", [
        "or:tcp-flags", "count:vpc-id", "distinct:srcaddr", "min:srcport", "flow-direction"][:4])
    for row in made:
        mine = [r for r in vpcvis.read(path) if r.action == row["action"]
                and r.log_status == "OK"]
        flags = 0
        for record in mine:
            flags |= record.tcp_flags or 0
        assert row["tcp-flags_or"] == flags
        assert row["vpc-id_count"] == sum(r.vpc_id is not None for r in mine)
        assert row["srcaddr_distinct"] == len({r.srcaddr for r in mine})
        assert row["srcport_min"] == min(r.srcport for r in mine if r.srcport is not None)


def test_nothing_is_a_group_and_passed_over(samples):
    lines = b"- 5\n10.0.0.1 -\n- 7\n"
    made = vpcvis.rollup(lines, "srcaddr", ["sum:bytes", "count:bytes", "records"],
                         layout="srcaddr bytes")
    assert list(made) == [
        {"srcaddr": None, "bytes_sum": 12, "bytes_count": 2, "records": 2},
        {"srcaddr": "10.0.0.1", "bytes_sum": None, "bytes_count": 0, "records": 1}]
    idle = vpcvis.rollup(samples("trouble.log"), "log-status", "records", idle=True)
    assert {row["log-status"]: row["records"] for row in idle} == {
        "OK": 4, "NODATA": 1, "SKIPDATA": 1}


def test_zones(samples):
    zones = {"10.0.0.0/8": "inside", "10.0.1.0/24": "web", "198.51.100.0/24": "clients",
             "203.0.113.0/24": "clients"}
    made = vpcvis.rollup(samples("v2-default.log"), "srcaddr:zone", "bytes", zones=zones)

    def zone(record):
        for block, name in (("10.0.1.", "web"), ("10.", "inside"), ("198.51.100.", "clients"),
                            ("203.0.113.", "clients")):
            if record.srcaddr.startswith(block):
                return name
        return None
    assert {row["srcaddr_zone"]: row["bytes_sum"] for row in made} == truth(
        vpcvis.read(samples("v2-default.log")), zone, lambda r: r.bytes)
    with pytest.raises(ValueError, match="zones"):
        Rollup("srcaddr:zone", "bytes")
    with pytest.raises(vpcvis.TextError):
        Rollup("srcaddr:zone", "bytes", zones={"10.0.0.0": "no length"})


def test_flows_between_logged_interfaces_once():
    layout = "srcaddr dstaddr bytes flow-direction"
    lines = b"10.0.0.1 10.0.0.2 5 egress\n10.0.0.1 10.0.0.2 5 ingress\n"
    assert list(vpcvis.rollup(lines, [], "bytes", layout=layout)) == [{"bytes_sum": 10}]
    once = vpcvis.rollup(lines, [], "bytes", layout=layout, logged=["10.0.0.0/8"])
    assert list(once) == [{"bytes_sum": 5}] and once.counts.twice == 1


def test_what_finds_no_room_is_summed(some_lines):
    made = vpcvis.rollup(some_lines(1000), "srcaddr", "bytes", groups=64)
    assert made.counts.overflow and made.counts.other > 0
    assert sum(row["bytes_sum"] for row in made) == 40 * 1000 * 1001 // 2
    assert list(made.rows())[-1] == made.other() and made.other()["srcaddr"] is None


def test_everything_that_can_be_added_gives_the_same(samples):
    path = samples("v5.log")
    keys, measures = ["srcaddr", "flow-direction"], ["bytes", "distinct:dstaddr"]
    expected = list(vpcvis.rollup(path, keys, measures))
    records = list(vpcvis.read(path))
    with open(path, "rb") as log:
        data = log.read()
    for what in (data, io.BytesIO(data), Reader(path), records, iter(records),
                 vpcvis.open(path)):
        made = Rollup(keys, measures)
        made.add(what)
        assert list(made) == expected, what
    single = Rollup(keys, measures)
    for record in records:
        single.add(record)
    assert list(single) == expected
    batches = Rollup(keys, measures)
    for batch in Reader(path).batches():
        batches.add(batch)
    assert list(batches) == expected
    assert Rollup(keys, measures).add(path).records == 24


def test_only_the_needed_fields_are_read():
    made = Rollup(["srcaddr/24", "start:60"], ["bytes", "distinct:pkt-dstaddr"])
    assert {"srcaddr", "start", "bytes", "pkt-dstaddr"} <= set(made.fields)
    with pytest.raises(VpcvisError, match="fields"):
        made.add(Reader(b"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n",
                        fields=["srcaddr"]))


def test_bad_lines_are_counted_and_reported(samples):
    seen = []
    made = Rollup([], "records")
    counts = made.add(samples("trouble.log"), on_error=seen.append)
    assert counts.errors == len(seen) == 5 and counts.records == 6
    with pytest.raises(vpcvis.LineError):
        made.add(samples("trouble.log"), strict=True)


def test_rollups_merge_in_any_order(some_lines):
    parts = [some_lines(500, first) for first in range(0, 3000, 500)]
    keys, measures = ["srcaddr/24", "action"], ["records", "bytes", "max:bytes", "min:srcport",
                                                "distinct:srcaddr"]
    whole = list(vpcvis.rollup(b"".join(parts), keys, measures))
    for order in (range(6), reversed(range(6)), (3, 1, 5, 0, 4, 2)):
        made = Rollup(keys, measures)
        for i in order:
            made.merge(vpcvis.rollup(parts[i], keys, measures))
        assert list(made) == whole
    with pytest.raises(VpcvisError):
        made.merge(Rollup("srcaddr", measures))
    with pytest.raises(ValueError):
        made.merge(made)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers(tmp_path, some_lines, workers):
    for i in range(7):
        (tmp_path / ("%d.log" % i)).write_bytes(some_lines(300, 300 * i))
    expected = list(vpcvis.rollup(some_lines(2100), "srcaddr", ["bytes", "records"]))
    made = Rollup("srcaddr", ["bytes", "records"])
    counts = made.add(tmp_path, workers=workers)
    assert counts.records == 2100 and counts.files == 7
    assert list(made) == expected


def test_clearing_and_closing(some_lines):
    made = vpcvis.rollup(some_lines(10), "srcaddr", "bytes")
    made.clear()
    assert len(made) == 0 and list(made) == []
    with made:
        made.add(some_lines(10))
    for use in (lambda: made.add(some_lines(1)), lambda: made.top(1), lambda: list(made),
                lambda: made.counts, made.clear, lambda: made.fields,
                lambda: made.merge(Rollup("srcaddr", "bytes")), made.__arrow_c_stream__,
                made.__arrow_c_array__):
        with pytest.raises((ClosedError, ValueError), match="closed"):
            held = use()
            import pyarrow
            pyarrow.RecordBatchReader._import_from_c_capsule(held).read_all()
    made.close()
    gc.collect()


@pytest.mark.parametrize("keys, measures", [
    ("colour", "bytes"), ("srcaddr", "sum:colour"), ("srcaddr", "sum:srcaddr"),
    ("srcaddr", "mean:bytes"), ("srcaddr/x", "bytes"), ("srcaddr/99", "bytes"),
    ("bytes:0", "bytes"), ("start:1y", "bytes"), ("action:4", "bytes"), ("srcaddr", []),
    (["srcaddr"] * 9, "bytes")])
def test_questions_that_cannot_be(keys, measures):
    with pytest.raises((ValueError, KeyError)):
        Rollup(keys, measures)


def test_one_thread_at_a_time(some_lines):
    entered, leave = threading.Event(), threading.Event()
    made = Rollup("srcaddr", "bytes")

    class Waits(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, room):
            entered.set()
            leave.wait(20)
            return 0
    worker = threading.Thread(target=lambda: made.add(Waits()))
    worker.start()
    assert entered.wait(20)
    made.add(some_lines(3))  # the rollup itself is not in use while the file is waited for
    leave.set()
    worker.join(20)
    assert made.counts.records == 3


# ---- Arrow ----

def test_rows_as_arrow(samples):
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    made = vpcvis.rollup(samples("v5.log"), ["srcaddr/24", "start:1h", "action"],
                         ["bytes", "records", "distinct:dstaddr", "or:tcp-flags"])
    table = pa.table(made)
    table.validate(full=True)
    in_order = sorted(table.to_pylist(), key=str)
    assert in_order == sorted(made.rows(), key=str)
    assert pa.record_batch(made).to_pylist() == table.to_pylist()
    assert pl.DataFrame(made).to_dicts() == table.to_pylist()
    assert duckdb.sql("select sum(records)::int from made").fetchall() == [
        (made.counts.grouped,)]
    top = pa.table(made.arrow(3, "bytes"))
    assert top.to_pylist() == made.top(3, "bytes")
    named = pa.schema(made.arrow(underscore=True, unsigned=True))
    assert named.field("tcp_flags_or").type == pa.uint64()
    empty = pa.table(Rollup("srcaddr", "bytes"))
    empty.validate(full=True)
    assert empty.num_rows == 0


def test_partials_merge_anywhere(tmp_path, some_lines):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    keys = ["srcaddr", "action"]
    measures = ["records", "bytes", "max:bytes", "distinct:dstport"]
    parts = []
    for i in range(4):
        part = vpcvis.rollup(some_lines(400, 300 * i), keys, measures)
        pq.write_table(pa.table(part.partial()), tmp_path / ("%d.parquet" % i))
        parts.append(part)
    expected = Rollup(keys, measures)
    made = Rollup(keys, measures)
    for i in (2, 0, 3, 1):
        expected.merge(parts[i])
        made.merge(pq.read_table(tmp_path / ("%d.parquet" % i)))
    assert list(made) == list(expected)
    assert made.counts.grouped == expected.counts.grouped == 1600
    shuffled = pa.table(parts[0].partial())
    shuffled = shuffled.select(reversed(shuffled.column_names)).slice(3, 50)
    few = Rollup(keys, measures)
    few.merge(shuffled)
    assert len(few) == 50
    with pytest.raises(KeyError):
        few.merge(shuffled.drop_columns(["bytes_max"]))
    with pytest.raises(VpcvisError):
        Rollup(keys, measures, sketch_bits=12).merge(shuffled)


def test_rows_of_arrow_batches_are_added(samples):
    pa = pytest.importorskip("pyarrow")
    path = samples("v5.log")
    made = Rollup("srcaddr", ["bytes", "records"])
    counts = made.add(pa.table(vpcvis.open(path)))
    assert counts.records == 24
    assert list(made) == list(vpcvis.rollup(path, "srcaddr", ["bytes", "records"]))
