#!/usr/bin/python3
"""The boxes that a button on the site can type into the machine in the page, after the commands
that they need. As a program, prints each button's text for the site, or why there is no button.

Most boxes work after the shortest beginning. The exceptions that we can't detect are in
machine-exceptions.json, by their commands, with the number of the beginning that they need, from 0,
or why they have no button.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from blocks import ROOT
from typed import Box, Typed, chapters, typed

EXCEPTIONS = ROOT / "book" / ".vitepress" / "machine-exceptions.json"
TOLD = "in another terminal: .*\n"  # printed by ./serve when the server listens
LISTENS = "listening on .*\n"  # printed by the server, so also if a box discards stderr
# Commands that are not in the machine.
NOT_THERE = {
    r"(stop; )?(\./|\.\./|\$ROOT/)?(judge|check|measure|read|tests)\b":
        "the tests are not in the page's machine",
    r"grep .* verdict$": "the tests, which write this file, are not in the page's machine",
    r"sudo ": "nothing can be installed there",
    r"useradd ": "no account can be made there",
    r"(compare|/usr/bin/python3) ": "there is too little Python in it",
    r"(.*; )?while_asked ": "the clients that ask are not in it",
    r".*\bperf\b": "there is no perf in it",
    r".*\bbpftrace\b": "there is no bpftrace in it",
    r".*\b(ab|wrk) -": "the programs that make load are not in it",
    r".*\bvalgrind\b": "there is no valgrind in it",
    r"(start )?\./0\d-kqueue": "Linux has no kqueue of its own",
    r".*-tsan\b": "ThreadSanitizer needs 64 bits",
    r".*(-asan\b|-fsanitize=)": "there is no AddressSanitizer in it",
    r"(go|rustc|cmake|zig|\w+=\S+ cmake)\b|PATH=|(?s:.*)\bg\+\+ |.*\bbuild \S+/":
        "there is no compiler in it",
}
# These commands depend only on the directory.
ALONE = re.compile(
    r"(\./\d\d-[\w-]+|start|steps|cd|\./serve|page|yours|given|build|without)\b(?!.*\$pid)")
GOES = re.compile(r"(steps|cd) \S+(?=$|; mv)")
# These define a function, fill a file, or say what `time` prints.
HELPER = re.compile(r"(?:TIMEFORMAT='.*?'; )?(\w+)\(\) [{(](?s:.*)|\(?(?:printf|for) .*> (\w+)$"
                    r"|TIMEFORMAT='.*?'")
# These change or compile a program of the reader's, or define a helper that does.
CHANGES = re.compile(r"(.*[;&{] )?(page|yours|given|build|without|wrong) |.*edit\.py\b"
                     r"|(cp|sed -i|(sed|echo) .*>) .*\b\w+\.cc$")
STARTS = re.compile(r"(.*; )?((build|without) .*&& )?(start|\./serve|ncat -k -l) ")
STAYS = re.compile(r"(\./serve|ncat -k -l) ")


def changes(step: Typed) -> bool:
    """Whether a command changes or compiles a program of the reader's."""
    return step.place != "sentence" and bool(CHANGES.match(step.text))


@dataclass(frozen=True)
class PageBox:
    """A fence of a chapter, and all commands before it in the chapter."""

    steps: tuple[Typed, ...]
    before: tuple[Typed, ...]
    chapter: str = ""  # such as 08, if tools/machine/reader.py types it

    @property
    def line(self) -> int:
        return self.steps[0].line

    @property
    def commands(self) -> list[str]:
        return [step.text for step in self.steps]

    @property
    def text(self) -> str:
        """The key of the box."""
        return "\n".join(self.commands)

    @property
    def goes_on(self) -> bool:
        """Whether the box needs a server or client that was started before."""
        return not STARTS.match(self.commands[0]) and not all(map(ALONE.match, self.commands))

    def beginnings(self) -> Iterator[tuple[Typed, ...]]:
        """The beginnings to try, the shortest first. They are the way to the directory with the
        reader's programs and helpers, all commands since a server was started, all since the
        reader came to this directory, and all."""
        texts = [step.text for step in self.before]
        came = max((n for n, text in enumerate(texts) if GOES.match(text)), default=0)
        started = max((n for n, text in enumerate(texts) if STARTS.match(text)), default=0)
        tried = [self._way(came, len(texts)),
                 *([self._way(came, started) + self.before[started:]] if started > came else []),
                 self.before[came:], self.before]
        if self.goes_on:
            tried = tried[1:]
        yield from {tuple(step.line for step in steps): steps for steps in tried}.values()

    def _way(self, came: int, end: int) -> tuple[Typed, ...]:
        """The command that goes to the directory; one that makes the reader's programs as they are
        at this place; and the helpers so far."""
        way = [replace(step, text=goes[0]) for step in self.before[came:came + 1]
               if (goes := GOES.match(step.text))]
        if self.chapter and (changed := sum(map(changes, self.before[:end]))):
            last = next(step for step in self.before[:end][::-1] if changes(step))
            way.append(replace(last, text=f"catch_up {self.chapter} {changed}"))
        return (*way, *self._helpers(end))

    def _helpers(self, end: int) -> list[Typed]:
        """The definitions before this place whose names occur in what is typed after it."""
        found: list[Typed] = []
        typed_after = [step.text for step in (*self.before[end:], *self.steps)]
        last_first = self.before[:end][::-1]
        for step in sorted(last_first, key=lambda step: step.text.startswith("TIMEFORMAT")):
            if not (helper := HELPER.match(step.text)):
                continue
            names = [name for name in helper.groups() if name]
            if helper[0].startswith("TIMEFORMAT"):
                names.append("time")
            if any(re.search(rf"\b({'|'.join(names)})\b", text) for text in typed_after):
                found.insert(0, replace(step, text=helper[0]))
                typed_after.append(step.text)
        return found


