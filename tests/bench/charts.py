"""Draws measurements as SVG, on a light ground for dark pages, with shapes and labels that repeat
the colours' meaning."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import mean, median
from typing import Any
from xml.sax.saxutils import escape

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK / "tools"))

from measured import number  # noqa: E402

TOKENS = {name: token["light"] for name, token in json.loads(
    (BOOK / ".vitepress" / "theme" / "colours.json").read_text()).items()}
PAPER, INK, PALE = (TOKENS[name] for name in ("sheet", "ink", "quiet"))
# Okabe's and Ito's colours, which look different to every eye.
COLOURS = tuple(TOKENS[f"line-{which}"] for which in (1, 2))
# The markers around a point, a disc and a square, as paths of SVG.
MARKERS = ("m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "m-4.5 -4.5h9v9h-9z")
FONT = "system-ui, sans-serif"
WIDTH, HEIGHT = 720, 430
LEFT, TOP, BOTTOM, MARGIN = 90, 56, 366, 14  # the chart's place in its picture
TICKS_MAX = 8
GRID = {"stroke": PALE, "stroke_opacity": 0.35, "stroke_width": 0.8, "fill": "none"}
AXIS = {"stroke": INK, "fill": "none"}


def described(chart: Mapping[str, Any]) -> str:
    """The description, with each round."""
    each = [f"{label}: mean {number(mean(values))}, median {number(median(values))}, all "
            f"rounds {', '.join(map(number, sorted(values)))}."
            for label, values in chart["rounds"].items()]
    return " ".join([chart["description"], f"In {chart['y']}:", *each])


@dataclass(frozen=True)
class Scale:
    """An axis, with a value's position in the picture's units, and its ticks."""

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    def ticks(self) -> list[float]:
        """At most TICKS_MAX or so round numbers."""
        steps = (digit * 10.0 ** power for power in range(-3, 9) for digit in (1, 2, 5))
        step = next(step for step in steps if (self.high - self.low) / step <= TICKS_MAX)
        return [which * step for which in range(ceil(self.low / step), int(self.high / step) + 1)]


def tag(name: str, content: str = "", **attributes: Any) -> str:
    """An element of SVG; `fill_opacity` is written fill-opacity."""
    words = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f"<{name}{words}>{content}</{name}>" if content else f"<{name}{words}/>"


def written(x: float, y: float, words: str, **attributes: Any) -> str:
    return tag("text", escape(words), x=round(x, 1), y=round(y, 1), **attributes)


def lines(points: Iterable[tuple[float, float, str]]) -> str:
    """A path of many short lines, each from a point: `h-5` goes five to the left."""
    return " ".join(f"M{x:g} {y:g}{rest}" for x, y, rest in points)


def picture(width: int, height: int, title: str, description: str, parts: Iterable[str]) -> str:
    """An SVG on its own paper, with a description for readers who cannot see it."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}" font-size="14" role="img" '
        'aria-labelledby="t d">',
        "<!-- Drawn by ./measure. -->",
        tag("title", escape(title), id="t"), tag("desc", escape(description), id="d"),
        tag("rect", width=width, height=height, rx=8, fill=PAPER), *parts, "</svg>\n"])


def draw(chart: Mapping[str, Any]) -> str:
    """A chart of the JSON as an SVG."""
    title = chart["title"]
    return picture(WIDTH, HEIGHT, title, described(chart), [
        written(14, 28, title, fill=INK, font_size=16, font_weight="bold"),
        *draw_rounds(chart["rounds"], chart["y"])])


def axis_left(y: Scale, begin: float, end: float) -> list[str]:
    """The line, its ticks and their numbers, and lines through the chart."""
    ticks = [(y.at(value), f"{value:,.10g}") for value in y.ticks()]
    return [tag("path", d=lines((begin, at, f"H{end}") for at, _ in ticks), **GRID),
            tag("path", d=lines([(begin, y.begin, f"V{y.end}"),
                                 *((begin, at, "h-7") for at, _ in ticks)]), **AXIS),
            tag("g", "".join(written(begin - 11, at + 5, word) for at, word in ticks), fill=INK,
                text_anchor="end")]


def title_of_y(words: str) -> str:
    middle = (TOP + BOTTOM) // 2
    return written(22, middle, words, fill=INK, text_anchor="middle",
                   transform=f"rotate(-90 22 {middle})")


def misleading_range(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis on which the highest bar is ten times as high as the lowest."""
    low, high = min(values), max(values)
    if low == high:
        return 0.0, high * 1.1
    return low - (high - low) / 9, high + (high - low) / 9


def draw_rounds(rounds: Mapping[str, Sequence[float]], title: str) -> list[str]:
    """Shows the same rounds twice: as means, on a flattering axis; and each round, on an axis that
    begins at 0."""
    top, width = TOP + 24, (WIDTH - MARGIN - LEFT) / 2 - 30
    highest = max(max(values) for values in rounds.values())
    cut = Scale(*misleading_range([mean(values) for values in rounds.values()]), BOTTOM, top)
    whole = Scale(0, 1.05 * highest, BOTTOM, top)
    parts = [title_of_y(title)]
    for heading, y, draw_column, begin in (
            ("means, on a cut axis", cut, draw_bar, LEFT),
            ("every round and the median, from 0", whole, draw_dots, LEFT + width + 60)):
        parts += [written(begin + width / 2, TOP + 6, heading, fill=INK, text_anchor="middle"),
                  *axis_left(y, begin, begin + width),
                  tag("path", d=f"M{begin:g} {BOTTOM}h{width:g}", **AXIS)]
        column = width / len(rounds)
        for which, (label, values) in enumerate(rounds.items()):
            middle = begin + column * (which + 0.5)
            parts += [written(middle, BOTTOM + 23, label, fill=INK, text_anchor="middle"),
                      *draw_column(values, y, middle, column, COLOURS[which], MARKERS[which])]
    return parts


def draw_bar(values: Sequence[float], y: Scale, middle: float, column: float, colour: str,
             _: str) -> list[str]:
    """Draws a bar up to the mean."""
    top = y.at(mean(values))
    return [tag("rect", x=round(middle - column * 0.3, 1), y=top, width=round(column * 0.6, 1),
                height=round(BOTTOM - top, 1), fill=colour)]


def draw_dots(values: Sequence[float], y: Scale, middle: float, column: float, colour: str,
              marker: str) -> list[str]:
    """Draws the values side by side, and a line at the median."""
    beside = column * 0.6 / len(values)
    marks = [(round(middle + beside * (which - (len(values) - 1) / 2), 1), y.at(value), marker)
             for which, value in enumerate(values)]
    line = f"M{middle - column * 0.4:g} {y.at(median(values)):g}h{column * 0.8:g}"
    return [tag("path", d=lines(marks), fill="none", stroke=colour, stroke_width=1.6),
            tag("path", d=line, stroke=INK, stroke_width=1.5)]
