"""pytest from the project's directory: one suite at a time; and what is missing, in a line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, at: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    command = [sys.executable, "-c", "import sys, pytest; sys.exit(pytest.main())"]  # not from here
    return subprocess.run([*command, *words], cwd=at, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120)


@pytest.mark.parametrize("suite", ["bench", "book", "costs", "finger", "protocol", "style"])
def test_a_suite_is_collected_from_the_top_and_from_its_directory(suite: str) -> None:
    for ran in (run("--collect-only", "-q", f"tests/{suite}"),
                run("--collect-only", "-q", at=ROOT / "tests" / suite)):
        assert ran.returncode == 0, ran.stdout
        assert "error" not in ran.stdout.splitlines()[-1]


@pytest.mark.parametrize("words", [
    ["tests/protocol", "tests/finger"],
    ["tests/protocol", "tests/finger/test_query.py::test_nothing", "-k", "tests"],
    ["tests", "--server", "true"],
    [],
])
def test_two_suites_in_one_command_are_refused_in_a_line(words: list[str]) -> None:
    ran = run(*words, "-q", "--collect-only")
    assert ran.returncode == 4
    (line,) = ran.stdout.strip().splitlines()
    assert line.startswith("ERROR: one suite at a time") and "finger, " in line


def test_the_tests_of_one_stage_are_those_of_its_programs() -> None:
    for stage, theirs in (("part3", False), ("part6", True)):
        ran = run("tests/protocol", "--stage", stage, "--collect-only", "-q")
        if "is not built" in ran.stdout:
            pytest.skip(f"{stage} is not built")
        assert ("test_echo_client.py" in ran.stdout) is theirs


def test_a_missing_stage_is_named_in_a_line(tmp_path: Path) -> None:
    ran = run("tests/protocol", "--stage", "part4-poll", "--build-dir", str(tmp_path))
    assert ran.returncode == 4
    assert "part4-poll is not built: cmake --preset default" in ran.stdout
    assert len(ran.stdout.strip().splitlines()) == 1
