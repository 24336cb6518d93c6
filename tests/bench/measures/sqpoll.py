"""A thread of the kernel that submits (M12.2)."""

import os
import time

from contenders import PART6, Contender
from count import CROWD
from harness.strace import need_ptrace
from measures.counts import exact_calls
from measures.experiment import Measurement, Setting, Table, each, table
from measures.cells import LATENCY_APART_MAX, Cell, column, exactly, ratio, timed
from rounds import Results
from workloads import Echo, Numbers

UNPOLLED, POLLED = "without", "with `SQPOLL`"
LATER_SECONDS = 0.05  # the kernel's thread goes on looking for a tenth of a second


def spent(_: str, contender: Contender, setting: Setting) -> Numbers:
    """Processor time under load, and what is taken after it."""
    with contender.running(setting.build) as server:
        found = Echo("", "", CROWD).load(setting.build, server.address[1], server.pid,
                                         setting.effort.seconds)
        server.connect().echo(b"hello")
        begin, before = time.perf_counter(), server.process.cpu_seconds()
        time.sleep(LATER_SECONDS)
        idle = (server.process.cpu_seconds() - before) / (time.perf_counter() - begin)
    return {"cpu_us": found["server_cpu_seconds"] / found["messages"] * 1e6, "idle": idle * 100}


def m12_2(setting: Setting) -> Measurement:
    need_ptrace()
    cores = sorted(os.sched_getaffinity(0))
    beside = ",".join(map(str, cores[1:3] if len(cores) > 2 else cores[:2]))
    whose = "a core of its own" if len(cores) > 2 else "on the client's core"
    polled = ("--ring", "sqpoll")
    servers = [Contender(UNPOLLED, PART6),
               Contender(f"{POLLED}, all on one core", PART6, polled),
               Contender(f"{POLLED}, {whose}", PART6, polled, beside)]

    def calls(results: Results, load: str, server: str, crowd: int) -> Cell:
        """The same wherever the thread runs."""
        which = servers[0 if server == UNPOLLED else 1]
        return exactly(results, f"{crowd}", which.name, "calls")

    def tables(results: Results) -> dict[str, Table]:
        return {"m12_2": table(
            "A thread of the kernel that submits", results, "part6-uring",
            [(it.name, "sqpoll", it.name) for it in servers],
            {"system calls a message, 1 client": column(calls, 1),
             f"{CROWD} clients at once": column(calls, CROWD),
             f"CPU a message, {CROWD} clients, µs [ratio]": ratio("cpu_us", UNPOLLED),
             "% of a core after the last message": timed("idle", LATENCY_APART_MAX)},
            notes=["The calls are counted by `strace`, as in M10.1. The processor time is the "
                   "process's with the kernel's thread in it. The last column is of the "
                   f"{LATER_SECONDS * 1000:.0f} ms behind the last message, in which nothing "
                   "happens: after 100 ms the thread sleeps. With two cores it has to share one, "
                   "so these are not the numbers of a machine that has a core to spare for it."])}

    return Measurement([*each([1, CROWD], servers[:2], exact_calls, setting, once=True),
                        *each(["sqpoll"], servers, spent, setting)], tables)
