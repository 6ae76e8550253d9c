# SPDX-License-Identifier: MIT
"""read_vpcflow against DuckDB's own read_csv, row by row, on logs made here.

    python3 duckdb_read.py EXTENSION [SEED]
"""
import gzip
import os
import random
import sys
import tempfile

import duckdb

INTEGER = {"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path"}
BIGINT = {"packets", "bytes", "start", "end"}
HEADER = ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets "
          "bytes start end action log-status vpc-id tcp-flags pkt-srcaddr flow-direction "
          "traffic-path not-known-yet").split()
passed = failed = 0


def check(what, good, why=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok {what}")
    else:
        failed += 1
        print(f"not ok {what}: {why}")


def same(what, ours, theirs):
    check(what, ours == theirs, f"{len(ours)} rows against {len(theirs)}; first that differs: "
          f"{next(((a, b) for a, b in zip(ours, theirs) if a != b), None)}")


def address(rng):
    if rng.randrange(3):
        return f"10.{rng.randrange(3)}.{rng.randrange(256)}.{rng.randrange(256)}"
    return f"2001:db8:{rng.randrange(1, 9):x}::{rng.randrange(1, 65536):x}"


def value(rng, name):
    if name != "log-status" and rng.randrange(12) == 0:
        return "-"
    if name in ("srcaddr", "dstaddr", "pkt-srcaddr"):
        return address(rng)
    if name == "packets":
        return str(rng.randrange(2 ** 63))
    if name in ("bytes", "start", "end"):
        return str(rng.randrange(10 ** rng.randrange(1, 12)))
    return {"version": "5", "account-id": "123456789010", "log-status": "OK",
            "action": rng.choice(["ACCEPT", "REJECT"]),
            "interface-id": f"eni-{rng.randrange(40):017x}",
            "vpc-id": f"vpc-{rng.randrange(3)}",
            "protocol": rng.choice(["6", "17", "1", "58"]),
            "tcp-flags": str(rng.randrange(64)), "traffic-path": str(rng.randrange(1, 9)),
            "flow-direction": rng.choice(["ingress", "egress"]),
            "not-known-yet": "x" * rng.randrange(1, 30)}.get(name, str(rng.randrange(65536)))


def lines(rng, count, header=HEADER):
    rows = [" ".join(value(rng, name) for name in header) for _ in range(count)]
    return (" ".join(header) + "\n" + "\n".join(rows) + "\n").encode()


def write(path, data, members=0):
    """Plain, or gzip of so many members, one after the other."""
    step = max(1, -(-len(data) // max(members, 1)))
    parts = [data[at:at + step] for at in range(0, len(data), step)] or [b""]
    with open(path, "wb") as out:
        for part in parts:
            out.write(gzip.compress(part, 1) if members else part)
    return path


def csv(path):
    types = {name: "INTEGER" if name in INTEGER else "BIGINT" if name in BIGINT else "VARCHAR"
             for name in HEADER}
    names = ", ".join(f'"{n}" AS "{n.replace("-", "_")}"' for n in HEADER)
    return (f"(SELECT {names} FROM read_csv({path!r}, delim=' ', header=true, nullstr='-', "
            f"columns={types}, quote='', escape=''))")


def rows(db, sql):
    return db.execute(sql).fetchall()


def error_of(db, sql):
    try:
        db.execute(sql).fetchall()
    except duckdb.Error as error:
        return str(error)
    return ""


def one_file(db, rng, folder):
    data = lines(rng, 30000)
    plain = write(f"{folder}/one.log", data)
    for what, path in (("plain", plain), ("gzip", write(f"{folder}/one.gz", data, 1)),
                       ("gzip of 7 members", write(f"{folder}/seven.log.gz", data, 7))):
        ours = f"read_vpcflow({path!r})"
        same(f"every row of a file, {what}", rows(db, f"FROM {ours}"), rows(db, f"FROM {csv(plain)}"))
    names = [n.replace("-", "_") for n in HEADER]
    described = [(n, t) for n, t, *_ in rows(db, f"DESCRIBE FROM read_vpcflow({plain!r})")]
    same("names and types", described,
         [(n, t) for n, t, *_ in rows(db, f"DESCRIBE FROM {csv(plain)}")])
    ours, theirs = f"read_vpcflow({plain!r})", csv(plain)
    for i in range(25):
        some = ", ".join(f'"{n}"' for n in rng.sample(names, rng.randrange(1, len(names))))
        where = rng.choice(["true", "dstport < 1024", "srcaddr IS NULL", "bytes > 1000000",
                            "action = 'REJECT' AND protocol = 6", "not_known_yet LIKE 'xxxxx%'",
                            "pkt_srcaddr > srcaddr", "interface_id = 'eni-00000000000000003'"])
        same(f"projection {i}, {where}", rows(db, f"SELECT {some} FROM {ours} WHERE {where}"),
             rows(db, f"SELECT {some} FROM {theirs} WHERE {where}"))
    for sql in ("SELECT count(*) FROM {}", "SELECT 7 FROM {} WHERE false", "FROM {} LIMIT 5",
                "SELECT vpc_id, sum(bytes), min(start), bit_or(tcp_flags), count(srcaddr) "
                "FROM {} GROUP BY 1 ORDER BY 1",
                "SELECT count(*) FROM {0} a JOIN {0} b USING (srcaddr, dstaddr, start)"):
        same(sql, rows(db, sql.format(ours)), rows(db, sql.format(theirs)))


def many_files(db, rng, folder):
    os.mkdir(f"{folder}/many")
    os.mkdir(f"{folder}/many/deep")
    whole = []
    for i in range(60):
        header = rng.sample(HEADER, len(HEADER)) # each file has an order of its own
        data = lines(rng, rng.randrange(600), header)
        sub = "deep/" if i % 3 == 0 else ""
        write(f"{folder}/many/{sub}{i:03}.log", data, i % 4)
        write(f"{folder}/plain-{i:03}.csv", data)
        whole.append(f"SELECT * FROM {csv_any(f'{folder}/plain-{i:03}.csv', header)}")
    db.execute("CREATE TABLE theirs AS " + " UNION ALL ".join(whole))
    names = ", ".join('"' + n.replace("-", "_") + '"' for n in HEADER)
    for what, files in (("a folder", repr(f"{folder}/many")),
                        ("patterns", repr([f"{folder}/many/*.log", f"{folder}/many/deep/0[012]*.log",
                                           f"{folder}/many/deep/0[345]*.log"]))):
        for threads in (1, 8):
            db.execute(f"SET threads = {threads}")
            db.execute(f"CREATE OR REPLACE TABLE ours AS SELECT {names} FROM read_vpcflow({files})")
            left = rows(db, "(FROM ours EXCEPT ALL FROM theirs) UNION ALL "
                            "(FROM theirs EXCEPT ALL FROM ours)")
            same(f"60 files, {what}, {threads} threads", left, [])
    same("rows of each file", rows(
        db, f"SELECT filename[-7:-5], count(*) FROM read_vpcflow('{folder}/many', filename := true) "
            "GROUP BY 1 ORDER BY 1"), rows(
        db, "SELECT filename[-7:-5], records FROM vpcflow_files() "
            "WHERE scan = (SELECT max(scan) FROM vpcflow_files()) AND records > 0 ORDER BY 1"))
    db.execute("SET threads = 2")


def csv_any(path, header):
    """As csv(), of a file whose columns have another order."""
    types = {name: "INTEGER" if name in INTEGER else "BIGINT" if name in BIGINT else "VARCHAR"
             for name in header}
    names = ", ".join(f'"{n}" AS "{n.replace("-", "_")}"' for n in HEADER)
    return (f"(SELECT {names} FROM read_csv({path!r}, delim=' ', header=true, nullstr='-', "
            f"columns={types}, quote='', escape=''))")


def layouts(db, folder):
    a = write(f"{folder}/a.log", b"srcaddr bytes odd\n10.0.0.1 1 p\nbytes vpc-id odd srcaddr\n"
              b"2 vpc-1 q 10.0.0.2\n")
    b = write(f"{folder}/b.log", b"dstport srcaddr new-1\n")
    c = write(f"{folder}/c.log", b"bytes new-2 odd dstport srcaddr\n3 n2 r 80 -\n", 1)
    same("a header line in the middle", rows(db, f"FROM read_vpcflow({a!r})"),
         [("10.0.0.1", 1, "p"), ("10.0.0.2", 2, "q")])
    same("columns of the first file", rows(db, f"FROM read_vpcflow({[a, b, c]!r}) ORDER BY bytes"),
         [("10.0.0.1", 1, "p"), ("10.0.0.2", 2, "q"), (None, 3, "r")])
    all_of = db.execute(f"FROM read_vpcflow({[a, b, c]!r}, union_by_name := true) ORDER BY bytes")
    same("columns of all files", [[d[0] for d in all_of.description], *all_of.fetchall()],
         [["srcaddr", "bytes", "odd", "dstport", "new_1", "new_2"],
          ("10.0.0.1", 1, "p", None, None, None), ("10.0.0.2", 2, "q", None, None, None),
          (None, 3, "r", 80, None, "n2")])
    same("nothing but a header line", db.execute(f"FROM read_vpcflow({b!r})").fetchall(), [])
    same("its columns", [d[0] for d in db.description], ["dstport", "srcaddr", "new_1"])
    bare = write(f"{folder}/bare.log", b"10.0.0.7 5")
    same("a layout given, no header line, no last line end",
         rows(db, f"FROM read_vpcflow({bare!r}, layout := '${{dstaddr}} ${{bytes}}')"),
         [("10.0.0.7", 5)])
    empty = write(f"{folder}/empty.log", b"")
    same("an empty file has the default columns",
         [d[0] for d in db.execute(f"FROM read_vpcflow({empty!r})").description][:3],
         ["version", "account_id", "interface_id"])
    big = write(f"{folder}/big.log", b"srcaddr bytes\n10.0.0.1 18446744073709551615\n")
    same("a counter beyond 2^63 - 1", rows(db, f"SELECT bytes FROM read_vpcflow({big!r})"),
         [(2 ** 63 - 1,)])
    same("is counted", rows(db, "SELECT clamped FROM vpcflow_files() ORDER BY scan DESC LIMIT 1"),
         [(1,)])


def errors(db, folder):
    bad = write(f"{folder}/bad.log", b"srcaddr bytes\n10.0.0.1 1\n10.0.0.2 x\n10.0.0.1\n10.0.0.3 3\n")
    said = error_of(db, f"FROM read_vpcflow({bad!r})")
    check("a bad line ends the query and is named", "bad.log:3: bytes:" in said, said)
    said = error_of(db, f"SELECT count(*) FROM read_vpcflow({bad!r})")
    check("in a column that is not asked for, too", "bad.log:3: bytes:" in said, said)
    same("or it is passed over", rows(db, f"FROM read_vpcflow({bad!r}, ignore_errors := true)"),
         [("10.0.0.1", 1), ("10.0.0.3", 3)])
    same("and counted", rows(db, "SELECT lines, records, headers, errors FROM vpcflow_files() "
                                 "ORDER BY scan DESC LIMIT 1"), [(5, 2, 1, 2)])
    same("and told", rows(db, "SELECT line, byte, field, status FROM vpcflow_errors() WHERE scan = "
                              "(SELECT max(scan) FROM vpcflow_files()) ORDER BY line"),
         [(3, 34, "bytes", "E_NUMBER"), (4, 44, "bytes", "E_FEW")])
    data = lines(random.Random(1), 3000)
    cut = f"{folder}/cut.gz"
    with open(cut, "wb") as out:
        out.write(gzip.compress(data)[:-2000])
    for what, sql in (("gzip that ends too early", f"read_vpcflow({cut!r})"),
                      ("no such file", f"read_vpcflow('{folder}/nothing*')"),
                      ("Parquet", "read_vpcflow(%r)" % write(f"{folder}/p", b"PAR1" * 9)),
                      ("a layout that cannot be", f"read_vpcflow({bad!r}, layout := '${{a')"),
                      ("a file that is NULL", "read_vpcflow([NULL])"),
                      ("no file at all", "read_vpcflow(NULL)"),
                      ("a number", "read_vpcflow(7)"), ("no files", "read_vpcflow([])")):
        said = error_of(db, f"FROM {sql}")
        check(f"{what} is an error", said != "" and "INTERNAL" not in said, said[:300])


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2 ** 32)
    print(f"duckdb {duckdb.__version__}, seed {seed}")
    rng = random.Random(seed)
    db = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    db.execute(f"LOAD {os.path.abspath(sys.argv[1])!r}")
    db.execute("SET threads = 2")
    with tempfile.TemporaryDirectory() as folder:
        one_file(db, rng, folder)
        many_files(db, rng, folder)
        layouts(db, folder)
        errors(db, folder)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
