"""What the tests of part6-uring/echo-client have in common."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.console import Client
from harness.frames import HEADER_BYTES, frame, payload_bytes
from harness.server import Server, Start
from harness.target import Target, built_stages


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    path = Path(request.config.option.build_dir) / "part6-uring" / "echo-client"
    if not path.is_file():
        pytest.skip(f"{path} is not built: it is part 6's, and needs liburing")
    return path


@pytest.fixture
def serve(request: pytest.FixtureRequest, patience: float) -> Iterator[Start]:
    """Starts an echo server of ours: the best that is built."""
    stages: list[Target] = built_stages(Path(request.config.option.build_dir), [])
    servers: list[Server] = []

    def start(*options: str) -> Server:
        servers.append(Server(stages[-1], options, patience=patience))
        servers[-1].wait_until_ready()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def client(program: Path, patience: float) -> Callable[..., Client]:
    """Makes clients of the server at an address: client(address, "--timeout", "1s")."""

    def make(address: tuple[str, int], *options: str) -> Client:
        host, port = address
        return Client([str(program), "--host", host, "--port", str(port), *options], patience)

    return make


def received(*lines: bytes) -> bytes:
    """What is printed about these answers."""
    return b"".join(b"Received: " + line + b"\n" for line in lines)


def answer(to: socket.socket, count: int = 1, change: Callable[[bytes], bytes] = bytes) -> None:
    """Answers so many messages with their payload, changed."""
    for _ in range(count):
        size = payload_bytes(to.recv(HEADER_BYTES, socket.MSG_WAITALL))
        to.sendall(frame(change(to.recv(size, socket.MSG_WAITALL))))
