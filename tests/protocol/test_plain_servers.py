"""Correct servers of some twenty lines, in three languages, as one writes them on a first evening.

All that they lack for the level framing is the lingering close. A test that blames them for
anything else, or names another cause, gives a false lead.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import own_suite
from harness.target import REPOSITORY

pytestmark = pytest.mark.of_the_suite

HERE = Path(__file__).parent
SOURCES = HERE / "subjects" / "plain"
LINES_MAX = 60
FILES = ("test_closing.py", "test_half_close.py", "test_survival.py")  # where servers may differ

LINGERING_CLOSE = {
    "test_unread_input_does_not_turn_the_close_into_a_reset",
    "test_unread_input_of_a_later_client_does_not_either",
    "test_answers_larger_than_any_buffer_survive_the_close",
    "test_after_its_end_of_stream_the_server_takes_what_still_comes",
    "test_a_peer_that_never_ends_its_stream_is_given_two_seconds",
}
FAILED = re.compile(r"^FAILED test_\w+\.py::(\w+)", re.MULTILINE)
FIRST_WORDS = re.compile(r"^E   (?:harness\.verdict\.)?ContractBroken: ([\w ]+)", re.MULTILINE)


def compiled(*compiler: str) -> Callable[[Path, Path], list[str]]:
    """How to start what is compiled, once it is."""

    def build(source: Path, directory: Path) -> list[str]:
        program = str(directory / "echo")
        built = subprocess.run([*compiler, program, source], capture_output=True, text=True)
        assert built.returncode == 0, built.stderr
        return [program]

    return build


# For each server the program that it takes, and how to start it.
SERVERS: dict[str, tuple[str, Callable[[Path, Path], list[str]]]] = {
    "forking_echo.py": (sys.executable, lambda source, _: [sys.executable, str(source)]),
    "asyncio_echo.py": (sys.executable, lambda source, _: [sys.executable, str(source)]),
    "node_echo.mjs": ("node", lambda source, _: ["node", str(source)]),
    "echo.go": ("go", compiled("go", "build", "-o")),
}


# With a short backlog: connects that it drops are repeated, which takes more than a minute in all.
SLOW = ("forking_echo.py",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name in SLOW else ()) for name in SERVERS]
)
def test_a_correct_plain_server_lacks_nothing_but_the_lingering_close(
    name: str, tmp_path: Path
) -> None:
    needed, command = SERVERS[name]
    if shutil.which(needed) is None:
        pytest.skip(f"no {needed} here")
    words = command(source_of(name, tmp_path), tmp_path)
    run = own_suite.run_suite(HERE, *FILES, "--server", " ".join([*words, "--port", "{port}"]))
    failed = FAILED.findall(run.stdout)
    assert failed and set(failed) <= LINGERING_CLOSE, run.stdout
    assert FIRST_WORDS.findall(run.stdout) == ["no lingering close"] * len(failed), run.stdout
    assert "Flaky" not in run.stdout and "direct cause" not in run.stdout, run.stdout


def source_of(name: str, directory: Path) -> Path:
    """That of a plain server; the one in Go is appendix D's, without its lingering close."""
    if name != "echo.go":
        return SOURCES / name
    whole = (REPOSITORY / "book" / "solutions" / "d" / name).read_text()
    source = directory / name
    source.write_text("".join(line for line in whole.splitlines(keepends=True)
                              if "io.Copy" not in line and "CloseWrite" not in line))
    return source


def test_every_plain_server_is_tried_and_short() -> None:
    assert {path.name for path in SOURCES.iterdir()} == set(SERVERS) - {"echo.go"}
    for path in SOURCES.iterdir():
        assert len(path.read_text().splitlines()) <= LINES_MAX, path.name
