"""A server is replaced while its clients come and go: five ways, and what the clients meet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from contenders import REPOSITORY
from measures.experiment import Cell, Experiment, Setting, Table, exact, measured, words
from restarts import CLIENTS, LATE_SECONDS, PER_SECOND, WAYS
from rounds import Job, Results
from workloads import Numbers

SCRIPT = REPOSITORY / "tests" / "bench" / "restarts.py"
RESTARTS, RESTARTS_QUICK = 10, 3
SECONDS = 120
LONGEST_APART_MAX = 0.5


def measure(way: str, setting: Setting) -> Numbers:
    """One round: a network of its own, some restarts."""
    restarts = RESTARTS if setting.thorough else RESTARTS_QUICK
    command = [sys.executable, str(SCRIPT), way, "--restarts", str(restarts), "--program",
               str(fingerd(setting))]
    run = subprocess.run(
        ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command],
        capture_output=True, text=True, timeout=SECONDS, check=False)  # fmt: skip
    if run.returncode != 0:
        raise SystemExit(f"{way}: {run.stderr}")
    found: Numbers = json.loads(run.stdout)
    return found


def fingerd(setting: Setting) -> Path:
    return setting.build / "finger" / "fingerd"


def jobs(setting: Setting) -> Iterable[Job]:
    if not fingerd(setting).is_file():
        pytest.skip("fingerd is not built")
    if os.geteuid() != 0:
        pytest.skip("only root makes a network of its own")
    for way in WAYS:
        yield Job("restarts", way, partial(measure, way, setting))


def of_all(rounds: list[Numbers], *numbers: str) -> Cell:
    """What was counted in all rounds together."""
    return exact(sum(round(found[number]) for found in rounds for number in numbers))


def each(rounds: list[Numbers], *numbers: str) -> Cell:
    """The same, for each restart."""
    restarts = sum(found["restarts"] for found in rounds)
    return exact(round(of_all(rounds, *numbers)["exact"] / restarts, 2))


def row(rounds: list[Numbers]) -> list[Cell]:
    if not rounds:
        return [words("–")] * 6
    longest = measured([found["longest_ms"] for found in rounds], LONGEST_APART_MAX)
    return [of_all(rounds, "answered"), of_all(rounds, "refused"), of_all(rounds, "cut"),
            of_all(rounds, "late"), each(rounds, "refused", "cut"), longest]


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    restarts = (RESTARTS if setting.thorough else RESTARTS_QUICK)
    return {"m16_1": Table(
        "fingerd is replaced under load, in five ways",
        ["way", "answered", "refused", "cut off", "late", "lost a restart", "longest wait, ms"],
        [(way, row(rounds)) for way, rounds in results.get("restarts", {}).items()],
        notes=[f"{restarts} restarts a round, a tenth of a second apart, in a network namespace; "
               f"{PER_SECOND:,} clients a second in bursts of {CLIENTS}, each with a connection "
               "and a question of its own. Counted are the clients of all rounds: *refused*, there "
               "was no listener; *cut off*, a reset or an end came in place of the answer; "
               f"*late*, the answer took more than {LATE_SECONDS * 1e3:.0f} ms. The longest wait "
               "is that for an answer, in each round. For socket activation and `SO_REUSEPORT` a "
               "small parent process makes the sockets and passes them (`LISTEN_FDS`), as "
               "systemd does. The socket that stays has `TCP_DEFER_ACCEPT`, as in "
               "`fingerd.socket`: a client that has not asked yet is not accepted. Without it the "
               "old server accepts such clients, and when it is stopped, hangs up."])}


M16_1 = Experiment(("m16_1",), jobs, tables, needs=("unshare", "ip"))
