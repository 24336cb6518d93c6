"""What typing the chapters here does not tell, as test_typed.py does it: that a system has the
programs by then."""

import re
from collections.abc import Iterator
from pathlib import Path

from typed import Box, chapters, typed

# The packages of programs that no command of ours installs.
PACKAGES = {"ab": "apache2-utils", "bpftrace": "bpftrace", "go": "golang",
            "packets_while": "tcpdump", "perf": "linux-perf", "rustc": "rustc", "wrk": "wrk"}
PROGRAM = re.compile(rf"(?:^|[|;&(] ?|while_asked )({'|'.join(PACKAGES)}) ", re.MULTILINE)


def not_installed(chapter: Path, installed: set[str]) -> Iterator[str]:
    """What a chapter has typed too early; adds what it has installed."""
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
