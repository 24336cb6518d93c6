"""E12.3: a ring inside an epoll loop."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from harness.proc import wait_until
from harness.strace import from_start
from kit.spoken_to import expect_output, expect_sleep, make_fifos

NOT_YET = ("sh -c 'sed -u s/^/ring:\\ / {ring} & sed -u s/^/epoll:\\ / {epoll} & wait'")

pytestmark = [pytest.mark.ring, pytest.mark.program("{ring} {epoll}", not_yet=NOT_YET)]

EPOLL_WAITS = re.compile(r" epoll_p?wait2?\([^=]*$")


class Running:
    """Your program under strace, and the writing ends of its two FIFOs."""

    def __init__(self, words: Callable[..., list[str]], directory: Path, patience: float) -> None:
        self.patience = patience
        self.log = directory / "log"
        fifos = [directory / "a", directory / "b"]
        self.ring, self.epoll = make_fifos(*fifos)
        command = words(ring=fifos[0], epoll=fifos[1])
        self.process = subprocess.Popen([*from_start(self.log), *command], stdout=subprocess.PIPE)

    def say(self, to: BinaryIO, text: bytes) -> None:
        """Writes a line, which must be printed at once, with the name of who has read it."""
        to.write(text)
        wanted = (b"ring: " if to is self.ring else b"epoll: ") + text
        expect_output(self.process, wanted, self.patience)

    def calls(self) -> list[str]:
        """What strace has seen so far, a line for each system call."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def running(
    words: Callable[..., list[str]], tmp_path: Path, patience: float
) -> Iterator[Running]:
    """Started, and heard from on both sides."""
    started = Running(words, tmp_path, patience)
    try:
        started.say(started.ring, b"first\n")
        started.say(started.epoll, b"second\n")
        yield started
    finally:
        started.ring.close()
        started.epoll.close()
        started.process.kill()
        started.process.wait()


def test_lines_are_printed_whoever_has_read_them(running: Running) -> None:
    """A line that comes through the first FIFO is printed after `ring: `, one through the second
    after `epoll: `, in any order and at once."""
    for number in range(20):
        running.say(running.epoll if number % 3 else running.ring, b"line %d\n" % number)


def test_it_ends_when_both_have_ended(running: Running) -> None:
    """At the end of one stream it goes on with the other; at the end of both it ends with 0."""
    running.ring.close()
    running.say(running.epoll, b"still here\n")
    running.epoll.close()
    assert running.process.wait(running.patience) == 0


def test_each_is_read_as_it_should_be(running: Running) -> None:
    """The first FIFO is read by the ring, the second by read(2)."""
    for _ in range(10):
        running.say(running.ring, b"through the ring\n")
        running.say(running.epoll, b"by hand\n")
    assert wait_until(lambda: "by hand" in "\n".join(running.calls()), running.patience)
    text = "\n".join(line for line in running.calls() if "write(" not in line)
    assert "io_uring_enter(" in text, "the ring was never entered"
    assert "through the ring" not in text, "read(2) has returned what the ring should have read"


def test_it_sleeps_in_one_place(running: Running) -> None:
    """While nothing comes it makes no system call: one thread waits in epoll_wait(2), for both."""
    call = expect_sleep(running.calls, EPOLL_WAITS.search, running.patience)
    assert EPOLL_WAITS.search(call), f"it waits in {call}"
