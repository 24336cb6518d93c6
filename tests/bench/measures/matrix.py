"""All six stages under the same loads (M11.3, M15.1), beside idle clients, and at a rising rate."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from statistics import median

from contenders import ALL_STAGES, Contender, built, floor_of
from measures.counts import can_trace, exact_calls
from measures.experiment import (Cell, Chart, Experiment, Setting, Table, beside_base, counted,
                                 of_rounds, throughput, together, words)
from rounds import Job, Results
from workloads import Echo

SHARE = 0.75  # of a round's length, for those of whom there are many
LATENCY_APART_MAX = 0.25  # a tail is a few messages: no two rounds have the same
STAGES = {stage.name: stage for stage in ALL_STAGES}
PART1, PART2, PART3, PART4, PART5, PART6 = STAGES
FLOOR = floor_of(1).name
BY_DESIGN = words("fails by design: one at a time")
NOTHING = words("–")

CLOSED_LOOP = ("The load is a closed loop: every client waits for its answer, so a slow server is "
               "asked less, and a latency is that of a server loaded as fully as this client can.")
ABOUT_THE_FLOOR = ("`floor` is the cheapest program that receives and sends and does nothing else: "
                   "most of a message is TCP over loopback, and the same for all.")
AT_LEAST = "≥: the client had no processor time left, and the server had."


def latencies(results: Results, load: str, server: str, *numbers: str) -> list[Cell]:
    return [of_rounds(results, load, server, number, 1, LATENCY_APART_MAX) for number in numbers]


def servers_for(crowd: int) -> list[Contender]:
    """The floor, and the stages that serve so many at once."""
    return [floor_of(crowd), *(stage for stage in ALL_STAGES if crowd == 1 or stage.name != PART1)]


# M11.3 and M15.1: everybody talks

CROWDS = (1, 10, 100, 1000)
PAYLOADS = (64, 4096)
CALLS_CROWD_WARM = 1000  # of so many each says a word or two before it counts


def load_of(crowd: int, payload: int = PAYLOADS[0]) -> Echo:
    return Echo(f"c{crowd}-{payload}", f"{crowd} connections, {payload} bytes", crowd, payload)


def crowds(setting: Setting) -> list[int]:
    return setting.up_to_most(*(CROWDS if setting.thorough else CROWDS[:3:2]))


def payloads(setting: Setting) -> tuple[int, ...]:
    return PAYLOADS if setting.thorough and setting.wants("m15_1") else PAYLOADS[:1]


def ladder_jobs(setting: Setting) -> Iterable[Job]:
    counts = setting.wants("m15_1") and can_trace("M15.1")
    for crowd in crowds(setting):
        here = built(servers_for(crowd), setting.build)
        for load in (load_of(crowd, payload) for payload in payloads(setting)):
            for server in here:
                share = 1 if load.payload_bytes == PAYLOADS[0] else SHARE
                yield Job(load.name, server.name, partial(load.measure, server, setting.build,
                                                          setting.effort.seconds * share))
        for server in here:
            if counts and server.name != PART3:
                yield Job(f"calls-{crowd}", server.name,
                          partial(exact_calls, server, crowd, setting,
                                  max(2, min(20, CALLS_CROWD_WARM // crowd))), once=True)


def m11_3_table(results: Results, setting: Setting) -> Table:
    rows: list[tuple[str, list[Cell]]] = []
    curves: dict[str, list[tuple[float, Cell]]] = {name: [] for name in (*STAGES, FLOOR)}
    for crowd in crowds(setting):
        load = load_of(crowd).name
        for name in curves:
            cpu = beside_base(results, load, name, "cpu_us", PART5)
            curves[name].append((crowd, cpu))
            cells = [cpu, throughput(results, load, name),
                     *latencies(results, load, name, "p50_us", "p99_us")]
            if name == PART1 and crowd > 1:
                cells = [BY_DESIGN, *[NOTHING] * 3]
            rows.append((f"{crowd:,}: {name}", cells))
    chart = Chart(
        "What a message costs each stage",
        "A curve for each stage, and one for the floor: server CPU a message at 1, 10, 100 and "
        "1000 clients who all talk.",
        "clients, all of whom talk", "server CPU a message, µs", curves, log_y=True)
    return Table(
        "The six stages under one load",
        ["clients: stage", "server CPU a message, µs [ratio to part5]", "messages a second",
         "p50, µs", "p99, µs"],
        rows, chart, notes=[CLOSED_LOOP, ABOUT_THE_FLOOR, AT_LEAST])


def m15_1_table(results: Results, setting: Setting) -> Table:
    rows: list[tuple[str, list[Cell]]] = []
    curves: dict[str, list[tuple[float, Cell]]] = {name: [] for name in (*STAGES, FLOOR)}
    for payload in payloads(setting):
        for crowd in crowds(setting):
            load = load_of(crowd, payload).name
            for name in (FLOOR, *STAGES):
                calls = words("spins") if name == PART3 else counted(
                    results, f"calls-{crowd}", name, "calls")
                if payload == PAYLOADS[0]:
                    curves[name].append((crowd, calls))
                cells = [calls if payload == PAYLOADS[0] else NOTHING,
                         beside_base(results, load, name, "cpu_us", FLOOR),
                         throughput(results, load, name),
                         together(*latencies(results, load, name, "p50_us", "p99_us", "p999_us"))]
                if name == PART1 and crowd > 1:
                    cells = [BY_DESIGN, *[NOTHING] * 3]
                rows.append((f"{payload:,}, {crowd:,}: {name}", cells))
    chart = Chart(
        "System calls a message, as more wait together",
        "A curve for each stage but part3, which spins, and one for the floor, over the number of "
        "connections with a message each when the server looks. part2 stays at two; part4 and "
        "part5 come down from three towards two, since one wait tells of all; part6 from one "
        "towards none, since one call takes all answers and brings all messages.",
        "connections, a message of each", "system calls a message",
        {name: curve for name, curve in curves.items() if name != PART3}, log_y=True)
    return Table(
        "The ladder: six stages, connections, payloads",
        ["bytes, connections: stage", "system calls a message",
         "server CPU a message, µs [ratio to the floor]", "messages a second",
         "p50 / p99 / p99.9, µs"],
        rows, chart,
        notes=["System calls are counted at 64 bytes, with a message of every connection there "
               "when the server looks.", CLOSED_LOOP, ABOUT_THE_FLOOR, AT_LEAST])


def ladder_tables(results: Results, setting: Setting) -> dict[str, Table]:
    return {"m11_3": m11_3_table(results, setting), "m15_1": m15_1_table(results, setting)}


# Ten talk, the others are idle

ACTIVE = 10
IDLE = (0, 100, 1000, 10_000)


def beside(idle: int) -> Echo:
    return Echo(f"ten-beside-{idle}", f"{ACTIVE} connections beside {idle} idle ones", ACTIVE,
                idle=idle)


def idle_jobs(setting: Setting) -> Iterable[Job]:
    for idle in setting.fewer(setting.up_to_most(*IDLE)):
        for server in built(servers_for(ACTIVE), setting.build):
            yield Job(beside(idle).name, server.name,
                      partial(beside(idle).measure, server, setting.build,
                              setting.effort.seconds * SHARE))


def idle_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows: list[tuple[str, list[Cell]]] = []
    names = (FLOOR, *(name for name in STAGES if name != PART1))
    curves: dict[str, list[tuple[float, Cell]]] = {name: [] for name in (*names[1:], FLOOR)}
    for idle in setting.fewer(setting.up_to_most(*IDLE)):
        load = beside(idle).name
        for name in names:
            cpu = beside_base(results, load, name, "cpu_us", FLOOR)
            curves[name].append((max(idle, 1), cpu))
            rows.append((f"{idle:,}: {name}", [
                cpu, throughput(results, load, name),
                together(*latencies(results, load, name, "p50_us", "p99_us", "p999_us"))]))
    chart = Chart(
        "Ten clients talk beside idle ones",
        "A curve for each stage but part1, and one for the floor, over the number of idle clients: "
        "part3 and part4 rise with it, the others stay where they are.",
        "idle clients beside them (0 is drawn at 1)", "server CPU a message, µs", curves,
        log_y=True)
    return {"idle": Table(
        "Ten clients talk, the others are idle",
        ["idle clients: stage", "server CPU a message, µs [ratio to the floor]",
         "messages a second", "p50 / p99 / p99.9, µs"],
        rows, chart, notes=["`part1-blocking` is missing: it fails by design, since the first idle "
                            "client keeps it.", ABOUT_THE_FLOOR, AT_LEAST])}


# An open loop: the rate rises, and nobody is asked less because it is slow

RATES = (5000, 50_000, 100_000, 150_000, 200_000)
RATE_CONNECTIONS = 100  # with fewer, a server that is late finds several messages in each
LATE_MAX = 0.5  # of a latency that may be the client's own


def at_rate(rate: int, crowd: int = RATE_CONNECTIONS) -> Echo:
    return Echo(f"rate-{rate}", f"{rate} messages a second", crowd, rate=rate)


def rates_jobs(setting: Setting) -> Iterable[Job]:
    for rate in setting.fewer(RATES):
        for server in built(ALL_STAGES, setting.build):
            load = at_rate(rate, 1 if server.name == PART1 else RATE_CONNECTIONS)
            yield Job(load.name, server.name, partial(load.measure, server, setting.build,
                                                      setting.effort.seconds * SHARE))


def if_not_the_clients(results: Results, load: str, name: str, number: str) -> Cell:
    """A latency, unless as much of it as that is the client's own lateness."""
    rounds = results.get(load, {}).get(name, [])
    late, p99 = (median([found[key] for found in rounds] or [0]) for key in ("late_us", "p99_us"))
    if late > LATE_MAX * p99:
        return words("the client is late")
    return latencies(results, load, name, number)[0]


def rates_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows: list[tuple[str, list[Cell]]] = []
    for rate in setting.fewer(RATES):
        load = at_rate(rate).name
        for name in STAGES:
            rows.append((f"{rate:,}: {name}", [
                of_rounds(results, load, name, "per_second"),
                *(if_not_the_clients(results, load, name, number)
                  for number in ("p50_us", "p99_us", "p999_us"))]))
    return {"rates": Table(
        "Latency at a rising rate",
        ["due a second: stage", "answered a second", "p50, µs", "p99, µs", "p99.9, µs"], rows,
        notes=[f"An open loop, {RATE_CONNECTIONS} connections (`part1-blocking`: 1, since it "
               "serves one at a time): a latency counts from when the message was due. Where the "
               "server does not keep up, it is the longer the longer the round lasts.",
               "\"The client is late\": half of the latency or more was over before the client "
               "itself had sent the message, so it says nothing about the server."])}


LADDER = Experiment(("m11_3", "m15_1"), ladder_jobs, ladder_tables)
IDLE_ONES = Experiment(("idle",), idle_jobs, idle_tables)
RISING = Experiment(("rates",), rates_jobs, rates_tables)
