"""What an experiment is: jobs, and the tables and charts that their numbers become. Most are a
grid: servers under loads, a row for each, and columns that say which number they show."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

import pytest
from contenders import Contender, built
from harness.strace import need_ptrace
from rounds import Job, Results
from workloads import Numbers

APART_MAX = 0.1  # of the median: the middle half of the rounds; wider, and noise may have decided
RANGE_MAX = 0.05  # of a ratio's median: all rounds
LATENCY_APART_MAX = 0.25  # a tail is a few messages: no two rounds have the same
BUSY = 0.95  # of a core: a server that takes more has no time left
ROUNDS_MIN = 3  # fewer, and nobody knows how far they would lie apart
Cell = dict[str, Any]  # as it is in the JSON
Column = Callable[[Results, str, str], Cell]  # of a row's load and server
T = TypeVar("T")


@dataclass(frozen=True)
class Effort:
    """How much time is given to the numbers."""

    name: str
    rounds: int
    seconds: float  # of one server under one load
    crowd_max: int  # connections
    counted: int  # messages, where calls are counted and no clock is looked at
    requests: int  # of a long run of ab
    silence_seconds: float  # how long "for ever" is waited for
    watched_seconds: float  # how long memory is looked at under attack


FULL = Effort("full", 7, 0.4, 10_000, 6400, 150_000, 3.0, 60.0)  # a million requests in all
QUICK = Effort("quick", 3, 0.05, 1000, 640, 20_000, 0.5, 3.0)


@dataclass(frozen=True)
class Setting:
    """What a job needs to know."""

    build: Path
    effort: Effort
    names: tuple[str, ...] = ()  # of the experiment's, those that are asked for; none: all

    def wants(self, *names: str) -> bool:
        """Whether one of these is asked for."""
        return not self.names or any(name in self.names for name in names)

    @property
    def thorough(self) -> bool:
        """Whether there is time for everything."""
        return self.effort.name == FULL.name

    def fewer(self, values: Sequence[T]) -> Sequence[T]:
        """All of them, or the two ends, where it has to be quick."""
        return values if self.thorough else [values[0], values[-1]]

    def up_to_most(self, *counts: int) -> list[int]:
        """Those that the effort allows."""
        return [count for count in counts if count <= self.effort.crowd_max]


@dataclass(frozen=True)
class Chart:
    """Curves, one for each label: points of x, and of y with its spread."""

    title: str
    description: str  # for who cannot see it
    x: str
    y: str
    curves: dict[str, list[tuple[float, Cell]]]
    log_x: bool = True
    log_y: bool = False


@dataclass(frozen=True)
class Twice:
    """The same rounds as two charts: bars that mislead, and dots that do not."""

    title: str
    description: str
    y: str
    rounds: dict[str, list[float]]


@dataclass(frozen=True)
class Table:
    """What the book has under a name: a head, and rows of a label and cells."""

    title: str
    head: Sequence[str]  # of all columns, the labels' included; with the unit
    rows: list[tuple[str, list[Cell]]]
    chart: Chart | Twice | None = None
    picture: str = ""  # instead of a chart: an SVG
    notes: Sequence[str] = ()  # what a reader has to know of this run


@dataclass(frozen=True)
class Ratio:
    """How two servers compare: the median of several rounds' ratios, which what comes and goes on
    the machine touches less than it does two numbers of different times, and how far they lie
    apart."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float], base: Sequence[float]) -> "Ratio":
        """Of each round's value to the same round's value of the base."""
        each = [value / other for value, other in zip(values, base, strict=True)]
        return cls(median(each), min(each), max(each))

    @property
    def decided(self) -> bool:
        """Whether the rounds agree well enough."""
        return (self.highest - self.lowest) / self.middle <= RANGE_MAX


def measured(values: Sequence[float], apart_max: float = APART_MAX) -> Cell:
    """The median of the rounds and the quartiles; whether they agree well enough to be told."""
    middle = median(values)
    low, high = middle, middle
    if len(values) > 1:
        low, _, high = quantiles(values, n=4, method="inclusive")
    apart = (high - low) / abs(middle) if middle else 0.0
    return {
        "median": middle, "low": low, "high": high,
        "spread": apart if len(values) >= ROUNDS_MIN else None,
        "decided": apart <= apart_max,
    }


def exact(value: float) -> Cell:
    """Counted."""
    return {"exact": value}


def words(text: str) -> Cell:
    """No number."""
    return {"text": text}


NOTHING = words("–")
ONE_AT_A_TIME = words("one at a time")


def together(*cells: Cell) -> Cell:
    """Several in one place, as a, b and c are in `a / b / c`."""
    return {"all": list(cells)}


def of_rounds(results: Results, load: str, server: str, number: str, apart_max: float = APART_MAX,
              scale: float = 1.0, absent: Cell = NOTHING) -> Cell:  # fmt: skip
    """One number of one server under one load."""
    rounds = results.get(load, {}).get(server, [])
    if not rounds or number not in rounds[0]:
        return absent
    return measured([found[number] * scale for found in rounds], apart_max)


def ratio_of(results: Results, load: str, number: str, server: str, base: str) -> Ratio | None:
    """Of one server's number to the base's. None: it was not measured often enough."""
    rounds = [results.get(load, {}).get(name, []) for name in (server, base)]
    if min(map(len, rounds)) < ROUNDS_MIN:
        return None
    return Ratio.of(*([found[number] for found in each] for each in rounds))


def ranged(ratio: Ratio) -> str:
    """The median of the rounds, the lowest and the highest."""
    return f"{ratio.middle:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"


