"""What goes on while something else is looked at: clients that ask, files that change."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conftest import ALICE
from harness.proc import wait_until
from kit.reference import converted

CLIENTS = 4
PER_SECOND = 1000


@contextmanager
def all_the_while(change: Callable[[int], None]) -> Iterator[None]:
    """Calls it again and again in a thread of its own, each time with the next number."""
    done = threading.Event()

    def go_on() -> None:
        number = 0
        while not done.is_set():
            change(number)
            number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Load:
    """Queries for alice at a steady rate, each on a connection of its own.

    `lost` says what went wrong.
    """

    def __init__(self, address: tuple[str, int], patience: float) -> None:
        self._address, self._patience = address, patience
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

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def wait_for_answers(self, more: int) -> None:
        """Waits until so many more have been answered, or one has not."""
        wanted = self.answered + more
        assert wait_until(lambda: self.answered >= wanted or bool(self.lost), self._patience)

    def _ask(self) -> None:
        due = time.monotonic()
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            due += CLIENTS / PER_SECOND
            try:
                with socket.create_connection(self._address, timeout=self._patience) as client:
                    client.sendall(b"alice\r\n")
                    with client.makefile("rb") as stream:
                        assert stream.read() == converted(ALICE), "the answer is not whole"
            except (OSError, AssertionError) as error:
                with self._lock:
                    self.lost.append(repr(error))
            else:
                with self._lock:
                    self.answered += 1
