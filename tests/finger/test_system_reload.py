"""A daemon that root starts: a fresh worker that doesn't get ready, and one beside an
old worker."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import Process, wait_until
from kit.client import FingerClient
from kit.machine import Machine
from kit.namespace import as_user
from kit.parent import AT_ONCE, is_there, only_worker, replace_worker, workers
from kit.reference import LARGE, converted
from kit.server import FingerServer, Start

pytestmark = pytest.mark.needs("contract")

START_SECONDS = 30.0  # how long a worker may take to get ready


def worker_that_waits(server: FingerServer, before: int) -> int:
    """Asks for a new worker, which waits for the group database. Returns its id."""
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: len(workers(server)) == 2, server.patience)
    (fresh,) = set(workers(server)) - {before}
    assert wait_until(lambda: "lease" in Path(f"/proc/{fresh}/wchan").read_text(), server.patience)
    return fresh


@pytest.mark.rule(rules.RELOAD_FAILS)
def test_a_worker_that_waits_for_the_group_database_holds_up_no_client(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root("--log", "none")
    before = only_worker(server)
    with machine.silent_group_database():
        worker_that_waits(server, before)
        server.expect(b"alice", ANSWER)
        server.send_signal(signal.SIGHUP)  # and once more, when that worker is ready
    assert wait_until(lambda: len(server.reload_lines()) == 2, server.patience), server.log_lines()
    for line in server.reload_lines():
        assert line == "reloaded: serving 2 users; before: 2", line
    assert only_worker(server) != before
    server.expect(b"alice", ANSWER)


@pytest.mark.clock
@pytest.mark.rule(rules.DRAIN)
def test_it_stops_though_a_worker_waits_for_the_group_database(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root()
    before = only_worker(server)
    with machine.silent_group_database():
        fresh = worker_that_waits(server, before)
        assert server.stop(within=AT_ONCE) == 0
        assert not is_there(before) and not is_there(fresh)


@pytest.mark.torture
@pytest.mark.clock
@pytest.mark.timeout(120)
@pytest.mark.rule(rules.RELOAD_FAILS)
def test_a_worker_that_waits_too_long_is_given_up(machine: Machine, start_as_root: Start) -> None:
    server = start_as_root("--log", "none")
    before = only_worker(server)
    with machine.silent_group_database():
        fresh = worker_that_waits(server, before)
        assert wait_until(lambda: bool(server.log_lines()), START_SECONDS + AT_ONCE)
        (line,) = server.log_lines()
        assert "cannot reload" in line and "not ready in time" in line, line
        assert wait_until(lambda: not is_there(fresh), server.patience)
        assert only_worker(server) == before
    assert replace_worker(server) != before
    server.expect(b"alice", ANSWER)


def tasks_of(uid: int) -> int:
    """Counts a user's threads as RLIMIT_NPROC does."""
    count = 0
    for status in Path("/proc").glob("[0-9]*/task/*/status"):
        with suppress(FileNotFoundError, ProcessLookupError):
            count += f"\nUid:\t{uid}\t" in status.read_text()
    return count


@pytest.mark.rule(rules.RELOAD_FAILS)
def test_no_directory_is_left_out_for_want_of_a_process_that_looks(
    machine: Machine, start_as_root: Start
) -> None:
    """At this limit a new worker can start, but no process that looks at homes."""
    uid = 1_900_000_000 + os.getpid()
    server = start_as_root("--log", "none", under=as_user(uid))
    limit = ("prlimit", "--pid", str(server.pid))
    for most, line in (
        (tasks_of(uid) + 1, "cannot reload, so the old worker goes on: cannot start a thread"),
        (1000, "reloaded: serving 2 users; before: 2"),
    ):
        subprocess.run([*as_user(uid), *limit, f"--nproc={most}:"], check=True)
        # Nine reloads, because no more than eight processes may wait for directories.
        for _ in range(9 if most < 1000 else 1):
            assert line in server.reload()


@pytest.mark.rule(rules.RELOAD_FAILS)
def test_many_directories_that_hold_homes_are_not_all_looked_at_together(
    machine: Machine, start_as_root: Start
) -> None:
    people = []
    for number in range(400):
        people.append(machine.add(f"user{number}"))
        holder = machine.homes / f"of-user{number}"
        holder.mkdir(mode=0o755)
        machine.move_home(f"user{number}", holder / "home", f"/home/{holder.name}/home")
    machine.opt_in(*people)
    uid = 1_900_000_000 + os.getpid()
    few = ("prlimit", f"--nproc={tasks_of(uid) + 300}:", *as_user(uid))
    server = start_as_root(under=few)
    assert "serving 400 users\n" in server.stderr_text()


@pytest.mark.rule(rules.MAX_CLIENTS_IN_A_RELOAD)
@pytest.mark.parametrize(
    "limit",
    [("--max-clients", "2"), ("--max-per-ip", "2")],
    ids=["clients", "per-ip"],
)
def test_connections_from_before_a_reload_are_not_counted_with_the_new_ones(
    machine: Machine, start_as_root: Start, limit: tuple[str, ...]
) -> None:
    plan = LARGE[: 1 << 20]  # more than the kernel keeps for a client
    (machine.homes / "alice" / ".plan").write_bytes(plan)
    server = start_as_root(*limit, "--deadline", "1m")
    before = Process(only_worker(server))
    old = [begun(server) for _ in range(2)]
    assert wait_until(lambda: before.socket_count() == 4, server.patience), "it has not accepted"
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: len(workers(server)) == 2, server.patience)
    fresh = Process(next(pid for pid in workers(server) if pid != before.pid))
    assert wait_until(lambda: before.socket_count() == 3, server.patience), "it still accepts"
    new = [begun(server) for _ in range(2)]
    assert wait_until(lambda: fresh.socket_count() == 4, server.patience)
    one_more = begun(server)
    time.sleep(0.2)
    assert (before.socket_count(), fresh.socket_count()) == (3, 4), "more than twice the limit"
    for client in (*old, *new):
        client.let_window_grow()
        client.expect_answer(converted(plan))
        client.close()
    assert only_worker(server) == fresh.pid
    one_more.close()


def begun(server: FingerServer) -> FingerClient:
    """Returns a client that sent its query and doesn't read the answer."""
    client = server.connect(receive_buffer=4096)
    client.try_send(b"alice\r\n")
    return client
