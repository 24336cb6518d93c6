"""Correct servers in any language climb as far as they can, and nobody accuses them. A server that
grows with the book has the levels of its chapter, and fails the next. From chapter 8 on it's the
tests' own server, which has all levels; without some lines of the log, it has those of the chapters
and fails the level `logs`.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import starters
from run_judge import FLEET, judge
from harness.needed import need_built, need_program, need_ring
from harness.rule import TAKES_OPTIONS
from harness.subject import DEFAULT_BUILD, REPOSITORY
from levels import LEVELS, LEVEL_NAMES

pytestmark = pytest.mark.timeout(1200)

FIRST_LEVELS = {  # that a chapter adds
    2: "survival", 3: "closing", 4: "start", 5: "light", 6: "rest", 7: "wake-ups",
}
BUSY_LOOPS = 6
TOP = "That was the last level."


def grown(chapter: int, directory: Path) -> str:
    """The command that starts the server after that chapter."""
    ran = judge("--start", "python", "--after", str(chapter), str(directory), at=directory.parent)
    assert ran.status == 0, ran.complained
    (command,) = [line for line in ran.said.splitlines() if "{port}" in line]
    return command.partition("'")[2].rstrip("'")


def in_go(directory: Path) -> str:
    need_program("go")
    program = directory.with_name("echo")
    built = subprocess.run(["go", "build", "-o", program, FLEET / "echo.go"], text=True,
                           capture_output=True)
    assert built.returncode == 0, built.stderr
    return f"{program} --port {{port}}"


def in_python(directory: Path) -> str:
    return grown(max(starters.WHOLE_AFTER), directory)


def on_the_ring(_: Path) -> str:
    need_ring()
    return f"{need_built(DEFAULT_BUILD / 'part6-uring' / 'part6-uring')} --port {{port}}"


def accepts_by_the_ring() -> str:
    """The command for the page of chapter 11 whose server accepts without a system call."""
    need_ring()
    return f"{need_built(DEFAULT_BUILD / 'part6-uring' / 'steps' / '17-coroutine-echo')} {{port}}"


WHOLE = [(in_python, TOP), (on_the_ring, TOP), (in_go, "  next: drain, ")]


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Runs several programs that want all the time there is."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)]
    yield
    for one in busy:
        one.kill()
        one.wait()


@pytest.mark.parametrize("chapter", [
    pytest.param(chapter, marks=() if chapter == 2 else pytest.mark.long)
    for chapter in FIRST_LEVELS
])
def test_a_server_has_the_levels_of_its_chapter_and_fails_the_next(
    chapter: int, tmp_path: Path
) -> None:
    command = grown(chapter, tmp_path / "mine")
    ran = judge(command, "--from", FIRST_LEVELS[chapter], at=tmp_path / "mine")
    readme = (tmp_path / "mine" / "README.md").read_text()
    fails = readme.partition("The next is `")[2].partition("`")[0]
    assert f"  next: {fails}, " in ran.said, ran.said + ran.complained
    if fails == "timeouts":  # the server refuses an option, and the failure names the rule for that
        for words in ("under 1 rule. The first:", "with exit status 2", TAKES_OPTIONS.chapter):
            assert words in ran.said, ran.said


def test_a_server_that_accepts_without_a_call_loses_no_level_for_that(tmp_path: Path) -> None:
    ran = judge(accepts_by_the_ring(), "--level", "resources", "-k",
                "test_faults or test_max_connections", at=tmp_path)
    assert " 0 failed, 13 skipped" in ran.said, ran.said + ran.complained
    assert "requests to a ring aren't system calls" in ran.said, ran.said


@pytest.mark.long
def test_no_level_of_a_chapter_needs_the_lines_that_the_level_logs_asks_for(tmp_path: Path) -> None:
    server = f"{sys.executable} {FLEET}/broken_loops.py says-nothing-of-ends --port {{port}}"
    ran = judge(server, "--from", "timeouts", at=tmp_path)
    assert "  next: logs, " in ran.said, ran.said + ran.complained


def test_the_whole_server_refuses_each_request_that_a_table_of_the_tests_has(
    tmp_path: Path
) -> None:
    command = in_python(tmp_path / "mine")
    tables = "malformed or doubt or broken_chunk"
    ran = judge(command, "--level", "protocols", "-k", tables, at=tmp_path / "mine")
    assert "passed, 0 failed, 0 skipped" in ran.said, ran.said + ran.complained


@pytest.mark.long
@pytest.mark.parametrize(("server", "end"), WHOLE)
def test_a_busy_machine_accuses_nobody(
    server, end: str, busy_machine: None, tmp_path: Path
) -> None:
    command = server(tmp_path / "mine")
    ran = judge(command, at=tmp_path / "mine" if (tmp_path / "mine").is_dir() else tmp_path)
    assert end in ran.said, ran.said + ran.complained


def test_each_chapter_that_adds_a_level_has_its_servers() -> None:
    numbers = {int(level.chapter[5:7]) for level in LEVELS if level.chapter[5:7].isdigit()}
    assert numbers == {1, *FIRST_LEVELS, *starters.WHOLE_AFTER} == set(starters.chapters("python"))
    for chapter, level in FIRST_LEVELS.items():
        has, fails = starters.levels_after(chapter)
        assert LEVEL_NAMES.index(level) <= LEVEL_NAMES.index(has) == LEVEL_NAMES.index(fails) - 1
