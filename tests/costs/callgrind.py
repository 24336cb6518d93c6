"""Reads the output of valgrind's callgrind."""

import re
from collections import Counter
from pathlib import Path

TOOL = ("valgrind", "--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no")
COST = re.compile(r"^\d+ \d+$")  # a line of the source, and the number of instructions
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def instructions(file: Path, by: str = "function") -> Counter[str]:
    """Returns the instructions of each function, without its callees; or of each file's lines,
    wherever a compiler inlined them.
    """
    counts: Counter[str] = Counter()
    function, source, in_callee = "", "", False
    for line in file.read_text().splitlines():
        if line.startswith("fn="):
            function = line.removeprefix("fn=")
        elif line.startswith(("fl=", "fi=", "fe=")):
            source = Path(line[3:]).name
        elif COST.match(line) and not in_callee:
            counts[function if by == "function" else source] += int(line.split()[1])
        in_callee = line.startswith("calls=")  # the next line is the callee's cost
    total = TOTAL.search(file.read_text())
    assert total and sum(counts.values()) == int(total[1]), "callgrind's lines were misread"
    return counts
