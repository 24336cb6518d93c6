#!/usr/bin/python3
"""Checks that listings, edits, runs, numbers and tables in the project's Markdown files are true,
also marked numbers in sentences. With --write, makes them true."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import listings
import measured
import runs
import tables
import values
from blocks import ROOT, Block, Wrong, blocks, markdown_files, rewrite

DEFAULT_BUILD = ROOT / "build" / "default"
LISTING_LINES_MAX = 25  # blank lines don't count, because they help the reader
# For a step that is shown whole.
PROGRAM_LINES_MAX = 150


def listing_text(block: Block) -> str:
    """The text for between a listing's marks."""
    language, lines = listings.listing(block.arguments)
    book = ROOT / "book"
    above = ""
    if block.path.is_relative_to(book):
        to_root = os.path.relpath(ROOT, block.path.parent) + "/"
        above = listings.caption(block.arguments, to_root) + "\n\n"
    return above + _fenced(language, lines)


def edit_text(block: Block) -> str:
    """The reader's change to his copy, from the transcript."""
    transcript = block.arguments.split()[0]
    earlier = [each for each in blocks(block.path) if each.kind == "edit"
               and each.line < block.line and each.arguments.split()[0] == transcript]
    command, above = runs.edit(block.arguments, len(earlier))
    return f"{above}\n\n" + _fenced("diff", command.lines[1:-1])


# The function for the text between the marks, by kind, and the source, for complaints. A run is
# different: see runs.py.
MADE_OF: dict[str, tuple[Callable[[Block], str], str]] = {
    "listing": (listing_text, "what the code says"),
    "edit": (edit_text, "what the transcript says"),
    "numbers": (lambda block: measured.block(block.arguments), "what was measured"),
    "value": (lambda block: values.text(block.arguments), "what was measured"),
    "table": (lambda block: "\n" + tables.table(block.arguments) + "\n", "what there is"),
}


def complaint(block: Block) -> str | None:
    """The complaint about a block, or None."""
    wrong = None
    try:
        if block.kind == "run":
            wrong = runs.fits(block.fence, runs.expected(block.arguments, block.fence))
            if not wrong and block.text != _fenced("console", block.fence):
                wrong = "has more than one fence"
        elif block.kind in MADE_OF:
            text, source = MADE_OF[block.kind]
            if block.text == text(block):
                return too_long(block)
            wrong = f"is not {source}"
    except Wrong as wrong_block:
        return str(wrong_block)
    file = block.where.partition(":")[0]
    return f"{wrong} (book/tools/fill.py --write {file})" if wrong else None


def too_long(block: Block) -> str | None:
    """The complaint that a chapter's listing is too long."""
    whole = " * " in f"{block.arguments} "  # it may have cuts
    lines_max = PROGRAM_LINES_MAX if whole else LISTING_LINES_MAX
    lines = sum(1 for line in block.fence if line.strip())
    if block.kind == "listing" and block.path.parent.name == "book" and lines > lines_max:
        return f"has {lines} lines: cut it to {lines_max}"
    return None


def filled(block: Block, build: Path) -> str:
    """The new text of a block, or the old text if that is true, or if there's nothing better."""
    if complaint(block) is None:
        return block.text
    try:
        if block.kind in MADE_OF:
            return MADE_OF[block.kind][0](block)
        return _fenced("console", runs.recorded(block.arguments, block.fence, build))
    except Wrong:
        return block.text


def _fenced(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="mend what is wrong")
    parser.add_argument("--build-dir", type=Path, default=DEFAULT_BUILD, metavar="DIR",
                        help="where the steps are built, for runs (default: build/default)")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: all")
    arguments = parser.parse_args()
    paths = [path.resolve() for path in arguments.files] or markdown_files()

    if arguments.write:
        for path in paths:
            if rewrite(path, lambda block: filled(block, arguments.build_dir.resolve())):
                print(f"{path.relative_to(ROOT)}: written")
    wrong_blocks = [(block, what) for path in paths for block in blocks(path)
                    if (what := complaint(block)) is not None]
    for block, what in wrong_blocks:
        print(f"{block.where}: {what}")
    return 1 if wrong_blocks else 0


if __name__ == "__main__":
    sys.exit(main())
