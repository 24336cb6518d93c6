#!/usr/bin/python3
"""Sums up a run of ./check. Arguments: the directory of the results, and the file with a line
NAME:STATUS:SECONDS for each section. A section with a NAME.xml (JUnit) counts as its tests, any
other as one test. Tests that failed but passed in NAME.again.xml count as passed, and are named.
The exit status is 1 if anything failed, or if nothing passed. Then the last lines say how to run
again what failed, and that the machine was busy if it had the load $LOAD_BEFORE when ./check began.

summary.py --left-out FILE NUMBER REASON writes a JUnit file for tests that we didn't even start.
"""

import os
import re
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "protocol"))

from harness.output import told_if_unwritten  # noqa: E402

VERDICTS = ("found: ", "missed: ", "solved: ", "unsolved: ", "skipped: ")
OTHER_BUILDS = ("asan", "tsan", "clang")  # how the names of their sections end
AGAIN_MAX = 5  # commands; whoever has more failures than that begins with these


def skip_reason(case: ElementTree.Element, skipped: ElementTree.Element) -> str:
    """Why a test did not run. GoogleTest prints the reason in the line after "Skipped"; a
    transcript begins with the reason.
    """
    output = case.findtext("system-out", "").splitlines()
    for line, following in zip(output, output[1:]):
        if line.endswith(": Skipped"):
            return following.strip()
    for path in (case.get("classname", ""), *(line.removesuffix(": skipped") for line in output)):
        if path.endswith(".t"):
            return " ".join(Path(path).read_text().partition("\n\n")[0].split())
    lines = skipped.get("message", "").strip().splitlines()  # GoogleTest's first line is the place
    return lines[-1] if lines else "no reason given"


def failed(case: ElementTree.Element) -> bool:
    """Whether the test failed or ended with an error."""
    return case.find("failure") is not None or case.find("error") is not None


def identity(case: ElementTree.Element) -> tuple[str, str]:
    """A test's name, without the group that xdist appends."""
    return case.get("classname", ""), re.sub(r"@[^]@]*$", "", case.get("name", ""))


def again(case: ElementTree.Element) -> str:
    """The command that runs a failed test by itself. A class name is that of a module or, if the
    test isn't pytest's, of a program or a suite.
    """
    module, name = identity(case)
    function, _, parameters = name.partition("[")
    if module.startswith("tests.finger."):
        return f"./check finger -k {function}"
    if module.startswith("tests.protocol."):
        stage = re.search(r"part\d-\w+", parameters)
        return f"./check {f'{stage[0]} ' if stage else ''}-k {function}"
    if module.startswith("tests."):
        return f"/usr/bin/python3 -m pytest {module.replace('.', '/')}.py -k {function}"
    if module == name:
        return f"ctest --preset default -R '^{re.escape(name)}$'"
    return f"build/default/tests/unit/uring/uring_tests --gtest_filter={module}.{name}"


def passed_again(file: Path) -> set[tuple[str, str]]:
    """Which tests passed in the second try, if there was one."""
    if not file.is_file():
        return set()
    return {identity(case) for case in ElementTree.parse(file).iter("testcase")
            if case.find("skipped") is None and not failed(case)}


def count(file: Path, commands: list[str]) -> tuple[Counter, Counter]:
    """How many tests of a JUnit file passed, failed and were skipped, and why the latter.
    Prints the names of those that failed, and adds the commands that run them again.
    """
    outcomes, reasons = Counter(), Counter()
    passed_later = passed_again(file.with_suffix(".again.xml"))
    for case in ElementTree.parse(file).iter("testcase"):
        skipped = case.find("skipped")
        if failed(case) and identity(case) in passed_later:
            outcomes["passed"] += 1
            print(f"  passed at the second try: {case.get('name')}")
        elif failed(case):
            outcomes["failed"] += 1
            print(f"  failed: {case.get('name')}")
            commands.append(again(case))
        elif skipped is not None:
            outcomes["skipped"] += 1
            reasons[skip_reason(case, skipped)] += 1
        else:
            outcomes["passed"] += 1
    return outcomes, reasons


def section(
    directory: Path, name: str, status: int, commands: list[str]
) -> tuple[Counter, Counter]:
    """Like count() for a section, which has at least one failure if its status isn't 0."""
    file = directory / f"{name}.xml"
    outcomes, reasons = count(file, commands) if file.is_file() else (Counter(passed=1), Counter())
    if status != 0 and outcomes["failed"] == 0:
        if not file.is_file():
            outcomes.clear()
        outcomes["failed"] = 1
    return outcomes, reasons


def print_words(file: Path) -> None:
    """Prints the results of a few bugs or exercises, or only the failures of many."""
    lines = file.read_text().splitlines() if file.is_file() else []
    verdicts = [line for line in lines if line.startswith(VERDICTS)]
    for line in verdicts:
        if len(verdicts) <= 5 or line.startswith(("missed: ", "unsolved: ")):
            print(line)


def print_what_to_do(commands: list[str]) -> None:
    """Says how to run failed tests again, and that the machine was busy before they began."""
    load, processors = float(os.environ.get("LOAD_BEFORE", 0)), os.cpu_count() or 1
    if load > processors:
        print(f"\nBefore the tests this machine had a load of {load:.0f}, for {processors} "
              "processors. A test may fail\nfor that alone.")
    if commands:
        print("\nWhether what failed passes by itself:")
        for command in [*dict.fromkeys(commands)][:AGAIN_MAX]:
            print(f"  {command}")


def leave_out(file: Path, number: int, reason: str) -> None:
    """Writes a JUnit file with this many skipped tests."""
    suite = ElementTree.Element("testsuite")
    for _ in range(number):
        case = ElementTree.SubElement(suite, "testcase", name="left out")
        ElementTree.SubElement(case, "skipped", message=reason)
    ElementTree.ElementTree(suite).write(file)


@told_if_unwritten("check")
def main(directory: Path, sections: Path) -> int:
    """Prints a line for each section, the reasons for skipped tests, and the sum."""
    total, all_reasons = Counter(), Counter()
    commands: list[str] = []
    print()
    lines = sections.read_text().splitlines() if sections.is_file() else []
    for described in lines:
        name, status, seconds = described.rsplit(":", 2)
        outcomes, reasons = section(directory, name, int(status),
                                    [] if name.endswith(OTHER_BUILDS) else commands)
        total += outcomes
        all_reasons += reasons
        parts = [f"{outcomes[word]} {word}" for word in ("passed", "failed", "skipped")
                 if outcomes[word]]
        print(f"  {name:18} {', '.join(parts)} ({seconds} s)")
    for reason, number in sorted(all_reasons.items()):
        print(f"  skipped {number}: {reason}")
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    for described in lines:
        print_words(directory / f"{described.rsplit(':', 2)[0]}.words")
    if total["failed"]:
        print_what_to_do(commands)
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    if sys.argv[1] == "--left-out":
        sys.exit(leave_out(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
