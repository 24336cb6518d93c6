"""E11.2: a task and an awaitable of your own."""

import re
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.strace import from_start
from kit.tested import Words
from kit.spoken_to import Running, expect_sleep, receive

pytestmark = [pytest.mark.ring, pytest.mark.program("{first} {second}")]

LINES = 1_000_000
STACK_BYTES = 256 * 1024



def limit_stack() -> None:
    """Limits the stack of the program that is about to start."""
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, STACK_BYTES))


@pytest.fixture
def launch(words: Words, tmp_path: Path, patience: float) -> Iterator[Callable[..., Running]]:
    """Starts your program, by itself or with a command in front, such as strace."""
    with ExitStack() as stack:

        def start_one(*before: str) -> Running:
            says = {"first": b"1: ", "second": b"2: "}
            started = Running(words, tmp_path, patience, says, *before, prepare=limit_stack)
            stack.callback(started.kill)
            return started

        yield start_one


def end(running: Running) -> bytes:
    """Ends both streams. Returns the output until the program ends, which it must do with 0."""
    for fifo in running.fifos.values():
        fifo.close()
    rest = running.process.stdout.read()
    status = running.process.wait(running.patience)
    assert status == 0, f"exit status {status}, wanted 0"
    return rest


def test_lines_are_printed_as_they_come(launch: Callable[..., Running]) -> None:
    """A line is printed as soon as it arrives, after the number of its FIFO, a colon and a blank,
    even if the other FIFO is silent."""
    running = launch()
    for number in range(20):
        running.say("second" if number % 3 else "first", b"line %d" % number)


def test_half_a_line_waits_for_the_rest(launch: Callable[..., Running]) -> None:
    """While one FIFO has sent only half a line, the other's lines are printed. The half is printed
    together with its rest."""
    running = launch()
    running.fifos["first"].write(b"half a line, ")
    running.say("second", b"a line")
    running.say("second", b"another")
    running.fifos["first"].write(b"and the rest\n")
    running.expect(b"1: half a line, and the rest\n")


def test_a_million_lines_need_no_deeper_stack(launch: Callable[..., Running]) -> None:
    """256 KiB of stack are enough for a coroutine that awaits read_line() a million times, even
    though most of the calls need not wait."""
    running = launch()
    wanted = LINES * len(b"1: \n")
    with subprocess.Popen(["yes", ""], stdout=running.fifos["first"].fileno()) as writer:
        lines = len(receive(running.process, wanted, running.patience)) // len(b"1: \n")
        writer.kill()
    assert lines >= LINES, f"{lines} lines were printed, and no more (is it still alive?)"
    assert end(running).endswith(b" lines\n")


def test_it_counts_the_lines_at_the_end(launch: Callable[..., Running]) -> None:
    """At the end of one stream the program goes on with the other. At the end of both it prints the
    number of lines and exits with 0. Bytes after the last line feed count as a line."""
    running = launch()
    running.say("first", b"one")
    running.fifos["first"].write(b"two")
    running.fifos["first"].close()
    running.expect(b"1: two\n")
    running.say("second", b"three")
    assert end(running) == b"3 lines\n"


def test_it_sleeps_in_one_thread(launch: Callable[..., Running], tmp_path: Path) -> None:
    """While there is no input, the program makes no system call, and one thread waits for both."""
    log = tmp_path / "log"

    def calls() -> list[str]:
        return log.read_text().splitlines() if log.exists() else []

    running = launch(*from_start(log))
    running.say("first", b"one")
    running.say("second", b"two")
    expect_sleep(calls, re.compile("wait|poll|enter|select").search, running.patience)
