"""What holds for every file: sources are readable in one sitting, tidy and formatted.

A limit on lines is advice. It is there to make an author look, never to be met by squeezing code or
by moving it away: where code is clearest above a limit, the file goes into the table, with the
reason.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from project import (ROOT, complain, cpp_files, files, is_code, is_shell, is_step, name,
                     python_files, stages, text, to_look_at)

FILE_LINES_MAX = 400
COLUMNS_MAX = 100
STEP_LINES_MAX = {"part6-uring": 150, "finger": 150, "book": 150}
STEP_LINES_MAX_ELSE = 80

# Files that are clearest above their limit, and why.
LONG_FOR_A_REASON = {
    "part1-blocking/steps/13-three-moves.cc": "a whole server, which a reader compares with 12",
    "part4-poll/steps/03-revents-table.cc": "six rows, each with the calls that lead to it",
    "part4-poll/steps/13-poll-loop.cc": "a whole server: clients, the question, and what follows",
    "part5-epoll/steps/11-count-and-reply.cc": "a whole server, from listen to close",
    "part5-epoll/steps/14-exclusive.cc": "four workers, and a hundred clients one by one",
    "part5-epoll/steps/24-two-loops.cc": "a whole server, and main for two of them",
    "part5-epoll/steps/25-full-loops.cc": "the same, for any number, with work to do",
    "part6-uring/steps/13-linked-timeout.cc": "every outcome of a read and its timeout",
    "part6-uring/steps/14-cancel-race.cc": "a race: two threads, and eight ways to meet",
    "part6-uring/steps/45-two-in-flight.cc": "a whole server, and what a second request does to it",
    "part6-uring/steps/46-coroutine-echo.cc": "a whole server: task, operations, coroutines, loop",
    "part6-uring/steps/47-scope.cc": "a task, operations, a loop, and the scope that they need",
    "book/steps/i/33-resize.cc": "a ring without the array that liburing 2.3 writes to",
    "book/steps/i/37-pass-a-descriptor.cc": "two rings, and two ways to hand a client over",
    "part6-uring/steps/42-left-over.cc": "conversations, and three ways to stop their loop",
    "tests/finger/test_takeover.py": "what a daemon passes to the next, and each way to fail",
    "book/steps/15/02-handover.cc": "the server that hands over, the one that takes, and clients",
    "book/steps/15/05-rolling.cc": "two servers, the proxy in front of them, and clients",
}

# Not written by us, or in a form that another program prescribes.
FOREIGN = {"LICENSE-book"}
KEEPS_BLANKS = {".patch", ".t"}  # an empty line of a patch or a transcript is not empty


def is_ours(path: Path) -> bool:
    return text(path) is not None and path.name not in FOREIGN


def lines_of(path: Path) -> int:
    return len((text(path) or "").splitlines()) if path.is_file() else 0


def lines_max(path: Path) -> int:
    if not is_step(path):
        return FILE_LINES_MAX
    return STEP_LINES_MAX.get(path.relative_to(ROOT).parts[0], STEP_LINES_MAX_ELSE)


def test_a_file_can_be_read_in_one_sitting() -> None:
    complain([f"{name(path)}: {lines_of(path)} lines, {lines_max(path)} are advised: long for one "
              "sitting: divide it by what its parts do, or add it to the table with the reason"
              for path in cpp_files() + python_files()
              if lines_of(path) > lines_max(path) and name(path) not in LONG_FOR_A_REASON])


def test_a_reason_for_a_long_file_is_needed() -> None:
    """A file that has become short leaves the table."""
    complain([f"{file}: not there, or not long: take it out of the table"
              for file in LONG_FOR_A_REASON if lines_of(ROOT / file) <= lines_max(ROOT / file)])


def test_no_line_ends_in_blanks() -> None:
    complain([f"{name(path)}:{number}: ends in blanks: remove them"
              for path in files() if is_ours(path) and path.suffix not in KEEPS_BLANKS
              for number, line in enumerate((text(path) or "").split("\n"), 1)
              if line != line.rstrip()])


def test_there_are_no_tabs() -> None:
    complain([f"{name(path)}:{number}: a tab: use blanks"
              for path in files() if is_ours(path)
             and path.suffix not in {".patch", ".go"} and name(path) != "debian/rules"  # a makefile
              for number, line in enumerate((text(path) or "").splitlines(), 1) if "\t" in line])


def test_code_has_no_long_lines() -> None:
    complain([f"{name(path)}:{number}: {len(line)} columns, at most {COLUMNS_MAX}: break the line"
              for path in files() if is_code(path)
              for number, line in enumerate((text(path) or "").splitlines(), 1)
              if len(line) > COLUMNS_MAX])


def test_a_file_ends_with_one_line_end() -> None:
    complain([f"{name(path)}: must end with exactly one line end"
              for path in files() if is_ours(path)
              if text(path) and not re.search(r"[^\n]\n\Z", text(path) or "")])


def clang_format() -> str | None:
    """The clang-format whose word counts. Other versions disagree with it in details."""
    for program in ("clang-format-14", "clang-format"):
        if shutil.which(program):
            version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
            if "version 14." in version:
                return program
    return None


def test_cpp_is_formatted() -> None:
    program = clang_format()
    if program is None:
        pytest.skip("the format is judged by clang-format 14 (Debian 12: clang-format-14)")
    if not (sources := [name(path) for path in to_look_at(cpp_files())]):
        return
    run = subprocess.run([program, "--dry-run", *sources], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: (?:warning|error)", run.stderr, re.MULTILINE)))
    assert run.returncode == 0, run.stderr
    complain([f"{file}: not formatted: {program} -i {file}" for file in wrong])


def test_shell_scripts_are_sound() -> None:
    paths = [path for path in files() if is_shell(path)]
    scripts = [name(path) for path in paths]
    assert "serve" in scripts and "check" in scripts
    if not to_look_at(paths):  # a script may be wrong because of another, which it sources
        return
    for script in scripts:
        run = subprocess.run(["bash", "-n", script], cwd=ROOT, capture_output=True, text=True)
        complain(run.stderr.splitlines())
    if shutil.which("shellcheck") is None:
        pytest.skip("shell scripts are judged by shellcheck (Debian: shellcheck)")
    run = subprocess.run(["shellcheck", "--external-sources", *scripts], cwd=ROOT,
                         capture_output=True, text=True)
    complain(run.stdout.splitlines())


def test_headers_say_pragma_once() -> None:
    complain([f"{name(path)}: a header starts with #pragma once"
              for path in cpp_files() if path.suffix == ".h"
              if not re.search(r"^#pragma once$", text(path) or "", re.MULTILINE)])


def test_deadlines_know_no_calendar() -> None:
    """A wall clock jumps when somebody sets it; a deadline must not. clock_gettime(2)"""
    calendar = re.compile(r"system_clock|CLOCK_REALTIME|gettimeofday|\btime\((?:nullptr|NULL|0|&)")
    directories = {ROOT / "common", *stages()}
    complain([f"{name(path)}:{number}: a clock that can jump: use common::Clock"
              for path in cpp_files() if path.parent in directories
              for number, line in enumerate((text(path) or "").splitlines(), 1)
              if calendar.search(line)])
