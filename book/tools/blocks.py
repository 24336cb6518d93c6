"""Blocks of a Markdown file that tools fill in: between `<!-- KIND: ARGUMENTS -->` and its end."""

from __future__ import annotations

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


class Wrong(Exception):
    """A block asks for something that does not exist."""


@dataclass(frozen=True)
class Block:
    """One of them, as it stands in the file."""

    path: Path
    line: int
    kind: str
    arguments: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.kind} {self.arguments}"

    @property
    def fence(self) -> list[str]:
        """The lines between the fence's marks; nothing if there is no fence yet."""
        found = re.search(r"^```.*?\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        return found[1].splitlines() if found else []


def markdown_files() -> list[Path]:
    """Every Markdown file that no build and no tool has made. Git need not be there."""
    found = []
    for directory, directories, names in os.walk(ROOT):
        directories[:] = set(directories) - NOT_OURS
        found += [Path(directory, name) for name in names if name.endswith(".md")]
    return sorted(found)


def blocks(path: Path) -> Iterator[Block]:
    """Those of one file, in order."""
    text = path.read_text()
    for found in BLOCK.finditer(text):
        yield Block(path, text.count("\n", 0, found.start()) + 1,
                    found["kind"], found["arguments"], found["text"])


def rewrite(path: Path, new_text: Callable[[Block], str]) -> bool:
    """Puts what `new_text` says between the marks of each block. Returns whether that changed the
    file."""
    text = path.read_text()
    queue = list(blocks(path))

    def block(found: re.Match[str]) -> str:
        head, tail = found[0].split("\n", 1)[0], f"<!-- /{found['kind']} -->"
        return f"{head}\n{new_text(queue.pop(0))}{tail}"

    changed = BLOCK.sub(block, text)
    if changed != text:
        path.write_text(changed)
    return changed != text
