"""Draws what was measured, as SVG: on paper of its own, so that a dark page does no harm, and with
shapes and labels that say what the colours say."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from textwrap import fill
from typing import Any
from xml.sax.saxutils import escape

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK / "tools"))

from measured import number  # noqa: E402

TOKENS = {name: token["light"] for name, token in json.loads(
    (BOOK / ".vitepress" / "theme" / "colours.json").read_text()).items()}
PAPER, INK, GREY, PALE = (TOKENS[name] for name in ("sheet", "ink", "quiet", "quiet"))
# Okabe's and Ito's colours, which look different to every eye; but for yellow, too pale on paper.
COLOURS = (*(TOKENS[f"line-{which}"] for which in range(1, 5)), INK, TOKENS["line-6"])
MARKERS = "osD^vP"
STAGES = ("part1-blocking", "part2-threads", "part3-nonblocking", "part4-poll", "part5-epoll",
          "part6-uring")  # each looks the same in all charts
NAME_GAP = 0.085  # between the middles of two names, of a chart's height
NAME_WIDTH = 22  # characters in a line
FONT = "system-ui, sans-serif"
LINE_HEIGHT, COLUMN_WIDTH, MARGIN, STAGE_WIDTH = 17, 145, 14, 165


def with_text(svg: str, title: str, description: str) -> str:
    """The same picture, for those too who cannot see it."""
    text = (f'<title id="t">{escape(title)}</title>\n<desc id="d">{escape(description)}</desc>\n')
    head = re.search(r"<svg\b[^>]*>", svg)
    assert head is not None, "no SVG"
    opened = f'{head[0][:-1]} role="img" aria-labelledby="t d">\n{text}'
    return opened + svg[head.end():].lstrip()


def style_of(label: str, which: int) -> tuple[str, str]:
    """A colour and a marker. The floor looks like nobody."""
    if label == "floor":
        return GREY, "X"
    stage = label.partition(",")[0]
    which = STAGES.index(stage) if stage in STAGES else which
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


def draw(chart: Mapping[str, Any]) -> str:
    """A chart of the JSON as an SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": chart["title"],
                            "font.family": "sans-serif", "font.size": 11, "text.color": INK,
                            "axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK,
                            "ytick.color": INK}):
        beside = 2 if "rounds" in chart else 1
        figure, axes = pyplot.subplots(ncols=beside, figsize=(7.2, 4.3), facecolor=PAPER,
                                       squeeze=False)
        if "curves" in chart:
            draw_curves(axes[0, 0], chart)
        else:
            draw_misleading(axes[0, 0], chart)
            draw_every_round(axes[0, 1], chart)
        figure.suptitle(chart["title"], x=0.02, ha="left", fontsize=12, fontweight="bold")
        for each in axes.flat:
            each.set_facecolor(PAPER)
            each.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        text = io.StringIO()
        nothing_else = {"Date": None, "Creator": None}
        figure.savefig(text, format="svg", facecolor=PAPER, metadata=nothing_else)
        pyplot.close(figure)
    svg = text.getvalue()
    svg = svg[svg.index("<svg"):]  # no declaration, no document type: it may be part of a page
    svg = re.sub(r"font-family: [^;\"]*|font: ([\d.]+px|bold [\d.]+px)[^;\"]*", font, svg)
    svg = re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
    return with_text(svg, chart["title"], described(chart))


def in_thousands(*axes: Any) -> None:
    """Commas between thousands, and no powers of ten, not even between two of them."""
    from matplotlib.ticker import FuncFormatter, LogFormatter, NullLocator

    for axis in axes:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
        if not isinstance(axis.get_minor_locator(), NullLocator):
            axis.set_minor_formatter(LogFormatter(labelOnlyBase=False))


def draw_curves(axes: Any, chart: Mapping[str, Any]) -> None:
    """All of them, each with its name at its end."""
    for which, (label, curve) in enumerate(chart["curves"].items()):
        draw_curve(axes, label, points(curve), *style_of(label, which))
    for axis, logarithmic in (("x", chart["log_x"]), ("y", chart["log_y"])):
        if logarithmic:
            getattr(axes, f"set_{axis}scale")("log")
    if not chart["log_y"]:
        axes.set_ylim(0, 1.08 * axes.dataLim.ymax)  # no marker is cut
    in_thousands(axes.xaxis, axes.yaxis)
    axes.set_xlabel(chart["x"])
    axes.set_ylabel(chart["y"])
    axes.grid(True, color=PALE, alpha=0.35, linewidth=0.6)
    if len(chart["curves"]) > 1:
        name_ends(axes, {label: found for label, curve in chart["curves"].items()
                         if (found := points(curve))})


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


