#!/usr/bin/python3
"""Draws README's picture of ./judge, which plays once and rests, from a recorded run.

draw_judge.py [--record | --check]

Plain, it draws .github/judge.svg from judge.jsonl beside it, which has what each row of a terminal
showed, and when. --record has ./judge run once more before that, and --check instead: it writes
nothing, and complains of rows that ./judge no longer prints. Both need ncat.
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
RECORDING = PICTURE.with_suffix(".jsonl")
COLOURS = json.loads((ROOT / "book/.vitepress/theme/colours.json").read_text())
COMMAND = "ncat -k -l 127.0.0.1 {port} -e /bin/cat"
LAST = "A message is not answered before it is complete."  # what follows is left out
COLUMNS, ROWS = 100, 44  # the judge's widest line has 96
LETTER, ROW, FONT, MARGIN = 7.8, 17, 13, 18  # a monospace letter is 0.6 of its size wide
TYPED, PAUSE, STEP = 1.4, 0.4, 0.5  # seconds; what a row shows for less than a step is left out
STYLES = {"1": "b", "31": "w", "32": "k"}  # bold, wrong, right
VARYING = re.compile(r"^[ !]+\d+(?=  )|\b\d{5}\b")  # a moment in milliseconds, a port

Shown = tuple[float, int, str]  # when, which row, and its text


def record() -> list[Shown]:
    """What ./judge shows in a terminal."""
    child, terminal = pty.fork()
    if child == 0:
        time.sleep(0.1)  # until the terminal has its size
        os.environ.update(TERM="xterm-256color", NO_COLOR="")
        os.execv(ROOT / "judge", ["./judge", COMMAND])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    begun, row, text = time.monotonic(), 1, ""
    shown, steady = dict[tuple[int, int], Shown](), dict[int, str]()
    for said in iter(lambda: read(terminal), ""):
        at = round(time.monotonic() - begun, 1)
        for part in re.findall(r"\r\n|\r\x1b\[K|[^\r]+", said):
            row, text = row + (part == "\r\n"), "" if part[0] == "\r" else text + part
            if text and steady.get(row) != (new := re.sub(r"\d+ s$", "", text)):
                steady[row], shown[row, int(at / STEP)] = new, (at, row, text)
    os.waitpid(child, 0)
    last = next((row for _, row, text in shown.values() if LAST in text), None)
    if last is None:
        raise SystemExit(f"the judge did not say: {LAST}")
    return [line for line in shown.values() if line[1] <= last]


def read(terminal: int) -> str:
    """What has come, or nothing when the terminal's last user has gone."""
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:
        return ""


def rests(shown: list[Shown]) -> dict[int, str]:
    """What each row shows at last."""
    return {row: text for _, row, text in shown}


def plain(text: str) -> str:
    """A row as it is in every run."""
    return VARYING.sub("#", re.sub(r"\x1b\[[\d;]*m", "", text))


def drawn(row: int, text: str, attributes: str = "") -> str:
    """A row, each piece of which is as wide as its letters are many, whatever the font."""
    spans, column, style = [], 0, ""
    for piece in re.split(r"(\x1b\[[\d;]*m|  +)", text):
        if piece.startswith("\x1b"):
            style = STYLES.get(piece[2:-1], "")
            continue
        if words := piece.strip():
            x = MARGIN + (column + len(piece) - len(piece.lstrip())) * LETTER
            spans.append(f'<tspan x="{x:.1f}" textLength="{len(words) * LETTER:.1f}"'
                         f'{f" class={chr(34)}{style}{chr(34)}" * bool(style)}>'
                         f"{escape(words, quote=False)}</tspan>")
        column += len(piece)
    return f'<text y="{MARGIN + FONT + row * ROW}"{attributes}>{"".join(spans)}</text>\n'


def draw(shown: list[Shown]) -> str:
    """The picture."""
    typed = f"$ ./judge '{COMMAND}'"
    now, before, body, arrived = TYPED + PAUSE, 0.0, drawn(0, typed), 0.0
    for number, (at, row, text) in enumerate(shown):
        now, before = now + min(at - before, STEP), at
        later = [when for when, of, _ in shown[number + 1:] if of == row]
        if later:
            end = now + min(later[0] - at, STEP)
            body += drawn(row, text, f' class="gone" style="animation-delay:{now:.1f}s,{end:.1f}s"')
        else:
            body += f'</g><g class="comes" style="animation-delay:{now:.1f}s">\n' * (now > arrived)
            body, arrived = body + drawn(row, text), now
    last = max(row for _, row, _ in shown)
    width, height = round(2 * MARGIN + COLUMNS * LETTER), 2 * MARGIN + (last + 2) * ROW
    hidden = (len(typed) - 2) * LETTER

    def colours(column: str) -> str:
        return " ".join(f"--{name}: {COLOURS[of][column]};" for name, of in (
            ("ground", "sheet"), ("ink", "ink"), ("w", "wrong"), ("k", "client-c")))

    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}" role="img" aria-labelledby="t">
<title id="t">A run of ./judge</title>
<!-- Drawn by book/tools/draw_judge.py -->
<style>
svg {{ {colours("light")} fill: var(--ink);
font: {FONT}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace }}
@media (prefers-color-scheme: dark) {{ svg {{ {colours("dark")} }} }}
.ground {{ fill: var(--ground) }} .b {{ font-weight: bold }}
.w {{ fill: var(--w) }} .k {{ fill: var(--k) }} .gone, .hand {{ visibility: hidden }}
@media screen and (prefers-reduced-motion: no-preference) {{
.comes {{ animation: comes 1ms both }}
.gone {{ animation: shows 1ms forwards, goes 1ms forwards }}
.hand {{ animation: types {TYPED}s steps({len(typed) - 2}) backwards }}
@keyframes comes {{ from {{ visibility: hidden }} to {{ visibility: visible }} }}
@keyframes shows {{ from, to {{ visibility: visible }} }}
@keyframes goes {{ from, to {{ visibility: hidden }} }}
@keyframes types {{ from {{ visibility: visible }}
to {{ visibility: visible; transform: translateX({hidden:.1f}px) }} }}
}}
</style>
<rect class="ground" width="{width}" height="{height}" rx="8"/>
<g>
{body}</g>
<rect class="ground hand" x="{MARGIN + 2 * LETTER}" y="{MARGIN - 2}" width="{hidden:.1f}" \
height="{ROW + 2}"/>
</svg>
"""


def main(words: list[str]) -> int:
    """Returns the exit status."""
    shown = [] if "--record" in words else [*map(json.loads, RECORDING.read_text().splitlines())]
    if "--check" in words:
        today = {*map(plain, rests(record()).values())}
        gone = [text for text in map(plain, rests(shown).values()) if text not in today]
        if PICTURE.read_text() != draw(shown):
            gone.append(f"{PICTURE} is not what is drawn from {RECORDING}")
        print("\n".join(gone))
        return 1 if gone else 0
    if "--record" in words:
        shown = record()
        lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in shown]
        RECORDING.write_text("".join(lines))
    PICTURE.write_text(draw(shown))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
