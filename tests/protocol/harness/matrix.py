"""The table of stages and capabilities, filled in from what a run really did."""

from collections import defaultdict
from pathlib import Path

import pytest

from capabilities import CAPABILITIES, STAGES

PASS, FAIL, BY_DESIGN, NOT_RUN, NOT_APPLICABLE = "pass", "FAIL", "fails by design", "not run", "–"


class Matrix:
    """A pytest plugin that listens to reports and writes the table at the end.

    A cell is `pass` when every test of that capability that ran passed, `fails by design` when the
    tests passed that show the weakness, `FAIL` when one failed, `–` when the suite has none for
    that stage, and `not run` when all were skipped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._columns: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes the outcome of one phase of one test."""
        properties = dict(report.user_properties)
        name = properties.get("target")
        if name is None:
            return
        if name not in self._columns:
            self._columns.append(name)
        meaning = "shown" if "lacks" in properties else "passed"
        capability = properties.get("lacks") or properties["needs"]
        if report.failed:
            self._outcomes[name, capability].append("failed")
        elif report.skipped:
            self._outcomes[name, capability].append("skipped")
        elif report.when == "call":
            self._outcomes[name, capability].append(meaning)

    def pytest_sessionfinish(self) -> None:
        """Writes the file."""
        self._path.write_text(self._text(), encoding="utf-8")

    def _text(self) -> str:
        columns = sorted(
            self._columns, key=lambda name: STAGES.index(name) if name in STAGES else -1
        )
        lines = [
            "# What each stage can do",
            "",
            "Written by `pytest tests/protocol --matrix FILE` from the outcome of a run. "
            "*pass*: every test of that line passed; *fails by design*: a test shows that "
            "the mechanism cannot do it; –: makes no sense for that stage.",
            "",
            "| capability | " + " | ".join(columns) + " |",
            "| --- |" + " --- |" * len(columns),
        ]
        for capability, meaning in CAPABILITIES.items():
            cells = [self._cell(name, capability) for name in columns]
            lines.append(f"| **{capability}**: {meaning} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def _cell(self, name: str, capability: str) -> str:
        outcomes = set(self._outcomes.get((name, capability), ()))
        if not outcomes:
            return NOT_APPLICABLE
        if "failed" in outcomes:
            return FAIL
        if "shown" in outcomes:
            return BY_DESIGN
        return PASS if "passed" in outcomes else NOT_RUN
