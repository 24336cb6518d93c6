"""pytest from the project's directory: one suite, several, all; and what is missing, in a line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTEST = "import sys, pytest; sys.exit(pytest.main())"  # as the command: not from here


def run(*words: str, at: Path = ROOT, before: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run([sys.executable, "-c", before + PYTEST, *words], cwd=at, env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)


@pytest.mark.parametrize("suite", ["bench", "book", "costs", "finger", "protocol", "style"])
def test_a_suite_is_collected_from_the_top_and_from_its_directory(suite: str) -> None:
    for ran in (run("--collect-only", "-q", f"tests/{suite}"),
                run("--collect-only", "-q", at=ROOT / "tests" / suite)):
        assert ran.returncode == 0, ran.stdout
        assert "error" not in ran.stdout.splitlines()[-1]


def test_without_arguments_every_suite_is_collected() -> None:
    ran = run("--collect-only", "-q")
    assert ran.returncode == 0, ran.stdout
    lines = ran.stdout.splitlines()
    begun = [line.split()[1] for line in lines if line.startswith("pytest tests/")]
    suites = {f"tests/{path.parent.name}" for path in ROOT.glob("tests/*/test_*.py")}
    assert set(begun) == suites and len(begun) == len(suites)
    assert "-m 'not long and not build'" in ran.stdout


def test_two_suites_whose_modules_have_the_same_names_run_one_after_the_other() -> None:
    own = ["tests/judge/test_own_server.py", "tests/finger"]
    ran = run(*own, "-q", "--collect-only")
    assert ran.returncode == 0, ran.stdout
    started = [line.split() for line in ran.stdout.splitlines() if line.startswith("pytest ")]
    assert [path for _, path, *_ in started] == own


@pytest.mark.parametrize("words, where", [
    (["--stage", "part4"], "tests/protocol"),
    (["--level=closing", "-q"], "tests/protocol or tests/finger or tests/exercises"),
    (["tests/protocol", "tests/style", "--stage", "part4"], "tests/protocol"),
])
def test_an_option_of_one_suite_asks_for_its_name(words: list[str], where: str) -> None:
    ran = run(*words)
    assert ran.returncode == 4
    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("ERROR: ")]
    assert f" is an option of {where}: name it, as in `pytest tests/protocol -" in line
    assert "The suites are " in line


def test_the_tests_of_one_stage_are_those_of_its_programs() -> None:
    for stage, theirs in (("part3", False), ("part6", True)):
        ran = run("tests/protocol", "--stage", stage, "--collect-only", "-q")
        if "is not built" in ran.stdout:
            pytest.skip(f"{stage} is not built")
        assert ("test_echo_client.py" in ran.stdout) is theirs


def test_options_may_stand_between_the_paths() -> None:
    ran = run("-k", "tests", "tests/style", "--collect-only", "-p", "no:cacheprovider", "-q",
              "tests/finger/test_query.py::test_nothing")
    assert [line for line in ran.stdout.splitlines() if line.startswith("pytest ")] == [
        f"pytest {path} -k tests --collect-only -p no:cacheprovider -q"
        for path in ("tests/style", "tests/finger/test_query.py::test_nothing")]


def test_the_worst_status_of_several_suites_is_that_of_the_run() -> None:
    chosen = ["tests/style/test_words.py", "tests/book/test_elsewhere.py"]
    assert run(*chosen, "-q", "-k", "nothing_is_left_for_later").returncode == 0
    assert run(*chosen, "-q", "-k", "no_test_has_this_name").returncode == 5
    assert run(*chosen, "-q", "--no-such-option").returncode == 4


def test_a_missing_library_is_named_in_a_line() -> None:
    ran = run("tests/protocol", before="import os, sys; sys.modules['hypothesis'] = None; "
              "os.environ['PYTEST_DISABLE_PLUGIN_AUTOLOAD'] = '1'; ")  # one of them is Hypothesis's
    assert ran.returncode == 4
    assert ran.stdout.strip().startswith("ERROR: Hypothesis is missing")
    assert len(ran.stdout.strip().splitlines()) == 1


def test_a_missing_stage_is_named_in_a_line(tmp_path: Path) -> None:
    ran = run("tests/protocol", "--stage", "part4-poll", "--build-dir", str(tmp_path))
    assert ran.returncode == 4
    assert "part4-poll is not built: cmake --preset default" in ran.stdout
    assert len(ran.stdout.strip().splitlines()) == 1
