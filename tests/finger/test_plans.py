"""Plans, and files that aren't plans: whatever a user puts there, the answer comes immediately."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.reference import NO_PLAN, NO_SUCH_USER, name_line
from kit.server import FingerServer, Start
from kit.users import Users

pytestmark = [pytest.mark.needs("core"), pytest.mark.every_ring]

SECRET = b"what no client may see\n"


@pytest.mark.rule(rules.NO_PLAN)
@pytest.mark.parametrize("user", ["bob", "carol"], ids=["missing", "empty"])
def test_a_user_without_a_plan_is_answered_all_the_same(server: FingerServer, user: str) -> None:
    server.expect(user.encode(), NO_PLAN)


@pytest.mark.rule(rules.NO_PLAN)
def test_a_plan_that_comes_later_is_found(server: FingerServer) -> None:
    server.expect(b"bob", NO_PLAN)
    server.users.plan("bob").write_bytes(b"here\n")
    server.expect(b"bob", b"here\r\n")
    server.users.plan("bob").unlink()
    server.expect(b"bob", NO_PLAN)


def make_socket(plan: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(plan))


def make_device(plan: Path, minor: int) -> None:
    try:
        os.mknod(plan, 0o20666, os.makedev(1, minor))
        os.close(os.open(plan, os.O_RDONLY | os.O_NOCTTY))
    except PermissionError as error:
        pytest.skip(f"no device file can be used here: {error}")


NO_FILES: dict[str, Callable[[Path], None]] = {
    "directory": Path.mkdir,
    "fifo": os.mkfifo,
    "socket": make_socket,
    "null": partial(make_device, minor=3),
    "zero": partial(make_device, minor=5),
}
LINKS = {
    "link": "../../secret",
    "absolute-link": "{outside}/secret",
    "link-beside": "real",
    "magic-link": "/proc/self/environ",
    "dangling-link": "nowhere",
    "link-to-itself": ".plan",
}


def expect_no_plan(server: FingerServer, make: Callable[[Path], None]) -> None:
    """Expects no plan for bob, who gets the file that `make` makes, and that nothing stays open and
    nobody waits."""
    server.expect(b"alice", ANSWER)
    at_rest = server.descriptors_at_rest()
    make(server.users.plan("bob"))
    for _ in range(3):
        server.expect(b"bob", NO_PLAN)
    server.expect(b"/W bob", name_line("bob") + NO_PLAN)
    server.expect(b"alice", ANSWER)
    server.close_clients()
    server.wait_for_descriptors(at_rest)


@pytest.mark.rule(rules.REGULAR_FILES)
@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_a_file_that_is_not_regular_is_not_a_plan(
    server: FingerServer, make: Callable[[Path], None]
) -> None:
    expect_no_plan(server, make)


@pytest.mark.rule(rules.NO_LINKS)
@pytest.mark.parametrize("to", LINKS.values(), ids=LINKS)
def test_a_link_is_no_plan(server: FingerServer, to: str) -> None:
    outside = server.users.outside
    for secret in (outside / "secret", server.users.plan("bob").with_name("real")):
        secret.write_bytes(SECRET)
    expect_no_plan(server, lambda plan: plan.symlink_to(to.format(outside=outside)))


@pytest.mark.rule(rules.REGULAR_FILES)
def test_a_fifo_with_a_writer_is_no_plan(server: FingerServer) -> None:
    os.mkfifo(server.users.plan("bob"))
    writer = os.open(server.users.plan("bob"), os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(writer, SECRET)
        server.expect(b"bob", NO_PLAN)
        assert os.read(writer, 100) == SECRET, "it was read from"
    finally:
        os.close(writer)


@pytest.mark.needs("contract")
@pytest.mark.rule(rules.NOT_OPENED)
def test_a_process_that_waits_in_a_fifo_goes_on_waiting(server: FingerServer) -> None:
    plan = server.users.plan("bob")
    os.mkfifo(plan)
    script = "import sys; file = open(sys.argv[1], 'w'); file.write('x'); file.close()"
    with subprocess.Popen([sys.executable, "-c", script, os.fspath(plan)]) as waiting:
        try:
            wait = Path(f"/proc/{waiting.pid}/wchan").read_text
            assert wait_until(lambda: "wait_for_partner" in wait(), server.patience), wait()
            for _ in range(3):
                server.expect(b"bob", NO_PLAN)
            time.sleep(0.3)
            assert waiting.poll() is None and "wait_for_partner" in wait(), "it was let go"
        finally:
            waiting.kill()


@pytest.mark.rule(rules.NO_LINKS)
def test_a_home_that_has_become_a_link_is_not_entered(server: FingerServer) -> None:
    elsewhere = server.users.outside / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".plan").write_bytes(SECRET)
    server.expect(b"alice", ANSWER)
    server.users.remove("alice")
    (server.users.directory / "alice").symlink_to(elsewhere)
    server.expect(b"alice", NO_PLAN)


@pytest.mark.rule(rules.NO_PLAN)
@pytest.mark.parametrize("becomes", ["nothing", "a-file"])
def test_a_home_that_has_gone_holds_no_plan(server: FingerServer, becomes: str) -> None:
    server.expect(b"alice", ANSWER)  # by now the server knows who the users are
    server.users.remove("alice")
    if becomes == "a-file":
        (server.users.directory / "alice").write_bytes(SECRET)
    server.expect(b"alice", NO_PLAN)
    server.expect(b"nobody", NO_SUCH_USER)


@pytest.mark.rule(rules.NO_LINKS)
def test_the_directory_of_the_users_may_itself_be_reached_by_a_link(
    users: Users, start: Start
) -> None:
    link = users.outside / "by-a-link"
    link.symlink_to(users.directory)
    users.directory = link
    start().expect(b"alice", ANSWER)
