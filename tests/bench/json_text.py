"""How ./measure writes its numbers: JSON with a line for each thing that one compares, which is a
server's rounds under one load, a row of the table, or a curve of the chart."""

import json
from typing import Any

# How deep each part is divided into lines; what is not here is a line.
DEPTH = {"results": 2, "rows": 1, "chart": 1}
CURVES = ("chart", "curves")


def text(found: dict[str, Any]) -> str:
    """The file's text."""
    return _lines(found, ()) + "\n"


def _lines(value: Any, path: tuple[str, ...]) -> str:
    """A line for each thing in the value, or a single one."""
    divided = not path or path == CURVES or len(path) <= DEPTH.get(path[0], 0)
    if not divided or not value:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        begin, end = "{}"
        inside = [f"{json.dumps(key, ensure_ascii=False)}: {_lines(each, (*path, key))}"
                  for key, each in value.items()]
    else:
        begin, end = "[]"
        inside = [_lines(each, (*path, "")) for each in value]
    blanks = "\n" + " " * (len(path) + 1)
    return f"{begin}{blanks}{f',{blanks}'.join(inside)}\n{' ' * len(path)}{end}"
