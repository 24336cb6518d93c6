"""Small changes of finger/, each with the tests of tests/finger that find it: found_by.toml there.
A change is a text that occurs once in a file, and the text in its place."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import trial
import workshop
from bug import Bug, problem_of_test
from patch_file import ROOT, ZooError
from trial import Outcome

SUITE = ROOT / "tests" / "finger"
LIST = SUITE / "found_by.toml"
TARGETS = ["fingerd", "finger"]
PRESET = "default"
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """A row of the list. `tests` are named as in the head of a bug."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The list, which has the change."""
        return LIST

    @property
    def changes(self) -> tuple[str, ...]:
        """The file that is changed."""
        return (self.path,)

    def make(self, tree: Path) -> None:
        """Changes the file in that tree. ZooError if the text is not there, or not once."""
        file = tree / self.path
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if text.count(self.old) != 1:
            raise ZooError(f"{LIST.name}: {self.name}: {self.path} does not have it once")
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


def all_changes() -> tuple[dict[str, Change], dict[str, str]]:
    """The changes by name, and the tests that need none, with the reason."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))
    needless = {test: why for why, tests in rows.pop("without", {}).items() for test in tests}
    return {name: Change(name, row["file"], row["old"], row["new"],
                         tuple(f"finger/{test}" for test in row["tests"]))
            for name, row in rows.items()}, needless


def complaints(bugs: list[Bug]) -> list[str]:
    """Says which changes cannot be made, and which tests nothing has made fail."""
    changes, needless = all_changes()
    found = []
    for change in changes.values():
        text = (ROOT / change.path).read_text(encoding="utf-8")
        if text.count(change.old) != 1:
            found.append(f"{LIST.name}: {change.name}: {change.path} does not have it once")
        problems = map(problem_of_test, change.tests)
        found += [f"{LIST.name}: {change.name}: {problem}" for problem in problems if problem]
    of_bugs = {bug.test for bug in bugs}
    of_changes = {test for change in changes.values() for test in change.tests}
    proven = {test.removeprefix("finger/").partition("[")[0] for test in of_bugs | of_changes}
    all_tests = {f"{file.name}::{test}" for file in SUITE.glob("test_*.py")
                 for test in TEST.findall(file.read_text(encoding="utf-8"))}
    unproven = sorted(all_tests - proven - set(needless))
    found += [f"{LIST.name}: nothing has made this fail: {test}" for test in unproven]
    found += [f"{LIST.name}: there is no {test}" for test in sorted(set(needless) - all_tests)]
    return found


def run(chosen: Sequence[Change]) -> tuple[int, int]:
    """Makes these changes, one at a time. Returns how many were found, and how many missed."""
    workshop.renew()
    workshop.build(PRESET, TARGETS, tests=False)
    tests = dict.fromkeys(test for change in chosen for test in change.tests)
    workshop.say(f"running {len(tests)} test(s) without any change")
    healthy = {test: trial.run(test, PRESET).outcome for test in tests}
    found = 0
    for change in chosen:
        missed = hunt(change, healthy)
        found += not missed
        verdict = "missed" if missed else "found"
        print("\n    ".join([f"{verdict}: {change.name}", *missed]), flush=True)
    return found, len(chosen) - found


def hunt(change: Change, healthy: dict[str, Outcome]) -> list[str]:
    """Makes a change. Says which of its tests don't fail, or fail without it, too. A test that this
    machine skips proves nothing, here."""
    with workshop.changed_by(change, change.make):
        workshop.build(PRESET, TARGETS, tests=False)
        trials = {test: trial.run(test, PRESET) for test in change.tests
                  if healthy[test] is Outcome.PASSED}
    unsure = [test for test in change.tests
              if healthy[test] not in (Outcome.PASSED, Outcome.SKIPPED)]
    return [f"{test} fails without the change, too" for test in unsure] + [
        f"{test} {ended.outcome.value}: {ended.reason}"
        for test, ended in trials.items() if ended.outcome is not Outcome.FAILED]
