"""A patch of the book: a head of `Key: value` lines above a diff."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]

HEAD_LINE = re.compile(r"(\w+): +(\S.*)")
DIFF = re.compile(r"^--- (?:a/|/dev/null)", re.MULTILINE)
CHANGED = re.compile(r"^\+\+\+ b/(\S+)", re.MULTILINE)


class ZooError(Exception):
    """Something is wrong with a patch, not with a server. Its text is for the user."""


class Patch(Protocol):
    """A patch that can be applied: a bug's, or a solution's."""

    @property
    def name(self) -> str: ...

    @property
    def file(self) -> Path: ...

    @property
    def changes(self) -> tuple[str, ...]: ...


def words(text: str) -> tuple[str, ...]:
    """The words of a list, separated by commas or blanks."""
    return tuple(re.findall(r"[^\s,]+", text))


def program_of(stage: str) -> str:
    """The program of a stage or of finger, which is also the name of its CMake target."""
    return "fingerd" if stage == "finger" else stage


def is_stage(name: str) -> bool:
    """Whether a stage, or the finger daemon, has this name."""
    return name == "finger" or (ROOT / name / "server.cc").is_file()


def read_patch(
    file: Path, required: Sequence[str], optional: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values of the head, and the files that the patch changes. ZooError if the head is
    wrong."""
    text = file.read_text(encoding="utf-8")
    diff = DIFF.search(text)
    if not diff:
        raise ZooError(f"{file.name}: there is no diff in it")
    values: dict[str, str] = {}
    for line in filter(None, text[:diff.start()].splitlines()):
        if not (match := HEAD_LINE.fullmatch(line)):
            raise ZooError(f"{file.name}: the head has a line that is no `Key: value`: {line}")
        if match[1] in values or match[1] not in (*required, *optional):
            raise ZooError(f"{file.name}: the key {match[1]} is unknown, or comes twice")
        values[match[1]] = match[2].strip()
    if missing := [key for key in required if key not in values]:
        raise ZooError(f"{file.name}: the head lacks {', '.join(missing)}")
    return values, tuple(CHANGED.findall(text))
