"""The tests' own test: run against servers that are not ours, healthy and broken ones.

A failing test must tell somebody who writes their own server what was sent, what came back, which
rule that breaks, and where the book explains it.
"""

import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rules
from broken_servers import BUGS
from capabilities import STAGES
from harness import own_suite
from harness import server as servers
from harness.confined import confined
from harness.scripted_server import scripted_server
from harness.memory import least_growth
from harness.own_suite import Finding
from harness.plugin import end_in_order
from harness.proc import wait_until
from harness.rule import LISTENS, LIVES, SAYS_READY, STOPS, TAKES_OPTIONS
from harness.server import Server
from harness.target import DEFAULT_BUILD, foreign_server, free_port
from harness.verdict import ContractBroken, NotReady, server_section, wire_section

pytestmark = pytest.mark.of_the_suite

HERE = Path(__file__).parent
SUBJECTS = HERE / "subjects"

FINDINGS = {
    "answers-early": Finding(
        "test_framing.py::"
        "test_nothing_is_answered_before_the_message_is_complete[yours-1-bytes-missing]",
        rules.NOT_EARLY, "sent 8 bytes: 05 00 00 00 68 65 6c 6c",
        "nothing was due yet, but 8 bytes"),
    "drops-half-closed": Finding(
        "test_half_close.py::"
        "test_half_close_inside_a_message_answers_the_complete_ones_before_it[yours-1-bytes-of-it]",
        rules.HALF_CLOSE, "shut down its sending side",
        "ended the stream after 0 of the 7 bytes of answer 1 of 2"),
    "resets-answers-away": Finding(
        "test_closing.py::test_unread_input_does_not_turn_the_close_into_a_reset[yours]",
        rules.CLOSE_WITHOUT_RESET, "got  a reset",
        "no lingering close: the server closed the connection while input"),
    "lingers-for-each-receive": Finding(
        "test_closing.py::test_a_peer_that_never_ends_its_stream_is_given_two_seconds[yours]",
        rules.CLOSE_WITHOUT_RESET, "|still here", "still holds the connection of a client that "
        "sends on", "A limit for each receive begins anew with each byte"),
    "one-message-per-wake-up": Finding(
        "test_framing.py::test_many_messages_at_once_are_answered_without_another_byte[yours]",
        rules.NOT_LATE, "the server owes", "sent nothing for 1 s"),
    "zero-is-the-end": Finding(
        "test_framing.py::test_a_zero_length_message_is_answered_and_is_not_the_end[yours]",
        rules.ZERO_LENGTH, "sent 4 bytes: 00 00 00 00", "got  the end of the stream"),
    "big-endian": Finding(
        "test_framing.py::test_the_length_is_little_endian[yours]",
        rules.ECHO, "sent 5 bytes: 01 00 00 00 61"),
    "last-first": Finding(
        "test_framing.py::test_a_thousand_answers_come_in_the_order_of_their_messages[yours]",
        rules.ORDER, "answer 1 of 1000 differs from byte 0 on"),
    "any-length": Finding(
        "test_closing.py::"
        "test_too_long_a_message_ends_the_connection_at_the_fourth_byte[yours-65537]",
        rules.TOO_LONG_BY_DEFAULT, "sent 4 bytes: 01 00 01 00",
        "the server owes its end of stream"),
    "length-wraps": Finding(
        "test_closing.py::"
        "test_too_long_a_message_ends_the_connection_at_the_fourth_byte[yours-4294967292]",
        rules.TOO_LONG_BY_DEFAULT, "sent 4 bytes: fc ff ff ff",
        "the server should have ended the stream, but sent"),
    "no-room-means-gone": Finding(
        "test_framing.py::test_a_length_prefix_may_lie_across_the_end_of_a_buffer[yours-65540]",
        rules.ANY_SLICING, "the server ended the stream after 0 of the 10 bytes of answer 2 of 2"),
    "dies-of-a-reset": Finding(
        "test_survival.py::test_a_storm_of_resets_harms_nobody[yours]",
        rules.SURVIVE, "ended with exit status 1", "stderr: unexpected:"),
    "answers-what-is-cut-short": Finding(
        "test_half_close.py::"
        "test_half_close_inside_a_message_answers_the_complete_ones_before_it[yours-8-bytes-of-it]",
        rules.CUT_SHORT,
        "a message that was never complete was answered, with 8 bytes: 0a 00 00 00 62 72"),
    "one-receive-is-a-message": Finding(
        "test_framing.py::test_every_cut_of_three_messages_gives_the_same_answers[yours]",
        rules.ANY_SLICING, "sent 1 byte: 00 |.|", "then sent 17 bytes: 00 00 00 01",
        "after 0 of the 4 bytes"),
    "allocates-what-is-announced": Finding(
        "test_survival.py::test_random_bytes_end_at_most_their_own_connection[yours]",
        rules.SURVIVE, "ended with exit status 1", "stderr: no memory for ",
        "does it allocate a length before"),
}
HARMLESS_TO_ALL = (
    "test_half_close.py::"
    "test_half_close_without_a_message_is_answered_with_the_end_of_stream[yours]"
)


