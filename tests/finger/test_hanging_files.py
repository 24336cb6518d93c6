"""A file system that doesn't answer: the deadline holds, and no other client waits."""

import errno
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit import hanging_fs
from kit.hanging_fs import ALICES_PLAN, BOBS_PLAN, HangingFileSystem
from kit.reference import NO_PLAN, converted
from kit.server import FingerServer, Start
from kit.users import Users

pytestmark = [
    pytest.mark.needs("contract"),
    pytest.mark.clock,
    pytest.mark.timeout(60),
    pytest.mark.rule(rules.HANGING_FILES),
]

DEADLINE = 0.5
SLACK_SECONDS = 1.5
BOB = converted(BOBS_PLAN)


@pytest.fixture
def hanging(
    request: pytest.FixtureRequest, start: Start
) -> Iterator[tuple[FingerServer, HangingFileSystem]]:
    """A server with a plan of alice's that can't be looked up, opened or read for now."""
    with hanging_fs.mounted(request.param) as (place, files):
        server = start("--users", os.fspath(place), "--deadline", f"{DEADLINE * 1000:.0f}ms")
        yield server, files
        server.close_clients()


# "read" is missing, because not even io_uring can interrupt a read that waits for the page cache.
@pytest.mark.parametrize("hanging", ["lookup", "open"], indirect=True)
def test_nothing_is_left_behind(hanging: tuple[FingerServer, HangingFileSystem]) -> None:
    server, files = hanging
    server.expect(b"bob", BOB)
    at_rest = server.descriptors_at_rest()
    for number in range(6):
        client = server.asking(b"alice")
        if number % 2:
            client.reset()
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.wait_for_descriptors(at_rest)
    server.expect(b"bob", BOB)


@pytest.mark.rule(rules.RESTORE)
@pytest.mark.parametrize("hanging", ["lookup", "open", "read"], indirect=True)
def test_when_it_answers_at_last_nothing_is_left_behind(
    hanging: tuple[FingerServer, HangingFileSystem]
) -> None:
    server, files = hanging
    server.expect(b"bob", BOB)
    at_rest = server.descriptors_at_rest()
    for _ in range(5):
        server.asking(b"alice")
    assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
    server.close_clients()
    files.let_go()
    server.wait_for_descriptors(at_rest)
    server.expect(b"bob", BOB)


@pytest.mark.parametrize("fails", [hanging_fs.OPEN, hanging_fs.READ], ids=["open", "read"])
@pytest.mark.parametrize(
    ("error", "said"), [
        *((each, os.strerror(each)) for each in (
            errno.EIO, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENOTCONN, errno.ECONNRESET)),
        (errno.ECANCELED, "cancelled")])
@pytest.mark.rule(rules.LOGS)
def test_an_unreachable_file_server_is_not_logged_as_a_client_that_left(
    start: Start, fails: int, error: int, said: str
) -> None:
    """Nor is it a stop of the worker, if the file system reports a cancellation."""
    with hanging_fs.mounted("nothing", fails=fails, error=error) as (place, _):
        server = start("--users", os.fspath(place))
        assert server.ask(b"/W alice") == b"", "the plan is not read, and its head was sent"
        assert server.wait_for_exchange().outcome == f"failed: {said}"


@pytest.mark.rule(rules.CANNOT_RUN)
def test_a_directory_that_cannot_be_read_to_its_end_is_refused(start: Start) -> None:
    with hanging_fs.mounted("nothing", fails=hanging_fs.READDIR) as (place, _):
        server = start("--users", os.fspath(place), ready=False)
        server.expect_refusal(1, "--users", os.strerror(errno.EIO))


def test_a_mount_that_only_its_user_sees_troubles_no_client(users: Users, start: Start) -> None:
    home = users.add("dora").parent
    with hanging_fs.mounted("nothing", home=home, others=False):
        server = start()
        server.expect(b"alice", ANSWER)
        server.expect(b"dora", NO_PLAN)
        server.expect(b"", b"alice\r\nbob\r\ncarol\r\ndora\r\n")
        users.add("emil", b"new here\n")
        server.send_signal(signal.SIGHUP)
        assert wait_until(lambda: server.ask(b"emil") == b"new here\r\n", server.patience)


