"""A daemon that runs as root, and a home that is its owner's file system and doesn't answer."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

import rules
from harness.proc import wait_until
from kit import hanging_fs
from kit.hanging_fs import ALICES_PLAN, BOBS_PLAN, HangingFileSystem
from kit.machine import Machine
from kit.parent import workers
from kit.reference import converted
from kit.server import FingerServer, Start

pytestmark = [
    pytest.mark.needs("contract"),
    pytest.mark.clock,
    pytest.mark.timeout(60),
    pytest.mark.rule(rules.HANGING_FILES),
]

DEADLINE = 0.5
SLACK_SECONDS = 1.5
BOB = converted(BOBS_PLAN)
THREADS = 4 * (os.cpu_count() or 1)  # a ring's default limit of io workers for calls that may wait


@pytest.fixture(params=["lookup", "open", "read"])
def hanging(
    request: pytest.FixtureRequest, bob: Machine, start_as_root: Start
) -> Iterator[tuple[FingerServer, HangingFileSystem]]:
    """A server, and alice's home, in which some requests hang, even when interrupted."""
    with hanging_fs.mounted(request.param, deaf=True, home=bob.homes / "alice") as (_, files):
        server = start_as_root("--deadline", f"{DEADLINE * 1000:.0f}ms")
        yield server, files
        server.close_clients()


def test_the_deadline_holds_and_no_other_client_waits(
    hanging: tuple[FingerServer, HangingFileSystem]
) -> None:
    server, files = hanging
    begin = time.monotonic()
    client = server.asking(b"alice")
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


@pytest.mark.parametrize("hanging_request", ["lookup", "open", "read"])
def test_others_are_answered_however_many_clients_ask_for_a_hanging_home(
    hanging_request: str, machine: Machine, start_as_root: Start
) -> None:
    """This holds even after the deadline, because a hanging request keeps an io worker after its
    client is gone. Both homes are like network homes, but bob's answers."""
    homes = machine.homes
    with (
        hanging_fs.mounted("nothing", home=homes / "bob"),
        hanging_fs.mounted(hanging_request, deaf=True, home=homes / "alice") as (_, files),
    ):
        server = start_as_root("--deadline", f"{DEADLINE * 1000:.0f}ms")
        plan = converted(ALICES_PLAN)  # bob has the same plan
        for _ in range(2):
            asking = [server.asking(b"alice", source=f"127.0.0.{2 + number // 8}")
                      for number in range(THREADS + 1)]  # fmt: skip
            assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
            server.expect(b"bob", plan)
            assert len(files.waiting) == 1, "more than one has been asked of a home that hangs"
            for client in asking:
                client.wait_for_hang_up(DEADLINE + SLACK_SECONDS + server.patience)
            server.expect(b"bob", plan)
        files.let_go()
        server.expect(b"alice", plan)
        server.close_clients()


@pytest.mark.rule(rules.RELOAD)
def test_the_old_worker_ends_with_its_last_request(
    hanging: tuple[FingerServer, HangingFileSystem]
) -> None:
    """Its last connection was closed at the deadline, long before."""
    server, files = hanging
    (before,) = workers(server)
    client = server.asking(b"alice")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: len(set(workers(server)) - {before}) == 1, server.patience)
    server.expect(b"bob", BOB)
    client.wait_for_hang_up(DEADLINE + SLACK_SECONDS + server.patience)
    assert before in workers(server), "it did not hang: this test tested nothing"
    files.let_go()
    killed_after = DEADLINE + 1  # since the reload, so about a second from now
    assert wait_until(lambda: before not in workers(server), killed_after / 2)
