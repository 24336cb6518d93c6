"""System calls a message, counted by strace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.server import Server
from harness.strace import Strace

PAYLOAD = bytes(64)


def calls_a_message(server: Server, connections: int, messages: int) -> float:
    """Every connection has one message on its way at a time, and all of them at the same time."""
    clients = [server.connect() for _ in range(connections)]
    for client in clients:
        client.echo(PAYLOAD)
    with Strace(server) as tracer:
        for _ in range(messages // connections):
            if connections > 1:
                server.pause()  # so that all of them wait when it looks, however fast it is
            for client in clients:
                client.send_messages(PAYLOAD)
            if connections > 1:
                server.resume()
            for client in clients:
                client.expect(PAYLOAD)
    return sum(tracer.calls().values()) / messages


@pytest.mark.stages("part5-epoll")
@pytest.mark.parametrize(("connections", "calls_max"), [(1, 3.05), (64, 2.1)])
def test_a_message_takes_so_many_system_calls_at_the_most(
    start: Callable[..., Server], connections: int, calls_max: float
) -> None:
    calls = calls_a_message(start(), connections, 6400)
    print(f"{calls:.2f} system calls a message at {connections} connections")
    assert calls <= calls_max
