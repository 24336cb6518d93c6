"""E15.3: a limit for each client, though all of them come through a proxy."""

from collections.abc import Callable, Iterator

import pytest

from harness.subject import free_port
from kit.tested import Words
from kit.own import LOCAL, MESSAGE, Client, binary, line, running

pytestmark = pytest.mark.program("{port} {trusted} {most}")

PROXY, UNKNOWN = "127.0.0.1", "127.0.0.2"
MOST = 2
Connect = Callable[..., Client]


@pytest.fixture
def connect(words: Words, patience: float) -> Iterator[Connect]:
    """Connects to a server that admits two connections from each address."""
    port = free_port()
    with running(words(port=str(port), trusted=PROXY, most=str(MOST)), patience):

        def connect_one(begin: bytes = b"", source: str = PROXY) -> Client:
            client = Client(port, patience, source)
            client.send(begin + MESSAGE)
            return client

        yield connect_one


def fill(connect: Connect, begin: bytes, source: str = PROXY) -> list[Client]:
    """Connects as many clients as are admitted, and expects the next one to be turned away."""
    admitted = [connect(begin, source) for _ in range(MOST)]
    assert all(client.answer() == MESSAGE for client in admitted)
    assert connect(begin, source).answer() == b"", "one too many was answered"
    return admitted


@pytest.mark.parametrize("begin", [line("192.0.2.7"), binary("192.0.2.7"), binary("2001:db8::7")],
                         ids=["v1", "v2", "v2-ipv6"])
def test_the_limit_counts_the_address_in_the_header(connect: Connect, begin: bytes) -> None:
    """For each address that a header names, the option's number of connections are served. One more
    is closed, and other addresses aren't affected."""
    admitted = fill(connect, begin)
    other = connect(line("192.0.2.8"))
    assert other.answer() == MESSAGE
    assert len(admitted) == MOST


def test_a_slot_that_comes_free_is_used(connect: Connect) -> None:
    """When a connection has ended, the next one from that address is served."""
    admitted = fill(connect, line("192.0.2.7"))
    admitted[0].socket.shutdown(1)
    assert admitted[0].answer() == b""
    assert connect(line("192.0.2.7")).answer() == MESSAGE


def test_the_same_client_is_counted_once_for_both_versions(connect: Connect) -> None:
    """Both versions of the header count for the same address."""
    kept = [connect(line("192.0.2.7")), connect(binary("192.0.2.7"))]
    assert all(client.answer() == MESSAGE for client in kept)
    assert connect(line("192.0.2.7")).answer() == b""


def test_the_proxys_own_questions_count_for_nobody(connect: Connect) -> None:
    """A health check names no client, so the limit doesn't apply to it."""
    checks = [connect(LOCAL) for _ in range(3 * MOST)]
    assert all(check.answer() == MESSAGE for check in checks)


def test_a_unknown_is_counted_by_its_own_address(connect: Connect) -> None:
    """A peer that isn't trusted counts by its own address."""
    admitted = fill(connect, b"", UNKNOWN)
    assert connect(line(UNKNOWN)).answer() == b"", "the same address, through the proxy"
    assert len(admitted) == MOST
