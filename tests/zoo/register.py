"""The table in book/bugs/README.md: each hazard, where its broken form is, what catches it."""

import re
from dataclasses import dataclass

from bug import BUGS, ID, Bug, problem_of_test
from patch_file import ROOT, ZooError

TABLE = BUGS / "README.md"

# Hazards that must have their place: C is what all stages share, P4 is part 4, FG is finger.
HAZARDS = (
    "C-05 C-06 C-07 C-08 C-13 C-14 C-19 C-21 P1-07 P3-08 P3-09 P3-10 P4-03 P4-04 P4-07 P4-08 P4-20 "
    "P4-21 P4-22 P5-05 P5-06 P5-09 P5-15 P5-16 P5-19 P5-21 P5-22 P5-23 P5-24 P5-25 P5-26 P5-32 "
    "P5-33 P5-34 P5-35 P5-36 P6-06 P6-10 P6-11 P6-12 P6-13 P6-17 P6-18 P6-23 P6-30 P6-31 "
    "FG-03 FG-04 FG-05 FG-06 FG-08 FG-09 FG-11 FG-12 FG-13 FG-16 FG-17 FG-19 FG-25"
).split()

COLUMNS = 5
LINK = re.compile(r"\[[^\]]*\]\(([^)]+)\)")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One line of the table: which hazards, their patches, other files, tests, chapters."""

    line: int
    ids: tuple[str, ...]
    patches: frozenset[str]
    files: tuple[str, ...]
    tests: frozenset[str]
    chapters: tuple[str, ...]


def rows() -> list[Row]:
    """The lines of the table. ZooError: one is not as the others."""
    if not TABLE.is_file():
        raise ZooError(f"{TABLE.relative_to(ROOT)} is missing")
    found = []
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or not ID.match(cells[0]):
            continue
        if len(cells) != COLUMNS:
            raise ZooError(f"README.md:{number}: {len(cells)} cells, not {COLUMNS}")
        links = LINK.findall(cells[2])
        patches = frozenset(link[: -len(".patch")] for link in links if link.endswith(".patch"))
        files = tuple(link for link in links if not link.endswith(".patch"))
        tests = frozenset(CODE.findall(cells[3]))
        found.append(Row(number, tuple(ID.findall(cells[0])), patches, files, tests,
                         tuple(CODE.findall(cells[4]))))
    return found


def complaints(bugs: list[Bug]) -> list[str]:
    """What the table says that is not so, and what it leaves out."""
    table = rows()
    found = [complaint for row in table for complaint in complaints_about(row, bugs)]
    listed = [id_ for row in table for id_ in row.ids if id_ != "none"]
    found += [f"{TABLE.name}: {id_} is missing" for id_ in HAZARDS if id_ not in listed]
    found += [f"{TABLE.name}: {id_} stands in {listed.count(id_)} lines"
              for id_ in sorted(set(listed)) if listed.count(id_) > 1]
    in_table = {patch for row in table for patch in row.patches}
    found += [f"{TABLE.name}: the patch {bug.name} is missing"
              for bug in bugs if bug.name not in in_table]
    return found


def complaints_about(row: Row, bugs: list[Bug]) -> list[str]:
    """The same for one line."""
    place = f"{TABLE.name}:{row.line}"
    found = [f"{place}: there is no {file}" for file in row.files if not (BUGS / file).is_file()]
    if not row.patches and not row.files:
        found.append(f"{place}: says of nothing where it stands")
    if not row.tests:
        found.append(f"{place}: names no test")
    found += [f"{place}: {problem}" for test in sorted(row.tests)
              if (problem := problem_of_test(test))]
    by_name = {bug.name: bug for bug in bugs}
    for name in sorted(row.patches):
        bug = by_name.get(name)
        if bug is None:
            found.append(f"{place}: there is no patch {name}")
            continue
        if bug.ids != row.ids:
            found.append(f"{place}: {name} is about {', '.join(bug.ids)}")
        if bug.test not in row.tests:
            found.append(f"{place}: {name} is caught by {bug.test}")
        if bug.chapter.removeprefix("book/") not in row.chapters:
            found.append(f"{place}: {name} belongs to {bug.chapter}")
    return found
