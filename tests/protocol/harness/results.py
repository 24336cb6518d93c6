"""The result of each test, each in a line of JSON, for programs that show it in a
different form."""

import errno
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.hexdump import escaped
from harness.rule import Rule
from harness.timeline import Event
from harness.verdict import NoReadyLine

# Resources of this machine that the tests, which need many, may be the first to use up.
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOSPC, errno.EDQUOT,
             errno.EADDRNOTAVAIL)

def properties(
    rule: Rule | None, error: BaseException | None, events: Sequence[Event]
) -> list[tuple[str, str]]:
    """Returns the parts of a failure's report about the reason, besides its sections."""
    found = [("cause", cause(error)), ("blames", blames(error)),
             ("events", json.dumps([[one.at, one.who, one.what, one.is_break] for one in events]))]
    if rule is not None:
        found += [("rule", rule.text), ("chapter", rule.chapter)]
        found += [("measured", "yes")] if rule.is_measured else []
    return found


def blames(error: BaseException | None) -> str:
    """Says who failed, if not this test of a server: all of its tests, the stop after it, or we who
    test."""
    if isinstance(error, NoReadyLine) and error.always:
        return "all"
    if getattr(error, "had_passed", False):
        return "stop"
    return "us" if isinstance(error, OSError) and error.errno in SHORTAGES else ""


def cause(error: BaseException | None) -> str:
    """Returns the failure in one line."""
    lines = str(error).strip().splitlines() if error is not None else []
    said = escaped(lines[0]) if lines else "no reason given"
    return said if isinstance(error, AssertionError) else f"{type(error).__name__}: {said}"


def reason_of_skip(report: pytest.TestReport) -> str:
    """Returns the test's reason for not running."""
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return escaped(words.removeprefix("Skipped: "))


class Results:
    """A pytest plugin that writes the file as the tests end.

    The first line is {"collected": [ID, ...]}, in the order of the tests; each of the others is a
    test.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._collected = False
        self._failed: dict[str, pytest.TestReport] = {}  # a test's first failed phase
        self._failed_again: dict[str, str] = {}  # and the cause of a later failure
        self._skipped: dict[str, str] = {}  # and the reason

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Notes the tests with xdist, where only the workers collect, and each finds the same."""
        self._note_collected([one.split("@")[0] for one in ids])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Notes the tests without xdist."""
        if session.items:
            self._note_collected([item.nodeid for item in session.items])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes one phase of a test, and writes the test after the last."""
        test = report.nodeid.split("@")[0]  # xdist appends the group
        if report.failed and test in self._failed:
            self._failed_again[test] = dict(report.user_properties).get("cause", "")
        elif report.failed:
            self._failed[test] = report
        elif report.skipped:
            self._skipped[test] = reason_of_skip(report)
        if report.when == "teardown":
            self._write(self._entry(test, self._failed.get(test, report)))

    def pytest_sessionfinish(self) -> None:
        """Completes the file."""
        self._file.close()

    def _note_collected(self, tests: list[str]) -> None:
        if not self._collected:
            self._write({"collected": tests})
            self._collected = True

    def _entry(self, test: str, report: pytest.TestReport) -> dict[str, Any]:
        said = dict(report.user_properties)
        sections = [list(one) for one in report.sections if not one[0].startswith("Captured")]
        if test in self._failed_again:
            sections.append(["and at the end of the test", self._failed_again[test]])
        outcome = "skipped" if test in self._skipped else "passed"
        return {
            "test": test,
            "outcome": "failed" if test in self._failed else outcome,
            "cause": said.get("cause", ""),
            "reason": self._skipped.get(test, ""),
            "rule": said.get("rule", ""),
            "chapter": said.get("chapter", ""),
            "clock": "clock" in said,
            "measured": "measured" in said,
            "blames": said.get("blames", ""),
            "events": json.loads(said.get("events", "[]")),
            "sections": sections,
        }

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")
