"""Cells and columns of tables, for numbers of several rounds: medians, if the rounds agree well
enough, and ratios to other servers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from typing import Any

from rounds import Results

APART_MAX = 0.1  # width of the middle half of the rounds, as a share of the median; else it's noise
RANGE_MAX = 0.05  # width of all rounds, as a share of a ratio's median
LATENCY_APART_MAX = 0.25  # more, because a tail is only a few messages
BUSY = 0.95  # of a core; a server that takes more has no time left
ROUNDS_MIN = 3  # fewer rounds don't show how far apart they lie
Cell = dict[str, Any]  # as it is in the JSON
Column = Callable[[Results, str, str], Cell]  # of a row's load and server


@dataclass(frozen=True)
class Ratio:
    """The comparison of two servers: the median of several rounds' ratios, and their spread.
    Passing noise disturbs a ratio within a round less than it disturbs two numbers from different
    times."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float], base: Sequence[float]) -> "Ratio":
        """The ratios of each round's value to the same round's value of the base."""
        each = [value / other for value, other in zip(values, base, strict=True)]
        return cls(median(each), min(each), max(each))

    @property
    def decided(self) -> bool:
        """Whether the rounds agree well enough."""
        return (self.highest - self.lowest) / self.middle <= RANGE_MAX


def measured(values: Sequence[float], apart_max: float = APART_MAX) -> Cell:
    """The rounds' median and quartiles, and whether they agree well enough to be shown."""
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
    """A counted number."""
    return {"exact": value}


def words(text: str) -> Cell:
    """Text in place of a number."""
    return {"text": text}


NOTHING = words("–")
ONE_AT_A_TIME = words("one at a time")


def together(*cells: Cell) -> Cell:
    """Several values in one cell, as in `a / b / c`."""
    return {"all": list(cells)}


def of_rounds(results: Results, load: str, server: str, number: str, apart_max: float = APART_MAX,
              scale: float = 1.0, absent: Cell = NOTHING) -> Cell:  # fmt: skip
    """One number of one server under one load."""
    rounds = results.get(load, {}).get(server, [])
    if not rounds or number not in rounds[0]:
        return absent
    return measured([found[number] * scale for found in rounds], apart_max)


def ratio_of(results: Results, load: str, number: str, server: str, base: str) -> Ratio | None:
    """The ratio of one server's number to the base's. None if there are too few rounds."""
    rounds = [results.get(load, {}).get(name, []) for name in (server, base)]
    if min(map(len, rounds)) < ROUNDS_MIN:
        return None
    return Ratio.of(*([found[number] for found in each] for each in rounds))


def ranged(ratio: Ratio) -> str:
    """The median of the rounds, the lowest and the highest."""
    return f"{ratio.middle:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"


def beside_base(results: Results, load: str, server: str, number: str, base: str) -> Cell:
    """One number, and its ratio to the base's."""
    cell = of_rounds(results, load, server, number)
    if server == base or not (ratio := ratio_of(results, load, number, server, base)):
        return cell
    return {**cell, "ratio": {"base": base, "median": ratio.middle, "low": ratio.lowest,
                              "high": ratio.highest, "decided": ratio.decided}}


def throughput(results: Results, load: str, server: str) -> Cell:
    """Messages a second, as a lower bound if the client had no time left and the server had."""
    cell = of_rounds(results, load, server, "per_second")
    rounds = results.get(load, {}).get(server, [])
    shares = [median([found[share] for found in rounds])
              for share in ("client_busy", "busy") if rounds and share in rounds[0]]
    if len(shares) == 2 and shares[0] > BUSY > shares[1]:
        cell["at_least"] = True
    return cell


def exactly(results: Results, load: str, server: str, number: str,
            absent: Cell = NOTHING) -> Cell:  # fmt: skip
    """A counted number, which is the same in every round."""
    rounds = results.get(load, {}).get(server, [])
    return exact(rounds[0][number]) if rounds else absent


def latencies(results: Results, load: str, server: str) -> Cell:
    return together(*(of_rounds(results, load, server, number, LATENCY_APART_MAX)
                      for number in ("p50_us", "p99_us", "p999_us")))


def column(cell: Callable[..., Cell], *arguments: Any, load: str = "", server: str = "",
           **more: Any) -> Column:  # fmt: skip
    """A column of cells for the row's load and server, unless `load` or `server` says otherwise."""
    return lambda results, of_load, of_server: cell(
        results, load or of_load, server or of_server, *arguments, **more)


timed, ratio, counted = (partial(column, cell) for cell in (of_rounds, beside_base, exactly))
P50, P99, P999 = (timed(number, LATENCY_APART_MAX) for number in ("p50_us", "p99_us", "p999_us"))
