"""Counted: system calls (M4.2, M9.1), allocations (M10.2), and one conversation call by call."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "costs"))

import pytest
from contenders import ALL_STAGES, CLIENT_CORE, Contender, built, on_core
from counting import PAYLOAD, WARM_UP_ROUNDS, echo_together
from harness.client import Client
from harness.server import Server
from harness.strace import Strace, need_ptrace
from measures import conversation
from measures.experiment import Cell, Experiment, Setting, Table, counted, of_rounds, words
from rounds import Job, Results
from workloads import Echo, Numbers

STAGES = {stage.name: stage for stage in ALL_STAGES}
PART1, PART2, PART3, PART4, PART5, PART6 = STAGES

# M4.2: one talks, the others are silent; part3 spins, so a clock is in it, and a tracer would be

EVENT = "raw_syscalls:sys_enter"
CLIENTS = (1, 100, 1000)


def why_no_perf() -> str | None:
    """What perf says where it may not count, or that there is none."""
    if shutil.which("perf") is None:
        return "no perf (Debian: linux-perf)"
    run = subprocess.run(["perf", "stat", "-e", EVENT, "true"], capture_output=True, text=True)
    return None if run.returncode == 0 else f"perf may not count {EVENT}: be root"


def calls_a_message(stage: Contender, clients: int, setting: Setting) -> Numbers:
    """Counted by the kernel, while one client of so many talks."""
    server = stage.start(setting.build)
    try:
        for _ in range(clients - 1):
            server.connect()
        if clients > 1:
            server.clients[-1].echo(b"they were all accepted")
        load = Echo("", "", 1).words(setting.build, server.address[1], setting.effort.seconds)
        run = subprocess.run(
            ["perf", "stat", "-x,", "-e", EVENT, "-p", str(server.pid), "--",
             *on_core(CLIENT_CORE), *load],
            capture_output=True, text=True, timeout=60)  # fmt: skip
        line = next((line for line in run.stderr.splitlines() if EVENT in line), "")
        if run.returncode != 0 or not line.split(",")[0].isdigit():
            raise SystemExit(f"perf counted nothing: {run.stderr}")
        messages = json.loads(run.stdout)["messages"]
    finally:
        server.close_clients()
        server.kill()
    return {"calls": int(line.split(",")[0]) / messages}


def m4_2_jobs(setting: Setting) -> Iterable[Job]:
    if reason := why_no_perf():
        print(f"M4.2 is left out: {reason}", file=sys.stderr)
        return
    for clients in setting.up_to_most(*CLIENTS):
        for stage in built(ALL_STAGES[2:], setting.build):
            yield Job(f"{clients}", stage.name, partial(calls_a_message, stage, clients, setting))


def m4_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    names = (PART3, PART4, PART5, PART6)
    rows = [(f"{clients:,}", [of_rounds(results, f"{clients}", name, "calls") for name in names])
            for clients in setting.up_to_most(*CLIENTS)]
    return {"m4_2": Table(
        "System calls a message, of which one client of many sends all",
        ["clients", *names], rows,
        notes=["The kernel counts (`perf stat`), so nothing is slowed down: `part3` makes as many "
               "calls as fit between two messages, and the others as many as they need."])}


# M9.1: exact; with several clients the server finds a message of each

CROWDS = (1, 64)
SPINS, ONE_AT_A_TIME = words("spins: see M4.2"), words("one at a time")


def can_trace(who: str) -> bool:
    """Whether system calls can be counted here; where not, `who` goes without, and a line says
    why."""
    try:
        need_ptrace()
    except pytest.skip.Exception as reason:
        print(f"{who} counts no system calls: {reason}", file=sys.stderr)
        return False
    return True


def exact_calls(stage: Contender, crowd: int, setting: Setting,
                warm_up: int = WARM_UP_ROUNDS) -> Numbers:  # fmt: skip
    """Calls that have ended, once the tracer's coming, which interrupts some, is over."""
    server = stage.start(setting.build, before=())
    talk = one_by_one if stage.name == PART2 else echo_together
    rounds = max(setting.effort.counted // crowd, 1)
    try:
        clients = [server.connect() for _ in range(crowd)]
        with Strace(server) as tracer:
            talk(server, clients, warm_up)
            before = len(conversation.settle(tracer, spins=False, begin=0))
            talk(server, clients, rounds)
            ended = len(conversation.settle(tracer, spins=False, begin=before))
    finally:
        server.close_clients()
        server.kill()
    return {"calls": ended / (rounds * crowd)}


def one_by_one(server: Server, clients: Sequence[Client], rounds: int) -> None:
    """Enough for threads, none of which ever finds more than one message; stopped in their tracks,
    as echo_together does it, each would call recv(2) once more."""
    for _ in range(rounds):
        for client in clients:
            client.echo(PAYLOAD)


def m9_1_jobs(setting: Setting) -> Iterable[Job]:
    need_ptrace()
    for crowd in CROWDS:
        for stage in built(ALL_STAGES, setting.build):
            if stage.name != PART3 and (stage.name, crowd) != (PART1, CROWDS[1]):
                yield Job(f"{crowd}", stage.name, partial(exact_calls, stage, crowd, setting))


def m9_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    def cells(name: str) -> list[Cell]:
        if name == PART3:
            return [SPINS, SPINS]
        many = ONE_AT_A_TIME if name == PART1 else counted(results, "64", name, "calls")
        return [counted(results, "1", name, "calls"), many]

    return {"m9_1": Table(
        "System calls a message", ["stage", "1 client", "64 clients at once"],
        [(name, cells(name)) for name in STAGES],
        notes=["`strace` counts, and no clock is looked at: with 64 clients, a message of each is "
               "there when the server looks."])}


# M10.2: allocations

SIZES = (64, 8000, 40_000)


def allocations(stage: Contender, payload: int, setting: Setting) -> Numbers:
    """How often malloc(3) is called for a message, once it is warm."""
    library = setting.build / "tests" / "costs" / "libcount_allocations.so"
    with tempfile.TemporaryDirectory(prefix="allocations-") as directory:
        file = Path(directory) / "count"
        file.write_bytes(bytes(8))
        words_in_front = ("/usr/bin/env", f"LD_PRELOAD={library}", f"ALLOCATIONS={file}")
        server = stage.start(setting.build, before=words_in_front)
        try:
            client = server.connect()
            for _ in range(10):
                client.echo(bytes(payload))
            (before,) = struct.unpack("<Q", file.read_bytes())
            for _ in range(setting.effort.counted):
                client.echo(bytes(payload))
            (after,) = struct.unpack("<Q", file.read_bytes())
        finally:
            server.close_clients()
            server.kill()
    if before == 0:
        raise SystemExit("the counter of allocations was not loaded")
    return {"allocations": (after - before) / setting.effort.counted}


def m10_2_jobs(setting: Setting) -> Iterable[Job]:
    for payload in SIZES:
        for stage in built(ALL_STAGES, setting.build):
            yield Job(f"{payload}", stage.name, partial(allocations, stage, payload, setting))


def m10_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(name, [counted(results, f"{payload}", name, "allocations") for payload in SIZES])
            for name in STAGES]
    return {"m10_2": Table(
        "Allocations a message", ["stage", *(f"{payload:,} bytes" for payload in SIZES)], rows,
        notes=["A thread's receive buffer holds 16 KiB, a loop's 64 KiB and four bytes, part6's "
               "20 KiB: of a longer message the beginning is kept on the heap until its rest has "
               "come. How often depends on how the bytes arrive."])}


M4_2 = Experiment(("m4_2",), m4_2_jobs, m4_2_tables)
M9_1 = Experiment(("m9_1",), m9_1_jobs, m9_1_tables, counts=True)
M10_2 = Experiment(("m10_2",), m10_2_jobs, m10_2_tables, counts=True)
CONVERSATION = Experiment(("conversation",), conversation.jobs, conversation.tables, counts=True)
