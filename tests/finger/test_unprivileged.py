"""Plans that the daemon has no right to read, and mounts that aren't its business."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import need_namespaces, need_root
from kit.namespace import after, as_nobody
from kit.reference import NO_PLAN, NO_SUCH_USER
from kit.server import Start
from kit.users import Users

pytestmark = [
    pytest.mark.needs("process"),
    pytest.mark.every_ring,
    pytest.mark.rule(rules.REGULAR_FILES),
]

WITHOUT_TRACING = ("setpriv", "--bounding-set=-sys_ptrace")


def test_a_plan_that_may_not_be_read_is_no_plan(users: Users, start: Start) -> None:
    users.plan("alice").chmod(0o600)
    if os.geteuid() != 0:
        users.plan("alice").chmod(0)
    users.add("dora", b"open to all\n")
    server = start(under=as_nobody())
    server.expect(b"alice", NO_PLAN)
    server.expect(b"/W alice", b"Name: alice\r\n" + NO_PLAN)
    server.expect(b"dora", b"open to all\r\n")


@pytest.mark.needs("contract")
@pytest.mark.rule(rules.LIST)
@pytest.mark.parametrize("mode", [0o700, 0o000, 0o644, 0o711])
def test_a_user_whose_directory_may_not_be_searched_has_not_opted_in(
    users: Users, start: Start, mode: int
) -> None:
    """One example is lost+found, if the directory of users is a disk of its own."""
    home = users.directory / "alice"
    home.chmod(mode)
    may_enter = mode & (0o001 if os.geteuid() == 0 else 0o100)  # as nobody, or as ourselves
    try:
        server = start(under=as_nobody())
        server.expect(b"alice", ANSWER if may_enter else NO_SUCH_USER)
        server.expect(b"", (b"alice\r\n" if may_enter else b"") + b"bob\r\ncarol\r\n")
    finally:
        home.chmod(0o755)


def test_a_home_that_is_closed_later_holds_no_plan(users: Users, start: Start) -> None:
    server = start(under=as_nobody())
    (users.directory / "alice").chmod(0o000)
    try:
        server.expect(b"alice", NO_PLAN)
    finally:
        (users.directory / "alice").chmod(0o755)


@pytest.mark.parametrize("somebody", [as_nobody(), WITHOUT_TRACING],
                         ids=["an-ordinary-user", "a-containers-root"])
def test_who_has_fewer_rights_can_run_these_tests(somebody: tuple[str, ...]) -> None:
    """Tests that need those rights are skipped then, and the others pass."""
    need_root()
    here = Path(__file__).parent
    if subprocess.run([*somebody, "test", "-r", here / "kit", "-a", "-x", here]).returncode:
        pytest.skip("nobody may not read this directory")
    some = "test_a_link_is_no_plan or missing_group or that_closes or not_be_searched"
    run = subprocess.run(
        [*somebody, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", some],
        cwd=here, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "passed" in run.stdout


@pytest.mark.needs("contract")
@pytest.mark.rule(rules.CANNOT_RUN)
def test_only_root_can_become_a_different_user(start: Start) -> None:
    server = start("--user", "nobody", ready=False, under=as_nobody())
    server.expect_refusal(1, "only root can become --user nobody")


@pytest.mark.rule(rules.NO_OTHER_MOUNT)
@pytest.mark.parametrize("place", ["alice/.plan", "alice"])
def test_a_mount_below_the_users_is_not_entered(users: Users, start: Start, place: str) -> None:
    need_root()
    need_namespaces("--mount")
    secret = users.outside / "secret"
    secret.mkdir()
    (secret / ".plan").write_bytes(b"what no client may see\n")
    mounted = secret / ".plan" if place.endswith(".plan") else secret
    bind = after(
        'mount --bind "$1" "$2"', os.fspath(mounted), os.fspath(users.directory / place),
        unshare=("--mount", "--propagation", "private"),
    )  # fmt: skip
    server = start(under=bind)
    server.expect(b"alice", NO_PLAN)
    server.expect(b"bob", NO_PLAN)
