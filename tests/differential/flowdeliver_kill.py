# SPDX-License-Identifier: MIT
"""
flowdeliver killed at random: python3 flowdeliver_kill.py PROGRAM [KILLS] [SEED]

Numbered records, a little out of order, go in until SIGKILL. After each kill every named file must be
whole and rightly named, and every acknowledged record must be in one; what was not acknowledged
is sent again. At the end everything is there.
"""
import gzip
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HEADER = (b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
          b"start end action log-status\n")
NAME = re.compile(r"^AWSLogs/1/vpcflowlogs/r/(\d{4})/(\d\d)/(\d\d)/(\d\d)/"
                  r"1_vpcflowlogs_r_fl-1_(\d{8}T\d{4})Z_[0-9a-f]{8}\.log\.gz$")
FIRST_SLOT = 1529511600


def line(number, rng):
    end = FIRST_SLOT + number // 40 * 300 + rng.randrange(5 * 300)
    return b"2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 %d %d %d ACCEPT OK\n" % (number, end - 5, end)


class Tree:
    """What is delivered: numbers of records (bytes of the lines), by file."""

    def __init__(self, path):
        self.path, self.seen, self.numbers = path, set(), set()

    def read(self):
        for folder, below, names in os.walk(self.path):
            if ".flowdeliver" in below:
                below.remove(".flowdeliver")
            for name in names:
                path = os.path.join(folder, name)
                if path not in self.seen:
                    self.seen.add(path)
                    self.read_file(path)

    def read_file(self, path):
        match = NAME.match(os.path.relpath(path, self.path))
        assert match, path
        slot = match.group(5)
        assert slot[:8] == "".join(match.group(1, 2, 3)) and slot[9:11] == match.group(4), path
        with gzip.open(path) as file:
            lines = file.readlines()  # fails if the file is not whole
        assert lines[0] == HEADER and len(lines) > 1, path
        for text in lines[1:]:
            words = text.split(b" ")
            assert text.endswith(b"\n") and len(words) == 14, path
            end = int(words[11])
            assert time.strftime("%Y%m%dT%H%M", time.gmtime(end - end % 300)) == slot, path
            self.numbers.add(int(words[9]))


def feed(pipe, lines):
    try:
        for text in lines:
            pipe.write(text)
        pipe.close()
    except (BrokenPipeError, ValueError, OSError):
        pass


def run(program, tree, lines, seconds):
    """Feed lines, kill after so many seconds (None: never); the last acknowledged count."""
    process = subprocess.Popen(
        [program, "--to", tree.path, "--account", "1", "--region", "r", "--flow-log", "fl-1",
         "--hourly", "--quiet", "--linger", "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    feeder = threading.Thread(target=feed, args=(process.stdin, lines))
    feeder.start()
    killer = None
    if seconds is not None:
        killer = threading.Timer(seconds, process.send_signal, [signal.SIGKILL])
        killer.start()
    words = [text.split() for text in process.stdout if text.endswith(b"\n")]
    status = process.wait()
    if killer:
        killer.cancel()
    feeder.join()
    try:
        process.stdin.close()
    except OSError:
        pass
    assert status == (0 if status == 0 else -signal.SIGKILL), status
    counts = [int(word[1]) for word in words]
    assert all(word[0] == b"acknowledged" for word in words) and counts == sorted(set(counts))
    return counts[-1] if counts else 0, status


def main():
    program = sys.argv[1]
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int.from_bytes(os.urandom(4), "big")
    rng = random.Random(seed)
    safe, killed, started = 0, 0, time.time()
    with tempfile.TemporaryDirectory() as path:
        tree = Tree(path)
        while killed < kills:
            lines = [line(number, rng) for number in range(safe, safe + 3000)]
            count, status = run(program, tree, lines, rng.random() ** 2 * 0.4)
            killed += status != 0
            tree.read()
            lost = set(range(safe, safe + count)) - tree.numbers
            assert not lost, "seed %d: %d records lost after %d kills" % (seed, len(lost), killed)
            safe += count
        lines = [line(number, rng) for number in range(safe, safe + 1000)]
        count, status = run(program, tree, lines, None)
        tree.read()
        assert status == 0 and count == 1000
        assert tree.numbers >= set(range(safe + count)), "not everything is there"
        assert os.listdir(os.path.join(path, ".flowdeliver")) == ["lock"]
        print("flowdeliver_kill: seed %d: %d kills in %d s, %d records acknowledged in %d files,"
              " none lost" % (seed, killed, time.time() - started, safe + count,
                              len(tree.seen)))


main()
