"""Shows the numbers of ./measure, book/numbers/NAME.json, as a table for the book and the terminal.

A chapter may show a part of a table, the rows and columns that make its point:

    <!-- numbers: m9_3 rows="part5-epoll*" columns="messages a second; p99" -->
    <!-- /numbers -->

A pattern of their labels chooses the rows, and the beginnings of their heads the columns.
`columns="server CPU=time, timed at night"` gives a column a different head, for example if columns
were measured in different ways. `columns="server CPU:ratio"` shows the spread of the rounds' ratios
to the base in place of the number, because the ratios may agree even if the numbers don't.
"""

import fnmatch
import json
import math
import shlex
from collections.abc import Mapping
from typing import Any

from blocks import ROOT, Wrong

NUMBERS = ROOT / "book" / "numbers"
STEADY = 0.01  # up to this spread, we print a third digit


def load(name: str) -> dict[str, Any]:
    """The content of the file of that name."""
    file = NUMBERS / f"{name}.json"
    try:
        return json.loads(file.read_text())
    except FileNotFoundError:
        raise Wrong(f"there are no such numbers yet: ./measure {name}") from None
    except ValueError as error:
        raise Wrong(f"{file.name} is no JSON: {error}") from None


def number(value: float, digits: int = 2) -> str:
    """The number with this many significant digits, and commas between thousands."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.{max(places, 0)}f}"


def cell(found: Mapping[str, Any]) -> str:
    """A number, or the reason there is none."""
    if "text" in found:
        return found["text"]
    if "all" in found:
        return " / ".join(cell(each) for each in found["all"])
    if "exact" in found:
        value = found["exact"]
        return f"{value:,.0f}" if value == round(value) else number(value, 3)
    return ("≥ " if found.get("at_least") else "") + in_rounds(found) + ratio(found)


def in_rounds(found: Mapping[str, Any]) -> str:
    """The median of several rounds if they agree, otherwise the ends of their middle half."""
    if not found["decided"]:
        return f"{number(found['low'])} to {number(found['high'])}"
    spread = found["spread"]
    if found["low"] == found["high"] == 0:
        return "0"
    if spread is None:
        return f"{number(found['median'])} ±?"  # too few rounds to know
    return f"{number(found['median'], 3 if spread <= STEADY else 2)} ±{spread / 2:.1%}"


def ratio(found: Mapping[str, Any]) -> str:
    """The ratio to the base's number, taken within each round. It's the median if the rounds agree,
    otherwise the lowest and the highest, and "" if there is no base."""
    if "ratio" not in found:
        return ""
    to_base = found["ratio"]
    return f" [{to_base['median']:.2f}]" if to_base["decided"] else f" [{all_rounds(to_base)}]"


def all_rounds(to_base: Mapping[str, Any]) -> str:
    """The lowest and the highest of the rounds' ratios."""
    return f"{to_base['low']:.2f} to {to_base['high']:.2f}"


def decided(found: Mapping[str, Any]) -> bool:
    """Whether the rounds of a cell agree well enough for a median."""
    return all(map(decided, found.get("all", ()))) and found.get("decided", True)


def counted(found: Mapping[str, Any]) -> bool:
    """Whether a cell is the same in each round, or a total of all."""
    return all(map(counted, found["all"])) if "all" in found else "exact" in found


def rows(found: Mapping[str, Any]) -> list[list[str]]:
    """The table's cells, the head first."""
    return [list(found["head"]),
            *([row["label"], *(cell(one) for one in row["cells"])] for row in found["rows"])]


def label(name: str) -> str:
    """The name in the book, such as M6.1 for m6_1."""
    return name.upper().replace("_", ".") if name[:1] == "m" and name[1:2].isdigit() else name


