# SPDX-License-Identifier: MIT
"""examples/spark against flowtop, on a cluster of two workers on this machine, of which parts
are killed in mid-job.

    python3 spark_totals.py FLOWTOP [SEED]
"""
import csv
import gzip
import io
import os
import random
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../examples/spark"))
import flowtotals  # noqa: E402

FIRST = "srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status " \
        "tcp-flags"
SECOND = "version bytes packets tcp-flags dstport end start dstaddr srcaddr action flow-direction " \
         "vpc-id log-status"
QUESTIONS = [
    "srcaddr,dstport/bytes,packets,records",
    "srcaddr:24:48,start:1h/bytes,min:start,max:end,or:tcp-flags,count:dstaddr,records",
    "/bytes,records",
]
FILES = 48
DISTINCT = "action,dstport:1000/records,distinct:srcaddr,distinct:dstaddr,bytes"
passed = failed = 0


def check(what, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"ok {what}" if good else f"not ok {what}: {why}", flush=True)


def value(rng, name):
    if name != "log-status" and rng.randrange(20) == 0:
        return "-"
    if name.endswith("addr"):
        return (f"10.0.{rng.randrange(4)}.{rng.randrange(40)}" if rng.randrange(4) else
                f"2001:db8:{rng.randrange(1, 4):x}::{rng.randrange(1, 9):x}")
    return {"version": "5", "protocol": "6", "log-status": "OK", "vpc-id": "vpc-1",
            "srcport": str(rng.randrange(1024, 65536)), "dstport": rng.choice(["22", "53", "443"]),
            "action": rng.choice(["ACCEPT", "REJECT"]), "flow-direction": "egress",
            "bytes": str(rng.randrange(10 ** rng.randrange(1, 13))),
            "tcp-flags": str(1 << rng.randrange(6)),
            "start": str(1700000000 + rng.randrange(20000)),
            "end": str(1700020000 + rng.randrange(20000))}.get(name, str(rng.randrange(1000)))


def lines(rng, header, count):
    rows = [header]
    for _ in range(count):
        rows.append(" ".join(value(rng, name) for name in header.split()))
        if rng.randrange(2000) == 0:
            rows.append(rng.choice(["1 2 3", "x" * 40, rows[-1] + " more", ""]))
    return ("\n".join(rows) + "\n").encode()


def make_logs(rng, folder, files):
    """Header lines of two layouts, at the beginning and in the middle of files and members."""
    for i in range(files):
        place = os.path.join(folder, f"2026/{i % 5}")
        os.makedirs(place, exist_ok=True)
        parts = [lines(rng, rng.choice([FIRST, SECOND]), rng.randrange(900))
                 for _ in range(rng.randrange(1, 4))]
        path = os.path.join(place, f"{i:03}.log" + (".gz" if i % 6 else ""))
        with open(path, "wb") as out:
            for part in parts if i % 6 else [b"".join(parts)]:
                out.write(gzip.compress(part) if i % 6 else part)


def plain(cell):
    return "" if cell is None else str(cell)


def flowtop_rows(flowtop, question, folder):
    ran = subprocess.run([flowtop, "--quiet", "--to", "csv", "-n", "0", "-s", question, folder],
                         capture_output=True, check=False, text=True)
    if ran.returncode not in (0, 1):
        raise RuntimeError(ran.stderr)
    rows = [tuple(cell.partition("/")[0] for cell in row) for row in
            csv.reader(io.StringIO(ran.stdout))] # blocks without their length, as columns are
    return sorted(rows[1:])


def spark_rows(rows):
    return sorted(tuple(plain(cell) for cell in row[1:]) for row in rows)


class Dying(flowtotals.Task):
    """A task whose first attempts end in the way `how` says, when half of it is handed over."""

    def __init__(self, how, notes, *arguments, **options):
        super().__init__(*arguments, **options)
        self.how, self.notes = how, notes

    def __call__(self, batches):
        from pyspark import TaskContext
        context = TaskContext.get()
        dies = context.attemptNumber() == 0 and context.partitionId() % 2 == 1
        if self.how == "executor": # one is enough: it takes its neighbours with it
            dies = context.attemptNumber() == 0 and context.partitionId() == 1
        self.groups = 4096 # so that there is something to hand over before the end
        for i, batch in enumerate(super().__call__(batches)):
            yield batch
            if dies:
                self.die()
        if dies:
            self.die()

    def die(self):
        with open(f"{self.notes}/{self.how}-{os.getpid()}", "w", encoding="ascii"):
            pass
        if self.how == "exception":
            raise RuntimeError("injected")
        if self.how == "worker":
            os.kill(os.getpid(), signal.SIGKILL)
        with open(f"/proc/{os.getppid()}/stat", encoding="ascii") as stat: # of the daemon
            executor = int(stat.read().rpartition(")")[2].split()[1])
        with open(f"/proc/{executor}/cmdline", "rb") as command:
            if b"CoarseGrainedExecutorBackend" not in command.read():
                raise RuntimeError("not an executor")
        os.kill(executor, signal.SIGKILL)


