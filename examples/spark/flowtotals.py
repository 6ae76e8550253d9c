# SPDX-License-Identifier: MIT
"""Grouped totals of a folder of flow logs, on as many machines as Spark has.

    spark-submit flowtotals.py -s srcaddr,dstport/bytes,packets,records s3://bucket/AWSLogs/
    spark-submit flowtotals.py -s start:1h/bytes,distinct:srcaddr --merge library logs/

    files --binaryFile--> workers: libvpcvis decompresses (zlib), parses, adds up
          --partials as Arrow columns--> SQL: sum, min, max, bit_or --> totals

Each task reads whole files, so a header line is always before the lines it is for, and gives
the rows of its rollup. Adding those up is commutative and associative: the order of tasks does
not matter, and a task that dies is run again by Spark, which takes the rows of one attempt
only. What was read and refused travels with the rows, so it is exact in the same way.

Needs the package vpcvis (examples/bindings/python) and libvpcvis.so here; both are sent to the
workers.
"""
import argparse
import csv
import os
import shutil
import sys
import tempfile

FLAG_OTHER = 1  # VPCVIS_ROLLUP_ROW_OTHER: everything else, of groups that found no room
FLAG_SATURATED = 2
GROUPS = 262144  # of a task, before it hands over what it has


def _library():
    """The package, in a worker or here. A worker has the library that was sent to it."""
    from pyspark import SparkFiles, TaskContext
    if TaskContext.get() is not None:
        os.environ["VPCVIS_LIBRARY"] = SparkFiles.get("libvpcvis.so.0")
    import vpcvis
    return vpcvis


def _plain(batch):
    """Spark has no binary of a fixed size, which sketches are."""
    import pyarrow as pa
    arrays = [column.cast(pa.binary()) if pa.types.is_fixed_size_binary(column.type) else column
              for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _told(batch, lines, bad):
    """The rows of a rollup and, in the first, what was read for them. No rows: one of nothing."""
    import pyarrow as pa
    if batch.num_rows == 0:
        columns = [pa.nulls(1, column.type) for column in batch.columns]
        columns[0] = pa.array([FLAG_OTHER], pa.int32())
        columns[1] = pa.array([0], pa.int64())
        batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    rest = [0] * (batch.num_rows - 1)
    return pa.RecordBatch.from_arrays(
        batch.columns + [pa.array([lines] + rest, pa.int64()), pa.array([bad] + rest, pa.int64())],
        names=batch.schema.names + ["lines_read", "lines_bad"])


class Task:
    """What a task does: files in, partials out."""

    def __init__(self, keys, measures, groups=GROUPS, **options):
        self.keys, self.measures, self.groups, self.options = keys, measures, groups, options

    def rollup(self):
        return _library().Rollup(self.keys, self.measures, groups=self.groups)

    def partial(self, rollup, lines=0, bad=0):
        import pyarrow as pa
        return _told(_plain(pa.record_batch(rollup.partial())), lines, bad)

    def __call__(self, batches):
        rollup = self.rollup()
        lines = bad = 0
        for batch in batches:
            for content in batch.column("content"):
                counts = rollup.add(memoryview(content.as_buffer()), **self.options)
                lines += counts.lines
                bad += counts.errors
                if 2 * len(rollup) > self.groups: # well before there is no room
                    yield self.partial(rollup, lines, bad)
                    rollup.clear()
                    lines = bad = 0
        yield self.partial(rollup, lines, bad)
        rollup.close()


class Merge(Task):
    """Partials in, totals out; for distinct counts, which SQL cannot add up. All rows of a key
    must be in one task."""

    def __call__(self, batches):
        import pyarrow as pa
        import pyarrow.compute as pc
        rollup = self.rollup()
        schema = pa.record_batch(rollup.partial()).schema
        for batch in batches:
            table = pa.Table.from_batches([batch]).select(schema.names)
            rollup.merge(table.filter(pc.greater(table["rows"], 0)).cast(schema))
        totals = pa.record_batch(rollup.arrow())
        other = 1 if rollup.counts.overflow else 0
        yield pa.RecordBatch.from_arrays(
            [pa.array([other] * totals.num_rows, pa.int32())] + totals.columns,
            names=["flags"] + totals.schema.names)


def ship(spark):
    """Send this file, the package and the library to the workers."""
    vpcvis = _library()
    with_package = os.path.dirname(os.path.dirname(os.path.abspath(vpcvis.__file__)))
    folder = tempfile.mkdtemp()
    archive = shutil.make_archive(os.path.join(folder, "vpcvis"), "zip", with_package, "vpcvis")
    library = shutil.copy(os.environ["VPCVIS_LIBRARY"], os.path.join(folder, "libvpcvis.so.0"))
    for sent in (archive, os.path.abspath(__file__)):
        spark.sparkContext.addPyFile(sent)
    spark.sparkContext.addFile(library)


def logs(spark, folder):
    """A row a file. Few files a batch: they travel to Python whole."""
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "4")
    return (spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folder)
            .select("content"))


