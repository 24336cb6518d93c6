"""What it costs to be there: while nothing happens (M5.1), and a thread (M4.1)."""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

from contenders import ALL_STAGES, PART2, Contender
from measures import variants
from measures.experiment import Grid, Measurement, Setting, Table, each
from measures.cells import LATENCY_APART_MAX, timed
from rounds import Results
from workloads import Echo, Numbers, client


# M5.1: processor time

def busy(clients: int, stage: Contender, setting: Setting) -> Numbers:
    """The share of a core that it takes beside so many silent clients."""
    with stage.running(setting.build) as server:
        for _ in range(clients):
            server.connect()
        time.sleep(0.05)  # after the last newcomer
        begin, before = time.perf_counter(), server.process.cpu_seconds()
        time.sleep(setting.effort.seconds)
        took = server.process.cpu_seconds() - before
        return {"percent": took / (time.perf_counter() - begin) * 100}


def m5_1(setting: Setting) -> Grid:
    return Grid(
        "Processor time while nothing happens", "stage",
        {"no clients, % of a core": timed("percent", load="0"),
         "100 silent clients, % of a core": timed("percent", load="100")},
        busy, ALL_STAGES, [0, 100])


# M4.1: a thread for every client

MESSAGES_EACH = 20  # of a client, where switches are counted: so many more than its thread's own
SPARE_THREADS = 1000  # for everybody else
ROWS = (("memory of an idle client, KiB", "bytes", 0.1, 1 / 1024),
        ("context switches a message", "switches", 0.1),
        ("p50, all talk, µs", "p50_us", LATENCY_APART_MAX),
        ("p99, all talk, µs", "p99_us", LATENCY_APART_MAX),
        ("to start and join one more thread, µs", "start_us", LATENCY_APART_MAX))


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


def switches_and_latency(crowd: int, setting: Setting) -> Numbers:
    """While all talk."""
    with Contender(PART2, PART2).running(setting.build) as server:
        messages = max(crowd * MESSAGES_EACH, setting.effort.counted)
        words = Echo("", "", crowd).words(setting.build, server.address[1], 0, messages=messages)
        found = json.loads(client(*words, within=0))
        # Threads that have ended take their counts along; a wait for the process has all.
        server.send_signal(signal.SIGKILL)
        _, _, usage = os.wait4(server.pid, 0)
    switches = usage.ru_nvcsw + usage.ru_nivcsw
    return {"switches": switches / messages, "p50_us": found["p50_us"], "p99_us": found["p99_us"]}


def thread_costs(_: str, crowd: int, setting: Setting) -> Numbers:
    """All that one more client means."""
    started = variants.run(setting, "start_threads", beside=crowd, threads=100)
    part2 = Contender(PART2, PART2)
    return {**memory_of_the_spoken(crowd, part2, setting), **switches_and_latency(crowd, setting),
            "start_us": started["seconds"] / started["threads"] * 1e6}


def m4_1(setting: Setting) -> Measurement:
    possible, crowds = setting.up_to_most(10, 100, 1000, 5000), []
    for crowd in possible:
        if crowd <= thread_limit():
            crowds.append(crowd)
        else:
            print(f"M4.1: {crowd:,} clients are left out: no more than {thread_limit():,} threads "
                  "are permitted here", file=sys.stderr)
    crowds = setting.fewer(crowds)

    def tables(results: Results) -> dict[str, Table]:
        rows = [(title, [timed(*of)(results, "threads", f"{crowd}") for crowd in crowds])
                for title, *of in ROWS]
        return {"m4_1": Table(
            "A thread for every client",
            ["what", *(f"{crowd:,} clients" for crowd in crowds)], rows,
            notes=["The memory is the process's own; the kernel has a stack of its own for each "
                   "thread, which is not in it. The latencies are those of a closed loop in which "
                   "all clients talk at once: they are not how long one client waits beside idle "
                   "ones."])}

    return Measurement(each(["threads"], crowds, thread_costs, setting), tables)


def memory_of_the_spoken(crowd: int, stage: Contender, setting: Setting) -> Numbers:
    """Of a server's own, for each of so many connections, all of which have sent a message."""
    with stage.running(setting.build) as server:
        for _ in range(2):  # warm
            with server.connect() as somebody:
                somebody.echo(b"warm")
        before = server.process.memory_bytes()
        for _ in range(crowd):
            server.connect().echo(b"here")
        return {"bytes": (server.process.memory_bytes() - before) / crowd}
