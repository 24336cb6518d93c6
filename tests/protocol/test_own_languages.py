"""The servers of the book's appendix D, in other languages, pass the tests that they are there to
show."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import own_suite
from harness.target import REPOSITORY

pytestmark = pytest.mark.of_the_suite

HERE = Path(__file__).parent
SOURCES = REPOSITORY / "book" / "solutions" / "d"
LANGUAGES = {
    "echo.go": (["go", "build", "-o"], "golang-go"),
    "echo.rs": (["rustc", "-O", "-D", "warnings", "-o"], "rustc"),
}
LOOP = "loop.py"  # in Python, which every reader of the tests has
LINES_MAX = 70


@pytest.mark.parametrize("source", LANGUAGES)
def test_a_server_in_another_language_passes_the_level_closing(
    source: str, tmp_path: Path
) -> None:
    compiler, package = LANGUAGES[source]
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"no {compiler[0]} here (Debian: apt-get install {package})")
    program = tmp_path / "echo"
    built = subprocess.run([*compiler, program, SOURCES / source], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    run = own_suite.run_suite(HERE, "--server", f"{program} --port {{port}}")
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout and "skipped" not in run.stdout, run.stdout


def test_the_loop_in_python_passes_the_level_survival() -> None:
    command = f"{sys.executable} {SOURCES / LOOP} --port {{port}}"
    run = own_suite.run_suite(HERE, "--server", command, "--level", "survival")
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout and "skipped" not in run.stdout, run.stdout


def test_every_server_is_built_and_short() -> None:
    assert {path.name for path in SOURCES.iterdir()} == {*LANGUAGES, LOOP}
    for path in SOURCES.iterdir():
        assert len(path.read_text().splitlines()) <= LINES_MAX
