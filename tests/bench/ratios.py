"""How two servers compare: by ratios within a round, which what comes and goes on the machine
touches less than it does two numbers that were taken at different times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

RANGE_MAX = 0.05  # wider, and noise may have decided


@dataclass(frozen=True)
class Ratio:
    """The median of several rounds' ratios, and how far they lie apart."""

    middle: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float], base: Sequence[float]) -> Ratio:
        """Of each round's value to the same round's value of the base."""
        each = [value / other for value, other in zip(values, base, strict=True)]
        return cls(median(each), min(each), max(each))

    @property
    def decided(self) -> bool:
        """Whether the rounds agree well enough."""
        return (self.highest - self.lowest) / self.middle <= RANGE_MAX

    def verdict(self, holds: Callable[[float], bool]) -> str:
        """Of a bound: met or missed, where all rounds say so, or where they agree well enough and
        their median says so."""
        asked = [self.middle] if self.decided else [self.lowest, self.highest]
        said = {holds(each) for each in asked}
        return "not decided" if len(said) > 1 else "met" if said.pop() else "missed"
