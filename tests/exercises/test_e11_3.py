"""E11.3: a ring inside an epoll loop."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from harness.proc import wait_until
from harness.readiness import readable
from harness.strace import from_start

NOT_YET = ("sh -c 'sed -u s/^/ring:\\ / {ring} & sed -u s/^/epoll:\\ / {epoll} & wait'")

pytestmark = [pytest.mark.ring, pytest.mark.program("{ring} {epoll}", not_yet=NOT_YET)]

IDLE_SECONDS = 0.3
EPOLL_WAITS = re.compile(r" epoll_p?wait2?\([^=]*$")


class Running:
    """Your program under strace, and the writing ends of its two FIFOs."""

    def __init__(self, words: Callable[..., list[str]], directory: Path, patience: float) -> None:
        self.patience = patience
        self.log = directory / "log"
        fifos = [directory / "a", directory / "b"]
        for fifo in fifos:
            os.mkfifo(fifo)
        command = words(ring=fifos[0], epoll=fifos[1])
        held = [os.open(fifo, os.O_RDWR) for fifo in fifos]  # so that nobody waits in open(2)
        self.process = subprocess.Popen([*from_start(self.log), *command], stdout=subprocess.PIPE)
        self.ring, self.epoll = (os.fdopen(fd, "wb", buffering=0) for fd in held)

    def say(self, to: BinaryIO, text: bytes) -> None:
        """Writes a line, which must be printed at once, with the name of who has read it."""
        to.write(text)
        wanted = (b"ring: " if to is self.ring else b"epoll: ") + text
        received = b""
        while len(received) < len(wanted) and readable(self.process.stdout, self.patience):
            piece = os.read(self.process.stdout.fileno(), 4096)
            if not piece:
                break
            received += piece
        assert received == wanted, f"wanted {wanted!r} on stdout, got {received!r}"

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
    wait_until(lambda: EPOLL_WAITS.search(running.calls()[-1]), running.patience)
    before = running.calls()
    time.sleep(IDLE_SECONDS)
    after = running.calls()
    assert after == before, f"while nothing came: {after[len(before):][:3]}"
    assert EPOLL_WAITS.search(after[-1]), f"it waits in {after[-1]}"
    callers = {line.split()[0] for line in after}
    assert len(callers) == 1, f"{len(callers)} threads or processes make system calls"
