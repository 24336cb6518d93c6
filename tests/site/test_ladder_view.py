"""The ladder view shows what has happened: its recording is what the servers do today."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import record_ladder
from blocks import ROOT
from harness.needed import need_built, need_program, need_ring
from harness.strace import need_ptrace
from ladder_moments import CLIENTS, MOMENTS, NEVER_SLEEPS, certain, tokens
from pages import BOOK, complain
from record_ladder import STAGES

LADDER = Path(__file__).with_name("ladder.mjs")
BUILD = Path(os.environ.get("BUILD", record_ladder.BUILD))
SAYS_HI, SILENCE, BOTH_SPEAK, OTHER_HALF, LEAVE = 2, 4, 5, 6, 7
WORDS_MAX = 25
# Of clients that speak at the same time, a busy machine may hold one up until the other is served.
RECORDINGS_MAX = 3

# Numbers of calls that sentences tell, by moment and stage.
TOLD = {(SAYS_HI, 4): "three calls", (SAYS_HI, 5): "three calls", (BOTH_SPEAK, 4): "five calls",
        (BOTH_SPEAK, 5): "five calls", (BOTH_SPEAK, 6): "three calls", (OTHER_HALF, 6): "Two calls"}
NUMBERS = {"two": 2, "three": 3, "five": 5}


@pytest.fixture(scope="module")
def trace() -> dict:
    return json.loads(record_ladder.TRACE.read_text())


@pytest.fixture(scope="module")
def shown() -> dict:
    """What the view makes of it."""
    run = subprocess.run([need_program("node"), LADDER], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def moments(trace: dict, stage: str) -> list[dict]:
    return trace["stages"][STAGES.index(stage)]["moments"]


def release(version: str) -> list[str]:
    return version.split(".")[:2]


@pytest.mark.parametrize(
    ("version", "args", "wanted"),
    [
        ("6.1", "[{events=EPOLLIN, data={u32=1, u64=4294967297}}]", [4294967297]),
        ("7.2", "[{events=EPOLLIN, data=0}, {events=EPOLLIN, data=0x2000000000000001}]",
         [0, 0x2000000000000001]),
        ("7.2", "{events=EPOLLIN, data=NULL}", [0]),
    ],
)  # fmt: skip
def test_tokens_are_read_whatever_strace_wrote(version: str, args: str, wanted: list[int]) -> None:
    assert tokens(args) == wanted, version


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


def test_all_stages_have_all_moments(trace: dict) -> None:
    assert [one["stage"] for one in trace["stages"]] == STAGES
    assert trace["about"]["moments"] == MOMENTS
    assert all(len(one["moments"]) == len(MOMENTS) for one in trace["stages"])


@pytest.mark.parametrize("stage", STAGES[1:])
def test_each_client_is_answered_when_it_has_spoken(trace: dict, stage: str) -> None:
    after = [one["after"]["clients"] for one in moments(trace, stage)]
    answered = {(moment, name) for moment, clients in enumerate(after) for name in CLIENTS
                if clients[name] == "answered"}
    assert answered == {(SAYS_HI, "B"), (BOTH_SPEAK, "A"), (BOTH_SPEAK, "B"), (OTHER_HALF, "C")}


def test_part1_answers_b_when_a_has_left_and_not_before(trace: dict) -> None:
    calls = [(moment, call["name"], call.get("who"))
             for moment, one in enumerate(moments(trace, "part1-blocking"))
             for call in one["calls"]]
    assert calls.index((LEAVE, "close", "A")) < calls.index((LEAVE, "accept4", "B"))
    assert [call for call in calls if call[1:] == ("send", "B")] == [(LEAVE, "send", "B")]
    for moment in range(SAYS_HI, LEAVE):
        clients = moments(trace, "part1-blocking")[moment]["after"]["clients"]
        assert clients["B"] == "backlog waits"


def test_in_the_silence_only_part3_is_awake(trace: dict) -> None:
    for stage in STAGES:
        calls = moments(trace, stage)[SILENCE]["calls"]
        assert [set(call) for call in calls] == (
            [{"thread", "vain", "who"}] if stage == NEVER_SLEEPS else []), stage


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


def test_the_sentences_tell_the_numbers_that_were_recorded(shown: dict) -> None:
    for (moment, stage), words in TOLD.items():
        assert words in shown["sentences"][moment][stage - 1]
        calls = shown["counts"][stage - 1][moment]["now"]["calls"]
        assert calls == NUMBERS[words.split()[0].lower()], (MOMENTS[moment], stage)
    for text in ("README.md", "book/ladder-view.md"):
        assert "many more were in vain" in (ROOT / text).read_text()
    assert shown["counts"][2][SAYS_HI]["now"]["vain"] >= 200


def test_every_stage_links_to_its_chapter() -> None:
    links = re.findall(r"^\| \[(\d)\]\(([\w-]+\.md)\) \|", (BOOK / "ladder-view.md").read_text(),
                       re.M)
    chapters = ["02-blocking.md", "04-threads.md", "05-nonblocking.md", "06-poll.md",
                "07-epoll.md", "10-ring.md"]
    assert links == [(str(i + 1), name) for i, name in enumerate(chapters)] * len(MOMENTS)


def test_the_still_figures_are_of_this_recording() -> None:
    run = subprocess.run([need_program("node"), record_ladder.DRAW, "--check"], capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