def boxes(chapter: Path) -> list[PageBox]:
    """The boxes of a chapter, in order."""
    found: list[PageBox] = []
    before: list[Typed] = []
    number = chapter.name[:2] if re.match(r"0|1[0-5]", chapter.name) else ""
    fences = groupby((step for step in typed(chapter) if not isinstance(step, Box)), _fence_of)
    for place, group in fences:
        steps = tuple(group)
        if place[0] not in ("sentence", "edit"):
            found.append(PageBox(steps, tuple(before), number))
        before += steps
    return found


def _fence_of(step: Typed) -> tuple[str, int]:
    """A key that all commands of a fence have in common, and no others."""
    return step.place, step.fence


def pages() -> list[Path]:
    """The pages with boxes to type."""
    return [*chapters(), ROOT / "book" / "try.md"]


def presses(steps: tuple[Typed, ...]) -> Iterator[tuple[Typed, dict[str, Any]]]:
    """The terminal for each command, which is the second while a server occupies the first."""
    serving = False
    for step in steps:
        if step.text == "^C":
            if serving:
                yield step, {"terminal": 0, "text": "^C"}
            serving = False
        elif STAYS.match(step.text) and step.place == "sentence":
            continue  # it was built already
        elif STAYS.match(step.text):
            until = TOLD if step.text.startswith("./serve") else "^"
            yield step, {"terminal": 0, "text": step.text, "until": until}
            serving = True
        else:
            yield step, {"terminal": int(serving), "text": step.text}


def lacking(step: Typed) -> str:
    """Why the command can't be typed there, if we know that without trying."""
    return next((reason for pattern, reason in NOT_THERE.items()
                 if re.match(pattern, step.text)), "")


def not_there(box: PageBox) -> str:
    """Why the box can't be typed there, if we know that without trying."""
    started = [step for step in box.before if STARTS.match(step.text)]
    for step in (*(started[-1:] if box.goes_on else ()), *box.steps):
        if reason := lacking(step):
            return reason
        if step.place == "console" and not step.told:
            return "a run of another machine"
    return ""


def button(box: PageBox, before: tuple[Typed, ...]) -> dict[str, Any]:
    """The commands that a box's button types, and those to type before."""
    pressed = list(presses(before + box.steps))
    return {"first": [press for step, press in pressed
                      if step not in box.steps and not lacking(step)],
            "presses": [press for step, press in pressed if step in box.steps]}


# What goes wrong: a server with a bug, and the commands to type at it

# The reader may be in any directory, and may have started a server there.
FIRST = [{"terminal": 0, "text": "cd $ROOT"}, {"terminal": 1, "text": "cd $ROOT; stop"}]


def bug_commands(box: Box) -> list[str]:
    """The commands in a box, which are its key in the page."""
    return [*filter(None, [box.server]), *box.commands]


def made_first(box: Box) -> list[str]:
    """The command that makes the files to serve."""
    return [command for command in box.commands if command.startswith("mkdir")]


def bug_button(box: Box) -> dict[str, Any]:
    """The commands for a bug's box. The server runs in the first terminal, once its files exist."""
    before = made_first(box)
    after = [command for command in box.commands if command not in before]
    return {"first": FIRST, "presses": [
        *({"terminal": 1, "text": command} for command in before),
        {"terminal": 0, "text": box.server, "until": LISTENS if "2>" in box.server else TOLD},
        *({"terminal": 1, "text": command} for command in after)]}


def with_a_bug() -> dict[str, list[Box]]:
    """The boxes with a `--bug`, by page."""
    found: dict[str, list[Box]] = {}
    for chapter in chapters():
        for box in typed(chapter):
            if isinstance(box, Box) and any(" --bug " in each for each in bug_commands(box)):
                found.setdefault(chapter.stem, []).append(box)
    return found


# Data for the page

Known = dict[str, list[dict[str, Any]]]


def known_boxes() -> Known:
    """By page and in order, the commands of each box's button, or why it has no button."""
    exceptions = json.loads(EXCEPTIONS.read_text())["boxes"]

    def known(page: str, box: PageBox) -> dict[str, Any]:
        outcome = not_there(box) or exceptions.get(page, {}).get(box.text, 0)
        return {"commands": box.commands, **({"why": outcome} if isinstance(outcome, str)
                                             else button(box, [*box.beginnings()][outcome]))}

    return {page.stem: [known(page.stem, box) for box in boxes(page)] for page in pages()}


def known_bugs() -> Known:
    """Like known_boxes(), for the *What goes wrong* boxes."""
    exceptions = json.loads(EXCEPTIONS.read_text())["bugs"]

    def known(page: str, box: Box) -> dict[str, Any]:
        commands = bug_commands(box)
        why = exceptions.get(page, {}).get("\n".join(commands))
        return {"commands": commands, **({"why": why} if why else bug_button(box))}

    return {page: [known(page, box) for box in found] for page, found in with_a_bug().items()}


if __name__ == "__main__":
    print(json.dumps({"boxes": known_boxes(), "bugs": known_bugs()}))
