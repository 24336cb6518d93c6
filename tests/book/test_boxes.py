"""Types the boxes about what goes wrong at servers with and without the defect."""

import re
from collections.abc import Iterator

import pytest
from blocks import ROOT
from litter import without_litter
from page_boxes import made_first
from symptoms import GONE, MAY_END, MORE_SYMPTOMS, SYMPTOMS, boxes, probes
from terminal import Stuck, Terminal
from told import STUCK
from typed import Box

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

SECONDS = 120
SECONDS_TO_BUILD = 1800


@pytest.fixture(autouse=True)
def litter() -> Iterator[None]:
    with without_litter(ROOT):
        yield


def tried(box: Box, server: str) -> str:
    """Starts the server in one terminal, types the commands in another, and returns their
    output."""
    first, second = Terminal(ROOT), Terminal(ROOT)
    printed = ""
    try:
        second.type(". tools/shell.sh", SECONDS)
        before = made_first(box)
        for command in before:
            printed += second.type(command, SECONDS)[0]
        hidden = "2> /dev/null" in server  # hides the hint for another terminal, too
        told = "listening on .*\n" if hidden else "in another terminal: .*\n"
        first.stay(server, SECONDS_TO_BUILD, told)
        for command in box.commands:
            if command not in before:
                printed += second.type(command, SECONDS)[0]
        for command in probes(box):
            printed += second.type(command, SECONDS)[0]
        if "Stopped" in first.shown() and GONE not in printed:  # the shell has the foreground
            assert "`fg`" in box.text
            first.continue_job(SECONDS, r"\./serve")
        first.interrupt(SECONDS)
    except Stuck as stuck:
        pytest.fail(f"{server}\n  has not come back, after:\n{printed}{stuck}", pytrace=False)
    finally:
        first.close()
        second.close()
    return printed


@pytest.mark.parametrize("box", boxes(), ids=lambda box: box.bug or "as-it-is")
def test_the_commands_of_a_box_can_be_typed(box: Box) -> None:
    """At the server without the defect, they show no symptom."""
    printed = tried(box, re.sub(r" --bug [\w-]+", "", box.server))
    assert not STUCK.search(printed), printed
    if box.bug not in MAY_END:
        assert GONE not in printed, printed
    if symptom := (SYMPTOMS | MORE_SYMPTOMS).get(box.bug):
        assert re.fullmatch(symptom[0], printed), printed


@pytest.mark.parametrize("bug", SYMPTOMS)
def test_a_box_shows_its_symptom(bug: str) -> None:
    box = next(box for box in boxes() if box.bug == bug)
    printed = tried(box, box.server)
    assert re.fullmatch(SYMPTOMS[bug][1], printed), printed
