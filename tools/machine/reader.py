#!/usr/bin/python3
"""What the book's reader compiles, for a machine without a compiler: reader.py [DIRECTORY]

Types the commands of the chapters that change or compile a program into a bash with inside/g++.
DIRECTORY/wanted then has the programs to compile, and DIRECTORY/CHAPTER/N the names of the reader's
programs after N such commands, with the hashes of text and program, for the machine's catch_up.
Without a directory it prints what it would type.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "book" / "tools"))

from blocks import ROOT  # noqa: E402
from page_boxes import changes  # noqa: E402
from typed import Typed, chapters, typed  # noqa: E402

# The parts of a command that are typed here. Nothing is started.
CHANGE = re.compile(r"(page|yours|given|build|without|cp|rm|wrong) |(sed|echo) .*\.cc")
PART = re.compile(r"""((?:'[^']*'|"[^"]*"|[^;&'"]|&(?!&)|>&)+)(?:;|&&|$)""")
SHELL = """
cd "$1"; export PATH=$2:$PATH READERS_PROGRAMS=$3
. "$4/tools/shell.sh"
snapshot() {
  mkdir -p "$READERS_PROGRAMS/$1"
  for file in *.cc; do
    key=$(sha256sum "$file" | cut -c 1-12)
    cp "$file" "$READERS_PROGRAMS/$key.cc"
    echo "${file%.cc} $key $(cat "${file%.cc}" 2>/dev/null || echo none)"
  done >"$READERS_PROGRAMS/$1/$2"
}
"""


def parts(text: str) -> list[str]:
    """The parts of a command that change or compile a program."""
    if "<< 'END'" in text or re.match(r"\w+\(\)", text):
        return [text]
    found = [part.strip() for part in PART.findall(text)]
    return [part for part in found if CHANGE.match(part)]


def script(chapter: Path) -> str:
    """A chapter's commands, with a snapshot after each."""
    lines, number = [], 0
    for step in typed(chapter):
        if not isinstance(step, Typed):
            continue
        if changes(step):
            number += 1
            lines += [*parts(step.text), f"snapshot {chapter.name[:2]} {number}"]
    return "\n".join(lines)


def main() -> None:
    # Chapter 16 copies a whole stage.
    scripts = [script(chapter) for chapter in chapters() if re.match(r"0|1[0-5]", chapter.name)]
    if len(sys.argv) == 1:
        print("\n".join(scripts))
        return
    directory = Path(sys.argv[1])
    (directory / "wanted").mkdir(parents=True)
    for typed_there in scripts:
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(["bash", "-c", SHELL + typed_there, "bash", scratch, HERE / "inside",
                            directory.resolve(), ROOT])


if __name__ == "__main__":
    main()
