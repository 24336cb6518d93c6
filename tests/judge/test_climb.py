"""The climb itself: which levels it asks for, and which tests it asks again."""

import re
import sys
from pathlib import Path

import pytest

import climb as climbing
import first_start as first
import level_runs as runs
import report_text
from harness import own_suite
from levels import LEVEL_NAMES
from run_judge import FLEET, PROTOCOL, a_climb, judge


def test_a_climb_may_begin_higher(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def run_level(command: str, level: str, directory: Path, *options: str, **_: object) -> object:
        asked.append((level, options))
        outcome = "failed" if level == "sockets" else "passed"
        test = runs.Test("test_it[yours]", outcome, "why", "", "", ())
        return runs.Run(level, [test.name], [test], ended=True)

    monkeypatch.setattr(climbing, "run_level", run_level)
    monkeypatch.setattr(climbing, "start_once", lambda *_: first.FirstStart(1.2))
    report_text.show_climb(
        climbing.climb("true {port}", Path(), report_text.show_progress, report_text.show_level,
                       begin="limits", without=("backpressure",)))
    assert [level for level, _ in asked] == ["limits", "drain", "sockets"]
    assert "--above=timeouts" in asked[0][1] and "--above=limits" in asked[1][1]
    assert all("--without=backpressure" in options for _, options in asked)
    said = capsys.readouterr().out
    assert "  it listened after 1.2 s\n" in said
    count = len(LEVEL_NAMES[LEVEL_NAMES.index("limits"):]) - 1  # without backpressure
    assert f" 2 of {count} levels from limits on; those below it were not asked for\n" in said
    assert "  to start from that level: " in said and " --from sockets\n" in said
    assert said.endswith(" --without backpressure,sockets --from protocols\n")


@pytest.mark.parametrize(("second_try", "passes"), [("passed", True), ("failed", False)])
def test_a_failed_test_that_looks_at_a_clock_is_tried_again_alone(
    second_try: str, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def run_level(command: str, level: str, directory: Path, *options: str, **_: object) -> object:
        asked.append(options)
        of_this = [one for one in asked if "--above=wake-ups" in one]
        outcome = "passed" if level != "timeouts" else "failed" if len(of_this) == 1 else second_try
        test = runs.Test("test_late[yours]", outcome, "", "", "", (), clock=True)
        return runs.Run(level, [test.name], [test], ended=True)

    monkeypatch.setattr(climbing, "run_level", run_level)
    monkeypatch.setattr(climbing, "start_once", lambda *_: first.FirstStart(0.1))
    judged = climbing.climb("true {port}", Path(), lambda _: None, lambda _: None)
    assert [one for one in asked if "-k" in one] == [
        ("--above=wake-ups", "-k", "test_late")]
    assert judged.runs[-1].passed is passes
    assert len(judged.runs) == (len(LEVEL_NAMES) if passes else LEVEL_NAMES.index("timeouts") + 1)


def test_the_plainest_tests_of_a_level_come_first() -> None:
    """A test that needs more than the level itself may fail for another reason."""
    asked = own_suite.run_suite(PROTOCOL, "--collect-only", "--server", "true {port}",
                                "--level", "protocols", "--above", "sockets")
    tests = re.findall(r"test_(\w+)\.py::test_(\w+)", asked.stdout)
    of_http = [name for file, name in tests if file == "http"]
    assert of_http[0] == "get_of_any_path_says_hello", asked.stdout
    first = {file: number for number, (file, _) in reversed([*enumerate(tests)])}
    assert first["http"] < first["http_syntax"] < first["endings"], asked.stdout
    asked = own_suite.run_suite(PROTOCOL, "--collect-only", "--server", "true {port}",
                                "--level", "resources", "--above", "rest")
    tests = re.findall(r"test_(\w+)\.py::test_(\w+)", asked.stdout)
    assert tests[0][1] == "at_the_limit_a_new_connection_waits_until_one_leaves", asked.stdout


@a_climb
@pytest.mark.parametrize(("bug", "level", "sentence"), [
    ("signed-lengths", "framing", "a message of every length comes back"),
    ("lengths-wrap", "closing",
     "too long a message ends the connection at the fourth byte (4294967292)"),
    ("no-http", "protocols", "get of any path says hello (/)"),
    ("full-buffer-loses-its-last", "framing",
     "a message of the largest size comes back"),
    ("large-ones-first", "framing", "a large message overtakes no small one"),
])
def test_the_plainest_failure_is_shown(
    bug: str, level: str, sentence: str, tmp_path: Path
) -> None:
    server = f"{sys.executable} {FLEET}/broken_loops.py {bug} --port {{port}}"
    ran = judge(server, "--from", level, at=tmp_path)
    assert f"\n\n  {sentence}\n" in ran.said, ran.said


def test_a_climb_that_reaches_the_top_says_how_to_ask_for_more(
    capsys: pytest.CaptureFixture[str]
) -> None:
    test = runs.Test("test_it[yours]", "passed", "", "", "", ())
    all_passed = [runs.Run(level, [test.name], [test], ended=True) for level in LEVEL_NAMES]
    report_text.show_climb(runs.Judged("true {port}", all_passed))
    said = " ".join(capsys.readouterr().out.split())
    count = len(LEVEL_NAMES)
    all_levels = f" {count} of {count} levels That was the last level. If you want more, "
    assert all_levels + "--level part5-epoll" in said


def test_a_climb_without_a_remembered_command_says_what_to_type(tmp_path: Path) -> None:
    ran = judge("--from", "drain", at=tmp_path)
    assert (ran.status, ran.said) == (2, "")
    assert f"no server is remembered for {tmp_path}, " in ran.complained
    assert ": type ./judge 'CMD --port {port}', where CMD starts your server" in ran.complained


@pytest.mark.parametrize(("blames", "passed", "enough"), [
    (["all"], 9, True), (["stop"] * 3, 1, True), (["stop"] * 2, 0, False),
    (["stop"] * 3, 9, False), ([""] * 9, 0, False),
])
def test_a_level_is_given_up_if_each_test_would_tell_the_same(
    blames: list[str], passed: int, enough: bool
) -> None:
    tests = [runs.Test("test_a[yours]", "failed", "", "", "", (), blames=one) for one in blames]
    tests += [runs.Test("test_b[yours]", "passed", "", "", "", ())] * passed
    assert runs.Run("start", [], tests).has_seen_enough is enough
