"""E14.1: a client that is turned away is told."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.proc import Process, serving, wait_until
from harness.server import Server
from harness.strace import ACCEPT_CALLS, RECEIVE_CALLS, Strace, delay
from kit.finger import ALICES_ANSWER, ask_on, target, users  # noqa: F401

pytestmark = pytest.mark.ring

TOO_MANY = b"Error: Too many connections\r\n"


@pytest.fixture
def daemon(start: Callable[..., Server], users: Path) -> Server:  # noqa: F811
    """The daemon, with one place for each address."""
    return start("--users", str(users), "--max-per-ip", "1")


@pytest.fixture
def worker(daemon: Server) -> Process:
    """The daemon's worker process."""
    return Process(serving(daemon.pid))


def expect_refusal(daemon: Server) -> None:
    """Expects the next client from here to be turned away with the line."""
    with daemon.connect() as client:
        received = client.receive_until_end()
        if received != TOO_MANY:
            raise client.broken(f"it should have been {TOO_MANY!r}, and was {received!r}")


def test_one_too_many_gets_a_line(daemon: Server) -> None:
    """A connection above --max-per-ip gets the line `Error: Too many connections`, with CRLF, and
    then the end of the stream, even before its query."""
    daemon.connect()
    expect_refusal(daemon)


def test_the_line_is_not_lost_to_a_reset(daemon: Server, worker: Process) -> None:
    """A client that sent its query by then gets the line, too. If the server closed with the query
    unread, the client would get a reset."""
    daemon.connect()
    os.kill(worker.pid, signal.SIGSTOP)
    worker.wait_until_stopped(daemon.patience)
    client = daemon.connect()
    client.send(b"alice\r\n")
    client.wait_until_in_kernel()
    os.kill(worker.pid, signal.SIGCONT)
    assert client.receive_until_end() == TOO_MANY


def test_who_is_served_does_not_notice(daemon: Server) -> None:
    """The client that was admitted is answered as always."""
    first = daemon.connect()
    expect_refusal(daemon)
    assert ask_on(first, b"alice") == ALICES_ANSWER


def test_who_sends_without_end_holds_nobody_up(daemon: Server) -> None:
    """A client that is turned away and sends as fast as it can keeps nobody waiting: what it sends
    is discarded in a few calls, and not until there is no more."""
    first = daemon.connect()
    # Each receive takes so long that there is always more to receive after it.
    with Strace(daemon, *delay(f"{ACCEPT_CALLS},{RECEIVE_CALLS}", 50_000)) as tracer:
        flooding = daemon.connect().socket

        def flood() -> None:
            with contextlib.suppress(OSError):
                while True:
                    flooding.sendall(bytes(1 << 20))

        sender = threading.Thread(target=flood)
        sender.start()
        try:
            wait_until(lambda: any(tracer.calls()[name] for name in RECEIVE_CALLS.split(",")), 1)
            assert ask_on(first, b"alice") == ALICES_ANSWER
        finally:
            with contextlib.suppress(OSError):
                flooding.shutdown(socket.SHUT_RDWR)
            sender.join()


def test_who_is_turned_away_is_not_waited_for(daemon: Server, worker: Process) -> None:
    """A client that is turned away takes no place and no descriptor, even if it neither reads nor
    leaves."""
    first = daemon.connect()
    expect_refusal(daemon)
    at_rest = worker.descriptor_count()
    stubborn = [daemon.connect() for _ in range(50)]
    assert wait_until(lambda: worker.descriptor_count() <= at_rest, daemon.patience)
    assert ask_on(first, b"alice") == ALICES_ANSWER
    assert all(client.receive_until_end() == TOO_MANY for client in stubborn)
