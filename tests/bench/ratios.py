"""How two servers compare: by ratios within a round, which what comes and goes on the machine
touches less than it does two numbers that were taken at different times."""

from __future__ import annotations

from collections.abc import Sequence
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

    def __str__(self) -> str:
        words = f"{self.middle:.3f} ({self.lowest:.3f}..{self.highest:.3f})"
        return words if self.decided else f"{words}, not decided"

    def verdict(self, *, at_most: float | None = None, at_least: float | None = None) -> str:
        """Whether a bound holds: `holds`, `fails`, or why nobody can tell."""
        if at_most is not None:
            good, all_good, all_bad = (
                self.middle <= at_most, self.highest <= at_most, self.lowest > at_most
            )
        else:
            assert at_least is not None
            good, all_good, all_bad = (
                self.middle >= at_least, self.lowest >= at_least, self.highest < at_least
            )
        if self.decided:
            return "holds" if good else "fails"
        if all_good:
            return "not decided how far, but every round holds"
        return "not decided how far, but every round fails" if all_bad else "not decided"
