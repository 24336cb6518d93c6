"""With one thread more: a second worker (M9.3), and one of the kernel that submits (M12.2)."""

import os
import time

from contenders import CLIENT_CORE, PART6, SERVER_CORE, STAGES, Contender
from count import CROWD
from harness.strace import need_ptrace
from measures.counts import exact_calls
from measures.experiment import Grid, Measurement, Setting, Table, each, table
from measures.ladder import echo
from measures.cells import LATENCY_APART_MAX, P99, Cell, column, exactly, ratio, timed
from rounds import Results
from workloads import LOADS, Echo, Numbers

# One worker and two

def cores_for(workers: int) -> str:
    """As taskset(1) has it: not the client's, as long as there are others."""
    allowed = sorted(os.sched_getaffinity(0) - {int(CLIENT_CORE)})
    if len(allowed) < workers:
        allowed = sorted(os.sched_getaffinity(0))
    return ",".join(str(core) for core in allowed[:workers])


def m9_3(setting: Setting) -> Grid:
    cores = len(os.sched_getaffinity(0))
    shared = "one of them the client's" if cores <= 2 else "none the client's"
    base = "1 worker, a core"
    ways = {base: (1, SERVER_CORE), "2 workers, one core": (2, SERVER_CORE),
            f"2 workers, two cores, {shared}": (2, cores_for(2))}

    def scaled(stage: str, way: str, setting: Setting) -> Numbers:
        workers, allowed = ways[way]
        found = echo(LOADS[f"c{CROWD}"],
                     Contender(stage, stage, ("--workers", f"{workers}"), allowed), setting)
        return {number: found[number] for number in ("per_second", "p99_us", "cpu_us")}

    return Grid(
        f"One worker and two, with {CROWD} clients", "stage: workers",
        {"messages a second [ratio to one worker]": ratio("per_second", base),
         "server CPU a message, µs [ratio]": ratio("cpu_us", base), "p99, µs": P99},
        scaled, list(ways), STAGES, rows="both",
        notes=[f"This machine has {cores} cores, and the client needs one of them. It is not how "
               "far a server scales: for that it needs more cores than workers, and a client that "
               "is no bottleneck, on another machine."])


# A thread of the kernel that submits

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
