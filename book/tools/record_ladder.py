#!/usr/bin/python3
"""Records the eight moments of the ladder view, in which three clients talk to each of the six
servers. strace sees the servers' calls, and for the ring `--trace` shows the kernel's work.

record_ladder.py [--build DIR]    writes book/fig/ladder-trace.json, and draws the figures of it

We keep the parts that are the same each time: the calls, their order and results, and how often a
thread slept. We keep no times, because strace slows a program down. Only part3 is different each
time, since it polls as often as it can. Each server is recorded three times, and nothing is written
if the recordings differ. The sentences of book/fig/ladder-says.json describe the view, so read them
again.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladder_moments import (
    ASIDE, CALLS, CLIENTS, MOMENTS, NEVER_SLEEPS, SHORT, Run, certain, moments, read_calls)
from record_ring import message

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "default"
TRACE = ROOT / "book" / "fig" / "ladder-trace.json"
DRAW = ROOT / "book" / "tools" / "draw_ladder.mjs"
STAGES = ["part1-blocking", "part2-threads", "part3-nonblocking", "part4-poll", "part5-epoll",
          "part6-uring"]
QUIET = 0.05  # s
PATIENCE = 60  # s
AGREE = 3  # recordings


# The clients

@dataclass
class Client:
    """A client that remembers how many bytes of answers are due."""

    socket: socket.socket
    said: bytes = b""
    owed: int = 0
    state: str = "idle"

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)
        self.said += data
        self.state = "half"
        while len(self.said) >= 4 and len(self.said) >= (size := 4 + self.said[0]):
            self.said = self.said[size:]
            self.owed += size
            self.state = "waits"

    def look(self) -> str:
        """The client's state; `answered` is news only once."""
        if self.state == "answered":
            self.state = "idle"
        with contextlib.suppress(BlockingIOError):
            self.owed -= len(self.socket.recv(1 << 16))
        if self.state == "waits" and self.owed == 0:
            self.state = "answered"
        return self.state


def play(port: int, act: Callable[[int], None]) -> Iterator[dict[str, Client | None]]:
    """Plays the script. Calls `act` before each step, and yields the clients after each moment."""
    there: dict[str, Client | None] = dict.fromkeys(CLIENTS)

    def come(name: str) -> Client:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setblocking(False)
        there[name] = client = Client(connection)
        return client

    act(0)
    a = come("A")
    yield there
    act(1)
    b = come("B")
    yield there
    act(2)
    b.say(message(b"hi"))
    yield there
    act(3)
    c = come("C")
    c.say(message(b"hello")[:6])
    yield there
    act(4)
    time.sleep(1)
    yield there
    act(5)
    a.say(message(b"one"))
    b.say(message(b"two"))
    yield there
    act(6)
    c.say(message(b"hello")[6:])
    yield there
    for name, client in (("A", a), ("B", b), ("C", c)):
        act(7)
        if client.look() == "waits":
            raise SystemExit(f"record_ladder.py: {name} leaves without an answer")
        client.socket.close()
        client.state = "left"
    yield there


# Watching the server

def state(pid: int, task: int) -> str:
    return Path(f"/proc/{pid}/task/{task}/stat").read_text().rpartition(")")[2].split()[0]


