"""What a worker that was taken over can leave to those after it: memory that all of them share."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import pytest

import rules
from conftest import ALICE
from harness.proc import wait_until
from kit.parent import only_worker, reload
from kit.reference import NO_PLAN, converted
from kit.server import Start

pytestmark = pytest.mark.needs("contract")


def shared_memory(pid: int) -> list[tuple[int, int]]:
    """Where the worker has the memory that those after it have as well: from, and how much."""
    found = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if " rw-s " in line and "/dev/zero" in line:
            begin, end = (int(number, 16) for number in line.split()[0].split("-"))
            found.append((begin, end - begin))
    assert found, "nothing is shared: this test tested nothing"
    return found


def overwrite(pid: int, garbage: bytes) -> None:
    """All that it shares with later workers, as an attacker in it could."""
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        for begin, size in shared_memory(pid):
            memory.seek(begin)
            memory.write((garbage * (size // len(garbage) + 1))[:size])


@pytest.mark.rule(rules.CONFINED)
@pytest.mark.parametrize("garbage", [b"\xff", b"\x01", b"\x80", struct.pack("=i", 1)],
                         ids=["ff", "01", "80", "init"])  # fmt: skip
def test_what_a_worker_writes_for_those_after_it_leads_nowhere(
    start_as_root: Start, garbage: bytes
) -> None:
    server = start_as_root()
    server.expect(b"alice", converted(ALICE))
    overwrite(only_worker(server), garbage)
    worker = reload(server)
    server.expect(b"alice", converted(ALICE))
    server.expect(b"bob", NO_PLAN)
    assert f"reloaded: worker {worker} serves 2 users, before 2\n" in server.stderr_text()


def mark_busy(worker: int, login: bytes, process: int) -> None:
    """As BusyHomes would for a process: in the entry that the login has had, before its hash."""
    marked = 0
    with open(f"/proc/{worker}/mem", "r+b", buffering=0) as memory:
        for begin, size in shared_memory(worker):
            memory.seek(begin)
            for found in re.finditer(re.escape(login) + rb"\0", memory.read(size)):
                entry = begin + found.start() - 24
                # The answer arrives a moment before its own mark is taken away.
                assert wait_until(lambda: os.pread(memory.fileno(), 4, entry) == bytes(4), 5.0)
                os.pwrite(memory.fileno(), struct.pack("=i4xq", process, 0), entry)
                marked += 1
    assert marked, "she was never asked for: this test tested nothing"


@pytest.mark.rule(rules.CONFINED)
def test_a_home_that_a_worker_has_marked_as_anothers_is_served_after_a_reload(
    start_as_root: Start
) -> None:
    server = start_as_root("--deadline", "1s")
    server.expect(b"alice", converted(ALICE))
    mark_busy(only_worker(server), b"alice", 1)
    assert server.ask(b"alice") == b"", "the mark is not believed: this test tested nothing"
    reload(server)
    server.expect(b"alice", converted(ALICE))
