"""The tests' own test: run against servers that are not ours, a healthy one and broken ones."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

import rules
from broken_servers import BUGS
from harness import own_suite
from harness.limits import leave_descriptors
from harness.own_suite import Finding
from harness.proc import wait_until
from harness.subject import free_port

HERE = Path(__file__).parent
DEADLINE = "--deadline {deadline}"
OPERANDS = f"--port {{port}} --users {{users}} {DEADLINE}"

FINDINGS = {
    "one-receive-is-a-query": Finding(
        "test_query.py::test_a_query_may_come_byte_by_byte[yours-CRLF]",
        rules.ANY_SLICING, "the answer differs from byte 0 on", "got 21 bytes: 45 72 72 6f 72"),
    "insists-on-carriage-returns": Finding(
        "test_query.py::test_a_name_is_answered_with_the_plan_and_the_end_of_the_stream[yours-LF]",
        rules.PLAN, "sent 6 bytes: 61 6c 69 63 65 0a", "sent nothing for 1 s"),
    "counts-the-line-end": Finding(
        "test_query.py::test_a_line_of_1024_bytes_is_a_query[yours-CRLF]",
        rules.LENGTH, "the answer differs from byte 7 on"),
    "drops-half-closed": Finding(
        "test_errors.py::test_a_whole_query_and_nothing_more_is_answered[yours-LF]",
        rules.HALF_CLOSE, "shut down its sending side", "got nothing"),
    "switch-without-blank": Finding(
        "test_grammar.py::test_what_is_not_quite_the_switch_is_a_name[yours-/Walice]",
        rules.SWITCH, "sent 9 bytes: 2f 57 61 6c 69 63 65 0d 0a", "|Name: alice"),
    "nobody-is-named-nothing": Finding(
        "test_grammar.py::test_without_a_name_the_list_is_asked_for[yours-]",
        rules.LIST, "sent 2 bytes: 0d 0a", "|Error: No such user..|"),
    "name-is-a-path": Finding(
        "test_grammar.py::test_no_name_leads_to_a_file[yours-../x]",
        rules.NO_SUCH_USER, "|../x..|", "|what no client may see..|"),
    "knows-no-relay": Finding(
        "test_errors.py::test_an_at_is_refused[yours-alice@example.org]",
        rules.RELAY, "|alice@example.org..|", "|No such user..|"),
    "only-ascii-controls": Finding(
        "test_errors.py::test_control_characters_are_invalid[yours-C1-CSI]",
        rules.INVALID, "sent 6 bytes: c2 9b 32 4a 0d 0a", "|No such user..|"),
    "silent-without-plan": Finding(
        "test_plans.py::test_a_user_without_a_plan_is_answered_all_the_same[yours-missing]",
        rules.NO_PLAN, "wanted 10 bytes: 4e 6f 20 50 6c 61 6e 2e 0d 0a |No Plan...|, got nothing"),
    "doubles-carriage-returns": Finding(
        "test_crlf.py::test_a_line_end_may_lie_across_any_two_reads[yours-CRLF]",
        rules.CRLF, "the answer differs from byte 4096 on"),
    "keeps-bare-line-feeds": Finding(
        "test_crlf.py::test_every_line_ends_with_crlf[yours-bare-LF-behind-CRLF]",
        rules.CRLF, "the answer differs from byte 3 on: wanted 5 bytes: 0d 0a 62 0d 0a"),
    "leaves-the-last-line-open": Finding(
        "test_crlf.py::test_every_line_ends_with_crlf[yours-no-last-end]",
        rules.CRLF, "wanted 2 bytes: 0d 0a |..|, got nothing"),
    "follows-links": Finding(
        "test_plans.py::test_a_link_is_no_plan[yours-link]",
        rules.NO_LINKS, "|what no client may see..|"),
    "waits-for-a-writer": Finding(
        "test_plans.py::test_what_is_no_regular_file_is_no_plan[yours-fifo]",
        rules.REGULAR_FILES, "sent 5 bytes: 62 6f 62 0d 0a", "sent nothing for 1 s"),
    "sends-once": Finding(
        "test_deadline.py::test_ten_megabytes_reach_a_slow_reader_that_is_fast_enough[yours]",
        rules.SLOW_READER, "got nothing", patience=5),
    "resets-answers-away": Finding(
        "test_errors.py::test_the_error_about_too_long_a_query_is_not_lost_to_a_reset[yours-65536]",
        rules.CLOSE_WITHOUT_RESET, "got  a reset", "the server reset the connection"),
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
    own_suite.expect_found(FINDINGS[bug], HERE, broken_server(bug), HARMLESS_TO_ALL)


def test_every_bug_is_one_that_a_test_finds() -> None:
    assert set(FINDINGS) == set(BUGS) - {"none"}


def test_the_small_server_passes_the_core() -> None:
    command = f"{sys.executable} {HERE}/finger_server.py {OPERANDS}"
    run = own_suite.run_suite(HERE, "--server", command)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout and "skipped" not in run.stdout, run.stdout


def test_the_small_server_is_short_enough_to_be_read() -> None:
    lines = (HERE / "finger_server.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 130


def test_the_small_server_outlives_a_lack_of_descriptors(tmp_path: Path) -> None:
    (tmp_path / "alice").mkdir()
    port = free_port()
    command = [sys.executable, HERE / "finger_server.py", "--port", str(port), "--users", tmp_path]
    with subprocess.Popen(command) as server:
        try:
            assert wait_until(lambda: answer(port) == b"No Plan.\r\n", 10)
            leave_descriptors(server.pid, 1)
            # It has one more where accept(2) had taken it before, and another when alice has left.
            silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
            waiting = socket.create_connection(("127.0.0.1", port))
            waiting.sendall(b"\r\n")
            waiting.settimeout(0.5)
            with pytest.raises(TimeoutError):
                waiting.recv(100)
            for client in silent:
                client.close()
            waiting.settimeout(10)
            assert waiting.recv(100) == b"alice\r\n"
            waiting.close()
        finally:
            server.kill()


def answer(port: int) -> bytes:
    """What alice has to say, or nothing if nobody listens yet."""
    try:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"alice\r\n")
            client.settimeout(10)
            return client.recv(100)
    except ConnectionRefusedError:
        return b""


def test_a_level_that_there_is_not_is_a_usage_error() -> None:
    run = own_suite.run_suite(HERE, "--server", "/bin/true {port}", "--level", "none")
    assert run.returncode == 4
    assert "'none' is no level; there are core, " in run.stdout, run.stdout
