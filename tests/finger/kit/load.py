"""Activity in the background of a test: clients with queries, files that change."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conftest import ALICE
from harness.load import Load
from kit.reference import converted


@contextmanager
def all_the_while(change: Callable[[int], None]) -> Iterator[None]:
    """Calls `change` again and again in a thread, each time with the next number."""
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


def ask_for_alice(address: tuple[str, int], patience: float) -> Load:
    """Queries alice, each time on a new connection."""

    def ask() -> None:
        with socket.create_connection(address, timeout=patience) as client:
            client.sendall(b"alice\r\n")
            with client.makefile("rb") as stream:
                assert stream.read() == converted(ALICE), "the answer is not whole"

    return Load(ask, patience)
