"""Every exercise of the book has a proof, a hint and a solution, and every test has its exercise.

The proof is a test if possible; otherwise the exercise says what its reader will see.
"""

import re
from functools import cache
from pathlib import Path

import exercise
import pytest
from blocks import ROOT
from exercise import Exercise
from test_book import BOOK, complain

CHAPTERS = sorted(BOOK.glob("[0-9][0-9]-*.md"))
HEADING = re.compile(r"^### (E(\d+)\.(\d+) - .+)$", re.MULTILINE)
SECTION = re.compile(r"^## Exercises$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
MINUTES = re.compile(r"^\*(\d+) minutes\*$", re.MULTILINE)
TASK_LINES_MAX = 5
LINE_COLUMNS = 100
SOLUTION_SUFFIXES = {".patch", ".cc", ".py"}


@cache
def told(chapter: Path) -> dict[str, str]:
    """The texts of a chapter's exercises, by name."""
    section = SECTION.search(chapter.read_text())
    _, *pieces = HEADING.split(section[1]) if section else [""]
    return {f"e{number}_{which}": text
            for _, number, which, text in zip(*[iter(pieces)] * 4)}


def all_told() -> dict[str, str]:
    return {name: text for chapter in CHAPTERS for name, text in told(chapter).items()}


def problems(name: str, text: str) -> list[str]:
    """Mistakes in an exercise."""
    about = Exercise(name)
    task = re.split(r"^(?:Proof: |<details>)", text, maxsplit=1, flags=re.MULTILINE)[0]
    task = MINUTES.sub("", task).strip()
    found = []
    if not MINUTES.search(text):
        found.append("says not how many minutes it takes, as *20 minutes*")
    if len(re.sub(r"```.*?```", "", task, flags=re.DOTALL)) > TASK_LINES_MAX * LINE_COLUMNS:
        found.append(f"the task is longer than {TASK_LINES_MAX} lines")
    proof = re.search(r"^Proof: (.+)$", text, re.MULTILINE)
    if not proof:
        found.append("says not how it is proved, as `Proof: …`")
    elif f"./check --exercise {name}" in proof[1]:
        if not about.test.is_file():
            found.append(f"there is no test {about.test.name}")
    elif about.test.is_file():
        found.append(f"has a test, {about.test.name}, and does not say so")
    for summary in ("Hint", "Solution"):
        if text.count(f"<details><summary>{summary}</summary>\n\n") != 1:
            found.append(f"has no `<details><summary>{summary}</summary>`, a blank line below it")
    if about.test.is_file() and f"<!-- listing: book/solutions/{name}" not in text:
        found.append(f"shows nothing of book/solutions/{name}")
    return found


def test_every_exercise_can_be_proved_and_is_solved() -> None:
    complain([f"{name}: {problem}" for name, text in all_told().items()
              for problem in problems(name, text)])


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[path.name for path in CHAPTERS])
def test_exercises_are_numbered_as_their_chapter(chapter: Path) -> None:
    number = int(chapter.name[:2])
    names = list(told(chapter))
    assert names == [f"e{number}_{which}" for which in range(1, len(names) + 1)]


def test_every_test_and_every_solution_belongs_to_an_exercise() -> None:
    there = all_told()
    complain([f"{each.name} is no exercise of {each.chapter.name}"
              for each in exercise.all_exercises() if each.name not in there])
    complain([f"{each.name} has a test and no solution" for each in exercise.all_exercises()
              if each.test.is_file() and not each.file.exists()])
    complain([f"{path.relative_to(ROOT)}: what is it?" for path in exercise.SOLUTIONS.glob("*.*")
              if path.suffix not in SOLUTION_SUFFIXES or not exercise.NAME.fullmatch(path.stem)])


def test_a_patch_says_what_it_is() -> None:
    complain([problem for each in exercise.all_exercises() if each.is_patch
              for problem in exercise.problems(each)])
