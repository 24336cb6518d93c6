"""Clients that send requests in the background of a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from harness.proc import wait_until

CLIENTS = 4
PER_SECOND = 1000


class Load:
    """Calls `ask` at a steady rate, in threads, while the context lasts. `ask` raises OSError or
    AssertionError for a missing or wrong answer, which we collect in `lost`."""

    def __init__(self, ask: Callable[[], object], patience: float) -> None:
        self._ask_once, self._patience = ask, patience
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
        """Waits until this many more requests are answered, or one isn't."""
        wanted = self.answered + more
        assert wait_until(lambda: self.answered >= wanted or bool(self.lost), self._patience)

    def _ask(self) -> None:
        due = time.monotonic()
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            due += CLIENTS / PER_SECOND
            try:
                self._ask_once()
            except (OSError, AssertionError) as error:
                with self._lock:
                    self.lost.append(repr(error))
            else:
                with self._lock:
                    self.answered += 1
