"""Runs the tests of a level on a server and reads the results."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paths import PROTOCOL
import keeper
from harness import child

if TYPE_CHECKING:
    from first_start import FirstStart

IN_PARALLEL = ("-n", "3", "--dist", "loadgroup")  # three on two cores, because tests mostly wait
# The user's plugins, options and modules must not decide which tests run.
OURS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
PLUGINS = ("_hypothesis_pytestplugin", "pytest_timeout", "xdist.plugin")
LOOK_SECONDS = 0.1  # how often we look at a run's progress
ALIKE = 3  # failures that are enough
NO_TESTS = 5  # pytest's exit status


@dataclass(frozen=True)
class Test:
    """One test and its result; the texts are empty unless the test failed."""

    name: str  # with the case in brackets
    outcome: str  # passed, failed or skipped
    cause: str
    rule: str
    chapter: str
    sections: tuple[tuple[str, str], ...]
    clock: bool = False  # failed, and looks at a clock
    measured: bool = False  # failed, under a rule about memory or processor time
    reason: str = ""  # why pytest skipped the test
    # Time, actor and deed of each, and whether this one was the fault.
    events: tuple[tuple[float, str, str, bool], ...] = ()
    # "us", or "all" if each test would say the same, or "stop" if the test itself had passed
    blames: str = ""

    @property
    def sentence(self) -> str:
        """`test_a_message_comes_back[yours-3]` becomes `a message comes back (3)`."""
        words, _, case = self.name.partition("[")
        case = case.removesuffix("]").removeprefix("yours").strip("-")
        sentence = words.removeprefix("test_").replace("_", " ")
        return f"{sentence} ({case})" if case else sentence


@dataclass
class Run:
    """What we know of a level; all of it when `ended`."""

    level: str
    names: list[str] = field(default_factory=list)  # of all its tests, in order
    tests: list[Test] = field(default_factory=list)  # those that have ended
    ended: bool = False
    complete: bool = False  # nobody broke the run off
    failed_at: float = math.inf  # when we saw the first failure
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self.begun

    @property
    def failing_seconds(self) -> float:
        """How long ago we saw the first failure."""
        return time.monotonic() - self.failed_at

    def count(self, outcome: str) -> int:
        """How many tests have this outcome."""
        return sum(test.outcome == outcome for test in self.tests)

    @property
    def reasons(self) -> Counter[str]:
        """Why pytest skipped tests, and how many for each reason."""
        return Counter(test.reason for test in self.tests if test.outcome == "skipped")

    @property
    def failures(self) -> list[Test]:
        """The tests that failed, in the level's order."""
        order = {name: number for number, name in enumerate(self.names)}
        failed = [test for test in self.tests if test.outcome == "failed"]
        return sorted(failed, key=lambda test: order.get(test.name, 0))

    @property
    def may_be_the_machine(self) -> bool:
        """Whether all tests that failed look at a clock: on a busy machine, the tests are late
        themselves."""
        return bool(self.failures) and all(test.clock for test in self.failures)

    @property
    def has_seen_enough(self) -> bool:
        """Whether the other tests would only repeat a failure. If most servers have not stopped
        when they were asked to after their test, others won't."""
        blamed = Counter(test.blames for test in self.tests)
        return bool(blamed["us"] or blamed["all"]
                    or blamed["stop"] >= max(ALIKE, self.count("passed")))

    @property
    def passed(self) -> bool:
        """Whether the server has this level. A test that couldn't run, for whatever reason, hasn't
        passed."""
        return self.is_whole and self.count("passed") > 0 and not self.failures

    @property
    def was_skipped(self) -> bool:
        """Whether this machine can't ask for anything of the level."""
        return self.is_whole and self.count("skipped") == len(self.names) > 0

    @property
    def is_whole(self) -> bool:
        """Whether each of the tests has ended."""
        return self.ended and len(self.tests) == len(self.names)


@dataclass(frozen=True)
class Judged:
    """A server and the runs of the levels that we asked for; the last one may have failed."""

    command: str
    runs: list[Run]
    trouble: str = ""  # why we couldn't ask for any level
    granted: int = 0  # how many levels at the bottom we took for granted
    without: tuple[str, ...] = ()  # the user left these levels out
    first: FirstStart | None = None  # how the server started before the climb
    chosen: str = ""  # by -k, from the tests of the levels

    @property
    def passed(self) -> bool:
        """Whether the server passed everything that we asked for."""
        return bool(self.runs) and all(run.passed for run in self.runs)

    @property
    def stopped_at(self) -> str:
        """The level that the server has not passed, or "" at the top."""
        last = self.runs[-1]
        return "" if last.passed or last.was_skipped else last.level


