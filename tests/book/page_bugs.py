#!/usr/bin/python3
"""Types the boxes about what goes wrong into the machine in the page, at the server with the
defect.

As a program: types the boxes of some chapters, such as 01-bytes, or of all, and notes those that
don't show their symptom in book/.vitepress/machine-exceptions.json.
"""

import argparse
import re

from page_machine import DIFFERS, PageMachine, Stuck, note
from page_boxes import bug_button, bug_commands, with_a_bug
from symptoms import MORE_SYMPTOMS, SYMPTOMS, probes
from typed import Box

BROKEN = {bug: broken for bug, (_, broken) in (SYMPTOMS | MORE_SYMPTOMS).items()}
SECONDS = 120  # of the machine's time, for a box
NOT_LOOKED_FOR = "no test of ours looks for what one sees of it"


def typed_there(machine: PageMachine, box: Box) -> str:
    """The output of the box's commands in the second terminal, and whether the server is gone."""
    known = bug_button(box)
    presses = [*known["presses"], *({"terminal": 1, "text": probe} for probe in probes(box))]
    answers = machine.ask(seconds=SECONDS, first=known["first"], presses=presses)
    return "".join(answer["printed"] for press, answer in zip(presses, answers)
                   if press["terminal"] == 1)


def different(machine: PageMachine, box: Box) -> str:
    """What the box shows instead of its symptom, or "". We try it after other boxes, as a reader
    may type it, and then in a fresh machine."""
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


def tried(machine: PageMachine, box: Box) -> str:
    """Why the box has no button, or "" if it shows its symptom."""
    if box.bug not in BROKEN:
        return NOT_LOOKED_FOR
    if wrong := different(machine, box):
        print(f"  {box.bug}: {wrong}", flush=True)
        return DIFFERS
    return ""


def main(pages: list[str]) -> None:
    machine = PageMachine()
    for page, boxes in with_a_bug().items():
        if not pages or page in pages:
            print(page, flush=True)
            note("bugs", page, {"\n".join(bug_commands(box)): tried(machine, box)
                                for box in boxes})
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("chapter", nargs="*", help="as 01-bytes; all of them")
    main(parser.parse_args().chapter)