def in_words(ratio: Ratio | None) -> Cell:
    """The median with its range; where that is too wide, the range alone."""
    if ratio is None:
        return words("too few rounds")
    return words(ranged(ratio) if ratio.decided else f"{ratio.lowest:.2f} to {ratio.highest:.2f}")


def beside_base(results: Results, load: str, server: str, number: str, base: str) -> Cell:
    """One number, and its ratio to the base's."""
    cell = of_rounds(results, load, server, number)
    if server == base or not (ratio := ratio_of(results, load, number, server, base)):
        return cell
    return {**cell, "ratio": {"base": base, "median": ratio.middle, "low": ratio.lowest,
                              "high": ratio.highest, "decided": ratio.decided}}


def throughput(results: Results, load: str, server: str) -> Cell:
    """Messages a second: at least so many, where the client had no time left and the server had."""
    cell = of_rounds(results, load, server, "per_second")
    rounds = results.get(load, {}).get(server, [])
    shares = [median([found[share] for found in rounds])
              for share in ("client_busy", "busy") if rounds and share in rounds[0]]
    if len(shares) == 2 and shares[0] > BUSY > shares[1]:
        cell["at_least"] = True
    return cell


def exactly(results: Results, load: str, server: str, number: str,
            absent: Cell = NOTHING) -> Cell:  # fmt: skip
    """One number, where it is counted: any round's."""
    rounds = results.get(load, {}).get(server, [])
    return exact(rounds[0][number]) if rounds else absent


def latencies(results: Results, load: str, server: str) -> Cell:
    return together(*(of_rounds(results, load, server, number, LATENCY_APART_MAX)
                      for number in ("p50_us", "p99_us", "p999_us")))


def column(cell: Callable[..., Cell], *arguments: Any, load: str = "", server: str = "",
           **more: Any) -> Column:  # fmt: skip
    """Whose cells are those of the row's load and server, but for what is named here."""
    return lambda results, of_load, of_server: cell(
        results, load or of_load, server or of_server, *arguments, **more)


timed, ratio, counted = (partial(column, cell) for cell in (of_rounds, beside_base, exactly))
P50, P99, P999 = (timed(number, LATENCY_APART_MAX) for number in ("p50_us", "p99_us", "p999_us"))


def table(title: str, results: Results, corner: str, rows: Iterable[tuple[str, str, str]],
          columns: Mapping[str, Column], chart: Chart | Twice | None = None,
          notes: Sequence[str] = ()) -> Table:  # fmt: skip
    """Of rows that are a label, a load and a server."""
    found = [(label, [cell(results, load, server) for cell in columns.values()])
             for label, load, server in rows]
    return Table(title, [corner, *columns], found, chart, notes=notes)


@dataclass(frozen=True)
class Measurement:
    """Jobs that belong together, measured in the same rounds, and what becomes of their numbers."""

    jobs: Sequence[Job]
    tables: Callable[[Results], dict[str, Table]]
    counts: bool = False  # exact, however often: once is enough


def key(thing: Any) -> str:
    """What it is called in the JSON."""
    return getattr(thing, "name", None) or f"{thing}"


def each(loads: Iterable[Any], servers: Iterable[Any], measure: Callable[..., Numbers],
         setting: Setting, once: bool = False) -> list[Job]:  # fmt: skip
    """A job for every server under every load: measure(load, server, setting). Of contenders, for
    those that are built."""
    found = []
    for server in servers:
        if not isinstance(server, Contender) or built([server], setting.build):
            found.append(server)
    return [Job(key(load), key(server), partial(measure, load, server, setting), once)
            for load in loads for server in found]


@dataclass(frozen=True)
class Grid:
    """Servers under loads, and a table with a row for each server, each load, or each of both.
    Loads and servers may have labels."""

    title: str
    corner: str  # the head of the rows' labels
    columns: Mapping[str, Column]
    measure: Callable[..., Numbers]  # of a load, a server and the setting
    servers: Sequence[Any] | Mapping[str, Any]
    loads: Sequence[Any] | Mapping[str, Any] = ("once",)
    rows: str = "servers"  # or loads, or both
    notes: Sequence[str] = ()
    chart: Callable[[Results], Chart] | None = None
    counts: bool = False
    serves: Callable[[str, str], bool] = lambda load, server: True  # or they are no job

    def of(self, setting: Setting, name: str) -> Measurement:
        """The same as a measurement under this name."""
        loads, servers = (things.values() if isinstance(things, Mapping) else things
                          for things in (self.loads, self.servers))

        def tables(results: Results) -> dict[str, Table]:
            return {name: table(self.title, results, self.corner, self._labelled(results),
                                self.columns, self.chart and self.chart(results), self.notes)}

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
    """One or several names of the book, and how they are measured."""

    names: tuple[str, ...]
    plan: Callable[[Setting], Grid | Measurement]  # may say by pytest.skip why it cannot be done


def labels(things: Sequence[Any] | Mapping[str, Any]) -> dict[str, str]:
    """What each is called in the table, by its name in the JSON."""
    if isinstance(things, Mapping):
        return {key(thing): label for label, thing in things.items()}
    return {key(thing): f"{thing:,}" if isinstance(thing, int) else key(thing) for thing in things}


def can_trace(who: str) -> bool:
    """Whether system calls can be counted here; where not, `who` goes without, and a line says
    why."""
    try:
        need_ptrace()
    except pytest.skip.Exception as reason:
        print(f"{who} counts no system calls: {reason}", file=sys.stderr)
        return False
    return True
