"""Measures the book's numbers: book/numbers/*.json, a chart in book/fig, tables.

    cmake --build build/default --target bench && /usr/bin/python3 tests/bench/measure.py m6_1

./measure does both, and installs missing packages.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "tools"))

import charts  # noqa: E402
import measured  # noqa: E402
import pytest  # noqa: E402
from contenders import DEFAULT_BUILD, REPOSITORY  # noqa: E402
from harness.limits import raise_descriptor_limit  # noqa: E402
from harness.output import told_if_unwritten  # noqa: E402
from machine import DIRTY, Noise, commit, facts  # noqa: E402
from measures.experiment import (  # noqa: E402
    FULL, QUICK, Experiment, Grid, Measurement, Setting, Table)
from measures.registry import EXPERIMENTS, NAMES  # noqa: E402
from rounds import in_rounds, steps  # noqa: E402

CORES = 2
FIGURES = REPOSITORY / "book" / "fig"
# How deep these parts are divided into lines. Any other part is one line.
DEPTH = {"results": 2, "rows": 1, "chart": 1}


class Progress:
    """The progress of all experiments together: on a terminal a line that changes, elsewhere a line
    for each finished experiment."""

    def __init__(self, steps: int) -> None:
        self._steps, self._done, self._began = steps, 0, time.monotonic()
        self.load = os.getloadavg()[0]  # before any of it

    def step(self, names: str, done: int, of: int) -> None:
        """Counts a step, of which this experiment has done `done`."""
        self._done += 1
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        if clear or done == of:
            print(f"{clear}measure: {names}: {done} of {of}; {self.left()}",
                  end="\n" if done == of else "", file=sys.stderr, flush=True)

    def left(self) -> str:
        """The progress, and the time left at this pace."""
        took = time.monotonic() - self._began
        seconds = took / max(self._done, 1) * (self._steps - self._done)
        time_left = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
        return f"{self._done / self._steps:.0%} of all, about {time_left} left"


@dataclass(frozen=True)
class Plan:
    """The parts of one experiment to measure."""

    measurement: Measurement
    setting: Setting  # with the names
    rounds: int

    @classmethod
    def of(cls, experiment: Experiment, names: list[str], setting: Setting,
           rounds: int | None) -> Plan | None:  # fmt: skip
        """The plan, or None and a line with the reason if nothing can be measured here."""
        setting = replace(setting, names=tuple(names))
        try:
            found = experiment.plan(setting)
        except pytest.skip.Exception as reason:
            title = " and ".join(map(measured.label, names))
            print(f"{title} is left out: {reason}", file=sys.stderr)
            return None
        measurement = found.of(setting, names[0]) if isinstance(found, Grid) else found
        rounds = rounds or (1 if measurement.counts else setting.effort.rounds)
        return cls(measurement, setting, rounds) if measurement.jobs else None

    @property
    def steps(self) -> int:
        return steps(self.measurement.jobs, self.rounds)


def as_json(name: str, table: Table, common: dict[str, Any]) -> dict[str, Any]:
    """The content of the JSON file."""
    found = {
        "name": name, "title": table.title, **common, "head": list(table.head),
        "rows": [{"label": label, "cells": cells} for label, cells in table.rows],
        "notes": list(table.notes),
    }
    if table.chart:
        found["chart"] = asdict(table.chart)
    return found


def run(experiment: Experiment, names: list[str], setting: Setting, rounds: int | None,
        out: Path, figures: Path) -> bool:  # fmt: skip
    """Measures, writes and prints. Returns whether there was anything to measure."""
    plan = Plan.of(experiment, names, setting, rounds)
    if plan is not None:
        carry_out(plan, Progress(plan.steps), out, figures)
    return plan is not None


def carry_out(plan: Plan, progress: Progress, out: Path, figures: Path) -> None:
    """Measures, writes and prints."""
    measurement, setting, names = plan.measurement, plan.setting, plan.setting.names
    noise = Noise(progress.load)
    title = " and ".join(map(measured.label, names))
    results = in_rounds(measurement.jobs, plan.rounds, partial(progress.step, title))
    common = {
        "effort": setting.effort.name, "rounds": plan.rounds, "seconds": setting.effort.seconds,
        "counted": measurement.counts, "machine": facts(setting.build), "noise": noise.words(),
    }
    tables = {name: table for name, table in measurement.tables(results).items() if name in names}
    first = next(iter(tables))
    for name, table in tables.items():
        rounds = {"results": results} if name == first else {"results_of": first}  # the same ones
        write(as_json(name, table, common | rounds), table, out, figures)
    if not noise.quiet and not measurement.counts:
        print(f"  ({noise.words()}: the machine was not quiet)\n", flush=True)


def rounded(value: Any) -> Any:
    """Rounds fractions to six digits, because more would be chance, and a longer file."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


