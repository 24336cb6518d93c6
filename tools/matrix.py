#!/usr/bin/python3
"""Keeps the table of stages and capabilities true, which a run of the black-box tests writes.

matrix.py fill FILE      makes FILE the new tests/matrix.md
matrix.py compare FILE   ends with 1 if the run that wrote FILE found another table
"""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "tests" / "matrix.md"
UNSETTLED = re.compile(r"\| (?:not run|FAIL) \|")


def rows(text: str) -> list[str]:
    """The lines of the table."""
    return [line for line in text.splitlines() if line.startswith("|")]


def fill(new: Path) -> int:
    """Takes over a new table."""
    if UNSETTLED.search(new.read_text()):
        print(f"{new} is of a run in which tests failed or were skipped", file=sys.stderr)
        return 1
    shutil.copyfile(new, KEPT)
    return 0


def compare(new: Path) -> int:
    """Whether the table still says what a run found. A row with tests that failed, or that were
    not run here, proves nothing.
    """
    kept = rows(KEPT.read_text()) if KEPT.is_file() else []
    found = rows(new.read_text())
    lines = [row.split("|")[1] for row in found]
    stale = [row for row in found if row not in kept and not UNSETTLED.search(row)]
    stale += [f"(no more) {row}" for row in kept if row.split("|")[1] not in lines]
    if not stale:
        return 0
    print("tests/matrix.md does not say this:", *stale, sep="\n", file=sys.stderr)
    print(f"If that is right now: tools/matrix.py fill {new}", file=sys.stderr)
    return 1


def main(arguments: list[str]) -> int:
    """Does what the arguments say."""
    match arguments:
        case ["fill", file]:
            return fill(Path(file))
        case ["compare", file]:
            return compare(Path(file))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
