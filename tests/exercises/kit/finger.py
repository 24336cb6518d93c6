"""Common code of the tests for exercises about finger/fingerd."""

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.client import Client
from harness.server import Server
from kit.tested import Own, built

ALICE = b"Building a telescope.\nBack in May.\n"
ALICES_ANSWER = ALICE.replace(b"\n", b"\r\n")


@pytest.fixture
def target(request: pytest.FixtureRequest, build: Path) -> Own:
    """The reader's fingerd, in place of a stage."""
    if request.config.option.server:
        return Own("yours", "finger", tuple(shlex.split(request.config.option.server)))
    program = built(request, build / "finger" / "fingerd")
    return Own("fingerd", "finger", (program, "--addr", "127.0.0.1"))


@pytest.fixture
def users() -> Iterator[Path]:
    """A directory for --users, in which alice has a plan and bob has none. Everybody may read it,
    including the account that root becomes."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        for name in ("alice", "bob"):
            Path(directory, name).mkdir()
        Path(directory, "alice", ".plan").write_bytes(ALICE)
        yield Path(directory)


def ask(server: Server, line: bytes) -> bytes:
    """Sends a query, given without its line end, and returns the answer."""
    with server.connect() as client:
        return ask_on(client, line)


def ask_on(client: Client, line: bytes) -> bytes:
    """Like ask(), on an open connection."""
    client.send(line + b"\r\n")
    return client.receive_until_end()
