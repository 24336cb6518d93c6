"""The commands that a reader of a chapter types, in order, from fences, sentences and boxes, with
the reader's changes to a program."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import runs
from blocks import ROOT
from runs import Command

FENCE = re.compile(r"```(\w*)$")
SPAN = re.compile(r"^ *```bash\n(.*?)^ *```$|`([^`]+)`", re.MULTILINE | re.DOTALL)
OUTCOME = re.compile(r"^- You see: .*", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"<!-- run: (.+) -->$")
EDIT = re.compile(r"<!-- edit: (.+) -->$")
CONTINUED = re.compile(r" |(done|fi)\b|}$")  # further lines of a command
# Commands in a sentence: to go to a directory, and to start or stop a server there.
SAID = re.compile(r"steps \S+|\. tools/shell\.sh|cd \S+|(start|\./serve) (part\d|finger).*"
                  r"|start \./\S+|stop|rm .*\*.*|(port|pid|BUILD)=\S+|sudo apt-get install .*"
                  r"|ulimit .*")
# The words in a box that are for a shell: a program, a variable, and everything with a blank except
# an option, a program's output, or an expression.
COMMAND = re.compile(r"\./.*|\w+=\S+|(?!-|[0-9a-f ]+$|[A-Z]+ /)(?!.* == ).* .*")


@dataclass(frozen=True)
class Typed:
    """One command, with its continuation lines, or ^C."""

    line: int
    text: str
    place: str  # console, bash, edit, sentence or box
    before: str = ""  # the paragraph that says to type it
    told: Command | None = None  # its output, if that was recorded
    run: str = ""  # the transcript
    fence: int = 0  # the line at which the fence begins


@dataclass
class Box:
    """The commands of a *What goes wrong* box."""

    line: int
    text: str
    commands: list[str] = field(default_factory=list)
    server: str = ""  # with the defect

    @property
    def bug(self) -> str:
        named = re.search(r"--bug ([\w-]+)", self.server)
        return named[1] if named else ""


def typed(path: Path) -> Iterator[Typed | Box]:
    """All commands of a chapter, from the top to the bottom."""
    lines = path.read_text().splitlines()
    paragraph, run, exercises = "", "", False
    edits: Counter[str] = Counter()  # of each transcript
    at = 0
    while at < len(lines):
        line = lines[at]
        if fence := FENCE.match(line):
            end = lines.index("```", at + 1)
            yield from _fence(fence[1], lines[at + 1:end], at + 2, paragraph, run)
            at, run = end, ""
        elif line == "> [!WARNING]":
            end = next((n for n in range(at, len(lines)) if not lines[n].startswith(">")),
                       len(lines))
            yield _box(at + 2, "\n".join(text[2:] for text in lines[at + 1:end]))
            at = end
        elif marked := RUN.match(line):
            run = marked[1]
        elif marked := EDIT.match(line):
            transcript = marked[1].split()[0]
            command, _ = runs.edit(marked[1], edits[transcript])
            edits[transcript] += 1
            yield Typed(at + 1, "\n".join(command.lines), "edit", paragraph, command)
        elif line and not line.startswith("<!--"):
            paragraph = line
            exercises = exercises and not line.startswith("## ") or line == "## Exercises"
            if not exercises and not line.startswith("|"):
                for said in re.findall(r"`([^`]+)`|(Ctrl-C)", line):
                    if said[1] or not line.startswith("- ") and SAID.fullmatch(said[0]):
                        yield Typed(at + 1, said[0] or "^C", "sentence", line)
        at += 1


def _fence(language: str, lines: list[str], at: int, before: str, run: str) -> Iterator[Typed]:
    if language == "console":
        told = runs.expected(run, lines) if run else []
        starts = [n for n, line in enumerate(lines) if line.startswith("$ ")]
        for number, start in enumerate(starts):
            text = [lines[start][2:]]
            for line in lines[start + 1:]:
                if not line.startswith("> "):
                    break
                text.append(line[2:])
            yield Typed(at + start, "\n".join(text), language, before,
                        told[number] if told else None, run, at)
    elif language in ("bash", "sh"):
        starts = [n for n, line in enumerate(lines) if not CONTINUED.match(line)]
        for start, end in zip(starts, [*starts[1:], len(lines)]):
            yield Typed(at + start, "\n".join(lines[start:end]), "bash", before, fence=at)


def _box(line: int, text: str) -> Box:
    """Reads a box. The commands are in spans or fences, before the line *You see*."""
    box = Box(line, text)
    for fence, span in SPAN.findall(OUTCOME.sub("", text)):
        for command in map(str.strip, fence.splitlines() or [span]):
            if command.startswith("./serve "):
                box.server = box.server or command
            elif fence or COMMAND.fullmatch(command):
                box.commands.append(command)
    return box


def chapters() -> list[Path]:
    """The pages with something to type, in the order of reading."""
    book = ROOT / "book"
    found = sorted(book.glob("[0-9][0-9]-*.md")) + sorted(book.glob("appendix-*.md"))
    return [path for path in found if any(True for _ in typed(path))]
