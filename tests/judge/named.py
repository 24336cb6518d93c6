"""What -k may have meant when no test has such a name."""

import difflib
import re

import rungs
from harness.asked import levels_of_tests

LOGIC = {"and", "or", "not"}
PARTS_MAX = 3  # words of a name that are compared with what was typed


def why_none_fits(expression: str, level: str, alone: bool) -> str:
    """A line that says so, with a level that has such tests or a name that is like it."""
    levels = levels_of_tests()
    words = set(re.findall(r"\w+", expression)) - LOGIC
    fitting = {levels[test] for test in levels if any(word in test for word in words)} - {level}
    where = f"{'of' if alone else 'up to'} the level {level}"
    line = f"-k: no test {where} has a name that fits '{expression}'"
    if fitting:
        there = " or ".join(f"--level {one}" for one in rungs.RUNGS if one in fitting)
        return f"{line}; some that do: {there}"
    parts = {part for test in levels for part in _parts(test.partition("::")[2])}
    alike = [one for word in words for one in difflib.get_close_matches(word, parts, n=1)]
    return f"{line}; did you mean {' or '.join(alike)}?" if alike else line


def _parts(name: str) -> set[str]:
    """One, two or three neighbouring words of a name."""
    words = name.split("_")
    return {"_".join(words[begin : begin + count])
            for count in range(1, PARTS_MAX + 1) for begin in range(len(words) - count + 1)}
