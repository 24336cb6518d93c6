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
    requests: int  # of a long run of ab
    watched_seconds: float  # how long memory is looked at under attack


FULL = Effort("full", 7, 0.4, 10_000, 6400, 150_000, 60.0)  # a million requests in all
QUICK = Effort("quick", 3, 0.05, 1000, 640, 20_000, 3.0)
