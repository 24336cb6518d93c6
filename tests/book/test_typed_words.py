"""A reader has installed each program before the book has it typed, which test_typed.py can't tell
on a machine with all programs."""

import re
from collections.abc import Iterator
from pathlib import Path

from typed import Box, chapters, typed

# Packages of programs that the reader installs by hand.
PACKAGES = {"ab": "apache2-utils", "bpftrace": "bpftrace", "go": "golang",
            "packets_while": "tcpdump", "perf": "linux-perf", "rustc": "rustc", "wrk": "wrk"}
PROGRAM = re.compile(rf"(?:^|[|;&(] ?|while_asked )({'|'.join(PACKAGES)}) ", re.MULTILINE)


def not_installed(chapter: Path, installed: set[str]) -> Iterator[str]:
    """Programs that a chapter uses too early. Adds the packages that it installs to `installed`."""
    for step in typed(chapter):
        text = "\n".join(step.commands) if isinstance(step, Box) else step.text
        installed |= {name for words in re.findall(r"apt-get install (.*)", text)
                      for name in words.split()}
        for program in PROGRAM.findall(text):
            if PACKAGES[program] not in installed:
                yield f"{chapter.name}:{step.line}: nothing has installed {program}: {text}"


def test_a_program_is_installed_before_it_is_typed() -> None:
    installed: set[str] = set()
    wrong = [each for chapter in chapters() for each in not_installed(chapter, installed)]
    assert "tcpdump" in installed and not wrong, "\n".join(wrong)
