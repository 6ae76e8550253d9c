# SPDX-License-Identifier: MIT
"""Many records to few answers: grouped totals that merge."""
import ctypes
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from ctypes import byref, c_uint32, c_uint64, c_void_p
from typing import (
    Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union,
)

from . import _abi
from ._abi import lib
from ._arrow import ArrowRows, speaks_arrow
from ._capsule import ARRAY, SCHEMA, capsule_of, imported
from ._errors import ClosedError, check, check_text, fail
from ._layout import (
    FIELDS, Field, FieldValue, Record, find_field, read_cidr, to_struct, value_of,
)
from ._reader import Batch, Counts, Options, Reader
from ._source import Input, Source, inputs
from ._stream import PARTIAL, Log, arrow_flags, stream_capsule

Row = Dict[str, FieldValue]

_FIELD, _PREFIX, _ZONE, _BUCKET = 1, 2, 3, 4
_RECORDS, _DISTINCT = 1, 7
_MEASURES = {"count": 2, "sum": 3, "min": 4, "max": 5, "or": 6, "distinct": 7}
_OTHER = _BY_KEY = 0xFFFFFFFF
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_KEY_SUFFIXES = {_FIELD: "", _PREFIX: "_prefix", _ZONE: "_zone", _BUCKET: "_bucket"}


class RollupCounts(NamedTuple):
    """What was added: records == grouped + other + nodata + skipdata + twice."""

    records: int
    grouped: int
    other: int  #: in "everything else": their groups found no room
    nodata: int
    skipdata: int
    twice: int
    undirected: int
    groups: int
    texts: int
    text_bytes: int
    overflow: bool  #: not all groups found room
    saturated: bool  #: a sum stopped at 2**64 - 1


def _key(text: str) -> Tuple[str, _abi.RollupKey]:
    name, slash, rest = text.partition("/")
    if not slash:
        name, _, rest = text.partition(":")
    field = find_field(name)
    key = _abi.RollupKey(kind=_FIELD, field=field.id)
    if rest:
        _refine(key, field, rest, text)
    return field.name + _KEY_SUFFIXES[key.kind], key


def _refine(key: _abi.RollupKey, field: Field, rest: str, text: str) -> None:
    if field.kind == "address" and rest == "zone":
        key.kind = _ZONE
    elif field.kind == "address":
        lengths = rest.replace(":", "/").split("/")
        if len(lengths) > 2 or not all(length.isdecimal() for length in lengths):
            raise ValueError("%r: a prefix is as srcaddr/24 or srcaddr/24/56" % text)
        key.kind = _PREFIX
        key.ipv4_len = int(lengths[0])
        key.ipv6_len = int(lengths[1]) if len(lengths) == 2 else 64
    elif field.kind == "number":
        number = rest[:-1] if rest[-1] in _UNITS else rest
        if not number.isdecimal() or int(number) == 0:
            raise ValueError("%r: a step is as start:3600 or start:1h" % text)
        key.kind = _BUCKET
        key.step = int(number) * _UNITS.get(rest[-1], 1)
    else:
        raise ValueError("%r: only addresses and numbers are made coarser" % text)


def _measure(text: str) -> Tuple[str, _abi.RollupMeasure]:
    if text == "records":
        return text, _abi.RollupMeasure(kind=_RECORDS)
    kind, colon, name = text.partition(":")
    if not colon:
        kind, name = "sum", text
    if kind not in _MEASURES:
        raise ValueError("%r: a measure is as records, sum:bytes, min:start, max:end, "
                         "or:tcp-flags, count:srcport, distinct:dstaddr" % text)
    field = find_field(name)
    if kind not in ("count", "distinct") and field.kind != "number":
        raise ValueError("%r: %s is no number; try count or distinct" % (text, field.name))
    return "%s_%s" % (field.name, kind), _abi.RollupMeasure(_MEASURES[kind], field.id)


