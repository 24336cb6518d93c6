"""What happened as a figure: clients on the left, the server on the right, time going down."""

import textwrap
from html import escape

from level_runs import Test

WIDTH, LEFT, RIGHT, ROW = 1060, 90, 590, 26
LETTERS = 56  # of a line of text on either side
SENT, GOT = "sent", "got"


def of(test: Test) -> str:
    """An SVG, or "" if we know of no events."""
    if not test.events:
        return ""
    begin = test.events[0][0]
    rows = [row(number, (at - begin) * 1000, who, what, is_break)
            for number, (at, who, what, is_break) in enumerate(test.events)]
    height = ROW * (len(rows) + 2)
    lines = "".join(f'<line x1="{x}" y1="{ROW}" x2="{x}" y2="{height}" class="life"/>'
                    for x in (LEFT, RIGHT))
    heads = (f'<text x="{LEFT}" y="16" class="head">clients</text>'
             f'<text x="{RIGHT}" y="16" class="head">server</text>')
    alt = escape(f"What happened: {test.cause}", quote=True)
    return (f'<svg role="img" aria-label="{alt}" viewBox="0 0 {WIDTH} {height}">'
            f"{heads}{lines}{''.join(rows)}</svg>")


def row(number: int, milliseconds: float, who: str, what: str, is_break: bool) -> str:
    """One event, drawn as an arrow for bytes and written as words beside the actor otherwise."""
    y = ROW * (number + 2)
    moment = f'<text x="{LEFT - 10}" y="{y}" class="ms">{milliseconds:.0f} ms</text>'
    if is_break:
        return (f'{moment}<rect x="{LEFT}" y="{y - 17}" width="{WIDTH - LEFT}" height="{ROW - 2}" '
                f'class="break"/><text x="{LEFT + 10}" y="{y}" class="fault">'
                f"{cut(what, 2 * LETTERS)}</text>")
    if not who:
        return f'<text x="{LEFT + 10}" y="{y}" class="counted">{cut(what, 2 * LETTERS)}</text>'
    if who == "server":
        return f'{moment}<text x="{RIGHT + 10}" y="{y}">{cut(what)}</text>'
    word, _, rest = what.removeprefix("then ").partition(" ")
    if word in (SENT, GOT) and "byte" in rest or what.endswith("end of the stream"):
        ends = (LEFT, RIGHT) if word == SENT else (RIGHT, LEFT)
        text = cut(f"{who}: {rest.strip()}", LETTERS + 4)
        return f"{moment}{arrow(*ends, y + 5)}<text x=\"{LEFT + 10}\" y=\"{y}\">{text}</text>"
    return f'{moment}<text x="{LEFT + 10}" y="{y}">{cut(f"{who} {what}", LETTERS + 4)}</text>'


def arrow(begin: int, end: int, y: int) -> str:
    """An arrow from one lifeline to the other."""
    back = -8 if end > begin else 8
    return (f'<path d="M{begin} {y} H{end} l{back} -4 M{end} {y} l{back} 4" class="arrow"/>')


def cut(text: str, letters: int = LETTERS) -> str:
    """As much of the text as fits."""
    return escape(textwrap.shorten(text, letters, placeholder=" ..."))