def asleep(strace: int, server: int) -> bool:
    """Whether all threads sleep. A thread that strace has stopped, or that waits for a processor,
    doesn't."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        tasks = [int(task.name) for task in Path(f"/proc/{server}/task").iterdir()]
        return state(strace, strace) == "S" and all(state(server, task) == "S" for task in tasks)
    return False


def wait_until_quiet(stage: str, strace: int, server: int, calls: Path) -> None:
    """Waits until nothing has moved for a while. For part3, waits until it has asked all clients
    often enough."""
    until, quiet_since = time.monotonic() + PATIENCE, time.monotonic()
    size = calls.stat().st_size
    while time.monotonic() < until:
        time.sleep(QUIET / 20)
        if stage == NEVER_SLEEPS:
            done = calls.stat().st_size > size + 32_768
        else:
            done = asleep(strace, server)
            quiet_since = quiet_since if done else time.monotonic()
        if done and time.monotonic() - quiet_since > QUIET:
            return
    raise SystemExit(f"record_ladder.py: {stage} does not come to rest")


def yield_to_clients() -> None:
    """Runs the server and strace on the clients' processor, without preempting the clients. So the
    server sees nothing until a client has finished its step."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def run_once(stage: str, build: Path) -> Run:
    if (strace := shutil.which("strace")) is None:
        raise SystemExit("record_ladder.py: no strace here (Debian: strace)")
    if not (program := build / stage / stage).exists():
        raise SystemExit(f"record_ladder.py: {stage} is not built")
    processors = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as directory:
        calls, trace = Path(directory, "calls"), Path(directory, "trace.json")
        own = ["--trace", str(trace)] if stage == "part6-uring" else []
        only = ",".join((*CALLS, *ASIDE))
        command = [strace, "-f", "-yy", "-s", "32", "-e", f"trace={only}",
                   "-o", str(calls), str(program), "--port", "0", *own]
        os.sched_setaffinity(0, {min(processors)})
        try:
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, preexec_fn=yield_to_clients) as running:
                try:
                    return watch(stage, running, calls, trace)
                except BaseException:
                    running.kill()  # strace; the server ends with it
                    raise
        finally:
            os.sched_setaffinity(0, processors)


def watch(stage: str, strace: subprocess.Popen[str], calls: Path, trace: Path) -> Run:
    said = strace.stdout.readline()
    if not said.startswith("listening on "):
        raise SystemExit(f"record_ladder.py: {stage} says {said.strip()!r}")
    port = int(said.rsplit(":", 1)[1])
    tasks = Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()
    server = int(tasks[0])
    acts: list[tuple[int, int]] = []
    ports: dict[int, str] = {}
    after: list[dict[str, str]] = []

    def rest() -> None:
        wait_until_quiet(stage, strace.pid, server, calls)

    def act(moment: int) -> None:
        rest()
        acts.append((calls.stat().st_size, moment))

    try:
        for there in play(port, act):
            rest()
            after.append({name: client.look() if client and client.state != "left"
                          else "left" if client else "none" for name, client in there.items()})
            ports |= {client.socket.getsockname()[1]: name for name, client in there.items()
                      if client and client.state != "left"}
        act(len(MOMENTS) - 1)
        os.kill(server, signal.SIGTERM)
        if strace.wait(timeout=PATIENCE) != 0:
            raise SystemExit(f"record_ladder.py: {stage} did not end well")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)
    events = json.loads(trace.read_text()) if trace.exists() else []
    return Run(read_calls(calls.read_text()), events, acts, ports, after)


def record(stage: str, build: Path) -> list[dict[str, Any]]:
    return moments(stage, run_once(stage, build))


def text(stages: list[dict[str, Any]]) -> str:
    """The JSON, with a line for each moment of a stage."""
    about = {"moments": MOMENTS, "kernel": os.uname().release.split("-")[0],
             "date": time.strftime("%Y-%m-%d"), "counted": [SHORT.get(one, one) for one in CALLS]}
    lines = []
    for one in stages:
        moments = ",\n".join("  " + json.dumps(each, ensure_ascii=False) for each in one["moments"])
        lines.append(f' {{"stage": "{one["stage"]}", "moments": [\n{moments}\n ]}}')
    each_stage = ",\n".join(lines)
    head = json.dumps(about, ensure_ascii=False)
    return f'{{"about": {head},\n"stages": [\n{each_stage}\n]}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description="records the trace of the book's ladder view")
    parser.add_argument("--build", type=Path, default=BUILD, metavar="DIR")
    build = parser.parse_args().build
    stages = []
    for stage in STAGES:
        recorded = [record(stage, build) for _ in range(AGREE)]
        if any(certain(stage, one) != certain(stage, recorded[0]) for one in recorded):
            raise SystemExit(f"record_ladder.py: {stage} was not the same each time")
        stages.append({"stage": stage, "moments": recorded[0]})
    TRACE.write_text(text(stages))
    subprocess.run(["node", DRAW], check=True)


if __name__ == "__main__":
    main()
