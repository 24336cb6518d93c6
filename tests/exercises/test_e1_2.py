"""E1.2: a fuzzer that finds what others have forgotten."""

import re
import sys
from collections.abc import Iterator

import pytest

from harness.server import Server
from kit.tested import Own, Run
from kit.suite import PROTOCOL

pytestmark = pytest.mark.program("{port} {seconds} {seed}")

BROKEN_SERVERS = str(PROTOCOL / "subjects" / "broken_servers.py")
BUGS = ("last-first", "one-message-per-wake-up", "zero-is-the-end", "drops-half-closed")
SECONDS = 4



@pytest.fixture
def suspect(request: pytest.FixtureRequest, patience: float) -> Iterator[Server]:
    """A server with the defect that the test's parameter names."""
    command = (sys.executable, BROKEN_SERVERS, request.param, "--port", "{port}")
    server = Server(Own("suspect", "program", command), patience=patience)
    server.wait_until_ready()
    yield server
    server.kill()


@pytest.mark.parametrize("suspect", ["none"], indirect=True)
def test_a_healthy_server_is_left_in_peace(suspect: Server, run: Run) -> None:
    """If every conversation comes back right, the exit status at the end of the time is 0."""
    ran = run(port=suspect.address[1], seconds=1, seed=1)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("suspect", BUGS, indirect=True)
def test_a_defect_is_found(suspect: Server, run: Run) -> None:
    """The fuzzer sends random messages, including empty ones, in random slices, and then the end of
    the stream. All must come back in order, and then the server's end. If they don't within a
    second or so, the fuzzer prints the seed and exits with 1."""
    ran = run(port=suspect.address[1], seconds=SECONDS, seed=1)
    assert ran.returncode == 1, f"{SECONDS} s, and no defect was found"
    assert re.search(rb"\d", ran.stdout + ran.stderr), "no seed was printed"


@pytest.mark.parametrize("suspect", ["zero-is-the-end"], indirect=True)
def test_the_seed_brings_it_back(suspect: Server, run: Run) -> None:
    """With the printed seed, the same conversation fails at once."""
    first = run(port=suspect.address[1], seconds=SECONDS, seed=1)
    found = re.search(rb"\d+", first.stdout + first.stderr)
    assert found, f"no seed was printed: {first.stdout + first.stderr!r}"
    again = run(port=suspect.address[1], seconds=SECONDS, seed=int(found[0]))
    assert (again.returncode, again.stdout) == (1, first.stdout)
