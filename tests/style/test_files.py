"""Every source is readable in one sitting, tidy and formatted.

A limit on lines is advice to the author to look again. Never squeeze code or move it elsewhere to
meet a limit. If a longer file is clearer, put it in the table, with the reason.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.needed import need_program
from project import (ROOT, complain, cpp_files, files, is_code, is_shell, name, python_files,
                     stages, text)

COLUMNS_MAX = 100
FILE_LINES_MAX = 400
PATH = re.compile(r"(?<![\w./-])(?:(?:book|common|finger|part[1-6]-\w+|tests|tools)/[a-z0-9_./-]+"
                  r"\.(?:cc|cmake|h|js|md|mjs|patch|py|sh|t))(?![\w*])")
# Files that are clearer if longer, and why.
LONG_FOR_A_REASON: dict[str, str] = {
    "part5-epoll/steps/20-page-with-loops.cc": "a whole server on a page, in several loops",
    "part6-uring/steps/21-scope-and-deadline.cc":
        "a whole server on a page, with what it needs of coroutines",
}

# Not written by us, or in a form that another program prescribes.
FOREIGN = {"LICENSE"}
KEEPS_BLANKS = {".patch", ".t"}  # whose empty lines contain blanks


def is_ours(path: Path) -> bool:
    return text(path) is not None and path.name not in FOREIGN


def lines_of(path: Path) -> int:
    return len((text(path) or "").splitlines())


def test_a_file_can_be_read_in_one_sitting() -> None:
    """A file that becomes short again must leave the table."""
    long = {name(path): lines_of(path) for path in cpp_files() + python_files()
            if lines_of(path) > FILE_LINES_MAX}
    complain([f"{file}: {long.get(file, 'few')} lines, {FILE_LINES_MAX} are advised: divide it by "
              "what its parts do, or change the table, which has the reason"
              for file in sorted(long.keys() ^ LONG_FOR_A_REASON.keys())])


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
    """The program of clang-format 14, since other versions format some details differently."""
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
    sources = [name(path) for path in cpp_files()]
    run = subprocess.run([program, "--dry-run", *sources], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: (?:warning|error)", run.stderr, re.MULTILINE)))
    assert run.returncode == 0, run.stderr
    complain([f"{file}: not formatted: {program} -i {file}" for file in wrong])


def test_shell_scripts_are_sound() -> None:
    scripts = [name(path) for path in files() if is_shell(path)]
    assert "serve" in scripts and "check" in scripts
    for script in scripts:
        run = subprocess.run(["bash", "-n", script], cwd=ROOT, capture_output=True, text=True)
        complain(run.stderr.splitlines())
    need_program("shellcheck")
    run = subprocess.run(["shellcheck", "--external-sources", *scripts], cwd=ROOT,
                         capture_output=True, text=True)
    complain(run.stdout.splitlines())


def test_headers_say_pragma_once() -> None:
    complain([f"{name(path)}: a header starts with #pragma once"
              for path in cpp_files() if path.suffix == ".h"
              if not re.search(r"^#pragma once$", text(path) or "", re.MULTILINE)])


def test_deadlines_know_no_calendar() -> None:
    """A wall clock jumps when somebody sets it, and a deadline must not. clock_gettime(2)"""
    calendar = re.compile(r"system_clock|CLOCK_REALTIME|gettimeofday|\btime\((?:nullptr|NULL|0|&)")
    directories = {ROOT / "common", *stages()}
    complain([f"{name(path)}:{number}: a clock that can jump: use common::Clock"
              for path in cpp_files() if path.parent in directories
              for number, line in enumerate((text(path) or "").splitlines(), 1)
              if calendar.search(line)])


def test_a_file_that_the_code_names_is_there() -> None:
    """Except for files that tests invent, or that a reader of the exercises writes. `read` changes
    to the directory book, so its paths may begin there."""
    theirs = {ROOT / "tests" / suite for suite in ("book", "exercises", "style", "zoo")}
    complain([f"{name(path)}: there is no {named}" for path in files()
              if is_code(path) and not theirs & set(path.parents)
              for named in sorted(set(PATH.findall(text(path) or "")))
              if not (ROOT / named).exists() and not (ROOT / "book" / named).exists()])


def test_what_git_is_told_about_is_there() -> None:
    patterns = [line.split()[0] for line in (text(ROOT / ".gitattributes") or "").splitlines()
                if line and not line.startswith("#")]
    assert "*.t" in patterns
    complain([f".gitattributes: there is no {pattern}" for pattern in patterns
              if not any(ROOT.glob(pattern if "/" in pattern else f"*/*/{pattern}"))])
