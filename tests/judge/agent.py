#!/usr/bin/python3
"""./judge for a page: loads the tests, and waits for the text of a server in Python, C or C++.

In the Linux that a page emulates, loading takes a minute. So the agent loads the tests before that
machine's state is saved, and runs a first round of them, because some things are slow only once.
Each climb is a fork of this process, and so is each server in Python, which spares the server the
start of an interpreter. A server stays for the next test of its level, unless a test has failed.
The climb itself is that of ./judge, up to the level `closing`: above it, tests look at
milliseconds, memory and processor time, which no emulator keeps.

The agent reads requests from stdin and writes its findings to stdout, each as a line of JSON:

  {"judge": TEXT}   climbs with this server, in "file": NAME; "from": LEVEL begins there, and
                    asks for the levels below in the end; a climb that still runs is given up
  {"stop": true}    gives up the climb: {"end": "stopped"}
  {}                {"levels": {LEVEL: how many tests}}, as at the beginning

A climb prints {"trouble": why the server doesn't even start, "said": its words or those of the
compiler}; or for each level {"level": NAME, "tests": how many}, {"test": SENTENCE, "outcome": …}
with all that ./judge says of a failure, and {"passed": whether the level is, "level": NAME}. At the
end comes {"end": "climbed"}, or "broken" with the output of the tests if they failed themselves.
"""

import atexit
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Self

import hypothesis
import pytest

import report_text
from climb import climb
from levels import LEVEL_NAMES, PORT_ONLY_LEVELS
from paths import PROTOCOL
import keeper
from level_runs import Run, by_rule, environment, name_of, take
from capabilities import CAPABILITIES_OF
from harness import child, frames, plugin
from harness.arrivals import Arrivals
from harness.process_tree import adopt_orphans
from harness.results import Results
from harness.server import Server
from harness.serving import CALL_FAILED
from harness.target import Target, foreign_server

SERVER = "echo.py"  # in the directory in which somebody started us
COMMAND = f"python3 {SERVER} --port {{port}}"
COMPILED = "./echo --port {port}"
# tcc is a whole compiler, which takes a second there; g++ asks the page for most of its work.
COMPILERS = {"echo.c": ["tcc", "-Wall"], "echo.cc": ["g++", "-std=c++23", "-Wall"]}
PATIENCE_SECONDS = 5
AT_HOME_ONLY = LEVEL_NAMES[len(PORT_ONLY_LEVELS):]
EXAMPLES, EVERY_LENGTH_BELOW, DRAWN_LENGTHS = 4, 20, 10  # an emulated processor is slow
# It wants 300 answers within 0.15 s, for which that processor takes longer.
TOO_FAST = "test_framing.py::test_no_timer_has_to_end_before_an_answer"
# These take seconds each, so they come last.
DEAR = ("a_thousand_answers", "random_", "connect_and_leave", "still_holds")
PAGE = os.dup(1)
LIKELY = """argparse asyncio collections contextlib dataclasses encodings.idna enum errno fcntl
functools io itertools logging queue random re resource select selectors signal socket socketserver
string struct subprocess termios threading time traceback typing""".split()  # by a server


def say(**entry: object) -> None:
    """Writes a line to the page."""
    data = memoryview(json.dumps(entry).encode() + b"\n")
    while data:
        data = data[os.write(PAGE, data):]