def in_lines(value: Any, path: tuple[str, ...] = ()) -> str:
    """JSON with a line for each thing to compare: a server's rounds under one load, or a row of the
    table."""
    divided = not path or len(path) <= DEPTH.get(path[0], 0)
    if not divided or not value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        begin, end = "{}"
        inside = [f"{json.dumps(key, ensure_ascii=False)}: {in_lines(each, (*path, key))}"
                  for key, each in value.items()]
    else:
        begin, end = "[]"
        inside = [in_lines(each, (*path, "")) for each in value]
    blanks = "\n" + " " * (len(path) + 1)
    return f"{begin}{blanks}{f',{blanks}'.join(inside)}{end}"


def write(found: dict[str, Any], table: Table, out: Path, figures: Path) -> None:
    """Writes the numbers and the figure, and prints the table."""
    name = found["name"]
    (out / f"{name}.json").write_text(in_lines(rounded(found)) + "\n")
    if table.chart:
        (figures / f"{name}.svg").write_text(charts.draw(found["chart"]))
    print(measured.plain(found), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="measure", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"of {', '.join(NAMES)}; without: all")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="where numbers and the chart go (book/numbers and book/fig)")
    parser.add_argument("--rounds", type=int, metavar="N", help="instead of as many as planned")
    parser.add_argument("--build", type=Path, default=DEFAULT_BUILD, metavar="DIR",
                        help="a build's directory (build/default)")
    return parser.parse_args()


@told_if_unwritten("measure")
def main() -> None:
    arguments = parse()
    effort = QUICK if arguments.quick else FULL
    if arguments.quick and not arguments.out:
        arguments.out = arguments.build / "quick"  # too rough for the book
    out, figures = arguments.out or measured.NUMBERS, arguments.out or FIGURES
    if len(os.sched_getaffinity(0)) < CORES:
        sys.exit(f"measure: server and client want a core each: this machine has no {CORES}")
    if out == measured.NUMBERS and commit().endswith(DIRTY):
        sys.exit("measure: the book's numbers are those of a commit, and `git status` shows "
                 "changes outside book/: commit them, or choose where to write with --out DIR")
    out.mkdir(parents=True, exist_ok=True)
    raise_descriptor_limit()
    setting, began, left_out = Setting(arguments.build.resolve(), effort), time.monotonic(), []
    plans = []
    for experiment in EXPERIMENTS:
        names = [name for name in experiment.names if name in (arguments.names or NAMES)]
        plan = Plan.of(experiment, names, setting, arguments.rounds) if names else None
        if plan is not None:
            plans.append(plan)
        else:
            left_out += names
    progress = Progress(sum(plan.steps for plan in plans))
    for plan in plans:
        carry_out(plan, progress, out, figures)
    print(f"measure: {time.monotonic() - began:.0f} s; numbers in {out}", file=sys.stderr)
    if left_out:
        sys.exit(f"measure: left out: {', '.join(left_out)}")


if __name__ == "__main__":
    main()
