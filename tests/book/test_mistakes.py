"""The pages that a reader grows: each edit has its place, and a chapter ends where the next begins.

The likeliest mistakes in what he writes are in mistakes.toml, and a box of the chapter shows each.
A mistake is made at each place of the chapter's transcript where the page has what it changes, and
can be compiled with it. From there to the next edit, some command must print something else.
"""

import os
import re
import shutil
import signal
import subprocess
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import edit
import pytest
import runs
from blocks import ROOT

BUILD = Path(os.environ.get("BUILD", ROOT / "build" / "default"))
MISTAKES = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text())["mistake"]
CHANGES = r"(?:page|yours|given|sed -i) .*|echo .* > {0}\.cc|.*/edit\.py\" {0}\.cc << .*"
# What later sections need: functions, to their end or the command's, and files of the reader's.
DEFINED = re.compile(r"\b\w+\(\) \{(?: .*?; \}|.*\Z)|\Aprintf '.*' >>? \w+\Z|\A\(.*\) > \w+$",
                     re.DOTALL)
READS_THE_PAGE = re.compile(r"(?:diff|grep) .*\bpage\.cc\b")
CHAPTERS = range(2, 12 + 1)  # that grow a page
TIME_FORMAT = "  $ TIMEFORMAT='%R s'"


@dataclass
class Section:
    """What a transcript says about one state of the page, up to the next edit."""

    page: str
    before: list[str]
    commands: list[str] = field(default_factory=list)


def bash(script: str, directory: Path) -> None:
    environment = {**os.environ, "BUILD": str(BUILD), "ROOT": str(ROOT)}
    subprocess.run(["bash", "-ec", '. "$ROOT/tools/shell.sh"\n' + script], cwd=directory,
                   env=environment, check=True, capture_output=True)


def change_page(file: Path, command: str, more: list[str]) -> str:
    if command.startswith(("page", "yours")):
        file.unlink(missing_ok=True)
    bash("\n".join([command, *more]), file.parent)
    return file.read_text()


@cache
def sections(transcript: Path, scratch: Path, name: str = "page") -> list[Section]:
    """The sections of a transcript from its `page`, or a page's first line, on."""
    changes_page = re.compile(CHANGES.format(name))
    found: list[Section] = []
    defined: list[str] = []
    text = transcript.read_text().replace(runs.BEFORE[1], "")
    pieces = re.split(r"\n(?=  \$ )", text)
    for piece in pieces[1:]:
        lines = [line[4:] for line in piece.splitlines() if line.startswith(("  $ ", "  > "))]
        command = re.split(r"\n(?! )", piece)[0]
        changes = False
        for part in lines[0].split("; "):
            if changes_page.fullmatch(part):
                changes = True
                page = change_page(scratch / f"{name}.cc", part, lines[1:])
                if not found or page != found[-1].page:
                    found.append(Section(page, list(defined)))
            elif changes:
                found[-1].commands.append("  $ " + part)
        if not changes:
            defined += ["  $ " + one for one in DEFINED.findall(command[4:])]
            if found:
                found[-1].commands.append(command)
    return found


@cache
def compiles(page: str, scratch: Path) -> bool:
    (scratch / "wrong.cc").write_text(page)
    try:
        bash("build wrong", scratch)
    except subprocess.CalledProcessError:
        return False
    return True


@cache
def goes_as_told(section_text: str, page: str, scratch: Path) -> bool:
    (scratch / "wrong.cc").write_text(page)
    (scratch / "section.t").write_text(section_text)
    cram = shutil.which("cram3") or "cram"
    environment = {**os.environ, "BUILD": str(BUILD), "ROOT": str(ROOT), "WRONG": str(scratch),
                   "TMPDIR": str(scratch)}
    played = subprocess.run(
        ["timeout", "-k", "2", "60", cram, "--shell=/bin/bash", scratch / "section.t"], cwd=ROOT,
        capture_output=True, env=environment)
    end_servers(scratch)
    return played.returncode == 0


def end_servers(scratch: Path) -> None:
    """Ends the servers that a wrong page has left, in sessions of their own."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(scratch):
                os.kill(int(process.name), signal.SIGKILL)


def told_apart(section: Section, wrong: str, scratch: Path, name: str) -> bool:
    """Whether the section is right with its page, and prints something else for the wrong one."""
    commands = [command for command in section.commands if not READS_THE_PAGE.search(command)]
    if not any("build" in command for command in commands) or not compiles(wrong, scratch):
        return False
    text = "\n".join(['  $ . "$ROOT/tools/shell.sh"', TIME_FORMAT, *section.before,
                      f'  $ cp "$WRONG/wrong.cc" {name}.cc', *commands, "  $ stop", ""])
    return goes_as_told(text, section.page, scratch) and not goes_as_told(text, wrong, scratch)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_ends_with_the_page_of_the_next(chapter: int, scratch: Path) -> None:
    """Makes a chapter's edits, of which each must find its place, and runs no box."""
    last = sections(ROOT / "book" / "runs" / f"{chapter:02}-page.t", scratch)[-1].page
    if chapter + 1 in CHAPTERS and chapter != 9:  # chapter 10 begins another page
        (scratch / "page.cc").unlink()
        bash(f"page {chapter + 1}", scratch)
        assert code(last) == code((scratch / "page.cc").read_text())


def code(page: str) -> list[str]:
    """The lines of a page without comments and indentation."""
    lines = (re.sub(r"\s+", " ", line.partition("//")[0]).strip() for line in page.splitlines())
    return [line for line in lines if line]


@pytest.mark.long
@pytest.mark.parametrize("mistake", MISTAKES, ids=[
    f"{m['chapter']}-{m['function']}-{m['what'].replace(' ', '_')}" for m in MISTAKES])
def test_a_box_shows_the_mistake(mistake: dict[str, str], scratch: Path) -> None:
    transcript = ROOT / mistake.get("transcript", f"book/runs/{mistake['chapter']:02}-page.t")
    name = mistake.get("name", "page")
    there = sections(transcript, scratch, name)
    asked = 0
    for section in there:
        try:
            wrong = edit.edited(section.page, mistake["edit"])
        except ValueError:
            continue
        asked += 1
        if told_apart(section, wrong, scratch, name):
            return
    assert asked, f"the page has no place for the mistake: {transcript}"
    pytest.fail(f"no box of {transcript} shows it", pytrace=False)
