"""M2.2: how long client two waits while client one says nothing."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from contenders import ALL_STAGES, CLIENT_CORE, Contender, built
from measures.experiment import Cell, Experiment, Setting, Table, measured, words
from rounds import Job, Results
from workloads import Numbers

MESSAGE = b"\5\0\0\0hello"
LATENCY_APART_MAX = 0.5  # a single message: the order of magnitude is what matters
GIVE_UP_SECONDS = 30.0


@contextmanager
def on_client_core() -> Iterator[None]:
    """Beside a server that spins, a client would wait for the core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(CLIENT_CORE)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def answered_within(client: socket.socket, seconds: float, message: bytes = b"") -> float | None:
    """How long the answer took since this was sent, or None: it did not come in that time."""
    begin, missing = time.perf_counter(), len(MESSAGE)
    client.sendall(message)
    try:
        while missing:
            client.settimeout(max(begin + seconds - time.perf_counter(), 1e-3))
            piece = client.recv(missing)
            if not piece:
                raise SystemExit("the server ended the stream and owed an answer")
            missing -= len(piece)
    except TimeoutError:
        return None
    return (time.perf_counter() - begin) * 1e6


def wait_behind(stage: Contender, setting: Setting) -> Numbers:
    """What client two gets beside a silent client one, and after it has left."""
    server = stage.start(setting.build)
    try:
        with on_client_core():
            with socket.create_connection(server.address) as somebody:
                answered_within(somebody, GIVE_UP_SECONDS, MESSAGE)  # warm
            with (socket.create_connection(server.address) as one,
                  socket.create_connection(server.address) as two):  # fmt: skip
                took = answered_within(two, setting.effort.silence_seconds, MESSAGE)
                if took is not None:
                    return {"us": took}
                one.close()
                after = answered_within(two, GIVE_UP_SECONDS)
                return {} if after is None else {"after_us": after}
    finally:
        server.kill()


def jobs(setting: Setting) -> Iterable[Job]:
    for stage in built(ALL_STAGES, setting.build):
        yield Job("silence", stage.name, partial(wait_behind, stage, setting))


def row(rounds: list[Numbers], patience: float) -> list[Cell]:
    """Of one stage."""
    if all("us" in found for found in rounds):
        return [measured([found["us"] for found in rounds], LATENCY_APART_MAX), words("–")]
    if any("us" in found for found in rounds):
        return [words("not decided: some rounds"), words("–")]
    after = [found["after_us"] for found in rounds if "after_us" in found]
    return [words(f"none in {patience:g} s"),
            measured(after, LATENCY_APART_MAX) if len(after) == len(rounds) else words("none")]


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(name, row(rounds, setting.effort.silence_seconds))
            for name, rounds in results.get("silence", {}).items()]
    return {"m2_2": Table(
        "Client two, while client one says nothing",
        ["stage", "while client one is there, µs", "after it has left, µs"], rows,
        notes=["Where no answer came, client one was then made to leave; by itself the server "
               "would have waited for a minute, its `--read-timeout`. The client is a Python "
               "program, which adds about a microsecond."])}


M2_2 = Experiment(("m2_2",), jobs, tables)
