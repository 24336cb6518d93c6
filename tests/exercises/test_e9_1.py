"""E9.1: a protocol whose only answer comes at the end of the stream."""

from collections.abc import Callable

import pytest

from harness.client import Client
from harness.server import Server

pytestmark = pytest.mark.stage("part5-epoll")


@pytest.fixture
def receipts(start: Callable[..., Server]) -> Server:
    """A server that gives receipts."""
    return start("--receipt")


def expect_receipt(client: Client, count: int) -> None:
    """Half-closes, and expects the receipt for this many bytes."""
    client.half_close()
    line = b"Received %d bytes\n" % count
    received = client.receive_until_end()
    if received != line:
        raise client.broken(f"the answer should have been {line!r}, and is {received!r}")


@pytest.mark.parametrize("count", [0, 1, 5, 300_000])
def test_the_end_is_answered_with_a_count(receipts: Server, count: int) -> None:
    """With --receipt, a client that sends N bytes and half-closes gets the line `Received N bytes`,
    and then the end of the stream."""
    client = receipts.connect()
    client.send(bytes(count))
    expect_receipt(client, count)


def test_nothing_is_said_before_the_end(receipts: Server) -> None:
    """A client gets no answer before it finishes sending, whatever the bytes are."""
    client = receipts.connect()
    client.send_in_pieces(b"a", b"bc", b"\xff\xff\xff\xff")
    client.expect_silence()
    expect_receipt(client, 7)


def test_each_client_has_a_count_of_its_own(receipts: Server) -> None:
    """The bytes of each client are counted separately."""
    one, another = receipts.connect(), receipts.connect()
    one.send(b"one")
    another.send(b"another")
    one.send(b"one more")
    expect_receipt(another, 7)
    expect_receipt(one, 11)


def test_without_the_option_it_echoes(start: Callable[..., Server]) -> None:
    """Without --receipt nothing has changed: messages are echoed, and the end is not answered."""
    client = start().connect()
    client.echo(b"hello")
    client.half_close()
    client.expect_end()


def test_a_stop_is_not_the_clients_end(receipts: Server) -> None:
    """If the server stops before a client finishes sending, the client gets no receipt, because the
    number would be a guess."""
    client = receipts.connect()
    client.send(b"not all yet")
    client.let_it_arrive()
    assert receipts.stop() == 0
    client.expect_end()
