#!/usr/bin/python3
"""The book's exercises: eN_M has a test here, and our solution in book/solutions.

    run.py list               the exercises that have a test
    run.py apply              does every patch still apply, and is every head right?
    run.py targets NAME       targets to build before a test of the reader's own tree
    run.py solve [NAME ...]   the test must pass with our solution, in a copy below build/zoo; if
                              that is a patch, it must fail without. Default: all exercises.

Exit status: 0 all is well, 1 something is wrong, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

sys.dont_write_bytecode = True

from exercise import (  # noqa: E402
    ROOT,
    Exercise,
    NoSuchExercise,
    ZooError,
    all_exercises,
    named,
    problems,
)
import workshop  # noqa: E402

RUN_SECONDS = 300
PATIENCE = "5"  # how long a test waits for an answer


def list_exercises() -> int:
    """Prints the number and the subject of each exercise with a test."""
    for each in all_exercises():
        if each.test.is_file():
            print(first_line(each.test))
    return 0


def first_line(test: Path) -> str:
    """The first line of a test file, which says what the exercise is about."""
    return test.read_text(encoding="utf-8").splitlines()[0].strip('"')


def check_that_all_apply() -> int:
    """Tries every patch on the project as it is, without changing it."""
    complaints, count = [], 0
    for each in all_exercises():
        if not each.is_patch:
            continue
        count += 1
        try:
            complaints += problems(each)
            workshop.apply(each, ROOT, try_only=True)
        except ZooError as error:
            complaints.append(str(error))
    for complaint in complaints:
        print(complaint)
    print(f"{count} patches, {len(complaints)} complaints")
    return 1 if complaints else 0


def print_targets(names: Sequence[str]) -> int:
    """Prints the targets to build of the reader's own tree."""
    print("\n".join(dict.fromkeys(target for name in names for target in named(name).targets)))
    return 0


def solve(names: Sequence[str]) -> int:
    """Shows for each exercise that the test passes only with a solution."""
    chosen = [named(name) for name in names] if names else [
        each for each in all_exercises() if each.test.is_file()]
    counts: Counter[str] = Counter()
    with workshop.occupied():
        workshop.renew()
        for each in chosen:
            begin = time.monotonic()
            verdict, explanation = prove(each)
            counts[verdict] += 1
            took = time.monotonic() - begin
            print(f"{verdict}: {each.number} ({took:.0f} s): {explanation}", flush=True)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['solved']} of {len(chosen)} exercises solved{skipped}")
    return 1 if counts["unsolved"] else 0


def prove(each: Exercise) -> tuple[str, str]:
    """Runs the test without our solution and with it. Returns a verdict and the reason."""
    try:
        if each.is_patch:
            before = Trial.of(each, solved=False)
            if not before.failed:
                return "unsolved", f"the test finds nothing to do\n{before.output}"
            with workshop.changed_by(each):
                after = Trial.of(each, solved=True)
        else:
            after = Trial.of(each, solved=True)
    except workshop.NotHere as error:
        return "skipped", str(error)
    except ZooError as error:
        return "unsolved", str(error)
    if after.failed or not after.passed + after.skipped:
        return "unsolved", f"the test fails with our solution\n{after.output}"
    if not after.passed:
        return "skipped", after.reason
    return "solved", f"{after.passed} tests pass" + (
        f", {after.skipped} are skipped" if after.skipped else "")


class Trial:
    """One run of an exercise's tests on a build of the workshop: how many passed or failed."""

    def __init__(self, output: str, cases: Sequence[ElementTree.Element]) -> None:
        self.output = output
        self.skipped = sum(case.find("skipped") is not None for case in cases)
        self.failed = sum(case.find("failure") is not None or case.find("error") is not None
                          for case in cases)
        self.passed = len(cases) - self.skipped - self.failed
        reasons = [found.get("message") or "" for case in cases
                   if (found := case.find("skipped")) is not None]
        self.reason = reasons[0] if reasons else ""

    @classmethod
    def of(cls, each: Exercise, solved: bool) -> Trial:
        """Builds the targets and runs the tests. ZooError if that isn't possible."""
        targets = each.targets_of_solution
        try:
            if targets:
                workshop.build(each.preset, targets, tests=True)
        except workshop.NotHere:
            raise
        except ZooError as error:
            if solved:
                raise
            no_build = ElementTree.fromstring("<testcase><failure/></testcase>")
            return cls(str(error), [no_build])  # the test names what the reader has to add
        return cls.run(each, ["--solution"] if solved else [])

    @classmethod
    def run(cls, each: Exercise, options: Sequence[str]) -> Trial:
        """Runs the tests."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        with tempfile.TemporaryDirectory() as directory:
            results = Path(directory, "results.xml")
            command = [sys.executable, "-m", "pytest", f"tests/exercises/{each.test.name}",
                       "--color=no", f"--patience={PATIENCE}", f"--junit-xml={results}", *options,
                       f"--build-dir={workshop.build_directory(each.preset)}"]
            ran = subprocess.run(
                command, cwd=workshop.TREE, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", timeout=RUN_SECONDS, check=False)
            if not results.is_file():
                raise ZooError(f"the tests did not run\n{ran.stdout}")
            return cls(ran.stdout, list(ElementTree.parse(results).iter("testcase")))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="number and title of every exercise that has a test")
    commands.add_parser("apply", help="does every patch apply? (seconds)")
    targets = commands.add_parser("targets", help="what to build to test the reader's own tree")
    solve_them = commands.add_parser("solve", help="test our solutions, and that a stage without "
                                     "them fails (minutes)")
    for command in (targets, solve_them):
        command.add_argument("names", nargs="*", metavar="NAME", help="as e6_2 or E6.2")
    arguments = parser.parse_args()
    try:
        if arguments.command == "list":
            return list_exercises()
        if arguments.command == "apply":
            return check_that_all_apply()
        if arguments.command == "targets":
            return print_targets(arguments.names)
        return solve(arguments.names)
    except ZooError as error:
        print(f"exercises: {error}", file=sys.stderr, flush=True)
        return 2 if isinstance(error, NoSuchExercise) else 1


if __name__ == "__main__":
    sys.exit(main())
