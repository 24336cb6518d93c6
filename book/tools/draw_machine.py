#!/usr/bin/python3
"""Draws book/fig/machine.svg from the table that finger/steps/machine runs by.

    draw_machine.py           writes the picture

Where a state and an arrow have their place is said here; which there are, what is on them, and what
is written into the boxes comes from table.h. A row that has no place is an error.
"""

import json
import re
from dataclasses import dataclass

from blocks import ROOT

TABLE = ROOT / "finger" / "steps" / "machine" / "table.h"
PICTURE = ROOT / "book" / "fig" / "machine.svg"
ROW = re.compile(r"\{State::(\w+), Event::(\w+), State::(\w+), Action::(\w+)\},")
# What may happen in most states and is written into the box: an arrow for each would hide the rest.
ASIDE = ("more", "failed", "gone", "overdue")
TOKENS = json.loads((ROOT / "book/.vitepress/theme/colours.json").read_text())
SHEET, INK, QUIET, FILL = (TOKENS[name]["light"] for name in ("sheet", "ink", "quiet", "blue-tint"))
WIDTH, HEIGHT = 818, 480
BOX_WIDTH, BOX_HEIGHT = 136, 70
BOXES = {
    "read_query": (20, 70), "open_home": (234, 70), "open_plan": (448, 70), "read_plan": (662, 70),
    "write_error": (20, 250), "write_response": (448, 250), "linger": (234, 390),
}


@dataclass(frozen=True)
class Row:
    """One of the table."""

    state: str
    event: str
    next: str
    action: str


@dataclass(frozen=True)
class Arrow:
    """Its line, and where its label is; `anchor` as in SVG."""

    path: str
    x: int
    y: int
    anchor: str = "start"


ARROWS = {
    ("closed", "read_query"): Arrow("M44 28 L44 68", 54, 38),
    ("read_query", "open_home"): Arrow("M156 105 L232 105", 194, 84, "middle"),
    ("read_query", "write_response"): Arrow("M146 140 L446 262", 264, 206, "end"),
    ("read_query", "write_error"): Arrow("M60 140 L60 248", 70, 192),
    ("open_home", "open_plan"): Arrow("M370 105 L446 105", 408, 84, "middle"),
    ("open_home", "write_response"): Arrow("M324 140 L460 248", 358, 190, "end"),
    ("open_plan", "read_plan"): Arrow("M584 105 L660 105", 622, 84, "middle"),
    ("open_plan", "write_response"): Arrow("M516 140 L516 248", 508, 172, "end"),
    ("read_plan", "write_response"): Arrow("M677 140 L564 248", 640, 160, "end"),
    ("write_response", "read_plan"): Arrow("M584 285 Q676 270 716 142", 700, 226),
    ("read_plan", "linger"): Arrow("M783 140 L783 425 L372 425", 774, 400, "end"),
    ("write_response", "linger"): Arrow("M484 320 L364 388", 434, 362),
    ("write_error", "linger"): Arrow("M100 320 L256 388", 160, 374, "end"),
    ("linger", "closed"): Arrow("M234 425 L104 425", 226, 446, "end"),
}


def rows() -> list[Row]:
    """Of the table, in its order."""
    return [Row(*found.groups()) for found in ROW.finditer(TABLE.read_text())]


def words(name: str) -> str:
    """An action's name as it is read."""
    return name.replace("_", " ")


def aside(state: str, table: list[Row]) -> list[str]:
    """What is written into a state's box, a line for each place that it leads to."""
    found: dict[str, list[str]] = {}
    for row in table:
        if row.state == state and row.event in ASIDE:
            where = "again" if row.next == state else row.next
            found.setdefault(where, []).append(row.event)
    return [f"{', '.join(events)}: {where}" for where, events in found.items()]


def labels(table: list[Row]) -> dict[tuple[str, str], list[str]]:
    """What is written at the arrow from one state to another: the events, and the action."""
    events: dict[tuple[str, str, str], list[str]] = {}
    for row in table:
        if row.event not in ASIDE:
            events.setdefault((row.state, row.next, row.action), []).append(row.event)
    found: dict[tuple[str, str], list[str]] = {}
    for (state, following, action), names in events.items():
        assert (state, following) not in found, f"two actions from {state} to {following}"
        found[state, following] = [f"{', '.join(names)}", f"/ {words(action)}"]
    return found


def text(x: int, y: int, what: str, more: str = "") -> str:
    """A line of text."""
    return f'<text x="{x}" y="{y}"{more}>{what}</text>'


def drawn() -> str:
    """The picture."""
    table = rows()
    written = labels(table)
    assert written.keys() == ARROWS.keys(), written.keys() ^ ARROWS.keys()
    assert {row.state for row in table} == BOXES.keys() | {"closed"}
    boxes = "".join(f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="12"/>'
                    for x, y in BOXES.values())
    names = "".join(text(x + BOX_WIDTH // 2, y + 20, name) for name, (x, y) in BOXES.items())
    inside = "".join(text(x + BOX_WIDTH // 2, y + 36 + 14 * line, what)
                     for name, (x, y) in BOXES.items()
                     for line, what in enumerate(aside(name, table)))
    lines = "".join(f'<path d="{arrow.path}"/>' for arrow in ARROWS.values())
    said = "".join(text(arrow.x, arrow.y + (0 if line == 0 else 15), what,
                        "" if arrow.anchor == "start" else f' text-anchor="{arrow.anchor}"')
                   for pair, arrow in ARROWS.items() for line, what in enumerate(written[pair]))
    told = " ".join(f"From {state} to {following} on {what[0]}: {what[1].removeprefix('/ ')}."
                    for (state, following), what in written.items())
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" \
height="{HEIGHT}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" \
font-size="12">
  <title id="t">The state machine of a finger exchange</title>
  <desc id="d">{told} Boxes say what leads back to the same state, to linger or to closed.</desc>
  <rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{SHEET}"/>
  <g stroke="{INK}" stroke-width="1.2" fill="{FILL}">{boxes}</g>
  <circle cx="44" cy="20" r="8" fill="{INK}"/>\
<circle cx="90" cy="425" r="11" fill="none" stroke="{INK}" stroke-width="1.5"/>\
<circle cx="90" cy="425" r="6" fill="{INK}"/>
  <g stroke="{QUIET}" fill="none" stroke-width="1.5" marker-end="url(#a)">{lines}</g>
  <g fill="{INK}" text-anchor="middle" font-size="14" font-weight="bold">{names}</g>
  <g fill="{QUIET}" text-anchor="middle" font-size="11">{inside}</g>
  <g fill="{INK}">{said}{text(90, 456, "closed", ' text-anchor="middle"')}</g>
  <defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" \
orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{QUIET}"/></marker></defs>
</svg>
"""


if __name__ == "__main__":
    PICTURE.write_text(drawn())