class _Blocks:
    """A map of blocks of addresses to numbers."""

    def __init__(self, blocks: Sequence[Tuple[str, int]]) -> None:
        entries = (_abi.PrefixEntry * max(len(blocks), 1))()
        for entry, (text, number) in zip(entries, blocks):
            entry.cidr = read_cidr(text)
            entry.value = number
        config = _abi.sized(_abi.PrefixConfig, flags=1)
        error = _abi.Error()
        self.handle = c_void_p()
        check_text(lib.prefix_new(entries, len(blocks), byref(config), None,
                                  byref(self.handle), byref(error)), error, "blocks")

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            lib.prefix_free(self.handle, None)


def _zones(given: Mapping[str, str]) -> Tuple[_Blocks, Tuple[str, ...]]:
    names = tuple(dict.fromkeys(given.values()))
    numbers = {name: number for number, name in enumerate(names)}
    return _Blocks([(block, numbers[name]) for block, name in given.items()]), names


class Rollup:
    """Grouped totals in bounded memory.

        hours = Rollup(["srcaddr/24", "start:1h"], ["sum:bytes", "distinct:dstaddr"])
        hours.add("logs/")
        for row in hours.top(10, "sum:bytes"):
            print(row["srcaddr_prefix"], row["bytes_sum"])

    keys: fields, blocks of addresses (`srcaddr/24`, `srcaddr/24/56` with a length for IPv6,
    else 64), zones (`srcaddr:zone`, of `zones`, a mapping of CIDR to name), numbers rounded down
    (`start:3600`, `start:1h`). No keys: one total.

    measures: `records`, `sum:bytes` or just `bytes`, `min:`, `max:`, `or:` of a number,
    `count:` and `distinct:` of any field. All are exact but distinct, an estimate (3 %, or as
    `sketch_bits` 4 to 16 has it).

    groups: room for so many; what finds none is summed as `other`. idle: count NODATA and
    SKIPDATA too. logged: blocks of addresses of logged interfaces; a flow between two of them
    is then counted once.

    As in SQL: None is a group of its own as a key, and passed over by measures. Rollups of the
    same keys and measures merge in any order, on any machine: see `merge` and `partial`.
    """

    def __init__(self, keys: Union[str, Iterable[str]], measures: Union[str, Iterable[str]],
                 *, groups: int = 0, idle: bool = False, sketch_bits: int = 0,
                 sketch_seed: int = 0, zones: Optional[Mapping[str, str]] = None,
                 logged: Optional[Iterable[str]] = None) -> None:
        self._handle = c_void_p()
        self._lock = threading.Lock()
        key_rows = [_key(text) for text in ([keys] if isinstance(keys, str) else keys)]
        self._measure_texts = [measures] if isinstance(measures, str) else list(measures)
        measure_rows = [_measure(text) for text in self._measure_texts]
        if len(key_rows) > 8 or not 1 <= len(measure_rows) <= 16:
            raise ValueError("at most 8 keys, and 1 to 16 measures")
        self.key_names = tuple(name for name, _ in key_rows)
        self.measure_names = tuple(name for name, _ in measure_rows)
        self.zone_names: Tuple[str, ...] = ()
        self._config = config = _abi.sized(
            _abi.RollupConfig, flags=1 if idle else 0, key_count=len(key_rows),
            measure_count=len(measure_rows), groups=groups, sketch_bits=sketch_bits,
            sketch_seed=sketch_seed)
        ctypes.memmove(config.hash_key, os.urandom(16), 16)
        self._use_blocks(key_rows, zones, logged)
        for i, (_, key) in enumerate(key_rows):
            config.keys[i] = key
        for i, (_, measure) in enumerate(measure_rows):
            config.measures[i] = measure
        check(lib.rollup_new(byref(config), None, byref(self._handle)), "rollup")

    def _use_blocks(self, keys: List[Tuple[str, _abi.RollupKey]],
                    zones: Optional[Mapping[str, str]],
                    logged: Optional[Iterable[str]]) -> None:
        self._zone_map: Optional[_Blocks] = None
        self._logged_map: Optional[_Blocks] = None
        wanted = [key for _, key in keys if key.kind == _ZONE]
        if wanted and not zones:
            raise ValueError("a zone key needs zones: a mapping of CIDR to name")
        if zones:
            self._zone_map, self.zone_names = _zones(zones)
            for key in wanted:
                key.zones = self._zone_map.handle
        if logged is not None:
            self._logged_map = _Blocks([(block, 0) for block in logged])
            self._config.logged = self._logged_map.handle

    def _like(self) -> "Rollup":
        """An empty one of the same keys, measures and maps."""
        other = Rollup.__new__(Rollup)
        other.__dict__.update(self.__dict__)
        other._handle = c_void_p()
        other._lock = threading.Lock()
        check(lib.rollup_new(byref(self._config), None, byref(other._handle)), "rollup")
        return other

    # ---- Life ----

    def close(self) -> None:
        """Give the memory back; using it then is a ClosedError. Closing twice is fine."""
        with self._using(closed_is_fine=True):
            if self._handle:
                lib.rollup_free(self._handle, None)
                self._handle = c_void_p()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            lib.rollup_free(self._handle, None)

    def __enter__(self) -> "Rollup":
        return self

    def __exit__(self, *what: Any) -> None:
        self.close()

    def _using(self, closed_is_fine: bool = False) -> "_Use":
        return _Use(self, closed_is_fine)

    def clear(self) -> None:
        """Empty it."""
        with self._using():
            lib.rollup_clear(self._handle)

    # ---- Adding ----

    @property
    def fields(self) -> Tuple[str, ...]:
        """The fields that records must have for it: reading these alone is faster."""
        bits = (c_uint64 * 2)()
        with self._using():
            lib.rollup_fields(self._handle, bits)
        whole = bits[0] | bits[1] << 64
        return tuple(field.name for field in FIELDS if whole >> field.id & 1)

    def add(self, what: Any, *, workers: int = 1, **options: Any) -> Counts:
        """Add a source (a path, a directory, bytes... with Reader()'s options), a Log, a
        Reader, a Batch, a Record or several, an Arrow table; what was read is returned.

        workers: so many threads, each with files of its own; the library works outside the
        interpreter's lock.
        """
        if isinstance(what, Batch):
            self._add_batch(what)
            return Counts(records=len(what))
        if isinstance(what, Record):
            return self._add_records([what])
        if isinstance(what, Log):
            chosen = dict(what._options._asdict(), **options)
            chosen["workers"] = 1
            return self._add_source(what._inputs, workers, chosen)
        if isinstance(what, Reader):
            for batch in what.batches():
                self._add_batch(batch)
            return what.counts
        if isinstance(what, Rollup):
            self.merge(what)
            return Counts()
        if speaks_arrow(what):
            return self._add_arrow(what, options)
        if isinstance(what, Iterator) and not hasattr(what, "read"):
            return self._add_records(what)
        if isinstance(what, (list, tuple)) and what and isinstance(what[0], Record):
            return self._add_records(what)
        return self._add_source(inputs(what), workers, options)

    def _add_batch(self, batch: Batch) -> None:
        struct = batch._columns.struct
        with self._using():
            status = lib.rollup_add_columns(self._handle, batch.layout._pointer,
                                            byref(struct), batch._text, None, 0, len(batch))
        check(status, "the batch lacks fields that the rollup needs")

    def _add_records(self, records: Iterable[Record]) -> Counts:
        count = 0
        for record in records:
            struct, texts = to_struct(record, record.layout)
            with self._using():
                check(lib.rollup_add(self._handle, byref(struct), ctypes.sizeof(struct), 1))
            del texts
            count += 1
        return Counts(records=count)

    def _add_arrow(self, what: Any, options: Dict[str, Any]) -> Counts:
        rows_of = ArrowRows(what, Options(**options))
        count = 0
        for rows in rows_of:
            with self._using():
                check(lib.rollup_add(self._handle, rows.array, ctypes.sizeof(_abi.Record),
                                     rows.count))
            count += rows.count
        return Counts(records=count, errors=rows_of.count_errors)

    def _add_source(self, source: List[Input], workers: int,
                    options: Dict[str, Any]) -> Counts:
        options = dict(options, fields=self.fields or ("version",))
        if workers <= 1 or len(source) < 2:
            with Reader(source, **options) as reader:
                return self.add(reader)
        shares = [source[i::workers] for i in range(min(workers, len(source)))]
        parts = [self._like() for _ in shares]
        with ThreadPoolExecutor(len(shares)) as pool:
            counts = list(pool.map(
                lambda part, share: part._add_source(share, 1, options), parts, shares))
        for part in parts:
            self.merge(part)
            part.close()
        return sum(counts, Counts())

    def merge(self, other: Any) -> None:
        """Add all that another rollup has, or partials as any Arrow object has them.

        VpcvisError if their keys, measures or sketches are others.
        """
        if not isinstance(other, Rollup):
            self._merge_arrow(other)
            return
        if other is self:
            raise ValueError("a rollup cannot be merged with itself")
        with self._using(), other._using():
            check(lib.rollup_merge(self._handle, other._handle), "merge")

    def _merge_arrow(self, what: Any) -> None:
        taken = c_uint64()
        for schema, array in imported(what):
            with self._using():
                status = lib.columns_merge(self._handle, byref(schema), byref(array),
                                           byref(taken))
            if status == _abi.NOMATCH:
                raise KeyError("the batch lacks a column of the rollup's partials")
            check(status, "merge")

    # ---- Looking ----

    @property
    def counts(self) -> RollupCounts:
        """What was added."""
        counts = _abi.RollupCounts()
        with self._using():
            check(lib.rollup_count(self._handle, byref(counts)))
        plain = {name: getattr(counts, name) for name in RollupCounts._fields[:-2]}
        return RollupCounts(overflow=bool(counts.flags & 1),
                            saturated=bool(counts.flags & 2), **plain)

    def __len__(self) -> int:
        return self.counts.groups

    def _place(self, measure: Union[str, int]) -> int:
        if isinstance(measure, int):
            if not 0 <= measure < len(self.measure_names):
                raise IndexError("there is no measure %d" % measure)
            return measure
        if measure in self.measure_names:
            return self.measure_names.index(measure)
        name = _measure(measure)[0]
        if name not in self.measure_names:
            raise KeyError("%s is not measured" % measure)
        return self.measure_names.index(name)

    def _order(self, measure: int, count: int) -> Any:
        order = (c_uint32 * max(count, 1))()
        got = c_uint32()
        check(lib.rollup_top(self._handle, measure, count, order, byref(got)))
        return order, got.value

    def top(self, n: int = 10, measure: Union[str, int] = 0) -> List[Row]:
        """The groups with the largest number of a measure, largest first."""
        place = self._place(measure)
        with self._using():
            order, count = self._order(place, n)
            return [self._row(order[i]) for i in range(count)]

    def rows(self) -> Iterator[Row]:
        """All groups in the order of their keys, then everything else, if there is any."""
        total = self.counts
        with self._using():
            order, count = self._order(_BY_KEY, total.groups)
            rows = [self._row(order[i]) for i in range(count)]
            if total.other:
                rows.append(self._row(_OTHER))
        return iter(rows)

    __iter__ = rows

    def other(self) -> Optional[Row]:
        """The sums of what found no room; None if all did."""
        if not self.counts.other:
            return None
        with self._using():
            return self._row(_OTHER)

    def _row(self, group: int) -> Row:
        row: Row = {}
        value, number = _abi.Value(), c_uint64()
        for i, name in enumerate(self.key_names):
            check(lib.rollup_get_key(self._handle, group, i, byref(value)))
            row[name] = self._key_value(value, self._config.keys[i])
        for i, name in enumerate(self.measure_names):
            status = lib.rollup_get(self._handle, group, i, byref(number))
            if status not in (_abi.OK, _abi.NOMATCH):
                fail(status)
            row[name] = number.value if status == _abi.OK else None
        return row

    def _key_value(self, value: Any, key: Any) -> FieldValue:
        if key.kind == _ZONE and value.state == _abi.STATE_VALUE:
            return self.zone_names[int(value.number)]
        return value_of(value, key.field)

    # ---- Arrow ----

    def arrow(self, n: Optional[int] = None, measure: Union[str, int] = 0, *,
              underscore: bool = False, unsigned: bool = False,
              binary_addresses: bool = False, timestamps: bool = False) -> "Totals":
        """The rows, or the top n, for anything that speaks Arrow."""
        flags = arrow_flags(underscore, unsigned, binary_addresses, timestamps)
        return Totals(self, flags, n, 0 if n is None else self._place(measure))

    def partial(self, *, unsigned: bool = False) -> "Totals":
        """All of it as Arrow columns that add up: what `merge` takes, on any machine."""
        return Totals(self, PARTIAL | arrow_flags(unsigned=unsigned), None, 0)

    def __arrow_c_schema__(self) -> Any:
        return self.arrow().__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.arrow().__arrow_c_array__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.arrow().__arrow_c_stream__()


