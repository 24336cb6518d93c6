"""What no stage does, by tests/bench/variants: reads in batches through a ring (M10.2)."""

import json

from harness.needed import need_built
from measures.experiment import Grid, Setting
from measures.cells import counted, ratio
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
