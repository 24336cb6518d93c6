"""Experiments have jobs, and tables and charts of their numbers. Most are a grid of servers under
loads, with a row for each, and columns that choose a number."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from contenders import Contender, built
from harness.strace import need_ptrace
from measures.cells import Cell, Column
from rounds import Job, Results
from workloads import Numbers

T = TypeVar("T")


@dataclass(frozen=True)
class Effort:
    """The time spent on the numbers, which --quick reduces."""

    name: str
    rounds: int
    seconds: float  # of one server under one load
    crowd_max: int  # connections
    counted: int  # messages, for counting calls, when time doesn't matter
    watched_seconds: float  # how long memory is watched under attack


FULL = Effort("full", 7, 0.4, 10_000, 6400, 60.0)
QUICK = Effort("quick", 3, 0.05, 1000, 640, 3.0)


@dataclass(frozen=True)
class Setting:
    """The settings of a run, for jobs."""

    build: Path
    effort: Effort
    names: tuple[str, ...] = ()  # the requested names of the experiment; empty for all

    @property
    def thorough(self) -> bool:
        """Whether there's time for everything."""
        return self.effort.name == FULL.name

    def fewer(self, values: Sequence[T]) -> Sequence[T]:
        """All values, or only the first and the last for a quick run."""
        return values if self.thorough else [values[0], values[-1]]

    def up_to_most(self, *counts: int) -> list[int]:
        """The values that the effort allows."""
        return [count for count in counts if count <= self.effort.crowd_max]


@dataclass(frozen=True)
class Twice:
    """The same rounds as two charts: bars that mislead, and dots that do not."""

    title: str
    description: str  # for readers who cannot see it
    y: str
    rounds: dict[str, list[float]]


@dataclass(frozen=True)
class Table:
    """A table of the book under its name: a head, and rows of a label and cells."""

    title: str
    head: Sequence[str]  # of all columns, the labels' included; with the unit
    rows: list[tuple[str, list[Cell]]]
    chart: Twice | None = None
    notes: Sequence[str] = ()  # a reader's notes about this run


def table(title: str, results: Results, corner: str, rows: Iterable[tuple[str, str, str]],
          columns: Mapping[str, Column], notes: Sequence[str] = ()) -> Table:  # fmt: skip
    """Makes a table from rows of a label, a load and a server."""
    found = [(label, [cell(results, load, server) for cell in columns.values()])
             for label, load, server in rows]
    return Table(title, [corner, *columns], found, notes=notes)


@dataclass(frozen=True)
class Measurement:
    """Jobs that belong together, measured in the same rounds, with the tables and charts of their
    numbers."""

    jobs: Sequence[Job]
    tables: Callable[[Results], dict[str, Table]]
    counts: bool = False  # exact numbers, so one round is enough


def key(thing: Any) -> str:
    """The name of a load or a server in the JSON."""
    return getattr(thing, "name", None) or f"{thing}"


def each(loads: Iterable[Any], servers: Iterable[Any], measure: Callable[..., Numbers],
         setting: Setting, once: bool = False) -> list[Job]:  # fmt: skip
    """A job for every server under every load: measure(load, server, setting). Contenders that
    aren't built are left out."""
    found = []
    for server in servers:
        if not isinstance(server, Contender) or built([server], setting.build):
            found.append(server)
    return [Job(key(load), key(server), partial(measure, load, server, setting), once)
            for load in loads for server in found]


@dataclass(frozen=True)
class Grid:
    """Servers under loads, and a table with a row for each server, each load, or each pair. Loads
    and servers may have labels."""

    title: str
    corner: str  # the head of the rows' labels
    columns: Mapping[str, Column]
    measure: Callable[..., Numbers]  # of a load, a server and the setting
    servers: Sequence[Any] | Mapping[str, Any]
    loads: Sequence[Any] | Mapping[str, Any] = ("once",)
    rows: str = "servers"  # or loads, or both
    notes: Sequence[str] = ()
    counts: bool = False
    serves: Callable[[str, str], bool] = lambda load, server: True  # other pairs have no job

    def of(self, setting: Setting, name: str) -> Measurement:
        """The grid as a measurement with this name."""
        loads, servers = (things.values() if isinstance(things, Mapping) else things
                          for things in (self.loads, self.servers))

        def tables(results: Results) -> dict[str, Table]:
            return {name: table(self.title, results, self.corner, self._labelled(results),
                                self.columns, self.notes)}

        jobs = [job for job in each(loads, servers, self.measure, setting)
                if self.serves(job.load, job.server)]
        return Measurement(jobs, tables, self.counts)

    def _labelled(self, results: Results) -> list[tuple[str, str, str]]:
        """The label, the load and the server of each row."""
        loads, servers = map(labels, (self.loads, self.servers))
        there = [name for name in servers if any(name in found for found in results.values())]
        if self.rows == "servers":
            return [(servers[name], next(iter(loads)), name) for name in there]
        if self.rows == "loads":
            return [(label, load, next(iter(servers))) for load, label in loads.items()]
        return [(f"{label}: {servers[name]}", load, name)
                for load, label in loads.items() for name in there]


@dataclass(frozen=True)
class Experiment:
    """A measurement, for one or more of the book's names."""

    names: tuple[str, ...]
    plan: Callable[[Setting], Grid | Measurement]  # or pytest.skip, with the reason


def labels(things: Sequence[Any] | Mapping[str, Any]) -> dict[str, str]:
    """The labels in the table, by the names in the JSON."""
    if isinstance(things, Mapping):
        return {key(thing): label for label, thing in things.items()}
    return {key(thing): f"{thing:,}" if isinstance(thing, int) else key(thing) for thing in things}


def can_trace(who: str) -> bool:
    """Whether we can count system calls here. If not, prints a line with the reason, for `who`."""
    try:
        need_ptrace()
    except pytest.skip.Exception as reason:
        print(f"{who} counts no system calls: {reason}", file=sys.stderr)
        return False
    return True
