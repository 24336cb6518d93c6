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

import page_steps

STEPS: dict[str, str] = json.loads(page_steps.DATA.read_text())
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


def test_what_differs_there_are_transcripts() -> None:
    there = set(map(page_steps.name_of, page_steps.transcripts()))
    assert set(STEPS) <= there, "tests/book/page_steps.py finds out"


@pytest.mark.parametrize(("complaint", "printed"), [
    ("", "\x010\x02hello\nyou\n\x013\x02"),
    ("`hallo` where the transcript has `hello`", "\x010\x02hallo\nyou\n\x013\x02"),
    ("`the end` where", "\x010\x02hello\n\x013\x02"),
    ("`more` is not in", "\x010\x02hello\nyou\nmore\n\x013\x02"),
    ("say hello: status 0", "\x010\x02hello\nyou\n\x010\x02"),
    ("it ended early", "\x010\x02"),
])
def test_what_a_transcript_prints_there_is_compared(complaint: str, printed: str) -> None:
    transcript = '  $ cd "$STEPS"\n\n  $ say hello\n  hello\n  [a-z]+ (re)\n  [3]\n'
    found = page_steps.different(transcript, printed)
    assert complaint in found and bool(complaint) == bool(found)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("directory", sorted({t.parent for t in page_steps.transcripts()}),
                         ids=lambda directory: str(directory.relative_to(page_steps.ROOT)))
def test_a_step_does_there_what_its_transcript_tells(directory: Path,
                                                     machine: PageMachine) -> None:
    wrong = []
    for transcript in page_steps.transcripts():
        name = page_steps.name_of(transcript)
        if transcript.parent == directory and name not in STEPS:
            if complaint := page_steps.run_there(machine, transcript):
                wrong.append(f"{name}: {complaint}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
