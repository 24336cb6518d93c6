"""E9.3: workers that stay on their cores."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.proc import wait_until
from harness.server import Server

pytestmark = pytest.mark.stage("part5-epoll")

CORES = sorted(os.sched_getaffinity(0))


def cores_of(server: Server, workers: int) -> list[tuple[int, ...]]:
    """The cores on which each of the threads may run, by /proc/PID/task/TID/status."""
    tasks = Path("/proc", str(server.pid), "task")
    if not wait_until(lambda: len(list(tasks.iterdir())) == workers, server.patience):
        pytest.fail(f"there are {len(list(tasks.iterdir()))} threads, not {workers}")
    return sorted(tuple(sorted(os.sched_getaffinity(int(task.name)))) for task in tasks.iterdir())


def expect_cores(server: Server, wanted: list[tuple[int, ...]]) -> None:
    """Waits until the workers are on these cores."""
    if not wait_until(lambda: cores_of(server, len(wanted)) == wanted, server.patience):
        pytest.fail(f"the workers may run on {cores_of(server, len(wanted))}, wanted: {wanted}")
    server.connect().echo(b"served")


def test_each_worker_has_a_core(start: Callable[..., Server]) -> None:
    """With --pin each worker may run on one core only. No two share a core if there are enough."""
    server = start("--workers", str(len(CORES)), "--pin")
    expect_cores(server, [(core,) for core in CORES])


def test_more_workers_than_cores_share(start: Callable[..., Server]) -> None:
    """With one worker more than cores, the last one shares the first core."""
    server = start("--workers", str(len(CORES) + 1), "--pin")
    expect_cores(server, sorted([(core,) for core in CORES] + [(CORES[0],)]))


def test_only_cores_that_the_server_may_use_count(start: Callable[..., Server]) -> None:
    """If an administrator has restricted the server to some cores, as taskset(1) does, the workers
    use only those."""
    last = CORES[-1]
    server = start("--workers", "2", "--pin", under=("taskset", "-c", str(last)))
    expect_cores(server, [(last,), (last,)])


def test_without_the_option_a_worker_may_go_anywhere(start: Callable[..., Server]) -> None:
    """Without --pin the kernel puts a thread where it likes."""
    expect_cores(start("--workers", "2"), [tuple(CORES), tuple(CORES)])
