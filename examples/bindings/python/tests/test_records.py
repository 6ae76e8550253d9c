# SPDX-License-Identifier: MIT
import copy
import pickle

import pytest
import vpcvis
from vpcvis import Layout, LineError, Record, TextError, VpcvisError

LINE = "2 123456789012 eni-1 10.0.0.1 2001:DB8::1 443 80 6 5 300 1781082000 1781082060 ACCEPT OK"


def test_the_catalogue():
    assert len(vpcvis.FIELDS) == 72
    assert [field.id for field in vpcvis.FIELDS] == list(range(72))
    field = vpcvis.find_field("pktSrcAddr")
    assert field.name == "pkt-srcaddr" and field.attribute == "pkt_srcaddr"
    assert (field.kind, field.about, field.parquet, field.version) == (
        "address", "packet", "string", 3)
    with pytest.raises(KeyError):
        vpcvis.find_field("colour")


def test_words():
    assert vpcvis.word_of("protocol", 6) == "TCP"
    assert vpcvis.word_of("protocol", 253) is None or vpcvis.word_of("protocol", 253)
    assert vpcvis.tcp_flags_text(19) == "FIN|SYN-ACK"
    assert vpcvis.decode_tag("a%20b%C3%A9") == "a b\u00e9"
    with pytest.raises(TextError) as caught:
        vpcvis.decode_tag("a%2")
    assert caught.value.offset == 1


def test_layouts():
    assert len(Layout()) == 14 and Layout().version == 2
    assert len(Layout("transit-gateway")) == 36 and Layout(5).version == 5
    custom = Layout("${srcaddr} ${pkt-dstaddr} ${colour}")
    assert custom.names == ("srcaddr", "pkt-dstaddr", "colour")
    assert "pkt_dstaddr" in custom and "colour" in custom and "bytes" not in custom
    assert custom.write() == "srcaddr pkt-dstaddr colour"
    assert custom.write("format") == "${srcaddr} ${pkt-dstaddr} ${colour}"
    assert custom.write("underscore") == "srcaddr pkt_dstaddr colour"
    assert custom == Layout(["srcaddr", "pkt-dstaddr", "colour"]) and hash(custom)
    assert pickle.loads(pickle.dumps(custom)) == custom
    assert custom != Layout()


@pytest.mark.parametrize("text, name, offset, column", [
    ("srcaddr srcaddr", "E_DUPLICATE", 8, 1), ("${srcaddr", "E_BRACE", 0, 0),
    ("", "E_EMPTY", 0, 0), ("srcaddr 9x", "E_NAME", 8, 1)])
def test_a_layout_that_cannot_be_says_where(text, name, offset, column):
    with pytest.raises(TextError) as caught:
        Layout(text)
    assert (caught.value.name, caught.value.offset, caught.value.column) == (
        name, offset, column)


def test_a_strict_layout_refuses_names_of_the_future():
    assert Layout("srcaddr colour")
    with pytest.raises(TextError, match="E_NAME"):
        Layout("srcaddr colour", strict=True)


def test_one_line():
    record = vpcvis.read_line(LINE)
    assert record.srcaddr == "10.0.0.1" and record.dstaddr == "2001:db8::1"
    assert record.bytes == 300 and record.start == 1781082000
    assert record["log-status"] == record.log_status == record[13] == "OK"
    assert record.account_id == "123456789012"
    assert isinstance(record, tuple) and len(record) == 14
    assert record.layout == Layout()
    assert record == vpcvis.read_line((LINE + "\n").encode())
    assert vpcvis.read_line("00 7", "account-id bytes").account_id == "00"


def test_nothing_dash_and_absent_are_three():
    record = vpcvis.read_line("0 -", "bytes srcaddr")
    assert record.bytes == 0 and record.srcaddr is None and record.dstaddr is None
    assert [record.state(name) for name in ("bytes", "srcaddr", "dstaddr")] == [
        "value", "dash", "absent"]
    assert record.get("srcaddr", "?") == "?" and record.get("bytes", "?") == 0
    with pytest.raises(KeyError):
        record["dstaddr"]
    with pytest.raises(AttributeError):
        record.colour


