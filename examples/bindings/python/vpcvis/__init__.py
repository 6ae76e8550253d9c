# SPDX-License-Identifier: MIT
"""Flow logs and traffic mirroring: libvpcvis for Python."""
from ._errors import ClosedError, LineError, SourceError, TextError, VpcvisError
from ._layout import (
    FIELDS, Field, Layout, Record, decode_tag, find_field, read_line, tcp_flags_text, word_of,
)
from ._reader import Batch, Counts, Reader, read
from ._stream import Log, open
from ._arrow import from_arrow, write_arrow
from ._rollup import Rollup, RollupCounts, Totals, rollup
