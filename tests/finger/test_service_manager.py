"""Started by a service manager: a socket that is passed, messages, a watchdog.

kit/manager.py plays the manager; finger/deploy/try-systemd does the same with systemd itself.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from kit import metrics
from kit.load import Load
from kit.machine import Machine
from kit.manager import PERIOD, Manager, answer, connection, monotonic_usec
from kit.parent import only_worker, workers
from kit.reference import converted
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.PASSED_SOCKET)]

@pytest.fixture
def start_managed(manager: Manager, start_either: Start) -> Start:
    """Starts servers under the manager."""
    return lambda *options, **how: start_either(*options, under=manager.under, **how)


def test_the_socket_that_was_passed_is_served(manager: Manager, start_managed: Start) -> None:
    server = start_managed("--addr", "::1", port=1)
    assert server.address == manager.address
    for _ in range(2):
        server.expect(b"alice", converted(ALICE))
    assert "--addr and --port are ignored" in server.stderr_text()


def test_of_several_sockets_for_scrapers_one_is_served(
    manager: Manager, start_managed: Start
) -> None:
    first, second = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    manager.passed += [first, second]
    manager.variables["LISTEN_FDNAMES"] = "fingerd.socket:metrics:metrics"
    server = start_managed()
    server.expect(b"alice", converted(ALICE))
    assert metrics.scrape(f"127.0.0.1:{first.getsockname()[1]}", server.patience)
    assert "of several sockets for metrics one is served: keep one" in server.stderr_text()


@pytest.mark.parametrize("names", ["metrics:clients:clients", "clients:metrics:clients",
                                   "clients:clients:metrics"])  # fmt: skip
def test_all_sockets_for_clients_are_served(
    manager: Manager, start_managed: Start, names: str
) -> None:
    """Wherever the one for scrapers is among them."""
    scrapers, further = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    manager.passed.append(further)
    manager.passed.insert(names.split(":").index("metrics"), scrapers)
    manager.variables["LISTEN_FDNAMES"] = names
    server = start_managed()
    assert server.addresses() == [manager.address, further.getsockname()]
    server.expect_everywhere(b"alice", converted(ALICE))
    found = metrics.scrape(f"127.0.0.1:{scrapers.getsockname()[1]}", server.patience)
    assert metrics.outcome(found, "answered") == 2


def test_a_scrape_that_starts_the_daemon_is_told_how_many_users_it_serves(
    manager: Manager, machine: Machine, start_as_root: Start
) -> None:
    """Also if the worker is faster than its parent."""
    scrapers = socket.create_server(("127.0.0.1", 0))
    manager.passed.append(scrapers)
    manager.variables["LISTEN_FDNAMES"] = "fingerd.socket:metrics"
    with machine.silent_group_database():
        server = start_as_root(under=manager.under, ready=False)
        program = Path(f"/proc/{server.pid}/comm")
        assert wait_until(
            lambda: program.read_text() == "fingerd\n" and bool(workers(server)), server.patience
        )
        os.kill(server.pid, signal.SIGSTOP)
    try:
        found = metrics.scrape(f"127.0.0.1:{scrapers.getsockname()[1]}", server.patience)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert found["fingerd_users"] == 2
    server.wait_until_ready()


def test_clients_that_came_before_the_server_are_answered(
    manager: Manager, start_managed: Start, patience: float
) -> None:
    early = [connection(manager, patience) for _ in range(3)]
    for client in early[1:]:
        client.sendall(b"alice\r\n")
    start_managed()
    early[0].sendall(b"alice\r\n")
    assert [answer(client) for client in early] == [converted(ALICE)] * 3


def test_what_comes_while_none_serves_waits_for_the_next(
    manager: Manager, start_managed: Start, patience: float
) -> None:
    last = start_managed()
    with Load(manager.address, 3 * patience) as load:
        for _ in range(3):
            assert last.stop() == 0
            last = start_managed()
            load.wait_for_answers(10)
    assert load.lost == []
    last.expect(b"alice", converted(ALICE))


@pytest.mark.parametrize(("family", "kind"), [
    (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_STREAM),
    (socket.AF_UNIX, socket.SOCK_STREAM)], ids=["datagrams", "deaf", "local"])  # fmt: skip
def test_what_cannot_be_served_is_told(
    manager: Manager, start: Start, family: int, kind: int
) -> None:
    passed = socket.socket(family, kind)
    if family == socket.AF_UNIX:
        passed.bind(str(manager.top / "local"))
        passed.listen()
    manager.passed = [passed]
    start(under=manager.under, ready=False).expect_refusal(1, "passed")


def test_a_socket_that_was_meant_for_another_process_is_left_alone(
    manager: Manager, start: Start
) -> None:
    manager.variables["LISTEN_PID"] = str(os.getpid())
    server = start(under=manager.under)
    assert server.address != manager.address
    server.expect(b"alice", converted(ALICE))


@pytest.mark.rule(rules.MESSAGES)
def test_the_messages_come_in_order(manager: Manager, start_managed: Start) -> None:
    server = start_managed()
    (ready,) = manager.wait_until_told(1, server.patience)
    assert ready["READY"] == "1" and "serv" in ready["STATUS"]
    before = monotonic_usec()
    server.send_signal(signal.SIGHUP)
    _, reloading, again = manager.wait_until_told(3, server.patience)
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= monotonic_usec()
    assert again["READY"] == "1"
    assert server.stop() == 0
    told = manager.wait_until_told(4, server.patience)
    assert told[3] == {"STOPPING": "1"}


@pytest.fixture
def reloading(manager: Manager, start_as_root: Start) -> Iterator[tuple[FingerServer, int]]:
    """A server that reloads while the worker before is stopped, and that worker's process."""
    server = start_as_root(under=manager.under)
    before = only_worker(server)
    os.kill(before, signal.SIGSTOP)
    server.send_signal(signal.SIGHUP)
    yield server, before
    with contextlib.suppress(ProcessLookupError):
        os.kill(before, signal.SIGCONT)


