"""--protocol discard: the server takes everything and answers nothing (RFC 863)."""

import time

import pytest

import rules
from harness.client import Client
from harness.frames import header
from harness.server import Server, Start
from harness.usage import expect_wrong_usage

pytestmark = [pytest.mark.needs("discard"), pytest.mark.rule(rules.DISCARD)]

MEBIBYTE = 1 << 20


@pytest.fixture
def discarding(start: Start) -> Server:
    """A server started with --protocol discard."""
    return start("--protocol", "discard")


def test_nothing_is_answered(discarding: Server) -> None:
    client = discarding.connect()
    client.send_in_pieces(b"hello", b"\r\n", header(5) + b"frame")
    client.expect_silence()


def test_everything_is_taken(discarding: Server) -> None:
    client = discarding.connect()
    for _ in range(20):
        client.send(bytes(MEBIBYTE))  # far more than any buffer, so the server has to throw it away
    client.half_close()
    client.expect_end()


def test_no_length_is_too_long(discarding: Server) -> None:
    client = discarding.connect()
    client.send_in_pieces(b"\xff" * 1000, b"\xff" * 100_000)
    client.expect_silence()


def test_an_end_is_an_end_at_any_byte_and_nothing_to_log(discarding: Server) -> None:
    for count in range(6):
        with discarding.connect() as client:
            client.send(b"\x05\x00\x00\x00he"[:count])
            client.half_close()
            client.expect_end()
    discarding.expect_stop()
    lines = discarding.log_lines()
    assert not lines, f"nothing happened that is worth a line: {lines}"


@pytest.mark.clock
@pytest.mark.needs("discard", "read-timeout")
def test_any_byte_counts_as_a_message_for_the_time_bound(start: Start) -> None:
    timeout = 0.4
    client: Client = start("--protocol", "discard", "--read-timeout", "400ms").connect()
    begin = time.monotonic()
    while time.monotonic() < begin + 2 * timeout:
        client.send(b"x")
        client.expect_silence(timeout / 4)
    last = time.monotonic()
    client.send(b"x")
    client.expect_end()
    waited = time.monotonic() - last
    assert waited >= timeout, f"closed {waited:.3f} s after a byte, before {timeout} s had passed"


def test_it_stops_in_order(discarding: Server) -> None:
    client = discarding.connect()
    client.send_in_pieces(b"some bytes")
    with discarding.connect() as later:  # when this one is served, the first was accepted
        later.half_close()
        later.expect_end()
    discarding.expect_stop()
    client.expect_end()


@pytest.mark.needs("discard", "command-line")
def test_an_unknown_protocol_is_wrong_usage(start: Start) -> None:
    expect_wrong_usage(start("--protocol", "gopher", ready=False), "--protocol")
