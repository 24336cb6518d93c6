"""A bug of the zoo: a patch in book/bugs, with a head of `Key: value` lines above the diff.

    Title:    the symptom, in one sentence
    Symptom:  the kind of symptom, one of SYMPTOMS, by which appendix E is sorted
    Stage:    which stages to build, or finger; the first stage shows the bug
    Test:     test_file.py::test_name[stage] of tests/protocol, or of tests/finger as
              finger/test_file.py::test_name[fingerd], or `ctest NAME`; it must fail
    Says:     words that this failure must contain
    Chapter:  where the book shows the bug: book/NN-word.md, or book/appendix-x-words.md
    Step:     the source of a step that shows the same mistake (optional)
    Preset:   how to build, if not with `default` (optional)
    Needs:    further targets to build, such as the unit tests' program (optional)
"""

import re
from dataclasses import dataclass
from pathlib import Path

from patch_file import ROOT, ZooError, is_stage, program_of, read_patch, words

BUGS = ROOT / "book" / "bugs"
TESTS = ROOT / "tests"

REQUIRED = ("Title", "Symptom", "Stage", "Test", "Says", "Chapter")
OPTIONAL = ("Step", "Preset", "Needs")
SYMPTOMS = ("hangs", "spins", "crashes", "grows", "loses", "closes", "strangers", "misleads")

CHAPTER = re.compile(r"book/(?:\d\d|appendix-[a-z])-[a-z0-9-]+\.md")


class NoSuchBug(ZooError):
    """The user named a bug that is not in the zoo."""


@dataclass(frozen=True)
class Bug:
    """The head of a patch."""

    name: str
    title: str
    symptom: str
    stages: tuple[str, ...]
    test: str
    says: str
    chapter: str
    step: str
    preset: str
    needs: tuple[str, ...]
    changes: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The patch itself."""
        return BUGS / f"{self.name}.patch"

    @property
    def targets(self) -> list[str]:
        """The targets that the test needs."""
        return [*map(program_of, self.stages), *self.needs]


def suite_of(test: str) -> tuple[str, str]:
    """The test's suite below tests/, and its name there."""
    suite, separator, rest = test.partition("/")
    return (suite, rest) if separator and suite == "finger" else ("protocol", test)


def read(file: Path) -> Bug:
    """Reads a bug from its file. ZooError if the head is wrong."""
    values, changes = read_patch(file, REQUIRED, OPTIONAL)
    bug = Bug(
        name=file.stem,
        title=values["Title"],
        symptom=values["Symptom"],
        stages=words(values["Stage"]),
        test=values["Test"],
        says=values["Says"],
        chapter=values["Chapter"],
        step=values.get("Step", ""),
        preset=values.get("Preset", "default"),
        needs=words(values.get("Needs", "")),
        changes=changes,
    )
    for problem in problems(bug):
        raise ZooError(f"{file.name}: {problem}")
    return bug


def problems(bug: Bug) -> list[str]:
    """Mistakes in the values of the head."""
    found = [f"there is no stage {stage}" for stage in bug.stages if not is_stage(stage)]
    if bug.symptom not in SYMPTOMS:
        found.append(f"{bug.symptom} is none of {', '.join(SYMPTOMS)}")
    if not CHAPTER.fullmatch(bug.chapter):
        found.append(f"{bug.chapter} is no chapter")
    if bug.step and not (ROOT / bug.step).is_file():
        found.append(f"there is no step {bug.step}")
    if problem := problem_of_test(bug.test):
        found.append(problem)
    return found


def problem_of_test(test: str) -> str | None:
    """Says why there is no such test, as far as we can tell without a build."""
    if test.startswith("ctest "):
        name = test.removeprefix("ctest ")
        kind, _, rest = name.partition(".")
        if kind == "steps":
            part, _, step = rest.partition(".")
            there = (ROOT / part / "steps" / f"{step}.t").is_file()
        else:
            suite, case = rest.split(".")[-2:]
            wanted = re.compile(rf"TEST(?:_[FP])?\({re.escape(suite)},\s*{re.escape(case)}\)")
            sources = TESTS.glob("**/*_test.cc")
            there = any(wanted.search(source.read_text(encoding="utf-8")) for source in sources)
        return None if there else f"there is no test {name}"
    suite, test = suite_of(test)
    file, _, function = test.partition("::")
    function, _, parameters = function.partition("[")
    path = TESTS / suite / file
    if not path.is_file():
        return f"there is no file tests/{suite}/{file}"
    if f"\ndef {function}(" not in path.read_text(encoding="utf-8"):
        return f"{file} has no test {function}"
    stages = re.findall(r"part\d-\w+", parameters)
    if not all(is_stage(stage) for stage in stages):
        return f"[{parameters} names no stage"
    return None


def all_names() -> list[str]:
    """The names of all bugs of the zoo, sorted."""
    return [file.stem for file in sorted(BUGS.glob("*.patch"))]


def named(name: str) -> Bug:
    """The bug of this name."""
    file = BUGS / f"{name}.patch"
    if not file.is_file():
        raise NoSuchBug(f"there is no bug '{name}'; there are: {', '.join(all_names())}")
    return read(file)
