"""SIGHUP rereads who has opted in, and no client that is being served notices."""

import re
import signal
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.reference import LARGE, NO_SUCH_USER, converted
from kit.server import FingerServer, Start
from kit.target import FingerTarget

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.RELOAD)]

PATIENT = ("--query-timeout", "1m", "--deadline", "1m")


def test_the_signal_adds_users_who_opted_in_and_removes_those_who_left(start: Start) -> None:
    server = start()
    server.users.add("dora", b"new here\n")
    server.users.remove("alice")
    for _ in range(3):
        server.expect(b"dora", NO_SUCH_USER)
    server.send_signal(signal.SIGHUP)
    server.expect_soon(b"dora", b"new here\r\n")
    server.expect(b"alice", NO_SUCH_USER)
    server.expect(b"", b"bob\r\ncarol\r\ndora\r\n")


def test_an_exchange_that_is_under_way_is_not_disturbed(start: Start) -> None:
    server = start(*PATIENT)
    server.users.replace("alice", LARGE)
    reader = server.reading_slowly(b"alice")
    begun = server.connect()
    begun.send_in_pieces(b"bo")
    server.users.remove("alice")
    server.send_signal(signal.SIGHUP)
    server.expect_soon(b"alice", NO_SUCH_USER)
    reader.expect_that(reader.take_the_rest(), converted(LARGE))
    begun.send(b"b\r\n")
    begun.expect_answer(b"No Plan.\r\n")


def test_a_reload_does_not_confuse_users_of_the_same_name(start: Start) -> None:
    server = start(*PATIENT)
    server.expect(b"alice", ANSWER)
    begun = server.connect()
    begun.send_in_pieces(b"ali")
    server.users.directory.rename(server.users.outside / "before")
    server.users.directory.mkdir()
    server.users.add("alice", b"another alice\n")
    server.users.add("dora", b"new here\n")
    server.send_signal(signal.SIGHUP)
    server.expect_soon(b"dora", b"new here\r\n")
    server.expect(b"alice", b"another alice\r\n")
    begun.send(b"ce\r\n")
    begun.expect_answer(ANSWER)  # the alice whom the client asked for


def is_prepared(server: FingerServer) -> bool:
    """Returns true if the daemon handles or blocks SIGHUP. proc(5)"""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return any(int(mask, 16) & 1 for mask in re.findall(r"Sig(?:Blk|Cgt):\s*(\w+)", status))


def test_a_signal_before_the_ready_line_ends_nothing(start: Start, target: FingerTarget) -> None:
    for _ in range(5):
        server = start(ready=False)
        # We have to wait, because the daemon can't handle anything before its first line of code.
        assert wait_until(lambda: is_prepared(server), server.patience, 0.0002)
        server.send_signal(signal.SIGHUP)
        server.wait_until_ready()
        server.expect(b"alice", ANSWER)
