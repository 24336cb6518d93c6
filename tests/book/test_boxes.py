"""The commands of the boxes about what goes wrong, typed by hand at servers with and without it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from blocks import ROOT
from litter import without_litter
from terminal import Stuck, Terminal
from told import STUCK
from typed import Box, chapters, typed

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

SECONDS = 120
SECONDS_TO_BUILD = 1800
# What cannot be tried here, and why.
LEFT_OUT = {
    "as root": "needs root, and sends signals by a program's name",
    "hanging_fs.py": "mounts a file system as root",
}
# What the commands of a box print at a healthy server, and at the one with the defect. For some of
# the boxes only, because a server with a defect has to be built.
GONE = "the server has gone\n"
SYMPTOMS = {
    "length-wraps": ("", f"(?s:.*){GONE}"),
    "view-outlives-buffer": (r"0{8}: .*hi\.{4}hi\n", r"0{8}: .*(?<!hi\.{4}hi)\n"),
    "reset-ends-server": ("", GONE),
    "close-with-input-unread": (r"(?s:.*)\b4000000\n", r"(?s:.*)\n(?!4000000)\d+\n"),
    "time-per-call": (r"0\n(Ncat: .*\n)?", "12\n"),
    "erased-while-iterating": ("", f"(?s:.*){GONE}"),
    "tail-lost-on-hang-up": ("1000000\n", r"(Ncat: .*\n)?(?!1000000).*\n"),
    "interest-set-each-time": ("0\n", "2\n"),
    "hang-up-never-asked-for": ("0\n", "124\n"),
    "request-never-trimmed": ("200\n405\n", "200\n200\n"),
    "one-worker-woken": (r"(6\n){8}", r"(6\n)*(0\n)(.*\n)*"),
    "full-queue-forgotten": ("", GONE),
    "last-answers-unsent": ("0{8}: 0200 .*hi\n", ""),
    "forgets-between-reads": (r"0{8}: 7878 0d0a .*\n", r"0{8}: 780d 0d0a .*\n"),
    "silent-without-plan": ("No Plan.\r?\n", ""),
    "follows-links": ("(?s:(?!a password).)*", "(?s:.*a password.*)"),
}
# Here the client races with the server, so the text says to try more than once.
RACES = {"tail-lost-on-hang-up"}
ATTEMPTS = 5
# The commands of these end a healthy server, too.
MAY_END = {"lives-on-without-accept", "closed-by-another-thread", "drain-without-end"}


def boxes() -> list[Box]:
    """Those with a server that can be started by hand, and something to type at it."""
    return [step for chapter in chapters() for step in typed(chapter)
            if isinstance(step, Box) and step.server and any(
                not re.match(r"\./(\d|check|judge)", command) for command in step.commands)
            and not any(words in step.text for words in LEFT_OUT)]


@pytest.fixture(autouse=True)
def litter() -> Iterator[None]:
    with without_litter(ROOT):
        yield


def tried(box: Box, server: str) -> str:
    """Starts the server in one terminal, types the commands in another, and returns what those
    print."""
    first, second = Terminal(ROOT), Terminal(ROOT)
    printed = ""
    try:
        second.type(". tools/shell.sh", SECONDS)
        before = [command for command in box.commands if command.startswith("mkdir")]
        for command in before:  # what the server is to serve
            printed += second.type(command, SECONDS)[0]
        first.stay(server, SECONDS_TO_BUILD, "in another terminal: .*\n")
        for command in box.commands:
            if command not in before:
                printed += second.type(command, SECONDS)[0]
        port = re.search(r"127\.0\.0\.1[ /](\d+)", box.text)
        second.type(f"port={port[1]}" if port else ":", SECONDS)
        printed += second.type("[[ $(server_pid) ]] || echo the server has gone", SECONDS)[0]
        if "Stopped" in first.shown() and GONE not in printed:  # the shell is in front of it
            assert "`fg`" in box.text
            first.stay("fg", SECONDS, r"\./serve")
        first.interrupt(SECONDS)
    except Stuck as stuck:
        pytest.fail(f"{server}\n  has not come back, after:\n{printed}{stuck}", pytrace=False)
    finally:
        first.close()
        second.close()
    return printed


@pytest.mark.parametrize("box", boxes(), ids=lambda box: box.bug or "as-it-is")
def test_the_commands_of_a_box_can_be_typed(box: Box) -> None:
    """At the server without the defect, which shows no symptom."""
    printed = tried(box, re.sub(r" --bug [\w-]+", "", box.server))
    assert not STUCK.search(printed), printed
    if box.bug not in MAY_END:
        assert GONE not in printed, printed
    if box.bug in SYMPTOMS:
        assert re.fullmatch(SYMPTOMS[box.bug][0], printed), printed


@pytest.mark.parametrize("bug", SYMPTOMS)
def test_a_box_shows_its_symptom(bug: str) -> None:
    box = next(box for box in boxes() if box.bug == bug)
    printed = []
    for _ in range(ATTEMPTS if bug in RACES else 1):
        printed.append(tried(box, box.server))
        if re.fullmatch(SYMPTOMS[bug][1], printed[-1]):
            return
    pytest.fail("\n".join(printed), pytrace=False)