def caption(found: Mapping[str, Any]) -> str:
    """The caption, which says where the numbers come from."""
    here, name = found["machine"], found["name"]
    command = f"./measure {name}" + (" --quick" if found["effort"] != "full" else "")
    what = f"*{label(name)} — `{command}`, {here['date']}, {here['processor']}, " \
           f"{here['cores']} cores, {here['kernel']}"
    if found.get("part"):
        what = what.replace("*", "*from ", 1)
    cells = [cell_ for row in found["rows"] for cell_ in row["cells"]]
    if found["counted"] or all(map(counted, cells)):
        return what + "; counted*"
    numbers = [cell_ for cell_ in cells if not counted(cell_)]
    if numbers and all("text" in cell_ for cell_ in numbers) and any(map(is_range, numbers)):
        return what + f"; lowest and highest of {found['rounds']} rounds*"
    if not any("±" in cell(cell_) for cell_ in cells):
        return what + f"; {found['rounds']} rounds*"  # each column's head says which number
    what += f"; median of {found['rounds']} rounds; about half of the rounds lie within the ±"
    return what + ("*" if all(map(decided, cells)) else " or the range*")


def block(arguments: str) -> str:
    """The text between the marks of a table, or of a part of one."""
    name, *options = shlex.split(arguments)
    found = load(name)
    if not options:
        return markdown(found)
    chosen = dict(option.partition("=")[::2] for option in options)
    if unknown := set(chosen) - {"rows", "columns"}:
        raise Wrong(f"{', '.join(sorted(unknown))}: only rows and columns can be chosen")
    return markdown(part(found, chosen.get("rows", "*"), chosen.get("columns", "")))


def part(found: Mapping[str, Any], pattern: str, columns: str) -> dict[str, Any]:
    """The rows whose labels fit, and the columns whose heads begin with these words, by default all
    of them."""
    fitting = [row for row in found["rows"] if fnmatch.fnmatchcase(row["label"], pattern)]
    if not fitting:
        raise Wrong(f"no row of {found['name']} fits '{pattern}'")
    head, cells = [found["head"][0]], [[{"text": row["label"]}] for row in fitting]
    for words in (columns or "; ".join(found["head"][1:])).split("; "):
        chosen, _, said = words.partition("=")
        begins, _, what = chosen.partition(":")
        which = column(found, begins)
        name = found["head"][which]
        name = name.replace(", µs [ratio", ", ratio").rstrip("]") if what else name
        head.append(said or name)
        for row, into in zip(fitting, cells, strict=True):
            cell_ = row["cells"][which - 1]
            into.append(all_ratios(cell_) if what else cell_)
    return {**found, "head": head, "notes": [], "part": True,
            "rows": [{"label": first["text"], "cells": rest} for first, *rest in cells]}


def column(found: Mapping[str, Any], begins: str) -> int:
    """The index of the column whose head begins with this."""
    fitting = [which for which, head in enumerate(found["head"])
               if which > 0 and head.startswith(begins)]
    if len(fitting) != 1:
        raise Wrong(f"{len(fitting)} columns of {found['name']} begin with '{begins}'")
    return fitting[0]


def all_ratios(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """A cell with the lowest and the highest ratio of the rounds."""
    if "ratio" not in found:
        return {"text": found.get("text", "–")}
    return {"text": all_rounds(found["ratio"]), "range": True}


def is_range(found: Mapping[str, Any]) -> bool:
    """Whether a cell is made of all_ratios()."""
    return "range" in found


def markdown(found: Mapping[str, Any]) -> str:
    """The table for the book."""
    head, *body = ([text.replace("|", r"\|") for text in row] for row in rows(found))
    lines = [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *body)]
    return "\n".join([caption(found), "", *lines, "",
                      *(f"{note}\n" for note in found["notes"])])


def plain(found: Mapping[str, Any]) -> str:
    """The table for a terminal."""
    lines = [[text.replace("`", "") for text in row] for row in rows(found)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    title = f"{label(found['name'])}: {found['title']}"
    return "\n".join([title, *("  ".join(text.ljust(width) for text, width in zip(line, widths))
                               .rstrip() for line in lines), *found["notes"]]) + "\n"
