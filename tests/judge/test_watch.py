"""./judge --watch judges again when the server has changed, and from the level that failed."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import remembered
import watch
from harness.proc import wait_until
from remembered import Remembered
from run_judge import JUDGE, SUBJECTS, environment, judge

ECHO = f"{sys.executable} echo_server.py --port {{port}}"


def names(command: str, directory: Path) -> set[str]:
    """The names of the files that a change of which counts."""
    return {file.name for file in watch.look_at(command, directory)}


def test_the_files_are_those_that_the_command_names_and_those_of_their_kind(tmp_path: Path) -> None:
    for name in ("echo.py", "frames.py", "own/options.py", "own/below/deep.py", "notes.txt",
                 "echo", "echo.c", ".hidden", "src/main.rs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert names("python3 echo.py --port {port}", tmp_path) == {
        "echo.py", "frames.py", "options.py"}
    assert names("./echo {port}", tmp_path) == {"echo"}, "a source that isn't compiled is no change"
    assert names("cargo run {port}", tmp_path) == {
        "echo.py", "frames.py", "notes.txt", "echo", "echo.c", "main.rs"}


def test_a_file_that_is_written_in_steps_is_one_change(tmp_path: Path) -> None:
    file = tmp_path / "echo"
    file.write_text("old")
    before = watch.look_at("./echo", tmp_path)
    steps = f"for i in 1 2 3 4 5; do rm -f {file}; sleep 0.05; echo $i > {file}; done"
    with subprocess.Popen(["sh", "-c", steps]) as linker:
        assert watch.wait_for_change(lambda: watch.look_at("./echo", tmp_path), before) == file
        assert linker.wait() == 0 and file.read_text() == "5\n"


def test_a_climb_goes_on_where_the_last_one_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "SERVERS", tmp_path / "six-servers")
    remembered.remember(Remembered("false {port}", ("light",), "crowd"), tmp_path)
    ran = judge(at=tmp_path)
    assert "judge: it goes on from crowd; --from framing begins anew\n" in ran.complained
    ran = judge("--from", "framing", at=tmp_path)
    assert "goes on" not in ran.complained and "(without light)" in ran.said
    judge("true {port}", at=tmp_path)  # a command begins anew
    assert "goes on" not in judge(at=tmp_path).complained


def test_a_change_is_judged_again_from_the_level_that_failed(tmp_path: Path) -> None:
    server, said = tmp_path / "echo_server.py", tmp_path / "said"
    right = (SUBJECTS / server.name).read_text()
    server.write_text(right.replace('"little"', '"big"'))

    def has_said(words: str) -> bool:
        return wait_until(lambda: re.search(words, said.read_text(), re.DOTALL) is not None, 100)

    with said.open("w") as out, subprocess.Popen(
            [JUDGE, ECHO, "--watch", "--from", "survival"], cwd=tmp_path, stdout=out,
            env=environment(tmp_path) | {"PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as run:
        try:
            assert has_said("survival is not passed yet.*Waiting for echo_server.py to change"), \
                said.read_text()
            assert "also broken" not in said.read_text(), "one failure is shown"
            server.write_text(right)
            assert has_said("echo_server.py has changed.*passes now.*survival +#+ +7 of 7"), \
                said.read_text()
        finally:
            run.send_signal(signal.SIGINT)
            assert run.wait(60) == 128 + signal.SIGINT
