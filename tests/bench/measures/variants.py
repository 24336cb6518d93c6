"""What no stage does, by tests/bench/variants: how many events are taken at a time (M7.2), and
reads in batches through a ring (M10.2)."""

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


# M7.2: how many events at a time

def m7_2(setting: Setting) -> Grid:
    speaking = min(1000, setting.effort.crowd_max)

    def batch(_: str, size: int, setting: Setting) -> Numbers:
        """Waits and processor time a message, while so many have spoken."""
        found = run(setting, "batches", clients=speaking, batch=size,
                    rounds=max(setting.effort.counted // 200, 1))
        return {"waits": found["waits"] / found["messages"],
                "us": found["cpu_seconds"] / found["messages"] * 1e6}

    return Grid(
        f"Events taken at a time, while {speaking:,} clients have spoken",
        "events at a time, at most",
        {"calls of `epoll_wait` a message": counted("waits"),
         "server CPU a message, µs [ratio to 1]": ratio("us", "1")},
        batch, [1, 16, 128, 1024], ["batch"],
        notes=["A wait, a receive and a send, and no protocol: `tests/bench/variants/batches.cc`. "
               "It is not what a server gains under little load, where one event is all there is, "
               "and says nothing about latency: the last client of a batch waits for all before "
               "it."])


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
