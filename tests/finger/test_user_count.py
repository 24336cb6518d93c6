"""A reload reports how many users are served, how many were before, and who has no account."""

import re
import signal
from pathlib import Path

import pytest

import rules
from conftest import ANSWER
from harness.proc import wait_until
from kit.machine import Machine
from kit.reference import NO_SUCH_USER
from kit.server import Start, start_with_journal

pytestmark = [pytest.mark.needs("contract"), pytest.mark.rule(rules.RELOAD_COUNTS)]


def test_a_directory_that_knows_nobody_does_not_empty_the_list_without_a_word(
    machine: Machine, start_as_root: Start
) -> None:
    server = start_as_root("--log", "none")
    with machine.without_accounts("alice", "bob"):
        line = server.reload()
        assert "serving 0 users; no account: alice, bob; before: 2" in line, line
        server.expect_soon(b"alice", NO_SUCH_USER)
    line = server.reload()
    assert "serving 2 users; before: 0" in line, line
    server.expect_soon(b"alice", ANSWER)


@pytest.mark.parametrize("part", ["x", "\N{GREEK SMALL LETTER OMEGA}"])
def test_however_long_logins_are_the_line_says_where_each_is_cut(start: Start, part: str) -> None:
    server = start("--log", "none")
    long = part * (200 // len(part.encode()))
    for number in range(9):
        (server.users.directory / f"{number}{long}@corp").mkdir()
    line = server.reload()
    begun = f"({re.escape(escaped(part))})+"
    named = ", ".join([rf"\d{begun}\S*\.\.\."] * 8)
    assert re.search(rf"; cannot be asked for: {named} and 1 more; before: 3$", line), line


def escaped(text: str) -> str:
    """Escapes the text as the log does."""
    return "".join(chr(byte) if byte < 0x80 else rf"\x{byte:02x}" for byte in text.encode())


def severities(log: Path) -> dict[str, str]:
    """Returns, from each line about a reload, how many users were served before, and
    the priority."""
    found = {}
    for line in log.read_text().splitlines():
        if "; before: " in line:
            found[line.rpartition(" ")[2]] = line[:3]
    return found


@pytest.mark.rule(rules.PRIORITIES)
def test_a_list_that_shrinks_by_half_is_a_warning(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "log"
    server = start_with_journal(start, file, "--log", "none")
    for number, removed in (("3", ["bob"]), ("2", ["alice"]), ("1", [])):
        for name in removed:
            server.users.remove(name)
        server.send_signal(signal.SIGHUP)
        assert wait_until(lambda: number in severities(file), server.patience), file.read_text()
    assert severities(file) == {"3": "<6>", "2": "<4>", "1": "<6>"}
