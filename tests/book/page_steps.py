#!/usr/bin/python3
"""The transcripts of the steps, run in the machine in the page, and which of them differ there.

As a program it runs those of some directories, as part1-blocking/steps, or of all, and writes the
ones that differ, each with the reason, to tests/book/page_steps.json.
"""

import argparse
import json
import re
from pathlib import Path

from page_machine import ROOT, PageMachine, Stuck

import runs  # noqa: E402

DATA = Path(__file__).with_suffix(".json")
# As cram does it: a bash reads the commands from its standard input, and says after each how it has
# ended. The transcripts are among the machine's files.
TRANSCRIPT = r"""transcript() {
  local at=$PWD/$1
  (
    export ROOT=$PWD BUILD=$PWD/build/default TESTDIR=${at%/*} CRAMTMP=$(mktemp -d)
    export STEPS=$BUILD/${1%/*} EXAMPLES=$BUILD/${1%/*} LC_ALL=C TZ=GMT COLUMNS=80
    cd "$CRAMTMP"
    awk 'BEGIN { print "exec 2>&1" }
      sub(/^  \$ /, "") { if (n++) print "printf \"\\1%d\\2\" $?"; print }
      sub(/^  > /, "") { print }
      END { print "printf \"\\1%d\\2\" $?" }' "$at" | bash
  )
}"""
ENDED = re.compile(r"(.*?)\x01(\d+)\x02", re.DOTALL)
LEFT_OUT = 80  # what a guard exits with where a transcript cannot be tried
# Why a transcript differs, by its commands, and else by what was said of it; the first that fits.
NEEDS = {
    r"python3|operations ": "there is no Python in it",
    r"\bperf\b": "there is no perf in it",
    r"\bvalgrind\b": "there is no valgrind in it",
    r"\b(readelf|nm|objdump)\b": "there are no compiler's tools in it",
    r"\b(g\+\+|cmake)\b": "there is no compiler in it",
    r"-tsan\b": "ThreadSanitizer needs 64 bits",
    r"-asan\b": "there is no AddressSanitizer in it",
}
DIFFERS = {
    "has not come back": "takes too long there",
    "left out": "leaves itself out, as on any machine that lacks what it needs",
    "fcntl": "32-bit programs make other system calls",
    "": "prints something else there",
}


def transcripts() -> list[Path]:
    return sorted([*ROOT.glob("*/steps/*.t"), *ROOT.glob("book/steps/*/*.t")])


def name_of(transcript: Path) -> str:
    return str(transcript.relative_to(ROOT))


def run_there(machine: PageMachine, transcript: Path) -> str:
    """Runs it in the machine after others, and if that goes wrong, as its state was saved; what is
    wrong, or nothing."""
    if not _run(machine, transcript):
        return ""
    machine.ask()
    again = _run(machine, transcript)
    if again:
        machine.ask()
    return again


def _run(machine: PageMachine, transcript: Path) -> str:
    run = f"transcript {name_of(transcript)}"
    try:
        answer, = machine.ask(first=[{"terminal": 0, "text": TRANSCRIPT}],
                              presses=[{"terminal": 0, "text": run}])
    except Stuck as stuck:
        return f"has not come back: {stuck}"
    if answer["status"] == LEFT_OUT:
        return "left out"
    return different(transcript.read_text(), answer["printed"])


def different(transcript: str, printed: str) -> str:
    """Where what was printed is not what the transcript has; nothing if it is."""
    told, ended = runs.all_commands(transcript), ENDED.findall(printed)
    for command, (seen, status) in zip(told, ended):
        if int(status) != command.status:
            return f"{command.lines[0]}: status {status}: {seen}"
        if wrong := runs.fits(command.shown() + seen.splitlines(), [command]):
            return f"{command.lines[0]}: {wrong}; all of it:\n{seen}"
    return "" if len(told) == len(ended) else f"it ended early: {printed[-500:]}"


def why_not(transcript: Path) -> str:
    """Why it cannot be run there, where its commands say so."""
    commands = "\n".join(line for command in runs.all_commands(transcript.read_text())
                         for line in command.lines)
    return next((why for needed, why in NEEDS.items() if re.search(needed, commands)), "")


def tried(machine: PageMachine, transcript: Path) -> str:
    """Why it differs there; nothing if it does not."""
    if why := why_not(transcript):
        return why
    if wrong := run_there(machine, transcript):
        print(f"  {name_of(transcript)}: {wrong}", flush=True)
        return next(why for found, why in DIFFERS.items() if found in wrong)
    return ""


def main(directories: list[str]) -> None:
    """Runs the transcripts of these directories, or all, and writes which differ."""
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    machine = PageMachine()
    for transcript in transcripts():
        name = name_of(transcript)
        if directories and str(Path(name).parent) not in directories:
            continue
        known.pop(name, None)
        print(f"{name}", flush=True)
        if why := tried(machine, transcript):
            known[name] = why
        DATA.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    machine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("directory", nargs="*", help="as part1-blocking/steps; all of them")
    main(parser.parse_args().directory)
