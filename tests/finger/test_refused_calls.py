"""A refused call isn't an answer: the thing that it asked about may exist, and may do harm."""

from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import may_trace, need_root
from harness.strace import Strace, from_start, inject
from kit.intruder import need_landlock
from kit.machine import Machine
from kit.reference import NO_PLAN
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.AS_OWNER)]

# The calls that permitting the files below a directory takes. With EFAULT the kernel refuses a rule
# that makes no sense.
NEEDED = {
    "the directory": ("-P", "home", "-e", "inject=openat:error=EMFILE"),
    "whether it is the root": ("-P", "/", "-e", "inject=fstat,newfstatat:error=EPERM"),
    "a rule": ("-e", "inject=landlock_add_rule:error=EFAULT"),
}
NEEDED_FOR_A_LINK = {
    "the link": ("-P", "alice", "-e", "inject=openat:error=EMFILE"),
    "a rule for where it leads": ("-e", "inject=landlock_add_rule:error=EFAULT:when=2"),
}


@pytest.fixture
def linked(machine: Machine) -> None:
    """alice's home is a link to a different disk."""
    there = machine.another_disk / "alice"
    (machine.homes / "alice").rename(there)
    (machine.homes / "alice").symlink_to(there)


def expect_a_line(start_as_root: Start, under: tuple[str, ...]) -> None:
    server = start_as_root(under=under)
    if server.process.is_sanitized():
        pytest.skip("a sanitizer's build makes other calls")
    server.expect(b"alice", NO_PLAN)
    assert "some homes in /home are not served: " in server.stderr_text()


@pytest.mark.parametrize("what", NEEDED)
def test_homes_that_cannot_be_permitted_are_logged(
    start_as_root: Start, tmp_path: Path, what: str
) -> None:
    need_landlock()
    expect_a_line(start_as_root, from_start(tmp_path / "trace", *NEEDED[what]))


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("what", NEEDED_FOR_A_LINK)
def test_a_linked_home_that_cannot_be_permitted_is_logged(
    start_as_root: Start, tmp_path: Path, what: str
) -> None:
    need_landlock()
    expect_a_line(start_as_root, from_start(tmp_path / "trace", *NEEDED_FOR_A_LINK[what]))


@pytest.mark.usefixtures("linked")
def test_a_home_that_may_be_a_link_is_looked_at(start_as_root: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    server = start_as_root(under=from_start(trace, "-e", "inject=openat2:error=ENOSYS"))
    assert "(INJECTED)" in trace.read_text()
    server.expect(b"alice", ANSWER)
    assert "some homes in" not in server.stderr_text()


def test_a_missing_home_is_not_reported_as_closed(machine: Machine, start_as_root: Start) -> None:
    (machine.homes / "alice").rename(machine.homes / "before")
    (machine.homes / "alice").symlink_to("nowhere")
    machine.move_home("bob", machine.homes / "bo", seen_as="/nowhere/bob")
    server = start_as_root()
    server.expect(b"alice", NO_PLAN)
    server.expect(b"bob", NO_PLAN)
    assert "some homes in" not in server.stderr_text()


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize("what", ["whether it is the root", "a rule"])
def test_the_daemon_ends_if_the_directory_of_users_cannot_be_permitted(
    start: Start, tmp_path: Path, what: str
) -> None:
    need_landlock()
    if what == "whether it is the root":
        if not may_trace():
            pytest.skip("only root, in a container with --cap-add=SYS_PTRACE, can see which path a "
                        "process that forbids tracing names in a call")
    server = start(under=from_start(tmp_path / "trace", *NEEDED[what]), ready=False)
    server.expect_refusal(1, "Landlock refuses a rule")


@pytest.mark.rule(rules.CANNOT_RUN)
def test_the_securebits_that_cannot_be_read_are_not_taken_for_set(
    start: Start, tmp_path: Path
) -> None:
    need_root("give it up")
    refusing = from_start(tmp_path / "trace", "-e", "inject=prctl:error=EPERM")
    start(under=refusing, ready=False).expect_refusal(1, "prctl: Operation not permitted")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize(("refused", "says"), [
    ("prctl:error=EPERM", "cannot set PR_SET_NO_NEW_PRIVS"),
    ("setgroups:error=EPERM:when=1", "cannot register a plan's owner: Operation not permitted"),
    ("capset:error=EPERM", "cannot give up root: capset: Operation not permitted")],
    ids=["no-new-rights", "groups", "capabilities"])  # fmt: skip
def test_the_daemon_ends_if_it_cannot_give_up_rights(
    start_as_root: Start, tmp_path: Path, refused: str, says: str
) -> None:
    refusing = from_start(tmp_path / "trace", "-e", f"inject={refused}")
    start_as_root(under=refusing, ready=False).expect_refusal(1, says)


@pytest.mark.rule(rules.CANNOT_RUN)
def test_the_daemon_ends_if_it_cannot_restrict_its_ring(start: Start, tmp_path: Path) -> None:
    """The first two calls ask what the kernel knows, and limit the io workers."""
    refusing = from_start(tmp_path / "trace", "-e", "inject=io_uring_register:error=EACCES:when=3")
    start(under=refusing, ready=False).expect_refusal(1, "a security module forbids it")


@pytest.mark.rule(rules.CANNOT_RUN)
@pytest.mark.parametrize(("error", "says"), [
    ("ENOSYS", "openat2(2): Function not implemented"), ("EPERM", ": Operation not permitted"),
    ("EMFILE", "too few descriptors"), ("ENFILE", ": Too many open files in system"),
    ("ENOMEM", ": Cannot allocate memory")])  # fmt: skip
def test_a_directory_of_users_that_cannot_be_looked_through_is_not_empty(
    start: Start, tmp_path: Path, error: str, says: str
) -> None:
    """The filter of systemd's RestrictSUIDSGID= refuses this call with ENOSYS."""
    refusing = from_start(tmp_path / "trace", "-e", f"inject=openat2:error={error}")
    start(under=refusing, ready=False).expect_refusal(1, says)


@pytest.mark.parametrize("error", ["EACCES", "ENOENT", "ELOOP"])
def test_a_directory_that_is_no_users_home_stops_no_other(
    start: Start, tmp_path: Path, error: str
) -> None:
    """The first that is looked at is left out; the others are served."""
    refusing = from_start(tmp_path / "trace", "-e", f"inject=openat2:error={error}:when=1")
    server = start("--log", "none", under=refusing)
    assert "(INJECTED)" in (tmp_path / "trace").read_text()
    assert "serving 2 users" in server.stderr_text()


@pytest.mark.rule(rules.NO_LIES)
@pytest.mark.parametrize(
    ("name", "when"), [(".plan", "1"), (".plan", "2"), (".project", "1"), (".pubkey", "1")])
def test_a_file_that_cannot_be_looked_at_is_no_answer(
    server: FingerServer, name: str, when: str
) -> None:
    """A file server may have lost it, when it's found or when it's open."""
    server.users.plan("alice").with_name(name).write_bytes(b"text\n")
    with Strace(server, *inject("statx", "ESTALE", when)):
        assert server.ask(b"/W alice") == b""
    assert server.wait_for_exchange().outcome == "failed: Stale file handle"


@pytest.mark.rule(rules.CANNOT_RUN)
def test_the_root_directory_cannot_be_that_of_users(start: Start) -> None:
    need_landlock()
    start("--users", "/", ready=False).expect_refusal(1, "--users is the root directory")
