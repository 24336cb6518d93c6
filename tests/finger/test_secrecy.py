"""A user who doesn't exist and one who hasn't opted in look the same, even in system calls."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import rules
from conftest import ALICE, ANSWER
from harness.proc import wait_until
from harness.strace import Strace
from kit.namespace import as_nobody
from kit.reference import NO_SUCH_USER
from kit.server import FingerServer, Start
from kit.users import Users

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.SECRECY)]

ROUNDS = 3
TRIES = 5
CALL = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\(.*?(?:= -1 (?P<error>E\w+).*)?$")
WAITS = {"io_uring_enter", "restart_syscall", "futex", "rt_sigtimedwait",
         # ThreadSanitizer makes the last two; libc has different calls for that
         "gettimeofday", "nanosleep"}


def calls_for(server: FingerServer, query: bytes) -> list[str]:
    """Returns the serving thread's system calls for a few queries, with errors, followed by those
    of other threads."""
    with Strace(server) as tracer:
        for _ in range(ROUNDS + 1):
            assert server.ask(query) == NO_SUCH_USER
            # Otherwise the server would sometimes accept the next connection before it has closed
            # this one.
            assert wait_until(lambda: server.connection_count() == 0, server.patience)
        wait_until(lambda: tracer.calls()["close"] > ROUNDS, server.patience)
        lines = tracer.lines()
    calls = [call for line in lines if (call := CALL.match(line)) and call["name"] not in WAITS]
    serving = next((call["thread"] for call in calls if call["name"] == "close"), "")
    found = [f"{call['name']} {call['error'] or ''}".strip() for call in calls
             if call["thread"] == serving]
    others = sorted({call["name"] for call in calls if call["thread"] != serving})
    closed = [place for place, call in enumerate(found) if call == "close"]
    return found[closed[0] + 1 : closed[ROUNDS] + 1] + others if len(closed) > ROUNDS else []


def expect_alike(server: FingerServer, queries: Sequence[bytes]) -> None:
    """Expects the same system calls in the same order for each of these queries, once the server is
    warm."""
    for query in queries:
        server.expect(query, NO_SUCH_USER)
    first, *others = queries
    for other in others:
        wanted, made = [], []
        for _ in range(TRIES):  # it's a matter of luck how many completions one wake-up sees
            wanted.append(calls_for(server, first))
            made.append(calls_for(server, other))
            assert wanted[-1], "strace saw nothing: this test tested nothing"
            if any(calls in wanted for calls in made):
                break
        else:
            pytest.fail(f"{other!r} makes {made[-1]}, {first!r} makes {wanted[-1]}")


def test_entries_of_the_directory_that_are_not_users_look_absent(
    users: Users, start: Start
) -> None:
    users.add(".hidden", ALICE)
    (users.directory / "a-file").write_bytes(ALICE)
    (users.directory / "a-link").symlink_to("alice")
    server = start()
    users.add("fresh", ALICE)  # won't have opted in before the next SIGHUP
    expect_alike(server, [b"absent", b".hidden", b"a-file", b"a-link", b"fresh", b"../x"])


def test_accounts_that_have_not_opted_in_look_absent(start: Start) -> None:
    server = start("--group", "root", under=as_nobody())
    opted_in = {line.split(b"\t")[0] for line in server.ask(b"").splitlines()}
    known = [line.split(":")[0].encode() for line in Path("/etc/passwd").read_text().splitlines()]
    others = [name for name in known if name not in opted_in]
    assert len(others) >= 2, "everybody here has opted in: this test tested nothing"
    expect_alike(server, [b"no-such-user", *others[:3]])


def test_a_query_opens_no_file_but_the_plan(server: FingerServer) -> None:
    for query in (b"alice", b"absent"):
        server.ask(query)
    with Strace(server, "-e", "trace=%file,connect,socket") as tracer:
        for query in (b"alice", b"absent", b"bob", b"", b"@"):
            server.ask(query)
        server.close_clients()
        opened = [line for line in tracer.lines() if "SIG" not in line]
    beyond = [line for line in opened if ".plan" not in line and "AT_EMPTY_PATH" not in line]
    assert not beyond, f"these have nothing to do with a plan: {beyond}"
    server.expect(b"alice", ANSWER)
    assert os.path.isdir(server.users.directory)
