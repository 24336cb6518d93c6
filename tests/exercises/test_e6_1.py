"""E6.1: a loop that waits to the nanosecond."""

import re
from collections.abc import Callable

import pytest

from harness.server import Server
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part4-poll")

WAITS_IN_MS = re.compile(r"\bpoll\(.*, (-?\d+)\)? +(?:=|<unfinished)")
NANOSECONDS = re.compile(r"\bppoll\(.*tv_nsec=(\d+)")


@pytest.fixture
def waits(start: Callable[..., Server]) -> list[str]:
    """strace's lines about the loop's waits, while a client sent messages."""
    server = start("--read-timeout", "30s")
    with Strace(server, "-e", "trace=poll,ppoll") as tracer:
        client = server.connect()
        for number in range(20):
            client.echo(b"%d" % number)
    return tracer.lines()


def test_the_loop_waits_with_ppoll(waits: list[str]) -> None:
    """The loop waits in ppoll(2). A poll(2) that only looks, with a timeout of 0, may stay."""
    assert any("ppoll(" in line for line in waits), f"no ppoll among {len(waits)} waits"
    in_ms = [line for line in waits if (found := WAITS_IN_MS.search(line)) and found[1] != "0"]
    assert not in_ms, f"this one still counts in milliseconds: {in_ms[0]}"


def test_a_timeout_is_no_round_number_of_milliseconds(waits: list[str]) -> None:
    """The time until the next deadline is passed on to the nanosecond."""
    left = [int(found[1]) for line in waits if (found := NANOSECONDS.search(line))]
    assert left, "no ppoll had a timeout, though --read-timeout sets a deadline"
    assert any(nanoseconds % 1_000_000 for nanoseconds in left), f"all are whole: {left[:5]}"


def test_deadlines_are_kept_as_before(target: Subject) -> None:
    """The contract's tests of --read-timeout pass as before."""
    suite.contract(target, "test_read_timeout.py").must_all_pass()
