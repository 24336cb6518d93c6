"""What no stage does, by tests/bench/variants: reads in batches through a ring (M10.2).
And what the step 02-open-loop of chapter 16 calculates (M16.3)."""

import json
import re
import subprocess

from harness.needed import need_built
from measures.experiment import Chart, Grid, Measurement, Setting, Table, each
from measures.cells import counted, exact, ratio, words
from rounds import Results
from workloads import Numbers, client


def command(setting: Setting, name: str, **options: object) -> list[str]:
    """The words that run one of them. Skips where they are not built."""
    program = need_built(setting.build / "tests" / "bench" / "variants")
    return [str(program), name, *(f"{option}={value}" for option, value in options.items())]


def said(words: list[str], setting: Setting) -> Numbers:
    """By a program, alone on its core."""
    found: Numbers = json.loads(client(*words, within=setting.effort.seconds))
    return found


def run(setting: Setting, name: str, **options: object) -> Numbers:
    """What one of them says."""
    return said(command(setting, name, **options), setting)


# M10.2: batches in the ring

def ring_batch(_: str, size: int, setting: Setting) -> Numbers:
    """System calls and processor time a read."""
    operations = setting.effort.counted * 30
    found = run(setting, "ring_batches", batch=size, operations=operations)
    return {"calls": found["calls"] / operations, "ns": found["cpu_seconds"] / operations * 1e9}


def m10_2(setting: Setting) -> Grid:
    return Grid(
        "Reads of 64 bytes from /dev/zero, by how many are submitted at a time", "reads at a time",
        {"system calls a read": counted("calls"),
         "CPU a read, ns [ratio to `read`]": ratio("ns", "0")},
        ring_batch, {"`read`, no ring": 0, "1": 1, "8": 8, "32": 32}, ["reads"],
        notes=["The device does nearly nothing, so this is the price of asking. It is not what a "
               "ring saves or costs a server: there a receive waits for its bytes, which is what "
               "the ring is for, and TCP is most of the work."])


# M16.3: how long an answer takes as the rate comes near to what a server can do

STEP = "02-open-loop"
ROW = re.compile(r" *(\d+) +(\d+) % +([\d.]+) ms +([\d.]+) ms +([\d.]+) ms")
CURVES = {"evenly_p99": "evenly, p99", "random_p50": "at random, p50",
          "random_p99": "at random, p99"}


def calculated(_: str, step: str, setting: Setting) -> Numbers:
    """What the step prints for each rate: how busy the server is, in %, and latencies in ms."""
    program = need_built(setting.build / "book" / "steps" / "16" / step)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return {f"{rate} {name}": float(value) for rate, *values in ROW.findall(printed)
            for name, value in zip(("busy", *CURVES), values, strict=True)}


def m16_3(setting: Setting) -> Measurement:
    def tables(results: Results) -> dict[str, Table]:
        (found,) = results["open"][STEP]
        rates = [int(key.removesuffix(" busy")) for key in found if key.endswith(" busy")]
        rows = [(f"{rate:,}", [words(f"{found[f'{rate} busy']:.0f} %"),
                               *(exact(found[f"{rate} {name}"]) for name in CURVES)])
                for rate in rates]
        chart = Chart(
            "How long an answer takes as the server gets busier",
            "Three curves over the share of the time that the server is busy, from 20 to 98 "
            "percent. Messages that come evenly take 2 ms each, up to the limit. Of messages that "
            "come at random, the median and the 99th percentile rise slowly at first, and steeply "
            "where there is hardly any time left.",
            "the server is busy, % of the time", "latency, ms",
            {CURVES[name]: [(found[f"{rate} busy"], exact(found[f"{rate} {name}"]))
                            for rate in rates] for name in reversed(CURVES)})
        return {"m16_3": Table(
            "Latency as a server of 2 ms an answer gets busier",
            ["messages a second", "busy", *(f"{title}, ms" for title in CURVES.values())], rows,
            chart,
            notes=["Calculated, not measured: there is no clock in it. A server that answers "
                   "several at a time, or some faster than others, has another curve of the same "
                   "shape."])}

    return Measurement(each(["open"], [STEP], calculated, setting, once=True), tables, counts=True)
