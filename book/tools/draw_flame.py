#!/usr/bin/python3
"""Draws the flame graph of chapter 16, book/fig/flame.svg, from samples of a server:

    perf report -i after --stdio -g folded,0,caller,count -s comm | book/tools/draw_flame.py

Each function stands upon its caller, as wide as its share of the samples.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

BOOK = Path(__file__).resolve().parents[1]
COLOURS = {name: each["light"] for name, each in json.loads(
    (BOOK / ".vitepress" / "theme" / "colours.json").read_text()).items()}
WIDTH, ROW, MARGIN = 720, 18, 14
LABEL = 7  # a letter's width
NARROW = 2  # boxes that aren't drawn
LABEL_BELOW = 30  # a box with its name below
# Every call goes through these, and a stack without frame pointers begins with an address.
LEFT_OUT = re.compile(r"entry_SYSCALL\w*|do_syscall_64|__x64_sys_\w+|\[unknown]|0x\w+|0|\S+\.so\S*")
TINTS = {"epoll_ctl": "red-tint", "net_rx_action": "blue-tint"}


def tree(lines: Iterator[str]) -> dict[str, Any]:
    root: dict[str, Any] = {"n": 0, "children": {}}
    for line in lines:
        if not (found := re.match(r"(\d+) (.+)", line)):
            continue
        root["n"] += int(found[1])
        at = root
        for name in found[2].split(";"):
            if not LEFT_OUT.fullmatch(name):
                at = at["children"].setdefault(name, {"n": 0, "children": {}})
                at["n"] += int(found[1])
    return root


def depth(at: dict[str, Any], scale: float) -> int:
    return max((1 + depth(each, scale) for each in at["children"].values()
                if each["n"] * scale > NARROW), default=0)


def boxes(at: dict[str, Any], x: float, y: float, scale: float, tint: str,
          at_bottom: bool = False) -> Iterator[str]:
    for name, each in sorted(at["children"].items(), key=lambda pair: -pair[1]["n"]):
        width = each["n"] * scale
        if width <= NARROW:
            break
        here = TINTS.get(name, tint)
        yield (f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{ROW}" '
               f'fill="{COLOURS[here]}" stroke="{COLOURS["sheet"]}"/>')
        shown = re.sub(r"\(anonymous namespace\)::|\.isra\.\d+|\.part\.\d+", "", name)
        below = 0 if width > LABEL * len(shown) else ROW  # only under the lowest row is room
        if not below or (at_bottom and width > LABEL_BELOW):
            size = ' font-size="9"' if below else ''
            yield f'<text x="{x + 2:.1f}" y="{y + below + 13:g}"{size}>{escape(shown)}</text>'
        yield from boxes(each, x, y - ROW, scale, here)
        x += width


def main() -> None:
    root = tree(iter(sys.stdin))
    scale = (WIDTH - 2 * MARGIN) / root["n"]
    height = ROW * depth(root, scale) + 2 * MARGIN + ROW  # the names of narrow ones
    drawn = "\n".join(boxes(root, MARGIN, height - MARGIN - 2 * ROW, scale, "amber-tint", True))
    (BOOK / "fig" / "flame.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="11" role="img" '
        f'aria-labelledby="t">\n<!-- Drawn by book/tools/draw_flame.py. -->\n'
        f'<title id="t">Where a server\'s processor time goes</title>\n'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{COLOURS["sheet"]}"/>\n'
        f'<g fill="{COLOURS["ink"]}">\n{drawn}\n</g>\n</svg>\n')


if __name__ == "__main__":
    main()
