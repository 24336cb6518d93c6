"""After the answer the server ends its stream first, waits a little, and closes."""

import time

import pytest

import rules
from conftest import ANSWER
from kit.reference import TOO_LONG
from kit.server import FingerServer, Start
from kit.target import FingerTarget

pytestmark = [
    pytest.mark.needs("process"),
    pytest.mark.clock,
    pytest.mark.rule(rules.CLOSE_WITHOUT_RESET),
]

LINGER_SECONDS = 2.0
SLACK_SECONDS = 1.0


def test_a_client_that_does_not_close_is_waited_for_two_seconds(server: FingerServer) -> None:
    for query in (b"alice\r\n", b"nobody\n"):
        client = server.connect()
        client.send(query)
        client.receive_until_end()
    begin = time.monotonic()
    # A client that sends forever isn't listened to forever.
    while client.try_send(b"and more\r\n" * 100):
        assert time.monotonic() - begin < LINGER_SECONDS + SLACK_SECONDS, "still listens"
        time.sleep(0.01)
    took = server.wait_until_left(begin + server.patience) - begin
    assert took < LINGER_SECONDS + SLACK_SECONDS, f"its place was kept for {took:.1f} s"


def test_a_client_that_closes_is_not_waited_for(server: FingerServer) -> None:
    server.expect(b"alice", ANSWER)
    begin = time.monotonic()
    took = server.wait_until_left(begin + server.patience) - begin
    assert took < 0.5, f"the connection was kept for {took:.1f} s"


def test_an_error_told_just_before_the_deadline_is_not_lost(
    start: Start, target: FingerTarget
) -> None:
    options, deadline = target.deadline
    server = start(*options)
    client = server.connect()
    time.sleep(deadline * 0.8)
    client.send_until_stuck(b"x" * 65536, pause=0.01)
    time.sleep(deadline * 0.6)  # the deadline passes before the client reads
    client.expect_answer(TOO_LONG)
