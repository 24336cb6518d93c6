"""E12.2: a ring inside an epoll loop."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.proc import wait_until
from harness.strace import from_start
from kit.tested import Words
from kit.spoken_to import Running, expect_sleep

pytestmark = [pytest.mark.ring, pytest.mark.program("{ring} {epoll}")]

EPOLL_WAITS = re.compile(r" epoll_p?wait2?\([^=]*$")


def calls(log: Path) -> list[str]:
    """strace's lines so far, one for each system call."""
    return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """strace's log."""
    return tmp_path / "log"


@pytest.fixture
def running(words: Words, tmp_path: Path, log: Path, patience: float) -> Iterator[Running]:
    """Your program under strace, after a line through each FIFO."""
    says = {"ring": b"ring: ", "epoll": b"epoll: "}
    started = Running(words, tmp_path, patience, says, *from_start(log))
    try:
        started.say("ring", b"first")
        started.say("epoll", b"second")
        yield started
    finally:
        started.kill()


def test_lines_are_printed_whoever_has_read_them(running: Running) -> None:
    """A line from the first FIFO is printed at once after `ring: `, and a line from the second
    after `epoll: `, in any order."""
    for number in range(20):
        running.say("epoll" if number % 3 else "ring", b"line %d" % number)


def test_it_ends_when_both_have_ended(running: Running) -> None:
    """At the end of one stream the program goes on with the other. At the end of both it exits
    with 0."""
    running.fifos["ring"].close()
    running.say("epoll", b"still here")
    running.fifos["epoll"].close()
    assert running.process.wait(running.patience) == 0


def test_each_is_read_as_it_should_be(running: Running, log: Path) -> None:
    """The ring reads the first FIFO, and read(2) the second."""
    for _ in range(10):
        running.say("ring", b"through the ring")
        running.say("epoll", b"by hand")
    assert wait_until(lambda: "by hand" in "\n".join(calls(log)), running.patience)
    text = "\n".join(line for line in calls(log) if "write(" not in line)
    assert "io_uring_enter(" in text, "the ring was never entered"
    assert "through the ring" not in text, "read(2) has returned what the ring should have read"


def test_it_sleeps_in_one_place(running: Running, log: Path) -> None:
    """While there is no input, one thread waits in epoll_wait(2) for both FIFOs, and the program
    makes no other call."""
    call = expect_sleep(lambda: calls(log), EPOLL_WAITS.search, running.patience)
    assert EPOLL_WAITS.search(call), f"it waits in {call}"
