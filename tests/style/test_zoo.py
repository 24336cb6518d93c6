"""The list of what makes each black-box test fail, and the days on which each bug is hunted."""

import subprocess
import sys
from datetime import date, timedelta

import pytest
from project import ROOT

sys.path.insert(0, str(ROOT / "tests" / "zoo"))

import mistakes  # noqa: E402
import proofs  # noqa: E402
import run as zoo  # noqa: E402


def test_every_bug_on_the_list_is_there() -> None:
    known = set(proofs.broken_servers())
    named = {name for names in proofs.noted().values() for name in names}
    assert not named - known, f"no such bug any more: {sorted(named - known)}"


def test_every_test_and_all_that_is_hunted_is_on_the_list() -> None:
    run = subprocess.run([ROOT / "tests/zoo/proofs.py", "check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_one_bug_alone_has_not_been_found_in_a_server_of_another_make() -> None:
    run = subprocess.run([ROOT / "tests/zoo/foreign.py", "holes"], capture_output=True, text=True)
    assert run.stdout == "test_read_timeout.py::test_a_clock_of_its_own_changes_nothing\n", run


def test_every_mistake_has_its_line_in_the_sources() -> None:
    assert not mistakes.misplaced(), "the code has changed, adapt tests/zoo/mistakes.py"


def test_in_twenty_days_each_bug_is_hunted_once() -> None:
    names = [f"bug-{number:03}" for number in range(111)]
    days = [date(2026, 12, 28) + timedelta(days=day) for day in range(20)]
    assert sorted(name for day in days for name in zoo.turn_of(names, day)) == names


def test_ctrl_c_ends_a_build_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(zoo.workshop, "occupied", interrupted)
    monkeypatch.setattr(sys, "argv", ["run.py", "build", "no-limit"])
    assert zoo.main() == zoo.INTERRUPTED
