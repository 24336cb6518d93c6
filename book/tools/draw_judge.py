#!/usr/bin/python3
"""Draws README's picture of ./judge, which plays once and rests, from a recorded run.

draw_judge.py [--record | --check]

By default draws .github/judge.svg from judge.json beside it, with the terminal at each half second
in which a row changed. --record runs ./judge first. --check runs ./judge, writes nothing, and
complains of rows that ./judge no longer prints.
"""

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
import time
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / ".github" / "judge.svg"
RECORDING = PICTURE.with_suffix(".json")
COLOURS = json.loads((ROOT / "book/.vitepress/theme/colours.json").read_text())
COMMAND = "ncat -k -l 127.0.0.1 {port} -e /bin/cat"
LAST = "A message is not answered before it is complete."  # the rest is left out
COLUMNS, ROWS = 100, 44
LETTER, ROW, FONT, MARGIN = 7.8, 17, 13, 18  # a monospace letter is 0.6 of its size wide
TYPED, BEGIN, STEP = 1.4, 2, 0.5  # seconds
STYLES = {"1": "bold", "31": "wrong", "32": "right"}
VARYING = re.compile(r"^[ !]+\d+(?=  )|\b\d{5}\b")  # a moment in milliseconds, a port

Moments = list[dict[str, str]]  # the rows that change then, by their numbers


def record() -> Moments:
    """The frames that ./judge shows in a terminal."""
    child, terminal = pty.fork()
    if child == 0:
        time.sleep(0.1)  # until the terminal has its size
        os.environ.update(TERM="xterm-256color", NO_COLOR="")
        os.execv(ROOT / "judge", ["./judge", COMMAND])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    moments, newest, row, text = dict[int, dict[str, str]](), {0: ""}, 1, ""
    while True:
        try:
            said = os.read(terminal, 65536).decode(errors="replace")
        except OSError:  # the terminal's last user is gone
            os.waitpid(child, 0)
            return list(moments.values())
        for part in re.findall(r"\r\n|\r\x1b\[K|[^\r]+", said):
            row, text = row + (part == "\r\n"), "" if part[0] == "\r" else text + part
            steady = re.sub(r"\d+ s$", "", text)  # without the time that it took
            if text and newest.get(row) != steady and LAST not in newest[max(newest)]:
                newest[row] = steady
                moments.setdefault(int(time.monotonic() / STEP), {})[str(row)] = text


def printed(moments: Moments) -> list[str]:
    """The rows at the end, without parts that differ between runs."""
    rows = {row: text for moment in moments for row, text in moment.items()}
    return [VARYING.sub("#", re.sub(r"\x1b\[\d*m", "", text)) for text in rows.values()]


def drawn(row: str, text: str, attributes: str = "") -> str:
    """Draws a row with the same width in any font. Browsers drop blanks that may break."""
    width = len(re.sub(r"\x1b\[\d*m", "", text)) * LETTER
    for code, style in STYLES.items():
        text = text.replace(f"\x1b[{code}m", f"<{style}>")
    text = escape(text, quote=False).replace(" ", "\u00a0").replace("\x1b[0m", "</tspan>")
    styled = re.sub("&lt;(%s)&gt;" % "|".join(STYLES.values()), r'<tspan class="\1">', text)
    return (f'<text x="{MARGIN}" y="{MARGIN + FONT + int(row) * ROW}" textLength="{width:.1f}"'
            f"{attributes}>{styled}</text>")


def draw(moments: Moments) -> str:
    """Draws the picture."""
    typed = f"$ ./judge '{COMMAND}'"
    lines = [drawn("0", typed)]
    for number, moment in enumerate(moments):
        rests, begin = "", BEGIN + number * STEP
        for row, text in moment.items():
            if later := [n for n, other in enumerate(moments) if n > number and row in other]:
                end = BEGIN + later[0] * STEP
                style = f' class="gone" style="animation-delay:{begin}s,{end}s"'
                lines.append(drawn(row, text, style))
            else:
                rests += drawn(row, text)
        lines += [f'<g class="comes" style="animation-delay:{begin}s">{rests}</g>'] * bool(rests)
    width = round(2 * MARGIN + COLUMNS * LETTER)
    height = 2 * MARGIN + (max(int(row) for moment in moments for row in moment) + 1) * ROW
    hidden = (len(typed) - 2) * LETTER
    light, dark = (" ".join(f"--{name}: {COLOURS[name][column]};" for name in
                            ("sheet", "ink", "wrong", "client-c")) for column in ("light", "dark"))
    body = "\n".join(lines)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}" role="img" aria-label="A run of ./judge">
<!-- Drawn by book/tools/draw_judge.py --><style>
svg {{ {light} fill: var(--ink);
font: {FONT}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace }}
@media (prefers-color-scheme: dark) {{ svg {{ {dark} }} }}
rect {{ fill: var(--sheet) }} .bold {{ font-weight: bold }} .wrong {{ fill: var(--wrong) }} \
.right {{ fill: var(--client-c) }} .gone, .hand {{ visibility: hidden }}
@media screen and (prefers-reduced-motion: no-preference) {{
.comes {{ animation: comes 1ms both }} \
.gone {{ animation: shows 1ms forwards, goes 1ms forwards }}
.hand {{ animation: types {TYPED}s steps({len(typed) - 2}) backwards }}
@keyframes comes {{ from {{ visibility: hidden }} to {{ visibility: visible }} }}
@keyframes shows {{ from, to {{ visibility: visible }} }}
@keyframes goes {{ from, to {{ visibility: hidden }} }}
@keyframes types {{ from {{ visibility: visible }}
to {{ visibility: visible; transform: translateX({hidden:.1f}px) }} }} }}
</style><rect width="{width}" height="{height}" rx="8"/>
{body}
<rect class="hand" x="{MARGIN + 2 * LETTER}" y="{MARGIN}" width="{hidden:.1f}" height="{ROW}"/>
</svg>
"""


def main(words: list[str]) -> int:
    """Returns the exit status."""
    if "--record" in words:
        lines = [json.dumps(moment, ensure_ascii=False) for moment in record()]
        RECORDING.write_text("[" + ",\n ".join(lines) + "]\n")
    moments = json.loads(RECORDING.read_text())
    if "--check" not in words:
        return not PICTURE.write_text(draw(moments))
    today = printed(record())
    wrong = [text for text in printed(moments) if text not in today]
    if PICTURE.read_text() != draw(moments):
        wrong.append(f"{PICTURE} is not what is drawn from {RECORDING}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
