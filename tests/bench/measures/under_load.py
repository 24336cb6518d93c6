"""System calls while the load is on: of chapter 8's server (M9.0), and with a thread of the kernel
that submits (M11.2)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable
from functools import partial

import pytest
from contenders import CLIENT_CORE, SERVER_CORE, Contender, built, on_core
from harness.strace import need_ptrace
from measures import counts
from measures.experiment import Experiment, Setting, Table, beside_base, counted, of_rounds
from rounds import Job, Results
from workloads import Echo, Numbers

# M9.0: which calls, while clients talk

PART5 = Contender("part5-epoll", "part5-epoll")
CLIENTS = (1, 64, 1000)
CALLS = ("epoll_wait", "recvfrom", "sendto")
APART_MAX = 0.25  # how many messages a wait finds is the machine's mood


def tracepoint(call: str) -> str:
    return f"syscalls:sys_enter_{call}"


def calls_under_load(clients: int, setting: Setting) -> Numbers:
    """Counted by the kernel, which slows nothing down: so many messages wait as do otherwise."""
    events = {name: tracepoint(name) for name in CALLS} | {"all": counts.EVENT}
    server = PART5.start(setting.build)
    try:
        load = Echo("", "", clients).words(setting.build, server.address[1], setting.effort.seconds)
        run = subprocess.run(
            ["perf", "stat", "-x,", "-e", ",".join(events.values()), "-p", str(server.pid), "--",
             *on_core(CLIENT_CORE), *load],
            capture_output=True, text=True, timeout=60)  # fmt: skip
        if run.returncode != 0:
            raise SystemExit(f"perf counted nothing: {run.stderr}")
        messages = json.loads(run.stdout)["messages"]
    finally:
        server.kill()
    lines = [line.split(",") for line in run.stderr.splitlines()]
    return {name: next(int(line[0]) for line in lines if event in line) / messages
            for name, event in events.items()}


def m9_0_jobs(setting: Setting) -> Iterable[Job]:
    if reason := counts.why_no_perf():
        pytest.skip(reason)
    for _ in built([PART5], setting.build):
        for clients in setting.fewer(setting.up_to_most(*CLIENTS)):
            yield Job("calls", f"{clients}", partial(calls_under_load, clients, setting))


def m9_0_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(clients, [of_rounds(results, "calls", clients, name, 1, APART_MAX)
                       for name in (*CALLS, "all")]) for clients in results.get("calls", {})]
    return {"m9_0": Table(
        "System calls a message of part5-epoll, under load",
        ["clients, all of whom talk", *(f"`{name}`" for name in CALLS), "all calls"], rows,
        notes=["Counted by the kernel (`perf stat`), connecting included. How many messages one "
               "`epoll_wait` finds depends on how fast the client is: these are not the exact "
               "numbers of M9.1, where all have spoken when the server looks."])}


# M11.2: SQPOLL

PLAIN, POLLED = "without", "with `SQPOLL`"
CROWD = 64
LATER_SECONDS = 0.05  # the kernel's thread goes on looking for a tenth of a second


def variants(setting: Setting) -> dict[str, tuple[Contender, str]]:
    """The stage, and the cores it may use."""
    cores = sorted(os.sched_getaffinity(0))
    beside = ",".join(map(str, cores[1:3] if len(cores) > 2 else cores[:2]))
    whose = "a core of its own" if len(cores) > 2 else "on the client's core"
    plain = Contender("part6-uring", "part6-uring")
    polled = Contender("part6-uring", "part6-uring", ("--ring", "sqpoll"))
    return {PLAIN: (plain, SERVER_CORE), f"{POLLED}, all on one core": (polled, SERVER_CORE),
            f"{POLLED}, {whose}": (polled, beside)}


def spent(contender: Contender, cores: str, setting: Setting) -> Numbers:
    """Speed and processor time under load, and what is taken after it."""
    server = contender.start(setting.build, before=on_core(cores))
    try:
        found = Echo("", "", CROWD).load(setting.build, server.address[1], server.pid,
                                         setting.effort.seconds)
        client = server.connect()
        client.echo(b"hello")
        begin, before = time.perf_counter(), server.process.cpu_seconds()
        time.sleep(LATER_SECONDS)
        idle = (server.process.cpu_seconds() - before) / (time.perf_counter() - begin)
    finally:
        server.close_clients()
        server.kill()
    return {"cpu_us": found["server_cpu_seconds"] / found["messages"] * 1e6, "idle": idle * 100}


def m11_2_jobs(setting: Setting) -> Iterable[Job]:
    need_ptrace()
    counted_already = set()
    for title, (contender, cores) in variants(setting).items():
        for _ in built([contender], setting.build):
            if contender.options not in counted_already:  # whatever the cores
                counted_already.add(contender.options)
                for crowd in (1, CROWD):
                    yield Job(f"calls, {crowd}", " ".join(contender.options),
                              partial(counts.exact_calls, contender, crowd, setting), once=True)
            yield Job("sqpoll", title, partial(spent, contender, cores, setting))


def m11_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(title, [*(counted(results, f"calls, {crowd}", " ".join(contender.options), "calls")
                       for crowd in (1, CROWD)),
                     beside_base(results, "sqpoll", title, "cpu_us", PLAIN),
                     of_rounds(results, "sqpoll", title, "idle", 1, APART_MAX)])
            for title, (contender, _) in variants(setting).items()]
    return {"m11_2": Table(
        "A thread of the kernel that submits",
        ["part6-uring", "system calls a message, 1 client", f"{CROWD} clients at once",
         f"CPU a message, {CROWD} clients, µs [ratio]", "% of a core after the last message"], rows,
        notes=["The calls are counted by `strace`, as in M9.1. The processor time is the process's "
               "with the kernel's thread in it. The last column is of the "
               f"{LATER_SECONDS * 1000:.0f} ms behind the last message, in which nothing happens: "
               "after 100 ms the thread sleeps. With two cores it has to share one, so these are "
               "not the numbers of a machine that has a core to spare for it."])}


M9_0 = Experiment(("m9_0",), m9_0_jobs, m9_0_tables)
M11_2 = Experiment(("m11_2",), m11_2_jobs, m11_2_tables)
