"""Started as root with --users: there is no owner to become for a plan, and root is given up."""

import os
import pwd
import signal

import pytest

import rules
from conftest import ALICE
from harness.needed import need_root
from harness.proc import wait_until
from kit.namespace import NOBODY
from kit.parent import expect_no_right_left
from kit.reference import NO_PLAN, converted
from kit.server import Start
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.ROOT_IS_GONE)]


@pytest.fixture(autouse=True)
def as_root() -> None:
    """All of it is about root."""
    need_root()


def unprivileged_account() -> pwd.struct_passwd:
    """The account that it becomes."""
    try:
        return pwd.getpwnam("fingerd")
    except KeyError:
        return pwd.getpwnam("nobody")


@pytest.mark.parametrize("options", [(), ("--workers", "3"), ("--ring", "sqpoll")], ids=" ".join)
def test_no_thread_has_a_right_left(start: Start, options: tuple[str, ...]) -> None:
    server = start(*options, under=("setpriv", "--groups=0,4,6"))
    server.expect(b"alice", converted(ALICE))
    if server.process.is_sanitized():
        pytest.skip("ThreadSanitizer has a thread of its own, which stays root")
    account = unprivileged_account()
    expect_no_right_left(server.pid, account.pw_uid, account.pw_gid)


@pytest.mark.parametrize("whose", [0, NOBODY - 1])
def test_only_what_everybody_may_read_is_served(users: Users, start: Start, whose: int) -> None:
    users.plan("alice").chmod(0o600)
    os.chown(users.plan("alice"), whose, whose)
    server = start()
    server.expect(b"alice", NO_PLAN)
    users.plan("alice").chmod(0o644)
    server.expect(b"alice", converted(ALICE))


def test_the_way_to_the_directory_may_be_closed(users: Users, start: Start) -> None:
    users.outside.chmod(0o700)
    server = start("--quiet")
    server.expect(b"alice", converted(ALICE))
    server.send_signal(signal.SIGHUP)
    (line,) = server.wait_for_log_lines(1)
    assert "cannot reload" in line and "Permission denied" in line, line
    server.expect(b"alice", converted(ALICE))
    users.outside.chmod(0o755)
    users.add("dora", b"new here\n")
    server.send_signal(signal.SIGHUP)
    assert wait_until(lambda: server.ask(b"dora") == b"new here\r\n", server.patience)


@pytest.mark.rule(rules.CANNOT_RUN)
def test_a_directory_that_it_may_not_read_then_is_named(users: Users, start: Start) -> None:
    users.directory.chmod(0o700)
    who = f"uid {unprivileged_account().pw_uid}"
    said = f"cannot read --users {users.directory}: Permission denied ({who})"
    start(ready=False).expect_refusal(1, said)
