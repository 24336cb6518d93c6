"""The units of a stage: its functions, types and constants by name, each with the comment above it.

Two stages are compared unit by unit. A unit that only moved, or was only re-wrapped, hasn't
changed.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import listings

INCLUDED = re.compile(r'^#include "([\w.]+)"', re.MULTILINE)
KINDS = {"function", "prototype", "class", "struct", "union", "enum", "variable", "typedef",
         "alias", "macro"}
TYPES = {"class", "struct", "union", "enum"}
BETWEEN = re.compile(r"//|#include|#pragma once|using\b|(?:class|struct) \w+;$"
                     r"|(?:inline )?namespace\b.*\{$|\}  // namespace")
READING_ORDER = ("main", "server", "connection", "poller", "workers")
THE_REST = "the rest"
CONTEXT_LINES = 3
SIMILAR_MIN = 0.2


@dataclass(frozen=True)
class Unit:
    """One unit. Overloads are one unit, as are a function and its declaration in the header."""

    file: str
    name: str
    kind: str
    lines: tuple[str, ...]

    @property
    def component(self) -> str:
        """The common name of a header and its source."""
        return Path(self.file).stem

    @property
    def shown(self) -> str:
        """The name in a heading."""
        return f"{self.kind} {self.name}" if self.kind in TYPES else self.name

    def with_more(self, other: Unit) -> Unit:
        """This unit and the other as one unit."""
        kind = other.kind if self.kind == "prototype" else self.kind
        return Unit(other.file, self.name, kind, (*self.lines, "", *other.lines))


@dataclass(frozen=True)
class Change:
    """A unit that has changed, is new (no `old`) or gone (no `new`)."""

    old: Unit | None
    new: Unit | None

    @property
    def unit(self) -> Unit:
        """The new unit if there is one, otherwise the old."""
        unit = self.new or self.old
        assert unit is not None
        return unit

    @property
    def hash(self) -> str:
        """A hash of both texts, the same for any wrapping."""
        both = "\0".join(folded(unit.lines) if unit else "" for unit in (self.old, self.new))
        return hashlib.sha256(both.encode()).hexdigest()[:8]


def folded(lines: Iterable[str]) -> str:
    """The text without white space and comment marks, which a re-wrapping may change."""
    return re.sub(r"\s", "", "".join(re.sub(r"^\s*///?(?!<)", "", line) for line in lines))


def sources(stage: Path) -> dict[str, Path]:
    """The files of a stage's server by name: main.cc, its includes, theirs, and so on."""
    found: dict[str, Path] = {}
    queue = ["main.cc"]
    for name in queue:
        path = stage / name
        if name in found or not path.is_file():
            continue
        found[name] = path
        queue += INCLUDED.findall(path.read_text())
        queue += [f"{path.stem}.cc"] if path.suffix == ".h" else []
    return {name: found[name] for name in sorted(found, key=reading_order)}


def reading_order(file: str) -> tuple[int, str, bool]:
    """A file's place in READING_ORDER, a header before its source."""
    component = Path(file).stem
    place = READING_ORDER.index(component) if component in READING_ORDER else len(READING_ORDER)
    return place, component, file.endswith(".cc")


def units(stage: Path) -> dict[tuple[str, str], Unit]:
    """The units of a stage by component and name, in the order of reading."""
    found: dict[tuple[str, str], Unit] = {}
    for path in sources(stage).values():
        for unit in split(path):
            key = unit.component, unit.name
            found[key] = found[key].with_more(unit) if key in found else unit
    return found


def split(path: Path) -> list[Unit]:
    """The units of one file. Includes, namespaces and separate comments belong to no unit."""
    lines = path.read_text().splitlines()
    found = []
    at = next((i for i, line in enumerate(lines) if not line.startswith("//")), 0)
    rest: list[str] = []
    for tag in sorted(listings.tags(path), key=lambda tag: int(str(tag["line"]))):
        begin, end = int(str(tag["line"])) - 1, int(str(tag.get("end", tag["line"])))
        if tag["kind"] not in KINDS or begin < at:  # begin < at: inside the one before
            continue
        begin = listings.first_line(lines, begin)
        while begin > at and lines[begin - 1].lstrip().startswith("//"):
            begin -= 1
        rest += lines[at:begin]
        found.append(Unit(path.name, qualified(tag), str(tag["kind"]), tuple(lines[begin:end])))
        at = end
    rest = [line for line in rest + lines[at:] if line and not BETWEEN.match(line)]
    return found + ([Unit(path.name, THE_REST, THE_REST, tuple(rest))] if rest else [])


