"""What the harness has to know of a server under test, whichever suite it belongs to."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_BUILD = REPOSITORY / "build" / "default"


@dataclass(frozen=True)
class Subject:
    """A server under test: how it is started and what may be asked of it."""

    name: str  # stands in brackets behind each test's name
    level: str  # how much is asked of it; each suite has its own levels
    command: tuple[str, ...]  # the word {port} stands for the port

    @property
    def capabilities(self) -> frozenset[str]:
        """What the contract, or the level asked for, demands of it."""
        raise NotImplementedError

    @property
    def speaks_contract(self) -> bool:
        """Whether it takes the contract's options, prints a ready line and stops on a signal."""
        raise NotImplementedError

    def need_buffers(self) -> None:
        """Skips the test for a ring whose buffers are fewer than the clients who speak at once."""
        if any("buffers=" in word for word in self.command):
            pytest.skip("with so few buffers, clients who speak at once take turns")

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        """The command line for one start. A command without {port} gets `--port` appended."""
        if not self.speaks_contract:
            assert not options, f"at level {self.level} nothing but the port is passed"
        filled = [word.replace("{port}", port) for word in self.command]
        if filled == list(self.command):
            filled += ["--port", port]
        return filled + list(options)


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody has now. Somebody may take it before it is used, which is rare."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
