"""The servers that grow with the book: each has the levels of its chapter, and fails the next."""

import importlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from harness.judging import STARTERS, judge
from harness.needed import need_program, need_ring
from ladder import LADDER, RUNGS

pytestmark = [pytest.mark.of_the_suite, pytest.mark.timeout(1200)]

GROWN = STARTERS.parent / "grown"
FIRST_LEVELS = {  # that a chapter adds
    2: "survival", 3: "closing", 4: "start", 5: "light", 6: "rest", 7: "wake-ups", 8: "timeouts",
    9: "protocols",
}
RING_CHAPTERS = {10: "light", 11: "timeouts", 12: "drain"}  # add none: the first that is in danger
LAST_CHAPTERS = {path.name: max(int(patch.stem[-2:]) for patch in path.glob("*.patch"))
                 for path in GROWN.iterdir()}
LINES_MAX = {"python": 640, "cpp": 910}  # HTTP alone takes 217 and 303
BUSY_LOOPS = 6
# Those that take seconds, in one language each; the others are long.
QUICK = {("python", 2), ("cpp", 3)}


def servers() -> list:
    """Each language and chapter."""
    return [
        pytest.param(language, chapter, id=f"{language}-{chapter}",
                     marks=() if (language, chapter) in QUICK else pytest.mark.long)
        for language, last in LAST_CHAPTERS.items() for chapter in range(2, last + 1)
    ]


def grown(language: str, chapter: int, directory: Path) -> str:
    """The server after that chapter, built; the command that starts it."""
    if chapter in RING_CHAPTERS:
        need_ring()
    ran = judge("--start", language, "--after", str(chapter), str(directory), at=directory.parent)
    assert ran.status == 0, ran.complained
    *build, command = [line.strip() for line in ran.said.splitlines() if line.startswith("  ")][1:]
    for line in build:
        need_program(shlex.split(line)[0])
        built = subprocess.run(shlex.split(line), cwd=directory, capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
    return command.partition("'")[2].rstrip("'")


@pytest.mark.parametrize(("language", "chapter"), servers())
def test_a_server_has_the_levels_of_its_chapter_and_fails_the_next(
    language: str, chapter: int, tmp_path: Path
) -> None:
    command = grown(language, chapter, tmp_path / "mine")
    first = (FIRST_LEVELS | RING_CHAPTERS)[chapter]
    ran = judge(command, "--from", first, at=tmp_path / "mine")
    readme = (tmp_path / "mine" / "README.md").read_text()
    fails = readme.partition("The next is `")[2].partition("`")[0]
    assert f"  next: {fails}, " in ran.said, ran.said + ran.complained


@pytest.mark.long
@pytest.mark.parametrize(("language", "chapter"), LAST_CHAPTERS.items())
def test_at_the_end_a_server_climbs_from_the_bottom_to_the_logs(
    language: str, chapter: int, tmp_path: Path
) -> None:
    command = grown(language, chapter, tmp_path / "mine")
    ran = judge(command, at=tmp_path / "mine")
    assert "  next: logs, " in ran.said, ran.said + ran.complained


def test_on_the_ring_workers_still_share_the_clients_the_limit_and_the_end(tmp_path: Path) -> None:
    command = grown("cpp", max(RING_CHAPTERS), tmp_path / "mine")
    workflow = (tmp_path / "mine" / ".github" / "workflows" / "judge.yml").read_text()
    assert "      - run: sudo apt-get install -y liburing-dev\n      - run: g++ " in workflow
    ran = judge(command, "--level", "workers", at=tmp_path / "mine")
    assert " passed, 0 failed" in ran.said, ran.said + ran.complained


def test_each_chapter_that_adds_a_level_has_its_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {int(rung.chapter[5:7]) for rung in LADDER if rung.chapter[5:7].isdigit()}
    assert numbers - {1} == set(FIRST_LEVELS)
    monkeypatch.syspath_prepend(str(STARTERS.parent))
    starters = importlib.import_module("starters")
    for language, last in LAST_CHAPTERS.items():
        assert starters.chapters(language) == list(range(1, last + 1))
    for chapter, level in (FIRST_LEVELS | RING_CHAPTERS).items():
        has, fails = starters.levels_after(chapter)
        assert RUNGS.index(level) <= RUNGS.index(has) == RUNGS.index(fails) - 1


def test_a_grown_server_is_short(tmp_path: Path) -> None:
    for language, last in LAST_CHAPTERS.items():
        directory = tmp_path / language
        assert judge("--start", language, "--after", str(last), str(directory),
                     at=tmp_path).status == 0
        sources = [path for path in directory.iterdir() if path.suffix in (".py", ".cc", ".h")]
        lines = sum(len(path.read_text().splitlines()) for path in sources)
        assert lines <= LINES_MAX[language], f"{language}: {lines}"


@pytest.mark.long
def test_a_busy_machine_accuses_nobody(tmp_path: Path) -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)]
    try:
        command = grown("python", 8, tmp_path / "mine")
        ran = judge(command, "--from", "timeouts", at=tmp_path / "mine")
    finally:
        for one in busy:
            one.kill()
            one.wait()
    assert "  next: protocols, " in ran.said, ran.said + ran.complained
