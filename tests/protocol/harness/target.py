"""The servers to test, and how to start each."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from capabilities import CAPABILITIES_OF, OPTION_OF, SPIN, STAGES, takes_option
from harness.memory import Allowance
from harness.subject import DEFAULT_BUILD, REPOSITORY, Subject, free_port
from levels import LEVELS, PORT_ONLY_LEVELS, LEVEL_NAMES

__all__ = ["DEFAULT_BUILD", "REPOSITORY", "Target", "built_stages", "foreign_server", "free_port"]


@dataclass(frozen=True)
class Target(Subject):
    """A stage, or the reader's own server. Its level is one of the judge's, or a stage."""

    without: frozenset[str] = frozenset()  # capabilities that we don't ask for

    @property
    def capabilities(self) -> frozenset[str]:
        return CAPABILITIES_OF[self.level] - self.without

    @property
    def speaks_contract(self) -> bool:
        return self.level not in PORT_ONLY_LEVELS

    @property
    def niceness(self) -> int:
        """A higher niceness for a busy loop, which spins while its test waits, although the tests
        of other stages have work to do."""
        return 5 if self.level in SPIN else 0

    def takes_option(self, option: str) -> bool:
        """Returns true if the server must take the option."""
        return takes_option(self.level, option) and OPTION_OF.get(option) not in self.without

    def with_and_without_workers(self) -> list[tuple[str, ...]]:
        """Returns the options under which a rule about the whole process has to hold."""
        return [(), ("--workers", "2")] if self.takes_option("--workers") else [()]

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        """Returns the words for one start. A server that climbs isn't given an option of a higher
        level."""
        if self.level in LEVEL_NAMES and "command-line" not in self.capabilities:
            names = [word.partition("=")[0] for word in options if word.startswith("--")]
            strange = [name for name in names if not self.takes_option(name)]
            assert not strange, f"at level {self.level} a server need not know {strange}"
        return super().words(port, options)

    @property
    def piece_bytes(self) -> int:
        """The size of the pieces in which the server's language takes memory, and keeps it. The
        stages tell theirs not to."""
        return 0 if self.level in STAGES else 2 << 20

    @property
    def at_rest(self) -> Allowance:
        """Memory that the server's language may keep once nothing happens."""
        return Allowance({"pieces in which its language takes memory": self.piece_bytes})

    @property
    def at_work(self) -> Allowance:
        """Further memory that the server may have at work, before it collects garbage."""
        garbage = 0 if self.level in STAGES else 16 << 20
        return self.at_rest + Allowance({"garbage that is not collected yet": garbage})

    @property
    def runtime_threads(self) -> int:
        """How many threads the server's language may start for itself, whatever the clients do."""
        return 0 if self.level in STAGES else 40

    @property
    def runtime_descriptors(self) -> int:
        """How many descriptors the server's language may open for itself, once and at any time."""
        return 0 if self.level in STAGES else 8


def stage_named(prefix: str) -> str:
    """Returns the only stage that `prefix` names, or raises a usage error that lists
    the choices."""
    matching = [stage for stage in STAGES if stage.startswith(prefix)]
    if len(matching) != 1:
        complaint = "fits " + " and ".join(matching) if matching else "is no stage"
        raise pytest.UsageError(f"{prefix!r} {complaint}; the stages are {', '.join(STAGES)}")
    return matching[0]


def built_stages(build: Path, prefixes: Iterable[str]) -> list[Target]:
    """Returns the requested stages, or all that are built. A stage that was named must be built."""
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


def foreign_server(command: str, level: str, without: Iterable[str] = ()) -> Target:
    """Returns the reader's own server, held to `level`, without the capabilities of the levels
    `without`."""
    full = level if level in LEVEL_NAMES else stage_named(level)
    left_out = frozenset(name for each in LEVELS if each.name in without for name in each.adds)
    return Target("yours", full, tuple(shlex.split(command)), left_out)
