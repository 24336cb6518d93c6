"""--takeover, as its tests have it: daemons that meet at a socket, and impostors that ask there."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from conftest import ALICE
from kit.reference import converted
from kit.server import FingerServer, Start

DESCRIPTORS_MAX = 64


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where daemons meet their successors."""
    return str(tmp_path / "takeover")


@pytest.fixture
def begin(start_either: Start, path: str) -> Start:
    """Starts a daemon that can be replaced, or one that replaces it."""
    patient = ("--takeover", path, "--query-timeout", "10s")
    return lambda *options, **more: start_either(*patient, *options, **more)


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


@pytest.fixture
def impostor(path: str, patience: float) -> Iterator[Callable[[], Impostor]]:
    """Makes processes that ask to take over, and never do."""
    with ExitStack() as made:
        yield lambda: made.enter_context(closing(Impostor(path, patience)))


def expect_replaced(old: FingerServer, new: FingerServer) -> None:
    """The new one serves on the same port, and the old one ends in good order."""
    assert new.address == old.address, "the new one was not given the old one's port"
    assert old.wait_exit() == 0
    new.expect(b"alice", converted(ALICE))
