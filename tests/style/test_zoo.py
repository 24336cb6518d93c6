"""The days on which each bug is hunted, and a build that is broken off."""

import sys
from datetime import date, timedelta

import pytest
from project import ROOT

sys.path.insert(0, str(ROOT / "tests" / "zoo"))

import run as zoo  # noqa: E402


def test_in_thirty_days_each_bug_is_hunted_once() -> None:
    names = [f"bug-{number:03}" for number in range(111)]
    days = [date(2026, 12, 28) + timedelta(days=day) for day in range(30)]
    assert sorted(name for day in days for name in zoo.turn_of(names, day)) == names


def test_ctrl_c_ends_a_build_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(zoo.workshop, "occupied", interrupted)
    monkeypatch.setattr(sys, "argv", ["run.py", "build", "no-limit"])
    assert zoo.main() == zoo.INTERRUPTED
