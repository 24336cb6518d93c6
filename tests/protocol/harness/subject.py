"""A server under test, as any suite's harness sees it."""

import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_BUILD = REPOSITORY / "build" / "default"
FIRST_PORT = 10_000  # lower ports have names, or are other programs' defaults


@dataclass(frozen=True)
class Subject:
    """A server under test: how to start it, and how much to ask of it."""

    name: str  # in brackets after each test's name
    level: str  # how much we ask of it; each suite has its own levels
    command: tuple[str, ...]  # the word {port} stands for the port

    @property
    def capabilities(self) -> frozenset[str]:
        """The capabilities that the contract or the level demands."""
        raise NotImplementedError

    @property
    def speaks_contract(self) -> bool:
        """True if the server takes the contract's options, prints a ready line and stops on a
        signal."""
        raise NotImplementedError

    @property
    def niceness(self) -> int:
        """The server's niceness, larger if it should leave the cores to others. nice(2)"""
        return 0

    def need_buffers(self) -> None:
        """Skips the test if a ring has fewer buffers than there are clients that speak at the same
        time."""
        if any("buffers=" in word for word in self.command):
            pytest.skip("with so few buffers, clients who speak at once take turns")

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        """Returns the command line for one start. If the command has no {port}, we
        append `--port`."""
        if not self.speaks_contract:
            assert not options, f"at level {self.level} nothing but the port is passed"
        filled = [word.replace("{port}", port) for word in self.command]
        if filled == list(self.command):
            filled += ["--port", port]
        return filled + list(options)


def free_port(address: str = "127.0.0.1") -> int:
    """Returns a port that is free now, and that the kernel doesn't give to clients."""
    while True:
        port = random.randrange(FIRST_PORT, _first_port_of_clients())
        if not is_taken((address, port)):
            return port


def is_taken(address: tuple[str, int]) -> bool:
    """Returns true if a server couldn't listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET) as probe:
        try:
            probe.bind(address)
        except OSError:
            return True
    return False


def _first_port_of_clients() -> int:
    """Returns the beginning of ip_local_port_range. ip(7). If that leaves us no room, any port will
    do."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return first if first > FIRST_PORT + 1000 else 65536
