"""M14.2: whether the time that an answer takes tells who exists."""

import math
import pwd
import random
import re
import socket
import statistics
import subprocess
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from contenders import SERVER_CORE, on_core
from finger import FINGERD, daemon
from measures import daemons, variants
from measures.experiment import Grid, Setting
from measures.idle import on_client_core
from measures.cells import LATENCY_APART_MAX, Cell, column, timed, words
from rounds import Results
from workloads import Numbers

USERS = 20_000  # in the file that the obvious daemon reads; all names have the same length
QUESTIONS_MAX = 1000  # of each kind, in a round
SYSTEM_NAMES = 8
OBVIOUS, OURS = "a lookup for each query", "fingerd"
ALWAYS = 5  # of the statistic: beyond, chance is out of the question


def rank_sum(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Mann's and Whitney's test: how often a value of `second` is larger than one of `first`, two
    that are equal counting half, and how many standard deviations that is from a half."""
    m, n, ordered = len(first), len(second), sorted(first)
    larger = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in second) / 2
    ties = sum(count ** 3 - count for count in Counter([*first, *second]).values())
    variance = m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1)))
    z = (larger - m * n / 2) / math.sqrt(variance) if variance > 0 else 0.0
    return larger / (m * n), z


def probability(z: float) -> float:
    """That chance alone is so far from the middle, on either side."""
    return math.erfc(abs(z) / math.sqrt(2))


@contextmanager
def obvious_daemon(setting: Setting) -> Iterator[tuple[int, list[str], list[str]]]:
    """Its port; names that exist, and others."""
    existing = [f"user{100_000 + 2 * number}" for number in range(USERS)]
    absent = [f"user{100_001 + 2 * number}" for number in range(USERS)]
    with tempfile.TemporaryDirectory(prefix="oracle-") as directory:
        passwd = Path(directory) / "passwd"
        passwd.write_text("".join(f"{name}:x:1000:1000::/home:/bin/sh\n" for name in existing))
        command = [*on_core(SERVER_CORE), *variants.command(setting, "oracle_fingerd",
                                                            passwd=passwd)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
            try:
                port = re.search(r":(\d+)$", daemon.stdout.readline().strip())
                if port is None:
                    raise SystemExit("the obvious daemon is not ready")
                yield int(port[1]), existing, absent
            finally:
                daemon.kill()


@contextmanager
def our_daemon(setting: Setting) -> Iterator[tuple[int, list[str], list[str]]]:
    """The same: the names are those of this system, and none of them has opted in."""
    known = [entry.pw_name for entry in pwd.getpwall()]
    names = [name for name in known if name.isalpha()][:SYSTEM_NAMES]
    names = [name for name in names if name[::-1] not in known]
    with daemon(setting.build, FINGERD) as running:
        yield running.port, names, [name[::-1] for name in names]


def microseconds(port: int, name: str) -> float:
    """From the query to the end of the answer."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        begin = time.perf_counter()
        client.sendall(name.encode() + b"\r\n")
        while client.recv(4096):
            pass
        return (time.perf_counter() - begin) * 1e6


DAEMONS = {OBVIOUS: obvious_daemon, OURS: our_daemon}


def compare(_: str, which: str, setting: Setting) -> Numbers:
    """Asks for either kind in turn, in an order that chance decides."""
    questions = min(QUESTIONS_MAX, setting.effort.counted // 4)
    dice, took = random.Random(1288), ([], [])
    with on_client_core(), DAEMONS[which](setting) as (port, *names):
        microseconds(port, names[0][0])
        for _ in range(questions):
            for kind in dice.sample((0, 1), 2):
                took[kind].append(microseconds(port, dice.choice(names[kind])))
    score, z = rank_sum(*took)
    return {"existing_us": statistics.median(took[0]), "absent_us": statistics.median(took[1]),
            "score": score, "z": z}


def verdict(results: Results, load: str, server: str) -> Cell:
    """Of all rounds together (Stouffer's sum): can chance have done it?"""
    rounds = results[load][server]
    z = sum(found["z"] for found in rounds) / math.sqrt(len(rounds))
    if abs(z) > ALWAYS:
        return words(f"z = {z:.0f}: they differ")
    return words(f"z = {z:.1f}, p = {probability(z):.2g}")


def m14_2(setting: Setting) -> Grid:
    daemons.need_fingerd(setting)
    if not pwd.getpwall():
        pytest.skip("nobody exists here")
    return Grid(
        "A user who has not opted in, and one who does not exist", "daemon",
        {"not opted in, median µs": timed("existing_us", LATENCY_APART_MAX),
         "does not exist, median µs": timed("absent_us", LATENCY_APART_MAX),
         "strangers' score": timed("score"), "Mann-Whitney": column(verdict)},
        compare, list(DAEMONS), ["oracle"],
        notes=[f"The one daemon looks through a file of {USERS:,} names "
               "(`tests/bench/variants/oracle_fingerd.cc`); fingerd is asked for accounts of this "
               "system. The score: how often, of one answer of each kind, the slower is about the "
               "name that does not exist; 0.5 is guessing. A p that is not small proves nothing: "
               "it is not the absence of a difference, only that so many questions have found "
               "none."])
