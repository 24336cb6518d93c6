"""Compares servers in rounds: the processor time that B, C and so on take for a message, divided
by A's in the same round. The book's helper `compare` (tools/shell.sh) calls this.

    cmake --build build/default --target load && /usr/bin/python3 tests/bench/compare.py A B

Each round measures all servers in random order, each with 64 clients in a closed loop, the server
on one core and the clients on the other. A server is a path, or the beginning of a stage's name.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import comb
from pathlib import Path
from statistics import median

from contenders import DEFAULT_BUILD, LADDER, STAGES, Contender
from harness.verdict import ContractBroken
from rounds import Job, in_rounds
from workloads import LOADS

ROUNDS = 60
SECONDS = 0.3  # of load, for each server in each round
LOAD = LOADS["c64"]
LUCK_MAX = 1 / 370  # of the word `real`: 42 of 60 coins on the same side, 30 of 40, or 17 of 20
OUTSIDE_MAX = 0.05  # the chance that the interval misses the median
CORES_MIN = 2  # the server's and the clients'


def luck(same: int, of: int) -> float:
    """The chance that of so many coins at least `same`, more than half, fall on one side, whichever
    it is: the sign test, with two sides."""
    return min(1.0, 2 * sum(comb(of, k) for k in range(same, of + 1)) / 2**of)


def bar(rounds: int) -> int | None:
    """How many rounds must say the same. None if even all of them may be luck."""
    return next((same for same in range(rounds // 2 + 1, rounds + 1)
                 if luck(same, rounds) <= LUCK_MAX), None)  # fmt: skip


def place(rounds: int) -> int | None:
    """The sorted ratio, counted from 1 and from either end, at which the interval of the median
    begins and ends. The median lies below the k-th if fewer than k ratios lie below the median, and
    each does so as a coin falls. None if there are too few rounds for any interval."""
    return max((k for k in range(1, rounds // 2 + 1)
                if luck(rounds - k + 1, rounds) <= OUTSIDE_MAX), default=None)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What the rounds say about one server beside another."""

    middle: float
    interval: tuple[float, float] | None
    slower: int
    rounds: int
    real: bool

    @classmethod
    def of(cls, ratios: Sequence[float]) -> Verdict:
        each, rounds = sorted(ratios), len(ratios)
        at, enough = place(rounds), bar(rounds)
        slower, faster = sum(r > 1 for r in each), sum(r < 1 for r in each)
        return cls(median(each), (each[at - 1], each[-at]) if at else None, slower, rounds,
                   enough is not None and max(slower, faster) >= enough)

    def cells(self) -> tuple[str, str, str, str]:
        low, high = self.interval or (0, 0)
        return (f"{self.middle:.3f}", f"{low:.3f} to {high:.3f}" if self.interval else "-",
                f"{self.slower} of {self.rounds}", "real" if self.real else "inconclusive")


def contender(words: str, build: Path) -> Contender:
    """The server that these words name: a path, or a stage of the build. All get the same options,
    which are none."""
    stages = [name for name in (*LADDER, *STAGES) if name.startswith(words)]
    path = Path(words) if "/" in words or len(stages) != 1 else build / stages[0] / stages[0]
    path = path.absolute()
    if not path.is_file() or not os.access(path, os.X_OK):
        missing = f"{words} is not built" if len(stages) == 1 else f"there is no program {words}"
        sys.exit(f"compare: {missing}")
    return Contender(words, str(path))


class Progress:
    """On a terminal, a line that says how much is left."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = sys.stderr.isatty()

    def step(self, done: int, of: int) -> None:
        left = (time.monotonic() - self._began) / done * (of - done)
        if self._shown:
            text = f"compare: {done} of {of}, about {left:.0f} s left" if done < of else ""
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measured(servers: Sequence[Contender], build: Path, rounds: int) -> list[list[float]]:
    """Each server's processor time for a message, in µs, in each round."""
    jobs = [Job(LOAD.name, str(number), partial(LOAD.measure, server, build, SECONDS))
            for number, server in enumerate(servers)]  # fmt: skip
    results = in_rounds(jobs, rounds, Progress().step)[LOAD.name]
    return [[found["cpu_us"] for found in results[job.server]] for job in jobs]


def report(names: Sequence[str], costs: Sequence[Sequence[float]]) -> list[str]:
    """The lines to print: the first server's cost, and a line for each of the others."""
    base = costs[0]
    rows = [("", "ratio", "interval", "slower in", "")]
    for name, cost in zip(names[1:], costs[1:], strict=True):
        rows.append((name, *Verdict.of([a / b for a, b in zip(cost, base, strict=True)]).cells()))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in rows]
    return [f"{names[0]}: {median(base):.2f} us of processor time a message, by the median", *lines]


def rounds_of(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= 9999:
        raise argparse.ArgumentTypeError(f"takes a number from 1, not '{word}'")
    return int(word)


def main() -> None:
    parser = argparse.ArgumentParser("compare", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("servers", nargs="+", metavar="SERVER", help="A, B and so on")
    parser.add_argument("--rounds", type=rounds_of, default=ROUNDS, metavar="N")
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if len(given.servers) < 2:
        parser.error("one server has nothing to be compared with")
    if len(os.sched_getaffinity(0)) < CORES_MIN:
        sys.exit("compare: needs two cores, one for the server and one for its clients")
    servers = [contender(words, given.build) for words in given.servers]
    try:
        costs = measured(servers, given.build, given.rounds)
    except ContractBroken as broken:
        sys.exit(f"compare: {broken}")
    except KeyboardInterrupt:
        sys.exit(130)
    print("\n".join(report(given.servers, costs)))


if __name__ == "__main__":
    main()
