"""Numbers in sentences, checked against the measurements. The mark names the file and the number:

    A message costs <!-- value: m7_1 "1,000" part5 -->24<!-- /value --> µs with epoll.

fill.py writes the text. A mark has the beginnings of a row's and a column's name, and if need be a
number of the cell, `ratio-low` or `ratio-high`. A `/` between two of them makes a quotient. An
inconclusive median can't be quoted.
"""

import shlex
from collections.abc import Mapping
from typing import Any

import measured
from blocks import Wrong


def text(arguments: str) -> str:
    """The number as the book writes it."""
    name, *words = shlex.split(arguments)
    found = measured.load(name)
    if "/" in words:
        at = words.index("/")
        return measured.number(_figure(found, words[:at]) / _figure(found, words[at + 1:]))
    cell, which = _cell(found, words)
    if "text" in cell:
        return cell["text"]
    figure = _figure(found, words)  # complains of inconclusive numbers
    if which != "median":
        return f"{figure:.2f}"
    return measured.cell(cell).partition(" ±")[0].removeprefix("≥ ").partition(" [")[0]


def _cell(found: Mapping[str, Any], words: list[str]) -> tuple[Mapping[str, Any], str]:
    """A cell, and the name of a number in it."""
    if len(words) not in (2, 3):
        raise Wrong(f"'{' '.join(words)}': a row, a column, and perhaps which number of the cell")
    rows = [row for row in found["rows"] if row["label"] == words[0]] or \
        [row for row in found["rows"] if row["label"].startswith(words[0])]
    if len(rows) != 1:
        raise Wrong(f"{len(rows)} rows of {found['name']} begin with '{words[0]}'")
    cell = rows[0]["cells"][measured.column(found, words[1]) - 1]
    return cell, words[2] if len(words) == 3 else "median"


def _figure(found: Mapping[str, Any], words: list[str]) -> float:
    cell, which = _cell(found, words)
    if which != "median":
        ratio = cell.get("ratio", {})
        if which.removeprefix("ratio-") not in ratio:
            raise Wrong(f"there is no {which} in that cell")
        return ratio[which.removeprefix("ratio-")]
    if "exact" in cell:
        return cell["exact"]
    if "median" not in cell:
        raise Wrong("there is no single number in that cell")
    if not cell["decided"]:
        raise Wrong("is inconclusive, and so not to be told as a number")
    return cell["median"]
