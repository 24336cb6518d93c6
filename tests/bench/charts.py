"""Draws what was measured, as SVG: on paper of its own, so that a dark page does no harm, and with
shapes and labels that say what the colours say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path
from statistics import mean, median
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK / "tools"))

from measured import number  # noqa: E402

TOKENS = {name: token["light"] for name, token in json.loads(
    (BOOK / ".vitepress" / "theme" / "colours.json").read_text()).items()}
PAPER, INK, PALE = (TOKENS[name] for name in ("sheet", "ink", "quiet"))
# Okabe's and Ito's colours, which look different to every eye; but for yellow, too pale on paper.
COLOURS = (*(TOKENS[f"line-{which}"] for which in range(1, 5)), INK, TOKENS["line-6"])
# As an SVG's path draws them around a point: disc, square, diamond, triangles, cross.
MARKERS = ("m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "m-4.5 -4.5h9v9h-9z", "m0 -6l6 6l-6 6l-6 -6z",
           "m0 -5.5l5.5 10h-11z", "m0 5.5l5.5 -10h-11z",
           "m-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4z")
FLOOR_MARKER = ("m-4.5 -2.5l2 -2l2.5 2.5l2.5 -2.5l2 2l-2.5 2.5"
                "l2.5 2.5l-2 2l-2.5 -2.5l-2.5 2.5l-2 -2l2.5 -2.5z")
FONT = "system-ui, sans-serif"
WIDTH, HEIGHT = 720, 430
LEFT, TOP, BOTTOM, MARGIN = 90, 56, 366, 14  # where the chart lies in its picture
NAME_WIDTH, LETTER_WIDTH, NAME_GAP = 22, 7.5, 25  # characters, of so much each; between names
LEADER_MAX = 60  # from the end of a curve to where the names begin
LINE_HEIGHT, COLUMN_WIDTH, STAGE_WIDTH = 17, 145, 165
TICKS_MIN, TICKS_MAX, ROOM = 3, 8, 0.05
GRID = {"stroke": PALE, "stroke_opacity": 0.35, "stroke_width": 0.8, "fill": "none"}
AXIS = {"stroke": INK, "fill": "none"}


def style_of(label: str, which: int) -> tuple[str, str]:
    """A colour and a marker. The floor looks like nobody."""
    if label == "floor":
        return PALE, FLOOR_MARKER
    return COLOURS[which % len(COLOURS)], MARKERS[which % len(MARKERS)]


def points(curve: Sequence[Any]) -> list[tuple[float, dict[str, Any]]]:
    """Those that are numbers; what is exact lies nowhere apart."""
    found = []
    for x, cell in curve:
        if "exact" in cell:
            value = cell["exact"]
            found.append((x, {"median": value, "low": value, "high": value, "decided": True}))
        elif "median" in cell:
            found.append((x, cell))
    return found


def described(chart: Mapping[str, Any]) -> str:
    """The description, with the ends of each curve, or each round."""
    if "rounds" in chart:
        each = [f"{label}: mean {number(mean(values))}, median {number(median(values))}, all "
                f"rounds {', '.join(map(number, sorted(values)))}."
                for label, values in chart["rounds"].items()]
        return " ".join([chart["description"], f"In {chart['y']}:", *each])
    ends = []
    for label, curve in chart["curves"].items():
        if found := points(curve):
            (x, first), (last_x, last) = found[0], found[-1]
            ends.append(f"{label}: {number(first['median'])} at {x:,g}, "
                        f"{number(last['median'])} at {last_x:,g}.")
    return " ".join([chart["description"], f"In {chart['y']}:", *ends])


@dataclass(frozen=True)
class Scale:
    """An axis: where a value lies on it, in the picture's units, and where its ticks are."""

    low: float
    high: float
    begin: float
    end: float
    logarithmic: bool = False

    @classmethod
    def around(cls, values: Sequence[float], begin: float, end: float, logarithmic: bool) -> Scale:
        """All values are on it, with some room at both ends."""
        low, high = min(values), max(values)
        if low == high:
            high = low * 2 or 1
        if logarithmic:
            room = (high / low) ** ROOM
            return cls(low / room, high * room, begin, end, True)
        room = (high - low) * ROOM
        return cls(low - room, high + room, begin, end)

    def at(self, value: float) -> float:
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = log10(low), log10(high), log10(value)
        return round(self.begin + (value - low) / (high - low) * (self.end - self.begin), 1)

    def ticks(self) -> list[float]:
        """Those with a number: as few as do, all of them round numbers."""
        if not self.logarithmic:
            return self._multiples()
        found = []
        for digits in ((1,), (1, 2, 5), range(1, 10)):
            found = self._powers(digits)
            if len(found) >= TICKS_MIN:
                break
        return found

    def small_ticks(self) -> list[float]:
        """Those without: they show that the axis is logarithmic."""
        return self._powers(range(1, 10)) if self.logarithmic else []

    def _multiples(self) -> list[float]:
        steps = (digit * 10.0 ** power for power in range(-3, 9) for digit in (1, 2, 5))
        step = next(step for step in steps if (self.high - self.low) / step <= TICKS_MAX)
        return [which * step for which in range(ceil(self.low / step), int(self.high / step) + 1)]

    def _powers(self, digits: Iterable[int]) -> list[float]:
        powers = range(floor(log10(self.low)), ceil(log10(self.high)))
        found = [digit * 10.0 ** power for power in powers for digit in digits]
        return [value for value in found if self.low <= value <= self.high]


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
    """An SVG on its own paper, for those too who cannot see it."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}" font-size="14" role="img" '
        'aria-labelledby="t d">',
        tag("title", escape(title), id="t"), tag("desc", escape(description), id="d"),
        tag("rect", width=width, height=height, rx=8, fill=PAPER), *parts, "</svg>\n"])


def draw(chart: Mapping[str, Any]) -> str:
    """A chart of the JSON as an SVG."""
    title = chart["title"]
    return picture(WIDTH, HEIGHT, title, described(chart), [
        written(14, 28, title, fill=INK, font_size=16, font_weight="bold"),
        *(draw_curves(chart) if "curves" in chart else draw_rounds(chart["rounds"], chart["y"]))])


def draw_curves(chart: Mapping[str, Any]) -> list[str]:
    """All of them, each with its name at its end."""
    curves = {label: found for label, curve in chart["curves"].items() if (found := points(curve))}
    cells = [cell for found in curves.values() for _, cell in found]
    beside = 60 + LETTER_WIDTH * min(max(map(len, curves)), NAME_WIDTH) if len(curves) > 1 else 0
    x = Scale.around([at for found in curves.values() for at, _ in found], LEFT,
                     WIDTH - MARGIN - beside, chart["log_x"])
    lows, highs = [cell["low"] for cell in cells], [cell["high"] for cell in cells]
    y = (Scale.around([*lows, *highs], BOTTOM, TOP, True) if chart["log_y"] else
         Scale(0, 1.08 * max(highs) or 1, BOTTOM, TOP))  # no marker is cut
    parts = [*axis_below(x), *axis_left(y, x.begin, x.end),
             written((x.begin + x.end) / 2, HEIGHT - 16, chart["x"], fill=INK,
                     text_anchor="middle"), title_of_y(chart["y"])]
    looks = {label: style_of(label, which) for which, label in enumerate(chart["curves"])}
    parts += [draw_curve(label, found, x, y, *looks[label]) for label, found in curves.items()]
    if len(curves) > 1:
        ends = {label: (x.at(found[-1][0]), y.at(found[-1][1]["median"]))
                for label, found in curves.items()}
        parts += draw_names(ends, looks, x.end)
    return parts


def axis_below(x: Scale) -> list[str]:
    """The line, its ticks and their numbers, and lines through the chart."""
    ticks = [(x.at(value), f"{value:,.10g}") for value in x.ticks()]
    small = [(x.at(value), BOTTOM, "v4") for value in x.small_ticks()]
    return [tag("path", d=lines((at, BOTTOM, f"V{TOP}") for at, _ in ticks), **GRID),
            tag("path", d=lines([(x.begin, BOTTOM, f"H{x.end}"), *small,
                                 *((at, BOTTOM, "v7") for at, _ in ticks)]), **AXIS),
            tag("g", "".join(written(at, BOTTOM + 23, word) for at, word in ticks), fill=INK,
                text_anchor="middle")]


def axis_left(y: Scale, begin: float, end: float) -> list[str]:
    """The same for the other axis."""
    ticks = [(y.at(value), f"{value:,.10g}") for value in y.ticks()]
    small = [(begin, y.at(value), "h-4") for value in y.small_ticks()]
    return [tag("path", d=lines((begin, at, f"H{end}") for at, _ in ticks), **GRID),
            tag("path", d=lines([(begin, y.begin, f"V{y.end}"), *small,
                                 *((begin, at, "h-7") for at, _ in ticks)]), **AXIS),
            tag("g", "".join(written(begin - 11, at + 5, word) for at, word in ticks), fill=INK,
                text_anchor="end")]


def title_of_y(words: str) -> str:
    middle = (TOP + BOTTOM) // 2
    return written(22, middle, words, fill=INK, text_anchor="middle",
                   transform=f"rotate(-90 22 {middle})")


def draw_curve(label: str, found: Sequence[Any], x: Scale, y: Scale, colour: str,
               marker: str) -> str:
    """The medians, how far the middle half lies apart, and hollow marks where that is too far."""
    at = [(x.at(value), y.at(cell["median"]), cell["decided"]) for value, cell in found]
    bars = [(x.at(value), y.at(cell["low"]), y.at(cell["high"])) for value, cell in found]
    ends = "".join(f"M{x - 4:g} {low:g}h8m-4 0V{high:g}m-4 0h8" for x, low, high in bars
                   if low - high > 1)
    parts = [tag("path", d="M" + " ".join(f"{x:g} {y:g}" for x, y, _ in at), stroke_width=2.4,
                 **({"stroke_dasharray": "7 4"} if label == "floor" else {}))]
    if ends:
        parts.append(tag("path", d=ends, stroke_width=1.3))
    for decided in (True, False):
        if marks := lines((x, y, marker) for x, y, known in at if known == decided):
            parts.append(tag("path", d=marks, stroke_width=1.6, fill=colour if decided else PAPER))
    return tag("g", "".join(parts), stroke=colour, fill="none")


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """The same places, moved apart so that two neighbours are `gap` from each other."""
    order = sorted(range(len(wanted)), key=lambda which: wanted[which])
    placed = [wanted[which] for which in order]
    for _ in range(100):
        for i in range(1, len(placed)):
            if (lack := gap - (placed[i] - placed[i - 1])) > 0:
                placed[i - 1] -= lack / 2
                placed[i] += lack / 2
    return [place for _, place in sorted(zip(order, placed))]


def draw_names(ends: Mapping[str, tuple[float, float]], looks: Mapping[str, tuple[str, str]],
               right: float) -> list[str]:
    """The names of the curves, right of them, each level with its end or joined to it. A curve that
    ends long before the others is known by its colour: a line that far would look like data."""
    names = []
    heights = spread([y for _, y in ends.values()], NAME_GAP)
    for (label, (x, y)), height in zip(ends.items(), heights):
        colour, _ = looks[label]
        height, at, name, parts = round(height, 1), right + 17, label, []
        if right - x < LEADER_MAX:
            parts.append(tag("path", d=f"M{x + 8:g} {y:g}L{right + 12:g} {height:g}",
                             stroke=colour, stroke_dasharray="1.5 2.5"))
        if label.startswith("part"):
            stage, _, name = label.partition("-")
            parts.append(tag("circle", cx=at + 8, cy=height, r=10, fill=PAPER, stroke=colour,
                             stroke_width=2))
            parts.append(written(at + 8, height + 5, stage[-1], text_anchor="middle",
                                 font_weight="bold"))
            at += 25
        in_lines = wrap(name, NAME_WIDTH)
        for which, line in enumerate(in_lines):
            below = (which - (len(in_lines) - 1) / 2) * LINE_HEIGHT
            parts.append(written(at, height + 5 + below, line))
        names.append(tag("g", "".join(parts), fill=INK))
    return names


def misleading_range(values: Sequence[float]) -> tuple[float, float]:
    """Where an axis begins and ends on which the highest bar is ten times the lowest, whatever the
    values are."""
    low, high = min(values), max(values)
    if low == high:
        return 0.0, high * 1.1
    return low - (high - low) / 9, high + (high - low) / 9


def draw_rounds(rounds: Mapping[str, Sequence[float]], title: str) -> list[str]:
    """The same rounds twice: means, on an axis that begins where it suits; and all there is, on an
    axis that begins at nothing."""
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
                      *draw_column(values, y, middle, column, *style_of(label, which))]
    return parts


def draw_bar(values: Sequence[float], y: Scale, middle: float, column: float, colour: str,
             _: str) -> list[str]:
    """Up to the mean."""
    top = y.at(mean(values))
    return [tag("rect", x=round(middle - column * 0.3, 1), y=top, width=round(column * 0.6, 1),
                height=round(BOTTOM - top, 1), fill=colour)]


def draw_dots(values: Sequence[float], y: Scale, middle: float, column: float, colour: str,
              marker: str) -> list[str]:
    """One beside the other, and a line at the median."""
    beside = column * 0.6 / len(values)
    marks = [(round(middle + beside * (which - (len(values) - 1) / 2), 1), y.at(value), marker)
             for which, value in enumerate(values)]
    line = f"M{middle - column * 0.4:g} {y.at(median(values)):g}h{column * 0.8:g}"
    return [tag("path", d=lines(marks), fill="none", stroke=colour, stroke_width=1.6),
            tag("path", d=line, stroke=INK, stroke_width=1.5)]
