# SPDX-License-Identifier: MIT
"""The vectors that all bindings share."""
import json
import os

import pytest
import vpcvis

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors.json"),
          encoding="ascii") as file:
    VECTORS = json.load(file)


@pytest.mark.parametrize("row", VECTORS["lines"], ids=lambda row: row["line"][:20])
def test_lines(row):
    layout = vpcvis.Layout(row["layout"])
    if "error" in row:
        with pytest.raises(vpcvis.LineError) as caught:
            layout.read_line(row["line"])
        assert caught.value.name == row["error"]["status"]
        assert caught.value.offset == row["error"]["offset"]
        assert caught.value.field == row["error"].get("field", caught.value.field)
        return
    record = layout.read_line(row["line"])
    for name, value in row["fields"].items():
        found = getattr(record, name.replace("-", "_"))
        assert (found if found is None or isinstance(value, int) else str(found)) == value


@pytest.mark.parametrize("row", VECTORS["rules"], ids=lambda row: row.get("action", "error"))
def test_rules(row):
    if "error" in row:
        with pytest.raises(vpcvis.RuleError) as caught:
            vpcvis.Filter(row["rules"])
        assert caught.value.name == row["error"]["status"]
        assert caught.value.offset == row["error"]["offset"]
        return
    packet = vpcvis.Packet.read(bytes.fromhex(row["packet"]), start="ip")
    answer = vpcvis.Filter(row["rules"]).match(packet, row["direction"])
    assert (answer.action or "none") == row["action"]
    assert (answer.rule.number if answer.rule else 0) == row["number"]


@pytest.mark.parametrize("row", VECTORS["frames"], ids=lambda row: row.get("status", "OK"))
def test_frames(row):
    frame = bytes.fromhex(row["frame"])
    if "status" in row:
        if row["status"] == "NOMATCH":
            assert vpcvis.unwrap(frame) is None
            return
        with pytest.raises(vpcvis.VpcvisError) as caught:
            vpcvis.unwrap(frame)
        assert caught.value.name == row["status"]
        return
    copy = vpcvis.unwrap(frame)
    assert len(copy.tunnels) == row["layers"]
    assert (copy.vni, copy.tunnels[-1].src) == (row["vni"], row["source"])
    assert copy.tunnels[-1].inner_at == row["inner_at"]
    packet = copy.packet
    assert (packet.src, packet.dst) == (row["srcaddr"], row["dstaddr"])
    assert (packet.srcport, packet.dstport) == (row["srcport"], row["dstport"])
    assert packet.ip_len == row["ip_len"]
