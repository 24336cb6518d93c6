#!/usr/bin/python3
"""The machine in the page, in Node: its terminals, and what comes of typing a box there.

As a program it types the boxes of some chapters, as 02-blocking, or of all, and writes which of
them work to book/.vitepress/machine-boxes.json.
"""

import argparse
import json
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2] / "book" / "tools"))

from blocks import ROOT  # noqa: E402
from page_boxes import STAYS, PageBox, boxes  # noqa: E402
from told import complaint  # noqa: E402
from typed import Typed, chapters  # noqa: E402

DATA = ROOT / "book" / ".vitepress" / "machine-boxes.json"
STATE = ROOT / "build" / "machine" / "state"
SECONDS = 240  # for a box; the emulation is some twenty times slower than this machine
# Why what is printed there differs, by what was said of it; the first that fits.
DIFFERS = {
    "has not come back": "takes too long there",
    r"\b(recv|send|accept4?)\b.*(recvfrom|sendto)|fcntl": "32-bit programs make other system calls",
    r"`\d+ ms`": "measures a time",
    r"`[^`]*timed out[^`]*` where": "a time limit is too short there",
    r"`Vm\w+: \d+`": "32-bit programs take less memory",
    "not started as root": "needs root",
    r"status 80 instead of 0|: Linux 6\.\d+ has ": "Linux 6.1 does not have it yet",
    "": "prints something else there",
}
UNTRIED = "was not tried there yet"
# What is not in the machine, by what one types.
NOT_THERE = {
    r"(\./|\.\./)?(judge|check|measure|read|tests)\b": "the tests are not in the page's machine",
    r"sudo ": "nothing can be installed there",
    r"operations ": "there is no Python in it",
    r".*\bperf\b": "there is no perf in it",
    r".*\bbpftrace\b": "there is no bpftrace in it",
    r".*\b(ab|wrk) -": "the programs that make load are not in it",
    r".*\bvalgrind\b": "there is no valgrind in it",
    r"(start )?\./0\d-kqueue": "Linux has no kqueue of its own",
    r".*-tsan\b": "ThreadSanitizer needs 64 bits",
    r".*-asan\b": "there is no AddressSanitizer in it",
    r"(go|rustc|g\+\+|cmake|zig|book/tools/elsewhere|PATH=|\w+=\S+ cmake)\b":
        "there is no compiler in it",
}
TOLD = "in another terminal: .*\n"  # what ./serve prints when the server listens


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


def presses(steps: tuple[Typed, ...]) -> Iterator[tuple[Typed, dict[str, Any]]]:
    """Which terminal each is typed into: the second, while a server is in front of the first."""
    serving = False
    for step in steps:
        if step.text == "^C":
            if serving:
                yield step, {"terminal": 0, "text": "^C"}
            serving = False
        elif STAYS.match(step.text) and step.place == "sentence":
            continue  # has it built, which was done
        elif STAYS.match(step.text):
            until = TOLD if step.text.startswith("./serve") else "^"
            yield step, {"terminal": 0, "text": step.text, "until": until}
            serving = True
        else:
            yield step, {"terminal": int(serving), "text": step.text}


def not_there(box: PageBox) -> str:
    """Why it cannot be typed there, where that is known without trying."""
    for step in box.steps:
        for pattern, reason in NOT_THERE.items():
            if re.match(pattern, step.text):
                return reason
        if step.place == "console" and not step.told:
            return "a run of another machine"
    return ""


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


def button(box: PageBox, before: tuple[Typed, ...]) -> dict[str, Any]:
    """What the button of a box types, after this."""
    pressed = list(presses(before + box.steps))
    return {"first": [press for step, press in pressed if step not in box.steps],
            "presses": [press for step, press in pressed if step in box.steps]}


def tried(machine: PageMachine, box: PageBox) -> dict[str, Any]:
    """What the page has to know of a box: what its button types, or why it has none."""
    print(f"  line {box.line}", flush=True)
    if why := not_there(box):
        return {"commands": box.commands, "why": why}
    wrong = ""
    for before in box.beginnings():
        known = button(box, before)
        now = typed_there(machine, box, known)
        if not now:
            return {"commands": box.commands, **known}
        wrong = now  # of the last, after all that the chapter has typed
        machine.ask()
    print(f"  line {box.line}: {wrong}", flush=True)
    why = next(why for pattern, why in DIFFERS.items() if re.search(pattern, wrong, re.DOTALL))
    return {"commands": box.commands, "why": why}


def pages() -> list[Path]:
    """Those with boxes to type."""
    return [*chapters(), ROOT / "book" / "try.md"]


def as_lines(known: dict[str, list[dict[str, Any]]]) -> str:
    """JSON with a line for each box."""
    pages = []
    for page, found in known.items():
        lines = ",\n".join(f"  {json.dumps(box)}" for box in found)
        pages.append(f" {json.dumps(page)}: [\n{lines}\n ]")
    return "{\n" + ",\n".join(pages) + "\n}\n"


def main(names: list[str]) -> None:
    """Tries the boxes of these chapters, or of all, and writes what came of it."""
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    machine = PageMachine()
    named = {page.stem: page for page in pages()}
    for chapter in [named[name] for name in names] or named.values():
        print(chapter.stem, flush=True)
        machine.ask()
        known[chapter.stem] = [tried(machine, box) for box in boxes(chapter)]
        good = sum("presses" in box for box in known[chapter.stem])
        print(f"  {good} of {len(known[chapter.stem])}", flush=True)
        for name, page in named.items():
            known.setdefault(name, [{"commands": box.commands, "why": UNTRIED}
                                    for box in boxes(page)])
        DATA.write_text(as_lines(dict(sorted(known.items()))))
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("chapter", nargs="*", help="as 02-blocking; all of them")
    main(parser.parse_args().chapter)