def _schema(batch):
    from pyspark.sql.pandas.types import from_arrow_schema
    return from_arrow_schema(batch.schema)


def _quoted(name):
    return f"`{name}`"


def _sum_of(measure, column):
    """How a measure's column adds up, in SQL; sums may outgrow 64 bits."""
    kind = measure.partition(":")[0] if ":" in measure else "sum"
    if kind in ("min", "max"):
        return f"{kind}({_quoted(column)})"
    if kind == "or":
        return f"bit_or({_quoted(column)})"
    return f"sum(CAST({_quoted(column)} AS DECIMAL(38, 0)))"


def merge_sql(spark, partials, rollup, measures):
    """The totals of partials: nothing but SQL."""
    keys = [_quoted(name) for name in rollup.key_names]
    sums = [f"{_sum_of(measure, name)} AS {_quoted(name)}"
            for measure, name in zip(measures, rollup.measure_names)]
    partials.createOrReplaceTempView("vpcvis_partials")
    return spark.sql(f"SELECT {', '.join(['bit_or(flags) AS flags'] + keys + sums)} "
                     "FROM vpcvis_partials WHERE rows > 0 "
                     f"GROUP BY {', '.join(['flags & 1'] + keys)}")


def merge_library(partials, task, groups):
    """The same by rollups, a share of the keys in each task; distinct counts are estimated."""
    import pyarrow as pa
    merge = Merge(task.keys, task.measures, groups)
    names = task.rollup().key_names
    shares = partials.repartition(*[_quoted(n) for n in names]) if names else \
        partials.repartition(1)
    empty = pa.record_batch(task.rollup().arrow())
    schema = pa.schema([("flags", pa.int32())] + list(empty.schema))
    return shares.mapInArrow(merge, _schema(pa.RecordBatch.from_pylist([], schema)))


def read(spark, folder, task):
    """Partials of a folder's logs, as a DataFrame: keep it, store it, merge it."""
    return logs(spark, folder).mapInArrow(task, _schema(task.partial(task.rollup())))


def totals(spark, folder, question, merge="sql", groups=GROUPS, task=None):
    """The totals, and (lines read, lines refused)."""
    keys, _, measures = question.rpartition("/")
    keys, measures = [k for k in keys.split(",") if k], measures.split(",")
    task = task or Task(keys, measures, groups)
    partials = read(spark, folder, task).persist() # of totals and counts: read once
    if merge == "sql":
        if any(measure.startswith("distinct:") for measure in measures):
            raise ValueError("distinct counts need merge='library'")
        answer = merge_sql(spark, partials, task.rollup(), measures).collect()
    else:
        answer = merge_library(partials, task, groups).collect()
    counts = partials.selectExpr("sum(lines_read)", "sum(lines_bad)").first()
    partials.unpersist()
    return answer, (counts[0] or 0, counts[1] or 0)


def main():
    arguments = argparse.ArgumentParser(description="Grouped totals of flow logs.")
    arguments.add_argument("-s", default="srcaddr,dstaddr/bytes,packets,records",
                           metavar="KEYS/MEASURES", dest="question")
    arguments.add_argument("--merge", choices=("sql", "library"), default="sql")
    arguments.add_argument("--groups", type=int, default=GROUPS, help="of a task")
    arguments.add_argument("folder")
    options = arguments.parse_args()
    if "VPCVIS_LIBRARY" not in os.environ:
        arguments.error("VPCVIS_LIBRARY: where libvpcvis.so is, to be sent to the workers")
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.appName("flowtotals").getOrCreate()
    ship(spark)
    rows, (lines, bad) = totals(spark, options.folder, options.question, options.merge,
                                options.groups)
    if rows:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(rows[0].__fields__[1:])
        for row in rows:
            out.writerow(row[1:])
    print(f"{lines} lines, {bad} refused, {len(rows)} groups", file=sys.stderr)
    if any(row["flags"] & FLAG_OTHER for row in rows):
        print("not all groups found room: give --groups more", file=sys.stderr)
        return 1
    spark.stop()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
