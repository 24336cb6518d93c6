"""A daemon that root starts with --users. No plan has an owner whose rights it could take, so it
gives root up."""

import os
import pwd
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import need_root
from kit.namespace import NOBODY
from kit.parent import expect_no_right_left
from kit.reference import NO_PLAN
from kit.server import Start
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.ROOT_IS_GONE)]


@pytest.fixture(autouse=True)
def as_root() -> None:
    """Skips all tests without root."""
    need_root()


def unprivileged_account() -> pwd.struct_passwd:
    """Returns the account that the daemon becomes."""
    try:
        return pwd.getpwnam("fingerd")
    except KeyError:
        return pwd.getpwnam("nobody")


def test_no_process_has_a_right_left(start: Start) -> None:
    server = start(under=("setpriv", "--groups=0,4,6"))
    server.expect(b"alice", ANSWER)
    if server.process.is_sanitized():
        pytest.skip("ThreadSanitizer has a thread of its own, which stays root")
    account = unprivileged_account()
    expect_no_right_left(server.process.pid, account.pw_uid, account.pw_gid)
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert f"Uid:\t{account.pw_uid}\t{account.pw_uid}\t{account.pw_uid}" in status
    assert "CapPrm:\t" + "0" * 16 in status


@pytest.mark.parametrize("whose", [0, NOBODY - 1])
def test_only_what_everybody_may_read_is_served(users: Users, start: Start, whose: int) -> None:
    users.plan("alice").chmod(0o600)
    os.chown(users.plan("alice"), whose, whose)
    server = start()
    server.expect(b"alice", NO_PLAN)
    users.plan("alice").chmod(0o644)
    server.expect(b"alice", ANSWER)


@pytest.mark.rule(rules.CANNOT_RUN)
def test_a_directory_that_it_may_not_read_then_is_named(users: Users, start: Start) -> None:
    """Root may read it, but the daemon gives root up before that."""
    users.directory.chmod(0o700)
    who = f"uid {unprivileged_account().pw_uid}"
    said = f"cannot read --users {users.directory}: Permission denied ({who})"
    start(ready=False).expect_refusal(1, said)
