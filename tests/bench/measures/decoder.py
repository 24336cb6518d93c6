"""M1.1: how fast the decoder takes messages out of bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial

from measures.experiment import Chart, Experiment, Setting, Table, of_rounds
from rounds import Job, Results
from workloads import Numbers, client

PAYLOADS = (0, 16, 64, 256, 1024, 4096, 16_000, 64 * 1024)
SLICINGS = {"whole": "the pieces end with a message", "cut": "they end inside one"}


def take_apart(payload: int, slicing: str, setting: Setting) -> Numbers:
    """One run of the program, alone on its core."""
    milliseconds = setting.effort.seconds * 300
    found = json.loads(client(
        str(setting.build / "tests" / "bench" / "decode"), "--bytes", str(payload), "--slicing",
        slicing, "--duration", f"{milliseconds:.0f}ms", within=setting.effort.seconds))
    return {"ns": found["seconds"] / found["messages"] * 1e9}


def jobs(setting: Setting) -> Iterable[Job]:
    for payload in PAYLOADS:
        for slicing in SLICINGS:
            yield Job(f"{payload}", slicing, partial(take_apart, payload, slicing, setting))


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    rows = [(f"{payload:,}", [
        of_rounds(results, f"{payload}", "whole", "ns"),
        of_rounds(results, f"{payload}", "cut", "ns")]) for payload in PAYLOADS]
    curves = {title: [(max(payload, 1), of_rounds(results, f"{payload}", slicing, "ns"))
                      for payload in PAYLOADS] for slicing, title in SLICINGS.items()}
    chart = Chart(
        "What the decoder costs, by the size of the message",
        "Two curves: nanoseconds a message where each piece of the stream ends with a message, and "
        "where it ends inside one, whose beginning is then copied.",
        "payload, bytes (0 is drawn at 1)", "nanoseconds a message", curves, log_y=True)
    return {"m1_1": Table(
        "What the decoder costs",
        ["payload, bytes", "whole, ns a message", "cut, ns a message"], rows, chart,
        notes=["Pieces of at most 16 KiB, or of one message that is longer. Whole, nothing is "
               "copied or even looked at but the length; cut, the last message of each piece is "
               "copied."])}


M1_1 = Experiment(("m1_1",), jobs, tables)
