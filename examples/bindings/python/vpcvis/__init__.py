# SPDX-License-Identifier: MIT
"""Flow logs and traffic mirroring: libvpcvis for Python.

Flow logs: open() gives an Arrow stream for pyarrow, Polars, pandas and DuckDB; read() and
Reader give records and batches; rollup() and Rollup give grouped totals; from_arrow() and
write_arrow() go back from Arrow to records and lines.

Mirroring: Filter judges packets by rules; unwrap() and wrap() take frames out of VXLAN and
GENEVE and put them in.

What is wrong is a VpcvisError with the library's status. A bad line of a log is a LineError;
it costs itself alone.
"""
from ._arrow import from_arrow, write_arrow
from ._errors import ClosedError, LineError, SourceError, TextError, VpcvisError
from ._filter import Answer, Filter, Finding, Fit, Needs, Rule, RuleError, read_rules
from ._layout import (
    FIELDS, Field, Layout, Record, decode_tag, find_field, read_line, tcp_flags_text, word_of,
)
from ._packet import Copy, Packet, Tunnel, unwrap, wrap
from ._reader import Batch, Counts, Reader, read
from ._rollup import Rollup, RollupCounts, Totals, rollup
from ._stream import Log, open
from ._version import __version__, library_path, library_version

__all__ = [
    "FIELDS", "Answer", "Batch", "ClosedError", "Copy", "Counts", "Field", "Filter", "Finding",
    "Fit", "Layout", "LineError", "Log", "Needs", "Packet", "Reader", "Record", "Rollup",
    "RollupCounts", "Rule", "RuleError", "SourceError", "TextError", "Totals", "Tunnel",
    "VpcvisError", "__version__", "decode_tag", "find_field", "from_arrow", "library_path",
    "library_version", "open", "read", "read_line", "read_rules", "rollup", "tcp_flags_text",
    "unwrap", "word_of", "wrap", "write_arrow",
]
