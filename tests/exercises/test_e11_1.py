"""E11.1: a generator that yields messages."""

import random

import pytest

from harness.frames import frames
from harness.polling import readable
from kit.tested import Begin, Run

pytestmark = pytest.mark.program("")

PAYLOADS = [b"hello", b"", b"two\nlines", b"x" * 65536, b"the last"]
TOO_LONG = (65537).to_bytes(4, "little")


def lines(*payloads: bytes) -> bytes:
    """The output for these payloads."""
    return b"".join(b"%d %s\n" % (len(payload), payload) for payload in payloads)


def test_a_line_for_each_message(run: Run) -> None:
    """For each message of its input the program prints the length, a blank, the payload, and a line
    feed. At the end of the stream it exits with 0."""
    ended = run(input=frames(PAYLOADS))
    assert ended.stdout == lines(*PAYLOADS)
    assert ended.returncode == 0, ended.stderr.decode()


@pytest.mark.parametrize("size", [1, 3, 4, 1000])
def test_the_slices_change_nothing(begin: Begin, size: int) -> None:
    """The lines are the same for any slices of the stream."""
    running = begin()
    payloads = [random.Random(n).randbytes(n) for n in range(40)]
    stream = frames(payloads)
    for at in range(0, len(stream), size):
        running.stdin.write(stream[at:at + size])
    running.stdin.close()
    assert running.stdout.read() == lines(*payloads)
    assert running.wait() == 0


def test_a_message_is_printed_when_it_is_complete(begin: Begin, patience: float) -> None:
    """A generator yields a message as soon as that is complete. The line doesn't wait for the next
    message, or for the end of the stream."""
    running = begin()
    for payload in (b"one", b"two"):
        running.stdin.write(frames([payload]) + b"\x05\x00")
        assert readable(running.stdout, patience), f"{payload!r} is complete, and was not printed"
        assert running.stdout.read(100) == lines(payload)
        running.stdin.write(b"\x00\x00three")
        assert readable(running.stdout, patience), "the message after it is complete, too"
        assert running.stdout.read(100) == lines(b"three")


def test_too_long_a_message_is_an_error(run: Run) -> None:
    """After a length over 65536 the program exits with 1, and has printed the messages before that.
    Nothing after such a length can be trusted."""
    ended = run(input=frames([b"fine"]) + TOO_LONG + frames([b"not to be believed"]))
    assert ended.stdout == lines(b"fine")
    assert ended.returncode == 1, f"exit status {ended.returncode}, wanted 1"


@pytest.mark.parametrize("rest", [b"\x05", b"\x05\x00\x00\x00", b"\x05\x00\x00\x00hell"])
def test_half_a_message_is_an_error(run: Run, rest: bytes) -> None:
    """If the stream ends inside a message, the program exits with 1."""
    ended = run(input=frames([b"fine"]) + rest)
    assert ended.stdout == lines(b"fine")
    assert ended.returncode == 1, f"exit status {ended.returncode}, wanted 1"
