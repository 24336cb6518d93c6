"""A query's calls and allocations. A change that only costs alters no answer, so no other test sees
it.
"""

import struct
from pathlib import Path

import pytest

import rules
from harness.needed import need_built
from harness.proc import wait_until
from harness.strace import Strace
from kit.server import FingerServer, Start

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.COSTS)]

QUERIES = 50
BY_CHANCE = QUERIES // 5  # calls that luck adds, or a different thread
EVERY_QUERY = {"accept4": 1, "setsockopt": 2, "shutdown": 1}
# If each completion comes alone, because the machine is idle.
OF_A_PLAN = EVERY_QUERY | {"io_uring_enter": 9, "statx": 2, "close": 2}
WITHOUT_A_FILE = EVERY_QUERY | {"io_uring_enter": 4, "close": 1}
# How many the log's line takes depends on the kernel and on stderr. The rest is a sanitizer's.
NOT_COUNTED = {"fstat", "newfstatat", "pwritev2", "poll", "gettid", "timer_create",
               "timer_settime", "timer_delete", "write", "restart_syscall", "futex",
               "gettimeofday", "nanosleep", "mmap", "munmap"}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "costs"), [(b"alice", OF_A_PLAN), (b"", WITHOUT_A_FILE), (b"ghost", WITHOUT_A_FILE)],
    ids=["plan", "list", "no-such-user"])
def test_a_query_makes_no_call_too_many(
    server: FingerServer, query: bytes, costs: dict[str, int]
) -> None:
    server.ask(query)
    with Strace(server) as tracer:
        for _ in range(QUERIES):
            server.ask(query)
            assert wait_until(lambda: server.connection_count() == 0, server.patience)
        made = tracer.calls()
    assert made["accept4"] >= QUERIES, "strace saw nothing: this test tested nothing"
    too_many = {name: count / QUERIES for name, count in made.items()
                if name not in NOT_COUNTED and count > QUERIES * costs.get(name, 0) + BY_CHANCE}
    assert not too_many, f"calls a query: {too_many}"


@pytest.mark.parametrize(
    ("query", "costs"), [(b"alice", 11), (b"", 6), (b"ghost", 7)],
    ids=["plan", "list", "no-such-user"])
def test_a_query_makes_no_allocation_too_many(
    request: pytest.FixtureRequest, start: Start, tmp_path: Path, query: bytes, costs: int
) -> None:
    counter = need_built(
        Path(request.config.option.build_dir) / "tests" / "costs" / "libcount_allocations.so")
    file = tmp_path / "allocations"
    file.write_bytes(bytes(8))
    server = start(under=("env", f"LD_PRELOAD={counter}", f"ALLOCATIONS={file}"))

    def ask_many() -> int:
        """Returns how many allocations the queries took."""
        before = struct.unpack("<Q", file.read_bytes())[0]
        for _ in range(QUERIES):
            server.ask(query)
        return struct.unpack("<Q", file.read_bytes())[0] - before

    assert ask_many() > 0, "nothing was counted: this test tested nothing"
    made = ask_many()  # once warm, coroutines reuse the memory of earlier ones
    assert made <= QUERIES * costs, f"{made / QUERIES} allocations a query"
