"""A finger daemon, and what loads it.

An exchange: connect, ask for alice, read a plan of 1 KiB to the end, close. The daemon is on
core 1, the client on core 0.
"""

import json
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contenders import SERVER_CORE, Contender
from harness.proc import Process, serving
from harness.server import Server
from workloads import Numbers, client

PATIENCE = 10.0
FINGERD = "fingerd"

LINE = b"Building a telescope in the garden; back in May, with luck.\n"
PLAN = (LINE * 20)[:1023] + b"\n"
ANSWER = PLAN.replace(b"\n", b"\r\n")


def add_users(directory: Path, names: Iterable[str]) -> None:
    """A home for each, with the plan in it."""
    for name in names:
        home = directory / name
        home.mkdir(parents=True)
        (home / ".plan").write_bytes(PLAN)


def answer_of(port: int, user: str = "alice") -> bytes:
    """What a daemon answers, which must be the plan."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(f"{user}\r\n".encode())
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    if answer != ANSWER:
        raise SystemExit(f"the daemon on port {port} does not answer with the plan: {answer!r}")
    return answer


@dataclass(frozen=True)
class Running:
    """A daemon, and what loads it."""

    build: Path
    directory: Path
    server: Server

    @property
    def port(self) -> int:
        return self.server.address[1]

    @property
    def users(self) -> Path:
        return self.directory / "users"

    def load(self, seconds: float) -> Numbers:
        """What one client says, of as many exchanges as fit the time."""
        words = {"port": self.port, "query": "alice", "answer": self.directory / "answer",
                 "ms": f"{seconds * 1000:.0f}"}
        program = str(self.build / "tests" / "bench" / "variants")
        found: Numbers = json.loads(client(
            program, "finger_load", *(f"{name}={value}" for name, value in words.items()),
            within=60))
        return {"per_second": found["exchanges"] / found.pop("seconds"), **found}


@contextmanager
def daemon(build: Path, name: str, *options: str, users: Iterable[str] = (),
           cores: str = SERVER_CORE) -> Iterator[Running]:  # fmt: skip
    """One of them, with alice's plan and that of other users."""
    with tempfile.TemporaryDirectory(prefix="finger-bench-") as directory:
        Path(directory).chmod(0o755)  # also for the account that root becomes
        homes = Path(directory) / "users"
        add_users(homes, ("alice", *users))
        (Path(directory) / "answer").write_bytes(ANSWER)
        contender = Contender(name, name, ("--users", str(homes), *options), cores)
        with contender.running(build) as server:
            server.process = Process(serving(server.pid))
            yield Running(build, Path(directory), server)
