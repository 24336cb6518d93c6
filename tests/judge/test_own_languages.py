"""Servers in other languages. The servers of the book's appendix D pass the tests that they're
written for. Correct servers of some twenty lines, as one writes them on a first evening, lack
nothing for the level closing but the lingering close. So a test that blames them for anything else,
or names another cause, misleads.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import own_suite
from harness.needed import need_program
from harness.target import REPOSITORY
from run_judge import FLEET, PROTOCOL, SUBJECTS

SHOWN = REPOSITORY / "book" / "solutions" / "d"
PLAIN = FLEET / "plain"
LANGUAGES = {  # the command that starts a source, or builds it
    ".py": (sys.executable,),
    ".mjs": ("node",),
    ".go": ("go", "build", "-o"),
    ".rs": ("rustc", "-O", "-D", "warnings", "-o"),
}
LINGERING_CLOSE = {
    "test_unread_input_does_not_turn_the_close_into_a_reset",
    "test_unread_input_of_a_later_client_does_not_either",
    "test_answers_larger_than_any_buffer_survive_the_close",
    "test_after_its_end_of_stream_the_server_still_takes_input",
    "test_a_peer_that_never_ends_its_stream_is_given_two_seconds",
}
FILES = ("test_closing.py", "test_half_close.py", "test_survival.py")  # where servers may differ
FAILED = re.compile(r"^FAILED test_\w+\.py::(\w+)", re.MULTILINE)
FIRST_WORDS = re.compile(r"^E   (?:harness\.verdict\.)?ContractBroken: ([\w ]+)", re.MULTILINE)


def command(source: Path, directory: Path) -> str:
    """The command that starts the server, which is built first if need be."""
    words = LANGUAGES[source.suffix]
    need_program(words[0])
    if words[-1] != "-o":
        return f"{words[0]} {source} --port {{port}}"
    program = directory / "echo"
    built = subprocess.run([*words, program, source], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return f"{program} --port {{port}}"


def without_lingering_close(source: Path) -> Path:
    """Writes appendix D's server in Go to `source`, without the lines for the lingering close."""
    lines = (SHOWN / "echo.go").read_text().splitlines(keepends=True)
    source.write_text("".join(
        line for line in lines if "io.Copy" not in line and "CloseWrite" not in line))
    return source


@pytest.mark.parametrize(("source", "level"), [
    (SHOWN / "echo.go", "closing"),
    (SHOWN / "echo.rs", "closing"),
    (SHOWN / "loop.py", "survival"),
    (SUBJECTS / "echo_server.py", "closing"),
], ids=lambda one: getattr(one, "name", one))
def test_a_server_in_another_language_passes_its_level(
    source: Path, level: str, tmp_path: Path
) -> None:
    run = own_suite.run_suite(PROTOCOL, "--server", command(source, tmp_path), "--level", level)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout and "skipped" not in run.stdout, run.stdout


@pytest.mark.parametrize("name", [*sorted(path.name for path in PLAIN.iterdir()), "echo.go"])
def test_a_correct_plain_server_lacks_nothing_but_the_lingering_close(
    name: str, tmp_path: Path
) -> None:
    source = PLAIN / name if name != "echo.go" else without_lingering_close(tmp_path / name)
    run = own_suite.run_suite(PROTOCOL, *FILES, "--server", command(source, tmp_path))
    failed = FAILED.findall(run.stdout)
    assert failed and set(failed) <= LINGERING_CLOSE, run.stdout
    assert FIRST_WORDS.findall(run.stdout) == ["no lingering close"] * len(failed), run.stdout
    assert "Flaky" not in run.stdout and "direct cause" not in run.stdout, run.stdout
