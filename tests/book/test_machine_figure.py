"""The picture of the state machine says what the table of its step says."""

import re

from blocks import ROOT

TABLE = (ROOT / "finger" / "steps" / "12-state-machine.cc").read_text()
PICTURE = " ".join((ROOT / "book" / "fig" / "machine.svg").read_text().split())
ROWS = re.findall(r"\{State::(\w+), Event::(\w+), State::(\w+)\},", TABLE)
# What may happen in each state and is written into the box: an arrow for each would hide the rest.
ASIDE = ("more", "failed", "overdue")


def test_each_arrow_has_its_event() -> None:
    told = re.findall(r"From (\w+) to (\w+) on (\w+)\.", PICTURE)
    rows = [(state, following, event) for state, event, following in ROWS if event not in ASIDE]
    assert sorted(told) == sorted(rows)
    written = re.findall(r'text-anchor="\w+">(\w+)</text>', PICTURE)
    assert sorted(written) == sorted(event for _, _, event in told)
    assert PICTURE.count("<path d=") == len(told) + 2  # one into the first state, and the arrowhead


def test_each_box_says_what_leads_back_or_away() -> None:
    states = {state for state, _, _ in ROWS}
    for state in states:
        leads = {event: following for of, event, following in ROWS if of == state}
        assert [leads[event] for event in ASIDE] == [state, "closed", "closed"]
    assert PICTURE.count(">more: again</text>") == len(states)
    assert PICTURE.count(">failed, overdue: closed</text>") == len(states)