def session():
    from pyspark.sql import SparkSession
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    spark = (SparkSession.builder.master("local-cluster[2,1,1024]").appName("spark_totals")
             .config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
             .config("spark.driver.bindAddress", "127.0.0.1")
             .config("spark.executorEnv.PYTHONPATH", HERE)
             .config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.shuffle.partitions", "3")
             .config("spark.sql.files.maxPartitionBytes", "300k")
             .config("spark.sql.files.openCostInBytes", "20k")
             .config("spark.task.maxFailures", "4").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    flowtotals.ship(spark)
    spark.sparkContext.addPyFile(os.path.abspath(__file__))
    return spark


def compare(what, spark, flowtop, folder, question, expected, **options):
    rows, counts = flowtotals.totals(spark, folder, question, **options)
    wanted = flowtop_rows(flowtop, question, folder)
    ours = spark_rows(rows)
    check(f"{what}: {question}, {len(ours)} groups", ours == wanted,
          f"{len(ours)} groups against {len(wanted)}; "
          f"{next(((a, b) for a, b in zip(ours, wanted) if a != b), None)}")
    check(f"{what}: lines read and refused", counts == expected, f"{counts} against {expected}")


def pipe(spark, flowtop, folder):
    """RDD.pipe: partitions begin in the middle of files."""
    with open(os.path.join(folder, "one.log"), "wb") as out:
        out.write(lines(random.Random(5), FIRST, 9000))
    options = [option for question in QUESTIONS for option in ("-s", question)]
    command = f"{flowtop} --quiet --partial --layout '{FIRST}' {' '.join(options)}"
    lines_of = spark.sparkContext.textFile(folder, 5).pipe(command)
    merged = subprocess.run([flowtop, "--merge", "--to", "csv", "-n", "0"], capture_output=True,
                            text=True, input="\n".join(lines_of.collect()) + "\n", check=True)
    once = subprocess.run([flowtop, "--quiet", "--to", "csv", "-n", "0", *options, folder],
                          capture_output=True, text=True, check=False)
    check(f"RDD.pipe, {lines_of.getNumPartitions()} processes",
          len(merged.stdout) > 9999 and merged.stdout == once.stdout,
          f"{len(merged.stdout)} bytes against {len(once.stdout)}")


def main():
    flowtop = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2 ** 32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as notes:
        make_logs(random.Random(seed), folder, FILES)
        rollup = flowtotals.Task([], ["records"]).rollup()
        counts = rollup.add(folder)
        expected = (counts.lines, counts.errors)
        spark = session()
        tasks = flowtotals.logs(spark, folder).rdd.getNumPartitions()
        check(f"many tasks, of many files: {tasks} of {FILES}", 4 <= tasks < FILES)
        check("lines are refused", counts.errors > 0)
        for question in QUESTIONS:
            compare("sql", spark, flowtop, folder, question, expected)
        compare("library", spark, flowtop, folder, DISTINCT, expected, merge="library")
        compare("handing over early", spark, flowtop, folder, QUESTIONS[0], expected,
                task=flowtotals.Task(["srcaddr", "dstport"], ["bytes", "packets", "records"],
                                     groups=4096))
        for how in ("exception", "worker", "executor"):
            compare(f"death of {how}", spark, flowtop, folder, QUESTIONS[0], expected,
                    task=Dying(how, notes, ["srcaddr", "dstport"], ["bytes", "packets", "records"]))
            died = sum(name.startswith(how) for name in os.listdir(notes))
            check(f"death of {how}: {died} of {tasks} tasks", died > 0)
        with tempfile.TemporaryDirectory() as folder:
            pipe(spark, flowtop, folder)
        spark.stop()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    import spark_totals # so that workers find Dying by this module's name
    sys.exit(spark_totals.main())
