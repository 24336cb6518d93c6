"""Instructions a message in user space, counted by valgrind's callgrind.

The number is the same on every machine that has the same compiler and library.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.server import Server

CONNECTIONS = 64
PAYLOAD = bytes(64)


def instructions(start: Callable[..., Server], rounds: int, profile: Path) -> int:
    """All that the server executes in its life, for so many messages on each connection."""
    server = start(
        before=("valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}")
    )
    clients = [server.connect() for _ in range(CONNECTIONS)]
    for _ in range(rounds):
        server.pause()  # all of them wait when it looks, however busy the machine is
        for client in clients:
            client.send_messages(PAYLOAD)
        server.resume()
        for client in clients:
            client.expect(PAYLOAD)
    server.close_clients()
    assert server.stop() == 0
    total = re.search(r"^totals: (\d+)$", profile.read_text(), re.MULTILINE)
    assert total is not None, "callgrind wrote no total"
    return int(total[1])


@pytest.mark.stages("part5-epoll")
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_a_message_takes_some_three_hundred_instructions(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    few, many = (instructions(start, rounds, tmp_path / f"{rounds}") for rounds in (100, 300))
    each = (many - few) / (200 * CONNECTIONS)
    print(f"{each:.0f} instructions a message at {CONNECTIONS} connections")
    assert each < 330  # 300 with g++ 12; other compilers may need some more
