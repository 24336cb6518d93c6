"""Several workers: whom the new connections go to (M8.2), and what two bring (M8.3)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from contenders import CLIENT_CORE, ROOM, SERVER_CORE, STAGES, Contender, built, on_core
from harness.proc import wait_until
from harness.server import Server
from measures.experiment import (APART_MAX, Experiment, Setting, Table, beside_base, of_rounds,
                                 words)
from rounds import Job, Results
from workloads import Echo, Numbers

PART5, PART6 = STAGES

# M8.2: whom the new connections go to

NEW_CONNECTIONS = 400
WORKERS = (2, 4)
HOW = {"shared": "one epoll for the listener", "exclusive": "`EPOLLEXCLUSIVE`",
       "reuseport": "`SO_REUSEPORT`"}
ORDERS = {"one by one": "one by one", "at once": "all at once"}
SHARES_APART_MAX = 0.25  # of two tosses of so many coins, no two are the same
PATIENCE = 20.0


def sockets_in_epolls(server: Server) -> list[int]:
    """How many descriptors each of its epolls watches: a worker has one. proc_pid_fdinfo(5)"""
    directory, counts = Path(f"/proc/{server.pid}"), []
    for number in sorted(os.listdir(directory / "fd"), key=int):
        if os.readlink(directory / "fd" / number) == "anon_inode:[eventpoll]":
            lines = (directory / "fdinfo" / number).read_text().splitlines()
            counts.append(sum(line.startswith("tfd:") for line in lines))
    return counts


def new_connections(setting: Setting) -> int:
    return min(NEW_CONNECTIONS, max(setting.effort.counted // 4, 20))


def spread(how: str, workers: int, order: str, setting: Setting) -> Numbers:
    """The busiest worker's share of the new connections, in percent."""
    count = new_connections(setting)
    contender = Contender(PART5, PART5, ("--workers", str(workers), "--accept", how))
    server = contender.start(setting.build, before=())
    try:
        at_rest, open_at_rest = sockets_in_epolls(server), server.process.descriptor_count()
        if order == "at once":
            server.pause()  # all of them wait in the backlog when it goes on
        for _ in range(count):
            client = server.connect()
            if order != "at once":
                client.echo(b"hello")
        if order == "at once":
            server.resume()
        open_then = open_at_rest + count
        if not wait_until(lambda: server.process.descriptor_count() >= open_then, PATIENCE):
            raise SystemExit(f"{PART5} has not accepted all of its {count} clients")
        wait_until(lambda: sum(sockets_in_epolls(server)) >= sum(at_rest) + count, PATIENCE)
        taken = [now - before for now, before in zip(sockets_in_epolls(server), at_rest)]
    finally:
        server.close_clients()
        server.kill()
    if sum(taken) != count:
        raise SystemExit(f"the workers' epolls hold {taken}, which are not {count} clients")
    return {"busiest": max(taken) / count * 100}


def m8_2_jobs(setting: Setting) -> Iterable[Job]:
    for _ in built([Contender(PART5, PART5)], setting.build):
        for how in HOW:
            for workers in WORKERS:
                for order in ORDERS:
                    yield Job(f"{workers}, {order}", how,
                              partial(spread, how, workers, order, setting))


def m8_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    columns = [(workers, order) for order in ORDERS for workers in WORKERS]
    rows = [(title, [of_rounds(results, f"{workers}, {order}", how, "busiest", 1, SHARES_APART_MAX)
                     for workers, order in columns]) for how, title in HOW.items()]
    return {"m8_2": Table(
        f"The busiest worker's share of {new_connections(setting)} new connections, in percent",
        ["how the listener is watched", *(f"{workers} workers, {ORDERS[order]}, %"
                                          for workers, order in columns)], rows,
        notes=["An even share is 50 % of two workers, 25 % of four. One by one: each client is "
               "answered before the next connects, so all workers sleep. All at once: they wait in "
               "the backlog when the server looks. It is not how the load is spread: a connection "
               "that never speaks counts as much as one that never rests."])}


# M8.3: what two workers bring

CROWD = 64


def cores_for(workers: int) -> str:
    """As taskset(1) has it: not the client's, as long as there are others."""
    allowed = sorted(os.sched_getaffinity(0) - {int(CLIENT_CORE)})
    if len(allowed) < workers:
        allowed = sorted(os.sched_getaffinity(0))
    return ",".join(str(core) for core in allowed[:workers])


def places(setting: Setting) -> dict[str, tuple[int, str]]:
    """Each variant's workers, and their cores."""
    shares = len(os.sched_getaffinity(0)) <= 2
    shared = "one of them the client's" if shares else "none the client's"
    return {"1 worker, a core": (1, SERVER_CORE), "2 workers, one core": (2, SERVER_CORE),
            f"2 workers, two cores, {shared}": (2, cores_for(2))}


def scaled(stage: str, workers: int, cores: str, setting: Setting) -> Numbers:
    """One round of the ladder's load."""
    load = Echo("", "", CROWD)
    contender = Contender(stage, stage, ("--workers", str(workers), *ROOM))
    server = contender.start(setting.build, before=on_core(cores))
    try:
        found = load.load(setting.build, server.address[1], server.pid, setting.effort.seconds)
    finally:
        server.kill()
    return {"per_second": found["messages"] / found["seconds"], "p99_us": found["p99_us"],
            "cpu_us": found["server_cpu_seconds"] / found["messages"] * 1e6}


def m8_3_jobs(setting: Setting) -> Iterable[Job]:
    for stage in built([Contender(name, name) for name in STAGES], setting.build):
        for title, (workers, cores) in places(setting).items():
            yield Job(stage.name, title, partial(scaled, stage.name, workers, cores, setting))


def m8_3_tables(results: Results, setting: Setting) -> dict[str, Table]:
    base = next(iter(places(setting)))
    rows = [(f"{stage}: {title}", [
        beside_base(results, stage, title, "per_second", base),
        beside_base(results, stage, title, "cpu_us", base),
        of_rounds(results, stage, title, "p99_us", 1, 2.5 * APART_MAX)])
        for stage, found in results.items() for title in found]
    cores = len(os.sched_getaffinity(0))
    return {"m8_3": Table(
        f"One worker and two, with {CROWD} clients",
        ["stage: workers", "messages a second [ratio to one worker]",
         "server CPU a message, µs [ratio]", "p99, µs"],
        rows or [("–", [words("–")] * 3)],
        notes=[f"This machine has {cores} cores, and the client needs one of them. It is not how "
               "far a server scales: for that it needs more cores than workers, and a client that "
               "is no bottleneck, on another machine."])}


M8_2 = Experiment(("m8_2",), m8_2_jobs, m8_2_tables)
M8_3 = Experiment(("m8_3",), m8_3_jobs, m8_3_tables)
