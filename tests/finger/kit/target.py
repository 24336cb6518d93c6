"""The finger servers to test, the demands on each, and how to start it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.subject import Subject

# The demands on each server; every test names what it needs.
CORE_LEVEL = "core"
CAPABILITIES = {
    "core": "a line in, an answer out: what any finger server can do, however it is started",
    "process": "a ready line, an orderly stop, and a process to look at",
    "contract": "all of the contract, with its options",
}
LEVELS: dict[str, frozenset[str]] = {
    CORE_LEVEL: frozenset({"core"}),
    "fingerd": frozenset(CAPABILITIES),
}
# The path of each of our programs, in the directory of the build. If more words follow, the program
# has the core's level and takes no options.
PROGRAMS = {
    "fingerd": ("finger/fingerd",),
    "state-machine": ("finger/steps/09-state-machine", "{port}", "{users}", "{deadline}"),
}

DEFAULT_DEADLINE_SECONDS, QUERY_SECONDS = 10.0, 2.0
SHORT_DEADLINE_SECONDS = 0.4
ADDRESS_OPTIONS = ("-B", "--addr")
USERS_OPTIONS = ("--users", "-g", "--group")


@dataclass(frozen=True)
class FingerTarget(Subject):
    """A finger server. In `command`, {users} is the directory, and {deadline} a duration."""

    users: Path | None = None

    @property
    def capabilities(self) -> frozenset[str]:
        return LEVELS[self.level]

    @property
    def speaks_contract(self) -> bool:
        return self.level != CORE_LEVEL

    @property
    def deadline(self) -> tuple[tuple[str, ...], float]:
        """Options for a deadline that a test can wait for, and its length in seconds."""
        if self.speaks_contract or any("{deadline}" in word for word in self.command):
            return ("--deadline", f"{SHORT_DEADLINE_SECONDS * 1000:.0f}ms"), SHORT_DEADLINE_SECONDS
        return (), DEFAULT_DEADLINE_SECONDS

    @property
    def query_seconds(self) -> float:
        """The minimum time for a query, in seconds, if the deadline is longer."""
        return min(QUERY_SECONDS, self.deadline[1])

    def serving(self, users: Path) -> FingerTarget:
        """Returns the same target with these users."""
        return replace(self, users=users)

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        deadline = f"{DEFAULT_DEADLINE_SECONDS:.0f}s"
        if not self.speaks_contract and options:
            assert options[0] == "--deadline", f"at level {self.level} no other option is passed"
            deadline = options[1]
        filled = replace(
            self,
            command=tuple(
                word.replace("{users}", str(self.users)).replace("{deadline}", deadline)
                for word in self.command
            ),
        )
        words = super(FingerTarget, filled).words(port, ())
        if not self.speaks_contract:
            return words
        if not _names(options, ADDRESS_OPTIONS):
            words += ["--addr", "127.0.0.1"]
        if self.users is not None and not _names(options, USERS_OPTIONS):
            words += ["--users", str(self.users)]
        return [*words, *options]


def _names(options: Sequence[str], names: Sequence[str]) -> bool:
    return any(option.partition("=")[0] in names for option in options)


def built_servers(build: Path, wanted: Iterable[str]) -> list[FingerTarget]:
    """Returns the requested servers, or all that are built. A server that was named must
    be built."""
    chosen = tuple(wanted)
    if unknown := set(chosen) - set(PROGRAMS):
        raise pytest.UsageError(
            f"{', '.join(unknown)}: no such daemon; there are {', '.join(PROGRAMS)}"
        )
    targets = []
    for name in PROGRAMS:
        path, *words = PROGRAMS[name]
        program = build / path
        level = CORE_LEVEL if words else name
        if program.is_file() and (not chosen or name in chosen):
            targets.append(FingerTarget(name, level, (str(program), *words)))
        elif name in chosen:
            raise pytest.UsageError(
                f"{program} is not built: cmake --preset default && cmake --build build/default"
            )
    return targets


def foreign_server(command: str, level: str) -> FingerTarget:
    """Returns the reader's own server, held to `level`."""
    if level not in LEVELS:
        raise pytest.UsageError(f"{level!r} is no level; there are {', '.join(LEVELS)}")
    return FingerTarget("yours", level, tuple(shlex.split(command)))
