"""What an experiment is: jobs, and the tables and charts that their numbers become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from ratios import Ratio
from rounds import Job, Results

APART_MAX = 0.1  # of the median: the middle half of the rounds; wider, and noise may have decided
BUSY = 0.95  # of a core: a program that takes more has no time left
ROUNDS_MIN = 3  # fewer, and nobody knows how far they would lie apart
Cell = dict[str, Any]  # as it is in the JSON
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
    notes: list[str] = field(default_factory=list)  # what a reader has to know of this run


@dataclass(frozen=True)
class Experiment:
    """Jobs that belong together: measured in the same rounds."""

    names: tuple[str, ...]
    jobs: Callable[[Setting], Iterable[Job]]
    tables: Callable[[Results, Setting], dict[str, Table]]
    counts: bool = False  # exact, however often: once is enough
    needs: tuple[str, ...] = ()  # programs


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


def together(*cells: Cell) -> Cell:
    """Several in one place, as a, b and c are in `a / b / c`."""
    return {"all": list(cells)}


def of_rounds(results: Results, load: str, server: str, number: str, scale: float = 1.0,
              apart_max: float = APART_MAX) -> Cell:  # fmt: skip
    """One number of one server under one load."""
    rounds = results.get(load, {}).get(server, [])
    if not rounds or number not in rounds[0]:
        return words("–")
    return measured([found[number] * scale for found in rounds], apart_max)


def beside_base(results: Results, load: str, server: str, number: str, base: str) -> Cell:
    """The same, and its ratio to the base's, which is taken round by round: what comes and goes on
    the machine touches it less."""
    cell = of_rounds(results, load, server, number)
    rounds, of_base = (results.get(load, {}).get(name, []) for name in (server, base))
    if server == base or not of_base or len(rounds) < ROUNDS_MIN:
        return cell
    ratio = Ratio.of(*([found[number] for found in each] for each in (rounds, of_base)))
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


def counted(results: Results, load: str, server: str, number: str) -> Cell:
    """The same, where it is exact."""
    rounds = results.get(load, {}).get(server, [])
    return exact(rounds[0][number]) if rounds else words("–")
