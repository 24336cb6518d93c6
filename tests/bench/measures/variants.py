"""Variants that no stage has, a program each: POLLOUT always on (M5.3), how many events are taken
at a time (M6.2), three ways from an event to its connection (M6.3), reads in batches through a ring
(M9.2), a poller behind an interface (M14.1), kinds of requests of a ring (requests)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from measures.experiment import (Chart, Experiment, Setting, Table, beside_base, counted, of_rounds)
from rounds import Job, Results
from workloads import Numbers, client


def path_of(program: str, setting: Setting) -> str:
    """Of one of tests/bench/variants. Skips where it is not built."""
    path = setting.build / "tests" / "bench" / program
    if not path.is_file():
        pytest.skip(f"{program} is not built")
    return str(path)


def run(program: str, setting: Setting, *options: str) -> Numbers:
    """What one of them says, alone on its core."""
    return json.loads(client(path_of(program, setting), *options, within=setting.effort.seconds))


# M5.3: asked for room to send, with nothing to send

SILENT = (1, 100, 1000)
OUTPUT = ("never", "always")


def idle(clients: int, output: str, setting: Setting) -> Numbers:
    """How often poll(2) wakes up for nobody, and what that takes of a core."""
    found = run("idle_poll", setting, "--clients", str(clients), "--output", output, "--duration",
                f"{setting.effort.seconds * 600:.0f}ms")
    return {"per_second": found["wake_ups"] / found["seconds"],
            "percent": found["cpu_seconds"] / found["seconds"] * 100}


def m5_3_jobs(setting: Setting) -> Iterable[Job]:
    path_of("idle_poll", setting)
    for clients in setting.up_to_most(*SILENT):
        for output in OUTPUT:
            yield Job(f"{clients}", output, partial(idle, clients, output, setting))


def m5_3_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{clients:,}", [of_rounds(results, f"{clients}", output, number)
                              for output in OUTPUT for number in ("per_second", "percent")])
            for clients in setting.up_to_most(*SILENT)]
    return {"m5_3": Table(
        "A poll loop whose clients say nothing, with POLLOUT and without",
        ["silent clients", "`POLLIN`: wake-ups a second", "% of a core",
         "`POLLIN|POLLOUT`: wake-ups a second", "% of a core"], rows,
        notes=["The loop does nothing else: `tests/bench/variants/idle_poll.cc`. It is not what a "
               "server would lose that also looks at each event, for that one turns slower."])}


# M6.2: how many events at a time

BATCHES = (1, 16, 128, 1024)
SPEAKING = 1000


def speaking(setting: Setting) -> int:
    return min(SPEAKING, setting.effort.crowd_max)


def batch(size: int, setting: Setting) -> Numbers:
    """Waits and processor time a message, while so many have spoken."""
    rounds = max(setting.effort.counted // 200, 1)
    found = run("batches", setting, "--clients", str(speaking(setting)), "--batch", str(size),
                "--rounds", str(rounds))
    return {"waits": found["waits"] / found["messages"],
            "us": found["cpu_seconds"] / found["messages"] * 1e6}


def m6_2_jobs(setting: Setting) -> Iterable[Job]:
    path_of("batches", setting)
    for size in BATCHES:
        yield Job("batch", f"{size}", partial(batch, size, setting))


def m6_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{size:,}", [counted(results, "batch", f"{size}", "waits"),
                           beside_base(results, "batch", f"{size}", "us", "1")])
            for size in BATCHES]
    return {"m6_2": Table(
        f"Events taken at a time, while {speaking(setting):,} clients have spoken",
        ["events at a time, at most", "calls of `epoll_wait` a message",
         "server CPU a message, µs [ratio to 1]"], rows,
        notes=["A wait, a receive and a send, and no protocol: `tests/bench/variants/batches.cc`. "
               "It is not what a server gains under little load, where one event is all there is, "
               "and says nothing about latency: the last client of a batch waits for all before "
               "it."])}


# M6.3: from an event to its connection

MAPS = {"pointer": "raw pointer", "slab": "slab with generation", "hash": "hash map"}
CROWDS = (64, 1000, 100_000)
LOOKUPS = 200  # for each message that is counted elsewhere


def look_up(connections: int, way: str, setting: Setting) -> Numbers:
    """Nanoseconds an event, and whom those events find whose connection is gone."""
    rounds = max(setting.effort.counted * LOOKUPS // connections, 1)
    found = run("lookups", setting, "--map", way, "--connections", str(connections), "--rounds",
                str(rounds))
    return {"ns": found["seconds"] / found["events"] * 1e9, "own": found["own"],
            "nobody": found["nobody"], "stranger": found["stranger"]}


def m6_3_jobs(setting: Setting) -> Iterable[Job]:
    path_of("lookups", setting)
    for connections in CROWDS:
        for way in MAPS:
            yield Job(f"{connections}", way, partial(look_up, connections, way, setting))


def m6_3_tables(results: Results, setting: Setting) -> dict[str, Table]:
    middle = f"{CROWDS[1]}"
    rows = [(title, [*(of_rounds(results, f"{connections}", way, "ns") for connections in CROWDS),
                     counted(results, middle, way, "stranger")]) for way, title in MAPS.items()]
    stale = sum(results[middle]["slab"][0][whom] for whom in ("nobody", "stranger"))
    chart = Chart(
        "From an event to its connection",
        "Three curves over the number of connections: nanoseconds for an event by raw pointer, by "
        "a slab with generations, and by a hash map.",
        "connections", "nanoseconds an event",
        {title: [(connections, of_rounds(results, f"{connections}", way, "ns"))
                 for connections in CROWDS] for way, title in MAPS.items()}, log_y=True)
    return {"m6_3": Table(
        "From an event to its connection",
        ["way", *(f"{connections:,} connections, ns" for connections in CROWDS),
         "strangers woken"], rows, chart,
        notes=[f"Strangers: of {CROWDS[1]:,} connections {stale:.0f} were closed after their event "
               "had been taken, and others have their places; so many of these were taken for "
               "them. The way alone, `tests/bench/variants/lookups.cc`: it is not what a message "
               "costs, of which it is far less than a hundredth, and the events come in random "
               "order, which is the worst for a cache."])}


# M9.2: batches in the ring

READS = {0: "`read`, no ring", 1: "1", 8: "8", 32: "32"}
PLAIN = "0"


def ring_batch(size: int, setting: Setting) -> Numbers:
    """System calls and processor time a read."""
    operations = setting.effort.counted * 30
    found = run("ring_batches", setting, "--batch", str(size), "--operations", str(operations))
    return {"calls": found["calls"] / found["operations"],
            "ns": found["cpu_seconds"] / found["operations"] * 1e9}


def m9_2_jobs(setting: Setting) -> Iterable[Job]:
    path_of("ring_batches", setting)
    for size in READS:
        yield Job("reads", f"{size}", partial(ring_batch, size, setting))


def m9_2_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(title, [counted(results, "reads", f"{size}", "calls"),
                     beside_base(results, "reads", f"{size}", "ns", PLAIN)])
            for size, title in READS.items()]
    return {"m9_2": Table(
        "Reads of 64 bytes from /dev/zero, by how many are submitted at a time",
        ["reads at a time", "system calls a read", "CPU a read, ns [ratio to `read`]"], rows,
        notes=["The device does nearly nothing, so this is the price of asking. It is not what a "
               "ring saves or costs a server: there a receive waits for its bytes, which is what "
               "the ring is for, and TCP is most of the work."])}


# M14.1: a poller behind an interface

BINDINGS = {"static": "known to the compiler", "virtual": "behind an interface"}
POLLERS = ("poll", "epoll")
TURNS = (1000, 3000)  # of both the instructions are counted: the difference has no start in it


def instructions(poller: str, binding: str, setting: Setting) -> Numbers:
    """In user space, a wake-up, counted by callgrind."""
    with tempfile.TemporaryDirectory(prefix="callgrind-") as directory:
        files = [Path(directory) / f"{turns}" for turns in TURNS]
        runs = [subprocess.Popen(
            ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={file}",
             path_of("pollers", setting), "--poller", poller, "--binding", binding, "--wake-ups",
             str(turns)], stdout=subprocess.DEVNULL) for file, turns in zip(files, TURNS)]
        if any([run.wait() for run in runs]):
            raise SystemExit("callgrind has failed")
        totals = [re.search(r"^(?:totals|summary): (\d+)$", file.read_text(), re.MULTILINE)
                  for file in files]
    first, second = (int(total[1]) for total in totals)
    return {"instructions": (second - first) / (TURNS[1] - TURNS[0])}


def wake_up(poller: str, binding: str, setting: Setting) -> Numbers:
    """How long it takes to be told of one ready descriptor."""
    found = run("pollers", setting, "--poller", poller, "--binding", binding, "--wake-ups",
                str(setting.effort.counted * 50))
    return {"ns": found["seconds"] / found["wake_ups"] * 1e9}


def m14_1_jobs(setting: Setting) -> Iterable[Job]:
    path_of("pollers", setting)
    counts = shutil.which("valgrind") is not None
    if not counts:
        print("M14.1: instructions are left out: no valgrind", file=sys.stderr)
    for poller in POLLERS:
        for binding in BINDINGS:
            yield Job(poller, binding, partial(wake_up, poller, binding, setting))
            if counts:
                yield Job(f"{poller}, counted", binding,
                          partial(instructions, poller, binding, setting), once=True)


def m14_1_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{poller}, {title}", [
        counted(results, f"{poller}, counted", binding, "instructions"),
        beside_base(results, poller, binding, "ns", "static")])
        for poller in POLLERS for binding, title in BINDINGS.items()]
    return {"m14_1": Table(
        "A poller that the compiler knows, and one behind an interface",
        ["poller", "instructions a wake-up", "ns a wake-up [ratio]"],
        rows,
        notes=["One descriptor is ready, and nothing is done for it: "
               "`tests/bench/variants/pollers.cc`. The instructions are those in user space. It is "
               "not the price of an abstraction that hides what the systems differ in: only that "
               "of the call through a table."])}


# Kinds of requests, counted

REQUESTS = {  # with the Linux that has it
    "receive": ("receive, one for each message", "5.6"),
    "receive-multishot": ("multishot receive", "6.0"),
    "receive-bundle": ("multishot receive in bundles", "6.10"),
    "read": ("read, one for each message", "5.6"),
    "read-multishot": ("multishot read", "6.7"),
    "send": ("send", "5.6"),
    "send-skip": ("send that skips its success", "5.17"),
    "send-zc": ("send without copying", "6.0"),
    "epoll-polled": ("an epoll instance polled, then `epoll_wait(2)`", "5.1"),
    "epoll-wait": ("`epoll_wait` as a request", "6.15"),
}


def requests_of(kind: str, setting: Setting) -> Numbers:
    """Requests, completions and calls a message. Zeros where the kernel does not know the kind."""
    found = run("ring_requests", setting, "--kind", kind, "--messages", "8000")
    return {number: round(found[number] / max(found["messages"], 1), 3)
            for number in ("requests", "completions", "calls")}


def requests_jobs(setting: Setting) -> Iterable[Job]:
    path_of("ring_requests", setting)
    for kind in REQUESTS:
        yield Job("requests", kind, partial(requests_of, kind, setting), once=True)


def requests_tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{title} ({since})", [counted(results, "requests", kind, number)
                                    for number in ("requests", "completions", "calls")])
            for kind, (title, since) in REQUESTS.items()]
    return {"requests": Table(
        "What a message takes of a ring, by the kind of request",
        ["request, and the Linux that has it", "requests a message", "completions a message",
         "calls a message"], rows,
        notes=["One connection, with eight messages of 64 bytes at a time, and in the two epoll "
               "rows one at a time: `tests/bench/variants/ring_requests.cc`. A row of zeros is a "
               "request that the kernel does not know. A server with many connections takes "
               "fewer calls, since it enters the kernel once for all of them. The table says "
               "nothing about time."])}


M5_3 = Experiment(("m5_3",), m5_3_jobs, m5_3_tables)
M6_2 = Experiment(("m6_2",), m6_2_jobs, m6_2_tables)
M6_3 = Experiment(("m6_3",), m6_3_jobs, m6_3_tables)
M9_2 = Experiment(("m9_2",), m9_2_jobs, m9_2_tables)
M14_1 = Experiment(("m14_1",), m14_1_jobs, m14_1_tables)
REQUESTS_OF_A_RING = Experiment(("requests",), requests_jobs, requests_tables, counts=True)
