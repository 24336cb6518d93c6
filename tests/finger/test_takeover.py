"""--takeover: the daemon is replaced while it runs, alone and with a parent that is root."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from harness.successor import Impostor, Load
from kit.machine import Machine, workers
from kit.manager import Manager
from kit.parent import only_worker, reload
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer

pytestmark = pytest.mark.needs("takeover")

PER_SECOND = 1000
LARGE = b"0123456789abcde\n" * 400_000
MANY = ("--max-per-ip", "1000")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where daemons meet their successors."""
    return str(tmp_path / "takeover")


@pytest.fixture(params=["alone", "parent"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begin(
    request: pytest.FixtureRequest, how: str, start: Callable[..., FingerServer], path: str
) -> Callable[..., FingerServer]:
    """Starts a daemon that can be replaced, or one that replaces it."""
    starts = start if how == "alone" else request.getfixturevalue("start_as_root")
    patient = ("--takeover", path, "--query-timeout", "10s")
    return lambda *options, **more: starts(*patient, *options, **more)


def expect_replaced(old: FingerServer, new: FingerServer) -> None:
    """The new one serves on the same port, and the old one ends in good order."""
    assert new.address == old.address
    assert old.wait_exit() == 0
    new.expect(b"alice", converted(ALICE))


def uids(pid: int) -> set[str]:
    """All that the process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return set(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:])


@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.parametrize("rings", ["1", "2"])
def test_one_daemon_after_the_other_serves_and_ends(
    begin: Callable[..., FingerServer], rings: str
) -> None:
    last = begin("--workers", rings)
    for _ in range(3):
        new = begin("--workers", rings)
        expect_replaced(last, new)
        last = new


@pytest.mark.rule(rules.TAKEOVER)
def test_who_is_connected_is_served_by_the_old_daemon(begin: Callable[..., FingerServer]) -> None:
    old = begin()
    silent, asking = old.connect(), old.connect()
    asking.send(b"ali")
    old.expect(b"alice", converted(ALICE))  # those before it have been accepted
    new = begin()
    new.expect(b"alice", converted(ALICE))
    asking.send(b"ce\r\n")
    asking.expect_answer(converted(ALICE))
    silent.send(b"alice\r\n")
    silent.expect_answer(converted(ALICE))
    old.close_clients()
    assert old.wait_exit() == 0


@pytest.mark.rule(rules.TAKEOVER)
def test_who_waits_in_the_backlog_is_served_by_the_new_daemon(
    request: pytest.FixtureRequest, how: str, begin: Callable[..., FingerServer]
) -> None:
    old = begin("--max-clients", "1")
    homes = old.users.directory if how == "alone" else request.getfixturevalue("machine").homes
    (homes / "alice" / ".plan").write_bytes(LARGE)
    inside = old.connect(receive_buffer=4096)
    inside.send(b"alice\r\n")
    begun = inside.receive(1000)
    waiting = [old.connect() for _ in range(10)]
    for client in waiting:
        client.send(b"bob\r\n")
    begin()
    for client in waiting:
        client.expect_answer(NO_PLAN)
    inside.let_window_grow()
    inside.expect_that(begun + inside.receive_until_end(), converted(LARGE))
    inside.close()
    assert old.wait_exit() == 0


@pytest.mark.rule(rules.TAKEOVER)
def test_the_new_daemon_has_no_more_rights_than_the_old(
    begin: Callable[..., FingerServer], how: str, path: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has rights to give up")
    last = begin()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for _ in range(2):
        new = begin()
        expect_replaced(last, new)
        serving = new.pid if how == "alone" else only_worker(new)
        assert "0" not in uids(serving), "it serves as root"
        last = new


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_daemon_that_cannot_start_leaves_the_old_one_serving(
    begin: Callable[..., FingerServer], how: str, path: str, patience: float
) -> None:
    old = begin()
    wrong = ("--users", "/nowhere") if how == "alone" else ("--group", "nobodies")
    failing = begin(*wrong, ready=False)
    assert failing.wait_exit() == 1
    hanging = Impostor(path, patience)
    assert hanging.receive() == b"."
    old.expect(b"alice", converted(ALICE))
    expect_replaced(old, begin())
    hanging.close()


@pytest.mark.rule(rules.TAKEOVER_FAILS)
def test_a_daemon_that_is_killed_was_no_obstacle(begin: Callable[..., FingerServer]) -> None:
    killed = begin()
    killed.kill()
    killed.may_be_gone = True
    old = begin()
    expect_replaced(old, begin())


@pytest.mark.rule(rules.TAKEOVER)
def test_an_old_daemon_that_is_asked_to_stop_ends(begin: Callable[..., FingerServer]) -> None:
    old = begin()
    silent = old.connect()
    silent.send(b"ali")
    old.expect(b"alice", converted(ALICE))
    new = begin()
    new.expect(b"alice", converted(ALICE))
    assert old.stop() == 0


@pytest.mark.needs("takeover", "privileges")
@pytest.mark.rule(rules.TAKEOVER)
def test_the_new_parent_reloads(
    start_as_root: Callable[..., FingerServer], machine: Machine, path: str
) -> None:
    old = start_as_root("--takeover", path)
    new = start_as_root("--takeover", path)
    expect_replaced(old, new)
    reload(new)
    new.expect(b"alice", converted(ALICE))
    assert len(workers(new)) == 1


@pytest.mark.needs("takeover", "manager")
@pytest.mark.rule(rules.TAKEOVER_MANAGER)
def test_the_manager_is_told_which_process_is_the_main_one(
    begin: Callable[..., FingerServer], how: str, request: pytest.FixtureRequest, path: str
) -> None:
    manager = Manager()
    try:
        base = request.getfixturevalue("machine").under if how == "parent" else ()
        old = begin(under=(*base, *manager.under))
        new = begin()
        expect_replaced(old, new)
        told = manager.wait_until_told(2, old.patience)
        assert told[0]["READY"] == "1"
        assert told[1]["MAINPID"] == str(new.pid)
    finally:
        manager.close()


def exchange(server: FingerServer) -> Callable[[], None]:
    """A connection, a question and the answer."""

    def ask() -> None:
        with socket.create_connection(server.address, timeout=server.patience) as client:
            client.sendall(b"alice\r\n")
            with client.makefile("rb") as stream:
                assert stream.read() == converted(ALICE), "the answer is not whole"

    return ask


def take_over_under_load(begin: Callable[..., FingerServer], times: int) -> None:
    """So many takeovers; no exchange may be lost meanwhile."""
    last = begin(*MANY, "--quiet")
    with Load(exchange(last), PER_SECOND, last.patience) as load:
        for _ in range(times):
            new = begin(*MANY, "--quiet")
            assert last.wait_exit() == 0
            last = new
            load.wait_for_answers(20)
            assert load.lost == [], load.lost
    assert load.lost == [], load.lost


@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.clock
def test_no_exchange_is_lost_under_load(begin: Callable[..., FingerServer]) -> None:
    take_over_under_load(begin, 3)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.rule(rules.TAKEOVER)
@pytest.mark.clock
def test_a_hundred_takeovers_lose_nothing(begin: Callable[..., FingerServer]) -> None:
    take_over_under_load(begin, 100)


@pytest.mark.rule(rules.TAKEOVER_OWNER)
def test_another_user_is_refused(begin: Callable[..., FingerServer], path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    old = begin()
    os.chmod(path, 0o666)  # as if the mode did not say it already
    for directory in Path(path).parents:
        if directory.is_relative_to(tempfile.gettempdir()) and directory.owner() == "root":
            directory.chmod(stat.S_IMODE(directory.stat().st_mode) | 0o055)
    asking = subprocess.run(
        ["/usr/bin/python3", "-c", "import socket, sys; s = socket.socket(socket.AF_UNIX); "
         "s.settimeout(10); s.connect(sys.argv[1]); print(*socket.recv_fds(s, 1, 9)[:2])", path],
        user=65534, group=65534, extra_groups=[], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asking.stdout == "b'' []\n", asking  # although it serves as that user
    assert wait_until(lambda: "uid 65534" in old.stderr_text(), old.patience)
    expect_replaced(old, begin())
