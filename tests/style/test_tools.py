"""Sections that ./check leaves out, its second try, and the hints of ./serve."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import ROOT

DEFAULT_PORTS = (5882, 7979)  # of the stages, of ./serve finger


def make_executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)


def is_taken(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """./serve in a project of two stages and a finger daemon, in which a build does nothing and no
    package is missing."""
    make_executable(tmp_path / "bin" / "cmake", "")
    make_executable(tmp_path / "bin" / "setpriv", "")  # everybody may read
    for stage in ("part1-blocking", "part5-epoll", "part6-uring"):
        make_executable(tmp_path / stage / "server.cc", "")
    (tmp_path / "tools").mkdir()
    library = (ROOT / "tools" / "lib.sh").read_text()
    (tmp_path / "tools" / "lib.sh").write_text(f"{library}\nis_there() {{ true; }}\n")
    shutil.copy(ROOT / "tools" / "packages.sh", tmp_path / "tools")
    shutil.copy(ROOT / "serve", tmp_path)

    def run(*words: str, **servers: str) -> subprocess.Popen[str]:
        for port in DEFAULT_PORTS:
            if not any(word.startswith("--port") for word in words) and is_taken(port):
                pytest.skip(f"another program of this machine listens on port {port}")
        for stage, text in servers.items():
            name = stage.replace("_", "-")
            directory = "finger" if name == "fingerd" else name
            make_executable(tmp_path / "build" / "default" / directory / name, text)
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        return subprocess.Popen([tmp_path / "serve", *words], env={**os.environ, "PATH": path},
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                start_new_session=True)  # as in a window of its own

    return run


SERVES = """trap 'exit 7' TERM
echo listening on [::1]:4711
while true; do sleep 0.01; done"""


def test_serve_is_the_server_and_tells_how_to_talk_to_it_when_it_listens(serve) -> None:
    server = serve("part5", part5_epoll=SERVES)
    assert server.stdout.readline() == "listening on [::1]:4711\n"
    hints = iter(server.stderr.readline, "")
    assert "| ncat ::1 4711 | xxd" in next(line for line in hints if "another terminal" in line)
    server.terminate()
    assert server.wait(10) == 7, "the signal did not reach the server"


# A program of the build that starts another one, which leads a session of its own.
HAS_A_CHILD = """here=$(dirname "$0")
cp "$(command -v bash)" "$here/parent"; cp "$(command -v sleep)" "$here/child"
exec "$here/parent" -c 'setsid "$0" 20 & trap "kill $!; exit 0" TERM; sleep 0.3
  echo listening on 127.0.0.1:79; wait' "$here/child"
