"""What a server's memory may do in whatever language it is written."""

from collections.abc import Callable

import pytest

from harness.server import Server

ROUNDS_MAX = 4


def need_own_memory(server: Server) -> None:
    """Skips the test in a sanitizer's build."""
    if server.process.is_sanitized():
        pytest.skip("in a sanitizer's build memory and time are the sanitizer's")


def least_growth(
    memory: Callable[[], int],
    one_round: Callable[[], object],
    enough: int,
    rounds: int = ROUNDS_MAX,
) -> int:
    """By how many bytes a round makes the memory grow, if another does not make it grow less.

    A leak is in every round. An allocator or a garbage collector that takes its memory in large
    pieces comes to rest: then a round costs less than `enough`, and no other is needed.
    """
    least: float = float("inf")
    for _ in range(rounds):
        before = memory()
        one_round()
        least = min(least, memory() - before)
        if least < enough:
            break
    return int(least)
