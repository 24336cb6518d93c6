"""E15.1: a server that is replaced twenty times, and loses nothing."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.subject import free_port
from kit.tested import Words
from kit.own import MESSAGE, Client, running, say

pytestmark = pytest.mark.program("{port} {gate}")

RESTARTS = 20
CLIENTS = 4
MOMENT_S = 0.003  # between connecting and asking, when the old server may stop


class Crowd:
    """Clients that connect, ask once and leave, again and again, until they are told to stop."""

    def __init__(self, port: int, patience: float) -> None:
        self.lost: list[str] = []
        self.answered = 0
        self._port, self._patience = port, patience
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(CLIENTS)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _ask_on(self) -> None:
        while not self._enough.is_set():
            try:
                client = Client(self._port, self._patience)
                time.sleep(MOMENT_S)
                client.send(MESSAGE)
                received = client.answer()
                client.close()
            except OSError as error:
                self.lost.append(str(error))
                continue
            if received == MESSAGE:
                self.answered += 1
            else:
                self.lost.append(f"{received!r} instead of the answer")


def replaced(old: subprocess.Popen[bytes], command: list[str], patience: float) -> None:
    """Expects the old server to end by itself, with status 0."""
    try:
        status = old.wait(patience)
    except subprocess.TimeoutExpired:
        say(command, "serves, and the one before it has not ended")
    if status != 0:
        say(command, f"serves, and the one before it ended with status {status}")


def test_twenty_restarts_lose_no_client(words: Words, patience: float, tmp_path: Path) -> None:
    """A server that is started with the port and the path of a running server takes over, and the
    old server exits with 0. Meanwhile clients keep connecting, and ask a moment later; all of them
    are answered."""
    port = free_port()
    command = words(port=str(port), gate=str(tmp_path / "gate"))
    with ExitStack() as servers:
        serving = servers.enter_context(running(command, patience))
        with Crowd(port, patience) as crowd:
            for _ in range(RESTARTS):
                successor = servers.enter_context(running(command, patience))
                replaced(serving, command, patience)
                serving = successor
        assert crowd.answered > RESTARTS
        assert not crowd.lost, f"{len(crowd.lost)} clients were lost; the first: {crowd.lost[0]}"


def test_a_client_that_is_connected_is_not_lost(
    words: Words, patience: float, tmp_path: Path
) -> None:
    """The old server answers a client whose message it has received."""
    port = free_port()
    command = words(port=str(port), gate=str(tmp_path / "gate"))
    with running(command, patience) as old:
        client = Client(port, patience)
        client.send(MESSAGE)
        assert client.answer() == MESSAGE
        client.send(MESSAGE)
        with running(command, patience):
            replaced(old, command, patience)
            assert client.answer(2 * len(MESSAGE)) == MESSAGE, "no answer, and then the end"
