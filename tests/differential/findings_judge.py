# SPDX-License-Identifier: MIT
"""
flowtop --findings on generated logs: findings_judge.py PROGRAM [FIRST_SEED [LOGS]]

A log is four hours of a VPC's traffic, made to look like what is found in it, with scans, sweeps,
broken rules, uploads and new hosts planted. Printed are recall (of what was planted, how much was
found) and precision (of what was found, how much was planted) of each kind, at default
thresholds. Both must be 0.95 in all. Thresholds were chosen on seeds 1 to 99; seeds from 1000 on
are for judging, and are the default.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

START = 1781049600
SECONDS = 4 * 3600
FIN, SYN, RST, ACK = 1, 2, 4, 16
TCP, UDP, ICMP = 6, 17, 1
V2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
V5 = V2 + " tcp-flags type flow-direction pkt-srcaddr"
KINDS = ["port scan", "host sweep", "reply rejected", "rejected", "volume out", "new host"]


class Log:
    """Lines of a log, what is planted in it, and the clients' ports."""

    def __init__(self, rng, flags):
        self.rng, self.flags, self.lines = rng, flags, []
        self.planted = {kind: set() for kind in KINDS}

    def port(self):
        return self.rng.randrange(32768, 61000)

    def half(self, src, dst, sport, dport, protocol, packets, size, start, end, action, flags):
        line = "2 1 eni-1 %s %s %d %d %d %d %d %d %d %s OK" % (
            src, dst, sport, dport, protocol, packets, size, start, end, action)
        if self.flags:
            out = src.startswith("10.")
            line += " %d IPv4 %s %s" % (flags if protocol == TCP else 0,
                                        "egress" if out else "ingress", src)
        self.lines.append(line)

    def talk(self, src, dst, dport, at, protocol=TCP, up=None, down=None, sport=None, lasts=None):
        """A conversation that works: (packets, bytes) each way."""
        rng = self.rng
        sport = 0 if protocol == ICMP else sport or self.port()
        lasts = lasts if lasts is not None else rng.randrange(0, 50)
        if protocol == TCP:
            up = up or (rng.randrange(5, 40), None)
            down = down or (rng.randrange(4, 60), None)
        else:
            up, down = up or (1, rng.randrange(60, 90)), down or (1, rng.randrange(80, 500))
        up = (up[0], up[1] or up[0] * rng.randrange(60, 400))
        down = (down[0], down[1] or down[0] * rng.randrange(60, 1300))
        self.half(src, dst, sport, dport, protocol, *up, at, at + lasts, "ACCEPT", SYN | FIN)
        self.half(dst, src, dport, sport, protocol, *down, at, at + lasts, "ACCEPT",
                  SYN | ACK | FIN)

    def fail(self, src, dst, dport, at, protocol=TCP, sport=None, how=None):
        """One that does not: rejected, no answer, or refused with a RST."""
        rng = self.rng
        sport = 0 if protocol == ICMP else sport or self.port()
        packets = rng.choice([1, 1, 2, 3])
        how = how or rng.choice(["reject", "reject", "silence", "reset"])
        if protocol != TCP and how == "reset":
            how = "silence"
        action = "REJECT" if how == "reject" else "ACCEPT"
        size = packets * rng.choice([40, 44, 60])
        self.half(src, dst, sport, dport, protocol, packets, size, at, at + packets - 1, action,
                  SYN)
        if how == "reset":
            self.half(dst, src, dport, sport, protocol, 1, 40, at, at, "ACCEPT", RST)

    def at(self, first=0, last=SECONDS - 60):
        return START + self.rng.randrange(first, last)


def outside(rng):
    return "%d.%d.%d.%d" % (rng.choice([23, 45, 62, 91, 104, 151, 185, 203]),
                            rng.randrange(256), rng.randrange(256), rng.randrange(1, 255))


