"""E17.1: a poll server that no name of Linux alone wakes."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.frames import distinct_payloads, frames
from harness.server import Server
from harness.stopping import expect_refusal
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

LARGE = frames(distinct_payloads(1000, 16_000))  # more than a client's buffers hold

pytestmark = pytest.mark.stage("part4-poll")


def test_no_eventfd_is_called(target: Subject) -> None:
    """The program does not import eventfd(2)."""
    imported = subprocess.run(["nm", "--dynamic", "--undefined-only", target.command[0]],
                              capture_output=True, text=True, check=True).stdout
    assert "poll" in imported, f"nm finds nothing of a poll server in {target.command[0]}"
    assert "eventfd" not in imported, "eventfd is still among what the program imports"


def test_it_stops_and_admits_the_waiting_as_before(target: Subject) -> None:
    """A signal drains the server, and a permit that is released goes to a client that waits."""
    suite.contract(target, "test_drain.py", "test_max_connections.py").must_all_pass()


def test_neither_end_of_the_pipe_waits(start: Callable[..., Server]) -> None:
    """Both ends are non-blocking, because a full pipe must not block the code that wakes the loop,
    nor an empty pipe the loop."""
    server = start()
    process = Path("/proc", str(server.pid))
    ends = [end for end in (process / "fd").iterdir()
            if int(end.name) > 2 and str(end.readlink()).startswith("pipe:")]
    assert len(ends) == 2, f"{len(ends)} descriptors are ends of a pipe: two are, of one pipe"
    for end in ends:
        told = (process / "fdinfo" / end.name).read_text()
        flags = int(told.partition("flags:")[2].split()[0], 8)
        which = "writing" if flags & os.O_WRONLY else "reading"
        assert flags & os.O_NONBLOCK, f"the {which} end of the pipe has no O_NONBLOCK"


def test_a_wake_up_is_taken_out_of_the_pipe(start: Callable[..., Server]) -> None:
    """The loop reads what was written to the pipe, so it sleeps again while a client holds up the
    stop."""
    server = start("--drain-timeout", "60s", "--read-timeout", "0")
    server.connect(receive_buffer=4096).send_until_stuck(LARGE)
    server.send_signal(signal.SIGTERM)
    expect_refusal(server)  # the server got the signal
    time.sleep(0.5)  # and has filled the client's buffers with answers
    with Strace(server, "-e", "trace=poll,ppoll") as tracer:
        time.sleep(0.5)
    ready = [line for line in tracer.lines() if "(Timeout)" not in line]
    assert len(ready) < 20, (f"{len(ready)} calls of poll have found something in half a second in "
                             "which nothing came: something stays readable")
