#!/usr/bin/python3
"""Prints the data that the page *Your own server* needs before its Linux has started: the levels
that can be judged there, and servers to begin with."""

import json
import sys
import tempfile
from pathlib import Path

from blocks import ROOT

sys.path.append(str(ROOT / "tests" / "judge"))

import starters  # noqa: E402
from levels import LEVELS, PORT_ONLY_LEVELS  # noqa: E402


def server(name: str, language: str, chapter: int = 1) -> dict[str, str]:
    """The server's name on the page, and its text after this chapter."""
    with tempfile.TemporaryDirectory() as directory:
        assert not starters.copy(language, Path(directory), chapter)
        (source,) = Path(directory).glob("echo.*")
        text = source.read_text(encoding="utf-8")
        return {"name": name, "text": text.replace(" README.md says what to do with it.", "")}


def main() -> None:
    levels = [level for level in LEVELS if level.name in PORT_ONLY_LEVELS]
    later = range(2, len(levels) + 1)
    print(json.dumps({
        "levels": [{"name": level.name, "asks": level.asks} for level in levels],
        "servers": [
            server("the first server", "python"),
            *(server(f"the server after chapter {n}", "python", n) for n in later),
            server("the first server in C", "c"),
            server("the first server in C++", "cpp"),
        ],
    }))


if __name__ == "__main__":
    main()
