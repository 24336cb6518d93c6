"""What a server costs while nothing happens: processor time (M4.1), memory (M11.1, memory)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

import idle
from contenders import ALL_STAGES, STAGES, Contender, built
from harness.target import Target
from measures.experiment import Experiment, Setting, Table, counted, of_rounds, words
from rounds import Job, Results
from workloads import Numbers

SILENT = 100
SETTLE_SECONDS = 0.05  # after the last new connection
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


# memory: what a connection has left behind in each stage, once it has spoken

CROWDS = (1, 10, 100, 1000)
WARM_CLIENTS = 2


def spoken(stage: Contender, crowd: int, setting: Setting) -> Numbers:
    """Of a server's own, for each of so many connections, all of which have sent a message."""
    server = stage.start(setting.build)
    try:
        for _ in range(WARM_CLIENTS):
            with server.connect() as somebody:
                somebody.echo(b"warm")
        before = server.process.private_bytes()
        for _ in range(crowd):
            server.connect().echo(b"here")
        return {"bytes": (server.process.private_bytes() - before) / crowd}
    finally:
        server.close_clients()
        server.kill()


def memory_jobs(setting: Setting) -> Iterable[Job]:
    for crowd in setting.fewer(setting.up_to_most(*CROWDS)):
        for stage in built(ALL_STAGES, setting.build):
            if crowd == 1 or stage.name != ALL_STAGES[0].name:
                yield Job(f"{crowd}", stage.name, partial(spoken, stage, crowd, setting))


def memory_tables(results: Results, setting: Setting) -> dict[str, Table]:
    crowds = setting.fewer(setting.up_to_most(*CROWDS))
    return {"memory": Table(
        "Memory of a connection that has spoken, bytes",
        ["stage", *(f"of {crowd:,}" for crowd in crowds)],
        [(stage.name, [
            words("one at a time") if crowd > 1 and stage is ALL_STAGES[0]
            else counted(results, f"{crowd}", stage.name, "bytes") for crowd in crowds])
         for stage in ALL_STAGES],
        notes=["The server's own, in whole pages: of few connections it says little, since a page "
               "or none is needed for all of them. Without the kernel's share: see M11.1."])}


M4_1 = Experiment(("m4_1",), m4_1_jobs, m4_1_tables)
M11_1 = Experiment(("m11_1",), m11_1_jobs, m11_1_tables)
MEMORY = Experiment(("memory",), memory_jobs, memory_tables, counts=True)
