"""The tests' own test, with servers that have --workers and one defect that a single loop cannot
have: the one in Python that has grown up to chapter 9.
"""

import sys
from pathlib import Path

import pytest

import rules
from broken_workers import BUGS
from harness import own_suite
from harness.own_suite import Finding

pytestmark = [pytest.mark.of_the_suite, pytest.mark.long]

HERE = Path(__file__).parent
LEVEL, LEVEL_BELOW = "workers", "protocols"
HARMLESS_TO_ALL = "test_workers.py::test_every_way_to_accept_serves_everybody[yours-default]"

FINDINGS = {
    "wakes-the-first": Finding(
        "test_workers.py::"
        "test_a_slot_freed_in_one_worker_serves_a_client_that_waits_at_another[yours-default]",
        rules.WORKERS, "clients wait, and nobody is served within"),
    "complains-for-itself": Finding(
        "test_workers.py::test_workers_out_of_descriptors_report_it_once_a_second[yours-default]",
        rules.OUT_OF_DESCRIPTORS, "lines in ", "cannot accept: Too many open files", patience=5),
    "waits-after-a-failure": Finding(
        "test_faults.py::test_workers_of_which_one_has_failed_stop_in_time[yours]",
        rules.DRAIN_BOUNDED, "the server should have ended, and runs on after",
        "made its calls of accept or accept4 fail with EBADF", patience=5),
    "one-is-for-the-signals": Finding(
        "test_workers.py::test_one_worker_serves_everybody[yours]",
        rules.WORKERS, "list index out of range"),
    "one-is-enough": Finding(
        "test_workers.py::test_of_four_workers_there_is_more_than_of_one[yours]",
        rules.SO_MANY_WORKERS, "there is no more of anything than with --workers 1",
        "Is the option read and then not used?"),
    "late-ones-keep-other-places": Finding(
        "test_endings.py::test_with_workers_a_connection_whose_time_is_up_gives_back_all_it_had"
        "[yours]",
        rules.RESTORE, "it was not accepted, though the clients before it are gone",
        patience=3),
    "any-number-will-do": Finding(
        "test_command_line.py::test_a_number_of_no_workers_is_out_of_range[yours]",
        rules.STRICT_NUMBERS, "--workers=0"),
}


def broken_workers(bug: str) -> str:
    """The command that starts the server with this bug."""
    return f"{sys.executable} {HERE}/subjects/broken_workers.py {bug} --port {{port}}"


@pytest.mark.parametrize("bug", FINDINGS)
def test_the_right_test_finds_the_bug_and_says_what_is_wrong(bug: str) -> None:
    finding = FINDINGS[bug]
    level = "command-line" if finding.rule is rules.STRICT_NUMBERS else LEVEL
    own_suite.expect_found(finding, HERE, broken_workers(bug), HARMLESS_TO_ALL, "--level", level)


def test_every_bug_is_one_that_a_test_finds() -> None:
    assert set(FINDINGS) == set(BUGS) - {"none"}


def test_all_tests_of_the_level_pass_for_the_server_without_a_bug() -> None:
    run = own_suite.run_suite(
        HERE, "--server", broken_workers("none"), "--level", LEVEL, "--above", LEVEL_BELOW)
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout
