"""E14.3: a fuzzer that finds the query which a parser gets wrong."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.tested import Run
from kit.parsers_of_e14_3 import answer

PARSERS = Path(__file__).parent / "kit" / "parsers_of_e14_3.py"

pytestmark = pytest.mark.program("{parser}")

Fuzzed = Callable[[str], subprocess.CompletedProcess[bytes]]
BUGS = ("a byte too many", "tabs are no blanks", "small w", "a switch without a blank",
        "blanks stay", "any bytes", "C1", "relays")


@pytest.fixture
def fuzzed(run: Run, tmp_path: Path) -> Fuzzed:
    """Runs the reader's fuzzer on a parser with this mistake, which is a program."""

    def run_one(how: str) -> subprocess.CompletedProcess[bytes]:
        parser = tmp_path / "parser"
        parser.write_text(f"#!/bin/sh\nexec {sys.executable} {PARSERS} '{how}'\n")
        parser.chmod(0o755)
        return run(parser=parser)

    return run_one


def test_a_parser_that_is_right_is_acquitted(fuzzed: Fuzzed) -> None:
    """If every answer is right by the contract, the fuzzer finds nothing and exits with 0."""
    ended = fuzzed("none")
    assert ended.returncode == 0, f"it said {(ended.stdout + ended.stderr)[-300:]!r}"


@pytest.mark.parametrize("how", BUGS)
def test_a_mistake_is_found_and_shown(fuzzed: Fuzzed, how: str) -> None:
    """For a parser with a mistake the exit status is 1, and the last line on stdout is a query, in
    hexadecimal digits, that the parser answers wrongly."""
    ended = fuzzed(how)
    assert ended.returncode == 1, f"nothing was found in a parser with the mistake: {how}"
    query = bytes.fromhex(ended.stdout.split()[-1].decode())
    got, right = answer(query, how), answer(query, "none")
    assert got != right, f"{query!r} is answered with {got!r}, and that is right"


def test_a_parser_that_ends_is_found(fuzzed: Fuzzed) -> None:
    """A parser that crashes has a mistake, too."""
    ended = fuzzed("falls over")
    assert ended.returncode == 1, "nothing was found in a parser that falls over"
    query = bytes.fromhex(ended.stdout.split()[-1].decode())
    with pytest.raises(SystemExit):
        answer(query, "falls over")
