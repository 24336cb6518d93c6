"""What valgrind's callgrind has written, read."""

import re
from collections import Counter
from pathlib import Path

TOOL = ("valgrind", "--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no")
COST = re.compile(r"^\d+ \d+$")  # a line of the source, and how many instructions
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def instructions(file: Path) -> Counter[str]:
    """How many each function has executed itself, without those that it calls."""
    counts: Counter[str] = Counter()
    name, in_callee = "", False
    for line in file.read_text().splitlines():
        if line.startswith("fn="):
            name = line.removeprefix("fn=")
        elif COST.match(line) and not in_callee:
            counts[name] += int(line.split()[1])
        in_callee = line.startswith("calls=")  # the next line is the callee's cost
    total = TOTAL.search(file.read_text())
    assert total and sum(counts.values()) == int(total[1]), "callgrind's lines were misread"
    return counts
