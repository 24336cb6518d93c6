"""The climb itself: which levels are asked for, and what is asked for again."""

from pathlib import Path

import pytest

import climb as climbing
import first_start as first
import level_runs as runs
import report_text
from run_judge import judge
from ladder import RUNGS


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
    assert " 2 of 7 levels from limits on; those below it were not asked for\n" in said
    assert "bottom: " in said and " --from sockets\n" in said
    assert said.endswith(" --without backpressure,sockets --from protocols\n")


@pytest.mark.parametrize(("second_try", "passes"), [("passed", True), ("failed", False)])
def test_what_looks_at_a_clock_and_fails_is_tried_again_alone(
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
    assert len(judged.runs) == (len(RUNGS) if passes else RUNGS.index("timeouts") + 1)


def test_without_a_command_to_remember_what_to_type_is_told(tmp_path: Path) -> None:
    ran = judge("--from", "drain", at=tmp_path)
    assert (ran.status, ran.said) == (2, "")
    assert f"no server is remembered for {tmp_path}, " in ran.complained
    assert ": type ./judge 'CMD --port {port}', where CMD starts your server" in ran.complained
