"""The harness's view of a server under test, in any suite."""

import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_BUILD = REPOSITORY / "build" / "default"
FIRST_PORT = 10_000  # those below have names, or other programs' defaults


@dataclass(frozen=True)
class Subject:
    """A server under test: how to start it, and what to ask of it."""

    name: str  # in brackets after each test's name
    level: str  # how much is asked of it; each suite has its own levels
    command: tuple[str, ...]  # the word {port} stands for the port

    @property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that the contract or the level demands."""
        raise NotImplementedError

    @property
    def speaks_contract(self) -> bool:
        """Whether it takes the contract's options, prints a ready line and stops on a signal."""
        raise NotImplementedError

    @property
    def niceness(self) -> int:
        """How far it stands back for others who want a core. nice(2)."""
        return 0

    def need_buffers(self) -> None:
        """Skips the test if a ring has fewer buffers than clients that speak at once."""
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
    """A port that is free now, and not one that the kernel gives to clients."""
    while True:
        port = random.randrange(FIRST_PORT, _first_port_of_clients())
        if not is_taken((address, port)):
            return port


def is_taken(address: tuple[str, int]) -> bool:
    """Whether a server couldn't listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
        try:
            probe.bind(address)
        except OSError:
            return True
    return False


def _first_port_of_clients() -> int:
    """The beginning of ip_local_port_range. ip(7). If it leaves us no room, every port will do."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return first if first > FIRST_PORT + 1000 else 65536
