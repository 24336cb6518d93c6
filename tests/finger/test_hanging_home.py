"""Started as root, with a home that is a file system of its owner's and does not answer."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

import pytest

import rules
from harness.proc import wait_until
from kit import hanging_fs
from kit.hanging_fs import ALICES_PLAN, BOBS_PLAN, HangingFileSystem
from kit.machine import Machine, workers
from kit.reference import converted
from kit.server import FingerServer

pytestmark = [
    pytest.mark.needs("hanging-files", "privileges"), pytest.mark.clock, pytest.mark.timeout(60)
]  # fmt: skip

DEADLINE = 0.5
SLACK_SECONDS = 1.5
BOB = converted(BOBS_PLAN)


@pytest.fixture(params=["lookup", "open", "read"])
def hanging(
    request: pytest.FixtureRequest, machine: Machine, start_as_root: Callable[..., FingerServer]
) -> Iterator[tuple[FingerServer, HangingFileSystem]]:
    """A server, and alice's home, of which some requests hang, even when interrupted."""
    (machine.homes / "bob" / ".plan").write_bytes(BOBS_PLAN)
    (machine.homes / "bob" / ".plan").chmod(0o644)
    with hanging_fs.mounted(request.param, deaf=True, home=machine.homes / "alice") as (_, files):
        server = start_as_root("--deadline", f"{DEADLINE * 1000:.0f}ms")
        yield server, files
        server.close_clients()


@pytest.mark.rule(rules.HANGING_FILES)
def test_the_deadline_holds_and_no_other_client_waits(
    hanging: tuple[FingerServer, HangingFileSystem]
) -> None:
    server, files = hanging
    begin = time.monotonic()
    client = server.connect()
    client.send(b"alice\r\n")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    slowest = 0.0
    while time.monotonic() < begin + DEADLINE / 2:
        asked = time.monotonic()
        server.expect(b"bob", BOB)
        slowest = max(slowest, time.monotonic() - asked)
    took = client.wait_for_hang_up(DEADLINE + SLACK_SECONDS + server.patience) - begin
    assert DEADLINE <= took <= DEADLINE + SLACK_SECONDS, f"the exchange took {took:.2f} s"
    assert slowest < DEADLINE / 2, f"somebody else waited {slowest:.2f} s"
    files.let_go()
    server.expect(b"bob", BOB)
    server.expect(b"alice", converted(ALICES_PLAN))


@pytest.mark.rule(rules.RELOAD)
def test_a_reload_does_not_wait_for_it(hanging: tuple[FingerServer, HangingFileSystem]) -> None:
    server, files = hanging
    (before,) = workers(server)
    server.connect().send(b"alice\r\n")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: len(set(workers(server)) - {before}) == 1, server.patience)
    server.expect(b"bob", BOB)
    files.let_go()  # before it does, not even SIGKILL ends the old worker
    assert wait_until(lambda: before not in workers(server), server.patience)


@pytest.mark.rule(rules.RELOAD)
def test_the_worker_before_ends_when_its_last_request_does(
    hanging: tuple[FingerServer, HangingFileSystem]
) -> None:
    """Although its last connection has been closed at the deadline, long before."""
    server, files = hanging
    (before,) = workers(server)
    client = server.connect()
    client.send(b"alice\r\n")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: len(set(workers(server)) - {before}) == 1, server.patience)
    client.wait_for_hang_up(DEADLINE + SLACK_SECONDS + server.patience)
    assert before in workers(server), "it did not hang: this test tested nothing"
    files.let_go()
    killed_after = DEADLINE + 1  # since the reload, so about a second from now
    assert wait_until(lambda: before not in workers(server), killed_after / 2)
