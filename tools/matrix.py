#!/usr/bin/python3
"""Keeps the table of stages and capabilities true, which a run of the black-box tests writes.

matrix.py fill FILE      makes FILE the new tests/matrix.md
matrix.py compare FILE   ends with 1 if the run that wrote FILE found another table
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "tests" / "matrix.md"
UNSETTLED = ("not run", "FAIL")


def cells(text: str) -> dict[tuple[str, str], str]:
    """What the table says of each capability, whose meaning comes with it, and stage."""
    head, _, *rows = ([cell.strip() for cell in line.strip("|\n").split("|")]
                      for line in text.splitlines() if line.startswith("|"))
    return {(row[0], stage): cell for row in rows for stage, cell in zip(head[1:], row[1:])}


def fill(new: Path) -> int:
    """Takes over a new table."""
    if set(UNSETTLED) & set(cells(new.read_text()).values()):
        print(f"{new} is of a run in which tests failed or were skipped", file=sys.stderr)
        return 1
    shutil.copyfile(new, KEPT)
    return 0


def compare(new: Path) -> int:
    """Whether the table still says what a run found, perhaps of some stages only. Tests that
    failed, or that were not run here, prove nothing.
    """
    kept, found = cells(KEPT.read_text()), cells(new.read_text())
    stages = {stage for _, stage in found}
    stale = [f"{what}, {stage}: {cell}" for (what, stage), cell in found.items()
             if cell not in UNSETTLED and kept.get((what, stage)) != cell]
    stale += [f"{what}, {stage}: no more" for what, stage in kept.keys() - found.keys()
              if stage in stages]
    if not stale:
        return 0
    print("tests/matrix.md does not say this:", *stale, sep="\n", file=sys.stderr)
    print("If that is right now: ./check, then tools/matrix.py fill build/matrix.md",
          file=sys.stderr)
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
