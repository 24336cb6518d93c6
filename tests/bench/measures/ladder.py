"""By the clock: messages in a closed loop, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from contenders import ALL_STAGES, Contender, built, floor_of
from measures.experiment import (Chart, Experiment, Setting, Table, Twice, measured, of_rounds,
                                 words)
from ratios import RANGE_MAX, Ratio
from rounds import Job, Results
from workloads import Echo

LATENCY_APART_MAX = 0.25  # a tail is a few messages: no two rounds have the same
STAGES = {stage.name: stage for stage in ALL_STAGES}
FLOOR = floor_of(1).name
PART1, PART2, PART3, PART4, PART5, PART6 = STAGES


def in_a_closed_loop(setting: Setting, load: Echo, names: Iterable[str]) -> Iterable[Job]:
    """A job for each of these stages."""
    for stage in built((STAGES[name] for name in names), setting.build):
        yield Job(load.name, stage.name,
                  partial(load.measure, stage, setting.build, setting.effort.seconds))


# M2.1: one client, by payload

PAYLOADS = (16, 64, 1024, 4096, 16 * 1024, 64 * 1024)


def round_trips(payload: int) -> Echo:
    return Echo(f"payload-{payload}", f"1 connection, {payload} bytes", 1, payload_bytes=payload)


def m2_1_jobs(setting: Setting) -> Iterable[Job]:
    for payload in PAYLOADS:
        yield from in_a_closed_loop(setting, round_trips(payload), [PART1])


def m2_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows, curve = [], []
    for payload in PAYLOADS:
        load = round_trips(payload).name
        per_second = of_rounds(results, load, PART1, "per_second")
        waits = [1 - found["busy"] for found in results.get(load, {}).get(PART1, [])]
        rows.append((f"{payload:,}", [
            per_second, of_rounds(results, load, PART1, "p50_us", 1, LATENCY_APART_MAX),
            measured([share * 100 for share in waits]) if waits else words("–"),
        ]))
        curve.append((payload, per_second))
    chart = Chart(
        "Round trips of one client, by the size of the message",
        "One curve over the size of the payload.",
        "payload, bytes", "round trips a second", {PART1: curve})
    return {"m2_1": Table(
        "Round trips of one client, by payload",
        ["payload, bytes", "round trips a second", "p50, µs", "server asleep in `recv`, %"], rows,
        chart,
        notes=["Asleep is the time in which the server used no processor; `recv` is the only call "
               "that it sleeps in."])}


# M5.1 and M6.1: one talks, the others are idle

IDLE = (10, 100, 1000, 10_000)


def beside(idle: int) -> Echo:
    return Echo(f"idle-{idle}", f"1 connection beside {idle} idle ones", 1, idle=idle)


def sweep_jobs(setting: Setting) -> Iterable[Job]:
    for idle in setting.fewer(setting.up_to_most(*IDLE)):
        yield from in_a_closed_loop(setting, beside(idle), (PART3, PART4, PART5, PART6))
        for floor in built([floor_of(idle + 1)], setting.build):
            yield Job(beside(idle).name, floor.name,
                      partial(beside(idle).measure, floor, setting.build, setting.effort.seconds))


def sweep_tables(results: Results, setting: Setting) -> dict[str, Table]:
    def table(title: str, description: str, *names: str) -> Table:
        chosen, names = setting.fewer(setting.up_to_most(*IDLE)), (*names, FLOOR)
        rows = [(f"{idle:,}", [of_rounds(results, beside(idle).name, name, "cpu_us")
                               for name in names]) for idle in chosen]
        curves = {name: [(idle, row[1][column]) for idle, row in zip(chosen, rows)]
                  for column, name in enumerate(names)}
        return Table(title, ["idle clients", *(f"{name}, µs" for name in names)], rows,
                     Chart(title, description, "idle clients beside it",
                           "server CPU a message, µs", curves, log_y=True),
                     notes=["One client sends a message of 64 bytes and waits for the answer: each "
                            "message is one wake-up. `part3` never sleeps, so its processor time "
                            "is all there is."] if PART3 in names else [])

    return {
        "m5_1": table("What a wake-up costs beside idle clients",
                      "Curves over the number of idle clients: what a message costs part3, "
                      "which asks all of them, and part4, which lists all of them to poll; and the "
                      "floor, which does nothing but wait, receive and send.",
                      PART3, PART4),
        "m6_1": table("The same sweep with epoll and with a ring",
                      "Curves over the number of idle clients: what a message costs part4, "
                      "which lists all of them, and part5 and part6, which are told of the ready; "
                      "and the floor, which does nothing but wait, receive and send.",
                      PART4, PART5, PART6)}


# M15.2: the noise floor

def m15_2_jobs(setting: Setting) -> Iterable[Job]:
    load = Echo("noise", "64 connections, 64 bytes", 64)
    twins = [Contender(f"{PART5}, {which}", PART5) for which in ("once", "and again")]
    for stage in built(twins, setting.build):
        yield Job(load.name, stage.name,
                  partial(load.measure, stage, setting.build, setting.effort.seconds))


def m15_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows, chart = [], None
    first, second = ([*results.get("noise", {}).values()] + [[], []])[:2]
    for number, title in (("cpu_us", "server CPU a message"), ("per_second", "messages a second"),
                          ("p50_us", "p50"), ("p99_us", "p99")):
        if not first or not second:
            rows.append((title, [words("–")] * 3))
            continue
        ratio = Ratio.of([x[number] for x in second], [x[number] for x in first])
        rows.append((title, [
            words(f"{ratio.middle:.3f}"), words(f"{ratio.lowest:.3f} to {ratio.highest:.3f}"),
            words("yes" if ratio.decided else "no")]))
    if first and second:
        chart = Twice(
            "One server, measured twice",
            "Two charts of the same numbers, each round's 99th percentile. On the left, bars of "
            "the means, on an axis that begins short of the lower one: a bar is ten times as high "
            "as the other. On the right, a dot for each round and a line at the median, on an axis "
            "from 0.",
            "p99, µs", {name: [found["p99_us"] for found in rounds] for name, rounds in
                        (("once", first), ("and again", second))})
    return {"m15_2": Table(
        "The same server against itself",
        ["ratio of", "median", "all rounds", f"within {RANGE_MAX:.0%}"], rows, chart,
        notes=["A true ratio is 1: what is not 1 here is the noise of this machine."])}


M2_1 = Experiment(("m2_1",), m2_1_jobs, m2_1_tables)
SWEEP = Experiment(("m5_1", "m6_1"), sweep_jobs, sweep_tables)
M15_2 = Experiment(("m15_2",), m15_2_jobs, m15_2_tables)
