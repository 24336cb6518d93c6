"""The tests' own test, with healthy and broken servers that aren't ours.

From a failing test, somebody who writes a server must learn which bytes the client sent, which came
back, which rule that breaks, and where the book explains the rule.
"""

import shlex
import sys

import pytest

import rules
from harness import own_suite
from harness.needed import need_built
from harness.rule import STOPS_IN_TIME
from harness.target import DEFAULT_BUILD, REPOSITORY
from run_judge import PROTOCOL, SUBJECTS

FINGER = REPOSITORY / "tests" / "finger"


def broken_server(bug: str) -> str:
    """The command that starts the server with this bug."""
    return f"{sys.executable} {SUBJECTS}/broken_servers.py {bug} --port {{port}}"


def test_a_server_whose_sockets_are_closed_already_has_the_time_to_end() -> None:
    slowly = f"sh -c '{broken_server('dies-of-a-reset')}; sleep 0.3; exit 1'"
    test = "test_survival.py::test_a_client_that_resets_at_any_byte_harms_nobody[yours]"
    run = own_suite.run_suite(PROTOCOL, test, "--server", slowly, "--patience", "1")
    for words in ("ended with exit status 1", "stderr: unexpected:", rules.SURVIVE.text):
        assert words in run.stdout, run.stdout


def test_a_foreign_server_decides_what_its_help_tells() -> None:
    test = "test_command_line.py::test_help_goes_to_stdout_and_names_every_option[yours]"
    for script, outcome in (("print('usage: mine')", "1 passed"), ("", "1 failed")):
        command = shlex.join([sys.executable, "-c", script, "{port}"])
        run = own_suite.run_suite(PROTOCOL, test, "--server", command, "--level", "command-line")
        assert outcome in run.stdout, run.stdout


def test_a_stop_that_is_too_slow_is_told_under_its_own_rule() -> None:
    test = "test_max_connections.py::test_the_greatest_limit_is_a_limit_like_any_other[yours]"
    script = (f"import sys; sys.path.insert(0, {str(SUBJECTS)!r}); import loop_server as own\n"
              "own.Loop.begin_drain = lambda loop: None\n"
              "own.serve(own.Loop, own.parse_options(sys.argv[1:]))")
    run = own_suite.run_suite(
        PROTOCOL, test, "--server", shlex.join([sys.executable, "-c", script, "--port", "{port}"]),
        "--level", "drain", "--patience", "3")
    for words in ("the test had passed; asked to stop after it: ", "running 3 s after SIGTERM"):
        assert words in run.stdout, run.stdout
    assert STOPS_IN_TIME.text in run.stdout, run.stdout


@pytest.mark.parametrize(("tests", "level"), [
    (("test_deadline.py", "-k", "no_whole_query or do_not_extend"), "core"),
    (("test_addresses.py", "-k", "serve_both_families"), "fingerd"),
])
def test_the_daemon_passes_when_it_is_called_as_the_book_prints_it(
    tests: tuple[str, ...], level: str
) -> None:
    program = need_built(DEFAULT_BUILD / "finger" / "fingerd")
    text = (REPOSITORY / "book" / "13-finger.md").read_text(encoding="utf-8")
    command = text.partition("tests/finger --server 'mine/fingerd")[2].partition("'")[0]
    run = own_suite.run_suite(FINGER, *tests, "--server", f"{program}{command}", "--level", level)
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout


def test_a_program_that_reads_exactly_and_writes_all_serves_as_a_server_without_a_socket() -> None:
    """E0.3 asks for such a program. Below ncat -e, program and ncat would block, each in a write to
    the other."""
    script = ("import sys\nread, write = open(0, 'rb', 0), open(1, 'wb', 0)\n"
              "def exactly(n):\n  got = b''\n  while len(got) < n: got += read.read(n - len(got)) "
              "or sys.exit()\n  return got\n"
              "while True:\n  message = exactly(4)\n"
              "  message += exactly(int.from_bytes(message, 'little'))\n"
              "  while message: message = message[write.write(message):]")
    inetd = [str(REPOSITORY / "tools" / "inetd"), "{port}"]
    run = own_suite.run_suite(
        PROTOCOL, "test_framing.py", "-k", "largest_size or overtakes", "--server",
        shlex.join([*inetd, sys.executable, "-c", script]), "--level", "framing")
    assert "2 passed" in run.stdout, run.stdout


def test_a_sanitizers_report_fails_the_test_that_passed() -> None:
    test = "test_framing.py::test_a_message_comes_back[yours]"
    run = own_suite.run_suite(PROTOCOL, test, "--server", broken_server("undefined"))
    assert "1 passed, 1 error" in run.stdout, run.stdout
    told = f"ERROR {test}", "a sanitizer reported: runtime error:", "signed integer overflow"
    assert all(words in run.stdout for words in told), run.stdout


def test_at_the_level_of_a_stage_the_contracts_options_are_appended() -> None:
    program = need_built(DEFAULT_BUILD / "part5-epoll" / "part5-epoll")
    command = f"{program} --port {{port}} --read-timeout 50s"
    run = own_suite.run_suite(
        PROTOCOL, "test_max_message.py", "--server", command, "--level", "part5")
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout
