"""E5.2: spin, then sleep."""

import re
import time

import pytest

from harness.server import Server
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part3-nonblocking")

SLEEPS = re.compile(r"nanosleep\(.*tv_sec=(\d+), tv_nsec=(\d+)\}")
LONGEST_MS = 5
ROUNDS = 2000


@pytest.mark.clock
def test_a_server_with_nothing_to_do_rests(server: Server) -> None:
    """With ten silent clients, the server needs less than a fifth of a processor."""
    for _ in range(10):
        server.connect().echo(b"here")
    time.sleep(0.2)
    before = server.process.wanted_seconds()
    time.sleep(1)
    wanted = server.process.wanted_seconds() - before
    assert wanted < 0.2, f"it wants {wanted:.0%} of a processor, and has nothing to do"


def test_it_does_not_sleep_for_long(server: Server) -> None:
    """The server never sleeps for more than 5 ms at a time, so no new connection waits longer."""
    server.connect().echo(b"here")
    with Strace(server, "-e", "trace=nanosleep,clock_nanosleep") as tracer:
        time.sleep(0.3)
    sleeps = [found for line in tracer.lines() if (found := SLEEPS.search(line))]
    assert sleeps, "it does not sleep at all"
    longest = max(int(found[1]) * 1000 + int(found[2]) / 1e6 for found in sleeps)
    assert longest <= LONGEST_MS, f"it sleeps for {longest} ms"


def test_it_does_not_sleep_while_somebody_speaks(server: Server) -> None:
    """While a client asks again as soon as it has its answer, the server hardly ever sleeps: less
    than once in two messages."""
    client = server.connect()
    with Strace(server, "-e", "trace=nanosleep,clock_nanosleep") as tracer:
        for _ in range(ROUNDS):
            client.echo(b"again")
    sleeps = sum(tracer.calls().values())
    assert sleeps < ROUNDS / 2, f"{sleeps} sleeps while {ROUNDS} messages were answered"


def test_the_stage_is_as_good_as_before(target: Subject) -> None:
    """The contract's tests of framing pass as before."""
    suite.contract(target, "test_framing.py").must_all_pass()
