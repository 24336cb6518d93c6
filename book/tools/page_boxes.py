"""The boxes that a reader of the site can have typed into the machine in the page, and what has to
be typed there before."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from typed import Box, Typed, typed

# What these do depends on nothing but the directory.
ALONE = re.compile(r"(\./\d\d-[\w-]+|start|steps|cd|\./serve)\b(?!.*\$pid)")
GOES = re.compile(r"(steps|cd) \S+")
STARTS = re.compile(r"(start|\./serve|ncat -k -l) ")
STAYS = re.compile(r"(\./serve|ncat -k -l) ")


@dataclass(frozen=True)
class PageBox:
    """A fence of a chapter, and all that the chapter has typed before it."""

    steps: tuple[Typed, ...]
    before: tuple[Typed, ...]

    @property
    def line(self) -> int:
        return self.steps[0].line

    @property
    def commands(self) -> list[str]:
        return [step.text for step in self.steps]

    def beginnings(self) -> Iterator[tuple[Typed, ...]]:
        """What to type first, the shortest that may do first: the way there; all since a server was
        started; all since the reader came to this directory; all."""
        texts = [step.text for step in self.before]
        came = max((n for n, text in enumerate(texts) if GOES.fullmatch(text)), default=0)
        started = max((n for n, text in enumerate(texts) if STARTS.match(text)), default=0)
        way = self.before[came:came + 1] if texts and GOES.fullmatch(texts[came]) else ()
        tried = [way, *([way + self.before[started:]] if started > came else []),
                 self.before[came:], self.before]
        if not STARTS.match(self.commands[0]) and not all(map(ALONE.match, self.commands)):
            tried = tried[1:]
        yield from {tuple(step.line for step in steps): steps for steps in tried}.values()


def boxes(chapter: Path) -> list[PageBox]:
    """Those of a chapter, in order."""
    found, before = [], []
    fences = groupby((step for step in typed(chapter) if not isinstance(step, Box)), _fence_of)
    for place, group in fences:
        steps = tuple(group)
        if place[0] != "sentence":
            found.append(PageBox(steps, tuple(before)))
        before += steps
    return found


def _fence_of(step: Typed) -> tuple[str, int]:
    """The same for all commands of a fence, and for no others."""
    return step.place, step.fence
