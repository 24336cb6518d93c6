"""Counts: system calls, and the memory kept for a client."""

import json
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from contenders import ALL_STAGES, CLIENT_CORE, PART2, PART3, Contender, on_core
from counting import PAYLOAD, WARM_UP_ROUNDS, echo_together
from harness.client import Client
from harness.needed import need_built, need_program
from harness.proc import wait_until
from harness.server import Server
from harness.strace import Strace, need_ptrace
from measures.experiment import Grid, Measurement, Setting, Table, each, table
from measures.cells import ONE_AT_A_TIME, Cell, column, exact, exactly, timed, words
from rounds import Results
from workloads import Echo, Numbers

# M5.2: one client talks, the others are silent. part3 spins, so its calls depend on time, and a
# tracer, which takes time for each call, would distort them.

EVENT = "raw_syscalls:sys_enter"


def calls_by_perf(clients: int, stage: Contender, setting: Setting) -> Numbers:
    """Calls per message, counted by the kernel while one of the clients talks."""
    with stage.running(setting.build) as server:
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
    return {"calls": int(line.split(",")[0]) / messages}


def m5_2(setting: Setting) -> Grid:
    need_program("perf")
    if subprocess.run(["perf", "stat", "-e", EVENT, "true"], capture_output=True).returncode != 0:
        pytest.skip(f"perf may not count {EVENT}: be root")
    stages = ALL_STAGES[2:]
    return Grid(
        "System calls a message, of which one client of many sends all", "clients",
        {stage.name: timed("calls", server=stage.name) for stage in stages},
        calls_by_perf, stages, setting.up_to_most(1, 100, 1000), rows="loads",
        notes=["Counted with `perf stat`."])


# M10.1: exact counts. With several clients, the server finds a message from each.

ENDED = re.compile(r"^\d+ +(\w+\(|<\.\.\. \w+ resumed>).*\s= -?\w+")
SETTLED_SECONDS = 0.2  # without a call


def settle(tracer: Strace, begin: int) -> int:
    """The number of ended calls, once it is more than `begin` and grows no more."""
    seen, since = begin, time.monotonic()

    def at_rest() -> bool:
        nonlocal seen, since
        count = sum(map(bool, map(ENDED.match, tracer.lines())))
        if count != seen:
            seen, since = count, time.monotonic()
        return seen > begin and time.monotonic() - since > SETTLED_SECONDS

    if not wait_until(at_rest, 30, 0.02):
        raise SystemExit("the server does not come to rest, or strace writes nothing")
    return seen


def exact_calls(crowd: int, stage: Contender, setting: Setting,
                warm_up: int = WARM_UP_ROUNDS) -> Numbers:  # fmt: skip
    """Calls per message, counted after a warm-up, because the tracer's arrival interrupts some."""
    talk = one_by_one if stage.name == PART2 else echo_together
    rounds = max(setting.effort.counted // crowd, 1)
    with stage.running(setting.build, before=()) as server:
        clients = [server.connect() for _ in range(crowd)]
        with Strace(server) as tracer:
            talk(server, clients, warm_up)
            before = settle(tracer, 0)
            talk(server, clients, rounds)
            ended = settle(tracer, before) - before
    return {"calls": ended / (rounds * crowd)}


def one_by_one(server: Server, clients: Sequence[Client], rounds: int) -> None:
    """Echoes one client after the other. That's enough for threads, none of which ever finds more
    than one message. If we stopped them, as echo_together does, each would call recv(2) once
    more."""
    for _ in range(rounds):
        for client in clients:
            client.echo(PAYLOAD)


def m10_1(setting: Setting) -> Measurement:
    need_ptrace()
    stages = [stage for stage in ALL_STAGES if stage.name != PART3]

    def calls(results: Results, load: str, server: str) -> Cell:
        absent = words("spins: see M5.2") if server == PART3 else ONE_AT_A_TIME
        return exactly(results, load, server, "calls", absent)

    def tables(results: Results) -> dict[str, Table]:
        return {"m10_1": table(
            "System calls a message", results, "stage",
            [(stage.name, "", stage.name) for stage in ALL_STAGES],
            {"1 client": column(calls, load="1"),
             "64 clients at once": column(calls, load="64")},
            notes=["Counted by `strace`. All 64 messages are there before the server looks, which "
                   "is the ring's best case."])}

    return Measurement([*each([1], stages, exact_calls, setting),
                        *each([64], stages[1:], exact_calls, setting)], tables, counts=True)


# M11.1: the memory kept for a client, a thread's stack or a coroutine's frame

CONVERSATION = ("serve_client", "serve", "receive")  # the coroutines that wait for a client
KEPT = {
    "`part2`: address space of a thread, with `malloc`'s": ("stack", "reserved"),
    "`part2`: memory of an idle one": ("stack", "touched"),
}


def kept(_: str, what: str, setting: Setting) -> Numbers:
    """A thread's memory, or the sizes of the frames of part 6's coroutines."""
    if what == "frames":
        return frames(setting)
    return stack(min(100, setting.effort.crowd_max), setting)


def stack(threads: int, setting: Setting) -> Numbers:
    """Address space and memory per thread, of `threads` that serve an idle client each."""
    with Contender(PART2, PART2).running(setting.build) as server:
        server.connect().echo(b"warm")
        process = server.process
        reserved, touched = process.virtual_bytes(), process.memory_bytes()
        for _ in range(threads):
            server.connect().echo(b"hello")
        return {"reserved": (process.virtual_bytes() - reserved) / threads,
                "touched": (process.memory_bytes() - touched) / threads}


def frames(setting: Setting) -> Numbers:
    """Frame sizes by the names of the coroutines."""
    part6 = Contender("part6-frames", "part6-frames", ("--workers", "1", "--ring", "check-memory"))
    program = need_built(part6.path(setting.build))
    with tempfile.TemporaryDirectory(prefix="frames-") as directory:
        file = Path(directory) / "sizes"
        with part6.running(setting.build, ("/usr/bin/env", f"FRAME_SIZES={file}")) as server:
            server.connect().echo(b"hello")
        lines = [line.split() for line in file.read_text().splitlines()]
    return {coroutine_at(program, address): float(count) for count, address in lines}


def coroutine_at(program: Path, address: str) -> str:
    """The name of the coroutine that allocates its frame at `address`: the innermost function there
    that belongs neither to operator new nor to the pool."""
    run = subprocess.run(["addr2line", "-f", "-C", "-i", "-e", program, address],
                         capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines()[::2]:  # between them: file and line
        name = re.search(r"(\w+)(<[^<>]*>)?$", line.partition("(")[0])  # after the result's type
        if name and "operator new" not in line and "FramePool" not in line:
            return name[1]
    return "unknown"


def m11_1(setting: Setting) -> Measurement:
    need_program("addr2line")

    def tables(results: Results) -> dict[str, Table]:
        found = results["bytes"]["frames"][0]
        if missing := [name for name in CONVERSATION if name not in found]:
            raise SystemExit(f"no frame of {missing} was seen, but {found}")
        rows = [
            *((title, [exactly(results, "bytes", *of)]) for title, of in KEPT.items()),
            *((f"`part6`: frame of `{name}`", [exact(found[name])]) for name in CONVERSATION)]
        return {"m11_1": Table(
            "What is kept for a client", ["of whom", "bytes"], rows,
            notes=["The frames are there while a client is awaited. A frame's size is this "
                   "compiler's. None of it is what an idle client costs in all: "
                   "`tests/bench/idle_memory.py` counts that, with the kernel's share."])}

    return Measurement(each(["bytes"], ["stack", "frames"], kept, setting),
                       tables, counts=True)
