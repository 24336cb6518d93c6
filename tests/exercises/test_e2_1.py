"""E2.1: a client that does not hang."""

import socket
import sys
import threading
from collections.abc import Iterator
from subprocess import CompletedProcess

import pytest

from harness.server import Server
from kit.tested import Own, Run
from kit.suite import PROTOCOL

pytestmark = pytest.mark.program("{port}")

MUCH = bytes(range(256)) * 4 * 32 * 1024  # 32 MiB, more than all buffers on the way hold


@pytest.fixture
def prompt(patience: float) -> Iterator[Server]:
    """A server that answers each message at once, and reads no more until the answer is sent."""
    command = (sys.executable, str(PROTOCOL / "subjects" / "echo_server.py"), "--port", "{port}")
    server = Server(Own("prompt", "program", command), patience=patience)
    server.wait_until_ready()
    yield server
    server.kill()


@pytest.fixture
def patient() -> Iterator[int]:
    """The port of a server that answers only after the end of the stream."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            connection.sendall(stream.read())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def check(ran: CompletedProcess[bytes], wanted: bytes) -> None:
    assert ran.returncode == 0, ran.stderr.decode(errors="replace")
    assert ran.stdout == wanted, f"{len(ran.stdout)} of {len(wanted)} bytes came back as they were"


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_little_comes_back(run: Run, prompt: Server, size: int) -> None:
    """The program sends its stdin as messages, the last of them shorter, and prints the payloads of
    the answers to stdout."""
    check(run(input=MUCH[:size], port=prompt.address[1]), MUCH[:size])


def test_much_comes_back(run: Run, prompt: Server) -> None:
    """32 MiB come back as well, because the client reads when the server waits for that."""
    check(run(input=MUCH, port=prompt.address[1]), MUCH)


def test_it_does_not_wait_for_each_answer(run: Run, patient: int) -> None:
    """The program goes on sending without an answer, because this server answers only after the end
    of the stream."""
    check(run(input=MUCH[:1 << 20], port=patient), MUCH[:1 << 20])