"""


@pytest.mark.parametrize("is_other_running", [False, True], ids=["alone", "beside-one"])
def test_serve_says_to_stop_what_was_started_and_not_the_servers_own_child(
    serve, tmp_path: Path, is_other_running: bool
) -> None:
    other = tmp_path / "build" / "other"
    other.parent.mkdir()
    shutil.copy("/bin/sleep", other)
    with subprocess.Popen([other, "20"], start_new_session=True) as started:
        if not is_other_running:
            started.kill()
            started.wait()
        server = serve("finger", fingerd=HAS_A_CHILD)
        hint = next(line for line in iter(server.stderr.readline, "") if "terminal" in line)
        server.terminate()
        server.wait(10)
        started.kill()
    assert ("stop; " in hint) is is_other_running, hint


def test_serve_gives_no_hint_for_a_server_that_does_not_serve(serve) -> None:
    server = serve("part5", "--workers", "many", part5_epoll="echo 'takes a number' >&2; exit 2")
    said, complained = server.communicate(timeout=10)
    assert (server.returncode, said) == (2, "")
    assert "takes a number" in complained and "terminal" not in complained


def test_serve_gives_no_hint_for_a_server_that_lists_its_options(serve) -> None:
    listed = "Echoes messages.\n  --port N  where\n"
    server = serve("part5", "--help", part5_epoll=f"printf '{listed}'")
    said, complained = server.communicate(timeout=10)
    assert (server.returncode, said) == (0, listed)
    assert "terminal" not in complained


@pytest.mark.parametrize("words", [[], ["1"], ["part1"]], ids=" ".join)
def test_serve_takes_the_first_stage_where_none_is_named(serve, words: list[str]) -> None:
    server = serve(*words, part1_blocking=SERVES)
    assert server.stdout.readline() == "listening on [::1]:4711\n"
    hints = iter(server.stderr.readline, "")
    assert "| ncat ::1 4711 | xxd" in next(line for line in hints if "another terminal" in line)
    assert "a message: its length, 2, in four bytes" in next(hints)
    server.terminate()
    assert server.wait(10) == 7


def test_serve_says_how_to_ask_the_finger_daemon(serve) -> None:
    server = serve("finger", fingerd=SERVES)
    assert server.stdout.readline() == "listening on [::1]:4711\n"
    hints = iter(server.stderr.readline, "")
    assert "finger alice@::1 -p 4711" in next(line for line in hints if "another" in line)
    server.terminate()
    assert server.wait(10) == 7


def test_serve_says_what_is_wrong_with_a_bug_and_what_shows_it(serve, tmp_path: Path) -> None:
    (tmp_path / "book" / "bugs").mkdir(parents=True)
    (tmp_path / "book" / "bugs" / "lost.patch").write_text(
        "Title: All is lost.\nStage: part5-epoll\nTest: test_x.py::test_y\n"
        "Chapter: book/x.md\n\n")
    (tmp_path / "book" / "x.md").write_text(
        "> - Terminal 1: `./serve part5 --bug lost`\n>\n>   type this\n> - You see: dust\n")
    (tmp_path / "tests" / "zoo").mkdir(parents=True)
    (tmp_path / "tests" / "zoo" / "run.py").touch()
    make_executable(tmp_path / "build/zoo/bin/lost/part5-epoll/part5-epoll", "exit 3")
    server = serve("--bug", "lost")
    _, said = server.communicate(timeout=10)
    assert server.returncode == 3
    for words in ("serve: All is lost.\n", "x.md tells of it, and of what to type",
                  "\n  type this\n- You see: dust\nserve: ./check --bug lost", "::test_y\n"):
        assert words in said, said


@pytest.mark.parametrize(("words", "given"), [
    ([], "--users={root}/finger/users --addr=127.0.0.1 --port=7979"),
    (["--port", "79"], "--port 79 --users={root}/finger/users --addr=127.0.0.1"),
    (["-B", "::1", "-P4"], "-B ::1 -P4 --users={root}/finger/users"),
    (["--group=staff", "--quiet"], "--group=staff --quiet"),
    (["--users", "/x"], "--users /x"),
])
@pytest.mark.xdist_group("the copy of the sample users")
def test_serve_tries_the_finger_daemon_with_sample_users(
        serve, tmp_path: Path, words: list[str], given: str) -> None:
    server = serve("finger", *words, fingerd='echo "$*"; exit 0')
    assert server.stdout.readline() == given.format(root=tmp_path) + "\n"
    server.communicate(timeout=10)


@pytest.mark.xdist_group("the copy of the sample users")
def test_serve_as_root_copies_sample_users_whom_only_root_may_read(serve, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the daemon gives root up only where it has been started as root")
    plan = tmp_path / "finger" / "users" / "alice" / ".plan"
    plan.parent.mkdir(parents=True, mode=0o700)
    plan.write_text("Back in May.")
    plan.chmod(0o600)
    (tmp_path / "bin" / "setpriv").unlink()
    as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    server = serve("finger", fingerd=f'echo "$1"; {as_nobody} cat "${{1#*=}}/alice/.plan"')
    assert server.stdout.readline() == "--users=/run/finger-users\n"
    assert server.stdout.read() == "Back in May."  # communicate() would miss what readline() has
    assert server.stderr.read().count("it serves a copy in /run/finger-users") == 1


# The sections of ./check only print their names.
STUBS = """
need() { :; }
why_no_ring() { :; }
build_or_finish() { echo "build $1"; }
section() { echo "$1"; }
pytests() { echo "$1"; }
ctests() { echo "$1" "${@:3}"; }
patches() { echo "$1"; }
finish() { exit 0; }
"""
EVERY_RUN = {"build default", "protocol", "finger", "costs"}
ONLY_AFTER_A_CHANGE = {"unit, fuzz, steps", "style", "rules", "zoo applies", "solutions apply",
                       "builds", "exercises", "book", "pages"}


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., set[str]]:
    """The sections of ./check, in a repository with a single commit."""
    if not shutil.which("git"):
        pytest.skip("no git here")  # so ./check would take everything for changed
    (tmp_path / "tools").mkdir()
    (tmp_path / "part5-epoll" / "steps").mkdir(parents=True)
    (tmp_path / "part5-epoll" / "server.cc").touch()
    shutil.copy(ROOT / "check", tmp_path)
    for name in ("lib.sh", "sections.sh", "check-longer.sh", "packages.sh"):
        stubs = STUBS if name == "check-longer.sh" else ""  # ./check sources it last
        (tmp_path / "tools" / name).write_text((ROOT / "tools" / name).read_text() + stubs)

    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=us", "-c", "user.email=us@localhost", *words],
                       cwd=tmp_path, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "--message=all")

    def run(*words: str, at: Path | None = None) -> set[str]:
        return set(subprocess.run([tmp_path / "check", *words], cwd=at, capture_output=True,
                                  text=True, check=True).stdout.splitlines())

    return run


def test_check_asks_about_the_machine_where_nothing_has_changed(check) -> None:
    assert EVERY_RUN | {"loop", "protocol, a choice"} <= check()
    assert not ONLY_AFTER_A_CHANGE & check()


@pytest.mark.parametrize("changed", ["README.md", "tools/lib.sh"], ids=["new", "edited"])
def test_check_leaves_nothing_out_after_a_change(check, tmp_path: Path, changed: str) -> None:
    with (tmp_path / changed).open("a") as file:
        file.write("# changed\n")
    assert EVERY_RUN | ONLY_AFTER_A_CHANGE <= check()


def test_check_starts_an_exercise_s_program_where_it_was_called(check, tmp_path: Path) -> None:
    (tmp_path / "tests" / "exercises").mkdir(parents=True)
    (tmp_path / "tests" / "exercises" / "test_e2_2.py").touch()
    with (tmp_path / "tools" / "check-longer.sh").open("a") as stubs:
        stubs.write('pytests() { bash -c "${3#--server=}"; }\n')
    here = tmp_path / "my own"
    make_executable(here / "e2_2", "pwd")
    assert check("--exercise", "e2_2", "--server", "./e2_2 {port}", at=here) == {str(here)}


def test_check_takes_an_unpacked_archive_for_unchanged_but_not_in_ci(
        check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(tmp_path / ".git")
    monkeypatch.delenv("CI", raising=False)
    assert not ONLY_AFTER_A_CHANGE & check()
    monkeypatch.setenv("CI", "true")
    assert ONLY_AFTER_A_CHANGE <= check()


def test_check_today_leaves_nothing_out(check) -> None:
    assert EVERY_RUN | ONLY_AFTER_A_CHANGE <= check("--today")


def test_check_of_a_stage_runs_steps_that_have_changed(check, tmp_path: Path) -> None:
    assert not [section for section in check("part5") if section.startswith("unit")]
    (tmp_path / "part5-epoll" / "steps" / "99-new.cc").touch()
    assert r"unit, fuzz, steps --tests-regex ^steps\.part5-epoll\." in check("part5")


def test_a_build_without_a_terminal_says_every_ten_seconds_how_far_it_is() -> None:
    script = """program=us; source tools/lib.sh
        sleep() { command sleep 0.1; ((SECONDS += 10)); }
        work() { echo 1 of 2; command sleep 1; }
        quietly building work"""
    run = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True,
                         check=True)
    assert run.stderr.startswith("us: building\nus:   1 of 2\n")



def test_the_second_try_runs_what_failed_alone_and_in_a_group(tmp_path: Path) -> None:
    """Each of these tests passes as soon as its file exists."""
    for name, mark in (("alone", ""), ("grouped", "@pytest.mark.xdist_group('a 0')\n")):
        (tmp_path / f"test_{name}.py").write_text(
            "import pathlib, pytest\n\n\n"
            f"{mark}def test_{name}() -> None:\n"
            f"    file = pathlib.Path({str(tmp_path / name)!r})\n"
            "    was_there = file.exists()\n"
            "    file.touch()\n"
            "    assert was_there\n")
    script = f"""root={tmp_path} python={sys.executable} SECOND_TRY=yes
        say() {{ :; }}
        . tools/sections.sh
        pytest_and_second_try some {tmp_path} --rootdir {tmp_path} -n 2 --dist loadgroup"""
    ran = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0 and "2 passed" in ran.stdout, ran.stdout + ran.stderr
