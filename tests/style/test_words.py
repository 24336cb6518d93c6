"""What the texts say: nothing about things that a reader has not got, no promise, no dead link."""

import re
import subprocess
from pathlib import Path

import comments
import english
import pytest
from project import ROOT, complain, files, name, stages, text

# Built from pieces, or this file would complain about itself.
OUTSIDE = re.compile(
    r"\.\./" "shared|" r"\.lib" "rary|DEVELOPERS" r"\.md|COM" r"PASS|/(?:work|farm)/")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(#\d+\))|not imple" "mented")
COMMANDS = {"serve", "check", "judge", "measure", "read"}


def lines_with(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [(f"{name(path)}:{number}", found[0])
            for path in files() if path.name != "LICENSE-book"
            for number, line in enumerate((text(path) or "").splitlines(), 1)
            if (found := pattern.search(line))]


def markdown_files() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def test_no_text_reads_as_translated() -> None:
    complain([f"{name(path)}:{line}: '{what}': {instead}"
              for path in markdown_files()
              for line, what, instead in english.complaints(text(path) or "")])


def test_no_comment_reads_as_translated() -> None:
    complain([f"{name(path)}:{line}: '{what}': {instead}" for path in files()
              for line, what, instead in english.complaints(comments.comments(path))])


def test_nothing_speaks_of_what_the_reader_has_not_got() -> None:
    complain([f"{where}: '{what}' is no part of the project: leave it out"
              for where, what in lines_with(OUTSIDE)])


def test_nothing_is_left_for_later_without_a_number() -> None:
    complain([f"{where}: '{what}': finish it, or name where it is kept in mind, as TO" "DO(#7)"
              for where, what in lines_with(UNFINISHED)])


def test_every_command_that_the_texts_name_is_there() -> None:
    complaints = []
    for path in markdown_files():
        named = set(re.findall(r"(?<![\w.])\./(\w+)\b", text(path) or "")) & COMMANDS
        complaints += [f"{name(path)} names ./{command}, which does not exist"
                       for command in sorted(named) if not (ROOT / command).is_file()]
    complain(complaints)


def test_readme_shows_every_stage() -> None:
    readme = text(ROOT / "README.md") or ""
    complain([f"README.md: the ladder lacks {stage.name}" for stage in stages()
              if f"[`{stage.name}`]({stage.name}/)" not in readme])
    complain([f"README.md: {line.strip('| ')} is there: say so"
              for line in readme.splitlines() if "to come" in line
              for stage in stages() if stage.name in line])


def test_readme_shows_the_way_to_the_matrix() -> None:
    assert "(tests/matrix.md)" in (text(ROOT / "README.md") or "")
    assert (ROOT / "tests" / "matrix.md").is_file(), (
        "tests/matrix.md is missing: ./check, then tools/matrix.py fill build/matrix.md")


@pytest.mark.parametrize(("words", "status", "says"), [
    (["./serve", "--help"], 0, "usage: ./serve"),
    (["./serve", "part"], 2, "part1-blocking, part2-threads"),
    (["./serve", "nosuch"], 2, "part1-blocking, part2-threads"),
    (["./serve", "part"], 2, "'part' fits several stages: part1"),
    (["./serve", "nosuch"], 2, "'nosuch' names no stage"),
    (["./serve", "part1", "--port", "70000"], 2, "--port takes a number from 0 to 65535, not '70"),
    (["./serve", "--port=-1"], 2, "--port takes a number"),
    (["./serve", "--bug", "frames-limit"], 2, "is it one of"),
    (["./serve", "part1", "--bug"], 2, "--bug takes"),
    (["./serve", "part1", "--bug", "nosuch"], 2, "no bug 'nosuch'"),
    (["./check", "--help"], 0, "usage: ./check"),
    (["./check", "nosuch"], 2, "part1-blocking, part2-threads"),
    (["./measure", "--help"], 0, "usage: ./measure"),
    (["./measure", "nosuch"], 2, "nosuch"),
    (["./read", "--help"], 0, "usage: ./read"),
    (["./read", "--nosuch"], 2, "unknown option --nosuch"),
    (["./read", "--port", "many"], 2, "--port takes"),
    (["./check", "--nosuch"], 2, "unknown option --nosuch"),
    (["./check", "--bug", "nosuch"], 2, "no bug 'nosuch'"),
    (["./check", "--exercise"], 2, "--exercise takes an exercise"),
    (["./check", "--exercise", "e10_99"], 2, "no exercise 'e10_99'"),
    (["./check", "--exercise", "all"], 2, "--exercise all takes --solution"),
    (["./check", "--exercise", "E6.1", "part1"], 2, "--server or --solution only"),
    (["./check", "--exercise=E6.1", "--server"], 2, "--server takes the command"),
    (["./check", "--solution"], 2, "unknown option --solution"),
    (["./check", "part1", "-k", "crowd", "--all"], 2, "-k chooses black-box tests"),
    (["./check", "common", "-k", "crowd"], 2, "-k chooses black-box tests"),
    (["./check", "part1", "-k"], 2, "-k takes an expression"),
    (["./check", "--kernel"], 2, "--kernel takes a series"),
    (["./check", "--kernel", "old"], 2, "'old' is no series of kernels"),
    (["./check", "--kernel", "6.1", "part1"], 2, "--kernel goes with nothing else"),
    (["./check", "part1", "--kernel", "6.1"], 2, "unknown option --kernel"),
    (["./check", "--today", "part1"], 2, "--today goes with nothing else"),
    (["./check", "--distribution"], 2, "--distribution takes a release"),
    (["./check", "--distribution", "Debian 13"], 2, "not 'Debian 13'"),
    (["./check", "--distribution", "sid", "part1"], 2, "goes with nothing else"),
    (["./check", "--architecture", "vax"], 2, "--architecture takes arm64, s390x or i386"),
    (["./check", "--architecture=arm64", "--all"], 2, "goes with nothing else"),
    (["./check", "--mine"], 2, "judged by another command: ./judge"),
    (["./judge", "--help"], 0, "usage: ./judge"),
    (["./judge", "true {port}", "--level", "nosuch"], 2, "--level takes"),
    (["tools/distribution.sh", "--help"], 0, "usage: tools/distribution.sh"),
    (["tools/distribution.sh", "sid"], 2, "takes a release"),
    (["tools/kernel.sh", "--help"], 0, "usage: tools/kernel.sh"),
    (["tools/kernel.sh"], 2, "takes a series"),
])
def test_commands_explain_wrong_usage(words: list[str], status: int, says: str) -> None:
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert run.returncode == status
    assert says in (run.stderr if status else run.stdout)
    assert status == 0 or run.stdout == "", "stdout belongs to the server"
