"""The boxes that can be typed at a click into the Linux in the site's pages, and their data."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from blocks import ROOT
from page_boxes import EXCEPTIONS, boxes, known_boxes, known_bugs, pages, with_a_bug
from page_machine import STATE, PageMachine, typed_there

import page_bugs

KNOWN = known_boxes()
BUGS = known_bugs()


@pytest.fixture(scope="module")
def machine() -> Iterator[PageMachine]:
    if not STATE.exists():
        pytest.skip("no machine was made here (tools/machine/make)")
    there = PageMachine()
    yield there
    there.close()


@pytest.mark.parametrize(("kind", "known"), [("boxes", KNOWN), ("bugs", BUGS)],
                         ids=["boxes", "bugs"])
def test_an_exception_is_a_box_of_its_page(kind: str, known: dict) -> None:
    """Boxes that no longer exist must leave the file."""
    there = {(page, "\n".join(box["commands"])) for page, found in known.items() for box in found}
    noted = {(page, text) for page, found in json.loads(EXCEPTIONS.read_text())[kind].items()
             for text in found}
    assert not noted - there


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
