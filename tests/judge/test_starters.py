"""./judge --start: first servers in several languages, each with a README."""

import subprocess
from pathlib import Path

import pytest

from run_judge import JUDGE, STARTERS, a_climb, judge
from harness.needed import need_program
from levels import LEVEL_NAMES
from starters import LANGUAGES

pytestmark = pytest.mark.timeout(400)

WARNINGS = {  # a compiler refuses a first server for these
    "gcc": ("-Wall", "-Wextra", "-Werror"),
    "g++": ("-Wall", "-Wextra", "-Werror"),
    "javac": ("-Xlint:all", "-Werror"),
    "rustc": ("-D", "warnings"),
}


@a_climb
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_server_has_the_level_that_its_readme_names(language: str, tmp_path: Path) -> None:
    *builds, start = (command.split() for command in LANGUAGES[language])
    need_program((builds or [start])[0][0])
    directory = tmp_path / "with blank"
    ran = judge("--start", language, str(directory), at=tmp_path)
    assert ran.status == 0, ran.complained
    for compiler, *words in builds:
        built = subprocess.run([compiler, *WARNINGS.get(compiler, ()), *words], cwd=directory,
                               capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
    (command,) = [line for line in ran.said.splitlines() if "{port}" in line]
    ran = judge(command.partition("'")[2].rstrip("'"), at=directory)
    reached = f"1 of {len(LEVEL_NAMES)} levels\n  next: survival"
    assert reached in ran.said, ran.said + ran.complained
    readme = (directory / "README.md").read_text()
    assert "has the first level, `framing`" in readme and f"{JUDGE} '" in readme


def test_every_first_server_is_tested() -> None:
    assert {path.name for path in STARTERS.iterdir() if path.is_dir()} == set(LANGUAGES)


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    assert judge("--start", "python", "mine", at=tmp_path).status == 0
    (tmp_path / "mine" / "echo.py").write_text("mine")
    ran = judge("--start", "python", "mine", at=tmp_path)
    assert ran.status == 2 and "is not overwritten" in ran.complained
    assert (tmp_path / "mine" / "echo.py").read_text() == "mine"
