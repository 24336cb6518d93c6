"""The picture of the state machine has the transitions of finger/steps/09-state-machine.cc."""

import re
from collections import Counter

from blocks import ROOT

TABLE = (ROOT / "finger" / "steps" / "09-state-machine.cc").read_text()
PICTURE = (ROOT / "book" / "fig" / "finger-states.svg").read_text()
ROWS = re.findall(r"\{State::(\w+), Event::(\w+), State::(\w+)\},", TABLE)
# Events of every state are in the boxes, because an arrow for each would hide the rest.
ASIDE = ("more", "failed", "overdue")


def test_each_arrow_is_a_row() -> None:
    told = re.findall(r"From (\w+) to (\w+) on (\w+)\.", PICTURE)
    assert sorted(told) == sorted((state, following, event) for state, event, following in ROWS
                                  if event not in ASIDE)
    assert PICTURE.count("<path d=\"M") - 1 == len(told)  # and one in the arrow's head
    written = re.findall(r">(\w+)</text>", PICTURE)
    assert not Counter(event for _, _, event in told) - Counter(written)


def test_each_box_says_what_leads_back_or_away() -> None:
    states = {state for state, _, _ in ROWS}
    for written in (">more: again<", ">failed, overdue: closed<"):
        assert PICTURE.count(written) == len(states)
    for state in states:
        assert {(event, following) for where, event, following in ROWS
                if where == state and event in ASIDE} == {
                    ("more", state), ("failed", "closed"), ("overdue", "closed")}
