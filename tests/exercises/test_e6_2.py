"""E6.2: a client that leaves makes a hole."""

import re

import pytest

from harness.server import Server
from harness.strace import Strace
from harness.subject import Subject
from kit import suite

pytestmark = pytest.mark.stage("part4-poll")

SET = re.compile(r"\bp?poll\(\[(.*?)\], (\d+)")
NUMBER = re.compile(r"fd=(-?\d+)")


def sets(lines: list[str]) -> list[list[int]]:
    """The descriptors of each wait, in the order of the array."""
    found = (SET.search(line) for line in lines)
    return [[int(number) for number in NUMBER.findall(one[1])] for one in found if one]


@pytest.fixture
def waits(server: Server) -> list[list[int]]:
    """The waits that strace saw while clients connected, sent, left and connected again."""
    clients = [server.connect() for _ in range(6)]
    for client in clients:
        client.echo(b"here")
    with Strace(server, "-e", "trace=poll,ppoll") as tracer:
        for leaver in (1, 3):
            clients[leaver].close()
            clients[0].echo(b"still here")
        clients[5].echo(b"so am I")
        new_connection = server.connect()
        new_connection.echo(b"back again")
        clients[0].echo(b"and I")
    return sets(tracer.lines())


def test_a_place_that_was_left_is_a_hole(waits: list[list[int]]) -> None:
    """The place of a client that left has the descriptor -1, which poll(2) ignores."""
    most = max(len([number for number in one if number < 0]) for one in waits)
    assert most == 2, f"two clients left one after the other, and there were {most} holes at most"


def test_nobody_moves(waits: list[list[int]]) -> None:
    """A client that stays has the same place in every wait."""
    for before, after in zip(waits, waits[1:]):
        moved = [number for place, number in enumerate(before)
                 if number >= 0 and number in after and after.index(number) != place]
        assert not moved, f"descriptor {moved[0]} moved: {before}, then {after}"


def test_a_new_connection_takes_a_hole(waits: list[list[int]]) -> None:
    """The array is never longer than the largest number of clients so far."""
    assert max(map(len, waits)) == len(waits[0]), f"{waits[0]} has grown: {waits[-1]}"


def test_the_stage_is_as_good_as_before(target: Subject) -> None:
    """The contract's tests of framing and of the limit pass as before."""
    suite.contract(target, "test_framing.py", "test_max_connections.py").must_all_pass()
