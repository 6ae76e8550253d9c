# SPDX-License-Identifier: MIT
"""flowtop as ClickHouse's `executable`, in chDB, which is ClickHouse in a process.

    python3 clickhouse_pipe.py FLOWTOP
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

from chdb import session

LAYOUT = "srcaddr dstaddr dstport protocol packets bytes start end action log-status"
QUESTION = "srcaddr,dstport/bytes,min:start,records"
SQL = """
SELECT srcaddr, dstport, sum(toUInt64OrZero(bytes)), min(toUInt64OrNull(start)), sum(records)
FROM executable(
    'flowtop --quiet --partial -s {question} -', TSV,
    'question String, flags UInt32, rows UInt64, srcaddr String, dstport String, bytes String,
     start String, records UInt64',
    (SELECT line FROM file('{files}', LineAsString)))
GROUP BY ALL"""


def line(rng):
    start = 1700000000 + rng.randrange(9999)
    return (f"10.0.{rng.randrange(3)}.{rng.randrange(20)} 2001:db8::{rng.randrange(1, 9)} "
            f"{rng.choice([22, 53, 443, '-'])} 6 {rng.randrange(99)} {rng.randrange(10 ** 9)} "
            f"{start} {start + 9} ACCEPT OK\n")


def main():
    rng = random.Random(3)
    flowtop = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/db/user_scripts")
        os.mkdir(f"{folder}/logs")
        # A program of one's own is found here only, and its arguments are words.
        shutil.copy(flowtop, f"{folder}/db/user_scripts/flowtop")
        for i in range(9):
            with open(f"{folder}/logs/{i}.log", "w", encoding="ascii") as out:
                out.write(LAYOUT + "\n" + "".join(line(rng) for _ in range(4000)))
        clickhouse = session.Session(f"{folder}/db")
        told = clickhouse.query(SQL.format(question=QUESTION, files=f"{folder}/logs/*.log"), "CSV")
        ours = sorted(str(told).replace('"', "").split())
        ran = subprocess.run([flowtop, "--quiet", "--to", "csv", "-n", "0", "-s", QUESTION,
                              f"{folder}/logs"], capture_output=True, check=True, text=True)
        wanted = sorted(row if row.split(",")[1] else row.replace(",,", ",-,", 1)
                        for row in ran.stdout.split()[1:])
        clickhouse.close()
    good = len(wanted) > 200 and ours == wanted
    if not good:
        print(f"not ok: {len(ours)} groups against {len(wanted)}: {ours[:2]} {wanted[:2]}")
    print(f"{int(good)} passed, {int(not good)} failed")
    return not good


sys.exit(main())
