"""--takeover: the daemon is replaced while it runs, alone and with a parent that is root."""

import os
import signal
import stat
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from kit.load import Load
from kit.manager import Manager, is_sound, spoil
from kit.parent import only_worker, reload, workers
from kit.reference import NO_PLAN, converted
from kit.server import Start
from kit.takeover import begin, expect_replaced, path  # noqa: F401

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.TAKEOVER)]

LARGE = b"0123456789abcde\n" * 400_000
MANY = ("--max-per-ip", "1000")


def uids(pid: int) -> set[str]:
    """All that the process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return set(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:])


@pytest.mark.parametrize("rings", ["1", "2"])
def test_one_daemon_after_the_other_serves_and_ends(
    begin: Start, how: str, path: str, rings: str
) -> None:
    last = begin("--workers", rings)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for _ in range(3):
        new = begin("--workers", rings)
        expect_replaced(last, new)
        if os.geteuid() == 0:
            assert "0" not in uids(new.pid if how == "alone" else only_worker(new)), "it is root"
        last = new


def test_all_addresses_are_handed_over(begin: Start) -> None:
    """Whatever --addr says to the new one."""
    old = begin("--addr", "127.0.0.1,127.0.0.2,127.0.0.3")
    new = begin("--addr", "127.0.0.4")
    assert old.wait_exit() == 0
    assert new.addresses() == old.addresses()
    new.expect_everywhere(b"alice", converted(ALICE))


def test_who_is_connected_is_served_by_the_old_daemon(begin: Start) -> None:
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


def test_who_waits_in_the_backlog_is_served_by_the_new_daemon(begin: Start, homes: Path) -> None:
    old = begin("--max-clients", "1")
    (homes / "alice" / ".plan").write_bytes(LARGE)
    inside = old.asking(b"alice", receive_buffer=4096)
    begun = inside.receive(1000)
    waiting = [old.asking(b"bob") for _ in range(10)]
    begin()
    for client in waiting:
        client.expect_answer(NO_PLAN)
    inside.let_window_grow()
    inside.expect_that(begun + inside.receive_until_end(), converted(LARGE))
    inside.close()
    assert old.wait_exit() == 0


@pytest.mark.rule(rules.DRAIN)
def test_an_old_daemon_that_is_asked_to_stop_finishes_its_answers(
    begin: Start, homes: Path
) -> None:
    """Replaced, and then asked to stop, it drains: who has sent no query is not waited for."""
    old = begin("--query-timeout", "0", "--deadline", "0")
    (homes / "alice" / ".plan").write_bytes(LARGE)
    asking, silent = old.connect(receive_buffer=4096), old.connect()
    asking.send(b"alice\r\n")
    begun = asking.receive(1000)
    old.expect(b"bob", NO_PLAN)  # silent has been accepted
    begin()
    old.send_signal(signal.SIGTERM)
    silent.expect_end()
    asking.let_window_grow()
    asking.expect_that(begun + asking.receive_until_end(), converted(LARGE))
    asking.close()
    assert old.wait_exit() == 0


def test_the_new_parent_reloads(start_as_root: Start, path: str) -> None:
    old = start_as_root("--takeover", path)
    new = start_as_root("--takeover", path)
    expect_replaced(old, new)
    reload(new)
    new.expect(b"alice", converted(ALICE))
    assert len(workers(new)) == 1


@pytest.mark.rule(rules.TAKEOVER_MANAGER)
def test_the_manager_is_told_which_process_is_the_main_one(begin: Start, manager: Manager) -> None:
    old = begin(under=manager.under)
    new = begin()
    expect_replaced(old, new)
    told = manager.wait_until_told(2, old.patience)
    assert told[0]["READY"] == "1"
    assert told[1]["MAINPID"] == str(new.pid)


def test_what_the_old_server_has_done_to_its_listener_is_undone(
    begin: Start, manager: Manager
) -> None:
    old = begin(under=manager.under)
    spoil(manager.listener)
    new = begin()
    expect_replaced(old, new)
    assert is_sound(manager.listener)
    new.expect(b"alice", converted(ALICE))


def take_over_under_load(begin: Start, times: int) -> None:
    """So many takeovers; no exchange may be lost meanwhile."""
    last = begin(*MANY, "--quiet")
    with Load(last.address, last.patience) as load:
        for _ in range(times):
            new = begin(*MANY, "--quiet")
            assert last.wait_exit() == 0
            last = new
            load.wait_for_answers(20)
            assert load.lost == [], load.lost
    assert load.lost == [], load.lost


@pytest.mark.clock
def test_no_exchange_is_lost_under_load(begin: Start) -> None:
    take_over_under_load(begin, 3)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.clock
def test_a_hundred_takeovers_lose_nothing(begin: Start) -> None:
    take_over_under_load(begin, 100)
