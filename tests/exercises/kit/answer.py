"""What an exercise is tested on, and how the reader is told that it is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from exercise import Exercise
from harness.subject import Subject


@dataclass(frozen=True)
class Own(Subject):
    """A stage, which keeps the contract, or a program of the reader's, which need not."""

    @property
    def capabilities(self) -> frozenset[str]:
        return frozenset()

    @property
    def speaks_contract(self) -> bool:
        return self.level != "program"

    def words(self, port: str, options: Sequence[str]) -> list[str]:
        """The command line for one start. A program gets the port only where it says {port}."""
        if self.speaks_contract:
            return super().words(port, options)
        assert not options, "a program of the reader's takes no options"
        return self.filled(port=port)

    def filled(self, **values: object) -> list[str]:
        """The command line with what it says in braces filled in."""
        words = list(self.command)
        for name, value in values.items():
            place = "{" + name + "}"
            if not any(place in word for word in words):
                pytest.fail(f"the command must say {place}, and is: {' '.join(self.command)}",
                            pytrace=False)
            words = [word.replace(place, str(value)) for word in words]
        return words


def missing(about: Exercise, what: str, program: bool = False) -> str:
    """What to say when there is nothing to test yet."""
    chapter = about.chapter.name
    if program:
        return (f"{about.number} wants a program of yours. What it must do stands at the end of "
                f"book/{chapter}; then:\n./check --exercise {about.name} --server '{what}'")
    return f"{what}: ./check --exercise {about.name} builds what {about.number} is about"
