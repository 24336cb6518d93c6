"""What goes to stderr: one line for each event that is worth one, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import rules
from harness.frames import frame, header
from harness.server import Server

pytestmark = pytest.mark.needs("logs")

STREAM = frame(b"never completed")


def log_after_stop(server: Server) -> list[str]:
    """All log lines: once the server has ended, none can be missing."""
    server.close_clients()
    assert server.stop() == 0
    return server.log_lines()


@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize("cut", [1, 3, 4, 5, len(STREAM) - 1])
def test_an_end_inside_a_message_is_logged_once(server: Server, cut: int) -> None:
    with server.connect() as client:
        client.echo(b"complete")
        client.send(STREAM[:cut])
        client.half_close()
        client.expect_end()
    lines = log_after_stop(server)
    assert len(lines) == 1, f"{len(lines)} lines for an end {cut} bytes into a message: {lines}"


@pytest.mark.rule(rules.LOGS)
def test_a_reset_inside_a_message_is_logged_once(server: Server) -> None:
    client = server.connect()
    client.send_in_pieces(STREAM[:7])
    client.reset()
    server.wait_for_log_lines(1)
    lines = log_after_stop(server)
    assert len(lines) == 1, f"{len(lines)} lines for one reset: {lines}"


@pytest.mark.rule(rules.LOGS)
def test_every_broken_connection_has_a_line_of_its_own(server: Server) -> None:
    for _ in range(5):
        with server.connect() as client:
            client.send(STREAM[:2])
            client.half_close()
            client.expect_end()
        with server.connect() as client:
            client.send(header(0xFFFFFFFF))
            client.expect_end()
    lines = log_after_stop(server)
    assert len(lines) == 10, f"{len(lines)} lines for ten events: {lines}"


@pytest.mark.rule(rules.LOGS)
def test_orderly_clients_leave_no_line(server: Server) -> None:
    server.connect().close()
    for leave in ("close", "half_close", "reset"):
        client = server.connect()
        client.echo(b"", b"a message and a goodbye")
        getattr(client, leave)()
        client.close()
    lines = log_after_stop(server)
    assert lines == [], f"nothing happened that is worth {len(lines)} lines"


@pytest.mark.rule(rules.LOGS)
def test_a_stop_with_clients_connected_leaves_no_line(server: Server) -> None:
    server.connect().echo(b"still here when the server stops")
    assert server.stop() == 0
    assert server.log_lines() == []


@pytest.mark.rule(rules.ESCAPED)
def test_bytes_that_a_peer_chose_cannot_steer_a_terminal(start: Callable[..., Server]) -> None:
    server = start("--verbose", "--max-message", "100")
    for nasty in (b"\x1b[2J\x1b]0;owned\x07\r\n", b"\x00\x9b\xff\xfe" * 5):
        with server.connect() as client:
            client.send(nasty)
            client.half_close()
            client.receive_until_end()
    lines = log_after_stop(server)
    assert lines, "nothing was logged, so nothing was shown to be escaped"
    for line in lines:
        assert line.isascii() and line.isprintable(), f"not escaped: {line!r}"


@pytest.mark.rule(rules.VERBOSE)
def test_verbose_tells_of_each_connection_and_why_it_closed(start: Callable[..., Server]) -> None:
    server = start("--verbose")
    for _ in range(3):
        with server.connect() as client:
            client.echo(b"hello")
            client.half_close()
            client.expect_end()
    lines = log_after_stop(server)
    assert len(lines) >= 6, f"{len(lines)} lines for three connections that came and went: {lines}"
