"""How much time is given to the numbers: what --quick takes less of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much time is given to the numbers."""

    name: str
    rounds: int
    seconds: float  # of one server under one load
    crowd_max: int  # connections
    counted: int  # messages, where calls are counted and no clock is looked at
    watched_seconds: float  # how long memory is looked at under attack


FULL = Effort("full", 7, 0.4, 10_000, 6400, 60.0)
QUICK = Effort("quick", 3, 0.05, 1000, 640, 3.0)
