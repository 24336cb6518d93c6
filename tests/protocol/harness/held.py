"""Brings a server to the point where it holds answers that its kernel doesn't take. The kernel
keeps megabytes for a client that doesn't read, and how much changes from one connection to the
next. So we measure: if sent bytes are in neither kernel, the server holds them.
"""

import array
import fcntl
import termios
import time
from collections.abc import Callable

import pytest

from harness import sockdiag
from harness.client import Client
from harness.frames import distinct_payloads, frames
from harness.proc import wait_until
from harness.sockdiag import Queues

MOMENT_SECONDS = 0.1  # if an answer hasn't left the server by then, it's held
SEEN_SECONDS = 0.2  # long enough for the server to see the end of the stream
BURST = frames(distinct_payloads(160, 96))  # fits the 16 KiB that servers like to read at once


def queues(client: Client) -> Queues:
    """Returns the queues at the server's end of the connection. Skips the test if the kernel
    doesn't tell."""
    found = queues_if_any(client)
    assert found is not None, "no such connection"
    return found


def queues_if_any(client: Client) -> Queues | None:
    """Returns the queues, or None if the server's end is gone."""
    try:
        names = client.socket.getpeername()[:2], client.socket.getsockname()[:2]
    except OSError:
        return None  # the connection was reset
    try:
        return sockdiag.queues(*names, client.socket.family)
    except OSError as error:
        pytest.skip(f"the kernel does not tell about other people's sockets here: {error}")


def server_has_ended(client: Client) -> bool:
    """Returns true if the server has ended its stream, which a client that doesn't read can't see.
    Skips the test if the kernel doesn't tell."""
    found = queues_if_any(client)
    return found is None or not found.is_established


def arrived_bytes(client: Client) -> int:
    """Returns how many bytes the client could read now."""
    number = array.array("i", [0])
    fcntl.ioctl(client.socket.fileno(), termios.FIONREAD, number)
    return number[0]


def send_until_the_server_holds_answers(
    client: Client, held_seconds: float = MOMENT_SECONDS, burst: bytes = BURST
) -> tuple[int, bool]:
    """Sends one burst after the other, until the kernel doesn't take all the answers for
    `held_seconds`. Returns how much was sent, and whether the server took all of it, so that the
    kernel has nothing left that could wake the server.
    """
    sent = 0

    def all_is_read() -> bool:
        return queues(client).unread == 0

    def all_answers_are_out() -> bool:
        return arrived_bytes(client) + queues(client).unacknowledged >= sent

    while True:
        client.send(burst)
        sent += len(burst)
        client.wait_until_in_kernel()
        if not wait_until(all_is_read, within=1.0, pause=0.0005):
            return sent, False  # the server already held answers to the burst before
        if not wait_until(all_answers_are_out, held_seconds, pause=0.0005):
            return sent, True


def finish_and_read_late(
    client: Client, meanwhile: Callable[[], None] = int, *,
    finish: Callable[[Client], None] = Client.half_close, more: int = 0,
) -> None:
    """Finishes while the server holds answers, perhaps after more bursts at once, and takes all
    answers a moment later."""
    sent, _ = send_until_the_server_holds_answers(client)
    client.send(BURST * more)
    finish(client)
    time.sleep(SEEN_SECONDS)
    meanwhile()
    client.let_window_grow()
    client.expect_same(BURST * (sent // len(BURST) + more), client.receive_until_end())
