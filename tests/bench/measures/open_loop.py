"""M15.3: how long an answer takes as the rate comes near to what a server can do, calculated by
the step 02-open-loop of chapter 15."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from functools import partial

import pytest
from measures.experiment import Cell, Chart, Experiment, Setting, Table, counted, exact, words
from rounds import Job, Results
from workloads import Numbers

STEP = "02-open-loop"
ROW = re.compile(r" *(\d+) +(\d+) % +([\d.]+) ms +([\d.]+) ms +([\d.]+) ms")
CURVES = {"random_p99": "at random, p99", "random_p50": "at random, p50",
          "evenly_p99": "evenly, p99"}


def calculated(setting: Setting) -> Numbers:
    """What the step prints for each rate: how busy the server is, in %, and latencies in ms."""
    path = setting.build / "book" / "steps" / "15" / STEP
    if not path.is_file():
        pytest.skip(f"{STEP} is not built")
    said = subprocess.run([path], capture_output=True, text=True, check=True).stdout
    found = {}
    for row in ROW.finditer(said):
        rate, busy, *latencies = row.groups()
        found[f"{rate} busy"] = float(busy)
        found.update({f"{rate} {name}": float(ms) for name, ms in zip(
            ("evenly_p99", "random_p50", "random_p99"), latencies, strict=True)})
    return found


def jobs(setting: Setting) -> Iterable[Job]:
    yield Job("open", STEP, partial(calculated, setting), once=True)


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    (found,) = results["open"][STEP]
    rates = [int(key.removesuffix(" busy")) for key in found if key.endswith(" busy")]

    def cell(rate: int, number: str) -> Cell:
        return counted(results, "open", STEP, f"{rate} {number}")

    rows = [(f"{rate:,}", [words(f"{found[f'{rate} busy']:.0f} %"),
                           *(cell(rate, number) for number in reversed(CURVES))])
            for rate in rates]
    chart = Chart(
        "How long an answer takes as the server gets busier",
        "Three curves over the share of the time that the server is busy, from 20 to 98 percent. "
        "Messages that come evenly take 2 ms each, up to the limit. Of messages that come at "
        "random, the median and the 99th percentile rise slowly at first, and steeply where there "
        "is hardly any time left.",
        "the server is busy, % of the time", "latency, ms",
        {title: [(found[f"{rate} busy"], exact(found[f"{rate} {number}"])) for rate in rates]
         for number, title in CURVES.items()}, log_x=False)
    return {"m15_3": Table(
        "Latency as a server of 2 ms an answer gets busier",
        ["messages a second", "busy", *(f"{CURVES[number]}, ms" for number in reversed(CURVES))],
        rows, chart,
        notes=["Calculated, not measured: there is no clock in it. A server that answers several "
               "at a time, or some faster than others, has another curve of the same shape."])}


OPEN_LOOP = Experiment(("m15_3",), jobs, tables, counts=True)
