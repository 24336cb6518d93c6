"""E7.2: a pipe, a timer and signals in one loop."""

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from harness.proc import Process, wait_until
from harness.polling import readable
from kit.tested import Begin

pytestmark = pytest.mark.program("{ms}")


class Running:
    """The program, and the lines that it has printed so far."""

    def __init__(self, popen: subprocess.Popen[bytes], patience: float) -> None:
        self.popen, self.patience = popen, patience
        self.process = Process(self.popen.pid)
        self.text = b""

    def lines(self) -> list[str]:
        assert self.popen.stdout is not None
        while readable(self.popen.stdout):
            piece = os.read(self.popen.stdout.fileno(), 65536)
            if not piece:
                break
            self.text += piece
        return self.text.decode().splitlines()

    def ticks(self) -> list[int]:
        return [int(line.split()[1]) for line in self.lines() if line.startswith("tick ")]

    def say(self, text: bytes) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(text)

    def wait_for(self, line: str) -> None:
        found = wait_until(lambda: line in self.lines(), self.patience)
        assert found, f"no line `{line}` came; there are {self.lines()}"

    def wait_for_tick(self, number: int) -> None:
        """That one, or a later one: where the program had to wait, several rings are one tick."""
        found = wait_until(lambda: max(self.ticks(), default=0) >= number, self.patience)
        assert found, f"no `tick {number}` came; there are {self.lines()}"


@pytest.fixture
def started(begin: Begin, patience: float) -> Callable[[int], Running]:
    """Starts the program with a timer of so many milliseconds."""
    return lambda milliseconds: Running(begin(ms=milliseconds), patience)


def test_each_is_told(started: Callable[[int], Running]) -> None:
    """What is read from stdin is told as `input N`, in bytes; each ring of the timer as `tick N`, N
    counting from 1; SIGUSR1 as `signal USR1`."""
    running = started(30)
    running.wait_for_tick(1)
    running.say(b"hello\n")
    running.wait_for("input 6")
    running.popen.send_signal(signal.SIGUSR1)
    running.wait_for("signal USR1")
    running.wait_for_tick(5)
    running.say(b"bye")
    running.wait_for("input 3")


def test_it_ends_when_asked_to(started: Callable[[int], Running]) -> None:
    """SIGTERM ends it, and so does the end of its input: it prints `end` and returns 0."""
    terminated, drained = started(10_000), started(10_000)
    terminated.say(b"x")
    terminated.wait_for("input 1")
    terminated.popen.send_signal(signal.SIGTERM)
    assert drained.popen.stdin is not None
    drained.popen.stdin.close()
    for running in (terminated, drained):
        running.wait_for("end")
        assert running.popen.wait(running.patience) == 0


def test_no_ring_of_the_timer_is_lost(started: Callable[[int], Running]) -> None:
    """Stopped for a while, it knows afterwards how often the timer has rung. Its ticks catch up, in
    one line that jumps or in a line for each ring."""
    running = started(20)
    running.wait_for_tick(3)
    running.popen.send_signal(signal.SIGSTOP)
    running.process.wait_until_stopped(running.patience)
    before, since = running.ticks()[-1], time.monotonic()
    time.sleep(0.4)
    running.popen.send_signal(signal.SIGCONT)

    def caught_up() -> bool:
        rings = (time.monotonic() - since) / 0.02
        return running.ticks()[-1] >= before + rings - 5

    lost = f"after a stop of 0.4 s the ticks stay behind the timer's rings, which began at {before}"
    assert wait_until(caught_up, running.patience), lost


def test_one_thread_waits_for_all(started: Callable[[int], Running]) -> None:
    """There is one thread, and when nothing happens it sleeps."""
    running = started(10_000)
    running.say(b"x")
    running.wait_for("input 1")
    assert running.process.thread_count() == 1
    before = running.process.wanted_seconds()
    time.sleep(0.5)
    assert running.process.wanted_seconds() - before < 0.1, "it does not sleep"
