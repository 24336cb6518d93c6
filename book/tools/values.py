"""Numbers in sentences, held to what was measured. The mark says which number of which file it is:

    A message costs <!-- value: m7_1 "1,000" part5 -->24<!-- /value --> µs with epoll, and
    <!-- about: m7_1 "1,000" part4 / "1,000" part5 -->eight<!-- /about --> times as much without.

The text of a `value` is written by fill.py. The text of an `about` is the author's, in figures or
in words, and must lie within a tenth of the number. A mark names a row and a column by how their
names begin, and if need be which number of the cell: `low` and `high`, `ratio`, `ratio-low` and
`ratio-high`, or `2` for the second of `p50 / p99`. Two of them with a `/` between are a quotient.

A median that is inconclusive cannot be told; `low` and `high` can, and a ratio's sign.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any

import measured
from blocks import Wrong

ABOUT = 0.1  # of what is said
PLAIN = dict(zip(
    ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
     "fifteen sixteen seventeen eighteen nineteen").split(), range(20), strict=True))
TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(),
                range(20, 100, 10), strict=True))
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
         "ninth": 9, "tenth": 10, "twelfth": 12, "twentieth": 20, "hundredth": 100}


def text(arguments: str) -> str:
    """The number as the book writes it."""
    terms = _terms(arguments)
    if len(terms) == 2:
        return measured.number(_figure(terms[0]) / _figure(terms[1]))
    found, which = terms[0]
    if "text" in found:
        return found["text"]
    if which.startswith("ratio"):
        return f"{_figure(terms[0]):.2f}"
    if which in ("low", "high"):
        return measured.number(found[which])
    _figure(terms[0])  # complains of what is not decided
    return measured.cell(found).partition(" ±")[0].removeprefix("≥ ").partition(" [")[0]


def far_off(arguments: str, said: str) -> str | None:
    """What is wrong with an author's words, or None."""
    terms = [_figure(term) for term in _terms(arguments)]
    measured_now = terms[0] / terms[1] if len(terms) == 2 else terms[0]
    told = figure(said)
    if abs(measured_now - told) <= ABOUT * abs(told):
        return None
    return f"says '{said}', measured is {measured.number(measured_now, 3)}"


def figure(said: str) -> float:
    """What is meant by "seventy", "two thirds", "a hundred" or "1,200"."""
    figures = said.replace(",", "").removesuffix(" %").removesuffix("%")
    if re.fullmatch(r"\d+(\.\d+)?", figures):
        return float(figures) / (100 if said.endswith("%") else 1)
    value, number = 0.0, 0.0
    for word in said.lower().replace("-", " ").split():
        if word in ("a", "an", "of"):
            continue
        if word == "and":
            value, number = value + number, 0
        elif word in ("once", "twice"):
            number += 1 + (word == "twice")
        elif word in PLAIN or word in TENS:
            number += PLAIN.get(word, 0) + TENS.get(word, 0)
        elif word in SCALES:
            value, number = value + max(number, 1) * SCALES[word], 0
        elif (part := PARTS.get(word) or PARTS.get(word.removesuffix("s"))) is not None:
            value, number = value + max(number, 1) / part, 0
        else:
            raise Wrong(f"'{said}' is no number: '{word}'")
    return value + number


def _terms(arguments: str) -> list[tuple[Mapping[str, Any], str]]:
    """A cell and which number of it; or two."""
    name, *words = shlex.split(arguments)
    found = measured.load(name)
    at = words.index("/") if "/" in words else len(words)
    return [_cell(found, each) for each in (words[:at], words[at + 1:]) if each]


def _cell(found: Mapping[str, Any], words: list[str]) -> tuple[Mapping[str, Any], str]:
    if len(words) not in (2, 3):
        raise Wrong(f"'{' '.join(words)}': a row, a column, and perhaps which number of the cell")
    rows = [row for row in found["rows"] if row["label"] == words[0]] or \
        [row for row in found["rows"] if row["label"].startswith(words[0])]
    if len(rows) != 1:
        raise Wrong(f"{len(rows)} rows of {found['name']} begin with '{words[0]}'")
    cell = rows[0]["cells"][measured.column(found, words[1]) - 1]
    which = words[2] if len(words) == 3 else "median"
    if which.isdigit():
        if not 1 <= int(which) <= len(cell.get("all", [])):
            raise Wrong(f"there is no number {which} in that cell")
        cell, which = cell["all"][int(which) - 1], "median"
    return cell, which


def _figure(term: tuple[Mapping[str, Any], str]) -> float:
    cell, which = term
    if "exact" in cell and which == "median":
        return cell["exact"]
    if which.startswith("ratio"):
        if "ratio" not in cell:
            raise Wrong("there is no ratio in that cell")
        cell, which = cell["ratio"], which.removeprefix("ratio").removeprefix("-") or "median"
    if which not in cell:
        raise Wrong(f"there is no {which} in that cell")
    if which == "median" and not cell["decided"]:
        raise Wrong("is inconclusive, and so not to be told as a number")
    return cell[which]