def name_ends(axes: Any, curves: Mapping[str, list[Any]]) -> None:
    """The names of the curves, right of them, each level with its end or joined to it."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [to_axes.transform((found[-1][0], found[-1][1]["median"])) for found in curves.values()]
    heights = spread([y for _, y in ends], NAME_GAP)
    for which, (label, (x, y), height) in enumerate(zip(curves, ends, heights)):
        colour, _ = style_of(label, which)
        axes.annotate("", (x, y), (1.03, height), xycoords="axes fraction", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8,
                                  "shrinkA": 0, "shrinkB": 5, "linestyle": ":"})
        stage, _, name = label.partition("-")
        at = 1.04
        if label.startswith("part"):
            axes.text(1.06, height, stage[-1], transform=axes.transAxes, ha="center", va="center",
                      fontsize=10, fontweight="bold", color=INK,
                      bbox={"boxstyle": "circle,pad=0.2", "facecolor": PAPER, "edgecolor": colour,
                            "linewidth": 1.6})
            at = 1.1
        axes.text(at, height, fill(name if at > 1.04 else label, NAME_WIDTH),
                  transform=axes.transAxes, va="center", fontsize=10, color=INK)


def misleading_range(values: Sequence[float]) -> tuple[float, float]:
    """Where an axis begins and ends on which the highest bar is ten times the lowest, whatever the
    values are."""
    low, high = min(values), max(values)
    if low == high:
        return 0.0, high * 1.1
    return low - (high - low) / 9, high + (high - low) / 9


def draw_misleading(axes: Any, chart: Mapping[str, Any]) -> None:
    """Means, on an axis that begins where it suits."""
    means = [mean(values) for values in chart["rounds"].values()]
    axes.bar([*chart["rounds"]], means, width=0.6, color=COLOURS[:len(means)])
    axes.set_ylim(*misleading_range(means))
    axes.set_title("means, on a cut axis", fontsize=11)
    axes.set_ylabel(chart["y"])
    in_thousands(axes.yaxis)


def draw_every_round(axes: Any, chart: Mapping[str, Any]) -> None:
    """All there is, on an axis that begins at nothing."""
    for at, (label, values) in enumerate(chart["rounds"].items()):
        colour, marker = style_of(label, at)
        spread = [at + 0.05 * (which - (len(values) - 1) / 2) for which in range(len(values))]
        axes.plot(spread, values, marker, color=colour, markersize=7, markerfacecolor="none")
        axes.hlines(median(values), at - 0.3, at + 0.3, color=INK, linewidth=1)
    axes.set_xticks(range(len(chart["rounds"])), [*chart["rounds"]])
    axes.set_xlim(-0.5, len(chart["rounds"]) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_title("every round and the median, from 0", fontsize=11)
    in_thousands(axes.yaxis)


def font(found: re.Match[str]) -> str:
    """The reader's own."""
    return f"font: {found[1]} {FONT}" if found[1] else f"font-family: {FONT}"


def draw_curve(axes: Any, label: str, found: list[Any], colour: str, marker: str) -> None:
    """The medians, how far the middle half lies apart, and hollow marks where that is too far."""
    if not found:
        return
    x, middle = [point[0] for point in found], [point[1]["median"] for point in found]
    apart = [[cell["median"] - cell["low"] for _, cell in found],
             [cell["high"] - cell["median"] for _, cell in found]]
    line = "--" if label == "floor" else "-"
    axes.errorbar(x, middle, yerr=apart, color=colour, linestyle=line, linewidth=1.8, capsize=3,
                  elinewidth=1)
    for (at, cell) in found:
        axes.plot([at], [cell["median"]], marker=marker, color=colour, markersize=7,
                  markerfacecolor=colour if cell["decided"] else PAPER)


def conversation_picture(
    phases: Sequence[str], stages: Mapping[str, Sequence[Sequence[str]]]
) -> str:
    """A row for each stage, a column for each phase, in it the calls from top to bottom."""
    title = "The same conversation, six times"
    begin = MARGIN + STAGE_WIDTH
    width = begin + COLUMN_WIDTH * len(phases) + MARGIN
    parts, y = [], 64
    for i, phase in enumerate(phases):
        x = begin + i * COLUMN_WIDTH
        parts.append(f'<text x="{x}" y="44" font-weight="bold">{escape(phase)}</text>')
    for stage, columns in stages.items():
        lines = max((len(column) for column in columns), default=0)
        height = max(lines, 1) * LINE_HEIGHT + 14
        parts.append(f'<line x1="{MARGIN}" y1="{y - 8}" x2="{width - MARGIN}" y2="{y - 8}" '
                     f'stroke="{PALE}"/>')
        parts.append(f'<text x="{MARGIN}" y="{y + 10}" font-weight="bold">{escape(stage)}</text>')
        for i, column in enumerate(columns):
            x = begin + i * COLUMN_WIDTH
            for line, call in enumerate(column):
                at = y + 10 + line * LINE_HEIGHT
                parts.append(f'<text x="{x}" y="{at}" font-family="monospace" font-size="12">'
                             f'{escape(call)}</text>')
        y += height
    said = [f"{stage}: " + "; ".join(f"{phase}: {', '.join(column) or 'nothing'}"
                                     for phase, column in zip(phases, columns)) + "."
            for stage, columns in stages.items()]
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y + 6}" '
           f'width="{width}" height="{y + 6}" font-family="{FONT}" font-size="14">\n'
           f'<rect width="{width}" height="{y + 6}" rx="8" fill="{PAPER}"/>\n'
           f'<g fill="{INK}">\n' + "\n".join(parts) + "\n</g>\n</svg>\n")
    return with_text(svg, title, "The system calls of each stage. " + " ".join(said))
