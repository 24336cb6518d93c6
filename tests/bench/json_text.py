"""How ./measure writes its numbers: JSON with a line for each round, to be read and compared."""

from __future__ import annotations

import json
from typing import Any

LINE_MAX = 120  # characters; a round is never divided


def text(found: dict[str, Any]) -> str:
    """The file's text. results/LOAD/SERVER is a list of rounds, each on a line of its own."""
    return _lines(found, 0, ()) + "\n"


def _lines(value: Any, indent: int, path: tuple[str, ...]) -> str:
    """The value in one line if it is short, or a round; else a line for each thing in it."""
    line = json.dumps(value, ensure_ascii=False)
    is_round = path[:1] == ("results",) and len(path) == 4
    has_rounds = path[:1] == ("results",) and len(path) < 4
    if is_round or not isinstance(value, dict | list) or not value:
        return line
    if len(line) + indent <= LINE_MAX and not has_rounds and path:
        return line
    if isinstance(value, dict):
        begin, end = "{}"
        inside = [f"{json.dumps(key, ensure_ascii=False)}: {_lines(each, indent + 1, (*path, key))}"
                  for key, each in value.items()]
    else:
        begin, end = "[]"
        inside = [_lines(each, indent + 1, (*path, "")) for each in value]
    blanks = "\n" + " " * (indent + 1)
    return f"{begin}{blanks}{f',{blanks}'.join(inside)}\n{' ' * indent}{end}"
