"""E1.3: lines, with the interface of the frame reader."""

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.stage("part1-blocking")

CASES = ("CutsAtLineFeedsAndDropsTheCarriageReturn", "EverySlicingGivesTheSameLines",
         "RefusesALineAsSoonAsItIsTooLong", "TellsAnEndInsideALineFromAGoodbye",
         "HoldsNothingBetweenLines")


@pytest.mark.parametrize("case", CASES)
def test_lines_are_read(unit: Callable[[str], None], case: str) -> None:
    """A line ends in LF; a CR directly in front of it belongs to the end, any other to the line.
    However the stream is cut, the lines are the same. One byte more than allowed is too_long,
    whether or not an end has come; finish() tells an end between lines from one inside. When next()
    has no more, the reader holds no bytes."""
    unit(f"LineReader.{case}")
