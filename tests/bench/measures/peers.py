"""part5 and part6 beside each other (M10.3) and other people's libraries, and what they are held
to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from contenders import (ANSWERS_UNREAD, ECHO, HTTP, SPINNING, STAGES, Contender, built, floor_of)
from count import CROWD, count
from measures.counts import can_trace
from measures.experiment import (ROUNDS_MIN, Cell, Experiment, Setting, Table, beside_base, counted,
                                 exact, of_rounds, throughput, words)
from measures.http import beside_nginx
from ratios import Ratio
from report import BOUNDS, COLUMNS, TITLES, Bound
from rounds import Job, Results
from workloads import ECHO_LOADS, HTTP_LOADS, SPIN_LOAD, Echo

CROWDS = (1, 64, 1000)
PLAIN, RING = "peer-epoll", "peer-ring"
LIBRARIES = ("peer-libuv", "peer-asio", "peer-asio-coroutines")
PART5, PART6 = STAGES
FLOOR = floor_of(1).name
COUNTED = "counted"
LOADS = {load.name: load for load in ECHO_LOADS}
MORE = ("c64-x16", "c64-16k")  # of the stages and the plain ones, where bounds are looked at

# part5 is held to these, and part6 to those of the report.
PART5_BOUNDS = tuple(
    Bound(f"c{crowd}", "cpu_us", PART5, base, at_most=most)
    for base, most in ((PLAIN, 1.1), *((library, 1.05) for library in LIBRARIES))
    for crowd in CROWDS)
# Beside them: what a ring by hand needs, and how far ab and wrk can be driven at all.
FOR_COMPARISON = (
    *(Bound(load.name, "cpu_us", RING, PLAIN) for load in ECHO_LOADS),
    Bound(SPIN_LOAD.name, "cpu_us", SPINNING.name, PART6),
    *(Bound(load.name, "per_second", ANSWERS_UNREAD.name, "nginx") for load in HTTP_LOADS),
)
COUNTED_BOUNDS = {
    PART5: {"calls_1": 3.05, f"calls_{CROWD}": 2.1, "instructions": 300},
    PART6: {"calls_1": 1.05, f"calls_{CROWD}": 0.1, "instructions": 300},
}
COUNTED_TITLES = {
    "calls_1": "system calls a message, 1 connection",
    f"calls_{CROWD}": f"system calls a message, {CROWD} connections",
    "instructions": f"instructions in user space a message, {CROWD} connections",
}


def load_of(crowd: int) -> Echo:
    return LOADS[f"c{crowd}"]


def crowds_of(setting: Setting) -> list[int]:
    return setting.up_to_most(*(CROWDS if setting.thorough else CROWDS[:2]))


def jobs(setting: Setting) -> Iterable[Job]:
    def job(load: Echo, server: Contender) -> Job:
        return Job(load.name, server.name,
                   partial(load.measure, server, setting.build, setting.effort.seconds))

    all_of_them = setting.wants("peers", "budgets")
    for crowd in crowds_of(setting) if setting.wants("m10_3", "peers", "budgets") else ():
        chosen = [it for it in ECHO if all_of_them or it.name in STAGES]
        for server in built([*chosen, *([floor_of(1)] if crowd == 1 else [])], setting.build):
            yield job(load_of(crowd), server)
    if setting.wants("budgets") and setting.thorough:
        for name in MORE:
            yield from (job(LOADS[name], server) for server in built(
                (it for it in ECHO if it.name in (*STAGES, PLAIN, RING)), setting.build))
        yield from (job(SPIN_LOAD, server) for server in built(
            (SPINNING, *(it for it in ECHO if it.name == PART6)), setting.build))
        for load in HTTP_LOADS:
            ours = (it for it in HTTP if it.program == PART6)
            yield from beside_nginx(load, (*ours, ANSWERS_UNREAD), setting)
    if not setting.wants("budgets", "counted") or not can_trace("budgets and counted"):
        return
    every_peer = setting.thorough and setting.wants("counted")
    counting = [it for it in ECHO if every_peer or it.name in (*STAGES, PLAIN)]
    for server in built(counting, setting.build):
        yield Job(COUNTED, server.name, partial(counts, server, setting.build, setting), once=True)


def counts(server: Contender, build: Path, setting: Setting) -> dict[str, float]:
    return count(server, build, setting.effort.counted)


def ratio_of(results: Results, bound: Bound) -> Ratio | None:
    """None: it was not measured often enough."""
    servers = results.get(bound.load, {})
    each = [[found[bound.number] for found in servers.get(name, [])]
            for name in (bound.server, bound.base)]
    return Ratio.of(*each) if min(map(len, each)) >= ROUNDS_MIN else None


def ranged(ratio: Ratio) -> str:
    """The median of the rounds, the lowest and the highest."""
    return f"{ratio.middle:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"


def in_words(ratio: Ratio | None) -> Cell:
    """The median with its range; where that is too wide, the range alone."""
    if ratio is None:
        return words("too few rounds")
    return words(ranged(ratio) if ratio.decided else f"{ratio.lowest:.2f} to {ratio.highest:.2f}")


def peers_table(results: Results, setting: Setting) -> Table:
    crowds = crowds_of(setting)
    names = list(next(iter(results.values()), {}))
    rows = [(name, [beside_base(results, load_of(crowd).name, *of_floor(name, crowd), PLAIN)
                    for crowd in crowds]) for name in names]
    for ours, bases in ((PART5, (PLAIN, *LIBRARIES)), (PART6, (PART5, PLAIN, RING, *LIBRARIES))):
        for base in bases:
            if ours in names and base in names:
                rows.append((f"{ours} / {base}", [
                    in_words(ratio_of(results, Bound(load_of(crowd).name, "cpu_us", ours, base)))
                    for crowd in crowds]))
    return Table(
        "Server CPU a message, beside other libraries, µs [ratio to a plain epoll loop]",
        ["server", *(f"{crowd:,} client{'s' if crowd > 1 else ''}, µs" for crowd in crowds)], rows,
        notes=["The peers echo bytes: they know no messages, no limits and no timeouts. In "
               "brackets the ratio to `peer-epoll`, taken round by round. `floor` is the cheapest "
               "program that receives and sends and does nothing else: with one client it blocks "
               "in `recv`, with several it is `peer-epoll`.",
               "`A / B` is the ratio of their CPU a message: the median of the rounds, the lowest "
               "and the highest. HTTP beside nginx: M8.1."])


def of_floor(name: str, crowd: int) -> tuple[str, str]:
    """Whose number it is, and which."""
    return (PLAIN if name == FLOOR and crowd > 1 else name), "cpu_us"


def m10_3_table(results: Results, setting: Setting) -> Table:
    rows = [(f"{crowd:,}: {name}", [
        beside_base(results, load_of(crowd).name, name, "cpu_us", PART5),
        throughput(results, load_of(crowd).name, name),
        of_rounds(results, load_of(crowd).name, name, "p50_us", 1, 0.25)])
        for crowd in crowds_of(setting)
        for name in (*STAGES, *([FLOOR] if crowd == 1 else []))]
    return Table(
        "The same server in coroutines on a ring, and on epoll",
        ["clients: stage", "server CPU a message, µs [ratio]", "messages a second", "p50, µs"],
        rows,
        notes=["In brackets the ratio to `part5-epoll`, taken round by round. `floor` blocks in "
               "`recv`, and does nothing but receive and send."])


def counted_table(results: Results, setting: Setting) -> Table:
    servers = results.get(COUNTED, {})
    return Table(
        "What a message of 64 bytes costs each server, counted",
        ["server", "system calls, 1 client", f"system calls, {CROWD} clients",
         f"instructions in user space, {CROWD} clients"],
        [(name, [counted(results, COUNTED, name, number) for number in COUNTED_TITLES])
         for name in servers],
        notes=["`strace` counts the calls, callgrind the instructions, and no clock is looked at: "
               f"with {CROWD} clients, a message of each is there when the server looks. The peers "
               "echo bytes: they know no messages, no limits and no timeouts."])


def verdict(ratio: Ratio | None, bound: Bound) -> str:
    """Of a bound: met, missed, or not decided."""
    if bound.limit is None:
        return "–"
    if ratio is None:
        return "not decided"
    said = ratio.verdict(at_most=bound.at_most, at_least=bound.at_least)
    return "met" if said.endswith("holds") else "missed" if said.endswith("fails") else said


def budgets_table(results: Results, setting: Setting) -> Table:
    rows: list[tuple[str, list[Cell]]] = []
    for name, bounds in COUNTED_BOUNDS.items():
        for number, most in bounds.items():
            if rounds := results.get(COUNTED, {}).get(name, []):
                found = rounds[0][number]
                rows.append((f"{name}: {COUNTED_TITLES[number]}", [
                    words(f"≤ {most:g}"), exact(found), words("met" if found <= most else "missed")
                ]))
    for bound in (*PART5_BOUNDS, *BOUNDS, *FOR_COMPARISON):
        if not {bound.server, bound.base} <= set(results.get(bound.load, {})):
            continue
        ratio = ratio_of(results, bound)
        what = COLUMNS[bound.number][0].split(",")[0]
        rows.append((f"{bound.server} / {bound.base}: {what}, {TITLES[bound.load]}", [
            words(f"{bound.sign} {bound.limit:g}" if bound.limit is not None else "–"),
            words(ranged(ratio) if ratio else "too few rounds"), words(verdict(ratio, bound))]))
    return Table(
        "What part5 and part6 are held to", ["what", "bound", "found", "verdict"], rows,
        notes=["First what is counted, which is exact; then ratios, taken round by round: median, "
               "lowest and highest. A bound is met or missed where every round says so, or where "
               "all lie within 5 % and their median says so; else nobody can tell. What has no "
               "bound is here for comparison: `peer-ring` echoes bytes with a ring by hand, and "
               "with `--http` answers what it has not read.",
               "The bounds on the finger daemon are in `finger/README.md`."])


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    return {"m10_3": m10_3_table(results, setting), "peers": peers_table(results, setting),
            "budgets": budgets_table(results, setting),
            "counted": counted_table(results, setting)}


PEERS = Experiment(("counted", "m10_3", "peers", "budgets"), jobs, tables)