class _Use:
    """A rollup has one user at a time, and is open."""

    def __init__(self, rollup: Rollup, closed_is_fine: bool) -> None:
        self._rollup = rollup
        self._closed_is_fine = closed_is_fine

    def __enter__(self) -> None:
        if not self._rollup._lock.acquire(blocking=False):
            raise RuntimeError("the rollup is in use by another thread")
        if not self._rollup._handle and not self._closed_is_fine:
            self._rollup._lock.release()
            raise ClosedError("the rollup is closed")

    def __exit__(self, *what: Any) -> None:
        self._rollup._lock.release()


class Totals:
    """Rows of a rollup as one Arrow batch, made when it is asked for."""

    def __init__(self, rollup: Rollup, flags: int, n: Optional[int], measure: int) -> None:
        self._rollup = rollup
        self._flags = flags
        self._n = n
        self._measure = measure

    def _write_schema(self, address: int) -> None:
        rollup = self._rollup
        with rollup._using():
            check(lib.columns_rollup_schema(rollup._handle, self._flags, None, address))

    def _write_array(self, address: int) -> None:
        rollup = self._rollup
        with rollup._using():
            order, count = None, 0
            if self._n is not None:
                order, count = rollup._order(self._measure, self._n)
            check(lib.columns_rollup(rollup._handle, self._flags, order, count, None, address))

    def __arrow_c_schema__(self) -> Any:
        """A capsule with the schema."""
        struct = _abi.ArrowSchema()
        self._write_schema(ctypes.addressof(struct))
        return capsule_of(struct, SCHEMA)

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        """Capsules with the schema and the batch."""
        schema = self.__arrow_c_schema__()
        struct = _abi.ArrowArray()
        self._write_array(ctypes.addressof(struct))
        return schema, capsule_of(struct, ARRAY)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A capsule with a stream of the one batch."""
        return stream_capsule(_OneBatch(self))


class _OneBatch:
    """What a stream of one batch pulls from."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._given = False
        self.failed: Optional[BaseException] = None
        self.message = b""

    def schema(self, address: int) -> None:
        self._totals._write_schema(address)

    def next(self, address: int) -> None:
        _abi.ArrowArray.from_address(address).release = None
        if not self._given:
            self._given = True
            self._totals._write_array(address)

    def let_go(self) -> None:
        """Nothing is held."""


def rollup(source: Source, keys: Union[str, Iterable[str]],
           measures: Union[str, Iterable[str]] = ("records", "bytes", "packets"), *,
           workers: int = 1, **options: Any) -> Rollup:
    """Read a source into a new Rollup; options are Rollup()'s and Reader()'s."""
    own = {name: options.pop(name) for name in (
        "groups", "idle", "sketch_bits", "sketch_seed", "zones", "logged") if name in options}
    made = Rollup(keys, measures, **own)
    made.add(source, workers=workers, **options)
    return made
