"""Options, fixtures and hooks of the tests of the book's exercises.

A test file has a mark. With `pytest.mark.stage("part4-poll")` the reader changes that stage. With
`pytest.mark.program("--port {port}")` the reader writes a program, and these are our solution's
arguments. The doc comment of each test is the rule that a failure shows to the reader.
"""

import inspect
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "protocol")]

from exercise import ROOT  # noqa: E402
from harness import plugin  # noqa: E402
from harness.plugin import (  # noqa: E402, F401
    client,
    patience,
    pytest_configure_node,
    pytest_runtest_makereport,
    server,
    start,
)
from harness.rule import Rule  # noqa: E402
from harness.ring import why_no_ring  # noqa: E402
from kit.tested import Begin, Own, Run, Words, about, built  # noqa: E402

plugin.load_hypothesis_profile()

MARKERS = (
    "stage(name): the exercise changes this stage",
    "program(arguments): the exercise is a program of its own",
    "ring: needs io_uring",
)
UNIT_SECONDS = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options, in a group of --help."""
    group = parser.getgroup("exercises")
    plugin.add_options(
        group,
        what="the stages are",
        command="CMD {port}",
        level="the exercise",
        levels="nothing else",
    )
    group.addoption("--solution", action="store_true", help="test our solution, where it is a "
                    "program of its own")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers."""
    plugin.configure(config, MARKERS, ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Makes each test's doc comment its rule, and groups tests that measure time."""
    for item in items:
        exercise = about(item)
        text = inspect.getdoc(getattr(item, "function", None))
        if not text:
            raise pytest.UsageError(f"{item.nodeid} has no doc comment: what is the rule?")
        chapter = f"{exercise.chapter.relative_to(ROOT)}, exercise {exercise.number}"
        item.add_marker(pytest.mark.rule(Rule(" ".join(text.split()), chapter)))
        if item.get_closest_marker("clock"):
            item.add_marker(pytest.mark.xdist_group("serial"))
        if item.get_closest_marker("ring") and (reason := why_no_ring()):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def build(request: pytest.FixtureRequest) -> Path:
    """The directory in which the stages are built."""
    return Path(request.config.option.build_dir).resolve()


def started(program: list[str], arguments: str) -> list[str]:
    """The command line: the program with its arguments, or the arguments with it as {program}."""
    if "{program}" not in arguments:
        return [*program, *shlex.split(arguments)]
    before, _, after = arguments.partition("{program}")
    return [*shlex.split(before), *program, *shlex.split(after)]


@pytest.fixture
def target(request: pytest.FixtureRequest, build: Path) -> Own:
    """The tested program: the reader's stage, the reader's program, or our solution."""
    option = request.config.option
    if stage := request.node.get_closest_marker("stage"):
        (name,) = stage.args
        if option.server:
            return Own("yours", name, tuple(shlex.split(option.server)))
        return Own(name, name, (built(request, build / name / name),))
    marker = request.node.get_closest_marker("program")
    assert marker is not None, f"{request.node.nodeid} says neither stage nor program"
    words = shlex.split(option.server or "")
    if option.solution:
        words = started(about(request).program(build), marker.args[0])
    if not words:
        exercise = about(request)
        pytest.fail(f"{exercise.number} wants a program of yours. What it must do stands at the end"
                    f" of book/{exercise.chapter.name}; then:\n./check --exercise {exercise.name} "
                    f"--server '{' '.join(started(['./' + exercise.name], marker.args[0]))}'",
                    pytrace=False)
    return Own("yours", "program", tuple(words))


@pytest.fixture
def words(target: Own) -> Words:
    """Fills in the command line of a program that isn't a server: words(source="a.txt") replaces
    {source}."""
    return target.filled


@pytest.fixture
def run(words: Words, patience: float) -> Run:
    """Runs a program to its end: run(input=b"...", source="a.txt")."""

    def run_one(input: bytes = b"", **values: object) -> subprocess.CompletedProcess[bytes]:
        command = words(**values)
        try:
            return subprocess.run(command, input=input, capture_output=True, timeout=patience)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{' '.join(command)} runs on after {patience:g} s", pytrace=False)

    return run_one


@pytest.fixture
def begin(words: Words) -> Iterator[Begin]:
    """Starts a program that gets its input bit by bit: begin(ms=20). Kills the program at the
    end."""
    with ExitStack() as started:

        def begin_one(**values: object) -> subprocess.Popen[bytes]:
            process = started.enter_context(subprocess.Popen(
                words(**values), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, bufsize=0))
            started.callback(process.kill)
            return process

        yield begin_one


@pytest.fixture
def given(request: pytest.FixtureRequest, build: Path) -> str:
    """The program that the exercise starts from, given/eN_M.cc, with the reader's changes."""
    return built(request, build / "tests" / "exercises" / f"given_{about(request).name}")


@pytest.fixture
def unit(request: pytest.FixtureRequest, build: Path) -> Callable[[str], None]:
    """Runs a test of eN_M_test.cc: unit("LineReader.CutsAnywhere")."""

    def run_one(case: str) -> None:
        program = built(
            request, build / "tests" / "exercises" / f"exercise_{about(request).name}")
        ran = subprocess.run([program, f"--gtest_filter={case}"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=UNIT_SECONDS)
        if ran.returncode != 0 or "[  PASSED  ] 1 test" not in ran.stdout:
            pytest.fail(ran.stdout, pytrace=False)

    return run_one
