#!/usr/bin/python3
"""Prints what the page *Your own server* shows before its Linux is there: the levels that are
judged in it, and servers in Python to begin with, each by the chapter after which it is."""

import json
import sys
import tempfile
from pathlib import Path

from blocks import ROOT

sys.path.append(str(ROOT / "tests" / "judge"))

import starters  # noqa: E402
from rungs import LADDER, PORT_ONLY_LEVELS  # noqa: E402


def server_after(chapter: int) -> str:
    """Its text."""
    with tempfile.TemporaryDirectory() as directory:
        assert not starters.copy("python", Path(directory), chapter)
        return Path(directory, "echo.py").read_text(encoding="utf-8")


def main() -> None:
    rungs = [rung for rung in LADDER if rung.name in PORT_ONLY_LEVELS]
    chapters = range(1, len(rungs) + 1)
    print(json.dumps({
        "levels": [{"name": rung.name, "asks": rung.asks} for rung in rungs],
        "servers": {chapter: server_after(chapter) for chapter in chapters},
    }))


if __name__ == "__main__":
    main()
