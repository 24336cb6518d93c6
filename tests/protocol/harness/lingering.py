"""The server closes a connection while input is unread, which mustn't destroy any answer."""

from __future__ import annotations

import time

from harness.client import Client
from harness.frames import frame, header
from harness.verdict import ContractBroken

TOO_LONG = header(0xFFFFFFFF)
LINGER_SECONDS = 2.0
UNREAD = bytes(200_000)  # more than a receive buffer takes at a time, so some of it is never read


class LingeringClose:
    """Explains a reset in this block, which has only one cause, at the beginning of the failure."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        __tracebackhide__ = True
        if isinstance(error, ContractBroken) and error.by_reset:
            raise self.client.broken(
                "no lingering close: the server closed the connection while input was there, or "
                "still coming, that it had not read. The kernel turns that close into a reset, "
                "which throws away answers on their way. Call shutdown(SHUT_WR) instead, then read "
                "and discard until the client's end of stream, for up to 2 s, and only then close"
            ) from None


def expect_lingering_close(client: Client) -> None:
    """Expects that a server that closes with unread input still delivers its answer."""
    # We send all in one go, because some of it must be there at the close.
    client.send(frame(b"earlier") + TOO_LONG + UNREAD)
    client.wait_until_in_kernel()
    with LingeringClose(client):
        client.expect(b"earlier")
        client.expect_end()


def expect_two_seconds(client: Client, says: bytes) -> None:
    """Expects that the server, which has just ended its stream, waits two seconds for the end of a
    client that keeps sending `says`."""
    begin = time.monotonic()
    while client.is_held_by_the_server():
        if time.monotonic() - begin > LINGER_SECONDS + 5:
            raise client.broken(
                f"{LINGER_SECONDS + 5:g} s after its own end of stream the server still holds the "
                "connection of a client that does not end its own"
                + (f", and says {says!r} again and again. A limit for each receive begins again "
                   "with each byte: the 2 s are for all of them together" if says else ""))
        client.try_send(says)
        time.sleep(0.02)
    lasted = time.monotonic() - begin
    if lasted < LINGER_SECONDS - 0.3:
        raise client.broken(
            f"no lingering close: the server waited {lasted:.1f} s only for the peer's end")
