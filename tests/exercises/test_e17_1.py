"""E17.1: a poll server that no name of Linux alone wakes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from harness.server import Server
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part4-poll")


def test_no_eventfd_is_called(target: Subject) -> None:
    """The program does not import eventfd(2)."""
    imported = subprocess.run(["nm", "--dynamic", "--undefined-only", target.command[0]],
                              capture_output=True, text=True, check=True).stdout
    assert "poll" in imported, f"nm finds nothing of a poll server in {target.command[0]}"
    assert "eventfd" not in imported, "eventfd is still among what the program imports"


def test_it_stops_and_admits_the_waiting_as_before(target: Subject) -> None:
    """A signal ends it in order, and a place that is given back goes to a client that waits."""
    suite.contract(target, "test_drain.py", "test_max_connections.py").must_all_pass()


def test_a_wake_up_is_taken_out_of_the_pipe(start: Callable[..., Server]) -> None:
    """What was written to the pipe is read again: nothing is left that is ready for ever."""
    server = start("--max-connections", "1")
    for _ in range(3):  # each waits for the one before it, and is then let in by a wake-up
        with server.connect() as first, server.connect() as second:
            first.echo(b"first")
            first.close()
            second.echo(b"second")
    with Strace(server, "-e", "trace=poll,ppoll") as tracer, server.connect() as client:
        client.echo(b"third")
    waits = len(tracer.lines())
    assert waits < 20, f"{waits} calls of poll for one message: something stays readable"