def become_server(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Does what these words would do, and never returns, if they start Python. This runs in a child
    that was about to execute them."""
    if words[:2] != ["python3", SERVER]:
        return
    status = 1
    try:
        # This closes Popen's pipe, too, whose end tells Popen that exec has succeeded.
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(environment)
        gc.enable()
        atexit._clear()  # the tests have registered these
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as an interpreter begins
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin = open(0)
        sys.stdout = sys.__stdout__ = open(1, "w")
        sys.stderr = sys.__stderr__ = open(2, "w", errors="backslashreplace", buffering=1)
        sys.argv = list(words[1:])
        sys.path[0] = os.getcwd()
        status = run(os.path.abspath(SERVER))
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
    finally:
        os._exit(status)


def run(script: str) -> int:
    """Runs a script as `python3 SCRIPT` does; returns its exit status."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = script
    try:
        exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        traceback.print_exception(type(error), error, error.__traceback__.tb_next)
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        return 1
    return 0


class Lasting(Server):
    """A server that stays for the next test of its level, because in an emulated machine its start
    takes longer than most tests. `kept` is the one that waits."""

    kept: Self | None = None
    may_stay = False  # no test has failed, in the test that runs

    @classmethod
    def start(cls, target: Target, options: Sequence[str] = (), **how: Any) -> Server:
        """Returns the kept server instead of a new one, if the kept one will do."""
        if options or how.keys() != {"patience"}:
            cls.end_kept()
        kept, Lasting.kept = Lasting.kept, None
        return kept or cls(target, options, **how)

    @classmethod
    def end_kept(cls) -> None:
        """Ends the kept server, so that the next test has a fresh one."""
        Lasting.may_stay = False
        if Lasting.kept:
            Lasting.kept.kill()
        Lasting.kept = None

    def wait_until_ready(self) -> None:
        """Waits, unless the server was kept and so is ready."""
        if self.ready_at == float("inf"):
            super().wait_until_ready()

    def kill(self) -> None:
        """Kills the server, or keeps it in the state before its first client."""
        if Lasting.may_stay and self.is_alive() and not self.memory_limit:
            self.clients, self.arrivals, self.events = [], Arrivals(), []
            Lasting.kept = self
        else:
            super().kill()


class Heard(Results):
    """Adds each test's result to a run that goes on."""

    def __init__(self, run: Run) -> None:
        super().__init__(Path(os.devnull))
        self._run = run

    def _write(self, entry: dict[str, Any]) -> None:
        take(self._run, entry)


class Agent:
    """A plugin of pytest that keeps the tests it has collected, and judges one server after the
    other."""

    items: dict[str, list[pytest.Function]]
    config: pytest.Config
    heard: Heard

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serves the page instead of running all tests once."""
        self.config = session.config
        hypothesis.settings.register_profile("page", hypothesis.settings.default,
                                             max_examples=EXAMPLES)
        hypothesis.settings.load_profile("page")
        self.items = {level: [] for level in PORT_ONLY_LEVELS}
        for item in session.items:
            self.items[level_of(item)].append(item)
        for items in self.items.values():
            items.sort(key=lambda item: any(word in item.name for word in DEAR))
        for name in LIKELY:
            importlib.import_module(name)
        self.warm_up()
        gc.collect()
        gc.freeze()
        self.say_levels()
        for request in requests():
            if not request:
                self.say_levels()
                continue
            keeper.end_all()
            if "judge" in request:
                file = request.get("file", SERVER)
                Path(file).write_text(request["judge"])
                if os.fork() == 0:
                    self.climb_and_exit(file, request.get("from", LEVEL_NAMES[0]))
            else:
                os.write(PAGE, b"\n")  # the climb may have stopped in the middle of a line
                say(end="stopped")
        return True

    def warm_up(self) -> None:
        """Runs the first level quietly, with a server that has it."""
        Path(SERVER).write_text((PROTOCOL / "subjects" / "echo_server.py").read_text())
        self.run_tests(Run(LEVEL_NAMES[0]), self.items[LEVEL_NAMES[0]], lambda run: True)
        Lasting.end_kept()
        Path(SERVER).unlink()

    def say_levels(self) -> None:
        """Tells the page which levels we can judge here."""
        say(levels={level: len(items) for level, items in self.items.items()})

    def climb_and_exit(self, file: str, begin: str) -> None:
        """Climbs in a process of its own."""
        try:
            if file == SERVER:
                self.climb(COMMAND, begin)
            elif self.compiles(file):
                self.climb(COMPILED, begin)
            say(end="climbed")
        except BaseException:
            say(end="broken", said=traceback.format_exc())
        finally:
            keeper.end_all()
            os._exit(0)

    def compiles(self, file: str) -> bool:
        """Compiles the server; if it compiles, it takes the other server's place."""
        command = [*COMPILERS[file], "-o", "echo", file]
        made = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace")
        if made.returncode:
            said = f"$ {' '.join(command)}\n{made.stdout}{made.stderr}"
            say(trouble="it cannot be compiled", said=said)
            return False
        for item in chain.from_iterable(self.items.values()):
            item.callspec.params["target"] = foreign_server(COMPILED, PORT_ONLY_LEVELS[-1])
        return True

    def climb(self, command: str, begin: str) -> None:
        """Climbs as ./judge does, and then asks for the levels that the climb took for granted."""
        climb_with = partial(climb, command, Path.cwd(), self.say_last, say_level,
                             ask=self.run_level)
        judged = climb_with(begin=begin, without=AT_HOME_ONLY)
        if judged.first and judged.trouble:
            say(trouble=judged.trouble, said=judged.first.said)
        if judged.passed and judged.granted:
            climb_with(without=LEVEL_NAMES[judged.granted:])

    def run_level(self, command: str, level: str, directory: Path, *options: str,
                  progress: Callable[[Run], bool]) -> Run:
        """Stands in for level_runs.run_level: uses the tests that are loaded, one after
        the other."""
        items = self.items[level]
        if "-k" in options:
            names = options[options.index("-k") + 1].split(" or ")
            items = [item for item in items if item.name.partition("[")[0] in names]
        run = Run(level, [name_of(item.nodeid) for item in items])
        say(level=level, tests=len(items))
        self.run_tests(run, items, progress)
        run.complete = run.ended = True
        return run

    def run_tests(self, run: Run, items: Sequence[pytest.Item], progress: Callable[[Run], bool]
                  ) -> None:
        """Runs one test after the other, the first with a fresh server, as long as `progress`
        agrees."""
        Lasting.end_kept()
        for item, following in zip_longest(items, items[1:]):
            failed_at, is_fresh = run.failed_at, Lasting.kept is None
            self.run_test(run, item, following)
            if run.tests[-1].outcome == "failed" and not is_fresh:
                run.tests.pop()  # as with ./judge, the result with a fresh server counts
                run.failed_at = failed_at
                self.run_test(run, item, following)
            if not progress(run):
                break

    def run_test(self, run: Run, item: pytest.Item, following: pytest.Item | None) -> None:
        """Adds the test's result to the run."""
        item.stash[CALL_FAILED] = False
        Lasting.may_stay = True
        self.heard = Heard(run)  # not a plugin, because registering one takes as long as a test
        self.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hears of each test when the test has ended and its server hasn't."""
        Lasting.may_stay = Lasting.may_stay and report.passed
        self.heard.pytest_runtest_logreport(report)

    def say_last(self, run: Run) -> None:
        """Tells the page the result of the test that has just ended."""
        test = run.tests[-1]
        about = {} if test.outcome != "failed" else {
            "causes": report_text.causes(test), "sections": test.sections, "rule": test.rule,
            "chapter": test.chapter}
        say(test=test.sentence, outcome=test.outcome, **about)


def say_level(run: Run) -> None:
    """Tells the page how a level ended, and which rules it broke."""
    say(passed=run.passed, level=run.level, seconds=round(run.seconds, 1),
        left=len(run.names) - len(run.tests),
        broken=[[rule, chapter, tests[0].sentence, tests[0].cause]
                for (rule, chapter), tests in by_rule(run.failures).items()])


def level_of(item: pytest.Item) -> str:
    """The first level that asks for this test."""
    needs = set(item.get_closest_marker("needs").args)
    return next(level for level in PORT_ONLY_LEVELS if needs <= CAPABILITIES_OF[level])


def requests() -> Iterator[dict[str, Any]]:
    """The lines of stdin, until stdin ends."""
    for line in open(0, encoding="utf-8", newline="\n"):
        if line.strip():
            yield json.loads(line)


def main() -> None:
    """Loads everything, and serves until stdin ends. Nobody reads pytest's output."""
    os.environ.update(environment())
    adopt_orphans()
    child.become = become_server
    plugin.Server = Lasting.start
    frames.EVERY_LENGTH_BELOW, frames.DRAWN_LENGTHS = EVERY_LENGTH_BELOW, DRAWN_LENGTHS
    unread = os.open(os.devnull, os.O_WRONLY)
    os.dup2(unread, 1)
    os.dup2(unread, 2)
    # For a traceback that nobody reads, pytest would parse the tests' sources, which takes seconds.
    pytest.main(["-q", "-s", "--tb=native", "-p", "no:cacheprovider", "-p", "no:faulthandler",
                 "-p", "_hypothesis_pytestplugin", str(PROTOCOL),
                 f"--deselect=tests/protocol/{TOO_FAST}", f"--server={COMMAND}",
                 f"--level={PORT_ONLY_LEVELS[-1]}", f"--patience={PATIENCE_SECONDS}"],
                plugins=[Agent()])


if __name__ == "__main__":
    main()
