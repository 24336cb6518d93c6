"""The ladder view shows real servers, so today's servers must do what its recording says."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import record_ladder
from harness.needed import need_built, need_program, need_ring
from harness.strace import need_ptrace
from ladder_moments import MOMENTS, certain
from pages import complain
from record_ladder import STAGES

LADDER = Path(__file__).with_name("ladder.mjs")
BUILD = Path(os.environ.get("BUILD", record_ladder.BUILD))
WORDS_MAX = 25
# If clients send at the same time, a busy machine may delay one until the other is served.
RECORDINGS_MAX = 3



@pytest.fixture(scope="module")
def trace() -> dict:
    return json.loads(record_ladder.TRACE.read_text())


@pytest.fixture(scope="module")
def shown() -> dict:
    """The view's numbers and sentences for the recording."""
    run = subprocess.run([need_program("node"), LADDER], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def moments(trace: dict, stage: str) -> list[dict]:
    return trace["stages"][STAGES.index(stage)]["moments"]


def release(version: str) -> list[str]:
    return version.split(".")[:2]


@pytest.mark.parametrize("stage", STAGES)
def test_the_recording_is_what_the_server_does_today(trace: dict, stage: str) -> None:
    kernel = trace["about"]["kernel"]
    if stage == "part6-uring" and release(kernel) != release(os.uname().release):
        pytest.skip(f"how many completions come at a time is the kernel's choice; this is not "
                    f"{kernel}")
    need_ptrace()
    need_built(BUILD / stage / stage)
    if stage == "part6-uring":
        need_ring()
    then = certain(stage, moments(trace, stage))
    for _ in range(RECORDINGS_MAX):
        now = certain(stage, record_ladder.record(stage, BUILD))
        if now == then:
            return
    for moment, (one, other) in enumerate(zip(now, then, strict=True)):
        assert one == other, f"{MOMENTS[moment]} book/tools/record_ladder.py records it anew"


def test_the_counters_are_sums_of_the_calls(trace: dict, shown: dict) -> None:
    for one, counts in zip(trace["stages"], shown["counts"], strict=True):
        so_far = {"calls": 0, "vain": 0, "wakes": 0}
        for moment, counted in zip(one["moments"], counts, strict=True):
            for call in moment["calls"]:
                so_far["calls"] += "name" in call
                so_far["vain"] += call.get("vain", 0)
                so_far["wakes"] += call.get("waited", False)
            assert counted["soFar"] == so_far


def test_there_is_a_short_sentence_for_each_cell(shown: dict) -> None:
    assert [len(row) for row in shown["sentences"]] == [len(STAGES)] * len(MOMENTS)
    complain([f"{MOMENTS[moment]} {stage + 1}: {len(words)} words"
              for moment, row in enumerate(shown["sentences"])
              for stage, sentence in enumerate(row)
              if len(words := sentence.split()) > WORDS_MAX])


def test_the_still_figures_are_of_this_recording() -> None:
    run = subprocess.run([need_program("node"), record_ladder.DRAW, "--check"], capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
