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
import random
import shutil
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from contenders import DEFAULT_BUILD, ECHO, HTTP, NGINX, REPOSITORY, SPINNING, Contender, built
from harness.limits import raise_descriptor_limit
from report import markdown
from rounds import Job, Noise, Results, machine, shuffled
from workloads import ECHO_LOADS, HTTP_LOADS, SPIN_LOAD

LOADS = [load.name for load in (*ECHO_LOADS, SPIN_LOAD, *HTTP_LOADS)]


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