def qualified(tag: dict[str, object]) -> str:
    """The name within the stage, without the namespaces around all of it."""
    scopes = [scope for scope in str(tag.get("scope", "")).split("::")
              if scope and scope != "stage" and not scope.startswith("__anon")]
    return "::".join([*scopes, str(tag["name"])])


def changes(old_stage: Path, new_stage: Path) -> list[Change]:
    """The differing units of two stages, in the order of the new one, and then the units that are
    gone."""
    old, new = units(old_stage), units(new_stage)
    partners = {key: key if key in old else _moved(key, old, new) for key in new}
    found = [Change(old.get(partners[key] or key), unit) for key, unit in new.items()]
    found += [Change(unit, None) for key, unit in old.items() if key not in partners.values()]
    return [change for change in found if change.old is None or change.new is None
            or folded(change.old.lines) != folded(change.new.lines)]


def _moved(key: tuple[str, str], old: dict[tuple[str, str], Unit],
           new: dict[tuple[str, str], Unit]) -> tuple[str, str] | None:
    """The old key of a unit that moved to a different file or into a class: `serve` may become
    `Server::serve`."""
    component, name = key
    last = name.rpartition("::")[2]
    gone = [other for other in old if other not in new and old[other].kind == new[key].kind]
    by_name = [other for other in gone if other[1] == name]
    by_last = [other for other in gone
               if other[0] == component and other[1].rpartition("::")[2] == last
               and "" in (other[1].rpartition("::")[0], name.rpartition("::")[0])]
    rivals = [other for other in new if other not in old and other[0] == component
              and other[1].rpartition("::")[2] == last]
    those = by_name or (by_last if len(rivals) == 1 else [])
    return those[0] if len(those) == 1 else None


def diff(old: Unit, new: Unit) -> list[str]:
    """The lines of a unified diff, with `// …` for the equal lines between two hunks. If little is
    equal, all of the old unit and then all of the new one."""
    matcher = difflib.SequenceMatcher(None, old.lines, new.lines, autojunk=False)
    if matcher.ratio() < SIMILAR_MIN:
        return _replaced(list(old.lines), list(new.lines))
    shown: list[str] = []
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        first = old.lines[group[0][1]]
        if group[0][1] > 0:
            shown.append(" " + first[:len(first) - len(first.lstrip())] + "// …")
        for what, i, i_end, j, j_end in group:
            if what == "equal":
                shown += [f" {line}" for line in old.lines[i:i_end]]
            else:
                shown += [f"-{line}" for line in old.lines[i:i_end]]
                shown += [f"+{line}" for line in new.lines[j:j_end]]
    if group[-1][2] < len(old.lines):
        shown.append(" // …")
    return [line.rstrip() for line in shown]


def _replaced(old: list[str], new: list[str]) -> list[str]:
    """All old lines and then all new ones, except for a common beginning and end."""
    begin: list[str] = []
    end: list[str] = []
    while old and new and old[0] == new[0]:
        begin.append(" " + old.pop(0))
        del new[0]
    while old and new and old[-1] == new[-1]:
        end.insert(0, " " + old.pop())
        del new[-1]
    both = [*begin, *(f"-{line}" for line in old), *(f"+{line}" for line in new), *end]
    return [line.rstrip() for line in both]


def count(old_stage: Path, new_stage: Path, file: str) -> tuple[int, int]:
    """The numbers of lines of a file that `diff -N` marks as added and as removed."""
    paths = [stage / file if (stage / file).is_file() else Path("/dev/null")
             for stage in (old_stage, new_stage)]
    run = subprocess.run(["diff", "-u", *paths], capture_output=True, text=True)
    lines = run.stdout.splitlines()[2:]
    return sum(line[0] == "+" for line in lines), sum(line[0] == "-" for line in lines)
