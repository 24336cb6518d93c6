"""E5.3: ask those who speak."""

import re
from collections import Counter

import pytest

from harness.server import Server
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part3-nonblocking")

RECEIVED = re.compile(r"recvfrom\((\d+),.* = (-?\d+)")
QUIET = 200
SHARE_MIN = 0.1


def test_most_questions_are_not_wasted_on_the_quiet(server: Server) -> None:
    """One client speaks and two hundred do not. Of all receives, at least a tenth are for the one
    that speaks; in turn, it would be a two-hundredth."""
    for _ in range(QUIET):
        server.connect()
    busy = server.connect()
    for _ in range(50):
        busy.echo(b"so that it is known who speaks")
    with Strace(server, "-e", "trace=recvfrom") as tracer:
        for _ in range(200):
            busy.echo(b"and again")
    calls = [found for line in tracer.lines() if (found := RECEIVED.search(line))]
    asked = Counter(found[1] for found in calls)
    speaks = next(found[1] for found in calls if int(found[2]) > 0)
    share = asked[speaks] / asked.total()
    assert share >= SHARE_MIN, (
        f"{asked[speaks]} of {asked.total()} receives were for the client that speaks: {share:.1%}")


def test_nobody_is_forgotten(server: Server) -> None:
    """A client that was quiet for long, and then speaks, is answered, though another speaks all the
    time."""
    quiet = [server.connect() for _ in range(20)]
    busy = server.connect()
    for _ in range(1000):
        busy.echo(b"talk")
    for client in quiet:
        client.send_messages(b"at last")
        busy.echo(b"talk")
        client.expect(b"at last")


def test_the_stage_is_as_good_as_before(target: Subject) -> None:
    """The contract's tests of framing, fairness and timeouts pass as before."""
    suite.contract(target, "test_framing.py", "test_read_timeout.py").must_all_pass()
