"""The boxes that the site has typed into the Linux in its pages, and the data that says which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from page_boxes import boxes
from page_machine import DATA, STATE, PageMachine, button, pages, typed_there

KNOWN: dict[str, list[dict[str, Any]]] = json.loads(DATA.read_text())
AGAIN = "tests/book/page_machine.py finds out, with a machine that tools/machine/make has made"


@pytest.fixture(scope="module")
def machine() -> Iterator[PageMachine]:
    if not STATE.exists():
        pytest.skip("no machine was made here (tools/machine/make)")
    there = PageMachine()
    yield there
    there.close()


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_what_is_known_is_of_the_boxes_as_they_are(page: Path) -> None:
    found, known = boxes(page), KNOWN[page.stem]
    assert [box.commands for box in found] == [box["commands"] for box in known], AGAIN
    for box, one in zip(found, known):
        possible = [button(box, before) for before in box.beginnings()]
        assert one.get("why") or {key: one[key] for key in ("first", "presses")} in possible, AGAIN


@pytest.mark.parametrize(("chapters", "share"), [
    (range(1, 10), Fraction(4, 5)),
    (range(10, 15), Fraction(2, 3)),
], ids=["1-9", "10-14"])
def test_most_boxes_have_a_button(chapters: range, share: Fraction) -> None:
    known = [box for name, boxes in KNOWN.items()
             if name[:2].isdigit() and int(name[:2]) in chapters for box in boxes]
    work = sum("presses" in box for box in known)
    assert work >= share * len(known), f"{work} of {len(known)}"


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
