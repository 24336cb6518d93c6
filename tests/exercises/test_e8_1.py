"""E8.1: a timeout for who does not speak, and another for who does not read."""

import time
from collections.abc import Callable

import pytest

from harness.client import Client
from harness.frames import distinct_payloads, frames
from harness.proc import wait_until
from harness.server import Server

pytestmark = [pytest.mark.stage("part5-epoll"), pytest.mark.clock]

SHORT, LONG = "400ms", "60s"
SHORT_SECONDS, LATE_SECONDS = 0.4, 4.0
LINGER_SECONDS = 2.0  # for which a closing connection may wait for its peer's end
STREAM = frames(distinct_payloads(1000, 16_000))  # 16 MB, more than all buffers together


def one_who_never_reads(server: Server) -> Client:
    client = server.connect(receive_buffer=4096)
    assert client.send_until_stuck(STREAM) < len(STREAM), "the server took 16 MB of questions"
    return client


def test_who_takes_no_answers_is_closed_by_the_write_timeout(start: Callable[..., Server]) -> None:
    """--write-timeout closes a client that takes no byte of its answers for that long, even behind
    a silent client whose --read-timeout is far away."""
    server = start("--read-timeout", LONG, "--write-timeout", SHORT)
    silent = server.connect()
    silent.echo(b"and from now on silent")
    at_rest = server.process.socket_count()
    begin = time.monotonic()
    one_who_never_reads(server)
    limit = SHORT_SECONDS + LINGER_SECONDS + LATE_SECONDS
    gone = wait_until(lambda: server.process.socket_count() <= at_rest, limit, pause=0.01)
    waited = time.monotonic() - begin
    assert gone, f"after {waited:.1f} s the server keeps a client that reads nothing"
    assert waited >= SHORT_SECONDS, f"closed after {waited:.3f} s: that is too early"
    silent.echo(b"still served")


def test_who_says_nothing_is_closed_by_the_read_timeout(start: Callable[..., Server]) -> None:
    """--read-timeout closes a client that completes no message for that long, even behind a client
    that takes no answers and whose --write-timeout is far away."""
    server = start("--read-timeout", SHORT, "--write-timeout", LONG)
    at_rest = server.process.socket_count()
    one_who_never_reads(server)
    server.connect().expect_end(within=SHORT_SECONDS + LATE_SECONDS)
    time.sleep(2 * SHORT_SECONDS)
    assert server.process.socket_count() > at_rest, "who did not read is gone, before its time"


def test_the_read_clock_starts_anew_when_the_answers_are_gone(start: Callable[..., Server]) -> None:
    """While answers wait, only --write-timeout counts. When the last answer is sent, --read-timeout
    starts again."""
    server = start("--read-timeout", "1s", "--write-timeout", LONG)
    client = server.connect(receive_buffer=4096)
    taken = client.send_until_stuck(STREAM)
    time.sleep(1.5)  # longer than the time to read
    client.let_window_grow()
    client.exchange(STREAM[taken:], len(STREAM))
    client.echo(b"still here")
    client.expect_end(within=1 + LATE_SECONDS)


def test_no_write_timeout_is_one_that_never_ends(start: Callable[..., Server]) -> None:
    """--write-timeout 0 means no timeout."""
    server = start("--read-timeout", SHORT, "--write-timeout", "0")
    at_rest = server.process.socket_count()
    one_who_never_reads(server)
    time.sleep(3 * SHORT_SECONDS)
    assert server.process.socket_count() > at_rest, "closed, though nothing limits it"
