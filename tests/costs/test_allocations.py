"""Once warm, a message that fits one receive buffer costs no heap allocation."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import BUILD
from harness.proc import wait_until
from harness.server import Server

MESSAGES = 1000
COUNTER = BUILD / "tests" / "costs" / "libcount_allocations.so"


def count(file: Path) -> int:
    """How often the program has called malloc so far."""
    return struct.unpack("<Q", file.read_bytes())[0]


@pytest.fixture
def counted(start: Callable[..., Server], tmp_path: Path) -> tuple[Server, Path]:
    """A server whose allocations are counted, and the file where."""
    file = tmp_path / "allocations"
    file.write_bytes(bytes(8))
    return start(before=("/usr/bin/env", f"LD_PRELOAD={COUNTER}", f"ALLOCATIONS={file}")), file


@pytest.mark.parametrize("payload_bytes", [0, 64, 8000])
def test_a_message_that_fits_one_receive_costs_no_allocation(
    counted: tuple[Server, Path], payload_bytes: int
) -> None:
    server, file = counted
    client = server.connect()
    for _ in range(10):
        client.echo(bytes(payload_bytes))
    before = count(file)
    for _ in range(MESSAGES):
        client.echo(bytes(payload_bytes))
    assert count(file) == before, f"{count(file) - before} allocations for {MESSAGES} messages"


def test_a_message_that_is_cut_costs_some(counted: tuple[Server, Path]) -> None:
    """The counter counts: what has to wait for its rest is kept on the heap."""
    server, file = counted
    client = server.connect()
    client.echo(b"warm")
    before = count(file)
    client.send(b"\x05\x00\x00\x00he")
    assert wait_until(lambda: count(file) > before, server.patience), "no allocation was seen"
    client.send(b"llo")
    client.expect(b"hello")
