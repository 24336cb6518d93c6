"""A daemon that root starts: a parent keeps root and the listening socket, and workers come
and go."""

import os
import re
import signal
import sys
import time

import pytest

import rules
from conftest import ANSWER
from harness.proc import Process, wait_until
from kit.machine import Machine
from kit.parent import AT_ONCE, is_there, only_worker, replace_worker, workers
from kit.reference import LARGE, NO_PLAN, converted
from kit.server import Start

pytestmark = pytest.mark.needs("contract")

SILENCE = 10.0  # the contract's limit


@pytest.mark.rule(rules.RELOAD)
def test_a_query_in_progress_is_answered_by_the_worker_that_has_its_beginning(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root("--query-timeout", "1m", "--deadline", "1m")
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


@pytest.mark.rule(rules.RELOAD_FAILS)
def test_a_worker_that_cannot_start_leaves_the_old_one_at_work(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root("--log", "none")
    before = only_worker(server)
    machine.write_group("fingers")
    server.send_signal(signal.SIGHUP)
    (line,) = server.wait_for_log_lines(1)
    assert "cannot reload" in line and "no group finger" in line, line
    server.expect(b"alice", ANSWER)
    assert only_worker(server) == before
    machine.opt_in(machine.add("dora", b"new here\n"))
    assert replace_worker(server) != before
    server.expect(b"dora", b"new here\r\n")
    (line,) = [each for each in server.log_lines()[1:] if not each.startswith("served: ")]
    assert re.fullmatch(r"reloaded: serving 1 user; before: 2", line), line


@pytest.mark.rule(rules.WORKER_ENDS)
def test_a_worker_that_crashes_ends_the_daemon(start_either: Start) -> None:
    server = start_either("--log", "none")
    os.kill(only_worker(server), signal.SIGKILL)
    assert server.wait_exit() == 1
    assert server.log_lines() == ["the worker ended unexpectedly: signal 9"]
    # The ring of a killed process polls the port, and the kernel may take it down after the process
    # ended.
    assert wait_until(server.refuses_connections, server.patience), "the port is still taken"
    start_either(port=server.address[1]).expect(b"alice", ANSWER)


@pytest.mark.rule(rules.CUT_SHORT)
def test_an_answer_that_a_crash_cuts_does_not_look_whole(start: Start) -> None:
    server = start()
    server.users.replace("alice", LARGE)
    client = server.reading_slowly(b"alice")
    os.kill(only_worker(server), signal.SIGKILL)
    assert server.wait_exit() == 1
    client.let_window_grow()
    client.expect_reset()


@pytest.mark.rule(rules.WORKER_ENDS)
@pytest.mark.parametrize("order", [signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT])
def test_a_worker_that_crashes_while_it_leaves_is_logged(start: Start, order: int) -> None:
    server = start()
    server.users.replace("alice", LARGE)
    client = server.reading_slowly(b"alice")
    worker = only_worker(server)
    if order == signal.SIGHUP:
        server.reload()
    else:
        server.send_signal(signal.Signals(order))
        assert wait_until(server.refuses_connections, server.patience)
    os.kill(worker, signal.SIGKILL)
    line = f"worker {worker} failed while finishing its clients: signal 9\n"
    assert wait_until(lambda: line in server.stderr_text(), server.patience)
    client.let_window_grow()
    client.expect_reset()
    assert (server.stop() if order == signal.SIGHUP else server.wait_exit()) == 0


@pytest.mark.rule(rules.CUT_SHORT)
def test_an_answer_that_a_crash_of_the_fresh_worker_cuts_is_logged_and_does_not_look_whole(
    start: Start
) -> None:
    server = start()
    server.users.replace("alice", LARGE)
    client = server.reading_slowly(b"alice")
    before = only_worker(server)
    sockets = Process(before).socket_count()
    server.reload()
    (fresh,) = set(workers(server)) - {before}
    # After closing its listener, the worker tells the parent how many clients are left.
    assert wait_until(lambda: Process(before).socket_count() < sockets, server.patience)
    time.sleep(0.1)
    os.kill(fresh, signal.SIGKILL)
    assert server.wait_exit() == 1
    client.let_window_grow()
    client.expect_reset()
    line = f"worker {before} is killed: the daemon ends; clients still connected: 1\n"
    assert line in server.stderr_text()


@pytest.mark.clock
@pytest.mark.rule(rules.WORKER_ENDS)
def test_a_worker_that_falls_silent_ends_the_daemon(start: Start) -> None:
    server = start("--log", "none")
    worker = only_worker(server)
    begin = time.monotonic()
    os.kill(worker, signal.SIGSTOP)
    assert server.wait_exit(within=2 * SILENCE) == 1
    assert time.monotonic() - begin > SILENCE - 2
    assert server.log_lines() == [f"worker {worker} has fallen silent"]
    assert wait_until(lambda: not is_there(worker), server.patience), "the worker runs on"


@pytest.mark.rule(rules.WORKER_ENDS)
def test_a_worker_that_does_not_leave_ends_with_the_daemon(start_either: Start) -> None:
    """Otherwise an intruder in it would keep the port: he could use up the kernel's memory, so that
    the fresh worker is killed, and nobody would end his own."""
    server = start_either()
    before = only_worker(server)
    os.kill(before, signal.SIGSTOP)
    assert server.reload().startswith("reloaded: ")
    (fresh,) = set(workers(server)) - {before}
    os.kill(fresh, signal.SIGKILL)
    assert server.wait_exit() == 1
    assert wait_until(lambda: not is_there(before), server.patience), "it runs on"
    assert wait_until(server.refuses_connections, server.patience), "the port is still taken"


@pytest.mark.clock
@pytest.mark.rule(rules.WORKER_ENDS)
def test_a_pause_of_the_whole_machine_does_not_count_as_silence(start: Start) -> None:
    """All processes of the daemon stop for longer than the silence may last, and continue."""
    server = start("--log", "none")
    both = (server.pid, only_worker(server))
    for pid in both:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(SILENCE + 1)
    for pid in both:
        os.kill(pid, signal.SIGCONT)
    time.sleep(1)
    server.expect(b"alice", ANSWER)
    assert server.is_alive() and server.log_lines() == []


@pytest.mark.rule(rules.COUNTED)
def test_counts_are_logged_on_request_and_at_the_end(start_either: Start) -> None:
    server = start_either("--log", "none")
    for query in (b"alice", b"bob", b"nobody", b"nobody"):
        server.ask(query)
    counted = "4 accepted, 0 turned away, 0 checks, "
    each = ": 1 answered, 1 no plan, 2 no such user"
    server.send_signal(signal.SIGUSR1)
    (line,) = server.wait_for_log_lines(1)
    assert line.startswith(f"served so far: {counted}") and line.endswith(each), line
    assert server.stop() == 0
    assert server.log_lines()[1:] == [line.replace("served so far", "served")]


@pytest.mark.rule(rules.DRAIN)
def test_at_sigquit_no_more_are_accepted_and_those_who_are_connected_are_served(
    start_either: Start
) -> None:
    server = start_either("--query-timeout", "1m", "--deadline", "1m")
    begun = server.connect()
    begun.send_in_pieces(b"ali")
    server.send_signal(signal.SIGQUIT)
    assert wait_until(server.refuses_connections, server.patience)
    time.sleep(0.3)
    assert server.is_alive()
    begun.send(b"ce\r\n")
    begun.expect_answer(ANSWER)
    begun.close()
    assert server.wait_exit() == 0


@pytest.mark.rule(rules.WORKER_ENDS)
def test_no_worker_outlives_its_parent(start_either: Start) -> None:
    server = start_either()
    worker = only_worker(server)
    server.stop(signal.SIGKILL)
    assert wait_until(lambda: not is_there(worker), server.patience), "the worker runs on"
    assert wait_until(server.refuses_connections, server.patience), "somebody listens"


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("to", ["the parent", "the group", "each of them"])
def test_a_client_that_is_being_answered_when_it_stops_gets_the_rest(
    machine: Machine, start_as_root: Start, to: str
) -> None:
    """The stop comes by kill, ^C or pkill."""
    server = start_as_root()
    (machine.homes / "alice" / ".plan").write_bytes(LARGE)
    client = server.reading_slowly(b"alice")
    worker = only_worker(server)
    (os.killpg if to == "the group" else os.kill)(server.pid, signal.SIGINT)
    assert wait_until(server.refuses_connections, server.patience)
    if to == "each of them":
        time.sleep(0.1)  # by then the parent's order has reached the worker
        os.kill(worker, signal.SIGINT)
    client.expect_that(client.take_the_rest(), converted(LARGE))
    assert server.wait_exit() == 0
    assert not is_there(worker)


@pytest.mark.rule(rules.DRAIN)
def test_it_notices_the_end_of_its_workers_with_sigchld_ignored(start_as_root: Start) -> None:
    ignore = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    deaf = (sys.executable, "-c", f"{ignore}; os.execvp(sys.argv[1], sys.argv[1:])")
    server = start_as_root(under=deaf)
    replace_worker(server)
    server.expect(b"bob", NO_PLAN)


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.clock
def test_a_worker_that_does_not_drain_in_time_is_killed(start_as_root: Start) -> None:
    server = start_as_root("--deadline", "500ms")
    worker = only_worker(server)
    os.kill(worker, signal.SIGSTOP)
    assert server.stop(within=2 + AT_ONCE) == 0
    assert not is_there(worker)
    said = f"worker {worker} is killed: it did not finish in time; clients still connected: unknown"
    assert said in server.stderr_text()


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
    parent = Process(server.pid)
    at_rest = parent.descriptor_count()
    for _ in range(100):
        replace_worker(server)
    assert wait_until(lambda: parent.descriptor_count() <= at_rest, server.patience)
    assert parent.thread_count() == 1
