"""Runs in a Markdown file, which are a terminal's text, copied from a run of a transcript.

A block names a transcript, and its fence has some of the commands, one after the other. In a new
block, without a fence, that's all of them:

    <!-- run: part4-poll/steps/03-revents-table.t -->
    <!-- /run -->

The transcript is the test, and has patterns for output that differs between runs. The fence shows
one real run that fits. The commands in BEFORE, which a reader has typed earlier, are not shown.

A reader's change to a copy of a program is a command of a transcript, too, with the signed lines on
standard input. A page shows a transcript's changes in order, each with the names of functions:

    <!-- edit: book/runs/04-page.t main -->
    <!-- /edit -->
"""

import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from blocks import ROOT, Wrong

STATUS = re.compile(r"  \[(\d+)\]")
SCRATCH_FILE = re.compile(r'"\$CRAMTMP/([\w.-]+)"')
EXAMPLE = re.compile(r'"\$EXAMPLES/([\w-]+)"')
EDIT = re.compile(r'"\$ROOT/book/tools/edit.py" (\S+) << \'END\'')
BEFORE = ('cd "$STEPS"', '. "$ROOT/tools/shell.sh"')


@dataclass
class Command:
    """A command of a transcript with its continuation lines, and its output."""

    lines: list[str]
    output: list[str] = field(default_factory=list)
    status: int = 0

    def shown(self) -> list[str]:
        """The command as a reader types it, with short paths for files and the program."""
        first, *more = [EXAMPLE.sub(r"./\1", SCRATCH_FILE.sub(r"\1", line))
                        for line in self.lines]
        return [f"$ {first}", *(f"> {line}" for line in more)]


def commands(transcript: str) -> list[Command]:
    """The commands of a transcript in cram's format, without those that a reader has typed
    earlier."""
    return [c for c in all_commands(transcript) if c.lines[0] not in BEFORE]


def all_commands(transcript: str) -> list[Command]:
    """The commands of a transcript in cram's format, with the expected output."""
    found: list[Command] = []
    for line in transcript.splitlines():
        if line.startswith("  $ "):
            found.append(Command([line[4:]]))
        elif line.startswith("  > "):
            found[-1].lines.append(line[4:])
        elif status := STATUS.fullmatch(line):  # which a terminal doesn't show
            found[-1].status = int(status[1])
        elif line.startswith("  "):
            found[-1].output.append(line[2:])
    return found


def edit(arguments: str, earlier: int) -> tuple[Command, str]:
    """The command for a reader's change, after this many earlier ones of the transcript, and the
    book's line above it, which names the copy and the function."""
    path, *names = arguments.split()
    found = [(command, asked[1]) for command in commands(_transcript(path).read_text())
             if (asked := EDIT.fullmatch(command.lines[0]))]
    if earlier >= len(found):
        raise Wrong(f"{path} has only {len(found)} edits")
    command, copy = found[earlier]
    return command, ", ".join(f"`{name}`" for name in (copy, *names))


def expected(path: str, fence: list[str]) -> list[Command]:
    """The commands that a fence shows, with the patterns of their output."""
    return commands(_transcript(path).read_text())[_place(path, fence)]


def recorded(path: str, fence: list[str], build: Path) -> list[str]:
    """The fence's lines, from a run made now with the steps built below `build`."""
    return [line for command in commands(_run(_transcript(path), build))[_place(path, fence)]
            for line in command.shown() + [_seen(line) for line in command.output]]


def fits(fence: list[str], wanted: list[Command]) -> str | None:
    """None if the fence is a run of these commands, otherwise the first difference."""
    rest = list(fence)
    for command in wanted:
        for line in command.shown():
            if not rest or rest.pop(0) != line:
                return f"expected `{line}`"
        for pattern in command.output:
            if not rest or not _matches(rest[0], pattern):
                return f"`{rest[0] if rest else 'the end'}` where the transcript has `{pattern}`"
            rest.pop(0)
    return f"`{rest[0]}` is not in the transcript" if rest else None


def _transcript(path: str) -> Path:
    if not (ROOT / path).is_file():
        raise Wrong(f"there is no transcript {path}")
    return ROOT / path


def _place(path: str, fence: list[str]) -> slice:
    """Where the fence's commands are in the transcript: if that's so in several places, where the
    output fits as well."""
    there = commands(_transcript(path).read_text())
    starts = [at for at, line in enumerate(fence) if line.startswith("$ ")]
    if not starts:
        return slice(None)

    def is_at(command: Command, start: int) -> bool:
        shown = command.shown()
        return fence[start:start + len(shown)] == shown

    for start in starts:
        if not any(is_at(command, start) for command in there):
            raise Wrong(f"{path} has no command `{fence[start]}`")
    places = [slice(at, at + len(starts)) for at in range(len(there) - len(starts) + 1)
              if all(map(is_at, there[at:], starts))]
    if not places:
        raise Wrong(f"{path} has these commands, but not one after the other")
    fitting = [place for place in places if fits(fence, there[place]) is None]
    if len(places) > 1 and not fitting:
        raise Wrong(f"{path} has these commands in {len(places)} places, with other output in each")
    return (fitting or places)[0]


def _matches(line: str, pattern: str) -> bool:
    if pattern.endswith(" (re)"):
        return re.fullmatch(pattern[:-5], line) is not None
    if pattern.endswith(" (glob)"):
        parts = re.split(r"([*?])", pattern[:-7])
        return re.fullmatch("".join({"*": ".*", "?": "."}.get(p, re.escape(p)) for p in parts),
                            line) is not None
    return line == _seen(pattern)


def _seen(line: str) -> str:
    """A line that cram has escaped, as a terminal shows it, without the carriage return."""
    if not line.endswith(" (esc)"):
        return line
    return line[:-6].encode().decode("unicode_escape").rstrip("\r")


@functools.cache
def _run(transcript: Path, build: Path) -> str:
    """The transcript with the output of a run in place of the expected one."""
    steps = build / transcript.parent.relative_to(ROOT)
    with tempfile.TemporaryDirectory() as scratch:
        bare = Path(scratch) / transcript.name
        kept = [line for line in transcript.read_text().splitlines()
                if not line.startswith("  ") or line.startswith(("  $ ", "  > "))]
        bare.write_text("\n".join(kept) + "\n")
        cram = shutil.which("cram3") or "cram"
        subprocess.run([cram, "--shell=/bin/bash", bare], cwd=ROOT, capture_output=True,
                       env={**os.environ, "STEPS": str(steps), "EXAMPLES": str(steps),
                            "ROOT": str(ROOT), "BUILD": str(build)})
        with_output = Path(f"{bare}.err")
        return (with_output if with_output.exists() else bare).read_text()
