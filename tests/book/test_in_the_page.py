"""The boxes that the site has typed into the Linux in its pages, and the data that says which."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from blocks import ROOT
from harness.needed import need_program
from page_boxes import TRIED, UNTRIED, boxes, known_boxes, known_bugs, pages, with_a_bug
from page_machine import STATE, PageMachine, Stuck, typed_there

import page_bugs

KNOWN = known_boxes()
BUGS = known_bugs()
BUGS_MIN = 12
SHARE_WITH_UNTRIED = Fraction(3, 10)
# Comes back from a request without presses only.
NEVER_BACK = """
import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  while (JSON.parse(line).presses) {}
  console.log("[]");
}
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[PageMachine]:
    if not STATE.exists():
        pytest.skip("no machine was made here (tools/machine/make)")
    there = PageMachine()
    yield there
    there.close()


@pytest.mark.parametrize(("kind", "known"), [("boxes", KNOWN), ("bugs", BUGS)],
                         ids=["boxes", "bugs"])
def test_what_was_tried_is_a_box_of_its_page(kind: str, known: dict) -> None:
    """What is no box any more leaves the file, and a box that worked is tried again when something
    else is typed before it."""
    there = {(page, "\n".join(box["commands"])) for page, found in known.items() for box in found}
    works = {(page, "\n".join(box["commands"])) for page, found in known.items()
             for box in found if "presses" in box}  # perhaps one of several boxes with these words
    stale = [(page, text) for page, tried in json.loads(TRIED.read_text())[kind].items()
             for text, outcome in tried.items()
             if (page, text) not in (works if isinstance(outcome, int) else there)]
    assert not stale, "tests/book/page_machine.py finds out"


def test_a_box_that_compiles_is_known_not_to_work_there() -> None:
    """Wherever in it the compiler is called; to try it takes minutes."""
    compiles = [box for known in KNOWN.values() for box in known
                if "g++ -std" in "\n".join(box["commands"])]
    assert len(compiles) > 5
    assert {box.get("why") for box in compiles} == {"there is no compiler in it"}


@pytest.mark.parametrize(("chapters", "share"), [
    (range(1, 10), Fraction(7, 10)),  # most of the others need a server that the reader writes
    (range(10, 15), Fraction(2, 3)),
], ids=["1-9", "10-14"])
def test_most_boxes_have_a_button(chapters: range, share: Fraction) -> None:
    known = [box for name, boxes in KNOWN.items()
             if name[:2].isdigit() and int(name[:2]) in chapters for box in boxes]
    tried = [box for box in known if box.get("why") != UNTRIED]
    work = sum("presses" in box for box in known)
    assert work >= share * len(tried), f"{work} of {len(tried)} that were tried"
    assert work >= SHARE_WITH_UNTRIED * len(known), f"{work} of {len(known)}, tried or not"


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_button_does_what_the_book_tells(page: Path, machine: PageMachine) -> None:
    wrong = []
    machine.ask()
    for box, known in zip(boxes(page), KNOWN[page.stem]):
        if "presses" in known and (complaint := typed_there(machine, box, known)):
            wrong.append(f"line {box.line}: {complaint}")
            machine.ask()
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_a_dozen_of_the_bugs_have_a_button() -> None:
    assert sum("presses" in one for known in BUGS.values() for one in known) >= BUGS_MIN


@pytest.mark.parametrize(
    "stage, program", [("part5-epoll", "part5-epoll"), ("finger", "fingerd")])
def test_a_server_with_a_bug_is_made_where_serve_looks_for_it(
        stage: str, program: str, tmp_path: Path) -> None:
    built_bug = ROOT / "tools" / "machine" / "inside" / "built-bug"
    for name in (f"build/default/{stage}/{program}", f"build/bugs/{stage}/a-bug", "tools/bspatch"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('#!/bin/sh\ncp "$1" "$2"\n')
    (tmp_path / "tools" / "bspatch").chmod(0o755)
    built = shutil.copy(built_bug, tmp_path / "tools")
    subprocess.run([built, "tests/zoo/run.py", "build", "a-bug", stage], check=True,
                   env={"PATH": f"{tmp_path}/tools:{os.environ['PATH']}"})
    [path] = re.findall(r"server=\$root/(build/zoo/\S+)", (ROOT / "serve").read_text())
    for name, value in (("bug", "a-bug"), ("stage", stage), ("executable", program)):
        path = path.replace(f"${name}", value)
    assert os.access(tmp_path / path, os.X_OK), path


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", BUGS)
def test_a_bug_shows_its_symptom_there(page: str, machine: PageMachine) -> None:
    wrong = []
    for box, known in zip(with_a_bug()[page], BUGS[page]):
        if "presses" in known and (complaint := page_bugs.different(machine, box)):
            wrong.append(f"{box.bug}: {complaint}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def test_an_emulator_that_never_comes_back_is_an_answer(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_program("node")
    program = tmp_path / "never-back.mjs"
    program.write_text(NEVER_BACK)
    monkeypatch.setattr(PageMachine, "program", program)
    monkeypatch.setattr(PageMachine, "late", 1)
    machine = PageMachine()
    with pytest.raises(Stuck, match="does not come back"):
        machine.ask(seconds=1, first=[], presses=[{"terminal": 0, "text": "true"}])
    assert machine.ask() == []
    machine.close()
