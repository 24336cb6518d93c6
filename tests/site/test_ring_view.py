"""The ring view shows a real run, so its trace must be one, and its conclusions true."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest
import record_ring
from blocks import ROOT
from harness.needed import need_built, need_program, need_ring
from harness.strace import need_ptrace

REPLAY = Path(__file__).with_name("replay.mjs")
SERVER = ROOT / "build" / "default" / "part6-uring" / "part6-uring"


@pytest.fixture(scope="module")
def trace() -> dict:
    return json.loads(record_ring.TRACE.read_text())


def replayed(file: Path) -> list[dict]:
    run = subprocess.run([need_program("node"), REPLAY, file], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_heads_follow_tails_and_nothing_is_left(trace: dict) -> None:
    steps = replayed(record_ring.TRACE)
    before = {"sqHead": 0, "sqTail": 0, "cqHead": 0, "cqTail": 0}
    for step in steps:
        assert all(step[name] >= before[name] for name in before), step["text"]
        assert 0 <= step["sqTail"] - step["sqHead"] <= trace["otherData"]["entries"]
        assert 0 <= step["cqTail"] - step["cqHead"] <= trace["otherData"]["completions"]
        before = {name: step[name] for name in before}
    last = steps[-1]
    assert len(last["flight"]) <= 1  # the loop's own timeout, which ends with the ring
    assert last["sqHead"] == last["sqTail"]
    assert last["cqHead"] == last["cqTail"]


def test_an_operation_is_in_one_place_from_its_request_until_it_is_taken() -> None:
    """No operation is lost on its way down or up, and none is in two places."""
    open_now: set[int] = set()
    for number, step in enumerate(replayed(record_ring.TRACE), 1):
        if step["kind"] == "request" and "is to end" not in step["text"]:
            open_now.add(step["number"])
        elif step["kind"] == "take":
            open_now.remove(step["number"])
        for places in step["places"]:
            main = {which: at for which, at in places}
            assert set(main) == open_now, number
            later = [which for which, at in places if at == "flight"]
            assert len(later) == len(set(later)), number
            assert {which for which, at in places if at == "cq"}.isdisjoint(later), number
            assert {which for which, at in places if at == "sq"}.isdisjoint(later), number


def test_the_still_figure_is_of_this_trace() -> None:
    run = subprocess.run([need_program("node"), record_ring.DRAW, "--check"], capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr


def submissions(calls: Path) -> list[int]:
    """The numbers of entries that strace saw in calls of io_uring_enter, without zeros."""
    for _ in range(100):
        if "+++ exited" in (text := calls.read_text()):
            break
        time.sleep(0.05)
    counts = [int(count) for count in re.findall(r"^io_uring_enter\(\d+, (\d+)", text, re.M)]
    return [count for count in counts if count > 0]


def test_what_the_kernel_takes_is_what_it_was_given(tmp_path: Path) -> None:
    """The trace doesn't have the calls. The view's conclusions must agree with strace, unless a
    busy machine divides one turn into two calls with nothing between them."""
    need_program("node")
    need_ptrace()
    need_built(SERVER)
    need_ring()
    for number in range(record_ring.TRIES):
        calls, file = tmp_path / f"calls-{number}", tmp_path / f"trace-{number}.json"
        strace = ("strace", "-D", "-o", str(calls), "-e", "trace=io_uring_enter")
        file.write_text(record_ring.text(record_ring.record(SERVER, strace)))
        taken = [step["sqHead"] for step in replayed(file) if step["kind"] == "enter"]
        seen, concluded = submissions(calls), [n - before for before, n in zip([0, *taken], taken)]
        if seen == concluded:
            break
    assert seen == concluded
