"""What a step up the ladder costs: the difference between neighbouring stages, counted.

Run by itself it prints the table: python3 tests/style/ladder.py
"""

import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from project import stages, text

CHANGED_LINES_MAX = 150
# State leaves the stack between part2 and part3. With readiness, in part4, comes all that an event
# needs: tokens, the slab they lead to, deadlines in a list, and a listener that is parked.
CHANGED_LINES_MAX_BETWEEN = {
    ("part2-threads", "part3-nonblocking"): 300,
    ("part3-nonblocking", "part4-poll"): 300,
}

# Files that a stage takes over from the one before without a change.
SHARED = {
    "connection.h": ("part3-nonblocking", "part4-poll", "part5-epoll"),
    "connection.cc": ("part3-nonblocking", "part4-poll", "part5-epoll"),
    "server.h": ("part4-poll", "part5-epoll"),
    "server.cc": ("part4-poll", "part5-epoll"),
}


def sources(stage: Path) -> dict[str, Path]:
    """A stage's own sources, by name."""
    return {path.name: path for path in sorted(stage.iterdir()) if path.suffix in {".h", ".cc"}}


def changed_lines(old: Path, new: Path) -> int:
    """Lines that `diff -u` marks with + or -."""
    run = subprocess.run(["diff", "-u", old, new], capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    return sum(line[0] in "+-" for line in run.stdout.splitlines()[2:])


@dataclass(frozen=True)
class Climb:
    """From one stage to the next."""

    old: Path
    new: Path

    @property
    def budget(self) -> int:
        """How many lines may change."""
        return CHANGED_LINES_MAX_BETWEEN.get((self.old.name, self.new.name), CHANGED_LINES_MAX)

    def changed(self) -> dict[str, int]:
        """Changed lines of each file that both have."""
        old, new = sources(self.old), sources(self.new)
        return {file: changed_lines(old[file], new[file]) for file in old if file in new}

    def alone(self) -> dict[str, int]:
        """Lines of each file that only one of the two has."""
        old, new = sources(self.old), sources(self.new)
        return {file: len((text(path) or "").splitlines())
                for file, path in sorted((old | new).items()) if (file in old) != (file in new)}

    def describe(self) -> str:
        """One line: what changed, what is new."""
        changed = self.changed()
        parts = ", ".join(f"{file} {lines}" for file, lines in changed.items() if lines)
        alone = ", ".join(f"{file} {lines}" for file, lines in self.alone().items())
        return (f"{self.old.name} -> {self.new.name}: {sum(changed.values())} changed lines, "
                f"at most {self.budget} ({parts})"
                + (f"; in one of them only: {alone}" if alone else ""))


def climbs() -> list[Climb]:
    """Every step up the ladder. part6 leaves part5 behind on purpose."""
    ladder = [stage for stage in stages() if stage.name < "part6"]
    return [Climb(old, new) for old, new in pairwise(ladder)]


if __name__ == "__main__":
    for climb in climbs():
        print(climb.describe())
