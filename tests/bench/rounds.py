"""How a measurement is made: in rounds, in random order, and with a word about the machine."""

from __future__ import annotations

import json
import os
import platform
import random
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from contenders import REPOSITORY
from workloads import Numbers

QUIET_LOAD = 0.3  # a load average above says that somebody else is at work
Results = dict[str, dict[str, list[Numbers]]]  # by load, then by server; a round each


@dataclass(frozen=True)
class Job:
    """One server under one load."""

    load: str
    server: str
    measure: Callable[[], Numbers]


def shuffled(chosen: list[Job], dice: random.Random) -> list[Job]:
    """The loads in random order, the servers too; those of one load follow each other, since their
    numbers are compared."""
    by_load: dict[str, list[Job]] = {}
    for job in chosen:
        by_load.setdefault(job.load, []).append(job)
    for same_load in by_load.values():
        dice.shuffle(same_load)
    loads = list(by_load.values())
    dice.shuffle(loads)
    return list(chain.from_iterable(loads))


def in_rounds(jobs: list[Job], rounds: int, progress: Callable[[int, int], None]) -> Results:
    """Every job once a round. `progress` is told how many of how many are done."""
    dice, done = random.Random(), 0
    results: Results = {}
    for job in jobs:  # in the order of the tables
        results.setdefault(job.load, {})[job.server] = []
    for _ in range(rounds):
        for job in shuffled(jobs, dice):
            results[job.load][job.server].append(job.measure())
            done += 1
            progress(done, rounds * len(jobs))
    return results


def processor() -> str:
    """Its name, as the kernel gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit() -> str:
    """Which state of the project was measured."""
    run = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=REPOSITORY,
                         capture_output=True, text=True)
    return run.stdout.strip() or "unknown"


def compiler(build: Path) -> tuple[str, str]:
    """Who compiled the stages, and with which flags that matter for speed."""
    database = build / "compile_commands.json"
    entries = json.loads(database.read_text()) if database.is_file() else []
    words = next((shlex.split(entry["command"]) for entry in entries
                  if entry["file"].endswith("/part1-blocking/main.cc")), [])
    program = next((word for word in words if "++" in Path(word).name), None)
    if program is None:
        return "unknown", "unknown"
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    flags = [word for word in words if word.startswith(("-O", "-g", "-m", "-f", "-D", "-std="))]
    return said.partition("\n")[0], " ".join(flags)


def facts(build: Path | None = None) -> dict[str, str | int]:
    """Where and when something is measured, and, if so, what is measured."""
    found: dict[str, str | int] = {
        "date": time.strftime("%Y-%m-%d"),
        "time": time.strftime("%H:%M %Z"),
        "processor": processor(),
        "cores": os.cpu_count() or 0,
        "kernel": f"Linux {platform.release()}",
        "commit": commit(),
    }
    if build is not None:
        found["compiler"], found["flags"] = compiler(build)
    return found


def machine() -> list[str]:
    """The same for a report, in lines."""
    here = facts()
    return [
        f"{here['date']} {here['time']}",
        f"{here['processor']}, {here['cores']} CPUs, {here['kernel']}",
        f"commit {here['commit']}",
    ]


def stolen_seconds() -> float:
    """CPU time that the machine below gave to others. proc(5), /proc/stat"""
    fields = Path("/proc/stat").read_text().split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


class Noise:
    """What others did meanwhile."""

    def __init__(self) -> None:
        self._load, self._began, self._stolen = os.getloadavg()[0], time.time(), stolen_seconds()

    @property
    def quiet(self) -> bool:
        """Whether nobody else was at work when it began."""
        return self._load <= QUIET_LOAD

    def words(self) -> str:
        """What there was of it."""
        stolen = (stolen_seconds() - self._stolen) / (time.time() - self._began)
        return f"load average at the start {self._load:.2f}, {stolen:.2%} of a CPU stolen"

    def sentence(self) -> str:
        """For the report."""
        words = self.words()
        return words if self.quiet else f"**{words}: the machine was not quiet**"