@pytest.mark.parametrize("deaf", [False, True], ids=["interruptible", "deaf"])
def test_a_file_system_that_stops_answering_holds_up_no_other_client(
    start: Start, deaf: bool
) -> None:
    """The kernel has all names in its cache, so the first request to hang is the open itself."""
    with hanging_fs.mounted("nothing", deaf=deaf, names_kept=True) as (place, files):
        server = start("--users", os.fspath(place), "--deadline", f"{DEADLINE * 1000:.0f}ms")
        server.expect(b"alice", converted(ALICES_PLAN))
        files.stop_answering("open")
        begin = time.monotonic()
        client = server.asking(b"alice")
        assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
        server.expect(b"bob", BOB)
        assert time.monotonic() - begin < DEADLINE, "somebody else waited for the open of a plan"
        took = client.wait_for_hang_up(DEADLINE + SLACK_SECONDS + server.patience) - begin
        assert DEADLINE <= took <= DEADLINE + SLACK_SECONDS, f"the exchange took {took:.2f} s"
        files.let_go()
        server.expect(b"alice", converted(ALICES_PLAN))


@pytest.mark.rule(rules.LOGS)
@pytest.mark.parametrize("kind", ["lookup", "open", "read"])
def test_an_exchange_is_logged_and_its_place_is_free_when_its_client_is_closed(
    start: Start, kind: str
) -> None:
    """The line doesn't wait until the file system answers at last, which may be days later."""
    options = ("--deadline", f"{DEADLINE * 1000:.0f}ms", "--max-clients", "1")
    with hanging_fs.mounted(kind, deaf=True) as (place, files):
        server = start("--users", os.fspath(place), *options)
        client = server.asking(b"alice")
        assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
        client.wait_for_hang_up(DEADLINE + SLACK_SECONDS + server.patience)
        line = server.wait_for_log_lines(1)[0]
        took = re.search(r'"alice" timed out in the home 0 bytes ([0-9.]+) ms', line)
        assert took, line
        # The log counts from the beginning of the conversation, a moment after the deadline's.
        assert DEADLINE * 1000 - 5 <= float(took[1]) <= (DEADLINE + SLACK_SECONDS) * 1000, line
        server.expect(b"bob", BOB)
        files.let_go()
        server.expect(b"bob", BOB)
        assert server.stderr_text().count('"alice"') == 1, "it is logged once more"


@pytest.mark.rule(rules.LOGS)
def test_a_client_who_waits_for_another_in_the_home_timed_out_there(start: Start) -> None:
    with hanging_fs.mounted("open", deaf=True) as (place, files):
        server = start("--users", os.fspath(place), "--deadline", f"{DEADLINE * 1000:.0f}ms")
        server.asking(b"alice")
        assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
        server.asking(b"alice")
        for line in server.wait_for_log_lines(2):
            assert '"alice" timed out in the home 0 bytes' in line
        files.let_go()


@pytest.mark.rule(rules.RESTORE)
@pytest.mark.parametrize("error", [errno.EIO, errno.ECANCELED], ids=errno.errorcode.get)
def test_a_file_systems_answer_to_a_close_costs_nobody_else_a_descriptor(
    start: Start, error: int
) -> None:
    """A file's number is free before the file system learns of the close, so the next client gets
    the same number. The result comes from the file system, and may look like one of io_uring's own.
    """
    with hanging_fs.mounted("flush", deaf=True) as (place, files):
        server = start("--users", os.fspath(place), "--query-timeout", "1m")
        server.expect(b"alice", converted(ALICES_PLAN))
        assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
        clients = [server.connect() for _ in range(3)]
        for client in clients:
            client.send_in_pieces(b"bo")
        files.let_go(error)
        server.expect(b"bob", BOB)
        silent = server.connect()  # gets the number that a second close would free
        silent.send_in_pieces(b"al")
        for client in clients:
            client.send(b"b\r\n")
            client.expect_answer(BOB)
        server.close_clients()
