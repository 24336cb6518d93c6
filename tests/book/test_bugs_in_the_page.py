"""What the boxes about what goes wrong have one type shows the same in the page's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from page_machine import STATE, TOLD, PageMachine, Stuck
from test_boxes import ATTEMPTS, RACES, SYMPTOMS, boxes
from typed import Box

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

GONE = "[[ $(server_pid) ]] || echo the server has gone"


@pytest.fixture(scope="module")
def machine() -> Iterator[PageMachine]:
    if not STATE.exists():
        pytest.skip("no machine was made here (tools/machine/make)")
    there = PageMachine()
    yield there
    there.close()


def presses(box: Box) -> list[dict[str, object]]:
    """The server goes into the first terminal, when what it is to serve was made."""
    before = [command for command in box.commands if command.startswith("mkdir")]
    port = re.search(r"127\.0\.0\.1[ /](\d+)", box.text)
    after = [*(command for command in box.commands if command not in before),
             f"port={port[1]}" if port else ":", GONE]
    return [*({"terminal": 1, "text": command} for command in before),
            {"terminal": 0, "text": box.server, "until": TOLD},
            *({"terminal": 1, "text": command} for command in after)]


@pytest.mark.parametrize("bug", SYMPTOMS)
def test_a_box_shows_its_symptom_there(bug: str, machine: PageMachine) -> None:
    box = next(box for box in boxes() if box.bug == bug)
    typed = presses(box)
    shown = []
    for _ in range(ATTEMPTS if bug in RACES else 1):
        machine.ask()
        try:
            answers = machine.ask(first=[], presses=typed)
        except Stuck as stuck:
            pytest.fail(f"has not come back: {stuck}", pytrace=False)
        shown.append("".join(answer["printed"] for press, answer in zip(typed, answers)
                             if press["terminal"] == 1))
        if re.fullmatch(SYMPTOMS[bug][1], shown[-1]):
            return
    pytest.fail("\n".join([*shown, answers[0]["printed"]]), pytrace=False)
