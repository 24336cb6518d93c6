"""What the process that talks to clients does not have, and may not do, should a client take over."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from kit.machine import Machine, workers
from kit.reference import converted
from kit.server import FingerServer

pytestmark = pytest.mark.needs("privileges")

# A shell that has a file open when it starts the daemon, as its parents may have.
INHERITED = ("sh", "-c", 'exec 7>>"$0"; exec "$@"')


def files_open(pid: int) -> list[str]:
    """What its descriptors lead to."""
    return [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]


@pytest.mark.rule(rules.CONFINED)
def test_what_the_shell_had_open_is_closed(
    start: Callable[..., FingerServer], tmp_path: Path
) -> None:
    server = start(under=(*INHERITED, str(tmp_path / "a-file")))
    server.expect(b"alice", converted(ALICE))
    assert (tmp_path / "a-file").exists(), "it was not open: this test tested nothing"
    assert str(tmp_path / "a-file") not in files_open(server.pid)


@pytest.mark.rule(rules.CONFINED)
def test_what_roots_shell_had_open_reaches_neither_process(
    machine: Machine, start_as_root: Callable[..., FingerServer], tmp_path: Path
) -> None:
    server = start_as_root(under=(*machine.under, *INHERITED, str(tmp_path / "a-file")))
    server.expect(b"alice", converted(ALICE))
    for pid in (server.pid, *workers(server)):
        assert str(tmp_path / "a-file") not in files_open(pid)
