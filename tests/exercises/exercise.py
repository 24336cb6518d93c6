"""The book's exercises, their tests and our solutions.

If the exercise changes a stage or common, our solution is a patch, book/solutions/eN_M.patch, with
this head:

    Title:    what the exercise asks for, in one sentence
    Exercise: E6.2
    Stage:    which stages to build, or finger (optional)
    Test:     test_e6_2.py
    Chapter:  book/NN-word.md
    Preset:   how to build, if not with `default` (optional)
    Needs:    further targets to build: exercise_e6_2 for e6_2_test.cc, given_e6_2 for given/e6_2.cc
              (optional)

Otherwise the solution is a program: eN_M.py, eN_M.cc, or a directory eN_M with a main.py or
main.cc.
"""

import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "zoo"))

from patch_file import ROOT, ZooError, is_stage, program_of, read_patch, words  # noqa: E402

SOLUTIONS = ROOT / "book" / "solutions"
TESTS = ROOT / "tests" / "exercises"

REQUIRED = ("Title", "Exercise", "Test", "Chapter")
OPTIONAL = ("Stage", "Preset", "Needs")
NAME = re.compile(r"[eE](\d+)[._](\d+)")


class NoSuchExercise(ZooError):
    """The user named an exercise that is not in the book."""


@dataclass(frozen=True)
class Exercise:
    """An exercise, with a name such as e6_2."""

    name: str

    @property
    def number(self) -> str:
        """The number in the book, such as E6.2."""
        return self.name.upper().replace("_", ".")

    @property
    def chapter(self) -> Path:
        """The chapter's file."""
        found = sorted((ROOT / "book").glob(f"{int(self.number[1:].split('.')[0]):02}-*.md"))
        return found[0] if found else ROOT / "book"

    @property
    def test(self) -> Path:
        """The test's file. It doesn't exist if a reader has to look for themselves."""
        return TESTS / f"test_{self.name}.py"

    @property
    def file(self) -> Path:
        """Our solution: a patch, a source, or a directory of sources."""
        for suffix in (".patch", ".py", ".cc"):
            if (path := SOLUTIONS / f"{self.name}{suffix}").is_file():
                return path
        return SOLUTIONS / self.name

    @property
    def is_patch(self) -> bool:
        """Whether our solution is a patch, and not a program."""
        return self.file.suffix == ".patch"

    @cached_property
    def _head(self) -> tuple[dict[str, str], tuple[str, ...]]:
        return read_patch(self.file, REQUIRED, OPTIONAL)

    @property
    def head(self) -> dict[str, str]:
        """The head of the patch. ZooError if the head is wrong."""
        return self._head[0]

    @property
    def changes(self) -> tuple[str, ...]:
        """The files that the patch changes, or adds."""
        return self._head[1]

    @property
    def preset(self) -> str:
        """The preset to build with."""
        return self.head.get("Preset", "default") if self.is_patch else "default"

    @property
    def targets(self) -> list[str]:
        """The targets of the reader's own tree that the test needs."""
        if not self.is_patch:
            return []
        needs = words(self.head.get("Needs", ""))
        return [*map(program_of, words(self.head.get("Stage", ""))), *needs]

    @property
    def targets_of_solution(self) -> list[str]:
        """The targets of a tree with our solution that the test needs."""
        compiled = self.file.suffix == ".cc" or any(self.file.glob("*.cc"))
        return [f"solution_{self.name}"] if compiled else self.targets

    def program(self, build: Path) -> list[str]:
        """The command that starts our solution, if that is a program."""
        source = self.file if self.file.is_file() else self.file / "main.py"
        if source.suffix == ".py" and source.is_file():
            return [sys.executable, str(source)]
        return [str(build / "solutions" / self.name)]


def all_exercises() -> list[Exercise]:
    """Every exercise that has a test or a solution, in the book's order."""
    names = {path.stem.removeprefix("test_") for path in TESTS.glob("test_e*_*.py")}
    names |= {path.stem for path in SOLUTIONS.glob("e*_*")}
    numbered = [(tuple(map(int, found.groups())), name)
                for name in names if (found := NAME.fullmatch(name))]
    return [Exercise(name) for _, name in sorted(numbered)]


def named(name: str) -> Exercise:
    """The exercise that is called E6.2, e5.2 or e6_2, and can be tested."""
    found = NAME.fullmatch(name)
    exercise = Exercise(f"e{int(found[1])}_{int(found[2])}") if found else None
    if exercise is None or not exercise.test.is_file():
        there = ", ".join(each.name for each in all_exercises() if each.test.is_file())
        raise NoSuchExercise(f"there is no exercise '{name}' with a test; there are: {there}")
    return exercise


def problems(exercise: Exercise) -> list[str]:
    """Mistakes in the head of a patch."""
    head = exercise.head
    wanted = {"Exercise": exercise.number, "Test": exercise.test.name,
              "Chapter": str(exercise.chapter.relative_to(ROOT))}
    found = [f"{exercise.file.name}: {key} is {head[key]}, not {value}"
             for key, value in wanted.items() if head[key] != value]
    found += [f"{exercise.file.name}: there is no stage {stage}"
              for stage in words(head.get("Stage", "")) if not is_stage(stage)]
    return found
