"""The daemon tries everything that a query needs before its ready line, so after that line it does
serve."""

import os
from itertools import count
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.needed import need_root
from harness.strace import from_start
from harness.verdict import ContractBroken
from kit.namespace import as_user
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.READY_MEANS_READY)]

ENOUGH_THREADS = 13  # ThreadSanitizer may have one of them
# The kernel counts the threads of each account, including those of a worker that was just killed,
# and of a second run of these tests. So each start has an account of its own.
UIDS = count(1_000_000_000 + os.getpid() * 100)
# Long enough for a busy machine, so that none of the daemon's own timeouts decides whether it
# answers.
PATIENT = ("--query-timeout", "1m", "--deadline", "1m")


def begins(server: FingerServer) -> bool:
    """Returns true if the daemon prints its ready line, and expects an answer. Without the line,
    expects the daemon to end with 1 and say why."""
    try:
        server.wait_until_ready()
    except ContractBroken:
        assert server.wait_exit() == 1, server.stderr_text()
        return False
    server.expect(b"alice", ANSWER)
    return True


def reason(server: FingerServer) -> str:
    """Returns the one line of a daemon that couldn't start."""
    lines = server.stderr_text().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize("threads", range(1, ENOUGH_THREADS + 1))
def test_it_serves_with_few_threads_or_says_why(
    request: pytest.FixtureRequest, start_either: Start, threads: int, how: str
) -> None:
    need_root()
    # LeakSanitizer would need a thread as well.
    limit = ("env", "ASAN_OPTIONS=detect_leaks=0", "prlimit", f"--nproc={threads}:{threads}")
    uid = next(UIDS)
    if how == "parent":
        request.getfixturevalue("machine").system_account("fingerd", uid)
    else:
        limit += as_user(uid)
    server = start_either(*PATIENT, under=limit, ready=False)
    if begins(server):
        return
    assert threads < ENOUGH_THREADS, server.stderr_text()
    line = reason(server)
    assert "ulimit -u" in line and "TasksMax=" in line, line


@pytest.mark.parametrize("call", ["socketpair", "signalfd4"])
def test_a_call_that_is_refused_is_no_limit(start: Start, tmp_path: Path, call: str) -> None:
    refused = from_start(tmp_path / "trace", "-e", f"inject={call}:error=EPERM")
    server = start(under=refused, ready=False)
    assert server.wait_exit() == 1, server.stderr_text()
    assert reason(server).endswith("Operation not permitted"), reason(server)


@pytest.mark.parametrize("descriptors", range(4, 20))
def test_it_serves_with_few_descriptors_or_says_why(start_either: Start, descriptors: int) -> None:
    limit = ("prlimit", f"--nofile={descriptors}:{descriptors}")
    server = start_either(*PATIENT, "--log", "none", "--max-clients", "1", under=limit, ready=False)
    if begins(server):
        assert "cannot accept" not in server.stderr_text(), server.stderr_text()
        return
    assert descriptors < 19, f"nineteen are enough: {server.stderr_text()}"
    assert "ulimit -n" in server.stderr_text().splitlines()[-1], server.stderr_text()


@pytest.mark.rule(rules.WORKER_ENDS)
def test_a_worker_that_crashes_before_it_serves_ends_the_daemon(
    start_either: Start, tmp_path: Path
) -> None:
    trace = from_start(tmp_path / "trace", "-e", "inject=io_uring_setup:signal=KILL")
    server = start_either(under=trace, ready=False)
    server.expect_refusal(1, "the worker ended before it served: signal 9")
