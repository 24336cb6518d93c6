"""Correct servers, whatever they are written in: each climbs as far as it goes, and nobody accuses
it. Those that grow with the book have the levels of their chapter, and fail the next.
"""

import importlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from judging import FLEET, STARTERS, SUBJECTS, judge
from harness.needed import need_program, need_ring
from ladder import LADDER, RUNGS

pytestmark = pytest.mark.timeout(1200)

FIRST_LEVELS = {  # that a chapter adds
    2: "survival", 3: "closing", 4: "start", 5: "light", 6: "rest", 7: "wake-ups", 8: "timeouts",
    9: "protocols",
}
RING_CHAPTER = 12  # which the one in C++ is after
LINES_MAX = {"python": 640, "cpp": 960}  # HTTP alone takes 217 and 303
BUSY_LOOPS = 6
TOP = "the top of the ladder"


def grown(language: str, chapter: int, directory: Path) -> str:
    """The server after that chapter, built; the command that starts it."""
    ran = judge("--start", language, "--after", str(chapter), str(directory), at=directory.parent)
    assert ran.status == 0, ran.complained
    *build, command = [line.strip() for line in ran.said.splitlines() if line.startswith("  ")][1:]
    for line in build:
        need_program(shlex.split(line)[0])
        built = subprocess.run(shlex.split(line), cwd=directory, capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
    return command.partition("'")[2].rstrip("'")


def in_python(directory: Path) -> str:
    return grown("python", 9, directory)


def on_the_ring(directory: Path) -> str:
    need_ring()
    return grown("cpp", RING_CHAPTER, directory)


def in_go(directory: Path) -> str:
    need_program("go")
    directory.mkdir()
    program = directory / "echo"
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=FLEET / "go", text=True,
                           capture_output=True, env=os.environ | {"GOFLAGS": "-mod=mod"})
    assert built.returncode == 0, built.stderr
    return f"{program} --port {{port}}"


def the_suites_own(_: Path) -> str:
    return f"{sys.executable} {SUBJECTS}/loop_server.py --port {{port}}"


WHOLE = [(in_python, "  next: logs, "), (on_the_ring, "  next: logs, "), (in_go, TOP),
         (the_suites_own, TOP)]


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Several programs that want all the time there is."""
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
    command = grown("python", chapter, tmp_path / "mine")
    ran = judge(command, "--from", FIRST_LEVELS[chapter], at=tmp_path / "mine")
    readme = (tmp_path / "mine" / "README.md").read_text()
    fails = readme.partition("The next is `")[2].partition("`")[0]
    assert f"  next: {fails}, " in ran.said, ran.said + ran.complained


@pytest.mark.long
@pytest.mark.parametrize(("server", "end"), WHOLE)
def test_a_busy_machine_accuses_nobody(
    server, end: str, busy_machine: None, tmp_path: Path
) -> None:
    command = server(tmp_path / "mine")
    ran = judge(command, at=tmp_path / "mine" if (tmp_path / "mine").is_dir() else tmp_path)
    assert end in ran.said, ran.said + ran.complained


def test_on_the_ring_workers_still_share_the_clients_the_limit_and_the_end(tmp_path: Path) -> None:
    command = on_the_ring(tmp_path / "mine")
    workflow = (tmp_path / "mine" / ".github" / "workflows" / "judge.yml").read_text()
    assert "      - run: sudo apt-get install -y liburing-dev\n      - run: g++ " in workflow
    ran = judge(command, "--level", "workers", at=tmp_path / "mine")
    assert " passed, 0 failed" in ran.said, ran.said + ran.complained


def test_each_chapter_that_adds_a_level_has_its_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {int(rung.chapter[5:7]) for rung in LADDER if rung.chapter[5:7].isdigit()}
    assert numbers - {1} == set(FIRST_LEVELS)
    monkeypatch.syspath_prepend(str(STARTERS.parent))
    starters = importlib.import_module("starters")
    assert starters.chapters("python") == [1, *FIRST_LEVELS]
    assert starters.chapters("cpp") == [1, RING_CHAPTER]
    for chapter, level in FIRST_LEVELS.items():
        has, fails = starters.levels_after(chapter)
        assert RUNGS.index(level) <= RUNGS.index(has) == RUNGS.index(fails) - 1


@pytest.mark.parametrize("language", LINES_MAX)
def test_a_grown_server_is_short(language: str, tmp_path: Path) -> None:
    last = {"python": max(FIRST_LEVELS), "cpp": RING_CHAPTER}[language]
    ran = judge("--start", language, "--after", str(last), str(tmp_path / "x"), at=tmp_path)
    assert ran.status == 0, ran.complained
    sources = [path for path in (tmp_path / "x").iterdir() if path.suffix in (".py", ".cc", ".h")]
    lines = sum(len(path.read_text().splitlines()) for path in sources)
    assert lines <= LINES_MAX[language], f"{language}: {lines}"
