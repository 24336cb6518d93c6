"""A home on a dead file server. The daemon still starts, reloads and stops, although nothing can
end a process that waits for such a server."""

import signal
import time
from collections.abc import Iterator

import pytest

import rules
from harness.proc import wait_until
from kit import hanging_fs
from kit.hanging_fs import ALICES_PLAN, BOBS_PLAN, HangingFileSystem
from kit.machine import Machine
from kit.parent import AT_ONCE, is_there, workers
from kit.reference import converted
from kit.server import FingerServer, Start

pytestmark = [
    pytest.mark.needs("contract"),
    pytest.mark.clock,
    pytest.mark.timeout(60),
]

DEADLINE = 0.5
DRAIN = DEADLINE + 1  # the deadline, and a second for stuck requests
MORE = 2.0  # the contract allows this much more
BOB = converted(BOBS_PLAN)
ALICE = converted(ALICES_PLAN)
DEADLINE_OPTIONS = ("--deadline", f"{DEADLINE * 1000:.0f}ms")


@pytest.fixture
def alices(bob: Machine) -> Iterator[HangingFileSystem]:
    """Alice's home, a file system of its own, which still answers."""
    with hanging_fs.mounted("nothing", deaf=True, home=bob.homes / "alice") as (_, files):
        yield files


@pytest.fixture(params=["home", "holder"])
def dead(request: pytest.FixtureRequest, bob: Machine) -> Iterator[HangingFileSystem]:
    """Alice's home, or the directory that contains it, on a server that still answers. If that
    directory is a mount itself, asking for its attributes doesn't hang, but later requests do."""
    if request.param == "home":
        yield request.getfixturevalue("alices")
        return
    department = bob.homes / "dept"
    department.mkdir()
    is_mount = request.param == "mount"
    place = "/home/dept" if is_mount else "/home/dept/staff"
    bob.move_home("alice", department / "alice", f"{place}/alice")
    people = [b"alice"] if is_mount else []
    with hanging_fs.mounted(
        "nothing", deaf=True, names_kept=is_mount, department=department, people=people
    ) as (_, files):
        yield files


def hang_at(server: FingerServer, files: HangingFileSystem, kind: str) -> int:
    """Makes her home hang, and waits until a client was cut off at the deadline. Returns
    the worker."""
    (worker,) = workers(server)
    server.expect(b"alice", ALICE)
    files.stop_answering(kind)
    client = server.asking(b"alice")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    client.wait_for_hang_up(DEADLINE + MORE + server.patience)
    return worker


@pytest.mark.rule(rules.DRAIN)
@pytest.mark.parametrize("kind", ["lookup", "open", "flush"])
@pytest.mark.parametrize("reloaded", [False, True], ids=["", "reloaded"])
def test_it_stops_within_the_time_of_a_drain(
    kind: str, reloaded: bool, start_as_root: Start, alices: HangingFileSystem
) -> None:
    server = start_as_root(*DEADLINE_OPTIONS)
    worker = hang_at(server, alices, kind)
    if reloaded:
        server.reload()
    assert server.stop(within=DRAIN + MORE) == 0
    assert is_there(worker), "it has not hung: this test tested nothing"
    assert f"worker {worker} was killed and does not end" in server.stderr_text()
    start_as_root("--port", str(server.address[1])).expect(b"bob", BOB)


@pytest.mark.rule(rules.SECOND_SIGNAL)
def test_a_second_signal_stops_it_immediately(
    start_as_root: Start, alices: HangingFileSystem
) -> None:
    server = start_as_root("--deadline", "10s")
    (worker,) = workers(server)
    server.expect(b"alice", ALICE)
    alices.stop_answering("open")
    server.asking(b"alice")
    assert alices.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.send_signal(signal.SIGTERM)
    assert wait_until(server.refuses_connections, server.patience)
    time.sleep(0.3)  # earlier, it would be the same stop
    assert server.stop(within=AT_ONCE) == 0
    assert is_there(worker), "it has not hung: this test tested nothing"


@pytest.mark.rule(rules.WORKER_ENDS)
def test_when_the_parent_is_killed_the_port_is_free(
    start_as_root: Start, alices: HangingFileSystem
) -> None:
    server = start_as_root(*DEADLINE_OPTIONS)
    worker = hang_at(server, alices, "open")
    server.stop(signal.SIGKILL)
    assert wait_until(server.refuses_connections, MORE)
    assert is_there(worker), "it has not hung: this test tested nothing"
    start_as_root("--port", str(server.address[1])).expect(b"bob", BOB)


@pytest.mark.rule(rules.WORKER_ENDS)
def test_a_dead_server_keeps_no_worker_from_starting(
    start_as_root: Start, dead: HangingFileSystem
) -> None:
    server = start_as_root("--deadline", "1s", "--log", "none")
    (first,) = workers(server)
    server.expect(b"alice", ALICE)
    dead.stop_answering("everything")
    for _ in range(4):
        server.asking(b"alice")
    assert dead.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.expect(b"bob", BOB)
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: "reloaded" in server.stderr_text(), 1 + MORE)
    server.expect(b"bob", BOB)
    assert "account database" not in server.stderr_text()
    another = start_as_root("--deadline", "1s", "--log", "none", ready=False)
    begin = time.monotonic()
    another.wait_until_ready()
    assert time.monotonic() - begin < 1 + MORE
    another.expect(b"bob", BOB)
    dead.let_go()
    for each in (server, another):
        assert wait_until(lambda: each.ask(b"alice") == ALICE, each.patience), each.stderr_text()


@pytest.mark.rule(rules.RELOAD)
@pytest.mark.parametrize(("dead", "holder"), [
    ("holder", "/home/dept/staff"), ("mount", "/home/dept")], indirect=["dead"])  # fmt: skip
def test_a_directory_that_does_not_answer_at_the_start_is_named_and_served_when_it_does(
    bob: Machine, start_as_root: Start, dead: HangingFileSystem, holder: str
) -> None:
    (bob.homes / "dept").stat()  # from now on the kernel knows the mount's attributes
    dead.stop_answering("everything")
    server = start_as_root(*DEADLINE_OPTIONS, "--log", "none")
    server.expect(b"bob", BOB)
    line = f"{holder} does not answer: homes in it may be left out until it does\n"
    assert server.stderr_text().startswith(line)
    dead.let_go()
    assert wait_until(lambda: server.ask(b"alice") == ALICE, server.patience), server.stderr_text()


@pytest.mark.rule(rules.RELOAD_FAILS)
@pytest.mark.timeout(100)
@pytest.mark.parametrize("dead", ["holder"], indirect=True)
def test_reloads_leave_no_more_than_eight_processes_that_wait_for_a_directory(
    start_as_root: Start, dead: HangingFileSystem
) -> None:
    dead.stop_answering("everything")
    server = start_as_root(*DEADLINE_OPTIONS, "--log", "none")
    for _ in range(7):
        assert server.reload().startswith("reloaded: ")
    line = "8 processes wait for directories of homes that do not answer"
    assert server.reload().endswith(line)
    server.expect(b"bob", BOB)
    dead.let_go()
    assert wait_until(lambda: server.ask(b"alice") == ALICE, server.patience), server.stderr_text()
