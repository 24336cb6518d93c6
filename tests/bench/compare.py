"""Measures the servers side by side: CPU a message, messages a second, latency.

    cmake --build build/default --target bench && /usr/bin/python3 tests/bench/compare.py

What an option brings:

    tests/bench/compare.py --base part6-uring --servers part6 --also 'part6-uring --ring no-bundles'

Each server is started afresh for each round, alone on core 1; the client has core 0. The order is
random. Writes compare.json, with the numbers of every round, and compare.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from contenders import DEFAULT_BUILD, ECHO, HTTP, NGINX, SPINNING, Contender, built
from harness.limits import raise_descriptor_limit
from harness.target import REPOSITORY
from report import Results, markdown
from workloads import ECHO_LOADS, HTTP_LOADS, SPIN_LOAD, Numbers

LOADS = [load.name for load in (*ECHO_LOADS, SPIN_LOAD, *HTTP_LOADS)]
QUIET_LOAD = 0.3  # a load average above says that somebody else is at work


@dataclass(frozen=True)
class Job:
    """One server under one load."""

    load: str
    server: str
    measure: Callable[[], Numbers]


def jobs(build: Path, seconds: float, also: Iterable[Contender]) -> Iterable[Job]:
    """All that a round consists of, in the order of the tables."""
    echo, http = built((*ECHO, *also, SPINNING), build), built(HTTP, build)
    for load in ECHO_LOADS:
        for server in echo:
            if server is not SPINNING:
                yield Job(load.name, server.name, partial(load.measure, server, build, seconds))
    for server in echo:
        if server is SPINNING or server.name == SPINNING.program:
            yield Job(SPIN_LOAD.name, server.name,
                      partial(SPIN_LOAD.measure, server, build, seconds))
    for load in HTTP_LOADS:
        if missing := [program for program in (NGINX, load.tool) if not shutil.which(program)]:
            print(f"{load.title} is left out: no {' and no '.join(missing)}", file=sys.stderr)
            continue
        for server in (None, *http):
            name = "nginx" if server is None else server.name
            yield Job(load.name, name, partial(load.measure, server, build, seconds))


def shuffled(chosen: list[Job], dice: random.Random) -> list[Job]:
    """The loads in random order, the servers too; those of one load follow each other, since their
    numbers are compared."""
    by_load: dict[str, list[Job]] = {}
    for job in chosen:
        by_load.setdefault(job.load, []).append(job)
    for same_load in by_load.values():
        dice.shuffle(same_load)
    loads = list(by_load.values())
    dice.shuffle(loads)
    return list(chain.from_iterable(loads))


def machine() -> list[str]:
    """Where and when it was measured."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine()
    )
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=REPOSITORY, capture_output=True, text=True
    )
    return [
        time.strftime("%Y-%m-%d %H:%M %Z"),
        f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}",
        f"commit {commit.stdout.strip() or 'unknown'}",
    ]


def stolen_seconds() -> float:
    """CPU time that the machine below gave to others. proc(5), /proc/stat"""
    fields = Path("/proc/stat").read_text().split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


class Noise:
    """What others did meanwhile."""

    def __init__(self) -> None:
        self._load, self._began, self._stolen = os.getloadavg()[0], time.time(), stolen_seconds()

    def sentence(self) -> str:
        """For the report."""
        stolen = (stolen_seconds() - self._stolen) / (time.time() - self._began)
        words = f"load average at the start {self._load:.2f}, {stolen:.2%} of a CPU stolen"
        busy = self._load > QUIET_LOAD
        return f"**{words}: the machine was not quiet**" if busy else words


def run_rounds(arguments: argparse.Namespace, chosen: list[Job]) -> None:
    """Measures, and writes what there is after every round."""
    dice, noise, where = random.Random(), Noise(), machine()
    results: Results = {job.load: {} for job in chosen}
    for job in chosen:
        results[job.load][job.server] = []
    arguments.output.mkdir(parents=True, exist_ok=True)
    for number in range(1, arguments.rounds + 1):
        began = time.time()
        for job in shuffled(chosen, dice):
            results[job.load][job.server].append(job.measure())
        print(f"round {number} of {arguments.rounds}: {time.time() - began:.0f} s",
              file=sys.stderr)
        lines = [*where, noise.sentence()]
        found = {"machine": lines, "seconds": arguments.seconds, "results": results}
        (arguments.output / "compare.json").write_text(json.dumps(found, indent=1) + "\n")
        text = markdown(results, arguments.base, lines, arguments.seconds)
        (arguments.output / "compare.md").write_text(text)
    print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.7, help="how long each server a round")
    parser.add_argument("--base", default="peer-epoll", help="whom the others are compared with")
    parser.add_argument("--loads", nargs="+", choices=LOADS, metavar="LOAD",
                        help=f"of {', '.join(LOADS)}; all")
    parser.add_argument("--servers", nargs="+", default=[""], metavar="NAME",
                        help="servers whose names contain one of these; all")
    parser.add_argument("--also", action="append", type=Contender.of_words, default=[],
                        metavar="'PROGRAM OPTION...'", help="one more, with options; repeatable")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    chosen = [
        job for job in jobs(arguments.build, arguments.seconds, arguments.also)
        if job.load in (arguments.loads or LOADS)
        and any(name in job.server for name in arguments.servers)
    ]
    if not chosen:
        parser.error("nothing to measure: build it, or choose other --loads or --servers")
    run_rounds(arguments, chosen)


if __name__ == "__main__":
    main()
