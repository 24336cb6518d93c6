#!/usr/bin/python3
"""Types boxes into the terminals of the machine in the page, which runs in Node here.

As a program: types the boxes of some chapters, such as 02-blocking, or of all, and notes those that
don't work, or that need more than the shortest beginning, in
book/.vitepress/machine-exceptions.json.
"""

import argparse
import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "book" / "tools"))

from blocks import ROOT  # noqa: E402
from page_boxes import EXCEPTIONS, PageBox, boxes, button, not_there, pages  # noqa: E402
from told import complaint  # noqa: E402

STATE = ROOT / "build" / "machine" / "boxes.state"
SECONDS = 240  # for a box; the emulation is some twenty times slower than this machine
DIFFERS = "prints something else there"  # until an author writes down why


class Stuck(Exception):
    """A command did not finish in time."""


class PageMachine:
    """The machine, from its saved state, in a process of Node."""

    program = ROOT / "tools" / "machine" / "type.mjs"
    late = 60  # seconds of processor time for Node to say that a box took too long

    def __init__(self, state: Path = STATE, *more: str) -> None:
        self._words = (state, *more)
        self._start()

    def ask(self, **request: Any) -> list[dict[str, Any]]:
        """Plays a box; or begins again with the saved state, if no box is given."""
        request = {"seconds": SECONDS, **request}
        assert self._node.stdin
        self._node.stdin.write(json.dumps(request) + "\n")
        self._node.stdin.flush()
        line = self._answer(request["seconds"])
        if not line:
            self.close()
            self._start()
            raise Stuck("the emulator itself does not come back: the page would hang")
        answer = json.loads(line)
        if "stuck" in answer:
            raise Stuck(answer["stuck"])
        return answer

    def close(self) -> None:
        self._node.kill()
        self._node.wait()

    def _start(self) -> None:
        self._node = subprocess.Popen(["node", self.program, *self._words], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def _answer(self, seconds: float) -> str:
        """A line from Node, or "" if there is none in time, because the emulator is in an endless
        loop."""
        assert self._node.stdout
        limit = self._ran() + seconds + self.late
        while not select.select([self._node.stdout], [], [], 1)[0]:
            if self._ran() > limit:
                return ""
        return self._node.stdout.readline()

    def _ran(self) -> float:
        """Seconds of processor time that Node's thread used."""
        return int(Path(f"/proc/{self._node.pid}/schedstat").read_text().split()[0]) / 1e9


def typed_there(machine: PageMachine, box: PageBox, known: dict[str, Any]) -> str:
    """Plays a box in the machine as it is. Says what is wrong, or ""."""
    try:
        answers = machine.ask(first=known["first"], presses=known["presses"])
    except Stuck as stuck:
        return f"has not come back: {stuck}"
    for step, press, answer in zip(box.steps, known["presses"], answers):
        if "until" in press:
            wrong = f"has ended: {answer['printed']}" if "status" in answer else ""
        else:
            wrong = complaint(step, answer["printed"], answer["status"])
        if wrong:
            return f"{step.text}: {wrong}"
    return ""


def tried(machine: PageMachine, box: PageBox) -> int | str:
    """The number of the first beginning after which the box works, or DIFFERS."""
    print(f"  line {box.line}", flush=True)
    wrong = ""
    for number, before in enumerate(box.beginnings()):
        wrong = typed_there(machine, box, button(box, before))
        if not wrong:
            return number
        machine.ask()
    print(f"  line {box.line}: {wrong}", flush=True)  # after all that the chapter has typed
    return "takes too long there" if "has not come back" in wrong else DIFFERS


def note(kind: str, page: str, outcomes: dict[str, int | str]) -> None:
    """Writes the outcomes for a page's boxes. Keeps an author's reasons for those that don't
    work."""
    known = json.loads(EXCEPTIONS.read_text())
    before = known[kind].pop(page, {})
    said = {text: why for text, why in before.items() if isinstance(outcomes.get(text), str)}
    if found := {text: said.get(text, outcome) for text, outcome in outcomes.items() if outcome}:
        known[kind][page] = found
    known[kind] = dict(sorted(known[kind].items()))
    spread = json.dumps(known, indent=1, ensure_ascii=False)
    EXCEPTIONS.write_text(spread.replace("\n  }", "}") + "\n")


def main(names: list[str]) -> None:
    machine = PageMachine()
    named = {page.stem: page for page in pages()}
    for name in names or named:
        print(name, flush=True)
        machine.ask()
        note("boxes", name, {box.text: tried(machine, box) for box in boxes(named[name])
                             if not not_there(box)})
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("chapter", nargs="*", help="as 02-blocking; all of them")
    main(parser.parse_args().chapter)
