"""Reads in batches through a ring (M10.2), by tests/bench/variants/ring_batches.cc."""

import json

from harness.needed import need_built
from measures.experiment import Grid, Setting
from measures.cells import counted, ratio
from workloads import Numbers, client


def ring_batch(_: str, size: int, setting: Setting) -> Numbers:
    """System calls and processor time a read."""
    program = need_built(setting.build / "tests" / "bench" / "ring_batches")
    operations = setting.effort.counted * 30
    found = json.loads(client(str(program), f"{size}", f"{operations}",
                              within=setting.effort.seconds))
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
