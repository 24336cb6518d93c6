"""Runs the contract's black-box tests on a reader's answer to an exercise."""

import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from exercise import ROOT
from harness import own_suite
from harness.subject import Subject

PROTOCOL = ROOT / "tests" / "protocol"


@dataclass(frozen=True)
class Outcomes:
    """The tests that passed and that failed, as function[case], and the whole output."""

    passed: frozenset[str]
    failed: frozenset[str]
    output: str

    def must_all_pass(self) -> None:
        """Fails with the suite's output unless all tests passed."""
        if self.failed or not self.passed:
            pytest.fail(self.output, pytrace=False)


def contract(
    target: Subject, *tests: str, choose: str = "", patience: float = 5
) -> Outcomes:
    """Runs these files, or tests, of tests/protocol on a server. `choose` is like pytest's -k."""
    level = (f"--level={target.level}",) if target.speaks_contract else ()
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch, "results.xml")
        ran = own_suite.run_suite(
            Path.cwd(),  # where the paths in the command begin
            *(str(PROTOCOL / test) for test in tests), *(("-k", choose) if choose else ()),
            f"--server={shlex.join(target.command)}", *level, f"--patience={patience}",
            f"--junit-xml={results}")
        if not results.is_file():
            pytest.fail(ran.stdout, pytrace=False)
        cases = list(ElementTree.parse(results).iter("testcase"))
    failed = _names(cases, ("failure", "error"))
    return Outcomes(_names(cases, ()) - failed - _names(cases, ("skipped",)), failed, ran.stdout)


def _names(cases: Sequence[ElementTree.Element], kinds: Sequence[str]) -> frozenset[str]:
    """The names of the cases of these kinds; of all cases if `kinds` is empty."""
    return frozenset(case.get("name") or "" for case in cases
                     if not kinds or any(case.find(kind) is not None for kind in kinds))
