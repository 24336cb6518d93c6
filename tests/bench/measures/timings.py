"""Times of the stages, under the same loads and beside idle clients."""

import os

from contenders import (ALL_STAGES, CLIENT_CORE, FLOOR, PART1, PART3, PART4, PART5, PART6,
                        SERVER_CORE, STAGES, Contender)
from count import CROWD
from measures.counts import exact_calls
from measures.experiment import Grid, Measurement, Setting, Table, Twice, can_trace, each, table
from measures.cells import (NOTHING, P99, RANGE_MAX, Cell, Column, Ratio, column, exactly,
                            latencies, ratio, throughput, timed, words)
from rounds import Results
from workloads import LOADS, Echo, Numbers

NAMES = [stage.name for stage in ALL_STAGES]
STAGE = dict(zip(NAMES, ALL_STAGES))
BY_DESIGN = words("fails by design: one at a time")
CLOSED_LOOP = ("The load is a closed loop: every client waits for its answer, so a slow server is "
               "asked less, and a latency is that of a server loaded as fully as this client can.")
ABOUT_THE_FLOOR = ("`floor` is the cheapest program that receives and sends and does nothing else: "
                   "most of a message is TCP over loopback, and the same for all.")
AT_LEAST = "≥: the client had no processor time left, and the server had."


def echo(load: Echo, server: Contender, setting: Setting) -> Numbers:
    """Measures one round."""
    return load.measure(server, setting.build, setting.effort.seconds)


# One talks, the others are idle

def sweep(setting: Setting) -> Measurement:
    """M6.1 and M7.1."""
    crowds = setting.fewer(setting.up_to_most(10, 100, 1000, 10_000))
    loads = {idle: Echo(f"idle-{idle}", f"1 connection beside {idle} idle ones", 1, idle=idle)
             for idle in crowds}
    servers = [*(STAGE[name] for name in (PART3, PART4, PART5, PART6)), FLOOR]

    def one(results: Results, title: str, *names: str) -> Table:
        return table(
            title, results, "idle clients",
            [(f"{idle:,}", load.name, "") for idle, load in loads.items()],
            {f"{name}, µs": timed("cpu_us", server=name) for name in names},
            notes=["One client sends a message of 64 bytes and waits for the answer: each message "
                   "is one wake-up. `part3` never sleeps, so all the time from one message to the "
                   "next is processor time."]
            if PART3 in names else ())

    def tables(results: Results) -> dict[str, Table]:
        return {"m6_1": one(results, "What a wake-up costs beside idle clients",
                            PART3, PART4, FLOOR.name),
                "m7_1": one(results, "The same sweep with epoll and with a ring",
                            PART4, PART5, PART6, FLOOR.name)}

    return Measurement(each(loads.values(), servers, echo, setting), tables)


# One worker and two

def cores_for(workers: int) -> str:
    """Cores for taskset(1), without the client's if there are others."""
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


# The noise floor

def m16_2(setting: Setting) -> Measurement:
    twins = [Contender(f"{PART5}, {which}", PART5) for which in ("once", "and again")]

    def tables(results: Results) -> dict[str, Table]:
        first, second = results["noise"].values()
        rows = []
        for number, title in (("cpu_us", "server CPU a message"), ("per_second",
                              "messages a second"), ("p50_us", "p50"), ("p99_us", "p99")):
            ratio = Ratio.of([x[number] for x in second], [x[number] for x in first])
            rows.append((title, [
                words(f"{ratio.middle:.3f}"), words(f"{ratio.lowest:.3f} to {ratio.highest:.3f}"),
                words("yes" if ratio.decided else "no")]))
        chart = Twice(
            "One server, measured twice",
            "Two charts of the same numbers, each round's 99th percentile. On the left, bars of "
            "the means, on an axis that begins short of the lower one: a bar is ten times as high "
            "as the other. On the right, a dot for each round and a line at the median, on an axis "
            "from 0.",
            "p99, µs", {name: [found["p99_us"] for found in rounds] for name, rounds in
                        (("once", first), ("and again", second))})
        return {"m16_2": Table(
            "The same server against itself",
            ["ratio of", "median", "all rounds", f"within {RANGE_MAX:.0%}"], rows, chart,
            notes=["A true ratio is 1: what is not 1 here is the noise of this machine."])}

    return Measurement(
        each([Echo("noise", "64 connections, 64 bytes", 64)], twins, echo, setting), tables)


# Ten talk

TEN = Echo("c10-64", "10 connections, 64 bytes", 10)
TEN_COUNTED = "calls-10"
CALLS_WARM = 20  # messages from each before the count begins


def counted_calls(_: str, server: Contender, setting: Setting) -> Numbers:
    return exact_calls(TEN.connections, server, setting, CALLS_WARM)


def m16_1(setting: Setting) -> Measurement:
    servers = [FLOOR, *(it for it in ALL_STAGES if it.name != PART1)]
    jobs = each([TEN], servers, echo, setting)
    if can_trace("M16.1"):
        jobs += each([TEN_COUNTED], [it for it in servers if it.name != PART3], counted_calls,
                     setting, once=True)
    return Measurement(jobs, lambda results: {"m16_1": the_ladder(results)})


def where_served(show: Column, otherwise: Cell = NOTHING) -> Column:
    """A column without a number for part1, which serves one client at a time."""
    def cell(results: Results, load: str, server: str) -> Cell:
        return otherwise if server == PART1 else show(results, load, server)

    return cell


def calls_of(results: Results, _: str, server: str) -> Cell:
    return words("spins") if server == PART3 else exactly(results, TEN_COUNTED, server, "calls")


def the_ladder(results: Results) -> Table:
    return table(
        "The ladder, with 10 clients and messages of 64 bytes", results, "stage",
        [(name, TEN.name, name) for name in (FLOOR.name, *NAMES)],
        {"system calls a message": where_served(calls_of, BY_DESIGN),
         "server CPU a message, µs [ratio to the floor]": where_served(ratio("cpu_us", FLOOR.name)),
         "messages a second": where_served(column(throughput)),
         "p50 / p99 / p99.9, µs": where_served(latencies)},
        notes=["System calls are counted with a message of every connection there when the server "
               "looks.", CLOSED_LOOP, ABOUT_THE_FLOOR, AT_LEAST])
