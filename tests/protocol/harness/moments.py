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


LEAVE = {
    "a-goodbye": _goodbye,
    "a-half-close": _half_close,
    "a-reset": _reset,
    "an-end-inside-a-message": _end_inside_a_message,
    "too-long-a-message": _too_long,
}
after = pytest.mark.parametrize("before", LEAVE)


def client_after(server: Server, before: str) -> Client:
    """A client that comes when another one has been served and has left in this way."""
    first = server.connect()
    first.echo(b"the first")
    LEAVE[before](first)
    return server.connect()
