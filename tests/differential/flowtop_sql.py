# SPDX-License-Identifier: MIT
"""flowtop against SQL: random questions to a random log, answered by flowtop and by sqlite, and
compared row by row, with the order of rows by the first measure.

    python3 flowtop_sql.py FLOWTOP [QUESTIONS [SEED]]
"""
import csv
import ipaddress
import random
import sqlite3
import subprocess
import sys
import tempfile

FIELDS = ["interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
          "bytes", "start", "end", "action", "log-status", "vpc-id", "tcp-flags"]
NUMBERS = {"srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags"}
ROWS = 20000


def random_line(rng):
    address = lambda: rng.choice([f"10.0.{rng.randrange(4)}.{rng.randrange(30)}",
                                  f"198.51.100.{rng.randrange(200)}",
                                  str(ipaddress.ip_address(
                                      f"2001:db8:{rng.randrange(3):x}::{rng.randrange(1, 20):x}"))])
    start = 1700000000 + rng.randrange(20000)
    line = {"interface-id": f"eni-{rng.randrange(50):03}", "srcaddr": address(),
            "dstaddr": address(), "srcport": rng.randrange(65536),
            "dstport": rng.choice([22, 53, 80, 443, 3389, rng.randrange(65536)]),
            "protocol": rng.choice([1, 6, 17, 50]), "packets": rng.randrange(1000),
            "bytes": rng.randrange(10 ** rng.randrange(1, 10)), "start": start,
            "end": start + rng.randrange(60), "action": rng.choice(["ACCEPT", "REJECT"]),
            "log-status": "OK", "vpc-id": f"vpc-{rng.randrange(3)}",
            "tcp-flags": rng.randrange(32)}
    for name in FIELDS:
        if name != "log-status" and rng.randrange(25) == 0:
            line[name] = "-"
    return line


def network(bits4, bits6):
    def mask(text):
        if text is None:
            return None
        address = ipaddress.ip_address(text)
        bits = bits4 if address.version == 4 else bits6
        return str(ipaddress.ip_network((address, bits), strict=False))
    return mask


def random_key(rng):
    """A key as flowtop writes it, and as SQL."""
    field = rng.choice(FIELDS)
    if field.endswith("addr") and rng.randrange(2):
        bits4, bits6 = rng.randrange(33), rng.randrange(129)
        return f"{field}:{bits4}:{bits6}", f'network("{field}", {bits4}, {bits6})'
    if field in NUMBERS and rng.randrange(2):
        step = rng.randrange(1, 5000)
        return f"{field}:{step}", f'"{field}" / {step} * {step}'
    return field, f'"{field}"'


def random_measure(rng):
    field = rng.choice(sorted(NUMBERS))
    kind = rng.choice(["sum", "min", "max", "count", "records", "or"])
    if kind == "records":
        return "records", "COUNT(*)"
    if kind == "count":
        field = rng.choice(FIELDS)
    if kind == "or":
        return f"or:{field}", f'bit_or("{field}")'
    return f"{kind}:{field}", f'{kind.upper()}("{field}")'


class BitOr:
    def __init__(self):
        self.value = None

    def step(self, number):
        if number is not None:
            self.value = (self.value or 0) | number

    def finalize(self):
        return self.value


def load(rng, path):
    database = sqlite3.connect(":memory:")
    database.create_function("network", 3, lambda text, four, six: network(four, six)(text))
    database.create_aggregate("bit_or", 1, BitOr)
    columns = ", ".join(f'"{name}" {"INTEGER" if name in NUMBERS else "TEXT"}' for name in FIELDS)
    database.execute(f"CREATE TABLE log ({columns})")
    with open(path, "w") as log:
        log.write(" ".join(FIELDS) + "\n")
        for _ in range(ROWS):
            line = random_line(rng)
            log.write(" ".join(str(line[name]) for name in FIELDS) + "\n")
            database.execute(f"INSERT INTO log VALUES ({', '.join('?' * len(FIELDS))})",
                             [None if line[name] == "-" else line[name] for name in FIELDS])
    return database


def ask(flowtop, path, question, where):
    """flowtop's rows, as texts; None for an empty cell."""
    command = [flowtop, "--quiet", "--to", "csv", "-s", question, path]
    if where:
        command[1:1] = ["--where", where]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return [tuple(cell or None for cell in row) for row in csv.reader(answer.stdout.splitlines())][1:]


def main():
    flowtop = sys.argv[1]
    questions = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    wheres = [("", ""), ("action = REJECT", "\"action\" = 'REJECT'"),
              ("bytes > 1000 and not dstport in (22, 443)",
               '"bytes" > 1000 AND NOT "dstport" IN (22, 443)'),
              ("vpc-id is - or protocol = tcp", '"vpc-id" IS NULL OR "protocol" = 6')]
    with tempfile.TemporaryDirectory() as directory:
        path = directory + "/random.log"
        database = load(rng, path)
        for number in range(questions):
            keys = [random_key(rng) for _ in range(rng.randrange(1, 4))]
            measures = [random_measure(rng) for _ in range(rng.randrange(1, 5))]
            where, where_sql = rng.choice(wheres)
            question = ",".join(key for key, _ in keys) + "/" + ",".join(m for m, _ in measures)
            mine = ask(flowtop, path, question, where)
            sql = f"SELECT {', '.join(text for _, text in keys + measures)} FROM log" + \
                (f" WHERE {where_sql}" if where_sql else "") + \
                f" GROUP BY {', '.join(text for _, text in keys)}"
            theirs = [tuple(None if cell is None else str(cell) for cell in row)
                      for row in database.execute(sql)]
            first = [int(row[len(keys)]) if row[len(keys)] else -1 for row in mine]
            if sorted(mine, key=repr) != sorted(theirs, key=repr) or \
                    first != sorted(first, reverse=True):
                print(f"not ok flowtop_sql: question {number} of seed {seed}: {question} {where}")
                print("\n".join(str(row) for row in set(mine) ^ set(theirs)))
                return 1
    print(f"ok flowtop_sql: {questions} questions to {ROWS} records answered as sqlite does")
    return 0


sys.exit(main())
