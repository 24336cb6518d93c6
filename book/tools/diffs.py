#!/usr/bin/python3
"""The pages of book/diffs: the changes from one stage to the next, a function at a time.

Each unit that changed has a heading, one sentence that says why, and a mark. People write the
sentences; the difference itself is put below the mark when a page is shown. A mark also says for
which code its sentence was confirmed. When that code changes, somebody must read the sentence again
and confirm it.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import diff_map
from blocks import ROOT, Wrong
from diff_blocks import ARGUMENTS, MAP, MARK, PAIRS, changes, stages, with_differences

PAGES = ROOT / "book" / "diffs"
HEADING = re.compile(r"^### `(.+)`$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A page's entry for one unit."""

    heading: str
    sentence: str
    key: tuple[str, str]
    hash: str | None


def entries(text: str) -> list[Entry]:
    """The entries of a page, in order."""
    found = []
    at = 0
    for mark in MARK.finditer(text):
        if arguments := ARGUMENTS.fullmatch(mark["arguments"]):
            headings = list(HEADING.finditer(text, at, mark.start()))
            begin = headings[-1].end() if headings else at
            found.append(Entry(headings[-1][1] if headings else "",
                               text[begin:mark.start()].strip(),
                               (arguments["component"], arguments["name"]), arguments["hash"]))
        at = mark.end()
    return found


def complaints(pair: str, text: str) -> Iterator[str]:
    """A page's missing and superfluous entries, and entries about older code."""
    said = entries(text)
    for key, change in changes(pair).items():
        if key not in {entry.key for entry in said}:
            yield (f"{key[0]} {key[1]}: has changed and has no sentence, below a heading "
                   f"### `{change.unit.shown}` and above <!-- diff: {pair} {key[0]} {key[1]} -->")
    for entry in said:
        yield from (f"{' '.join(entry.key)}: {what}" for what in _wrong(pair, entry))
    keys = [entry.key for entry in said]
    if len(keys) != len(set(keys)):
        yield "a unit is there twice"


def _wrong(pair: str, entry: Entry) -> Iterator[str]:
    change = changes(pair).get(entry.key)
    if change is None:
        yield "has a sentence and has not changed: remove it"
        return
    if entry.heading != change.unit.shown:
        yield f"its heading is `{entry.heading}`, not `{change.unit.shown}`"
    if not entry.sentence:
        yield "has changed and has no sentence"
        return
    if entry.hash != change.hash:
        yield ("the code has changed since the sentence was confirmed: read both, then "
               f"book/tools/diffs.py confirm {pair} {entry.key[1]}")


def confirmed(pair: str, text: str, names: list[str]) -> tuple[str, list[Entry]]:
    """Marks the sentences of these units, or of all, as confirmed for today's code. Returns the
    page, and the units that weren't confirmed before."""
    fresh: list[Entry] = []
    said = {entry.key: entry for entry in entries(text)}

    def mark(found: re.Match[str]) -> str:
        arguments = ARGUMENTS.fullmatch(found["arguments"])
        if not arguments:
            return found[0]
        key = arguments["component"], arguments["name"]
        change, entry = changes(pair).get(key), said[key]
        wanted = not names or key[1] in names
        if not wanted or not change or not entry.sentence or entry.hash == change.hash:
            return found[0]
        fresh.append(entry)
        return found[0].replace(
            found["arguments"], f"{pair} {key[0]} {key[1]} confirmed {change.hash}", 1)

    unknown = set(names) - {name for _, name in said}
    if unknown:
        raise Wrong(f"{pair}.md speaks of nothing called {', '.join(sorted(unknown))}")
    return MARK.sub(mark, text), fresh


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="print a page, with each change below its sentence")
    show.add_argument("pair", choices=PAIRS, metavar="PAIR", help="such as 4-5")
    commands.add_parser("check", help="say what is missing, left over or out of date")
    confirm = commands.add_parser("confirm", help="say that the sentences fit the code of now")
    confirm.add_argument("pair", choices=PAIRS, metavar="PAIR", help="such as 4-5")
    confirm.add_argument("symbol", nargs="*", help="as the heading names it; default: all")
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check()
    if arguments.command == "show":
        print(with_differences((PAGES / f"{arguments.pair}.md").read_text()), end="")
        return 0
    page = PAGES / f"{arguments.pair}.md"
    names = [name.split()[-1] for name in arguments.symbol]  # without `class`
    try:
        text, fresh = confirmed(arguments.pair, page.read_text(), names)
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 2
    page.write_text(text)
    for entry in fresh:
        print(f"{entry.heading}: {entry.sentence}")
    return 0


def check() -> int:
    """Prints the complaints about all pages."""
    found = [f"diffs/{pair}.md: {what}" for pair in PAIRS
             for what in complaints(pair, (PAGES / f"{pair}.md").read_text())]
    found += [f"diffs/{MAP}.md: {what}"
              for what in diff_map.complaints(*stages(MAP), (PAGES / f"{MAP}.md").read_text())]
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
