"""System calls a message, counted by strace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from counting import system_calls_a_message
from harness.server import Server


@pytest.mark.stages("part5-epoll")
@pytest.mark.parametrize(("connections", "calls_max"), [(1, 3.05), (64, 2.1)])
def test_a_message_takes_so_many_system_calls_at_the_most(
    start: Callable[..., Server], connections: int, calls_max: float
) -> None:
    calls = system_calls_a_message(start(), connections, 6400)
    print(f"{calls:.2f} system calls a message at {connections} connections")
    assert calls <= calls_max
