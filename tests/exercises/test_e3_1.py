"""E3.1: what day it is, on ::1."""

import re
import socket
import threading
import time
from collections.abc import Callable

import pytest

from harness.server import Server

pytestmark = pytest.mark.program("{port}")

LINE = re.compile(rb"[ -~]+\r\n")


def dribble(connection: socket.socket) -> None:
    """Sends a byte every now and then, until the server is gone or six seconds have passed."""
    for _ in range(12):
        try:
            connection.send(b".")
        except OSError:
            return
        time.sleep(0.5)


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    """The program, which listens on ::1."""
    started = start(ready=False)
    started.address = ("::1", started.address[1])
    started.wait_until_ready()
    return started


def test_whoever_comes_is_told_and_left(server: Server) -> None:
    """A client on ::1 that sends nothing gets one line of text that ends in CR LF, and then the end
    of the stream."""
    with server.connect() as client:
        said = client.receive_until_end()
    assert LINE.fullmatch(said), f"{said!r} is no line that ends in CR LF"
    assert str(time.localtime().tm_year).encode() in said, f"{said!r} does not name the year"


def test_one_comes_after_the_other(server: Server) -> None:
    """Each client is served like the one before."""
    for _ in range(20):
        with server.connect() as client:
            assert LINE.fullmatch(client.receive_until_end())


def test_what_a_client_says_is_thrown_away(server: Server) -> None:
    """A client that sends before it reads gets the line, and no reset."""
    for _ in range(20):
        with server.connect() as client:
            client.send(bytes(100_000))
            client.half_close()
            assert LINE.fullmatch(client.receive_until_end())


@pytest.mark.clock
def test_a_client_that_goes_on_sending_does_not_keep_the_next_one(server: Server) -> None:
    """A client that sends a byte now and then, and never ends its stream, keeps the next client
    waiting for no more than three seconds."""
    with server.connect() as slow, server.connect() as client:
        assert LINE.fullmatch(slow.receive_until_end())
        begun = time.monotonic()
        talking = threading.Thread(target=dribble, args=(slow.socket,))
        talking.start()
        said = client.receive_until_end()
        waited = time.monotonic() - begun
        talking.join()
    assert LINE.fullmatch(said)
    assert waited < 3, f"the next client got its line after {waited:.1f} s"
