"""What a server costs while nothing happens: processor time (M4.1) and memory (M11.1)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

import idle
from contenders import ALL_STAGES, STAGES, Contender, built
from harness.target import Target
from measures.experiment import Experiment, Setting, Table, of_rounds
from rounds import Job, Results
from workloads import Numbers

SILENT = 100
SETTLE_SECONDS = 0.05  # after the last newcomer
MANY = 10_000
WATCHED_SECONDS = 0.05


def busy(stage: Contender, clients: int, setting: Setting) -> Numbers:
    """The share of a core that it takes."""
    server = stage.start(setting.build)
    try:
        for _ in range(clients):
            server.connect()
        time.sleep(SETTLE_SECONDS)
        begin, before = time.perf_counter(), server.process.cpu_seconds()
        time.sleep(setting.effort.seconds)
        took = server.process.cpu_seconds() - before
        return {"percent": took / (time.perf_counter() - begin) * 100}
    finally:
        server.close_clients()
        server.kill()


def m4_1_jobs(setting: Setting) -> Iterable[Job]:
    for clients in (0, SILENT):
        for stage in built(ALL_STAGES, setting.build):
            yield Job(f"{clients}", stage.name, partial(busy, stage, clients, setting))


def m4_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(name, [of_rounds(results, f"{clients}", name, "percent") for clients in (0, SILENT)])
            for name in results.get("0", {})]
    return {"m4_1": Table(
        "Processor time while nothing happens",
        ["stage", "no clients, % of a core", f"{SILENT} silent clients, % of a core"], rows)}


def memory(name: str, count: int, setting: Setting) -> Numbers:
    """Of one server that so many have connected to."""
    path = setting.build / name / name
    target = Target(name, name, (str(path),))
    (share,) = idle.shares(count)
    found = idle.measure(target, [share], False, ["--workers", "1"], WATCHED_SECONDS)
    return {"own": found.own_bytes[0], "kernel": found.kernel_bytes}


def many(setting: Setting) -> int:
    return min(MANY, setting.effort.crowd_max)


def m11_1_jobs(setting: Setting) -> Iterable[Job]:
    for stage in built((Contender(name, name) for name in STAGES), setting.build):
        yield Job("memory", stage.name, partial(memory, stage.name, many(setting), setting))


def m11_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(name, [of_rounds(results, "memory", name, number) for number in ("own", "kernel")])
            for name in results.get("memory", {})]
    return {"m11_1": Table(
        f"Memory of an idle client, of {many(setting):,}",
        ["stage", "the server's own, bytes", "the kernel's, both ends, bytes"], rows,
        notes=["The kernel's share is what all of its small allocations grew by meanwhile, the "
               "client's socket and anybody else's included."])}


M4_1 = Experiment(("m4_1",), m4_1_jobs, m4_1_tables)
M11_1 = Experiment(("m11_1",), m11_1_jobs, m11_1_tables)
