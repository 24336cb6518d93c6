"""The moment when a client comes, because a later connection may reveal more than the first."""

import pytest

from harness.client import Client
from harness.frames import frame
from harness.lingering import TOO_LONG
from harness.proc import wait_until
from harness.server import Server

BEGUN = frame(b"not complete")[:9]
GONE_SECONDS = 0.5


def _goodbye(client: Client) -> None:
    client.close()


def _half_close(client: Client) -> None:
    client.half_close()
    client.expect_end()
    client.close()


def _reset(client: Client) -> None:
    client.send_in_pieces(BEGUN)
    client.reset()


def _end_inside_a_message(client: Client) -> None:
    client.send(BEGUN)
    client.close()


def _too_long(client: Client) -> None:
    client.send(TOO_LONG)
    client.expect_end()
    client.send_in_pieces(BEGUN)
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
    """Returns a client that comes after an earlier one was served and left in this way."""
    sockets = socket_count(server)
    first = server.connect()
    first.echo(b"the first")
    LEAVE[before](first)
    return client_in_its_place(server, sockets)


def socket_count(server: Server) -> int:
    """Returns how many sockets the server has, or 0 if we can't see them."""
    try:
        return server.process.socket_count()
    except PermissionError:
        return 0


def client_in_its_place(server: Server, sockets: int) -> Client:
    """Returns a client that comes when the server has no more than `sockets` again, so it gets the
    descriptor number of the last one."""
    wait_until(lambda: socket_count(server) <= sockets, GONE_SECONDS, pause=0.001)
    return server.connect()