def background(log):
    rng = log.rng
    webs = ["10.0.1.%d" % i for i in range(10, 18)]
    apps = ["10.0.2.%d" % i for i in range(10, 22)]
    dbs = ["10.0.3.%d" % i for i in range(10, 14)]
    users = ["10.0.8.%d" % i for i in range(10, 40)]
    everyone = webs + apps + dbs + users
    sites = [outside(rng) for _ in range(400)]
    down = set(rng.sample(everyone, 2))

    for _ in range(6000):  # the internet to the web servers
        log.talk(outside(rng), rng.choice(webs), rng.choice([443, 443, 80]), log.at())
    for _ in range(4000):  # web to apps, apps to databases
        log.talk(rng.choice(webs), rng.choice(apps), 8080, log.at())
        log.talk(rng.choice(apps), rng.choice(dbs), 5432, log.at())
    for user in users:  # people browse
        for _ in range(rng.randrange(60, 200)):
            log.talk(user, rng.choice(sites), 443, log.at())
        log.talk(user, rng.choice(sites), 443, log.at(0, 1800))
    for host in everyone:  # names and time
        for _ in range(40):
            log.talk(host, "10.0.0.10", 53, log.at(), UDP)
        log.talk(host, "10.0.0.10", 53, log.at(0, 1200), UDP)
    for _ in range(5000):  # the resolver asks half the world; some do not answer
        (log.talk if rng.random() < 0.9 else log.fail)(
            "10.0.0.10", outside(rng), 53, log.at(), UDP)
    for minute in range(0, SECONDS - 60, 120):  # monitoring: scrape and ping everyone
        for host in rng.sample(everyone, 30):
            if host in down:
                log.fail("10.0.4.5", host, 9100, START + minute, how="silence")
            else:
                log.talk("10.0.4.5", host, 9100, START + minute)
                log.talk("10.0.4.5", host, 0, START + minute, ICMP)
    for second in range(0, SECONDS - 60, 30):  # health checks, small but whole
        for host in webs:
            log.talk("10.0.5.%d" % rng.randrange(4, 6), host, 80, START + second, TCP, (6, 420),
                     (4, 380), lasts=0)
    for _ in range(4000):  # a crawler: a tenth of the sites is gone
        (log.talk if rng.random() < 0.9 else log.fail)("10.0.6.7", outside(rng), 443, log.at())
    for _ in range(900):  # a mail server: a quarter of the others is gone
        (log.talk if rng.random() < 0.75 else log.fail)("10.0.2.200", outside(rng), 25, log.at())
    for _ in range(1200):  # file sharing: any host, any port, half of it to no effect
        port = 6881 if rng.random() < 0.05 else rng.randrange(1025, 65535)
        (log.talk if rng.random() < 0.5 else log.fail)("10.0.8.66", outside(rng), port, log.at())
    for _ in range(300):  # passive FTP: many ports of one server
        log.talk("10.0.8.20", "203.0.113.77", rng.randrange(30000, 50000), log.at())
    for hour in range(4):  # backups, every hour
        for part in range(8):
            log.talk("10.0.7.8", "52.95.128.9", 443, START + hour * 3600 + 300 + part * 60, TCP,
                     (60000, rng.randrange(60, 90) * 1000000), (20000, 1000000), lasts=59)
    for part in range(int(SECONDS / 240)):  # a busy streamer: much, and always
        log.talk("10.0.1.50", outside(rng), 443, START + part * 240, TCP,
                 (60000, rng.randrange(50, 120) * 1000000), (9000, 500000), lasts=59)
    for _ in range(3000):  # the noise of the internet: one source, a few attempts
        source = outside(rng)
        for _ in range(rng.randrange(1, 6)):
            log.fail(source, rng.choice(everyone), rng.choice([22, 23, 80, 445, 3389, 5900, 8080]),
                     log.at(), how="reject")
    for _ in range(200):  # packets after the end: rejected, of what was accepted both ways
        source, server, port, at = outside(rng), rng.choice(webs), log.port(), log.at()
        log.talk(source, server, 443, at, sport=port)
        log.half(server, source, 443, port, TCP, 1, 40, at + 58, at + 58, "REJECT", FIN)
    for _ in range(2):  # one late answer here and there
        client, server, port, at = rng.choice(apps), rng.choice(dbs), log.port(), log.at()
        log.half(client, server, port, 161, UDP, 1, 80, at, at, "ACCEPT", 0)
        log.half(server, client, 161, port, UDP, 1, 90, at + 40, at + 40, "REJECT", 0)
    for quiet in ("10.0.9.9", "10.0.9.10"):  # hosts that say something now and then
        log.talk(quiet, rng.choice(sites), 443, log.at(0, 6000))
        for _ in range(4):
            log.talk(quiet, rng.choice(sites), 443, log.at(7500))
    for at in (log.at(0, 7000), log.at(), log.at()):  # a rollout: 30 hosts, a third not up yet
        for host in range(30):
            if rng.random() < 0.33:
                log.fail("10.0.4.6", "10.0.40.%d" % (host + 1), 22, at + host, how="silence")
            else:
                log.talk("10.0.4.6", "10.0.40.%d" % (host + 1), 22, at + host)
    for port in rng.sample(range(3000, 9000), 12):  # somebody looks for a port that answers
        log.fail("10.0.8.21", rng.choice(apps), port, log.at(3000, 3500))
    for host in range(15):  # a pool of backends, all of them away for a while
        for _ in range(20):
            log.fail("10.0.2.30", "10.0.41.%d" % (host + 1), 9000, log.at(5000, 5500), how="reset")
    for user in rng.sample(users, 5):  # calls and uploads that people make
        for _ in range(rng.randrange(2, 6)):
            log.talk(user, rng.choice(sites), 443, log.at(), TCP,
                     (20000, rng.randrange(5, 60) * 1000000), (20000, 20000000), lasts=59)
    for host in rng.sample(everyone, 20):  # logs leave by UDP, and nobody answers
        for _ in range(30):
            at = log.at()
            log.half(host, "10.0.4.7", log.port(), 514, UDP, 3, 900, at, at + 20, "ACCEPT", 0)
    for _ in range(600):  # peers of a distributed hash table, half of them gone
        (log.talk if rng.random() < 0.5 else log.fail)(
            "10.0.8.67", outside(rng), rng.randrange(1025, 65535), log.at(), UDP, sport=6881)
    for _ in range(rng.randrange(0, 3)):  # somebody's mistyped address, twice
        log.fail(rng.choice(users), rng.choice(dbs), 5433, log.at(), how="reject")
    return webs, apps, dbs, users, everyone


