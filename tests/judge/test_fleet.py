"""The tests' own test: each server of the fleet has one defect, and the tests that look for that
defect find it and say what's wrong. fleet/found_by.md is the list."""

import re
import sys

import pytest

import broken_loops
import broken_servers
from harness import own_suite
from harness.asked import levels_of_tests
from harness.rule import LISTENS
from harness.target import REPOSITORY
from run_judge import FLEET, PROTOCOL, SUBJECTS

LIST = FLEET / "found_by.md"
ROW = re.compile(r"\| ([a-z][\w-]*) \| (.*?) \| (.*?) ?\|")
PROGRAMS = {  # the program that has them, and the options for pytest
    "broken_servers": (broken_servers.BUGS, ("--level", "closing")),
    "broken_loops": (broken_loops.BUGS, ("--level", "command-line")),
}
PLACES = {"broken_servers": SUBJECTS, "broken_loops": FLEET}
WITHOUT_A_TEST = {"none", "ends-with-its-client", "undefined"}  # tests of the reports show these
# These are enough to show all that a failure says; the others take long.
QUICK = {"drops-half-closed", "resets-answers-away", "no-room-means-gone"}
# Several tests may see a defect, and some of them see it only after a while.
PATIENCE_SECONDS = "4"
# A server in Python can't get these wrong, because its runtime does the work, or it has no such
# part.
BY_STAGES_ALONE = {
    "test_read_timeout.py::test_a_clock_of_its_own_changes_nothing",
    "test_command_line.py::test_an_option_that_the_stage_does_not_have_is_wrong_usage",
    "test_drain.py::test_connections_that_wait_for_the_one_thread_are_dropped",
    "test_interruptions.py::test_an_interrupted_wait_is_taken_up_again",
    "test_weaknesses.py::test_a_message_costs_the_same_however_many_clients_are_idle",
}


def listed() -> dict[str, tuple[list[str], list[str]]]:
    """The tests that find each bug, and the words that they print."""
    text = LIST.read_text(encoding="utf-8").replace("\\|", "\0")
    return {
        bug: tuple([word.replace("\0", "|") for word in re.findall("`(.*?)`", column)]
                   for column in (tests, says))
        for bug, tests, says in ROW.findall(text) if bug != "bug"
    }  # type: ignore[return-value]


FOUND_BY = listed()


def command(bug: str) -> tuple[str, ...]:
    """The options with which pytest asks the server that has this bug."""
    program, (_, options) = next(one for one in PROGRAMS.items() if bug in one[1][0])
    server = f"{sys.executable} {PLACES[program]}/{program}.py {bug} --port {{port}}"
    return ("--server", server, "--patience", PATIENCE_SECONDS, *options)


@pytest.mark.parametrize("bug", [
    pytest.param(bug, marks=() if bug in QUICK else pytest.mark.long) for bug in FOUND_BY
])
def test_the_right_tests_find_the_bug_and_say_what_is_wrong(bug: str) -> None:
    tests, says = FOUND_BY[bug]
    run = own_suite.run_suite(PROTOCOL, *tests, *command(bug))
    for test in tests:
        assert re.search(f"^(FAILED|ERROR) {re.escape(test)}", run.stdout, re.M), run.stdout
    for words in says:
        assert words in run.stdout, f"the failure does not say {words!r}:\n{run.stdout}"
    assert LISTENS.text not in run.stdout, run.stdout
    for crash in re.findall(r"stderr: (\w+Error: .*)", run.stdout):
        assert any(words in crash for words in says), f"a second defect: {crash}\n{run.stdout}"


@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_tests_pass_for_the_server_without_a_bug(program: str) -> None:
    bugs, options = PROGRAMS[program]
    tests = sorted({test for bug in bugs for test in FOUND_BY.get(bug, ([], []))[0]})
    server = f"{sys.executable} {PLACES[program]}/{program}.py none --port {{port}}"
    run = own_suite.run_suite(PROTOCOL, *tests, "--server", server, *options, "-n", "2")
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout


@pytest.mark.parametrize(("when", "test"), [
    ("late", "test_backpressure.py::test_a_client_that_never_reads_costs_bounded_memory[yours]"),
    ("rarely", "test_restore.py::test_an_idle_client_holds_no_buffer_and_no_thread[yours]"),
    ("rarely",
     "test_endings.py::test_a_connection_that_ends_gives_back_all_it_had[yours-says_goodbye]"),
])
def test_garbage_that_is_collected_late_is_no_leak(when: str, test: str) -> None:
    server = f"{sys.executable} {FLEET}/broken_loops.py collects-garbage-{when}"
    run = own_suite.run_suite(
        PROTOCOL, test, "--server", f"{server} --port {{port}}", *PROGRAMS["broken_loops"][1])
    assert "1 passed" in run.stdout, run.stdout


@pytest.mark.parametrize("test", [
    "test_restore.py::test_descriptors_and_threads_are_back_after_five_hundred_clients[yours]",
    "test_endings.py::test_a_connection_that_ends_gives_back_all_it_had"
    "[yours-resets_with_answers_held]",
    "test_endings.py::test_a_client_that_never_reads_gives_back_all_it_had[yours]",
    "test_endings.py::test_a_connection_whose_client_never_ends_its_stream_gives_back_all_it_had",
    "test_endings.py::test_in_a_stop_each_connection_gives_back_what_it_had_when_it_ends[yours]",
    "test_backpressure.py::test_a_client_that_never_read_and_leaves_takes_its_memory_with_it",
    "test_turns.py::test_a_client_is_served_before_all_new_connections_are_accepted[yours]",
])
def test_a_descriptor_that_a_server_opens_once_is_no_leak(test: str) -> None:
    server = f"{sys.executable} {FLEET}/broken_loops.py opens-its-own-later --port {{port}}"
    run = own_suite.run_suite(
        PROTOCOL, test, "--server", server, "--patience", PATIENCE_SECONDS,
        *PROGRAMS["broken_loops"][1])
    assert "1 passed" in run.stdout, run.stdout


def test_every_bug_is_one_that_a_test_finds_and_every_test_that_is_asked_finds_one() -> None:
    bugs = {bug for bugs, _ in PROGRAMS.values() for bug in bugs}
    assert set(FOUND_BY) == bugs - WITHOUT_A_TEST
    heads = (patch.read_text() for patch in (REPOSITORY / "book" / "bugs").glob("*.patch"))
    named = (re.search(r"^Test: ([\w.:]+)", head, re.MULTILINE) for head in heads)
    of_stages = {found[1] for found in named if found}
    of_fleet = {test.partition("[")[0] for tests, _ in FOUND_BY.values() for test in tests}
    unproven = set(levels_of_tests()) - of_stages - of_fleet
    assert unproven <= BY_STAGES_ALONE, f"nothing has made these fail: {sorted(unproven)}"
