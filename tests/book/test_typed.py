"""Types each chapter into a bash, from the first line to the last, and tries the boxes.

As for a reader, the shell keeps helpers, directory, variables and open descriptors from one fence
to the next. The output must fit the transcript from which the fence is filled.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import runs
from blocks import ROOT
from litter import without_litter
from terminal import Stuck, Terminal
from told import complaint
from typed import Box, Typed, chapters, typed

BUILD = Path(os.environ.get("BUILD", ROOT / "build" / "default"))
SECONDS = 300  # for a command; on an idle machine none takes a tenth of that
# Commands that aren't typed here, and why.
LEFT_OUT = {
    r"sudo apt-get .*": "installs packages, and needs root",
    r"\./check (part\d|--all|--bug \S+)": "a section of ./check",
    r"\.\./judge.*": "needs a server that the reader has made",
    r"\./judge .*\./(mine|echo-).*": "the same",
    r"\./judge --start python ~/echo": "leaves a file in the home directory",
    r"\./measure (?!--help).*": "takes minutes, of a quiet machine",
    r"(timeout 5 (head|bash)|printf 'set a) .*": "needs a server that the reader has made",
    r"\./serve part4 --bug no-limit": "one of the zoo, which a section of ./check is about",
    r"for server in students/.*": "needs the servers of a class",
}
# "Type it if you have not done so in this terminal."
HELPERS = ". tools/shell.sh"
UNLESS_DONE = f"[[ ${{ROOT:-}} ]] || {HELPERS}"
SIDEBAR = ROOT / "book" / ".vitepress" / "config.mts"
PART = re.compile(r'text: "([^"]+)", items: chapters\(/\^(\S+?)\.\*')


def chapter_ids() -> list[str]:
    return [path.stem for path in chapters()]


def parts() -> dict[str, list[Path]]:
    """The chapters of each part, as in the sidebar."""
    found = {name: [path for path in chapters() if re.match(begin, path.name)]
             for name, begin in PART.findall(SIDEBAR.read_text())}
    return {name: read for name, read in found.items() if "appendix" not in read[0].name}


@pytest.fixture(autouse=True)
def litter() -> Iterator[None]:
    with without_litter(ROOT, *BUILD.glob("*/steps"), *BUILD.glob("book/steps/[1i]*"),
                        *BUILD.glob("part6-uring/uring/examples")):
        yield


@cache
def cannot_run(transcript: str) -> bool:
    """Whether cram skips this transcript here, which one of its commands decides."""
    guards = [" \n".join(command.lines) for command in
              runs.commands((ROOT / transcript).read_text())
              if "exit 80" in "".join(command.lines)]
    environment = {**os.environ, "BUILD": str(BUILD), "ROOT": str(ROOT),
                   "STEPS": str(BUILD / Path(transcript).parent)}
    return any(subprocess.run(["bash", "-c", guard], cwd=ROOT, env=environment,
                              capture_output=True).returncode == 80 for guard in guards)


def why_not(step: Typed) -> str:
    """Why this is not typed here, or "" if it is."""
    for pattern, reason in LEFT_OUT.items():
        if re.fullmatch(pattern, step.text, re.DOTALL):
            return reason
    if step.place == "console" and not step.told:
        return "the run of another machine"
    if step.run and cannot_run(step.run):
        return "its transcript is left out here, too"
    program = step.text.split()[0]
    if step.place == "bash" and program in ("go", "rustc", "zig") and not shutil.which(program):
        return f"there is no {program} here"
    return ""


def wait_until_served(step: Typed) -> None:
    """Waits until ncat listens, because ncat prints nothing then, and ignores an earlier Ctrl-C."""
    port = re.search(r" (\d+) -e ", step.text)
    deadline = time.monotonic() + SECONDS
    while port and not subprocess.run(["ss", "-tlnH", f"sport = :{port[1]}"],
                                      capture_output=True).stdout:
        if time.monotonic() > deadline:
            raise Stuck(f"nothing listens at port {port[1]}")
        time.sleep(0.1)


class Reading:
    """A reader at a terminal, and at a second terminal if the text has two."""

    def __init__(self) -> None:
        self.first = Terminal(ROOT)
        self.second: Terminal | None = None
        self.serving = False
        self.has_helpers = False
        self.chapter = ""
        self.left_out: list[str] = []
        self.wrong: list[str] = []

    def types(self, step: Typed) -> None:
        if step.text == HELPERS and re.search("if you have(n't| not) done so", step.before):
            step = replace(step, text=UNLESS_DONE)
        if "If you don't have it" in step.before and step.text.startswith("page "):
            step = replace(step, text=f"[[ -e page.cc ]] || {step.text}")
        if reason := why_not(step):
            self.left_out.append(f"{self.chapter}, line {step.line}: {step.text}: {reason}")
        elif step.text == "^C":
            if self.serving:
                self.first.interrupt(SECONDS)
            self.serving = False
        elif step.text.startswith(("./serve", "ncat -k -l")):
            if step.place == "bash":  # already built, as a sentence says
                told = "" if step.text.startswith("ncat") else "in another terminal: .*\n"
                self.first.stay(step.text, SECONDS, told)
                wait_until_served(step)
                self.serving = True
        else:
            terminal = self.first
            if self.serving or re.search("another terminal|the reload's root shell", step.before):
                terminal = self.second = self.second or self._second_terminal()
            self._compare(step, *terminal.type(step.text, SECONDS))
            if step.text == HELPERS:
                self.has_helpers = True
                if self.second and self.second is not terminal:
                    self.second.type(HELPERS, SECONDS)  # a reader has the helpers in both

    def _second_terminal(self) -> Terminal:
        """The terminal with the helpers, of a reader whose first terminal is for servers only."""
        terminal = Terminal(ROOT)
        if self.has_helpers:
            terminal.type(HELPERS, SECONDS)
        return terminal

    def _compare(self, step: Typed, printed: str, status: int) -> None:
        if wrong := complaint(step, printed, status):
            self.wrong.append(f"{self.chapter}, line {step.line}: {step.text}\n  {wrong}")

    def leaves(self) -> None:
        """Ends the servers and closes the terminals."""
        for terminal in filter(None, (self.first, self.second)):
            try:
                if self.serving and terminal is self.first:
                    terminal.interrupt(SECONDS)
                terminal.type("[[ ! ${started:-} ]] || stop", SECONDS)
            except (Stuck, OSError):
                pass
            terminal.close()


def type_all(before: str, *read: Path) -> Reading:
    """Types these chapters in one terminal, after commands of earlier chapters."""
    reading = Reading()
    try:
        reading.first.type(before, SECONDS)
        for chapter in read:
            reading.chapter = chapter.stem
            for step in typed(chapter):
                if isinstance(step, Typed):
                    reading.types(step)
    except Stuck as stuck:
        where = f"{reading.chapter}, line {step.line}: {step.text}"
        reading.wrong.append(f"{where}\n  has not come back:\n{stuck}")
    finally:
        reading.leaves()
    return reading


def before(chapter: Path) -> str:
    """Commands of earlier chapters that this chapter relies on."""
    told = [] if chapter.name < "01" else [HELPERS]  # as chapter 0 asks
    if chapter.name > "02" and not (ROOT / "mine").exists():  # from chapter 1
        told.append("./judge --start python mine")
    return "; ".join(told or [":"])


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chapter", chapters(), ids=chapter_ids())
def test_a_chapter_can_be_typed(chapter: Path) -> None:
    expect_as_told(type_all(before(chapter), chapter))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("read", parts().values(), ids=parts())
def test_the_chapters_of_a_part_can_be_typed_in_one_terminal(read: list[Path]) -> None:
    expect_as_told(type_all(before(read[0]), *read))


def expect_as_told(reading: Reading) -> None:
    print("not typed here:", *reading.left_out or ["nothing"], sep="\n  ")
    if reading.wrong:
        pytest.fail("\n".join(reading.wrong), pytrace=False)


NOT_THE_STEP = "printf '#!/bin/sh\\necho no\\n' > 01-two-writes; chmod +x 01-two-writes"


@pytest.mark.parametrize(("complaint", "text"), [
    ("status 3 instead of 0", "```bash\n(exit 3)\n```\n"),
    ("cannot be typed here", "```bash\ncrowdd 3 || true\n```\n"),
    ("`no` where the transcript has", f"```bash\ncd $there\n{NOT_THE_STEP}\n```\n"
     "<!-- run: common/steps/01-two-writes.t -->\n```console\n$ ./01-two-writes\n```\n"),
    ("has not come back", "```bash\nsleep 60\n```\n"),
    ("has not come back", "```bash\n./serve nothing\n```\n"),
])
def test_what_does_not_go_as_told_is_found(complaint: str, text: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "SECONDS", 3)
    chapter = tmp_path / "chapter.md"
    chapter.write_text(text)
    assert complaint in "\n".join(type_all(f"there={tmp_path}", chapter).wrong)


def test_what_a_reader_has_stays_from_fence_to_fence(tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text("```bash\ncd /tmp; f() { read -r; }; x=3\n```\nThen:\n```bash\n"
                       "[[ $x$PWD == 3/tmp ]] && echo | f\n```\n")
    assert not type_all(":", chapter).wrong


def test_a_reader_s_edit_is_made_and_a_listing_is_none(tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text("```diff\n+not typed\n```\n<!-- edit: book/runs/04-page.t -->\n`page.cc`"
                       "\n\n```diff\n+typed\n```\n<!-- /edit -->\n")
    [edit] = typed(chapter)
    assert edit.place == "edit" and edit.text.startswith('"$ROOT/book/tools/edit.py" page.cc <<')


def test_a_loop_of_several_lines_is_one_command(tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text("```bash\nfor x in 1 2; do\n    sum+=$x\ndone\n[[ $sum == 12 ]]\n```\n")
    assert not type_all(":", chapter).wrong


def test_what_a_reader_has_stays_from_chapter_to_chapter(tmp_path: Path) -> None:
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    first.write_text("```bash\ncd /tmp; x=3\n```\n")
    second.write_text("```bash\n[[ $x$PWD == 3/tmp ]]\n[[ $x == 4 ]]\n```\n")
    wrong, = type_all(":", first, second).wrong
    assert wrong.startswith("second, line 3: ")


def test_each_chapter_is_in_a_part() -> None:
    read = [path for chapters in parts().values() for path in chapters]
    assert read == [path for path in chapters() if "appendix" not in path.name]


def test_what_a_box_has_typed_is_in_spans_and_fences_and_not_in_what_one_sees(
        tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text("> [!WARNING]\n> **What goes wrong: it.** It `does not`.\n>\n"
                       "> - Terminal 1: `./serve part1 --bug no-limit`\n> - Terminal 2:\n>\n"
                       ">   ```bash\n>   crowd 2\n>   say_hi\n>   ```\n>\n"
                       "> - You see: `it is gone`.\n> - Test: `test_it`\n")
    box, = typed(chapter)
    assert isinstance(box, Box) and box.server == "./serve part1 --bug no-limit"
    assert box.commands == ["does not", "crowd 2", "say_hi"]
