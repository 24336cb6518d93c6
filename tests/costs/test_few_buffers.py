"""Many clients and few buffers: how many receives the server begins, counted in its own trace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from counting import echo_together
from harness.server import Server

CLIENTS = 220
ACTIVE = 20  # together, while the others are idle
ROUNDS = 20


@pytest.mark.stages("part6-uring")
def test_idle_clients_take_no_part_in_a_shortage(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    trace = tmp_path / "trace.json"
    server = start("--ring", "buffers=2", "--trace", str(trace))
    clients = [server.connect() for _ in range(CLIENTS)]
    for client in clients:
        client.echo(b"here")
    for first in range(ROUNDS):
        echo_together(server, clients[first::CLIENTS // ACTIVE][:ACTIVE], 1)  # in one turn
    server.close_clients()
    assert server.stop() == 0
    server.may_be_gone = True
    begun = sum('"ph":"b"' in line and '"name":"recv"' in line
                for line in trace.read_text().splitlines())  # fmt: skip
    messages = CLIENTS + ROUNDS * ACTIVE
    print(f"{begun} receives for {messages} messages of {CLIENTS} clients")
    # Each client's first receive, the next one after each message, and that once more if there was
    # no buffer for it.
    assert begun <= CLIENTS + 2 * messages
