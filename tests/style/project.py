"""The files of the project, and how a check complains about them."""

import os
from functools import cache
from pathlib import Path

import pytest
from blocks import NOT_OURS

ROOT = Path(__file__).resolve().parents[2]
CODE = {".h", ".cc", ".py", ".sh", ".cmake"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, including new ones that git doesn't know, but not files made by
    builds and tools, or at the top by a reader."""
    found = []
    lines = (ROOT / ".gitignore").read_text().splitlines()
    readers = {line.strip("/") for line in lines if line.startswith("/")}
    for directory, directories, names in os.walk(ROOT):
        others = NOT_OURS | readers if directory == str(ROOT) else NOT_OURS
        directories[:] = sorted(set(directories) - others)
        found += [Path(directory, name) for name in sorted(set(names) - others)
                  if not name.endswith(".err")]
    return tuple(path for path in found if path.is_file() and not path.is_symlink())


def name(path: Path) -> str:
    """The name of a file in complaints."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str | None:
    """The text of a file, or None if it isn't text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def is_shell(path: Path) -> bool:
    """Whether a file is a shell script, by its name or first line."""
    return path.suffix == ".sh" or (text(path) or "").startswith("#!/usr/bin/env bash")


def is_code(path: Path) -> bool:
    """Whether the limits for code apply to a file."""
    return path.suffix in CODE or path.name == "CMakeLists.txt" or is_shell(path)


def is_step(path: Path) -> bool:
    """Whether a file belongs to the small programs of a stage, or of book/steps."""
    return path.parent.name == "steps" or path.parent.parent == ROOT / "book" / "steps"


def cpp_files() -> list[Path]:
    """C++ sources and headers."""
    return [path for path in files() if path.suffix in {".h", ".cc"}]


def python_files() -> list[Path]:
    """Python sources."""
    return [path for path in files() if path.suffix == ".py"]


def stages() -> list[Path]:
    """The directories of the stages, in order."""
    return sorted(main.parent for main in ROOT.glob("part[0-9]*/server.cc"))


def complain(complaints: list[str]) -> None:
    """Fails with one line for each complaint, if there are any."""
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)
