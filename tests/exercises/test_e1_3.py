"""E1.3: lines, with the interface of the frame reader."""

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.stage("part1-blocking")

CASES = ("CutsAtLineFeedsAndDropsTheCarriageReturn", "EverySlicingGivesTheSameLines",
         "RefusesALineAsSoonAsItIsTooLong", "TellsAnEndInsideALineFromAGoodbye",
         "HoldsNothingBetweenLines")


@pytest.mark.parametrize("case", CASES)
def test_lines_are_read(unit: Callable[[str], None], case: str) -> None:
    """A line ends in LF. A CR just before the LF belongs to the end, and any other CR to the line.
    The lines are the same for any slices. A line that is a byte too long is too_long, with or
    without its end. finish() tells an end between lines from an end inside a line. When next() has
    no more lines, the reader holds no bytes."""
    unit(f"LineReader.{case}")
