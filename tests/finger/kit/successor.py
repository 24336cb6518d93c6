"""Clients and impostors for tests of a server that is replaced while it runs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from harness.proc import wait_until

DESCRIPTORS_MAX = 64
CLIENTS = 4


class Impostor:
    """Asks a server to be replaced, as its successor would, and has whatever it was handed."""

    def __init__(self, path: str, patience: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(patience)
        self._socket.connect(path)
        self.descriptors: list[socket.socket] = []
        assert self._socket.recv(1) == b"1", "the version of the protocol"

    def receive(self) -> bytes:
        """What it is told next; the descriptors that come with it are kept."""
        told, numbers, _, _ = socket.recv_fds(self._socket, 1, DESCRIPTORS_MAX)
        self.descriptors += [socket.socket(fileno=number) for number in numbers]
        return told

    def say(self, what: bytes) -> None:
        """Says something to the server."""
        self._socket.sendall(what)

    def close(self) -> None:
        """Hangs up, and gives back what it was handed."""
        for one in (self._socket, *self.descriptors):
            one.close()


class Load:
    """Exchanges at a steady rate, each on a connection of its own; `lost` says what went wrong.

    An exchange raises OSError or AssertionError if it fails.
    """

    def __init__(self, exchange: Callable[[], None], per_second: float, patience: float) -> None:
        self._exchange, self._patience = exchange, patience
        self._pause = CLIENTS / per_second
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self.answered = 0
        self.lost: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        self.wait_for_answers(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def wait_for_answers(self, more: int) -> None:
        """Waits until so many more exchanges have ended well, or one has not."""
        wanted = self.answered + more
        assert wait_until(lambda: self.answered >= wanted or bool(self.lost), self._patience)

    def _ask(self) -> None:
        due = time.monotonic()
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            try:
                self._exchange()
            except (OSError, AssertionError) as error:
                with self._lock:
                    self.lost.append(repr(error))
            else:
                with self._lock:
                    self.answered += 1
