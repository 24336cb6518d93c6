"""Measures chosen servers side by side: CPU a message, messages a second, latency.

    cmake --build build/default --target bench && /usr/bin/python3 tests/bench/compare.py

What an option brings:

    tests/bench/compare.py --base part6-uring --servers part6 --also 'part6-uring --ring no-bundles'

It measures as ./measure does, with more and longer rounds, and writes LOAD.json for each load.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from contenders import DEFAULT_BUILD, ECHO, REPOSITORY, Contender, built
from harness.limits import raise_descriptor_limit
from measure import run
from measures.budgets import PLAIN
from measures.effort import FULL
from measures.experiment import Experiment, Grid, Setting
from measures.ladder import echo
from measures.cells import P50, P99, P999, ratio, timed
from workloads import ECHO_LOADS, Echo

LOADS = {load.name: load for load in ECHO_LOADS}


def grid(load: Echo, servers: Sequence[Contender], base: str) -> Grid:
    """What is measured under a load."""
    return Grid(
        f"{load.title}, beside {base}", "server",
        {"server CPU each, µs [ratio]": ratio("cpu_us", base),
         "answers a second [ratio]": ratio("per_second", base), "p50, µs": P50,
         "p99, µs": P99, "p99.9, µs": P999, "% of a core": timed("busy", scale=100)},
        echo, servers, [load])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, help="a build's directory")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.7, help="how long each server a round")
    parser.add_argument("--base", default=PLAIN, help="whom the others are compared with")
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=[*LOADS],
                        metavar="LOAD", help=f"of {', '.join(LOADS)}; all")
    parser.add_argument("--servers", nargs="+", default=[""], metavar="NAME",
                        help="servers whose names contain one of these; all")
    parser.add_argument("--also", action="append", type=Contender.of_words, default=[],
                        metavar="'PROGRAM OPTION...'", help="one more, with options; repeatable")
    arguments = parser.parse_args()
    raise_descriptor_limit()
    arguments.output.mkdir(parents=True, exist_ok=True)
    setting = Setting(arguments.build.resolve(), replace(FULL, seconds=arguments.seconds))
    servers = [it for it in built((*ECHO, *arguments.also), setting.build)
               if any(part in it.name for part in arguments.servers)]
    names = [it.name for it in servers]
    if not names:
        parser.error("nothing to measure: build it, or choose other --servers")
    base = arguments.base if arguments.base in names else names[0]
    for name in arguments.loads:
        experiment = Experiment((name,), lambda _: grid(LOADS[name], servers, base))
        run(experiment, [name], setting, arguments.rounds, arguments.output, arguments.output)


if __name__ == "__main__":
    main()
