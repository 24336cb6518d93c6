"""E1.1: lengths in network byte order, with an option."""

from collections.abc import Callable

import pytest

from harness.server import Server
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part1-blocking")

OPTION = "--big-endian"


def test_a_length_comes_with_its_highest_byte_first(start: Callable[..., Server]) -> None:
    """With --big-endian, 00 00 00 02 announces two bytes, and the answer begins the same way."""
    client = start(OPTION).connect()
    client.send(b"\x00\x00\x00\x02hi")
    assert client.receive(6) == b"\x00\x00\x00\x02hi"
    payload = bytes(0x0102)
    client.send(b"\x00\x00\x01\x02" + payload)
    assert client.receive(4 + len(payload)) == b"\x00\x00\x01\x02" + payload


def test_a_message_may_still_arrive_one_byte_at_a_time(start: Callable[..., Server]) -> None:
    """With --big-endian, too, slicing changes nothing."""
    client = start(OPTION).connect()
    client.send_in_pieces(*(bytes([byte]) for byte in b"\0\0\0\3you\0\0\0\0\0\0\0\1x"))
    assert client.receive(16) == b"\0\0\0\3you\0\0\0\0\0\0\0\1x"


def test_the_limit_is_that_of_the_number_meant(start: Callable[..., Server]) -> None:
    """With --big-endian, 01 00 00 00 is 16 MiB, and too long at its fourth byte."""
    client = start(OPTION).connect()
    client.send(b"\x01\x00\x00\x00")
    client.expect_end()


def test_without_the_option_nothing_has_changed(target: Subject) -> None:
    """Without it, lengths are little-endian: the contract's tests of framing pass."""
    suite.contract(target, "test_framing.py").must_all_pass()
