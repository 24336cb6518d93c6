"""A running finger daemon."""

import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from harness.proc import Process, serving, wait_until
from harness.server import READY, Server
from harness.verdict import ContractBroken, hide_from_traceback
from kit.client import FingerClient
from kit.users import Users

__tracebackhide__ = hide_from_traceback

LINE = re.compile(
    r'(?P<peer>\S+) "(?P<query>.*)" (?P<outcome>\S.*) (?P<bytes>\d+) bytes? (?P<ms>\d+(\.\d+)?) ms'
)


@dataclass(frozen=True)
class Exchange:
    """The log's line about one query."""

    peer: str
    query: str
    outcome: str
    bytes: int
    milliseconds: float

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """Returns None if the line is about something else."""
        if not (words := LINE.fullmatch(line)):
            return None
        return cls(
            words["peer"],
            words["query"],
            words["outcome"],
            int(words["bytes"]),
            float(words["ms"]),
        )


class FingerServer(Server):
    """One running daemon. Tests get it from the fixtures `server` and `start`."""

    client_type = FingerClient
    ready_line = re.compile(READY.pattern.replace(r"\n", r"(?P<further>(?:, \S+)*)\n"))
    users: Users

    @property
    def process(self) -> Process:
        """The process that talks to clients, which is the only worker or, without workers, the
        server."""
        return Process(serving(self.pid))

    def connection_count(self) -> int:
        """Returns how many clients are connected. A worker also has its listener and its parent."""
        at_rest = 1 if self.process.pid == self.pid else 2
        return self.process.socket_count() - at_rest

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server, but SIGSTOP and SIGCONT to the process with the clients."""
        if number in (signal.SIGSTOP, signal.SIGCONT):
            os.kill(self.process.pid, number)
        else:
            super().send_signal(number)

    def connect(self, **how: Any) -> FingerClient:
        """Connects a new client."""
        client = super().connect(**how)
        assert isinstance(client, FingerClient)
        return client

    def expect(self, line: bytes, answer: bytes, **how: Any) -> None:
        """Sends a query, to which we append the end of the line, on a new connection, and expects
        this answer."""
        with self.asking(line, **how) as client:
            client.expect_answer(answer)

    def asking(self, line: bytes, **how: Any) -> FingerClient:
        """Returns a client that sent a query, to which we append the end of the line, and read
        nothing."""
        client = self.connect(**how)
        client.send(line + b"\r\n")
        return client

    def reading_slowly(self, line: bytes) -> FingerClient:
        """Returns a client that received the beginning of a large answer and reads no more
        for now."""
        client = self.asking(line, receive_buffer=4096)
        client.begun = client.receive(1000)
        return client

    def addresses(self) -> list[tuple[str, int]]:
        """Returns all addresses where the server listens."""
        listening = self.stdout_text().removeprefix("listening on ").strip().split(", ")
        parts = [each.rpartition(":") for each in listening]
        return [(host.strip("[]"), int(port)) for host, _, port in parts]

    def expect_everywhere(self, line: bytes, answer: bytes) -> None:
        """Sends a query to each of the addresses and expects this answer."""
        for address in self.addresses():
            with FingerClient(address, self.patience) as client:
                client.send(line + b"\r\n")
                client.expect_answer(answer)

    def reload_lines(self) -> list[str]:
        """Returns the log's lines about reloads so far."""
        return [line for line in self.log_lines() if "reload" in line]

    def reload(self) -> str:
        """Sends SIGHUP, and waits for the line with the result."""
        before = len(self.reload_lines())
        self.send_signal(signal.SIGHUP)
        if not wait_until(lambda: len(self.reload_lines()) > before, self.patience):
            raise ContractBroken("no line tells of the reload")
        return self.reload_lines()[before]

    def expect_soon(self, line: bytes, answer: bytes) -> None:
        """Expects this answer soon after a signal, because the old worker may still answer for a
        moment."""
        if not wait_until(lambda: self.ask(line) == answer, self.patience):
            self.expect(line, answer)

    def ask(self, line: bytes, **how: Any) -> bytes:
        """Sends a query, to which we append the end of the line, on a new connection. Returns the
        answer."""
        with self.connect(**how) as client:
            return client.ask(line)

    def wait_until_busy(self) -> None:
        """Waits until the server has accepted a client."""
        if not wait_until(lambda: self.connection_count() > 0, self.patience):
            raise ContractBroken("it has accepted no connection")

    def wait_until_left(self, until: float) -> float:
        """Waits until no client is connected and only the listener is open. Returns the time."""
        while self.connection_count() > 0:
            if time.monotonic() >= until:
                raise ContractBroken("a connection is still open")
            time.sleep(0.01)
        return time.monotonic()

    def descriptors_at_rest(self) -> int:
        """Returns how many descriptors are open when every client is gone."""
        self.close_clients()
        if not wait_until(lambda: self.connection_count() == 0, self.patience):
            raise ContractBroken(f"{self.connection_count()} connections are open with no client")
        return self.process.descriptor_count()

    def expect_refusal(self, status: int, *named: str) -> None:
        """Expects this exit status after one line on stderr with all these words, besides the line
        about missing root, and nothing on stdout."""
        ended = self.wait_exit()
        lines = [line for line in self.stderr_text().splitlines()
                 if not line.startswith("started without root: ")]
        assert ended == status, f"exit status {ended}, not {status}, after {lines}"
        assert len(lines) == 1, f"{len(lines)} lines on stderr, not 1: {lines}"
        for word in named:
            assert word in lines[0], f"the line does not name {word}: {lines[0]}"
        assert self.stdout_text() == ""

    def exchanges(self) -> list[Exchange]:
        """Returns the log's lines about queries so far."""
        return [found for line in self.log_lines() if (found := Exchange.parse(line))]

    def wait_for_exchange(self) -> Exchange:
        """Returns the query in the first line since the ready line, which must be about one."""
        line = self.wait_for_log_lines(1)[0]
        if not (exchange := Exchange.parse(line)):
            raise ContractBroken(f"this line does not tell of an exchange: {line!r}")
        return exchange


Start = Callable[..., FingerServer]  # the type of the fixtures that start servers, see conftest.py


def start_with_journal(start: Start, file: Path, *options: str, **how: object) -> FingerServer:
    """Starts a server that takes this file for its stream to the journal."""
    log = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND)
    status = os.fstat(log)
    stream = f"JOURNAL_STREAM={status.st_dev}:{status.st_ino}"
    server = start(*options, log_to=log, under=("env", stream), **how)
    os.close(log)
    return server
