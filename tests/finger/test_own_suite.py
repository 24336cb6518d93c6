"""The tests' own test: run against servers that are not ours, a healthy one and broken ones."""

import sys
from pathlib import Path

import pytest

import rules
from broken_servers import BUGS
from harness import own_suite
from harness.proc import wait_until, workers_of
from harness.rule import Rule
from kit.parent import is_there
from kit.server import FingerServer

HERE = Path(__file__).parent
DEADLINE = "--deadline {deadline}"
OPERANDS = f"--port {{port}} --users {{users}} {DEADLINE}"

class Finding:
    """Which test must find a bug, under which rule, and some of the words it must say."""

    def __init__(self, test: str, rule: Rule, *words: str, patience: int = 1) -> None:
        """`patience`, in seconds, is more where even the broken server has to work."""
        self.test, self.rule, self.words, self.patience = test, rule, words, patience


FINDINGS = {
    "one-receive-is-a-query": Finding(
        "test_query.py::test_a_query_may_come_byte_by_byte[yours-CRLF]",
        rules.ANY_SLICING, "the answer differs from byte 0 on", "then sent 1 byte: 57 |W|"),
    "insists-on-carriage-returns": Finding(
        "test_query.py::test_a_name_is_answered_with_the_plan_and_the_end_of_the_stream[yours-LF]",
        rules.PLAN, "sent 6 bytes: 61 6c 69 63 65 0a", "sent nothing for 1 s"),
    "counts-the-line-end": Finding(
        "test_query.py::test_a_line_of_1024_bytes_is_a_query[yours-CRLF]",
        rules.LENGTH, "the answer differs from byte 7 on"),
    "drops-half-closed": Finding(
        "test_errors.py::test_a_whole_query_and_nothing_more_is_answered[yours-LF]",
        rules.HALF_CLOSE, "shut down its sending side", "got nothing"),
    "name-is-a-path": Finding(
        "test_grammar.py::test_no_name_leads_to_a_file[yours-../x]",
        rules.NO_SUCH_USER, "|../x..|", "|what no client may see..|"),
    "knows-no-relay": Finding(
        "test_errors.py::test_an_at_is_refused[yours-alice@example.org]",
        rules.RELAY, "'alice@example.org\\r\\n'", "|No such user..|"),
    "only-ascii-controls": Finding(
        "test_errors.py::test_control_characters_are_invalid[yours-C1-CSI]",
        rules.INVALID, "sent 6 bytes: c2 9b 32 4a 0d 0a", "|No such user..|"),
    "leaves-the-last-line-open": Finding(
        "test_crlf.py::test_every_line_ends_with_crlf[yours-no-last-end]",
        rules.CRLF, "wanted 2 bytes: 0d 0a |..|, got nothing"),
    "waits-for-a-writer": Finding(
        "test_plans.py::test_what_is_no_regular_file_is_no_plan[yours-fifo]",
        rules.REGULAR_FILES, "sent 5 bytes: 62 6f 62 0d 0a", "sent nothing for 1 s"),
    "sends-once": Finding(
        "test_deadline.py::test_ten_megabytes_reach_a_slow_reader_that_is_fast_enough[yours]",
        rules.SLOW_READER, "got nothing", patience=5),
    "time-per-call": Finding(
        "test_deadline.py::test_bytes_do_not_extend_it[yours]",
        rules.DEADLINE, "the server should have hung up, and did not"),
}
HARMLESS_TO_ALL = "test_query.py::test_nothing_is_answered_before_the_end_of_the_line[yours-]"


def broken_server(bug: str) -> str:
    """The command that starts the server with this bug."""
    return f"{sys.executable} {HERE}/broken_servers.py {bug} {OPERANDS}"


@pytest.mark.parametrize("bug", FINDINGS)
def test_the_right_test_finds_the_bug_and_says_what_is_wrong(bug: str) -> None:
    finding = FINDINGS[bug]
    run = own_suite.run_suite(HERE, finding.test, HARMLESS_TO_ALL, "--server", broken_server(bug),
                              "--patience", str(finding.patience))
    assert "1 failed, 1 passed" in run.stdout, run.stdout
    assert f"FAILED {finding.test}" in run.stdout, run.stdout
    for words in (*finding.words, finding.rule.text, finding.rule.chapter):
        assert words in run.stdout, f"the failure does not say {words!r}:\n{run.stdout}"


def test_every_bug_is_one_that_a_test_finds() -> None:
    assert set(FINDINGS) == set(BUGS) - {"none"}


@pytest.mark.long
def test_the_small_server_passes_the_core() -> None:
    command = f"{sys.executable} {HERE}/finger_server.py {OPERANDS}"
    run = own_suite.run_suite(HERE, "--server", command)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout and "skipped" not in run.stdout, run.stdout


def test_a_level_that_there_is_not_is_a_usage_error() -> None:
    run = own_suite.run_suite(HERE, "--server", "/bin/true {port}", "--level", "none")
    assert run.returncode == 4
    assert "'none' is no level; there are core, " in run.stdout, run.stdout


@pytest.mark.needs("contract")
@pytest.mark.rule(rules.SURVIVE)
def test_a_worker_that_a_test_has_stopped_does_not_outlive_it(server: FingerServer) -> None:
    (worker,) = workers_of(server.pid)
    server.pause()
    server.kill()
    server.may_be_gone = True
    assert wait_until(lambda: not is_there(worker), server.patience)
