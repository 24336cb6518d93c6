"""More about a user: --full-name, the first line of .project, and .pubkey with /W."""

import os
import time
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import need_root
from kit import hanging_fs
from kit.machine import Machine
from kit.namespace import NOBODY
from kit.reference import NO_PLAN, NO_SUCH_USER, converted, name_line
from kit.server import FingerServer, Start
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.PROJECT)]

KEY = b"ssh-ed25519 AAAAC3 alice\nand another\n"
PROJECT = b"Project: a telescope\r\n"


def write(users: Users, name: str, content: bytes) -> Path:
    """Writes a file into alice's home."""
    path = users.plan("alice").with_name(name)
    path.write_bytes(content)
    return path


@pytest.mark.rule(rules.FULL_NAME)
def test_the_name_comes_before_every_plan(users: Users, start: Start) -> None:
    (users.directory / "a&b,c").mkdir()
    server = start("--full-name")
    for line in (b"alice", b"/W alice"):
        server.expect(line, name_line("alice") + ANSWER)
    server.expect(b"bob", name_line("bob") + NO_PLAN)
    server.expect(b"a&b,c", name_line("a&b,c") + NO_PLAN)
    server.expect(b"nobody", NO_SUCH_USER)
    server.expect(b"", b"a&b,c\r\nalice\r\nbob\r\ncarol\r\n")


@pytest.mark.parametrize(
    "content", [b"a telescope\nand more\n", b"a telescope", b"a telescope\r\n", b"a telescope\rx"]
)
def test_the_first_line_of_the_project_comes_before_the_plan(
    server: FingerServer, content: bytes
) -> None:
    write(server.users, ".project", content)
    server.expect(b"alice", PROJECT + ANSWER)
    server.expect(b"/W alice", name_line("alice") + PROJECT + ANSWER)


@pytest.mark.parametrize("content", [b"", b"\n", b"\nsecond\n"])
def test_a_project_without_a_first_line_is_not_shown(server: FingerServer, content: bytes) -> None:
    write(server.users, ".project", content)
    server.expect(b"alice", ANSWER)


def test_a_first_line_without_end_is_cut(server: FingerServer) -> None:
    write(server.users, ".project", b"x" * 100_000)
    server.expect(b"alice", b"Project: " + b"x" * 1024 + b"\r\n" + ANSWER)


def test_a_long_first_line_is_cut_between_two_characters(server: FingerServer) -> None:
    write(server.users, ".project", b"a" + "é".encode() * 600)
    server.expect(b"alice", b"Project: a" + "é".encode() * 511 + b"\r\n" + ANSWER)


def test_the_key_comes_with_the_switch_alone(server: FingerServer) -> None:
    write(server.users, ".pubkey", KEY)
    server.expect(b"alice", ANSWER)
    server.expect(b"/W alice", name_line("alice") + converted(KEY) + ANSWER)


def test_a_long_key_is_sent_whole(server: FingerServer) -> None:
    write(server.users, ".pubkey", KEY * 3000)
    write(server.users, ".project", b"a telescope\n")
    wanted = name_line("alice") + PROJECT + converted(KEY * 3000) + ANSWER
    server.expect(b"/W alice", wanted)


def test_the_other_files_are_sent_without_a_plan(server: FingerServer) -> None:
    write(server.users, ".project", b"a telescope\n")
    write(server.users, ".pubkey", KEY)
    server.users.plan("alice").unlink()
    server.expect(b"/W alice", name_line("alice") + PROJECT + converted(KEY) + NO_PLAN)


@pytest.mark.parametrize("name", [".project", ".pubkey"])
@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_a_file_that_is_not_regular_is_not_shown(
    server: FingerServer, name: str, kind: str
) -> None:
    secret = server.users.outside / "secret"
    secret.write_bytes(b"not for clients\n")
    place = server.users.plan("alice").with_name(name)
    if kind == "link":
        place.symlink_to(secret)
    elif kind == "fifo":
        os.mkfifo(place)
    else:
        place.mkdir()
    server.expect(b"/W alice", name_line("alice") + ANSWER)


def test_both_files_are_opened_as_their_owner(machine: Machine, start_as_root: Start) -> None:
    need_root()
    home = machine.homes / "alice"
    owner = home.stat()
    for name, content in ((".project", b"a telescope\n"), (".pubkey", KEY)):
        (home / name).write_bytes(content)
        (home / name).chmod(0o600)
        os.chown(home / name, owner.st_uid, owner.st_gid)
    server = start_as_root()
    wanted = b"Name: Alice\r\n" + PROJECT + converted(KEY) + ANSWER
    server.expect(b"/W alice", wanted)
    os.chown(home / ".pubkey", NOBODY, NOBODY)
    server.expect(b"/W alice", wanted.replace(converted(KEY), b""))


def test_clients_that_ask_together_share_each_file(start: Start) -> None:
    with hanging_fs.mounted("open") as (place, files):
        server = start("--users", os.fspath(place), "--log", "none")
        clients = [server.asking(b"/W alice") for _ in range(10)]
        assert files.hanging.wait(server.patience), "nothing has hung: this test tested nothing"
        time.sleep(0.2)
        assert len(files.waiting) == 1, "each has opened the plan by itself"
        files.let_go()  # fails the open that waits
        answers = [client.receive_until_end() for client in clients]
        wanted = name_line("alice") + converted(hanging_fs.ALICES_PLAN)
        # Clients that shared the failed open get a reset. If a client came so late that it had an
        # open of its own, it's answered. Which of the ten that are is up to chance.
        assert set(answers) <= {b"", wanted}, answers
        server.expect(b"/W alice", wanted)
