"""The code on the pages of book/diffs: the changes from one stage to the next.

    <!-- changes: 4-5 -->             the files and the counts; `all`: a table of all pairs
    <!-- diff: 4-5 poller Poller::wait confirmed 0a1b2c3d -->       a unit: see code_units.py

fill.py fills in the first. The second is only a mark in the file, because the site, and diffs.py
show, put the difference below the mark.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import tables
import code_units
from blocks import ROOT, Wrong
from code_units import Change, Unit

PAIRS = ("1-2", "2-3", "3-4", "4-5")
MAP = "5-6"
BUILD = "CMakeLists.txt"
IN_ORDER = (*PAIRS, MAP)
# Lines of a new or gone unit. We show only the head of a longer one.
NEW_LINES_MAX = 25
GONE_LINES_MAX = 15
ARGUMENTS = re.compile(r"(?P<pair>\d-\d) (?P<component>\S+) (?P<name>.+?)"
                       r"(?: confirmed (?P<hash>[0-9a-f]{8}))?")
MARK = re.compile(r"^<!-- diff: (?P<arguments>.+?) -->$", re.MULTILINE)
LISTED = re.compile(r"^<!-- listing: (\S+) (.+?) -->$", re.MULTILINE)


def stages(pair: str) -> tuple[Path, Path]:
    """The directories of a pair such as 4-5."""
    found = {path.name[4]: path for path in ROOT.glob("part[0-9]-*")}
    try:
        old, new = (found[number] for number in pair.split("-"))
    except (KeyError, ValueError):
        raise Wrong(f"there is no pair of stages '{pair}'") from None
    return old, new


@cache
def changes(pair: str) -> dict[tuple[str, str], Change]:
    """All units that a page must explain, by component and name, in the page's order."""
    return {(change.unit.component, change.unit.name): change
            for change in code_units.changes(*stages(pair))}


def diff_text(arguments: str) -> str:
    """A unit's place, and its changes."""
    found = ARGUMENTS.fullmatch(arguments)
    change = changes(found["pair"]).get((found["component"], found["name"])) if found else None
    if not found or not change:
        raise Wrong("nothing by that name has changed: remove it, with its sentence")
    links = " · ".join(_links(found["pair"], change))
    return "\n".join(["", links, "", "```diff", *_lines(change), "```", ""])


def with_differences(text: str) -> str:
    """A page, with the difference below each mark."""
    return MARK.sub(lambda mark: f"{mark[0]}\n{diff_text(mark['arguments'])}".rstrip(), text)


def _links(pair: str, change: Change) -> Iterator[str]:
    for stage, unit in zip(stages(pair), (change.old, change.new)):
        if unit:
            yield f"[{stage.name}/{unit.file}](../../{stage.name}/{unit.file})"
    if not change.old or not change.new:
        yield "gone" if change.old else "new"
    if change.new and (chapter := _chapter(stages(pair)[1], change.new)):
        yield f"[chapter {int(chapter[:2])}](../{chapter})"


def _chapter(stage: Path, unit: Unit) -> str | None:
    """The first chapter that lists the unit."""
    return next((chapter for chapter, file, names in _listings()
                 if file == f"{stage.name}/{unit.file}" and unit.name in names), None)


@cache
def _listings() -> list[tuple[str, str, list[str]]]:
    return [(path.name, file, names.split())
            for path in sorted((ROOT / "book").glob("[0-9][0-9]-*.md"))
            for file, names in LISTED.findall(path.read_text())]


def _lines(change: Change) -> list[str]:
    if change.old and change.new:
        return code_units.diff(change.old, change.new)
    sign, lines_max = ("-", GONE_LINES_MAX) if change.old else ("+", NEW_LINES_MAX)
    return [f"{sign}{line}".rstrip() for line in head(change.unit.lines, lines_max)]


def head(lines: tuple[str, ...], lines_max: int) -> tuple[str, ...]:
    """All of a short unit, or the beginning of a long one, up to the brace, and its end."""
    if len(lines) <= lines_max:
        return lines
    opening = next((i for i, line in enumerate(lines) if line.endswith("{")), 0)
    return (*lines[:opening + 1], "  // …", lines[-1])


def changes_text(arguments: str) -> str:
    """The files of a pair with their numbers of changed lines. `all` gives a line for each pair,
    and a map links to the other pages."""
    if arguments == "all":
        return _table_of_pairs()
    if arguments == MAP:
        return f"\n{_ways(MAP)}\n\n"
    old, new = stages(arguments)
    lists: dict[str, list[str]] = {"`=` the same bytes": [], "`~` changed": [],
                                   "`+` new": [], "`-` gone": []}
    same, changed, fresh, gone = lists.values()
    for file, (added, removed) in counts(arguments).items():
        if not (old / file).exists():
            fresh.append(f"`{file}` +{added}")
        elif not (new / file).exists():
            gone.append(f"`{file}` −{removed}")
        elif added or removed:
            changed.append(f"`{file}` +{added} −{removed}")
        else:
            same.append(f"`{file}`")
    those = [f"- {what}: {', '.join(files)}" for what, files in lists.items() if files]
    added, removed = total(arguments)
    return "\n".join(["", _ways(arguments), "", *those, "",
                      f"In these files, `diff -ruN {old.name} {new.name}` adds {added} lines and "
                      f"removes {removed}. `book/tools/diffs.py show {arguments}` prints each "
                      "change below its sentence.", "", ""])


def _ways(here: str) -> str:
    """Links to the other pages, in a line."""
    return " · ".join(f"**{pair.replace('-', ' → ')}**" if pair == here
                      else f"[{pair.replace('-', ' → ')}]({pair}.md)" for pair in IN_ORDER)


def counts(pair: str) -> dict[str, tuple[int, int]]:
    """The lines added and removed in each file of the two servers, and in CMakeLists.txt."""
    old, new = stages(pair)
    sources = {*code_units.sources(old), *code_units.sources(new)}
    files = sorted(sources, key=code_units.reading_order)
    files += [BUILD] if (new / BUILD).is_file() else []
    return {file: code_units.count(old, new, file) for file in files}


def total(pair: str) -> tuple[int, int]:
    """The lines added and removed in all files together."""
    added, removed = zip(*counts(pair).values())
    return sum(added), sum(removed)


def _table_of_pairs() -> str:
    """A row for each pair, with the numbers of changed lines and units."""
    rows = [["stages", "lines added", "removed", "functions and types"]]
    for pair in IN_ORDER:
        link = f"[{' to '.join(stage.name for stage in stages(pair))}]({pair}.md)"
        if pair == MAP:
            rows.append([link, "a map", "–", "–"])
        else:
            rows.append([link, *map(str, total(pair)), str(len(changes(pair)))])
    return "\n" + tables.markdown(rows[0], rows[1:]) + "\n"
