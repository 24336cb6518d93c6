"""A daemon that a service manager starts: passed sockets, and messages. kit/manager.py plays the
manager; tests/builds/test_systemd.py does the same with systemd itself."""

from __future__ import annotations

import os
import signal
import socket
import struct
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from kit.load import ask_for_alice
from kit.machine import Machine
from kit.manager import Manager, answer, connection, monotonic_usec
from kit.server import Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.PASSED_SOCKET)]


@pytest.fixture
def start_managed(manager: Manager, start_either: Start) -> Start:
    """Starts servers under the manager."""
    return lambda *options, **how: start_either(*options, under=manager.under, **how)


def test_the_socket_that_was_passed_is_served(manager: Manager, start_managed: Start) -> None:
    server = start_managed("--addr", "::1", port=1)
    assert server.address == manager.address
    for _ in range(2):
        server.expect(b"alice", ANSWER)
    assert "--addr and --port are ignored" in server.stderr_text()


def test_earlier_settings_of_the_passed_socket_hold_up_nobody(
    manager: Manager, start_managed: Start
) -> None:
    """A process that has the socket could set these, and then accepting would wait, and perhaps
    closing."""
    manager.listener.setblocking(True)
    lingers = (socket.SOL_SOCKET, socket.SO_LINGER)
    manager.listener.setsockopt(*lingers, struct.pack("ii", 1, 60))
    server = start_managed()
    assert not os.get_blocking(manager.listener.fileno())
    assert struct.unpack("ii", manager.listener.getsockopt(*lingers, 8))[0] == 0
    for _ in range(2):
        server.expect(b"alice", ANSWER)


def test_all_sockets_that_were_passed_are_served(manager: Manager, start_managed: Start) -> None:
    further = socket.create_server(("127.0.0.1", 0))
    manager.passed.append(further)
    server = start_managed()
    assert server.addresses() == [manager.address, further.getsockname()]
    server.expect_everywhere(b"alice", ANSWER)
    server.reload()
    server.expect_everywhere(b"alice", ANSWER)


def test_clients_that_came_before_the_server_are_answered(
    manager: Manager, start_managed: Start, patience: float
) -> None:
    early = [connection(manager, patience) for _ in range(3)]
    for client in early[1:]:
        client.sendall(b"alice\r\n")
    start_managed()
    early[0].sendall(b"alice\r\n")
    assert [answer(client) for client in early] == [ANSWER] * 3


def test_clients_that_come_while_none_serves_wait_for_the_next(
    manager: Manager, start_managed: Start, patience: float
) -> None:
    last = start_managed()
    with ask_for_alice(manager.address, 3 * patience) as load:
        for _ in range(3):
            assert last.stop() == 0
            last = start_managed()
            load.wait_for_answers(10)
    assert load.lost == []
    last.expect(b"alice", ANSWER)


@pytest.mark.parametrize(("family", "kind"), [
    (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET, socket.SOCK_STREAM),
    (socket.AF_UNIX, socket.SOCK_STREAM)], ids=["datagrams", "deaf", "local"])  # fmt: skip
def test_a_passed_socket_of_the_wrong_kind_is_refused(
    manager: Manager, start: Start, family: int, kind: int
) -> None:
    passed = socket.socket(family, kind)
    if family == socket.AF_UNIX:
        passed.bind(str(manager.top / "local"))
        passed.listen()
    manager.passed = [passed]
    start(under=manager.under, ready=False).expect_refusal(1, "service manager")


def test_a_socket_that_was_meant_for_another_process_is_left_alone(
    manager: Manager, start: Start
) -> None:
    manager.variables["LISTEN_PID"] = str(os.getpid())
    server = start(under=manager.under)
    assert server.address != manager.address
    server.expect(b"alice", ANSWER)


def test_a_manager_that_passed_no_socket_is_named_if_the_port_cannot_be_had(
    manager: Manager, start: Start
) -> None:
    """systemd passes none if the socket's unit was edited and not restarted."""
    manager.passed, listener = [], manager.listener
    server = start(port=manager.address[1], under=manager.under, ready=False)
    server.expect_refusal(1, "systemctl restart fingerd.socket", "Address already in use")
    listener.close()


def test_a_manager_that_passes_no_socket_may_leave_the_port_to_the_daemon(
    manager: Manager, start: Start
) -> None:
    manager.passed, listener = [], manager.listener
    start(under=manager.under).expect(b"alice", ANSWER)
    manager.wait_until_told(1, 10)
    listener.close()


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


@pytest.mark.rule(rules.MESSAGES)
def test_none_is_ready_before_it_answers(
    manager: Manager, start_managed: Start, patience: float
) -> None:
    server = start_managed(ready=False)
    client = connection(manager, patience)
    client.sendall(b"alice\r\n")
    assert answer(client) == ANSWER
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
    with ask_for_alice(manager.address, server.patience) as load:
        for number in range(5):
            server.send_signal(signal.SIGHUP)
            manager.wait_until_told(3 + 2 * number, server.patience)
            load.wait_for_answers(5)
    assert load.lost == []


@pytest.mark.rule(rules.MESSAGES)
def test_a_manager_that_has_gone_ends_nothing(start: Start) -> None:
    manager = Manager()
    server = start(under=manager.under)
    manager.close()
    server.reload()
    server.expect(b"alice", ANSWER)
    assert Path(f"/proc/{server.pid}").exists()
