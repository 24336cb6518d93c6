"""Processor time while nothing happens (M5.1)."""

import time

from contenders import ALL_STAGES, Contender
from measures.cells import timed
from measures.experiment import Grid, Setting
from workloads import Numbers


def busy(clients: int, stage: Contender, setting: Setting) -> Numbers:
    """The share of a core that a server takes beside silent clients."""
    with stage.running(setting.build) as server:
        for _ in range(clients):
            server.connect()
        time.sleep(0.05)  # after the last new connection
        begin, before = time.perf_counter(), server.process.cpu_seconds()
        time.sleep(setting.effort.seconds)
        took = server.process.cpu_seconds() - before
        return {"percent": took / (time.perf_counter() - begin) * 100}


def m5_1(setting: Setting) -> Grid:
    return Grid(
        "Processor time while nothing happens", "stage",
        {"no clients, % of a core": timed("percent", load="0"),
         "100 silent clients, % of a core": timed("percent", load="100")},
        busy, ALL_STAGES, [0, 100])
