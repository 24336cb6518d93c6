"""The map of book/diffs/5-6.md: the fate of each function of part 5 in part 6, which no difference
would show.

Its tables have three columns: functions of part 5, their successors in part 6, and why. A name in
code font in the first column is a function of part 5, and in the second a symbol of part 6 or of
common, or a word of the language or the kernel. Plain text means that there is nothing.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import listings
import code_units
from blocks import ROOT

ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
HEAD = re.compile(r"^\|.+\|\n\|[ |-]+\|$", re.MULTILINE)
NAME = re.compile(r"`([^`]+)`")
NO_SYMBOL = re.compile(r"co_(?:await|return|yield)|io_uring_\w+|IO(?:RING|SQE)_\w+|[a-z_]+\(\d\)")
FUNCTIONS = {"function", "prototype"}


def complaints(old: Path, new: Path, text: str) -> Iterator[str]:
    """The functions that the map lacks, and names in it that do not exist."""
    wanted, known = functions(old), symbols(new) | symbols(ROOT / "common")
    mentioned: list[str] = []
    for left, right, _ in rows(text):
        mentioned += NAME.findall(left)
        yield from (f"{left}: there is no `{name}` in {new.name}" for name in NAME.findall(right)
                    if name not in known and not NO_SYMBOL.fullmatch(name))
    yield from (f"`{name}` of {old.name} is missing" for name in sorted(wanted - {*mentioned}))
    yield from (f"there is no function `{name}` in {old.name}"
                for name in sorted({*mentioned} - wanted))
    yield from (f"`{name}` is there twice" for name in sorted({*mentioned})
                if mentioned.count(name) > 1)


def rows(text: str) -> list[tuple[str, str, str]]:
    """The rows of all tables with three columns, without their heads."""
    return [(row[1], row[2], row[3]) for row in ROW.finditer(HEAD.sub("", text))]


@cache
def functions(stage: Path) -> set[str]:
    """The names of all functions of a stage's server. Overloads count as one."""
    return {code_units.qualified(tag) for path in code_units.sources(stage).values()
            if path.stem != "main" for tag in listings.tags(path)
            if tag["kind"] in FUNCTIONS and not re.match(r"operator|__anon", str(tag["name"]))}


@cache
def symbols(directory: Path) -> set[str]:
    """All names of everything that the sources below a directory declare."""
    found: set[str] = set()
    paths = [path for path in directory.rglob("*")
             if path.suffix in {".h", ".cc"} and "steps" not in path.parts]
    for tags in listings.tags_of(paths).values():
        for tag in tags:
            scopes = str(tag.get("scope", "")).split("::")
            names = [*(scope for scope in scopes if scope), str(tag["name"])]
            found |= {"::".join(names[i:]) for i in range(len(names))}
    return found
