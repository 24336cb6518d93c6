"""The programs that measure what no stage does: they count right, and tell what they are for.

    cmake --build build/default --target bench && /usr/bin/python3 -m pytest tests/bench

BENCH_BUILD in the environment names another build's directory.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from contenders import DEFAULT_BUILD, Contender
from harness.server import Server
from harness.strace import need_ptrace
from measures.oracle import probability, rank_sum

BUILD = Path(os.environ.get("BENCH_BUILD", DEFAULT_BUILD))
PROGRAMS = BUILD / "tests" / "bench"
needs_build = pytest.mark.skipif(not (PROGRAMS / "attack").is_file(),
                                 reason="build the target bench")


def run(program: str, *options: str, before: tuple[str, ...] = ()) -> dict[str, float]:
    words = [*before, PROGRAMS / program, *options]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(said.stdout)


@needs_build
@pytest.mark.parametrize("connections", [16, 1000])
def test_three_ways_to_a_connection_agree_about_those_who_are_there(connections: int) -> None:
    found = {way: run("lookups", "--map", way, "--connections", str(connections), "--rounds", "1")
             for way in ("pointer", "slab", "hash")}
    stale = math.ceil(connections / 16)
    for way, numbers in found.items():
        strangers = stale if way == "pointer" else 0  # who is told of by an address is not asked
        assert numbers["own"] == connections - stale, way
        assert (numbers["stranger"], numbers["nobody"]) == (strangers, stale - strangers), way


@needs_build
@pytest.mark.parametrize(("size", "waits"), [(1, 100), (16, 7), (100, 1), (1024, 1)])
def test_a_batch_takes_as_many_waits_as_it_must(size: int, waits: int) -> None:
    found = run("batches", "--clients", "100", "--batch", str(size), "--rounds", "3")
    assert (found["messages"], found["waits"]) == (300, 3 * waits)


@needs_build
@pytest.mark.parametrize(("output", "wakes"), [("always", True), ("never", False)])
def test_room_to_send_wakes_up_a_loop_that_has_nothing_to_send(output: str, wakes: bool) -> None:
    found = run("idle_poll", "--clients", "3", "--output", output, "--duration", "50ms")
    assert (found["wake_ups"] > 0) == wakes
    assert found["seconds"] >= 0.05


@needs_build
@pytest.mark.parametrize("size", [0, 1, 8, 32])
def test_the_calls_of_a_batch_are_those_that_strace_sees(size: int, tmp_path: Path) -> None:
    if not (PROGRAMS / "ring_batches").is_file():
        pytest.skip("no liburing")
    need_ptrace()

    def calls(operations: int) -> tuple[int, int]:
        log = tmp_path / f"{operations}"
        before = ("strace", "-qq", "-e", "trace=read,io_uring_enter", "-o", str(log))
        found = run("ring_batches", "--batch", str(size), "--operations", str(operations),
                    before=before)
        return int(found["calls"]), len(log.read_text().splitlines())

    (said, seen), (said_more, seen_more) = calls(32), calls(320)
    assert said_more - said == seen_more - seen == 288 // max(size, 1)


@needs_build
@pytest.mark.parametrize(("kind", "requests", "completions", "calls"), [
    ("receive", 80, 80, 80), ("receive-bundle", 0, 10, 10), ("read-multishot", 0, 80, 10),
    ("send", 80, 80, 10), ("send-skip", 80, 0, 10), ("epoll-polled", 80, 80, 160),
    ("epoll-wait", 80, 80, 80)])  # fmt: skip
def test_a_message_takes_what_its_kind_of_request_takes(
    kind: str, requests: int, completions: int, calls: int
) -> None:
    if not (PROGRAMS / "ring_requests").is_file():
        pytest.skip("no liburing")
    found = run("ring_requests", "--kind", kind, "--messages", "80")
    if found["messages"] == 0:
        pytest.skip("this kernel does not know the request")
    assert (found["requests"], found["completions"], found["calls"]) == (
        requests, completions, calls)  # fmt: skip


@pytest.fixture
def full_when_attacked() -> Iterator[Server]:
    """A server with a place for a bystander and eight more, and no timeout."""
    options = ("--workers", "1", "--max-connections", "9", "--read-timeout", "0")
    server = Contender("part5-epoll", "part5-epoll", options).start(BUILD)
    yield server
    server.kill()


@needs_build
@pytest.mark.parametrize("attackers", [0, 7, 8])
def test_newcomers_are_answered_while_there_is_room(
    attackers: int, full_when_attacked: Server
) -> None:
    found = run("attack", "--port", str(full_when_attacked.address[1]), "--kind", "silent",
                "--attackers", str(attackers), "--duration", "100ms")
    assert found["answers"] > 0 and found["unanswered"] == 0
    assert (found["newcomers"] > 0) == (attackers < 8)
    assert (found["newcomers_unanswered"] > 0) == (attackers == 8)


@pytest.mark.parametrize(("first", "second", "score", "z"), [
    ([1, 2, 3], [1, 2, 3], 0.5, 0.0),
    (range(1, 11), range(11, 21), 1.0, 50 / math.sqrt(100 * 21 / 12)),
    (range(11, 21), range(1, 11), 0.0, -50 / math.sqrt(100 * 21 / 12)),
    ([1, 1, 2], [1, 2, 2], 6 / 9, 1.5 / math.sqrt(9 / 12 * (7 - 48 / 30))),
    ([1, 1], [1, 1], 0.5, 0.0),
])
def test_ranks_tell_whether_one_is_slower(first: list, second: list, score: float,
                                          z: float) -> None:  # fmt: skip
    assert rank_sum(list(first), list(second)) == pytest.approx((score, z))


@pytest.mark.parametrize(("z", "p"), [(0.0, 1.0), (1.96, 0.05), (-1.96, 0.05), (3.29, 0.001)])
def test_a_probability_has_two_sides(z: float, p: float) -> None:
    assert probability(z) == pytest.approx(p, rel=0.01)
