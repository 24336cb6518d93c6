"""Servers and clients of these tests: fingerd and the echo stages, one request at a time."""

from __future__ import annotations

import re
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.needed import need_built
from namespaces import Namespace

PLAN = b"Building a telescope.\nBack in May.\n"
MESSAGE = struct.pack("<I", 26) + b"abcdefghijklmnopqrstuvwxyz"
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Kind:
    """A kind of server, with a request in two pieces, and the answer."""

    name: str
    halves: tuple[bytes, bytes] = (MESSAGE[:7], MESSAGE[7:])
    answer: bytes = MESSAGE

    def words(self, build: Path, directory: Path, address: str) -> list[str]:
        """Returns the command line."""
        if self != FINGERD:
            program = need_built(build / self.name / self.name)
            return [str(program), "--host", address, "--port", "7979"]
        home = directory / "users" / "alice"
        home.mkdir(parents=True, exist_ok=True)
        (home / ".plan").write_bytes(PLAN)
        # Its default is two seconds for a query, but on such a link TCP may need longer.
        return [str(need_built(build / "finger" / "fingerd")), "--addr", address, "--port", "7979",
                "--users", str(home.parent), "--max-per-ip", "1000", "--deadline", "1m",
                "--query-timeout", "30s"]

    def answered(self, connection: socket.socket) -> bool:
        """Returns true if the whole answer comes. fingerd's ends with the stream."""
        received = b""
        while (self == FINGERD or len(received) < len(self.answer)) and (
                piece := connection.recv(65536)):
            received += piece
        return received == self.answer


FINGERD = Kind("fingerd", (b"ali", b"ce\r\n"), PLAN.replace(b"\n", b"\r\n"))


@contextmanager
def running(words: list[str], inside: Namespace) -> Iterator[subprocess.Popen[str]]:
    """Runs the program, and yields it after its ready line. It must end with 0, unless it was
    killed."""
    with subprocess.Popen([*inside.words, *words], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE) as server:  # fmt: skip
        try:
            assert server.stdout is not None and server.stderr is not None
            ready = server.stdout.readline()
            assert re.match(r"listening on ", ready), f"{words}: {ready!r} {server.stderr.read()}"
            yield server
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
                assert server.wait(STOP_SECONDS) == 0
        finally:
            server.kill()


@dataclass
class Load:
    """Sends requests, one after the other in each of several threads, until the context ends. The
    sockets are made `inside`."""

    kind: Kind
    inside: Namespace
    address: tuple[str, int]
    threads_count: int = 4
    patience: float = 20.0
    answered: int = 0
    lost: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._run) for _ in range(self.threads_count)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def go_on_for(self, exchanges: int, within: float = 60.0) -> None:
        """Waits until this many more requests have ended."""
        wanted, end = self.answered + self.lost + exchanges, time.monotonic() + within
        while self.answered + self.lost < wanted:
            assert time.monotonic() < end, f"only {self.answered} answers, {self.lost} lost"
            time.sleep(0.01)

    def _run(self) -> None:
        with self.inside.entered():
            while not self._stop.is_set():
                answered = self._exchange()
                with self._lock:
                    self.answered += answered
                    self.lost += not answered

    def _exchange(self) -> bool:
        """Sends one request on a connection of its own. Returns true if the whole answer comes."""
        try:
            with socket.create_connection(self.address, timeout=self.patience) as connection:
                connection.sendall(b"".join(self.kind.halves))
                return self.kind.answered(connection)
        except OSError:
            return False
