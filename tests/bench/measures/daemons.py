"""fingerd beside a daemon on plain epoll, its own predecessor, and Debian's under an inetd."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from finger import CLIENTS, DEBIAN, ENTERS_MAX, EPOLL, FINGERD, Bench
from measures.counts import can_trace
from measures.experiment import ROUNDS_MIN, Experiment, Setting, Table, of_rounds
from measures.peers import ranged, ratio_of, verdict
from report import Bound
from rounds import Job, Results
from workloads import Numbers

LOAD, ENTERS = "finger", "enters"
BOUNDS = (
    (Bound(LOAD, "cpu_us", FINGERD, EPOLL, at_most=1.05),
     "at most 1.05 times the CPU an exchange of the daemon on plain epoll"),
    (Bound(LOAD, "per_second", FINGERD, DEBIAN, at_least=10.0),
     "at least 10 times the exchanges a second of Debian's"),
)


def measure(name: str, setting: Setting) -> Numbers:
    """One round of one daemon."""
    with tempfile.TemporaryDirectory(prefix="finger-bench-") as directory:
        return Bench(setting.build, setting.effort.seconds, Path(directory)).measure(name)


def enters(clients: int, setting: Setting) -> Numbers:
    """Calls of io_uring_enter(2) an exchange."""
    with tempfile.TemporaryDirectory(prefix="finger-bench-") as directory:
        found = Bench(setting.build, setting.effort.seconds, Path(directory)).enters(clients)
        return {"enters": found}


def jobs(setting: Setting) -> Iterable[Job]:
    with tempfile.TemporaryDirectory(prefix="finger-bench-") as directory:
        names = Bench(setting.build, setting.effort.seconds, Path(directory)).daemons([])
    if FINGERD not in names:
        pytest.skip("fingerd is not built (target bench_finger)")
    for name in names:
        yield Job(LOAD, name, partial(measure, name, setting))
    for clients in (1, CLIENTS) if can_trace("finger") else ():
        yield Job(ENTERS, f"{clients}", partial(enters, clients, setting), once=True)


def sentences(results: Results) -> list[str]:
    """What is to be shown, and whether it is."""
    found = []
    if rounds := results.get(ENTERS, {}).get(f"{CLIENTS}", []):
        alone = results[ENTERS]["1"][0]["enters"]
        each = rounds[0]["enters"]
        said = "met" if each <= ENTERS_MAX else "missed"
        found.append(f"`io_uring_enter` an exchange, by `strace`: {each:.2f} with {CLIENTS} "
                     f"clients (at most {ENTERS_MAX:g}: {said}), {alone:.2f} with one.")
    for bound, what in BOUNDS:
        servers = results.get(LOAD, {})
        if len(servers.get(bound.base, [])) >= ROUNDS_MIN:
            ratio = ratio_of(results, bound)
            found.append(f"`{bound.server}` is to have {what}: {ranged(ratio)}, "
                         f"{verdict(ratio, bound)}.")
    return found


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(name, [of_rounds(results, LOAD, name, "cpu_us"),
                    of_rounds(results, LOAD, name, "per_second"),
                    *(of_rounds(results, LOAD, name, tail, 1, 0.25)
                      for tail in ("p50_us", "p99_us"))]) for name in results.get(LOAD, {})]
    return {"finger": Table(
        f"Finger daemons: {CLIENTS} clients at a time ask for a plan of 1 KiB",
        ["daemon", "CPU an exchange, µs", "exchanges a second", "p50, µs", "p99, µs"], rows,
        notes=["An exchange is connect, query, answer, close. `fingerd-machine` is the daemon once "
               f"more as a state machine; `{EPOLL}` does the same work on plain epoll; "
               "`in.fingerd` is Debian's, started by an inetd for each exchange, its children's "
               "CPU included.", *sentences(results)])}


FINGER = Experiment(("finger",), jobs, tables)
