"""Once warm, a message that fits one receive buffer costs no heap allocation."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import BUILD
from harness import http
from harness.proc import wait_until
from harness.server import Server

MESSAGES = 1000
CROWD = 50
COUNTER = BUILD / "tests" / "costs" / "libcount_allocations.so"


def count(file: Path) -> int:
    """Returns how often the program has called malloc so far."""
    return struct.unpack("<Q", file.read_bytes())[0]


@pytest.fixture
def counted(start: Callable[..., Server], tmp_path: Path) -> tuple[Server, Path]:
    """A server with a counter for its allocations, and the counter's file."""
    return start_counted(start, tmp_path / "allocations")


def start_counted(start: Callable[..., Server], file: Path, *options: str) -> tuple[Server, Path]:
    """Starts such a server, with options."""
    file.write_bytes(bytes(8))
    words = ("/usr/bin/env", f"LD_PRELOAD={COUNTER}", f"ALLOCATIONS={file}")
    return start(*options, before=words), file


def come_and_go(server: Server, clients: int, rounds: int) -> None:
    """Lets this many clients come together, get an answer, and leave, again and again."""
    for _ in range(rounds):
        for number in range(clients):
            server.connect().send_messages(b"%d" % number)
        for number, client in enumerate(server.clients):
            client.expect(b"%d" % number)
            client.close()
        server.clients.clear()


@pytest.mark.parametrize("payload_bytes", [0, 64, 8000])
def test_a_message_that_fits_one_receive_costs_no_allocation(
    counted: tuple[Server, Path], payload_bytes: int
) -> None:
    server, file = counted
    client = server.connect()
    for _ in range(10):
        client.echo(bytes(payload_bytes))
    before = count(file)
    for _ in range(MESSAGES):
        client.echo(bytes(payload_bytes))
    assert count(file) == before, f"{count(file) - before} allocations for {MESSAGES} messages"


def test_a_message_that_is_cut_costs_some(counted: tuple[Server, Path]) -> None:
    """This shows that the counter counts, because the server keeps an incomplete message on the
    heap."""
    server, file = counted
    client = server.connect()
    client.echo(b"warm")
    before = count(file)
    client.send(b"\x05\x00\x00\x00he")
    assert wait_until(lambda: count(file) > before, server.patience), "no allocation was seen"
    client.send(b"llo")
    client.expect(b"hello")


def talk_at_once(server: Server, clients: int) -> None:
    """Makes this many conversations at the same moment, however fast the server is."""
    crowd = [server.connect() for _ in range(clients)]
    for client in crowd:
        client.echo(b"accepted")
    server.pause()
    for client in crowd:
        client.send_messages(b"all together")
    server.resume()
    for client in crowd:
        client.expect(b"all together")
        client.close()
    server.clients.clear()


@pytest.mark.stages("part6-uring")
@pytest.mark.parametrize("together", [1, CROWD])
def test_a_connection_costs_its_session_alone(counted: tuple[Server, Path], together: int) -> None:
    """Its coroutines reuse the memory of earlier ones."""
    server, file = counted
    # A new connection may come while an earlier one is still there.
    come_and_go(server, 2 * CROWD, 2)
    talk_at_once(server, 2 * CROWD)
    for _ in range(3):  # a busy machine may, once, have more of them at a time than ever before
        before = count(file)
        come_and_go(server, together, MESSAGES // together)
        grown = count(file) - before
        if grown <= MESSAGES:
            return
    pytest.fail(f"{grown} allocations for {MESSAGES} connections, each of which has a session")


@pytest.mark.stages("part6-uring")
def test_a_request_costs_no_allocation(start: Callable[..., Server], tmp_path: Path) -> None:
    server, file = start_counted(start, tmp_path / "allocations", "--protocol", "http")
    client = server.connect()
    for _ in range(10):
        client.send(http.get())
        http.expect_hello(client)
    before = count(file)
    for _ in range(MESSAGES):
        client.send(http.get())
        http.expect_hello(client)
    assert count(file) == before, f"{count(file) - before} allocations for {MESSAGES} requests"
