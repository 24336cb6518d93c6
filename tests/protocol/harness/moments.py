"""When a client comes: what the first connection shows, a later one may not."""

import pytest

from harness.client import Client
from harness.frames import frame
from harness.lingering import TOO_LONG
from harness.server import Server


def _goodbye(client: Client) -> None:
    client.close()


def _half_close(client: Client) -> None:
    client.half_close()
    client.expect_end()
    client.close()


def _reset(client: Client) -> None:
    client.reset()


def _end_inside_a_message(client: Client) -> None:
    client.send(frame(b"not complete")[:9])
    client.close()


def _too_long(client: Client) -> None:
    client.send(TOO_LONG)
    client.expect_end()
    client.close()


def _silence(_: Client) -> None:
    pass


def _half_a_message(client: Client) -> None:
    client.send_in_pieces(frame(b"not complete")[:9])


def _being_closed(client: Client) -> None:
    client.send(TOO_LONG)
    client.expect_end()


LEAVE = {
    "a-goodbye": _goodbye,
    "a-half-close": _half_close,
    "a-reset": _reset,
    "an-end-inside-a-message": _end_inside_a_message,
    "too-long-a-message": _too_long,
}
STAY = {
    "a-silent-one": _silence,
    "one-inside-a-message": _half_a_message,
    "one-that-is-being-closed": _being_closed,
}
after = pytest.mark.parametrize("before", LEAVE)
beside = pytest.mark.parametrize("neighbour", STAY)


def client_after(server: Server, before: str) -> Client:
    """A client that comes when another one has been served and has left in this way."""
    first = server.connect()
    first.echo(b"the first")
    LEAVE[before](first)
    return server.connect()


def client_beside(server: Server, neighbour: str) -> Client:
    """A client that comes while another one is there, and does this."""
    first = server.connect()
    first.echo(b"the first")
    STAY[neighbour](first)
    return server.connect()
