"""Patterns that make a text read as translated, as far as a program can see them. Each has what to
write instead, and what is allowed says why."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from project import ROOT

sys.path.insert(0, str(ROOT / "book" / "tools"))

import form  # noqa: E402

MEASURED = re.compile(r"<!-- numbers:.*?<!-- /numbers -->", re.DOTALL)
PROGRAMS = (r"(?:clients?|servers?|peers?|connections?|programs?|threads?|workers?|process(?:es)?|"
            r"kernels?|loops?|coroutines?|operations?|requests?)")


@dataclass(frozen=True)
class Pattern:
    """What to look for, and what to write instead."""

    found: re.Pattern[str]
    instead: str


PATTERNS = (
    # Not after a comma: ", whoever ended it" is English for "no matter who".
    Pattern(re.compile(r"(?<!, )\bwho(?:m)?ever\b", re.I),
            "name it: the client, an attacker that, if you"),
    Pattern(re.compile(rf"\b{PROGRAMS},? who\b", re.I), "a program is a thing: that, which"),
    # A question may begin so.
    Pattern(re.compile(r"(?:^|[.!?:;] +|\| |\*\*)Who\b[^?.!|\n]*[.!|]", re.MULTILINE),
            "a clause is no subject: name it"),
    Pattern(re.compile(r"\bsaid (?:its|his|her|their) last\b", re.I), "has finished sending"),
    # A server may stand still, a sign stand for something, a check between this and that.
    Pattern(re.compile(r"\bst(?:ands?|ood)\b(?! (?:still|for|alone|out|by|between)\b)", re.I),
            "is, or another verb"),
    # Of time and order it is "after". A reader may fall behind, and years be behind you; a server
    # may be behind a proxy, an implementation behind an interface. With hyphens it is a name.
    Pattern(re.compile(r"(?<!-)(?<!fall )(?<!falls )(?<!fell )(?<!fallen )(?<!left )(?<!leave )"
                       r"\bbehind\b(?!-)(?! you\b| an? (?:proxy|firewall|pair|interface)\b)", re.I),
            "after"),
    Pattern(re.compile(r"\bmostly\b", re.I), "usually, most of"),
)


def complaints(text: str) -> Iterator[tuple[int, str, str]]:
    """The line, what is there, and what to write instead. Code is not read, nor is what was
    measured: its words are those of the day on which it was."""
    text = MEASURED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    text = form.without_code(text)
    for pattern in PATTERNS:
        for found in pattern.found.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield line, found[0].strip(), pattern.instead
