"""Runs ./judge, which these tests test."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.subject import REPOSITORY

JUDGE = REPOSITORY / "judge"
STARTERS = REPOSITORY / "tests" / "judge" / "start"
PROTOCOL = REPOSITORY / "tests" / "protocol"
SUBJECTS = PROTOCOL / "subjects"
FLEET = Path(__file__).parent / "fleet"  # correct servers and broken ones

a_climb = pytest.mark.long


@dataclass
class Ran:
    """The output of ./judge, and where to find its files."""

    status: int
    said: str
    complained: str
    at: Path


def judge(*words: str, at: Path, state: Path | None = None) -> Ran:
    """Runs ./judge in that directory; the memory of ./judge is in `state`."""
    ran = subprocess.run([JUDGE, *words], cwd=at, env=environment(state or at), text=True,
                         capture_output=True, stdin=subprocess.DEVNULL, timeout=1100)
    return Ran(ran.returncode, ran.stdout, ran.stderr, at)


def environment(state: Path) -> dict[str, str]:
    """A terminal's environment, without pytest's additions."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return {**kept, "XDG_STATE_HOME": str(state), "TERM": "xterm"}
