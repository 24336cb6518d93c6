#!/usr/bin/python3
"""Makes a reader's change to a file: edit.py FILE < listing

The listing has lines with signs, as in a chapter. The file's lines may have other comments at the
end, lack comments that have lines of their own, and have another number of blanks. `// …` between
two lines means that the second is elsewhere in the file, and `-// …` takes out whatever is between
them. New includes that have no line next to them go to their place in the alphabet.
"""

import re
import sys
from pathlib import Path

ELSEWHERE = " // …"
ALL_BETWEEN = "// …"
COMMENT = re.compile(r" *//(?! …)")
GROUPS = [r'#include <[\w/]+\.h>', r"#include <\w+>", r'#include "']


def same(line: str, other: str) -> bool:
    """Whether two lines are the same, but for a comment at the end and the number of blanks."""
    return line == other or code(line) == code(other)


def code(line: str) -> str:
    return re.sub(r"(?<=\S) +", " ", re.sub(r"(?<=[^\s/]) *//.*", "", line).rstrip())


def ends_of(lines: list[str], old: list[str], begin: int) -> list[int]:
    """Where the old lines end if they begin here: one place, or none."""
    at = begin
    for n, line in enumerate(old):
        if line == ALL_BETWEEN:
            while at < len(lines) and not same(lines[at], old[n + 1]):
                at += 1
        elif at < len(lines) and same(lines[at], line):
            at += 1
        else:
            return []
    return [at]


def included(lines: list[str], new: list[str]) -> list[str]:
    """The lines with more includes, in the groups of the system, of C++ and of the project."""
    for include in new:
        group = next(pattern for pattern in GROUPS if re.match(pattern, include))
        last = [n for n, line in enumerate(lines) if re.match(group, line)]
        if include in lines:
            continue
        if not last:  # a group of its own, after all others
            end = max(n for n, line in enumerate(lines) if line.startswith("#include")) + 1
            lines[end:end] = ["", include]
            continue
        place = next((n for n in last if lines[n] > include), last[-1] + 1)
        lines.insert(place, include)
    return lines


def edited(text: str, listing: str) -> str:
    """The text after the change. Raises ValueError if a piece has no place, or several."""
    lines = text.splitlines()
    for piece in listing.rstrip("\n").split(f"\n{ELSEWHERE}\n"):
        signed = piece.split("\n")
        old = [line[1:] for line in signed if not line.startswith("+")]
        new = [line[1:] for line in signed if not line.startswith("-")]
        if not old and all(line.startswith("#include") for line in new):
            lines = included(lines, new)
            continue
        places = [(n, end) for n in range(len(lines)) for end in ends_of(lines, old, n)]
        if not places and (bare := [line for line in old if not COMMENT.match(line)]):
            places = [(n, end) for n in range(len(lines)) for end in ends_of(lines, bare, n)]
        if len(places) != 1:
            raise ValueError(f"{len(places)} places have these lines, and one should:\n"
                             + "\n".join(old))
        lines[places[0][0]:places[0][1]] = new
    return "\n".join(lines) + "\n"


def main() -> int:
    file = Path(sys.argv[1])
    try:
        file.write_text(edited(file.read_text(), sys.stdin.read()))
    except ValueError as wrong:
        print(wrong)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