def environment() -> dict[str, str]:
    """The tests' environment. harness/child.py gives their servers the user's."""
    theirs = {name: value for name, value in os.environ.items()
              if name.startswith(("PYTEST_", "PYTHON"))}
    others = {name: value for name, value in os.environ.items() if name not in theirs}
    return {**others, **OURS, child.OF_THE_USER: json.dumps(theirs)}


class JudgeBroken(Exception):
    """We couldn't run the tests themselves; the text is their output."""


def by_rule(failures: Sequence[Test]) -> dict[tuple[str, str], list[Test]]:
    """The failures under each (rule, chapter), the largest group first."""
    groups: dict[tuple[str, str], list[Test]] = {}
    for test in failures:
        groups.setdefault((test.rule, test.chapter), []).append(test)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def run_level(
    command: str,
    level: str,
    directory: Path,
    *options: str,
    progress: Callable[[Run], bool] = lambda run: True,
    alone: bool = False,
) -> Run:
    """Runs that level's tests in that directory; `options` are pytest's. `progress` sees the run
    now and then, and ends the run by returning False. `alone` is for a single test, which is there
    sooner without further processes."""
    run = Run(level)
    with tempfile.TemporaryDirectory() as scratch:
        results, log = Path(scratch, "results"), Path(scratch, "log")
        results.touch()
        plugins = [name for name in PLUGINS if find_spec(name.partition(".")[0])]
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                 *(f"-p{name}" for name in plugins), str(PROTOCOL), f"--server={command}",
                 f"--level={level}", f"--results={results}", *options,
                 *(IN_PARALLEL if "xdist.plugin" in plugins and not alone else ())]
        with log.open("w") as unseen, results.open(encoding="utf-8") as lines:
            tests = subprocess.Popen(
                words, cwd=directory, stdout=unseen, stderr=subprocess.STDOUT, env=environment(),
                start_new_session=True, preexec_fn=keeper.ends_with_its_parent)
            try:
                complete = follow(tests, run, lines, progress)
            finally:
                keeper.end_all()
            take_lines(run, lines)
        run.complete = complete
        if ours := next((test for test in run.tests if test.blames == "us"), None):
            raise JudgeBroken(f"{ours.sentence}: {ours.cause}")
        run.ended = bool(run.failures) or (complete and tests.returncode in (0, NO_TESTS))
        if complete and not run.ended:
            raise JudgeBroken(log.read_text(errors="replace"))
    return run


def follow(tests: subprocess.Popen, run: Run, lines, progress: Callable[[Run], bool]) -> bool:
    """Follows the tests until they have ended, or until `progress` has seen enough; then returns
    False."""
    while True:
        try:
            tests.wait(LOOK_SECONDS)
            return True
        except subprocess.TimeoutExpired:
            keeper.bury_orphans(but=tests.pid)
            take_lines(run, lines)
            if not progress(run) or run.has_seen_enough:
                return False


def take_lines(run: Run, lines) -> None:
    """Reads the lines since the last look; an incomplete line stays for later."""
    while True:
        begin = lines.tell()
        line = lines.readline()
        if not line.endswith("\n"):
            lines.seek(begin)
            return
        take(run, json.loads(line))


def take(run: Run, entry: dict[str, Any]) -> None:
    """Adds one line of harness/results.py: the names of all tests, or the result of one."""
    if "collected" in entry:
        run.names = [name_of(test) for test in entry["collected"]]
        return
    run.tests.append(Test(
        name_of(entry["test"]), entry["outcome"], entry["cause"], entry["rule"], entry["chapter"],
        tuple((a, b) for a, b in entry["sections"]), entry["clock"], entry["measured"],
        entry["reason"], tuple(tuple(one) for one in entry["events"]), entry["blames"]))
    if entry["outcome"] == "failed":
        run.failed_at = min(run.failed_at, time.monotonic())


def name_of(test: str) -> str:
    """A test's id without its file."""
    return test.partition("::")[2]
