"""A server's memory, in any language. How much of it the language may keep is in target.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.frames import MAX_MESSAGE_DEFAULT

if TYPE_CHECKING:
    from harness.server import Server

ROUNDS_MAX = 4
QUIET_ROUNDS, SETTLING_ROUNDS_MAX, ROUNDS_AT_REST = 4, 40, 200
KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20


@dataclass(frozen=True)
class Allowance:
    """How many bytes a test allows a server, and for what."""

    parts: dict[str, int]

    @property
    def bytes(self) -> int:
        """The total."""
        return sum(self.parts.values())

    def __add__(self, more: Allowance) -> Allowance:
        return Allowance(self.parts | more.parts)

    def __str__(self) -> str:
        """Returns, for instance, `at most 2.5 MiB: 512 KiB for a connection and 2 MiB
        for garbage`."""
        found = [f"{in_units(size)} for {what}" for what, size in self.parts.items() if size]
        if len(found) == 1:
            return f"at most {found[0]}"
        return f"at most {in_units(self.bytes)}: {' and '.join(found)}"


def connections(count: int = 1, max_message: int = MAX_MESSAGE_DEFAULT) -> Allowance:
    """Returns the contract's limit for this many connections, whatever their peers do."""
    each = 4 * max_message + 256 * KIBIBYTE
    return Allowance({f"{count} x (4 x --max-message + 256 KiB)": count * each})


def in_units(size: float) -> str:
    """Returns `700 bytes`, `9.1 KiB`, `18.5 MiB`."""
    for unit, name in ((MEBIBYTE, "MiB"), (KIBIBYTE, "KiB")):
        if abs(size) >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size:.0f} bytes"


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
    """Returns by how many bytes a round makes the memory grow, in the best of some rounds. A leak
    grows in every round. But an allocator or a garbage collector that takes memory in large pieces
    comes to rest, so one round costs less than `enough`, and we need no more.
    """
    least: float = float("inf")
    for _ in range(rounds):
        before = memory()
        one_round()
        least = min(least, memory() - before)
        if least < enough:
            break
    return int(least)


def settled(memory: Callable[[], int], one_round: Callable[[], object]) -> int:
    """Returns the memory in bytes once more rounds don't raise it any more. A collector lets
    garbage pile up, so the total says little about living data. But there is as much garbage the
    next time, so the difference of two such totals is the data kept in between.
    """
    seen = [memory()]
    for _ in range(SETTLING_ROUNDS_MAX):
        one_round()
        seen.append(memory())
        if max(seen) - max(seen[:-QUIET_ROUNDS], default=0) < 256 * KIBIBYTE:
            break
    return max(seen[-QUIET_ROUNDS:])


def growth_at_rest(
    memory: Callable[[], int], one_round: Callable[[], object], enough: int
) -> int:
    """Returns by how many bytes each of many rounds makes the memory grow once it has settled. A
    collector that rarely comes to its oldest garbage lets memory grow for a hundred rounds, more
    and more slowly, but a leak goes on. Once the memory has grown by all that the rounds together
    may add, we spare the rest.
    """
    before, rounds, grown = settled(memory, one_round), 0, 0
    while rounds < ROUNDS_AT_REST and grown < enough * ROUNDS_AT_REST:
        one_round()
        rounds, grown = rounds + 1, memory() - before
    return grown // rounds
