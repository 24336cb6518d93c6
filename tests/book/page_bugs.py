#!/usr/bin/python3
"""The boxes about what goes wrong, typed into the machine in the page, with the server that has the
defect, and which of them show its symptom there.

As a program it types those of some bugs, as length-wraps, or of all, and writes what came of it to
book/.vitepress/machine-bugs.json.
"""

import argparse
import json
import re
from typing import Any

from page_machine import NOT_THERE, ROOT, TOLD, UNTRIED, PageMachine, Stuck, as_lines
from symptoms import (
    LEFT_OUT,
    MORE_SYMPTOMS,
    SYMPTOMS,
    all_boxes,
    made_first,
    probes,
)
from typed import Box

DATA = ROOT / "book" / ".vitepress" / "machine-bugs.json"
BROKEN = {bug: broken for bug, (_, broken) in (SYMPTOMS | MORE_SYMPTOMS).items()}
SECONDS = 120  # of the machine's, for a box
# A reader may have been anywhere, and have started something there.
FIRST = [{"terminal": 0, "text": "cd $ROOT"}, {"terminal": 1, "text": "cd $ROOT; stop"}]
# Why a box is not for there, which was found out by trying.
NOT_FOR_THERE = {
    "announced-length-allocated": "there is no gigabyte of memory to reserve, so the server ends",
    "output-without-bound": "there is less memory than the box takes, so the server is killed",
    "length-wraps": "built for 32 bits, the server does not end: it is in a loop",
}
NOT_LOOKED_FOR = "no test of ours looks for what one sees of it"


def commands(box: Box) -> list[str]:
    """What a box has one type, by which the page knows it."""
    return [*filter(None, [box.server]), *box.commands]


def button(box: Box) -> dict[str, Any]:
    """The server goes into the first terminal, when what it is to serve was made."""
    before = made_first(box)
    after = [command for command in box.commands if command not in before]
    return {"first": FIRST, "presses": [
        *({"terminal": 1, "text": command} for command in before),
        {"terminal": 0, "text": box.server, "until": TOLD},
        *({"terminal": 1, "text": command} for command in after)]}


def typed_there(machine: PageMachine, box: Box) -> str:
    """What its commands print in the second terminal, and whether the server is gone."""
    known = button(box)
    presses = [*known["presses"], *({"terminal": 1, "text": probe} for probe in probes(box))]
    answers = machine.ask(seconds=SECONDS, first=known["first"], presses=presses)
    return "".join(answer["printed"] for press, answer in zip(presses, answers)
                   if press["terminal"] == 1)


def different(machine: PageMachine, box: Box) -> str:
    """What it shows instead of its symptom; nothing if it shows it. After other boxes, as a reader
    may type it, and else in a machine as it begins."""
    shown = []
    for _ in range(2):
        try:
            shown.append(typed_there(machine, box))
            if re.fullmatch(BROKEN[box.bug], shown[-1]):
                return ""
        except Stuck as stuck:
            shown.append(f"has not come back: {stuck}")
        machine.ask()
    return "\n".join(["it shows:", *shown])


def why_not(box: Box) -> str:
    """Why it is not tried there."""
    if box.bug in NOT_FOR_THERE:
        return NOT_FOR_THERE[box.bug]
    for command in commands(box):
        for pattern, reason in NOT_THERE.items():
            if re.match(pattern, command):
                return reason
    left_out = next((reason for words, reason in LEFT_OUT.items() if words in box.text), "")
    return left_out or ("" if box.bug in BROKEN else NOT_LOOKED_FOR)


def tried(machine: PageMachine, box: Box) -> dict[str, Any]:
    """What the page has to know of a box: what its button types, or why it has none."""
    why = why_not(box)
    if not why and (wrong := different(machine, box)):
        print(f"  {box.bug}: {wrong}", flush=True)
        why = "prints something else there"
    return {"commands": commands(box), **({"why": why} if why else button(box))}


def with_a_bug() -> dict[str, list[Box]]:
    """By page, the boxes that tell how to put a bug back."""
    found: dict[str, list[Box]] = {}
    for page, box in all_boxes():
        if any(" --bug " in command for command in commands(box)):
            found.setdefault(page, []).append(box)
    return found


def main(bugs: list[str]) -> None:
    """Tries the boxes of these bugs, or of all, and writes what came of it."""
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    before = {tuple(one["commands"]): one for page in known.values() for one in page}
    machine = PageMachine()
    found: dict[str, list[dict[str, Any]]] = {}
    for page, boxes in with_a_bug().items():
        found[page] = [before.get(tuple(commands(box)), {"commands": commands(box), "why": UNTRIED})
                       for box in boxes]
    for page, boxes in with_a_bug().items():
        for at, box in enumerate(boxes):
            if not bugs or box.bug in bugs:
                print(f"{page} {box.bug}", flush=True)
                found[page][at] = tried(machine, box)
                DATA.write_text(as_lines(found))
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("bug", nargs="*", help="as length-wraps; all of them")
    main(parser.parse_args().bug)
