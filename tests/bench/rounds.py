"""Measures in rounds, in random order."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workloads import Numbers

Results = dict[str, dict[str, list[Numbers]]]  # by load, then by server, for each round


@dataclass(frozen=True)
class Job:
    """One server under one load."""

    load: str
    server: str
    measure: Callable[[], Numbers]
    once: bool = False  # exact, so the first round is enough


def shuffled(chosen: Sequence[Job], dice: random.Random) -> list[Job]:
    """The loads and servers in random order. Jobs of one load follow each other, since their
    numbers are compared."""
    place = {job.load: dice.random() for job in chosen}
    return sorted(dice.sample(chosen, len(chosen)), key=lambda job: place[job.load])


def in_rounds(jobs: Sequence[Job], rounds: int,
              progress: Callable[[int, int], None]) -> Results:  # fmt: skip
    """Runs every job once a round, and tells `progress` how many of how many are done."""
    dice, done, of = random.Random(), 0, steps(jobs, rounds)
    results: Results = {}
    for job in jobs:  # in the order of the tables
        results.setdefault(job.load, {})[job.server] = []
    for number in range(rounds):
        for job in shuffled([job for job in jobs if number == 0 or not job.once], dice):
            results[job.load][job.server].append(job.measure())
            done += 1
            progress(done, of)
    return results


def steps(jobs: Sequence[Job], rounds: int) -> int:
    """The number of measurements in this many rounds."""
    return sum(1 if job.once else rounds for job in jobs)
