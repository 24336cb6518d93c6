"""What a step up the ladder costs: the difference between neighbouring stages, counted as a reader
sees it with `diff -ruN`, README and steps apart: new files count whole.

Run by itself it prints the table: python3 tests/style/ladder.py
"""

import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from project import stages

# Advice, some tenth above what the lines are now: above it, look whether every hunk belongs to the
# mechanism of the stage. Where the clearest code needs more, raise it here and say why.
READ_LINES_MAX = {
    # A pool and a thread for each client, with one limit for both whose slots give themselves back,
    # small stacks, and the first options that a stage has besides those of all.
    ("part1-blocking", "part2-threads"): 215,
    # Blocking I/O becomes non-blocking: what a call waited for is now state of the connection.
    ("part2-threads", "part3-nonblocking"): 670,
    # Readiness, and what an event needs: a poller, tokens, the slab they lead to, deadlines in a
    # list, a listener that is parked, and an eventfd, since a signal must end the wait.
    ("part3-nonblocking", "part4-poll"): 380,
    # Another poller, whose calls can fail; several workers, which are files of their own (140
    # lines), with three ways to accept and one limit for all; and a protocol to choose.
    ("part4-poll", "part5-epoll"): 440,
}

# Files that neighbouring stages have without a change.
SHARED = {
    "part1 and part2": {
        "connection.h": ("part1-blocking", "part2-threads"),
        "connection.cc": ("part1-blocking", "part2-threads"),
    },
    "part3 to part5": {
        "connection.h": ("part3-nonblocking", "part4-poll", "part5-epoll"),
        "connection.cc": ("part3-nonblocking", "part4-poll", "part5-epoll"),
    },
}


def sources(stage: Path) -> dict[str, Path]:
    """A stage's own C++ sources, by name."""
    return {path.name: path for path in sorted(stage.iterdir()) if path.suffix in {".h", ".cc"}}


def what_is_read(stage: Path) -> dict[str, Path]:
    """What counts of a stage, by name: its files, but for the README; the steps are a directory."""
    return {path.name: path for path in sorted(stage.iterdir())
            if path.is_file() and path.name != "README.md"}


def changed_lines(old: Path | None, new: Path | None) -> int:
    """Lines that `diff -uN` marks with + or -. None: there is no such file."""
    run = subprocess.run(["diff", "-uN", old or "/dev/null", new or "/dev/null"],
                         capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    return sum(line[0] in "+-" for line in run.stdout.splitlines()[2:])


@dataclass(frozen=True)
class Climb:
    """From one stage to the next."""

    old: Path
    new: Path

    @property
    def limit(self) -> int:
        """How many lines may differ."""
        return READ_LINES_MAX[self.old.name, self.new.name]

    def changed(self) -> dict[str, int]:
        """Changed lines of each file that both have."""
        old, new = what_is_read(self.old), what_is_read(self.new)
        return {file: changed_lines(old[file], new[file]) for file in old if file in new}

    def alone(self) -> dict[str, int]:
        """Lines of each file that only one of the two has."""
        old, new = what_is_read(self.old), what_is_read(self.new)
        return {file: changed_lines(old.get(file), new.get(file))
                for file in sorted(old.keys() ^ new.keys())}

    def read(self) -> int:
        """Lines that a reader of the difference sees marked."""
        return sum(self.changed().values()) + sum(self.alone().values())

    def describe(self) -> str:
        """One line: what changed, what is new."""
        changed = ", ".join(f"{file} {lines}" for file, lines in self.changed().items() if lines)
        alone = ", ".join(f"{file} {lines}" for file, lines in self.alone().items())
        return (f"{self.old.name} -> {self.new.name}: {self.read()} lines, advice {self.limit} "
                f"({changed}" + (f"; in one of them only: {alone}" if alone else "") + ")")


def climbs() -> list[Climb]:
    """Every step up the ladder. part6 is no step of part5, on purpose."""
    ladder = [stage for stage in stages() if stage.name < "part6"]
    return [Climb(old, new) for old, new in pairwise(ladder)]


if __name__ == "__main__":
    for climb in climbs():
        print(climb.describe())
