"""The picture of the state machine says what the table says that finger/steps/machine runs by."""

import re
from collections import defaultdict

from blocks import ROOT

TABLE = (ROOT / "finger" / "steps" / "machine" / "table.h").read_text()
PICTURE = " ".join((ROOT / "book" / "fig" / "machine.svg").read_text().split())
ROWS = re.findall(r"\{State::(\w+), Event::(\w+), State::(\w+), Action::(\w+)\},", TABLE)
# What may happen in most states and is written into the box: an arrow for each would hide the rest.
ASIDE = ("more", "failed", "gone", "overdue")


def test_each_arrow_has_its_events_and_its_action() -> None:
    events = defaultdict(list)
    for state, event, following, action in ROWS:
        if event not in ASIDE:
            events[state, following, action.replace("_", " ")].append(event)
    told = re.findall(r"From (\w+) to (\w+) on ([^:]+): ([^.]+)\.", PICTURE)
    assert sorted(told) == sorted((state, following, ", ".join(names), action)
                                  for (state, following, action), names in events.items())
    written = re.findall(r">([\w, ]+)</text> <text [^>]+>/ ([\w ]+)<", PICTURE)
    assert sorted(written) == sorted((names, action) for _, _, names, action in told)


def test_each_box_says_what_leads_back_or_away() -> None:
    aside = defaultdict(list)
    for state, event, following, _ in ROWS:
        if event in ASIDE:
            aside[state, "again" if following == state else following].append(event)
    written = re.findall(r">([\w, ]+: \w+)</text>", PICTURE)
    assert sorted(written) == sorted(f"{', '.join(names)}: {where}"
                                     for (_, where), names in aside.items())