@pytest.mark.clock
@pytest.mark.rule(rules.MESSAGES)
def test_a_reload_ends_when_the_worker_before_accepts_no_more(
    manager: Manager, reloading: tuple[FingerServer, int]
) -> None:
    server, before = reloading
    assert wait_until(lambda: "reloaded" in server.stderr_text(), server.patience)
    assert "RELOADING" in manager.told()[-1], "a client may still come to the worker before"
    os.kill(before, signal.SIGCONT)
    assert "READY" in manager.wait_until_told(3, server.patience)[-1]


@pytest.mark.rule(rules.MESSAGES)
def test_a_reload_does_not_wait_long_for_a_worker_that_is_stuck(
    manager: Manager, reloading: tuple[FingerServer, int]
) -> None:
    server, _ = reloading
    assert "READY" in manager.wait_until_told(3, server.patience)[-1]


@pytest.mark.rule(rules.MESSAGES)
def test_none_is_ready_before_it_answers(
    manager: Manager, start_managed: Start, patience: float
) -> None:
    server = start_managed(ready=False)
    client = connection(manager, patience)
    client.sendall(b"alice\r\n")
    assert answer(client) == converted(ALICE)
    manager.wait_until_told(1, server.patience)
    server.wait_until_ready()


@pytest.mark.rule(rules.MESSAGES)
def test_a_reload_that_fails_ends_too_and_says_so(
    manager: Manager, machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root(under=manager.under)
    manager.wait_until_told(1, server.patience)
    machine.write_group("fingers")
    server.send_signal(signal.SIGHUP)
    told = manager.wait_until_told(3, server.patience)
    assert told[2]["READY"] == "1" and "cannot reload" in told[2]["STATUS"]
    assert "no group finger" in told[2]["STATUS"]


@pytest.mark.rule(rules.RELOAD)
def test_no_client_is_lost_to_reloads_under_load(manager: Manager, start_managed: Start) -> None:
    server = start_managed("--max-per-ip", "1000")
    with Load(manager.address, server.patience) as load:
        for number in range(5):
            server.send_signal(signal.SIGHUP)
            manager.wait_until_told(3 + 2 * number, server.patience)
            load.wait_for_answers(5)
    assert load.lost == []


@pytest.mark.clock
@pytest.mark.rule(rules.WATCHDOG)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_watchdog_hears_twice_in_its_time(
    manager: Manager, start_managed: Start, workers: str
) -> None:
    server = start_managed("--workers", workers)
    assert wait_until(lambda: len(manager.beats()) >= 6, 6 * PERIOD + server.patience)
    beats = manager.beats()
    apart = (beats[-1] - beats[1]) / (len(beats) - 2)
    assert PERIOD / 4 < apart < PERIOD, beats


@pytest.mark.clock
@pytest.mark.rule(rules.WATCHDOG)
def test_the_watchdog_hears_enough_although_no_worker_serves_for_long(
    manager: Manager, start_managed: Start
) -> None:
    """Each is replaced by a reload before its loop reports again."""
    server = start_managed()
    manager.wait_until_told(1, server.patience)
    begin = time.monotonic()
    for number in range(16):
        server.send_signal(signal.SIGHUP)
        manager.wait_until_told(3 + 2 * number, server.patience)
        time.sleep(PERIOD / 6)
    times = [begin, *(at for at in manager.beats() if at > begin), time.monotonic()]
    longest = max(after - before for before, after in itertools.pairwise(times))
    assert longest < 2 * PERIOD, f"nothing for {longest:.1f} s: systemd kills it after {PERIOD} s"


@pytest.mark.clock
@pytest.mark.rule(rules.WATCHDOG)
def test_a_worker_that_hangs_is_silent_although_its_parent_lives(
    manager: Manager, start_as_root: Start
) -> None:
    server = start_as_root(under=manager.under)
    assert wait_until(lambda: bool(manager.beats()), server.patience)
    worker = only_worker(server)
    os.kill(worker, signal.SIGSTOP)
    time.sleep(PERIOD)  # what was on its way
    before = len(manager.beats())
    time.sleep(3 * PERIOD)
    assert len(manager.beats()) == before, "the parent answers for a worker that hangs"
    os.kill(worker, signal.SIGCONT)
    assert wait_until(lambda: len(manager.beats()) > before, server.patience)


@pytest.mark.rule(rules.WATCHDOG)
def test_without_a_watchdog_none_is_told(manager: Manager, start: Start) -> None:
    del manager.variables["WATCHDOG_USEC"]
    server = start(under=manager.under)
    server.expect(b"alice", converted(ALICE))
    assert server.stop() == 0
    assert manager.beats() == [] and len(manager.told()) == 2


@pytest.mark.rule(rules.MESSAGES)
def test_a_manager_that_has_gone_ends_nothing(start: Start) -> None:
    manager = Manager()
    server = start(under=manager.under)
    manager.close()
    time.sleep(PERIOD)
    server.expect(b"alice", converted(ALICE))
    assert Path(f"/proc/{server.pid}").exists()
