"""Finger daemons, and what loads them: fingerd, itself as a state machine, and one on plain epoll.

An exchange: connect, ask for alice, read a plan of 1 KiB to the end, close. All daemons get the
same load, one worker each, on core 1; the client has core 0.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from contenders import PART5, SERVER_CORE, on_core
from harness.server import Server
from harness.strace import Strace
from harness.target import Target
from workloads import Numbers, client, cpu_at_rest

CLIENTS = 32
WARM_UP_EXCHANGES = 200
COUNTED_EXCHANGES = 2000
START_SECONDS = 10.0
FINGERD, EPOLL = "fingerd", "peer-epoll-finger"

LINE = b"Building a telescope in the garden; back in May, with luck.\n"
PLAN = (LINE * 20)[:1023] + b"\n"
ANSWER = PLAN.replace(b"\n", b"\r\n")

# The options make them do the same.
OURS = {
    FINGERD: ("finger/fingerd", "--addr", "127.0.0.1", "--quiet", "--workers", "1",
              "--max-per-ip", "1000"),
    "fingerd-machine": ("finger/fingerd-machine", "--addr", "127.0.0.1", "--quiet"),
    EPOLL: ("tests/bench/peer-epoll-finger",),
}


@contextmanager
def built_daemon(
    build: Path, name: str, users: Path, cores: str = SERVER_CORE
) -> Iterator[Server]:
    """One of them, on its core."""
    first, *more = name.split()  # fingerd --workers 2
    program, *options = OURS[first]
    target = Target(name, PART5, (*on_core(cores), str(build / program)))
    server = Server(target, [*options, "--users", str(users), *more], patience=START_SECONDS)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.kill()


def answer_of(port: int, user: str = "alice") -> bytes:
    """What a daemon answers, which must have the plan in it."""
    with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as connection:
        connection.sendall(f"{user}\r\n".encode())
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    if ANSWER not in answer:
        raise SystemExit(f"the daemon on port {port} does not answer with the plan: {answer!r}")
    return answer


def daemons(build: Path) -> list[str]:
    """Those that are built; of each other one line says that it is left out."""
    there = [name for name, (path, *_) in OURS.items() if (build / path).is_file()]
    for name in OURS.keys() - there:
        print(f"{name} is left out: it is not built", file=sys.stderr)
    return there


class Bench:
    """The users, the daemons that are there, and the load."""

    def __init__(self, build: Path, seconds: float, directory: Path) -> None:
        self.build, self.seconds, self.directory = build, seconds, directory
        self.users = directory / "users"
        home = self.users / "alice"
        home.mkdir(parents=True)
        (home / ".plan").write_bytes(PLAN)

    def start(self, name: str) -> AbstractContextManager[Server]:
        """A context in which it runs."""
        return built_daemon(self.build, name, self.users)

    def load(self, running: Server, seconds: float = 0, exchanges: int = 0,
             clients: int = CLIENTS, sources: int = 8) -> Numbers:  # fmt: skip
        """What the clients say, of as many exchanges as fit the time, or so many."""
        words = {"port": running.address[1], "query": "alice", "answer": self.directory / "answer",
                 "clients": clients, "sources": sources, "exchanges": exchanges,
                 "ms": f"{seconds * 1000:.0f}"}
        program = str(self.build / "tests" / "bench" / "variants")
        found: Numbers = json.loads(client(
            program, "finger_load", *(f"{name}={value}" for name, value in words.items()),
            within=60))
        return found

    def warm(self, running: Server) -> None:
        """Some exchanges that do not count, after one whose answer is kept."""
        (self.directory / "answer").write_bytes(answer_of(running.address[1]))
        self.load(running, exchanges=WARM_UP_EXCHANGES)

    def measure(self, name: str, clients: int = CLIENTS) -> Numbers:
        """One round of one daemon, asked by so many clients at a time."""
        with self.start(name) as running:
            self.warm(running)
            before = cpu_at_rest(running.process)
            found = self.load(running, self.seconds, clients=clients)
            cpu = cpu_at_rest(running.process) - before
        return {
            "cpu_us": cpu / found["exchanges"] * 1e6,
            "per_second": found["exchanges"] / found["seconds"],
            "p50_us": found["p50_us"],
            "p99_us": found["p99_us"],
        }

    def enters(self, clients: int) -> float:
        """How many calls of io_uring_enter(2) an exchange takes fingerd, counted by strace.

        With several clients one call serves many; and strace makes each call dearer, so that still
        more completions wait for the next. A single client has to wait for everything.
        """
        with self.start(FINGERD) as running:
            self.warm(running)
            with Strace(running, "-c", "-e", "trace=io_uring_enter") as tracer:
                self.load(running, exchanges=COUNTED_EXCHANGES, clients=clients)
            # Share, seconds, microseconds a call, calls, errors if there are any, name.
            lines = [line.split() for line in tracer.lines()]
            calls = [int(words[3]) for words in lines if words[-1:] == ["io_uring_enter"]]
        if len(calls) != 1:
            raise SystemExit(f"strace has counted nothing: {lines}")
        return calls[0] / COUNTED_EXCHANGES
