"""E1.3: lines, with the interface of the frame reader."""

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.stage("part1-blocking")


def test_lines_end_in_a_line_feed(unit: Callable[[str], None]) -> None:
    """A line ends in LF; a CR directly in front of it belongs to the end, any other to the line."""
    unit("LineReader.CutsAtLineFeedsAndDropsTheCarriageReturn")


def test_every_slicing_gives_the_same_lines(unit: Callable[[str], None]) -> None:
    """However the stream is cut, between CR and LF too, the lines are the same."""
    unit("LineReader.EverySlicingGivesTheSameLines")


def test_a_line_that_is_too_long_is_refused_at_once(unit: Callable[[str], None]) -> None:
    """One byte more than allowed is too_long, whether or not an end has come."""
    unit("LineReader.RefusesALineAsSoonAsItIsTooLong")


def test_an_end_inside_a_line_is_cut_short(unit: Callable[[str], None]) -> None:
    """finish() tells an end between lines from one inside."""
    unit("LineReader.TellsAnEndInsideALineFromAGoodbye")


def test_nothing_is_held_between_lines(unit: Callable[[str], None]) -> None:
    """When the line was returned and next() has no more, the reader holds no bytes."""
    unit("LineReader.HoldsNothingBetweenLines")
