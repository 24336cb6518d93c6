#!/usr/bin/python3
"""The boxes about what goes wrong, typed into the machine in the page, with the server that has the
defect, and which of them show its symptom there.

As a program it types those of some bugs, as length-wraps, or of all, and writes what came of it to
book/.vitepress/machine-tried.json.
"""

import argparse
import json
import re

from page_machine import TRIED, PageMachine, Stuck, note
from page_boxes import NOT_THERE, bug_button, bug_commands, with_a_bug
from symptoms import LEFT_OUT, MORE_SYMPTOMS, SYMPTOMS, probes
from typed import Box

BROKEN = {bug: broken for bug, (_, broken) in (SYMPTOMS | MORE_SYMPTOMS).items()}
SECONDS = 120  # of the machine's, for a box
# Why a box is not for there, which was found out by trying.
NOT_FOR_THERE = {
    "announced-length-allocated": "there is no gigabyte of memory to reserve, so the server ends",
    "output-without-bound": "there is less memory than the box takes, so the server is killed",
    "length-wraps": "built for 32 bits, the server does not end: it is in a loop",
}
NOT_LOOKED_FOR = "no test of ours looks for what one sees of it"


def typed_there(machine: PageMachine, box: Box) -> str:
    """What its commands print in the second terminal, and whether the server is gone."""
    known = bug_button(box)
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
    for command in bug_commands(box):
        for pattern, reason in NOT_THERE.items():
            if re.match(pattern, command):
                return reason
    left_out = next((reason for words, reason in LEFT_OUT.items() if words in box.text), "")
    return left_out or ("" if box.bug in BROKEN else NOT_LOOKED_FOR)


def tried(machine: PageMachine, box: Box) -> int | str:
    """0 if it shows its symptom, or why it has no button."""
    why = why_not(box)
    if not why and (wrong := different(machine, box)):
        print(f"  {box.bug}: {wrong}", flush=True)
        why = "prints something else there"
    return why or 0


def main(bugs: list[str]) -> None:
    """Tries the boxes of these bugs, or of all, and writes what came of it."""
    known = json.loads(TRIED.read_text())["bugs"]
    machine = PageMachine()
    for page, boxes in with_a_bug().items():
        outcomes = known.get(page, {})
        for box in boxes:
            if not bugs or box.bug in bugs:
                print(f"{page} {box.bug}", flush=True)
                outcomes["\n".join(bug_commands(box))] = tried(machine, box)
                note("bugs", page, outcomes)
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("bug", nargs="*", help="as length-wraps; all of them")
    main(parser.parse_args().bug)
