"""A service manager that passes sockets and receives messages, with the protocols of
sd_listen_fds(3) and sd_notify(3)."""

import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.proc import wait_until

BACKLOG = 4096


class Manager:
    """A listening socket that outlives its servers, and a socket for their messages."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="manager-")
        self.top = Path(self._directory.name)
        self.top.chmod(0o755)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        # The same as DeferAcceptSec=: a client that hasn't sent anything yet isn't lost when a
        # server stops.
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 10)
        self.passed: list[socket.socket] = [self.listener]
        self.variables: dict[str, str] = {}

        self._messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._messages.bind(str(self.top / "notify"))
        (self.top / "notify").chmod(0o777)
        self._messages.setblocking(False)
        self._told: list[dict[str, str]] = []

        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(self.top / "door"))
        self._door.listen()
        self._thread = threading.Thread(target=self._hand_over, daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """The address where the servers listen."""
        host, port = self.listener.getsockname()
        return host, port

    @property
    def under(self) -> tuple[str, ...]:
        """Words in front of a server's command line. The process keeps its id."""
        environment = {"NOTIFY_SOCKET": str(self.top / "notify"), **self.variables}
        words = [f"{name}={value}" for name, value in environment.items()]
        script = str(Path(__file__).with_name("activate.py"))
        python = shutil.which("python3") or sys.executable
        return (python, script, str(self.top / "door"), *words, "--")

    def told(self) -> list[dict[str, str]]:
        """Returns all messages so far, in the order of their arrival."""
        while True:
            try:
                text = self._messages.recv(4096).decode()
            except BlockingIOError:
                return self._told
            self._told.append(dict(line.split("=", 1) for line in text.splitlines()))

    def wait_until_told(self, count: int, patience: float) -> list[dict[str, str]]:
        """Waits for this many messages."""
        wait_until(lambda: len(self.told()) >= count, patience)
        told = self.told()
        assert len(told) == count, f"{count} messages should have come: {told}"
        return told

    def close(self) -> None:
        """Closes the sockets, and ends the thread."""
        self._door.shutdown(socket.SHUT_RDWR)  # ends the thread's accept
        self._thread.join()
        for opened in (self._door, self._messages, *self.passed):
            opened.close()
        self._directory.cleanup()

    def _hand_over(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            with client:
                socket.send_fds(client, [b"."], [one.fileno() for one in self.passed])


@pytest.fixture
def manager() -> Iterator[Manager]:
    """A service manager."""
    with closing(Manager()) as made:
        yield made


def monotonic_usec() -> int:
    """The clock of MONOTONIC_USEC."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def connection(manager: Manager, patience: float) -> socket.socket:
    """Connects a client to the server that has the socket, or will have it."""
    return socket.create_connection(manager.address, timeout=patience)


def answer(client: socket.socket) -> bytes:
    """Receives the whole answer. Raises ConnectionError if it's cut off."""
    with client, client.makefile("rb") as stream:
        return stream.read()