def open_or_not(log, source, host, port, at, sport, protocol=TCP, answers=0.06):
    if log.rng.random() < answers:
        log.talk(source, host, port, at, protocol, sport=sport)
    else:
        log.fail(source, host, port, at, protocol, sport=sport)


def plant_scan(log, hosts, number):
    rng = log.rng
    inside = rng.random() < 0.3
    source = "10.0.66.%d" % number if inside else outside(rng)
    if inside:  # it was there before
        for _ in range(20):
            log.talk(source, outside(rng), 443, log.at(0, 7000))
    host, slow = rng.choice(hosts), rng.random() < 0.3
    answers = rng.choice([0.02, 0.06, 0.3])
    count = rng.randrange(50, 130) if slow else rng.randrange(25, 1000)
    first, lasts = (60, SECONDS - 200) if slow else (rng.randrange(60, SECONDS - 1000), 500)
    fixed = log.port() if rng.random() < 0.5 else None
    for i, port in enumerate(rng.sample(range(1, 10000), count)):
        open_or_not(log, source, host, port, START + first + i * lasts // count, fixed, TCP,
                    answers)
    log.planted["port scan"].add(source)


def plant_sweep(log, number):
    rng = log.rng
    inside = rng.random() < 0.4
    source = "10.0.67.%d" % number if inside else outside(rng)
    if inside:
        for _ in range(20):
            log.talk(source, outside(rng), 443, log.at(0, 7000))
    slow, answers = rng.random() < 0.3, rng.choice([0.02, 0.06, 0.3])
    count = rng.randrange(50 if slow else 25, 250)
    first, lasts = (60, SECONDS - 200) if slow else (rng.randrange(60, SECONDS - 1000), 500)
    protocol, port = rng.choice([(TCP, 22), (TCP, 445), (TCP, 3389), (UDP, 161), (ICMP, 0)])
    for i in range(count):
        open_or_not(log, source, "10.0.%d.%d" % (rng.randrange(1, 60), rng.randrange(1, 255)),
                    port, START + first + i * lasts // count, None, protocol, answers)
    log.planted["host sweep"].add(source)


def plant_block_scan(log):
    rng = log.rng
    source, first = outside(rng), rng.randrange(60, SECONDS - 1000)
    ports = rng.sample(range(1, 10000), 40)
    for host in range(40):
        for port in ports:
            open_or_not(log, source, "10.0.%d.%d" % (70 + host, 5), port,
                        START + first + rng.randrange(500), None)
    log.planted["port scan"].add(source)
    log.planted["host sweep"].add(source)


def plant_reply(log, apps, number):
    rng = log.rng
    server, port = "10.0.20.%d" % number, rng.choice([8443, 8080, 443, 3306])
    for _ in range(rng.randrange(3, 30)):
        client, sport, at = rng.choice(apps), log.port(), log.at()
        log.half(client, server, sport, port, TCP, 3, 180, at, at + 20, "ACCEPT", SYN)
        log.half(server, client, port, sport, TCP, 3, 180, at, at + 20, "REJECT", SYN | ACK)
    log.planted["reply rejected"].add((server, port))


def plant_rejected(log, apps, number):
    rng = log.rng
    client, server, port = rng.choice(apps), "10.0.21.%d" % number, rng.choice([5432, 6379, 9092])
    for _ in range(rng.randrange(3, 30)):
        log.fail(client, server, port, log.at(), how="reject")
    log.planted["rejected"].add((client, server, port))


def plant_upload(log, users):
    rng = log.rng
    source, target = rng.choice(users), outside(rng)
    total, minutes = rng.randrange(300, 4000) * 1000000, rng.randrange(3, 25)
    first, port = rng.randrange(60, SECONDS - 1800), log.port()
    for minute in range(minutes):
        log.talk(source, target, 443, START + first + minute * 60, TCP,
                 (total // minutes // 1400, total // minutes), (5000, 260000), port, 59)
    log.planted["volume out"].add(source)


def plant_new(log, number):
    rng = log.rng
    source = "10.0.30.%d" % number
    for _ in range(rng.randrange(5, 200)):
        log.talk(source, outside(rng), 443, log.at(SECONDS // 2 + 120))
    log.planted["new host"].add(source)


def make(seed):
    rng = random.Random(seed)
    log = Log(rng, seed % 2)
    webs, apps, dbs, users, everyone = background(log)
    for number in range(rng.randrange(1, 4)):
        plant_scan(log, webs + apps, number + 1)
        plant_sweep(log, number + 1)
        plant_reply(log, apps, number + 1)
        plant_rejected(log, apps, number + 1)
        plant_new(log, number + 1)
    if rng.random() < 0.5:
        plant_block_scan(log)
    for user in rng.sample(users, rng.randrange(1, 4)):
        plant_upload(log, [user])
    log.lines.sort(key=lambda line: int(line.split(" ")[11]))
    return log


def identity(found):
    kind = found["finding"]
    if kind == "reply rejected":
        return found["destination"], found["port"]
    if kind == "rejected":
        return found["source"], found["destination"], found["port"]
    return found["source"]


def find(program, log):
    with tempfile.NamedTemporaryFile("w", suffix=".log", delete=False) as file:
        file.write((V5 if log.flags else V2) + "\n" + "\n".join(log.lines) + "\n")
    text = subprocess.run([program, "--findings", "--quiet", "--to", "json", file.name],
                          stdout=subprocess.PIPE, check=True).stdout
    os.unlink(file.name)
    found = {kind: set() for kind in KINDS}
    for line in text.splitlines():
        one = json.loads(line)
        if one["finding"] in found:
            found[one["finding"]].add(identity(one))
    return found


def ratio(part, whole):
    return part / whole if whole else 1.0


def main():
    program = sys.argv[1]
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    logs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    sums = {kind: [0, 0, 0] for kind in KINDS}
    records = 0
    for seed in range(first, first + logs):
        log = make(seed)
        records += len(log.lines)
        found = find(program, log)
        for kind in KINDS:
            right = found[kind] & log.planted[kind]
            sums[kind][0] += len(right)
            sums[kind][1] += len(log.planted[kind])
            sums[kind][2] += len(found[kind])
            for missed in sorted(log.planted[kind] - right, key=str):
                print("seed %d: %s missed: %s" % (seed, kind, missed))
            for wrong in sorted(found[kind] - right, key=str):
                print("seed %d: %s not planted: %s" % (seed, kind, wrong))
    print("%-15s %8s %8s %8s %7s %10s" % ("finding", "planted", "found", "right", "recall",
                                          "precision"))
    total = [sum(sums[kind][i] for kind in KINDS) for i in range(3)]
    for name, (right, planted, found) in list(sums.items()) + [("all", total)]:
        print("%-15s %8d %8d %8d %7.3f %10.3f" % (name, planted, found, right,
                                                  ratio(right, planted), ratio(right, found)))
    print("%d logs, %d records, seeds from %d" % (logs, records, first))
    if ratio(total[0], total[1]) < 0.95 or ratio(total[0], total[2]) < 0.95:
        sys.exit("recall or precision below 0.95")


main()
