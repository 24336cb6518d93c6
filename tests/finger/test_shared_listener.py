"""What one process does to the listening socket, which others have as well, holds up nobody.

Here the manager has it, as the worker has that a client took over.
"""

import os
import signal
import socket

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from kit import metrics
from kit.manager import Manager, is_sound, spoil
from kit.parent import only_worker, workers
from kit.reference import converted
from kit.server import Start

pytestmark = pytest.mark.needs("contract")


@pytest.mark.rule(rules.PASSED_SOCKET)
def test_what_was_done_to_the_passed_socket_before_holds_up_nobody(
    manager: Manager, start: Start
) -> None:
    spoil(manager.listener)
    server = start(under=manager.under)
    assert is_sound(manager.listener)
    for _ in range(2):
        server.expect(b"alice", converted(ALICE))


@pytest.mark.rule(rules.RELOAD)
def test_what_a_worker_has_done_to_the_listener_holds_up_none_of_the_next_ones_clients(
    manager: Manager, start_as_root: Start
) -> None:
    server = start_as_root(under=manager.under)
    before = only_worker(server)
    spoil(manager.listener)
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: before not in workers(server), server.patience)
    for _ in range(2):
        server.expect(b"alice", converted(ALICE))
    assert is_sound(manager.listener)


@pytest.mark.rule(rules.REPLACED)
def test_what_a_worker_does_to_the_listener_at_its_end_is_undone(
    manager: Manager, start_as_root: Start
) -> None:
    """The next one serves already."""
    server = start_as_root("--deadline", "1m", under=manager.under)
    before = only_worker(server)
    os.kill(before, signal.SIGSTOP)
    server.send_signal(signal.SIGHUP)
    server.expect(b"alice", converted(ALICE))
    assert len(workers(server)) == 2
    spoil(manager.listener)
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: is_sound(manager.listener), server.patience)


@pytest.mark.rule(rules.PASSED_SOCKET)
@pytest.mark.parametrize("rings", ["1", "2"])
def test_a_listener_that_is_made_to_wait_again_holds_up_nobody(
    manager: Manager, start: Start, rings: str
) -> None:
    """As a worker does it that a successor has replaced and that has not ended."""
    server = start("--workers", rings, under=manager.under)
    server.expect(b"alice", converted(ALICE))
    manager.listener.setblocking(True)
    for _ in range(3):
        server.expect(b"alice", converted(ALICE))


@pytest.mark.rule(rules.METRICS)
def test_a_scraper_that_another_process_accepts_holds_up_nobody(
    manager: Manager, start: Start
) -> None:
    """Each time both are woken, and the daemon finds none if it is later."""
    scrapers = socket.create_server(("127.0.0.1", 0))
    manager.passed.append(scrapers)
    manager.variables["LISTEN_FDNAMES"] = "fingerd.socket:metrics"
    server = start(under=manager.under)
    where = "127.0.0.1:{}".format(scrapers.getsockname()[1])
    assert metrics.scrape(where, server.patience)
    scrapers.setblocking(True)
    os.kill(server.pid, signal.SIGSTOP)
    with socket.create_connection(scrapers.getsockname()):
        scrapers.accept()[0].close()
        os.kill(server.pid, signal.SIGCONT)
        server.expect(b"alice", converted(ALICE))
