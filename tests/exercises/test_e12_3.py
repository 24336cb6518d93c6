"""E12.3: whichever comes first, input or the end of a sleep."""

import random
import time

import pytest

from harness.polling import readable
from kit.tested import Begin
from kit.spoken_to import expect_output

pytestmark = [pytest.mark.ring, pytest.mark.clock, pytest.mark.program("{ms}")]

FEW_MS, MANY_MS = 20, 60_000


def test_input_is_copied(begin: Begin) -> None:
    """Bytes from stdin go to stdout unchanged. At the end of the input the program exits with 0."""
    data = random.Random(10).randbytes(50_000)
    process = begin(ms=MANY_MS)
    out, err = process.communicate(data)
    assert out == data
    assert (process.returncode, err) == (0, b"")


def test_silence_ticks(begin: Begin, patience: float) -> None:
    """Each time that there is no input for the given number of milliseconds, the program prints a
    line `tick` to stderr."""
    began = time.monotonic()
    process = begin(ms=FEW_MS)
    for _ in range(5):
        assert readable(process.stderr, patience), "nothing has come, and no tick"
        assert process.stderr.readline() == b"tick\n"
    assert time.monotonic() - began >= 5 * FEW_MS / 1000, "five ticks, and too early"


def test_input_comes_before_the_time_is_up(begin: Begin, patience: float) -> None:
    """Input doesn't wait for the end of a sleep, and while there is input nothing ticks."""
    process = begin(ms=MANY_MS)
    for number in range(20):
        process.stdin.write(b"line %d\n" % number)
        expect_output(process, b"line %d\n" % number, patience)
    assert not readable(process.stderr, 0.05), f"it said {process.stderr.readline()!r}"


def test_after_a_tick_the_next_reader_gets_the_bytes(begin: Begin, patience: float) -> None:
    """A cancelled read takes no bytes, so input after a tick is copied at once."""
    process = begin(ms=FEW_MS)
    for number in range(5):
        assert readable(process.stderr, patience), "nothing has come, and no tick"
        assert process.stderr.readline() == b"tick\n"
        process.stdin.write(b"line %d\n" % number)
        expect_output(process, b"line %d\n" % number, patience)


def test_no_byte_is_lost_between_the_two(begin: Begin, patience: float) -> None:
    """Bytes that arrive exactly when the time is up are copied as well, once and in order. The read
    may have completed although the sleep won the race."""
    process = begin(ms=1)
    wanted = b""
    chance = random.Random(1)
    for number in range(1000):
        process.stdin.write(b"line %d\n" % number)
        wanted += b"line %d\n" % number
        time.sleep(chance.uniform(0.0005, 0.0015))
    process.stdin.close()
    expect_output(process, wanted, patience)
    process.stderr.read()
    assert process.wait(patience) == 0
