"""Started as root: a parent keeps root and the listening socket, and workers come and go."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from kit.client import FingerClient
from kit.machine import Machine
from kit.manager import Manager
from kit.parent import AT_ONCE, is_there, only_worker, reload, workers
from kit.reference import NO_PLAN, NO_SUCH_USER, converted
from kit.server import FingerServer, Start

pytestmark = pytest.mark.needs("contract")

ANSWER = converted(ALICE)
LARGE = b"0123456789abcde\n" * 300_000


def reading_slowly(machine: Machine, server: FingerServer) -> FingerClient:
    """A client whose answer cannot be sent yet."""
    (machine.homes / "alice" / ".plan").write_bytes(LARGE)
    client = server.asking(b"alice", receive_buffer=4096)
    client.receive(1000)
    return client


def to_all(parent: int, number: int) -> None:
    """To each process of that name, as pkill does, the parent first."""
    os.kill(parent, number)


def expect_the_rest(client: FingerClient) -> None:
    client.let_window_grow()
    client.expect_that(client.receive_until_end(), converted(LARGE)[1000:])


@pytest.mark.rule(rules.RELOAD)
@pytest.mark.parametrize("count", ["1", "3"])
def test_after_the_signal_new_members_are_served_and_former_ones_are_not(
    machine: Machine, start_as_root: Start, count: str
) -> None:
    server = start_as_root("--workers", count)
    server.expect(b"alice", ANSWER)
    dora = machine.add("dora", b"new here\n")
    machine.opt_in(dora)
    server.expect(b"dora", NO_SUCH_USER)
    reload(server)
    server.expect(b"dora", b"new here\r\n")
    server.expect(b"alice", NO_SUCH_USER)
    server.expect(b"", b"dora\tDora\r\n")


@pytest.mark.rule(rules.RELOAD)
@pytest.mark.parametrize("count", ["1", "2"])
def test_a_query_in_progress_is_answered_by_the_worker_that_has_its_beginning(
    machine: Machine, start_as_root: Start, count: str
) -> None:
    server = start_as_root("--workers", count, "--query-timeout", "1m", "--deadline", "1m")
    before = only_worker(server)
    begun = [server.connect() for _ in range(4)]
    for client in begun:
        client.send_in_pieces(b"bo")
    machine.opt_in(machine.add("dora", b"new here\n"))
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: server.ask(b"dora") == b"new here\r\n", server.patience)
    for client in begun:
        client.send(b"b\r\n")
        client.expect_answer(NO_PLAN)
        client.close()
    assert wait_until(lambda: before not in workers(server), server.patience)


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.clock
def test_a_client_of_an_old_worker_is_not_waited_for_when_all_stop(start_as_root: Start) -> None:
    server = start_as_root("--deadline", "1m", "--query-timeout", "1m")
    server.connect().send_in_pieces(b"bo")
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: len(workers(server)) == 2, server.patience)
    time.sleep(0.3)
    assert len(workers(server)) == 2
    assert server.stop(within=AT_ONCE) == 0


@pytest.mark.rule(rules.RELOAD)
def test_no_query_fails_while_signals_rain(start_as_root: Start) -> None:
    server = start_as_root("--max-per-ip", "128")
    for _ in range(150):
        server.send_signal(signal.SIGHUP)
        server.expect(b"alice", ANSWER)
    only_worker(server)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.RELOAD_FAILS)
def test_a_worker_that_cannot_start_leaves_the_one_before_at_work(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root("--quiet")
    before = only_worker(server)
    machine.write_group("fingers")
    server.send_signal(signal.SIGHUP)
    (line,) = server.wait_for_log_lines(1)
    assert "cannot reload" in line and "no group finger" in line, line
    server.expect(b"alice", ANSWER)
    assert only_worker(server) == before
    machine.opt_in(machine.add("dora", b"new here\n"))
    assert reload(server) != before
    server.expect(b"dora", b"new here\r\n")
    (line,) = server.log_lines()[1:]
    assert re.fullmatch(r"reloaded: worker \d+ serves 1 user, before 2", line), line


@pytest.mark.clock
@pytest.mark.rule(rules.REPLACED)
def test_a_worker_that_ends_by_itself_is_replaced(start_as_root: Start) -> None:
    server = start_as_root("--quiet")
    for number in range(1, 3):
        os.kill(worker := only_worker(server), signal.SIGKILL)
        lines = server.wait_for_log_lines(number)
        assert lines[-1] == "a worker has ended by itself: signal 9"
        server.expect(b"alice", ANSWER)  # waits in the backlog meanwhile
        assert only_worker(server) != worker


@pytest.mark.clock
@pytest.mark.rule(rules.REPLACED)
def test_workers_that_cannot_start_are_tried_after_longer_and_longer_pauses(
    machine: Machine, start_as_root: Start
) -> None:
    begin = time.monotonic()
    server = start_as_root("--quiet")
    machine.write_group("fingers")
    os.kill(only_worker(server), signal.SIGKILL)
    lines = server.wait_for_log_lines(3)
    assert 1 + 2 <= time.monotonic() - begin, lines
    assert all("no worker serves, another is tried" in line for line in lines[1:]), lines
    machine.write_group()
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.REPLACED)
@pytest.mark.parametrize(
    "options", [(), ("--ring", "sqpoll", "--workers", "2")], ids=["one", "sqpoll"]
)
def test_no_worker_outlives_its_parent(start_as_root: Start, options: tuple[str, ...]) -> None:
    server = start_as_root(*options)
    worker = only_worker(server)
    server.stop(signal.SIGKILL)
    assert wait_until(lambda: not is_there(worker), server.patience), "the worker runs on"
    assert wait_until(server.refuses_connections, server.patience), "somebody listens"


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("to", [os.kill, os.killpg, to_all], ids=["parent", "^C", "pkill"])
def test_a_client_that_is_being_answered_when_it_stops_gets_the_rest(
    machine: Machine, start_as_root: Start, to: Callable[[int, int], None]
) -> None:
    server = start_as_root()
    client = reading_slowly(machine, server)
    worker = only_worker(server)
    to(server.pid, signal.SIGINT)
    assert wait_until(server.refuses_connections, server.patience)
    if to is to_all:
        time.sleep(0.1)  # the parent's word has reached the worker
        os.kill(worker, signal.SIGINT)
    expect_the_rest(client)
    assert server.wait_exit() == 0
    assert not is_there(worker)


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.clock
@pytest.mark.parametrize("count", ["1", "3"])
def test_it_stops_at_once_when_no_client_waits_for_an_answer(
    start_as_root: Start, count: str
) -> None:
    server = start_as_root("--workers", count)
    silent = server.connect()
    silent.send(b"ali")
    server.expect(b"bob", NO_PLAN)
    assert server.stop(within=AT_ONCE) == 0


@pytest.mark.clock
@pytest.mark.rule(rules.SECOND_SIGNAL)
def test_a_second_signal_ends_all_of_them(machine: Machine, start_as_root: Start) -> None:
    server = start_as_root("--deadline", "1m")
    reading_slowly(machine, server)
    worker = only_worker(server)
    server.send_signal(signal.SIGTERM)
    assert wait_until(server.refuses_connections, server.patience)
    time.sleep(0.3)
    assert server.is_alive() and is_there(worker), "it did not wait for who is being answered"
    assert server.stop(within=AT_ONCE) == 0
    assert not is_there(worker)


@pytest.mark.rule(rules.DRAIN)
def test_it_hears_of_its_workers_though_it_was_told_not_to(start_as_root: Start) -> None:
    ignore = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    deaf = (sys.executable, "-c", f"{ignore}; os.execvp(sys.argv[1], sys.argv[1:])")
    server = start_as_root(under=deaf)
    worker = only_worker(server)
    os.kill(worker, signal.SIGKILL)
    assert wait_until(lambda: workers(server) not in ([], [worker]), server.patience)
    server.expect(b"bob", NO_PLAN)


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.clock
def test_a_worker_that_does_not_drain_in_time_is_killed(start_as_root: Start) -> None:
    server = start_as_root("--deadline", "500ms")
    worker = only_worker(server)
    os.kill(worker, signal.SIGSTOP)
    assert server.stop(within=2 + AT_ONCE) == 0
    assert not is_there(worker)


@pytest.mark.rule(rules.DRAIN)
def test_a_signal_before_the_ready_line_ends_it_in_order(start_as_root: Start) -> None:
    for _ in range(5):
        server = start_as_root(ready=False)
        assert wait_until(lambda: bool(workers(server)), server.patience, 0.0002)
        (worker,) = workers(server)
        assert server.stop(within=AT_ONCE) == 0
        assert not is_there(worker)


@pytest.mark.rule(rules.RESTORE)
def test_a_hundred_workers_leave_nothing_behind(start_as_root: Start) -> None:
    server = start_as_root()
    at_rest = server.process.descriptor_count()
    for _ in range(100):
        reload(server)
    server.wait_for_descriptors(at_rest)
    assert server.process.thread_count() == 1


@pytest.mark.rule(rules.WATCHDOG)
def test_a_worker_that_says_it_without_end_is_not_passed_on_without_end(
    start_as_root: Start
) -> None:
    with closing(Manager(watchdog_seconds=20)) as manager:
        server = start_as_root(under=manager.under)
        server.expect(b"alice", converted(ALICE))
        worker = only_worker(server)
        ends = [entry for entry in Path(f"/proc/{worker}/fd").iterdir()
                if os.readlink(entry).startswith("pipe:")]  # fmt: skip
        said = min(ends, key=lambda entry: int(entry.name))
        with open(said, "wb", buffering=0) as pipe:
            for _ in range(200):
                pipe.write(b".")
                time.sleep(0.001)  # or many would be read as one
                manager.beats()  # there is room for ten
        server.expect(b"alice", converted(ALICE))
        assert len(manager.beats()) < 10
