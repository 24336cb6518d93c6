"""The program that an exercise tests, and the failure if it's missing."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from exercise import Exercise
from harness.subject import Subject

# Types of the fixtures words, run and begin.
Words = Callable[..., list[str]]
Run = Callable[..., subprocess.CompletedProcess[bytes]]
Begin = Callable[..., subprocess.Popen[bytes]]


@dataclass(frozen=True)
class Own(Subject):
    """A stage, which keeps the contract, or a reader's program, which need not."""

    @property
    def capabilities(self) -> frozenset[str]:
        return frozenset()

    @property
    def speaks_contract(self) -> bool:
        return self.level != "program"

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        """The command line for one start. {port} in a program's command becomes the port."""
        if self.speaks_contract:
            return super().words(port, options)
        assert not options, "a program of the reader's takes no options"
        return self.filled(port=port)

    def filled(self, **values: object) -> list[str]:
        """The command line, with these values in place of names in braces."""
        words = list(self.command)
        for name, value in values.items():
            place = "{" + name + "}"
            if not any(place in word for word in words):
                pytest.fail(f"the command must say {place}, and is: {' '.join(self.command)}",
                            pytrace=False)
            words = [word.replace(place, str(value)) for word in words]
        return words


def about(request: pytest.FixtureRequest) -> Exercise:
    """The exercise that a test belongs to, by the name of its file."""
    return Exercise(request.path.stem.removeprefix("test_"))


def built(request: pytest.FixtureRequest, program: Path) -> str:
    """The path of this program. Fails the test if it isn't built."""
    if not program.is_file():
        exercise = about(request)
        pytest.fail(f"{program} is not built: ./check --exercise {exercise.name} builds what "
                    f"{exercise.number} is about", pytrace=False)
    return str(program)
