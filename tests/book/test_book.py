"""The book is true and well formed: listings and runs, links, and every name it mentions."""

import re
from functools import cache
from pathlib import Path

import blocks
import fill
import form
import links
import pytest
import runs
from blocks import ROOT

BOOK = ROOT / "book"
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]-*.md")) + sorted(BOOK.glob("appendix-*.md"))
PAGES = [*CHAPTERS, BOOK / "index.md", *BOOK.glob("*-view.md")]


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def complain(complaints: list[str]) -> None:
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def patches() -> set[str]:
    return {path.stem for path in (BOOK / "bugs").glob("*.patch")}


@cache
def steps() -> set[str]:
    return {path.stem for where in ("*/steps", "book/steps/*")
            for path in ROOT.glob(f"{where}/[0-9][0-9]-*.cc")}


@cache
def made_in_exercises() -> set[str]:
    """Files that a reader adds in exercises."""
    return {added for path in (BOOK / "solutions").glob("*.patch") for added in re.findall(
        r"^--- /dev/null\n\+\+\+ b/(\S+)", path.read_text(), re.MULTILINE)}


@cache
def known_tests() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        found |= {path.stem, *re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}
    for path in (ROOT / "tests" / "unit").rglob("*.cc"):
        found |= {".".join(test) for test in re.findall(
            r"^\w*TEST\w*\((\w+),\s+(\w+)\)", path.read_text(), re.MULTILINE)}
    return found


@pytest.mark.parametrize("path", blocks.markdown_files(), ids=lambda path: name_of(path))
def test_listings_and_runs_are_true(path: Path) -> None:
    complain([f"{block.where}: {what}" for block in blocks.blocks(path)
              if (what := fill.complaint(block))])


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_form(path: Path) -> None:
    complain([f"{path.name}:{p.line}: {p.what}" for p in form.problems(path.read_text())])


@pytest.mark.parametrize("path", blocks.markdown_files(), ids=lambda path: name_of(path))
def test_links_and_anchors_lead_somewhere(path: Path) -> None:
    complain([f"{name_of(path)}: {what}" for what in links.dead(path)])


@pytest.mark.parametrize("path", CHAPTERS, ids=names(CHAPTERS))
def test_every_name_is_that_of_something(path: Path) -> None:
    """Patches, steps, tests and files in code font exist, because a reader will type their
    names."""
    complaints = []
    copies = {copy for block in blocks.blocks(path) if block.kind == "edit"
              for copy in runs.EDIT.findall((ROOT / block.arguments.split()[0]).read_text())}
    for name in set(re.findall(r"`([^`\n]+)`", form.FENCE.sub("", path.read_text()))) - copies:
        for test in re.findall(r"\btest_\w+|^[A-Z]\w+\.[A-Z]\w+$", name):
            if test not in known_tests():
                complaints.append(f"{path.name}: there is no test {test}")
        if re.fullmatch(r"\d\d-[a-z0-9-]+", name) and name not in steps():
            complaints.append(f"{path.name}: there is no step {name}")
        if re.fullmatch(r"[\w.-]+/[\w./-]+\.(cc|h|py|t|md|patch)", name):
            if not (ROOT / name).exists() and name not in made_in_exercises():
                complaints.append(f"{path.name}: there is no file {name}")
    complain(complaints)


@pytest.mark.parametrize("path", CHAPTERS, ids=names(CHAPTERS))
def test_a_bug_goes_into_the_stage_that_is_named(path: Path) -> None:
    complaints = []
    for stage, bug in re.findall(r"\./serve (part\d\S*|finger) --bug ([\w-]+)", path.read_text()):
        patch = BOOK / "bugs" / f"{bug}.patch"
        if not patch.is_file():
            complaints.append(f"{path.name}: there is no bug {bug}")
            continue
        where = re.findall(r"^\+\+\+ b/([\w-]+)/", patch.read_text(), re.MULTILINE)
        if "common" not in where and not any(name.startswith(stage) for name in where):
            complaints.append(f"{path.name}: the bug {bug} is one of {where}, not of {stage}")
    complain(complaints)


@pytest.mark.parametrize("path", CHAPTERS, ids=names(CHAPTERS))
def test_a_box_about_what_goes_wrong_can_be_tried(path: Path) -> None:
    boxes = re.findall(r"^> \[!WARNING\]\n((?:^>.*\n?)+)", path.read_text(), re.MULTILINE)
    complain([f"{path.name}: '{box.splitlines()[0][4:60]}…' names no patch and no step"
              for box in boxes
              if not set(re.findall(r"[a-z0-9-]+", box)) & (patches() | steps())])
