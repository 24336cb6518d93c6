"""M10.1: what is kept for a client: a thread's stack, a connection, a coroutine's frame."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from contenders import STAGES, Contender, built
from harness.server import Server
from harness.target import Target
from measures import variants
from measures.experiment import Experiment, Setting, Table, counted, exact
from rounds import Job, Results
from workloads import Numbers

PART2 = Contender("part2-threads", "part2-threads")
THREADS = 100
CONVERSATION = ("serve_client", "serve")  # the coroutines that are there while a client talks
STEP_BYTES = 64  # the pool's blocks are multiples of it
KEPT = (
    ("`part2`: address space of a thread, with `malloc`'s", "stack", "reserved"),
    ("`part2`: memory of an idle one", "stack", "touched"),
    ("`part5`: `sizeof(Connection)`", "part5", "connection"),
    ("`part5`: its `EchoSession`", "part5", "session"),
    ("`part6`: `sizeof(Connection)`", "part6", "connection"),
)


def stack(setting: Setting) -> Numbers:
    """Address space and memory of a thread, of a hundred that serve idle clients."""
    count = min(THREADS, setting.effort.crowd_max)
    server = PART2.start(setting.build)
    try:
        server.connect().echo(b"warm")
        process = server.process
        reserved, touched = process.virtual_bytes(), process.private_bytes()
        for _ in range(count):
            server.connect().echo(b"hello")
        return {"reserved": (process.virtual_bytes() - reserved) / count,
                "touched": (process.private_bytes() - touched) / count}
    finally:
        server.close_clients()
        server.kill()


def size(part: str, setting: Setting) -> Numbers:
    """What the compiler says about Connection."""
    run = subprocess.run([variants.path_of(f"connection_size-{part}", setting)],
                         capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def coroutine_at(program: str, address: str) -> str:
    """The name of the coroutine whose frame is asked for there: the first that is not operator
    new."""
    run = subprocess.run(["addr2line", "-f", "-C", "-i", "-e", program, address],
                         capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines()[::2]:  # between them: file and line
        name = re.search(r"(\w+)(<[^<>]*>)?$", line.partition("(")[0])  # after the result's type
        if name and "operator new" not in line:
            return name[1]
    return "unknown"


def frames(setting: Setting) -> Numbers:
    """The frames of part 6's coroutines, by name."""
    program = variants.path_of("part6-frames", setting)
    with tempfile.TemporaryDirectory(prefix="frames-") as directory:
        file = Path(directory) / "sizes"
        target = Target("part6-frames", STAGES[0],
                        ("/usr/bin/env", f"FRAME_SIZES={file}", program))
        server = Server(target, ["--workers", "1"], patience=60)
        try:
            server.wait_until_ready()
            server.connect().echo(b"hello")
        finally:
            server.close_clients()
            server.kill()
        lines = [line.split() for line in file.read_text().splitlines()]
    return {coroutine_at(program, address): float(count) for count, address in lines}


def jobs(setting: Setting) -> Iterable[Job]:
    for program in ("connection_size-part5", "connection_size-part6", "part6-frames"):
        variants.path_of(program, setting)
    if shutil.which("addr2line") is None:
        pytest.skip("no addr2line (Debian: binutils)")
    for _ in built([PART2], setting.build):
        yield Job("bytes", "stack", partial(stack, setting))
    for part in ("part5", "part6"):
        yield Job("bytes", part, partial(size, part, setting))
    yield Job("bytes", "frames", partial(frames, setting))


def tables(results: Results, setting: Setting) -> dict[str, Table]:
    (found,) = results["bytes"]["frames"]
    if missing := [name for name in CONVERSATION if name not in found]:
        raise SystemExit(f"no frame of {missing} was seen, but {found}")
    each = [found[name] for name in CONVERSATION]
    blocks = sum(-(-bytes_ // STEP_BYTES) * STEP_BYTES for bytes_ in each)
    rows = [
        *((title, [counted(results, "bytes", whose, number)]) for title, whose, number in KEPT),
        *((f"`part6`: frame of `{name}`", [exact(found[name])]) for name in CONVERSATION),
        ("`part6`: both, as the pool hands them out", [exact(blocks)]),
    ]
    return {"m10_1": Table(
        "What is kept for a client", ["of whom", "bytes"], rows,
        notes=["The frames are there while a client talks, and its session is inside that of "
               "`serve_client`; an idle client of `part6` has a `Connection` and no frame. A "
               "frame's size is this compiler's. None of it is what an idle client costs in all: "
               "for that, with the kernel's share, see M11.1 and M3.1."])}


M10_1 = Experiment(("m10_1",), jobs, tables, counts=True)
