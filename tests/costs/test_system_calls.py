"""System calls a message, counted by strace."""

from collections.abc import Callable

import pytest

from counting import system_calls_a_message
from harness.server import Server


def expect_at_most(server: Server, connections: int, calls_max: float) -> None:
    calls = system_calls_a_message(server, connections, 6400)
    print(f"{calls:.3f} system calls a message at {connections} connections")
    assert calls <= calls_max


@pytest.mark.stages("part5-epoll")
@pytest.mark.parametrize(("connections", "calls_max"), [(1, 3.05), (64, 2.1)])
def test_receiving_and_sending_are_a_call_each(
    start: Callable[..., Server], connections: int, calls_max: float
) -> None:
    expect_at_most(start(), connections, calls_max)


@pytest.mark.stages("part6-uring")
@pytest.mark.parametrize(("connections", "calls_max"), [(1, 2.05), (64, 0.1)])
def test_a_call_hands_over_what_all_clients_wait_for(
    start: Callable[..., Server], connections: int, calls_max: float
) -> None:
    expect_at_most(start(), connections, calls_max)
