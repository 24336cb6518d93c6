"""M3.1: a thread for every client."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from contenders import Contender, built
from measures import variants
from measures.experiment import Experiment, Setting, Table, of_rounds
from rounds import Job, Results
from workloads import Echo, Numbers, client

PART2 = Contender("part2-threads", "part2-threads")
CROWDS = (10, 100, 1000, 5000)
MESSAGES_EACH = 20  # of a client, where switches are counted: so many more than its thread's own
STARTED = 100  # threads, for each round
SPARE_THREADS = 1000  # for everybody else
LATENCY_APART_MAX = 0.25
ROWS = (("memory of an idle client, KiB", "bytes", 1 / 1024, 0.1),
        ("context switches a message", "switches", 1, 0.1),
        ("p50, all talk, µs", "p50_us", 1, LATENCY_APART_MAX),
        ("p99, all talk, µs", "p99_us", 1, LATENCY_APART_MAX),
        ("to start and join one more thread, µs", "start_us", 1, LATENCY_APART_MAX))


def thread_limit() -> int:
    """How many threads this machine allows us, about."""
    limits = [int(Path("/proc/sys/kernel/threads-max").read_text())]
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY and os.geteuid() != 0:  # root's is not enforced
        limits.append(soft)
    group = Path("/proc/self/cgroup").read_text().rpartition(":")[2].strip()
    file = Path(f"/sys/fs/cgroup{group}/pids.max")
    if file.is_file() and (text := file.read_text().strip()) != "max":
        limits.append(int(text))
    return min(limits) - SPARE_THREADS


def crowds(setting: Setting) -> list[int]:
    return list(setting.fewer([crowd for crowd in setting.up_to_most(*CROWDS)
                               if crowd <= thread_limit()]))


def idle_memory(crowd: int, setting: Setting) -> float:
    """Bytes of the server's own for a client that has said one thing."""
    server = PART2.start(setting.build)
    try:
        server.connect().echo(b"warm")
        before = server.process.private_bytes()
        for _ in range(crowd):
            server.connect().send_messages(b"here")
        for client_here in server.clients[1:]:
            client_here.expect(b"here")
        return (server.process.private_bytes() - before) / crowd
    finally:
        server.close_clients()
        server.kill()


def switches_and_latency(crowd: int, setting: Setting) -> Numbers:
    """While all talk."""
    load = Echo("", "", crowd)
    server = PART2.start(setting.build)
    try:
        messages = max(crowd * MESSAGES_EACH, setting.effort.counted)
        words = load.words(setting.build, server.address[1], 0, messages=messages)
        found = json.loads(client(*words, within=0))
        # Threads that have ended take their counts along; waiting for the process gives all.
        server.send_signal(signal.SIGKILL)
        _, _, usage = os.wait4(server.pid, 0)
    finally:
        server.kill()
    switches = usage.ru_nvcsw + usage.ru_nivcsw
    return {"switches": switches / messages, "p50_us": found["p50_us"], "p99_us": found["p99_us"]}


def thread_costs(crowd: int, setting: Setting) -> Numbers:
    """All that one more client means."""
    started = variants.run("start_threads", setting, "--beside", str(crowd), "--threads",
                           str(STARTED))
    return {"bytes": idle_memory(crowd, setting), **switches_and_latency(crowd, setting),
            "start_us": started["seconds"] / started["threads"] * 1e6}


def jobs(setting: Setting) -> Iterable[Job]:
    for crowd in setting.up_to_most(*CROWDS):
        if crowd > thread_limit():
            print(f"M3.1: {crowd:,} clients are left out: no more than {thread_limit():,} threads "
                  "are permitted here", file=sys.stderr)
    for _ in built([PART2], setting.build):
        for crowd in crowds(setting):
            yield Job("threads", f"{crowd}", partial(thread_costs, crowd, setting))


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    chosen = crowds(setting)
    rows = [(title, [of_rounds(results, "threads", f"{crowd}", number, scale, apart_max)
                     for crowd in chosen]) for title, number, scale, apart_max in ROWS]
    return {"m3_1": Table(
        "A thread for every client",
        ["what", *(f"{crowd:,} clients" for crowd in chosen)], rows,
        notes=["The memory is the process's own; the kernel has a stack of its own for each "
               "thread, which is not in it. The latencies are those of a closed loop in which all "
               "clients talk at once: they are not how long one client waits beside idle ones."])}


M3_1 = Experiment(("m3_1",), jobs, tables)
