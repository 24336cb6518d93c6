"""Which servers there are to test, and the words that start each."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from capabilities import FRAMING_LEVEL, LEVELS, STAGES

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_BUILD = REPOSITORY / "build" / "default"


@dataclass(frozen=True)
class Target:
    """A server under test: how it is started and what may be asked of it."""

    name: str  # stands in brackets behind each test's name
    level: str  # "framing" or the name of a stage
    command: tuple[str, ...]  # the word {port} stands for the port

    @property
    def capabilities(self) -> frozenset[str]:
        """What the contract, or the level asked for, demands of it."""
        return LEVELS[self.level]

    @property
    def speaks_contract(self) -> bool:
        """Whether it takes the contract's options, prints a ready line and stops on a signal."""
        return self.level != FRAMING_LEVEL

    def need_buffers(self) -> None:
        """Skips the test for a ring whose buffers are fewer than the clients who speak at once."""
        if any("buffers=" in word for word in self.command):
            pytest.skip("with so few buffers, clients who speak at once take turns")

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        """The command line for one start. A command without {port} gets `--port` appended."""
        if not self.speaks_contract:
            assert not options, "at level framing nothing but the port is passed"
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


def stage_named(prefix: str) -> str:
    """The stage that `prefix` names without doubt, or a usage error that lists the choices."""
    matching = [stage for stage in STAGES if stage.startswith(prefix)]
    if len(matching) != 1:
        complaint = "fits " + " and ".join(matching) if matching else "is no stage"
        raise pytest.UsageError(f"{prefix!r} {complaint}; the stages are {', '.join(STAGES)}")
    return matching[0]


def built_stages(build: Path, prefixes: Iterable[str]) -> list[Target]:
    """The stages asked for, or all that are built. One asked for by name must be built."""
    wanted = [stage_named(prefix) for prefix in prefixes]
    targets = []
    for stage in STAGES:
        program = build / stage / stage
        if program.is_file() and (not wanted or stage in wanted):
            targets.append(Target(stage, stage, (str(program),)))
        elif stage in wanted:
            raise pytest.UsageError(
                f"{program} is not built: cmake --preset default && "
                f"cmake --build build/default --target {stage}"
            )
    return targets


def foreign_server(command: str, level: str) -> Target:
    """The reader's own server, held to `level`."""
    full = FRAMING_LEVEL if level == FRAMING_LEVEL else stage_named(level)
    return Target("yours", full, tuple(shlex.split(command)))
