"""The five commands answer a newcomer's mistake with a line of advice, and status 2, before
anything is built or installed."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from harness.needed import need_program
from project import ROOT

BUILT = 99  # exit status if something is built or installed
SCREEN_LINES = 40

MISTAKES = [
    ("serve part9", "'part9' names no stage; there are part1-blocking, "),
    ("serve part", "'part' fits several stages: "),
    ("serve epoll", "'epoll' names no stage: did you mean part5-epoll?"),
    ("serve part1 --bug", "--bug takes the name of a patch in book/bugs"),
    ("serve --bug nolimit", "no bug 'nolimit'; all of them are in book/appendix-e-bug-zoo.md"),
    ("check part9", "'part9' names no stage; there are "),
    ("check --nonsense", "unknown option --nonsense (try --help)"),
    ("check --al", "unknown option --al: did you mean --all? (try --help)"),
    ("check part4 --all=yes", "--all takes no value (try --help)"),
    ("check -k", "-k takes an expression (try --help)"),
    ("check part4 -k no_such", "no test of tests/protocol has a name that fits -k 'no_such'"),
    ("check part4 -k 'echo and'", "-k echo and: Wrong expression passed to '-k'"),
    ("check --bug", "--bug takes the name of a patch in book/bugs (try --help)"),
    ("check --exercise", "--exercise takes an exercise, as e6_2"),
    ("check --exercise E6.9", "there are e6_1, e6_2, e6_3: "),
    ("check --exercise e6_2 --server", "--server takes the command that starts your program"),
    ("check --solution", "--solution goes with --exercise"),
    ("check part4 --on 6.1", "--on does not go with part4"),
    ("check --on", "--on takes a series of kernels, as 6.1"),
    ("check --on vax", "--on takes a series of kernels, as 6.1, a release of Debian, as trixie"),
    ("check --server x", "what judges a server of yours is ./judge --help"),
    ("judge ./nosuch --port {port}", "the command is one word, in quotes: ./judge './nosuch -"),
    ("judge './nosuch --port {port}'", "there is no program './nosuch' that can be run"),
    ("judge part1", "for a stage of ours: ./check part1"),
    ("judge 'sleep 1'", "has no {port}: write it where the port's number belongs"),
    ("judge --level framng 'sleep {port}'", "did you mean framing?"),
    ("judge \"'unbalanced {port}\"", "no closing quotation"),
    ("judge 'true {port}' part1", "one command, and 'part1' is another"),
    ("judge --start cobol /nowhere", "--start takes one of python, c, "),
    ("judge --start python --after 13 /nowhere", "1, 2, 3, 4, 5, 6, 7, 8, 9"),
    ("judge 'true {port}' --after 3", "--after goes with --start"),
    ("judge 'true {port}' --up-to rest --level rest", "--up-to does not go with --level"),
    ("judge 'true {port}' --without rest,lihgt", "'lihgt': did you mean light?"),
    ("judge 'true {port}' --without light --from light", "that level is left out"),
    ("judge 'true {port}' --without rest,light --level light", "that level is left out"),
    ("judge 'true {port}' --without light --up-to light", "that level is left out"),
    ("judge 'sleep {port}' --report /nowhere/x", "there is no such directory"),
    ("judge 'true {port}' --level nosuch", "--level takes one of framing, survival"),
    ("read --port=99999", "--port takes a number from 1 to 65535, not '99999'"),
    ("read --pdf", "--pdf takes a file (try --help)"),
    ("read --machine --pdf x.pdf", "--pdf does not go with --machine"),
    ("read --epub /nowhere/x.epub", "cannot write /nowhere/x.epub: "),
    ("measure M6.9", "there is no 'm6_9'; there are: m5_1 "),
    ("measure --rounds many m5_1", "--rounds takes a number from 1, not 'many'"),
    ("measure --out /proc/here m5_1", "--out: cannot make the directory '/proc/here'"),
]


@pytest.fixture
def without_builds(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is built, installed or remembered."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cmake", "apt-get", "sudo", "npm"):
        (programs / name).write_text(f"#!/bin/sh\nexit {BUILT}\n")
        (programs / name).chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.mark.parametrize(("words", "says"), MISTAKES, ids=[words for words, _ in MISTAKES])
def test_a_mistake_is_a_line_that_says_what_to_do(
        words: str, says: str, without_builds: dict[str, str]) -> None:
    run = subprocess.run(["bash", "-c", f"./{words}"], cwd=ROOT, env=without_builds,
                         capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    if "apt-get" in run.stderr and "apt-get" not in says:  # a package is missing
        pytest.skip(f"this command needs what is not installed here: {run.stderr}")
    assert says in run.stderr
    assert run.returncode == 2
    assert run.stdout == "" and run.stderr.count("\n") == 1
    assert run.stderr.startswith(f"{words.split()[0]}: ")


@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
@pytest.mark.parametrize("words", [
    "serve --help", "check --help", "judge --help", "read --help", "measure --help",
    "judge 'true {port}'"])  # fmt: skip
def test_an_output_that_cannot_be_written_is_a_line_and_no_success(
        words: str, output: str, without_builds: dict[str, str]) -> None:
    run = subprocess.run(["bash", "-c", f"./{words} {output}"], cwd=ROOT, env=without_builds,
                         capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    if "apt-get" in run.stderr:
        pytest.skip(f"this command needs what is not installed here: {run.stderr}")
    assert run.returncode in ((1, 3) if words.startswith("judge") else (1,))
    assert "standard output" in run.stderr or "write error" in run.stderr
    assert run.stderr.count("\n") == 1, run.stderr


@pytest.mark.parametrize("command", ["serve", "check", "judge", "read", "measure"])
def test_a_command_is_found_through_a_link(command: str, tmp_path: Path) -> None:
    link = tmp_path / "link to it"
    link.symlink_to(ROOT / command)
    run = subprocess.run([link, "--help"], capture_output=True, text=True, cwd="/")
    assert run.returncode == 0 and run.stdout.startswith(f"usage: ./{command}")
    if command != "measure":  # which names every table of the book
        assert run.stdout.count("\n") <= SCREEN_LINES


def test_a_link_to_the_project_is_no_other_project(tmp_path: Path) -> None:
    # Otherwise CMake would build everything again, and once more on the way back.
    link = tmp_path / "link"
    link.symlink_to(ROOT)
    tell = "program=x; source tools/lib.sh; echo $root"
    run = subprocess.run(["bash", "-c", tell], cwd=link, env={**os.environ, "PWD": str(link)},
                         capture_output=True, text=True, check=True)
    assert run.stdout == f"{ROOT}\n"


def test_read_says_that_its_port_is_taken() -> None:
    need_program("node", "npm")  # ./read would install them
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = subprocess.run([ROOT / "read", "--port", port], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith(f"read: port {port} is taken by another program: end it, or ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "check", "judge", "read", "measure"])
def test_a_command_that_sh_was_told_to_run_is_run_by_bash(command: str) -> None:
    run = subprocess.run(["sh", command, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.startswith(f"usage: ./{command}"), run.stderr
