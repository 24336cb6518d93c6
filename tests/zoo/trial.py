"""Runs one test against a build of the workshop, and returns the outcome."""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree

from bug import suite_of
from workshop import TREE, build_directory

TEST_SECONDS = 90  # for one test; the suite's own limit is longer
RUN_SECONDS = 150  # for pytest or ctest around it
PATIENCE = "5"  # how long a protocol test waits for an answer

TIMED_OUT = re.compile(r"Timeout >[0-9.]+s|\*\*\*Timeout")


class Outcome(Enum):
    """How a test went."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    BROKEN = "broken"  # no verdict: no such test, no time left, no server


@dataclass(frozen=True)
class Trial:
    """One run of one test: the outcome, a short reason, and the whole output."""

    outcome: Outcome
    reason: str
    output: str


def run(test: str, preset: str) -> Trial:
    """Runs a test, given as in the head of a patch, against the build of this preset."""
    with tempfile.TemporaryDirectory() as directory:
        results = Path(directory, "results.xml")
        command, where = _command(test, preset, results)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        try:
            process = subprocess.run(
                command, cwd=where, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS, check=False,
            )
        except subprocess.TimeoutExpired as error:
            output = (error.stdout or b"").decode(errors="replace")
            return Trial(Outcome.BROKEN, f"no verdict after {RUN_SECONDS} s", output)
        output = process.stdout.decode(errors="replace")
        if not results.is_file():
            return Trial(Outcome.BROKEN, "the test did not run", output)
        cases = list(ElementTree.parse(results).iter("testcase"))
    if len(cases) != 1:
        return Trial(Outcome.BROKEN, f"{len(cases)} tests ran, not one", output)
    outcome, reason = _verdict(cases[0], output)
    return Trial(outcome, reason, output)


def _command(test: str, preset: str, results: Path) -> tuple[list[str], Path]:
    build = build_directory(preset)
    if test.startswith("ctest "):
        pattern = f"^{re.escape(test.removeprefix('ctest '))}$"
        return ["ctest", "--test-dir", str(build), "--tests-regex", pattern, "--output-on-failure",
                "--timeout", str(TEST_SECONDS), "--output-junit", str(results)], build
    suite, test = suite_of(test)
    return [sys.executable, "-m", "pytest", test, "-p", "no:cacheprovider", "--color=no",
            f"--timeout={TEST_SECONDS}", f"--patience={PATIENCE}", f"--build-dir={build}",
            f"--junit-xml={results}"], TREE / "tests" / suite


def _verdict(case: ElementTree.Element, output: str) -> tuple[Outcome, str]:
    if TIMED_OUT.search(output):
        return Outcome.BROKEN, f"the test ran into its limit of {TEST_SECONDS} s"
    skipped = case.find("skipped")
    if skipped is not None:
        return Outcome.SKIPPED, skipped.get("message") or "no reason given"
    failure = case.find("failure")
    if failure is not None:
        return Outcome.FAILED, _first_line(failure.get("message") or failure.text or "")
    error = case.find("error")
    if error is not None:
        reason = _first_line(error.get("message") or "")
        # Some checks are made on the server after each test, in the teardown.
        at_the_end = reason.startswith("failed on teardown")
        return (Outcome.FAILED if at_the_end else Outcome.BROKEN), reason
    return Outcome.PASSED, ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
