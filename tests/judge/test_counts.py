"""The pages and the transcripts of the book print how many tests a level has."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import own_suite
from harness.target import REPOSITORY
from levels import LEVEL_NAMES
from run_judge import PROTOCOL

BOOK = REPOSITORY / "book"
PRINTED = re.compile(  # `  start         ####################   9 of 9, 2 skipped`
    r"^ +([a-z-]+) +[#.*+\\]+ .*of (\d+)(?:, (\d+) skipped)?")


def printed_in(file: Path) -> Iterator[tuple[str, int]]:
    """The levels in a file, with the numbers of their tests. A climb without some levels has fewer
    tests further up."""
    command = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("$ "):
            command = line
        elif (found := PRINTED.match(line)) and "--without" not in command:
            yield found[1], int(found[2]) + int(found[3] or 0)


def count_tests(level: str) -> int:
    """How many tests a climb runs at this level, or skips."""
    below = LEVEL_NAMES[LEVEL_NAMES.index(level) - 1] if level != LEVEL_NAMES[0] else ""
    asked = own_suite.run_suite(PROTOCOL, "--collect-only", "--server", "true {port}", "--level",
                                level, *(("--above", below) if below else ()))
    return len(re.findall(r"^test_\w+\.py::|^tests/protocol/test_\w+\.py::", asked.stdout, re.M))


@pytest.mark.timeout(300)
def test_the_counts_that_the_book_prints_are_those_of_the_tests() -> None:
    printed = {(file.name, level, count)
               for file in (*BOOK.glob("*.md"), *BOOK.glob("runs/*.t"))
               for level, count in printed_in(file) if level in LEVEL_NAMES}
    levels = sorted({level for _, level, _ in printed})
    assert len(levels) >= 12, levels
    with ThreadPoolExecutor(2) as pool:
        counts = dict(zip(levels, pool.map(count_tests, levels)))
    wrong = [f"{file}: {level} has {counts[level]} tests, not {count}"
             for file, level, count in sorted(printed) if counts[level] != count]
    assert not wrong, "\n".join(wrong)