def run_suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests of this directory."""
    return own_suite.run_suite(HERE, *arguments)


def broken_server(bug: str) -> str:
    """The command that starts the server with this bug."""
    return f"{sys.executable} {SUBJECTS}/broken_servers.py {bug} --port {{port}}"


@pytest.mark.parametrize("bug", FINDINGS)
def test_the_right_test_finds_the_bug_and_says_what_is_wrong(bug: str) -> None:
    own_suite.expect_found(FINDINGS[bug], HERE, broken_server(bug), HARMLESS_TO_ALL)


def test_a_server_whose_sockets_are_closed_already_has_the_time_to_end() -> None:
    slowly = f"sh -c '{broken_server('dies-of-a-reset')}; sleep 0.3; exit 1'"
    own_suite.expect_found(FINDINGS["dies-of-a-reset"], HERE, slowly, HARMLESS_TO_ALL)


def test_every_bug_is_one_that_a_test_finds() -> None:
    assert set(FINDINGS) == set(BUGS) - {"none", "undefined", "ends-with-its-client"}


def test_a_server_that_ends_unasked_is_told_so_whatever_the_test_is_about() -> None:
    command = f"{sys.executable} {SUBJECTS}/broken_servers.py ends-with-its-client --port {{port}}"
    server = Server(foreign_server(command, "framing"), patience=5)
    try:
        server.wait_until_ready()
        with server.connect() as client:
            client.echo(b"the only one")
        assert wait_until(lambda: not server.is_alive(), 10)
        for look in (server.connect, lambda: end_in_order(server)):
            with pytest.raises(ContractBroken, match="is gone: it ended with exit status 0, thou") \
                    as told:
                look()
            assert told.value.rule is LIVES
        assert server.describe_end() == "ended with exit status 0, unasked"
    finally:
        server.kill()


def test_a_message_that_is_cut_short_is_not_asked_about_at_the_level_survival() -> None:
    command = broken_server("answers-what-is-cut-short")
    run = run_suite("test_zoo_turns.py", "--server", command, "--level", "survival")
    assert run.returncode == 0 and "1 passed" in run.stdout, run.stdout


def test_a_signal_that_kills_is_told_from_a_crash() -> None:
    say = "print(f'listening on 127.0.0.1:{port}', flush=True); "
    for server in scripted_server(say + "listener.accept(); signal.pause()"):
        server.wait_until_ready()
        with pytest.raises(ContractBroken, match="does not catch SIGTERM, which killed it") as told:
            server.expect_stop()
        assert told.value.rule is STOPS
        assert server.describe_end() == "asked to stop with SIGTERM, which killed it"


def test_a_server_that_runs_and_says_nothing_may_be_on_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "START_SECONDS", 0.3)
    for server in scripted_server("listener.close(); signal.pause()"):
        with pytest.raises(NotReady, match=r"no ready line on stdout within \d\.\d s, and nothing"):
            server.wait_until_ready()
    for server in scripted_server("print('hello', flush=True); signal.pause()"):
        with pytest.raises(ContractBroken, match="but 'hello") as told:
            server.wait_until_ready()
        assert not isinstance(told.value, NotReady)


def test_a_ready_line_that_is_not_flushed_is_not_flushed_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    say = "print(f'listening on 127.0.0.1:{port}'); "
    for server in scripted_server(say + "listener.accept(); signal.pause()"):
        with pytest.raises(ContractBroken, match="it was not printed, or not flushed") as told:
            server.wait_until_ready()
        assert told.value.rule is SAYS_READY


def test_an_option_that_is_refused_is_the_reason_why_a_server_does_not_listen() -> None:
    for server in scripted_server("sys.exit(2)", "--read-timeout", "1s"):
        with pytest.raises(ContractBroken, match="it was given --read-timeout 1s") as told:
            server.wait_until_ready()
        assert told.value.rule is TAKES_OPTIONS


def test_a_restricted_server_is_looked_for_as_a_shell_does() -> None:
    ran = subprocess.run([*confined("nofile=64"), "true"])
    assert ran.returncode == 0


def test_a_server_is_started_with_signals_as_they_should_be() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a shell's background
    try:
        say = "print(f'listening on 127.0.0.1:{port}', flush=True); "
        for server in scripted_server(say + "listener.accept(); signal.pause()"):
            server.wait_until_ready()
            assert server.stop(signal.SIGINT, within=10) == -signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_exit_status_after_a_signal_is_told_with_the_signal() -> None:
    say = "print(f'listening on 127.0.0.1:{port}', flush=True); "
    catch = "signal.signal(signal.SIGINT, lambda *_: sys.exit(3)); "
    for server in scripted_server(catch + say + "listener.accept()"):
        server.wait_until_ready()
        with pytest.raises(ContractBroken, match="with SIGINT, the server ended .* 3, not 0"):
            server.expect_stop(signal.SIGINT)


def test_a_ready_line_that_does_not_come_is_missed_soon() -> None:
    for server in scripted_server("listener.accept()"):
        begin = time.monotonic()
        with pytest.raises(ContractBroken, match="listens on port [0-9]+, and .* or not flushed"):
            server.wait_until_ready()
        assert time.monotonic() - begin < 10


def test_what_help_tells_is_a_foreign_servers_own_affair() -> None:
    test = "test_command_line.py::test_help_goes_to_stdout_and_names_every_option[yours]"
    for script, outcome in (("print('usage: mine')", "1 passed"), ("", "1 failed")):
        command = shlex.join([sys.executable, "-c", script, "{port}"])
        run = run_suite(test, "--server", command, "--level", "command-line")
        assert outcome in run.stdout, run.stdout


def test_the_clients_of_several_servers_are_told_apart() -> None:
    both = [Server(foreign_server(broken_server("none"), "framing"), patience=5) for _ in range(2)]
    try:
        for server in both:
            server.wait_until_ready()
            server.connect().echo(b"hello")
        said = wire_section(both, both[1].clients[0])
        assert said.startswith("client 1 of server 2:\n"), said
        assert "\nclient 1 of server 1:\n" in said
    finally:
        for server in both:
            server.kill()


def test_of_a_long_log_both_ends_are_shown() -> None:
    script = "[print('line', number, file=sys.stderr) for number in range(100)]; sys.exit(1)"
    for server in scripted_server(script):
        server.may_end()
        said = server_section(server).splitlines()
        assert said[1:3] == ["ended with exit status 1", "stderr: line 0"]
        assert said[-1] == "stderr: line 99" and "... (70 more lines on stderr)" in said


def test_a_sanitizers_report_fails_the_test_that_passed() -> None:
    test = "test_framing.py::test_a_message_comes_back[yours]"
    run = run_suite(test, HARMLESS_TO_ALL, "--server", broken_server("undefined"))
    assert "2 passed, 1 error" in run.stdout, run.stdout
    for words in (
        f"ERROR {test}",
        "a sanitizer reported: runtime error:",
        "signed integer overflow",
    ):
        assert words in run.stdout, run.stdout


@pytest.mark.parametrize(
    "command",
    [f"{sys.executable} {SUBJECTS}/echo_server.py --port {{port}}", broken_server("none")],
    ids=["echo_server.py", "healthy"],
)
def test_a_healthy_server_in_another_language_passes_the_level_closing(command: str) -> None:
    run = run_suite("--server", command)
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout and "skipped" not in run.stdout, run.stdout


@pytest.mark.parametrize("stage", STAGES)
def test_at_the_level_of_a_stage_the_contracts_options_are_appended(stage: str) -> None:
    program = DEFAULT_BUILD / stage / stage
    if not program.is_file():
        pytest.skip(f"{program} is not built")
    command = f"{program} --port {{port}} --read-timeout 50s"
    run = run_suite("test_max_message.py", "--server", command, "--level", stage)
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout


def test_the_reference_server_is_short_enough_to_be_read() -> None:
    lines = (SUBJECTS / "echo_server.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 40


def test_a_command_that_does_not_listen_is_named_as_such() -> None:
    run = run_suite(HARMLESS_TO_ALL, "--server", "/bin/true {port}")
    assert run.returncode == 1
    assert "nobody listens on" in run.stdout, run.stdout
    assert LISTENS.text in run.stdout and rules.HALF_CLOSE.text not in run.stdout, run.stdout


@pytest.mark.parametrize("word", ["./nosuch", "nosuch", "./test_own_server.py"])
def test_a_command_that_cannot_be_run_is_a_usage_error(word: str) -> None:
    run = run_suite(HARMLESS_TO_ALL, "--server", f"{word} {{port}}")
    assert run.returncode == 4
    assert f"there is no program '{word}' that can be run" in run.stdout, run.stdout


def test_a_command_that_no_shell_would_read_is_a_usage_error() -> None:
    run = run_suite(HARMLESS_TO_ALL, "--server", "'unbalanced {port}")
    assert run.returncode == 4
    assert "No closing quotation" in run.stdout, run.stdout


def test_a_prefix_that_fits_no_stage_is_a_usage_error() -> None:
    run = run_suite("--stage", "part")
    assert run.returncode == 4
    assert "fits part1-blocking and part2-threads" in run.stdout, run.stdout


@pytest.mark.parametrize("other", ["silent", "listening"])
def test_a_port_that_was_taken_meanwhile_is_tried_again(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        if other == "listening":  # and answers before our server has found its port taken
            other.listen()
        ports = iter([other.getsockname()[1], free_port()])
        monkeypatch.setattr(servers, "free_port", lambda: next(ports))
        command = f"{sys.executable} {SUBJECTS}/echo_server.py --port {{port}}"
        target = foreign_server(command, "framing")
        server = Server(target, patience=10)
        try:
            server.wait_until_ready()
            assert server.address[1] != other.getsockname()[1]
            server.connect().echo(b"served by the right server")
        finally:
            server.close_clients()
            server.kill()


def test_a_server_that_a_script_has_started_is_known_as_its_own() -> None:
    command = f"sh -c '{sys.executable} {SUBJECTS}/echo_server.py --port {{port}}; true'"
    server = Server(foreign_server(command, "framing"), patience=10)
    try:
        server.wait_until_ready()
        assert server.listens()
    finally:
        server.kill()


def test_a_child_that_has_ended_is_no_obstacle_to_a_limit() -> None:
    script = f"exec {sys.executable} {SUBJECTS}/echo_server.py --port {{port}}"
    command = f"sh -c 'true & {script}'"  # nobody waits for the child: it remains as a zombie
    server = Server(foreign_server(command, "framing"), patience=10)
    try:
        server.wait_until_ready()
        server.limit_memory(1 << 30)
        server.connect().echo(b"still there")
    finally:
        server.close_clients()
        server.kill()


def test_a_full_backlog_is_named_as_such() -> None:
    script = (
        "import socket, sys, time;"
        "listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=2);"
        "listener.accept(); time.sleep(100)"
    )
    target = foreign_server(f'{sys.executable} -c "{script}" {{port}}', "framing")
    server = Server(target, patience=0.5)
    try:
        server.wait_until_ready()
        with pytest.raises(ContractBroken, match="backlog is full: .* with a backlog of 2"):
            for _ in range(10):
                server.connect()
    finally:
        server.close_clients()
        server.kill()


@pytest.mark.parametrize(
    ("grown_after_each_round", "kept"),
    [([900, 0], 0), ([900, 700, 3], 3), ([300, 300, 300, 300], 300), ([900, 200, 300, 250], 200)],
    ids=["rests at once", "rests after a while", "leaks", "leaks and settles"],
)
def test_memory_that_comes_to_rest_is_no_leak(
    grown_after_each_round: list[int], kept: int
) -> None:
    growth = iter(grown_after_each_round)
    memory = [5000]

    def one_round() -> None:
        memory[0] += next(growth)

    assert least_growth(lambda: memory[0], one_round, enough=100) == kept
    assert next(growth, None) is None, "no round more than it takes, and none less"