def test_as_a_dictionary_and_back():
    record = vpcvis.read_line(LINE)
    assert list(record.to_dict()) == list(Layout().names)
    assert record.to_dict(underscore=True)["account_id"] == "123456789012"
    assert Layout().record(**record.to_dict(underscore=True)) == record
    assert "srcaddr='10.0.0.1'" in repr(record)


def test_names_that_python_or_the_class_has_are_items():
    record = vpcvis.read_line("a b c d", "count class layout names")
    assert record["count"] == "a" and record["class"] == "b" and record["names"] == "d"
    assert record.names == ("count", "class", "layout", "names")


def test_a_record_is_written_as_any_layout_has_it():
    record = vpcvis.read_line(LINE)
    assert record.write() == LINE.replace("DB8", "db8")
    assert record.write(Layout("action colour srcaddr")) == "ACCEPT - 10.0.0.1"
    future = vpcvis.read_line("x 10.0.0.1 y", "colour srcaddr shape")
    assert future.write(Layout("shape colour")) == "y x"


def test_records_are_made():
    layout = Layout("srcaddr bytes action colour")
    record = layout.record(srcaddr="10.0.0.1", bytes=7, action="REJECT", colour="red")
    assert record.write() == "10.0.0.1 7 REJECT red"
    assert layout.record() == (None, None, None, None)
    for values in ({"srcaddr": "10.0.0"}, {"bytes": -1}, {"bytes": 1 << 64}, {"bytes": "7"},
                   {"colour": "a b"}, {"colour": ""}):
        with pytest.raises(VpcvisError):
            layout.record(**values)
    with pytest.raises(TypeError, match="shape"):
        layout.record(shape="round")


def test_the_largest_numbers():
    record = vpcvis.read_line("%d" % (2 ** 64 - 1), "bytes")
    assert record.bytes == 2 ** 64 - 1 and record.write() == str(2 ** 64 - 1)


def test_records_travel():
    record = vpcvis.read_line("1 x", "bytes colour")
    for same in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record)):
        assert same == record and same.colour == "x" and same.layout == record.layout
    short = Layout().read_line("2 1 eni-1", lenient=True)
    same = pickle.loads(pickle.dumps(short))
    assert same.missing == short.missing and same.flags == short.flags


def test_lenient_lines():
    short = Layout().read_line("2 1 eni-1 -", lenient=True)
    assert short.state("srcaddr") == "dash" and short.state("dstaddr") == "absent"
    with pytest.raises(LineError, match="E_FEW"):
        Layout().read_line("2 1 eni-1 -")


def test_a_bad_line_says_where():
    with pytest.raises(LineError) as caught:
        vpcvis.read_line(LINE.replace(" 443 ", " 70000 "))
    error = caught.value
    assert (error.name, error.field, error.column, error.line) == ("E_RANGE", "srcport", 5, 1)
    assert LINE[error.offset:].startswith("443")
    assert isinstance(error, ValueError) and "srcport" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_times_in_milliseconds():
    record = Layout("start end").read_line("1781082000123 1781082060", milliseconds=True)
    assert record == (1781082000, 1781082060) and record.flags & 8


def test_every_sample_is_read_and_written_as_it_was(samples):
    for name in ("v2-default", "v3", "v4", "v5", "v8", "v9", "v10", "v11", "future",
                 "transit-gateway", "custom-order", "v7-ecs"):
        with open(samples(name + ".log")) as log:
            lines = [line for line in log.read().split("\n") if line]
        records = list(vpcvis.read(samples(name + ".log"), strict=True))
        assert all(isinstance(record, Record) for record in records)
        assert [record.write() for record in records] == lines[-len(records):], name
