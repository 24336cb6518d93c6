"""What typing the chapters here does not tell, as test_typed.py does it: that a system has the
programs by then, and that a box says all that somebody needs who has not typed the rest."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typed import Box, chapters, typed

# The packages of programs that no command of ours installs.
PACKAGES = {"ab": "apache2-utils", "bpftrace": "bpftrace", "go": "golang",
            "packets_while": "tcpdump", "perf": "linux-perf", "rustc": "rustc", "wrk": "wrk"}
PROGRAM = re.compile(rf"(?:^|[|;&(] ?|while_asked )({'|'.join(PACKAGES)}) ", re.MULTILINE)
TERMINAL = re.compile(r"(second|another|other|one) terminal|in another[,.]|Terminal 2")


def boxes(chapter: Path) -> list[Box]:
    return [step for step in typed(chapter) if isinstance(step, Box)]


def not_installed(chapter: Path, installed: set[str]) -> Iterator[str]:
    """What a chapter has typed too early; adds what it has installed."""
    for step in typed(chapter):
        text = "\n".join(step.commands) if isinstance(step, Box) else step.text
        installed |= {name for words in re.findall(r"apt-get install (.*)", text)
                      for name in words.split()}
        for program in PROGRAM.findall(text):
            if PACKAGES[program] not in installed:
                yield f"{chapter.name}:{step.line}: nothing has installed {program}: {text}"


def wrong_with(box: Box) -> Iterator[str]:
    if not box.commands and not re.search(r"[Bb]y hand|transcript|lines (above|below)", box.text):
        yield "nothing in this box shows the symptom"
    if "At the top of the project" in box.text:
        yield "terminal 2 may be anywhere, and needs no way back from $ROOT/…"
    by_hand = [word for word in box.commands if not re.match(r"\./(\d|check|judge)", word)]
    if box.server and by_hand and not TERMINAL.search(box.text):
        yield "the box needs a second terminal, and does not say so"


def test_a_program_is_installed_before_it_is_typed() -> None:
    installed: set[str] = set()
    wrong = [each for chapter in chapters() for each in not_installed(chapter, installed)]
    assert "tcpdump" in installed and not wrong, "\n".join(wrong)


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.stem)
def test_a_box_says_where_its_commands_are_typed(chapter: Path) -> None:
    assert not [f"line {box.line}: {each}" for box in boxes(chapter) for each in wrong_with(box)]
