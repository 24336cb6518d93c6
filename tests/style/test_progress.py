"""What the commands show while they install and build, on a terminal and in a log."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import ROOT
from screen import Screen

NOBODY = 65534
NARROW = 60

# Asks as sudo does, on the terminal; told once, it does not ask again, where it remembers that.
SUDO = """#!/bin/bash
while [[ $1 == -* ]]; do [[ $1 != --prompt=* ]] || prompt=${1#*=}; shift; done
if [[ ! -e $0.told ]]; then
  printf '%s' "${prompt:-[sudo] password for newbie: }" >/dev/tty
  read -rs word </dev/tty
  echo >/dev/tty
  [[ $word == open ]] || { echo "sudo: 3 incorrect password attempts" >&2; exit 1; }
  [[ ! -e $0.remembers ]] || touch "$0.told"
fi
exec "$@"
"""
APT_GET = """#!/bin/bash
for n in 1 2 3 4; do
  echo "Get:$n http://deb.debian.org/debian bookworm/main amd64 a-package-with-a-long-name 1.2.3-4"
  sleep 0.3
done
until [[ -e $0.may-end ]]; do sleep 0.1; done
echo "$*" >>"$0.ran"
"""
NEEDS = """program=serve; source tools/lib.sh
proofs[cmake]=command:no-cmake-here; need cmake; say ok"""


@pytest.fixture
def newcomers() -> Iterator[Path]:
    """A directory in which a user who is not root may write, with the commands' helpers in it."""
    directory = Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "tools", directory / "tools", ignore=shutil.ignore_patterns("machine"))
    for name, text in (("sudo", SUDO), ("apt-get", APT_GET)):
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    (directory / "apt-get.may-end").touch()
    directory.chmod(0o777)
    yield directory
    shutil.rmtree(directory)


def needs_a_package(directory: Path, columns: int) -> Screen:
    """A command that finds a package missing, run by a user whose sudo asks for a password."""

    def become() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        os.chdir(directory)
        environment = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"}
        os.execvpe("bash", ["bash", "-c", NEEDS], environment)

    return Screen(columns, become)


@pytest.mark.parametrize(("columns", "questions"), [(NARROW, 1), (100, 1), (NARROW, 2)])
def test_the_question_for_a_password_stays_until_it_is_answered(
        newcomers: Path, columns: int, questions: int) -> None:
    if questions == 1:
        (newcomers / "sudo.remembers").touch()
    screen = needs_a_package(newcomers, columns)
    for number in range(questions):
        screen.until("password of" if number == 0 else "[sudo] password for newbie:")
        screen.watch(1.5)
        assert "password" in "".join(screen.lines()[-2:]), screen.lines()
        screen.type("open\n")
    assert screen.end() == 0, screen.lines()
    assert screen.lines()[-2:] == ["serve: ok", ""]
    assert "install -q -y --no-install-recommends" in (newcomers / "apt-get.ran").read_text()


def test_a_password_that_is_wrong_is_told_and_nothing_is_installed(newcomers: Path) -> None:
    screen = needs_a_package(newcomers, NARROW)
    screen.until("password")
    screen.type("guess\n")
    assert screen.end() == 1
    shown = "".join(screen.lines())
    assert "sudo: 3 incorrect password attempts" in shown
    assert "As root: apt-get install cmake" in shown
    assert not (newcomers / "apt-get.ran").exists()


def test_what_is_installed_is_one_line_of_a_narrow_terminal(newcomers: Path) -> None:
    (newcomers / "sudo.told").touch()
    (newcomers / "apt-get.may-end").unlink()
    screen = needs_a_package(newcomers, NARROW)
    screen.until("Get:4")
    assert [line[:6] for line in screen.lines()] == ["serve:", "Get:4 "]
    (newcomers / "apt-get.may-end").touch()
    assert screen.end() == 0
    assert screen.lines() == ["serve: installing cmake (with sudo)", "serve: ok", ""]


# A build of four files that takes two seconds, by what the commands build with.
SLOW_BUILD = f"""program=serve; source {ROOT}/tools/lib.sh; log_progress_seconds=1
slow() {{ for n in 1 2 3 4; do echo "[$n/4] file$2"; sleep 0.6; done; return "$1"; }}
quietly "building it" slow "$1" "${{2:-}}"
"""
SILENT = f"""program=read; source {ROOT}/tools/lib.sh; log_progress_seconds=1
quietly "writing it" sleep 2.5
"""


def test_a_build_shows_on_a_terminal_how_far_it_is() -> None:
    screen = Screen(80, lambda: os.execvp("bash", ["bash", "-c", SLOW_BUILD, "bash", "0"]))
    screen.until("/4] file")
    assert screen.end() == 0
    assert screen.lines() == ["serve: building it", ""], "what was shown is wiped away"


def said_in_a_log(script: str, *words: str) -> list[str]:
    run = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True)
    assert run.returncode == 0
    return run.stderr.splitlines()


def test_a_build_says_in_a_log_now_and_then_how_far_it_is() -> None:
    first, *later = said_in_a_log(SLOW_BUILD, "0")
    assert first == "serve: building it"
    assert later and all(line.startswith("serve: still building it: [") for line in later)


def test_a_log_has_the_beginning_of_a_long_command() -> None:
    later = said_in_a_log(SLOW_BUILD, "0", " -DLONG" * 100)[1:]
    assert later and all(80 < len(line) <= 120 for line in later)


def test_what_says_nothing_is_still_at_it() -> None:
    first, *later = said_in_a_log(SILENT)
    assert first == "read: writing it"
    assert later and set(later) == {"read: still writing it"}


def test_a_build_that_fails_shows_all_it_said() -> None:
    run = subprocess.run(["bash", "-c", SLOW_BUILD, "bash", "3"], capture_output=True, text=True)
    assert run.returncode == 3
    assert run.stderr.splitlines()[-4:] == [f"[{n}/4] file" for n in (1, 2, 3, 4)]
