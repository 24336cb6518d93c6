"""Blocks of a Markdown file that tools fill in, between `<!-- KIND: ARGUMENTS -->` and an end mark.
Marks within a sentence are blocks of one line."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", "build", "__pycache__", ".hypothesis", ".pytest_cache", "node_modules"}
BLOCK = re.compile(
    r"^<!-- (?P<kind>[a-z]+): (?P<arguments>.+?) -->\n(?P<text>.*?)^<!-- /(?P=kind) -->$",
    re.MULTILINE | re.DOTALL)
INLINE = re.compile(  # a mark after a backtick is an example
    r"(?<!`)<!-- (?P<kind>value): (?P<arguments>.+?) -->(?P<text>.*?)<!-- /(?P=kind) -->")


class Wrong(Exception):
    """A block asks for something that does not exist."""


@dataclass(frozen=True)
class Block:
    """One block of a file."""

    path: Path
    line: int
    kind: str
    arguments: str
    text: str

    @property
    def where(self) -> str:
        path = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path
        return f"{path}:{self.line}: {self.kind} {self.arguments}"

    @property
    def fence(self) -> list[str]:
        """The lines between the fence's marks, or none if there is no fence yet."""
        found = re.search(r"^```.*?\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        return found[1].splitlines() if found else []


def markdown_files() -> list[Path]:
    """Every Markdown file, except those that builds and tools make. Doesn't need git."""
    found = []
    for directory, directories, names in os.walk(ROOT):
        directories[:] = set(directories) - NOT_OURS
        found += [Path(directory, name) for name in names if name.endswith(".md")]
    return sorted(found)


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of one file, in order; then the marks in its sentences."""
    text = path.read_text()
    for pattern in (BLOCK, INLINE):
        for found in pattern.finditer(text):
            yield _block(path, text, found)


def _block(path: Path, text: str, found: re.Match[str]) -> Block:
    return Block(path, text.count("\n", 0, found.start()) + 1,
                 found["kind"], found["arguments"], found["text"])


def rewrite(path: Path, new_text: Callable[[Block], str]) -> bool:
    """Puts the result of `new_text` between the marks of each block. Returns whether that changed
    the file."""
    before = changed = path.read_text()
    for pattern in (BLOCK, INLINE):
        text = changed

        def block(found: re.Match[str], text: str = text) -> str:
            begin, end = (at - found.start() for at in found.span("text"))
            return found[0][:begin] + new_text(_block(path, text, found)) + found[0][end:]

        changed = pattern.sub(block, text)
    if changed != before:
        path.write_text(changed)
    return changed != before
