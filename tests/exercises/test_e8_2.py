"""E8.2: a timer wheel in place of the lists of deadlines."""

from collections.abc import Callable

import pytest

from harness.subject import Subject
from kit import suite

pytestmark = [pytest.mark.stage("part5-epoll"), pytest.mark.clock]

CASES = ("HasNothingAtFirst", "TakesAnyOrder", "IsRightWhateverComes", "SaysWhenToLookAgain",
         "CostsTheSameForManyAsForFew")


@pytest.mark.parametrize("case", CASES)
def test_the_wheel_is_right(unit: Callable[[str], None], case: str) -> None:
    """common::TimerWheel, in common/loop/timer_wheel.h, holds deadlines at any distance: set(),
    soonest() and overdue() as DeadlineList has them. Nothing is overdue before its deadline, or
    later than 100 ms after."""
    unit(f"TimerWheel.{case}")


def test_the_stage_closes_as_before(target: Subject) -> None:
    """With the wheel in place of its two lists the stage passes the tests of its deadlines."""
    suite.contract(target, "test_read_timeout.py", "test_write_timeout.py", patience=10,
                   choose="says_nothing or extend or never_reads or many").must_all_pass()
