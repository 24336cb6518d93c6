#!/usr/bin/python3
"""The machine in the page, in Node: its terminals, and what comes of typing a box there.

As a program it types the boxes of some chapters, as 02-blocking, or of all, and writes which of
them work to book/.vitepress/machine-tried.json.
"""

import argparse
import json
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "book" / "tools"))

from blocks import ROOT  # noqa: E402
from page_boxes import TRIED, PageBox, boxes, button, check_sum, not_there, pages  # noqa: E402
from told import complaint  # noqa: E402

STATE = ROOT / "build" / "machine" / "state"
SECONDS = 240  # for a box; the emulation is some twenty times slower than this machine
# Why what is printed there differs, by what was said of it; the first that fits.
DIFFERS = {
    "has not come back": "takes too long there",
    r"\b(recv|send|accept4?)\b.*(recvfrom|sendto)|fcntl": "32-bit programs make other system calls",
    r"`\d+ ms`": "measures a time",
    r"\b(inf|nan)\b": "processor time is counted too coarsely there: something may have taken none",
    "Resource temporarily unavailable": "there is no room for so many threads",
    r"`kept \d+` where": "there is less memory than it takes",
    r"`[^`]*timed out[^`]*` where": "a time limit is too short there",
    r"`Vm\w+: \d+`": "32-bit programs take less memory",
    "not started as root|need privileges": "needs root",
    r"status 80 instead of 0|: Linux 6\.\d+ has ": "Linux 6.1 does not have it yet",
    "": "prints something else there",
}


class Stuck(Exception):
    """A command has not come back in time."""


class PageMachine:
    """The machine as its state was saved, in a process of Node."""

    program = ROOT / "tools" / "machine" / "type.mjs"
    late = 60  # seconds of its own that Node has to say that it is too late

    def __init__(self, state: Path = STATE) -> None:
        self._state = state
        self._start()

    def ask(self, **request: Any) -> list[dict[str, Any]]:
        """Plays a box, or without one begins again."""
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
        self._node = subprocess.Popen(["node", self.program, self._state], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def _answer(self, seconds: float) -> str:
        """A line of Node's, which cannot answer while the emulator is in a loop that never ends; or
        nothing."""
        assert self._node.stdout
        limit = self._ran() + seconds + self.late
        while not select.select([self._node.stdout], [], [], 1)[0]:
            if self._ran() > limit:
                return ""
        return self._node.stdout.readline()

    def _ran(self) -> float:
        """For how many seconds Node's thread has had a processor."""
        return int(Path(f"/proc/{self._node.pid}/schedstat").read_text().split()[0]) / 1e9


def typed_there(machine: PageMachine, box: PageBox, known: dict[str, Any]) -> str:
    """Plays a box, where the machine is; what is wrong, or nothing."""
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
    """The check sum of the first button that works, or why none does."""
    print(f"  line {box.line}", flush=True)
    wrong = ""
    for before in box.beginnings():
        known = button(box, before)
        now = typed_there(machine, box, known)
        if not now:
            return check_sum(known)
        wrong = now  # of the last, after all that the chapter has typed
        machine.ask()
    print(f"  line {box.line}: {wrong}", flush=True)
    return next(why for pattern, why in DIFFERS.items() if re.search(pattern, wrong, re.DOTALL))


def note(kind: str, page: str, outcomes: dict[str, int | str]) -> None:
    """Writes what came of the boxes of a page."""
    known = json.loads(TRIED.read_text())
    known[kind][page] = outcomes
    known[kind] = dict(sorted(known[kind].items()))
    spread = json.dumps(known, indent=1, ensure_ascii=False)
    TRIED.write_text(spread.replace("\n  }", "}") + "\n")


def main(names: list[str]) -> None:
    """Tries the boxes of these chapters, or of all, and writes what came of it."""
    machine = PageMachine()
    named = {page.stem: page for page in pages()}
    for name in names or named:
        print(name, flush=True)
        machine.ask()
        outcomes = {box.text: tried(machine, box) for box in boxes(named[name])
                    if not not_there(box)}
        note("boxes", name, outcomes)
        good = sum(isinstance(outcome, int) for outcome in outcomes.values())
        print(f"  {good} of {len(outcomes)}", flush=True)
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("chapter", nargs="*", help="as 02-blocking; all of them")
    main(parser.parse_args().chapter)
