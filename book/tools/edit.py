#!/usr/bin/python3
"""Makes a reader's change to a file: edit.py FILE < listing

The listing has lines with signs, as in a chapter. `// …` between two lines means that the second is
elsewhere in the file.
"""

import sys
from pathlib import Path

ELSEWHERE = " // …"


def edited(text: str, listing: str) -> str:
    """The text after the change. Raises ValueError if a piece has no place, or several."""
    lines = text.splitlines()
    for piece in listing.rstrip("\n").split(f"\n{ELSEWHERE}\n"):
        signed = piece.split("\n")
        old = [line[1:] for line in signed if not line.startswith("+")]
        new = [line[1:] for line in signed if not line.startswith("-")]
        places = [n for n in range(len(lines)) if lines[n:n + len(old)] == old]
        if len(places) != 1:
            raise ValueError(f"{len(places)} places have these lines:\n" + "\n".join(old))
        lines[places[0]:places[0] + len(old)] = new
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
